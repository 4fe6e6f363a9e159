"""Curve fits: nonlinear least squares with a generated Jacobian, and how well the data determine the parameters.

Model and gradient are one generated function of the data's points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..check.differences import central_difference
from ..compiler import functions
from ..differentiate.passes import grad
from ..graph.errors import DomainError, SymdiffError, UnsupportedError
from ..graph.leaves import as_node
from ..graph.node import Node
from ..graph.traversal import variables
from ..search.levels import simplify_guarded
from ..text.parser import parse
from .curve_data import check_lengths, read_bounds, read_columns, read_observations, read_start, read_weights
from .least_squares import CONVERGED, METHODS, Problem, Solution, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CONVERGED", "METHODS", "Band", "CurveFit", "fit"]


class Band(NamedTuple):
    """Values of the curve, their standard deviations, and the limits of their confidence interval."""

    value: NDArray[Any]
    deviation: NDArray[Any]
    lower: NDArray[Any]
    upper: NDArray[Any]


@dataclass(frozen=True)
class CurveFit:
    """Fitted parameters and how well the data determine them; lists are in the order of ``params``.

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

        >>> line = fit("a + b*x", {"x": [0, 1, 2, 3]}, [1, 3, 5, 7.2], {"a": 0, "b": 1})
        >>> line.predict({"x": [4, 5]}).value.round(2)
        array([ 9.2 , 11.26])
        """
        import numpy as np
        from scipy import special

        if not np.isfinite(self._root).all():
            raise DomainError(f"there is no confidence band: {self.message}")
        if not 0 < level < 1:
            raise SymdiffError(f"the level is between 0 and 1, not {level}")
        model = self._curve.at(read_columns(data, self._curve.known))
        with np.errstate(all="ignore"):
            value, gradient = model(np.array([*self.params.values()]))
        deviation = np.linalg.norm(gradient @ self._root, axis=1)
        if observation:
            deviation = np.hypot(deviation, self.scale)
        half_width = special.stdtrit(self.dof, (1 + level) / 2) * deviation
        return Band(value, deviation, value - half_width, value + half_width)

    def __str__(self) -> str:
        lines = [f"{name} = {value:.10g} ± {self.deviations[name]:.4g}" for name, value in self.params.items()]
        summary = f"residual standard deviation {self.scale:.6g} on {self.dof} degrees of freedom; {self.message}"
        return "\n".join([*lines, summary])


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

    >>> decay = fit("a*exp(-b*x)", {"x": [0, 1, 2, 3]}, [8.1, 3.9, 2.1, 0.9], {"a": 1, "b": 1})
    >>> {name: round(value, 3) for name, value in decay.params.items()}, decay.dof
    ({'a': 8.083, 'b': 0.707}, 2)
    """
    import numpy as np

    curve = _Curve(_formula(model), start)
    columns, observed = read_columns(data, curve.known), read_observations(y)
    first = np.array([read_start(name, value) for name, value in start.items()])
    low, high = read_bounds(bounds or {}, start)
    check_lengths(columns | {"y": observed}, first.size)
    problem = Problem(curve.at(columns, observed.size), observed, read_weights(sigma, observed), low, high)
    problem.start(first, list(start))
    with np.errstate(all="ignore"):
        return _result(curve, solve(problem, first, method, max_evaluations))


# -- the model -----------------------------------------------------------------------------------------------------


class _Curve:
    """Model and gradient as one generated function of the known variables and the parameters."""

    def __init__(self, model: Node, start: Mapping[str, float]) -> None:
        inputs = {var.name: var for var in variables(model)}
        for name in start:
            if name not in inputs:
                raise SymdiffError(f"{name} is no variable of the model; it has {', '.join(inputs) or 'none'}")
        if not start:
            raise SymdiffError("there is nothing to fit: start names each parameter, as in start={'a': 1.0}")
        self.params = tuple(start)
        self.known = tuple(name for name in inputs if name not in start)
        wrt = [inputs[name] for name in start]
        outputs = simplify_guarded([model, *grad(model, wrt)])
        self.fn = functions.compile(outputs, [*(inputs[name] for name in self.known), *wrt])

    def at(self, columns: Mapping[str, NDArray[Any]], count: int | None = None) -> Callable[[Any], Any]:
        """The function from the parameters to the model's values at the points, (count,), and their Jacobian."""
        import numpy as np

        points = max((column.size for column in columns.values()), default=1) if count is None else count
        known = [columns[name] for name in self.known]

        def model(vector: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
            value, *slopes = (np.broadcast_to(part, points) for part in self.fn(*known, *vector))
            jacobian = np.column_stack(slopes)
            for point, param in np.argwhere(~np.isfinite(jacobian) & np.isfinite(value)[:, None]):
                own = tuple(column[point] if column.ndim else column for column in known)
                jacobian[point, param] = self._numerical_slope(own, vector, param)
            return value.astype(float), jacobian

        return model

    def _numerical_slope(self, known: Sequence[Any], vector: NDArray[Any], param: int) -> float:
        """The derivative by a parameter at a point where its formula has no value, as ``0*inf`` has none; else NaN.

        A logistic curve is constant in its slope where x is 0, and its derivative there is 0.
        """

        def along(distance: float) -> float:
            moved = vector.copy()
            moved[param] += distance
            return float(self.fn(*known, *moved)[0])

        slope, error = central_difference(along, 0.05 * max(abs(vector[param]), 0.1))
        return slope if error <= 1e-8 * abs(slope) else math.nan


def _formula(model: str | Node) -> Node:
    node = parse(model) if isinstance(model, str) else as_node(model)
    for part in (node, *variables(node)):
        if part.shape:
            raise UnsupportedError(f"the model is a scalar formula of scalar variables, not of {part} {part.shape}")
    return node


# -- output -----------------------------------------------------------------------------------------------------------


def _result(curve: _Curve, solution: Solution) -> CurveFit:
    import numpy as np

    plane = solution.plane
    scale = math.sqrt(plane.rss / plane.dof)
    root = plane.root * scale
    root[plane.undetermined] = np.inf
    return CurveFit(
        params=dict(zip(curve.params, solution.vector.tolist(), strict=True)),
        deviations=dict(zip(curve.params, np.linalg.norm(root, axis=1).tolist(), strict=True)),
        covariance=root @ root.T,
        rss=plane.rss,
        dof=plane.dof,
        scale=scale,
        offset=plane.offset,
        iterations=solution.iterations,
        method=solution.method,
        converged=solution.converged,
        message=_message(curve, solution),
        source=curve.fn.source,
        _curve=curve,
        _root=root,
    )


def _message(curve: _Curve, solution: Solution) -> str:
    loose = [name for name, free in zip(curve.params, solution.plane.undetermined, strict=True) if free]
    if loose:
        return f"the data do not determine {', '.join(loose)}"
    if solution.converged:
        return "converged"
    return f"not converged, relative offset {solution.plane.offset:.1g}: {solution.message}"
