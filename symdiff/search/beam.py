"""The levels "search" and "sympy": other forms of small formulas, the cheapest one that verifies.

"search" is a beam search from the readable form. A step replaces one node by another form of it, which is an identity
(:mod:`symdiff.search.identities`) or comes from the normal form of its arithmetic (:mod:`symdiff.search.rational`), or
many nodes where each replacement saves something; it may cost more, and the forms that cost least are simplified, to be
read and to be run, and carried on. "sympy" is what ``sympy.simplify`` makes of each formula. Forms are weighed by
:mod:`symdiff.ops.costs`, all outputs together, and a result has been compared with its input at points of the domain,
with 50 digits and more (:mod:`symdiff.numerics.equivalence`); where none verifies, it is the readable form.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ..graph.errors import SymdiffError
from ..graph.node import Node
from ..graph.order import key
from ..graph.traversal import topological, use_counts, variables
from ..numerics.equivalence import EquivalenceOracle
from ..ops.costs import weighed
from ..ops.terms import PRODUCT, SIGNED_SUM
from ..rules.assumptions import Facts, assume, current, implied
from ..simplifier.reading import readable
from ..simplifier.rewrite import Roots, replaced, rewritten
from ..simplifier.sharing import shared
from ..text.sympy_bridge import from_sympy, to_sympy
from .identities import rules
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


def searched(roots: Roots) -> Roots:
    """The cheapest form that is found and verified; rounds are repeated until none is cheaper."""
    best = _readable(roots)
    if not _small(best):
        return best
    witness = EquivalenceOracle(roots)
    if not witness.known:
        return best
    best = min((best, roots), key=weighed)
    with assume(*implied(roots)):
        search = _Search(witness)
        while (found := search.cheaper(best)) is not None:
            best = found
    return min((_readable(best), best), key=weighed)


def _readable(roots: Roots) -> Roots:
    return readable(roots, {})


def _small(roots: Roots) -> bool:
    order = topological(*roots)
    return len(order) <= MOST_NODES and not any(node.shape for node in order) and bool(variables(roots))


class _Search:
    """What each node may be replaced by, and what that saves by itself."""

    def __init__(self, witness: EquivalenceOracle) -> None:
        self.witness = witness
        self.moves: dict[Node, list[tuple[float, Node]]] = {}

    def cheaper(self, start: Roots) -> Roots | None:
        """A form that costs less than the start and has its values, the cheapest of those found first."""
        beam, known, least = [start], {tuple(start)}, weighed(start)
        for _ in range(DEPTH):
            new = [form for form in self._next(beam, known) if weighed(form) <= least + MOST_LOST]
            found = [form for form in new if weighed(form) < least][:MOST_JUDGED]
            if (right := next(filter(self.witness.agrees, found), None)) is not None:
                return right
            beam = [form for form in new if form not in found][:WIDTH]
            if not beam:
                break
        return None

    def _next(self, beam: list[Roots], known: set[tuple[Node, ...]]) -> list[Roots]:
        """Forms one replacement away that were not there before, the cheapest first; and many replacements away."""
        tried: dict[tuple[Node, ...], float] = {}
        for form in beam:
            for node, new in self._options(form):
                trial = replaced(form, {node: new})
                tried.setdefault(tuple(trial), weighed(trial))
        most = max(2, min(MOST_FORMS, MOST_FINISHED // len(topological(*beam[0]))))
        ahead = [self._swept(beam[0]), *map(list, sorted(tried, key=lambda form: tried[form])[:most])]
        finished = [_readable(form) for form in ahead]
        finished += [shared(form, {}) for form in [beam[0], *ahead]]
        found = dict.fromkeys(map(tuple, finished))
        fresh = [list(form) for form in found if form not in known]
        known.update(found)
        return sorted(fresh, key=_cost)

    def _swept(self, form: Roots) -> Roots:
        """The form with every replacement that saves something, the one that saves most by itself first."""
        least = weighed(form)
        for node, new in self._options(form):
            trial = replaced(form, {node: new})
            if (cost := weighed(trial)) < least:
                form, least = trial, cost
        return form

    def _options(self, form: Roots) -> list[tuple[Node, Node]]:
        """Nodes and what each may be replaced by, those first that save most by themselves."""
        order = topological(*form)
        inside = _inside(order, form)
        places = [place for place, node in enumerate(order) if node.args and node not in inside]
        found = [(gain, place, new) for place in places for gain, new in self._of(order[place])]
        found.sort(key=lambda option: option[:2])
        return [(order[place], new) for _, place, new in found[: MOST_WORK // len(order)]]

    def _of(self, node: Node) -> list[tuple[float, Node]]:
        if node not in self.moves:
            self.moves[node] = _moves(node)
        return self.moves[node]


def _inside(order: Sequence[Node], roots: Roots) -> set[Node]:
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


def _moves(node: Node) -> list[tuple[float, Node]]:
    """What a node may be replaced by, and what the operations cost more by themselves, the least first."""
    weight, facts = weighed([node]), current() or Facts()
    made = (*forms(node), *rewritten(node, rules(), facts))
    found = {new: weighed([new]) - weight for new in made if new is not node}
    near = sorted((new for new in found if found[new] <= MOST_LOST), key=lambda new: found[new])
    return [(found[new], new) for new in near[:MOST_MOVES]]


def _cost(roots: Roots) -> tuple[float, list[object]]:
    """What the operations cost; then the structure, so that the choice is the same in every process."""
    return weighed(roots), [key(root) for root in roots]


# -- SymPy ---------------------------------------------------------------------------------------------------------


def by_sympy(roots: Roots) -> Roots:
    """The readable form with what SymPy's simplify makes of a formula where that costs less, all formulas together.

    Warns where a value of SymPy's form is another one; that form is not taken.
    """
    best = _readable(roots)
    if not _small(best):
        return best
    witness = EquivalenceOracle(roots)
    for place, root in enumerate(best):
        new = [*best[:place], _handed_over(root), *best[place + 1 :]]
        found = min((new, _readable(new)), key=weighed)
        if weighed(found) >= weighed(best):
            continue
        if witness.agrees(found):
            best = found
        else:
            text = "SymPy's form has other values at points of the domain; the readable form is kept"
            warnings.warn(text, stacklevel=2)
    return best


def _handed_over(root: Node) -> Node:
    """The form that SymPy finds the cheapest by what operations cost here; the root itself where it finds none."""
    import sympy

    try:
        found: Node = from_sympy(sympy.simplify(to_sympy(root), measure=_measured))
    except (SymdiffError, ArithmeticError, TypeError, ValueError, NotImplementedError):
        return root
    return found


def _measured(form: Any) -> float:
    """What a SymPy expression costs as a formula here; infinitely much where it has no form."""
    try:
        return weighed([from_sympy(form)])
    except (SymdiffError, ArithmeticError, TypeError, ValueError):
        return math.inf
