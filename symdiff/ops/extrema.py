"""The largest and the smallest elements over axes."""

from __future__ import annotations

from ..graph.errors import ShapeError
from ..graph.leaves import as_node
from ..graph.node import Node, Operand
from ..graph.shapes import multiply_sizes
from . import array_api_code, c_code
from .arguments import Axis, Flag, read_axes
from .axes import expanded, total
from .composites import largest, smallest
from .contraction import contraction
from .kinds import broadcast_to
from .logic import equal, logical_or, not_equal, where
from .networks import size_node
from .rearranging import RESHAPE
from .reductions import array_api_reduction, axes_text, reduce_over, reduced_labels, reduction
from .sides import Sides
from .sizes import ARANGE
from .targets import CCode, LatexForm


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


def _lower_argmax(node: Node, x: Node) -> Node:
    """The first place where the largest element stands, or NaN."""
    if len(node.attrs[0]) > 1:
        x = RESHAPE(x, (multiply_sizes(*x.shape),))
    axis = node.attrs[0][0]
    size = x.shape[axis]
    positions = contraction([ARANGE(size)], [[axis]], list(range(x.ndim)))
    largest = logical_or(equal(x, expanded(MAX(x, (axis,)), (axis,), x.ndim)), not_equal(x, x))
    return MIN(broadcast_to(where(largest, positions, size_node(size)), x.shape), (axis,))


def max(x: Operand, *others: Operand, axis: Axis = None, keepdims: Flag = False) -> Node:
    """The largest element over the axes; of several arguments, elementwise. Ties share the derivative equally.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(sd.grad(max(x), x), {"x": [1.0, 4.0, 4.0]})
    array([0. , 0.5, 0.5])
    >>> max(*sd.symbols("a b"))
    maximum(a, b)
    """
    return largest(x, *others) if others else reduce_over(x, axis, keepdims, "max", MAX)


def min(x: Operand, *others: Operand, axis: Axis = None, keepdims: Flag = False) -> Node:
    """The smallest element over the axes; of several arguments, elementwise. Ties share the derivative equally.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(sd.grad(min(x), x), {"x": [1.0, 4.0, 4.0]})
    array([1., 0., 0.])
    >>> min(*sd.symbols("a b"))
    minimum(a, b)
    """
    return smallest(x, *others) if others else reduce_over(x, axis, keepdims, "min", MIN)


def argmax(x: Operand, axis: Axis = None) -> Node:
    """The index of the largest element along the axis, or in the flattened array; its derivative is 0.

    Of several largest ones the first. Raises ShapeError for more than one axis of several.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> argmax(X, axis=1).shape
    ('N',)
    >>> sd.evaluate(argmax(X), {"X": [[1, 2, 9], [4, 5, 6]]})
    2
    """
    node = as_node(x)
    axes = read_axes(node, axis, "argmax")
    if not node.ndim:
        raise ShapeError("argmax takes an array, not a number")
    if len(axes) not in (1, node.ndim):
        raise ShapeError("argmax takes one axis, or None for the flattened array")
    return ARGMAX(node, axes)


MAX = reduction(
    "max",
    _pull_extreme,
    "{0}.max({axes})",
    takes_out=True,
    latex=LatexForm(functions={"max": (r"\max\left({0}\right)", "atom")}),
    domain="real arrays, not empty along the axes",
    kink="ties share equally",
    sides=_tied,
    gate="max routes",
    array_api=(array_api_reduction('_extreme(xp, "max", {0}, {axes})'), (array_api_code.EXTREME,)),
    c=CCode("", c_code.MAXIMUM, labels=reduced_labels, accumulate=("-INFINITY", "{0} = maximum({0}, {1})")),
    function=max,
)


MIN = reduction(
    "min",
    _pull_extreme,
    "{0}.min({axes})",
    takes_out=True,
    latex=LatexForm(functions={"min": (r"\min\left({0}\right)", "atom")}),
    domain="real arrays, not empty along the axes",
    kink="ties share equally",
    sides=_tied,
    gate="min routes",
    array_api=(array_api_reduction('_extreme(xp, "min", {0}, {axes})'), (array_api_code.EXTREME,)),
    c=CCode("", c_code.MINIMUM, labels=reduced_labels, accumulate=("INFINITY", "{0} = minimum({0}, {1})")),
    function=min,
)


def _array_api_argmax(node: Node) -> str:
    """Code of the place of the largest element."""
    axes = node.attrs[0]
    return "xp.argmax({0})" if len(axes) == node.args[0].ndim else f"xp.argmax({{0}}, axis={axes_text(axes)})"


ARGMAX = reduction(
    "argmax",
    lambda ct, y, x: (None,),
    "{0}.argmax({axes})",
    domain="real arrays, one axis or all",
    kink="derivative 0 everywhere; the first of ties",
    array_api=_array_api_argmax,
    lowered=_lower_argmax,
    function=argmax,
)
