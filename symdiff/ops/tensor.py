"""Operations on whole arrays that are neither elementwise nor contractions, one row each: their pullback and code.

Reductions keep the other axes only; what has them as axes of size 1 is a view of the result. Formulas for matrix
functions: M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation
(2008); Cholesky: I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..errors import ShapeError
from ..expr import VAR, Node, Row, as_node, const, make
from ..shapes import Shape, Size, add_sizes, broadcast_shapes, divide_sizes, multiply_sizes, show_shape, size_terms
from . import c_code, standard
from .contraction import EYE, VIEW, contraction
from .kinds import broadcast_to, structural, without_axes
from .scalar import abs, equal, exp, less_equal, log, not_equal, sqrt, where
from .sides import Sides, tip
from .spelling import Range, index_text, range_text, shape_text

Axes = tuple[int, ...]


def total(x: Node, axes: Axes) -> Node:
    """The sum over the axes."""
    return contraction([x], [range(x.ndim)], [axis for axis in range(x.ndim) if axis not in axes])


def expanded(x: Node, axes: Axes, ndim: int) -> Node:
    """A reduction over ``axes`` of ``ndim`` with those axes again, of size 1."""
    kept = [axis for axis in range(ndim) if axis not in axes]
    return contraction([x], [kept], range(ndim))


def transposed(x: Node) -> Node:
    """The last two axes exchanged."""
    axes = list(range(x.ndim))
    return contraction([x], [axes], [*axes[:-2], axes[-1], axes[-2]])


def product(a: Node, b: Node) -> Node:
    """Matrices, or stacks of them, multiplied."""
    batch = [("batch", place) for place in range(max(a.ndim, b.ndim) - 2)]
    left, right = batch[len(batch) - a.ndim + 2 :], batch[len(batch) - b.ndim + 2 :]
    return contraction([a, b], [[*left, "i", "j"], [*right, "j", "k"]], [*batch, "i", "k"])


def _axes_text(axes: Axes) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


def _reduction(name: str, pullback: Callable[..., Any], numpy: str, **traits: Any) -> Row:
    """A row that reduces over the axes in its attribute; ``numpy`` has ``{axes}``, empty where it is every axis."""

    def build(row: Row, x: Any, axes: Axes) -> Node:
        node = as_node(x)
        shape = tuple(size for axis, size in enumerate(node.shape) if axis not in axes)
        return make(row, (node,), (axes,), shape)

    def numpy_of(node: Node) -> str:
        axes = node.attrs[0]
        return numpy.replace("{axes}", "" if len(axes) == node.args[0].ndim else _axes_text(axes)).replace(", )", ")")

    return structural(name, 1, build, pullback, numpy_of=numpy_of, text_of=_reduction_text(name), **traits)


def _array_reduction(call: str) -> Callable[[Node], str]:
    """Code for the array API standard: a call with ``{axes}``."""
    return lambda node: standard.over_axes(call, node.attrs[0])


def _reduction_text(name: str) -> Callable[[Node], str]:
    def text_of(node: Node) -> str:
        every = len(node.attrs[0]) == node.args[0].ndim
        return f"{name}({{0}})" if every else f"{name}({{0}}, axis={_axes_text(node.attrs[0])})"

    return text_of


# -- largest and smallest ------------------------------------------------------------------------------------------


def _pull_extreme(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    """Equal shares among ties, selected so that nothing else is touched."""
    axes = y.attrs[0]
    chosen = equal(x, expanded(y, axes, x.ndim))
    share = ct / total(broadcast_to(where(chosen, 1, 0), x.shape), axes)
    return (where(chosen, expanded(share, axes, x.ndim), 0),)


def _tied(y: Node, x: Node) -> Sides:
    """Several elements are the extreme one; which is first says nothing, so there is no left and right."""
    axes = y.attrs[0]
    ties = where(equal(x, expanded(y, axes, x.ndim)), 1, 0)
    return Sides(total(broadcast_to(ties, x.shape), axes) > 1, mean=y)


amax = _reduction("max", _pull_extreme, "{0}.max({axes})", domain="real arrays, not empty along the axes",
                  kink="ties share equally", sides=_tied, gate="max routes",
                  array=_array_reduction('_extreme(xp, "max", {0}, {axes})'),
                  array_helpers=(standard.EXTREME,),
                  labels=c_code.reduced_labels, c_helper=c_code.MAXIMUM, accumulate=("-INFINITY", "{0} = maximum({0}, {1})"))  # fmt: skip
amin = _reduction("min", _pull_extreme, "{0}.min({axes})", domain="real arrays, not empty along the axes",
                  kink="ties share equally", sides=_tied, gate="min routes",
                  array=_array_reduction('_extreme(xp, "min", {0}, {axes})'),
                  array_helpers=(standard.EXTREME,),
                  labels=c_code.reduced_labels, c_helper=c_code.MINIMUM, accumulate=("INFINITY", "{0} = minimum({0}, {1})"))  # fmt: skip
argmax = _reduction("argmax", lambda ct, y, x: (None,), "{0}.argmax({axes})", domain="real arrays, one axis or all",
                    kink="derivative 0 everywhere; the first of ties", array=standard.argmax)  # fmt: skip

# -- sums of exponentials ------------------------------------------------------------------------------------------

_LOGSUMEXP = '''def _logsumexp(x, axis=None):
    """log(sum(exp(x))) over the axes, without overflow."""
    top = x.max(axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    return np.log(np.exp(x - top).sum(axis)) + top.reshape(x.sum(axis).shape)'''
_SOFTMAX = '''def _softmax(x, axis=None):
    """exp(x)/sum(exp(x)) over the axes, without overflow."""
    e = np.exp(x - x.max(axis, keepdims=True))
    e /= e.sum(axis, keepdims=True)
    return e'''


def _pull_logsumexp(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    return (softmax(x, y.attrs[0]) * expanded(ct, y.attrs[0], x.ndim),)


def _pull_softmax(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    axes = y.attrs[0]
    return (y * (ct - expanded(total(broadcast_to(ct * y, y.shape), axes), axes, x.ndim)),)


def _build_softmax(row: Row, x: Any, axes: Axes) -> Node:
    node = as_node(x)
    return make(row, (node,), (axes,), node.shape) if axes else const(1)


def _softmax_numpy(node: Node) -> str:
    every = len(node.attrs[0]) == node.ndim
    return "_softmax({0})" if every else f"_softmax({{0}}, {_axes_text(node.attrs[0])})"


def _softmax_text(node: Node) -> str:
    """The last axis need not be said where it is the only one."""
    return "softmax({0})" if node.ndim == 1 else f"softmax({{0}}, axis={_axes_text(node.attrs[0])})"


def _lower_logsumexp(node: Node, x: Node) -> Node:
    """As the helper computes it."""
    axes = node.attrs[0]
    top = amax(x, axes)
    top = where(equal(abs(top), math.inf), 0, top)
    return log(total(exp(x - expanded(top, axes, x.ndim)), axes)) + top


def _lower_softmax(node: Node, x: Node) -> Node:
    axes = node.attrs[0]
    e = exp(x - expanded(amax(x, axes), axes, x.ndim))
    return e / expanded(total(e, axes), axes, x.ndim)


logsumexp = _reduction("logsumexp", _pull_logsumexp, "_logsumexp({0}, {axes})", helper=_LOGSUMEXP,
                       array=_array_reduction("_logsumexp(xp, {0}, {axes})"),
                       array_helpers=(standard.EXTREME, standard.LOGSUMEXP),
                       domain="real arrays, not empty along the axes",
                       lowered=_lower_logsumexp)  # fmt: skip
softmax = structural("softmax", 1, _build_softmax, _pull_softmax, numpy_of=_softmax_numpy,
                     text_of=_softmax_text, helper=_SOFTMAX, domain="real arrays",
                     array=_array_reduction("_softmax(xp, {0}, {axes})"),
                     array_helpers=(standard.EXTREME, standard.SOFTMAX),
                     lowered=_lower_softmax)  # fmt: skip

# -- norm, products and running sums -------------------------------------------------------------------------------

_OTHERS = '''def _product_of_others(x, axis):
    """For each element, the product of the others along the axis; zeros divide nothing."""
    x = np.moveaxis(x, axis, 0)
    before, after = np.ones_like(x), np.ones_like(x)
    np.cumprod(x[:-1], 0, out=before[1:])
    np.cumprod(x[:0:-1], 0, out=after[-2::-1])
    return np.moveaxis(before * after, 0, axis)'''


def _pull_norm(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    return (expanded(ct / y, y.attrs[0], x.ndim) * x,)


def _pull_prod(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    """One axis after the other, each by the product of its other elements."""
    *outer, axis = y.attrs[0]
    inner = prod(x, (axis,))
    if outer:
        others = tuple(place - (place > axis) for place in outer)
        (ct,) = _pull_prod(ct, prod(inner, others), inner)
    return (expanded(ct, (axis,), x.ndim) * product_of_others(x, axis),)


def _pull_others(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    """By the definition: each element's product has a 1 in its own place."""
    axis, ndim = y.attrs[0], x.ndim
    size = x.shape[axis]
    labels = list(range(ndim))
    copies = contraction([x], [labels], ["self", *labels])
    own = contraction([EYE(size)], [["self", axis]], ["self", *labels])
    shape = (size, *x.shape)
    kept = where(equal(own, 1), 1, broadcast_to(copies, shape))
    cotangent = contraction([ct], [[*labels[:axis], "self", *labels[axis + 1 :]]], ["self", *labels])
    cotangent = contraction([cotangent], [["self", *labels]], ["self", *labels[:axis], *labels[axis + 1 :]])
    (part,) = _pull_prod(cotangent, prod(kept, (axis + 1,)), kept)
    return (total(where(equal(own, 1), 0, part), (0,)),)


