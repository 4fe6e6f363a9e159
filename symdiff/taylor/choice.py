"""The derivatives of a graph with intermediate variables for some of its nodes, and the choice of these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import factorial, prod
from typing import NamedTuple

from ..graph.node import Node
from ..graph.traversal import map_graph, rebuild, topological
from ..ops.terms import SIGNED_SUM
from .expansion import Expansion
from .intermediates import Intermediates
from .series import Coefficients, scale

#: Products and functions that depend on a bottleneck alone: of one that reads several variables, of any other.
FEWEST, MANY = 1, 4
#: Bottlenecks are compared at this order at most, so many of them, until so many operations were made for it.
ORDER, MOST, MOST_OPERATIONS = 3, 40, 500_000
#: Larger graphs have no bottlenecks looked for, as every trial is an expansion.
LARGEST = 2000


def partials(f: Node, wrt: Sequence[Node], order: int, through: Collection[Node]) -> Coefficients:
    """The derivatives by the exponents of ``wrt``, with intermediate variables for the nodes ``through``.

    Products and sums are as in ``f``, or regrouped where that takes fewer operations.
    """
    plain, regrouped = (_expand(f, wrt, order, through, regroups) for regroups in (False, True))
    return _restore(*min(plain, regrouped, key=_count_operations))


class _Expansion(NamedTuple):
    """Derivatives, and what the variables in them stand for."""

    derivatives: Coefficients
    meaning: Mapping[Node, Node]


def _expand(f: Node, wrt: Sequence[Node], order: int, through: Collection[Node], regroups: bool) -> _Expansion:
    graph = Intermediates(f, wrt, through, order, regroups=regroups)
    series = Expansion(graph, [*wrt, *graph.formulas]).series[graph.root]
    known = ((exponents[: len(wrt)], node) for one in series for exponents, node in one.items())
    derivatives = {exponents: scale(prod(map(factorial, exponents)), node) for exponents, node in known}
    return _Expansion(derivatives, graph.meaning)


def _count_operations(given: _Expansion) -> int:
    return sum(1 for node in topological(*given.derivatives.values(), read=_reader(given.meaning)) if node.args)


def _restore(derivatives: Coefficients, meaning: Mapping[Node, Node]) -> Coefficients:
    """The derivatives with what each variable stands for."""

    def restore(node: Node, args: tuple[Node, ...]) -> Node:
        return args[0] if node in meaning else rebuild(node, args)

    return dict(zip(derivatives, map_graph(derivatives.values(), restore, read=_reader(meaning)), strict=True))


def _reader(meaning: Mapping[Node, Node]) -> Callable[[Node], tuple[Node, ...]]:
    """What a node reads: a variable, the node that it stands for."""
    return lambda node: (meaning[node],) if node in meaning else node.args


def bottlenecks(f: Node, wrt: Sequence[Node], order: int) -> list[Node]:
    """The nodes that lower the operations of all derivatives as variables: each tried, and the first ones again."""
    trials = _Trials(f, wrt, min(order, ORDER))
    nodes = candidates(f, wrt)[:MOST]
    for node in [*nodes, *nodes[: MOST // 2]]:
        others = [other for other in trials.kept if other is not node]
        trials.try_through(others if len(others) < len(trials.kept) else [*others, node])
    return trials.kept


class _Trials:
    """The best nodes so far, as long as trials may go on."""

    def __init__(self, f: Node, wrt: Sequence[Node], order: int) -> None:
        self.f, self.wrt, self.order = f, wrt, order
        self.kept: list[Node] = []
        self.spent = self.cost = 0

    def try_through(self, through: list[Node]) -> None:
        """Keep these instead if they take fewer operations."""
        if not self.spent:
            self.cost = self._count_operations([])
        if self.spent < MOST_OPERATIONS and (cost := self._count_operations(through)) < self.cost:
            self.cost, self.kept = cost, through

    def _count_operations(self, through: Collection[Node]) -> int:
        operations = _count_operations(_expand(self.f, self.wrt, self.order, through, True))
        self.spent += operations
        return operations


def candidates(f: Node, wrt: Sequence[Node]) -> list[Node]:
    """The nodes that dominate enough products and functions, those with the most first; none in a large graph.

    A node dominates what depends on the variables through it alone (K. D. Cooper, T. J. Harvey, K. Kennedy, A simple,
    fast dominance algorithm, Rice University, TR-06-33870 (2001)).
    """
    above: dict[Node, Node | None] = {}
    depth: dict[Node | None, int] = {None: 0}
    for node in topological(f):
        args = [arg for arg in node.args if arg in above]
        if args or node in wrt:
            above[node] = _common(args, above, depth)
            depth[node] = depth[above[node]] + 1
    counts = dict.fromkeys(above, 0)
    for node, parent in reversed(above.items()):
        if parent is not None:
            counts[parent] += counts[node] + (node.op not in SIGNED_SUM)
    least = {node: FEWEST if parent is None else MANY for node, parent in above.items() if node not in wrt}
    dominators = [node for node in least if counts[node] >= least[node]] if len(above) <= LARGEST else []
    return sorted(dominators, key=lambda node: -counts[node])


def _common(args: list[Node], above: Mapping[Node, Node | None], depth: Mapping[Node | None, int]) -> Node | None:
    """The nearest node that dominates all; None where only the variables together do."""
    common = args[0] if args else None
    for arg in args[1:]:
        other: Node | None = arg
        while common is not other:
            if depth[common] < depth[other]:
                common, other = other, common
            assert common is not None
            common = above[common]
    return common
