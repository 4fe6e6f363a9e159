"""Losses as graphs, of predictions and targets; each says over what it sums and averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

from ...graph.errors import ShapeError, SymdiffError
from ...graph.leaves import as_node
from ...graph.node import Node
from ...graph.shapes import show_shape
from ...ops.exponentials import logsumexp
from ...ops.scalar import softplus
from ...ops.sizes import arange, size
from ...ops.sums import mean, sum


def _same_shape(name: str, f: Any, y: Any) -> tuple[Node, Node]:
    """Predictions and targets; raises ShapeError unless their shapes are equal: (N,) and (N, 1) broadcast to (N, N)."""
    left, right = as_node(f), as_node(y)
    if left.shape != right.shape:
        shapes = f"{show_shape(left.shape)} and {show_shape(right.shape)}"
        raise ShapeError(f"{name} takes predictions and targets of one shape, not {shapes}")
    return left, right


def squared(f: Any, y: Any) -> Node:
    """``sum((f - y)**2)``: sums over everything. Shapes are equal, else ShapeError.

    >>> from symdiff import symbol
    >>> squared(symbol("f", "N"), symbol("y", "N"))
    sum((f - y)**2)
    """
    left, right = _same_shape("squared", f, y)
    return sum((left - right) ** 2)


def quadratic(f: Any, y: Any) -> Node:
    """``sum((f - y)**2)/(2*N)``: averages over the examples (the first size), sums over the outputs.

    >>> from symdiff import symbol
    >>> f, y = symbol("f", "N"), symbol("y", "N")
    >>> quadratic(f, y)
    sum((f - y)**2)/(2*N)
    """
    left, right = _same_shape("quadratic", f, y)
    if not left.shape:
        raise ShapeError("quadratic takes arrays whose first axis is the examples, not numbers")
    return sum((left - right) ** 2) / (2 * size(left.shape[0]))


def logistic(f: Any, y: Any) -> Node:
    """``mean(log(1 + exp(-y*f)))`` for labels y of -1 and +1, without overflow: averages over everything.

    Raises ShapeError where the shapes differ.

    >>> from symdiff import symbol
    >>> logistic(symbol("f", "N"), symbol("y", "N"))
    sum(softplus(-y*f))/N
    """
    left, right = _same_shape("logistic", f, y)
    return mean(softplus(-(right * left)))


def binary_cross_entropy(f: Any, y: Any) -> Node:
    """``mean(softplus(f) - y*f)``: of the logits f and y in [0, 1], without overflow; averages over everything.

    It is ``-mean(y*log(p) + (1 - y)*log(1 - p))`` with ``p = sigmoid(f)``.

    Raises ShapeError where the shapes differ.

    >>> from symdiff import symbol
    >>> binary_cross_entropy(symbol("f", "N"), symbol("y", "N"))
    sum(softplus(f) - y*f)/N
    """
    left, right = _same_shape("binary_cross_entropy", f, y)
    return mean(softplus(left) - right * left)


def multiclass_logistic(f: Any, y: Any) -> Node:
    """``mean(logsumexp(f, axis=1) - f[arange(N), y])``: logits (N, classes), labels (N,) from 0; averages over N.

    Labels are given as whole numbers. Raises ShapeError for other shapes.

    >>> from symdiff import symbol
    >>> multiclass_logistic(symbol("f", ("N", 10)), symbol("y", "N"))
    sum(logsumexp(f, axis=1) - f[arange(N), y])/N
    """
    logits, labels = as_node(f), as_node(y)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ShapeError(
            "multiclass_logistic takes logits (N, classes) and labels (N,), "
            f"not {show_shape(logits.shape)} and {show_shape(labels.shape)}"
        )
    return mean(logsumexp(logits, axis=1) - logits[arange(logits.shape[0]), labels])


def l2(params: Mapping[str, Node] | Sequence[Node], strength: Any = 1) -> Node:
    """``strength*sum(w**2)`` over every array given: sums; its gradient is ``2*strength*w``.

    >>> from symdiff import symbol
    >>> l2([symbol("W", ("d", 3))], 0.01)
    0.01*sum(W**2)
    """
    squares = [sum(param**2) for param in (params.values() if isinstance(params, Mapping) else params)]
    if not squares:
        raise SymdiffError("l2 takes at least one parameter")
    return as_node(strength) * reduce(add, squares)
