"""The form to be run: scalars with the fewest operations for the whole list of them.

The list is brought to its normal form (:mod:`symdiff.simplifier.normal`), common pairs of terms and factors are shared
(:mod:`symdiff.simplifier.multisets`), constant factors and signs placed where they cost least
(:mod:`symdiff.simplifier.constant_placement`), and all is written as nodes again. No product is divided by what it is
not divided by in its normal form, so no new point is outside a domain.

A list that no person reads stays as it is where its own sharing is better than what is found. Lists with arrays, or of
more than 10,000 nodes, keep their readable form. Reading and sharing are repeated until a form comes again.
The shortest of those that come again is the result, or the first readable form where that is shorter still; so the
result is its own simplified form.
"""

from __future__ import annotations

from ..graph.order import key
from ..graph.traversal import gc_paused, topological
from .constant_placement import place_constants
from .multisets import FactorMultisets
from .normal import NormalForm
from .reading import COLLECT_LIST, few_scalars, fewer_operations, operations
from .stable import KEEP_DIGITS, MOST_NODES
from .strategy import Roots, accept, attempt, cycle, only_if, scalars, sequence, step
from .writer import Writer


def size(roots: Roots) -> tuple[int, list[object]]:
    """Operations first; then the structure, so that the choice does not depend on where the rounds began."""
    return operations(roots), [key(root) for root in roots]


def smaller(before: Roots, after: Roots) -> bool:
    return size(after) < size(before)


def fewer_operations_if_long(before: Roots, after: Roots) -> bool:
    long = not few_scalars(before) and not any(node.shape for node in topological(*before))
    return not long or fewer_operations(before, after)


def _share(roots: Roots) -> Roots:
    with gc_paused():
        multisets = FactorMultisets(NormalForm(roots))
        place_constants(multisets)
        return Writer(multisets).roots()


SHARE = step("common pairs of terms and factors", _share)
#: Sums and products collected, in forms that keep their digits.
KEPT = sequence("digits kept", COLLECT_LIST, attempt(sequence("collected again", KEEP_DIGITS, COLLECT_LIST)))
SHORTEST = accept(smaller, sequence("shortest", accept(smaller, SHARE), cycle(size, KEPT, SHARE)))
#: The level "code".
CODE = accept(fewer_operations_if_long, sequence("code", KEPT, attempt(only_if(scalars(MOST_NODES), SHORTEST))))
