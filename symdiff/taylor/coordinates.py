"""A graph in further variables: nodes that much else depends on become coordinates until they are substituted.

What depends on such a node alone, or on few of them, has series in few variables. Where an operation would read more
variables than are needed, coordinates are substituted in its arguments first, and all others at the end: the chain
rule is then paid once for everything before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ..expr import ROWS, VAR, Node, make
from ..walk import rebuild, topological

#: Operations whose series costs no products.
LINEAR = frozenset(ROWS[name] for name in ("add", "sub", "neg"))


class Substituted(NamedTuple):
    """A node in which a coordinate is replaced by the formula that it stands for."""

    node: Node
    coordinate: Node
    formula: Node


class Coordinates:
    """The graph of ``f`` with the nodes ``through`` as coordinates, substituted where that leaves fewer variables.

    :attr:`root` stands for ``f``; its series has no coordinates left. Variables stand for coordinates
    (:attr:`formulas`) and for what one is substituted in (:attr:`substituted`); :attr:`meaning` has the node of each.
    """

    def __init__(self, f: Node, wrt: Sequence[Node], through: Collection[Node]) -> None:
        self.wrt = frozenset(wrt)
        self.formulas: dict[Node, Node] = {}
        self.substituted: dict[Node, Substituted] = {}
        self.meaning: dict[Node, Node] = {}
        self._known: dict[Substituted, Node] = {}
        self._read: dict[Node, frozenset[Node]] = {node: frozenset([node]) for node in wrt}
        self._rank: dict[Node, int] = {}
        done: dict[Node, Node] = {}
        for node in topological(f):
            done[node] = self._rewritten(node, [done[arg] for arg in node.args])
            if node in through and self._read[done[node]]:
                done[node] = self._coordinate(node, done[node])
        self.root = done[f]
        while coordinates := self._read[self.root] - self.wrt:
            self.root = self._without(self.root, self._best(self._read[self.root], coordinates))

    def _rewritten(self, node: Node, args: list[Node]) -> Node:
        if not node.args:
            self._read.setdefault(node, frozenset())
            return node
        new = rebuild(node, tuple(args if node.op in LINEAR else self._fitting(args)))
        for part in topological(new, read=lambda one: () if one in self._read else one.args):
            self._read.setdefault(part, self._all(part.args))
        return new

    def _all(self, nodes: Sequence[Node]) -> frozenset[Node]:
        """The variables that the nodes read."""
        return frozenset().union(*(self._read[node] for node in nodes))

    def _coordinate(self, node: Node, formula: Node) -> Node:
        new = self._variable(node)
        self.formulas[new], self._rank[new] = formula, len(self._rank)
        self._read[new] = frozenset([new])
        return new

    def _variable(self, meaning: Node) -> Node:
        new = make(VAR, (), (f"coordinate {len(self.meaning)} of a Taylor series",), ())
        self.meaning[new] = meaning
        return new

    # -- substitution ----------------------------------------------------------------------------------------------

    def _fitting(self, args: list[Node]) -> list[Node]:
        """The arguments with as many coordinates substituted as it takes for the fewest variables."""
        for coordinate in self._superfluous(self._all(args)):
            args = [self._without(arg, coordinate) for arg in args]
        return args

    def _superfluous(self, read: frozenset[Node]) -> list[Node]:
        """The coordinates to substitute, in order, until no further ones would leave fewer variables."""
        path: list[Node] = []
        length, fewest = 0, len(read)
        while coordinates := read - self.wrt:
            path.append(self._best(read, coordinates))
            read = self._after(read, path[-1])
            if len(read) < fewest:
                length, fewest = len(path), len(read)
        return path[:length]

    def _best(self, read: frozenset[Node], coordinates: frozenset[Node]) -> Node:
        """The coordinate without which the fewest variables are left; among equals the last."""
        return min(coordinates, key=lambda one: (len(self._after(read, one)), -self._rank[one]))

    def _after(self, read: frozenset[Node], coordinate: Node) -> frozenset[Node]:
        return (read - {coordinate}) | self._read[self.formulas[coordinate]]

    def _without(self, node: Node, coordinate: Node) -> Node:
        """The node, or a variable that stands for it, with the coordinate substituted."""
        if coordinate not in self._read[node]:
            return node
        step = Substituted(node, coordinate, self.formulas[coordinate])
        if node is coordinate:
            return step.formula
        if step not in self._known:
            new = self._known[step] = self._variable(node)
            self.substituted[new] = step
            self._read[new] = self._after(self._read[node], coordinate)
        return self._known[step]
