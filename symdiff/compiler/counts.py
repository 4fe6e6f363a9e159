"""What derivatives cost beside their function: operations of the emitted code of each, and the ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..codegen.counting import operations_in
from ..graph.node import Node
from .functions import source


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
        rows = [f"{line.name:<{width}}  {line.operations:>10}  {line.ratio:>5.2f}" for line in self.lines]
        return "\n".join([f"{'':<{width}}  operations  ratio", *rows])


def count_code(
    function: Any, results: Mapping[str, Any], together: Any, inputs: Sequence[Node], backend: str = "math"
) -> Counts:
    """Operations in the emitted source of ``function``, of each of the results, and of all ``together``.

    Counted as :func:`symdiff.codegen.counting.operations_in` does; of arrays, each operation on a whole array is one.
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
    named = {"function": function, **results, "together": together}
    found = {name: operations_in(source(part, list(inputs), backend=backend), "f") for name, part in named.items()}
    least = found["function"]
    return Counts(tuple(Count(name, count, count / least if least else 0.0) for name, count in found.items()))
