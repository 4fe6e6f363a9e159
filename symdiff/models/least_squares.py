"""Nonlinear least squares: the parameters with the least sum of squares, and the tangent plane there.

``scipy.optimize.least_squares`` brings the parameters near the minimum; Gauss-Newton steps by orthogonal factors take
them to the accuracy of the arithmetic.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..graph.errors import DomainError, SymdiffError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Methods of scipy.optimize.least_squares. Unless one is named, the first two run from the start, with bounds the first
#: and the last ("lm" knows none), and the lowest minimum that determines all parameters is taken.
METHODS = ("trf", "lm", "dogbox")

#: Relative offset (Bates and Watts) below which a fit has converged: the parameters are then within a ten-thousandth
#: of their standard deviations.
CONVERGED = 1e-4

_ROUNDING = sys.float_info.epsilon
_MOST_STEPS = 200


class Problem:
    """Weighted residuals and their Jacobian, computed together; the last point is kept.

    ``model``: from the parameters to the model's values and their Jacobian; ``y``: the observations; ``low`` and
    ``high``: bounds of the parameters, infinite where there are none.
    """

    def __init__(
        self, model: Callable[[Any], Any], y: NDArray[Any], weights: NDArray[Any], low: NDArray[Any], high: NDArray[Any]
    ) -> None:
        self.model, self.y, self.weights = model, y, weights
        self.low, self.high = low, high
        self.noise = 10 * _ROUNDING * math.hypot(*(y * weights))
        self._last: tuple[bytes, Any, Any] = (b"", None, None)

    def both(self, vector: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Residuals and Jacobian."""
        key = vector.tobytes()
        if self._last[0] != key:
            value, slopes = self.model(vector)
            self._last = key, (value - self.y) * self.weights, slopes * self.weights[:, None]
        return self._last[1:]

    def residuals(self, vector: NDArray[Any]) -> NDArray[Any]:
        """Infinite also where the Jacobian is not finite, so that no method steps there."""
        import numpy as np

        residuals, slopes = self.both(vector)
        return residuals if np.isfinite(slopes).all() else np.full_like(residuals, np.inf)

    def jacobian(self, vector: NDArray[Any]) -> NDArray[Any]:
        return self.both(vector)[1]

    def bounded(self) -> bool:
        import numpy as np

        return bool(np.isfinite([self.low, self.high]).any())

    def outside(self, vector: NDArray[Any]) -> bool:
        return bool(((vector < self.low) | (vector > self.high)).any())

    def tangent_plane(self, vector: NDArray[Any]) -> TangentPlane:
        """At the vector, where parameters on a bound do not move."""
        held = (vector == self.low) | (vector == self.high)
        return TangentPlane(*self.both(vector), held, self.noise)

    def start(self, vector: NDArray[Any], names: Sequence[str]) -> None:
        """Raise DomainError where model or gradient have no value at the start.

        Where the observations are all 0, rounding is measured by the model's values there.
        """
        import numpy as np

        with np.errstate(all="ignore"):
            residuals, slopes = self.both(vector)
        if not np.isfinite(residuals).all():
            raise DomainError("the model is not finite at the start; begin at other parameters")
        for name, slope in zip(names, slopes.T, strict=True):
            bad = np.flatnonzero(~np.isfinite(slope))
            if bad.size:
                where = f" for observation {bad[0] + 1} of {slope.size}" if bad.size < slope.size else ""
                advice = "begin at other parameters" + (", or leave such points out" if where else "")
                raise DomainError(f"the derivative by {name} is not finite at the start{where}; {advice}")
        self.noise = self.noise or 10 * _ROUNDING * math.hypot(*residuals)


