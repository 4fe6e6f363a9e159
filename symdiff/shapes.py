"""Shapes: tuples of sizes, each an int or a letter such as ``"N"`` that generated code reads from its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .errors import ShapeError

Size = int | str
Shape = tuple[Size, ...]


def show_shape(shape: Shape) -> str:
    """``(N, 3)``, as messages spell a shape."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def check_shape(shape: Iterable[Size] | Size) -> Shape:
    """The shape as a tuple; raises ShapeError where a size is neither a whole number >= 0 nor a name."""
    sizes: Sequence[Size] = (shape,) if isinstance(shape, (int, str)) else tuple(shape)
    for size in sizes:
        good = size.isidentifier() if isinstance(size, str) else isinstance(size, int) and size >= 0
        if not good or isinstance(size, bool):
            raise ShapeError(f"a size is a whole number or a name, not {size!r}")
    return tuple(sizes)


def broadcast_shapes(name: str, *shapes: Shape) -> Shape:
    """NumPy's rule: align at the right, sizes equal or 1. ``name`` is the operation, for the message."""
    result: list[Size] = []
    for axis in range(1, max(map(len, shapes)) + 1):
        sizes = {shape[-axis] for shape in shapes if len(shape) >= axis} - {1}
        if len(sizes) > 1:
            listed = " and ".join(map(show_shape, shapes))
            raise ShapeError(f"{name} cannot combine the shapes {listed}: sizes must be equal or 1")
        result.append(sizes.pop() if sizes else 1)
    return tuple(reversed(result))
