"""Modules that verify themselves: formula, domains and kinks in the header, stored results, and a check that needs only
the module's own imports.

``python FILE.py --check`` compares the results with those stored, and the derivatives with complex steps of the
function itself where every operation is analytic, else with extrapolated differences.
"""

from __future__ import annotations

import ast
import pprint
from collections.abc import Sequence
from typing import Any

from ..codegen.sandbox import checked
from ..graph.node import Node
from ..graph.traversal import topological, variables
from ..ops.tensor import places_among
from ..text.printer import show
from .gradients import analytic, random_points

#: Stored points.
POINTS = 3
_CHECK = '''
def _flat(value):
    """The numbers of a nested result, in order."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return [number for part in value for number in _flat(part)] if isinstance(value, (list, tuple)) else [value]


def _paths(value, path=()):
    """The places of the numbers of an argument."""
    if not isinstance(value, list):
        return [path]
    return [inner for place, part in enumerate(value) for inner in _paths(part, (*path, place))]


def _moved(value, path, step):
    """The argument with one of its numbers moved."""
    if not path:
        return value + step
    return [_moved(part, path[1:], step) if place == path[0] else part for place, part in enumerate(value)]


def _slopes(part, arguments, argument, path):
    """The derivative of one part of the result by one number of an argument."""

    def moved(step):
        results = {name}(*(_moved(a, path, step) if place == argument else a for place, a in enumerate(arguments)))
        return _flat(results[PARTS.index(part)] if len(PARTS) > 1 else results)

    if COMPLEX_STEPS:
        return [number.imag / 1e-30 for number in moved(1e-30j)]
    steps = [4e-3 / 2**level for level in range(3)]
    table = [[(a - b) / (2 * h) for a, b in zip(moved(h), moved(-h))] for h in steps]
    first, second = ([(4 * b - a) / 3 for a, b in zip(*rows)] for rows in (table[:2], table[1:]))
    return [(16 * b - a) / 15 for a, b in zip(first, second)]


def _apart(found, wanted, tolerance):
    """The places where numbers differ."""
    size = max([abs(number) for number in wanted if number == number] + [1e-300])
    return [
        place
        for place, (a, b) in enumerate(zip(found, wanted))
        if not (a == b or abs(a - b) <= tolerance * max(abs(b), 1e-3 * size) or (a != a and b != b))
    ]


def check():
    """The disagreements, as sentences: none where every result and derivative is right."""
    found = []
    for arguments, stored in REFERENCE:
        results = {name}(*arguments)
        parts = dict(zip(PARTS, map(_flat, results if len(PARTS) > 1 else [results])))
        places = [(place, path) for place in DIFFERENTIATED for path in _paths(arguments[place])]
        for part, wanted in stored.items():
            for place in _apart(parts[part], wanted, 1e-9):
                found.append(f"{{part}}[{{place}}] is {{parts[part][place]}}, and {{wanted[place]}} is stored")
        if "value" in parts and "grad" in parts:
            slopes = [_slopes("value", arguments, *place)[0] for place in places]
            for place in _apart(parts["grad"], slopes, 1e-6):
                found.append(f"grad[{{place}}] is {{parts['grad'][place]}}, and the value moves by {{slopes[place]}}")
        if "grad" in parts and "hessian" in parts:
            rows = [_slopes("grad", arguments, *place) for place in places]
            slopes = [rows[j][i] for i, j in _order(places)]
            for place in _apart(parts["hessian"], slopes, 1e-5):
                number = parts["hessian"][place]
                found.append(f"hessian[{{place}}] is {{number}}, and the gradient moves by {{slopes[place]}}")
    return found


def _order(places):
    """Op and column of each number of a Hessian: block by block, or of one matrix."""
    blocks = [[k for k, place in enumerate(places) if place[0] == argument] for argument in DIFFERENTIATED]
    blocks = [range(len(places))] if DENSE else blocks
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
    complex_steps = backend == "numpy" and all(analytic(node.op) for node in topological(f))
    settings = {
        "PARTS": tuple(parts),
        "DIFFERENTIATED": tuple(inputs.index(var) for var in wrt),
        "DENSE": dense or len(wrt) == 1,
        "COMPLEX_STEPS": complex_steps,
        "REFERENCE": _reference(text, f, inputs, parts, name),
    }
    shown = "\n".join(f"{key} = {pprint.pformat(value, width=110)}" for key, value in settings.items())
    head = ast.parse(text).body[0].end_lineno or 0
    lines = text.rstrip().splitlines()
    body = "\n".join([*lines[:head], *_header(f), *lines[head:]])
    return f"{body}\n\n\n# Arguments and results, for the check.\n{shown}\n\n{_CHECK.format(name=name)}"


def _header(f: Node) -> list[str]:
    """The formula, domains and conventions, as comments."""
    rows = {node.op.name: node.op for node in topological(f) if node.args}
    lines = [f"# Formula: {show(f)}"]
    lines += [f"# Domain of {row.name}: {row.domain}" for row in rows.values() if not row.domain.startswith("all ")]
    lines += [f"# Derivative of {row.name} at kinks: {row.kink}" for row in rows.values() if row.kink]
    return ["", *lines]


def _reference(text: str, f: Node, inputs: list[Node], parts: Sequence[str], name: str) -> list[Any]:
    """Arguments and results of the module itself at random points where all results are finite."""
    import math

    import numpy as np

    space: dict[str, Any] = {"__name__": name}
    exec(checked(text, f"<symdiff {name}>"), space)
    flat: list[Any] = []

    def finite(point: dict[str, Any]) -> bool:
        try:
            with np.errstate(all="ignore"):
                results = space[name](*(value.tolist() for value in point.values()))
        except (ArithmeticError, ValueError):
            return False
        found = [_numbers(part) for part in (results if len(parts) > 1 else [results])]
        if all(math.isfinite(number) for part in found for number in part):
            flat.append(dict(zip(parts, found, strict=True)))
            return True
        return False

    points = random_points(finite, inputs, places_among(topological(f)), 0, POINTS)
    return [(tuple(v.tolist() for v in point.values()), stored) for point, stored in zip(points, flat, strict=True)]


def _numbers(value: Any) -> list[float]:
    """The numbers of a nested result, in order."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return [number for part in value for number in _numbers(part)] if isinstance(value, (list, tuple)) else [value]
