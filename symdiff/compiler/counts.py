"""Operations counted: those of a graph by name, and those in the emitted code of derivatives beside their function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..codegen.counting import count_operations
from ..graph.leaves import CONST, VAR
from ..graph.node import Node
from ..graph.traversal import leaves, topological
from ..ops.filling import BROADCAST
from ..ops.scalar import PI
from .functions import source

_NOT_COUNTED = {CONST, VAR, PI, BROADCAST}


class Count(NamedTuple):
    """The operations of one result, and how many times those of the function they are (0 for a free function)."""

    name: str
    operations: int
    ratio: float


class Counts(NamedTuple):
    """The function, each result alone, and all of them in one function; ``str`` gives a table."""

    lines: tuple[Count, ...]

    def __str__(self) -> str:
        width = max(len(line.name) for line in self.lines)
        lines = [f"{line.name:<{width}}  {line.operations:>10}  {line.ratio:>5.2f}" for line in self.lines]
        return "\n".join([f"{'':<{width}}  operations  ratio", *lines])


def count_code(
    function: Any, results: Mapping[str, Any], together: Any, inputs: Sequence[Node], backend: str = "math"
) -> Counts:
    """Operations in the emitted source of ``function``, of each of the results, and of all ``together``.

    Counted as :func:`symdiff.codegen.counting.count_operations` does; an operation on a whole array is one.
    Raises UnsupportedError as :func:`symdiff.source` does.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> f = sd.exp(x * y)
    >>> g = sd.simplify(sd.grad(f, [x, y]), "code")
    >>> print(count_code(f, {"grad": g}, (f, g), [x, y]))
              operations  ratio
    function           2   1.00
    grad               4   2.00
    together           4   2.00
    """
    parts = {"function": function, **results, "together": together}
    counts = {name: count_operations(source(part, list(inputs), backend=backend), "f") for name, part in parts.items()}
    least = counts["function"]
    return Counts(tuple(Count(name, count, count / least if least else 0.0) for name, count in counts.items()))


def count_ops(outputs: Any) -> dict[str, int]:
    """How many distinct operations of each name a node or structure holds, sorted by name.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> count_ops(sd.sin(x) * sd.sin(x) + sd.cos(x))
    {'add': 1, 'cos': 1, 'mul': 1, 'sin': 1}
    """
    counts = Counter(node.op.name for node in topological(*leaves(outputs)) if node.op not in _NOT_COUNTED)
    return dict(sorted(counts.items()))
