"""Standard errors of fitted parameters, from the inverse Hessian.

The convention, here and in :mod:`symdiff.train.laplace`: the loss is the negative log likelihood, summed over the
examples. A mean over N examples is multiplied by N first, a squared error divided by twice the variance of the noise.
Everything is computed in float64; vectors and matrices are in the order of :func:`symdiff.flatten` of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...graph.errors import SymdiffError
from ...graph.node import Node
from .data import Arrays
from .problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray


class StandardErrors(NamedTuple):
    """``errors``, Wald's ``z`` and its two-sided ``p`` by name, in the parameters' shapes; the ``covariance`` matrix.

    ``distance``: how far Newton's step would go, in standard errors. Far from 0, the loss is not at its minimum.
    """

    errors: Arrays
    z: Arrays
    p: Arrays
    covariance: NDArray[Any]
    distance: float


def standard_errors(loss: Node, params: Mapping[str, Any], data: Mapping[str, Any]) -> StandardErrors:
    """Standard errors of fitted parameters: square roots of the diagonal of the inverse Hessian.

    ``loss``: the negative log likelihood, summed over the examples; ``params``: where it is least, with ``data`` as for
    :func:`symdiff.train.fit`. Raises SymdiffError where the Hessian is singular or not positive definite, with the
    parameter that the flat or falling direction moves most.
    Efron and Hinkley, Assessing the accuracy of the maximum likelihood estimator, Biometrika 65 (1978).

    >>> import symdiff as sd
    >>> m, y = sd.symbol("m"), sd.symbol("y", "N")
    >>> fitted = standard_errors(sd.sum((y - m) ** 2) / 2, {"m": 2.0}, {"y": [1.0, 2.0, 2.0, 3.0]})
    >>> float(fitted.errors["m"]), float(fitted.z["m"])
    (0.5, 4.0)
    """
    import numpy as np
    from scipy import special

    problem = Problem(loss, params, data)
    flat, start = problem.flat, problem.start
    _, slope = problem.gradient()(start)
    covariance = inverse(problem.hessian()(start), flat.label)
    errors = np.sqrt(np.diag(covariance))
    z = start / errors
    p = 2 * special.ndtr(-np.abs(z))
    distance = float(np.sqrt(slope @ covariance @ slope))
    return StandardErrors(flat.split(errors), flat.split(z), flat.split(p), covariance, distance)


def inverse(matrix: NDArray[Any], label: Callable[[int], str], name: str = "Hessian") -> NDArray[Any]:
    """The inverse of a positive definite matrix, scaled to a diagonal of ones so that units do not matter.

    Raises SymdiffError for another matrix, with the ``label`` of the element that its worst direction moves most.

    >>> import numpy as np
    >>> inverse(np.array([[2.0, 0.0], [0.0, 4.0]]), str).round(6)
    array([[0.5 , 0.  ], [0.  , 0.25]])
    """
    import numpy as np

    if not np.isfinite(matrix).all():
        raise SymdiffError(f"the {name} has elements that are not finite at these parameters")
    diagonal = np.abs(np.diag(matrix))
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1))
    values, vectors = np.linalg.eigh(matrix * scale[:, None] * scale)
    least = len(matrix) * np.finfo(float).eps * max(float(np.abs(values).max()), 1.0)
    if values[0] <= least:
        along = scale * vectors[:, 0]
        along /= np.linalg.norm(along)
        largest = int(np.abs(along).argmax())
        kind = "singular: the loss is flat" if values[0] >= -least else "not positive definite: the loss falls"
        raise SymdiffError(
            f"the {name} is {kind} along a direction with the largest component, {abs(along[largest]):.2f}, "
            f"in {label(largest)}"
        )
    root = scale[:, None] * vectors / np.sqrt(values)
    return np.asarray(root @ root.T)