def _build_along(row: Row, x: Any, axis: int) -> Node:
    node = as_node(x)
    return make(row, (node,), (axis,), node.shape)


def flip(x: Node, axis: int) -> Node:
    """The elements along the axis in the opposite order."""
    ranges: list[Range] = [(0, size, 1) for size in x.shape]
    ranges[axis] = (add_sizes(x.shape[axis], -1), x.shape[axis], -1)
    return index(x, tuple(ranges))


_NORM = '''def _norm(x, axis=None):
    """The square root of the sum of squares over the axes."""
    return np.linalg.norm(x) if axis is None else np.sqrt(np.square(x).sum(axis))'''


def _reduced_for_each(
    x: Node, axis: int, keep: Callable[[Node, Node], Node], rest: int, reduce: Callable[..., Node]
) -> Node:
    """For each place along the axis, a reduction of the elements that ``keep`` keeps for it, ``rest`` in place of others.

    ``keep``: function of the places of the element and of the result.
    """
    labels: list[Any] = list(range(x.ndim))
    places = arange(x.shape[axis])
    own, other = (contraction([places], [[label]], ["self", *labels]) for label in ("self", axis))
    copies = broadcast_to(contraction([x], [labels], ["self", *labels]), (x.shape[axis], *x.shape))
    found = reduce(where(keep(other, own), copies, rest), (axis + 1,))
    return contraction(
        [found], [["self", *labels[:axis], *labels[axis + 1 :]]], [*labels[:axis], "self", *labels[axis + 1 :]]
    )


