"""The Taylor coefficients of a graph with some of its nodes as coordinates, and the choice of these."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..expr import Node
from ..walk import rebuild, topological
from .coordinates import Coordinates
from .expansion import Expansion
from .series import Coefficients, Series


def coefficients(
    outputs: Sequence[Node], wrt: Sequence[Node], order: int, bottlenecks: Collection[Node]
) -> list[Coefficients]:
    """The Taylor coefficients of each output by the exponents of ``wrt``."""
    graph = Coordinates(outputs, wrt, bottlenecks)
    expansion = Expansion(graph.roots, [*wrt, *graph.coordinates], order, graph.substituted)
    found = [_joined(expansion.series[root], len(wrt)) for root in graph.roots]
    return _restored(found, graph.meaning)


def _joined(series: Series, size: int) -> Coefficients:
    return {exponents[:size]: node for coefficients in series for exponents, node in coefficients.items()}


def _restored(found: list[Coefficients], meaning: Mapping[Node, Node]) -> list[Coefficients]:
    """With what each variable stands for."""
    done: dict[Node, Node] = {}
    for node in topological(*(node for one in found for node in one.values()), *meaning.values(), read=lambda n: (meaning[n],) if n in meaning else n.args):
        done[node] = done[meaning[node]] if node in meaning else rebuild(node, tuple(done[arg] for arg in node.args)) if node.args else node
    return [{exponents: done[node] for exponents, node in one.items()} for one in found]
