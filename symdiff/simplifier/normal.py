"""The normal form of a whole list of scalars: products and sums as data, opened through everything that is shared.

Every node becomes a monomial over atoms: variables, functions of normal nodes, and sums without a common factor. What
outputs have in common then shows as common factors and terms, whichever way each was derived; how it is best computed
is for :mod:`symdiff.simplifier.sharing` to find. Exact over the reals wherever the input is defined, up to points where
a factor that cancels is 0 or infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import gcd, lcm

from ..graph.leaves import CONST
from ..graph.node import Node, Number, Op
from ..graph.order import term_key
from ..graph.traversal import rebuild, topological
from ..ops.terms import ADD, DIV, MUL, NEG, POW, SQRT, SUB, SUM
from .monomials import ONE, Monomial, as_exact, check_range, magnitude, raise_exactly
from .products import build_product, value_of
from .sums import build_sum

#: A product with more bases, or a sum with more terms, is not opened into a larger one: the form grows linearly.
MOST_BASES, MOST_TERMS = 14, 14

#: A sum by its terms, each with its coefficient; the constant's is that of None.
Terms = dict[Node | None, Number]


class NormalForm:
    """Monomials by node, and the terms of each sum that is an atom.

    ``factoring``: whether common factors are taken out of sums.
    """

    def __init__(self, roots: Iterable[Node], *, factoring: bool = True) -> None:
        self.factoring = factoring
        self.monomials: dict[Node, Monomial] = {}
        self.terms: dict[Node | None, Terms] = {}
        given = list(roots)
        for node in topological(*given):
            if node not in self.monomials:
                self.monomials[node] = self.monomial_of(node)
        self.roots = [self.node(self.monomials[root]) for root in given]

    def node(self, monomial: Monomial) -> Node:
        """The canonical node of a monomial."""
        if monomial.atom is not None:
            return monomial.atom
        product = build_product(monomial.coefficient, dict(monomial.powers))
        self.monomials.setdefault(product, monomial)
        return product

    def is_atom(self, node: Node) -> bool:
        return self.monomials[node].atom is node

    def monomial_of(self, node: Node) -> Monomial:
        """The monomial of a node whose arguments have theirs."""
        family = _FAMILIES.get(node.op)
        if family is None:
            return self._as_atom(node)
        try:
            monomial = family(self, node)
        except ArithmeticError:
            return self._as_atom(node)
        return monomial if len(monomial.powers) <= MOST_BASES else self._as_atom(node)

    def _as_atom(self, node: Node) -> Monomial:
        """The operation on normal arguments as an atom, or what building makes of it."""
        new = rebuild(node, tuple(self.node(self.monomials[arg]) for arg in node.args))
        sign = 1
        while new.op is NEG:
            sign, new = -sign, new.args[0]
        known = self.monomials.get(new) or self._leaf(new)
        return Monomial(sign * known.coefficient, known.powers)

    def _leaf(self, node: Node) -> Monomial:
        self.monomials[node] = Monomial(1, {node: 1})
        return self.monomials[node]

    # -- products ----------------------------------------------------------------------------------------------------

    def _of_constant(self, node: Node) -> Monomial:
        if isinstance(node.value, bool):
            return self._leaf(node)
        return Monomial(check_range(value_of(node)), {})

    def _of_product(self, node: Node) -> Monomial:
        left, right = (self.monomials[arg] for arg in node.args)
        if left.coefficient == 0 == right.coefficient:
            return ONE
        return left.times(right, -1 if node.op is DIV else 1)

    def open_products(self, monomial: Monomial) -> Monomial:
        """The monomial with whole powers of products opened, which roots of them leave when they meet."""
        product = Monomial(monomial.coefficient, {})
        for base, power in monomial.powers.items():
            if isinstance(power, int) and not self.is_atom(base):
                product = product.times(self.monomials[base], power)
            else:
                product = product.times(Monomial(1, {base: power}))
        return product

    def _of_negative(self, node: Node) -> Monomial:
        number, powers = self.monomials[node.args[0]]
        return Monomial(-number, powers)

    def _of_root(self, node: Node) -> Monomial:
        inner = self.monomials[node.args[0]]
        return Monomial(1, {self.node(inner): Fraction(1, 2)}) if inner.powers else self._as_atom(node)

    def _of_power(self, node: Node) -> Monomial:
        base, exponent = self.monomials[node.args[0]], node.args[1]
        if exponent.op is not CONST or isinstance(exponent.value, bool) or not base.powers:
            return self._as_atom(node)
        value = exponent.value
        if not isinstance(value, int):
            return Monomial(1, {self.node(base): value})
        powers = {inner: as_exact(power * value) for inner, power in base.powers.items()}
        return Monomial(check_range(raise_exactly(base.coefficient, value)), powers)

    # -- sums --------------------------------------------------------------------------------------------------------

    def _of_sum(self, node: Node) -> Monomial:
        return self.combine(self.terms_of(node))

    def terms_of(self, node: Node) -> Terms:
        """The terms of a sum."""
        terms: Terms = {}
        for sign, arg in SUM[node.op](*node.args):
            self._add(terms, self.monomials[arg], sign)
        return terms

    def _add(self, terms: Terms, monomial: Monomial, number: Number) -> None:
        """Add ``number*monomial``; a sum is opened where that is free."""
        size = number * monomial.coefficient
        inner = self.terms.get(_only_base(monomial.powers), {})
        if inner and self._opens_sum(terms, inner, size):
            for core, part in inner.items():
                terms[core] = as_exact(terms.get(core, 0) + size * part)
            return
        core = self.node(Monomial(1, monomial.powers)) if monomial.powers else None
        terms[core] = as_exact(terms.get(core, 0) + size)

    def _opens_sum(self, terms: Terms, inner: Terms, size: Number) -> bool:
        fits = len(terms) + len(inner) <= MOST_TERMS
        return fits and (magnitude(size) == 1 or any(core in terms for core in inner if core is not None))

    def combine(self, terms: Terms) -> Monomial:
        """The sum of the terms."""
        return self.factor(terms) if self.factoring else self.plain_sum(terms)

    def plain_sum(self, terms: Terms) -> Monomial:
        """The sum as it is."""
        terms = {core: number for core, number in terms.items() if number != 0}
        return self._as_sum(terms) if len(terms) > 1 else self._of_one_term(terms)

    def factor(self, terms: Terms) -> Monomial:
        """The sum as its common factor times a sum without one."""
        factor = ONE
        while True:
            terms = {core: number for core, number in terms.items() if number != 0}
            parts = [(number, self._powers(core)) for core, number in terms.items()]
            common = _common_powers([powers for _, powers in parts]) if len(terms) > 1 else {}
            number = _common_coefficient(terms, bool(common)) if len(terms) > 1 else 1
            if not common and number == 1:
                return factor.times(self.plain_sum(terms))
            factor = factor.times(Monomial(number, common))
            terms = {}
            for size, powers in parts:
                rest = Monomial(1, powers).times(Monomial(1, common), -1)
                self._add(terms, rest, as_exact(size / number if isinstance(size, float) else Fraction(size) / number))

    def _powers(self, core: Node | None) -> dict[Node, Number]:
        return self.monomials[core].powers if core is not None else {}

    def _of_one_term(self, terms: Terms) -> Monomial:
        """Of a sum that has one term or none."""
        for core, number in terms.items():
            return Monomial(number, self._powers(core))
        return Monomial(0, {})

    def _as_sum(self, terms: Terms) -> Monomial:
        """The sum as an atom, with one of its two signs."""
        sign = self.sign(terms)
        cores: dict[Node, Number] = {core: sign * number for core, number in terms.items() if core is not None}
        atom = build_sum(cores, sign * terms.get(None, 0))
        if atom not in self.monomials:
            self._leaf(atom)
        if self.is_atom(atom):
            self.terms.setdefault(atom, {core: sign * number for core, number in terms.items()})
        return Monomial(sign * self.monomials[atom].coefficient, self.monomials[atom].powers)

    def sign(self, terms: Terms) -> int:
        """The sign that makes most terms positive, or the constant, or the first."""
        return -1 if _mostly_negative(terms) else 1


def _only_base(powers: dict[Node, Number]) -> Node | None:
    """The base of a product of one factor."""
    return next(iter(powers)) if list(powers.values()) == [1] else None


def _common_powers(factors: list[dict[Node, Number]]) -> dict[Node, Number]:
    """The powers that all have in common: those of one sign, the least of them."""
    common = dict(factors[0])
    for powers in factors[1:]:
        for base, power in list(common.items()):
            other = powers.get(base, 0)
            if other == 0 or (other > 0) is not (power > 0):
                del common[base]
            elif magnitude(other) < magnitude(power):
                common[base] = other
    return common


def _common_coefficient(terms: Mapping[Node | None, Number], product: bool) -> Number:
    """The number in front of a sum that costs no more there than in its terms."""
    sizes = [magnitude(number) for number in terms.values()]
    number = sizes[0]
    if any(size != number for size in sizes):
        if any(isinstance(size, float) for size in sizes):
            return 1
        ratios = [Fraction(size) for size in sizes]
        number = as_exact(Fraction(gcd(*(r.numerator for r in ratios)), lcm(*(r.denominator for r in ratios))))
    before = sum(magnitude(size) != 1 for core, size in terms.items() if core is not None)
    after = sum(magnitude(size) != number for core, size in terms.items() if core is not None)
    return number if after + (not product) <= before or after + 1 <= before else 1


def _mostly_negative(terms: Terms) -> bool:
    positive = sum(number > 0 for number in terms.values())
    if 2 * positive != len(terms):
        return 2 * positive < len(terms)
    if None in terms:
        return bool(terms[None] < 0)
    return bool(terms[min((core for core in terms if core is not None), key=term_key)] < 0)


_FAMILIES: dict[Op, Callable[[NormalForm, Node], Monomial]] = {
    CONST: NormalForm._of_constant,
    MUL: NormalForm._of_product,
    DIV: NormalForm._of_product,
    NEG: NormalForm._of_negative,
    POW: NormalForm._of_power,
    SQRT: NormalForm._of_root,
    ADD: NormalForm._of_sum,
    SUB: NormalForm._of_sum,
}
