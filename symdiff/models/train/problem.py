"""A loss at its data as functions of one vector: value and gradient, Hessian, Hessian times a vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...compiler import functions
from ...differentiate.passes import grad, hvp
from ...graph.leaves import symbol
from ...graph.node import Node
from ...graph.traversal import variables
from ...jacobians.hessians import flatten, hessian, unflatten
from ...search.levels import simplify_guarded
from .data import Arrays, collect, parameters
from .gauss_newton import gauss_newton, gauss_newton_product
from .step import trainable

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Flat:
    """Parameters as one float64 vector, in the order of :func:`symdiff.flatten`; back in their own types."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.size = sum(array.size for array in arrays.values())

    def join(self, parts: Any) -> NDArray[Any]:
        vector: NDArray[Any] = flatten(list(parts)).astype(float)
        return vector

    def split(self, vector: NDArray[Any]) -> Arrays:
        parts = unflatten(vector, [array.shape for array in self.arrays.values()])
        return {name: part.astype(array.dtype) for (name, array), part in zip(self.arrays.items(), parts, strict=True)}

    def label(self, position: int) -> str:
        """The element at that position of the vector: ``b``, ``w[2]`` or ``W1[0, 3]``."""
        import numpy as np

        for name, array in self.arrays.items():
            if position < array.size:
                index = ", ".join(str(int(part)) for part in np.unravel_index(position, array.shape))
                return f"{name}[{index}]" if index else name
            position -= array.size
        raise IndexError(position)


def sizes_of(inputs: Sequence[Node], arrays: Sequence[NDArray[Any]]) -> dict[str, int]:
    """The values of the symbolic sizes."""
    sizes: dict[str, int] = {}
    for var, array in zip(inputs, arrays, strict=True):
        pairs = zip(var.shape, array.shape, strict=False)
        sizes |= {size: value for size, value in pairs if isinstance(size, str) and size.isidentifier()}
    return sizes


class Problem:
    """The loss of ``params`` at ``data``; ``double``: computed in float64 whatever the type of the parameters.

    With ``output``, a node that the loss is built from, Hessians are Gauss-Newton matrices (:func:`gauss_newton`).
    Raises what :func:`symdiff.train.fit` raises for parameters and data that do not fit the loss.
    """

    def __init__(
        self, loss: Node, params: Mapping[str, Any], data: Mapping[str, Any], output: Node | None = None, *,
        double: bool = True,
    ) -> None:  # fmt: skip
        self.loss, self.output = loss, output
        self.chosen, arrays = parameters(loss, params)
        trainable(loss, self.chosen)
        self.flat = Flat({name: array.astype(float) for name, array in arrays.items()} if double else arrays)
        self.inputs = [var for var in variables(loss) if var not in self.chosen]
        values = collect(loss, self.flat.arrays, data)
        self.given = [values[var.name] for var in self.inputs]
        self.start = self.flat.join(self.flat.arrays.values())
        self.sizes = sizes_of([*self.inputs, *self.chosen], [*self.given, *self.flat.arrays.values()])

    def bind(self, outputs: Any, moves: Sequence[Node] = ()) -> Callable[..., Any]:
        """The outputs as a function of the parameters' vector, and of the vector of the moves if there are any."""
        function = functions.compile(simplify_guarded(outputs, sizes=self.sizes), [*self.inputs, *self.chosen, *moves])

        def bound(*vectors: NDArray[Any]) -> Any:
            return function(*self.given, *(part for vector in vectors for part in self.flat.split(vector).values()))

        return bound

    def gradient(self) -> Callable[[NDArray[Any]], tuple[float, NDArray[Any]]]:
        """Loss and gradient."""
        both = self.bind([self.loss, *grad(self.loss, self.chosen)])

        def function(vector: NDArray[Any]) -> tuple[float, NDArray[Any]]:
            value, *grads = both(vector)
            return float(value), self.flat.join(grads)

        return function

    def product(self) -> Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]:
        """The Hessian at a vector times another one."""
        moves = [symbol(f"_v_{var.name}", var.shape) for var in self.chosen]
        if self.output is None:
            parts = list(hvp(self.loss, self.chosen, moves))
        else:
            parts = list(gauss_newton_product(self.loss, self.output, self.chosen, moves))
        times = self.bind(parts, moves)
        return lambda vector, move: self.flat.join(times(vector, move))

    def hessian(self) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """The dense Hessian, in float64."""
        import numpy as np

        dense = self.bind(self._second("dense"))
        return lambda vector: np.asarray(dense(vector), float)

    def diagonal(self) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """The diagonal of :meth:`hessian` alone, as a vector."""
        parts = self.bind(list(self._second("diagonal")))
        return lambda vector: self.flat.join(parts(vector))

    def _second(self, form: str) -> Any:
        if self.output is None:
            return hessian(self.loss, self.chosen, form=form, sizes=self.sizes)
        return gauss_newton(self.loss, self.output, self.chosen, form=form, sizes=self.sizes)
