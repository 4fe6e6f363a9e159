"""Emitted modules that check themselves, with the module's own imports only.

The header states the formula, its domains and its kinks. ``python FILE.py --check`` compares the results with those
stored, and the derivatives with complex steps of the function itself where every operation is analytic, elsewhere with
extrapolated differences.
"""

from __future__ import annotations

import ast
import math
import pprint
from collections.abc import Sequence
from typing import Any

from ..codegen.sandbox import checked
from ..graph.node import Node
from ..graph.traversal import topological, variables
from ..ops.tensor import integer_variables
from ..text.printer import show
from .gradients import is_analytic
from .points import Point, random_points

#: Stored points.
POINTS = 3
_CHECK = '''
def _flat(value):
    """The scalars of a nested result, in order."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return [scalar for part in value for scalar in _flat(part)] if isinstance(value, (list, tuple)) else [value]


def _indices(value, index=()):
    """The index of each scalar of an argument."""
    if not isinstance(value, list):
        return [index]
    return [inner for i, part in enumerate(value) for inner in _indices(part, (*index, i))]


def _moved(value, index, step):
    """The argument with one of its scalars moved."""
    if not index:
        return value + step
    return [_moved(part, index[1:], step) if i == index[0] else part for i, part in enumerate(value)]


def _slopes(part, arguments, position, index):
    """The derivative of one part of the result by one scalar of an argument."""

    def moved(step):
        results = {name}(*(_moved(a, index, step) if i == position else a for i, a in enumerate(arguments)))
        return _flat(results[PARTS.index(part)] if len(PARTS) > 1 else results)

    if COMPLEX_STEPS:
        return [scalar.imag / 1e-30 for scalar in moved(1e-30j)]
    steps = [4e-3 / 2**level for level in range(3)]
    table = [[(a - b) / (2 * h) for a, b in zip(moved(h), moved(-h))] for h in steps]
    first, second = ([(4 * b - a) / 3 for a, b in zip(*rows)] for rows in (table[:2], table[1:]))
    return [(16 * b - a) / 15 for a, b in zip(first, second)]


def _differences(got, expected, tolerance):
    """The indices of values that differ."""
    size = max([abs(value) for value in expected if value == value] + [1e-300])
    return [
        i
        for i, (a, b) in enumerate(zip(got, expected))
        if not (a == b or abs(a - b) <= tolerance * max(abs(b), 1e-3 * size) or (a != a and b != b))
    ]


def check():
    """The disagreements, as sentences: none where every result and derivative is right."""
    wrong = []
    for arguments, stored in REFERENCE:
        results = {name}(*arguments)
        parts = dict(zip(PARTS, map(_flat, results if len(PARTS) > 1 else [results])))
        elements = [(position, index) for position in DIFFERENTIATED for index in _indices(arguments[position])]
        for part, expected in stored.items():
            for i in _differences(parts[part], expected, 1e-9):
                wrong.append(f"{{part}}[{{i}}] is {{parts[part][i]}}, and {{expected[i]}} is stored")
        if "value" in parts and "grad" in parts:
            slopes = [_slopes("value", arguments, *element)[0] for element in elements]
            for i in _differences(parts["grad"], slopes, 1e-6):
                wrong.append(f"grad[{{i}}] is {{parts['grad'][i]}}, and the value moves by {{slopes[i]}}")
        if "grad" in parts and "hessian" in parts:
            rows = [_slopes("grad", arguments, *element) for element in elements]
            slopes = [rows[j][i] for i, j in _order(elements)]
            for i in _differences(parts["hessian"], slopes, 1e-5):
                wrong.append(f"hessian[{{i}}] is {{parts['hessian'][i]}}, and the gradient moves by {{slopes[i]}}")
    return wrong


def _order(elements):
    """Row and column of each entry of a Hessian: block by block, or of one matrix."""
    blocks = [[k for k, (position, _) in enumerate(elements) if position == own] for own in DIFFERENTIATED]
    blocks = [range(len(elements))] if DENSE else blocks
    return [(i, j) for rows in blocks for columns in blocks for i in rows for j in columns]


if __name__ == "__main__":
    import sys

    if sys.argv[1:] != ["--check"]:
        sys.exit(f"usage: python {{sys.argv[0]}} --check")
    wrong = check()
    print("\\n".join(wrong) or f"{{len(REFERENCE)}} points: results and derivatives are right")
    sys.exit(1 if wrong else 0)
'''


