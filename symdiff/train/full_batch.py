"""Full-batch minimisation by scipy.optimize, with the generated gradient and Hessian-vector product."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import compiler
from ..differentiate import grad, hvp
from ..errors import SymdiffError
from ..expr import Node, symbol
from ..simplifier import simplify
from ..walk import variables
from .data import Arrays, collect, parameters
from .run import TrainingError
from .step import trainable

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHODS = ("BFGS", "L-BFGS-B", "Newton-CG")


class Minimum(NamedTuple):
    """Parameters found, their ``loss``, the loss after each iteration, and what SciPy says of the end."""

    params: Arrays
    loss: float
    history: NDArray[Any]
    steps: int
    converged: bool
    message: str


class _Flat:
    """The parameters as one vector: in the order of ``params``, each in C order (the last axis runs fastest)."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays

    def join(self, parts: Any) -> NDArray[Any]:
        import numpy as np

        return np.concatenate([np.ravel(part) for part in parts]).astype(float)

    def split(self, vector: NDArray[Any]) -> Arrays:
        found, start = {}, 0
        for name, array in self.arrays.items():
            part = vector[start : start + array.size]
            found[name] = part.reshape(array.shape).astype(array.dtype)
            start += array.size
        return found


def minimize(
    loss: Node,
    params: Mapping[str, Any],
    data: Mapping[str, Any],
    method: str = "BFGS",
    *,
    maxiter: int | None = None,
    tol: float | None = None,
) -> Minimum:
    """Minimise the loss over all data by ``"BFGS"``, ``"L-BFGS-B"`` or ``"Newton-CG"`` of scipy.optimize.

    ``params`` and ``data`` as for :func:`symdiff.train.fit`; the arrays given are not changed. SciPy sees one float64
    vector: the parameters in the order given, each in C order; losses and gradients are computed in the parameters'
    own type. ``maxiter`` and ``tol`` are SciPy's. BFGS keeps a matrix of the square of their number: for more than a
    thousand, L-BFGS-B is the faster. Newton-CG uses the exact Hessian-vector product.
    Raises TrainingError where the first loss or the one found is not finite, SymdiffError for another method.
    Nocedal and Wright, Numerical Optimization (2006), chapters 6 and 7.

    >>> import symdiff as sd
    >>> w = sd.symbol("w", 2)
    >>> minimize(sd.sum((w - 3) ** 2), {"w": [0, 1]}, {}).params["w"].round(6)
    array([3., 3.])
    """
    import numpy as np
    from scipy import optimize

    if method not in METHODS:
        raise SymdiffError(f"the methods are {', '.join(METHODS)}, not {method!r}")
    chosen, arrays = parameters(loss, params)
    trainable(loss, chosen)
    flat = _Flat(arrays)
    function, product = _functions(loss, chosen, flat, collect(loss, arrays, data), method == "Newton-CG")
    start = flat.join(arrays.values())
    history: list[float] = []
    good = start
    options = {} if maxiter is None else {"maxiter": maxiter}

    def seen(intermediate_result: Any) -> None:
        nonlocal good
        history.append(float(intermediate_result.fun))
        good = intermediate_result.x.copy() if math.isfinite(history[-1]) else good

    with np.errstate(all="ignore"):
        _finite(function(start)[0], 0, None)
        found = optimize.minimize(
            function, start, jac=True, hessp=product, method=method, tol=tol, options=options, callback=seen
        )
    _finite(float(found.fun), len(history), flat.split(good))
    converged, message = bool(found.success), str(found.message)
    return Minimum(flat.split(found.x), float(found.fun), np.array(history), len(history), converged, message)


def _finite(loss: float, step: int, good: Arrays | None) -> None:
    if not math.isfinite(loss):
        raise TrainingError(f"the loss at iteration {step} is {loss}", step, loss, good)


def _functions(
    loss: Node, chosen: list[Node], flat: _Flat, arrays: Arrays, second: bool
) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """Loss with gradient of the vector, and the Hessian times a vector where it is wanted."""
    inputs = [var for var in variables(loss) if var not in chosen]
    given = [arrays[var.name] for var in inputs]
    first = compiler.compile(simplify([loss, *grad(loss, chosen)]), [*inputs, *chosen])

    def function(vector: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        value, *grads = first(*given, *flat.split(vector).values())
        return float(value), flat.join(grads)

    if not second:
        return function, None
    moves = [symbol(f"_v_{var.name}", var.shape) for var in chosen]
    times = compiler.compile(simplify(list(hvp(loss, chosen, moves))), [*inputs, *chosen, *moves])

    def product(vector: NDArray[Any], move: NDArray[Any]) -> NDArray[Any]:
        return flat.join(times(*given, *flat.split(vector).values(), *flat.split(move).values()))

    return function, product
