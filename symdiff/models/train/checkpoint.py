"""A run in one ``.npz``: named arrays, and JSON text for everything else. Nothing in it is pickled."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...graph.atomic_write import write_whole
from ...graph.errors import SymdiffError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TEXT = "json"


def save(path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]], text: Mapping[str, Any]) -> None:
    """Write the file beside the old one and rename it over that: a reader sees the one or the other, whole.

    ``text`` holds what JSON can: numbers of any size, strings, lists, dicts with string keys.
    """
    import numpy as np

    write_whole(path, lambda file: np.savez(file, **{_TEXT: np.array(json.dumps(text))}, **arrays))  # type: ignore[arg-type]


def load(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays and the text of a file of :func:`save`; raises SymdiffError for another file.

    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/run.npz", {"a": np.arange(3)}, {"step": 7})
    ...     load(f"{folder}/run.npz")
    ({'a': array([0, 1, 2])}, {'step': 7})
    """
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name].copy() for name in file.files}
        text = json.loads(str(arrays.pop(_TEXT)))
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise SymdiffError(f"{os.fspath(path)} is no checkpoint of symdiff.train: {error}") from error
    return arrays, text
