"""The form to be run: scalars with the fewest operations for the whole list of them.

The list is brought to its normal form (:mod:`symdiff.simplifier.normal`), common pairs of terms and factors are shared
(:mod:`symdiff.simplifier.pool`), numbers and signs moved to where they cost least (:mod:`symdiff.simplifier.scales`),
and all is written as nodes again. No product is divided by what it is not divided by in its normal form, so no new
point is outside a domain.

A list that no person reads stays as it is where its own sharing is better than what is found. Lists with arrays, or of
more than :data:`MOST_NODES` nodes, keep their readable form. Reading and sharing are repeated until a form comes again.
The shortest of those that come again is the result, or the first readable form where that is shorter still; so the
result is its own simplified form.
"""

from __future__ import annotations

from ..graph.order import key
from ..graph.traversal import gc_paused, topological
from .normal import Normal
from .passes import to_fixpoint
from .pool import Pool
from .reading import few_scalars, fewer_operations, operations
from .scales import settle
from .stable import KEEP_DIGITS
from .strategy import Budget, Roots, Strategy, accept, attempt, cycle, only_if, sequence, step
from .written import Writer

#: Lists with more nodes stay in their readable form: sharing is linear, but takes milliseconds for each node.
MOST_NODES = 10_000


def scalars(roots: Roots) -> bool:
    order = topological(*roots)
    return len(order) <= MOST_NODES and not any(node.shape for node in order)


def size(roots: Roots) -> tuple[int, list[object]]:
    """Operations first; then the structure, so that the choice does not depend on where the rounds began."""
    return operations(roots), [key(root) for root in roots]


def smaller(before: Roots, after: Roots) -> bool:
    return size(after) < size(before)


def fewer_operations_if_long(before: Roots, after: Roots) -> bool:
    long = not few_scalars(before) and not any(node.shape for node in topological(*before))
    return not long or fewer_operations(before, after)


def _collected(roots: Roots, budget: Budget) -> Roots:
    return to_fixpoint(roots, budget.sizes)


def _shared(roots: Roots) -> Roots:
    with gc_paused():
        pool = Pool(Normal(roots))
        settle(pool)
        return Writer(pool).roots()


COLLECT = Strategy("collect", _collected)
SHARE = step("common pairs of terms and factors", _shared)
#: Sums and products collected, in forms that keep their digits.
KEPT = sequence("digits kept", COLLECT, attempt(sequence("collected again", KEEP_DIGITS, COLLECT)))
SHORTEST = accept(smaller, sequence("shortest", accept(smaller, SHARE), cycle(size, KEPT, SHARE)))
#: The level "code".
CODE = accept(fewer_operations_if_long, sequence("code", KEPT, attempt(only_if(scalars, SHORTEST))))
