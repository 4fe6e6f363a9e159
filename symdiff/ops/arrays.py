"""The array functions that users call, by name: arguments read and checked, then rows and contractions."""

from __future__ import annotations

from collections.abc import Callable

from ..graph.node import Node
from ..graph.operators import OPERATORS
from . import assembly  # noqa: F401  (declares rows)
from .arguments import as_size
from .indexing import index, places, scatter, scatter_add
from .matrices import cholesky, det, diag, inv, logdet, solve, trace, tril, triu
from .products import dot, einsum, kron, matmul, outer
from .rearranging import (
    T,
    arange,
    broadcast,
    concatenate,
    eye,
    one_hot,
    ones,
    reshape,
    size,
    squeeze,
    stack,
    transpose,
    zeros,
)  # fmt: skip
from .reductions import (
    argmax,
    cumsum,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    product_of_others,
    softmax,
    std,
    sum,
    var,
)  # fmt: skip

__all__ = ["FUNCTIONS", "as_size", "broadcast"]

OPERATORS.update(matmul=matmul, T=T, index=index)

#: What formulas may call, by name; "T" and "index" stand behind ``.T`` and ``[...]``.
FUNCTIONS: dict[str, Callable[..., Node]] = {
    function.__name__: function
    for function in (
        sum, mean, var, std, prod, max, min, argmax, logsumexp, softmax, log_softmax, norm, cumsum, matmul, dot, outer,
        kron, einsum, trace, diag, tril, triu, inv, solve, det, logdet, cholesky, size, eye, zeros, ones, arange,
        one_hot, reshape, transpose, squeeze, concatenate, stack, places, scatter, scatter_add, product_of_others,
        index, T,
    )
} | {"broadcast_to": broadcast}  # fmt: skip
