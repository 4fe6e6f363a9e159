"""Functions over axes, under NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..graph.errors import ShapeError, UnsupportedError
from ..graph.node import Node, as_node
from ..graph.shapes import add_sizes, multiply_sizes
from . import scalar, tensor
from .arguments import one_axis, read_axes, truth, whole
from .contraction import size_node
from .rewritten import largest, smallest
from .tensor import Axes, expanded, total


def _reduce(x: Any, axis: Any, keepdims: Any, name: str, reduction: Callable[[Node, Axes], Node]) -> Node:
    node = as_node(x)
    axes = read_axes(node, axis, name)
    if not axes:
        return node
    result = reduction(node, axes)
    return expanded(result, axes, node.ndim) if truth(keepdims) else result


def sum(x: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The sum over the axes.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sum(X, axis=0), sum(X).shape, sum(X, axis=1, keepdims=True).shape
    (sum(X, axis=0), (), ('N', 1))
    """
    return _reduce(x, axis, keepdims, "sum", total)


def mean(x: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The mean over the axes: the sum divided by the number of elements, which may be letters.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1. Raises ShapeError
    for an axis that the array has not.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> mean(X, axis=0)
    sum(X, axis=0)/N
    >>> mean(X).shape
    ()
    """
    return _reduce(x, axis, keepdims, "mean", _mean)


def _mean(x: Node, axes: Axes) -> Node:
    return total(x, axes) / size_node(multiply_sizes(*(x.shape[axis] for axis in axes)))


def var(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Node:
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


def std(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Node:
    """The standard deviation over the axes: the square root of :func:`var`.

    Arguments are those of :func:`var`. Where all elements are equal, its derivatives are those of :func:`norm` at 0.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(std(x), {"x": [1.0, 3.0]})
    1.0
    """
    return _spread(
        x, axis, ddof, keepdims, "std", lambda centred, axes, count: _norm(centred, axes) / scalar.sqrt(count)
    )


def prod(x: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The product over the axes; its derivative is right where elements are 0.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(sd.grad(prod(x), x), {"x": [0.0, 2.0, 3.0]})
    array([6., 0., 0.])
    """
    return _reduce(x, axis, keepdims, "prod", tensor.prod)


def max(x: Any, *others: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The largest element over the axes; of several arguments, elementwise. Ties share the derivative equally.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(sd.grad(max(x), x), {"x": [1.0, 4.0, 4.0]})
    array([0. , 0.5, 0.5])
    >>> max(*sd.symbols("a b"))
    maximum(a, b)
    """
    return largest(x, *others) if others else _reduce(x, axis, keepdims, "max", tensor.amax)


def min(x: Any, *others: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The smallest element over the axes; of several arguments, elementwise. Ties share the derivative equally.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(sd.grad(min(x), x), {"x": [1.0, 4.0, 4.0]})
    array([1., 0., 0.])
    >>> min(*sd.symbols("a b"))
    minimum(a, b)
    """
    return smallest(x, *others) if others else _reduce(x, axis, keepdims, "min", tensor.amin)


def argmax(x: Any, axis: Any = None) -> Node:
    """The place of the largest element along the axis, or in the flattened array; its derivative is 0.

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
    return tensor.argmax(node, axes)


def logsumexp(x: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """log(sum(exp(x))) over the axes, without overflow.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1. Its gradient is the
    softmax.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> round(sd.evaluate(logsumexp(x), {"x": [1000.0, 1000.0]}), 6)
    1000.693147
    >>> sd.simplify(sd.grad(logsumexp(x), x))
    softmax(x)
    """
    return _reduce(x, axis, keepdims, "logsumexp", tensor.logsumexp)


def softmax(x: Any, axis: Any = -1) -> Node:
    """exp(x)/sum(exp(x)) over the axis (the last one unless given), without overflow.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(softmax(x), {"x": [1000.0, 1000.0]})
    array([0.5, 0.5])
    """
    node = as_node(x)
    return tensor.softmax(node, read_axes(node, axis, "softmax"))


def log_softmax(x: Any, axis: Any = -1) -> Node:
    """x - logsumexp(x) over the axis (the last one unless given).

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(log_softmax(x), {"x": [0.0, 1000.0]})
    array([-1000.,     0.])
    """
    node = as_node(x)
    axes = read_axes(node, axis, "log_softmax")
    return node - expanded(tensor.logsumexp(node, axes), axes, node.ndim)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Node:
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
        return _reduce(scalar.abs(node), axis, keepdims, "norm", total)
    return _reduce(node, axis, keepdims, "norm", _norm) if axes else scalar.abs(node)


def _norm(x: Node, axes: Axes) -> Node:
    return tensor.norm(x, axes) if axes else scalar.abs(x)


def cumsum(x: Any, axis: Any = None) -> Node:
    """Running sums along the axis; of a vector without one.

    Raises ShapeError where an array of several axes comes without one.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(cumsum(x), {"x": [1.0, 2.0, 3.0]})
    array([1., 3., 6.])
    """
    node = as_node(x)
    return tensor.cumsum(node, one_axis(node, axis, "cumsum"))


def product_of_others(x: Any, axis: Any = None) -> Node:
    """For each element, the product of the others along the axis.

    It is the gradient of :func:`prod`, right where elements are 0.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(product_of_others(x), {"x": [0.0, 2.0, 3.0]})
    array([6., 0., 0.])
    """
    node = as_node(x)
    return tensor.product_of_others(node, one_axis(node, axis, "product_of_others"))
