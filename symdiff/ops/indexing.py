"""``x[...]`` as NumPy reads it: positions, slices, new axes and arrays of positions."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

from ..graph.errors import ShapeError, SymdiffError, UnsupportedError
from ..graph.leaves import CONST, as_node
from ..graph.node import Node, Op, Operand, make
from ..graph.shapes import (
    Shape,
    Size,
    add_sizes,
    multiply_sizes,
    show_shape,
    size_terms,
    symbolic_sizes,
)
from . import array_api_code, c_code
from .arguments import ShapeLike, Whole, as_size, lengths, named, read_shape, whole
from .contraction import contraction
from .gathering import GATHER, PLACES
from .kinds import broadcast_to, structural
from .sizes import SIZE
from .spelling import Range, index_text, range_text, shape_text
from .targets import CCode


def _build_index(op: Op, x: Any, ranges: tuple[Range, ...]) -> Node:
    """Slices of slices are one slice; a whole axis is nothing."""
    node = as_node(x)
    if all(part == (0, size, 1) for part, size in zip(ranges, node.shape, strict=True)):
        return node
    if node.op is op:
        ranges = tuple(map(_sliced_again, node.attrs[0], ranges))
        return _build_index(op, node.args[0], ranges)
    if node.op.name == "broadcast" and not node.args[0].shape:
        return broadcast_to(node.args[0], tuple(count for _, count, _ in ranges))
    return make(op, (node,), (ranges,), tuple(count for _, count, _ in ranges))


def _sliced_again(first: Range, second: Range) -> Range:
    start = add_sizes(first[0], multiply_sizes(second[0], first[2]))
    return start, second[1], first[2] * second[2]


def _build_scatter(op: Op, x: Any, shape: Shape, ranges: tuple[Range, ...]) -> Node:
    return make(op, (as_node(x),), (shape, ranges), shape)


def _scatter_index(node: Node) -> str:
    parts = zip(node.attrs[1], node.shape, strict=True)
    items = [range_text(part, size) for part, size in parts]
    while len(items) > 1 and items[-1] == ":":
        items.pop()
    return ", ".join(items)


def _scatter_text(node: Node) -> str:
    starts = shape_text(tuple(part[0] for part in node.attrs[1]))
    steps = shape_text(tuple(part[2] for part in node.attrs[1]))
    return f"scatter({{0}}, {shape_text(node.shape)}, {starts}, {steps})"


_PLACED = '''def _placed(x, shape, index):
    """Zeros of that shape with x at the index."""
    result = np.zeros(shape, x.dtype)
    result[index] = x
    return result'''


def index(x: Operand, items: Sequence[Any]) -> Node:
    """``x[...]`` with whole numbers, slices, None and ``...``; positions that are computed, or arrays of them, stand first.

    Raises ShapeError for too many items and for positions outside the array.

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
    return _gathered(contraction([INDEX(node, tuple(ranges))], [range(node.ndim)], labels), arrays)


def _known(item: Any, size: Size) -> Any:
    """A list or NumPy array of positions as a node, those from the end counted from the start; anything else itself."""
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
    return PLACES(tuple(found.astype(int).ravel().tolist()), array.shape)


def _gathered(node: Node, arrays: list[tuple[int, Node]]) -> Node:
    if not arrays:
        return node
    if [place for place, _ in arrays] != list(range(len(arrays))):
        raise UnsupportedError("index arrays stand first, as in x[i] and x[i, j]; transpose the array before")
    return GATHER(node, *(array for _, array in arrays))


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
    """Whether a position is known but for symbolic sizes: a number, or an expression of sizes."""
    return item.op in (CONST, SIZE) or (item.op.name in ("add", "sub", "mul", "neg") and all(map(_sized, item.args)))


def _place(item: Node, node: Node, size: Size) -> Size:
    """A position along an axis of the node, counted from its start."""
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


def scatter(x: Operand, shape: ShapeLike, starts: ShapeLike, steps: Sequence[Whole]) -> Node:
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
    return SCATTER(node, result, ranges)


INDEX = structural(
    "index",
    1,
    _build_index,
    lambda ct, y, x: (SCATTER(ct, x.shape, y.attrs[0]),),
    domain="all arrays",
    numpy=lambda node: f"{{0}}[{index_text(node)}]",
    text_of=lambda node: f"{{0}}[{index_text(node)}]",
    view=True,
    selects=True,
    rule="part of an array",
    gate="a part gets, the rest gets 0",
    array_api=array_api_code.sliced,
    c=CCode(element=c_code.index_element),
    function=index,
)


SCATTER = structural(
    "scatter",
    1,
    _build_scatter,
    lambda ct, y, x: (INDEX(ct, y.attrs[1]),),
    domain="all arrays",
    numpy=(lambda node: f"_placed({{0}}, {shape_text(node.shape)}, np.s_[{_scatter_index(node)}])", _PLACED),
    text_of=_scatter_text,
    selects=True,
    array_api=(array_api_code.placed, (array_api_code.PLACED,)),
    c=CCode(element=c_code.scatter_element),
    function=scatter,
)


def least_sizes(nodes: Iterable[Node]) -> dict[str, int]:
    """How large each letter has to be for the slices among the nodes to have the elements that they say."""
    found: dict[str, int] = {}
    for node in nodes:
        if node.op in (INDEX, SCATTER):
            whole = node.shape if node.op is SCATTER else node.args[0].shape
            for (start, count, step), size in zip(node.attrs[-1], whole, strict=True):
                last = add_sizes(start, multiply_sizes(step, add_sizes(count, -1)))
                low, high = (last, start) if step < 0 else (start, last)
                for positive in (count, low, add_sizes(size, multiply_sizes(-1, high), -1)):
                    _raise_least(found, positive)
    return {letter: least for letter, least in found.items() if least > 0}


def _raise_least(found: dict[str, int], size: Size) -> None:
    """Note what a size of one letter and a number needs to be 0 or more."""
    terms = size_terms(size)
    letters = [term for term in terms if term]
    if len(letters) == 1 and len(letters[0]) == terms[letters[0]] == 1:
        (letter,) = letters[0]
        found[letter] = max(found.get(letter, 0), -terms.get((), 0))
