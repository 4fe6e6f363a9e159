"""Products as data: a coefficient times powers of bases, which multiply without building nodes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from ..graph.node import Node, Number

#: Exact coefficients are raised to whole powers up to this one.
HIGHEST = 64


class Monomial(NamedTuple):
    """``coefficient`` times each base to its exponent; no exponent is 0."""

    coefficient: Number
    powers: dict[Node, Number]

    def times(self, other: Monomial, exponent: int = 1) -> Monomial:
        """``self * other**exponent``; raises ArithmeticError where numbers leave the range of floats."""
        powers = dict(self.powers)
        for base, power in other.powers.items():
            total = as_exact(powers.get(base, 0) + power * exponent)
            if total:
                powers[base] = total
            else:
                del powers[base]
        return Monomial(check_range(self.coefficient * raise_exactly(other.coefficient, exponent)), powers)

    @property
    def atom(self) -> Node | None:
        """The base, where the monomial is nothing else."""
        return next(iter(self.powers)) if self.coefficient == 1 and list(self.powers.values()) == [1] else None


ONE = Monomial(1, {})


def raise_exactly(coefficient: Number, exponent: int) -> Number:
    """``coefficient**exponent``, exact for exact ones; raises ArithmeticError for 0 below the line."""
    if exponent == 1:
        return coefficient
    if abs(exponent) > HIGHEST:
        raise OverflowError
    return coefficient**exponent if isinstance(coefficient, float) else as_exact(Fraction(coefficient) ** exponent)


def as_exact(coefficient: Number) -> Number:
    """A ratio that is whole as an int."""
    return int(coefficient) if isinstance(coefficient, Fraction) and coefficient.denominator == 1 else coefficient


def check_range(coefficient: Number) -> Number:
    """The coefficient; raises ArithmeticError for a float that is 0, infinite or NaN, which no product may absorb."""
    if isinstance(coefficient, float) and (not math.isfinite(coefficient) or coefficient == 0):
        raise OverflowError
    return as_exact(coefficient)


def magnitude(coefficient: Number) -> Number:
    """The coefficient without its sign."""
    return -coefficient if coefficient < 0 else coefficient
