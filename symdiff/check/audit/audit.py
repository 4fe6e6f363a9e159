"""A user-supplied derivative against the exact one, entry by entry, with the likely mistake.

At random points where the formula is smooth, entries of the candidate are compared with exact ones; an entry that
differs is compared with exact derivatives into which one mistake was put (:mod:`symdiff.check.audit.slips`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, nan
from typing import Any, NamedTuple

from ...differentiate.passes import grad, sources_of
from ...graph.errors import ShapeError, SymdiffError
from ...graph.node import Node
from ...graph.traversal import topological, variables
from ...ops.tensor import integer_variables
from ..points import Point, given_point, random_points
from .agreement import agree, largest, worst
from .candidates import as_candidate, as_formula, flatten_result
from .entries import KINDS, SINGLE, Exact
from .mutations import Slip
from .slips import find_slip

_POINTS = 8


class Finding(NamedTuple):
    """One entry that differs: where most, what the candidate says there, what is right, and the likely slip."""

    entry: str
    point: dict[str, Any]
    got: float
    expected: float
    slip: Slip | None

    @property
    def factor(self) -> float:
        """``got/expected``; infinite or NaN where nothing is expected."""
        return self.got / self.expected if self.expected else inf if self.got else nan

    def __str__(self) -> str:
        at = ", ".join(f"{name}={_show(value)}" for name, value in self.point.items())
        factor = f"factor {self.factor:.6g}"
        text = f"{self.entry}: {self.got:.10g}, and {self.expected:.10g} is right ({factor}), at {at}"
        return text if self.slip is None else f"{text}\n  likely slip: {self.slip.text} [{self.slip.kind}]"


def _show(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value).replace("\n", "")


class Audit:
    """The result of :func:`audit`: ``ok`` where every entry agrees. ``str`` gives a line for each finding."""

    def __init__(self, kind: str, entries: int, points: int, findings: list[Finding]) -> None:
        self.kind, self.entries, self.points, self.findings = kind, entries, points, findings

    @property
    def ok(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        many = "entry" if self.entries == 1 else "entries"
        points = f"{self.points} point{'s' * (self.points != 1)}"
        if self.ok:
            return f"the {self.kind} is right: {self.entries} {many} at {points}"
        head = f"the {self.kind} is wrong in {len(self.findings)} of {self.entries} {many} ({points})"
        return "\n".join([head, *map(str, self.findings)])


def audit(
    candidate: Any, formula: Any, wrt: Any = None, *, kind: str | None = None, at: Mapping[str, Any] | None = None,
    shapes: Mapping[str, Any] | None = None, seed: int = 0,
) -> Audit:  # fmt: skip
    """Compare a hand-written value, gradient, Jacobian or Hessian with the exact one.

    ``candidate``: a Python function, a formula, or a (nested) list of formulas, one for each entry. A function takes
    the formula's variables by its parameters' names, or in sorted order, or as one vector, and returns the entries:
    numbers, arrays, sequences of them, dicts by variable; of a matrix row by row. ``formula``: a scalar, or for a
    Jacobian a list of them, as text or nodes. ``wrt``: variables, by default all, sorted. ``kind``: ``"value"``,
    ``"grad"``, ``"jacobian"`` or ``"hessian"``, by default what the result has the numbers of. ``at``: one point,
    instead of random ones.

    Raises SymdiffError where the candidate's result has no shape that fits, DomainError where the formula has no finite
    value. Random points avoid nothing: at a kink the convention of the operation is what is right.

    >>> import symdiff as sd
    >>> print(audit(lambda x, y: (2*x*y, x**2 - 1), "x**2*y + y"))
    the grad is wrong in 1 of 2 entries (8 points)
    d/dy: -0.9938338268, and 1.006166173 is right (factor -0.987743), at x=0.078525, y=0.78313
      likely slip: the sign of the term 1 [sign of a term]
    """
    outputs = [_scalar(f, shapes) for f in (formula if isinstance(formula, (list, tuple)) else [formula])]
    wanted = list(variables(outputs)) if wrt is None else sources_of(wrt)
    inputs = list(variables([outputs, wanted]))
    points = _points(outputs, inputs, at, seed)
    function = as_candidate(candidate, inputs, shapes)
    results = [flatten_result(function(point), wanted) for point in points]
    kind = kind or _kind(len(results[0]), len(outputs), [points[0][var.name].size for var in wanted])
    if kind not in KINDS:
        raise SymdiffError(f"the kind is one of {', '.join(KINDS)}, not {kind!r}")
    if kind in SINGLE and len(outputs) > 1:
        raise SymdiffError(f"a {kind} is of one formula, not of {len(outputs)}; several have a jacobian")
    exact = Exact(KINDS[kind](outputs, wanted), wanted, inputs, points)
    return Audit(kind, len(exact.entries), len(points), _findings(exact, kind, results))


def _scalar(formula: Any, shapes: Mapping[str, Any] | None) -> Node:
    f = as_formula(formula, shapes)
    if f.shape:
        raise ShapeError(f"audit takes a formula that is a number, not of shape {f.shape}; sum it")
    return f


def _kind(count: int, outputs: int, sizes: Sequence[int]) -> str:
    """The derivative with that many scalars; a gradient where none has."""
    if outputs > 1:
        return "value" if count == outputs and count != outputs * sum(sizes) else "jacobian"
    return "hessian" if count == sum(sizes) ** 2 and count > 1 else "grad"


def _points(outputs: list[Node], inputs: list[Node], at: Mapping[str, Any] | None, seed: int) -> list[Point]:
    """The point given, or random ones where values and gradients are finite."""
    import numpy as np

    from ...compiler.functions import compile

    indices = integer_variables(topological(*outputs))
    if at is not None:
        return [given_point(at, inputs, indices)]
    fn = compile([*outputs, *(part for f in outputs for part in grad(f, inputs))], inputs)

    def finite(point: Point) -> bool:
        with np.errstate(all="ignore"):
            return all(np.isfinite(part).all() for part in fn(*point.values()))

    return random_points(finite, inputs, indices, seed, _POINTS)


def _findings(exact: Exact, kind: str, results: list[Any]) -> list[Finding]:
    expected = exact.values([entry.node for entry in exact.entries])
    got = _split(exact, kind, results, expected)
    size = largest(expected)
    return [
        _finding(exact, position, got[position], expected)
        for position in range(len(expected))
        if not agree(got[position], expected[position], size)
    ]


def _split(exact: Exact, kind: str, results: list[Any], expected: list[Any]) -> list[Any]:
    """The candidate's results in the shapes of the entries, the points along the first axis."""
    import numpy as np

    ends = np.cumsum([part[0].size for part in expected])
    for result in results:
        if len(result) != ends[-1]:
            names = ", ".join(var.name for var in exact.wanted)
            entries = f"a {kind} by {names} has {ends[-1]} entries"
            raise ShapeError(f"{entries}, and the candidate returns {len(result)}")
    flat = np.split(np.stack(results), ends[:-1], axis=1)
    return [part.reshape(own.shape) for part, own in zip(flat, expected, strict=True)]


def _finding(exact: Exact, position: int, got: Any, expected: list[Any]) -> Finding:
    own = expected[position]
    index = worst(got, own)
    point = {name: value.tolist() for name, value in exact.points[index[0]].items()}
    inner = "[" + ", ".join(map(str, index[1:])) + "]" if len(index) > 1 else ""
    slip = find_slip(exact, position, got, expected)
    return Finding(exact.entries[position].name + inner, point, float(got[index]), float(own[index]), slip)
