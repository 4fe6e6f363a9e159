"""A Hessian as a linear operator of SciPy. This module needs SciPy; :mod:`symdiff.train.curvature` imports it late."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from ...graph.errors import UnsupportedError
from .problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray


class HessianOperator(LinearOperator):  # type: ignore[misc]
    """The Hessian of a loss at fixed parameters and data: symmetric, and formed only by ``todense``."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(np.dtype(float), (problem.flat.size, problem.flat.size))
        self.problem = problem

    @cached_property
    def _product(self) -> Any:
        return self.problem.product()

    def _matvec(self, x: NDArray[Any]) -> NDArray[Any]:
        product: NDArray[Any] = self._product(self.problem.start, np.ravel(x))
        return product

    def _adjoint(self) -> HessianOperator:
        return self

    _transpose = _adjoint

    def diagonal(self) -> NDArray[Any]:
        """The diagonal, by formulas of its own where there are some."""
        try:
            return self.problem.diagonal()(self.problem.start)
        except UnsupportedError:
            return np.diag(self.todense()).copy()

    def todense(self) -> NDArray[Any]:
        """The matrix: by its own formulas, or column by column for an operation that they do not know."""
        try:
            return self.problem.hessian()(self.problem.start)
        except UnsupportedError:
            return np.asarray(self @ np.eye(self.shape[0]))
