"""Outputs as a list of assignments: a name for each value that is shared or deep, everything else inline.

Constant parts of a graph become constants of the module, computed once as Python floats, so they neither cost time in
a call nor widen float32. Linear in nodes: no text grows past ``LONGEST``.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field

from ..graph.leaves import CONST, VAR
from ..graph.node import Node, Number, Op, make
from ..graph.templates import read_template
from ..graph.traversal import topological, use_counts
from ..ops.contraction import VIEW
from ..ops.kinds import operands, unbroadcast
from ..ops.scalar import PI, add, div, neg, pow, sqrt, sub
from ..ops.sizes import SIZE
from ..ops.targets import has_attributes
from .constants import evaluate_constant
from .names import Names
from .text import Code, fill, nearest_float, write_infix, write_number, write_product

#: An inline expression nests and grows at most this far.
DEEPEST, LONGEST = 6, 90


@dataclass
class Dialect:
    """What one target decides.

    ``template``: code of a node's operation (raises UnsupportedError). ``module``: where infinity is named.
    ``floats``: whole numbers are written as floats. ``safe``: its functions never raise, so constants may always
    move out of the function. ``constant(op, code, value, args)``: text of a constant operation. ``finish(node, code,
    fixed)``: the last word on an operation's text, given the nodes that are constant.
    """

    module: str
    floats: bool
    safe: bool
    template: Callable[[Node], str]
    constant: Callable[[Op, Code, float | None, list[Code]], Code]
    finish: Callable[[Node, Code, Container[Node]], Code] = lambda node, code, fixed: code


@dataclass
class Schedule:
    """Assignments of the module, assignments of the function, and the text of each output."""

    dialect: Dialect
    names: Names
    constants: list[tuple[str, str]] = field(default_factory=list)
    statements: list[tuple[str, str]] = field(default_factory=list)
    ops: dict[str, Op] = field(default_factory=dict)
    code: dict[Node, Code] = field(default_factory=dict)
    #: Nodes without variables, with their value where it is known.
    fixed: dict[Node, float | None] = field(default_factory=dict)
    #: ``-2*x`` as the sign of ``2*x``, where that is computed anyway.
    negatives: dict[Node, Node] = field(default_factory=dict)
    #: Sizes and arithmetic with them: Python's numbers, whose division by 0 raises.
    sized: set[Node] = field(default_factory=set)

    def run(self, outputs: Sequence[Node]) -> list[str]:
        """Schedule everything; returns the text of each output."""
        self.negatives = _find_negatives(topological(*outputs, read=operands))
        order = topological(*outputs, read=self._operands_of)
        uses = use_counts(outputs, order, self._operands_of)
        for node in order:
            self.code[node] = self._write(node)
            code = self.code[node]
            shared = uses[node] > 1 and not self._is_view(node)
            if node.args and (shared or code.depth > DEEPEST or len(code.text) > LONGEST):
                self.bind(node)
        return [self.operand_code(node).text for node in outputs]

    def _operands_of(self, node: Node) -> tuple[Node, ...]:
        return operands(self.negatives.get(node, node))

    def _is_view(self, node: Node) -> bool:
        """Whether the operation only looks at a named array in another way."""
        if not node.op.view or needs_copy(node):
            return False
        return all(self.code[arg].text.isidentifier() for arg in operands(node))

    def _write(self, node: Node) -> Code:
        if node.op is VAR:
            return Code(self.names.variables[node])
        if node.op is CONST:
            self.fixed[node] = nearest_float(node.value)
            return self._write_scalar(node.value)
        self.ops[node.op.name] = node.op
        if self._is_constant(node):
            return self._write_constant(node)
        for arg in self._operands_of(node):
            self.operand_code(arg)
        return self.dialect.finish(node, self._write_operation(node), self.fixed)

    def _write_scalar(self, value: Number) -> Code:
        return write_number(value, self.dialect.module, self.dialect.floats)

    def _is_constant(self, node: Node) -> bool:
        """Whether the operation has no variable in it and may be computed once, when the module is loaded."""
        if node.shape or has_attributes(node.op) or any(arg not in self.fixed for arg in node.args):
            return False
        if node.op is PI:
            self.fixed[node] = 3.141592653589793
            return True
        value = evaluate_constant(node.op, [self.fixed[arg] for arg in node.args])
        if value is None and not self.dialect.safe:
            return False
        self.fixed[node] = value
        return True

    def _write_constant(self, node: Node) -> Code:
        if node.op is PI:
            return Code(self.dialect.template(node))
        if all(arg.op is CONST for arg in node.args) and node.op is pow:
            args = [write_number(arg.value, self.dialect.module, True) for arg in node.args]
            code = fill(node.op, self.dialect.template(node), args)
        else:
            code, args = self._write_operation(node), [self.code[arg] for arg in node.args]
        return self.dialect.constant(node.op, code, self.fixed[node], args)

    def operand_code(self, node: Node) -> Code:
        """The code of an operand; a constant part ends here and gets its name."""
        if node in self.fixed and node.args:
            self.bind(node)
        return self.code[node]

    def bind(self, node: Node) -> Code:
        """Give the value a name, unless it has one."""
        code = self.code[node]
        if code.text.isidentifier():
            return code
        fixed = node in self.fixed
        name = self.names.fresh("c" if fixed else "t")
        (self.constants if fixed else self.statements).append((name, code.text))
        self.code[node] = Code(name)
        return self.code[node]

    def assign(self, text: str) -> str:
        """A name for the value of an expression."""
        name = self.names.fresh("t")
        self.statements.append((name, text))
        return name

    def _write_operation(self, node: Node) -> Code:
        node = self.negatives.get(node, node)
        if code := self._write_power(node):
            return code
        template, args = self.dialect.template(node), operands(node)
        if node.op.infix != template[4:-4]:
            self._name_repeated(args, read_template(template).repeated)
        codes = [self.code[arg] for arg in args]
        if node.op is SIZE or (node.op.infix and all(arg in self.sized or arg in self.fixed for arg in args)):
            self.sized.add(node)
            codes = self._guard_division(node, args, codes)
        return fill(node.op, template, codes)

    def _write_power(self, node: Node) -> Code | None:
        """A power with a constant exponent as a product, quotient or root where that is faster."""
        if node.op is not pow:
            return None
        base, exponent = operands(node)
        if exponent.op is not CONST or isinstance(exponent.value, bool):
            return None
        if exponent.value in (2, 3) and base.op is not CONST:
            atom = self.code[base] if base.op is PI else self.bind(base)
            return write_product(atom.text, int(exponent.value))
        if exponent.value == -1 and base not in self.fixed:
            return write_infix(div, self._write_scalar(1), self.code[base])
        if exponent.value == 0.5 and base not in self.fixed:
            root = make(sqrt, (base,), (), base.shape)
            return fill(root.op, self.dialect.template(root), [self.code[base]])
        if isinstance(exponent.value, int):
            return write_infix(node.op, self.code[base], write_number(exponent.value, self.dialect.module, False))
        return None

    def _guard_division(self, node: Node, args: Sequence[Node], codes: list[Code]) -> list[Code]:
        """A sum or difference of sizes that divides a number is NaN where it is 0: a mean of nothing is no error."""
        if node.op is not div or args[1].op not in (add, sub):
            return codes
        return [codes[0], Code(f"({codes[1].text} or {self.dialect.module}.nan)")]

    def _name_repeated(self, args: Sequence[Node], repeated: Iterable[int]) -> None:
        for index in sorted(repeated):
            if args[index].args:
                self.bind(args[index])


def _find_negatives(order: Sequence[Node]) -> dict[Node, Node]:
    """Products and quotients with a negative number in front whose opposite is there too, as signs of that.

    Those without variables are computed when the module is loaded.
    """
    known, negatives = set(order), {}
    constant: set[Node] = set()
    for node in order:
        if node.op is not VAR and all(arg in constant for arg in operands(node)):
            constant.add(node)
            continue
        first = unbroadcast(node.args[0]) if node.op.infix in ("*", "/") else node
        if first.op is CONST and node is not first and first.value < 0 and (opposite := -node) in known:
            negatives[node] = make(neg, (opposite,), (), node.shape)
    return negatives


def needs_copy(node: Node) -> bool:
    """Whether a change of axes has to write an array: one of a number, or with the operand on a diagonal."""
    return node.op is VIEW and (not node.attrs[0] or len(set(node.attrs[1])) < len(node.attrs[1]))
