"""The auditor: somebody's derivative against the exact one, entry by entry, with the likely slip.

The candidate is evaluated at random points where the formula is smooth; what differs from the exact derivative is
compared with derivatives into which one slip was put (:mod:`symdiff.check.audit.slips`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...differentiate.passes import grad, sources_of
from ...graph.errors import ShapeError, SymdiffError
from ...graph.node import Node, as_node
from ...graph.traversal import topological, variables
from ...ops.tensor import places_among
from ..gradients import Point, random_points
from .candidates import candidate_of, numbers_of
from .changes import Slip
from .entries import KINDS, SINGLE, Entry
from .numbers import agree, largest, worst
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
        from math import inf, nan

        return self.got / self.expected if self.expected else inf if self.got else nan

    def __str__(self) -> str:
        place = ", ".join(f"{name}={_number(value)}" for name, value in self.point.items())
        factor = f"factor {self.factor:.6g}"
        text = f"{self.entry}: {self.got:.10g}, and {self.expected:.10g} is right ({factor}), at {place}"
        return text if self.slip is None else f"{text}\n  likely slip: {self.slip.text} [{self.slip.kind}]"


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value).replace("\n", "")


class Audit:
    """What :func:`audit` found; ``ok`` where every entry agrees. ``str`` gives a line for each finding."""

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
    candidate: Any,
    formula: Any,
    wrt: Any = None,
    *,
    kind: str | None = None,
    at: Mapping[str, Any] | None = None,
    shapes: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Audit:
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
    values = [numbers_of(candidate_of(candidate, inputs, shapes)(point), wanted) for point in points]
    kind = kind or _kind(len(values[0]), len(outputs), [points[0][var.name].size for var in wanted])
    if kind not in KINDS:
        raise SymdiffError(f"the kind is one of {', '.join(KINDS)}, not {kind!r}")
    if kind in SINGLE and len(outputs) > 1:
        raise SymdiffError(f"a {kind} is of one formula, not of {len(outputs)}; several have a jacobian")
    return _Auditor(KINDS[kind](outputs, wanted), wanted, inputs, points).run(kind, values)


def _scalar(formula: Any, shapes: Mapping[str, Any] | None) -> Node:
    from ...text.parser import parse

    f = parse(formula, shapes=shapes) if isinstance(formula, str) else as_node(formula)
    if f.shape:
        raise ShapeError(f"audit takes a formula that is a number, not of shape {f.shape}; sum it")
    return f


def _kind(count: int, outputs: int, sizes: Sequence[int]) -> str:
    """The derivative with that many numbers; a gradient where none has."""
    if outputs > 1:
        return "value" if count == outputs and count != outputs * sum(sizes) else "jacobian"
    return "hessian" if count == sum(sizes) ** 2 and count > 1 else "grad"


def _points(outputs: list[Node], inputs: list[Node], at: Mapping[str, Any] | None, seed: int) -> list[Point]:
    import numpy as np

    from ...compiler.functions import compile

    if at is not None:
        missing = [var.name for var in inputs if var.name not in at]
        if missing:
            raise SymdiffError(f"the point gives no value for {', '.join(missing)}")
        return [{var.name: np.asarray(at[var.name], float) for var in inputs}]
    fn = compile([*outputs, *(part for f in outputs for part in grad(f, inputs))], inputs)

    def finite(point: Point) -> bool:
        with np.errstate(all="ignore"):
            return all(np.isfinite(part).all() for part in fn(*point.values()))

    return random_points(finite, inputs, places_among(topological(*outputs)), seed, _POINTS)


class _Auditor:
    """The exact entries of one derivative and their values at the points."""

    def __init__(self, entries: list[Entry], wanted: list[Node], inputs: list[Node], points: list[Point]) -> None:
        self.entries, self.wanted, self.inputs, self.points = entries, wanted, inputs, points
        self.compiled: dict[tuple[Node, ...], Any] = {}

    def run(self, kind: str, values: list[Any]) -> Audit:
        expected = self.values([entry.node for entry in self.entries])
        got = self.parts(kind, values, expected)
        findings, size = [], largest(expected)
        for place, entry in enumerate(self.entries):
            if not agree(got[place], expected[place], size):
                slip = find_slip(self, place, got[place], expected)
                findings.append(self.finding(entry.name, got[place], expected[place], slip))
        return Audit(kind, len(self.entries), len(self.points), findings)

    def parts(self, kind: str, values: list[Any], expected: list[Any]) -> list[Any]:
        """The candidate's numbers in the shapes of the entries, the points along the first axis."""
        import numpy as np

        ends = np.cumsum([part[0].size for part in expected])
        for found in values:
            if len(found) != ends[-1]:
                names = ", ".join(var.name for var in self.wanted)
                entries = f"a {kind} by {names} has {ends[-1]} entries"
                raise ShapeError(f"{entries}, and the candidate returns {len(found)}")
        flat = np.split(np.stack(values), ends[:-1], axis=1)
        return [part.reshape(wanted.shape) for part, wanted in zip(flat, expected, strict=True)]

    def values(self, nodes: list[Node], given: Mapping[Node, float] | None = None) -> list[Any]:
        """The numbers of each node, the points along the first axis; ``given``: those of further variables."""
        import numpy as np

        from ...compiler.functions import compile

        extra = dict(given or {})
        key = (*nodes, *extra)
        if key not in self.compiled:
            self.compiled[key] = compile(nodes, [*self.inputs, *extra], schedule="clear")
        fn, numbers = self.compiled[key], list(extra.values())
        with np.errstate(all="ignore"):
            if not any(node.shape for node in (*nodes, *self.inputs)):
                columns = [np.array([point[var.name] for point in self.points], float) for var in self.inputs]
                return [np.broadcast_to(part, len(self.points)) for part in fn(*columns, *numbers)]
            rows = [fn(*point.values(), *numbers) for point in self.points]
        return [np.stack(column) for column in zip(*rows, strict=True)]

    def finding(self, entry: str, got: Any, expected: Any, slip: Slip | None) -> Finding:
        place = worst(got, expected)
        point = {name: value.tolist() for name, value in self.points[place[0]].items()}
        inner = "[" + ", ".join(map(str, place[1:])) + "]" if len(place) > 1 else ""
        return Finding(entry + inner, point, float(got[place]), float(expected[place]), slip)
