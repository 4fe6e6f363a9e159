"""Multisets as nodes again: each product as one quotient of its factors, each sum from left to right."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

from ..graph.leaves import const
from ..graph.node import Node, Number, make
from ..graph.order import term_key
from ..graph.traversal import map_graph, rebuild
from ..ops.terms import DIV, MUL, NEG, SQRT
from .monomials import Monomial, magnitude
from .multisets import FactorMultisets, Product
from .products import build_product
from .sums import join_terms

#: A node of the normal form, or the position of a product.
Item = Node | int

_HALF = Fraction(1, 2)
_ONE = const(1)


class Writer:
    """The node of each item, arguments first."""

    def __init__(self, multisets: FactorMultisets) -> None:
        self.multisets, self.normal = multisets, multisets.normal
        self.done: dict[Item, Node] = {}
        map_graph([*self.normal.roots], self._item, read=self._reads, done=self.done)

    def roots(self) -> list[Node]:
        return [self.done[root] for root in self.normal.roots]

    def _item(self, item: Item, args: tuple[Node, ...]) -> Node:
        return self._product(self.multisets.products[item]) if isinstance(item, int) else self._node(item, args)

    def _reads(self, item: Item) -> tuple[Item, ...]:
        if isinstance(item, int):
            return tuple(self._factor(member) for member in self.multisets.products[item].factors)
        if item in self.multisets.node_products:
            return (self.multisets.node_products[item],)
        if item in self.normal.terms and item not in self.multisets.constants:
            return tuple(self._term(core, magnitude(number)) for core, number in self._terms(item) if core is not None)
        return self.multisets.reads(item)

    def _factor(self, member: int) -> Item:
        position = self.multisets.pair_products.get(member)
        return self.multisets.literals[member][0] if position is None else position

    def _term(self, core: Node, size: Number) -> Item:
        return self.multisets.term_products.get((core, size), core)

    def _terms(self, node: Node) -> list[tuple[Node | None, Number]]:
        """The terms of a sum in order, the constant last, with the sign that the sum is wanted with."""
        sign = -1 if node in self.multisets.negated else 1
        terms = self.normal.terms[node]
        cores = sorted((core for core in terms if core is not None), key=term_key)
        return [(core, sign * terms[core]) for core in (*cores, *(core for core in terms if core is None))]

    # -- nodes -------------------------------------------------------------------------------------------------------

    def _node(self, node: Node, args: tuple[Node, ...]) -> Node:
        if node in self.multisets.constants or not node.args:
            return node
        if node in self.multisets.node_products:
            return self.done[self.multisets.node_products[node]]
        if node in self.normal.terms:
            return join_terms([self._signed_term(core, number) for core, number in self._terms(node)])[1]
        return rebuild(node, args)

    def _signed_term(self, core: Node | None, number: Number) -> tuple[bool, Node]:
        """Whether a term is subtracted, and the term without the sign."""
        size = magnitude(number)
        if core is None:
            return number < 0, const(size)
        position = self.multisets.term_products.get((core, size))
        if position is None:
            return number < 0, self.done[core] if size == 1 else build_product(size, {core: 1})
        product = self.multisets.products[position]
        return (number < 0) is not (product.in_sum and product.scale.coefficient < 0), self.done[position]

    def _product(self, product: Product) -> Node:
        above = [self._power(member, times) for member, times in sorted(product.factors.items()) if times > 0]
        below = [self._power(member, -times) for member, times in sorted(product.factors.items()) if times < 0]
        number, powers = product.scale
        negative = number < 0 and not product.in_sum
        over, under = _constant_quotient(Monomial(magnitude(number), powers))
        if not above:
            top = over / under
            return _quotient([-top if negative else top], below)
        if negative and (over is not _ONE or under is not _ONE):
            negative, over, under = False, over if over is _ONE else -over, -under if over is _ONE else under
        quotient = _quotient(
            [over, *above] if over is not _ONE else above, [under, *below] if under is not _ONE else below
        )
        return make(NEG, (quotient,)) if negative else quotient

    def _power(self, member: int, times: int) -> Node:
        base = self.done[self._factor(member)]
        exponent = self.multisets.literals[member][1] if member < len(self.multisets.literals) else 1
        power = base if exponent == 1 else SQRT(base) if exponent == _HALF else base**exponent
        return power if times == 1 else power**times


def _constant_quotient(scale: Monomial) -> tuple[Node, Node]:
    """The constant above the line, and the one below."""
    ratio = scale.coefficient if isinstance(scale.coefficient, Fraction) else None
    above = {base: power for base, power in scale.powers.items() if power > 0}
    below = {base: -power for base, power in scale.powers.items() if power < 0}
    over = build_product(ratio.numerator if ratio else scale.coefficient, above)
    under = build_product(ratio.denominator if ratio else 1, below)
    return (over, under) if _ONE in (over, under) else (over / under, _ONE)


def _quotient(above: list[Node], below: list[Node]) -> Node:
    """Multiplied from the left, with signs left where they are: a negative factor that others share costs nothing."""
    top = reduce(lambda a, b: make(MUL, (a, b)), above)
    return make(DIV, (top, reduce(lambda a, b: make(MUL, (a, b)), below))) if below else top
