"""The level "search": other forms of small formulas by a beam search, the cheapest one that verifies.

The search begins with the readable form. A step replaces one node by another form of it, which is an identity
(:mod:`symdiff.search.identities`) or comes from the normal form of its arithmetic (:mod:`symdiff.search.rational`), or
many nodes where each replacement saves something; it may cost more, and the forms that cost least are simplified, to be
read and to be run, and carried on. Forms are weighed by
:mod:`symdiff.ops.costs`, all outputs together, and a result has been compared with its input at points of the domain,
with 50 digits and more (:mod:`symdiff.numerics.equivalence`); where none verifies, it is the readable form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..graph.node import Node
from ..graph.order import key
from ..graph.traversal import topological, use_counts, variables
from ..numerics.equivalence import EquivalenceOracle
from ..ops.costs import weighed
from ..ops.terms import PRODUCT, SIGNED_SUM
from ..rules import trace
from ..rules.assumptions import Facts, assume, current, implied
from ..rules.rule import read_rules
from ..rules.trace import Rewrite
from ..simplifier.reading import FULL
from ..simplifier.rewrite import replace_nodes, rewrites_of
from ..simplifier.sharing import CODE
from ..simplifier.strategy import Budget, Roots, Strategy, scalars
from .identities import TABLE
from .rational import forms

#: Larger lists keep their readable form; nor are arrays searched.
MOST_NODES = 300
#: Forms that are carried on, and steps away from the best form.
WIDTH, DEPTH = 6, 3
#: Forms that are simplified in one step, and the nodes of all of them.
MOST_FORMS, MOST_FINISHED = 12, 800
#: Nodes of all forms that are tried of one form; of one node, forms that are tried and what they may cost more.
MOST_WORK, MOST_MOVES, MOST_LOST = 10_000, 8, 6.0
#: Forms that are compared with the input in one round.
MOST_JUDGED = 4


def is_small(roots: Roots) -> bool:
    """Whether the formulas are scalars, with variables, and few enough for many forms of them to be tried."""
    return scalars(MOST_NODES)(roots) and bool(variables(roots))


def _search(roots: Roots, budget: Budget) -> Roots:
    """The cheapest form that is found and verified; rounds are repeated until none is cheaper."""
    best, rewrites = FULL.derive(roots, budget)
    oracle = EquivalenceOracle(roots) if is_small(best) else None
    if oracle is not None and oracle.known and weighed(roots) < weighed(best):
        best, rewrites = roots, []
    trace.resume(rewrites)
    if oracle is None or not oracle.known:
        return best
    with assume(*implied(roots)):
        search = _Search(oracle)
        while (cheaper := search.cheaper(best)) is not None:
            trace.resume(search.rewrites.get(tuple(cheaper), []))
            best = cheaper
    readable, rewrites = FULL.derive(best, budget)
    if weighed(readable) > weighed(best):
        return best
    trace.resume(rewrites)
    return readable


class Move(NamedTuple):
    """A rewrite, and what the operations of its result cost more than those of what it replaces, by themselves."""

    cost: float
    rewrite: Rewrite


class _Search:
    """What each node may be replaced by, and how each form was derived from the one where a round started."""

    def __init__(self, oracle: EquivalenceOracle) -> None:
        self.oracle = oracle
        self.moves: dict[Node, list[Move]] = {}
        self.rewrites: dict[tuple[Node, ...], list[Rewrite]] = {}

    def cheaper(self, start: Roots) -> Roots | None:
        """A form that costs less than the start and has its values, the cheapest of those found first."""
        self.rewrites = {tuple(start): []}
        beam, known, least = [start], {tuple(start)}, weighed(start)
        for _ in range(DEPTH):
            new = [form for form in self._next(beam, known) if weighed(form) <= least + MOST_LOST]
            cheap = [form for form in new if weighed(form) < least][:MOST_JUDGED]
            if (right := next(filter(self.oracle.agrees, cheap), None)) is not None:
                return right
            beam = [form for form in new if form not in cheap][:WIDTH]
            if not beam:
                break
        return None

    def _next(self, beam: list[Roots], known: set[tuple[Node, ...]]) -> list[Roots]:
        """Forms one replacement away that were not there before, the cheapest first; and many replacements away."""
        tried: dict[tuple[Node, ...], float] = {}
        for form in beam:
            for rewrite in self._options(form):
                trial = self._replace(form, rewrite)
                tried.setdefault(tuple(trial), weighed(trial))
        most = max(2, min(MOST_FORMS, MOST_FINISHED // len(topological(*beam[0]))))
        tried_first = [self._sweep(beam[0]), *map(list, sorted(tried, key=lambda form: tried[form])[:most])]
        simplified = [self._simplify(FULL, form) for form in tried_first]
        simplified += [self._simplify(CODE, form) for form in [beam[0], *tried_first]]
        distinct = dict.fromkeys(map(tuple, simplified))
        fresh = [list(form) for form in distinct if form not in known]
        known.update(distinct)
        return sorted(fresh, key=_cost)

    def _sweep(self, form: Roots) -> Roots:
        """The form with every replacement that saves something, the one that saves most by itself first."""
        least = weighed(form)
        for rewrite in self._options(form):
            trial = self._replace(form, rewrite)
            if (cost := weighed(trial)) < least:
                form, least = trial, cost
        return form

    def _replace(self, form: Roots, rewrite: Rewrite) -> Roots:
        new = replace_nodes(form, {rewrite.before: rewrite.after})
        return self._record(form, new, [rewrite])

    def _simplify(self, strategy: Strategy, form: Roots) -> Roots:
        return self._record(form, *strategy.derive(form))

    def _record(self, form: Roots, new: Roots, rewrites: list[Rewrite]) -> Roots:
        if trace.traced():
            self.rewrites.setdefault(tuple(new), [*self.rewrites[tuple(form)], *rewrites])
        return new

    def _options(self, form: Roots) -> list[Rewrite]:
        """What nodes may be replaced by, those first that save most by themselves."""
        order = topological(*form)
        inside = _inner_parts(order, form)
        nodes = [node for node in order if node.args and node not in inside]
        moves = [move for node in nodes for move in self._moves(node)]
        moves.sort(key=lambda move: move.cost)
        return [move.rewrite for move in moves[: MOST_WORK // len(order)]]

    def _moves(self, node: Node) -> list[Move]:
        if node not in self.moves:
            self.moves[node] = _moves(node)
        return self.moves[node]


def _inner_parts(order: Sequence[Node], roots: Roots) -> set[Node]:
    """Parts of longer sums and products that nothing else reads: what is done to them is done to the whole."""
    counts = use_counts(roots, order)
    return {
        arg
        for node in order
        for family in (SIGNED_SUM, PRODUCT)
        if node.op in family
        for arg in node.args
        if arg.op in family and counts[arg] == 1
    }


def _moves(node: Node) -> list[Move]:
    """What a node may be replaced by, what costs the least first."""
    weight = weighed([node])
    moves: dict[Node, Move] = {}
    with trace.tracing(None):
        for rewrite in _rewrites(node):
            if rewrite.after is not node:
                moves[rewrite.after] = Move(weighed([rewrite.after]) - weight, rewrite)
    return sorted((move for move in moves.values() if move.cost <= MOST_LOST), key=lambda move: move.cost)[:MOST_MOVES]


def _rewrites(node: Node) -> Iterator[Rewrite]:
    for form in forms(node):
        yield Rewrite("arithmetic of polynomials", node, form)
    yield from rewrites_of(node, read_rules(TABLE), current() or Facts())


def _cost(roots: Roots) -> tuple[float, list[object]]:
    """What the operations cost; then the structure, so that the choice is the same in every process."""
    return weighed(roots), [key(root) for root in roots]


SEARCH = Strategy(
    f"identities and arithmetic of polynomials: {WIDTH} forms wide, {DEPTH} rewrites deep, the cheapest that verifies",
    _search,
    (FULL, CODE),
)
