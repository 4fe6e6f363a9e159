"""What an operation costs, in additions of numbers: the measure by which forms of a formula are compared.

Rounded from the latencies of current processors for doubles; a call of the mathematical library counts as ten.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..graph.node import CONST, OPS, Node, Number
from ..graph.traversal import topological

_CALL = 10.0
#: Additions that count as much, by operation; others that are elementwise are calls, views are free, others count 1.
#: A softmax is its exponential, sum and quotient in one operation, so a little less than these.
WEIGHTS = {
    0.0: "broadcast stop_gradient",
    0.5: "neg",
    1.0: "add sub mul where minimum maximum abs sign floor ceil relu leaky_relu logical_and logical_or logical_not",
    4.0: "div mod sqrt",
    5.0: "difference_of_products",
    13.0: "xlogy",  # a product, a logarithm, a selection and its condition
    14.0: "softmax logsumexp",
}

for _weight, _names in WEIGHTS.items():
    for _name in _names.split():
        OPS[_name].weight = _weight

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
