"""Truncated Taylor series of a graph of scalars, degree by degree.

Coefficients are derivatives over factorials, by exponents; one that is zero by structure is absent. Sums are linear
and products convolutions. Any other operation ``y = f(u, ...)`` follows from its own partials: along a variable ``y' =
f_u*u' + ...``, which gives the coefficients of degree m of ``y`` from those of degree m - 1 of the partials, and these
may read ``y`` itself. So ``exp' = exp`` is the recurrence of the textbooks, and so are all others (A. Griewank, A.
Walther, Evaluating Derivatives, 2nd edition (2008), section 13.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from ..differentiate.cotangents import sum_of
from ..graph.leaves import CONST, const
from ..graph.node import OPS, Node, Op
from ..graph.traversal import map_graph, rebuild, topological
from ..ops.terms import DIV, MUL, POW, SIGNED_SUM
from .intermediates import Intermediates
from .series import (
    Coefficients,
    Exponents,
    Series,
    Terms,
    add_exponents,
    add_series,
    convolve,
    divide,
    product_exponents,
    product_pairs,
    scale,
    sum_terms,
    times,
)
from .slopes import Choice, Quotient, Slope, numerators, slopes_of
from .substitution import Substituted

_WHERE = OPS["where"]
_ONE, _ZERO = const(1), const(0)


class Expansion:
    """The series of the graph's root in all variables; :attr:`series` has those of all nodes below."""

    def __init__(self, graph: Intermediates, wrt: Sequence[Node]) -> None:
        self.order, self.positions = graph.order, {node: position for position, node in enumerate(wrt)}
        self.substituted, self.alike, self.values = graph.substituted, graph.alike, graph.values
        self.series: dict[Node, Series] = {}
        self.active: set[Node] = set()
        self.slopes: dict[Node, list[tuple[Node, Slope]]] = {}
        self.powers: dict[Node, list[Series]] = {}
        self.nests: dict[Substituted, list[Series]] = {}
        levels = self._levels(graph.root)
        for degree in range(1, self.order + 1):
            for level in levels[: self.order - degree + 1]:
                for node in level:
                    self.series[node][degree] = self._expand(node, degree)

    # -- which nodes are expanded up to which degree ---------------------------------------------------------------

    def _levels(self, root: Node) -> list[list[Node]]:
        """The operations to expand up to the order, up to one degree less, ..., each list in order of evaluation."""
        levels: list[list[Node]] = []
        wanted = [root]
        for _ in range(self.order + 1):
            new = [node for node in topological(*wanted, read=self._read) if node not in self.series]
            levels.append([node for node in new if self._start(node)])
            slopes = [slope for node in levels[-1] for _, slope in self.slopes.get(node, ())]
            wanted = [part for slope in slopes for part in numerators(slope)]
            wanted += [slope.below for slope in slopes if isinstance(slope, Quotient)]
        return levels

    def _read(self, node: Node) -> tuple[Node, ...]:
        """What the coefficients are made of; a whole power is a product of two."""
        if node in self.alike:
            return (self.alike[node],)
        if node in self.substituted:
            return self.substituted[node].node, self.substituted[node].formula
        return () if node in self.series or node in self.positions else self._halves(node) or node.args

    def _halves(self, node: Node) -> tuple[Node, ...]:
        """Two factors of a whole power; none of a variable's, whose powers have simple derivatives."""
        if node.op is not POW or node.args[0] in self.positions or node.args[1].op is not CONST:
            return ()
        base, power = node.args[0], node.args[1].value
        return (base ** (power - power // 2), base ** (power // 2)) if type(power) is int and power > 1 else ()

    def _start(self, node: Node) -> bool:
        """Start the series with the value; whether there are more coefficients to be found by the node's rule."""
        zero = (0,) * len(self.positions)
        self.series[node] = [{zero: self._value(node)}, *({} for _ in range(self.order))]
        if node in self.positions:
            position = self.positions[node]
            self.series[node][1:2] = [{(*zero[:position], 1, *zero[position + 1 :]): _ONE}] if self.order else []
            self.active.add(node)
        elif any(arg in self.active for arg in self._read(node) or node.args):
            self.active.add(node)
            if node.args and node.op not in _RULES and not self._halves(node):
                self.slopes[node] = slopes_of(node, self.active)
            return True
        return False

    def _value(self, node: Node) -> Node:
        """The node as its value is computed."""

        def compute(part: Node, args: tuple[Node, ...]) -> Node:
            return args[0] if part in self.substituted else rebuild(part, args)

        return map_graph([node], compute, read=self._plain, done=self.values)[0]

    def _plain(self, node: Node) -> tuple[Node, ...]:
        return (self.substituted[node].node,) if node in self.substituted else node.args

    # -- the coefficients of one degree ----------------------------------------------------------------------------

    def _expand(self, node: Node, degree: int) -> Coefficients:
        if node in self.alike:
            return self.series[self.alike[node]][degree]
        if node in self.substituted:
            return self._compose(self.substituted[node], degree)
        if halves := self._halves(node):
            return convolve(self.series[halves[0]], self.series[halves[1]], degree)
        rule = _RULES.get(node.op)
        return rule(self, node, degree) if rule else self._integrate(node, degree)

    def _linear(self, node: Node, degree: int) -> Coefficients:
        return add_series([(sign, self.series[arg][degree]) for sign, arg in SIGNED_SUM[node.op](*node.args)])

    def _product(self, node: Node, degree: int) -> Coefficients:
        left, right = (self.series[arg] for arg in node.args)
        return convolve(left, right, degree)

    def _quotient(self, node: Node, degree: int) -> Coefficients:
        above, below = (self.series[arg] for arg in node.args)
        return divide(above, below, self.series[node], degree)

    def _choice(self, node: Node, degree: int) -> Coefficients:
        condition, *values = node.args
        one, other = (self.series[value][degree] for value in values)
        all_exponents = dict.fromkeys([*one, *other])
        return {at: _WHERE(self._value(condition), one.get(at, _ZERO), other.get(at, _ZERO)) for at in all_exponents}

    def _compose(self, given: Substituted, degree: int) -> Coefficients:
        return self._compose_nested(given, degree) if given.nested else self._compose_powers(given, degree)

    def _compose_nested(self, given: Substituted, degree: int) -> Coefficients:
        """The chain rule by the scheme of Horner, ``f0 + u*(f1 + ...)``, ``u`` the intermediate variable's series."""
        position = self.positions[given.intermediate]
        nests = self.nests.setdefault(given, [[{}], *([] for _ in range(self.order))])
        inner = [{}, *self.series[given.formula][1:]]
        by_power: list[Coefficients] = [{} for _ in range(degree + 1)]
        for exponents, node in self.series[given.node][degree].items():
            by_power[exponents[position]][*exponents[:position], 0, *exponents[position + 1 :]] = node
        for power in range(degree, -1, -1):
            further = convolve(inner, [*nests[power + 1], {}], degree - power) if power < degree else {}
            nests[power].append(add_series([(1, by_power[power]), (1, further)]))
        return nests[0][degree]

    def _compose_powers(self, given: Substituted, degree: int) -> Coefficients:
        """The chain rule: powers of the intermediate variable's series in place of its powers."""
        position, terms = self.positions[given.intermediate], Terms()
        for coefficients in self.series[given.node][1 : degree + 1]:
            for exponents, node in coefficients.items():
                power = exponents[position]
                rest = (*exponents[:position], 0, *exponents[position + 1 :])
                if not power:
                    if sum(exponents) == degree:
                        terms.setdefault(rest, []).append(node)
                    continue
                for inner, factor in self._power(given, power, degree - sum(rest)).items():
                    terms.setdefault(add_exponents(rest, inner), []).append(times(node, factor))
        return sum_terms(terms)

    def _power(self, given: Substituted, power: int, degree: int) -> Coefficients:
        """Of that degree in the power of what the intermediate variable stands for, without its value."""
        powers = self.powers.setdefault(given.intermediate, [[{}] for _ in range(self.order)])
        powers[0] = [{}, *self.series[given.formula][1:]]
        for position in range(1, power):
            left, right = powers[(position - 1) // 2], powers[position // 2]
            while len(powers[position]) <= degree:
                powers[position].append(convolve(left, right, len(powers[position])))
        return powers[power - 1][degree]

    def _integrate(self, node: Node, degree: int) -> Coefficients:
        """By the slopes: along an axis, coefficients times their powers are those of the derivative."""
        known = [(self.series[arg], slope) for arg, slope in self.slopes[node]]
        below = known[0][1].below if len(known) == 1 and isinstance(known[0][1], Quotient) else _ONE
        reads = [(u, self.series[part]) for u, slope in known for part in numerators(slope)]
        reads += [(self.series[node], self.series[below])] if below is not _ONE else []
        coefficients: Coefficients = {}
        all_exponents = {exponents for u, s in reads for exponents in product_exponents(u, s, degree)}
        for exponents in sorted(all_exponents, reverse=True):
            axis = _cheapest(reads, exponents)
            parts = [part for u, slope in known if (part := self._part(slope, u, exponents, axis)) is not None]
            if below is not _ONE:
                parts += [
                    -times(a, b) for a, b in product_pairs(self.series[node], self.series[below], exponents, axis)
                ]
            if parts:
                coefficients[exponents] = scale(Fraction(1, exponents[axis]), sum_of(parts) / below)
        return coefficients

    def _part(self, slope: Slope | None, u: Series, exponents: Exponents, axis: int) -> Node | None:
        """The coefficient of the slope times the derivative of ``u``."""
        if isinstance(slope, Choice):
            one, other = (self._part(part, u, exponents, axis) for part in (slope.one, slope.other))
            return _WHERE(
                self._value(slope.condition), one if one is not None else _ZERO, other if other is not None else _ZERO
            )
        if slope is None:
            return None
        products = [times(a, b) for a, b in product_pairs(u, self.series[slope.above], exponents, axis)]
        return sum_of(products) if products else None


def _cheapest(reads: list[tuple[Series, Series]], exponents: Exponents) -> int:
    """The axis along which the fewest products are taken."""

    def cost(axis: int) -> tuple[int, int]:
        return sum(len(list(product_pairs(u, s, exponents, axis))) for u, s in reads), exponents[axis]

    return min((axis for axis, power in enumerate(exponents) if power), key=cost)


#: The rules of operations whose coefficients need no derivatives of theirs.
_RULES: dict[Op, Callable[[Expansion, Node, int], Coefficients]] = {
    **dict.fromkeys(SIGNED_SUM, Expansion._linear),
    MUL: Expansion._product,
    DIV: Expansion._quotient,
    _WHERE: Expansion._choice,
}
