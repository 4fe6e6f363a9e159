"""Functions of matrices under NumPy's names."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..expr import Node, as_node
from ..shapes import show_shape
from . import tensor
from .arguments import whole
from .contraction import contraction


def _matrix(x: Any, name: str) -> Node:
    node = as_node(x)
    if node.ndim != 2:
        raise ShapeError(f"{name} takes a matrix, not shape {show_shape(node.shape)}")
    return node


def trace(x: Any) -> Node:
    """The sum of the diagonal of a square matrix."""
    node = _matrix(x, "trace")
    tensor.check_square("trace", node)
    return contraction([node], ["ii"], "")


def diag(x: Any) -> Node:
    """The diagonal of a square matrix; of a vector, the matrix with it on the diagonal."""
    node = as_node(x)
    if node.ndim == 1:
        return contraction([node], ["i"], "ii")
    tensor.check_square("diag", _matrix(node, "diag"))
    return contraction([node], ["ii"], "i")


def tril(x: Any, k: Any = 0) -> Node:
    """The part on and below the k-th diagonal."""
    return tensor.tril(x, whole(k, "k"))


def triu(x: Any, k: Any = 0) -> Node:
    """The part on and above the k-th diagonal."""
    return tensor.triu(x, whole(k, "k"))


def inv(x: Any) -> Node:
    """The inverse of a square matrix, or of a stack of them."""
    return tensor.inv(x)


def solve(a: Any, b: Any) -> Node:
    """The x with ``a @ x == b``."""
    return tensor.solve(a, b)


def det(x: Any) -> Node:
    """The determinant."""
    return tensor.det(x)


def logdet(x: Any) -> Node:
    """log(abs(det(x))), without overflow."""
    return tensor.logdet(x)


def cholesky(x: Any) -> Node:
    """The lower triangular L with ``L @ L.T`` the symmetric part of x."""
    return tensor.cholesky(x)
