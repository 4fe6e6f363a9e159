"""What a graph costs: floating-point operations and bytes of each step, before anything is computed.

An addition, a multiplication and a call of a function each count as one operation, a product of matrices as two for
every pair of factors, a factorisation of an n by n matrix as n**3. Sizes that are letters count as given, else as
:data:`symdiff.simplifier.contraction_order.ASSUMED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

from ..codegen.fast import buffer_bytes
from ..graph.node import CONST, VAR, Node
from ..graph.shapes import Shape, show_shape, symbolic_sizes
from ..graph.traversal import leaves, topological
from ..ops.contraction import CONTRACT, network
from ..ops.kinds import operands
from ..simplifier.contraction_order import ASSUMED, number_of
from ..text.printer import show

#: Bytes of a number.
ITEM = 8
_FACTORISED = {"inv", "solve", "det", "logdet", "cholesky"}
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
        rows = sorted(self.steps, key=lambda step: -step.flops)[:12]
        lines = [f"{step.flops:>14,}  {step.bytes:>12,}  {show_shape(step.shape):<16} {step.text}" for step in rows]
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
    order = topological(*roots, read=operands)
    letters = dict.fromkeys(letter for node in order for letter in symbolic_sizes(node.shape))
    counts = {node: prod(number_of(size, known) for size in node.shape) for node in order}
    steps = [
        Step(_text(node), node.shape, _flops(node, counts, known), _bytes(node, counts))
        for node in order
        if not _free(node)
    ]
    return Plan(
        tuple(steps),
        sum(step.flops for step in steps),
        buffer_bytes(roots, [*letters, *known], lambda shape: prod(number_of(size, known) for size in shape)),
        sum(ITEM * counts[node] for node in order if node.op is VAR),
        sum(ITEM * counts[node] for node in dict.fromkeys(roots)),
        tuple(letter for letter in letters if letter not in known),
    )


def _text(node: Node) -> str:
    text = show(node)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 4] + " ..."


def _free(node: Node) -> bool:
    return node.op in (VAR, CONST) or node.op.view or not operands(node)


def _bytes(node: Node, counts: Mapping[Node, int]) -> int:
    return 0 if _free(node) else ITEM * counts[node]


def _flops(node: Node, counts: Mapping[Node, int], known: Mapping[str, int]) -> int:
    if node.op is CONTRACT:
        axes = {label: size for arg, own in network(node) for label, size in zip(own, arg.shape, strict=True)}
        whole = prod(number_of(size, known) for size in axes.values())
        return whole * (2 if len(node.args) > 1 else 1)
    if node.op.name in _FACTORISED:
        rows = number_of(node.args[0].shape[-1], known)
        return rows * counts[node.args[0]]
    if node.op.elementwise:
        return counts[node]
    return max([counts[node], *(counts[arg] for arg in operands(node))]) if node.op.name != "broadcast" else 0
