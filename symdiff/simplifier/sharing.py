"""The form to be run: scalars with the fewest operations for the whole list of them.

The list is brought to its normal form (:mod:`symdiff.simplifier.normal`), common pairs of terms and factors are shared
(:mod:`symdiff.simplifier.pool`), numbers and signs moved to where they cost least (:mod:`symdiff.simplifier.scales`),
and all is written as nodes again. No product is divided by what it is not divided by in its normal form, so no new
point is outside a domain.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..graph.node import Node
from ..graph.order import key
from ..graph.traversal import gc_paused, topological
from .normal import Normal
from .passes import to_fixpoint
from .pool import Pool
from .reading import MOST_READ, operations
from .scales import settle
from .stable import runnable
from .written import Writer

#: Forms of forms that are tried; most lists have one.
MOST_ROUNDS = 8
#: Lists with more nodes stay in their readable form: sharing is linear, but takes milliseconds for each node.
MOST_NODES = 10_000


def shared(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    """The same scalars in fewer operations, if some are found, in forms that keep their digits.

    A list that no person reads stays as it is where its own sharing is better than what is found. Lists with arrays, or
    of more than :data:`MOST_NODES` nodes, keep their readable form. Reading and sharing are repeated until a form comes
    again. The shortest of those that come again is the result, or the first readable form where that is shorter still;
    so the result is its own simplified form.
    """
    found = _shortest(roots, sizes)
    order = topological(*roots)
    long = len(order) > MOST_READ and not any(node.shape for node in order)
    return roots if long and operations(roots) <= operations(found) else found


def _shortest(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    readable = _kept(roots, sizes)
    order = topological(*readable)
    if len(order) > MOST_NODES or any(node.shape for node in order):
        return readable
    rounds: list[tuple[list[Node], list[Node]]] = []
    form = readable
    while len(rounds) < MOST_ROUNDS:
        short = _once(form)
        if not rounds and _size(short) >= _size(readable):
            return readable
        again = next((place for place, (other, _) in enumerate(rounds) if other == short), None)
        if again is not None:
            rounds = rounds[again:]
            break
        form = _kept(short, sizes)
        rounds.append((short, form))
    shorts, forms = zip(*rounds, strict=True)
    return min([*shorts, *forms, readable], key=_size)


def _kept(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    """Sums and products collected, in forms that keep their digits."""
    form = to_fixpoint(roots, sizes)
    found = runnable(form)
    return form if found == form else to_fixpoint(found, sizes)


def _size(roots: list[Node]) -> tuple[int, list[object]]:
    """Operations first; then the structure, so that the choice does not depend on where the rounds began."""
    return operations(roots), [key(root) for root in roots]


def _once(roots: list[Node]) -> list[Node]:
    with gc_paused():
        pool = Pool(Normal(roots))
        settle(pool)
        return Writer(pool).roots()
