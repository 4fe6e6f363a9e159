"""Statements with ``out=``: a buffer serves again as soon as its value has been read for the last time.

An elementwise operation that reads a value for the last time writes over it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ..graph.node import CONST, VAR, Node
from ..graph.shapes import Shape
from ..graph.templates import ATOM, fill_sizes
from ..graph.traversal import use_counts
from ..ops.contraction import CONTRACT
from ..ops.kinds import operands
from ..ops.spelling import einsum_spec, tensordot
from ..ops.targets import NUMPY
from .fusion import find_diagonal_terms, find_dot_products
from .powers import list_power_steps
from .schedule import Schedule, needs_copy
from .text import Code

_UFUNCS = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "true_divide", "**": "power", "%": "remainder", "<": "less",
    "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal",
}  # fmt: skip

Key = tuple[Shape, str]


class Buffers(Schedule):
    """Statements with ``out=``; arrays are named by the buffer that holds them."""

    def prepare(self, order: Sequence[Node], outputs: Sequence[Node], results: Sequence[Node]) -> None:
        """Find out who reads what for the last time. ``results`` are returned and get arrays of their own."""
        uses = use_counts(outputs, order, operands)
        self.end = len(order)
        self.placed = find_diagonal_terms(order, uses)
        self.skipped = find_dot_products(order, uses) | self.placed
        self.made: list[tuple[str, Key]] = []
        self.fixed_arrays: list[tuple[str, str]] = []
        #: The names of numbers as arrays, by their text.
        self.numbers: dict[str, str] = {}
        #: Numbers that the call gives, as arrays.
        self.given: dict[Node, Code] = {}
        self.fresh_results: list[tuple[str, Key]] = []
        #: Shapes of intermediate arrays that each call makes anew.
        self.new: list[Shape] = []
        #: The buffers that hold nothing, in the order of release, so that the text is the same in every process.
        self.free: dict[Key, dict[str, None]] = {}
        #: The steps in which each buffer is in use, from one to another.
        self.uses: dict[str, list[tuple[int, int]]] = {}
        self.base: dict[Node, Node] = {}
        self.last: dict[Node, int] = {}
        for place, node in enumerate(order):
            reads = operands(node)
            self.base[node] = self.base[reads[0]] if self.aliases(node) else node
            for arg in reads:
                self.last[self.base[arg]] = place
                if arg in self.skipped:
                    for inner in operands(arg):
                        self.last[self.base[inner]] = place
        self.results = {self.base[node] for node in results}
        for node in outputs:
            self.last[self.base[node]] = len(order)

    def aliases(self, node: Node) -> bool:
        """Whether the value shares the memory of its first operand."""
        repeats = node.op.name == "broadcast" and bool(node.args[0].shape)
        return bool(node.shape) and (node.op.view or repeats) and not needs_copy(node)

    def inline(self, node: Node) -> bool:
        """Whether the value needs no array: a number, or an array that exists."""
        return not node.shape or node.op in (VAR, CONST) or self.aliases(node)

    def result(self, node: Node) -> str:
        """The name of a result's own array."""
        name = self.names.fresh("r")
        self.fresh_results.append((name, self.key(node)))
        return name

    def schedule(self, order: Sequence[Node]) -> None:
        for place, node in enumerate(order):
            self.taken_over = frozenset()
            if node in self.skipped:
                continue
            if self.inline(node):
                self.code[node] = self._code(node)
                if not node.shape and node.args and node not in self.fixed and any(arg.shape for arg in operands(node)):
                    self.bind(node)
            elif not operands(node):
                self.ops[node.op.name] = node.op
                self.code[node] = Code(self.names.fresh("k"))
                self.fixed_arrays.append((self.code[node].text, self.dialect.template(node)))
            else:
                self.operation(node, place)
            for arg in dict.fromkeys(self.base[arg] for arg in self.read(node)):
                self.release(arg, place)

    def read(self, node: Node) -> list[Node]:
        """The operands, those of skipped products in their place."""
        found: list[Node] = []
        for arg in operands(node):
            found += operands(arg) if arg in self.skipped else [arg]
        return found

    def operand_code(self, node: Node) -> Code:
        return Code("") if node in self.skipped else super().operand_code(node)

    def _operation(self, node: Node) -> Code:
        (arg, *_) = operands(node) or (node,)
        if arg in self.skipped and arg not in self.placed:
            factors = operands(arg)
            left, right = self.code[factors[0]], self.code[factors[-1 if arg.op.name == "mul" else 0]]
            return Code(f"np.dot({left.within(ATOM)}.ravel(), {right.within(ATOM)}.ravel())", depth=1)
        return super()._operation(node)

    # -- buffers -------------------------------------------------------------------------------------------------

    def release(self, node: Node, place: int) -> None:
        name = self.code[node].text
        if self.last.get(node) != place or name not in self.uses:
            return
        free = self.free.setdefault(self.key(node), {})
        if name not in self.taken_over and name not in free:
            free[name] = None
            self.uses[name][-1] = self.uses[name][-1][0], place

    def acquire(self, name: str, place: int) -> str:
        """The buffer, in use from here on, until it is released."""
        self.uses.setdefault(name, []).append((place, self.end))
        return name

    taken_over: frozenset[str] = frozenset()

    def key(self, node: Node) -> Key:
        return node.shape, "bool" if node.op.predicate else "dtype"

    def target(self, node: Node, place: int, in_place: bool) -> str:
        """The array that the value goes to: a result's own, an operand's that nobody reads again, or a buffer."""
        key = self.key(node)
        if node in self.results:
            return self.result(node)
        self.taken_over = frozenset()
        if in_place:
            for arg in operands(node):
                if arg in self.skipped:
                    continue
                name = self.code[arg].text
                others = [other for other in operands(node) if other is not arg and self.base[other] is self.base[arg]]
                dying = self.base[arg] is arg and self.last[arg] == place and not others
                if dying and name in self.uses and self.key(arg) == key:
                    self.taken_over = frozenset((name,))
                    return name
        if self.free.get(key):
            return self.acquire(self.free[key].popitem()[0], place)
        name = self.names.fresh("b")
        self.made.append((name, key))
        return self.acquire(name, place)

    def operation(self, node: Node, place: int) -> None:
        """One operation as statements; without a way to write into an array it makes a new one."""
        self.ops[node.op.name] = node.op
        for arg in operands(node):
            self.operand_code(arg)
        recipe = self.on_diagonal(node) or self.recipe(node, [self.operand(arg, node) for arg in operands(node)])
        if recipe is None:
            self.taken_over = frozenset()
            name = self.names.fresh("t")
            self.new += [node.shape] if node not in self.results else []
            code = self.dialect.finish(node, self._operation(node), self.fixed)
            self.statements.append((name, code.text))
        else:
            lines, in_place = recipe
            name = self.target(node, place, in_place)
            lines = [line for line in lines if line != f"{{copy}}{name}"]
            lines = [f"np.copyto({name}, {line[6:]})" if line.startswith("{copy}") else line for line in lines]
            self.statements += [("", line.replace("{out}", name)) for line in lines]
        self.code[node] = Code(name)

    def operand(self, node: Node, reader: Node) -> Code:
        """The code of an operand; a number becomes an array of the common type, so that no call converts it."""
        code = self.code[node]
        if node.op is VAR and self.number(node) and reader.op.elementwise:
            if node not in self.given:
                self.given[node] = Code(self.names.fresh("s"))
                self.statements.append((self.given[node].text, f"np.asarray({code.text}, dtype)"))
            return self.given[node]
        if node not in self.fixed or node.shape:
            return code
        return Code(self.kept_number(code.text))

    def kept_number(self, text: str) -> str:
        """The name of a number as an array."""
        if text not in self.numbers:
            self.numbers[text] = self.names.fresh("k")
        return self.numbers[text]

    def number(self, node: Node) -> bool:
        """Whether the value is no array."""
        return not node.shape

    def on_diagonal(self, node: Node) -> tuple[list[str], bool] | None:
        """A sum with what stands on a diagonal: the other operand, with the diagonal added in place."""
        diagonal = next((arg for arg in operands(node) if arg in self.placed), None)
        if diagonal is None:
            return None
        (other,) = (arg for arg in operands(node) if arg is not diagonal)
        inner, outer = diagonal.attrs
        sign = "-" if node.op.name == "sub" else "+"
        added = self.operand_code(diagonal.args[0]).text
        update = f'np.einsum("{einsum_spec([outer], inner)}", {{out}})[...] {sign}= {added}'
        return [f"{{copy}}{self.code[other].text}", update], True

    def recipe(self, node: Node, args: list[Code]) -> tuple[list[str], bool] | None:
        """Lines that write the value to ``{out}``, and whether that may be an operand."""
        texts = [arg.text for arg in args]
        op = node.op
        if op.infix == "**" and (steps := list_power_steps(operands(node)[1])):
            return _filled(steps, texts), not any("{0}" in step for step in steps[1:])
        code = NUMPY.of(op)
        if code.into:
            one = self.kept_number("1") if any("{one}" in step for step in code.into) else ""
            return _filled(code.into, texts, one), code.in_place
        if op.elementwise and op.infix in _UFUNCS:
            return [f"np.{_UFUNCS[op.infix]}({texts[0]}, {texts[1]}, {{out}})"], True
        if op.name == "neg":
            return [f"np.negative({texts[0]}, {{out}})"], True
        if op.name == "where":
            chosen = texts[0] if operands(node)[0].op.predicate else f"{texts[0]} != 0"
            return [f"np.copyto({{out}}, {texts[2]})", f"np.copyto({{out}}, {texts[1]}, where={chosen})"], False
        if op.elementwise:
            return self.function(str(code.code), texts)
        return self.reduction(node, texts) if op is CONTRACT or op.name in ("max", "min") else None

    def function(self, template: str, texts: list[str]) -> tuple[list[str], bool] | None:
        found = re.fullmatch(r"(np|special)\.(\w+)\(([^()]*)\)", template)
        if not found or not _is_ufunc(found[1], found[2]):
            return None
        return [f"{found[1]}.{found[2]}({found[3].format(*texts)}, out={{out}})"], True

    def reduction(self, node: Node, texts: list[str]) -> tuple[list[str], bool] | None:
        """Contractions and reductions of arrays, by the functions that take ``out``."""
        if node.op is CONTRACT and (dot := tensordot(*node.attrs)) and max(arg.ndim for arg in node.args) > 2:
            left, right, *axes = dot
            return [f"_tensordot({texts[left]}, {texts[right]}, {axes[0]}, {axes[1]}, {{out}})"], False
        code = NUMPY.of(node.op).code
        assert callable(code)
        text = fill_sizes(code(node), self.names.size_name)
        product = re.fullmatch(r"(\{\d\}(?:\.[\w(, )-]+)?) @ (\{\d\}(?:\.[\w(, )-]+)?)", text)
        if product:
            name = "dot" if max(arg.ndim for arg in node.args) < 3 else "matmul"
            return [f"np.{name}({product[1].format(*texts)}, {product[2].format(*texts)}, {{out}})"], False
        if "_" in text.split("(")[0] or not text.endswith(")"):
            return None
        atoms = [part if re.fullmatch(r"[\w.\[\], :]+", part) else f"({part})" for part in texts]
        return [text[:-1].format(*atoms) + ", out={out})"], False


@cache
def _is_ufunc(module: str, name: str) -> bool:
    """Whether the function of NumPy or of ``scipy.special`` takes ``out``."""
    import numpy as np
    from scipy import special

    return isinstance(getattr({"np": np, "special": special}[module], name, None), np.ufunc)


def _filled(steps: Sequence[str], texts: Sequence[str], one: str = "") -> list[str]:
    return [step.replace("{out}", "\0").format(*texts, one=one).replace("\0", "{out}") for step in steps]
