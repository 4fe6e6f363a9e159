"""Coordinates in place of nodes, and their substitution where that leaves fewer variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..graph.leaves import VAR
from ..graph.node import Node, make
from ..graph.traversal import topological
from ..ops.terms import SIGNED_SUM
from .nesting import nests


class Substituted(NamedTuple):
    """A node in which a coordinate is replaced by the formula that it stands for.

    ``nested``: how its series is composed (:mod:`symdiff.taylor.nesting`).
    """

    node: Node
    coordinate: Node
    formula: Node
    nested: bool


class Substitution:
    """The variables that nodes read, and the coordinates among them.

    Variables stand for coordinates (:attr:`formulas`), for what one is substituted in (:attr:`substituted`) and for
    what has the series of another node but for the value (:attr:`alike`); :attr:`meaning` has the node of each.
    """

    def __init__(self, wrt: Sequence[Node], order: int) -> None:
        self.wrt, self.order = frozenset(wrt), order
        self.formulas: dict[Node, Node] = {}
        self.substituted: dict[Node, Substituted] = {}
        self.meaning: dict[Node, Node] = {}
        self.alike: dict[Node, Node] = {}
        self.read: dict[Node, frozenset[Node]] = {node: frozenset([node]) for node in wrt}
        #: The variables that terms of a sum read each, so that a product of others has no coefficient.
        self.together: dict[Node, frozenset[frozenset[Node]]] = {node: frozenset([self.read[node]]) for node in wrt}
        self._known: dict[tuple[Node, Node], Node] = {}
        self._rank: dict[Node, int] = {}
        self._linear: set[Node] = set()
        #: The variables that the formula of a coordinate depends on, through others too.
        self._below: dict[Node, frozenset[Node]] = {}

    def noted(self, new: Node) -> Node:
        """The node, with what it reads."""
        if new not in self.read:
            for part in topological(new, read=lambda one: () if one in self.read else one.args):
                self.read.setdefault(part, self.reads(part.args))
                self.together.setdefault(part, self._parts(part))
        return new

    def reads(self, nodes: Sequence[Node]) -> frozenset[Node]:
        """The variables that the nodes read."""
        return frozenset().union(*(self.read[node] for node in nodes))

    def _parts(self, node: Node) -> frozenset[frozenset[Node]]:
        if node.op in SIGNED_SUM:
            return frozenset().union(*(self.together[arg] for arg in node.args))
        return frozenset([self.read[node]])

    def coordinate(self, node: Node, formula: Node) -> Node:
        """A variable that stands for the node, which is computed by the formula."""
        (formula,) = self.fitting([formula])
        new = self._variable(node)
        inner = self.read[formula]
        self.formulas[new], self._rank[new] = formula, len(self._rank)
        self.read[new] = frozenset([new])
        self.together[new] = frozenset([self.read[new]])
        self._below[new] = inner.union(*(self._below.get(one, frozenset()) for one in inner))
        order = topological(formula)
        if all(part.op in SIGNED_SUM if part.args else part not in self.substituted for part in order):
            self._linear.add(new)
        return new

    def like(self, node: Node, other: Node) -> Node:
        """A variable that stands for the node, whose derivatives are those of the other."""
        new = self._variable(node)
        self.alike[new], self.read[new], self.together[new] = other, self.read[other], self.together[other]
        return new

    def simple(self, node: Node) -> bool:
        """Whether a series is expanded in the node."""
        return node in self.wrt or node in self.formulas

    def fitting(self, args: Sequence[Node], *, product: bool = False) -> list[Node]:
        """The arguments with as many coordinates substituted as it takes for the fewest variables.

        Functions of one other variable are substituted before anything reads several. ``product``: of the arguments;
        it has few coefficients in what depends on a linear coordinate, and these stay few while it is not substituted.
        """
        found = list(args)
        while (single := self._single(self.reads(found))) is not None:
            found = [self.without(arg, single) for arg in found]
        for coordinate in self._superfluous(self.reads(found), product):
            found = [self.without(arg, coordinate) for arg in found]
        return found

    def _single(self, read: frozenset[Node]) -> Node | None:
        if len(read) < 2:
            return None
        found = [one for one in read - self.wrt if len(self.read[self.formulas[one]]) == 1]
        return max(found, key=lambda one: self._rank[one]) if found else None

    def _superfluous(self, read: frozenset[Node], product: bool) -> list[Node]:
        """The coordinates to substitute, in order, until no further ones would leave fewer variables."""
        path: list[Node] = []
        length, fewest = 0, len(read)
        while read - self.wrt:
            path.append(self.best(read))
            read = self._after(read, path[-1])
            if len(read) < fewest:
                length, fewest = len(path), len(read)
        return [] if product and self._linear.issuperset(path[:length]) else path[:length]

    def best(self, read: frozenset[Node]) -> Node:
        """The coordinate to substitute next.

        It is one that no other depends on, not linear if possible, without which the fewest variables are left; among
        equals the last, or the first linear one.
        """
        coordinates = read - self.wrt
        free = coordinates.difference(*(self._below[one] for one in coordinates))

        def order(one: Node) -> tuple[bool, int, int]:
            linear = one in self._linear
            return linear, len(self._after(read, one)), self._rank[one] if linear else -self._rank[one]

        return min(free, key=order)

    def _after(self, read: frozenset[Node], coordinate: Node) -> frozenset[Node]:
        return (read - {coordinate}) | self.read[self.formulas[coordinate]]

    def without(self, node: Node, coordinate: Node) -> Node:
        """The node, or a variable that stands for it, with the coordinate substituted."""
        if coordinate not in self.read[node]:
            return node
        formula = self.formulas[coordinate]
        if node is coordinate:
            return formula
        if (node, coordinate) not in self._known:
            new = self._known[node, coordinate] = self._variable(node)
            inner = self.read[formula]
            found = [(one - {coordinate}) | inner if coordinate in one else one for one in self.together[node]]
            outer = frozenset().union(*(one - {coordinate} for one in self.together[node] if coordinate in one))
            nested = nests(len(outer - inner), len(outer & inner), len(inner - outer), self.order)
            self.substituted[new] = Substituted(node, coordinate, formula, nested)
            self.read[new] = self._after(self.read[node], coordinate)
            self.together[new] = frozenset(found)
        return self._known[node, coordinate]

    def _variable(self, meaning: Node) -> Node:
        new = make(VAR, (), (f"coordinate {len(self.meaning)} of a Taylor series",), ())
        self.meaning[new] = meaning
        return new
