"""Brackets of a formula that are open, with what stands in them so far."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..graph.node import Node
from .grammar import Call

#: None among the values that are read.
NONE: Any = object()

_NO_KEYWORDS: Mapping[str, Any] = MappingProxyType({})


class Called:
    """The arguments of a call so far; ``keyword`` is that of the next one.

    ``array``: one of the functions takes keywords, tuples and None.
    """

    __slots__ = ("array", "calls", "items", "keyword", "keywords", "name")
    closing = ")"

    def __init__(self, name: str, calls: list[Call], array: bool) -> None:
        self.name, self.calls, self.array = name, calls, array
        self.items: list[Any] = []
        self.keyword = ""
        self.keywords = _NO_KEYWORDS

    def add(self, value: Any) -> None:
        if self.keyword:
            self.keywords = {**self.keywords, self.keyword: None if value is NONE else value}
            self.keyword = ""
        else:
            self.items.append(value)

    def takes(self) -> dict[str, float]:
        """The keywords of the functions, each with the position that it also has among the positional arguments."""
        return {
            keyword: call.low + position if call.high < float("inf") else call.high
            for call in self.calls
            for position, keyword in enumerate(call.keywords or ())
        }


class Tuple:
    """Round brackets that are a whole argument of an array function: a tuple once there is a ``comma``."""

    __slots__ = ("comma", "items")
    closing = ")"

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.comma = -1

    def add(self, value: Any) -> None:
        self.items.append(value)


class Index:
    """The items of an index so far; ``parts`` are those of the slice that is read just now."""

    __slots__ = ("items", "parts", "target")
    closing = "]"

    def __init__(self, target: Node) -> None:
        self.target = target
        self.items: list[Any] = []
        self.parts: list[Any] = []

    def add(self, value: Any) -> None:
        parts = [*self.parts, None if value is NONE else value]
        self.items.append(slice(*parts) if self.parts else parts[0])
        self.parts.clear()
