"""Code for Python's ``math``: Python's numbers, bare function names, nothing between the call and the arithmetic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..graph.errors import UnsupportedError
from ..graph.node import Node, Op
from ..graph.traversal import leaves, topological
from ..ops.targets import MATH
from .module import join_blocks, write_docstring, write_function, write_result
from .names import Names
from .points import list_functions
from .schedule import Dialect, Schedule
from .text import Code

_MEMBER = re.compile(r"\bmath\.(\w+)")
_NOTES = ("Arguments are numbers. A point outside the domain raises ValueError, ZeroDivisionError or OverflowError.",)


class _Imports:
    """``math.exp`` becomes ``exp``, unless somebody else has that name."""

    def __init__(self, taken: set[str]) -> None:
        self.taken, self.bare, self.whole = taken, set[str](), False

    def __call__(self, code: str) -> str:
        return _MEMBER.sub(self._shorten, code)

    def _shorten(self, match: re.Match[str]) -> str:
        if match[1] in self.taken:
            self.whole = True
            return match[0]
        self.bare.add(match[1])
        return match[1]

    def find_template(self, node: Node) -> str:
        """The operation's code; raises UnsupportedError where it has none."""
        code = MATH.of(node.op).code
        if code is None:
            raise UnsupportedError(f'the math module has no {node.op.name}; use backend="numpy"')
        return self(code)

    def write(self, *texts: str) -> str:
        """The imports that the texts need."""
        used = set(re.findall(r"\w+", " ".join(texts))) & self.bare
        bare = f"from math import {', '.join(sorted(used))}" if used else ""
        return "\n".join(filter(None, ["import math" if self.whole else "", bare]))


def write_constant(op: Op, code: Code, value: float | None, args: list[Code]) -> Code:
    """A constant operation: Python computes it, but for truth values and what overflows."""
    return Code(str(bool(value))) if op.predicate else Code("math.inf") if value == float("inf") else code


def write_module(outputs: Any, inputs: Sequence[Node], name: str, docs: str = "") -> str:
    """A module with the function ``name`` of ``inputs``, standard library only.

    Raises UnsupportedError for an operation that ``math`` has no function for.
    """
    nodes = leaves(outputs)
    order = topological(*nodes)
    if any(node.shape for node in (*order, *inputs)):
        raise UnsupportedError('the math module has no arrays; use backend="numpy"')
    names = Names(inputs, name, set().union(*(list_functions(MATH.of(node.op).helper) for node in order)))
    shown = list(names.variables.values())
    imports = _Imports({*shown, name})
    schedule = Schedule(Dialect("math", True, False, imports.find_template, write_constant), names)
    texts = [imports(text) for text in schedule.run(nodes)]
    body = [f"{target} = {imports(text)}" for target, text in schedule.statements]
    body.append(f"return {write_result(outputs, texts)}")
    constants = "\n".join(f"{target} = {imports(text)}" for target, text in schedule.constants)
    helpers = [imports(helper) for _, op in sorted(schedule.ops.items()) if (helper := MATH.of(op).helper)]
    notes = [docs, *_NOTES] if docs else _NOTES
    return join_blocks(
        write_docstring(name, outputs, inputs, shown, notes),
        imports.write(*helpers, constants, *body),
        *dict.fromkeys(helpers),
        constants,
        write_function(name, shown, body),
    )
