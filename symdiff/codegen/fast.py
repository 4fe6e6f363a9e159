"""The fast schedule for arrays: every array operation writes into a buffer that is kept from call to call.

The operations are those of the clear schedule, one a line. A buffer serves again as soon as its value has been read
for the last time, at once where an elementwise operation can overwrite its own operand. Buffers are kept for each
thread and for the shapes and types of the arguments; results are new arrays, never buffers.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from ..graph.leaves import VAR
from ..graph.node import Node, make
from ..graph.shapes import Shape
from ..graph.templates import fill_sizes
from ..graph.traversal import topological, variables
from ..ops.kinds import operands
from ..ops.spelling import shape_text
from .arrays import Arrays
from .buffers import Buffers
from .memory import arena_code, offsets, order_eagerly
from .module import WIDTH
from .out_writers import HELPERS, NOTE, join_tuple, select_helpers

#: How many sets of buffers a thread keeps.
KEPT = 4
_SAME_TYPE = '''def _same_type(dtype, **arrays):
    """Raise TypeError where an array that is updated in place has not the type that the arguments give."""
    for name, array in arrays.items():
        if array.dtype != dtype:
            raise TypeError(f"{name} is updated in place as {array.dtype}; the other arguments make it {dtype}")'''
_TENSORDOT = '''def _tensordot(a, b, left, right, out):
    """The product of a and b summed over those axes of each, the others in order, written to out."""
    rows = [axis for axis in range(a.ndim) if axis not in left]
    columns = [axis for axis in range(b.ndim) if axis not in right]
    summed = math.prod(a.shape[axis] for axis in left)
    first = a.transpose(*rows, *left).reshape(math.prod(a.shape[axis] for axis in rows), summed)
    second = b.transpose(*right, *columns).reshape(summed, math.prod(b.shape[axis] for axis in columns))
    np.dot(first, second, out.reshape(first.shape[0], second.shape[1]))'''
_MEMORY = "_MEMORY = threading.local()"
#: What every module has in the same words.
VERBATIM = ("import threading", _MEMORY, _SAME_TYPE, _TENSORDOT, arena_code())
_NOTES = ("Buffers are kept for each thread and for the shapes and types of the arguments.",)


def count_buffer_bytes(outputs: Any, sizes: Sequence[str], count: Callable[[Shape], int]) -> int:
    """The bytes that intermediate arrays of 8-byte numbers take, where ``count`` gives the elements of a shape."""
    sized = make(VAR, (), ("__sizes",), tuple(sizes))
    schedule = FastArrays(outputs, [*variables(outputs), sized], "f", {}).run_schedule()
    counts = [count(shape) * (1 if kind == "bool" else 8) for _, (shape, kind) in schedule.buffers]
    kept = offsets(counts, [schedule.uses[name] for name, _ in schedule.buffers])[1]
    return kept + 8 * sum(map(count, schedule.allocated))


class FastArrays(Arrays):
    """A module with a function that allocates nothing but its results once it has seen the shapes."""

    scheduler = Buffers
    schedule: Buffers
    taken = (
        "_MEMORY", "_prepare", "_tensordot", "_arena", "_offsets", "_same_type", "found", "known", "key", "threading",
        "len", "type", *HELPERS,
    )  # fmt: skip

    def run_schedule(self) -> Buffers:
        """The statements."""
        roots = [*self.nodes, *self.list_update_steps()]
        order = order_eagerly(topological(*roots, read=operands))
        self.schedule.prepare(order, roots, [node for node in self.nodes if node.shape])
        self.schedule.schedule(order)
        return self.schedule

    def write(self, docs: str) -> str:
        schedule = self.run_schedule()
        texts = [schedule.operand_code(node).text for node in self.nodes]
        for node in self.list_update_steps():
            schedule.operand_code(node)
        texts = [self.write_output(node, text) for node, text in zip(self.nodes, texts, strict=True)]
        texts = [text if text.isidentifier() else schedule.assign(text) for text in texts]
        updates = self.write_updates(texts)
        lines = [f"{name} = {text}" if name else text for name, text in schedule.statements]
        given = ["if out is not None:", f"    return _written(out, ({join_tuple(texts)}))"] if texts else []
        return self.assemble(docs, texts, self.allocate_results(texts) + lines + updates + given)

    def write_output(self, node: Node, text: str) -> str:
        constant = text.split(".")[0] in {name for name, _ in self.schedule.fixed_arrays}
        return f"{text}.copy()" if constant else super().write_output(node, text)

    def allocate_results(self, texts: list[str]) -> list[str]:
        """The arrays of the results: new ones, or those of ``out``."""
        results = self.schedule.fresh_results
        positions = {text: index for index, text in reversed(list(enumerate(texts)))}
        new = [f"np.empty({self.write_shape(shape)}, {kind})" for _, (shape, kind) in results]
        direct = [(name, fill) for (name, _), fill in zip(results, new, strict=True) if name in positions]
        lines = [f"{name} = {fill}" for (name, _), fill in zip(results, new, strict=True) if name not in positions]
        if not direct:
            return lines
        names = join_tuple([name for name, _ in direct])
        wanted = join_tuple([fill.removeprefix("np.empty") for _, fill in direct])
        given = ", ".join(f"out[{positions[name]}]" for name, _ in direct)
        arrays = join_tuple([shown for var, shown in self.names.variables.items() if var.shape])
        return [
            *lines,
            "if out is None:",
            f"    {names} = {join_tuple([fill for _, fill in direct])}",
            "else:",
            f"    {names} = _results([{given}], ({arrays}), ({wanted}))",
        ]

    def list_parameters(self) -> list[str]:
        return [*self.shown, "*", "out=None"] if self.nodes else self.shown

    def write_shape(self, shape: Shape) -> str:
        return fill_sizes(shape_text(shape), self.names.size_name)

    def write_notes(self) -> list[str]:
        return [*super().write_notes(), *_NOTES, *([NOTE] if self.nodes else [])]

    def write_head(self, body: str) -> list[str]:
        """The sizes and buffers for these shapes; arguments that are arrays of known shapes need nothing else."""
        read = set(re.findall(r"(?<![\w.])\w+", body))
        self.kept = [name for name in self.list_prepared() if name in read]
        every = ", ".join([*self.shown, "found"])
        lines = [
            "try:",
            f"    found = _MEMORY.__dict__.get(({self.write_key()}))",
            "except AttributeError:",
            "    found = None",
            "if found is None:",
            f"    {every} = _prepare({', '.join(self.shown)})",
        ]
        return lines + ([f"{join_tuple(self.kept)} = found"] if self.kept else [])

    def write_key(self) -> str:
        """What tells shapes and types apart; a tuple."""
        keys = [f"{n}.shape, {n}.dtype" if v.shape else f"type({n}).__name__" for v, n in self.names.variables.items()]
        single = len(self.shown) == 1 and not self.inputs[0].shape
        return (", ".join(keys) or "()") + "," * single

    def list_prepared(self) -> list[str]:
        """What is known once the shapes are: sizes, the type, buffers, constant arrays."""
        schedule = self.schedule
        names = [
            *dict.fromkeys([*self.names.sizes.values(), *self.names.counts.values()]),
            "dtype",
            *(name for name, _ in schedule.buffers),
        ]
        return [*names, *schedule.scalars.values(), *(name for name, _ in schedule.fixed_arrays)]

    def write_preparation(self) -> str:
        """The function that allocates what ``write_head`` unpacks."""
        lines = [
            '"""The arguments as arrays, with the sizes and buffers for their shapes and types."""',
            *self.convert_arguments(),
            *self.convert_to_one_type(),
            f"key = {self.write_key()}",
            "known = _MEMORY.__dict__",
            "if key not in known:",
            *("    " + line for line in self.write_allocation()),
            f"return {', '.join([*self.shown, 'known[key]'])}",
        ]
        return f"def _prepare({', '.join(self.shown)}):\n" + "\n".join("    " + line for line in lines)

    def write_allocation(self) -> list[str]:
        """What is computed for arguments of new shapes or types."""
        schedule, sizes = self.schedule, self.names.sizes
        return [
            f"sizes = _sizes({', '.join(f'{shown}={shown}' for shown in self.shown)})",
            *self.check_least_sizes(),
            *(f'{name} = sizes["{size}"]' for size, name in sizes.items()),
            f"dtype = np.result_type({', '.join(self.list_floats()) or 'float'})",
            *(f"_same_type(dtype, {name}={name})" for var, name in self.names.variables.items() if var in self.updates),
            *self.write_buffers(),
            *(f"{name} = np.array({text}, dtype)" for text, name in schedule.scalars.items()),
            *(f"{name} = {text}" for name, text in schedule.fixed_arrays),
            *(f"{name} = {sizes[size]} or np.nan" for size, name in self.names.counts.items()),
            f"if len(known) >= {KEPT}:",
            "    known.clear()",
            f"known[key] = {join_tuple(self.kept)}",
        ]

    def write_buffers(self) -> list[str]:
        """The buffers, each with the steps in which it is in use."""
        buffers = self.schedule.buffers
        if len(buffers) < 2:
            return [f"{name} = np.empty({self.write_shape(shape)}, {kind})" for name, (shape, kind) in buffers]
        names = textwrap.wrap(", ".join(name for name, _ in buffers), WIDTH - 20)
        rows = [
            f"    ({self.write_shape(shape)}, {kind}, {self.schedule.uses[name]})," for name, (shape, kind) in buffers
        ]
        return ["(", *("    " + line for line in names), ") = _arena(", *rows, ")"]

    def convert_to_one_type(self) -> list[str]:
        """All arrays of one type, which the buffers have; most are already."""
        floats = self.list_floats()
        arrays = [n for v, n in self.names.variables.items() if v.shape and n in floats and v not in self.updates]
        if len(self.names.variables) < 2 or not arrays:
            return []
        lines = [f"dtype = np.result_type({', '.join(floats)})"]
        return lines + [f"{name} = {name}.astype(dtype, copy=False)" for name in arrays]

    def write_helpers(self, body: str) -> list[str]:
        return [
            _MEMORY,
            *([_TENSORDOT] if "_tensordot(" in body else []),
            *([_SAME_TYPE] if self.updates else []),
            *select_helpers(body),
            *([arena_code()] if len(self.schedule.buffers) > 1 else []),
            self.write_preparation(),
        ]

    def list_imports(self) -> list[str]:
        return ["import threading"]