def _tip(y: Node, x: Node) -> Sides:
    axes = y.attrs[0]
    return tip(y, equal(y, 0), norm(where(expanded(equal(y, 0), axes, x.ndim), 1, x), axes))


norm = _reduction("norm", _pull_norm, "_norm({0}, {axes})", domain="real arrays; no derivative at 0", helper=_NORM,
                  sides=_tip, array=_array_reduction("xp.sqrt(xp.sum({0} * {0}, axis={axes}))"),
                  lowered=lambda node, x: sqrt(total(x**2, node.attrs[0])))  # fmt: skip
prod = _reduction("prod", _pull_prod, "{0}.prod({axes})", domain="all arrays",
                  array=lambda node: standard.products(node.attrs[0]),
                  labels=c_code.reduced_labels, accumulate=("1", "{0} *= {1}"))  # fmt: skip
product_of_others = structural(
    "product_of_others", 1, _build_along, _pull_others, helper=_OTHERS, domain="all arrays",
    numpy_of=lambda node: f"_product_of_others({{0}}, {node.attrs[0]})",
    text_of=lambda node: f"product_of_others({{0}}, axis={node.attrs[0]})",
    array=lambda node: f"_product_of_others(xp, {{0}}, {node.attrs[0]})", array_helpers=(standard.OTHERS,),
    lowered=lambda node, x: _reduced_for_each(x, node.attrs[0], not_equal, 1, prod),
)  # fmt: skip
cumsum = structural(
    "cumsum", 1, _build_along, lambda ct, y, x: (flip(cumsum(flip(ct, y.attrs[0]), y.attrs[0]), y.attrs[0]),),
    domain="all arrays", numpy_of=lambda node: f"{{0}}.cumsum({node.attrs[0]})",
    text_of=lambda node: f"cumsum({{0}}, axis={node.attrs[0]})",
    array=lambda node: f"_cumsum(xp, {{0}}, {node.attrs[0]})", array_helpers=(standard.CUMSUM,),
    lowered=lambda node, x: _reduced_for_each(x, node.attrs[0], less_equal, 0, total),
)  # fmt: skip

