"""What a graph costs: floating-point operations and bytes of each step, before anything is computed.

An addition, a multiplication and a call of a function each count as one operation, a product of matrices as two for
every pair of factors, a factorisation of an n by n matrix as n**3: what an operation declares as its ``flops``.
Symbolic sizes count as given, else as :data:`symdiff.simplifier.contraction_order.ASSUMED`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, NamedTuple

from ..codegen.fast import count_buffer_bytes
from ..graph.leaves import CONST, VAR
from ..graph.node import Node
from ..graph.shapes import Shape, show_shape, symbolic_sizes
from ..graph.traversal import leaves, topological
from ..ops.kinds import operands
from ..simplifier.contraction_order import ASSUMED, number_of
from ..text.printer import show

#: Bytes of a number.
ITEM = 8
_WIDTH = 60


class Step(NamedTuple):
    """One operation that makes an array or a number."""

    text: str
    shape: Shape
    flops: int
    bytes: int


class Plan(NamedTuple):
    """The steps, with what they cost together; ``str`` gives a table of the most expensive ones."""

    steps: tuple[Step, ...]
    flops: int
    peak_bytes: int
    input_bytes: int
    result_bytes: int
    assumed: tuple[str, ...]

    def __str__(self) -> str:
        steps = sorted(self.steps, key=lambda step: -step.flops)[:12]
        lines = [f"{step.flops:>14,}  {step.bytes:>12,}  {show_shape(step.shape):<16} {step.text}" for step in steps]
        note = f"; {', '.join(self.assumed)} taken as {ASSUMED}" if self.assumed else ""
        return "\n".join(
            [
                f"{len(self.steps)} steps, {self.flops:,} operations{note}",
                f"bytes: {self.input_bytes:,} of inputs, {self.result_bytes:,} of results, "
                f"{self.peak_bytes:,} of intermediate values at most at one time",
                f"{'operations':>14}  {'bytes':>12}  {'shape':<16} step",
                *lines,
            ]
        )


def plan(outputs: Any, sizes: Mapping[str, int] | None = None) -> Plan:
    """The cost of computing a node or nested structure, in the order of the generated code.

    >>> import symdiff as sd
    >>> A, x = sd.symbol("A", shape=("m", "n")), sd.symbol("x", shape="n")
    >>> found = plan(sd.sum(A @ x), {"m": 100, "n": 10})
    >>> found.flops, found.peak_bytes
    (2100, 800)
    """
    known, roots = sizes or {}, leaves(outputs)

    def count(shape: Shape) -> int:
        return prod(number_of(size, known) for size in shape)

    order = topological(*roots, read=operands)
    symbolic = dict.fromkeys(size for node in order for size in symbolic_sizes(node.shape))
    steps = [
        Step(_shorten(show(node)), node.shape, _count_flops(node, count), ITEM * count(node.shape))
        for node in order
        if not _is_free(node)
    ]
    return Plan(
        tuple(steps),
        sum(step.flops for step in steps),
        count_buffer_bytes(roots, [*symbolic, *known], count),
        sum(ITEM * count(node.shape) for node in order if node.op is VAR),
        sum(ITEM * count(node.shape) for node in dict.fromkeys(roots)),
        tuple(size for size in symbolic if size not in known),
    )


def _shorten(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 4] + " ..."


def _is_free(node: Node) -> bool:
    return node.op in (VAR, CONST) or node.op.view or not operands(node)


def _count_flops(node: Node, count: Callable[[Shape], int]) -> int:
    if node.op.flops is not None:
        return node.op.flops(node, count)
    read = () if node.op.elementwise else operands(node)
    return max(count(shape) for shape in (node.shape, *(arg.shape for arg in read)))
