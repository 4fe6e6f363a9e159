"""How a line that stands alone is written: signs where they cost nothing, and one power for a power times a root.

``-(4*x/y)`` is ``-4*x/y``, ``-((a - b)/c)`` is ``(b - a)/c``, and ``s*sqrt(s)`` is ``s**(3/2)``. Lines of a list keep
the canonical form, so that they share these parts.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from ..graph.leaves import CONST, const
from ..graph.node import Node
from ..graph.traversal import map_graph, rebuild, topological, use_counts
from ..ops.terms import DIV, MUL, NEG, POW, SQRT, SUB
from ..rules.rule import read_rules
from ..rules.trace import note

_HALF = Fraction(1, 2)

#: Rules as in :mod:`symdiff.rules.table`, where nothing else reads what they replace.
TABLE = """
expm1(x) + 1 => exp(x)  exact  # one operation
"""

#: Whether a node is read in one place only.
Alone = Callable[[Node], bool]


def written(root: Node) -> Node:
    """The scalar formula as a reader would write it."""
    root = _mapped(root, _ruled)
    root = _mapped(root, lambda node, alone: note("x**n*sqrt(x) => x**(n + 1/2)", node, _raised(node, alone)))
    return _mapped(root, lambda node, alone: note("-(x*y) => (-x)*y", node, _turned(node, alone)))


def _mapped(root: Node, change: Callable[[Node, Alone], Node]) -> Node:
    """The graph with every node changed, arguments first."""
    uses = use_counts([root], topological(root))
    several: set[Node] = set()

    def changed(node: Node, args: tuple[Node, ...]) -> Node:
        new = change(rebuild(node, args), lambda part: part not in several)
        if uses[node] > 1:
            several.add(new)
        return new

    return map_graph([root], changed)[0]


def _ruled(node: Node, alone: Alone) -> Node:
    for rule in read_rules(TABLE).get(node.op.name, ()):
        for result in rule.results(node, None):
            return note(rule, node, result)
    return node


def _raised(node: Node, alone: Alone) -> Node:
    """``m*s**n*sqrt(s)`` as ``m*s**(n + 1/2)``, where nothing else reads the root."""
    if node.op is not MUL or node.args[1].op is not SQRT or not alone(node.args[1]):
        return node
    left, (base,) = node.args[0], node.args[1].args
    start, last = left.args if left.op is MUL and alone(left) else (None, left)
    power = _exponent(last, base) if last is base or alone(last) else None
    if power is None:
        return node
    raised = base ** const(power + _HALF)
    return raised if start is None else start * raised


def _exponent(power: Node, base: Node) -> int | None:
    """The exponent of a whole power of the base."""
    if power is base:
        return 1
    whole = power.op is POW and power.args[0] is base and power.args[1].op is CONST
    return power.args[1].value if whole and type(power.args[1].value) is int else None


def _turned(node: Node, alone: Alone) -> Node:
    """The sign of a product in the number or the difference at its left end."""
    if node.op is not NEG:
        return node
    spine = [node.args[0]]
    while spine[-1].op in (MUL, DIV) and alone(spine[-1]):
        spine.append(spine[-1].args[0])
    first = spine.pop()
    if not spine or first.op not in (CONST, SUB):
        return node
    new = -first
    for user in reversed(spine):
        new = user.op(new, user.args[1])
    return new
