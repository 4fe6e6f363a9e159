"""Rounding errors of emitted code, of a formula and of its derivatives, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..graph.node import Node
from ..graph.traversal import variables
from ..numerics.ulp_error import Box, Point, outputs_of, sample
from ..search.levels import simplify_guarded
from ..simplifier.stable import stable


class Line(NamedTuple):
    """One output: the worst and the median error in ulps, of the simplified code and of the formula as typed."""

    output: str
    worst: float
    median: float
    typed: float
    at: dict[str, float]
    points: int


class Accuracy(NamedTuple):
    """What :func:`check_accuracy` measured, a line for each output; ``str`` gives a table."""

    lines: list[Line]

    @property
    def worst(self) -> float:
        return max((line.worst for line in self.lines), default=0.0)

    def __str__(self) -> str:
        head = f"{'output':<14} {'worst ulp':>10} {'median':>8} {'as typed':>10}  worst point"
        return "\n".join([head, *map(_show, self.lines)])


def _show(line: Line) -> str:
    at = ", ".join(f"{name}={value!r}" for name, value in line.at.items())
    return f"{line.output:<14} {_short(line.worst):>10} {_short(line.median):>8} {_short(line.typed):>10}  {at}"


def _short(ulps: float) -> str:
    return f"{ulps:.1f}" if ulps < 1e5 else f"{ulps:.1e}"


def check_accuracy(
    f: Node,
    wrt: Sequence[Node] | None = None,
    parts: Sequence[str] = ("value", "grad"),
    *,
    box: Box | None = None,
    points: int = 256,
    seed: int = 0,
    level: str = "code",
    backend: str = "numpy",
) -> Accuracy:
    """Measure the errors of the emitted code of a scalar and its derivatives at sampled points.

    ``wrt``: variables, by default all. ``parts``: some of "value", "grad", "hessian". ``box``: the range of each
    variable by name, by default -1000 to 1000; half of the points are uniform in it, half logarithmic, and its ends,
    0 and 1 are among them. ``level``: how the code is simplified, by default as ``symdiff code`` does it. Raises
    UnsupportedError for arrays and DomainError where the formula has no finite real value at any point.

    >>> import symdiff as sd
    >>> report = check_accuracy(sd.parse("log(1 + x)"), box={"x": (0, 1)})
    >>> report.worst < 2, report.lines[0].typed > 1e6
    (True, True)
    """
    wanted = list(variables(f) if wrt is None else wrt)
    names, typed = outputs_of(f, wanted, parts)
    inputs = list(variables([f, *typed]))
    chosen, truth = sample(typed, inputs, box or {}, points, seed)
    (simple,) = stable([f], derivatives=set(parts) != {"value"}) if level == "code" else simplify_guarded([f], level)
    emitted = simplify_guarded(outputs_of(simple, wanted, parts)[1], level)
    errors, of_typed = (truth.errors(outputs, inputs, chosen, backend) for outputs in (emitted, typed))
    return Accuracy([_line(*part, chosen) for part in zip(names, errors, of_typed, strict=True)])


def _line(name: str, errors: Any, typed: Any, points: list[Point]) -> Line:
    import numpy as np

    known = errors[~np.isnan(errors)]
    worst_point = points[int(np.argmax(np.nan_to_num(errors, nan=-1.0, posinf=np.inf)))]
    at = {var.name: value for var, value in worst_point.items()}
    worst, worst_typed = (float(np.nanmax(part, initial=0.0)) for part in (errors, typed))
    return Line(name, worst, float(np.median(known)) if known.size else 0.0, worst_typed, at, known.size)
