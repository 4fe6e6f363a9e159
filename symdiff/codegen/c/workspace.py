"""The workspace that the caller gives, and the slot of each array in it."""

from __future__ import annotations

import re

from ...graph.shapes import Size, add_sizes
from .loops import Loops

ARRAY = re.compile(r"\bw\d+\b")


def assign_slots(loops: Loops) -> tuple[Size, dict[str, tuple[str, Size]]]:
    """The size of the workspace, and for each array the name of its slot and where that starts.

    A slot is used again by an array of its size after the last statement that reads it.
    """
    ends: dict[str, int] = {}
    begins: dict[str, int] = {}
    for index, lines in enumerate(loops.statements):
        for name in ARRAY.findall("\n".join(lines)):
            if name in loops.arrays:
                begins.setdefault(name, index)
                ends[name] = index
    total: Size = 0
    slots: dict[str, tuple[str, Size]] = {}
    in_use: dict[Size, list[tuple[int, str]]] = {}
    for name in begins:
        size = loops.arrays[name]
        users = in_use.setdefault(size, [])
        free = next((user for user in users if user[0] < begins[name]), None)
        if free is None:
            slots[name] = (f"w{len(set(slots.values()))}", total)
            total = add_sizes(total, size)
        else:
            users.remove(free)
            slots[name] = slots[free[1]]
        users.append((ends[name], name))
    return total, slots
