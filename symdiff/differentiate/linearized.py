"""The linearized graph of scalars: partial derivatives on edges, and vertices that can be eliminated.

Eliminating a vertex multiplies each edge into it with each edge out of it; when only sources and ends are left, the
edges are the Jacobian (A. Griewank, A. Walther, Evaluating Derivatives, 2nd edition (2008), chapter 9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Any, TypeAlias

from ..graph.leaves import CONST, const, is_const
from ..graph.node import Node
from ..graph.traversal import dependents, topological
from .cotangents import apply_partial, sum_cotangents

#: A partial derivative: a number or formula, or a linear map that is more than a factor (a quotient, a selection).
Label: TypeAlias = "Node | Callable[[Node], Node]"
#: Index of the output, index of the source, derivative.
Entry: TypeAlias = tuple[int, int, Node]
_ONE = const(1)


class LinearizedGraph:
    """Vertices in topological order, by number: sources, operations that depend on them, and an end for each output."""

    def __init__(self, outputs: Sequence[Node], sources: Sequence[Node]) -> None:
        order = topological(*outputs)
        active = dependents(order, frozenset(sources))
        numbers = {node: number for number, node in enumerate(node for node in order if node in active)}
        self.sources = {numbers[node]: index for index, node in enumerate(sources) if node in numbers}
        self.inner = [number for number in numbers.values() if number not in self.sources]
        self.ends = [(len(numbers) + index, numbers.get(node)) for index, node in enumerate(outputs)]
        self.labels = {numbers[node]: _labels(node, numbers) for node in numbers if numbers[node] not in self.sources}
        self.labels.update({end: {number: _ONE} for end, number in self.ends if number is not None})

    def edges(self) -> int:
        return sum(map(len, self.labels.values()))

    def eliminate(self, order: Callable[[LinearizedGraph], Iterable[int]], most: float = inf) -> list[Entry]:
        """What is left when the inner vertices are eliminated in that order; nothing beyond ``most`` products."""
        self.into = {number: dict(labels) for number, labels in self.labels.items()}
        self.out: dict[int, dict[int, None]] = {number: {} for number in (*self.inner, *self.sources)}
        for number, labels in self.into.items():
            for before in labels:
                self.out[before][number] = None
        self.multiplications = 0
        for number in order(self):
            self._eliminate_vertex(number)
            if self.multiplications > most:
                return []
        rows = ((index, self.into.get(end, {})) for index, (end, _) in enumerate(self.ends))
        return [
            (index, column, _formula(labels[number]))
            for index, labels in rows
            for number, column in self.sources.items()
            if number in labels
        ]

    def _eliminate_vertex(self, number: int) -> None:
        """Each edge into the vertex, times each edge out of it, joins what it read with what reads it."""
        before, after = self.into.pop(number), self.out.pop(number)
        for reader in after:
            outer = self.into[reader].pop(number)
            self.multiplications += len(before)
            for read, inner in before.items():
                self._add_edge(read, reader, _multiply(outer, inner))
        for read in before:
            del self.out[read][number]

    def _add_edge(self, read: int, reader: int, label: Node | None) -> None:
        if label is not None:
            old = self.into[reader].get(read)
            self.into[reader][read] = label if old is None else sum_cotangents([_formula(old), label])
            self.out[read][reader] = None

    def products(self, number: int) -> int:
        """How many products eliminating the vertex takes, those with a number left out."""
        inner = sum(not _is_number(label) for label in self.into[number].values())
        return inner * sum(not _is_number(self.into[reader][number]) for reader in self.out[number])


def _labels(node: Node, numbers: Mapping[Node, int]) -> dict[int, Label]:
    """The partial derivatives by the arguments that depend on a source; those by one argument are added."""
    labels: dict[int, Label] = {}
    for arg, rule in zip(node.args, node.op.partials or (), strict=True):
        if rule is None or arg not in numbers:
            continue
        label: Any = rule(node, *node.args)
        label = const(label) if isinstance(label, int) else label
        if isinstance(label, Node) and is_const(label, 0):
            continue
        old = labels.get(numbers[arg])
        labels[numbers[arg]] = label if old is None else sum_cotangents([_formula(old), _formula(label)])
    return labels


def _formula(label: Label) -> Node:
    return label if isinstance(label, Node) else label(_ONE)


def _multiply(outer: Label, inner: Label) -> Node | None:
    """The partial along two edges; a linear map is applied to the other label."""
    if isinstance(outer, Node):
        outer, inner = inner, outer
    return apply_partial(outer, _formula(inner))


def _is_number(label: Label) -> bool:
    return isinstance(label, Node) and label.op is CONST
