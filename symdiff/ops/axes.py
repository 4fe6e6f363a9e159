"""Sums, axes and products that the rows are written with."""

from __future__ import annotations

from ..graph.node import Node
from .contraction import contraction

Axes = tuple[int, ...]


def total(x: Node, axes: Axes) -> Node:
    """The sum over the axes."""
    return contraction([x], [range(x.ndim)], [axis for axis in range(x.ndim) if axis not in axes])


def expanded(x: Node, axes: Axes, ndim: int) -> Node:
    """A reduction over ``axes`` of ``ndim`` with those axes again, of size 1."""
    kept = [axis for axis in range(ndim) if axis not in axes]
    return contraction([x], [kept], range(ndim))


def transposed(x: Node) -> Node:
    """The last two axes exchanged."""
    axes = list(range(x.ndim))
    return contraction([x], [axes], [*axes[:-2], axes[-1], axes[-2]])


def product(a: Node, b: Node) -> Node:
    """Matrices, or stacks of them, multiplied."""
    batch = [("batch", place) for place in range(max(a.ndim, b.ndim) - 2)]
    left, right = batch[len(batch) - a.ndim + 2 :], batch[len(batch) - b.ndim + 2 :]
    return contraction([a, b], [[*left, "i", "j"], [*right, "j", "k"]], [*batch, "i", "k"])
