"""What users give to array functions, read and checked: whole numbers, sizes, shapes, axes.

``axis`` is a whole number, a tuple of them, or None for all axes; negative ones count from the end. Sizes are whole
numbers, symbolic sizes, or expressions of them such as ``size("N") - 1``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsIndex, TypeAlias

from ..graph.errors import ShapeError, SymdiffError
from ..graph.leaves import CONST
from ..graph.node import Node
from ..graph.shapes import Shape, Size, add_sizes, multiply_sizes, show_shape
from .axes import Axes

#: A whole number, given as one or as a constant; what ``keepdims`` takes; a size, a shape and axes as users write them.
Whole: TypeAlias = SupportsIndex | Node
Flag: TypeAlias = bool | Node
SizeLike: TypeAlias = str | SupportsIndex | Node
ShapeLike: TypeAlias = SizeLike | Sequence[SizeLike]
Axis: TypeAlias = Whole | Sequence[Whole] | None


def whole(value: Any, what: str) -> int:
    """A whole number, given as one or as a constant."""
    found = value.value if isinstance(value, Node) and value.op is CONST else value
    if isinstance(found, bool) or not hasattr(found, "__index__"):
        raise SymdiffError(f"{what} is a whole number, not {value!r}")
    return int(found)


def as_size(value: Any) -> Size:
    """A size from a whole number, a symbolic size, or an expression of sizes."""
    if isinstance(value, str) and value.isidentifier():
        return value
    if isinstance(value, Node) and value.op.name == "size":
        return str(value.attrs[0])
    if isinstance(value, Node) and value.op.name in ("add", "sub", "mul", "neg"):
        parts = [as_size(arg) for arg in value.args]
        if value.op.name == "mul":
            return multiply_sizes(*parts)
        sign = 1 if value.op.name == "add" else -1
        return multiply_sizes(-1, parts[0]) if len(parts) == 1 else add_sizes(parts[0], multiply_sizes(sign, parts[1]))
    return whole(value, "a size")


def read_shape(value: Any) -> Shape:
    return tuple(map(as_size, value)) if isinstance(value, (tuple, list)) else (as_size(value),)


def lengths(value: Any) -> Shape:
    """A shape of sizes that are not negative."""
    shape = read_shape(value)
    if any(isinstance(size, int) and size < 0 for size in shape):
        raise ShapeError(f"a size is not negative: {show_shape(shape)}")
    return shape


def read_axes(x: Node, axis: Any, name: str) -> Axes:
    """The axes as sorted whole numbers from 0; every axis for None."""
    if axis is None:
        return tuple(range(x.ndim))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    found = []
    for one in given:
        place = whole(one, "an axis")
        if not -x.ndim <= place < x.ndim:
            raise ShapeError(f"{name} has no axis {place} in an array of shape {show_shape(x.shape)}")
        found.append(place % x.ndim)
    if len(set(found)) != len(found):
        raise ShapeError(f"{name} names an axis twice: {axis}")
    return tuple(sorted(found))


def one_axis(x: Node, axis: Any, name: str) -> int:
    axes = read_axes(x, axis, name)
    if len(axes) != 1:
        raise ShapeError(f"{name} takes one axis; an array of shape {show_shape(x.shape)} has {x.ndim}")
    return axes[0]


def truth(value: Any) -> bool:
    return bool(value.value) if isinstance(value, Node) and value.op is CONST else bool(value)


def named(node: Node) -> str:
    """The node for a message: its text where that is short."""
    text = str(node)
    return text if text.isidentifier() else f"({text})" if len(text) < 40 else "(...)"
