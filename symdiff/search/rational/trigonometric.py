"""Power reduction and product-to-sum: powers and products of sines and cosines as sums of sines and cosines.

``sin(x)**2`` is ``(1 - cos(2*x))/2``; so are exponentials, by hyperbolic functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from ...graph.node import OPS, Node, Number
from ...simplifier.sums import build_sum, terms_of
from .fields import MOST_GENERATORS, MOST_TERMS, Quotient

#: How many times each argument an angle takes.
_Frequency = tuple[Fraction, ...]
#: The coefficients of the cosine and the sine of each frequency, whose first part that is not 0 is positive.
_Spectrum = dict[_Frequency, tuple[Fraction, Fraction]]
#: A monomial in the other generators, and the name and frequency of the function that it multiplies, if any.
_Term = tuple[tuple[int, ...], tuple[str, _Frequency] | None]

_HALF, _ONE, _ZERO = Fraction(1, 2), Fraction(1), Fraction(0)


def trigonometric_sums(quotient: Quotient) -> Iterator[Quotient]:
    """Cosines and sines to the first power, of multiples and sums of the angles; nothing if too large."""
    indices = [index for pair in quotient.angles for index in pair]
    arguments = [quotient.nodes[cosine].args[0] for cosine, _ in quotient.angles]
    units = [tuple(_ONE if at == angle else _ZERO for at in range(len(arguments))) for angle in range(len(arguments))]
    functions: list[_Spectrum] = [{unit: function} for unit in units for function in ((_ONE, _ZERO), (_ZERO, _ONE))]

    def spectrum(monomial: tuple[int, ...]) -> _Spectrum:
        total: _Spectrum = {(_ZERO,) * len(arguments): (_ONE, _ZERO)}
        for index, function in zip(indices, functions, strict=True):
            for _ in range(monomial[index]):
                total = _multiply(total, function)
        return total

    yield from _rewrite_sums(quotient, indices, arguments, ("cos", "sin"), (spectrum, spectrum))


def hyperbolic_sums(quotient: Quotient) -> Iterator[Quotient]:
    """Exponentials as hyperbolic functions of what they are apart from the middle of all exponents."""
    indices = list(quotient.exponentials)
    arguments = [quotient.nodes[index].args[0] for index in indices]
    middles = [tuple(_middle(poly, index) for index in indices) for poly in (quotient.above, quotient.below)]
    readers = [_around(indices, middle) for middle in middles]
    shift = tuple(a - b for a, b in zip(*middles, strict=True))
    yield from _rewrite_sums(quotient, indices, arguments, ("cosh", "sinh"), readers, shift)


def _middle(poly: Any, index: int) -> Fraction:
    powers = [monomial[index] for monomial in poly]
    return Fraction(min(powers, default=0) + max(powers, default=0), 2)


def _around(indices: list[int], middle: _Frequency) -> Callable[[tuple[int, ...]], _Spectrum]:
    def spectrum(monomial: tuple[int, ...]) -> _Spectrum:
        apart = tuple(monomial[index] - m for index, m in zip(indices, middle, strict=True))
        frequency, sign = _make_positive(apart)
        return {frequency: (_ONE, Fraction(sign))}

    return spectrum


def _multiply(one: _Spectrum, other: _Spectrum) -> _Spectrum:
    """By the sums of angles."""
    total: _Spectrum = {}
    for f, (a, b) in one.items():
        for g, (c, d) in other.items():
            for sign in (1, -1):
                frequency, flip = _make_positive(tuple(p + sign * q for p, q in zip(f, g, strict=True)))
                cosine, sine = total.get(frequency, (_ZERO, _ZERO))
                total[frequency] = (
                    cosine + _HALF * (a * c - sign * b * d),
                    sine + flip * _HALF * (b * c + sign * a * d),
                )
    return total


def _make_positive(frequency: _Frequency) -> tuple[_Frequency, int]:
    """The frequency with a positive first part, and the sign that its sine gets."""
    first = next((part for part in frequency if part), _ONE)
    return (frequency, 1) if first > 0 else (tuple(-part for part in frequency), -1)


def _rewrite_sums(
    quotient: Quotient,
    indices: list[int],
    arguments: list[Node],
    names: tuple[str, str],
    spectra: Sequence[Callable[[tuple[int, ...]], _Spectrum]],
    shift: _Frequency = (),
) -> Iterator[Quotient]:
    """Both polynomials with the functions as new generators, and an exponential of the shift as a factor."""
    from sympy import QQ
    from sympy.polys.orderings import lex
    from sympy.polys.rings import ring

    parts = [
        _terms_of(poly, indices, names, spectrum)
        for poly, spectrum in zip((quotient.above, quotient.below), spectra, strict=True)
    ]
    functions = list(dict.fromkeys(function for part in parts for _, function in part if function is not None))
    if not parts[1] or sum(map(len, parts)) > MOST_TERMS or len(functions) > MOST_GENERATORS:
        return
    factor = [OPS["exp"](combine(shift, *arguments))] if any(shift) else []
    nodes = *quotient.nodes, *(OPS[name](combine(frequency, *arguments)) for name, frequency in functions), *factor
    new_ring = ring([f"g{index}" for index in range(len(nodes))], QQ, lex)[0]
    above, below = (
        new_ring.from_dict(
            {
                (*rest, *(int(other == function) for other in functions), *last): number
                for (rest, function), number in part.items()
            }
        )
        for part, last in zip(parts, ((1,) * len(factor), (0,) * len(factor)), strict=True)
    )
    yield Quotient(nodes, *above.cancel(below))


def _terms_of(
    poly: Any, indices: list[int], names: tuple[str, str], spectrum: Callable[[tuple[int, ...]], _Spectrum]
) -> dict[_Term, Any]:
    """The coefficients of monomials times functions; a function of no frequency is 1 or 0."""
    total: dict[_Term, Any] = {}
    for monomial, coefficient in poly.terms():
        rest = tuple(0 if at in indices else power for at, power in enumerate(monomial))
        for frequency, sizes in spectrum(monomial).items():
            for name, size in zip(names, sizes, strict=True):
                if any(frequency) or name == names[0]:
                    term = rest, (name, frequency) if any(frequency) else None
                    total[term] = total.get(term, 0) + coefficient * size.numerator / size.denominator
    return {term: number for term, number in total.items() if number}


def combine(numbers: Fraction | Sequence[Number], *arguments: Node) -> Node:
    """The sum of multiples of arguments, as it is built in simplified formulas."""
    total: dict[Node, Number] = {}
    number: Number = 0
    sizes = [numbers] if isinstance(numbers, Fraction) else numbers
    for size, argument in zip(sizes, arguments, strict=True):
        terms, rest = terms_of(argument)
        number += size * rest
        for core, own in terms.items():
            total[core] = total.get(core, 0) + size * own
    return build_sum({core: _as_exact(own) for core, own in total.items()}, _as_exact(number))


def _as_exact(number: Number) -> Number:
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number
