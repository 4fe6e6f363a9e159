"""Points at which formulas are checked: given by the user, or drawn at random where a formula has a value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ..graph.errors import DomainError, SymdiffError
from ..graph.node import Node

#: An array (of shape () for a scalar) for each variable by name.
Point = dict[str, Any]

#: The value of each symbolic size in random points.
SIZE = 3
_INTERVALS = ((0.5, 2.0), (-2.0, -0.5), (0.1, 0.9), (1.1, 3.0), (-0.9, 0.9))


def given_point(at: Mapping[str, Any], inputs: Sequence[Node], indices: Collection[Node]) -> Point:
    """The values by name as arrays: whole numbers for variables among ``indices``, floats for the others.

    Raises SymdiffError for a variable without a value and for what is no array of numbers.
    """
    import numpy as np

    missing = [var.name for var in inputs if var.name not in at]
    if missing:
        raise SymdiffError(f"the point gives no value for {', '.join(missing)}")
    try:
        return {var.name: np.array(at[var.name], dtype=int if var in indices else float) for var in inputs}
    except (TypeError, ValueError) as error:
        raise SymdiffError(f"the point is of numbers and arrays of them: {error}") from None


def random_points(
    accept: Callable[[Point], bool], inputs: Sequence[Node], indices: Collection[Node], seed: int, count: int
) -> list[Point]:
    """Random points that ``accept`` is true for: all variables from one interval first, then each from its own.

    Variables among ``indices`` are 0 or 1. Raises DomainError where no point is accepted.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    points: list[Point] = []
    for attempt in range(40 * count):
        point = {}
        for var in inputs:
            choice = attempt if attempt < 3 * count else int(rng.integers(len(_INTERVALS)))
            shape = tuple(size if isinstance(size, int) else SIZE for size in var.shape)
            interval = _INTERVALS[choice % len(_INTERVALS)]
            point[var.name] = rng.integers(0, 2, shape) if var in indices else rng.uniform(*interval, size=shape)
        if accept(point):
            points.append(point)
        if len(points) == count:
            return points
    if not points:
        raise DomainError("found no point where the expression is finite; give one with at=")
    return points


def show_point(point: Point) -> str:
    """``x=1.5, w=[1.0, 2.0]``, for messages."""
    return ", ".join(f"{name}={value.tolist()}" for name, value in point.items())