class TangentPlane:
    """The linear least squares problem at a point, by the singular values of the Jacobian with columns of length 1.

    Parameters in ``held`` do not move. ``step`` is the Gauss-Newton step; ``root @ root.T`` is the inverse of
    ``J.T @ J``; parameters that ``undetermined`` marks can move without a change of the residuals. ``offset`` is the
    relative offset of Bates and Watts.
    """

    def __init__(self, residuals: NDArray[Any], jacobian: NDArray[Any], held: NDArray[Any], noise: float) -> None:
        import numpy as np

        slopes = jacobian[:, ~held]
        lengths = np.linalg.norm(slopes, axis=0)
        lengths[lengths == 0] = 1
        left, sizes, right = np.linalg.svd(slopes / lengths, full_matrices=False)
        full = sizes > max(slopes.shape) * _ROUNDING * sizes.max(initial=0)
        inverse = right[full].T / sizes[full] / lengths[:, None]
        along = left[:, full].T @ residuals
        self.rss, self.dof = float(residuals @ residuals), residuals.size - int(full.sum())
        self.step, self.root = np.zeros(held.size), np.zeros((held.size, held.size))
        self.step[~held] = -inverse @ along
        self.root[~held, : inverse.shape[1]] = inverse
        self.undetermined = np.zeros(held.size, bool)
        self.undetermined[~held] = (np.abs(right[~full]) > 1e-8).any(axis=0)
        self.offset = self._offset(math.hypot(*along), math.hypot(*residuals), along.size, noise)

    def _offset(self, along: float, length: float, rank: int, noise: float) -> float:
        """The residuals' length in the tangent plane by that across it, each per degree of freedom.

        Shorter than the noise of rounding is 0. Bates and Watts, Technometrics 23 (1981), 179-183.
        """
        if along <= noise:
            return 0.0
        inside = (along / length) ** 2
        across = max(1 - inside, (noise / length) ** 2)
        return math.sqrt(inside / rank * self.dof / across) if across else math.inf


class Solution(NamedTuple):
    """The parameters at the end of a method, the tangent plane there, and SciPy's message."""

    vector: NDArray[Any]
    plane: TangentPlane
    iterations: int
    method: str
    message: str

    @property
    def converged(self) -> bool:
        return self.plane.offset < CONVERGED and not self.plane.undetermined.any()


def solve(problem: Problem, start: NDArray[Any], method: str | None, max_evaluations: int) -> Solution:
    """The best solution of the methods: of those that converged, or else of all, the first with the least squares.

    Raises SymdiffError for an unknown method, and for "lm" with bounds.
    """
    solutions = list(_solutions(problem, start, method, max_evaluations))
    candidates = [solution for solution in solutions if solution.converged] or solutions
    least = min(solution.plane.rss for solution in candidates)
    return next(solution for solution in candidates if solution.plane.rss <= least * (1 + 1e-9))


def _solutions(problem: Problem, start: NDArray[Any], method: str | None, most: int) -> Iterator[Solution]:
    if method is not None and method not in METHODS:
        raise SymdiffError(f"the methods are {', '.join(METHODS)}, not {method!r}")
    if method == "lm" and problem.bounded():
        raise SymdiffError('the method "lm" knows no bounds; use "trf" or "dogbox"')
    usual = METHODS[::2] if problem.bounded() else METHODS[:2]
    for name in usual if method is None else [method]:
        yield _polish(problem, _minimize(problem, start, name, most))


def _minimize(problem: Problem, start: NDArray[Any], method: str, most: int) -> Solution:
    """One run of SciPy's, as far as it goes."""
    from scipy import optimize

    limits = {} if method == "lm" else {"bounds": (problem.low, problem.high)}
    tight = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-15)
    result = optimize.least_squares(
        problem.residuals, start, problem.jacobian, method=method, x_scale="jac", max_nfev=most, **tight, **limits
    )
    vector = _snap_to_bounds(problem, result.x)
    message = str(result.message).strip(". ").replace("`", "")
    return Solution(vector, problem.tangent_plane(vector), int(result.nfev), method, message)


def _snap_to_bounds(problem: Problem, vector: NDArray[Any]) -> NDArray[Any]:
    """On its bound each parameter that is less than a thousandth of a standard deviation away and pushes outward."""
    import numpy as np

    residuals, slopes = problem.both(vector)
    push, spread = slopes.T @ residuals, np.linalg.norm(residuals) / math.sqrt(residuals.size)
    near = 1e-3 * spread / np.linalg.norm(slopes, axis=0)
    lower = np.where((vector - problem.low <= near) & (push > 0), problem.low, vector)
    return np.where((problem.high - vector <= near) & (push < 0), problem.high, lower)


def _polish(problem: Problem, solution: Solution) -> Solution:
    """Gauss-Newton steps as long as each lowers the relative offset by a tenth.

    SciPy ends where the sum of squares no longer falls, which it is when half the digits of the parameters are right.
    """
    import numpy as np

    for _ in range(_MOST_STEPS):
        vector = solution.vector + solution.plane.step
        if problem.outside(vector) or not np.isfinite(problem.residuals(vector)).all():
            break
        plane = problem.tangent_plane(vector)
        if not plane.offset < 0.9 * solution.plane.offset or plane.rss > solution.plane.rss * (1 + 1e-9):
            break
        solution = solution._replace(vector=vector, plane=plane, iterations=solution.iterations + 1)
    return solution
