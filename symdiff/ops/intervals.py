"""Where the values of an operation lie, from where its arguments lie: intervals, and whether a value is whole.

A row's field ``bounds`` is a function of the intervals of the arguments; a row without one may have any value. Ends that
are rounded are moved outwards, so an interval is never too small (R. E. Moore, Interval Analysis, 1966).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from ..graph.leaves import CONST
from ..graph.node import Node

_INF = math.inf


class Interval(NamedTuple):
    """The real numbers from ``low`` to ``high``; an open end is not among them. ``whole``: only whole numbers."""

    low: float = -_INF
    high: float = _INF
    low_open: bool = False
    high_open: bool = False
    whole: bool = False

    def within(self, other: Interval) -> Interval:
        """The numbers that are in both."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, closed = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not closed, self.whole or other.whole)

    @property
    def empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def below(self, other: Interval, strictly: bool) -> bool:
        """Whether every number here is less than (or at most) every number there."""
        touch = self.high == other.low
        return self.high < other.low or (touch and (not strictly or self.high_open or other.low_open))


REAL = Interval()


class _End(NamedTuple):
    value: float
    out: bool  # not a value itself
    exact: bool = True


def ends(x: Interval) -> tuple[_End, _End]:
    return _End(x.low, x.low_open), _End(x.high, x.high_open)


def hull(*ends: _End, whole: bool = False) -> Interval:
    """The smallest interval with these ends, rounded outwards."""
    low, high = min(end.value for end in ends), max(end.value for end in ends)
    at_low, at_high = ([end for end in ends if end.value == value] for value in (low, high))
    return Interval(
        low if all(end.exact for end in at_low) else math.nextafter(low, -_INF),
        high if all(end.exact for end in at_high) else math.nextafter(high, _INF),
        all(end.out and end.exact for end in at_low),
        all(end.out and end.exact for end in at_high),
        whole,
    )


def _exact(value: float, a: float, b: float, times: bool) -> bool:
    if not all(map(math.isfinite, (value, a, b))):
        return math.isinf(a) or math.isinf(b)
    return Fraction(value) == (Fraction(a) * Fraction(b) if times else Fraction(a) + Fraction(b))


def add(a: Interval, b: Interval) -> Interval:
    sums = [
        _End(x.value + y.value, x.out or y.out, _exact(x.value + y.value, x.value, y.value, False))
        for x, y in zip(ends(a), ends(b), strict=True)
    ]
    return hull(*sums, whole=a.whole and b.whole)


def neg(x: Interval) -> Interval:
    return Interval(-x.high, -x.low, x.high_open, x.low_open, x.whole)


def _times_ends(a: _End, b: _End) -> _End:
    """0 times an infinite end is 0: the products come as near to it as to any other."""
    for one, other in ((a, b), (b, a)):
        if one.value == 0:
            return _End(0.0, one.out and not (other.value == 0 and not other.out))
    value = a.value * b.value
    return _End(value, a.out or b.out, _exact(value, a.value, b.value, True))


def mul(a: Interval, b: Interval) -> Interval:
    return hull(*(_times_ends(x, y) for x, y in product(ends(a), ends(b))), whole=a.whole and b.whole)


def inverse(x: Interval) -> Interval:
    if x.low < 0 < x.high or x.low == x.high == 0:
        return REAL
    if x.low < 0:
        return neg(inverse(neg(x)))
    low = _End(0.0, True) if math.isinf(x.high) else _End(1 / x.high, x.high_open, False)
    return hull(low, _End(1 / x.low if x.low else _INF, x.low_open, False))


def abs_(x: Interval) -> Interval:
    if x.low >= 0:
        return x
    if x.high <= 0:
        return neg(x)
    return hull(_End(0.0, False), *(_End(abs(end.value), end.out) for end in ends(x)), whole=x.whole)


def pow_(x: Interval, n: Interval) -> Interval:
    """Whole powers by repeated products; other powers of what is not negative."""
    if n.low == n.high == int(n.low if math.isfinite(n.low) else 0) and 0 <= n.low <= 8:
        if n.low == 0:
            return Interval(1.0, 1.0, whole=True)
        base = abs_(x) if n.low % 2 == 0 else x
        return hull(*(_power_end(end, int(n.low)) for end in ends(base)), whole=x.whole)
    if x.low > 0 or (x.low == 0 and x.low_open):
        return Interval(0.0, _INF, True)
    return Interval(0.0, _INF) if x.low >= 0 else REAL


def _power_end(end: _End, n: int) -> _End:
    result = end
    for _ in range(n - 1):
        result = _times_ends(result, end)
    return result._replace(out=end.out)


def increasing(function: Callable[[float], float], low: float = -_INF, high: float = _INF) -> Bounds:
    """A function that grows, with values between its limits, which it does not reach."""

    def end(x: float, out: bool, limit: float) -> _End:
        try:
            value = limit if math.isinf(x) else function(x)
        except (ValueError, OverflowError):
            return _End(limit, True)
        return _End(value, out or (math.isinf(x) and math.isfinite(value)), x in (0, 1) and value in (0, 1))

    def bounds(x: Interval) -> Interval:
        return hull(end(x.low, x.low_open, low), end(x.high, x.high_open, high)).within(
            Interval(low, high, math.isfinite(low), math.isfinite(high))
        )

    return bounds


def fixed(low: float, high: float, low_open: bool = False, high_open: bool = False) -> Bounds:
    return lambda *args: Interval(low, high, low_open, high_open)


def rounding(function: Callable[[float], float]) -> Bounds:
    """A step function that grows, with whole values."""

    def bounds(x: Interval) -> Interval:
        low, high = (end if math.isinf(end) else float(function(end)) for end in (x.low, x.high))
        return Interval(low, high, whole=True)

    return bounds


def larger(a: Interval, b: Interval) -> Interval:
    (low, low_open), (high, closed) = (
        max((a.low, a.low_open), (b.low, b.low_open)),
        max((a.high, not a.high_open), (b.high, not b.high_open)),
    )
    return Interval(low, high, low_open, not closed, a.whole and b.whole)


Bounds = Callable[..., Interval]


def interval_of(node: Node, args: list[Interval]) -> Interval:
    """Where the values of a node lie, given where those of its arguments do."""
    if node.op is CONST:
        return _constant(node)
    return node.op.bounds(*args) if node.op.bounds is not None else REAL


def _constant(node: Node) -> Interval:
    value = Fraction(node.value) if math.isfinite(node.value) else None
    if value is None:
        return REAL
    near = float(value)
    low, high = (near, near) if Fraction(near) == value else (math.nextafter(near, -_INF), math.nextafter(near, _INF))
    return Interval(low, high, whole=value.denominator == 1)
