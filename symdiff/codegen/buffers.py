"""Statements with ``out=``: a buffer serves again as soon as its value has been read for the last time.

An elementwise operation that reads a value for the last time writes over it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..expr import CONST, ROWS, VAR, Node
from ..ops.contraction import CONTRACT
from ..ops.kinds import operands, unbroadcast
from ..ops.spelling import einsum_spec, tensordot
from ..shapes import Shape
from ..templates import ATOM, fill_sizes
from ..walk import use_counts
from .schedule import Schedule, copies
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
        self.placed = _placed(order, uses)
        self.skipped = _dotted(order, uses) | self.placed
        self.made: list[tuple[str, Key]] = []
        self.fixed_arrays: list[tuple[str, str]] = []
        self.fresh_results: list[tuple[str, Key]] = []
        #: Shapes of intermediate arrays that each call makes anew.
        self.new: list[Shape] = []
        self.free: dict[Key, list[str]] = {}
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
        return bool(node.shape) and (node.op.view or repeats) and not copies(node)

    def schedule(self, order: Sequence[Node]) -> None:
        for place, node in enumerate(order):
            self.taken_over = frozenset()
            if node in self.skipped:
                continue
            if not node.shape or node.op in (VAR, CONST) or self.aliases(node):
                self.code[node] = self._code(node)
                if not node.shape and node.args and node not in self.fixed and any(arg.shape for arg in operands(node)):
                    self.bind(node)
            elif not operands(node):
                self.rows[node.op.name] = node.op
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

    def _settled(self, node: Node) -> Code:
        return Code("") if node in self.skipped else super()._settled(node)

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
        key = self.key(node)
        if name not in self.free.setdefault(key, []) and name not in self.taken_over:
            self.free[key].append(name)
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
            name = self.names.fresh("r")
            self.fresh_results.append((name, key))
            return name
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
            return self.acquire(self.free[key].pop(), place)
        name = self.names.fresh("b")
        self.made.append((name, key))
        return self.acquire(name, place)

    def operation(self, node: Node, place: int) -> None:
        """One operation as statements; without a way to write into an array it makes a new one."""
        self.rows[node.op.name] = node.op
        for arg in operands(node):
            self._settled(arg)
        recipe = self.on_diagonal(node) or self.recipe(node, [self.code[arg] for arg in operands(node)])
        if recipe is None:
            self.taken_over = frozenset()
            name = self.names.fresh("r" if node in self.results else "t")
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

    def on_diagonal(self, node: Node) -> tuple[list[str], bool] | None:
        """A sum with what stands on a diagonal: the other operand, with the diagonal added in place."""
        diagonal = next((arg for arg in operands(node) if arg in self.placed), None)
        if diagonal is None:
            return None
        (other,) = (arg for arg in operands(node) if arg is not diagonal)
        inner, outer = diagonal.attrs
        sign = "-" if node.op.name == "sub" else "+"
        place = (
            f'np.einsum("{einsum_spec([outer], inner)}", {{out}})[...] {sign}= {self._settled(diagonal.args[0]).text}'
        )
        return [f"{{copy}}{self.code[other].text}", place], True

    def recipe(self, node: Node, args: list[Code]) -> tuple[list[str], bool] | None:
        """Lines that write the value to ``{out}``, and whether that may be an operand."""
        texts = [arg.text for arg in args]
        row = node.op
        if row.name == "pow" and (lines := _power(operands(node)[1], texts[0])):
            return lines, len(lines) == 1
        if row.steps:
            filled = [step.replace("{out}", "\0").format(*texts).replace("\0", "{out}") for step in row.steps]
            return filled, row.steps_in_place
        if row.elementwise and row.infix in _UFUNCS:
            return [f"np.{_UFUNCS[row.infix]}({texts[0]}, {texts[1]}, {{out}})"], True
        if row.name == "neg":
            return [f"np.negative({texts[0]}, {{out}})"], True
        if row.name == "where":
            return [f"np.copyto({{out}}, {texts[2]})", f"np.copyto({{out}}, {texts[1]}, where={texts[0]})"], False
        if row.elementwise:
            return self.function(row.numpy, texts)
        return self.reduction(node, texts) if row is CONTRACT or row.name in ("max", "min") else None

    def function(self, template: str, texts: list[str]) -> tuple[list[str], bool] | None:
        import numpy as np

        found = re.fullmatch(r"np\.(\w+)\(([^()]*)\)", template)
        if not found or not isinstance(getattr(np, found[1], None), np.ufunc):
            return None
        return [f"np.{found[1]}({found[2].format(*texts)}, out={{out}})"], True

    def reduction(self, node: Node, texts: list[str]) -> tuple[list[str], bool] | None:
        """Contractions and reductions of arrays, by the functions that take ``out``."""
        if node.op is CONTRACT and (dot := tensordot(*node.attrs)) and max(arg.ndim for arg in node.args) > 2:
            left, right, *axes = dot
            return [f"_tensordot({texts[left]}, {texts[right]}, {axes[0]}, {axes[1]}, {{out}})"], False
        text = fill_sizes(node.op.numpy_of(node), self.names.size)  # type: ignore[misc]
        product = re.fullmatch(r"(\{\d\}(?:\.[\w(, )-]+)?) @ (\{\d\}(?:\.[\w(, )-]+)?)", text)
        if product:
            name = "dot" if max(arg.ndim for arg in node.args) < 3 else "matmul"
            return [f"np.{name}({product[1].format(*texts)}, {product[2].format(*texts)}, {{out}})"], False
        if "_" in text.split("(")[0] or not text.endswith(")"):
            return None
        code = [Code(text) for text in texts]
        atoms = [part.text if re.fullmatch(r"[\w.\[\], :]+", part.text) else f"({part.text})" for part in code]
        return [text[:-1].format(*atoms) + ", out={out})"], False


def _power(exponent: Node, base: str) -> list[str]:
    """Small whole powers as products."""
    value = exponent.value if exponent.op is CONST else None
    lines = [f"np.multiply({base}, {base}, {{out}})"]
    return lines if value == 2 else [*lines, f"np.multiply({{out}}, {base}, {{out}})"] if value == 3 else []


def _dotted(order: Sequence[Node], uses: Mapping[Node, int]) -> set[Node]:
    """Products of arrays of one shape, and squares, that only a full sum reads: it becomes a dot product."""
    found = set()
    for node in order:
        if node.op is not CONTRACT or node.shape or len(node.args) != 1 or len(operands(node)) != 1:
            continue
        (arg,) = operands(node)
        factors = [unbroadcast(factor) for factor in arg.args]
        square = arg.op.name == "pow" and factors[1] is _TWO
        product = arg.op.name == "mul" and all(factor.shape == arg.shape for factor in factors)
        if (square or product) and uses[arg] == 1 and arg is node.args[0]:
            found.add(arg)
    return found


def _placed(order: Sequence[Node], uses: Mapping[Node, int]) -> set[Node]:
    """Arrays put on a diagonal that only one sum reads, beside another array of its shape."""
    found = set()
    for node in order:
        if node.op.name not in ("add", "sub") or not node.shape:
            continue
        first, second = operands(node)
        for arg, other in ((second, first), (first, second))[: 1 if node.op.name == "sub" else 2]:
            plain = other.shape == node.shape == arg.shape and not (other.op.name == "view" and copies(other))
            alone = arg.op.name == "view" and copies(arg) and uses[arg] == 1
            if plain and alone and _only_places(*arg.attrs):
                found.add(arg)
                break
    return found


def _only_places(inner: tuple[int, ...], outer: tuple[int, ...]) -> bool:
    """Whether a view puts its operand on a diagonal and does nothing else."""
    return bool(inner) and len(set(inner)) == len(inner) and set(inner) == set(outer)


_TWO = ROWS["const"](2)
