"""Quotients of polynomials written as nodes: expanded, factored, nested as Horner does, and with a whole part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from math import gcd
from typing import Any

from ...graph.leaves import const
from ...graph.node import Node
from ...ops.arithmetic import mul
from .fields import Quotient

#: Higher powers are one call each, so polynomials in them alone are read as polynomials in the power.
_CHEAP = 3
#: Polynomials of more terms are not factored.
MOST_FACTORED = 24


def spellings(quotient: Quotient) -> Iterator[Node]:
    """The ways in which the quotient can be written."""
    nodes, (above, below) = _deflate(quotient)
    number, above, below = _make_primitive(above, below)
    sizes = [list(dict.fromkeys(_spell(part, nodes))) for part in (above, below)]
    for top in sizes[0]:
        for bottom in sizes[1]:
            yield _quotient(number, top, bottom)
    if not below.is_ground:
        whole, rest = above.div(below)
        if whole:
            yield _quotient(number, horner(whole, nodes), const(1)) + _quotient(
                number, horner(rest, nodes), sizes[1][0]
            )


def _quotient(number: Any, top: Node, bottom: Node) -> Node:
    above, below = int(number.numerator), int(number.denominator)
    top = top if above == 1 else -top if above == -1 else above * top
    return top / (bottom if below == 1 else below * bottom)


def _make_primitive(above: Any, below: Any) -> tuple[Any, Any, Any]:
    """A number and polynomials of whole coefficients without a common divisor."""
    (top, above), (bottom, below) = above.primitive(), below.primitive()
    if above.LC < 0:
        top, above = -top, -above
    return top / bottom, above, below


def _deflate(quotient: Quotient) -> tuple[list[Node], list[Any]]:
    """With high powers as generators where only those occur."""
    polynomials = [quotient.above, quotient.below]
    powers = [
        gcd(*(monomial[index] for poly in polynomials for monomial in poly)) for index in range(len(quotient.nodes))
    ]
    powers = [power if power > _CHEAP else 1 for power in powers]
    nodes = [node**power if power > 1 else node for node, power in zip(quotient.nodes, powers, strict=True)]
    return nodes, [_divide_exponents(poly, powers) for poly in polynomials]


def _divide_exponents(poly: Any, powers: Sequence[int]) -> Any:
    terms = {tuple(m // p for m, p in zip(monomial, powers, strict=True)): c for monomial, c in poly.items()}
    return poly.ring.from_dict(terms)


def _spell(poly: Any, nodes: Sequence[Node]) -> Iterator[Node]:
    """Nested, term by term, and as factors that are nested."""
    yield horner(poly, nodes)
    yield _expand(poly, nodes)
    number, factors = _factors(poly)
    if len(factors) > 1 or any(power > 1 for _, power in factors):
        parts = [_power(horner(factor, nodes), power) for factor, power in factors]
        product = reduce(mul, parts)
        yield product if number == 1 else const(_ratio(number)) * product


@lru_cache(2000)
def _factors(poly: Any) -> tuple[Any, list[tuple[Any, int]]]:
    if len(poly) > MOST_FACTORED or any(_is_linear(poly, index) for index in range(poly.ring.ngens)):
        return poly.ring.domain.one, [(poly, 1)]
    return poly.factor_list()  # type: ignore[no-any-return]


def _is_linear(poly: Any, index: int) -> bool:
    """Whether a generator occurs in one term only, alone and as itself: such a polynomial has no factors."""
    quotient = [monomial for monomial in poly if monomial[index]]
    return len(quotient) == 1 and sum(quotient[0]) == 1


def _ratio(number: Any) -> Any:
    from fractions import Fraction

    return Fraction(int(number.numerator), int(number.denominator))


def _power(base: Node, power: int) -> Node:
    return base if power == 1 else base**power


def _expand(poly: Any, nodes: Sequence[Node]) -> Node:
    parts = [_term(monomial, coefficient, nodes) for monomial, coefficient in poly.terms()]
    return _add(parts)


def _add(parts: Sequence[tuple[bool, Node]]) -> Node:
    ordered = sorted(parts, key=lambda part: part[0])
    negative, total = ordered[0] if ordered else (False, const(0))
    total = -total if negative else total
    for negative, part in ordered[1:]:
        total = total - part if negative else total + part
    return total


def _term(monomial: Sequence[int], coefficient: Any, nodes: Sequence[Node]) -> tuple[bool, Node]:
    factors = [_power(node, power) for node, power in zip(nodes, monomial, strict=True) if power]
    size = abs(_ratio(coefficient))
    parts = ([const(size)] if size != 1 or not factors else []) + factors
    return coefficient < 0, reduce(mul, parts)


def horner(poly: Any, nodes: Sequence[Node]) -> Node:
    """Horner's form, each time by the generator that most terms have (Ceberio, Kreinovich, SIAM Review 46, 2004)."""
    counts = [sum(monomial[index] > 0 for monomial in poly) for index in range(len(nodes))]
    most = max(counts, default=0)
    if most < 2:
        return _expand(poly, nodes)
    index = counts.index(most)
    inside = {monomial: c for monomial, c in poly.items() if monomial[index]}
    least = min(monomial[index] for monomial in inside)
    lower = [least * (at == index) for at in range(len(nodes))]
    quotient = poly.ring.from_dict(
        {tuple(m - p for m, p in zip(monomial, lower, strict=True)): c for monomial, c in inside.items()}
    )
    product = _power(nodes[index], least) * horner(quotient, nodes)
    rest = poly.ring.from_dict({monomial: c for monomial, c in poly.items() if not monomial[index]})
    return product + horner(rest, nodes) if rest else product
