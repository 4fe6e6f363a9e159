"""The curvature of a loss at given parameters: its Hessian as an operator, and the eigenvalues.

Everything is computed in float64. Vectors and matrices are in the order of :func:`symdiff.flatten` of the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...graph.errors import SymdiffError
from ...graph.node import Node
from .problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray


def hessian_operator(
    loss: Node, params: Mapping[str, Any], data: Mapping[str, Any], *, output: Node | None = None
) -> Any:
    """The Hessian at ``params`` as a ``scipy.sparse.linalg.LinearOperator``, through Hessian-vector products.

    It has ``matvec`` (and ``@``), ``diagonal()`` and ``todense()``; only the last forms the matrix. With ``output``, a
    node that the loss is built from, it is the Gauss-Newton matrix (:func:`gauss_newton`). ``params`` and ``data`` as
    for :func:`symdiff.train.fit`, whose errors it raises. Pearlmutter, Fast exact multiplication by the Hessian,
    Neural Computation 6 (1994).

    >>> import symdiff as sd
    >>> A, w = sd.symbol("A", (2, 2)), sd.symbol("w", 2)
    >>> operator = hessian_operator(w @ A @ w / 2, {"w": [0, 0]}, {"A": [[2, 1], [1, 3]]})
    >>> operator @ [1.0, 0.0], operator.diagonal()
    (array([2., 1.]), array([2., 3.]))
    """
    from .operators import HessianOperator

    return HessianOperator(Problem(loss, params, data, output))


def spectrum(
    loss: Node, params: Mapping[str, Any], data: Mapping[str, Any], count: int | None = None, *,
    which: str = "LA", output: Node | None = None, seed: int = 0,
) -> NDArray[Any]:  # fmt: skip
    """Eigenvalues of the Hessian at ``params``, ascending: all of them, or ``count`` by Lanczos without the matrix.

    ``which``: the largest ``"LA"``, the smallest ``"SA"``, both ends ``"BE"``, or the largest in magnitude ``"LM"``.
    ``output`` as for :func:`hessian_operator`; ``seed`` for the first vector. All of them need the dense matrix: a few
    thousand parameters. Lanczos is slow where eigenvalues crowd, as the smallest of a net do.
    Lehoucq, Sorensen and Yang, ARPACK Users' Guide (1998).
    Raises SymdiffError where Lanczos does not converge.

    >>> import symdiff as sd
    >>> x, y = sd.symbol("x", 3), sd.symbol("y")
    >>> spectrum(sd.sum(x**4) - y**2, {"x": [1, 2, 3], "y": 0}, {}).round(6)
    array([ -2.,  12.,  48., 108.])
    >>> spectrum(sd.sum(x**4) - y**2, {"x": [1, 2, 3], "y": 0}, {}, count=1).round(6)
    array([108.])
    """
    import numpy as np

    if which not in ("LA", "SA", "BE", "LM"):
        raise SymdiffError(f"which eigenvalues is one of LA, SA, BE, LM, not {which!r}")
    if count is not None and count < 1:
        raise SymdiffError(f"count is at least 1, not {count}")
    operator = hessian_operator(loss, params, data, output=output)
    if count is None or count >= operator.shape[0]:
        return np.asarray(np.linalg.eigvalsh(operator.todense()))
    return np.sort(_lanczos(operator, count, which, np.random.default_rng(seed).normal(size=operator.shape[0])))


def _lanczos(operator: Any, count: int, which: str, start: NDArray[Any]) -> NDArray[Any]:
    import numpy as np
    from scipy.sparse import linalg

    try:
        return np.asarray(linalg.eigsh(operator, k=count, which=which, v0=start, return_eigenvectors=False))
    except linalg.ArpackNoConvergence as error:
        some = len(error.eigenvalues)
        raise SymdiffError(f"Lanczos found {some} of {count} eigenvalues; ask for fewer, or for all") from None
