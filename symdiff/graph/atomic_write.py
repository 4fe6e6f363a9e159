"""Files that are written whole or not at all: whoever reads one sees the old contents or the new, whatever happens."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from .errors import SymdiffError


def write_whole(path: str | os.PathLike[str], contents: str | bytes | Callable[[BinaryIO], object]) -> None:
    """Write text (as UTF-8), bytes, or what a function writes into an open binary file.

    The contents go to a draft beside the file, which replaces it once they are on the disk; a draft that a killed
    process leaves ends in ``.tmp``. What is no file (a pipe, a device) is written to directly. Raises SymdiffError
    where that cannot be.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(f"{folder}/f.txt", "one")
    ...     write_whole(f"{folder}/f.txt", lambda file: file.write(b"two"))
    ...     open(f"{folder}/f.txt").read(), os.listdir(folder)
    ('two', ['f.txt'])
    """
    target = os.path.realpath(path)
    direct = os.path.exists(target) and not os.path.isfile(target)
    draft = target if direct else f"{target}.{os.getpid()}.tmp"
    try:
        with open(draft, "wb") as file:
            _fill(file, contents)
            if not direct:
                file.flush()
                os.fsync(file.fileno())
        if not direct:
            os.replace(draft, target)
    except OSError as error:
        raise SymdiffError(f"cannot write {os.fspath(path)}: {error.strerror or error}") from None
    finally:
        if not direct and os.path.exists(draft):
            os.unlink(draft)


def _fill(file: BinaryIO, contents: str | bytes | Callable[[BinaryIO], object]) -> None:
    if callable(contents):
        contents(file)
    else:
        file.write(contents.encode() if isinstance(contents, str) else contents)