# -- parts of arrays -----------------------------------------------------------------------------------------------


def _build_index(row: Row, x: Any, ranges: tuple[Range, ...]) -> Node:
    """Slices of slices are one slice; a whole axis is nothing."""
    node = as_node(x)
    if all(part == (0, size, 1) for part, size in zip(ranges, node.shape, strict=True)):
        return node
    if node.op is row:
        ranges = tuple(map(_sliced_again, node.attrs[0], ranges))
        return _build_index(row, node.args[0], ranges)
    if node.op.name == "broadcast" and not node.args[0].shape:
        return broadcast_to(node.args[0], tuple(count for _, count, _ in ranges))
    return make(row, (node,), (ranges,), tuple(count for _, count, _ in ranges))


def _sliced_again(first: Range, second: Range) -> Range:
    start = add_sizes(first[0], multiply_sizes(second[0], first[2]))
    return start, second[1], first[2] * second[2]


def _build_scatter(row: Row, x: Any, shape: Shape, ranges: tuple[Range, ...]) -> Node:
    return make(row, (as_node(x),), (shape, ranges), shape)


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
    numpy_of=lambda node: f"{{0}}[{index_text(node)}]", text_of=lambda node: f"{{0}}[{index_text(node)}]", view=True,
    moves=True,
    rule="part of an array", gate="a part gets, the rest gets 0",
    array=standard.sliced,
    element=c_code.index_element,
)  # fmt: skip
scatter = structural(
    "scatter", 1, _build_scatter, lambda ct, y, x: (index(ct, y.attrs[1]),), domain="all arrays", helper=_PLACED,
    numpy_of=lambda node: f"_placed({{0}}, {shape_text(node.shape)}, np.s_[{_scatter_index(node)}])",
    text_of=_scatter_text, moves=True, array=standard.placed, array_helpers=(standard.PLACED,),
    element=c_code.scatter_element,
)  # fmt: skip


def _build_gather(row: Row, x: Any, *places: Any) -> Node:
    node, indices = as_node(x), tuple(map(as_node, places))
    if len(indices) > node.ndim:
        raise ShapeError(f"{len(indices)} index arrays are too many for an array of shape {show_shape(node.shape)}")
    shape = broadcast_shapes("indexing", *(part.shape for part in indices))
    return make(row, (node, *indices), (), shape + node.shape[len(indices) :])


def _build_scatter_add(row: Row, x: Any, *rest: Any) -> Node:
    *places, shape = rest
    node, indices = as_node(x), tuple(map(as_node, places))
    wanted = broadcast_shapes("indexing", *(part.shape for part in indices), ()) + shape[len(indices) :]
    if not 0 < len(indices) <= len(shape) or node.shape != wanted:
        raise ShapeError(
            f"scatter_add puts an array of shape {show_shape(wanted)} at these places of {show_shape(shape)}, "
            f"not {show_shape(node.shape)}"
        )
    return make(row, (node, *indices), (shape,), shape)


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
    domain="whole numbers in range as places", numpy_of=lambda node: f"{{0}}[{index_code(node)}]",
    text_of=lambda node: f"{{0}}[{_places_text(node)}]", moves=True,
    array=lambda node: f"{{0}}[{_array_index(node)}]",
)  # fmt: skip
scatter_add = structural(
    "scatter_add", -1, _build_scatter_add,
    lambda ct, y, x, *places: (gather(ct, *places), *(None for _ in places)), domain="whole numbers in range as places",
    helper=_SCATTER_ADD, numpy_of=lambda node: f"_scatter_add({_typed(node.args[0])}, {shape_text(node.shape)}, {index_code(node)})",
    text_of=lambda node: f"scatter_add({{0}}, {shape_text(node.shape)}, {_places_text(node)})",
    array=lambda node: f"_scatter_add(xp, {{0}}, {shape_text(node.shape)}, device, {_array_index(node)})",
    array_helpers=(standard.SCATTER_ADD,),
)  # fmt: skip
arange = structural(
    "arange", 0, lambda row, size: make(row, (), (size,), (size,)), lambda ct, y: (), domain="sizes",
    numpy_of=lambda node: f"np.arange({{={node.attrs[0]}}}, dtype=dtype)",
    text_of=lambda node: f"arange({{={node.attrs[0]}}})",
    array=lambda node: f"xp.arange({{={node.attrs[0]}}}, dtype=dtype, device=device)",
    element=c_code.arange_element,
)  # fmt: skip


