"""Jacobians of scalars by scalars: vertices of the linearised graph are eliminated, in the order that gives least code.

An edge of the linearised graph carries a partial derivative. Eliminating a vertex multiplies each edge into it with
each edge out of it; when only sources and outputs are left, the edges are the Jacobian. From the outputs it is reverse
mode, from the sources forward mode (A. Griewank, A. Walther, Evaluating Derivatives, 2nd edition (2008), chapters 9 and
10); in between, next is the vertex that takes the fewest products (Markowitz), those with numbers counted as free
(U. Naumann, Optimal accumulation of Jacobian matrices by elimination methods on the dual computational graph,
Mathematical Programming 99 (2004); E. M. Tadjouddine, Vertex-ordering algorithms for automatic differentiation of
computer codes, The Computer Journal 51 (2008)). What an order costs shows only in the simplified entries, so the orders
are compared there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any, TypeAlias

from .differentiate import applied, grad, like, sources_of, total, vjp
from .expr import CONST, ROWS, VAR, Node, const, is_const
from .scaling import scale
from .sharing import share
from .simplifier import simplify
from .walk import dependents, growing, leaves, topological

#: Linearised graphs of more edges are eliminated in one order, forward or reverse.
LARGEST = 1000
_ZERO, _ONE, _POW = const(0), const(1), ROWS["pow"]

#: A partial derivative: a number or formula, or a linear map that is more than a factor (a quotient, a selection).
_Label: TypeAlias = "Node | Callable[[Node], Node]"
#: Place of the output, place of the source, derivative.
Entry: TypeAlias = tuple[int, int, Node]
#: The values, where they are wanted too, and the entries.
Accumulated: TypeAlias = tuple[list[Node], list[Entry]]


def scalar_jacobian(f: Any, wrt: Any) -> Any:
    """First derivatives of scalars by scalars, nested as :func:`symdiff.hessians.jacobian` nests them.

    Those of a list are simplified together.
    """
    if not isinstance(f, (list, tuple)):
        return vjp(f, wrt, _ONE)
    return nested(nonzero_entries(leaves(f), sources_of(wrt))[1], len(f), wrt)


def nested(entries: list[Entry], rows: int, wrt: Any) -> tuple[Any, ...]:
    """The entries as a tuple of so many rows, each one formula or a tuple as ``wrt`` is."""
    sources = sources_of(wrt)
    full = [[_ZERO] * len(sources) for _ in range(rows)]
    for row, column, entry in entries:
        full[row][column] = entry
    return tuple(like(wrt, row) for row in full)


def scalar_hessian(f: Any, wrt: Any) -> Any:
    """Second derivatives of a scalar by scalars; one triangle is built, the other is the same nodes."""
    sources = sources_of(wrt)
    gradient = grad(f, sources)
    entries: dict[tuple[int, int], Node] = {}
    for i, row in enumerate(gradient):
        for j, entry in enumerate(vjp(row, sources[i:], _ONE), i):
            entries[i, j] = entries[j, i] = entry
    places = range(len(sources))
    return like(wrt, [like(wrt, [entries[i, j] for j in places]) for i in places])


def nonzero_entries(outputs: Sequence[Node], sources: Sequence[Node], *, values: bool = False) -> Accumulated:
    """The derivatives of scalars by scalars that are not zero by structure, simplified together with the ``values``.

    Graphs of more than :data:`LARGEST` edges are eliminated forward where there are fewer sources than outputs, else in
    reverse: linear in the graph and its fill-in.
    """
    beside = list(outputs) if values else []
    with growing():
        if any(node.op is not VAR for node in sources) or _has_arrays(outputs):
            return _simplified(beside, _by_rows(outputs, sources))
        graph = _Linearised(outputs, sources)
        if graph.edges() > LARGEST:
            order = _forward if len(sources) < len(outputs) else _reverse
            return _simplified(beside, graph.eliminated(order))
        return min((_shared(beside, graph.eliminated(order)) for order in ORDERS.values()), key=_cost)


def _has_arrays(outputs: Sequence[Node]) -> bool:
    return any(node.args and not node.op.elementwise for node in topological(*outputs))


def _by_rows(outputs: Sequence[Node], sources: Sequence[Node]) -> list[Entry]:
    """One reverse pass for each output."""
    rows = (vjp(output, list(sources), _ONE) for output in outputs)
    return [(i, j, entry) for i, row in enumerate(rows) for j, entry in enumerate(row)]


def _simplified(values: list[Node], entries: list[Entry]) -> Accumulated:
    return _rewritten(simplify, values, entries)


def _shared(values: list[Node], entries: list[Entry]) -> Accumulated:
    """Simplified, and with common parts computed once where that is less code."""
    simple = _simplified(values, entries)
    return min(simple, _rewritten(lambda nodes: scale(share(nodes)), *simple), key=_cost)


def _rewritten(rewriting: Callable[[list[Node]], list[Node]], values: list[Node], entries: list[Entry]) -> Accumulated:
    nodes = rewriting([*values, *(node for *_, node in entries)])
    rest = zip(entries, nodes[len(values) :], strict=True)
    return nodes[: len(values)], [(i, j, node) for (i, j, _), node in rest if not is_const(node, 0)]


def _cost(found: Accumulated) -> int:
    """Operations; a cube takes two."""
    values, entries = found
    order = topological(*values, *(node for *_, node in entries))
    return sum(1 + (node.op is _POW and is_const(node.args[1], 3)) for node in order if node.args)


# -- the linearised graph ------------------------------------------------------------------------------------------


class _Linearised:
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

    def eliminated(self, order: Order) -> list[Entry]:
        """What is left when the inner vertices are eliminated in that order."""
        self.into = {number: dict(labels) for number, labels in self.labels.items()}
        self.out: dict[int, dict[int, None]] = {number: {} for number in (*self.inner, *self.sources)}
        for number, labels in self.into.items():
            for before in labels:
                self.out[before][number] = None
        for number in order(self):
            self._eliminate(number)
        rows = ((place, self.into.get(end, {})) for place, (end, _) in enumerate(self.ends))
        return [
            (place, column, _formula(row[number]))
            for place, row in rows
            for number, column in self.sources.items()
            if number in row
        ]

    def _eliminate(self, number: int) -> None:
        """Each edge into the vertex, times each edge out of it, joins what it read with what reads it."""
        before, after = self.into.pop(number), self.out.pop(number)
        for reader in after:
            outer = self.into[reader].pop(number)
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


def _labels(node: Node, numbers: Mapping[Node, int]) -> dict[int, _Label]:
    """The partial derivatives by the arguments that depend on a source; those by one argument are added."""
    found: dict[int, _Label] = {}
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


def _formula(label: _Label) -> Node:
    return label if isinstance(label, Node) else label(_ONE)


def _product(outer: _Label, inner: _Label) -> Node | None:
    """The partial along two edges; a linear map is applied to the other label."""
    if isinstance(outer, Node):
        outer, inner = inner, outer
    return applied(outer, _formula(inner))


def _is_number(label: _Label) -> bool:
    return isinstance(label, Node) and label.op is CONST


# -- orders --------------------------------------------------------------------------------------------------------

#: Gives the inner vertices one by one while they are eliminated.
Order: TypeAlias = Callable[[_Linearised], Iterable[int]]


def _forward(graph: _Linearised) -> Iterable[int]:
    return graph.inner


def _reverse(graph: _Linearised) -> Iterable[int]:
    return reversed(graph.inner)


def _markowitz(graph: _Linearised, late: int) -> Iterator[int]:
    """The vertex that takes the fewest products; among equals the first, or the last where ``late`` is -1."""
    heap = [(graph.products(number), late * number) for number in graph.inner]
    heapify(heap)
    while heap:
        products, place = heappop(heap)
        number = late * place
        if number not in graph.out or products != graph.products(number):
            continue
        touched = [*graph.into[number], *graph.out[number]]
        yield number
        for other in touched:
            if other in graph.out and other in graph.into:
                heappush(heap, (graph.products(other), late * other))


ORDERS: dict[str, Order] = {
    "forward": _forward,
    "reverse": _reverse,
    "fewest products, first": partial(_markowitz, late=1),
    "fewest products, last": partial(_markowitz, late=-1),
}
