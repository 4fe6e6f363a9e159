"""The fast schedule for points, blocked and threaded: blocks of points that fit the cache, one operation a line.

Numbers take the clear schedule, which stands in the same module. Arrays are read as one axis of points; a block of each
goes through all operations, in buffers of one block that are kept for the thread and the type. Every element is
computed by the same operations whatever the blocks and threads are, so the bits are those of whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from ..graph.leaves import CONST, VAR
from ..graph.node import Node
from ..graph.traversal import topological
from ..ops.kinds import operands
from .buffers import Buffers
from .module import write_function, write_result
from .out_writers import HELPERS, NOTE, join_tuple
from .points import Points
from .text import Code

#: Bytes of float64 that the arrays of one block take together, and the lengths that a block may have: powers of two, so
#: that vector instructions leave no remainder. Shorter blocks cost more calls than they save in cache.
CACHE, SHORTEST, LONGEST = 2**22, 4096, 16384
#: Points from which on threads share the blocks.
PARALLEL = 2**17
#: Arrays of fewer points take the clear schedule.
FEW = 4096
#: No more threads than this without being told: NumPy holds the interpreter's lock between two operations.
MOST_THREADS = 8

_SETTINGS = """#: Points computed together, so that their arrays fit the cache; points from which on threads share them.
BLOCK, PARALLEL = {block}, {parallel}
THREADS = int(os.environ.get("SYMDIFF_THREADS") or min({most}, os.cpu_count() or 1))
_MEMORY = threading.local()
_POOLS = {{}}"""
_POOL = '''def _pool():
    """The threads of this process."""
    key = os.getpid(), THREADS
    if key not in _POOLS:
        _POOLS[key] = ThreadPoolExecutor(THREADS)
    return _POOLS[key]'''
_COLUMN = '''def _column(x, shape, dtype):
    """The values at the points in a row; where memory holds them otherwise, a block of them is copied at a time."""
    if x.dtype != dtype:
        x = x.astype(dtype)
    if x.size == 1:
        return np.broadcast_to(x.reshape(1), math.prod(shape))
    if x.shape != shape:
        x = np.broadcast_to(x, shape)
    return x.reshape(-1) if x.ndim == 1 or x.flags.c_contiguous else x.flat'''
_BUFFERS = '''def _buffers(dtype, share):
    """The numbers as arrays and one block of each buffer, kept by the calling thread for each share of the points."""
    known = _MEMORY.__dict__
    if (dtype, share) not in known:
        numbers = [np.array(value, dtype) for value in {numbers}]
        known[dtype, share] = numbers, [np.empty(BLOCK, kind) for kind in {kinds}]
    return known[dtype, share]'''
_BLOCKS = '''def _blocks(columns, buffers, first, last):
    """Compute the points from first to last."""
    numbers, buffers = buffers
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        if stop - start < BLOCK:
            buffers = [buffer[: stop - start] for buffer in buffers]
        _block(*[column[start:stop] for column in columns], *numbers, *buffers)'''
_OVER_POINTS = '''def _over_points(results, arguments, shape, dtype):
    """Compute all points, block by block."""
    columns = [_column(x, shape, dtype) for x in arguments] + [array.reshape(-1) for array in results]
    size = math.prod(shape)
    shares = min(THREADS, 1 + size // PARALLEL) if size >= PARALLEL else 1
    if shares == 1:
        return _blocks(columns, _buffers(dtype, 0), 0, size)
    cuts = [size * share // (shares * BLOCK) * BLOCK for share in range(shares)] + [size]
    work = [(columns, _buffers(dtype, share), *cuts[share : share + 2]) for share in range(shares)]
    tasks = [_pool().submit(np.errstate(**np.geterr())(_blocks), *share) for share in work]
    wait(tasks)
    for task in tasks:
        task.result()'''
_SHAPE = """def _shape(arguments):
    shapes = {x.shape for x in arguments}
    return shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)"""
_TAKEN = (
    "BLOCK", "PARALLEL", "THREADS", "ThreadPoolExecutor", "wait", "os", "threading", "arguments", "results",
    "_MEMORY", "_POOLS", "_pool", "_shape", "_column", "_buffers", "_block", "_blocks", "_at_once", "_over_points",
    *HELPERS,
)  # fmt: skip
_IMPORTS = ["import os", "import threading", "from concurrent.futures import ThreadPoolExecutor, wait"]
#: What every module has in the same words.
VERBATIM = (
    *_IMPORTS,
    _SETTINGS.format(block=LONGEST, parallel=PARALLEL, most=MOST_THREADS),
    *(_POOL, _SHAPE, _COLUMN, _BLOCKS, _OVER_POINTS),
)


class BlockSchedule(Buffers):
    """The operations on blocks of points; every value that depends on a variable is an array."""

    def is_inline(self, node: Node) -> bool:
        return node.op in (VAR, CONST) or node in self.fixed or self._is_constant(node)

    def is_scalar(self, node: Node) -> bool:
        return False

    def result_array(self, node: Node) -> str:
        return self.targets[node]

    def _write(self, node: Node) -> Code:
        return self.code[node] if node in self.fixed and node in self.code else super()._write(node)

    def run_block(self, outputs: Sequence[Node]) -> tuple[list[str], list[str]]:
        """The names of the results' arrays, and the lines that compute them."""
        names = [self.names.fresh("r") for _ in outputs]
        #: The array that an output is computed in: that of its first position.
        self.targets = dict(zip(reversed(outputs), reversed(names), strict=True))
        order = topological(*outputs, read=operands)
        self.prepare(order, outputs, outputs)
        self.schedule(order)
        texts = [self.operand_code(node).text for node in outputs]
        copies = [f"np.copyto({name}, {text})" for name, text in zip(names, texts, strict=True) if name != text]
        return names, [*(f"{name} = {text}" if name else text for name, text in self.statements), *copies]


