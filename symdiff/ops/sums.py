"""Sums, means, variances and norms over axes, under NumPy's names; how a reduction is declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..graph.errors import UnsupportedError
from ..graph.leaves import as_node
from ..graph.node import Node, Operand
from ..graph.operators import composite
from ..graph.shapes import add_sizes, multiply_sizes
from . import powers, selection
from .arguments import Axis, Flag, Whole, read_axes, truth, whole
from .axes import Axes, expanded, total
from .logic import equal, where
from .networks import size_node
from .powers import sqrt
from .reductions import array_api_reduction, reduce_over, reduction
from .sides import Sides, tip
from .targets import LatexForm


@composite
def sum(x: Operand, axis: Axis = None, keepdims: Flag = False) -> Node:
    """The sum over the axes.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sum(X, axis=0), sum(X).shape, sum(X, axis=1, keepdims=True).shape
    (sum(X, axis=0), (), ('N', 1))
    """
    return reduce_over(x, axis, keepdims, "sum", total)


@composite
def mean(x: Operand, axis: Axis = None, keepdims: Flag = False) -> Node:
    """The mean over the axes: the sum divided by the number of elements, which may be symbolic.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1. Raises ShapeError
    for an axis that the array has not.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> mean(X, axis=0)
    sum(X, axis=0)/N
    >>> mean(X).shape
    ()
    """
    return reduce_over(x, axis, keepdims, "mean", _mean)


def _mean(x: Node, axes: Axes) -> Node:
    return total(x, axes) / size_node(multiply_sizes(*(x.shape[axis] for axis in axes)))


@composite
def var(x: Operand, axis: Axis = None, ddof: Whole = 0, keepdims: Flag = False) -> Node:
    """The variance over the axes, divided by the number of elements less ``ddof``.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(var(x), {"x": [1.0, 2.0, 6.0]})
    4.666666666666667
    >>> sd.evaluate(var(x, ddof=1), {"x": [1.0, 2.0, 6.0]})
    7.0
    """

    return _spread(x, axis, ddof, keepdims, "var", lambda centred, axes, count: total(centred**2, axes) / count)


def _spread(
    x: Any, axis: Any, ddof: Any, keepdims: Any, name: str, measure: Callable[[Node, Axes, Node], Node]
) -> Node:
    """A measure of the differences from the mean, given with the number of elements less ``ddof``."""
    node = as_node(x)
    axes = read_axes(node, axis, name)
    count = size_node(add_sizes(multiply_sizes(*(node.shape[axis] for axis in axes)), -whole(ddof, "ddof")))
    result = measure(node - expanded(_mean(node, axes), axes, node.ndim), axes, count)
    return expanded(result, axes, node.ndim) if truth(keepdims) else result


@composite
def std(x: Operand, axis: Axis = None, ddof: Whole = 0, keepdims: Flag = False) -> Node:
    """The standard deviation over the axes: the square root of :func:`var`.

    Arguments are those of :func:`var`. Where all elements are equal, its derivatives are those of :func:`norm` at 0.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(std(x), {"x": [1.0, 3.0]})
    1.0
    """
    return _spread(
        x, axis, ddof, keepdims, "std", lambda centred, axes, count: _norm(centred, axes) / powers.sqrt(count)
    )


_NORM = '''def _norm(x, axis=None):
    """The square root of the sum of squares over the axes."""
    return np.linalg.norm(x) if axis is None else np.sqrt(np.square(x).sum(axis))'''


def _pull_norm(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    return (expanded(ct / y, y.attrs[0], x.ndim) * x,)


def _tip(y: Node, x: Node) -> Sides:
    axes = y.attrs[0]
    return tip(y, equal(y, 0), NORM(where(expanded(equal(y, 0), axes, x.ndim), 1, x), axes))


def norm(x: Operand, ord: Whole | None = None, axis: Axis = None, keepdims: Flag = False) -> Node:
    """The square root of the sum of squares over the axes; ``ord`` 1 is the sum of absolute values.

    Raises UnsupportedError for another ``ord``, and for 1 of a matrix, which NumPy reads as a norm of columns.

    It has no derivative at 0: its gradient is nan there, or 0 with ``kinks="zero"``.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate((norm(x), sd.grad(norm(x), x)), {"x": [3.0, 4.0]})
    (5.0, array([0.6, 0.8]))
    >>> norm(x, ord=1)
    sum(abs(x))
    """
    node = as_node(x)
    order = 2 if ord is None else whole(ord, "ord")
    axes = read_axes(node, axis, "norm")
    if order not in (1, 2) or (ord is not None and len(axes) != 1):
        raise UnsupportedError("norm is the Euclidean norm (ord left out), or of a vector ord=1 or 2")
    if order == 1:
        return reduce_over(selection.abs(node), axis, keepdims, "norm", total)
    return reduce_over(node, axis, keepdims, "norm", _norm) if axes else selection.abs(node)


def _norm(x: Node, axes: Axes) -> Node:
    return NORM(x, axes) if axes else selection.abs(x)


NORM = reduction(
    "norm",
    _pull_norm,
    "_norm({0}, {axes})",
    latex=LatexForm(functions={"norm": (r"\left\lVert {0} \right\rVert", "atom")}),
    domain="real arrays",
    helper=_NORM,
    kink="x = 0: nan; 0 with kinks zero",
    sides=_tip,
    array_api=array_api_reduction("xp.sqrt(xp.sum({0} * {0}, axis={axes}))"),
    lowered=lambda node, x: sqrt(total(x**2, node.attrs[0])),
    function=norm,
)
