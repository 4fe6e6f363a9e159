"""Patterns: expressions whose variables stand for any expression.

A pattern is written in the formula language, so a rule reads as the identity it is. Variables named ``c``, ``n``
or ``k`` stand for constants only.
"""

from __future__ import annotations

from collections.abc import Iterator

from .expr import CONST, VAR, Node
from .ops.kinds import unrepeated
from .walk import rebuild, topological

Binding = dict[Node, Node]

CONSTANTS = frozenset("cnk")


def match(pattern: Node, node: Node, bound: Binding) -> Iterator[Binding]:
    """Every way in which ``node`` is the pattern, as bindings of its variables that extend ``bound``."""
    if pattern.op is VAR:
        if pattern in bound:
            if bound[pattern] is node:
                yield bound
        elif pattern.name not in CONSTANTS or node.op is CONST:
            yield {**bound, pattern: node}
        return
    if pattern is node:
        yield bound
        return
    if pattern.op is not node.op or pattern.op is CONST:
        return
    args = unrepeated(node)
    yield from _match_args(pattern.args, args, bound)
    if pattern.op.commutative:
        yield from _match_args(pattern.args, args[::-1], bound)


def _match_args(patterns: tuple[Node, ...], nodes: tuple[Node, ...], bound: Binding) -> Iterator[Binding]:
    if not patterns:
        yield bound
        return
    for first in match(patterns[0], nodes[0], bound):
        yield from _match_args(patterns[1:], nodes[1:], first)


def instantiate(pattern: Node, bound: Binding) -> Node:
    """The pattern with its variables replaced, which may be by arrays."""
    done = dict(bound)
    for step in topological(pattern):
        if step not in done:
            done[step] = rebuild(step, tuple(done[arg] for arg in step.args)) if step.args else step
    return done[pattern]
