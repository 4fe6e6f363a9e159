"""Arrays made and rearranged, under NumPy's names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import ShapeError
from ..expr import Node, as_node, const
from ..shapes import broadcast_shapes, multiply_sizes, show_shape
from . import scalar, tensor
from .arguments import as_size, lengths, one_axis, read_axes, read_shape, whole
from .contraction import EYE, contraction, size_node
from .kinds import broadcast_to


def size(name: Any) -> Node:
    """The size of that letter, as a number."""
    return size_node(as_size(name))


def eye(n: Any) -> Node:
    """The identity matrix."""
    return EYE(*lengths(n))


def zeros(shape: Any) -> Node:
    """An array of zeros."""
    return broadcast_to(const(0), lengths(shape))


def ones(shape: Any) -> Node:
    """An array of ones."""
    return broadcast_to(const(1), lengths(shape))


def broadcast(x: Any, shape: Any) -> Node:
    """The array repeated to that shape by NumPy's rule; elementwise operations do so themselves."""
    node, whole = as_node(x), lengths(shape)
    if broadcast_shapes("broadcast_to", node.shape, whole) != whole:
        raise ShapeError(f"an array of shape {show_shape(node.shape)} cannot be repeated to {show_shape(whole)}")
    return broadcast_to(node, whole)


def arange(n: Any) -> Node:
    """0, 1, ..., n - 1."""
    return tensor.arange(*lengths(n))


def one_hot(places: Any, n: Any) -> Node:
    """For each place a row of n zeros with a 1 there, along a new last axis."""
    node = as_node(places)
    labels = list(range(node.ndim))
    return scalar.where(scalar.equal(contraction([node], [labels], [*labels, "new"]), arange(n)), 1, 0)


def reshape(x: Any, shape: Any) -> Node:
    """The elements in the same order in another shape; one size may be -1."""
    node = as_node(x)
    return tensor.reshape(node, tensor.complete_shape(read_shape(shape), multiply_sizes(*node.shape)))


def transpose(x: Any, axes: Any = None) -> Node:
    """The axes in the opposite order, or in the order given."""
    node = as_node(x)
    if axes is None:
        return contraction([node], [range(node.ndim)], range(node.ndim)[::-1])
    order = [whole(axis, "an axis") for axis in axes]
    if sorted(order) != list(range(node.ndim)):
        raise ShapeError(f"transpose of an array of shape {show_shape(node.shape)} takes each of its axes once")
    return contraction([node], [range(node.ndim)], order)


def squeeze(x: Any, axis: Any = None) -> Node:
    """The array without its axes of size 1, or without those given."""
    node = as_node(x)
    single = [place for place, size in enumerate(node.shape) if size == 1]
    axes = single if axis is None else list(read_axes(node, axis, "squeeze"))
    if not set(axes) <= set(single):
        raise ShapeError(f"squeeze drops axes of size 1 only; the shape is {show_shape(node.shape)}")
    return contraction([node], [range(node.ndim)], [place for place in range(node.ndim) if place not in axes])


def _several(name: str, arrays: Any) -> list[Node]:
    if not isinstance(arrays, Iterable) or (isinstance(arrays, Node) and not arrays.shape):
        raise ShapeError(f"{name} takes several arrays, as in {name}((a, b))")
    nodes = [as_node(part) for part in arrays]
    if not nodes:
        raise ShapeError(f"{name} needs at least one array")
    return nodes


def concatenate(arrays: Sequence[Any], axis: Any = 0) -> Node:
    """The arrays one after the other along an axis that they have."""
    nodes = _several("concatenate", arrays)
    return tensor.concatenate(*nodes, one_axis(nodes[0], axis, "concatenate"))


def stack(arrays: Sequence[Any], axis: Any = 0) -> Node:
    """The arrays one after the other along a new axis."""
    nodes = _several("stack", arrays)
    if len({node.shape for node in nodes}) != 1:
        raise ShapeError("stack needs arrays of one shape, not " + " and ".join(show_shape(n.shape) for n in nodes))
    place = whole(axis, "an axis") % (nodes[0].ndim + 1)
    labels: list[Any] = list(range(nodes[0].ndim))
    wide = [contraction([node], [labels], [*labels[:place], "new", *labels[place:]]) for node in nodes]
    return tensor.concatenate(*wide, place)


def T(x: Any) -> Node:
    """The axes in the opposite order."""
    return transpose(x)
