"""Functions of matrices.

Pullbacks: M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation
(2008); Cholesky: I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527.
"""

from __future__ import annotations

from typing import Any

from ..graph.errors import ShapeError
from ..graph.leaves import as_node
from ..graph.node import Node, Op, Operand, make
from ..graph.shapes import show_shape
from .axes import expanded, product, transposed
from .contraction import VIEW, contraction
from .costs import factorisation_flops
from .diagonals import TRIL, check_square
from .kinds import structural


def _build_square(op: Op, x: Any) -> Node:
    node = as_node(x)
    check_square(op.name, node)
    return make(op, (node,), (), node.shape)


def _build_scalar(op: Op, x: Any) -> Node:
    node = as_node(x)
    check_square(op.name, node)
    return make(op, (node,), (), node.shape[:-2])


def _build_inv(op: Op, x: Any) -> Node:
    """inv(inv(X)) = X, inv(X.T) = inv(X).T: the transpose outside, so that both find one inverse."""
    node = as_node(x)
    if node.op is VIEW and node.ndim == node.args[0].ndim == 2 and node is transposed(node.args[0]):
        return transposed(_build_inv(op, node.args[0]))
    return _build_square(op, node)


def _build_solve(op: Op, a: Any, b: Any) -> Node:
    matrix, right = as_node(a), as_node(b)
    check_square("solve", matrix)
    if matrix.ndim != 2 or right.ndim not in (1, 2) or right.shape[0] != matrix.shape[0]:
        raise ShapeError(
            f"solve needs a matrix (n, n) and a right side (n,) or (n, k), not the shapes "
            f"{show_shape(matrix.shape)} and {show_shape(right.shape)}"
        )
    return make(op, (matrix, right), (), right.shape)


def _pull_inv(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    flipped = transposed(y)
    return (-product(product(flipped, ct), flipped),)


def _pull_solve(ct: Node, y: Node, a: Node, b: Node) -> tuple[Node, ...]:
    back = SOLVE(transposed(a), ct)
    rest = ["k"] if y.ndim == 2 else []
    return -contraction([back, y], [["i", *rest], ["j", *rest]], "ij"), back


def _by_inverse(factor: Node, x: Node) -> tuple[Node, ...]:
    return (expanded(factor, (x.ndim - 2, x.ndim - 1), x.ndim) * transposed(INV(x)),)


def _pull_cholesky(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    """Murray (2016), equation 10; the factor is that of the symmetric part."""
    whole = product(transposed(y), ct)
    half = (TRIL(whole, 0) + TRIL(whole, -1)) / 2
    inverse = INV(y)
    found = product(product(transposed(inverse), half), inverse)
    return ((found + transposed(found)) / 2,)


_CHOLESKY = '''def _cholesky(x):
    """The lower factor of the symmetric part of x."""
    return np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2)'''


def inv(x: Operand) -> Node:
    """The inverse of a square matrix, or of a stack of them.

    For ``inv(A) @ b`` use :func:`solve`, which is cheaper and more accurate. Raises ShapeError for another shape.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(inv(A), {"A": [[2.0, 0.0], [0.0, 4.0]]})
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return INV(x)


def solve(a: Operand, b: Operand) -> Node:
    """The x with ``a @ x == b``.

    ``a`` is a square matrix, ``b`` a vector or matrix. Raises ShapeError where they do not fit.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(solve(A, x), {"A": [[2.0, 0.0], [0.0, 4.0]], "x": [1.0, 1.0]})
    array([0.5 , 0.25])
    """
    return SOLVE(a, b)


def det(x: Operand) -> Node:
    """The determinant.

    Of a square matrix or a stack of them. Raises ShapeError for another shape.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(sd.grad(det(A), A), {"A": [[1.0, 2.0], [3.0, 4.0]]}).round(12)
    array([[ 4., -3.],
           [-2.,  1.]])
    """
    return DET(x)


def logdet(x: Operand) -> Node:
    """log(abs(det(x))), without overflow.

    Of a square matrix or a stack of them.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.grad(logdet(A), A)
    inv(A).T
    """
    return LOGDET(x)


def cholesky(x: Operand) -> Node:
    """The lower triangular L with ``L @ L.T`` the symmetric part of x.

    Its derivative is Murray's, Differentiation of the Cholesky decomposition (2016). There is no value where x is
    not positive definite.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> sd.evaluate(cholesky(A), {"A": [[4.0, 2.0], [2.0, 5.0]]})
    array([[2., 0.],
           [1., 2.]])
    """
    return CHOLESKY(x)


INV = structural(
    "inv",
    1,
    _build_inv,
    _pull_inv,
    numpy=lambda node: "np.linalg.inv({0})",
    array_api="xp.linalg.inv({0})",
    flops=factorisation_flops,
    text_of=lambda node: "inv({0})",
    latex=("{0:base}^{-1}", "power"),
    domain="regular matrices",
    function=inv,
)


SOLVE = structural(
    "solve",
    2,
    _build_solve,
    _pull_solve,
    numpy=lambda node: "np.linalg.solve({0}, {1})",
    array_api="xp.linalg.solve({0}, {1})",
    flops=factorisation_flops,
    text_of=lambda node: "solve({0}, {1})",
    latex=("{0:base}^{-1} {1:power}", "matrix"),
    domain="regular matrices",
    function=solve,
)


DET = structural(
    "det",
    1,
    _build_scalar,
    lambda ct, y, x: _by_inverse(ct * y, x),
    domain="regular matrices",
    numpy=lambda node: "np.linalg.det({0})",
    array_api="xp.linalg.det({0})",
    flops=factorisation_flops,
    text_of=lambda node: "det({0})",
    latex="det",
    function=det,
)


LOGDET = structural(
    "logdet",
    1,
    _build_scalar,
    lambda ct, y, x: _by_inverse(ct, x),
    domain="regular matrices: log(abs(det(X)))",
    numpy=lambda node: "np.linalg.slogdet({0})[1]",
    array_api="xp.linalg.slogdet({0})[1]",
    flops=factorisation_flops,
    text_of=lambda node: "logdet({0})",
    latex=r"\log\left|\det\left({0}\right)\right|",
    function=logdet,
)


CHOLESKY = structural(
    "cholesky",
    1,
    _build_square,
    _pull_cholesky,
    domain="positive definite symmetric part",
    numpy=(lambda node: "_cholesky({0})", _CHOLESKY),
    flops=factorisation_flops,
    text_of=lambda node: "cholesky({0})",
    array_api="xp.linalg.cholesky(({0} + {0}.mT) / 2)",
    function=cholesky,
)
