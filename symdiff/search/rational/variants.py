"""The same quotient in other generators: roots and squares by each other, functions of a family by one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import gcd
from typing import Any

from ...graph.node import OPS
from .fields import Quotient
from .waves import hyperbolic, multiples, times

_Polynomial = Any
_Monomial = tuple[int, ...]


def variants(found: Quotient) -> Iterator[Quotient]:
    """The quotient as it is, without squares of roots, and in other functions of its families."""
    found = _without_squares(found)
    yield found
    if found.exponentials:
        found = _in_one_exponential(_rescaled(found))
        yield found
        yield _by_fraction(found, "sigmoid", Fraction(1), lambda s: (s, 1 - s))
        yield _by_fraction(found, "tanh", Fraction(1, 2), lambda t: (1 + t, 1 - t))
        yield from hyperbolic(found)
    if found.angles:
        yield _reduced(found, [(sine, cosine) for cosine, sine in found.angles])
        yield _reduced(found, found.angles)
        yield _by_half_angles(found)
        yield from multiples(found)


def _cancelled(found: Quotient, above: _Polynomial, below: _Polynomial, **changes: Any) -> Quotient:
    above, below = above.cancel(below)
    return found._replace(above=above, below=below, **changes)


# -- squares -------------------------------------------------------------------------------------------------------


def _without_squares(found: Quotient) -> Quotient:
    above, below = found.above, found.below
    for place, square in found.roots:
        above, below = (_square_replaced(part, place, square) for part in (above, below))
    return _cancelled(found, above, below) if found.roots and below else found


def _reduced(found: Quotient, pairs: Sequence[tuple[int, int]]) -> Quotient:
    """Even powers of the first of each pair, cosine and sine, by the second."""
    above, below = found.above, found.below
    for first, second in pairs:
        square = 1 - above.ring.gens[second] ** 2
        above, below = (_square_replaced(part, first, square) for part in (above, below))
    return _cancelled(found, above, below) if below else found


def _square_replaced(poly: _Polynomial, place: int, square: _Polynomial) -> _Polynomial:
    total = poly.ring.zero
    for monomial, coefficient in poly.terms():
        whole, half = divmod(monomial[place], 2)
        term = poly.ring.from_dict({_with(monomial, place, half): coefficient})
        total += term * square**whole if whole else term
    return total


def _with(monomial: _Monomial, place: int, power: int) -> _Monomial:
    return (*monomial[:place], power, *monomial[place + 1 :])


# -- one function by another ---------------------------------------------------------------------------------------


def _by_fraction(found: Quotient, name: str, part: Fraction, sides: Callable[[Any], tuple[Any, Any]]) -> Quotient:
    """Exponentials by another function of that part of the exponent, of which each is a quotient."""
    nodes = list(found.nodes)
    for place in found.exponentials:
        above, below = sides(found.above.ring.gens[place])
        found = _replaced(found, (place,), [above], below)
        nodes[place] = OPS[name](times(part, nodes[place].args[0]))
    return found._replace(nodes=tuple(nodes))


def _by_half_angles(found: Quotient) -> Quotient:
    """Cosine and sine by the tangent of half of the angle."""
    nodes = list(found.nodes)
    for cosine, sine in found.angles:
        t = found.above.ring.gens[sine]
        found = _replaced(found, (cosine, sine), [1 - t**2, 2 * t], 1 + t**2)
        nodes[sine] = OPS["tan"](times(Fraction(1, 2), nodes[sine].args[0]))
    return found._replace(nodes=tuple(nodes))


def _replaced(found: Quotient, places: tuple[int, ...], parts: list[_Polynomial], bottom: _Polynomial) -> Quotient:
    """With generators replaced by ``parts/bottom``."""
    (above, high), (below, low) = (_homogeneous(poly, places, parts, bottom) for poly in (found.above, found.below))
    return _cancelled(found, above * bottom ** max(low - high, 0), below * bottom ** max(high - low, 0))


def _homogeneous(
    poly: _Polynomial, places: tuple[int, ...], parts: list[_Polynomial], bottom: _Polynomial
) -> tuple[_Polynomial, int]:
    """The polynomial with generators replaced by ``parts/bottom``, times a power of the bottom; and that power."""
    ring = poly.ring
    degrees = {monomial: sum(monomial[place] for place in places) for monomial in poly}
    most = max(degrees.values(), default=0)
    total = ring.zero
    for monomial, coefficient in poly.terms():
        rest = tuple(0 if at in places else power for at, power in enumerate(monomial))
        term = ring.from_dict({rest: coefficient}) * bottom ** (most - degrees[monomial])
        for place, part in zip(places, parts, strict=True):
            term *= part ** monomial[place]
        total += term
    return total, most


# -- exponentials of other multiples -------------------------------------------------------------------------------


def _changed(poly: _Polynomial, change: Callable[[_Monomial], _Monomial]) -> _Polynomial:
    return poly.ring.from_dict({change(monomial): coefficient for monomial, coefficient in poly.terms()})


def _rescaled(found: Quotient) -> Quotient:
    """Exponentials of which only powers occur as those of the multiple."""
    nodes, polynomials = list(found.nodes), (found.above, found.below)
    steps = {place: gcd(*(m[place] for poly in polynomials for m in poly)) or 1 for place in found.exponentials}
    for place, step in steps.items():
        nodes[place] = OPS["exp"](times(Fraction(step), nodes[place].args[0]))

    def divided(monomial: _Monomial) -> _Monomial:
        return tuple(power // steps.get(at, 1) for at, power in enumerate(monomial))

    above, below = (_changed(poly, divided) for poly in polynomials)
    return found._replace(nodes=tuple(nodes), above=above, below=below)


def _in_one_exponential(found: Quotient) -> Quotient:
    """By one exponential where the exponents of all terms differ by multiples of one combination: ``exp(x - y)``."""
    places = found.exponentials
    vectors = [tuple(m[place] for place in places) for poly in (found.above, found.below) for m in poly.monoms()]
    apart = [tuple(a - b for a, b in zip(vector, vectors[0], strict=True)) for vector in vectors]
    first = next((vector for vector in apart if any(vector)), None)
    if len(places) < 2 or first is None:
        return found
    lead = next(at for at, power in enumerate(first) if power)
    step = tuple(power // gcd(*first) * (1 if first[lead] > 0 else -1) for power in first)
    powers = [vector[lead] // step[lead] for vector in apart]
    if any(tuple(power * a for a in step) != vector for power, vector in zip(powers, apart, strict=True)):
        return found

    def along(monomial: _Monomial) -> _Monomial:
        power = (monomial[places[lead]] - vectors[0][lead]) // step[lead] - min(powers)
        return tuple(power if at == places[0] else 0 if at in places else old for at, old in enumerate(monomial))

    nodes = list(found.nodes)
    nodes[places[0]] = OPS["exp"](times(step, *(nodes[place].args[0] for place in places)))
    above, below = (_changed(poly, along) for poly in (found.above, found.below))
    return _cancelled(found, above, below, nodes=tuple(nodes), exponentials=places[:1])
