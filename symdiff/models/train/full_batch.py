"""Full-batch minimisation by scipy.optimize and by Newton's method, with the generated gradient and Hessian."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...graph.errors import SymdiffError
from ...graph.node import Node
from .data import Arrays
from .newton import newton
from .problem import Problem
from .run import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Method by what it reads besides loss and gradient: nothing, the Hessian times a vector, or the Hessian.
METHODS = {
    "BFGS": "", "L-BFGS-B": "", "Newton-CG": "product", "trust-ncg": "product", "trust-krylov": "product",
    "trust-exact": "matrix", "Newton": "matrix",
}  # fmt: skip


class Minimum(NamedTuple):
    """The ``params`` of a minimum, their ``loss``, the loss after each iteration, and the method's own message."""

    params: Arrays
    loss: float
    history: NDArray[Any]
    steps: int
    converged: bool
    message: str


def minimize(
    loss: Node, params: Mapping[str, Any], data: Mapping[str, Any], method: str = "BFGS", *,
    maxiter: int | None = None, tol: float | None = None,
) -> Minimum:  # fmt: skip
    """Minimise the loss over all data by ``"Newton"`` or by a method of scipy.optimize.

    ``params`` and ``data`` as for :func:`symdiff.train.fit`; the arrays given are not changed. The method sees one
    float64 vector: the parameters in the order given, each in C order; the loss and its derivatives are computed in the
    parameters' own type. ``maxiter`` and ``tol`` are SciPy's, and for Newton those of :mod:`symdiff.train.newton`.

    - ``"BFGS"``, ``"L-BFGS-B"`` read the gradient. BFGS keeps a matrix of the square of the number of parameters: for
      more than a thousand, L-BFGS-B is the faster.
    - ``"Newton-CG"``, ``"trust-ncg"``, ``"trust-krylov"`` read the exact Hessian-vector product.
    - ``"Newton"``, ``"trust-exact"`` read the exact dense Hessian: a few iterations, each with a factorisation. Newton
      takes full steps near the minimum, shorter ones and an added diagonal where it must; trust-exact leaves saddles
      on its way. Every method ends where the gradient is small, and so at a saddle that it starts from.

    Raises TrainingError where the first loss, a Hessian or the last loss is not finite, SymdiffError for another
    method. Nocedal and Wright, Numerical Optimization (2006), chapters 3, 4, 6 and 7.

    >>> import symdiff as sd
    >>> w = sd.symbol("w", 2)
    >>> least = minimize(sd.sum((w - 3) ** 2), {"w": [0, 1]}, {}, "Newton")
    >>> least.steps, least.params["w"].round(6)
    (1, array([3., 3.]))
    """
    if method not in METHODS:
        raise SymdiffError(f"the methods are {', '.join(METHODS)}, not {method!r}")
    return _Search(Problem(loss, params, data, double=False)).minimize(method, maxiter, tol)


class _Search:
    """One run of a method: the losses so far, and the last point where the loss was finite."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.function = problem.gradient()
        self.history: list[float] = []
        self.good = problem.start

    def minimize(self, method: str, maxiter: int | None, tol: float | None) -> Minimum:
        import numpy as np

        with np.errstate(all="ignore"):
            _check_finite(self.function(self.problem.start)[0], 0, None)
            result = self._run(method, maxiter, tol)
        split, history = self.problem.flat.split, np.array(self.history)
        _check_finite(float(result.fun), len(history), split(self.good))
        success, message = bool(result.success), str(result.message)
        return Minimum(split(result.x), float(result.fun), history, len(history), success, message)

    def _run(self, method: str, maxiter: int | None, tol: float | None) -> Any:
        import numpy as np
        from scipy import optimize

        start, reads = self.problem.start, METHODS[method]
        if method == "Newton":
            precision = max(float(np.finfo(array.dtype).eps) for array in self.problem.flat.arrays.values())
            return newton(self.function, self._hessian(), start, self._note, maxiter, tol, precision)

        def callback(intermediate_result: Any) -> None:
            self._note(intermediate_result.x, intermediate_result.fun)

        second: dict[str, Any] = {}
        if reads:
            second = {"hessp": self.problem.product()} if reads == "product" else {"hess": self._hessian()}
        function = _infinite_for_nan(self.function) if method.startswith("trust") else self.function
        options = {} if maxiter is None else {"maxiter": maxiter}
        return optimize.minimize(
            function, start, jac=True, method=method, tol=tol, options=options, callback=callback, **second
        )

    def _note(self, point: NDArray[Any], loss: float) -> None:
        self.history.append(float(loss))
        self.good = point.copy() if math.isfinite(loss) else self.good

    def _hessian(self) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """The dense Hessian; a TrainingError where it is not finite, which a factorisation would not explain."""
        import numpy as np

        dense = self.problem.hessian()

        def finite(vector: NDArray[Any]) -> NDArray[Any]:
            matrix = dense(vector)
            bad = matrix[~np.isfinite(matrix)]
            if bad.size:
                _check_finite(float(bad[0]), len(self.history), self.problem.flat.split(self.good), "Hessian")
            return matrix

        return finite


def _check_finite(loss: float, step: int, good: Arrays | None, what: str = "loss") -> None:
    if not math.isfinite(loss):
        raise TrainingError(f"the {what} at iteration {step} is {loss}", step, loss, good)


def _infinite_for_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    """NaN counts as infinite: a trust region shrinks where the loss is infinite, and with NaN would stay as it is."""

    def guarded(vector: NDArray[Any]) -> Any:
        value, slope = function(vector)
        return (math.inf if math.isnan(value) else value), slope

    return guarded
