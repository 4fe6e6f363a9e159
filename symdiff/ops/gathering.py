"""Elements taken out of arrays at positions, and added up at positions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..graph.errors import ShapeError
from ..graph.leaves import VAR, as_node
from ..graph.node import Node, Op, Operand, make
from ..graph.shapes import Shape, broadcast_shapes, show_shape
from . import array_api_code
from .arguments import ShapeLike, Whole, lengths, whole
from .kinds import structural, without_axes
from .logic import equal
from .sizes import ARANGE
from .spelling import shape_text


def _build_gather(op: Op, x: Any, *places: Any) -> Node:
    node, indices = as_node(x), tuple(map(as_node, places))
    if len(indices) > node.ndim:
        raise ShapeError(f"{len(indices)} index arrays are too many for an array of shape {show_shape(node.shape)}")
    shape = broadcast_shapes("indexing", *(part.shape for part in indices))
    return make(op, (node, *indices), (), shape + node.shape[len(indices) :])


def _build_scatter_add(op: Op, x: Any, *rest: Any) -> Node:
    *places, shape = rest
    node, indices = as_node(x), tuple(map(as_node, places))
    wanted = broadcast_shapes("indexing", *(part.shape for part in indices), ()) + shape[len(indices) :]
    if not 0 < len(indices) <= len(shape) or node.shape != wanted:
        raise ShapeError(
            f"scatter_add puts an array of shape {show_shape(wanted)} at these places of {show_shape(shape)}, "
            f"not {show_shape(node.shape)}"
        )
    return make(op, (node, *indices), (shape,), shape)


def index_code(node: Node) -> str:
    """The index arrays of a node, as whole numbers."""
    return ", ".join(
        f"np.arange({{={arg.attrs[0]}}})" if arg.op.name == "arange" else f"{{{place}}}"
        for place, arg in enumerate(node.args[1:], 1)
    )


def _array_index(node: Node) -> str:
    """The index arrays for the array API array_api_code."""
    return index_code(node).replace("np.arange(", "xp.arange(").replace("})", "}, device=device)")


def _places_text(node: Node) -> str:
    return ", ".join(f"{{{place}}}" for place in range(1, len(node.args)))


def _typed(x: Node) -> str:
    """The first operand as an array: what has no shape may be a Python number."""
    return "{0}" if x.shape else "np.array({0}, dtype=dtype)"


_SCATTER_ADD = '''def _scatter_add(x, shape, *index):
    """Zeros of that shape with the elements of x added at the index; repeated positions add up."""
    result = np.zeros(shape, x.dtype)
    np.add.at(result, index, x)
    return result'''


def _build_places(op: Op, values: tuple[int, ...], shape: Shape) -> Node:
    return make(op, (), (values, shape), shape)


def _places_numpy(node: Node) -> str:
    values, shape = node.attrs
    kind = "" if values else ", int"
    return f"np.array({list(values)}{kind})" + (f".reshape{shape_text(shape)}" if len(shape) > 1 else "")


def _places_array(node: Node) -> str:
    values, shape = node.attrs
    return f"xp.reshape(xp.asarray({list(values)}, dtype=xp.int64, device=device), {shape_text(shape)})"


def _places_shown(node: Node) -> str:
    values, shape = node.attrs
    listed = f"places({shape_text(values)})"
    return listed if len(shape) == 1 else f"reshape({listed}, {shape_text(shape)})"


def places(values: Iterable[Whole]) -> Node:
    """Whole numbers as an array, to index with: ``x[places((0, 2))]``, which is ``x[[0, 2]]`` in Python.

    >>> import symdiff as sd
    >>> sd.symbol("x", shape=3)[[2, 0, 0]].shape
    (3,)
    """
    found = tuple(whole(value, "a place") for value in values)
    return PLACES(found, (len(found),))


def scatter_add(x: Operand, shape: ShapeLike, *places: Operand) -> Node:
    """Zeros of that shape with the elements of x added at the positions: what indexing takes out, put back.

    Positions that occur twice add up.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape=3)
    >>> sd.evaluate(scatter_add(x, (4,), sd.places((1, 1, 3))), {"x": [7.0, 8.0, 9.0]})
    array([ 0., 15.,  0.,  9.])
    """
    return SCATTER_ADD(x, *places, lengths(shape))


GATHER = structural(
    "gather",
    -1,
    _build_gather,
    lambda ct, y, x, *places: (SCATTER_ADD(ct, *places, x.shape), *(None for _ in places)),
    domain="whole numbers in range as places",
    numpy=lambda node: f"{{0}}[{index_code(node)}]",
    text_of=lambda node: f"{{0}}[{_places_text(node)}]",
    selects=True,
    array_api=lambda node: f"{{0}}[{_array_index(node)}]",
)


SCATTER_ADD = structural(
    "scatter_add",
    -1,
    _build_scatter_add,
    lambda ct, y, x, *places: (GATHER(ct, *places), *(None for _ in places)),
    domain="whole numbers in range as places",
    numpy=(
        lambda node: f"_scatter_add({_typed(node.args[0])}, {shape_text(node.shape)}, {index_code(node)})",
        _SCATTER_ADD,
    ),
    text_of=lambda node: f"scatter_add({{0}}, {shape_text(node.shape)}, {_places_text(node)})",
    array_api=(
        lambda node: f"_scatter_add(xp, {{0}}, {shape_text(node.shape)}, device, {_array_index(node)})",
        (array_api_code.SCATTER_ADD,),
    ),
    function=scatter_add,
)


PLACES = structural(
    "places",
    0,
    _build_places,
    lambda ct, y: (),
    domain="whole numbers",
    numpy=_places_numpy,
    text_of=_places_shown,
    array_api=_places_array,
    function=places,
)


def integer_variables(nodes: Iterable[Node]) -> set[Node]:
    """The variables that hold whole numbers: they index arrays, or are compared with ``arange``."""
    found: set[Node] = set()
    for node in nodes:
        args = tuple(map(without_axes, node.args))
        if node.op in (GATHER, SCATTER_ADD):
            found.update(args[1:])
        elif node.op is equal and any(arg.op is ARANGE for arg in args):
            found.update(args)
    return {node for node in found if node.op is VAR}
