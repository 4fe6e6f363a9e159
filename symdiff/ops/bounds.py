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

from ..graph.node import CONST, OPS, PI, Node

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


def _ends(x: Interval) -> tuple[_End, _End]:
    return _End(x.low, x.low_open), _End(x.high, x.high_open)


def _hull(*ends: _End, whole: bool = False) -> Interval:
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


def _add(a: Interval, b: Interval) -> Interval:
    ends = [
        _End(x.value + y.value, x.out or y.out, _exact(x.value + y.value, x.value, y.value, False))
        for x, y in zip(_ends(a), _ends(b), strict=True)
    ]
    return _hull(*ends, whole=a.whole and b.whole)


def _neg(x: Interval) -> Interval:
    return Interval(-x.high, -x.low, x.high_open, x.low_open, x.whole)


def _times_ends(a: _End, b: _End) -> _End:
    """0 times an infinite end is 0: the products come as near to it as to any other."""
    for one, other in ((a, b), (b, a)):
        if one.value == 0:
            return _End(0.0, one.out and not (other.value == 0 and not other.out))
    value = a.value * b.value
    return _End(value, a.out or b.out, _exact(value, a.value, b.value, True))


def _mul(a: Interval, b: Interval) -> Interval:
    return _hull(*(_times_ends(x, y) for x, y in product(_ends(a), _ends(b))), whole=a.whole and b.whole)


def _inverse(x: Interval) -> Interval:
    if x.low < 0 < x.high or x.low == x.high == 0:
        return REAL
    if x.low < 0:
        return _neg(_inverse(_neg(x)))
    low = _End(0.0, True) if math.isinf(x.high) else _End(1 / x.high, x.high_open, False)
    return _hull(low, _End(1 / x.low if x.low else _INF, x.low_open, False))


def _abs(x: Interval) -> Interval:
    if x.low >= 0:
        return x
    if x.high <= 0:
        return _neg(x)
    return _hull(_End(0.0, False), *(_End(abs(end.value), end.out) for end in _ends(x)), whole=x.whole)


def _pow(x: Interval, n: Interval) -> Interval:
    """Whole powers by repeated products; other powers of what is not negative."""
    if n.low == n.high == int(n.low if math.isfinite(n.low) else 0) and 0 <= n.low <= 8:
        if n.low == 0:
            return Interval(1.0, 1.0, whole=True)
        base = _abs(x) if n.low % 2 == 0 else x
        return _hull(*(_power_end(end, int(n.low)) for end in _ends(base)), whole=x.whole)
    if x.low > 0 or (x.low == 0 and x.low_open):
        return Interval(0.0, _INF, True)
    return Interval(0.0, _INF) if x.low >= 0 else REAL


def _power_end(end: _End, n: int) -> _End:
    result = end
    for _ in range(n - 1):
        result = _times_ends(result, end)
    return result._replace(out=end.out)


def _increasing(function: Callable[[float], float], low: float = -_INF, high: float = _INF) -> Bounds:
    """A function that grows, with values between its limits, which it does not reach."""

    def end(x: float, out: bool, limit: float) -> _End:
        try:
            value = limit if math.isinf(x) else function(x)
        except (ValueError, OverflowError):
            return _End(limit, True)
        return _End(value, out or (math.isinf(x) and math.isfinite(value)), x in (0, 1) and value in (0, 1))

    def bounds(x: Interval) -> Interval:
        return _hull(end(x.low, x.low_open, low), end(x.high, x.high_open, high)).within(
            Interval(low, high, math.isfinite(low), math.isfinite(high))
        )

    return bounds


def _fixed(low: float, high: float, low_open: bool = False, high_open: bool = False) -> Bounds:
    return lambda *args: Interval(low, high, low_open, high_open)


