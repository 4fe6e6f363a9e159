"""Weak references to nodes that drop their own entries from the table of an operation."""

from __future__ import annotations

import threading
import weakref
from typing import Any

#: Guards replacing and deleting; reentrant, as collecting a node inside it calls :func:`forget`.
LOCK = threading.RLock()


class Ref(weakref.ref[Any]):
    """A weak reference that knows its key and table."""

    __slots__ = ("key", "table")
    key: tuple[Any, ...]
    table: dict[tuple[Any, ...], Ref]


def forget(ref: Ref) -> None:
    """Drop a dead node's entry. The node still holds its arguments then, so nothing else is freed from here."""
    with LOCK:
        if ref.table.get(ref.key) is ref:
            del ref.table[ref.key]