def _build_places(row: Row, values: tuple[int, ...], shape: Shape) -> Node:
    return make(row, (), (values, shape), shape)


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
    "places", 0, _build_places, lambda ct, y: (), domain="whole numbers", numpy_of=_places_numpy, text_of=_places_shown,
    array=_places_array,
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


# -- arrays from arrays --------------------------------------------------------------------------------------------


def _build_reshape(row: Row, x: Any, shape: Shape) -> Node:
    node = as_node(x)
    if node.op is row:
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
    return make(row, (node,), (shape,), shape)


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


def _build_concatenate(row: Row, *rest: Any) -> Node:
    *parts, axis = rest
    nodes = tuple(map(as_node, parts))
    if len(nodes) == 1:
        return nodes[0]
    shapes = [(*node.shape[:axis], *node.shape[axis + 1 :]) for node in nodes]
    if len(set(shapes)) > 1 or len({node.ndim for node in nodes}) > 1:
        listed = " and ".join(show_shape(node.shape) for node in nodes)
        raise ShapeError(f"concatenate along axis {axis} needs equal other sizes, not the shapes {listed}")
    size = add_sizes(*(node.shape[axis] for node in nodes))
    return make(row, nodes, (axis,), (*nodes[0].shape[:axis], size, *nodes[0].shape[axis + 1 :]))


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
    "reshape", 1, _build_reshape, lambda ct, y, x: (reshape(ct, x.shape),), domain="as many elements as before", view=True, moves=True,
    numpy_of=lambda node: f"{{0}}.reshape{shape_text(node.shape)}" if node.ndim != 1 else f"{{0}}.reshape({{={node.shape[0]}}})",
    text_of=lambda node: f"reshape({{0}}, {shape_text(node.shape)})",
    array=lambda node: f"xp.reshape({{0}}, {shape_text(node.shape)})",
    element=c_code.reshape_element,
)  # fmt: skip
concatenate = structural(
    "concatenate", -1, _build_concatenate, _pull_concatenate, domain="equal sizes along the other axes",
    numpy_of=lambda node: f"np.concatenate(({_parts_text(node)}), {node.attrs[0]})",
    text_of=lambda node: f"concatenate(({_parts_text(node)}), axis={node.attrs[0]})", moves=True,
    array=lambda node: f"xp.concat(({_parts_text(node)}), axis={node.attrs[0]})",
    element=c_code.concatenate_element,
)  # fmt: skip

# -- matrices ------------------------------------------------------------------------------------------------------


def _square(name: str, node: Node) -> None:
    if node.ndim < 2 or node.shape[-1] != node.shape[-2]:
        raise ShapeError(f"{name} needs a square matrix, not shape {show_shape(node.shape)}")


def _build_square(row: Row, x: Any) -> Node:
    node = as_node(x)
    _square(row.name, node)
    return make(row, (node,), (), node.shape)


def _build_scalar(row: Row, x: Any) -> Node:
    node = as_node(x)
    _square(row.name, node)
    return make(row, (node,), (), node.shape[:-2])


def _build_inv(row: Row, x: Any) -> Node:
    """inv(inv(X)) = X, inv(X.T) = inv(X).T: the transpose outside, so that both find one inverse."""
    node = as_node(x)
    if node.op is VIEW and node.ndim == node.args[0].ndim == 2 and node is transposed(node.args[0]):
        return transposed(_build_inv(row, node.args[0]))
    return _build_square(row, node)


