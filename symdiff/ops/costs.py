"""What an operation costs, in additions of numbers: the measure by which forms of a formula are compared.

Rounded from the latencies of current processors for doubles; a call of the mathematical library counts as ten. What an
operation declares as its ``weight`` counts; else one that is elementwise is a call, a view is free, others count one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..graph.leaves import CONST
from ..graph.node import OPS, Node, Number
from ..graph.shapes import Shape
from ..graph.traversal import topological

_CALL = 10.0
#: Multiplications that a power takes instead of a call.
_POWERS: dict[Number, float] = {2: 1.0, 3: 2.0, 4: 2.0}


def weight(node: Node) -> float:
    """What one operation costs; a small whole power counts as its multiplications."""
    op = node.op
    if not node.args or op.view:
        return 0.0
    if op.weight is not None:
        return op.weight
    if op is OPS["pow"] and node.args[1].op is CONST and (power := node.args[1].value) in _POWERS:
        return _POWERS[power]
    return _CALL if op.elementwise and not op.predicate else 1.0


def weighed(roots: Iterable[Node]) -> float:
    """What all distinct operations cost together.

    >>> import symdiff as sd
    >>> weighed([sd.parse("exp(x)*exp(y)")]), weighed([sd.parse("exp(x + y)")])
    (21.0, 11.0)
    """
    return sum(weight(node) for node in topological(*roots))


def factorisation_flops(node: Node, count: Callable[[Shape], int]) -> int:
    """n**3 for each n by n matrix of the first argument."""
    shape = node.args[0].shape
    return count(shape[-1:]) * count(shape)
