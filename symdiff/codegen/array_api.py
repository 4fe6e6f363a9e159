"""Code for the array API standard: one source for NumPy, JAX, PyTorch, ..., which finds the library from its inputs.

Nothing is written in place, so the function may be traced by ``jax.jit`` and differentiated by PyTorch. Every constant
that meets a function is an array of the inputs' type and device; operators take Python's numbers, as the standard says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..graph.errors import UnsupportedError
from ..graph.node import OPS, Node, Op
from ..graph.templates import fill_sizes
from ..graph.traversal import leaves, topological
from ..ops.kinds import operands
from ..ops.sizes import SIZE
from ..ops.targets import ARRAY_API, MATH, NUMPY, has_attributes, list_texts
from .arrays import Arrays
from .module import join_blocks, write_docstring, write_function, write_result
from .names import Names
from .points import HELPERS, calls, find_inputs, list_functions
from .python import write_constant
from .schedule import Dialect, Schedule
from .text import Code

_FUNCTION = re.compile(r"(\b[a-z]+(?:\.\w+)+)")
_CALL = re.compile(r"(?:np|xp)\.([\w.]+)(|\(.*\)(?:\[\d\])?)")
#: Functions that find the library of the arrays.
ARGUMENTS = '''def _namespace(arrays):
    """The array API namespace of the arrays; PyTorch's do not say, and it is the module of their class."""
    for array in arrays:
        if hasattr(array, "__array_namespace__"):
            return array.__array_namespace__()
    return importlib.import_module(type(arrays[0]).__module__.partition(".")[0] if arrays else "numpy")


