"""The normal form with sums over common denominators: what cancels between terms of a quotient rule, cancels.

``1/s - x**2/s**3`` with ``s = sqrt(x**2 + 1)`` becomes ``1/s**3``: the least power of each base is taken out of all
terms, and sums that are left above the line are opened, or multiplied out where that is shorter. What is divided by was
divided by before, so no point of the domain is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from math import lcm

from ..graph.leaves import CONST
from ..graph.node import Node, Number
from ..graph.traversal import topological
from ..ops.terms import DIV, MUL, POW, SUM
from .monomials import Monomial, as_exact
from .normal import MOST_TERMS, NormalForm, Terms
from .pair_rules import rewrite_term_pairs
from .sums import build_sum

#: Sums above the line are multiplied out up to this power.
MOST_POWER = 4


class CommonFactors(NormalForm):
    """The normal form of a line: sums keep the signs with which they are given.

    ``whole``: whether a sum of sums is one sum, so that what only some of its terms share is not taken out.
    """

    name = "common factors"
    everywhere = False

    def __init__(self, root: Node, *, whole: bool, factoring: bool = True) -> None:
        self.flattens = whole
        self.given = set(topological(root))
        #: The terms of each sum, as they are given.
        self.terms_as_given: dict[Node, Terms] = {}
        super().__init__([root], factoring=factoring)

    def terms_of(self, node: Node) -> Terms:
        """The terms of a sum, with those of the sums that it is made of."""
        terms: Terms = {}
        for sign, arg in SUM[node.op](*node.args):
            inner = self.terms_as_given.get(arg) if self.flattens else None
            if inner is None or len(terms) + len(inner) > MOST_TERMS:
                self._add(terms, self.monomials[arg], sign)
                continue
            for core, number in inner.items():
                terms[core] = as_exact(terms.get(core, 0) + sign * number)
        self.terms_as_given[node] = terms
        return terms

    def sign(self, terms: Terms) -> int:
        """The sign with which the sum is there already, or the one that needs no minus in front."""
        there = {sign: build_sum(*_split_constant(terms, sign)) for sign in (1, -1)}
        for known in (self.given, self.terms):
            for sign, node in there.items():
                if node in known:
                    return sign
        return 1 if any(number > 0 for number in terms.values()) else -1


class CommonDenominators(CommonFactors):
    """Monomials by node, with sums over common denominators.

    ``everywhere``: in all sums, or only among terms that have a divisor in common, where that is shorter.
    """

    name = "common denominators"

    def __init__(self, root: Node, *, whole: bool, everywhere: bool = False) -> None:
        self.everywhere = everywhere
        self.lengths: dict[Node, int] = {}
        super().__init__(root, whole=whole, factoring=everywhere)

    def combine(self, terms: Terms) -> Monomial:
        """The sum over common denominators."""
        terms = {core: number for core, number in terms.items() if number != 0}
        if self.everywhere:
            return self._over_common_denominator(terms)
        for base in self._divisors(terms):
            terms = self._group(terms, base)
        return self.plain_sum(terms)

    def _divisors(self, terms: Terms) -> list[Node]:
        """What is below the line."""
        below = (base for core in terms for base, power in self._powers(core).items() if power < 0)
        return list(dict.fromkeys(below))

    def _group(self, terms: Terms, base: Node) -> Terms:
        """The terms that have the base, over their common denominator, if that is shorter."""
        group = {core: number for core, number in terms.items() if base in self._powers(core)}
        if len(group) < 2:
            return terms
        new = {core: number for core, number in terms.items() if core not in group}
        self._add(new, self._over_common_denominator(group), 1)
        return new if self._size(new) < self._size(terms) else terms

    def _over_common_denominator(self, terms: Terms) -> Monomial:
        """All terms over their common denominator."""
        powers = _least_powers([self._powers(core) for core in terms])
        least = Monomial(_common_unit(terms.values()) if any(power < 0 for power in powers.values()) else 1, powers)
        above: Terms = {}
        for core, number in terms.items():
            self._add(above, self.open_products(Monomial(number, self._powers(core)).times(least, -1)), 1)
        forms = [self.factor(form) for form in (above, self._expand(above)) if form is not None]
        return self.open_products(least.times(min(forms, key=self._length)))

    # -- what stands above the line ------------------------------------------------------------------------------------

    def _expand(self, terms: Terms) -> Terms | None:
        """The terms multiplied out; None where they are too many."""
        expanded: Terms = {}
        for core, number in terms.items():
            parts: list[Terms] = [{None: number}]
            for base, power in self._powers(core).items():
                parts += self._factors(base, power)
            opened = self._multiply(parts)
            if opened is None:
                return None
            for inner, size in opened.items():
                expanded[inner] = as_exact(expanded.get(inner, 0) + size)
        return self._rewrite_pairs(expanded) if len(expanded) <= MOST_TERMS else None

    def _rewrite_pairs(self, terms: Terms) -> Terms:
        """The sum with what the rules make of any two terms."""
        cores, number = rewrite_term_pairs(*_split_constant(terms, 1))
        total: Terms = {None: number}
        for core, size in cores.items():
            for node in topological(core):
                if node not in self.monomials:
                    self.monomials[node] = self.monomial_of(node)
            self._add(total, self.monomials[core], size)
        return total

    def _factors(self, base: Node, power: Number) -> list[Terms]:
        """A power as factors, sums taken apart."""
        if base in self.terms and isinstance(power, int) and 0 < power <= MOST_POWER:
            return [self.terms[base]] * power
        return [{self.node(Monomial(1, {base: power})): 1}]

    def _multiply(self, factors: list[Terms]) -> Terms | None:
        """The product of sums, term by term; None where it has too many."""
        total: Terms = {None: 1}
        for factor in factors:
            partial: Terms = {}
            for (a, m), (b, n) in product(total.items(), factor.items()):
                both = Monomial(m * n, self._powers(a)).times(Monomial(1, self._powers(b)))
                number, powers = self.open_products(both)
                core = self.node(Monomial(1, powers)) if powers else None
                partial[core] = as_exact(partial.get(core, 0) + number)
            if len(partial) > MOST_TERMS:
                return None
            total = partial
        return total

    # -- lengths -------------------------------------------------------------------------------------------------------

    def _size(self, terms: Terms) -> int:
        """Operations of the sum, written as a line."""
        return self._length(self.plain_sum(terms))

    def _length(self, monomial: Monomial) -> int:
        node = self.node(monomial)
        for step in topological(node, read=lambda step: () if step in self.lengths else step.args):
            self.lengths.setdefault(
                step, bool(step.args) + _is_fraction(step) + sum(self.lengths[arg] for arg in step.args)
            )
        return self.lengths[node]


def effort(node: Node) -> int:
    """What an operation takes to read: one, and one more for a fraction, and for each sum in brackets."""
    brackets = sum(arg.op in SUM for arg in node.args) if node.op in (MUL, POW) else 0
    return bool(node.args) + _is_fraction(node) + brackets


def _is_fraction(node: Node) -> bool:
    return node.op is DIV and node.args[1].op is not CONST


def _split_constant(terms: Terms, sign: int) -> tuple[dict[Node, Number], Number]:
    return {core: sign * number for core, number in terms.items() if core is not None}, sign * terms.get(None, 0)


def _common_unit(numbers: Iterable[Number]) -> Number:
    """What all numbers are whole multiples of, one over a whole number."""
    coefficients = list(numbers)
    if any(isinstance(number, float) for number in coefficients):
        return 1
    return as_exact(Fraction(1, lcm(*(Fraction(number).denominator for number in coefficients))))


def _least_powers(factors: list[dict[Node, Number]]) -> dict[Node, Number]:
    """The least power of each base."""
    bases = dict.fromkeys(base for powers in factors for base in powers)
    least = {base: min(powers.get(base, 0) for powers in factors) for base in bases}
    return {base: power for base, power in least.items() if power}
