"""Operations on whole arrays that are neither elementwise nor contractions, one row each: their pullback and code."""

from __future__ import annotations

from .axes import Axes, expanded, total, transposed
from .matrices import check_square, cholesky, det, inv, logdet, solve, tril, triu
from .parts import arange, gather, index, least_sizes, places, places_among, scatter, scatter_add
from .rearranged import complete_shape, concatenate, reshape, reshaped_axes
from .reductions import amax, amin, argmax, cumsum, logsumexp, norm, prod, product_of_others, softmax

__all__ = [
    "Axes", "amax", "amin", "arange", "argmax", "check_square", "cholesky", "complete_shape", "concatenate", "cumsum",
    "det", "expanded", "gather", "index", "inv", "least_sizes", "logdet", "logsumexp", "norm", "places", "places_among",
    "prod", "product_of_others", "reshape", "reshaped_axes", "scatter", "scatter_add", "softmax", "solve", "total",
    "transposed", "tril", "triu",
]  # fmt: skip
