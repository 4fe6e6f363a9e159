"""The same quotient in other generators: roots and squares by each other, functions of a family by one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import gcd
from typing import Any

from ...graph.node import OPS
from .fields import Quotient
from .trigonometric import combine, hyperbolic_sums, trigonometric_sums

_Polynomial = Any
_Monomial = tuple[int, ...]


def variants(quotient: Quotient) -> Iterator[Quotient]:
    """The quotient as it is, without squares of roots, and in other functions of its families."""
    quotient = _reduce_roots(quotient)
    yield quotient
    if quotient.exponentials:
        quotient = _merge_exponentials(_rescale_exponentials(quotient))
        yield quotient
        yield _by_fraction(quotient, "sigmoid", Fraction(1), lambda s: (s, 1 - s))
        yield _by_fraction(quotient, "tanh", Fraction(1, 2), lambda t: (1 + t, 1 - t))
        yield from hyperbolic_sums(quotient)
    if quotient.angles:
        yield _reduce_squares(quotient, [(sine, cosine) for cosine, sine in quotient.angles])
        yield _reduce_squares(quotient, quotient.angles)
        yield _by_half_angles(quotient)
        yield from trigonometric_sums(quotient)


def _cancel(quotient: Quotient, above: _Polynomial, below: _Polynomial, **changes: Any) -> Quotient:
    above, below = above.cancel(below)
    return quotient._replace(above=above, below=below, **changes)


# -- squares -------------------------------------------------------------------------------------------------------


def _reduce_roots(quotient: Quotient) -> Quotient:
    above, below = quotient.above, quotient.below
    for index, square in quotient.roots:
        above, below = (_replace_square(part, index, square) for part in (above, below))
    return _cancel(quotient, above, below) if quotient.roots and below else quotient


def _reduce_squares(quotient: Quotient, pairs: Sequence[tuple[int, int]]) -> Quotient:
    """Even powers of the first of each pair, cosine and sine, by the second."""
    above, below = quotient.above, quotient.below
    for first, second in pairs:
        square = 1 - above.ring.gens[second] ** 2
        above, below = (_replace_square(part, first, square) for part in (above, below))
    return _cancel(quotient, above, below) if below else quotient


def _replace_square(poly: _Polynomial, index: int, square: _Polynomial) -> _Polynomial:
    total = poly.ring.zero
    for monomial, coefficient in poly.terms():
        whole, half = divmod(monomial[index], 2)
        term = poly.ring.from_dict({_with(monomial, index, half): coefficient})
        total += term * square**whole if whole else term
    return total


def _with(monomial: _Monomial, index: int, power: int) -> _Monomial:
    return (*monomial[:index], power, *monomial[index + 1 :])


# -- one function by another ---------------------------------------------------------------------------------------


def _by_fraction(quotient: Quotient, name: str, part: Fraction, sides: Callable[[Any], tuple[Any, Any]]) -> Quotient:
    """Exponentials by another function of that part of the exponent, of which each is a quotient."""
    nodes = list(quotient.nodes)
    for index in quotient.exponentials:
        above, below = sides(quotient.above.ring.gens[index])
        quotient = _replace_generators(quotient, (index,), [above], below)
        nodes[index] = OPS[name](combine(part, nodes[index].args[0]))
    return quotient._replace(nodes=tuple(nodes))


def _by_half_angles(quotient: Quotient) -> Quotient:
    """Cosine and sine by the tangent of half of the angle."""
    nodes = list(quotient.nodes)
    for cosine, sine in quotient.angles:
        t = quotient.above.ring.gens[sine]
        quotient = _replace_generators(quotient, (cosine, sine), [1 - t**2, 2 * t], 1 + t**2)
        nodes[sine] = OPS["tan"](combine(Fraction(1, 2), nodes[sine].args[0]))
    return quotient._replace(nodes=tuple(nodes))


def _replace_generators(
    quotient: Quotient, indices: tuple[int, ...], parts: list[_Polynomial], bottom: _Polynomial
) -> Quotient:
    """With generators replaced by ``parts/bottom``."""
    (above, high), (below, low) = (
        _homogeneous(poly, indices, parts, bottom) for poly in (quotient.above, quotient.below)
    )
    return _cancel(quotient, above * bottom ** max(low - high, 0), below * bottom ** max(high - low, 0))


def _homogeneous(
    poly: _Polynomial, indices: tuple[int, ...], parts: list[_Polynomial], bottom: _Polynomial
) -> tuple[_Polynomial, int]:
    """The polynomial with generators replaced by ``parts/bottom``, times a power of the bottom; and that power."""
    ring = poly.ring
    degrees = {monomial: sum(monomial[index] for index in indices) for monomial in poly}
    most = max(degrees.values(), default=0)
    total = ring.zero
    for monomial, coefficient in poly.terms():
        rest = tuple(0 if at in indices else power for at, power in enumerate(monomial))
        term = ring.from_dict({rest: coefficient}) * bottom ** (most - degrees[monomial])
        for index, part in zip(indices, parts, strict=True):
            term *= part ** monomial[index]
        total += term
    return total, most


# -- exponentials of other multiples -------------------------------------------------------------------------------


def _map_monomials(poly: _Polynomial, change: Callable[[_Monomial], _Monomial]) -> _Polynomial:
    return poly.ring.from_dict({change(monomial): coefficient for monomial, coefficient in poly.terms()})


def _rescale_exponentials(quotient: Quotient) -> Quotient:
    """Exponentials of which only powers occur as those of the multiple."""
    nodes, polynomials = list(quotient.nodes), (quotient.above, quotient.below)
    steps = {index: gcd(*(m[index] for poly in polynomials for m in poly)) or 1 for index in quotient.exponentials}
    for index, step in steps.items():
        nodes[index] = OPS["exp"](combine(Fraction(step), nodes[index].args[0]))

    def divide(monomial: _Monomial) -> _Monomial:
        return tuple(power // steps.get(at, 1) for at, power in enumerate(monomial))

    above, below = (_map_monomials(poly, divide) for poly in polynomials)
    return quotient._replace(nodes=tuple(nodes), above=above, below=below)


def _merge_exponentials(quotient: Quotient) -> Quotient:
    """By one exponential where the exponents of all terms differ by multiples of one combination: ``exp(x - y)``."""
    indices = quotient.exponentials
    vectors = [tuple(m[index] for index in indices) for poly in (quotient.above, quotient.below) for m in poly.monoms()]
    apart = [tuple(a - b for a, b in zip(vector, vectors[0], strict=True)) for vector in vectors]
    first = next((vector for vector in apart if any(vector)), None)
    if len(indices) < 2 or first is None:
        return quotient
    lead = next(at for at, power in enumerate(first) if power)
    step = tuple(power // gcd(*first) * (1 if first[lead] > 0 else -1) for power in first)
    powers = [vector[lead] // step[lead] for vector in apart]
    if any(tuple(power * a for a in step) != vector for power, vector in zip(powers, apart, strict=True)):
        return quotient

    def along(monomial: _Monomial) -> _Monomial:
        power = (monomial[indices[lead]] - vectors[0][lead]) // step[lead] - min(powers)
        return tuple(power if at == indices[0] else 0 if at in indices else old for at, old in enumerate(monomial))

    nodes = list(quotient.nodes)
    nodes[indices[0]] = OPS["exp"](combine(step, *(nodes[index].args[0] for index in indices)))
    above, below = (_map_monomials(poly, along) for poly in (quotient.above, quotient.below))
    return _cancel(quotient, above, below, nodes=tuple(nodes), exponentials=indices[:1])
