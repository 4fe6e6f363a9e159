"""A pool as nodes again: each product as one quotient of its factors, each sum from left to right."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

from ..graph.leaves import const
from ..graph.node import Node, Number, make
from ..graph.order import term_key
from ..graph.traversal import map_graph, rebuild
from ..ops.terms import DIV, MUL, NEG, SQRT
from .monomials import Monomial, size_of
from .pool import Pool, Product
from .products import build_product
from .sums import added

#: A node of the normal form, or the number of a product of the pool.
Thing = Node | int

_HALF = Fraction(1, 2)
_ONE = const(1)


class Writer:
    """The node of each thing, arguments first."""

    def __init__(self, pool: Pool) -> None:
        self.pool, self.normal = pool, pool.normal
        self.done: dict[Thing, Node] = {}
        map_graph([*self.normal.roots], self._thing, read=self._reads, done=self.done)

    def roots(self) -> list[Node]:
        return [self.done[root] for root in self.normal.roots]

    def _thing(self, thing: Thing, args: tuple[Node, ...]) -> Node:
        return self._product(self.pool.products[thing]) if isinstance(thing, int) else self._node(thing, args)

    def _reads(self, thing: Thing) -> tuple[Thing, ...]:
        if isinstance(thing, int):
            return tuple(self._factor(member) for member in self.pool.products[thing].factors)
        if thing in self.pool.whole:
            return (self.pool.whole[thing],)
        if thing in self.normal.terms and thing not in self.pool.fixed:
            return tuple(self._term(core, size_of(number)) for core, number in self._terms(thing) if core is not None)
        return self.pool.reads(thing)

    def _factor(self, member: int) -> Thing:
        made = self.pool.made.get(member)
        return self.pool.literals[member][0] if made is None else made

    def _term(self, core: Node, size: Number) -> Thing:
        return self.pool.inside.get((core, size), core)

    def _terms(self, node: Node) -> list[tuple[Node | None, Number]]:
        """The terms of a sum in order, the constant last, with the sign that the sum is wanted with."""
        sign = -1 if node in self.pool.turned else 1
        terms = self.normal.terms[node]
        cores = sorted((core for core in terms if core is not None), key=term_key)
        return [(core, sign * terms[core]) for core in (*cores, *(core for core in terms if core is None))]

    # -- nodes -------------------------------------------------------------------------------------------------------

    def _node(self, node: Node, args: tuple[Node, ...]) -> Node:
        if node in self.pool.fixed or not node.args:
            return node
        if node in self.pool.whole:
            return self.done[self.pool.whole[node]]
        if node in self.normal.terms:
            return added([self._signed(core, number) for core, number in self._terms(node)])[1]
        return rebuild(node, args)

    def _signed(self, core: Node | None, number: Number) -> tuple[bool, Node]:
        """Whether a term is subtracted, and the term without the sign."""
        size = size_of(number)
        if core is None:
            return number < 0, const(size)
        place = self.pool.inside.get((core, size))
        if place is None:
            return number < 0, self.done[core] if size == 1 else build_product(size, {core: 1})
        product = self.pool.products[place]
        return (number < 0) is not (product.in_sum and product.scale.number < 0), self.done[place]

    def _product(self, product: Product) -> Node:
        above = [self._power(member, times) for member, times in sorted(product.factors.items()) if times > 0]
        below = [self._power(member, -times) for member, times in sorted(product.factors.items()) if times < 0]
        number, powers = product.scale
        negative = number < 0 and not product.in_sum
        over, under = _constants(Monomial(size_of(number), powers))
        if not above:
            top = over / under
            return _quotient([-top if negative else top], below)
        if negative and (over is not _ONE or under is not _ONE):
            negative, over, under = False, over if over is _ONE else -over, -under if over is _ONE else under
        found = _quotient(
            [over, *above] if over is not _ONE else above, [under, *below] if under is not _ONE else below
        )
        return make(NEG, (found,)) if negative else found

    def _power(self, member: int, times: int) -> Node:
        base = self.done[self._factor(member)]
        exponent = self.pool.literals[member][1] if member < len(self.pool.literals) else 1
        found = base if exponent == 1 else SQRT(base) if exponent == _HALF else base**exponent
        return found if times == 1 else found**times


def _constants(scale: Monomial) -> tuple[Node, Node]:
    """The constant above the line, and the one below."""
    ratio = scale.number if isinstance(scale.number, Fraction) else None
    above = {base: power for base, power in scale.powers.items() if power > 0}
    below = {base: -power for base, power in scale.powers.items() if power < 0}
    over = build_product(ratio.numerator if ratio else scale.number, above)
    under = build_product(ratio.denominator if ratio else 1, below)
    return (over, under) if _ONE in (over, under) else (over / under, _ONE)


def _quotient(above: list[Node], below: list[Node]) -> Node:
    """Multiplied from the left, with signs left where they are: a negative factor that others share costs nothing."""
    top = reduce(lambda a, b: make(MUL, (a, b)), above)
    return make(DIV, (top, reduce(lambda a, b: make(MUL, (a, b)), below))) if below else top
