"""Intermediate variables in place of nodes, and their substitution where that leaves fewer variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..graph.leaves import VAR
from ..graph.node import Node, make
from ..graph.traversal import topological
from ..ops.terms import SIGNED_SUM
from .nesting import nests


class Substituted(NamedTuple):
    """A node in which an intermediate variable is replaced by the formula that it stands for.

    ``nested``: how its series is composed (:mod:`symdiff.taylor.nesting`).
    """

    node: Node
    intermediate: Node
    formula: Node
    nested: bool


class Substitution:
    """The variables that nodes read, and the intermediate ones among them.

    Variables stand for intermediates (:attr:`formulas`), for what one is substituted in (:attr:`substituted`) and for
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
        #: The variables that the formula of an intermediate variable depends on, through others too.
        self._below: dict[Node, frozenset[Node]] = {}

    def register(self, new: Node) -> Node:
        """The node, with what it reads."""
        if new not in self.read:
            for part in topological(new, read=lambda one: () if one in self.read else one.args):
                self.read.setdefault(part, self.reads(part.args))
                self.together.setdefault(part, self._variables_of_terms(part))
        return new

    def reads(self, nodes: Sequence[Node]) -> frozenset[Node]:
        """The variables that the nodes read."""
        return frozenset().union(*(self.read[node] for node in nodes))

    def _variables_of_terms(self, node: Node) -> frozenset[frozenset[Node]]:
        if node.op in SIGNED_SUM:
            return frozenset().union(*(self.together[arg] for arg in node.args))
        return frozenset([self.read[node]])

    def intermediate(self, node: Node, formula: Node) -> Node:
        """A variable that stands for the node, which is computed by the formula."""
        (formula,) = self.minimize_variables([formula])
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

    def stand_in(self, node: Node, other: Node) -> Node:
        """A variable that stands for the node, whose derivatives are those of the other."""
        new = self._variable(node)
        self.alike[new], self.read[new], self.together[new] = other, self.read[other], self.together[other]
        return new

    def simple(self, node: Node) -> bool:
        """Whether a series is expanded in the node."""
        return node in self.wrt or node in self.formulas

    def minimize_variables(self, args: Sequence[Node], *, product: bool = False) -> list[Node]:
        """The arguments with as many intermediate variables substituted as it takes for the fewest variables.

        Functions of one other variable are substituted before anything reads several. ``product``: of the arguments;
        it has few coefficients in what depends on a linear variable, and these stay few while it is not substituted.
        """
        substituted = list(args)
        while (single := self._single(self.reads(substituted))) is not None:
            substituted = [self.substitute_in(arg, single) for arg in substituted]
        for intermediate in self._superfluous(self.reads(substituted), product):
            substituted = [self.substitute_in(arg, intermediate) for arg in substituted]
        return substituted

    def _single(self, read: frozenset[Node]) -> Node | None:
        if len(read) < 2:
            return None
        single = [one for one in read - self.wrt if len(self.read[self.formulas[one]]) == 1]
        return max(single, key=lambda one: self._rank[one]) if single else None

    def _superfluous(self, read: frozenset[Node], product: bool) -> list[Node]:
        """The intermediate variables to substitute, in order, until no further ones would leave fewer variables."""
        path: list[Node] = []
        length, fewest = 0, len(read)
        while read - self.wrt:
            path.append(self.best(read))
            read = self._variables_after(read, path[-1])
            if len(read) < fewest:
                length, fewest = len(path), len(read)
        return [] if product and self._linear.issuperset(path[:length]) else path[:length]

    def best(self, read: frozenset[Node]) -> Node:
        """The intermediate variable to substitute next.

        It is one that no other depends on, not linear if possible, without which the fewest variables are left; among
        equals the last, or the first linear one.
        """
        intermediates = read - self.wrt
        free = intermediates.difference(*(self._below[one] for one in intermediates))

        def order(one: Node) -> tuple[bool, int, int]:
            linear = one in self._linear
            return linear, len(self._variables_after(read, one)), self._rank[one] if linear else -self._rank[one]

        return min(free, key=order)

    def _variables_after(self, read: frozenset[Node], intermediate: Node) -> frozenset[Node]:
        return (read - {intermediate}) | self.read[self.formulas[intermediate]]

    def substitute_in(self, node: Node, intermediate: Node) -> Node:
        """The node, or a variable that stands for it, with the intermediate variable substituted."""
        if intermediate not in self.read[node]:
            return node
        formula = self.formulas[intermediate]
        if node is intermediate:
            return formula
        if (node, intermediate) not in self._known:
            new = self._known[node, intermediate] = self._variable(node)
            inner = self.read[formula]
            together = [(one - {intermediate}) | inner if intermediate in one else one for one in self.together[node]]
            outer = frozenset().union(*(one - {intermediate} for one in self.together[node] if intermediate in one))
            nested = nests(len(outer - inner), len(outer & inner), len(inner - outer), self.order)
            self.substituted[new] = Substituted(node, intermediate, formula, nested)
            self.read[new] = self._variables_after(self.read[node], intermediate)
            self.together[new] = frozenset(together)
        return self._known[node, intermediate]

    def _variable(self, meaning: Node) -> Node:
        new = make(VAR, (), (f"intermediate {len(self.meaning)} of a Taylor series",), ())
        self.meaning[new] = meaning
        return new
