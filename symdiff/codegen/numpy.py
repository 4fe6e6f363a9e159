"""Modules for NumPy: of arrays or of points, on the clear or the fast schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..graph.node import Node
from ..graph.traversal import leaves, topological
from ..ops.targets import has_attributes
from .arrays import Arrays
from .blocked import BlockedPoints
from .fast import FastArrays
from .points import Points


def write_module(
    outputs: Any,
    inputs: Sequence[Node],
    name: str,
    docs: str = "",
    *,
    updates: Mapping[Node, Node] | None = None,
    fast: bool = False,
) -> str:
    """A module with the function ``name`` of ``inputs``, on NumPy (and SciPy where a special function needs it).

    ``updates``: inputs that the function overwrites in place, each with its new value. ``fast``: arrays are computed in
    buffers that are kept, points block by block.
    """
    order = topological(*leaves(outputs), *(updates or {}).values())
    if updates or any(node.shape or has_attributes(node.op) for node in (*order, *inputs)):
        module: type[Points] = FastArrays if fast else Arrays
    else:
        module = BlockedPoints if fast and inputs and leaves(outputs) else Points
    return module(outputs, inputs, name, updates or {}).write(docs)
