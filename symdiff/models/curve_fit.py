"""Curve fits: nonlinear least squares with a generated Jacobian, and what the data say about the parameters.

Model and gradient are one generated function of the data's points. ``scipy.optimize.least_squares`` brings the
parameters near the minimum; Gauss-Newton steps by orthogonal factors take them to the accuracy of the arithmetic.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..compiler import functions
from ..differentiate.passes import grad
from ..graph.errors import DomainError, ShapeError, SymdiffError, UnsupportedError
from ..graph.node import Node, as_node
from ..graph.traversal import variables
from ..search.levels import simplify_guarded
from ..text.parser import parse

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Methods of scipy.optimize.least_squares. Unless one is named, the first two run from the start, with bounds the first
#: and the last ("lm" knows none), and the lowest minimum that determines all parameters is taken.
METHODS = ("trf", "lm", "dogbox")

#: Relative offset (Bates and Watts) below which a fit has converged: the parameters are then within a ten-thousandth
#: of their standard deviations.
CONVERGED = 1e-4

_ROUNDING = sys.float_info.epsilon
_POLISH = 200  # steps at most


class Band(NamedTuple):
    """Values of the curve, their standard deviations, and the limits of their confidence interval."""

    value: NDArray[Any]
    deviation: NDArray[Any]
    lower: NDArray[Any]
    upper: NDArray[Any]


@dataclass(frozen=True)
class CurveFit:
    """Parameters found and how well the data determine them; lists are in the order of ``params``.

    ``deviations``: standard deviations, the roots of the diagonal of ``covariance``. ``rss``: residual sum of squares
    (each residual divided by its sigma), of ``dof`` degrees of freedom; ``scale = sqrt(rss/dof)`` is the residual
    standard deviation. ``offset``: the relative offset of Bates and Watts, how far the tangent plane says the minimum
    is, in standard deviations of the parameters. ``iterations``: evaluations of SciPy's ``method``, and steps after.
    ``source``: the generated function of model and gradient.
    """

    params: dict[str, float]
    deviations: dict[str, float]
    covariance: NDArray[Any] = field(repr=False)
    rss: float
    dof: int
    scale: float
    offset: float
    iterations: int
    method: str
    converged: bool
    message: str
    source: str = field(repr=False)
    _curve: _Curve = field(repr=False)
    _root: NDArray[Any] = field(repr=False)  # covariance = _root @ _root.T

    def predict(self, data: Mapping[str, Any], level: float = 0.95, *, observation: bool = False) -> Band:
        """The curve at other points with its confidence interval, from the gradient and Student's t (delta method).

        ``data`` as for :func:`fit`; ``level``: how probably one interval holds the curve. ``observation``: the
        interval of a new observation of sigma 1 instead. Raises DomainError where the data do not determine the
        parameters. Bates and Watts, Nonlinear Regression Analysis and Its Applications (1988), section 2.3.

        >>> found = fit("a + b*x", {"x": [0, 1, 2, 3]}, [1, 3, 5, 7.2], {"a": 0, "b": 1})
        >>> found.predict({"x": [4, 5]}).value.round(2)
        array([ 9.2 , 11.26])
        """
        import numpy as np
        from scipy import special

        if not np.isfinite(self._root).all():
            raise DomainError(f"there is no confidence band: {self.message}")
        if not 0 < level < 1:
            raise SymdiffError(f"the level is between 0 and 1, not {level}")
        value, gradient = self._curve.on(_columns(data, self._curve.known))(np.array([*self.params.values()]))
        deviation = np.linalg.norm(gradient @ self._root, axis=1)
        if observation:
            deviation = np.hypot(deviation, self.scale)
        reach = special.stdtrit(self.dof, (1 + level) / 2) * deviation
        return Band(value, deviation, value - reach, value + reach)

    def __str__(self) -> str:
        rows = [f"{name} = {value:.10g} ± {self.deviations[name]:.4g}" for name, value in self.params.items()]
        end = f"residual standard deviation {self.scale:.6g} on {self.dof} degrees of freedom; {self.message}"
        return "\n".join([*rows, end])


def fit(
    model: str | Node,
    data: Mapping[str, Any],
    y: Any,
    start: Mapping[str, float],
    *,
    sigma: Any = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    method: str | None = None,
    max_evaluations: int = 5000,
) -> CurveFit:
    """The parameters for which ``sum(((model - y)/sigma)**2)`` is smallest near ``start``.

    ``model``: a scalar formula or its text. ``data``: by name, an array with as many numbers as ``y`` or one number.
    ``start``: a number for each of the model's other variables, which are fitted. ``sigma``: standard deviations of
    the observations, one or as many as ``y``, known up to a common factor: the weights are ``1/sigma**2``.
    ``bounds``: (lower, upper) by parameter; one that ends on a bound counts as known, with standard deviation 0.
    ``method``: one of METHODS instead of the best of them. Parameters are scaled by the columns of the Jacobian: their
    units do not matter. Where the data do not determine a parameter its standard deviation is infinite and
    ``converged`` is false. Raises SymdiffError, ShapeError or DomainError for what does not fit together.

    >>> found = fit("a*exp(-b*x)", {"x": [0, 1, 2, 3]}, [8.1, 3.9, 2.1, 0.9], {"a": 1, "b": 1})
    >>> {name: round(value, 3) for name, value in found.params.items()}, found.dof
    ({'a': 8.083, 'b': 0.707}, 2)
    """
    import numpy as np

    curve = _Curve(_formula(model), start)
    columns, observed = _columns(data, curve.known), _observations(y)
    begin = np.array([_one(name, value) for name, value in start.items()])
    low, high = _limits(bounds or {}, start)
    _same_length(columns | {"y": observed}, len(begin))
    problem = _Problem(curve.on(columns, observed.size), observed, _weights(sigma, observed), low, high)
    problem.check(begin, list(start))
    with np.errstate(all="ignore"):
        ends = _attempts(problem, begin, method, max_evaluations)
        return _result(curve, _best(ends))


# -- the model -----------------------------------------------------------------------------------------------------


class _Curve:
    """Model and gradient as one generated function of the parameters and what is known."""

    def __init__(self, model: Node, start: Mapping[str, float]) -> None:
        found = {var.name: var for var in variables(model)}
        for name in start:
            if name not in found:
                raise SymdiffError(f"{name} is no variable of the model; it has {', '.join(found) or 'none'}")
        if not start:
            raise SymdiffError("there is nothing to fit: start names each parameter, as in start={'a': 1.0}")
        self.params = tuple(start)
        self.known = tuple(name for name in found if name not in start)
        wrt = [found[name] for name in start]
        outputs = simplify_guarded([model, *grad(model, wrt)])
        self.fn = functions.compile(outputs, [*(found[name] for name in self.known), *wrt])

    def on(self, columns: Mapping[str, NDArray[Any]], rows: int | None = None) -> Callable[[Any], Any]:
        """The function from the parameters to the model's values and their derivatives by each parameter."""
        import numpy as np

        count = max((column.size for column in columns.values()), default=1) if rows is None else rows
        given = [columns[name] for name in self.known]

        def at(vector: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
            value, *slopes = (np.broadcast_to(part, count) for part in self.fn(*given, *vector))
            return value.astype(float), np.column_stack(slopes)

        return at


def _formula(model: str | Node) -> Node:
    node = parse(model) if isinstance(model, str) else as_node(model)
    for part in (node, *variables(node)):
        if part.shape:
            raise UnsupportedError(f"the model is a scalar formula of scalar variables, not of {part} {part.shape}")
    return node


# -- what is given -------------------------------------------------------------------------------------------------


def _columns(data: Mapping[str, Any], known: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The arrays of what is known, all of one length or single numbers."""
    for name in known:
        if name not in data:
            raise SymdiffError(f"{name} has neither data nor a start: give one, as in start={{{name!r}: 1.0}}")
    for name in data:
        if name not in known:
            raise SymdiffError(f"{name} is no variable of the model to give data for; those are {', '.join(known)}")
    columns = {name: _numbers(name, data[name]) for name in known}
    _same_length(columns, 0)
    return columns


def _numbers(name: str, value: Any) -> NDArray[Any]:
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.ndim > 1:
        raise SymdiffError(f"{name} is a list of real numbers, not {array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        raise DomainError(f"{name} holds a number that is not finite; leave such points out")
    return array.astype(float)


def _observations(y: Any) -> NDArray[Any]:
    array = _numbers("y", y)
    if not array.ndim:
        raise ShapeError("y is a list of observations, not one number")
    return array


def _one(name: str, value: Any) -> float:
    array = _numbers(f"the start of {name}", value)
    if array.ndim:
        raise ShapeError(f"the start of {name} is one number, not {array.size}")
    return float(array)


def _same_length(columns: Mapping[str, NDArray[Any]], params: int) -> None:
    """All arrays have one length, and there are more observations than parameters (where there are any)."""
    lengths = {name: column.size for name, column in columns.items() if column.ndim}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ShapeError(f"the data are as many numbers for each name, but {listed}")
    if params and max(lengths.values(), default=1) <= params:
        raise SymdiffError(f"to fit {params} parameters takes more than {params} observations")


def _weights(sigma: Any, observed: NDArray[Any]) -> NDArray[Any]:
    """What each residual is multiplied by."""
    import numpy as np

    spread = _numbers("sigma", 1.0 if sigma is None else sigma)
    if spread.ndim and spread.size != observed.size:
        raise ShapeError(f"sigma is one number or as many as y, {observed.size}, not {spread.size}")
    if not (spread > 0).all():
        raise DomainError("sigma is above 0: a standard deviation for each observation")
    return np.broadcast_to(1 / spread, observed.size)


def _limits(bounds: Mapping[str, tuple[float, float]], start: Mapping[str, float]) -> Any:
    """The lower and upper limits of the parameters; a start outside is an error."""
    import numpy as np

    for name, pair in bounds.items():
        if name not in start:
            raise SymdiffError(f"{name} has bounds but no start; the parameters are {', '.join(start)}")
        if np.shape(pair) != (2,) or not pair[0] < pair[1] or not pair[0] <= start[name] <= pair[1]:
            raise SymdiffError(f"the bounds of {name} are (lower, upper) around its start {start[name]}, not {pair}")
    return np.array([bounds.get(name, (-np.inf, np.inf)) for name in start], float).T


# -- the minimum ---------------------------------------------------------------------------------------------------


class _Problem:
    """Weighted residuals and their Jacobian, computed together; the last point is kept."""

    def __init__(self, at: Callable[[Any], Any], y: NDArray[Any], weights: NDArray[Any], low: Any, high: Any) -> None:
        self.at, self.y, self.weights = at, y, weights
        self.low, self.high = low, high
        self.noise = 10 * _ROUNDING * math.hypot(*(y * weights))
        self.last: tuple[bytes, Any, Any] = (b"", None, None)

    def both(self, vector: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        key = vector.tobytes()
        if self.last[0] != key:
            value, slopes = self.at(vector)
            self.last = key, (value - self.y) * self.weights, slopes * self.weights[:, None]
        return self.last[1:]

    def residuals(self, vector: NDArray[Any]) -> NDArray[Any]:
        """Infinite also where the Jacobian is not finite, so that no method steps there."""
        import numpy as np

        found, slopes = self.both(vector)
        return found if np.isfinite(slopes).all() else np.full_like(found, np.inf)

    def jacobian(self, vector: NDArray[Any]) -> NDArray[Any]:
        return self.both(vector)[1]

    def bounded(self) -> bool:
        import numpy as np

        return bool(np.isfinite([self.low, self.high]).any())

    def check(self, vector: NDArray[Any], names: Sequence[str]) -> None:
        """Raise DomainError where model or gradient have no value at the start."""
        import numpy as np

        with np.errstate(all="ignore"):
            value, slopes = self.both(vector)
        if not np.isfinite(value).all():
            raise DomainError("the model is not finite at the start; begin at other parameters")
        bad = [name for name, slope in zip(names, slopes.T, strict=True) if not np.isfinite(slope).all()]
        if bad:
            raise DomainError(f"the derivative by {bad[0]} is not finite at the start; begin at other parameters")


class _End(NamedTuple):
    """Where a method ended: the tangent plane there, and what SciPy says."""

    vector: NDArray[Any]
    plane: _Plane
    iterations: int
    method: str
    message: str

    @property
    def good(self) -> bool:
        return self.plane.offset < CONVERGED and not self.plane.undetermined.any()


class _Plane:
    """The linear least squares problem at a point, by the singular values of the Jacobian with columns of length 1.

    Parameters in ``held`` do not move. ``step`` is the Gauss-Newton step; ``root @ root.T`` is the inverse of
    ``J.T @ J``; parameters that ``undetermined`` marks can move without a change of the residuals.
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
        self.offset = self._offset(along, noise)

    def _offset(self, along: NDArray[Any], noise: float) -> float:
        """How long the residuals are in the tangent plane, by how long across it, each per degree of freedom.

        Shorter than the noise of rounding is 0. Bates and Watts, Technometrics 23 (1981), 179-183.
        """
        inside = float(along @ along)
        if inside <= noise**2:
            return 0.0
        across = max(self.rss - inside, noise**2)
        return math.sqrt(inside / along.size * self.dof / across)


def _attempts(problem: _Problem, begin: NDArray[Any], method: str | None, limit: int) -> Iterator[_End]:
    """Where each method ends, polished."""
    if method is not None and method not in METHODS:
        raise SymdiffError(f"the methods are {', '.join(METHODS)}, not {method!r}")
    if method == "lm" and problem.bounded():
        raise SymdiffError('the method "lm" knows no bounds; use "trf" or "dogbox"')
    usual = METHODS[::2] if problem.bounded() else METHODS[:2]
    for name in usual if method is None else [method]:
        yield _polished(problem, _minimised(problem, begin, name, limit))


def _minimised(problem: _Problem, begin: NDArray[Any], method: str, limit: int) -> _End:
    """One run of SciPy's, as far as it goes."""
    from scipy import optimize

    limits = {} if method == "lm" else {"bounds": (problem.low, problem.high)}
    tight = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-15)
    found = optimize.least_squares(
        problem.residuals, begin, problem.jacobian, method=method, x_scale="jac", max_nfev=limit, **tight, **limits
    )
    vector = _settled(problem, found.x)
    return _End(
        vector, _plane(problem, vector), int(found.nfev), method, str(found.message).strip(". ").replace("`", "")
    )


def _plane(problem: _Problem, vector: NDArray[Any]) -> _Plane:
    held = (vector == problem.low) | (vector == problem.high)
    return _Plane(*problem.both(vector), held, problem.noise)


def _settled(problem: _Problem, vector: NDArray[Any]) -> NDArray[Any]:
    """On its bound each parameter that is less than a thousandth of a standard deviation away and pushes outward."""
    import numpy as np

    residuals, slopes = problem.both(vector)
    push, spread = slopes.T @ residuals, np.linalg.norm(residuals) / math.sqrt(residuals.size)
    near = 1e-3 * spread / np.linalg.norm(slopes, axis=0)
    lower = np.where((vector - problem.low <= near) & (push > 0), problem.low, vector)
    return np.where((problem.high - vector <= near) & (push < 0), problem.high, lower)


def _polished(problem: _Problem, end: _End) -> _End:
    """Gauss-Newton steps as long as each lowers the relative offset by a tenth.

    SciPy ends where the sum of squares is still, which it is when half the digits of the parameters are found.
    """
    import numpy as np

    for _ in range(_POLISH):
        vector = end.vector + end.plane.step
        if not np.isfinite(problem.residuals(vector)).all() or ((vector < problem.low) | (vector > problem.high)).any():
            break
        plane = _plane(problem, vector)
        if not plane.offset < 0.9 * end.plane.offset or plane.rss > end.plane.rss * (1 + 1e-9):
            break
        end = end._replace(vector=vector, plane=plane, iterations=end.iterations + 1)
    return end


def _best(ends: Iterator[_End]) -> _End:
    """Of those that converged, or else of all, the one with the smallest sum of squares; the first of equals."""
    seen = list(ends)
    found = [end for end in seen if end.good] or seen
    least = min(end.plane.rss for end in found)
    return next(end for end in found if end.plane.rss <= least * (1 + 1e-9))


def _result(curve: _Curve, end: _End) -> CurveFit:
    import numpy as np

    plane = end.plane
    scale = math.sqrt(plane.rss / plane.dof)
    root = plane.root * scale
    root[plane.undetermined] = np.inf
    return CurveFit(
        params=dict(zip(curve.params, end.vector.tolist(), strict=True)),
        deviations=dict(zip(curve.params, np.linalg.norm(root, axis=1).tolist(), strict=True)),
        covariance=root @ root.T,
        rss=plane.rss,
        dof=plane.dof,
        scale=scale,
        offset=plane.offset,
        iterations=end.iterations,
        method=end.method,
        converged=end.good,
        message=_message(curve, end),
        source=curve.fn.source,
        _curve=curve,
        _root=root,
    )


def _message(curve: _Curve, end: _End) -> str:
    loose = [name for name, free in zip(curve.params, end.plane.undetermined, strict=True) if free]
    if loose:
        return f"the data do not determine {', '.join(loose)}"
    return "converged" if end.good else f"not converged, relative offset {end.plane.offset:.1g}: {end.message}"
