"""How many digits emitted code keeps: values and derivatives against 50 digits, in units in the last place.

An error in ulps is ``|computed - true|`` divided by the distance of the doubles around the true value (Goldberg 1991,
ACM Comput. Surv. 23). The input of a point is taken as exact, so a result that depends strongly on its input, as
``sin(x)`` at 1e10, is no excuse; a point where the formula has no finite real value is left out.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..compiler.functions import compile
from ..differentiate.passes import grad
from ..graph.errors import DomainError, SymdiffError, UnsupportedError
from ..graph.node import Node
from ..graph.traversal import topological
from ..ops.arithmetic import add, sub
from ..rules.assumptions import Facts, current
from .mpmath_eval import Exact

Box = Mapping[str, tuple[float, float]]
Point = dict[Node, float]

#: Values of a variable whose range is not given.
RANGE = (-1000.0, 1000.0)
#: Where a range holds 0, logarithmic sampling goes down to this part of its end.
SMALLEST = 1e-18
#: What may be asked for.
PARTS = ("value", "grad", "hessian")


def outputs_of(f: Node, wrt: list[Node], parts: Sequence[str]) -> tuple[list[str], list[Node]]:
    """The outputs with their names; of a Hessian the upper triangle."""
    if any(node.shape for node in topological(f)):
        raise UnsupportedError("accuracy is measured for formulas of numbers, not of arrays")
    named = [pair for part in parts for pair in _outputs_of_part(part, f, wrt)]
    return [name for name, _ in named], [node for _, node in named]


def _outputs_of_part(part: str, f: Node, wrt: list[Node]) -> Iterator[tuple[str, Node]]:
    if part not in PARTS:
        raise SymdiffError(f"what is measured is some of {', '.join(PARTS)}, not {part!r}")
    if part == "value":
        yield "value", f
        return
    first = list(zip(wrt, grad(f, wrt), strict=True))
    if part == "grad":
        yield from ((f"d/d{var.name}", node) for var, node in first)
        return
    for index, (var, slope) in enumerate(first):
        rest = wrt[index:]
        yield from (
            (f"d2/d{var.name} d{other.name}", node) for other, node in zip(rest, grad(slope, rest), strict=True)
        )


# -- points --------------------------------------------------------------------------------------------------------


def sample(
    typed: Sequence[Node], inputs: Sequence[Node], box: Box, count: int, seed: int, cancelling: bool = False
) -> tuple[list[Point], Truth]:
    """Points where the first output has a finite real value, with the true values of all outputs there.

    ``cancelling``: among them such where differences in it nearly vanish.
    """
    unknown = sorted(box.keys() - {var.name for var in inputs})
    if unknown:
        raise SymdiffError(f"the box gives a range for {unknown[0]}, which is no variable of the formula")
    facts = current() or Facts()
    exact, allowed = Exact(typed), Exact(facts.conditions)
    differences = _differences(typed[0]) if cancelling and inputs else []
    rng = random.Random(seed)
    points: list[Point] = []
    values: list[list[Any]] = []
    for attempt in range(20 * count):
        ends = {var: _range(var, box, facts, attempt % 2 == 0) for var in inputs}
        point = {var: _draw(rng, ends[var], facts.of(var).whole) for var in inputs}
        if differences and rng.random() < 0.25:
            _approach(rng, point, ends, rng.choice(differences))
        if (point in points and inputs) or not _within(exact.at(point, 50)[0]) or not all(allowed.at(point, 50)):
            continue
        points.append(point)
        values.append(exact(point))
        if len(points) == count or not inputs:
            break
    if not points:
        raise DomainError("found no point of the box where the formula has a finite real value; give another with box")
    return points, Truth(values)


def _range(var: Node, box: Box, facts: Facts, positive: bool) -> tuple[float, float]:
    """What is asked for, else what is assumed of the variable within the range of all variables."""
    if var.name in box:
        return box[var.name]
    known = facts.of(var)
    low, high = max(known.low, RANGE[0]), min(known.high, RANGE[1])
    if low > high:
        return (known.low, 2 * known.low) if known.low > 0 else (2 * known.high, known.high)
    return (0.0, high) if positive and low < 0 < high else (low, high)


def _within(value: Any) -> bool:
    return math.isfinite(float(value))


def _differences(root: Node) -> list[Exact]:
    return [Exact([node]) for node in topological(root) if node.op in (add, sub)]


def _approach(rng: random.Random, point: Point, ends: Mapping[Node, tuple[float, float]], difference: Exact) -> None:
    """Move a variable towards where the difference is 0, by the secant method."""

    def at(value: float) -> float:
        return float(difference.at({**point, var: value}, 20)[0])

    var = rng.choice(list(point))
    (low, high), old = ends[var], point[var]
    new = old * (1 + 1e-3)
    before, after = at(old), at(new)
    enough = abs(after) * 2.0 ** -rng.uniform(4, 45)
    for _ in range(50):
        if abs(after) <= enough or before == after or not math.isfinite(before + after):
            break
        old, new = new, new - after * (new - old) / (after - before)
        before, after = after, at(new)
    if low <= new <= high:
        point[var] = new


def _draw(rng: random.Random, ends: tuple[float, float], whole: bool) -> float:
    value = _draw_real(rng, *ends)
    return float(round(value)) if whole else value


def _draw_real(rng: random.Random, low: float, high: float) -> float:
    """A number of the range: uniform, logarithmic, or one of its special points."""
    kind = rng.random()
    if kind < 0.1:
        return rng.choice([value for value in (low, high, 0.0, 1.0) if low <= value <= high])
    if kind < 0.5 or low == high:
        return rng.uniform(low, high)
    sign = rng.choice([sign for sign, end in ((-1.0, low), (1.0, high)) if sign * end > 0])
    near, far = sorted((max(sign * low, 0.0), max(sign * high, 0.0)))
    size = math.exp(rng.uniform(math.log(near or far * SMALLEST), math.log(far)))
    return sign * min(max(size, near), far)


# -- errors --------------------------------------------------------------------------------------------------------


class Truth:
    """True values as sums of two doubles, a row for each output; NaN where one is no finite double."""

    def __init__(self, values: list[list[Any]]) -> None:
        import numpy as np

        rounded = np.array([[float(value) for value in row] for row in values]).T
        self.high = np.where(np.isfinite(rounded), rounded, np.nan)
        rests = [[float(value - float(value)) for value in row] for row in values]
        self.low, self.ulp = np.array(rests).T, np.abs(np.spacing(self.high))

    def errors(self, outputs: Sequence[Node], inputs: Sequence[Node], points: list[Point], backend: str) -> Any:
        """The errors in ulps of the code of the outputs, a row for each, a column for each point."""
        import numpy as np

        function = compile(list(outputs), list(inputs), backend=backend)
        with np.errstate(all="ignore"):
            got = _evaluate(function, points, len(outputs), backend)
            error = np.abs((got - self.high) - self.low) / self.ulp
        return np.where(np.isnan(self.high), np.nan, np.where(np.isfinite(got), error, np.inf))


def _evaluate(function: Callable[..., Any], points: list[Point], count: int, backend: str) -> Any:
    import numpy as np

    columns = np.array([list(point.values()) for point in points]).T
    if backend == "numpy":
        return np.array([np.broadcast_to(row, len(points)) for row in function(*columns)], float)
    return np.array([_evaluate_at(function, point, count) for point in columns.T.tolist()], float).T


def _evaluate_at(function: Callable[..., Any], point: list[float], count: int) -> list[float]:
    try:
        return [float(value) for value in function(*point)]
    except (ArithmeticError, ValueError):
        return [math.nan] * count
