"""A number in front of a sum moves inside where its terms times the number are computed anyway.

In a recurrence and its derivative, ``T = p*T1 - T2`` and ``D = 2*T + p*D1 - D2``, it makes ``2*T`` a recurrence of its
own, ``S = p*S1 - S2``, and nothing is left of ``T``.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..graph.leaves import CONST
from ..graph.node import Node
from ..graph.order import key
from ..graph.traversal import map_graph, rebuild, topological, use_counts
from ..ops.terms import MUL, SUM, parts_of


def scale(roots: Sequence[Node]) -> list[Node]:
    """The same scalars, with no more operations.

    >>> import symdiff as sd
    >>> scale([sd.parse("2*(p*x - 1)"), sd.parse("2*x")])
    [p*(2*x) - 2, 2*x]
    """
    return _Scaling(roots).run()


class _Scaling:
    """Visits the deepest products first: what one rewriting leaves unread frees the sums below it."""

    def __init__(self, roots: Sequence[Node]) -> None:
        self.roots = roots
        self.order = topological(*roots)
        self.uses = use_counts(roots, self.order)
        self.new: dict[Node, Node] = {}

    def run(self) -> list[Node]:
        scaled = [node for node in self.order if node.op is MUL and node.args[0].op is CONST]
        for node in sorted(scaled, key=lambda node: -key(node)[0]):
            if self.uses[node] and self.uses[node.args[1]] == 1:
                self._move(node, *node.args)
        return map_graph(
            self.roots, lambda node, args: args[0] if node in self.new else rebuild(node, args), read=self._read
        )

    def _read(self, node: Node) -> tuple[Node, ...]:
        return (self.new[node],) if node in self.new else node.args

    def _move(self, node: Node, number: Node, total: Node) -> None:
        """Replace the product by the sum of the scaled terms, where there is one."""
        result = None
        terms = parts_of(total, SUM, lambda node: self.uses[node] == 1)
        for sign, term in terms if len(terms) > 1 else ():
            part = self._scaled(number, term)
            if part is None:
                return
            result = (part if sign > 0 else -part) if result is None else result + part if sign > 0 else result - part
        if result is not None:
            self.new[node] = result
            self._change(result, 1)
            self._change(total, -1)

    def _scaled(self, number: Node, term: Node) -> Node | None:
        """The term times the number, for no further operation; nothing where that is not so."""
        whole = number * term
        if whole.op is CONST or self.uses.get(whole):
            return whole
        if term.op is MUL and self.uses[term] == 1:
            for factor, other in (term.args, term.args[::-1]):
                if self.uses.get(number * factor):
                    return other * (number * factor)
        return None

    def _change(self, root: Node, by: int) -> None:
        """Count a reader more or less; what nobody reads reads nothing."""
        stack = [root]
        while stack:
            node = stack.pop()
            before = self.uses.get(node, 0)
            self.uses[node] = before + by
            if not before or not self.uses[node]:
                stack += node.args
