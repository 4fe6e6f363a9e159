"""How a series is composed with another in the fewest products: by powers of the inner one, or by nesting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import comb


@cache
def nests(outer: int, shared: int, inner: int, order: int) -> bool:
    """Whether ``f0 + u*(f1 + u*(f2 + ...))`` takes fewer products than powers of the series ``u``.

    ``outer``, ``inner``: variables of one of the series alone; ``shared``: of both.

    >>> nests(0, 2, 1, 4), nests(2, 0, 1, 4)
    (True, False)
    """
    coefficients, whole = (monomials(size, order) for size in (outer + shared, outer + shared + inner))
    powers = [0, *monomials(shared + inner, order)[1:]]
    nested = _products(coefficients, powers, 1) + sum(_products(whole, powers, top) for top in range(2, order + 1))
    return nested < _by_powers(coefficients, powers, order)


def monomials(size: int, order: int) -> list[int]:
    """How many there are of each degree in so many variables."""
    return [comb(size + degree - 1, degree) if size else int(not degree) for degree in range(order + 1)]


def _by_powers(coefficients: Sequence[int], powers: Sequence[int], order: int) -> int:
    count = 0
    for power in range(1, order + 1):
        count += _products(coefficients, _from(power, powers), order)
        if power > 1:
            pairs = _products(_from(power // 2, powers), _from(power - power // 2, powers), order)
            count += pairs if power % 2 else (pairs + 1) // 2
    return count


def _from(least: int, counts: Sequence[int]) -> list[int]:
    return [count if degree >= least else 0 for degree, count in enumerate(counts)]


def _products(a: Sequence[int], b: Sequence[int], order: int) -> int:
    """The products in that of two series, up to the order."""
    return sum(one * sum(b[: order + 1 - degree]) for degree, one in enumerate(a[: order + 1]))
