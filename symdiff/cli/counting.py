"""``code --count``: the operations of what would be written, in place of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..graph.node import Node
from ..graph.traversal import leaves


def counted(
    function: Any,
    results: Mapping[str, Any],
    together: Any,
    inputs: Sequence[Node],
    simplified: Callable[[Any], Any],
    form: str,
) -> str:
    """The table of operations as text or JSON; numbers are counted in plain Python, arrays in NumPy code."""
    from ..compiler.counts import count_code

    backend = "numpy" if any(node.shape for node in leaves([together, *inputs])) else "math"
    alone = {name: simplified(part) for name, part in results.items()}
    found = count_code(simplified(function), alone, together, inputs, backend)
    if form == "json":
        import json

        return json.dumps([line._asdict() for line in found.lines])
    return str(found)
