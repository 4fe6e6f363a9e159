"""Kinks of operations: where they are, and the operation spelled so that its derivatives there are those of one side.

A spelling by ``where`` has the derivatives of the branch that is taken, at every order; that is all that a side needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..graph.node import OPS, Node

Spelling = Callable[[Node], Node | float]


class Sides(NamedTuple):
    """Spellings of one value.

    ``at``: whether a point is a kink, of the value's shape. ``left``, ``right``: with the derivatives of the side where
    the argument is smaller or larger; ``mean``: with the mean of them, where no side is smaller; ``zero``: with derivative
    0 at the kink, where masking the value is not enough.
    """

    at: Node
    left: Node | None = None
    right: Node | None = None
    mean: Node | None = None
    zero: Node | None = None


def _where(condition: Node, a: Node | float, b: Node | float) -> Node:
    return OPS["where"](condition, a, b)


def around_zero(below: Spelling, above: Spelling) -> Callable[..., Sides]:
    """One spelling on each side of ``x = 0``."""

    def sides(y: Node, x: Node) -> Sides:
        return Sides(OPS["equal"](x, 0), _where(x > 0, above(x), below(x)), _where(x >= 0, above(x), below(x)))

    return sides


def around_tie(larger: bool) -> Callable[..., Sides]:
    """The larger or the smaller of two; the left side is where the first is smaller than the second."""

    def sides(y: Node, a: Node, b: Node) -> Sides:
        first, second = (a, b) if larger else (b, a)
        return Sides(OPS["equal"](a, b), _where(a > b, first, second), _where(a >= b, first, second))

    return sides


def jump(at: Callable[..., Node]) -> Callable[..., Sides]:
    """A value that jumps: the derivatives of both sides are those that the operation has."""
    return lambda y, *args: Sides(at(*args), y, y)


def tip(y: Node, at: Node, elsewhere: Node) -> Sides:
    """A cone: no left and right; opposite directions have opposite slopes, so their mean is 0.

    ``elsewhere``: the value with an argument whose derivative is finite at the tip too.
    """
    flat = _where(at, OPS["stop_gradient"](y), elsewhere)
    return Sides(at, mean=flat, zero=flat)
