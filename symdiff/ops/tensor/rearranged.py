"""Arrays of the same elements in another shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...graph.errors import ShapeError
from ...graph.node import Node, Op, as_node, make
from ...graph.shapes import Shape, Size, add_sizes, divide_sizes, multiply_sizes, show_shape
from .. import c_code
from ..kinds import broadcast_to, structural
from ..spelling import Range, shape_text
from ..targets import CCode
from .parts import index, places

# -- arrays from arrays --------------------------------------------------------------------------------------------


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
    if node.op is places and multiply_sizes(*shape) == len(node.attrs[0]):
        return places(node.attrs[0], shape)
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
        found.append(index(ct, tuple(ranges)))
        start = add_sizes(start, part.shape[axis])  # type: ignore[assignment]
    return tuple(found)


def _parts_text(node: Node) -> str:
    return ", ".join(f"{{{place}}}" for place in range(len(node.args)))


reshape = structural(
    "reshape", 1, _build_reshape, lambda ct, y, x: (reshape(ct, x.shape),), domain="as many elements as before", view=True, selects=True,
    numpy=lambda node: f"{{0}}.reshape{shape_text(node.shape)}" if node.ndim != 1 else f"{{0}}.reshape({{={node.shape[0]}}})",
    text_of=lambda node: f"reshape({{0}}, {shape_text(node.shape)})",
    array_api=lambda node: f"xp.reshape({{0}}, {shape_text(node.shape)})",
    c=CCode(element=c_code.reshape_element),
)  # fmt: skip
concatenate = structural(
    "concatenate", -1, _build_concatenate, _pull_concatenate, domain="equal sizes along the other axes",
    numpy=lambda node: f"np.concatenate(({_parts_text(node)}), {node.attrs[0]})",
    text_of=lambda node: f"concatenate(({_parts_text(node)}), axis={node.attrs[0]})", selects=True,
    array_api=lambda node: f"xp.concat(({_parts_text(node)}), axis={node.attrs[0]})",
    c=CCode(element=c_code.concatenate_element),
)  # fmt: skip
