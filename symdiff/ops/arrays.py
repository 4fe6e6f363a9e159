"""The array functions that users call, by name: those of operations and those that are written with other operations."""

from __future__ import annotations

from ..graph.operators import FUNCTIONS, OPERATORS
from . import assembly, diagonals, exponentials, extrema, filling, running, sums  # noqa: F401  (declare operations and functions)
from .arguments import as_size
from .filling import broadcast
from .indexing import index
from .matrices import cholesky  # noqa: F401
from .products import matmul
from .rearranging import T

__all__ = ["FUNCTIONS", "as_size", "broadcast"]

OPERATORS.update(matmul=matmul, T=T, index=index)
