"""Kinks: where a formula has no derivative, and which value its derivatives take there instead.

A policy rewrites the operations that have kinks before anything is differentiated, so it holds in either mode and at
every order. Griewank and Walther, Evaluating Derivatives (2008), chapter 14, on one-sided derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..graph.errors import SymdiffError, UnsupportedError
from ..graph.node import Node, Op
from ..graph.traversal import Structure, leaves, map_graph, rebuild, topological, unflatten_like
from ..ops.logic import refused, stop_gradient, undefined, where
from ..ops.sides import Sides

#: What a derivative is at a kink.
POLICIES = ("zero", "left", "right", "mean", "nan", "error")


class Kink(NamedTuple):
    """``node`` has no derivative where ``at`` holds (None: see ``convention``, which its derivative follows there)."""

    node: Node
    at: Node | None
    convention: str


def kinks(f: Any) -> list[Kink]:
    """The operations of a node or nested structure that have kinks, in the order of evaluation.

    >>> import symdiff as sd
    >>> kinks(sd.parse("abs(x - 1) + x**2"))
    [Kink(node=abs(x - 1), at=x - 1 == 0, convention='x = 0: 0')]
    """
    result = []
    for node in topological(*leaves(f)):
        sides = _sides(node)
        if sides is not None or node.op.kink:
            at = None if sides is None else sides.at
            result.append(Kink(node, at, node.op.kink or node.op.domain))
    return result


def _sides(node: Node) -> Sides | None:
    return None if node.op.sides is None else node.op.sides(node, *node.args)


def with_kinks(f: Structure, policy: str | None, keep: Iterable[Node] = ()) -> Structure:
    """A node or nested structure of the same values, whose derivatives of every order follow ``policy`` at kinks.

    ``"zero"``; ``"left"`` or ``"right"``, those of the side where the operation's argument is smaller or larger (of two
    arguments, where the first is); ``"mean"`` of the two, operation by operation; ``"nan"``; ``"error"``, so that
    evaluating a derivative raises ArithmeticError; None leaves the convention of each operation (:func:`kinks` lists
    them). Selections by ``where`` are the user's own and stay. Nodes in ``keep`` stay as they are.

    Raises SymdiffError for another policy, UnsupportedError for a side of what has none, such as ``max`` of an array.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> sd.simplify(sd.grad(with_kinks(sd.relu(x), "right"), x))
    where(x >= 0, 1, 0)
    """
    if policy is None:
        return f
    if policy not in POLICIES:
        raise SymdiffError(f"the policy at kinks is one of {', '.join(POLICIES)}, not {policy!r}")

    def choose(node: Node, args: tuple[Node, ...]) -> Node:
        same = rebuild(node, args)
        sides = _sides(same)
        return same if sides is None else _POLICIES[policy](same, sides)

    result: Structure = unflatten_like(f, map_graph(leaves(f), choose, done={node: node for node in keep}))
    return result


def _side(name: str) -> Callable[[Node, Sides], Node]:
    def spelling(node: Node, sides: Sides) -> Node:
        side: Node | None = getattr(sides, name)
        if side is None:
            raise UnsupportedError(f'{node.op.name} has no {name} side; choose "zero", "mean", "nan" or "error"')
        return side

    return spelling


def _mean(node: Node, sides: Sides) -> Node:
    if sides.mean is not None:
        return sides.mean
    left, right = _side("left")(node, sides), _side("right")(node, sides)
    return node if left is right else (left + right) / 2


def _zero(node: Node, sides: Sides) -> Node:
    return where(sides.at, stop_gradient(node), node) if sides.zero is None else sides.zero


def _add_marker(op: Op) -> Callable[[Node, Sides], Node]:
    """The value and zeros whose derivatives, by whatever the operation depends on, are not numbers."""

    def spelling(node: Node, sides: Sides) -> Node:
        for arg in node.args if node.op.elementwise else (node,):
            node = node + op(sides.at, 0, arg)
        return node

    return spelling


_POLICIES: dict[str, Callable[[Node, Sides], Node]] = {
    "zero": _zero,
    "left": _side("left"),
    "right": _side("right"),
    "mean": _mean,
    "nan": _add_marker(undefined),
    "error": _add_marker(refused),
}
