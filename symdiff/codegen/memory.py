"""Where buffers lie: those that are never in use at the same time share places in one piece of memory.

First fit, the largest first: Y. Pisarchyk, J. Lee, Efficient memory management for deep neural net inference,
arXiv:2001.03288.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

#: A buffer is in use from one step to another, both included, perhaps several times.
Uses = Sequence[tuple[int, int]]

_ARENA = '''def _arena(*wanted):
    """Arrays of these shapes and types in one piece of memory, for the steps in which each is in use."""
    counts = [math.prod(shape) * np.dtype(kind).itemsize for shape, kind, _ in wanted]
    places, total = _offsets(counts, [uses for _, _, uses in wanted])
    memory = np.empty(total, np.uint8)
    parts = [memory[start : start + count] for start, count in zip(places, counts)]
    return [part.view(kind).reshape(shape) for part, (shape, kind, _) in zip(parts, wanted)]'''


def _offsets(counts: Sequence[int], uses: Sequence[Uses]) -> tuple[list[int], int]:
    """The first byte of each buffer, and how many bytes all take."""
    found, placed, total = [0] * len(counts), [], 0
    for one in sorted(range(len(counts)), key=lambda place: -counts[place]):
        start, size = 0, -(-counts[one] // 64) * 64
        taken = [at for at, own in placed if any(a <= d and c <= b for a, b in own for c, d in uses[one])]
        for low, high in sorted(taken):
            if low >= start + size:
                break
            start = max(start, high)
        found[one], total = start, max(total, start + size)
        placed.append(((start, start + size), uses[one]))
    return found, total


def arena_code() -> str:
    """The functions that a module with buffers needs."""
    lines = inspect.getsource(_offsets).splitlines()
    return "\n".join(["def _offsets(counts, uses):", *lines[1:]]) + "\n\n\n" + _ARENA