def with_check(
    text: str, f: Node, wrt: Sequence[Node], parts: Sequence[str], *, name: str, backend: str, dense: bool = False
) -> str:
    """The module ``text`` of ``f`` and its derivatives by ``wrt``, with a header, stored results and a check.

    ``parts``: what the function ``name`` returns, of ``"value"``, ``"grad"`` and ``"hessian"``; ``dense``: the Hessian
    is one matrix. A gradient is checked where the value stands beside it, a Hessian where the gradient does; else only
    the stored results are. Raises DomainError where no point has finite results.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> outputs = (sd.sin(x), (sd.cos(x),))
    >>> text = with_check(sd.source(outputs, [x]), outputs[0], [x], ("value", "grad"), name="f", backend="numpy")
    >>> space = {"__name__": "f"}
    >>> exec(text, space)
    >>> space["check"]()
    []
    """
    inputs = list(variables([f, *wrt]))
    settings = {
        "PARTS": tuple(parts),
        "DIFFERENTIATED": tuple(inputs.index(var) for var in wrt),
        "DENSE": dense or len(wrt) == 1,
        "COMPLEX_STEPS": backend == "numpy" and all(is_analytic(node.op) for node in topological(f)),
        "REFERENCE": _reference(text, f, inputs, parts, name),
    }
    data = "\n".join(f"{key} = {pprint.pformat(value, width=110)}" for key, value in settings.items())
    head = ast.parse(text).body[0].end_lineno or 0
    lines = text.rstrip().splitlines()
    body = "\n".join([*lines[:head], *_header(f), *lines[head:]])
    return f"{body}\n\n\n# Arguments and results, for the check.\n{data}\n\n{_CHECK.format(name=name)}"


def _header(f: Node) -> list[str]:
    """The formula, domains and conventions, as comments."""
    ops = {node.op.name: node.op for node in topological(f) if node.args}
    lines = [f"# Formula: {show(f)}"]
    lines += [f"# Domain of {op.name}: {op.domain}" for op in ops.values() if not op.domain.startswith("all ")]
    lines += [f"# Derivative of {op.name} at kinks: {op.kink}" for op in ops.values() if op.kink]
    return ["", *lines]


def _reference(text: str, f: Node, inputs: list[Node], parts: Sequence[str], name: str) -> list[Any]:
    """Arguments and results of the module itself at random points where all results are finite."""
    import numpy as np

    space: dict[str, Any] = {"__name__": name}
    exec(checked(text, f"<symdiff {name}>"), space)
    stored: list[dict[str, Any]] = []

    def accept(point: Point) -> bool:
        try:
            with np.errstate(all="ignore"):
                results = space[name](*(value.tolist() for value in point.values()))
        except (ArithmeticError, ValueError):
            return False
        flat = [_flat(part) for part in (results if len(parts) > 1 else [results])]
        finite = all(math.isfinite(value) for part in flat for value in part)
        if finite:
            stored.append(dict(zip(parts, flat, strict=True)))
        return finite

    points = random_points(accept, inputs, integer_variables(topological(f)), 0, POINTS)
    arguments = [tuple(value.tolist() for value in point.values()) for point in points]
    return list(zip(arguments, stored, strict=True))


def _flat(value: Any) -> list[float]:
    """The scalars of a nested result, in order."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return [scalar for part in value for scalar in _flat(part)] if isinstance(value, (list, tuple)) else [value]
