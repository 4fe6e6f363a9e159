"""Arrays in another shape, joined, or with their axes in another order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..graph.errors import ShapeError
from ..graph.leaves import as_node
from ..graph.node import Node, Op, Operand, make
from ..graph.operators import composite
from ..graph.shapes import Shape, Size, add_sizes, divide_sizes, multiply_sizes, show_shape
from . import c_code
from .arguments import Axis, ShapeLike, Whole, one_axis, read_axes, read_shape, whole
from .contraction import contraction
from .gathering import PLACES
from .indexing import INDEX
from .kinds import broadcast_to, structural
from .spelling import Range, shape_text
from .targets import CCode


def _build_reshape(op: Op, x: Any, shape: Shape) -> Node:
    node = as_node(x)
    if node.op is op:
        node = node.args[0]
    if node.shape == shape:
        return node
    if not node.shape and set(shape) <= {1}:
        return broadcast_to(node, shape)
    if node.op.name == "broadcast" and not node.args[0].shape:
        return broadcast_to(node.args[0], shape)
    if node.op is PLACES and multiply_sizes(*shape) == len(node.attrs[0]):
        return PLACES(node.attrs[0], shape)
    if multiply_sizes(*node.shape) != multiply_sizes(*shape):
        raise ShapeError(f"an array of shape {show_shape(node.shape)} cannot be reshaped to {show_shape(shape)}")
    return make(op, (node,), (shape,), shape)


def reshaped_axes(new: Shape, old: Shape) -> tuple[int, int]:
    """How many axes both shapes begin with, and end with, that stay as they are."""
    most = min(len(new), len(old))
    first = next((at for at in range(most) if new[at] != old[at]), most)
    most -= first
    last = next((at for at in range(most) if new[-1 - at] != old[-1 - at]), most)
    same = multiply_sizes(*new[first : len(new) - last]) == multiply_sizes(*old[first : len(old) - last])
    return (first, last) if same else (0, 0)  # of no elements


def complete_shape(shape: Sequence[Size], size: Size) -> Shape:
    """The shape with its one -1 replaced so that it holds ``size`` elements."""
    known = multiply_sizes(*(part for part in shape if part != -1))
    if -1 not in shape:
        return tuple(shape)
    rest = divide_sizes(size, known)
    if rest is None or list(shape).count(-1) > 1:
        raise ShapeError(f"{size} elements cannot be reshaped to {show_shape(tuple(shape))}")
    return tuple(rest if part == -1 else part for part in shape)


def _build_concatenate(op: Op, *rest: Any) -> Node:
    *parts, axis = rest
    nodes = tuple(map(as_node, parts))
    if len(nodes) == 1:
        return nodes[0]
    shapes = [(*node.shape[:axis], *node.shape[axis + 1 :]) for node in nodes]
    if len(set(shapes)) > 1 or len({node.ndim for node in nodes}) > 1:
        listed = " and ".join(show_shape(node.shape) for node in nodes)
        raise ShapeError(f"concatenate along axis {axis} needs equal other sizes, not the shapes {listed}")
    size = add_sizes(*(node.shape[axis] for node in nodes))
    return make(op, nodes, (axis,), (*nodes[0].shape[:axis], size, *nodes[0].shape[axis + 1 :]))


def _pull_concatenate(ct: Node, y: Node, *parts: Node) -> tuple[Node, ...]:
    axis, start, found = y.attrs[0], 0, []
    for part in parts:
        ranges: list[Range] = [(0, size, 1) for size in part.shape]
        ranges[axis] = (start, part.shape[axis], 1)
        found.append(INDEX(ct, tuple(ranges)))
        start = add_sizes(start, part.shape[axis])  # type: ignore[assignment]
    return tuple(found)


def _parts_text(node: Node) -> str:
    return ", ".join(f"{{{place}}}" for place in range(len(node.args)))


def reshape(x: Operand, shape: ShapeLike) -> Node:
    """The elements in the same order in another shape; one size may be -1.

    In C order, the last axis fastest. Raises ShapeError where the sizes do not multiply to the same count.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> reshape(X, -1).shape
    ('3*N',)
    """
    node = as_node(x)
    return RESHAPE(node, complete_shape(read_shape(shape), multiply_sizes(*node.shape)))


@composite
def transpose(x: Operand, axes: Sequence[Whole] | None = None) -> Node:
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


@composite
def squeeze(x: Operand, axis: Axis = None) -> Node:
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


def concatenate(arrays: Sequence[Operand] | Node, axis: Whole = 0) -> Node:
    """The arrays one after the other along an axis that they have.

    Raises ShapeError where the other axes differ.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> concatenate([x, sd.symbol("y", shape=3)]).shape
    ('n + 3',)
    """
    nodes = _several("concatenate", arrays)
    return CONCATENATE(*nodes, one_axis(nodes[0], axis, "concatenate"))


@composite
def stack(arrays: Sequence[Operand] | Node, axis: Whole = 0) -> Node:
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
    return CONCATENATE(*wide, place)


@composite
def T(x: Operand) -> Node:
    """The axes in the opposite order.

    ``X.T`` is the same.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> T(X)
    X.T
    """
    return transpose(x)


RESHAPE = structural(
    "reshape",
    1,
    _build_reshape,
    lambda ct, y, x: (RESHAPE(ct, x.shape),),
    domain="as many elements as before",
    view=True,
    selects=True,
    numpy=lambda node: (
        f"{{0}}.reshape{shape_text(node.shape)}" if node.ndim != 1 else f"{{0}}.reshape({{={node.shape[0]}}})"
    ),
    text_of=lambda node: f"reshape({{0}}, {shape_text(node.shape)})",
    array_api=lambda node: f"xp.reshape({{0}}, {shape_text(node.shape)})",
    c=CCode(element=c_code.reshape_element),
    function=reshape,
)


CONCATENATE = structural(
    "concatenate",
    -1,
    _build_concatenate,
    _pull_concatenate,
    domain="equal sizes along the other axes",
    numpy=lambda node: f"np.concatenate(({_parts_text(node)}), {node.attrs[0]})",
    text_of=lambda node: f"concatenate(({_parts_text(node)}), axis={node.attrs[0]})",
    selects=True,
    array_api=lambda node: f"xp.concat(({_parts_text(node)}), axis={node.attrs[0]})",
    c=CCode(element=c_code.concatenate_element),
    function=concatenate,
)
