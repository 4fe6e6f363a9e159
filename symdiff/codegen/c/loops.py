"""Statements of a C function: a variable for each scalar that is shared or deep, a loop nest for each array.

What is elementwise, or only looks at an array in another way, is written into the loop that reads it. An array is kept
where it is read more than once, or again and again by a reduction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...graph.leaves import CONST, VAR
from ...graph.node import Node, Number
from ...graph.shapes import Shape, Size, multiply_sizes
from ...graph.templates import fill_sizes, read_template
from ...graph.traversal import topological, use_counts
from ...ops.c_code import Index, offset, size_code
from ...ops.kinds import unbroadcast
from ...ops.scalar import PI, pow
from ...ops.targets import C
from ..constants import evaluate_constant
from ..names import Names
from ..text import Code, fill, nearest_float, write_product
from .spelling import cast_whole, find_template, unsupported, write_literal

#: Operations that one expression holds at most.
LARGEST = 12
NOTHING: frozenset[Node] = frozenset()
#: Loop variables with the numbers of their steps.
Ranges = Sequence[tuple[str, Size]]


class Value(NamedTuple):
    """A node in the code: its element at an index, the operations written out in that, and inputs that it reads.

    ``at`` calls those of the operands, at most ``LARGEST`` deep.
    """

    at: Callable[[Index], Code]
    cost: int = 0
    nodes: int = 0
    inputs: frozenset[Node] = NOTHING


class Loops:
    """The statements of one function, each a list of lines, and the arrays that they keep, with their sizes.

    ``changed``: inputs that are written at the end, so nothing may read them late. ``targets``: arrays that outputs
    are written to.
    """

    def __init__(self, names: Names, changed: frozenset[Node], targets: dict[Node, str]) -> None:
        self.names, self.changed, self.targets = names, changed, targets
        self.statements: list[list[str]] = []
        self.arrays: dict[str, Size] = {}
        self.helpers: dict[str, str] = {}
        self.values: dict[Node, Value] = {}
        self.fixed: dict[Node, float | None] = {}

    def run(self, roots: Sequence[Node]) -> None:
        """Everything that the roots need."""
        order = topological(*roots)
        uses = use_counts(roots, order)
        for node in order:
            self.values[node] = value = self.value(node)
            if value.nodes > LARGEST or (value.cost and uses[node] > 1):
                self.bind(node)

    # -- one node --------------------------------------------------------------------------------------------------

    def value(self, node: Node) -> Value:
        op = node.op
        if op is VAR:
            return self.variable(node)
        if self.is_constant(node):
            value = self.fixed[node]
            code = write_literal(node.value if op is CONST else value)  # type: ignore[arg-type]
            return Value(lambda index: code)
        own = C.of(op)
        if own.helper:
            self.helpers[op.name] = own.helper
        if op.elementwise:
            return self.elementwise(node)
        if own.labels:
            return self.reduction(node)
        if own.element is None:
            raise unsupported(op)
        return self.view(node)

    def variable(self, node: Node) -> Value:
        name, shape = self.names.variables[node], node.shape
        inputs = frozenset([node]) & self.changed
        if not shape:
            return Value(lambda index: Code(f"{name}[0]" if inputs else name), inputs=inputs)
        return Value(lambda index: Code(f"{name}[{offset(index, shape)}]"), inputs=inputs)

    def is_constant(self, node: Node) -> bool:
        """Whether the operation has a value now: its operands have one, and Python's arithmetic gives it."""
        if node.op is CONST:
            self.fixed[node] = nearest_float(node.value)
        elif node.op is PI:
            self.fixed[node] = 3.141592653589793
        elif node.op.elementwise and not node.shape and all(arg in self.fixed for arg in node.args):
            value = evaluate_constant(node.op, [self.fixed[arg] for arg in node.args])
            if value is not None:
                self.fixed[node] = value
        return node in self.fixed

    def elementwise(self, node: Node) -> Value:
        op, args, text = node.op, node.args, find_template(node.op)
        power = _constant_exponent(node)
        for operand in {0} if power in (2, 3) else read_template(text).repeated:
            if self.values[args[operand]].cost:
                self.bind(args[operand])
        parts = [self.values[arg] for arg in args]
        plain = all(arg in self.fixed for arg in args[op.logical :])

        def at(index: Index) -> Code:
            if power in (2, 3):
                return write_product(parts[0].at(index).within(100), int(power))
            codes = [cast_whole(part.at(index)) if plain else part.at(index) for part in parts]
            codes = [Code(f"({c.text})") if c.text[0] == "-" and op.prefix else c for c in codes]
            return fill(op, text, codes)

        return self.combine(node, at, 1)

    def view(self, node: Node) -> Value:
        """An element of a node that has no loop of its own; what it repeats is computed before."""
        element = C.of(node.op).element
        assert element is not None
        for arg in node.args:
            if self.values[arg].cost and multiply_sizes(*arg.shape) != multiply_sizes(*node.shape):
                self.bind(arg)
        parts = [self.values[arg] for arg in node.args]
        return self.combine(node, lambda index: Code(element(node, index, lambda k, i: parts[k].at(i).within(100))), 0)

    def combine(self, node: Node, at: Callable[[Index], Code], cost: int) -> Value:
        parts = [self.values[arg] for arg in node.args]
        inputs = frozenset().union(*(part.inputs for part in parts)) if self.changed else NOTHING
        cost += sum(part.cost for part in parts)
        return Value(at, cost, 1 + sum(part.nodes for part in parts), inputs)

    # -- values that are kept --------------------------------------------------------------------------------------

    def bind(self, node: Node) -> None:
        """Compute the value here: a scalar gets a name, an array a slot."""
        value = self.values[node]
        if not value.nodes:
            return
        if node.shape:
            name = self.allocate(node)
            self.write_nest(node.shape, name, value.at)
            return
        name = self.names.fresh("t")
        self.add_statement([f"const {'int' if node.op.predicate else 'real'} {name} = {_strip(value.at(()).text)};"])
        self.values[node] = Value(lambda index: Code(name))

    def allocate(self, node: Node) -> str:
        """The array that the node's elements are written to: an output's own, or one in ``work``."""
        name = self.targets.get(node)
        if name is None:
            name = self.names.fresh("w")
            self.arrays[name] = multiply_sizes(*node.shape)
        target, shape = name, node.shape
        self.values[node] = Value(lambda index: Code(f"{target}[{offset(index, shape)}]"))
        return target

    def add_statement(self, lines: Sequence[str]) -> None:
        self.statements.append([fill_sizes(line, self.names.size_name) for line in lines])

    # -- loops -----------------------------------------------------------------------------------------------------

    def write_nest(self, shape: Shape, target: str, at: Callable[[Index], Code], sign: str = "") -> None:
        """``target[...] = value`` for every element."""
        index = tuple("0" if size == 1 else f"i{axis}" for axis, size in enumerate(shape))
        ranges = [(name, size) for name, size in zip(index, shape, strict=True) if name != "0"]
        element = f"{target}[{offset(index, shape)}]" if shape else f"*{target}"
        self.add_statement(nest(ranges, [f"{element} {sign}= {_strip(at(index).text)};"]))

    def reduction(self, node: Node) -> Value:
        """Terms taken in one after the other, along the last axis where the operands lie that way."""
        start, update = C.of(node.op).accumulate
        inputs, output, sizes = _read_labels(node)
        for arg, own in zip(node.args, inputs, strict=True):
            if self.values[arg].cost and len(own) < len(sizes):
                self.bind(arg)
        at = {label: "0" if size == 1 else f"i{position}" for position, (label, size) in enumerate(sizes.items())}
        factors = [
            self.values[arg].at(tuple(at[label] for label in own)).within(6 if len(inputs) > 1 else 0)
            for arg, own in zip(node.args, inputs, strict=True)
        ]
        outer = [(at[label], sizes[label]) for label in output if at[label] != "0"]
        inner = [(at[label], size) for label, size in sizes.items() if label not in output and at[label] != "0"]
        along = outer and any(own and at[own[-1]] == outer[-1][0] for own in inputs)
        terms = Terms(outer, inner, start, lambda into: update.format(into, "*".join(factors)) + ";")
        if not node.shape:
            name = self.names.fresh("t")
            self.add_statement([f"real {name} = {start};", *nest(inner, [terms.update(name)])])
            self.values[node] = Value(lambda index: Code(name))
            return self.values[node]
        target = f"{self.allocate(node)}[{offset(tuple(at[label] for label in output), node.shape)}]"
        self.add_statement(
            terms.write_by_row(target) if along else terms.write_by_element(target, self.names.fresh("s"))
        )
        return self.values[node]


