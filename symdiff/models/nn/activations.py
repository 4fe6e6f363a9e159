"""Activations of networks, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ...graph.errors import ShapeError, SymdiffError
from ...graph.leaves import as_node
from ...graph.node import Node
from ...graph.shapes import divide_sizes, show_shape
from ...ops.exponentials import softmax
from ...ops.extrema import max
from ...ops.rearranging import reshape
from ...ops.scalar import elu, leaky_relu, relu, sigmoid, tanh

#: A name, or any function of a node that returns a node of the same shape.
Activation: TypeAlias = str | Callable[[Node], Node]


def identity(x: Any) -> Node:
    """x itself.

    >>> from symdiff import symbol
    >>> identity(symbol("x"))
    x
    """
    return as_node(x)


def maxout(x: Any, pieces: int = 2) -> Node:
    """The largest of each run of ``pieces`` elements along the last axis: ``(N, k*pieces)`` to ``(N, k)``.

    Ties share the derivative equally. Raises ShapeError where the last size is no multiple of ``pieces``.
    Goodfellow et al., Maxout networks, ICML 2013.

    >>> from symdiff import symbol
    >>> maxout(symbol("x", ("N", 6)), pieces=3).shape
    ('N', 2)
    """
    node = as_node(x)
    units = divide_sizes(node.shape[-1], pieces) if node.shape and pieces > 0 else None
    if units is None:
        raise ShapeError(
            f"maxout of {pieces} pieces needs a last size that is a multiple, not {show_shape(node.shape)}"
        )
    return max(reshape(node, (*node.shape[:-1], units, pieces)), axis=-1)


#: The activations that have a name.
ACTIVATIONS: dict[str, Callable[[Node], Node]] = {
    "identity": identity, "sigmoid": sigmoid, "tanh": tanh, "relu": relu, "leaky_relu": leaky_relu, "elu": elu,
    "maxout": maxout, "softmax": softmax,
}  # fmt: skip


def activation_named(kind: Activation) -> Callable[[Node], Node]:
    """The activation of that name, or the function itself; raises SymdiffError for an unknown name.

    >>> from symdiff import symbol
    >>> activation_named("tanh")(symbol("x"))
    tanh(x)
    """
    if callable(kind):
        return kind
    if kind not in ACTIVATIONS:
        raise SymdiffError(f"there is no activation {kind!r}; the activations are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[kind]
