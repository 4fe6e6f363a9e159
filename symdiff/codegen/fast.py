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

from ..graph.node import VAR, Node, make
from ..graph.shapes import Shape
from ..graph.templates import fill_sizes
from ..graph.traversal import topological, variables
from ..ops.kinds import operands
from ..ops.spelling import shape_text
from .arrays import Arrays
from .buffers import Buffers, Key
from .memory import arena_code, eager, offsets
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


def buffer_bytes(outputs: Any, letters: Sequence[str], count: Callable[[Shape], int]) -> int:
    """The bytes that intermediate arrays of 8-byte numbers take, where ``count`` gives the elements of a shape."""
    sized = make(VAR, (), ("__sizes",), tuple(letters))
    schedule = FastArrays(outputs, [*variables(outputs), sized], "f", {}).scheduled()
    sizes = [count(shape) * (1 if kind == "bool" else 8) for _, (shape, kind) in schedule.made]
    kept = offsets(sizes, [schedule.uses[name] for name, _ in schedule.made])[1]
    return kept + 8 * sum(map(count, schedule.new))


class FastArrays(Arrays):
    """A module with a function that allocates nothing but its results once it has seen the shapes."""

    scheduler = Buffers
    taken = (
        "_MEMORY", "_prepare", "_tensordot", "_arena", "_offsets", "_same_type", "found", "known", "key", "threading",
        "len", "type", *HELPERS,
    )  # fmt: skip

    def scheduled(self) -> Buffers:
        """The statements."""
        schedule = self.schedule
        assert isinstance(schedule, Buffers)
        roots = [*self.nodes, *self.rests()]
        order = eager(topological(*roots, read=operands))
        schedule.prepare(order, roots, [node for node in self.nodes if node.shape])
        schedule.schedule(order)
        return schedule

    def write(self, docs: str) -> str:
        schedule = self.scheduled()
        texts = [schedule.operand_code(node).text for node in self.nodes]
        for node in self.rests():
            schedule.operand_code(node)
        texts = [self.output(node, text) for node, text in zip(self.nodes, texts, strict=True)]
        texts = [text if text.isidentifier() else self.named(text) for text in texts]
        updates = self.update_lines(texts)
        lines = [f"{name} = {text}" if name else text for name, text in schedule.statements]
        given = ["if out is not None:", f"    return _written(out, ({join_tuple(texts)}))"] if texts else []
        return self.assembled(docs, texts, self.allocated(texts) + lines + updates + given)

    def named(self, text: str) -> str:
        """A name for the value of a result."""
        name = self.names.fresh("t")
        self.schedule.statements.append((name, text))
        return name

    def output(self, node: Node, text: str) -> str:
        schedule: Any = self.schedule
        constant = text.split(".")[0] in {name for name, _ in schedule.fixed_arrays}
        return f"{text}.copy()" if constant else super().output(node, text)

    def allocated(self, texts: list[str]) -> list[str]:
        """The arrays of the results: new ones, or those of ``out``."""
        made: list[tuple[str, Key]] = self.schedule.fresh_results  # type: ignore[attr-defined]
        places = {text: place for place, text in reversed(list(enumerate(texts)))}
        new = [f"np.empty({self.shape_code(shape)}, {kind})" for _, (shape, kind) in made]
        direct = [(name, fill) for (name, _), fill in zip(made, new, strict=True) if name in places]
        lines = [f"{name} = {fill}" for (name, _), fill in zip(made, new, strict=True) if name not in places]
        if not direct:
            return lines
        names = join_tuple([name for name, _ in direct])
        wanted = join_tuple([fill.removeprefix("np.empty") for _, fill in direct])
        given = ", ".join(f"out[{places[name]}]" for name, _ in direct)
        return [
            *lines,
            "if out is None:",
            f"    {names} = {join_tuple([fill for _, fill in direct])}",
            "else:",
            f"    {names} = _results([{given}], {self.arguments()}, ({wanted}))",
        ]

    def arguments(self) -> str:
        return f"({join_tuple([shown for var, shown in self.names.variables.items() if var.shape])})"

    def parameters(self) -> list[str]:
        return [*self.shown, "*", "out=None"] if self.nodes else self.shown

    def shape_code(self, shape: Shape) -> str:
        return fill_sizes(shape_text(shape), self.names.size_name)

    def notes(self) -> list[str]:
        return [*super().notes(), *_NOTES, *([NOTE] if self.nodes else [])]

    def head(self, body: str) -> list[str]:
        """The sizes and buffers for these shapes; arguments that are arrays of known shapes need nothing else."""
        read = set(re.findall(r"(?<![\w.])\w+", body))
        self.kept = [name for name in self.prepared() if name in read]
        every, single = ", ".join([*self.shown, "found"]), self.single()
        lines = [
            "try:",
            f"    found = _MEMORY.__dict__.get(({self.key()}{single}))",
            "except AttributeError:",
            "    found = None",
            "if found is None:",
            f"    {every} = _prepare({', '.join(self.shown)})",
        ]
        return lines + ([f"{join_tuple(self.kept)} = found"] if self.kept else [])

    def key(self) -> str:
        """What tells shapes and types apart."""
        keys = [f"{n}.shape, {n}.dtype" if v.shape else f"type({n}).__name__" for v, n in self.names.variables.items()]
        return ", ".join(keys) or "()"

    def prepared(self) -> list[str]:
        """What is known once the shapes are: sizes, the type, buffers, constant arrays."""
        schedule: Any = self.schedule
        names = [
            *dict.fromkeys([*self.names.sizes.values(), *self.names.counts.values()]),
            "dtype",
            *(name for name, _ in schedule.made),
        ]
        return [*names, *schedule.numbers.values(), *(name for name, _ in schedule.fixed_arrays)]

    def single(self) -> str:
        return "," * (len(self.shown) == 1 and not self.inputs[0].shape)

    def preparation(self) -> str:
        """The function that allocates what ``head`` unpacks."""
        schedule: Any = self.schedule
        sizes, places = self.names.sizes, self.places()
        floats = [shown for var, shown in self.names.variables.items() if var not in places]
        inner = [
            f"sizes = _sizes({', '.join(f'{shown}={shown}' for shown in self.shown)})",
            *self.least(),
            *(f'{name} = sizes["{letter}"]' for letter, name in sizes.items()),
            f"dtype = np.result_type({', '.join(floats) or 'float'})",
            *(f"_same_type(dtype, {name}={name})" for var, name in self.names.variables.items() if var in self.updates),
            *self.buffers(),
            *(f"{name} = np.array({text}, dtype)" for text, name in schedule.numbers.items()),
            *(f"{name} = {text}" for name, text in schedule.fixed_arrays),
            *(f"{name} = {sizes[letter]} or np.nan" for letter, name in self.names.counts.items()),
            f"if len(known) >= {KEPT}:",
            "    known.clear()",
            f"known[key] = {join_tuple(self.kept)}",
        ]
        lines = [
            '"""The arguments as arrays, with the sizes and buffers for their shapes and types."""',
            *self.conversions(),
            *self.common_type(),
            f"key = {self.key()}{self.single()}",
            "known = _MEMORY.__dict__",
            "if key not in known:",
            *("    " + line for line in inner),
            f"return {', '.join([*self.shown, 'known[key]'])}",
        ]
        return f"def _prepare({', '.join(self.shown)}):\n" + "\n".join("    " + line for line in lines)

    def buffers(self) -> list[str]:
        """The buffers, each with the steps in which it is in use."""
        schedule: Any = self.schedule
        if len(schedule.made) < 2:
            return [f"{name} = np.empty({self.shape_code(shape)}, {kind})" for name, (shape, kind) in schedule.made]
        names = textwrap.wrap(", ".join(name for name, _ in schedule.made), WIDTH - 20)
        rows = [
            f"    ({self.shape_code(shape)}, {kind}, {schedule.uses[name]})," for name, (shape, kind) in schedule.made
        ]
        return ["(", *("    " + line for line in names), ") = _arena(", *rows, ")"]

    def common_type(self) -> list[str]:
        """All arrays of one type, which the buffers have; most are already."""
        places = self.places() | set(self.updates)
        floats = [shown for var, shown in self.names.variables.items() if var.shape and var not in places]
        if len(self.names.variables) < 2 or not floats:
            return []
        every = [shown for var, shown in self.names.variables.items() if var not in self.places()]
        lines = [f"dtype = np.result_type({', '.join(every)})"]
        return lines + [f"{name} = {name}.astype(dtype, copy=False)" for name in floats]

    def extra(self, body: str) -> list[str]:
        return [
            _MEMORY,
            *([_TENSORDOT] if "_tensordot(" in body else []),
            *([_SAME_TYPE] if self.updates else []),
            *select_helpers(body),
            *([arena_code()] if len(self.schedule.made) > 1 else []),  # type: ignore[attr-defined]
            self.preparation(),
        ]

    def imports(self) -> list[str]:
        return ["import threading"]