class Terms(NamedTuple):
    """A reduction: loops over the result, loops over what is summed, the start, and how a term is taken into it."""

    outer: Ranges
    inner: Ranges
    start: str
    update: Callable[[str], str]

    def write_by_row(self, target: str) -> list[str]:
        """A row of the result at a time: the innermost loop goes along it."""
        *rows, last = self.outer
        body = [
            *nest([last], [f"{target} = {self.start};"]),
            *nest([*self.inner, last], [self.update(target)]),
        ]
        return nest(rows, body)

    def write_by_element(self, target: str, total: str) -> list[str]:
        """An element of the result at a time."""
        body = [f"real {total} = {self.start};", *nest(self.inner, [self.update(total)]), f"{target} = {total};"]
        return nest(self.outer, body)


def nest(ranges: Ranges, body: Sequence[str]) -> list[str]:
    """The lines in loops that stand one inside the other; several statements in braces."""
    lines = list(body)
    for index, size in reversed(ranges):
        several = sum(not line.startswith((" ", "}")) for line in lines) > 1
        head = f"for (int {index} = 0; {index} < {size_code(size)}; {index}++)" + " {" * several
        lines = [head, *("    " + line for line in lines), *["}"] * several]
    return lines


def _constant_exponent(node: Node) -> Number | None:
    """The constant exponent of a power."""
    exponent = unbroadcast(node.args[1]) if node.op is pow else node
    return exponent.value if exponent.op is CONST else None


def _read_labels(node: Node) -> tuple[Sequence[Sequence[Any]], Sequence[Any], dict[Any, Size]]:
    """The labels of operands and result, and the size of each."""
    labels = C.of(node.op).labels
    assert labels is not None
    inputs, output = labels(node)
    pairs = [zip(own, arg.shape, strict=True) for own, arg in zip(inputs, node.args, strict=True)]
    return inputs, output, dict(pair for own in pairs for pair in own)


def _strip(text: str) -> str:
    """The text without parentheses around all of it."""
    if not text.startswith("(") or text.startswith("(real)"):
        return text
    depth = 0
    for index, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return text[1:-1] if index == len(text) - 1 else text
    return text
