"""What tests count instead of seconds: operations of code, and calls of functions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import symdiff as sd
from symdiff.codegen.counting import count_operations


def operations(outputs: Sequence[sd.Node]) -> int:
    """Those of the function of floats."""
    wanted = list(outputs)
    return count_operations(sd.source(wanted, list(sd.variables(wanted)), backend="math"), "f")


class Calls:
    """Counts the functions, Python's and C's, that are called in a ``with`` block: the same on every machine."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Calls:
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _seen(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.count += event in ("call", "c_call")


def calls(function: Callable[..., Any], *args: Any) -> int:
    """How many functions are called to call this one."""
    with Calls() as found:
        function(*args)
    return found.count
