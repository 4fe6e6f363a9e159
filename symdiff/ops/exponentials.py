"""Sums of exponentials over axes, without overflow."""

from __future__ import annotations

import math
from typing import Any

from ..graph.leaves import as_node, const
from ..graph.node import Node, Op, Operand, make
from ..graph.operators import composite
from . import array_api_code
from .arguments import Axis, Flag, read_axes
from .axes import Axes, expanded, total
from .extrema import MAX
from .kinds import broadcast_to, structural
from .logic import equal, where
from .powers import exp, log
from .reductions import array_api_reduction, axes_text, reduce_over, reduction
from .selection import abs

_LOGSUMEXP = '''def _logsumexp(x, axis=None):
    """log(sum(exp(x))) over the axes, without overflow."""
    top = x.max(axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    return np.log(np.exp(x - top).sum(axis)) + top.reshape(x.sum(axis).shape)'''


_SOFTMAX = '''def _softmax(x, axis=None):
    """exp(x)/sum(exp(x)) over the axes, without overflow."""
    e = np.exp(x - x.max(axis, keepdims=True))
    e /= e.sum(axis, keepdims=True)
    return e'''


def _pull_logsumexp(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    return (SOFTMAX(x, y.attrs[0]) * expanded(ct, y.attrs[0], x.ndim),)


def _pull_softmax(ct: Node, y: Node, x: Node) -> tuple[Node, ...]:
    axes = y.attrs[0]
    return (y * (ct - expanded(total(broadcast_to(ct * y, y.shape), axes), axes, x.ndim)),)


def _build_softmax(op: Op, x: Any, axes: Axes) -> Node:
    node = as_node(x)
    return make(op, (node,), (axes,), node.shape) if axes else const(1)


def _softmax_numpy(node: Node) -> str:
    every = len(node.attrs[0]) == node.ndim
    return "_softmax({0})" if every else f"_softmax({{0}}, {axes_text(node.attrs[0])})"


def _softmax_text(node: Node) -> str:
    """The last axis need not be said where it is the only one."""
    return "softmax({0})" if node.ndim == 1 else f"softmax({{0}}, axis={axes_text(node.attrs[0])})"


def _lower_logsumexp(node: Node, x: Node) -> Node:
    """As the helper computes it."""
    axes = node.attrs[0]
    top = MAX(x, axes)
    top = where(equal(abs(top), math.inf), 0, top)
    return log(total(exp(x - expanded(top, axes, x.ndim)), axes)) + top


def _lower_softmax(node: Node, x: Node) -> Node:
    axes = node.attrs[0]
    e = exp(x - expanded(MAX(x, axes), axes, x.ndim))
    return e / expanded(total(e, axes), axes, x.ndim)


def logsumexp(x: Operand, axis: Axis = None, keepdims: Flag = False) -> Node:
    """log(sum(exp(x))) over the axes, without overflow.

    ``axis``: one axis, a tuple of them, or None for all; ``keepdims`` leaves each with size 1. Its gradient is the
    softmax.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> round(sd.evaluate(logsumexp(x), {"x": [1000.0, 1000.0]}), 6)
    1000.693147
    >>> sd.simplify(sd.grad(logsumexp(x), x))
    softmax(x)
    """
    return reduce_over(x, axis, keepdims, "logsumexp", LOGSUMEXP)


def softmax(x: Operand, axis: Axis = -1) -> Node:
    """exp(x)/sum(exp(x)) over the axis (the last one unless given), without overflow.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(softmax(x), {"x": [1000.0, 1000.0]})
    array([0.5, 0.5])
    """
    node = as_node(x)
    return SOFTMAX(node, read_axes(node, axis, "softmax"))


@composite
def log_softmax(x: Operand, axis: Axis = -1) -> Node:
    """x - logsumexp(x) over the axis (the last one unless given).

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> sd.evaluate(log_softmax(x), {"x": [0.0, 1000.0]})
    array([-1000.,     0.])
    """
    node = as_node(x)
    axes = read_axes(node, axis, "log_softmax")
    return node - expanded(LOGSUMEXP(node, axes), axes, node.ndim)


LOGSUMEXP = reduction(
    "logsumexp",
    _pull_logsumexp,
    "_logsumexp({0}, {axes})",
    helper=_LOGSUMEXP,
    array_api=(array_api_reduction("_logsumexp(xp, {0}, {axes})"), (array_api_code.EXTREME, array_api_code.LOGSUMEXP)),
    domain="real arrays, not empty along the axes",
    lowered=_lower_logsumexp,
    weight=14,
    function=logsumexp,
)


SOFTMAX = structural(
    "softmax",
    1,
    _build_softmax,
    _pull_softmax,
    numpy=(_softmax_numpy, _SOFTMAX),
    text_of=_softmax_text,
    domain="real arrays",
    array_api=(array_api_reduction("_softmax(xp, {0}, {axes})"), (array_api_code.EXTREME, array_api_code.SOFTMAX)),
    lowered=_lower_softmax,
    weight=14,
    function=softmax,
)
