"""How reductions are declared and called: what has all axes is a view of the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..graph.leaves import as_node
from ..graph.node import Node, Op, make
from .arguments import read_axes, truth
from .axes import Axes, expanded
from .kinds import structural
from .targets import NumpyCode


def axes_text(axes: Axes) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


def reduction(
    name: str, pullback: Callable[..., Any], numpy: str, helper: str = "", takes_out: bool = False, **traits: Any
) -> Op:
    """Declare an operation that reduces over the axes in its attribute; ``numpy`` has ``{axes}``, empty where it is every axis."""

    def build(op: Op, x: Any, axes: Axes) -> Node:
        node = as_node(x)
        shape = tuple(size for axis, size in enumerate(node.shape) if axis not in axes)
        return make(op, (node,), (axes,), shape)

    def numpy_of(node: Node) -> str:
        axes = node.attrs[0]
        return numpy.replace("{axes}", "" if len(axes) == node.args[0].ndim else axes_text(axes)).replace(", )", ")")

    code = NumpyCode(numpy_of, helper, takes_out=takes_out)
    return structural(name, 1, build, pullback, numpy=code, text_of=_reduction_text(name), **traits)


def array_api_reduction(call: str) -> Callable[[Node], str]:
    """Code for the array API standard: a call with ``{axes}``."""
    return lambda node: call.replace("{axes}", axes_text(node.attrs[0]))


def _reduction_text(name: str) -> Callable[[Node], str]:
    def text_of(node: Node) -> str:
        every = len(node.attrs[0]) == node.args[0].ndim
        return f"{name}({{0}})" if every else f"{name}({{0}}, axis={axes_text(node.attrs[0])})"

    return text_of


def reduce_over(x: Any, axis: Any, keepdims: Any, name: str, reduction: Callable[[Node, Axes], Node]) -> Node:
    node = as_node(x)
    axes = read_axes(node, axis, name)
    if not axes:
        return node
    result = reduction(node, axes)
    return expanded(result, axes, node.ndim) if truth(keepdims) else result


def reduced_labels(node: Node) -> tuple[tuple[Sequence[int], ...], Sequence[int]]:
    """The axes of the operand, and those of the result."""
    every = tuple(range(node.args[0].ndim))
    return (every,), tuple(axis for axis in every if axis not in node.attrs[0])
