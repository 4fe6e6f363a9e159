"""Jacobians of scalars by scalars: vertices of the linearized graph are eliminated, in the order that gives least code.

From the outputs that is reverse mode, from the sources forward mode; in between, next is the vertex that takes the
fewest products (Markowitz), those with numbers counted as free: A. Griewank, A. Walther, Evaluating Derivatives, 2nd
edition (2008), chapter 10; U. Naumann, Optimal accumulation of Jacobian matrices by elimination methods on the dual
computational graph, Mathematical Programming 99 (2004); E. M. Tadjouddine, Vertex-ordering algorithms for automatic
differentiation of computer codes, The Computer Journal 51 (2008). What an order costs shows only in the simplified
entries, so the orders are compared there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any, NamedTuple, TypeAlias

from ..differentiate.linearized import Entry, LinearizedGraph
from ..differentiate.passes import grad, like, sources_of, vjp
from ..graph.leaves import VAR, const, is_const
from ..graph.node import Node
from ..graph.traversal import gc_paused, leaves, topological
from ..ops.powers import pow
from ..search.levels import simplify_guarded
from ..simplifier.hoist_factors import scale

#: Linearized graphs of more edges are eliminated in one order, forward or reverse.
LARGEST = 1000
#: Where every order takes more products, the entries of the one with the fewest are not compared with others'.
MOST_PRODUCTS = 2000
_ZERO, _ONE, _POW = const(0), const(1), pow

#: The values, where they are wanted too, and the entries.
Accumulated: TypeAlias = tuple[list[Node], list[Entry]]


def scalar_jacobian(f: Any, wrt: Any) -> Any:
    """First derivatives of scalars by scalars, nested as :func:`symdiff.jacobians.hessians.jacobian` nests them.

    Those of a list are simplified together.
    """
    if not isinstance(f, (list, tuple)):
        return vjp(f, wrt, _ONE)
    return nest(nonzero_entries(leaves(f), sources_of(wrt))[1], len(f), wrt)


def nest(entries: list[Entry], rows: int, wrt: Any) -> tuple[Any, ...]:
    """The entries as a tuple of so many rows, each one formula or a tuple as ``wrt`` is."""
    sources = sources_of(wrt)
    full = [[_ZERO] * len(sources) for _ in range(rows)]
    for row, column, entry in entries:
        full[row][column] = entry
    return tuple(like(wrt, row) for row in full)


def scalar_hessian(f: Any, wrt: Any) -> Any:
    """Second derivatives of a scalar by scalars; one triangle is built, the other is the same nodes."""
    sources = sources_of(wrt)
    gradient = simplify_guarded(grad(f, sources))
    entries: dict[tuple[int, int], Node] = {}
    for i, row in enumerate(gradient):
        for j, entry in enumerate(vjp(row, sources[i:], _ONE), i):
            entries[i, j] = entries[j, i] = entry
    each = range(len(sources))
    return like(wrt, [like(wrt, [entries[i, j] for j in each]) for i in each])


def nonzero_entries(outputs: Sequence[Node], sources: Sequence[Node], values: Sequence[Node] = ()) -> Accumulated:
    """The derivatives of scalars by scalars that are not zero by structure, simplified together with the ``values``.

    Graphs of more than :data:`LARGEST` edges are eliminated forward where there are fewer sources than outputs, else in
    reverse: linear in the graph and its fill-in. Smaller ones in every order of :data:`ORDERS`.
    """
    others = list(values)
    with gc_paused():
        if any(node.op is not VAR for node in sources) or _has_arrays(outputs):
            return _simplify(others, _differentiate_rows(outputs, sources))
        graph = LinearizedGraph(outputs, sources)
        if graph.edges() > LARGEST:
            order = _forward if len(sources) < len(outputs) else _reverse
            return _simplify(others, graph.eliminate(order))
        fewest, *rest = _eliminate_in_every_order(graph)
        if fewest.products > MOST_PRODUCTS:
            return _simplify(others, fewest.entries)
        distinct = dict.fromkeys(tuple(result.entries) for result in (fewest, *rest))
        return _share(*min((_simplify(others, list(entries)) for entries in distinct), key=_count_operations))


class _Eliminated(NamedTuple):
    products: int
    entries: list[Entry]


def _eliminate_in_every_order(graph: LinearizedGraph) -> list[_Eliminated]:
    """The entries by each order that takes at most twice the products of the best one before, fewest first."""
    results: list[_Eliminated] = []
    for order in ORDERS.values():
        most = 2 * min((other.products for other in results), default=inf)
        entries = graph.eliminate(order, most)
        if graph.multiplications <= most:
            results.append(_Eliminated(graph.multiplications, entries))
    return sorted(results, key=lambda one: one.products)


def _has_arrays(outputs: Sequence[Node]) -> bool:
    return any(node.args and not node.op.elementwise for node in topological(*outputs))


def _differentiate_rows(outputs: Sequence[Node], sources: Sequence[Node]) -> list[Entry]:
    """One reverse pass for each output."""
    rows = (vjp(output, list(sources), _ONE) for output in outputs)
    return [(i, j, entry) for i, row in enumerate(rows) for j, entry in enumerate(row)]


def _simplify(values: list[Node], entries: list[Entry]) -> Accumulated:
    return _rewrite(simplify_guarded, values, entries)


def _share(values: list[Node], entries: list[Entry]) -> Accumulated:
    """The form to be run; of recurrences the one with numbers inside, where that is less code."""
    forms = (partial(simplify_guarded, level="code"), scale)
    return min((values, entries), *(_rewrite(form, values, entries) for form in forms), key=_count_operations)


def _rewrite(rewriting: Callable[[list[Node]], list[Node]], values: list[Node], entries: list[Entry]) -> Accumulated:
    nodes = rewriting([*values, *(node for *_, node in entries)])
    rest = zip(entries, nodes[len(values) :], strict=True)
    return nodes[: len(values)], [(i, j, node) for (i, j, _), node in rest if not is_const(node, 0)]


def _count_operations(accumulated: Accumulated) -> int:
    """Operations; a cube takes two."""
    values, entries = accumulated
    order = topological(*values, *(node for *_, node in entries))
    return sum(1 + (node.op is _POW and is_const(node.args[1], 3)) for node in order if node.args)


# -- orders --------------------------------------------------------------------------------------------------------

#: Gives the inner vertices one by one while they are eliminated.
Order: TypeAlias = Callable[[LinearizedGraph], Iterable[int]]


def _forward(graph: LinearizedGraph) -> Iterable[int]:
    return graph.inner


def _reverse(graph: LinearizedGraph) -> Iterable[int]:
    return reversed(graph.inner)


def _markowitz(graph: LinearizedGraph, late: int) -> Iterator[int]:
    """The vertex that takes the fewest products; among equals the first, or the last where ``late`` is -1."""
    heap = [(graph.products(number), late * number) for number in graph.inner]
    heapify(heap)
    while heap:
        products, rank = heappop(heap)
        number = late * rank
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
