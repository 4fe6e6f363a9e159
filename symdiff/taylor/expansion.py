"""Truncated Taylor series of a graph of scalars, degree by degree.

Coefficients are derivatives over factorials, by exponents; one that is zero by structure is absent. Sums are linear
and products convolutions. Any other operation ``y = f(u, ...)`` follows from its own row: along a variable ``y' =
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
from .coordinates import Coordinates
from .series import (
    Coefficients,
    Exponents,
    Series,
    Terms,
    convolved,
    pairs,
    plus,
    quotient,
    reached,
    scaled,
    summed,
    times,
    total,
)
from .slopes import Choice, Quotient, Slope, numerators, slopes_of
from .substitution import Substituted

_WHERE = OPS["where"]
_ONE, _ZERO = const(1), const(0)


class Expansion:
    """The series of the graph's root in variables and coordinates; :attr:`series` has those of all nodes below."""

    def __init__(self, graph: Coordinates, wrt: Sequence[Node]) -> None:
        self.order, self.places = graph.order, {node: place for place, node in enumerate(wrt)}
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
                    self.series[node][degree] = self._expanded(node, degree)

    # -- which nodes are expanded up to which degree ---------------------------------------------------------------

    def _levels(self, root: Node) -> list[list[Node]]:
        """The operations to expand up to the order, up to one degree less, ..., each list in order of evaluation."""
        found: list[list[Node]] = []
        wanted = [root]
        for _ in range(self.order + 1):
            new = [node for node in topological(*wanted, read=self._read) if node not in self.series]
            found.append([node for node in new if self._moves(node)])
            slopes = [slope for node in found[-1] for _, slope in self.slopes.get(node, ())]
            wanted = [part for slope in slopes for part in numerators(slope)]
            wanted += [slope.below for slope in slopes if isinstance(slope, Quotient)]
        return found

    def _read(self, node: Node) -> tuple[Node, ...]:
        """What the coefficients are made of; a whole power is a product of two."""
        if node in self.alike:
            return (self.alike[node],)
        if node in self.substituted:
            return self.substituted[node].node, self.substituted[node].formula
        return () if node in self.series or node in self.places else self._halves(node) or node.args

    def _halves(self, node: Node) -> tuple[Node, ...]:
        """Two factors of a whole power; none of a variable's, whose powers have simple derivatives."""
        if node.op is not POW or node.args[0] in self.places or node.args[1].op is not CONST:
            return ()
        base, power = node.args[0], node.args[1].value
        return (base ** (power - power // 2), base ** (power // 2)) if type(power) is int and power > 1 else ()

    def _moves(self, node: Node) -> bool:
        """Start the series with the value; whether there are more coefficients to be found by the node's rule."""
        zero = (0,) * len(self.places)
        self.series[node] = [{zero: self._value(node)}, *({} for _ in range(self.order))]
        if node in self.places:
            place = self.places[node]
            self.series[node][1:2] = [{(*zero[:place], 1, *zero[place + 1 :]): _ONE}] if self.order else []
            self.active.add(node)
        elif any(arg in self.active for arg in self._read(node) or node.args):
            self.active.add(node)
            if node.args and node.op not in _RULES and not self._halves(node):
                self.slopes[node] = slopes_of(node, self.active)
            return True
        return False

    def _value(self, node: Node) -> Node:
        """The node as its value is computed."""

        def computed(part: Node, args: tuple[Node, ...]) -> Node:
            return args[0] if part in self.substituted else rebuild(part, args)

        return map_graph([node], computed, read=self._plain, done=self.values)[0]

    def _plain(self, node: Node) -> tuple[Node, ...]:
        return (self.substituted[node].node,) if node in self.substituted else node.args

    # -- the coefficients of one degree ----------------------------------------------------------------------------

    def _expanded(self, node: Node, degree: int) -> Coefficients:
        if node in self.alike:
            return self.series[self.alike[node]][degree]
        if node in self.substituted:
            return self._composed(self.substituted[node], degree)
        if halves := self._halves(node):
            return convolved(self.series[halves[0]], self.series[halves[1]], degree)
        rule = _RULES.get(node.op)
        return rule(self, node, degree) if rule else self._integrated(node, degree)

    def _linear(self, node: Node, degree: int) -> Coefficients:
        return total([(sign, self.series[arg][degree]) for sign, arg in SIGNED_SUM[node.op](*node.args)])

    def _product(self, node: Node, degree: int) -> Coefficients:
        left, right = (self.series[arg] for arg in node.args)
        return convolved(left, right, degree)

    def _quotient(self, node: Node, degree: int) -> Coefficients:
        above, below = (self.series[arg] for arg in node.args)
        return quotient(above, below, self.series[node], degree)

    def _choice(self, node: Node, degree: int) -> Coefficients:
        condition, *values = node.args
        one, other = (self.series[value][degree] for value in values)
        places = dict.fromkeys([*one, *other])
        return {
            place: _WHERE(self._value(condition), one.get(place, _ZERO), other.get(place, _ZERO)) for place in places
        }

    def _composed(self, given: Substituted, degree: int) -> Coefficients:
        return self._nested(given, degree) if given.nested else self._by_powers(given, degree)

    def _nested(self, given: Substituted, degree: int) -> Coefficients:
        """The chain rule by the scheme of Horner, ``f0 + u*(f1 + u*(f2 + ...))`` with ``u`` the coordinate's series."""
        place = self.places[given.coordinate]
        nests = self.nests.setdefault(given, [[{}], *([] for _ in range(self.order))])
        inner = [{}, *self.series[given.formula][1:]]
        by_power: list[Coefficients] = [{} for _ in range(degree + 1)]
        for exponents, node in self.series[given.node][degree].items():
            by_power[exponents[place]][*exponents[:place], 0, *exponents[place + 1 :]] = node
        for power in range(degree, -1, -1):
            further = convolved(inner, [*nests[power + 1], {}], degree - power) if power < degree else {}
            nests[power].append(total([(1, by_power[power]), (1, further)]))
        return nests[0][degree]

    def _by_powers(self, given: Substituted, degree: int) -> Coefficients:
        """The chain rule: powers of the coordinate's series in place of its powers."""
        place, terms = self.places[given.coordinate], Terms()
        for coefficients in self.series[given.node][1 : degree + 1]:
            for exponents, node in coefficients.items():
                power = exponents[place]
                rest = (*exponents[:place], 0, *exponents[place + 1 :])
                if not power:
                    if sum(exponents) == degree:
                        terms.setdefault(rest, []).append(node)
                    continue
                for inner, factor in self._power(given, power, degree - sum(rest)).items():
                    terms.setdefault(plus(rest, inner), []).append(times(node, factor))
        return summed(terms)

    def _power(self, given: Substituted, power: int, degree: int) -> Coefficients:
        """Of that degree in the power of what the coordinate stands for, without its value."""
        powers = self.powers.setdefault(given.coordinate, [[{}] for _ in range(self.order)])
        powers[0] = [{}, *self.series[given.formula][1:]]
        for place in range(1, power):
            left, right = powers[(place - 1) // 2], powers[place // 2]
            while len(powers[place]) <= degree:
                powers[place].append(convolved(left, right, len(powers[place])))
        return powers[power - 1][degree]

    def _integrated(self, node: Node, degree: int) -> Coefficients:
        """By the slopes: along an axis, coefficients times their powers are those of the derivative."""
        known = [(self.series[arg], slope) for arg, slope in self.slopes[node]]
        below = known[0][1].below if len(known) == 1 and isinstance(known[0][1], Quotient) else _ONE
        reads = [(u, self.series[part]) for u, slope in known for part in numerators(slope)]
        reads += [(self.series[node], self.series[below])] if below is not _ONE else []
        found: Coefficients = {}
        for exponents in sorted({place for u, s in reads for place in reached(u, s, degree)}, reverse=True):
            axis = _cheapest(reads, exponents)
            parts = [part for u, slope in known if (part := self._part(slope, u, exponents, axis)) is not None]
            if below is not _ONE:
                parts += [-times(a, b) for a, b in pairs(self.series[node], self.series[below], exponents, axis)]
            if parts:
                found[exponents] = scaled(Fraction(1, exponents[axis]), sum_of(parts) / below)
        return found

    def _part(self, slope: Slope | None, u: Series, exponents: Exponents, axis: int) -> Node | None:
        """The coefficient of the slope times the derivative of ``u``."""
        if isinstance(slope, Choice):
            one, other = (self._part(part, u, exponents, axis) for part in (slope.one, slope.other))
            return _WHERE(
                self._value(slope.condition), one if one is not None else _ZERO, other if other is not None else _ZERO
            )
        if slope is None:
            return None
        products = [times(a, b) for a, b in pairs(u, self.series[slope.above], exponents, axis)]
        return sum_of(products) if products else None


def _cheapest(reads: list[tuple[Series, Series]], exponents: Exponents) -> int:
    """The axis along which the fewest products are taken."""

    def cost(axis: int) -> tuple[int, int]:
        return sum(len(list(pairs(u, s, exponents, axis))) for u, s in reads), exponents[axis]

    return min((axis for axis, power in enumerate(exponents) if power), key=cost)


#: The rules of operations whose coefficients need no derivatives of the row.
_RULES: dict[Op, Callable[[Expansion, Node, int], Coefficients]] = {
    **dict.fromkeys(SIGNED_SUM, Expansion._linear),
    MUL: Expansion._product,
    DIV: Expansion._quotient,
    _WHERE: Expansion._choice,
}
