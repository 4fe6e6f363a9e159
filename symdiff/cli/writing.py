"""Files that commands write."""

from __future__ import annotations

import os

from ..errors import SymdiffError


def write(path: str, content: str | bytes) -> None:
    """Write a file whole or not at all; what is no file (a pipe, a device) is written to directly."""
    target = os.path.realpath(path)
    direct = os.path.exists(target) and not os.path.isfile(target)
    draft = target if direct else f"{target}.{os.getpid()}.tmp"
    try:
        with open(draft, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
        if not direct:
            os.replace(draft, target)
    except OSError as error:
        raise SymdiffError(f"cannot write {path}: {error.strerror}") from None
    finally:
        if not direct and os.path.exists(draft):
            os.unlink(draft)
