"""Code for the array API standard: one source for NumPy, JAX, PyTorch, ..., which finds the library from its inputs.

Rows have no code of their own for it where NumPy's does by the standard's names. Nothing is written in place, so the
function may be traced by ``jax.jit`` and differentiated by PyTorch. Every number that meets a function is an array of
the inputs' type and device; operators take Python's numbers, as the standard says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from ..graph.errors import UnsupportedError
from ..graph.node import Node, Op
from ..graph.templates import fill_sizes
from ..graph.traversal import leaves, topological
from ..ops.kinds import operands
from ..ops.sizes import SIZE
from ..ops.targets import ARRAY_API, MATH, NUMPY, has_attributes
from .arrays import Arrays
from .module import join_blocks, write_docstring, write_function, write_result
from .names import Names
from .points import HELPERS, calls, find_inputs, list_functions
from .schedule import Dialect, Schedule
from .text import Code

#: The standard's functions by NumPy's names for them.
STANDARD = {
    "abs": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "ceil": "ceil", "cos": "cos", "cosh": "cosh", "exp": "exp",
    "expm1": "expm1", "floor": "floor", "hypot": "hypot", "linalg.det": "linalg.det", "linalg.inv": "linalg.inv",
    "linalg.slogdet": "linalg.slogdet", "linalg.solve": "linalg.solve", "log": "log", "log10": "log10",
    "log1p": "log1p", "log2": "log2", "logaddexp": "logaddexp", "logical_and": "logical_and",
    "logical_not": "logical_not", "logical_or": "logical_or", "maximum": "maximum", "minimum": "minimum",
    "positive": "positive", "sign": "sign", "sin": "sin", "sinh": "sinh", "sqrt": "sqrt", "tan": "tan",
    "tanh": "tanh", "tril": "tril", "triu": "triu", "where": "where",
}  # fmt: skip
_KNOWN = {f"np.{name}" for name in STANDARD}
_FUNCTION = re.compile(r"(\b[a-z]+(?:\.\w+)+)")
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
    """Statements where numbers that functions read are arrays."""

    def __init__(self, dialect: Dialect, names: Names, fixed: dict[Node, float | None]) -> None:
        super().__init__(dialect, names, fixed=fixed)
        self.arrays: dict[str, str] = {}

    def _operation(self, node: Node) -> Code:
        constant = [arg for arg in operands(node) if arg in self.fixed or arg.op is SIZE]
        operator = (node.op.infix or node.op.prefix) and len(constant) < len(operands(node))
        if node not in self.fixed and not (operator and not ARRAY_API.of(node.op).code):
            template = self.dialect.template(node)
            for place, arg in enumerate(operands(node)):
                if arg in constant and f"{{{place}" in template:
                    self.number(arg)
        return super()._operation(node)

    def _guarded(self, node: Node, args: Sequence[Node], codes: list[Code]) -> list[Code]:
        """Sizes are arrays here, whose division raises nothing."""
        return codes

    def number(self, node: Node) -> None:
        """Give the number the name of an array, once."""
        text = as_array(self.operand_code(node).text, node.op.predicate)
        if text not in self.arrays:
            self.arrays[text] = self.names.fresh("k")
            self.statements.append((self.arrays[text], text))
        self.code[node] = Code(self.arrays[text])


def as_array(text: str, truth: bool) -> str:
    """A number as an array of the arguments' type, a truth value as one of truth values."""
    return f"xp.asarray({text}, dtype={'xp.bool' if truth else 'dtype'}, device=device)"


def _constant(op: Op, code: Code, value: float | None, args: list[Code]) -> Code:
    return Code(str(bool(value))) if op.predicate else Code("math.inf") if value == float("inf") else code


def _templates(names: Names, fixed: Container[Node]) -> Callable[[Node], str]:
    """The row's own code, or NumPy's by the standard's names; Python's for a constant."""

    def template(node: Node) -> str:
        op = node.op
        if node in fixed and (plain := MATH.of(op).code) is not None:
            return plain
        if op is SIZE:
            return names.count_name(*node.attrs)
        own, numpy = ARRAY_API.of(op).code, NUMPY.of(op)
        code = own or numpy.code
        text = fill_sizes(code(node) if callable(code) else code, names.size_name)
        if not own and (numpy.helper or not set(_FUNCTION.findall(text)) <= _KNOWN):
            raise UnsupportedError(f'the array API standard has no {op.name}; use backend="numpy"')
        return text if own else _FUNCTION.sub(lambda match: f"xp.{STANDARD[match[1][3:]]}", text)

    return template


