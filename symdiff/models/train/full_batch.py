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
    """Parameters found, their ``loss``, the loss after each iteration, and what the method says of the end."""

    params: Arrays
    loss: float
    history: NDArray[Any]
    steps: int
    converged: bool
    message: str


def minimize(
    loss: Node,
    params: Mapping[str, Any],
    data: Mapping[str, Any],
    method: str = "BFGS",
    *,
    maxiter: int | None = None,
    tol: float | None = None,
) -> Minimum:
    """Minimise the loss over all data by ``"Newton"`` or by a method of scipy.optimize.

    ``params`` and ``data`` as for :func:`symdiff.train.fit`; the arrays given are not changed. The method sees one
    float64 vector: the parameters in the order given, each in C order; the loss and its derivatives are computed in the
    parameters' own type. ``maxiter`` and ``tol`` are SciPy's, and for Newton those of :mod:`symdiff.train.newton`.

    - ``"BFGS"``, ``"L-BFGS-B"`` read the gradient. BFGS keeps a matrix of the square of the number of parameters: for
      more than a thousand, L-BFGS-B is the faster.
    - ``"Newton-CG"``, ``"trust-ncg"``, ``"trust-krylov"`` read the exact Hessian-vector product.
    - ``"Newton"``, ``"trust-exact"`` read the exact dense Hessian: a few iterations, each with a factorisation. Newton
      takes full steps near the minimum, shorter ones and an added diagonal where it must; trust-exact leaves saddles.

    Raises TrainingError where the first loss, a Hessian or the loss found is not finite, SymdiffError for another
    method. Nocedal and Wright, Numerical Optimization (2006), chapters 3, 4, 6 and 7.

    >>> import symdiff as sd
    >>> w = sd.symbol("w", 2)
    >>> minimize(sd.sum((w - 3) ** 2), {"w": [0, 1]}, {}).params["w"].round(6)
    array([3., 3.])
    >>> found = minimize(sd.sum((w - 3) ** 2), {"w": [0, 1]}, {}, "Newton")
    >>> found.steps, found.params["w"].round(6)
    (1, array([3., 3.]))
    """
    import numpy as np

    if method not in METHODS:
        raise SymdiffError(f"the methods are {', '.join(METHODS)}, not {method!r}")
    problem = Problem(loss, params, data, double=False)
    search = _Search(problem)
    with np.errstate(all="ignore"):
        _finite(search.function(problem.start)[0], 0, None)
        found = search.run(method, maxiter, tol)
    _finite(float(found.fun), len(search.history), problem.flat.split(search.good))
    history = np.array(search.history)
    return Minimum(
        problem.flat.split(found.x), float(found.fun), history, len(history), bool(found.success), str(found.message)
    )


def _finite(loss: float, step: int, good: Arrays | None, what: str = "loss") -> None:
    if not math.isfinite(loss):
        raise TrainingError(f"the {what} at iteration {step} is {loss}", step, loss, good)


class _Search:
    """One run of a method: the losses it has seen, and the last point where the loss was finite."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.function = problem.gradient()
        self.history: list[float] = []
        self.good = problem.start

    def seen(self, point: NDArray[Any], loss: float) -> None:
        self.history.append(float(loss))
        self.good = point.copy() if math.isfinite(loss) else self.good

    def run(self, method: str, maxiter: int | None, tol: float | None) -> Any:
        import numpy as np
        from scipy import optimize

        start, reads = self.problem.start, METHODS[method]
        if method == "Newton":
            precision = max(float(np.finfo(array.dtype).eps) for array in self.problem.flat.arrays.values())
            return newton(self.function, self.hessian(), start, self.seen, maxiter, tol, precision)

        def callback(intermediate_result: Any) -> None:
            self.seen(intermediate_result.x, intermediate_result.fun)

        second: dict[str, Any] = {}
        if reads:
            second = {"hessp": self.problem.product()} if reads == "product" else {"hess": self.hessian()}
        function = _walled(self.function) if method.startswith("trust") else self.function
        options = {} if maxiter is None else {"maxiter": maxiter}
        return optimize.minimize(
            function, start, jac=True, method=method, tol=tol, options=options, callback=callback, **second
        )

    def hessian(self) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """The dense Hessian; a TrainingError where it is not finite, which a factorisation would not explain."""
        import numpy as np

        dense = self.problem.matrix()

        def checked(vector: NDArray[Any]) -> NDArray[Any]:
            found = dense(vector)
            bad = found[~np.isfinite(found)]
            if bad.size:
                _finite(float(bad[0]), len(self.history), self.problem.flat.split(self.good), "Hessian")
            return found

        return checked


def _walled(function: Callable[..., Any]) -> Callable[..., Any]:
    """NaN counts as infinite: a trust region shrinks before a wall, but with NaN it would stay as it is."""

    def walled(vector: NDArray[Any]) -> Any:
        value, slope = function(vector)
        return (math.inf if math.isnan(value) else value), slope

    return walled
