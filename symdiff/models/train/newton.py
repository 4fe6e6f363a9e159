"""Newton's method with a line search: a Cholesky factorisation of the Hessian, plus a diagonal where it needs one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Sufficient decrease of Armijo's rule, and the shortest step that is tried.
ARMIJO, SHORTEST = 1e-4, 2.0**-40
MAXITER, TOL = 100, 1e-8
_SMALL = "The gradient is as small as asked for."
_ROUNDED = "The loss can fall by no more than its rounding."
_NO_DESCENT = "No step along Newton's direction lowers the loss."
_TOO_MANY = "Maximum number of iterations has been exceeded."

Function = Callable[["NDArray[Any]"], tuple[float, "NDArray[Any]"]]


class Descent(NamedTuple):
    """The result of :func:`newton`, by the names of SciPy's results."""

    x: NDArray[Any]
    fun: float
    success: bool
    message: str


def direction(matrix: NDArray[Any], slope: NDArray[Any], hint: float = 0.0) -> tuple[NDArray[Any], float]:
    """Newton's step, and the shift of the diagonal that makes the matrix positive definite, mostly 0.

    ``hint``: what the last matrix needed; after 0, a tenth of it is tried. Nocedal and Wright, Numerical Optimization
    (2006), algorithm 3.3, with a factor of 10.

    >>> import numpy as np
    >>> direction(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 4.0]))
    (array([-1., -1.]), 0.0)
    """
    import numpy as np
    from scipy import linalg

    diagonal = np.diag(matrix)
    least = 1e-8 * (float(np.abs(matrix).max()) or 1.0)
    smallest = float(diagonal.min())
    shift = 0.0 if smallest > 0 else least - smallest
    pivot = len(slope) * float(np.finfo(float).eps)
    while True:
        try:
            # NumPy's: the threads of SciPy's own OpenBLAS would wait for those of NumPy's, which the Hessian uses
            factor = np.linalg.cholesky(matrix + shift * np.eye(len(slope)))
            if np.all(np.diag(factor) ** 2 > pivot * (diagonal + shift)):
                return -linalg.cho_solve((factor, True), slope), shift
        except np.linalg.LinAlgError:
            pass
        shift = max(10 * shift, least, hint / 10)


def newton(
    function: Function, hessian: Callable[[NDArray[Any]], NDArray[Any]], start: NDArray[Any],
    callback: Callable[[NDArray[Any], float], None], maxiter: int | None = None, tol: float | None = None,
    precision: float = 2.0**-52,
) -> Descent:  # fmt: skip
    """Minimise by damped Newton steps; ``callback`` is called with the point and its value after each.

    Ends where no element of the gradient is larger than ``tol`` (1e-8), or where the step promises less than rounding,
    ``precision`` times the value. A step is halved until it lowers the value enough (Armijo).
    Nocedal and Wright, Numerical Optimization (2006), algorithm 3.2.

    >>> import numpy as np
    >>> square = lambda x: (float(x @ x), 2 * x)
    >>> newton(square, lambda x: 2 * np.eye(2), np.ones(2), lambda x, value: None).x.round(6)
    array([0., 0.])
    """
    import numpy as np

    def small(slope: NDArray[Any]) -> bool:
        return bool(np.abs(slope).max(initial=0) <= (TOL if tol is None else tol))

    x, (value, slope), shift = start, function(start), 0.0
    for _ in range(MAXITER if maxiter is None else maxiter):
        if small(slope):
            break
        matrix = hessian(x)
        step, shift = direction(matrix, slope, shift)
        drop = float(-slope @ step)
        last = drop <= precision * abs(value) and shift <= 1e-6 * float(np.abs(matrix).max())
        lower = _line_search(function, x, step, value + 8 * precision * abs(value), drop)
        if lower is None:
            return Descent(x, value, last, _ROUNDED if last else _NO_DESCENT)
        x, value, slope = lower
        callback(x, value)
        if last:
            return Descent(x, value, True, _ROUNDED)
    return Descent(x, value, small(slope), _SMALL if small(slope) else _TOO_MANY)


def _line_search(
    function: Function, x: NDArray[Any], step: NDArray[Any], most: float, drop: float
) -> tuple[NDArray[Any], float, NDArray[Any]] | None:
    """The first of the step, its half, its quarter, ... with enough decrease: the point, its value and gradient."""
    length = 1.0
    while length >= SHORTEST:
        point = x + length * step
        value, slope = function(point)
        if value <= most - ARMIJO * length * drop:
            return point, value, slope
        length /= 2
    return None
