"""Parts of arrays taken out and put back, and whole numbers that say which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...graph.errors import ShapeError
from ...graph.node import VAR, Node, Op, as_node, make
from ...graph.shapes import Shape, Size, add_sizes, broadcast_shapes, multiply_sizes, show_shape, size_terms
from .. import c_code, standard
from ..kinds import broadcast_to, structural, without_axes
from ..scalar import equal
from ..spelling import Range, index_text, range_text, shape_text
from ..targets import CCode

# -- parts of arrays -----------------------------------------------------------------------------------------------


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
index = structural(
    "index", 1, _build_index, lambda ct, y, x: (scatter(ct, x.shape, y.attrs[0]),), domain="all arrays",
    numpy=lambda node: f"{{0}}[{index_text(node)}]", text_of=lambda node: f"{{0}}[{index_text(node)}]", view=True,
    selects=True,
    rule="part of an array", gate="a part gets, the rest gets 0",
    array_api=standard.sliced,
    c=CCode(element=c_code.index_element),
)  # fmt: skip
scatter = structural(
    "scatter", 1, _build_scatter, lambda ct, y, x: (index(ct, y.attrs[1]),), domain="all arrays", numpy=(lambda node: f"_placed({{0}}, {shape_text(node.shape)}, np.s_[{_scatter_index(node)}])", _PLACED),
    text_of=_scatter_text, selects=True, array_api=(standard.placed, (standard.PLACED,)),
    c=CCode(element=c_code.scatter_element),
)  # fmt: skip


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
    """The index arrays for the array API standard."""
    return index_code(node).replace("np.arange(", "xp.arange(").replace("})", "}, device=device)")


def _places_text(node: Node) -> str:
    return ", ".join(f"{{{place}}}" for place in range(1, len(node.args)))


def _typed(x: Node) -> str:
    """The first operand as an array: what has no shape may be a Python number."""
    return "{0}" if x.shape else "np.array({0}, dtype=dtype)"


_SCATTER_ADD = '''def _scatter_add(x, shape, *index):
    """Zeros of that shape with the elements of x added at the index; repeated places add up."""
    result = np.zeros(shape, x.dtype)
    np.add.at(result, index, x)
    return result'''
gather = structural(
    "gather", -1, _build_gather,
    lambda ct, y, x, *places: (scatter_add(ct, *places, x.shape), *(None for _ in places)),
    domain="whole numbers in range as places", numpy=lambda node: f"{{0}}[{index_code(node)}]",
    text_of=lambda node: f"{{0}}[{_places_text(node)}]", selects=True,
    array_api=lambda node: f"{{0}}[{_array_index(node)}]",
)  # fmt: skip
scatter_add = structural(
    "scatter_add", -1, _build_scatter_add,
    lambda ct, y, x, *places: (gather(ct, *places), *(None for _ in places)), domain="whole numbers in range as places",
    numpy=(lambda node: f"_scatter_add({_typed(node.args[0])}, {shape_text(node.shape)}, {index_code(node)})", _SCATTER_ADD),
    text_of=lambda node: f"scatter_add({{0}}, {shape_text(node.shape)}, {_places_text(node)})",
    array_api=(lambda node: f"_scatter_add(xp, {{0}}, {shape_text(node.shape)}, device, {_array_index(node)})", (standard.SCATTER_ADD,)),
)  # fmt: skip
arange = structural(
    "arange", 0, lambda op, size: make(op, (), (size,), (size,)), lambda ct, y: (), domain="sizes",
    numpy=lambda node: f"np.arange({{={node.attrs[0]}}}, dtype=dtype)",
    text_of=lambda node: f"arange({{={node.attrs[0]}}})",
    array_api=lambda node: f"xp.arange({{={node.attrs[0]}}}, dtype=dtype, device=device)",
    c=CCode(element=c_code.arange_element),
)  # fmt: skip


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


places = structural(
    "places", 0, _build_places, lambda ct, y: (), domain="whole numbers", numpy=_places_numpy, text_of=_places_shown,
    array_api=_places_array,
)  # fmt: skip


def places_among(nodes: Iterable[Node]) -> set[Node]:
    """The variables that hold whole numbers: they index arrays, or are compared with ``arange``."""
    found: set[Node] = set()
    for node in nodes:
        args = tuple(map(without_axes, node.args))
        if node.op in (gather, scatter_add):
            found.update(args[1:])
        elif node.op is equal and any(arg.op is arange for arg in args):
            found.update(args)
    return {node for node in found if node.op is VAR}


def least_sizes(nodes: Iterable[Node]) -> dict[str, int]:
    """How large each letter has to be for the slices among the nodes to have the elements that they say."""
    found: dict[str, int] = {}
    for node in nodes:
        if node.op in (index, scatter):
            whole = node.shape if node.op is scatter else node.args[0].shape
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
