"""Code for NumPy of scalar formulas: every variable takes a number or an array of points, which broadcast together."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from ..graph.errors import UnsupportedError
from ..graph.leaves import CONST, VAR
from ..graph.node import Node, Op
from ..graph.templates import fill_sizes
from ..graph.traversal import leaves, topological
from ..ops.kinds import operands
from ..ops.scalar import add, sub
from ..ops.sizes import SIZE
from ..ops.targets import NUMPY
from .module import join_blocks, write_docstring, write_function, write_result
from .names import Names
from .schedule import Dialect, Schedule
from .text import Code

_FLOAT = '''def _float(x):
    """Whole numbers and truth values as float64; other numbers stay as they are."""
    x = np.asarray(x)[()]
    return x if x.dtype.kind in "fc" else x.astype(float, casting="safe")'''
_NUMBER = '''def _number(x):
    """A Python number, which takes the type of the arrays that it meets."""
    return float(x) if isinstance(x, (int, float)) else np.asarray(x)[()]'''
_PLACES = '''def _places(x):
    """Places along an axis: an array of whole numbers."""
    x = np.asarray(x)
    if x.dtype.kind not in "iub" and x.size:
        raise TypeError(f"places along an axis are whole numbers, not {x.dtype}")
    return x if x.dtype.kind in "iu" else x.astype(int)'''
_UPDATED = '''def _updated(x):
    """An array that is written in place."""
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or not x.flags.writeable:
        raise TypeError("what is updated in place is a writeable array of floating-point numbers")
    return x'''
_FILL = '''def _fill(value, shape, dtype):
    """The value, as a new array where its shape or type is another."""
    fits = np.shape(value) == shape and value.dtype == dtype
    return value[()] if fits else np.full(shape, value, dtype)[()]'''
_SIZES = '''def _sizes(**arrays):
    """The sizes by letter; raises ValueError where an array does not fit SHAPES or the arrays before it."""
    sizes = {}
    for name, array in arrays.items():
        wanted = SHAPES[name]
        shape = np.shape(array)
        known = {letter: sizes[letter] for letter in wanted if letter in sizes}
        for letter, size in zip(wanted, shape):
            sizes.setdefault(letter, letter if isinstance(letter, int) else size)
        if tuple(sizes.get(letter) for letter in wanted) != shape:
            found = ", ".join(f"{letter} is {size}" for letter, size in known.items() if letter != size)
            text = "(" + ", ".join(map(str, wanted)) + ("," if len(wanted) == 1 else "") + ")"
            raise ValueError(f"{name} has shape {shape}, not {text}" + (f", where {found}" if found else ""))
    return sizes'''
_AT_LEAST = '''def _at_least(sizes, **least):
    """Raise ValueError where a size is too small for the slices that are taken."""
    for letter, size in least.items():
        if sizes[letter] < size:
            raise ValueError(f"the size {letter} is {sizes[letter]}, and the slices taken need {size} at least")'''
HELPERS = {
    "_float": _FLOAT,
    "_number": _NUMBER,
    "_places": _PLACES,
    "_updated": _UPDATED,
    "_fill": _FILL,
    "_sizes": _SIZES,
    "_at_least": _AT_LEAST,
}
_TYPED = ".astype(dtype)"
#: The type of the results, where code names it.
TYPE = re.compile(r"(?<!\.)\bdtype\b")
TYPES = "float32 stays float32; whole numbers and truth values are read as float64."
_POINTS = "Arguments are numbers or arrays of points, which broadcast together; each result has their common shape."


def _write_constant(op: Op, code: Code, value: float | None, args: list[Code]) -> Code:
    """A Python number, which leaves float32 alone; NumPy's arithmetic where Python's would raise."""
    if op.infix and len(args) == 2 and value in (None, float("inf")):
        a, b = (f"np.float64({arg.text})" for arg in args)
        return Code(f"float({a} {op.infix} {b})")
    if op.predicate:
        return Code(f"bool({code.text})", depth=code.depth)
    wrapped = op.infix or op.prefix or code.text.startswith("float(")
    return code if wrapped else Code(f"float({code.text})", depth=code.depth)


def _give_type(node: Node, code: Code, fixed: Container[Node]) -> Code:
    """A selection among constants takes the type of the inputs."""
    chosen = operands(node)[node.op.logical :]
    if not node.op.logical or node.op.predicate or any(arg not in fixed for arg in chosen):
        return code
    return Code(code.text + _TYPED, depth=code.depth)


def _find_templates(names: Names) -> Callable[[Node], str]:
    """The code of operations, with sizes by their names."""

    def find_template(node: Node) -> str:
        op = node.op
        if op is SIZE:
            return names.count_name(*node.attrs)
        code = NUMPY.of(op).code
        if callable(code):
            return fill_sizes(code(node), names.size_name)
        if not code:
            raise UnsupportedError(f"NumPy has no {op.name}")
        return code

    return find_template


class Points:
    """A module with one function of NumPy; every scalar variable may be an array of points."""

    scheduler = Schedule
    #: Names that the frame of the module uses.
    taken: tuple[str, ...] = ()

    def __init__(self, outputs: Any, inputs: Sequence[Node], name: str, updates: Mapping[Node, Node]) -> None:
        self.outputs, self.inputs, self.updates, self.name = outputs, inputs, updates, name
        self.nodes = leaves(outputs)
        self.order = topological(*self.nodes, *updates.values(), read=operands)
        helpers = {*HELPERS, *self.taken}.union(*(list_functions(NUMPY.of(node.op).helper) for node in self.order))
        self.names = Names(inputs, name, helpers)
        self.shown = list(self.names.variables.values())
        self.reads = find_inputs(self.order, inputs)
        dialect = Dialect("np", False, True, _find_templates(self.names), _write_constant, _give_type)
        self.schedule = self.scheduler(dialect, self.names)
        #: Whether a result is given the common shape of the arguments.
        self.spreads = False

    def write(self, docs: str) -> str:
        texts = self.schedule.run([*self.nodes, *self.list_update_steps()])[: len(self.nodes)]
        texts = [self.write_output(node, text) for node, text in zip(self.nodes, texts, strict=True)]
        updates = self.write_updates(texts)
        return self.assemble(docs, texts, [f"{name} = {text}" for name, text in self.schedule.statements] + updates)

    def assemble(self, docs: str, texts: Sequence[str], body: list[str]) -> str:
        """The module around the body of the function."""
        body = self.rename_sizes([*body, f"return {write_result(self.outputs, texts)}"])
        body = self.write_head("\n".join(body)) + body
        extra = self.write_helpers("\n".join(body))
        statements = [text for _, text in [*self.schedule.constants, *self.schedule.statements]]
        code = "\n".join([*body, *extra, *statements])
        own = dict.fromkeys(NUMPY.of(op).helper for _, op in sorted(self.schedule.ops.items()))
        helpers = [text for name, text in HELPERS.items() if calls(name, code)]
        helpers += [text for text in own if any(calls(name, code) for name in list_functions(text))]
        used = " ".join([code, *helpers])
        plain = [*(["import math"] if "math." in used else []), *self.list_imports()]
        imports = [*plain, *([""] if plain else []), "import numpy as np", *_import_scipy(used)]
        notes = [docs, *self.write_notes()] if docs else self.write_notes()
        return join_blocks(
            write_docstring(self.name, self.outputs, self.inputs, self.shown, notes),
            "\n".join(imports),
            self.write_globals(),
            *helpers,
            "\n".join(f"{target} = {text}" for target, text in self.schedule.constants),
            *extra,
            write_function(self.name, self.list_parameters(), body),
        )

    # -- what points and arrays do differently -------------------------------------------------------------------

    def list_parameters(self) -> list[str]:
        return self.shown

    def write_notes(self) -> list[str]:
        return [_POINTS, TYPES]

    def write_globals(self) -> str:
        return ""

    def rename_sizes(self, body: list[str]) -> list[str]:
        return body

    def list_imports(self) -> list[str]:
        return []

    def write_helpers(self, body: str) -> list[str]:
        """What else stands before the function."""
        return []

    def write_output(self, node: Node, text: str) -> str:
        """A fresh array of the full shape; a NumPy scalar where all inputs are scalars."""
        every = (1 << len(self.inputs)) - 1
        if node in self.schedule.fixed or self.reads[node] != every:
            return self.write_full(node, text)
        if node.op is VAR:
            return f"{text}.copy()"
        code = str(NUMPY.of(node.op).code)
        plain = node.op.infix or node.op.prefix or ("where" not in code and code.startswith("np."))
        return text if plain or text.endswith(_TYPED) else f"{text if text.isidentifier() else f'({text})'}[()]"

    def write_full(self, node: Node, text: str) -> str:
        self.spreads |= bool(self.inputs)
        kind = self.dtype_of(node)
        if node in self.schedule.fixed or node.op is VAR or not self.reads[node]:
            return f"np.full({'shape' if self.inputs else '()'}, {text}, {kind})[()]"
        return f"_fill({text}, shape, {kind})"

    def dtype_of(self, node: Node) -> str:
        """The type of an output that the inputs alone do not give."""
        truth = node.op.predicate or (node.op is CONST and isinstance(node.value, bool))
        return "bool" if truth else "dtype" if self.inputs else "float"

    def write_head(self, body: str) -> list[str]:
        """Conversions, then shape and type where a result needs them."""
        return self.convert_arguments() + self.write_types(body)

    def convert_arguments(self) -> list[str]:
        """Each argument as an array or a scalar of the right kind."""
        return [f"{shown} = _float({shown})" for shown in self.shown]

    def write_types(self, body: str) -> list[str]:
        """The common shape and type, where the body names them."""
        lines = []
        if self.spreads:
            lines.append(f"shape = np.broadcast_shapes({', '.join(f'{shown}.shape' for shown in self.shown)})")
        if TYPE.search(body):
            lines.append(f"dtype = np.result_type({', '.join(self.shown)})")
        return lines

    # -- updates -------------------------------------------------------------------------------------------------

    def list_update_steps(self) -> list[Node]:
        """What each update computes before it writes: of ``p - g`` and ``p + g`` that is g."""
        return [split_update(var, new)[1] for var, new in self.updates.items()]

    def write_updates(self, texts: list[str]) -> list[str]:
        """Assignments in place, after everything that reads an old value; ``texts`` of outputs get names first."""
        changed = {self.names.variables[var] for var in self.updates}
        for index, text in enumerate(texts):
            if changed & set(re.findall(r"\w+", text)):
                texts[index] = self.schedule.assign(text)
        return [self.write_update(var, new, changed) for var, new in self.updates.items()]

    def write_update(self, var: Node, new: Node, changed: set[str]) -> str:
        """One assignment; a step that reads another updated input is computed before."""
        sign, step = split_update(var, new)
        name, code = self.names.variables[var], self.schedule.code[step]
        if (changed - {name}) & set(re.findall(r"\w+", code.text)):
            shared = step.op.view or step.op is VAR
            code = Code(self.schedule.assign(code.text + ".copy()" * shared))
            self.schedule.code[step] = code
        if sign and var.shape:
            return f"{name} {sign}= {code.text}"
        return f"{name}[...] = {name} {sign} {code.within(6)}" if sign else f"{name}[...] = {code.text}"


def split_update(var: Node, new: Node) -> tuple[str, Node]:
    """The sign and the step of an update ``var - step`` or ``var + step``; no sign for another value."""
    args = operands(new)
    if new.op in (add, sub) and new.shape == var.shape and args[0] is var and args[1] is not var:
        return new.op.infix, args[1]
    if new.op is add and new.shape == var.shape and args[1] is var:
        return "+", args[0]
    return "", new


def _import_scipy(code: str) -> list[str]:
    """The import of what the code uses of SciPy."""
    used = [name for name in ("sparse", "special") if f"{name}." in code and re.search(rf"(?<![\w.]){name}\.", code)]
    return [f"from scipy import {', '.join(used)}"] if used else []


def calls(name: str, code: str) -> bool:
    """Whether the code calls the function of that name."""
    return f"{name}(" in code and re.search(rf"(?<![\w.]){name}\(", code) is not None


def list_functions(helper: str) -> list[str]:
    """The names of the functions that the text defines."""
    return re.findall(r"^def (\w+)", helper, re.M)


def find_inputs(order: Sequence[Node], inputs: Sequence[Node]) -> dict[Node, int]:
    """The inputs that each node depends on, as bits."""
    reads = {var: 1 << index for index, var in enumerate(inputs)}
    for node in order:
        mask = reads.get(node, 0)
        for arg in operands(node):
            mask |= reads[arg]
        reads[node] = mask
    return reads
