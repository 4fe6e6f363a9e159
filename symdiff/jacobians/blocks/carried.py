"""Operations that move elements by more than their axes: carried out on the one factor that has those axes.

A factor for a change of shape, or for taking elements at places, would have as many elements as the identity, nearly
all of them zero. Where no axis of the term's output is a delta with the axes moved, the factors that have these are
multiplied, and the transpose of the operation is applied to their product, its other axes behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ...graph.node import Node
from ...graph.shapes import Shape
from ...ops import tensor
from .labels import Labels
from .terms import Axis, Factor, Term


class Move(NamedTuple):
    """The first and last axis of the node that moves, those of the argument, and the transpose."""

    own: tuple[int, int]
    inner: tuple[int, int]
    transpose: Callable[[Node, Shape], Node]


def _gather(node: Node, arg: Node) -> Move:
    places = node.args[1:]
    count = node.ndim - (arg.ndim - len(places))
    whole = arg.shape[: len(places)]
    return Move((0, count), (0, len(places)), lambda x, rest: tensor.scatter_add(x, *places, whole + rest))


def _scatter_add(node: Node, arg: Node) -> Move:
    places = node.args[1:]
    count = arg.ndim - (node.ndim - len(places))
    return Move((0, len(places)), (0, count), lambda x, rest: tensor.gather(x, *places))


def _reshape(node: Node, arg: Node) -> Move:
    first, last = tensor.reshaped_axes(node.shape, arg.shape)
    inner = first, arg.ndim - last
    shape = arg.shape[slice(*inner)]
    return Move((first, node.ndim - last), inner, lambda x, rest: tensor.reshape(x, shape + rest))


CARRIED: dict[str, Callable[[Node, Node], Move]] = {
    "gather": _gather,
    "scatter_add": _scatter_add,
    "reshape": _reshape,
}


def carried(run: Labels, node: Node, place: int, term: Term) -> Term | None:
    """The term behind the operation, where it can be carried through."""
    if place or node.op.name not in CARRIED:
        return None
    arg = node.args[0]
    move = CARRIED[node.op.name](node, arg)
    moved = term.inner[slice(*move.own)]
    labels = [axis.label for axis in moved]
    others = [*term.inner[: move.own[0]], *term.inner[move.own[1] :]]
    bound = {axis.label for axis in (*term.out, *others)}
    touching = [factor for factor in term.factors if set(factor.labels) & set(labels)]
    if bound & set(labels) or len(set(labels)) < len(labels) or not touching:
        return None
    rest = run.without(term.factors, touching)
    bound |= {label for factor in rest for label in factor.labels}
    kept = [label for factor in touching for label in factor.labels if label in bound - set(labels)]
    kept = list(dict.fromkeys(kept))
    array = _placed(run, run.array(touching, [*labels, *kept]), moved, node.shape[slice(*move.own)])
    new = move.transpose(array, tuple(run.sizes[label] for label in kept))
    fresh = [run.fresh(size) for size in arg.shape[slice(*move.inner)]]
    axes = (*term.inner[: move.own[0]], *map(Axis, fresh), *term.inner[move.own[1] :])
    return Term((*rest, Factor(new, (*fresh, *kept))), term.out, axes)


def _placed(run: Labels, array: Node, axes: Sequence[Axis], shape: Shape) -> Node:
    """The array with whole first axes: zeros where the term covers only a part of them."""
    if not any(run.partial(axis, size) for axis, size in zip(axes, shape, strict=True)):
        return array
    ranges = [(axis.start, run.sizes[axis.label], axis.step) for axis in axes]
    rest = array.shape[len(shape) :]
    return tensor.scatter(array, shape + rest, (*ranges, *((0, size, 1) for size in rest)))
