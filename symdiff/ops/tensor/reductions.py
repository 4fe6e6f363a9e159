"""Reductions and running sums: the other axes stay; what has all axes is a view of the result."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...graph.node import Node, Op, as_node, const, make
from ...graph.shapes import add_sizes, multiply_sizes
from .. import c_code, standard
from ..contraction import EYE, contraction, size_node
from ..kinds import broadcast_to, structural
from ..scalar import abs, equal, exp, less_equal, log, logical_or, not_equal, sqrt, where
from ..sides import Sides, tip
from ..spelling import Range
from ..targets import CCode, LatexForm
from .axes import Axes, expanded, total
from .parts import arange, index
from .rearranged import reshape


def _axes_text(axes: Axes) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


def _reduction(name: str, pullback: Callable[..., Any], numpy: str, helper: str = "", **traits: Any) -> Op:
    """A row that reduces over the axes in its attribute; ``numpy`` has ``{axes}``, empty where it is every axis."""

    def build(op: Op, x: Any, axes: Axes) -> Node:
        node = as_node(x)
        shape = tuple(size for axis, size in enumerate(node.shape) if axis not in axes)
        return make(op, (node,), (axes,), shape)

    def numpy_of(node: Node) -> str:
        axes = node.attrs[0]
        return numpy.replace("{axes}", "" if len(axes) == node.args[0].ndim else _axes_text(axes)).replace(", )", ")")

    return structural(name, 1, build, pullback, numpy=(numpy_of, helper), text_of=_reduction_text(name), **traits)


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


amax = _reduction("max", _pull_extreme, "{0}.max({axes})", latex=LatexForm(functions={"max": (r"\max\left({0}\right)", "atom")}), domain="real arrays, not empty along the axes",
                  kink="ties share equally", sides=_tied, gate="max routes",
                  array_api=(_array_reduction('_extreme(xp, "max", {0}, {axes})'), (standard.EXTREME,)),
                  c=CCode("", c_code.MAXIMUM, labels=c_code.reduced_labels, accumulate=("-INFINITY", "{0} = maximum({0}, {1})")))  # fmt: skip
amin = _reduction("min", _pull_extreme, "{0}.min({axes})", latex=LatexForm(functions={"min": (r"\min\left({0}\right)", "atom")}), domain="real arrays, not empty along the axes",
                  kink="ties share equally", sides=_tied, gate="min routes",
                  array_api=(_array_reduction('_extreme(xp, "min", {0}, {axes})'), (standard.EXTREME,)),
                  c=CCode("", c_code.MINIMUM, labels=c_code.reduced_labels, accumulate=("INFINITY", "{0} = minimum({0}, {1})")))  # fmt: skip


def _lower_argmax(node: Node, x: Node) -> Node:
    """The first place where the largest element stands, or NaN."""
    if len(node.attrs[0]) > 1:
        x = reshape(x, (multiply_sizes(*x.shape),))
    axis = node.attrs[0][0]
    size = x.shape[axis]
    places = contraction([arange(size)], [[axis]], list(range(x.ndim)))
    largest = logical_or(equal(x, expanded(amax(x, (axis,)), (axis,), x.ndim)), not_equal(x, x))
    return amin(broadcast_to(where(largest, places, size_node(size)), x.shape), (axis,))


argmax = _reduction("argmax", lambda ct, y, x: (None,), "{0}.argmax({axes})", domain="real arrays, one axis or all",
                    kink="derivative 0 everywhere; the first of ties", array_api=standard.argmax,
                    c=CCode(lowered=_lower_argmax))  # fmt: skip

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


def _build_softmax(op: Op, x: Any, axes: Axes) -> Node:
    node = as_node(x)
    return make(op, (node,), (axes,), node.shape) if axes else const(1)


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
                       array_api=(_array_reduction("_logsumexp(xp, {0}, {axes})"), (standard.EXTREME, standard.LOGSUMEXP)),
                       domain="real arrays, not empty along the axes",
                       c=CCode(lowered=_lower_logsumexp), weight=14)  # fmt: skip
softmax = structural("softmax", 1, _build_softmax, _pull_softmax, numpy=(_softmax_numpy, _SOFTMAX),
                     text_of=_softmax_text, domain="real arrays",
                     array_api=(_array_reduction("_softmax(xp, {0}, {axes})"), (standard.EXTREME, standard.SOFTMAX)),
                     c=CCode(lowered=_lower_softmax), weight=14)  # fmt: skip

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


def _build_along(op: Op, x: Any, axis: int) -> Node:
    node = as_node(x)
    return make(op, (node,), (axis,), node.shape)


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


norm = _reduction("norm", _pull_norm, "_norm({0}, {axes})", latex=LatexForm(functions={"norm": (r"\left\lVert {0} \right\rVert", "atom")}), domain="real arrays", helper=_NORM,
                  kink="x = 0: nan; 0 with kinks zero", sides=_tip, array_api=_array_reduction("xp.sqrt(xp.sum({0} * {0}, axis={axes}))"),
                  c=CCode(lowered=lambda node, x: sqrt(total(x**2, node.attrs[0]))))  # fmt: skip
prod = _reduction("prod", _pull_prod, "{0}.prod({axes})", latex=LatexForm(functions={"prod": (r"\prod {0:product}", "big")}), domain="all arrays",
                  array_api=lambda node: standard.products(node.attrs[0]),
                  c=CCode(labels=c_code.reduced_labels, accumulate=("1", "{0} *= {1}")))  # fmt: skip
product_of_others = structural(
    "product_of_others", 1, _build_along, _pull_others, numpy=(lambda node: f"_product_of_others({{0}}, {node.attrs[0]})", _OTHERS), domain="all arrays",
    text_of=lambda node: f"product_of_others({{0}}, axis={node.attrs[0]})",
    array_api=(lambda node: f"_product_of_others(xp, {{0}}, {node.attrs[0]})", (standard.OTHERS,)),
    c=CCode(lowered=lambda node, x: _reduced_for_each(x, node.attrs[0], not_equal, 1, prod)),
)  # fmt: skip
cumsum = structural(
    "cumsum", 1, _build_along, lambda ct, y, x: (flip(cumsum(flip(ct, y.attrs[0]), y.attrs[0]), y.attrs[0]),),
    domain="all arrays", numpy=lambda node: f"{{0}}.cumsum({node.attrs[0]})",
    text_of=lambda node: f"cumsum({{0}}, axis={node.attrs[0]})",
    array_api=(lambda node: f"_cumsum(xp, {{0}}, {node.attrs[0]})", (standard.CUMSUM,)),
    c=CCode(lowered=lambda node, x: _reduced_for_each(x, node.attrs[0], less_equal, 0, total)),
)  # fmt: skip
