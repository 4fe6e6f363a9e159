"""The array functions that users call, by name: those of operations, and composite ones."""

from __future__ import annotations

from ..graph.operators import FUNCTIONS, OPERATORS
from . import assembly, exponentials, filling, matrices, running, sums  # noqa: F401  (declare what they are about)
from .indexing import index
from .products import matmul
from .rearranging import T

__all__ = ["FUNCTIONS"]

OPERATORS.update(matmul=matmul, T=T, index=index)
