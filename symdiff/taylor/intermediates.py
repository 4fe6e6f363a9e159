"""Intermediate variables of the chain rule, for nodes that much else depends on, until they are substituted.

What depends on such a node alone, or on few of them, has series in few variables. Where an operation would read more
variables than are needed, intermediate ones are substituted in its arguments first, and all others at the end: the
chain rule is then paid once for everything before it. On the way products are regrouped
(:mod:`symdiff.taylor.factors`), logarithms of them become sums, and a constant in front of a sum goes to its terms
where it meets fewer coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import reduce
from itertools import combinations
from math import comb

from ..graph.leaves import const
from ..graph.node import OPS, Node, Number, Op
from ..graph.traversal import map_graph, rebuild, topological, use_counts
from ..ops.terms import ADD, DIV, MUL, SIGNED_SUM, SUB
from ..simplifier.monomials import Monomial, as_exact, magnitude
from .factors import Group, groups, monomial_of, of_number, variable_powers
from .substitution import Substitution

_LOG, _ARCTAN, _ARCTAN2 = (OPS[name] for name in ("log", "arctan", "arctan2"))
#: Longer products and sums are not taken into others: the work grows linearly.
MOST_BASES, MOST_TERMS = 14, 40


class Intermediates(Substitution):
    """The graph of ``f`` with variables for the nodes ``through``, substituted where that leaves fewer variables.

    :attr:`root` stands for ``f``; its series has no intermediate variables left. :attr:`values`: the node of ``f`` that
    a node was made from, whose value is the same. ``regroups``: whether products and sums may be built in another way.
    """

    def __init__(
        self, f: Node, wrt: Sequence[Node], through: Collection[Node], order: int, *, regroups: bool = True
    ) -> None:
        super().__init__(wrt, order)
        self.regroups = regroups
        self.values: dict[Node, Node] = {}
        self._monomials: dict[Node, Monomial] = {}
        self._sums: dict[Node, list[Monomial]] = {}
        self._known_products: dict[tuple[object, ...], Node] = {}
        self._uses = use_counts([f], topological(f))

        def transform(node: Node, args: tuple[Node, ...]) -> Node:
            new = self._transform(node, list(args))
            if new.args or new in self.alike:
                self.values[new] = node
            return self._intermediate(node, new) if node in through and self.read[new] else new

        (self.root,) = map_graph([f], transform)
        while self.read[self.root] - self.wrt:
            self.root = self.substitute_in(self.root, self.best(self.read[self.root]))

    def _transform(self, node: Node, args: list[Node]) -> Node:
        if not node.args:
            return self.register(node)
        if self.regroups and (new := self._regroup(node, args)) is not None:
            return new
        return self.register(rebuild(node, tuple(args if node.op in SIGNED_SUM else self.minimize_variables(args))))

    def _regroup(self, node: Node, args: list[Node]) -> Node | None:
        """A sum, a product or a function of one, from terms and factors; None for anything else."""
        opened = [self._open(*pair) for pair in zip(node.args, args, strict=True)]
        if node.op in SIGNED_SUM:
            terms = self._terms(node, args, opened)
            if 1 < len(terms) <= MOST_TERMS:
                return self._sum(node, terms, any(arg in self.alike for arg in args))
        if node.op in _APART and (new := _APART[node.op](self, node, opened[0])) is not None:
            return new
        product = monomial_of(node, opened, self.simple)
        for base in product.powers if product else ():
            self.register(base)
        return self._product(node, product) if product and 0 < len(product.powers) <= MOST_BASES else None

    def _intermediate(self, node: Node, formula: Node) -> Node:
        """A variable for the node; a factor that shares no variables with the others is substituted by itself."""
        if formula.op is MUL:
            one, other = sorted(formula.args, key=lambda part: len(self.read[part]))
            if self.read[one] and other.args and not self.read[one] & self.read[other]:
                formula = self.register(one * self._intermediate(other, other))
        return self.intermediate(node, formula)

    # -- sums --------------------------------------------------------------------------------------------------------

    def _terms(self, node: Node, args: list[Node], opened: list[Monomial]) -> list[Monomial]:
        """The terms of a sum and of those in it that nothing else reads, like ones added."""
        terms: dict[frozenset[object], Monomial] = {}
        for (sign, new), monomial in zip(SIGNED_SUM[node.op](*args), opened, strict=True):
            for number, powers in self._sums.get(new, [monomial]):
                like = frozenset(powers.items())
                known = terms[like].coefficient if like in terms else 0
                terms[like] = Monomial(as_exact(known + sign * number), powers)
        return [term for term in terms.values() if term.coefficient != 0]

    def _sum(self, node: Node, terms: list[Monomial], alike: bool) -> Node:
        """The sum, beginning with a term that is not negative.

        ``alike``: whether a logarithm was taken apart, so that the value may have another domain than the node.
        """
        first = next((term for term in terms if term.coefficient > 0), terms[0])
        new = self._multiply(first)
        for term in terms:
            if term is not first:
                part = self._multiply(Monomial(magnitude(term.coefficient), term.powers))
                new = ADD(new, part) if term.coefficient > 0 else SUB(new, part)
        new = self.stand_in(node, self.register(new)) if alike else self.register(new)
        if self._uses[node] == 1:
            self._sums[new] = terms
        return new

    def _pays(self, terms: list[Monomial], whole: Node) -> bool:
        """Whether a constant costs no more in front of the terms than in front of their sum."""
        return sum(map(self._scaling, terms)) <= self._size(whole)

    def _scaling(self, term: Monomial) -> int:
        """Coefficients that a constant in front of the term is multiplied with, if none is there yet."""
        if magnitude(term.coefficient) != 1 or not term.powers:
            return 0
        if self._is_power(term) and 1 not in term.powers.values():
            return 0
        if len(variable_powers(term)) < len(term.powers):
            return 0
        return min(2 if self.simple(base) else self._size(base) for base in term.powers)

    def _size(self, node: Node) -> int:
        return sum(comb(len(one) + self.order, self.order) for one in self.together[node])

    # -- functions of products ---------------------------------------------------------------------------------------

    def _logarithm(self, node: Node, argument: Monomial) -> Node | None:
        """The logarithms of the factors, without those of constants."""
        number, powers = argument.coefficient, variable_powers(argument)
        if number < 0 or not powers or (number, *argument.powers.values()) == (1, 1):
            return None
        logarithms = {base: self.register(_LOG(*self.minimize_variables([base]))) for base in powers}
        return self._sum(node, [Monomial(power, {logarithms[base]: 1}) for base, power in powers.items()], True)

    def _angle(self, node: Node, argument: Monomial) -> Node | None:
        """That of numerator and denominator, whose derivatives have no quotient but the last."""
        above = {base: power for base, power in argument.powers.items() if power > 0}
        below = {base: -power for base, power in argument.powers.items() if power < 0}
        if not below:
            return None
        sides = self._multiply(Monomial(argument.coefficient, above)), self._multiply(Monomial(1, below))
        return self.stand_in(node, self.register(_ARCTAN2(*self.minimize_variables(sides))))

    # -- products ----------------------------------------------------------------------------------------------------

    def _open(self, node: Node, new: Node) -> Monomial:
        """The monomial of an argument, its factors apart if nothing else reads the product."""
        monomial = of_number(new) or self._monomials.get(new)
        if monomial and (self._uses[node] == 1 or not monomial.powers or self._is_power(monomial)):
            return monomial
        return Monomial(1, {new: 1})

    def _is_power(self, monomial: Monomial) -> bool:
        bases = variable_powers(monomial)
        return len(bases) == 1 and all(map(self.simple, bases))

    def _product(self, node: Node, monomial: Monomial) -> Node:
        ((base, power), *others) = monomial.powers.items()
        if base in self._sums and power == 1 and not others and self._pays(self._sums[base], base):
            terms = [Monomial(as_exact(monomial.coefficient * number), powers) for number, powers in self._sums[base]]
            return self._sum(node, terms, base in self.alike)
        new = self._multiply(monomial)
        self._monomials.setdefault(new, monomial)
        return new

    def _multiply(self, monomial: Monomial) -> Node:
        """The product, beginning with the factors of the fewest variables, the number in front of them."""
        if not monomial.powers:
            return self.register(const(monomial.coefficient))
        size = const(magnitude(monomial.coefficient))
        known = size, *monomial.powers.items()
        if known not in self._known_products:
            self._known_products[known] = self._build(size, monomial.powers)
        new = self._known_products[known]
        return self.register(-new) if monomial.coefficient < 0 else new

    def _build(self, size: Node, powers: Mapping[Node, Number]) -> Node:
        first, *others = groups(powers, self.read.__getitem__, self.simple)
        if first.above is not None or not others or size is not const(1):
            first = first._replace(above=size if first.above is None else size * first.above)
        parts = [self._join(group) for group in (first, *others)]
        while len(parts) > 1:
            one, other = min(combinations(parts, 2), key=lambda pair: len(pair[0].read | pair[1].read))
            parts = [part for part in parts if part is not one and part is not other]
            parts.append(self._merge(one, other))
        return self._above(parts[0])

    def _join(self, group: Group) -> Group:
        """One node for the factors of a group, above the line if some are."""
        known = [self.register(part) for part in (group.above, group.below) if part is not None]
        return Group(group.read, self.register(reduce(DIV, known)), None) if len(known) == 2 else group

    def _above(self, group: Group) -> Node:
        if group.above is not None:
            return group.above
        assert group.below is not None
        return self.register(const(1) / group.below)

    def _merge(self, one: Group, other: Group) -> Group:
        """The product of two: divided by what shares variables, times the reciprocal of what does not."""
        if one.above is None:
            one, other = other, one
        if one.above is None and one.below is not None and other.below is not None:
            below = self.register(MUL(*self.minimize_variables([one.below, other.below], product=True)))
            return Group(self.read[below], None, below)
        if other.below is not None and one.read & other.read:
            new = self.register(DIV(*self.minimize_variables([self._above(one), other.below])))
        else:
            new = self.register(MUL(*self.minimize_variables([self._above(one), self._above(other)], product=True)))
        return Group(self.read[new], new, None)


#: Functions of products whose derivatives are shorter from the factors; the values may have another domain.
_APART: dict[Op, Callable[[Intermediates, Node, Monomial], Node | None]] = {
    _LOG: Intermediates._logarithm,
    _ARCTAN: Intermediates._angle,
}
