"""Products as data: a number times powers of bases, which multiply without building nodes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from ..graph.node import Node, Number

#: Exact numbers are raised to whole powers up to this one.
HIGHEST = 64


class Monomial(NamedTuple):
    """``number`` times each base to its exponent; no exponent is 0."""

    number: Number
    powers: dict[Node, Number]

    def times(self, other: Monomial, exponent: int = 1) -> Monomial:
        """``self * other**exponent``; raises ArithmeticError where numbers leave the range of floats."""
        powers = dict(self.powers)
        for base, power in other.powers.items():
            total = exact(powers.get(base, 0) + power * exponent)
            if total:
                powers[base] = total
            else:
                del powers[base]
        return Monomial(checked(self.number * raised(other.number, exponent)), powers)

    @property
    def atom(self) -> Node | None:
        """The base, where the monomial is nothing else."""
        return next(iter(self.powers)) if self.number == 1 and list(self.powers.values()) == [1] else None


ONE = Monomial(1, {})


def raised(number: Number, exponent: int) -> Number:
    """``number**exponent``, exact for exact numbers; raises ArithmeticError for 0 below the line."""
    if exponent == 1:
        return number
    if abs(exponent) > HIGHEST:
        raise OverflowError
    return number**exponent if isinstance(number, float) else exact(Fraction(number) ** exponent)


def exact(number: Number) -> Number:
    """A ratio that is whole as an int."""
    return int(number) if isinstance(number, Fraction) and number.denominator == 1 else number


def checked(number: Number) -> Number:
    """The number; raises ArithmeticError for a float that is 0, infinite or NaN, which no product may absorb."""
    if isinstance(number, float) and (not math.isfinite(number) or number == 0):
        raise OverflowError
    return exact(number)


def size_of(number: Number) -> Number:
    """The number without its sign."""
    return -number if number < 0 else number
