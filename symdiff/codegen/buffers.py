"""Statements with ``out=``: a buffer serves again as soon as its value has been read for the last time.

An elementwise operation that reads a value for the last time writes over it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ..graph.leaves import CONST, VAR
from ..graph.node import Node
from ..graph.shapes import Shape
from ..graph.templates import ATOM, fill_sizes
from ..graph.traversal import use_counts
from ..ops.contraction import CONTRACT
from ..ops.filling import BROADCAST
from ..ops.kinds import operands
from ..ops.scalar import mul, pow, sub
from ..ops.spelling import einsum_spec, tensordot
from ..ops.targets import NUMPY
from .fusion import find_diagonal_terms, find_dot_products
from .powers import list_power_steps
from .schedule import Schedule, needs_copy
from .text import Code

Key = tuple[Shape, str]


class Buffers(Schedule):
    """Statements with ``out=``; arrays are named by the buffer that holds them."""

    def prepare(self, order: Sequence[Node], outputs: Sequence[Node], results: Sequence[Node]) -> None:
        """Find out who reads what for the last time. ``results`` are returned and get arrays of their own."""
        uses = use_counts(outputs, order, operands)
        self.end = len(order)
        #: What is computed together with the operation that reads it; of that, what stands on a diagonal.
        self.diagonal = find_diagonal_terms(order, uses)
        self.fused = find_dot_products(order, uses) | self.diagonal
        self.buffers: list[tuple[str, Key]] = []
        self.fixed_arrays: list[tuple[str, str]] = []
        #: The names of constants as arrays, by their text.
        self.scalars: dict[str, str] = {}
        #: Scalar arguments as arrays.
        self.scalar_arguments: dict[Node, Code] = {}
        self.fresh_results: list[tuple[str, Key]] = []
        #: Shapes of intermediate arrays that each call allocates.
        self.allocated: list[Shape] = []
        #: The buffers that hold nothing, in the order of release, so that the text is the same in every process.
        self.free: dict[Key, dict[str, None]] = {}
        #: The steps in which each buffer is in use, from one to another.
        self.uses: dict[str, list[tuple[int, int]]] = {}
        self.base: dict[Node, Node] = {}
        self.last: dict[Node, int] = {}
        for step, node in enumerate(order):
            self.base[node] = self.base[operands(node)[0]] if self.aliases(node) else node
            for arg in operands(node):
                for read in (arg, *(operands(arg) if arg in self.fused else ())):
                    self.last[self.base[read]] = step
        self.results = {self.base[node] for node in results}
        for node in outputs:
            self.last[self.base[node]] = self.end

    def aliases(self, node: Node) -> bool:
        """Whether the value shares the memory of its first operand."""
        repeats = node.op is BROADCAST and bool(node.args[0].shape)
        return bool(node.shape) and (node.op.view or repeats) and not needs_copy(node)

    def is_inline(self, node: Node) -> bool:
        """Whether the value needs no array: a scalar, or an array that exists."""
        return not node.shape or node.op in (VAR, CONST) or self.aliases(node)

    def result_array(self, node: Node) -> str:
        """The name of a result's own array."""
        name = self.names.fresh("r")
        self.fresh_results.append((name, self.key_of(node)))
        return name

    def schedule(self, order: Sequence[Node]) -> None:
        for step, node in enumerate(order):
            self.taken_over = ""
            if node in self.fused:
                continue
            if self.is_inline(node):
                self.code[node] = self._write(node)
                if not node.shape and node.args and node not in self.fixed and any(arg.shape for arg in operands(node)):
                    self.bind(node)
            elif not operands(node):
                self.ops[node.op.name] = node.op
                self.code[node] = Code(self.names.fresh("k"))
                self.fixed_arrays.append((self.code[node].text, self.dialect.template(node)))
            else:
                self.write_statements(node, step)
            for arg in dict.fromkeys(self.base[arg] for arg in self.list_reads(node)):
                self.release(arg, step)

    def list_reads(self, node: Node) -> list[Node]:
        """The operands, and for one that is computed together with the node, what that reads."""
        return [read for arg in operands(node) for read in (operands(arg) if arg in self.fused else (arg,))]

    def operand_code(self, node: Node) -> Code:
        return Code("") if node in self.fused else super().operand_code(node)

    def _write_operation(self, node: Node) -> Code:
        (arg, *_) = operands(node) or (node,)
        if arg in self.fused and arg not in self.diagonal:
            factors = operands(arg)
            left, right = self.code[factors[0]], self.code[factors[-1 if arg.op is mul else 0]]
            return Code(f"np.dot({left.within(ATOM)}.ravel(), {right.within(ATOM)}.ravel())", depth=1)
        return super()._write_operation(node)

    # -- buffers -------------------------------------------------------------------------------------------------

    def release(self, node: Node, step: int) -> None:
        name = self.code[node].text
        if self.last.get(node) != step or name not in self.uses:
            return
        free = self.free.setdefault(self.key_of(node), {})
        if name != self.taken_over and name not in free:
            free[name] = None
            self.uses[name][-1] = self.uses[name][-1][0], step

    def acquire(self, name: str, step: int) -> str:
        """The buffer, in use from here on, until it is released."""
        self.uses.setdefault(name, []).append((step, self.end))
        return name

    #: The operand's buffer that the operation of this step writes over.
    taken_over: str = ""

    def key_of(self, node: Node) -> Key:
        """The shape and type of the value: those of the buffers that can hold it."""
        return node.shape, "bool" if node.op.predicate else "dtype"

    def choose_target(self, node: Node, step: int, in_place: bool) -> str:
        """The array that the value goes to: a result's own, an operand's that nobody reads again, or a buffer."""
        if node in self.results:
            return self.result_array(node)
        key = self.key_of(node)
        for arg in operands(node) if in_place else ():
            if arg not in self.fused and self._dies(arg, node, step) and self.key_of(arg) == key:
                self.taken_over = self.code[arg].text
                return self.taken_over
        if self.free.get(key):
            return self.acquire(self.free[key].popitem()[0], step)
        name = self.names.fresh("b")
        self.buffers.append((name, key))
        return self.acquire(name, step)

    def _dies(self, arg: Node, reader: Node, step: int) -> bool:
        """Whether the operand is a whole buffer, read for the last time, and in no other operand's memory."""
        shared = any(other is not arg and self.base[other] is self.base[arg] for other in operands(reader))
        last = self.base[arg] is arg and self.last[arg] == step
        return last and not shared and self.code[arg].text in self.uses

    # -- statements ----------------------------------------------------------------------------------------------

    def write_statements(self, node: Node, step: int) -> None:
        """One operation as statements; without a way to write into an array it makes a new one."""
        self.ops[node.op.name] = node.op
        for arg in operands(node):
            self.operand_code(arg)
        steps = self.add_diagonal(node) or self.steps_into(node, [self.array_code(arg, node) for arg in operands(node)])
        if steps is None:
            name = self.names.fresh("t")
            self.allocated += [node.shape] if node not in self.results else []
            code = self.dialect.finish(node, self._write_operation(node), self.fixed)
            self.statements.append((name, code.text))
        else:
            lines, in_place = steps
            name = self.choose_target(node, step, in_place)
            lines = [line for line in lines if line != f"{{copy}}{name}"]
            lines = [f"np.copyto({name}, {line[6:]})" if line.startswith("{copy}") else line for line in lines]
            self.statements += [("", line.replace("{out}", name)) for line in lines]
        self.code[node] = Code(name)

    def array_code(self, node: Node, reader: Node) -> Code:
        """The code of an operand; a scalar becomes an array of the common type, so that no call converts it."""
        code = self.code[node]
        if node.op is VAR and self.is_scalar(node) and reader.op.elementwise:
            if node not in self.scalar_arguments:
                self.scalar_arguments[node] = Code(self.names.fresh("s"))
                self.statements.append((self.scalar_arguments[node].text, f"np.asarray({code.text}, dtype)"))
            return self.scalar_arguments[node]
        if node not in self.fixed or node.shape:
            return code
        return Code(self.name_scalar(code.text))

    def name_scalar(self, text: str) -> str:
        """The name of a constant as an array."""
        if text not in self.scalars:
            self.scalars[text] = self.names.fresh("k")
        return self.scalars[text]

    def is_scalar(self, node: Node) -> bool:
        return not node.shape

    def add_diagonal(self, node: Node) -> tuple[list[str], bool] | None:
        """A sum with what stands on a diagonal: the other operand, with the diagonal added in place."""
        diagonal = next((arg for arg in operands(node) if arg in self.diagonal), None)
        if diagonal is None:
            return None
        (other,) = (arg for arg in operands(node) if arg is not diagonal)
        inner, outer = diagonal.attrs
        sign = "-" if node.op is sub else "+"
        added = self.operand_code(diagonal.args[0]).text
        update = f'np.einsum("{einsum_spec([outer], inner)}", {{out}})[...] {sign}= {added}'
        return [f"{{copy}}{self.code[other].text}", update], True

    def steps_into(self, node: Node, args: list[Code]) -> tuple[list[str], bool] | None:
        """Lines that write the value to ``{out}``, and whether that may be an operand."""
        texts = [arg.text for arg in args]
        if node.op is pow and (steps := list_power_steps(operands(node)[1])):
            return _fill_steps(steps, texts), not any("{0}" in step for step in steps[1:])
        code = NUMPY.of(node.op)
        if code.into:
            steps = code.into(node) if callable(code.into) else code.into
            one = self.name_scalar("1") if any("{one}" in step for step in steps) else ""
            return _fill_steps(steps, texts, one), code.in_place
        if node.op.elementwise:
            return self.call_ufunc(str(code.code), texts)
        return self.call_with_out(node, texts) if code.takes_out else None

    def call_ufunc(self, template: str, texts: list[str]) -> tuple[list[str], bool] | None:
        call = re.fullmatch(r"(np|special)\.(\w+)\(([^()]*)\)", template)
        if not call or not _is_ufunc(call[1], call[2]):
            return None
        return [f"{call[1]}.{call[2]}({call[3].format(*texts)}, out={{out}})"], True

    def call_with_out(self, node: Node, texts: list[str]) -> tuple[list[str], bool] | None:
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


def _fill_steps(steps: Sequence[str], texts: Sequence[str], one: str = "") -> list[str]:
    return [step.replace("{out}", "\0").format(*texts, one=one).replace("\0", "{out}") for step in steps]
