"""Numerical differentiation of functions of one scalar, with an estimate of its error."""

from __future__ import annotations

import math
from collections.abc import Callable

Function = Callable[[float], float]

#: Each difference quotient takes a step smaller by this factor.
_SHRINK = 1.6


def extrapolate(quotient: Function, step: float, levels: int = 10) -> tuple[float, float]:
    """The limit at 0 of an even function of the step, and its estimated error.

    Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4 (1982).

    >>> limit, error = extrapolate(lambda h: (math.exp(h) - math.exp(-h)) / (2 * h), 0.1)
    >>> abs(limit - 1) < 1e-11
    True
    """
    best, error = math.nan, math.inf
    previous: list[float] = []
    for _ in range(levels):
        row, factor = [quotient(step)], 1.0
        for coarser in previous:
            factor *= _SHRINK**2
            row.append((row[-1] * factor - coarser) / (factor - 1))
            gap = max(abs(row[-1] - row[-2]), abs(row[-1] - coarser))
            if gap < error:
                best, error = row[-1], gap
        previous, step = row, step / _SHRINK
    return best, error


def central_difference(f: Function, step: float) -> tuple[float, float]:
    """The derivative of ``f`` at 0 and its estimated error, from differences of steps up to ``step``."""
    return extrapolate(lambda h: (f(h) - f(-h)) / (2 * h), step)


def between_one_sided(slope: float, f: Function, step: float) -> bool:
    """Whether ``f`` has a kink at 0, with ``slope`` between the derivatives of its two sides."""
    step *= 1e-3
    middle = f(0.0)
    near = [(f(side * step) - middle) / (side * step) for side in (-1, 1)]
    far = [(f(2 * side * step) - middle) / (2 * side * step) for side in (-1, 1)]
    left, right = (2 * one - two for one, two in zip(near, far, strict=True))
    gap = abs(left - right)
    if not gap > 1e-2 * (abs(left) + abs(right)):
        return False
    slack = 1e-3 * gap
    return min(left, right) - slack <= slope <= max(left, right) + slack