class ArrayAPI(Arrays):
    """A module for arrays of any library; scalar formulas take arrays of points, which broadcast."""

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
        dialect = Dialect("math", False, False, _templates(self.names, fixed), _constant)
        self.schedule = _ArraySchedule(dialect, self.names, fixed=fixed)

    def notes(self) -> list[str]:
        return [*super().notes()[: 0 if self.points else -1], *_NOTES]

    def globals(self) -> str:
        return "" if self.points else super().globals()

    def head(self, body: str) -> list[str]:
        places = self.places()
        read = [shown for var, shown in self.names.variables.items() if var not in places]
        lines = [f"{', '.join(['xp', 'dtype', 'device', *read])} = _arguments({', '.join(['xp', *read])})"]
        if self.points:
            shapes = ", ".join(f"{shown}.shape" for shown in self.shown)
            return lines + [f"shape = xp.broadcast_shapes({shapes})"] * ("shape" in re.findall(r"\w+", body))
        used = [letter for letter in self.used_sizes(body) if self.names.counts.get(letter) != self.names.sizes[letter]]
        if self.shown:
            lines += [f"sizes = _sizes({', '.join(f'{shown}={shown}' for shown in self.shown)})", *self.least()]
        lines += [f'{self.names.sizes[letter]} = sizes["{letter}"]' for letter in used]
        return lines + [f'{name} = sizes["{letter}"] or math.nan' for letter, name in self.names.counts.items()]

    def output(self, node: Node, text: str) -> str:
        """An array, of the common shape of all points."""
        schedule: Any = self.schedule
        if node in schedule.fixed or node.op is SIZE:
            text = text if text in schedule.arrays.values() else as_array(text, self.kind(node) == "bool")
        every = (1 << len(self.inputs)) - 1
        spread = self.points and self.inputs and self.reads[node] != every
        return f"xp.broadcast_to({text}, shape)" if spread else text

    def write(self, docs: str) -> str:
        schedule = self.schedule
        texts = schedule.run(self.nodes)
        texts = [self.output(node, text) for node, text in zip(self.nodes, texts, strict=True)]
        lines = [f"{name} = {text}" for name, text in schedule.statements]
        body = self.renamed([*lines, f"return {write_result(self.outputs, texts)}"])
        body = self.head("\n".join(body)) + body
        helpers = [ARGUMENTS, *self.helpers("\n".join(body))]
        constants = "\n".join(f"{target} = {text}" for target, text in schedule.constants)
        used = "\n".join([*helpers, constants, *body])
        modules = [name for name in ("functools", "importlib", "math") if f"{name}." in used]
        parameters = [*self.shown, "*", "xp=None"]
        notes = [docs, *self.notes()] if docs else self.notes()
        return join_blocks(
            write_docstring(self.name, self.outputs, self.inputs, self.shown, notes),
            "\n".join(f"import {name}" for name in modules),
            self.globals(),
            *helpers,
            constants,
            write_function(self.name, parameters, body),
        )

    def helpers(self, code: str) -> list[str]:
        """The functions that the code calls, and those that they call."""
        own = [text for _, op in sorted(self.schedule.ops.items()) for text in ARRAY_API.of(op).helpers]
        found: list[str] = []
        for text in reversed([*_CHECKS, *dict.fromkeys(own)]):
            if any(calls(name, code) for name in list_functions(text)):
                found.insert(0, text)
                code += text
        return found


def write_module(outputs: Any, inputs: Sequence[Node], name: str, docs: str = "") -> str:
    """A module with the function ``name`` of ``inputs``, standard library only: arrays bring their own.

    Raises UnsupportedError for an operation that the standard has no functions for.
    """
    return ArrayAPI(outputs, inputs, name).write(docs)