def _rounding(function: Callable[[float], float]) -> Bounds:
    """A step function that grows, with whole values."""

    def bounds(x: Interval) -> Interval:
        low, high = (end if math.isinf(end) else float(function(end)) for end in (x.low, x.high))
        return Interval(low, high, whole=True)

    return bounds


def _larger(a: Interval, b: Interval) -> Interval:
    (low, low_open), (high, closed) = (
        max((a.low, a.low_open), (b.low, b.low_open)),
        max((a.high, not a.high_open), (b.high, not b.high_open)),
    )
    return Interval(low, high, low_open, not closed, a.whole and b.whole)


Bounds = Callable[..., Interval]

BOUNDS: dict[str, Bounds] = {
    "add": _add,
    "sub": lambda a, b: _add(a, _neg(b)),
    "mul": _mul,
    "div": lambda a, b: _mul(a, _inverse(b)),
    "neg": _neg,
    "pow": _pow,
    "abs": _abs,
    "sign": _rounding(lambda x: (x > 0) - (x < 0)),
    "floor": _rounding(math.floor),
    "ceil": _rounding(math.ceil),
    "maximum": _larger,
    "minimum": lambda a, b: _neg(_larger(_neg(a), _neg(b))),
    "where": lambda c, a, b: _hull(*_ends(a), *_ends(b), whole=a.whole and b.whole),
    "relu": lambda x: _larger(x, Interval(0.0, 0.0, whole=True)),
    "exp": _increasing(math.exp, 0.0),
    "exp2": _increasing(lambda x: 2.0**x, 0.0),
    "expm1": _increasing(math.expm1, -1.0),
    "softplus": _fixed(0.0, _INF, True),
    "sigmoid": _fixed(0.0, 1.0, True, True),
    "log": _increasing(math.log),
    "log1p": _increasing(math.log1p),
    "log2": _increasing(math.log2),
    "log10": _increasing(math.log10),
    "sqrt": lambda x: _increasing(math.sqrt)(x).within(Interval(0.0)),
    "cbrt": _increasing(lambda x: math.copysign(abs(x) ** (1 / 3), x)),
    "hypot": _fixed(0.0, _INF),
    "sin": _fixed(-1.0, 1.0),
    "cos": _fixed(-1.0, 1.0),
    "arcsin": _fixed(-math.nextafter(math.pi / 2, 2), math.nextafter(math.pi / 2, 2)),
    "arccos": _fixed(0.0, math.nextafter(math.pi, 4)),
    "arctan": _fixed(-math.nextafter(math.pi / 2, 2), math.nextafter(math.pi / 2, 2), True, True),
    "arctan2": _fixed(-math.nextafter(math.pi, 4), math.nextafter(math.pi, 4)),
    "sinh": _increasing(math.sinh),
    "cosh": _fixed(1.0, _INF),
    "tanh": _increasing(math.tanh, -1.0, 1.0),
    "arcsinh": _increasing(math.asinh),
    "arccosh": _fixed(0.0, _INF),
    "arctanh": _increasing(math.atanh),
    "erf": _increasing(math.erf, -1.0, 1.0),
    "erfc": _fixed(0.0, 2.0, True, True),
    "gammaln": _fixed(-0.1215, _INF),
}


def interval_of(node: Node, args: list[Interval]) -> Interval:
    """Where the values of a node lie, given where those of its arguments do."""
    if node.op is CONST:
        return _constant(node)
    if node.op.name == PI.name:
        return Interval(math.pi, math.nextafter(math.pi, 4))
    return node.op.bounds(*args) if node.op.bounds is not None else REAL


def _constant(node: Node) -> Interval:
    value = Fraction(node.value) if math.isfinite(node.value) else None
    if value is None:
        return REAL
    near = float(value)
    low, high = (near, near) if Fraction(near) == value else (math.nextafter(near, -_INF), math.nextafter(near, _INF))
    return Interval(low, high, whole=value.denominator == 1)


for _name, _bounds in BOUNDS.items():
    OPS[_name].bounds = _bounds
