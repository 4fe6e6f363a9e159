"""Code for Python's ``math``: plain numbers, bare function names, nothing between the call and the arithmetic."""

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
from .schedule import Dialect, Schedule
from .text import Code

_MEMBER = re.compile(r"\bmath\.(\w+)")
_NOTES = ("Arguments are numbers. A point outside the domain raises ValueError, ZeroDivisionError or OverflowError.",)


class _Imports:
    """``math.exp`` becomes ``exp``, unless somebody else has that name."""

    def __init__(self, taken: set[str]) -> None:
        self.taken, self.bare, self.whole = taken, set[str](), False
        self.templates: dict[str, str] = {}

    def __call__(self, code: str) -> str:
        return _MEMBER.sub(self._member, code)

    def _member(self, match: re.Match[str]) -> str:
        if match[1] in self.taken:
            self.whole = True
            return match[0]
        self.bare.add(match[1])
        return match[1]

    def template(self, node: Node) -> str:
        op = node.op
        found = self.templates.get(op.name)
        if found is None:
            code = MATH.of(op).code
            if code is None:
                raise UnsupportedError(f'the math module has no {op.name}; use backend="numpy"')
            found = self.templates[op.name] = self(code)
        return found

    def lines(self, *texts: str) -> str:
        """The imports that the texts need."""
        used = set(re.findall(r"\w+", " ".join(texts))) & self.bare
        bare = f"from math import {', '.join(sorted(used))}" if used else ""
        return "\n".join(filter(None, ["import math" if self.whole else "", bare]))


def _constant(op: Op, code: Code, value: float | None, args: list[Code]) -> Code:
    if op.predicate:
        return Code(str(bool(value)))
    return Code("math.inf") if value == float("inf") else code


def write_module(outputs: Any, inputs: Sequence[Node], name: str, docs: str = "") -> str:
    """A module with the function ``name`` of ``inputs``, standard library only.

    Raises UnsupportedError for an operation that ``math`` has no function for.
    """
    nodes = leaves(outputs)
    if any(node.shape for node in (*topological(*nodes), *inputs)):
        raise UnsupportedError('the math module has no arrays; use backend="numpy"')
    names = Names(inputs, name, _helper_names(nodes))
    shown = list(names.variables.values())
    imports = _Imports({*shown, name})
    dialect = Dialect("math", True, False, imports.template, _constant)
    schedule = Schedule(dialect, names)
    texts = [imports(text) for text in schedule.run(nodes)]
    body = [f"{target} = {imports(text)}" for target, text in schedule.statements]
    body.append(f"return {write_result(outputs, texts)}")
    constants = "\n".join(f"{target} = {imports(text)}" for target, text in schedule.constants)
    helpers = [imports(helper) for _, op in sorted(schedule.ops.items()) if (helper := MATH.of(op).helper)]
    notes = [docs, *_NOTES] if docs else _NOTES
    return join_blocks(
        write_docstring(name, outputs, inputs, shown, notes),
        imports.lines(*helpers, constants, *body),
        *dict.fromkeys(helpers),
        constants,
        write_function(name, shown, body),
    )


def _helper_names(nodes: Sequence[Node]) -> set[str]:
    texts = {MATH.of(node.op).helper for node in topological(*nodes)}
    return {found for text in texts for found in re.findall(r"^def (\w+)", text, re.M)}
