"""Where arrays stand in the workspace that the caller gives."""

from __future__ import annotations

import re

from ...graph.shapes import Size, add_sizes
from .loops import Loops

ARRAY = re.compile(r"\bw\d+\b")


def places(loops: Loops) -> tuple[Size, dict[str, tuple[str, Size]]]:
    """The size of the workspace, and each array's name and start there.

    An array's place is used again, under one name, by those of its size after the last statement that reads it.
    """
    ends: dict[str, int] = {}
    begins: dict[str, int] = {}
    for place, lines in enumerate(loops.statements):
        for name in ARRAY.findall("\n".join(lines)):
            if name in loops.arrays:
                begins.setdefault(name, place)
                ends[name] = place
    total: Size = 0
    found: dict[str, tuple[str, Size]] = {}
    busy: dict[Size, list[tuple[int, str]]] = {}
    for name in begins:
        size = loops.arrays[name]
        rows = busy.setdefault(size, [])
        free = next((op for op in rows if op[0] < begins[name]), None)
        if free is None:
            found[name] = (f"w{len(set(found.values()))}", total)
            total = add_sizes(total, size)
        else:
            rows.remove(free)
            found[name] = found[free[1]]
        rows.append((ends[name], name))
    return total, found
