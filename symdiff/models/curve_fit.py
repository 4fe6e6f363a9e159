"""Curve fits: nonlinear least squares with a generated Jacobian, and how well the data determine the parameters.

Model and gradient are one generated function of the data's points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..compiler import functions
from ..differentiate.passes import grad
from ..graph.errors import DomainError, ShapeError, SymdiffError, UnsupportedError
from ..graph.node import Node, as_node
from ..graph.traversal import variables
from ..search.levels import simplify_guarded
from ..text.parser import parse
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
        model = self._curve.at(_columns(data, self._curve.known))
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
    columns, observed = _columns(data, curve.known), _observations(y)
    first = np.array([_one(name, value) for name, value in start.items()])
    low, high = _limits(bounds or {}, start)
    _check_lengths(columns | {"y": observed}, first.size)
    problem = Problem(curve.at(columns, observed.size), observed, _weights(sigma, observed), low, high)
    problem.check_start(first, list(start))
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
            return value.astype(float), np.column_stack(slopes)

        return model


def _formula(model: str | Node) -> Node:
    node = parse(model) if isinstance(model, str) else as_node(model)
    for part in (node, *variables(node)):
        if part.shape:
            raise UnsupportedError(f"the model is a scalar formula of scalar variables, not of {part} {part.shape}")
    return node


# -- input ------------------------------------------------------------------------------------------------------------


def _columns(data: Mapping[str, Any], known: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The arrays of the known variables, all of one length or scalars."""
    for name in known:
        if name not in data:
            raise SymdiffError(f"{name} has neither data nor a start: give one, as in start={{{name!r}: 1.0}}")
    for name in data:
        if name not in known:
            raise SymdiffError(f"{name} is no variable of the model to give data for; those are {', '.join(known)}")
    columns = {name: _numbers(name, data[name]) for name in known}
    _check_lengths(columns, 0)
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


def _check_lengths(columns: Mapping[str, NDArray[Any]], params: int) -> None:
    """Raise unless all arrays have one length, which is larger than the number of parameters."""
    lengths = {name: column.size for name, column in columns.items() if column.ndim}
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ShapeError(f"the data are as many numbers for each name, but {each}")
    if params and max(lengths.values(), default=1) <= params:
        raise SymdiffError(f"to fit {params} parameters takes more than {params} observations")


def _weights(sigma: Any, observed: NDArray[Any]) -> NDArray[Any]:
    """The factor of each residual."""
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
