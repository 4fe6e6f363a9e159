"""One function in C99, from its header comment to its last statement."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ...graph.node import Node
from ...graph.shapes import Size, show_shape, symbolic_sizes
from ...graph.templates import fill_sizes
from ...graph.traversal import leaves, map_graph, rebuild, topological
from ...ops.targets import C
from ..module import WIDTH, write_docstring
from ..points import split_update
from .loops import Loops
from .spelling import CNames
from .workspace import assign_slots

_REAL = """#ifndef REAL
#define REAL double /* or float: cc -DREAL=float */
#endif
typedef REAL real;"""
_NUMBERS = "Numbers of type real, which is double; cc -DREAL=float makes it float."
_ARRAYS = "Arrays are in C order and do not overlap."


class Function:
    """One C function: its text, and what its callers need to know."""

    def __init__(self, outputs: Any, inputs: Sequence[Node], name: str, updates: Mapping[Node, Node]) -> None:
        self.outputs, self.inputs, self.name, self.updates = outputs, list(inputs), name, updates
        nodes = _lower([*leaves(outputs), *updates.values()])
        count = len(nodes) - len(updates)
        self.nodes, self.new = nodes[:count], dict(zip(updates, nodes[count:], strict=True))
        helpers = {name for node in topological(*nodes) for name in re.findall(r"real (\w+)\(", C.of(node.op).helper)}
        self.names = CNames(inputs, name, helpers)
        self.shown = list(self.names.variables.values())
        self.out = [self.names.reserve(f"out{index}" if count > 1 else "out") for index in range(count)]
        #: Arrays that are results are computed where they are wanted.
        targets = {node: name for node, name in zip(self.nodes, self.out, strict=True) if node.shape and node.args}
        self.loops = Loops(self.names, frozenset(updates), targets)
        self.body = self._write_body()
        self.work, self.slots = assign_slots(self.loops)

    @property
    def scalar(self) -> bool:
        """Whether there are only scalars, and nothing is written but results: the function can be called at points."""
        return not self.updates and not any(node.shape for node in (*topological(*self.nodes), *self.inputs))

    # -- statements ------------------------------------------------------------------------------------------------

    def _write_body(self) -> list[list[str]]:
        loops = self.loops
        updates = {var: split_update(var, new) for var, new in self.new.items()}
        loops.run([*self.nodes, *(step for _, step in updates.values())])
        for _, step in updates.values():
            if loops.values[step].inputs:
                self._keep(step)
        for node, name in zip(self.nodes, self.out, strict=True):
            self._write_result(node, name)
        for var, (sign, step) in updates.items():
            loops.write_nest(var.shape, self.names.variables[var], loops.values[step].at, sign)
        return loops.statements

    def _keep(self, node: Node) -> None:
        """Compute a value that reads what is overwritten, before it is."""
        value = self.loops.values[node]
        self.loops.values[node] = value._replace(nodes=value.nodes + 1)
        self.loops.bind(node)

    def _write_result(self, node: Node, name: str) -> None:
        if node.shape and self.loops.targets.get(node) == name and not self.loops.values[node].nodes:
            return
        self.loops.write_nest(node.shape, name, self.loops.values[node].at)

    # -- text ------------------------------------------------------------------------------------------------------

    def list_parameters(self) -> list[str]:
        """The parameters: scalars by value, arrays and what is written by pointer."""
        parameters = []
        for var, shown in self.names.variables.items():
            const = "" if var in self.updates else "const "
            pointer = var.shape or var in self.updates
            parameters.append(f"{const}real *restrict {shown}" if pointer else f"real {shown}")
        parameters += [f"real *restrict {name}" for name in self.out]
        return parameters + (["real *restrict work"] if self.work else [])

    def write_prototype(self) -> str:
        """The declaration, broken between parameters."""
        whole = [parameter.replace(" ", "\0") for parameter in self.list_parameters()]
        text = f"void\0{self.name}({', '.join(whole) or 'void'})"
        return textwrap.fill(text, WIDTH, subsequent_indent="    ", break_long_words=False).replace("\0", " ")

    def write_comment(self) -> str:
        """What the function computes, in the header comment."""
        variables = [(shown, var.shape) for var, shown in self.names.variables.items()]
        results = [(name, node.shape) for name, node in zip(self.out, self.nodes, strict=True)]
        shapes = [f"{name} {show_shape(shape)}" for name, shape in [*variables, *results] if shape]
        updated = ", ".join(self.names.variables[var] for var in self.updates)
        notes = [f"Shapes: {', '.join(shapes)}." if shapes else ""]
        arrays = any(shape for _, shape in variables)
        notes += [f"Updated in place: {updated}." if updated else "", _ARRAYS if arrays else "", _NUMBERS]
        notes += [f"work is an array of {self.macro} numbers." if self.work else ""]
        arguments = [parameter.split()[-1].lstrip("*") for parameter in self.list_parameters()]
        text = write_docstring(self.name, self.outputs, self.inputs, self.shown, list(filter(None, notes)))
        text = text.removeprefix('"""').removesuffix('\n"""').replace("*/", "* /").replace("\\\\", "\\")
        rest = text.partition("\n")[2]
        head = textwrap.fill(f"{self.name}({', '.join(arguments)}), emitted by symdiff.", WIDTH)
        return "/* " + "\n".join([head, *rest.split("\n")]).replace("\n", "\n   ").replace("\n   \n", "\n\n") + " */"

    @property
    def macro(self) -> str:
        """The macro for the size of the workspace."""
        return f"{self.name.upper()}_WORK"

    @property
    def size_macros(self) -> dict[str, str]:
        """What each symbolic size is called where the file is compiled."""
        sizes = symbolic_sizes(size for var in self.inputs for size in var.shape)
        return {size: f"{self.name}_{self.names.spell(size)}" for size in sizes}

    def write_sizes(self) -> str:
        """Symbolic sizes have their values when the file is compiled."""
        lines = []
        for size, macro in self.size_macros.items():
            lines += [f"#ifndef {macro}", f'#error "say how large {size} is: cc -D{macro}=100"', "#endif"]
            lines.append(f"enum {{ {self.names.sizes[size]} = {macro} }};")
        if self.work:
            lines.append(f"#define {self.macro} ({self._write_size(self.work)})")
        return "\n".join(lines)

    def write_function(self) -> str:
        """The definition, with slots of ``work`` by their names."""
        lines = [line for statement in self.body for line in statement]
        body = ["    " + re.sub(r"\bw\d+\b", lambda m: self.slots.get(m[0], (m[0], 0))[0], line) for line in lines]
        starts = dict.fromkeys(self.slots.values())
        pointers = [f"    real *restrict const {slot} = work{self._write_offset(start)};" for slot, start in starts]
        return "\n".join([self.write_prototype(), "{", *pointers, *body, "}"])

    def write_header(self) -> str:
        """The header file: prototype and size of the workspace."""
        guard = f"{self.name.upper()}_H"
        parts = [
            f"#ifndef {guard}\n#define {guard}",
            self.write_comment(),
            _REAL,
            self.write_sizes(),
            self.write_prototype() + ";",
            "#endif",
        ]
        return "\n\n".join(filter(None, parts)) + "\n"

    def write_module(self) -> str:
        helpers = dict.fromkeys(text for _, text in sorted(self.loops.helpers.items()))
        parts = [
            self.write_comment(),
            "#include <tgmath.h>",
            _REAL,
            self.write_sizes(),
            *helpers,
            self.write_function(),
        ]
        return "\n\n".join(filter(None, parts)) + "\n"

    def _write_offset(self, start: Size) -> str:
        return "" if start == 0 else f" + {self._write_size(start)}"

    def _write_size(self, size: Size) -> str:
        return fill_sizes(f"{{={size}}}", self.names.size_name)


def _lower(roots: Sequence[Node]) -> list[Node]:
    """The roots with every operation that C has no loop for written by others."""

    def lower(node: Node, args: tuple[Node, ...]) -> Node:
        same = rebuild(node, args)
        by_others = same.op.lowered if C.of(same.op) is C.unsaid else None
        return by_others(same, *same.args) if by_others else same

    return map_graph(roots, lower)
