"""Powers and products of waves as waves of multiples and sums: ``sin(x)**2`` is ``(1 - cos(2*x))/2``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from ...graph.node import OPS, Node, Number
from ...simplifier.sums import build_sum, sum_terms
from .fields import MOST_GENERATORS, MOST_TERMS, Quotient

#: How many times each argument an angle takes.
_Frequency = tuple[Fraction, ...]
#: The numbers of the cosine and the sine of each frequency; the first one in it that is not 0 is positive.
_Spectrum = dict[_Frequency, tuple[Fraction, Fraction]]
#: A monomial in the other generators, and the name and frequency of the wave that it multiplies, if any.
_Term = tuple[tuple[int, ...], tuple[str, _Frequency] | None]

_HALF, _ONE, _ZERO = Fraction(1, 2), Fraction(1), Fraction(0)


def multiples(found: Quotient) -> Iterator[Quotient]:
    """Cosines and sines to the first power, of multiples and sums of the angles; nothing if too large."""
    places = [place for pair in found.angles for place in pair]
    arguments = [found.nodes[cosine].args[0] for cosine, _ in found.angles]
    units = [tuple(_ONE if at == angle else _ZERO for at in range(len(arguments))) for angle in range(len(arguments))]
    waves: list[_Spectrum] = [{unit: wave} for unit in units for wave in ((_ONE, _ZERO), (_ZERO, _ONE))]

    def spectrum(monomial: tuple[int, ...]) -> _Spectrum:
        total: _Spectrum = {(_ZERO,) * len(arguments): (_ONE, _ZERO)}
        for place, wave in zip(places, waves, strict=True):
            for _ in range(monomial[place]):
                total = _product(total, wave)
        return total

    yield from _in_waves(found, places, arguments, ("cos", "sin"), (spectrum, spectrum))


def hyperbolic(found: Quotient) -> Iterator[Quotient]:
    """Exponentials as hyperbolic functions of what they are apart from the middle of all exponents."""
    places = list(found.exponentials)
    arguments = [found.nodes[place].args[0] for place in places]
    middles = [tuple(_middle(poly, place) for place in places) for poly in (found.above, found.below)]
    readers = [_around(places, middle) for middle in middles]
    shift = tuple(a - b for a, b in zip(*middles, strict=True))
    yield from _in_waves(found, places, arguments, ("cosh", "sinh"), readers, shift)


def _middle(poly: Any, place: int) -> Fraction:
    powers = [monomial[place] for monomial in poly]
    return Fraction(min(powers, default=0) + max(powers, default=0), 2)


def _around(places: list[int], middle: _Frequency) -> Callable[[tuple[int, ...]], _Spectrum]:
    def spectrum(monomial: tuple[int, ...]) -> _Spectrum:
        apart = tuple(monomial[place] - m for place, m in zip(places, middle, strict=True))
        frequency, sign = _positive(apart)
        return {frequency: (_ONE, Fraction(sign))}

    return spectrum


def _product(one: _Spectrum, other: _Spectrum) -> _Spectrum:
    """By the sums of angles."""
    total: _Spectrum = {}
    for f, (a, b) in one.items():
        for g, (c, d) in other.items():
            for sign in (1, -1):
                frequency, flip = _positive(tuple(p + sign * q for p, q in zip(f, g, strict=True)))
                cosine, sine = total.get(frequency, (_ZERO, _ZERO))
                total[frequency] = (
                    cosine + _HALF * (a * c - sign * b * d),
                    sine + flip * _HALF * (b * c + sign * a * d),
                )
    return total


def _positive(frequency: _Frequency) -> tuple[_Frequency, int]:
    """The frequency with a positive first part, and the sign that its sine gets."""
    first = next((part for part in frequency if part), _ONE)
    return (frequency, 1) if first > 0 else (tuple(-part for part in frequency), -1)


def _in_waves(
    found: Quotient,
    places: list[int],
    arguments: list[Node],
    names: tuple[str, str],
    spectra: Sequence[Callable[[tuple[int, ...]], _Spectrum]],
    shift: _Frequency = (),
) -> Iterator[Quotient]:
    """Both polynomials with the waves as new generators, and an exponential of the shift as a factor."""
    from sympy import QQ
    from sympy.polys.orderings import lex
    from sympy.polys.rings import ring

    parts = [
        _spread(poly, places, names, spectrum)
        for poly, spectrum in zip((found.above, found.below), spectra, strict=True)
    ]
    waves = list(dict.fromkeys(wave for part in parts for _, wave in part if wave is not None))
    if not parts[1] or sum(map(len, parts)) > MOST_TERMS or len(waves) > MOST_GENERATORS:
        return
    factor = [OPS["exp"](times(shift, *arguments))] if any(shift) else []
    nodes = *found.nodes, *(OPS[name](times(frequency, *arguments)) for name, frequency in waves), *factor
    made = ring([f"g{place}" for place in range(len(nodes))], QQ, lex)[0]
    above, below = (
        made.from_dict(
            {(*rest, *(int(other == wave) for other in waves), *last): number for (rest, wave), number in part.items()}
        )
        for part, last in zip(parts, ((1,) * len(factor), (0,) * len(factor)), strict=True)
    )
    yield Quotient(nodes, *above.cancel(below))


def _spread(
    poly: Any, places: list[int], names: tuple[str, str], spectrum: Callable[[tuple[int, ...]], _Spectrum]
) -> dict[_Term, Any]:
    """The numbers of monomials times waves; a wave of no frequency is 1 or 0."""
    total: dict[_Term, Any] = {}
    for monomial, coefficient in poly.terms():
        rest = tuple(0 if at in places else power for at, power in enumerate(monomial))
        for frequency, sizes in spectrum(monomial).items():
            for name, size in zip(names, sizes, strict=True):
                if any(frequency) or name == names[0]:
                    term = rest, (name, frequency) if any(frequency) else None
                    total[term] = total.get(term, 0) + coefficient * size.numerator / size.denominator
    return {term: number for term, number in total.items() if number}


def times(numbers: Fraction | Sequence[Number], *arguments: Node) -> Node:
    """The sum of multiples of arguments, as it is built in simplified formulas."""
    total: dict[Node, Number] = {}
    number: Number = 0
    sizes = [numbers] if isinstance(numbers, Fraction) else numbers
    for size, argument in zip(sizes, arguments, strict=True):
        terms, rest = sum_terms(argument)
        number += size * rest
        for core, own in terms.items():
            total[core] = total.get(core, 0) + size * own
    return build_sum({core: _whole(own) for core, own in total.items()}, _whole(number))


def _whole(number: Number) -> Number:
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number