class BlockedPoints(Points):
    """A module with the operations twice: for numbers and few points at once, and for blocks of many points."""

    taken = _TAKEN

    def write(self, docs: str) -> str:
        self.functions = [self.write_at_once(), self.write_block()]
        return self.assemble(docs, [f"results[{index}]" for index in range(len(self.nodes))], self.write_body())

    def write_at_once(self) -> str:
        """The function on the clear schedule."""
        texts = self.schedule.run(self.nodes)
        texts = [self.write_output(node, text) for node, text in zip(self.nodes, texts, strict=True)]
        lines = [
            *(f"{name} = {text}" for name, text in self.schedule.statements),
            f"return {write_result(self.outputs, texts)}",
        ]
        return write_function("_at_once", self.shown, [*self.write_types("\n".join(lines)), *lines])

    def write_block(self) -> str:
        """The function on buffers; constants have the same names in both."""
        clear = self.schedule
        block = BlockSchedule(clear.dialect, self.names, clear.constants, ops=clear.ops, fixed=dict(clear.fixed))
        block.code = {node: clear.code[node] for node in clear.fixed}
        names, lines = block.run_block(self.nodes)
        buffers = sorted((kind != "dtype", name, kind) for name, (_, kind) in block.buffers)
        self.buffer_types = [kind for _, _, kind in buffers]
        self.scalars = block.scalars
        parameters = [*self.shown, *names, *self.scalars.values(), *(name for _, name, _ in buffers)]
        return write_function("_block", parameters, lines)

    def write_body(self) -> list[str]:
        arrays = " or ".join(f"{shown}.ndim" for shown in self.shown)
        at_once = f"    return _at_once({', '.join(self.shown)})"
        kinds = _join_lists(map(self.dtype_of, self.nodes))
        return [
            *self.convert_arguments(),
            f"if out is None and not ({arrays}):",
            at_once,
            f"arguments = {join_tuple(self.shown)}",
            "shape, dtype = _shape(arguments), np.result_type(*arguments)",
            f"if out is None and math.prod(shape) < {FEW}:",
            at_once,
            f"results = _results(out, arguments, [(shape, kind) for kind in {kinds}])",
            "_over_points(results, arguments, shape, dtype)",
            "if out is not None:",
            "    return _written(out, results)",
        ]

    def convert_arguments(self) -> list[str]:
        return [f"{x} = np.float64({x}) if isinstance({x}, float) else _float({x})" for x in self.shown]

    def list_parameters(self) -> list[str]:
        return [*self.shown, "*", "out=None"]

    def write_head(self, body: str) -> list[str]:
        return []

    def write_notes(self) -> list[str]:
        return [*super().write_notes(), NOTE]

    def list_imports(self) -> list[str]:
        return _IMPORTS

    def write_helpers(self, body: str) -> list[str]:
        arrays = len(self.inputs) + len(self.nodes) + len(self.buffer_types)
        settings = _SETTINGS.format(block=block_length(arrays), parallel=PARALLEL, most=MOST_THREADS)
        buffers = _BUFFERS.replace("{kinds}", _join_lists(self.buffer_types))
        buffers = buffers.replace("{numbers}", f"({join_tuple([*self.scalars])})")
        return [settings, *self.functions, _POOL, _SHAPE, _COLUMN, buffers, _BLOCKS, _OVER_POINTS, *HELPERS.values()]


def block_length(arrays: int) -> int:
    """Points in a block, so that so many arrays of a block fit the cache: a power of two.

    >>> block_length(10), block_length(1000)
    (16384, 4096)
    """
    length = LONGEST
    while length > SHORTEST and 8 * length * arrays > CACHE:
        length //= 2
    return length


def _join_lists(kinds: Iterable[str]) -> str:
    """Types as a sum of lists, the repeated ones by their number."""
    runs = [(kind, len(list(run))) for kind, run in groupby(kinds)]
    return " + ".join(f"[{kind}]" + f" * {count}" * (count > 1) for kind, count in runs) or "[]"
