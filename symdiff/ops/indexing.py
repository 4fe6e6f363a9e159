"""``x[...]`` as NumPy reads it: places, slices, new axes and arrays of places."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from ..graph.errors import ShapeError, SymdiffError, UnsupportedError
from ..graph.node import CONST, Node, as_node
from ..graph.shapes import Size, add_sizes, multiply_sizes, show_shape, symbolic_sizes
from . import tensor
from .arguments import as_size, lengths, named, read_shape, whole
from .contraction import SIZE, contraction
from .spelling import Range


def index(x: Any, items: Sequence[Any]) -> Node:
    """``x[...]`` with whole numbers, slices, None and ``...``; places that the call gives, or arrays of them, stand first.

    Raises ShapeError for too many items and for places outside the array.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> x[1:] - x[:-1]
    x[1:] - x[:-1]
    >>> (x[1:] - x[:-1]).shape
    ('n - 1',)
    """
    node = as_node(x)
    items = _filled(list(items), node)
    ranges: list[Range] = []
    labels: list[Any] = []
    arrays: list[tuple[int, Node]] = []
    for item in items:
        axis = len(ranges)
        if item is None:
            labels.append(("new", len(labels)))
            continue
        size = node.shape[axis]
        item = _known(item, size)
        if isinstance(item, slice):
            ranges.append(_range(item, size))
            labels.append(axis)
        elif (found := as_node(item)).op.predicate:
            raise UnsupportedError(f"how many elements {found} picks is not known; use where({found}, ..., 0)")
        elif found.shape or not _sized(found):
            arrays.append((len(labels), found))
            ranges.append((0, size, 1))
            labels.append(axis)
        else:
            ranges.append((_place(found, node, size), 1, 1))
    return _gathered(contraction([tensor.index(node, tuple(ranges))], [range(node.ndim)], labels), arrays)


def places(values: Any) -> Node:
    """Whole numbers as an array, to index with: ``x[places((0, 2))]``, which is ``x[[0, 2]]`` in Python.

    >>> import symdiff as sd
    >>> sd.symbol("x", shape=3)[[2, 0, 0]].shape
    (3,)
    """
    found = tuple(whole(value, "a place") for value in values)
    return tensor.places(found, (len(found),))


def _known(item: Any, size: Size) -> Any:
    """A list or NumPy array of places as a node, those from the end counted from the start; anything else itself."""
    if not isinstance(item, list) and not getattr(item, "ndim", 0):
        return item
    if isinstance(item, Node):
        return item
    import numpy as np

    array = np.asarray(item)
    if array.dtype.kind not in "iu" and array.size:
        raise SymdiffError(f"places along an axis are whole numbers, not {array.dtype}")
    if (array < 0).any() and not isinstance(size, int):
        raise ShapeError(f"places in an axis of size {size} are counted from its start")
    if isinstance(size, int) and ((array < -size) | (array >= size)).any():
        raise ShapeError(f"the places go from {array.min()} to {array.max()} and the axis has size {size}")
    found = np.where(array < 0, array + size, array) if isinstance(size, int) else array
    return tensor.places(tuple(found.astype(int).ravel().tolist()), array.shape)


def _gathered(node: Node, arrays: list[tuple[int, Node]]) -> Node:
    if not arrays:
        return node
    if [place for place, _ in arrays] != list(range(len(arrays))):
        raise UnsupportedError("index arrays stand first, as in x[i] and x[i, j]; transpose the array before")
    return tensor.gather(node, *(array for _, array in arrays))


def _filled(items: list[Any], node: Node) -> list[Any]:
    """The items with ``...`` and what is left out at the end written as whole slices."""
    missing = node.ndim - builtins.sum(item is not None and item is not Ellipsis for item in items)
    if missing < 0:
        raise ShapeError(f"there are {node.ndim - missing} indices for an array of shape {show_shape(node.shape)}")
    if builtins.sum(item is Ellipsis for item in items) > 1:
        raise ShapeError('an index has one "..." at most')
    if not any(item is Ellipsis for item in items):
        items.append(Ellipsis)
    place = next(at for at, item in enumerate(items) if item is Ellipsis)
    return [*items[:place], *[slice(None)] * missing, *items[place + 1 :]]


def _sized(item: Node) -> bool:
    """Whether a place is known but for letters: a number, or an expression of sizes."""
    return item.op in (CONST, SIZE) or (item.op.name in ("add", "sub", "mul", "neg") and all(map(_sized, item.args)))


def _place(item: Node, node: Node, size: Size) -> Size:
    """A place along an axis of the node, counted from its start."""
    place = as_size(item)
    if not isinstance(place, int):
        return place
    if isinstance(size, int) and not -size <= place < size:
        shape = show_shape(node.shape)
        raise ShapeError(f"the place {place} is outside an axis of size {size}: {named(node)} has shape {shape}")
    return add_sizes(size, place) if place < 0 else place


def _range(item: slice, size: Size) -> Range:
    """Start, count and step of a slice, as Python counts."""
    step = 1 if item.step is None else whole(item.step, "a step")
    if step == 0:
        raise ShapeError("the step of a slice is not 0")
    ends: list[Any] = [None if end is None else as_size(end) for end in (item.start, item.stop)]
    if isinstance(size, int) and not symbolic_sizes(end for end in ends if end is not None):
        found = range(size)[slice(ends[0], ends[1], step)]
        return (found.start if len(found) else 0), len(found), step
    start = ends[0] if ends[0] is not None else 0 if step > 0 else add_sizes(size, -1)
    stop = ends[1] if ends[1] is not None else size if step > 0 else -1
    start = add_sizes(size, start) if isinstance(start, int) and start < 0 else start
    stop = add_sizes(size, stop) if isinstance(stop, int) and stop < 0 and ends[1] is not None else stop
    count = add_sizes(stop, multiply_sizes(-1, start))
    if step < 0:
        count = multiply_sizes(-1, count)
    if step not in (1, -1) or (isinstance(count, int) and count < 0):
        raise UnsupportedError(f"a slice of an axis of size {size} has step 1 or -1 and ends after it starts")
    return start, count, step


def scatter(x: Any, shape: Any, starts: Any, steps: Any) -> Node:
    """Zeros of that shape with x from the starts in these steps: what slicing takes out, put back.

    Raises ShapeError where it does not fit.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape=2)
    >>> sd.evaluate(scatter(x, (5,), (1,), (2,)), {"x": [7.0, 8.0]})
    array([0., 7., 0., 8., 0.])
    """
    node, result, begin = as_node(x), lengths(shape), read_shape(starts)
    strides = [whole(step, "a step") for step in steps]
    if not len(result) == len(begin) == len(strides) == node.ndim:
        raise ShapeError(
            f"scatter of an array of shape {show_shape(node.shape)} takes {node.ndim} sizes, starts and steps"
        )
    ranges = tuple(zip(begin, node.shape, strides, strict=True))
    for (start, count, step), length in zip(ranges, result, strict=True):
        if isinstance(start, int) and isinstance(count, int) and isinstance(length, int) and count:
            _place(as_node(start), node, length)
            _place(as_node(start + step * (count - 1)), node, length)
    return tensor.scatter(node, result, ranges)


def scatter_add(x: Any, shape: Any, *places: Any) -> Node:
    """Zeros of that shape with the elements of x added at the places: what indexing takes out, put back.

    Places that occur twice add up.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape=3)
    >>> sd.evaluate(scatter_add(x, (4,), sd.places((1, 1, 3))), {"x": [7.0, 8.0, 9.0]})
    array([ 0., 15.,  0.,  9.])
    """
    return tensor.scatter_add(x, *places, lengths(shape))
