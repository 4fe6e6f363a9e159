"""Code for NumPy: scalar variables take arrays of points, results have the common shape and type of the inputs."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Any

from ..errors import UnsupportedError
from ..expr import VAR, Node, Row
from ..walk import leaves, topological
from .module import assemble, definition, docstring, result
from .names import Names
from .schedule import Dialect, Schedule
from .text import Code

_FLOAT = '''def _float(x):
    """Whole numbers and truth values as float64; other numbers stay as they are."""
    x = np.asarray(x)[()]
    return x if x.dtype.kind in "fc" else x.astype(float, casting="safe")'''
_FILL = '''def _fill(value, shape, dtype):
    """The value, as a new array where its shape or type is another."""
    fits = np.shape(value) == shape and value.dtype == dtype
    return value[()] if fits else np.full(shape, value, dtype)[()]'''
_TYPED = ".astype(dtype)"
_NOTES = (
    "Arguments are numbers or arrays of points, which broadcast together; each result has their common shape.",
    "float32 stays float32; whole numbers and truth values are read as float64.",
)


def _template(row: Row) -> str:
    if not row.numpy:
        raise UnsupportedError(f"NumPy has no {row.name}")
    return row.numpy


def _constant(row: Row, code: Code, value: float | None, args: list[Code]) -> Code:
    """A Python number, which leaves float32 alone; NumPy's arithmetic where Python's would raise."""
    if row.infix and len(args) == 2 and value in (None, float("inf")):
        a, b = (f"np.float64({arg.text})" for arg in args)
        return Code(f"float({a} {row.infix} {b})")
    if row.predicate:
        return Code(f"bool({code.text})", depth=code.depth)
    wrapped = row.infix or row.prefix or code.text.startswith("float(")
    return code if wrapped else Code(f"float({code.text})", depth=code.depth)


def _finish(node: Node, code: Code, fixed: Container[Node]) -> Code:
    """A selection among constants takes the type of the inputs."""
    if node.op.predicate or any(arg not in fixed and not arg.op.predicate for arg in node.args):
        return code
    return Code(code.text + _TYPED, depth=code.depth)


class _Printer:
    """One function's worth of NumPy code."""

    def __init__(self, outputs: Any, inputs: Sequence[Node], name: str) -> None:
        self.outputs, self.inputs, self.nodes = outputs, inputs, leaves(outputs)
        order = topological(*self.nodes)
        helpers = {"_float", "_fill"} | {found for node in order for found in _defined(node.op.helper)}
        self.names = Names(inputs, name, helpers)
        self.name, self.shown = name, list(self.names.variables.values())
        self.points = all(not var.shape for var in inputs)
        self.reads = _reads(order, inputs)
        self.dtype = self.shape = self.fill = False
        dialect = Dialect("np", False, True, _template, _constant, _finish)
        self.schedule = Schedule(dialect, self.names)

    def _output(self, node: Node, text: str) -> str:
        """A fresh array of the full shape; a NumPy scalar where all inputs are numbers."""
        every = (1 << len(self.inputs)) - 1
        if not node.shape and (node in self.schedule.fixed or (self.points and self.reads[node] != every)):
            return self._full(node, text)
        if node.op is VAR:
            return f"{text}.copy()"
        plain = node.op.infix or node.op.prefix or ("where" not in node.op.numpy and node.op.numpy.startswith("np."))
        return text if plain or text.endswith(_TYPED) else f"{text if text.isidentifier() else f'({text})'}[()]"

    def _full(self, node: Node, text: str) -> str:
        truth = node.op.predicate or (node.op.name == "const" and isinstance(node.value, bool))
        scalars = [var for var in self.inputs if not var.shape]
        self.shape |= bool(scalars)
        self.dtype |= not truth and bool(self.inputs)
        kind = "bool" if truth else "dtype" if self.inputs else "float"
        if node in self.schedule.fixed or node.op is VAR:
            return f"np.full({'shape' if scalars else '()'}, {text}, {kind})[()]"
        self.fill = True
        return f"_fill({text}, shape, {kind})"

    def module(self, docs: str) -> str:
        texts = self.schedule.run(self.nodes)
        self.dtype = any(_TYPED in text for text in [*texts, *(text for _, text in self.schedule.statements)])
        texts = [self._output(node, text) for node, text in zip(self.nodes, texts, strict=True)]
        body = self._head() + [f"{target} = {text}" for target, text in self.schedule.statements]
        body.append(f"return {result(self.outputs, texts)}")
        rows = [row for _, row in sorted(self.schedule.rows.items())]
        used = " ".join(row.numpy + row.helper for row in rows)
        imports = ["import math"] if "math." in used else []
        imports += ["", "import numpy as np"] if imports else ["import numpy as np"]
        imports += ["from scipy import special"] if "special." in used else []
        return assemble(
            docstring(self.name, self.outputs, self.inputs, self.shown, [docs, *_NOTES] if docs else _NOTES),
            "\n".join(imports),
            _FLOAT if self.inputs else "",
            _FILL if self.fill else "",
            *dict.fromkeys(row.helper for row in rows if row.helper),
            "\n".join(f"{target} = {text}" for target, text in self.schedule.constants),
            definition(self.name, self.shown, body),
        )

    def _head(self) -> list[str]:
        """Conversions, then shape and type where a result needs them."""
        lines = [f"{shown} = _float({shown})" for shown in self.shown]
        scalars = [shown for var, shown in self.names.variables.items() if not var.shape]
        if self.shape:
            lines.append(f"shape = np.broadcast_shapes({', '.join(f'{shown}.shape' for shown in scalars)})")
        if self.dtype:
            lines.append(f"dtype = np.result_type({', '.join(self.shown)})")
        return lines


def _defined(helper: str) -> list[str]:
    return re.findall(r"^def (\w+)", helper, re.M)


def _reads(order: Sequence[Node], inputs: Sequence[Node]) -> dict[Node, int]:
    """The inputs that each node depends on, as bits."""
    reads = {var: 1 << place for place, var in enumerate(inputs)}
    for node in order:
        mask = reads.get(node, 0)
        for arg in node.args:
            mask |= reads[arg]
        reads[node] = mask
    return reads


def module(outputs: Any, inputs: Sequence[Node], name: str, docs: str = "") -> str:
    """A module with the function ``name`` of ``inputs``, on NumPy (and SciPy where a special function needs it)."""
    return _Printer(outputs, inputs, name).module(docs)
