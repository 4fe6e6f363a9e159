"""Laplace's approximation: a normal distribution of the parameters around the most probable ones.

The convention is that of :mod:`symdiff.train.uncertainty`: the loss is the negative log likelihood, summed over the
examples. Everything is computed in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ...compiler import functions
from ...graph.errors import ShapeError, SymdiffError
from ...graph.node import Node
from ...graph.shapes import show_shape
from ...graph.traversal import variables
from ...jacobians.hessians import jacobian, unflatten
from ...search.levels import simplify_guarded
from .data import Arrays
from .problem import Flat, Problem, sizes_of
from .uncertainty import inverse

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Prediction(NamedTuple):
    """Mean and variance of an output, each of its shape."""

    mean: NDArray[Any]
    variance: NDArray[Any]


@dataclass(frozen=True)
class Laplace:
    """A normal distribution of the parameters: around ``params``, with the inverse of ``precision`` as covariance.

    ``precision`` is a matrix, or the vector of its diagonal. ``log_evidence``: log of the marginal likelihood.
    """

    params: Arrays
    precision: NDArray[Any]
    log_evidence: float

    @property
    def covariance(self) -> NDArray[Any]:
        """The matrix, or the vector of its diagonal."""
        import numpy as np

        if self.precision.ndim == 1:
            return 1 / self.precision
        root = self._solve_root(np.eye(len(self.precision)))
        return np.asarray(root.T @ root)

    @cached_property
    def _factor(self) -> NDArray[Any]:
        import numpy as np

        return np.asarray(np.linalg.cholesky(self.precision))

    def _solve_root(self, columns: NDArray[Any], transposed: bool = False) -> NDArray[Any]:
        """``inv(L) @ columns``, or ``inv(L.T) @ columns``, with ``precision == L @ L.T``."""
        import numpy as np
        from scipy import linalg

        if self.precision.ndim == 1:
            return np.asarray(columns / np.sqrt(self.precision)[:, None])
        return np.asarray(linalg.solve_triangular(self._factor, columns, lower=True, trans=int(transposed)))

    def sample(self, count: int, seed: int = 0) -> Arrays:
        """Parameters drawn from the distribution: by name, with ``count`` as first axis."""
        import numpy as np

        flat = Flat(self.params)
        normal = np.random.default_rng(seed).normal(size=(flat.size, count))
        vectors = (flat.join(self.params.values())[:, None] + self._solve_root(normal, transposed=True)).T
        samples = [unflatten(vector, [array.shape for array in self.params.values()]) for vector in vectors]
        return {name: np.array(parts) for name, parts in zip(self.params, zip(*samples, strict=True), strict=True)}

    def predict(self, output: Node, data: Mapping[str, Any]) -> Prediction:
        """Mean and variance of an output that is linearized in the parameters: ``diag(J @ covariance @ J.T)``.

        The variance is that of the output without noise. J is the generated Jacobian at ``params``; ``data`` gives
        the other variables of the output. Immer, Korzepa and Bauer, Improving predictions of Bayesian neural nets via
        local linearization, AISTATS 2021.
        """
        import numpy as np

        chosen = [var for var in variables(output) if var.name in self.params]
        inputs = [var for var in variables(output) if var.name not in self.params]
        for var in inputs:
            if var.name not in data:
                raise SymdiffError(f"the output needs data for {var.name}")
        if not chosen:
            raise SymdiffError(f"the output depends on none of the parameters {', '.join(self.params)}")
        given = [*(np.asarray(data[var.name]) for var in inputs), *(self.params[var.name] for var in chosen)]
        sizes = sizes_of([*inputs, *chosen], given)
        nodes = simplify_guarded([output, *jacobian(output, chosen, sizes=sizes)], sizes=sizes)
        value, *blocks = functions.compile(nodes, [*inputs, *chosen])(*given)
        mean, by_name = np.asarray(value, float), {var.name: block for var, block in zip(chosen, blocks, strict=True)}
        shapes = {name: (mean.size, array.size) for name, array in self.params.items()}
        parts = [np.reshape(by_name.get(name, np.zeros(shape)), shape) for name, shape in shapes.items()]
        root = self._solve_root(np.concatenate(parts, axis=1).T)
        return Prediction(mean, (root**2).sum(axis=0).reshape(mean.shape))


def laplace(
    loss: Node, params: Mapping[str, Any], data: Mapping[str, Any], prior: Any = 1.0, *,
    output: Node | None = None, form: str = "dense",
) -> Laplace:  # fmt: skip
    """Laplace's approximation of the posterior of the parameters, around their most probable values.

    ``loss``: the negative log likelihood, summed over the examples and without the prior. ``prior``: the precision of
    a normal prior around 0, a scalar, or for each name a scalar or an array. ``params``: where loss and
    ``sum(prior*w**2)/2`` together are least. The precision is that of the prior plus the Hessian of the loss, or with
    ``output`` its Gauss-Newton matrix (:func:`gauss_newton`), which is never indefinite for a convex loss.
    ``form``: ``"dense"``, or ``"diagonal"`` for the diagonal alone.
    Raises SymdiffError where the precision is not positive definite. MacKay, Neural Computation 4 (1992), 415-472.

    >>> import symdiff as sd
    >>> m, y = sd.symbol("m"), sd.symbol("y", "N")
    >>> posterior = laplace(sd.sum((y - m) ** 2) / 2, {"m": 1.6}, {"y": [1.0, 2.0, 2.0, 3.0]}, prior=1.0)
    >>> posterior.covariance.round(6), posterior.sample(3)["m"].shape
    (array([[0.2]]), (3,))
    """
    import numpy as np

    if form not in ("dense", "diagonal"):
        raise SymdiffError(f"the form of a covariance is dense or diagonal, not {form!r}")
    problem = Problem(loss, params, data, output)
    flat, start = problem.flat, problem.start
    prior_precision = flat.join(_prior(prior, flat.arrays).values())
    value, _ = problem.gradient()(start)
    if form == "dense":
        precision = problem.hessian()(start) + np.diag(prior_precision)
        inverse(precision, flat.label, "posterior precision")  # raises, and says why
        log_det = float(np.linalg.slogdet(precision)[1])
    else:
        precision = problem.diagonal()(start) + prior_precision
        _check_positive(precision, flat)
        log_det = float(np.log(precision).sum())
    log_prior = float(np.log(prior_precision).sum()) / 2 - float(start @ (prior_precision * start)) / 2
    return Laplace(flat.arrays, precision, log_prior - value - log_det / 2)


def _check_positive(precision: NDArray[Any], flat: Flat) -> None:
    position = int(precision.argmin())
    if not precision[position] > 0:
        raise SymdiffError(
            f"the precision of {flat.label(position)} is {precision[position]:.3g}, not positive; give output= for the "
            "Gauss-Newton matrix"
        )


def _prior(prior: Any, arrays: Arrays) -> Arrays:
    import numpy as np

    precisions = {}
    for name, array in arrays.items():
        if isinstance(prior, Mapping) and name not in prior:
            raise SymdiffError(f"the prior needs a precision for {name}")
        value = np.asarray(prior[name] if isinstance(prior, Mapping) else prior, float)
        if not (value > 0).all():
            raise SymdiffError(f"the prior precision of {name} is positive, not {value}")
        try:
            precisions[name] = np.broadcast_to(value, array.shape)
        except ValueError:
            shapes = f"{show_shape(value.shape)}, which does not fit {show_shape(array.shape)}"
            raise ShapeError(f"the prior precision of {name} has shape {shapes}") from None
    return precisions
