"""The linearised graph of scalars: partial derivatives on edges, and vertices that can be eliminated.

Eliminating a vertex multiplies each edge into it with each edge out of it; when only sources and ends are left, the
edges are the Jacobian (A. Griewank, A. Walther, Evaluating Derivatives, 2nd edition (2008), chapter 9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Any, TypeAlias

from ..graph.node import CONST, Node, const, is_const
from ..graph.traversal import dependents, topological
from .passes import applied, total

#: A partial derivative: a number or formula, or a linear map that is more than a factor (a quotient, a selection).
Label: TypeAlias = "Node | Callable[[Node], Node]"
#: Place of the output, place of the source, derivative.
Entry: TypeAlias = tuple[int, int, Node]
_ONE = const(1)


class Linearised:
    """Vertices in topological order, by number: sources, operations that depend on them, and an end for each output."""

    def __init__(self, outputs: Sequence[Node], sources: Sequence[Node]) -> None:
        order = topological(*outputs)
        active = dependents(order, frozenset(sources))
        numbers = {node: number for number, node in enumerate(node for node in order if node in active)}
        self.sources = {numbers[node]: place for place, node in enumerate(sources) if node in numbers}
        self.inner = [number for number in numbers.values() if number not in self.sources]
        self.ends = [(len(numbers) + place, numbers.get(node)) for place, node in enumerate(outputs)]
        self.labels = {numbers[node]: _labels(node, numbers) for node in numbers if numbers[node] not in self.sources}
        self.labels.update({end: {number: _ONE} for end, number in self.ends if number is not None})

    def edges(self) -> int:
        return sum(map(len, self.labels.values()))

    def eliminated(self, order: Callable[[Linearised], Iterable[int]], most: float = inf) -> list[Entry]:
        """What is left when the inner vertices are eliminated in that order; nothing beyond ``most`` products."""
        self.into = {number: dict(labels) for number, labels in self.labels.items()}
        self.out: dict[int, dict[int, None]] = {number: {} for number in (*self.inner, *self.sources)}
        for number, labels in self.into.items():
            for before in labels:
                self.out[before][number] = None
        self.made = 0
        for number in order(self):
            self._eliminate(number)
            if self.made > most:
                return []
        rows = ((place, self.into.get(end, {})) for place, (end, _) in enumerate(self.ends))
        return [
            (place, column, _formula(op[number]))
            for place, op in rows
            for number, column in self.sources.items()
            if number in op
        ]

    def _eliminate(self, number: int) -> None:
        """Each edge into the vertex, times each edge out of it, joins what it read with what reads it."""
        before, after = self.into.pop(number), self.out.pop(number)
        for reader in after:
            outer = self.into[reader].pop(number)
            self.made += len(before)
            for read, inner in before.items():
                self._join(read, reader, _product(outer, inner))
        for read in before:
            del self.out[read][number]

    def _join(self, read: int, reader: int, label: Node | None) -> None:
        if label is not None:
            old = self.into[reader].get(read)
            self.into[reader][read] = label if old is None else total([_formula(old), label])
            self.out[read][reader] = None

    def products(self, number: int) -> int:
        """How many products eliminating the vertex takes, those with a number left out."""
        inner = sum(not _is_number(label) for label in self.into[number].values())
        return inner * sum(not _is_number(self.into[reader][number]) for reader in self.out[number])


def _labels(node: Node, numbers: Mapping[Node, int]) -> dict[int, Label]:
    """The partial derivatives by the arguments that depend on a source; those by one argument are added."""
    found: dict[int, Label] = {}
    for arg, rule in zip(node.args, node.op.partials or (), strict=True):
        if rule is None or arg not in numbers:
            continue
        label: Any = rule(node, *node.args)
        label = const(label) if isinstance(label, int) else label
        if isinstance(label, Node) and is_const(label, 0):
            continue
        old = found.get(numbers[arg])
        found[numbers[arg]] = label if old is None else total([_formula(old), _formula(label)])
    return found


def _formula(label: Label) -> Node:
    return label if isinstance(label, Node) else label(_ONE)


def _product(outer: Label, inner: Label) -> Node | None:
    """The partial along two edges; a linear map is applied to the other label."""
    if isinstance(outer, Node):
        outer, inner = inner, outer
    return applied(outer, _formula(inner))


def _is_number(label: Label) -> bool:
    return isinstance(label, Node) and label.op is CONST
