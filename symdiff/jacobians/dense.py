"""Dense Hessians within a limit of memory: multiplied out in blocks, by groups of rows, or column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from ..compiler.compiled import Compiled
from ..compiler.functions import compile
from ..compiler.plan import Plan, plan
from ..differentiate.passes import grad, hvp, sources_of
from ..graph.errors import LimitError, SymdiffError
from ..graph.leaves import as_node, symbol
from ..graph.node import Node
from ..graph.shapes import symbolic_sizes
from ..graph.traversal import topological
from ..ops import tensor
from ..ops.spelling import Range
from ..search.levels import simplify_guarded
from ..simplifier.contraction_order import number_of
from .blocks.reverse import derivative
from .hessians import Sizes, hessian, unflatten

if TYPE_CHECKING:
    import numpy as np


class Group(NamedTuple):
    """The rows of one source, some indices of its first axis at a time, from its block on the diagonal on."""

    blocks: list[Node]
    step: int
    plan: Plan

    @property
    def bytes(self) -> int:
        """Of intermediate arrays, and of the blocks before they are written to the matrix."""
        return self.plan.peak_bytes + self.plan.result_bytes


class DenseHessian:
    """A function of ``inputs`` that returns the Hessian of ``f`` as one matrix, in the order of :func:`flatten`.

    ``max_memory``: bytes for intermediate arrays, for the ``sizes`` given (other symbolic sizes count as assumed).
    ``mode`` is ``"blocks"`` where all blocks at once need no more, else ``"rows"``: for each variable as many indices
    of its first axis at a time as fit; else ``"products"``: each column is one Hessian-vector product. ``plan`` says
    what the largest step costs, ``bytes`` what intermediate arrays take, ``reason`` why; ``str`` says all. Raises
    LimitError where not even one product fits.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> function = DenseHessian(sd.sum(x**3), x, [x], max_memory=1000, sizes={"n": 2})
    >>> function.mode, function([1.0, 2.0]).tolist()
    ('blocks', [[6.0, 0.0], [0.0, 12.0]])
    """

    def __init__(
        self, f: Any, wrt: Any, inputs: Sequence[Node], *, max_memory: int | None = None, sizes: Sizes | None = None
    ) -> None:
        self.sources, self.inputs, self.sizes = sources_of(wrt), list(inputs), dict(sizes or {})
        missing = [source.name for source in self.sources if source not in self.inputs]
        if missing:
            raise SymdiffError(f"the inputs need {missing[0]}, by which the Hessian is taken")
        self.loss, self.limit = as_node(f), max_memory
        if not (self._blocks() or self._rows() or self._products()):
            raise LimitError(f"one Hessian-vector product needs {self.bytes:,} bytes and the limit is {max_memory:,}")

    # -- choosing ------------------------------------------------------------------------------------------------

    def _blocks(self) -> bool:
        matrix = simplify_guarded(hessian(self.loss, self.sources, form="dense", sizes=self.sizes), sizes=self.sizes)
        cost = plan(matrix, self.sizes)
        if not self._fits("blocks", cost, 0):
            self.least = cost.peak_bytes
            return False
        self.compiled = [compile(matrix, self.inputs)]
        self.reason = f"all blocks at once: {self.bytes:,} bytes"
        return True

    def _rows(self) -> bool:
        symbolic = symbolic_sizes([size for node in topological(self.loss) for size in node.shape])
        self.start = symbol(
            _unused_name("rows", [var.name for var in self.inputs]),
            (_unused_name("start", symbolic), _unused_name("count", symbolic)),
        )
        gradient = simplify_guarded(grad(simplify_guarded(self.loss, sizes=self.sizes), self.sources), sizes=self.sizes)
        groups = [self._group(part, self.sources[index:]) for index, part in enumerate(gradient)]
        if not all(groups):
            return False
        self.groups = [group for group in groups if group]
        largest = max(self.groups, key=lambda group: group.bytes)
        self._fits("rows", largest.plan, largest.plan.result_bytes)
        self.compiled = [compile(group.blocks, [*self.inputs, self.start]) for group in self.groups]
        counts = ", ".join(f"{g.step} of {s.name}" for g, s in zip(self.groups, self.sources, strict=True) if s.shape)
        self.reason = f"rows at a time ({counts}): {self.bytes:,} bytes, {self._against()}"
        return True

    def _group(self, part: Node, sources: Sequence[Node]) -> Group | None:
        """As many indices of the first axis as fit: bytes grow about linearly with them."""
        start, count = map(str, self.start.shape)
        size = number_of(part.shape[0], self.sizes) if part.shape else 1
        sizes = self.sizes | {start: 0, count: max(1, size // 4)}
        rows: list[Range] = [(0, whole, 1) for whole in part.shape]
        rows[:1] = [(start, count, 1)] * len(rows[:1])
        derivatives = derivative(tensor.index(part, tuple(rows)), sources, sizes)
        blocks = simplify_guarded([derivatives.block(source) for source in sources], sizes=sizes)

        def group(rows_at_a_time: int) -> Group:
            return Group(blocks, rows_at_a_time, plan(blocks, sizes | {count: rows_at_a_time}))

        one, whole = group(1), group(size)
        assert self.limit is not None
        rest, each = self.limit - one.bytes, max(1, (whole.bytes - one.bytes) // max(1, size - 1))
        most = min(size, 1 + rest // each)
        while rest >= 0 and (best := group(most)).bytes > self.limit:
            most //= 2
        return best if rest >= 0 else None

    def _products(self) -> bool:
        vectors = [
            symbol(_unused_name(f"v_{s.name}", [var.name for var in self.inputs]), s.shape) for s in self.sources
        ]
        products = simplify_guarded(list(hvp(simplify_guarded(self.loss), self.sources, vectors)), sizes=self.sizes)
        cost = plan(products, self.sizes)
        self.compiled = [compile(products, [*self.inputs, *vectors])]
        fits = self._fits("products", cost, 2 * cost.result_bytes)
        self.reason = f"a Hessian-vector product for each column: {self.bytes:,} bytes, {self._against()}"
        return fits

    def _fits(self, mode: str, cost: Plan, more: int) -> bool:
        """Whether the intermediate arrays, and so many bytes held with them, fit."""
        self.mode, self.plan, self.bytes = mode, cost, cost.peak_bytes + more
        return self.limit is None or self.bytes <= self.limit

    def _against(self) -> str:
        return f"where blocks need {self.least:,} and the limit is {self.limit:,}"

    # -- computing -----------------------------------------------------------------------------------------------

    def __call__(self, *arrays: Any) -> Any:
        """The matrix at these values of the inputs."""
        if self.mode == "blocks":
            return self.compiled[0](*arrays)
        import numpy as np

        values = [np.asarray(arrays[self.inputs.index(source)]) for source in self.sources]
        shapes = [value.shape for value in values]
        size = sum(map(prod, shapes))
        result = np.empty((size, size), np.result_type(np.float32, *values))
        for step in self._groups(shapes) if self.mode == "rows" else self._columns(shapes, result.dtype):
            _write(result, step, step.function(*arrays, *step.added), shapes)
            if self.mode == "rows":
                step.function.release()  # the next group has other sizes, and so other buffers
        for row in range(size):
            result[row + 1 :, row] = result[row, row + 1 :]
        return result

    def _groups(self, shapes: Sequence[tuple[int, ...]]) -> Iterator[_Step]:
        """Groups of rows, from the source's own block on."""
        import numpy as np

        first = 0
        for source, (group, function, shape) in enumerate(zip(self.groups, self.compiled, shapes, strict=True)):
            size = shape[0] if shape else 1
            count = min(group.step, size)
            for start in range(0, size, max(1, count)):
                start = min(start, size - count)
                rows = np.broadcast_to(0.0, (start, count))
                yield _Step(source, first + start * prod(shape[1:]), function, [rows])
            first += prod(shape)

    def _columns(self, shapes: Sequence[tuple[int, ...]], dtype: Any) -> Iterator[_Step]:
        """Products with unit vectors, which are rows of a symmetric matrix."""
        import numpy as np

        unit = np.zeros(sum(map(prod, shapes)), dtype)
        for column in range(unit.size):
            unit[column] = 1
            yield _Step(0, column, self.compiled[0], unflatten(unit, shapes))
            unit[column] = 0

    def __repr__(self) -> str:
        return f"<dense Hessian by {self.mode}, {self.bytes / 1e6:.1f} MB of intermediate values>"

    def __str__(self) -> str:
        return f"{self.reason}\n{self.plan}"


class _Step(NamedTuple):
    """Some rows: the source whose block stands first, the first row, and what computes the blocks."""

    source: int
    row: int
    function: Compiled
    added: Sequence[Any]


def _write(result: np.ndarray, step: _Step, blocks: Sequence[np.ndarray], shapes: Sequence[tuple[int, ...]]) -> None:
    """Blocks side by side, each shaped as it is, so that nothing is copied before."""
    import numpy as np

    end = sum(map(prod, shapes[: step.source]))
    for block, shape in zip(blocks, shapes[step.source :], strict=True):
        begin, end = end, end + prod(shape)
        if end > begin:
            part = result[step.row : step.row + np.size(block) // (end - begin), begin:end]
            part.reshape(np.shape(block) if part.shape[0] > 1 else shape)[...] = block


def _unused_name(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name
