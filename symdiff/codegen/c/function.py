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
from .workspace import places

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
        nodes = _lowered([*leaves(outputs), *updates.values()])
        count = len(nodes) - len(updates)
        self.nodes, self.new = nodes[:count], dict(zip(updates, nodes[count:], strict=True))
        helpers = {found for node in topological(*nodes) for found in re.findall(r"real (\w+)\(", C.of(node.op).helper)}
        self.names = CNames(inputs, name, helpers)
        self.shown = list(self.names.variables.values())
        self.out = [self.names.reserve(f"out{place}" if count > 1 else "out") for place in range(count)]
        self.loops = Loops(self.names, frozenset(updates), self._targets())
        self.body = self._body()
        self.work, self.places = places(self.loops)

    def _targets(self) -> dict[Node, str]:
        """Arrays that are results are computed where they are wanted."""
        return {node: name for node, name in zip(self.nodes, self.out, strict=True) if node.shape and node.args}

    @property
    def scalar(self) -> bool:
        """Whether there are only numbers, and nothing is written but results: the function can be called at points."""
        return not self.updates and not any(node.shape for node in (*topological(*self.nodes), *self.inputs))

    # -- statements ------------------------------------------------------------------------------------------------

    def _body(self) -> list[list[str]]:
        loops = self.loops
        rests = {var: split_update(var, new) for var, new in self.new.items()}
        loops.run([*self.nodes, *(rest for _, rest in rests.values())])
        for _, rest in rests.values():
            if loops.values[rest].inputs:
                self._kept(rest)
        for node, name in zip(self.nodes, self.out, strict=True):
            self._write(node, name)
        for var, (sign, rest) in rests.items():
            loops.nest(var.shape, self.names.variables[var], loops.values[rest].at, sign)
        return loops.statements

    def _kept(self, node: Node) -> None:
        """A value that reads what is overwritten, computed before."""
        value = self.loops.values[node]
        self.loops.values[node] = value._replace(nodes=value.nodes + 1)
        self.loops.bind(node)

    def _write(self, node: Node, name: str) -> None:
        if node.shape and self.loops.targets.get(node) == name and not self.loops.values[node].nodes:
            return
        self.loops.nest(node.shape, name, self.loops.values[node].at)

    # -- text ------------------------------------------------------------------------------------------------------

    def parameters(self) -> list[str]:
        """The parameters: numbers by value, arrays and what is written by pointer."""
        found = []
        for var, shown in self.names.variables.items():
            const = "" if var in self.updates else "const "
            pointer = var.shape or var in self.updates
            found.append(f"{const}real *restrict {shown}" if pointer else f"real {shown}")
        found += [f"real *restrict {name}" for name in self.out]
        return found + (["real *restrict work"] if self.work else [])

    def prototype(self) -> str:
        """The declaration, broken between parameters."""
        whole = [parameter.replace(" ", "\0") for parameter in self.parameters()]
        text = f"void\0{self.name}({', '.join(whole) or 'void'})"
        return textwrap.fill(text, WIDTH, subsequent_indent="    ", break_long_words=False).replace("\0", " ")

    def comment(self) -> str:
        """What the function computes, in the header comment."""
        shapes = [f"{shown} {show_shape(var.shape)}" for var, shown in self.names.variables.items() if var.shape]
        outs = zip(self.out, self.nodes, strict=True)
        made = [f"{name} {show_shape(node.shape)}" for name, node in outs if node.shape]
        written = ", ".join(self.names.variables[var] for var in self.updates)
        notes = [f"Shapes: {', '.join([*shapes, *made])}." if shapes or made else ""]
        notes += [f"Updated in place: {written}." if written else "", _ARRAYS if shapes else "", _NUMBERS]
        notes += [f"work is an array of {self.macro} numbers." if self.work else ""]
        arguments = [parameter.split()[-1].lstrip("*") for parameter in self.parameters()]
        text = write_docstring(self.name, self.outputs, self.inputs, self.shown, list(filter(None, notes)))
        text = text.removeprefix('"""').removesuffix('\n"""').replace("*/", "* /").replace("\\\\", "\\")
        rest = text.partition("\n")[2]
        head = textwrap.fill(f"{self.name}({', '.join(arguments)}), emitted by symdiff.", WIDTH)
        return "/* " + "\n".join([head, *rest.split("\n")]).replace("\n", "\n   ").replace("\n   \n", "\n\n") + " */"

    @property
    def macro(self) -> str:
        return f"{self.name.upper()}_WORK"

    def macros(self) -> dict[str, str]:
        """What each letter is called where the file is compiled."""
        letters = symbolic_sizes(size for var in self.inputs for size in var.shape)
        return {letter: f"{self.name}_{self.names.spell(letter)}" for letter in letters}

    def sizes(self) -> str:
        """Letters have their values when the file is compiled."""
        lines = []
        for letter, macro in self.macros().items():
            lines += [f"#ifndef {macro}", f'#error "say how large {letter} is: cc -D{macro}=100"', "#endif"]
            lines.append(f"enum {{ {self.names.sizes[letter]} = {macro} }};")
        if self.work:
            lines.append(f"#define {self.macro} ({self._size(self.work)})")
        return "\n".join(lines)

    def function(self) -> str:
        """The definition, with places in ``work`` by their names."""
        lines = [line for statement in self.body for line in statement]
        slots = dict.fromkeys(self.places.values())
        found = "\n".join(
            "    " + re.sub(r"\bw\d+\b", lambda m: self.places.get(m[0], (m[0], 0))[0], line) for line in lines
        )
        start = [f"    real *restrict const {slot} = work{self._moved(at)};" for slot, at in slots]
        return "\n".join([self.prototype(), "{", *start, *filter(None, [found]), "}"])

    def header(self) -> str:
        """The header file: prototype and size of the workspace."""
        guard = f"{self.name.upper()}_H"
        parts = [
            f"#ifndef {guard}\n#define {guard}",
            self.comment(),
            _REAL,
            self.sizes(),
            self.prototype() + ";",
            "#endif",
        ]
        return "\n\n".join(filter(None, parts)) + "\n"

    def module(self) -> str:
        helpers = dict.fromkeys(text for _, text in sorted(self.loops.helpers.items()))
        parts = [self.comment(), "#include <tgmath.h>", _REAL, self.sizes(), *helpers, self.function()]
        return "\n\n".join(filter(None, parts)) + "\n"

    def _moved(self, start: Size) -> str:
        return "" if start == 0 else f" + {self._size(start)}"

    def _size(self, size: Size) -> str:
        return fill_sizes(f"{{={size}}}", self.names.size_name)


def _lowered(roots: Sequence[Node]) -> list[Node]:
    """The roots with every operation that C has no loop for written by others."""

    def lowered(node: Node, args: tuple[Node, ...]) -> Node:
        same = rebuild(node, args)
        lower = same.op.lowered if C.of(same.op) is C.unsaid else None
        return lower(same, *same.args) if lower else same

    return map_graph(roots, lowered)
