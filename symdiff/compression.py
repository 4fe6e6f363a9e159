"""Derivatives by weighted sums of rows: many rows at once, as few as a limit of memory or a colouring asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .blocks import derivative
from .expr import Node, const
from .ops.contraction import contraction
from .ops.kinds import broadcast_to
from .simplifier import simplify


def weighted_rows(
    outputs: Sequence[Node], weights: Sequence[Node], sources: Sequence[Node], sizes: Mapping[str, int] | None = None
) -> list[Node]:
    """Sums of rows of the Jacobian of all ``outputs``: for each source, the block of its columns.

    ``weights``: for each output an array with one axis more, the first, that counts the sums. Raises
    UnsupportedError as :func:`symdiff.jacobian` does.

    >>> import symdiff as sd
    >>> x, v = sd.symbol("x", shape="n"), sd.symbol("v", shape=("k", "n"))
    >>> weighted_rows([sd.sin(x)], [v], [x])
    [v*cos(x)[None, :]]
    """
    total = broadcast_to(const(0), weights[0].shape[:1])
    for output, weight in zip(outputs, weights, strict=True):
        axes = list(range(output.ndim))
        total = total + broadcast_to(contraction([weight, output], [["sum", *axes], axes], ["sum"]), total.shape)
    found = derivative(simplify(total, sizes=sizes), sources, sizes)
    return list(simplify([found.block(source) for source in sources], sizes=sizes))
