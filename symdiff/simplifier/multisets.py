"""All products and sums of a normal form as multisets, with common pairs of factors and of terms computed once.

A factor is a literal (an atom, its square root, or a high power of it) or the product of a common pair, and stands by
its number. Constants are apart, as the scale of a product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..graph.leaves import VAR
from ..graph.node import Node, Number
from ..graph.order import factor_key, term_key
from ..graph.traversal import dependents, topological
from .common_pairs import Multiset, extract_common_pairs
from .monomials import ONE, Monomial, as_exact, magnitude
from .normal import NormalForm, Terms

#: Powers up to this one are products; of higher ones, the least of each base is computed as a power.
MOST_COPIES = 4

#: A base to an exponent, as one factor.
Literal = tuple[Node, Number]


@dataclass
class Product:
    """``scale`` times the factors; of a term of a sum the sign does not count, because the sum has it for free."""

    scale: Monomial
    factors: Multiset
    in_sum: bool = False


class FactorMultisets:
    """What is to be computed: ``products``, and the sums of ``normal``.

    ``literals`` by number. Positions of products: ``pair_products``, of each common pair by its number as a factor;
    ``node_products``, of each node that is read as it is; ``term_products``, of a term of sums by its core and the
    magnitude of its coefficient.
    """

    def __init__(self, normal: NormalForm) -> None:
        self.normal = normal
        known = topological(*normal.roots)
        moving = dependents(known, [node for node in known if node.op is VAR])
        self.constants = {node for node in known if node not in moving}
        extract_common_terms(normal, topological(*normal.roots, read=self.reads))
        self.order = topological(*normal.roots, read=self.reads)
        self.products: list[Product] = []
        self.pair_products: dict[int, int] = {}
        self.term_products: dict[tuple[Node, Number], int] = {}
        self.node_products: dict[Node, int] = {}
        #: Sums that are computed with the other sign.
        self.negated: set[Node] = set()
        self.literals, multisets = self._number_literals(self._list_products())
        for product, multiset in zip(self.products, multisets, strict=True):
            product.factors = multiset
        shared = extract_common_pairs(multisets, len(self.literals), sums=False)
        for member, multiset in shared.items():
            self.add(member, Product(ONE, multiset))

    def add(self, member: int, product: Product) -> None:
        """Make the product the factor of that number."""
        self.pair_products[member] = len(self.products)
        self.products.append(product)

    def reads(self, node: Node) -> tuple[Node, ...]:
        """What an atom or a product is made of; constants are made of nothing."""
        if node in self.constants:
            return ()
        if not self.normal.is_atom(node):
            return tuple(self.normal.monomials[node].powers)
        terms = self.normal.terms.get(node)
        return node.args if terms is None else tuple(core for core in terms if core is not None)

    def negatable(self) -> Iterator[int]:
        """Literals that are sums which nothing but products reads."""
        plain = {*self.normal.roots, *(base for base, power in self.literals if power != 1)}
        for node in self.order:
            if self.normal.is_atom(node):
                plain.update(self.reads(node))
        for number, (base, power) in enumerate(self.literals):
            if power == 1 and base in self.normal.terms and base not in plain:
                yield number

    def cost_of_negation(self, literal: int) -> int:
        """Operations that the sum takes more when its sign is changed: one where no term is positive then."""
        base = self.literals[literal][0]
        signs = {(number > 0) is not (base in self.negated) for number in self.normal.terms[base].values()}
        return (signs == {True}) - (signs == {False})

    # -- which products there are -----------------------------------------------------------------------------------

    def _list_products(self) -> list[dict[Node, Number]]:
        """Make a product for each term and each node that is read as it is; returns the powers of each."""
        powers: list[dict[Node, Number]] = []
        for node in self.order:
            for core, number in self.normal.terms.get(node, {}).items():
                if (
                    core is not None
                    and core not in self.constants
                    and not (self.normal.is_atom(core) and magnitude(number) == 1)
                ):
                    self._add_term(core, magnitude(number), powers)
        for node in dict.fromkeys(self._read_as_nodes()):
            if node not in self.constants and not self.normal.is_atom(node):
                self._add_node(node, powers)
        return powers

    def _read_as_nodes(self) -> Iterator[Node]:
        """Nodes that are outputs, arguments of functions or bases of powers."""
        yield from self.normal.roots
        for node in self.order:
            if node not in self.normal.terms or not self.normal.is_atom(node):
                yield from self.reads(node)

    def _add_term(self, core: Node, size: Number, powers: list[dict[Node, Number]]) -> None:
        if (core, size) not in self.term_products:
            self.term_products[core, size] = len(self.products)
            powers.append(self._add_product(self.normal.monomials[core], size, in_sum=True))

    def _add_node(self, node: Node, powers: list[dict[Node, Number]]) -> None:
        position = self.term_products.get((node, 1))
        if position is None:
            self.node_products[node] = len(self.products)
            powers.append(self._add_product(self.normal.monomials[node], 1, in_sum=False))
        else:
            self.node_products[node] = position
            self.products[position].in_sum = False

    def _add_product(self, monomial: Monomial, size: Number, in_sum: bool) -> dict[Node, Number]:
        """Add the product, without its factors; returns the powers that they will be."""
        constants = {base: power for base, power in monomial.powers.items() if base in self.constants}
        self.products.append(Product(Monomial(as_exact(monomial.coefficient * size), constants), {}, in_sum))
        return {base: power for base, power in monomial.powers.items() if base not in constants}

    # -- factors by number -------------------------------------------------------------------------------------------

    def _number_literals(self, all_powers: list[dict[Node, Number]]) -> tuple[list[Literal], list[Multiset]]:
        """The literals in structural order, and the powers as multisets of their numbers."""
        least = _least_high_powers(all_powers)
        split = [
            {literal: times for base, power in powers.items() for literal, times in _literals_of(base, power, least)}
            for powers in all_powers
        ]
        literals = sorted({literal for part in split for literal in part}, key=lambda it: (factor_key(it[0]), -it[1]))
        numbers = {literal: number for number, literal in enumerate(literals)}
        return literals, [{numbers[literal]: times for literal, times in part.items()} for part in split]


def _least_high_powers(all_powers: Iterable[dict[Node, Number]]) -> dict[Node, int]:
    """The least of the high whole exponents of each base."""
    least: dict[Node, int] = {}
    for powers in all_powers:
        for base, power in powers.items():
            if isinstance(power, int) and abs(power) > MOST_COPIES:
                least[base] = min(abs(power), least.get(base, abs(power)))
    return least


def _literals_of(base: Node, power: Number, least: dict[Node, int]) -> Iterator[tuple[Literal, int]]:
    """A power as literals, each with how many times it is there."""
    sign, size = (1, power) if power > 0 else (-1, -power)
    if isinstance(size, Fraction) and size.denominator == 2 and size < MOST_COPIES:
        yield (base, Fraction(1, 2)), sign
        size = size - Fraction(1, 2)
    elif isinstance(size, int) and MOST_COPIES < size <= least[base] + MOST_COPIES:
        yield (base, least[base]), sign
        size = size - least[base]
    if size != int(size) or size > MOST_COPIES:
        yield (base, size), sign
    elif size:
        yield (base, 1), sign * int(size)


# -- sums ------------------------------------------------------------------------------------------------------------


def extract_common_terms(normal: NormalForm, order: Iterable[Node]) -> None:
    """Replace common pairs of terms in the sums of ``order`` by sums of their own."""
    sums = [node for node in order if node in normal.terms and normal.is_atom(node)]
    members = sorted({_member(*term) for node in sums for term in normal.terms[node].items()}, key=_member_key)
    numbers = {member: number for number, member in enumerate(members)}
    multisets = [
        {numbers[_member(*term)]: 1 if term[1] > 0 else -1 for term in normal.terms[node].items()} for node in sums
    ]
    shared = extract_common_pairs(multisets, len(members), sums=True)
    values: dict[int, Terms] = {number: {core: size} for number, (core, size) in enumerate(members)}
    for number, multiset in shared.items():
        total = normal.factor(_terms(multiset, values))
        values[number] = {normal.node(Monomial(1, total.powers)): total.coefficient}
    for node, multiset in zip(sums, multisets, strict=True):
        normal.terms[node] = _terms(_open_shared(multiset, shared), values)


def _member(core: Node | None, number: Number) -> tuple[Node | None, Number]:
    """A term without its sign."""
    return core, magnitude(number)


def _member_key(member: tuple[Node | None, Number]) -> tuple[bool, tuple[Any, ...], Number]:
    core, size = member
    return core is None, term_key(core) if core is not None else (), size


def _open_shared(multiset: Multiset, shared: dict[int, Multiset]) -> Multiset:
    """The multiset; a sum that is nothing but a shared one is written by its parts, not by itself."""
    (member, sign), *others = multiset.items()
    if others or member not in shared:
        return multiset
    return {part: sign * times for part, times in shared[member].items()}


def _terms(multiset: Multiset, values: dict[int, Terms]) -> Terms:
    """The terms of the members, with the signs that the multiset gives them."""
    terms: Terms = {}
    for member, sign in multiset.items():
        for core, number in values[member].items():
            terms[core] = as_exact(terms.get(core, 0) + sign * number)
    return terms
