"""Diagonals and triangles of matrices, and the trace."""

from __future__ import annotations

from typing import Any

from ..graph.errors import ShapeError
from ..graph.leaves import as_node
from ..graph.node import Node, Op, Operand, make
from ..graph.operators import composite
from ..graph.shapes import show_shape
from . import c_code
from .arguments import Whole, whole
from .contraction import contraction
from .kinds import structural
from .targets import CCode


def check_square(name: str, node: Node) -> None:
    if node.ndim < 2 or node.shape[-1] != node.shape[-2]:
        raise ShapeError(f"{name} needs a square matrix, not shape {show_shape(node.shape)}")


def _matrix(x: Any, name: str) -> Node:
    node = as_node(x)
    if node.ndim != 2:
        raise ShapeError(f"{name} takes a matrix, not shape {show_shape(node.shape)}")
    return node


def _build_triangle(op: Op, x: Any, k: int) -> Node:
    node = as_node(x)
    if node.ndim < 2:
        raise ShapeError(f"{op.name} needs a matrix, not shape {show_shape(node.shape)}")
    return make(op, (node,), (k,), node.shape)


def _triangle(name: str, node: Node) -> str:
    return f"{name}({{0}})" if node.attrs[0] == 0 else f"{name}({{0}}, {node.attrs[0]})"


@composite
def trace(x: Operand) -> Node:
    """The sum of the diagonal of a square matrix.

    Raises ShapeError for another shape.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.grad(trace(A @ A), A)
    A.T + A.T
    """
    node = _matrix(x, "trace")
    check_square("trace", node)
    return contraction([node], ["ii"], "")


@composite
def diag(x: Operand) -> Node:
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
    check_square("diag", _matrix(node, "diag"))
    return contraction([node], ["ii"], "i")


def tril(x: Operand, k: Whole = 0) -> Node:
    """The part on and below the k-th diagonal.

    ``k`` counts from the main diagonal, upwards.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(tril(A), {"A": [[1, 2], [3, 4]]})
    array([[1., 0.],
           [3., 4.]])
    """
    return TRIL(x, whole(k, "k"))


def triu(x: Operand, k: Whole = 0) -> Node:
    """The part on and above the k-th diagonal.

    ``k`` counts from the main diagonal, upwards.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(triu(A, 1), {"A": [[1, 2], [3, 4]]})
    array([[0., 2.],
           [0., 0.]])
    """
    return TRIU(x, whole(k, "k"))


TRIL = structural(
    "tril",
    1,
    _build_triangle,
    lambda ct, y, x: (TRIL(ct, y.attrs[0]),),
    domain="all matrices",
    numpy=lambda node: _triangle("np.tril", node),
    array_api=lambda node: _triangle("xp.tril", node),
    text_of=lambda node: _triangle("tril", node),
    selects=True,
    c=CCode(element=c_code.lower_element),
    function=tril,
)


TRIU = structural(
    "triu",
    1,
    _build_triangle,
    lambda ct, y, x: (TRIU(ct, y.attrs[0]),),
    domain="all matrices",
    numpy=lambda node: _triangle("np.triu", node),
    array_api=lambda node: _triangle("xp.triu", node),
    text_of=lambda node: _triangle("triu", node),
    selects=True,
    c=CCode(element=c_code.upper_element),
    function=triu,
)
