"""How nodes and operations are shown; packages above fill the tables, so that this one needs none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: How nodes are shown, as ``text`` and ``latex``.
DISPLAYS: dict[str, Callable[[Any], str]] = {}
#: What operations say of themselves when asked, as ``doc`` and ``signature``.
DESCRIPTIONS: dict[str, Callable[[Any], Any]] = {}


class Description:
    """An attribute of operations, made by :data:`DESCRIPTIONS` when it is read; the class itself keeps its own."""

    def __init__(self, name: str, of_class: Any = None) -> None:
        self.name, self.of_class = name, of_class

    def __get__(self, op: Any, owner: type[Any]) -> Any:
        return self.of_class if op is None else DESCRIPTIONS[self.name](op)
