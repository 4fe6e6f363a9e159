"""All products of a normal form in one pool, as bags of numbered factors, and all its sums, with common pairs shared.

A factor is a literal (an atom, its square root, or a high power of it) or the product of a common pair. Numbers and
other constants are apart, as the scale of a product.
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
from .monomials import ONE, Monomial, exact, size_of
from .normal import Normal, Terms
from .pairs import Bag, share_pairs

#: Powers up to this one are products; of higher ones, the least of each base is computed as a power.
MOST_COPIES = 4

#: A base to an exponent, as one factor.
Literal = tuple[Node, Number]


@dataclass
class Product:
    """``scale`` times the factors; of a term of a sum the sign does not count, because the sum has it for free."""

    scale: Monomial
    factors: Bag
    in_sum: bool = False


class Pool:
    """What is to be computed: ``products``, and the sums of ``normal``.

    ``literals`` by number; ``made``: the product of each shared pair by its number as a factor; ``whole``: the product
    of each node that is read as it is; ``inside``: that of a term of sums, by its core and the size of its number.
    """

    def __init__(self, normal: Normal) -> None:
        self.normal = normal
        known = topological(*normal.roots)
        moving = dependents(known, [node for node in known if node.op is VAR])
        self.fixed = {node for node in known if node not in moving}
        share_sums(normal, topological(*normal.roots, read=self.reads))
        self.order = topological(*normal.roots, read=self.reads)
        self.products: list[Product] = []
        self.made: dict[int, int] = {}
        self.inside: dict[tuple[Node, Number], int] = {}
        self.whole: dict[Node, int] = {}
        #: Sums that are computed with the other sign.
        self.turned: set[Node] = set()
        self.literals, bags = self._numbered(self._wanted())
        for product, bag in zip(self.products, bags, strict=True):
            product.factors = bag
        shared = share_pairs(bags, len(self.literals), sums=False)
        for member, bag in shared.items():
            self.add(member, Product(ONE, bag))

    def add(self, member: int, product: Product) -> None:
        """Make the product a factor of that number."""
        self.made[member] = len(self.products)
        self.products.append(product)

    def reads(self, node: Node) -> tuple[Node, ...]:
        """What an atom or a product is made of; constants are made of nothing."""
        if node in self.fixed:
            return ()
        if not self.normal.is_atom(node):
            return tuple(self.normal.monomials[node].powers)
        terms = self.normal.terms.get(node)
        return node.args if terms is None else tuple(core for core in terms if core is not None)

    def turnable(self) -> Iterator[int]:
        """Literals that are sums which nothing but products reads."""
        plain = {*self.normal.roots, *(base for base, power in self.literals if power != 1)}
        for node in self.order:
            if self.normal.is_atom(node):
                plain.update(self.reads(node))
        for number, (base, power) in enumerate(self.literals):
            if power == 1 and base in self.normal.terms and base not in plain:
                yield number

    def turning(self, literal: int) -> int:
        """Operations that the sum takes more when its sign is changed: one where no term is positive then."""
        base = self.literals[literal][0]
        signs = {(number > 0) is not (base in self.turned) for number in self.normal.terms[base].values()}
        return (signs == {True}) - (signs == {False})

    # -- which products there are ------------------------------------------------------------------------------------

    def _wanted(self) -> list[dict[Node, Number]]:
        """Make a product for each term and each node that is read as it is; returns the powers of each."""
        powers: list[dict[Node, Number]] = []
        for node in self.order:
            for core, number in self.normal.terms.get(node, {}).items():
                if (
                    core is not None
                    and core not in self.fixed
                    and not (self.normal.is_atom(core) and size_of(number) == 1)
                ):
                    self._want_inside(core, size_of(number), powers)
        for node in dict.fromkeys(self._read_whole()):
            if node not in self.fixed and not self.normal.is_atom(node):
                self._want_whole(node, powers)
        return powers

    def _read_whole(self) -> Iterator[Node]:
        """Nodes that are outputs, arguments of functions or bases of powers."""
        yield from self.normal.roots
        for node in self.order:
            if node not in self.normal.terms or not self.normal.is_atom(node):
                yield from self.reads(node)

    def _want_inside(self, core: Node, size: Number, powers: list[dict[Node, Number]]) -> None:
        if (core, size) not in self.inside:
            self.inside[core, size] = len(self.products)
            powers.append(self._new(self.normal.monomials[core], size, in_sum=True))

    def _want_whole(self, node: Node, powers: list[dict[Node, Number]]) -> None:
        found = self.inside.get((node, 1))
        if found is None:
            self.whole[node] = len(self.products)
            powers.append(self._new(self.normal.monomials[node], 1, in_sum=False))
        else:
            self.whole[node] = found
            self.products[found].in_sum = False

    def _new(self, monomial: Monomial, size: Number, in_sum: bool) -> dict[Node, Number]:
        """Add the product, without its factors; returns the powers that they will be."""
        constants = {base: power for base, power in monomial.powers.items() if base in self.fixed}
        self.products.append(Product(Monomial(exact(monomial.number * size), constants), {}, in_sum))
        return {base: power for base, power in monomial.powers.items() if base not in constants}

    # -- factors by number -------------------------------------------------------------------------------------------

    def _numbered(self, listed: list[dict[Node, Number]]) -> tuple[list[Literal], list[Bag]]:
        """The literals in structural order, and the powers as bags of their numbers."""
        least = _least(listed)
        split = [
            {literal: times for base, power in powers.items() for literal, times in _literals(base, power, least)}
            for powers in listed
        ]
        literals = sorted({literal for found in split for literal in found}, key=lambda it: (factor_key(it[0]), -it[1]))
        numbers = {literal: number for number, literal in enumerate(literals)}
        return literals, [{numbers[literal]: times for literal, times in found.items()} for found in split]


def _least(listed: Iterable[dict[Node, Number]]) -> dict[Node, int]:
    """The least of the high whole exponents of each base."""
    least: dict[Node, int] = {}
    for powers in listed:
        for base, power in powers.items():
            if isinstance(power, int) and abs(power) > MOST_COPIES:
                least[base] = min(abs(power), least.get(base, abs(power)))
    return least


def _literals(base: Node, power: Number, least: dict[Node, int]) -> Iterator[tuple[Literal, int]]:
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


def share_sums(normal: Normal, order: Iterable[Node]) -> None:
    """Replace common pairs of terms in the sums of ``order`` by sums of their own."""
    sums = [node for node in order if node in normal.terms and normal.is_atom(node)]
    members = sorted({_member(*term) for node in sums for term in normal.terms[node].items()}, key=_member_key)
    numbers = {member: number for number, member in enumerate(members)}
    bags = [{numbers[_member(*term)]: 1 if term[1] > 0 else -1 for term in normal.terms[node].items()} for node in sums]
    shared = share_pairs(bags, len(members), sums=True)
    values: dict[int, Terms] = {number: {core: size} for number, (core, size) in enumerate(members)}
    for number, bag in shared.items():
        found = normal.factored(_terms(bag, values))
        values[number] = {normal.node(Monomial(1, found.powers)): found.number}
    for node, bag in zip(sums, bags, strict=True):
        normal.terms[node] = _terms(_opened(bag, shared), values)


def _member(core: Node | None, number: Number) -> tuple[Node | None, Number]:
    """A term without its sign."""
    return core, size_of(number)


def _member_key(member: tuple[Node | None, Number]) -> tuple[bool, tuple[Any, ...], Number]:
    core, size = member
    return core is None, term_key(core) if core is not None else (), size


def _opened(bag: Bag, shared: dict[int, Bag]) -> Bag:
    """The bag; a sum that is nothing but a shared one is written by its parts, not by itself."""
    (member, sign), *others = bag.items()
    if others or member not in shared:
        return bag
    return {part: sign * times for part, times in shared[member].items()}


def _terms(bag: Bag, values: dict[int, Terms]) -> Terms:
    """The terms of the members, with the signs that the bag gives them."""
    found: Terms = {}
    for member, sign in bag.items():
        for core, number in values[member].items():
            found[core] = exact(found.get(core, 0) + sign * number)
    return found
