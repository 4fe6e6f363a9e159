"""Patterns: expressions whose variables stand for any expression.

A pattern is written in the formula language, so a rule reads as the identity it is. Variables named ``c``, ``n``
or ``k`` stand for constants only, ``s`` for a scalar, and a variable with a shape for arrays with as many axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ..graph.leaves import CONST, VAR
from ..graph.node import Node
from ..graph.shapes import multiply_sizes
from ..graph.traversal import map_graph, rebuild, topological
from ..ops.kinds import unrepeated
from ..ops.networks import size_node
from ..ops.sizes import SIZE
from ..ops.terms import MUL

Binding = dict[Node, Node]

CONSTANTS, SCALARS = frozenset("cnk"), frozenset("s")


def match(pattern: Node, node: Node, bound: Binding) -> Iterator[Binding]:
    """Every way in which ``node`` is the pattern, as bindings of its variables that extend ``bound``."""
    if pattern.op is VAR:
        if pattern in bound:
            if bound[pattern] is node:
                yield bound
        elif _stands_for(pattern, node):
            yield {**bound, pattern: node}
        return
    if (pattern is node and not pattern.args) or _size(pattern, bound) is node:
        yield bound
        return
    if pattern.op is not node.op or pattern.op is CONST or pattern.attrs != node.attrs:
        return
    args, wanted = unrepeated(node), unrepeated(pattern)
    yield from _match_args(wanted, args, bound)
    if pattern.op.commutative:
        yield from _match_args(wanted, args[::-1], bound)


def _stands_for(variable: Node, node: Node) -> bool:
    if variable.shape:
        return variable.ndim == node.ndim
    return node.op is CONST if variable.name in CONSTANTS else not node.shape if variable.name in SCALARS else True


def _size(pattern: Node, bound: Binding) -> Node | None:
    """The node of a product of sizes, those of the arrays that variables stand for."""
    names = _symbolic_dimensions(pattern)
    if not names:
        return None
    sizes = {name: size for var, node in bound.items() for name, size in zip(var.shape, node.shape, strict=False)}
    return size_node(multiply_sizes(*(sizes[name] for name in names)))


@lru_cache(1000)
def _symbolic_dimensions(pattern: Node) -> tuple[str, ...]:
    """The dimensions of a pattern that is a product of sizes."""
    parts = [part for part in topological(pattern) if part.op is not MUL]
    return tuple(part.attrs[0] for part in parts) if all(part.op is SIZE for part in parts) else ()


def _match_args(patterns: tuple[Node, ...], nodes: tuple[Node, ...], bound: Binding) -> Iterator[Binding]:
    if not patterns:
        yield bound
        return
    for first in match(patterns[0], nodes[0], bound):
        yield from _match_args(patterns[1:], nodes[1:], first)


def instantiate(pattern: Node, bound: Binding) -> Node:
    """The pattern with its variables replaced, which may be by arrays."""
    return map_graph([pattern], rebuild, read=unrepeated, done=dict(bound))[0]
