"""Graphs in further variables: a node that much else depends on becomes a coordinate, until it is substituted.

What depends on such bottlenecks alone has series in few variables. Where an operation would have more variables than
the formula has under it, the last coordinate is substituted in its arguments first; the chain rule is then paid once
for all that was done before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ..expr import ROWS, VAR, Node, make
from ..walk import rebuild, topological

_LINEAR = frozenset(ROWS[name] for name in ("add", "sub", "neg"))


class Substituted(NamedTuple):
    """A node with a coordinate replaced by the formula that it stands for."""

    node: Node
    coordinate: Node
    formula: Node


class Coordinates:
    """The graph below ``outputs`` rewritten: :attr:`roots` have variables of ``wrt`` only.

    Variables stand for the coordinates and, in :attr:`substituted`, for what a coordinate is substituted in;
    :attr:`meaning` says which node each is.
    """

    def __init__(self, outputs: Sequence[Node], wrt: Sequence[Node], bottlenecks: Collection[Node]) -> None:
        self.wrt = frozenset(wrt)
        self.coordinates: dict[Node, Node] = {}
        self.substituted: dict[Node, Substituted] = {}
        self.meaning: dict[Node, Node] = {}
        #: Of each rewritten node the variables it reads, and the variables of the formula under these.
        self.read: dict[Node, frozenset[Node]] = {node: frozenset([node]) for node in wrt}
        self.under: dict[Node, frozenset[Node]] = dict(self.read)
        self.rank: dict[Node, int] = {}
        done: dict[Node, Node] = {}
        for node in topological(*outputs):
            done[node] = self._rewritten(node, [done[arg] for arg in node.args])
            if node in bottlenecks:
                done[node] = self._coordinate(node, done[node])
        self.roots = [self._below(done[node], 0) for node in outputs]

    def _rewritten(self, node: Node, args: list[Node]) -> Node:
        if not node.args:
            self.read.setdefault(node, frozenset())
            return node
        if node.op not in _LINEAR:
            args = self._fitting(args)
        new = rebuild(node, tuple(args))
        self.read.setdefault(new, frozenset().union(*(self.read[arg] for arg in args)))
        self._known(new)
        return new

    def _known(self, node: Node) -> None:
        """Local identities may build nodes on the way."""
        for part in topological(node, read=lambda one: () if one in self.read else one.args):
            self.read.setdefault(part, frozenset().union(*(self.read[arg] for arg in part.args)))

    def _coordinate(self, node: Node, formula: Node) -> Node:
        new = self._variable(node)
        self.coordinates[new] = formula
        self.read[new] = frozenset([new])
        self.under[new] = frozenset().union(*(self.under[part] for part in self.read[formula]))
        self.rank[new] = len(self.rank)
        return new

    def _variable(self, meaning: Node) -> Node:
        new = make(VAR, (), (f"coordinate {len(self.meaning)}",), ())
        self.meaning[new] = meaning
        return new

    def _fitting(self, args: list[Node]) -> list[Node]:
        """The arguments with coordinates substituted until no fewer variables would be left."""
        read = frozenset().union(*(self.read[arg] for arg in args))
        for coordinate in self._superfluous(read):
            args = [self._without(arg, coordinate) for arg in args]
        return args

    def _superfluous(self, read: frozenset[Node]) -> list[Node]:
        """The coordinates to substitute, in order, for the fewest variables; as few coordinates as that takes."""
        path: list[Node] = []
        best, fewest = 0, len(read)
        while coordinates := read - self.wrt:
            path.append(min(coordinates, key=lambda one: self._after(read, one)))
            read = (read - {path[-1]}) | self.read[self.coordinates[path[-1]]]
            if len(read) < fewest:
                best, fewest = len(path), len(read)
        return path[:best]

    def _below(self, node: Node, most: int) -> Node:
        """The node without coordinates."""
        while coordinates := self.read[node] - self.wrt:
            node = self._without(node, min(coordinates, key=lambda one: self._after(self.read[node], one)))
        return node

    def _after(self, read: frozenset[Node], coordinate: Node) -> tuple[int, int]:
        """How many variables are left when the coordinate is substituted; among equals the last comes first."""
        return len((read - {coordinate}) | self.read[self.coordinates[coordinate]]), -self.rank[coordinate]

    def _without(self, node: Node, coordinate: Node) -> Node:
        if coordinate not in self.read[node]:
            return node
        formula = self.coordinates[coordinate]
        if node is coordinate:
            return formula
        known = Substituted(node, coordinate, formula)
        for new, other in self.substituted.items():
            if other == known:
                return new
        new = self._variable(node)
        self.substituted[new] = known
        self.read[new] = (self.read[node] - {coordinate}) | self.read[formula]
        return new
