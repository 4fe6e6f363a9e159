"""Arrays made and rearranged, under NumPy's names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..graph.errors import ShapeError
from ..graph.node import Node, as_node, const
from ..graph.shapes import broadcast_shapes, multiply_sizes, show_shape
from . import scalar, tensor
from .arguments import as_size, lengths, one_axis, read_axes, read_shape, whole
from .contraction import EYE, contraction, size_node
from .kinds import broadcast_to


def size(name: Any) -> Node:
    """The size of that letter, as a number.

    It is for averages written by hand, and for counts in formulas.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sd.sum(X) / size("N")
    sum(X)/N
    """
    return size_node(as_size(name))


def eye(n: Any) -> Node:
    """The identity matrix.

    ``n``: a number or a letter.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> A + eye("n")
    A + eye(n)
    >>> eye("n").shape
    ('n', 'n')
    """
    return EYE(*lengths(n))


def zeros(shape: Any) -> Node:
    """An array of zeros.

    ``shape``: a size or a tuple of them, numbers or letters.

    >>> import symdiff as sd
    >>> zeros(("N", 3)).shape
    ('N', 3)
    >>> sd.evaluate(zeros(2), {})
    array([0., 0.])
    """
    return broadcast_to(const(0), lengths(shape))


def ones(shape: Any) -> Node:
    """An array of ones.

    ``shape``: a size or a tuple of them, numbers or letters.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sd.simplify(X @ ones(3))
    sum(X, axis=1)
    >>> sd.evaluate(ones(2), {})
    array([1., 1.])
    """
    return broadcast_to(const(1), lengths(shape))


def broadcast(x: Any, shape: Any) -> Node:
    """The array repeated to that shape by NumPy's rule; elementwise operations do so themselves.

    Its pullback is a sum. Raises ShapeError where the shape does not come from repeating.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> broadcast(x, (5, "n")).shape
    (5, 'n')
    """
    node, whole = as_node(x), lengths(shape)
    if broadcast_shapes("broadcast_to", node.shape, whole) != whole:
        raise ShapeError(f"an array of shape {show_shape(node.shape)} cannot be repeated to {show_shape(whole)}")
    return broadcast_to(node, whole)


def arange(n: Any) -> Node:
    """0, 1, ..., n - 1.

    ``n``: a number or a letter.

    >>> import symdiff as sd
    >>> sd.evaluate(arange(4), {})
    array([0., 1., 2., 3.])
    >>> arange("n").shape
    ('n',)
    """
    return tensor.arange(*lengths(n))


def one_hot(places: Any, n: Any) -> Node:
    """For each place a row of n zeros with a 1 there, along a new last axis.

    A place outside of 0 to n - 1 gives zeros.

    >>> import symdiff as sd
    >>> sd.evaluate(one_hot(sd.symbol("y", shape="N"), 3), {"y": [2, 0]})
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    node = as_node(places)
    labels = list(range(node.ndim))
    return scalar.where(scalar.equal(contraction([node], [labels], [*labels, "new"]), arange(n)), 1, 0)


def reshape(x: Any, shape: Any) -> Node:
    """The elements in the same order in another shape; one size may be -1.

    In C order, the last axis fastest. Raises ShapeError where the sizes do not multiply to the same count.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> reshape(X, -1).shape
    ('3*N',)
    """
    node = as_node(x)
    return tensor.reshape(node, tensor.complete_shape(read_shape(shape), multiply_sizes(*node.shape)))


def transpose(x: Any, axes: Any = None) -> Node:
    """The axes in the opposite order, or in the order given.

    Raises ShapeError where the order does not name each axis once.

    >>> import symdiff as sd
    >>> C = sd.symbol("C", shape=(2, "m", 5))
    >>> transpose(C, (1, 2, 0)).shape, transpose(C).shape
    (('m', 5, 2), (5, 'm', 2))
    """
    node = as_node(x)
    if axes is None:
        return contraction([node], [range(node.ndim)], range(node.ndim)[::-1])
    order = [whole(axis, "an axis") for axis in axes]
    if sorted(order) != list(range(node.ndim)):
        raise ShapeError(f"transpose of an array of shape {show_shape(node.shape)} takes each of its axes once")
    return contraction([node], [range(node.ndim)], order)


def squeeze(x: Any, axis: Any = None) -> Node:
    """The array without its axes of size 1, or without those given.

    Raises ShapeError for an axis of another size.

    >>> import symdiff as sd
    >>> squeeze(sd.symbol("C", shape=("m", 1))).shape
    ('m',)
    """
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
    """The arrays one after the other along an axis that they have.

    Raises ShapeError where the other axes differ.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> concatenate([x, sd.symbol("y", shape=3)]).shape
    ('n + 3',)
    """
    nodes = _several("concatenate", arrays)
    return tensor.concatenate(*nodes, one_axis(nodes[0], axis, "concatenate"))


def stack(arrays: Sequence[Any], axis: Any = 0) -> Node:
    """The arrays one after the other along a new axis.

    Raises ShapeError where the shapes differ.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> stack([x, 2 * x]).shape, stack([x, 2 * x], axis=1).shape
    ((2, 'n'), ('n', 2))
    """
    nodes = _several("stack", arrays)
    if len({node.shape for node in nodes}) != 1:
        raise ShapeError("stack needs arrays of one shape, not " + " and ".join(show_shape(n.shape) for n in nodes))
    place = whole(axis, "an axis") % (nodes[0].ndim + 1)
    labels: list[Any] = list(range(nodes[0].ndim))
    wide = [contraction([node], [labels], [*labels[:place], "new", *labels[place:]]) for node in nodes]
    return tensor.concatenate(*wide, place)


def T(x: Any) -> Node:
    """The axes in the opposite order.

    ``X.T`` is the same.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> T(X)
    X.T
    """
    return transpose(x)
