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
ReadOnce = Callable[[Node], bool]


def write_line(root: Node) -> Node:
    """The scalar formula as a reader would write it."""
    for change in (_apply_line_rules, _merge_root, _move_sign):
        root = _map_nodes(root, change)
    return root


def _map_nodes(root: Node, change: Callable[[Node, ReadOnce], Node]) -> Node:
    """The graph with every node changed, arguments first."""
    uses = use_counts([root], topological(root))
    shared: set[Node] = set()

    def changed(node: Node, args: tuple[Node, ...]) -> Node:
        new = change(rebuild(node, args), lambda part: part not in shared)
        if uses[node] > 1:
            shared.add(new)
        return new

    return map_graph([root], changed)[0]


def _apply_line_rules(node: Node, read_once: ReadOnce) -> Node:
    """What a rule of the table makes of the node."""
    for rule in read_rules(TABLE).get(node.op.name, ()):
        for result in rule.results(node, None):
            return note(rule, node, result)
    return node


def _merge_root(node: Node, read_once: ReadOnce) -> Node:
    """``m*s**n*sqrt(s)`` as ``m*s**(n + 1/2)``, where nothing else reads the root."""
    if node.op is not MUL or node.args[1].op is not SQRT or not read_once(node.args[1]):
        return node
    left, (base,) = node.args[0], node.args[1].args
    start, last = left.args if left.op is MUL and read_once(left) else (None, left)
    exponent = _exponent(last, base) if last is base or read_once(last) else None
    if exponent is None:
        return node
    power = base ** const(exponent + _HALF)
    return note("x**n*sqrt(x) => x**(n + 1/2)", node, power if start is None else start * power)


def _exponent(power: Node, base: Node) -> int | None:
    """The exponent of a whole power of the base."""
    if power is base:
        return 1
    whole = power.op is POW and power.args[0] is base and power.args[1].op is CONST
    return power.args[1].value if whole and type(power.args[1].value) is int else None


def _move_sign(node: Node, read_once: ReadOnce) -> Node:
    """The sign of a product in the constant or the difference at its left end."""
    if node.op is not NEG:
        return node
    spine = [node.args[0]]
    while spine[-1].op in (MUL, DIV) and read_once(spine[-1]):
        spine.append(spine[-1].args[0])
    first = spine.pop()
    if not spine or first.op not in (CONST, SUB):
        return node
    new = -first
    for user in reversed(spine):
        new = user.op(new, user.args[1])
    return note("-(x*y) => (-x)*y", node, new)
