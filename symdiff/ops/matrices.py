"""Functions of matrices under NumPy's names."""

from __future__ import annotations

from typing import Any

from ..graph.errors import ShapeError
from ..graph.node import Node, as_node
from ..graph.shapes import show_shape
from . import tensor
from .arguments import whole
from .contraction import contraction


def _matrix(x: Any, name: str) -> Node:
    node = as_node(x)
    if node.ndim != 2:
        raise ShapeError(f"{name} takes a matrix, not shape {show_shape(node.shape)}")
    return node


def trace(x: Any) -> Node:
    """The sum of the diagonal of a square matrix.

    Raises ShapeError for another shape.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.grad(trace(A @ A), A)
    A.T + A.T
    """
    node = _matrix(x, "trace")
    tensor.check_square("trace", node)
    return contraction([node], ["ii"], "")


def diag(x: Any) -> Node:
    """The diagonal of a square matrix; of a vector, the matrix with it on the diagonal.

    Raises ShapeError for another shape.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> diag(A).shape, diag(sd.symbol("x", shape="n")).shape
    (('n',), ('n', 'n'))
    """
    node = as_node(x)
    if node.ndim == 1:
        return contraction([node], ["i"], "ii")
    tensor.check_square("diag", _matrix(node, "diag"))
    return contraction([node], ["ii"], "i")


def tril(x: Any, k: Any = 0) -> Node:
    """The part on and below the k-th diagonal.

    ``k`` counts from the main diagonal, upwards.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(tril(A), {"A": [[1, 2], [3, 4]]})
    array([[1., 0.],
           [3., 4.]])
    """
    return tensor.tril(x, whole(k, "k"))


def triu(x: Any, k: Any = 0) -> Node:
    """The part on and above the k-th diagonal.

    ``k`` counts from the main diagonal, upwards.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(triu(A, 1), {"A": [[1, 2], [3, 4]]})
    array([[0., 2.],
           [0., 0.]])
    """
    return tensor.triu(x, whole(k, "k"))


def inv(x: Any) -> Node:
    """The inverse of a square matrix, or of a stack of them.

    For ``inv(A) @ b`` use :func:`solve`, which is cheaper and more accurate. Raises ShapeError for another shape.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(inv(A), {"A": [[2.0, 0.0], [0.0, 4.0]]})
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return tensor.inv(x)


def solve(a: Any, b: Any) -> Node:
    """The x with ``a @ x == b``.

    ``a`` is a square matrix, ``b`` a vector or matrix. Raises ShapeError where they do not fit.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(solve(A, x), {"A": [[2.0, 0.0], [0.0, 4.0]], "x": [1.0, 1.0]})
    array([0.5 , 0.25])
    """
    return tensor.solve(a, b)


def det(x: Any) -> Node:
    """The determinant.

    Of a square matrix or a stack of them. Raises ShapeError for another shape.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(sd.grad(det(A), A), {"A": [[1.0, 2.0], [3.0, 4.0]]}).round(12)
    array([[ 4., -3.],
           [-2.,  1.]])
    """
    return tensor.det(x)


def logdet(x: Any) -> Node:
    """log(abs(det(x))), without overflow.

    Of a square matrix or a stack of them.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.grad(logdet(A), A)
    inv(A).T
    """
    return tensor.logdet(x)


def cholesky(x: Any) -> Node:
    """The lower triangular L with ``L @ L.T`` the symmetric part of x.

    Its derivative is Murray's, Differentiation of the Cholesky decomposition (2016). There is no value where x is
    not positive definite.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(cholesky(A), {"A": [[4.0, 2.0], [2.0, 5.0]]})
    array([[2., 0.],
           [1., 2.]])
    """
    return tensor.cholesky(x)