def _arguments(xp, *values):
    """Namespace, type and device of the arrays among the values, then all values as floating-point arrays."""
    arrays = [value for value in values if hasattr(value, "dtype")]
    xp = xp or _namespace(arrays)
    device = getattr(arrays[0], "device", None) if arrays else None
    kinds = [array.dtype for array in arrays if "float" in str(array.dtype) or "complex" in str(array.dtype)]
    dtype = functools.reduce(getattr(xp, "promote_types", None) or xp.result_type, kinds or [xp.asarray(0.0).dtype])
    values = [value if hasattr(value, "dtype") else xp.asarray(value, dtype=dtype, device=device) for value in values]
    return xp, dtype, device, *(x if x.dtype == dtype else xp.asarray(x, dtype=dtype) for x in values)'''
#: Those of arrays whose shapes are tuples.
_CHECKS = [HELPERS[name].replace("np.shape(array)", "tuple(array.shape)") for name in ("_sizes", "_at_least")]
#: What every module has in the same words.
VERBATIM = ("import functools", "import importlib", ARGUMENTS, *_CHECKS)
_NOTES = (
    "Arguments are numbers and arrays of one library that has the array API (NumPy 2, JAX, CuPy, ...) or of PyTorch; "
    "xp is its namespace, found from them. Results are arrays of their type and device; nothing is written in place. "
    "Whole numbers and truth values take the type of the other arguments.",
)


class _ArraySchedule(Schedule):
    """Statements where constants that functions read are arrays."""

    def __init__(self, dialect: Dialect, names: Names, fixed: dict[Node, float | None]) -> None:
        super().__init__(dialect, names, fixed=fixed)
        self.arrays: dict[str, str] = {}

    def _write_operation(self, node: Node) -> Code:
        constant = [arg for arg in operands(node) if arg in self.fixed or arg.op is SIZE]
        operator = (node.op.infix or node.op.prefix) and len(constant) < len(operands(node))
        if node not in self.fixed and not (operator and not ARRAY_API.of(node.op).code):
            template = self.dialect.template(node)
            for index, arg in enumerate(operands(node)):
                if arg in constant and f"{{{index}" in template:
                    self.name_array(arg)
        return super()._write_operation(node)

    def _guard_division(self, node: Node, args: Sequence[Node], codes: list[Code]) -> list[Code]:
        """Sizes are arrays here, whose division raises nothing."""
        return codes

    def name_array(self, node: Node) -> None:
        """Give the constant the name of an array, once."""
        text = as_array(self.operand_code(node).text, node.op.predicate)
        if text not in self.arrays:
            self.arrays[text] = self.names.fresh("k")
            self.statements.append((self.arrays[text], text))
        self.code[node] = Code(self.arrays[text])


def as_array(text: str, truth: bool) -> str:
    """A constant as an array of the arguments' type, a truth value as one of truth values."""
    return f"xp.asarray({text}, dtype={'xp.bool' if truth else 'dtype'}, device=device)"


def _find_templates(names: Names, fixed: Container[Node]) -> Callable[[Node], str]:
    """The operation's own code, or NumPy's by the standard's names; Python's for a constant."""

    def find_template(node: Node) -> str:
        op = node.op
        if node in fixed and (plain := MATH.of(op).code) is not None:
            return plain
        if op is SIZE:
            return names.count_name(*node.attrs)
        own = ARRAY_API.of(op).code
        code = own or NUMPY.of(op).code
        text = fill_sizes(code(node) if callable(code) else code, names.size_name)
        return text if own else _translate(op, text)

    return find_template


def _translate(op: Op, text: str) -> str:
    """NumPy's code of an operation by the standard's names; raises UnsupportedError where it has none of its own."""
    names = _list_translations(tuple(OPS.values()))
    if NUMPY.of(op).helper or not {name.removeprefix("np.") for name in _FUNCTION.findall(text)} <= names.keys():
        raise UnsupportedError(f'the array API standard has no {op.name}; use backend="numpy"')
    return _FUNCTION.sub(lambda match: f"xp.{names[match[1].removeprefix('np.')]}", text)


@lru_cache(maxsize=4)
def _list_translations(ops: tuple[Op, ...]) -> dict[str, str]:
    """The standard's functions by NumPy's names: those that an operation declares for both, on the same operands."""
    names: dict[str, str] = {}
    for op in ops:
        ours, theirs = (
            [call for text in list_texts(target.of(op).code) if (call := _CALL.fullmatch(text))]
            for target in (NUMPY, ARRAY_API)
        )
        if len(ours) == len(theirs) == 1 and ours[0][2] == theirs[0][2]:
            names[ours[0][1]] = theirs[0][1]
    return names


class ArrayAPI(Arrays):
    """A module for arrays of any library; scalar formulas take arrays of points, which broadcast."""

    schedule: _ArraySchedule

    def __init__(self, outputs: Any, inputs: Sequence[Node], name: str) -> None:
        updates: Mapping[Node, Node] = {}
        self.outputs, self.inputs, self.updates, self.name = outputs, inputs, updates, name
        self.nodes = leaves(outputs)
        self.order = topological(*self.nodes, read=operands)
        texts = [text for node in self.order for text in ARRAY_API.of(node.op).helpers]
        taken = {"xp", "device", "functools", "importlib", "_namespace", "_arguments", *HELPERS}
        self.names = Names(inputs, name, taken.union(*map(list_functions, texts)))
        self.shown = list(self.names.variables.values())
        self.reads = find_inputs(self.order, inputs)
        self.points = not any(node.shape or has_attributes(node.op) for node in (*self.order, *inputs))
        fixed: dict[Node, float | None] = {}
        dialect = Dialect("math", False, False, _find_templates(self.names, fixed), write_constant)
        self.schedule = _ArraySchedule(dialect, self.names, fixed=fixed)

    def write_notes(self) -> list[str]:
        return [*super().write_notes()[: 0 if self.points else -1], *_NOTES]

    def write_globals(self) -> str:
        return "" if self.points else super().write_globals()

    def write_head(self, body: str) -> list[str]:
        positions = self.find_positions()
        read = [shown for var, shown in self.names.variables.items() if var not in positions]
        lines = [f"{', '.join(['xp', 'dtype', 'device', *read])} = _arguments({', '.join(['xp', *read])})"]
        if self.points:
            shapes = ", ".join(f"{shown}.shape" for shown in self.shown)
            return lines + [f"shape = xp.broadcast_shapes({shapes})"] * ("shape" in re.findall(r"\w+", body))
        if self.shown:
            check = f"sizes = _sizes({', '.join(f'{shown}={shown}' for shown in self.shown)})"
            lines += [check, *self.check_least_sizes()]
        lines += [f'{self.names.sizes[size]} = sizes["{size}"]' for size in self.find_read_sizes(body)]
        return lines + [f'{name} = sizes["{size}"] or math.nan' for size, name in self.names.counts.items()]

    def write_output(self, node: Node, text: str) -> str:
        """An array, of the common shape of all points."""
        if node in self.schedule.fixed or node.op is SIZE:
            truth = self.dtype_of(node) == "bool"
            text = text if text in self.schedule.arrays.values() else as_array(text, truth)
        every = (1 << len(self.inputs)) - 1
        spread = self.points and self.inputs and self.reads[node] != every
        return f"xp.broadcast_to({text}, shape)" if spread else text

    def write(self, docs: str) -> str:
        schedule = self.schedule
        texts = schedule.run(self.nodes)
        texts = [self.write_output(node, text) for node, text in zip(self.nodes, texts, strict=True)]
        lines = [f"{name} = {text}" for name, text in schedule.statements]
        body = self.rename_sizes([*lines, f"return {write_result(self.outputs, texts)}"])
        body = self.write_head("\n".join(body)) + body
        helpers = [ARGUMENTS, *self.select_functions("\n".join(body))]
        constants = "\n".join(f"{target} = {text}" for target, text in schedule.constants)
        used = "\n".join([*helpers, constants, *body])
        modules = [name for name in ("functools", "importlib", "math") if f"{name}." in used]
        notes = [docs, *self.write_notes()] if docs else self.write_notes()
        return join_blocks(
            write_docstring(self.name, self.outputs, self.inputs, self.shown, notes),
            "\n".join(f"import {name}" for name in modules),
            self.write_globals(),
            *helpers,
            constants,
            write_function(self.name, [*self.shown, "*", "xp=None"], body),
        )

    def select_functions(self, code: str) -> list[str]:
        """The functions that the code calls, and those that they call."""
        own = [text for _, op in sorted(self.schedule.ops.items()) for text in ARRAY_API.of(op).helpers]
        called: list[str] = []
        for text in reversed([*_CHECKS, *dict.fromkeys(own)]):
            if any(calls(name, code) for name in list_functions(text)):
                called.insert(0, text)
                code += text
        return called


def write_module(outputs: Any, inputs: Sequence[Node], name: str, docs: str = "") -> str:
    """A module with the function ``name`` of ``inputs``, standard library only: arrays bring their own.

    Raises UnsupportedError for an operation that the standard has no functions for.
    """
    return ArrayAPI(outputs, inputs, name).write(docs)
