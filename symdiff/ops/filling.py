"""Arrays made from sizes: identities, zeros, ones, repetitions, one-hot rows."""

from __future__ import annotations

from ..graph.errors import ShapeError
from ..graph.node import Node, Operand, as_node, const
from ..graph.operators import FUNCTIONS
from ..graph.shapes import broadcast_shapes, show_shape
from . import logic
from .arguments import ShapeLike, SizeLike, as_size, lengths
from .contraction import EYE, contraction
from .gathering import arange
from .kinds import broadcast_to, composite
from .networks import size_node


@composite
def size(name: SizeLike) -> Node:
    """The symbolic size of that name, as a scalar.

    It is for averages written by hand, and for counts in formulas.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sd.sum(X) / size("N")
    sum(X)/N
    """
    return size_node(as_size(name))


@composite
def eye(n: SizeLike) -> Node:
    """The identity matrix.

    ``n``: a whole number or a symbolic size.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> A + eye("n")
    A + eye(n)
    >>> eye("n").shape
    ('n', 'n')
    """
    return EYE(*lengths(n))


@composite
def zeros(shape: ShapeLike) -> Node:
    """An array of zeros.

    ``shape``: a size or a tuple of them, whole numbers or symbolic.

    >>> import symdiff as sd
    >>> zeros(("N", 3)).shape
    ('N', 3)
    >>> sd.evaluate(zeros(2), {})
    array([0., 0.])
    """
    return broadcast_to(const(0), lengths(shape))


@composite
def ones(shape: ShapeLike) -> Node:
    """An array of ones.

    ``shape``: a size or a tuple of them, whole numbers or symbolic.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sd.simplify(X @ ones(3))
    sum(X, axis=1)
    >>> sd.evaluate(ones(2), {})
    array([1., 1.])
    """
    return broadcast_to(const(1), lengths(shape))


def broadcast(x: Operand, shape: ShapeLike) -> Node:
    """The array repeated to that shape by NumPy's rule; elementwise operations do so themselves.

    Its pullback is a sum. Raises ShapeError where the shape does not come from repeating.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> broadcast(x, (5, "n")).shape
    (5, 'n')
    """
    node, whole = as_node(x), lengths(shape)
    if broadcast_shapes("broadcast_to", node.shape, whole) != whole:
        raise ShapeError(f"an array of shape {show_shape(node.shape)} cannot be repeated to {show_shape(whole)}")
    return broadcast_to(node, whole)


@composite
def one_hot(places: Operand, n: SizeLike) -> Node:
    """For each position a row of n zeros with a 1 there, along a new last axis.

    A position outside of 0 to n - 1 gives zeros.

    >>> import symdiff as sd
    >>> sd.evaluate(one_hot(sd.symbol("y", shape="N"), 3), {"y": [2, 0]})
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    node = as_node(places)
    labels = list(range(node.ndim))
    return logic.where(logic.equal(contraction([node], [labels], [*labels, "new"]), arange(n)), 1, 0)


FUNCTIONS["broadcast_to"] = broadcast
