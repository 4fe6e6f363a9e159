"""Products of elements, and running sums along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..graph.leaves import as_node
from ..graph.node import Node, Op, Operand, make
from ..graph.shapes import add_sizes
from . import array_api_code
from .arguments import Axis, Flag, one_axis
from .axes import expanded, total
from .contraction import contraction
from .indexing import INDEX
from .kinds import broadcast_to, structural
from .logic import equal, less_equal, not_equal, where
from .reductions import reduce_over, reduced_labels, reduction
from .sizes import ARANGE, EYE
from .spelling import Range
from .targets import CCode, LatexForm

_OTHERS = '''def _product_of_others(x, axis):
    """For each element, the product of the others along the axis; zeros divide nothing."""
    x = np.moveaxis(x, axis, 0)
    before, after = np.ones_like(x), np.ones_like(x)
    np.cumprod(x[:-1], 0, out=before[1:])
    np.cumprod(x[:0:-1], 0, out=after[-2::-1])
    return np.moveaxis(before * after, 0, axis)'''


def _pull_prod(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    """One axis after the other, each by the product of its other elements."""
    *outer, axis = y.attrs[0]
    inner = PROD(x, (axis,))
    if outer:
        others = tuple(place - (place > axis) for place in outer)
        (ct,) = _pull_prod(ct, PROD(inner, others), inner)
    return (expanded(ct, (axis,), x.ndim) * PRODUCT_OF_OTHERS(x, axis),)


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
    (part,) = _pull_prod(cotangent, PROD(kept, (axis + 1,)), kept)
    return (total(where(equal(own, 1), 0, part), (0,)),)


def _build_along(op: Op, x: Any, axis: int) -> Node:
    node = as_node(x)
    return make(op, (node,), (axis,), node.shape)


def flip(x: Node, axis: int) -> Node:
    """The elements along the axis in the opposite order."""
    ranges: list[Range] = [(0, size, 1) for size in x.shape]
    ranges[axis] = (add_sizes(x.shape[axis], -1), x.shape[axis], -1)
    return INDEX(x, tuple(ranges))


def _reduced_for_each(
    x: Node, axis: int, keep: Callable[[Node, Node], Node], rest: int, reduce: Callable[..., Node]
) -> Node:
    """For each place along the axis, a reduction of the elements that ``keep`` keeps for it, ``rest`` in place of others.

    ``keep``: function of the positions of the element and of the result.
    """
    labels: list[Any] = list(range(x.ndim))
    positions = ARANGE(x.shape[axis])
    own, other = (contraction([positions], [[label]], ["self", *labels]) for label in ("self", axis))
    copies = broadcast_to(contraction([x], [labels], ["self", *labels]), (x.shape[axis], *x.shape))
    found = reduce(where(keep(other, own), copies, rest), (axis + 1,))
    return contraction(
        [found], [["self", *labels[:axis], *labels[axis + 1 :]]], [*labels[:axis], "self", *labels[axis + 1 :]]
    )


def prod(x: Operand, axis: Axis = None, keepdims: Flag = False) -> Node:
    """The product over the axes; its derivative is right where elements are 0.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(sd.grad(prod(x), x), {"x": [0.0, 2.0, 3.0]})
    array([6., 0., 0.])
    """
    return reduce_over(x, axis, keepdims, "prod", PROD)


def cumsum(x: Operand, axis: Axis = None) -> Node:
    """Running sums along the axis; of a vector without one.

    Raises ShapeError where an array of several axes comes without one.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(cumsum(x), {"x": [1.0, 2.0, 3.0]})
    array([1., 3., 6.])
    """
    node = as_node(x)
    return CUMSUM(node, one_axis(node, axis, "cumsum"))


def product_of_others(x: Operand, axis: Axis = None) -> Node:
    """For each element, the product of the others along the axis.

    It is the gradient of :func:`prod`, right where elements are 0.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(product_of_others(x), {"x": [0.0, 2.0, 3.0]})
    array([6., 0., 0.])
    """
    node = as_node(x)
    return PRODUCT_OF_OTHERS(node, one_axis(node, axis, "product_of_others"))


def _array_api_prod(node: Node) -> str:
    """Products over one axis after the other, the last first."""
    code = "{0}"
    for axis in sorted(node.attrs[0], reverse=True):
        code = f"xp.prod({code}, axis={axis})"
    return code


PROD = reduction(
    "prod",
    _pull_prod,
    "{0}.prod({axes})",
    latex=LatexForm(functions={"prod": (r"\prod {0:product}", "big")}),
    domain="all arrays",
    array_api=_array_api_prod,
    c=CCode(labels=reduced_labels, accumulate=("1", "{0} *= {1}")),
    function=prod,
)


PRODUCT_OF_OTHERS = structural(
    "product_of_others",
    1,
    _build_along,
    _pull_others,
    numpy=(lambda node: f"_product_of_others({{0}}, {node.attrs[0]})", _OTHERS),
    domain="all arrays",
    text_of=lambda node: f"product_of_others({{0}}, axis={node.attrs[0]})",
    array_api=(lambda node: f"_product_of_others(xp, {{0}}, {node.attrs[0]})", (array_api_code.OTHERS,)),
    lowered=lambda node, x: _reduced_for_each(x, node.attrs[0], not_equal, 1, PROD),
    function=product_of_others,
)


CUMSUM = structural(
    "cumsum",
    1,
    _build_along,
    lambda ct, y, x: (flip(CUMSUM(flip(ct, y.attrs[0]), y.attrs[0]), y.attrs[0]),),
    domain="all arrays",
    numpy=lambda node: f"{{0}}.cumsum({node.attrs[0]})",
    text_of=lambda node: f"cumsum({{0}}, axis={node.attrs[0]})",
    array_api=(lambda node: f"_cumsum(xp, {{0}}, {node.attrs[0]})", (array_api_code.CUMSUM,)),
    lowered=lambda node, x: _reduced_for_each(x, node.attrs[0], less_equal, 0, total),
    function=cumsum,
)