def _build_triangle(row: Row, x: Any, k: int) -> Node:
    node = as_node(x)
    if node.ndim < 2:
        raise ShapeError(f"{row.name} needs a matrix, not shape {show_shape(node.shape)}")
    return make(row, (node,), (k,), node.shape)


def _build_solve(row: Row, a: Any, b: Any) -> Node:
    matrix, right = as_node(a), as_node(b)
    _square("solve", matrix)
    if matrix.ndim != 2 or right.ndim not in (1, 2) or right.shape[0] != matrix.shape[0]:
        raise ShapeError(
            f"solve needs a matrix (n, n) and a right side (n,) or (n, k), not the shapes "
            f"{show_shape(matrix.shape)} and {show_shape(right.shape)}"
        )
    return make(row, (matrix, right), (), right.shape)


def _pull_inv(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    flipped = transposed(y)
    return (-product(product(flipped, ct), flipped),)


def _pull_solve(ct: Node, y: Node, a: Node, b: Node) -> tuple[Node, ...]:
    back = solve(transposed(a), ct)
    rest = ["k"] if y.ndim == 2 else []
    return -contraction([back, y], [["i", *rest], ["j", *rest]], "ij"), back


def _by_inverse(factor: Node, x: Node) -> tuple[Node, ...]:
    return (expanded(factor, (x.ndim - 2, x.ndim - 1), x.ndim) * transposed(inv(x)),)


def _pull_cholesky(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    """Murray (2016), equation 10; the factor is that of the symmetric part."""
    whole = product(transposed(y), ct)
    half = (tril(whole, 0) + tril(whole, -1)) / 2
    inverse = inv(y)
    found = product(product(transposed(inverse), half), inverse)
    return ((found + transposed(found)) / 2,)


_CHOLESKY = '''def _cholesky(x):
    """The lower factor of the symmetric part of x."""
    return np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2)'''
inv = structural("inv", 1, _build_inv, _pull_inv, numpy_of=lambda node: "np.linalg.inv({0})",
                 text_of=lambda node: "inv({0})", domain="regular matrices")  # fmt: skip
solve = structural(
    "solve", 2, _build_solve, _pull_solve, numpy_of=lambda node: "np.linalg.solve({0}, {1})",
    text_of=lambda node: "solve({0}, {1})", domain="regular matrices",
)  # fmt: skip
det = structural("det", 1, _build_scalar, lambda ct, y, x: _by_inverse(ct * y, x), domain="regular matrices",
                 numpy_of=lambda node: "np.linalg.det({0})", text_of=lambda node: "det({0})")  # fmt: skip
logdet = structural("logdet", 1, _build_scalar, lambda ct, y, x: _by_inverse(ct, x), domain="regular matrices: log(abs(det(X)))",
                    numpy_of=lambda node: "np.linalg.slogdet({0})[1]", text_of=lambda node: "logdet({0})")  # fmt: skip
cholesky = structural("cholesky", 1, _build_square, _pull_cholesky, domain="positive definite symmetric part", helper=_CHOLESKY,
                      numpy_of=lambda node: "_cholesky({0})", text_of=lambda node: "cholesky({0})",
                      array="xp.linalg.cholesky(({0} + {0}.mT) / 2)")  # fmt: skip
tril = structural("tril", 1, _build_triangle, lambda ct, y, x: (tril(ct, y.attrs[0]),), domain="all matrices",
                  numpy_of=lambda node: _triangle("np.tril", node), text_of=lambda node: _triangle("tril", node), moves=True,
                  element=c_code.lower_element)  # fmt: skip
triu = structural("triu", 1, _build_triangle, lambda ct, y, x: (triu(ct, y.attrs[0]),), domain="all matrices",
                  numpy_of=lambda node: _triangle("np.triu", node), text_of=lambda node: _triangle("triu", node), moves=True,
                  element=c_code.upper_element)  # fmt: skip


def _triangle(name: str, node: Node) -> str:
    return f"{name}({{0}})" if node.attrs[0] == 0 else f"{name}({{0}}, {node.attrs[0]})"
