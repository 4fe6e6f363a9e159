"""Where buffers lie: those that are never in use at the same time share places in one piece of memory.

First fit, the largest first: Y. Pisarchyk, J. Lee, Efficient memory management for deep neural net inference,
arXiv:2001.03288.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from ..graph.node import Node
from ..ops.kinds import operands

#: A buffer is in use from one step to another, both included, perhaps several times.
Uses = Sequence[tuple[int, int]]

_ARENA = '''def _arena(*wanted):
    """Arrays of these shapes and types in one piece of memory, for the steps in which each is in use."""
    counts = [math.prod(shape) * np.dtype(kind).itemsize for shape, kind, _ in wanted]
    places, total = _offsets(counts, [uses for _, _, uses in wanted])
    memory = np.empty(total, np.uint8)
    parts = [memory[start : start + count] for start, count in zip(places, counts)]
    return [part.view(kind).reshape(shape) for part, (shape, kind, _) in zip(parts, wanted)]'''


def offsets(counts: Sequence[int], uses: Sequence[Uses]) -> tuple[list[int], int]:
    """The first byte of each buffer, and how many bytes all take."""
    found, total = [0] * len(counts), 0
    order = sorted(range(len(counts)), key=lambda one: -counts[one])
    for place, one in enumerate(order):
        near = [at for at in order[:place] if any(a <= d and c <= b for a, b in uses[at] for c, d in uses[one])]
        start = 0
        for other in sorted(near, key=lambda at: found[at]):
            if found[other] >= start + counts[one]:
                break
            start = max(start, found[other] + -(-counts[other] // 64) * 64)
        found[one], total = start, max(total, start + counts[one])
    return found, total


def arena_code() -> str:
    """The functions that a module with buffers needs."""
    lines = inspect.getsource(offsets).splitlines()
    return "\n".join(["def _offsets(counts, uses):", *lines[1:]]) + "\n\n\n" + _ARENA


def order_eagerly(order: Sequence[Node]) -> list[Node]:
    """The order in which what reads a larger array last is computed as soon as it can be, so that the array goes."""
    base = find_bases(order)
    reads = {node: list(dict.fromkeys(base[arg] for arg in operands(node))) for node in order}
    missing = {node: len(set(operands(node))) for node in order}
    users: dict[Node, list[Node]] = {node: [] for node in order}
    readers: dict[Node, dict[Node, None]] = {node: {} for node in order}
    for node in order:
        for arg in dict.fromkeys(operands(node)):
            users[arg].append(node)
        for arg in reads[node] if base[node] is node else ():
            readers[arg][node] = None

    def frees(node: Node) -> bool:
        last = (arg for arg in reads[node] if arg.args and len(readers[arg]) == 1)
        return not missing[node] and (base[node] is not node or any(node.ndim < arg.ndim for arg in last))

    done: dict[Node, None] = {}
    for node in order:
        stack = [node]
        while stack:
            one = stack.pop()
            if one in done:
                continue
            done[one] = None
            for user in users[one]:
                missing[user] -= 1
            for arg in reads[one]:
                readers[arg].pop(one, None)
            last = [next(iter(readers[arg])) for arg in reads[one] if len(readers[arg]) == 1]
            stack += [other for other in reversed([*users[one], *last]) if frees(other)]
    return list(done)


def find_bases(order: Sequence[Node]) -> dict[Node, Node]:
    """The node whose array each node looks at: another way to look at an array is none of its own."""
    bases: dict[Node, Node] = {}
    for node in order:
        reads = operands(node)
        bases[node] = bases[reads[0]] if node.op.view and reads else node
    return bases
