"""Graph to text that parses back to the same object, with precedence and spelling read from the operations.

Text is a list of pieces joined at the end, so depth costs nothing. A graph whose sharing would make the text grow
is printed with named parts: ``t0 = sin(x) + 1; t0*exp(t0)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from ..graph.leaves import CONST, VAR, as_node, const, symbol
from ..graph.node import OPS, Node, Number, Op
from ..graph.templates import LOOSE, binds, fill_sizes, read_template
from ..graph.traversal import gc_paused, topological, use_counts
from ..ops.kinds import operands

#: One expression is printed while the text has at most GROWTH times the operations of the graph, plus SPARE.
GROWTH, SPARE = 4, 60
#: A part gets a name if it is used again and is larger than this.
SMALL = 3

_ATOM = 100
_NEVER_BARE = _ATOM + 1
_TIGHT = {"*", "/", "**"}
_GROUPS_RIGHT = {"**"}
_MAX_SIZE = 1 << 62
_CHUNK = 10**4000  # whole numbers are printed in pieces that Python converts

Item = str | tuple[Node, float]


def show(node: Node) -> str:
    """The text of an expression; :func:`symdiff.parse` reads it back as the same object.

    >>> from symdiff import sin, symbols
    >>> x, y = symbols("x y")
    >>> show(-(x + y) ** 2 * sin(x) / 3)
    '-(x + y)**2*sin(x)/3'
    >>> v = sin(x)
    >>> for _ in range(6):
    ...     v = sin(v + y) * v
    >>> show(v)[:45]
    't0 = sin(sin(x) + y)*sin(x); t1 = sin(t0 + y)'
    """
    with gc_paused():
        order = topological(as_node(node), read=operands)
        names = _parts(order)
        printer = _Printer(names, order)
        lines = [f"{name} = {printer.text(part)}" for part, name in names.items()]
        return "; ".join([*lines, printer.text(order[-1])])


def show_structure(structure: Any) -> str:
    """The text of a nested structure of expressions, as Python would write it.

    >>> from symdiff import symbols
    >>> x, y = symbols("x y")
    >>> show_structure([x + y, (x, {"b": y})])
    '[x + y, (x, {b: y})]'
    """
    if isinstance(structure, Mapping):
        return "{" + ", ".join(f"{key}: {show_structure(part)}" for key, part in structure.items()) + "}"
    if isinstance(structure, (list, tuple)):
        inner = ", ".join(map(show_structure, structure))
        if isinstance(structure, list):
            return f"[{inner}]"
        return f"({inner},)" if len(structure) == 1 else f"({inner})"
    return show(as_node(structure))


# -- named parts ---------------------------------------------------------------------------------------------------


def _sizes(order: list[Node]) -> dict[Node, int]:
    """The number of nodes of each one's tree, up to a bound; long names and numbers count for more."""
    sizes: dict[Node, int] = {}
    for node in order:
        size = 1
        if node.args:
            for arg in operands(node):
                size += sizes[arg]
        elif node.attrs:
            size += _length(node.attrs[0]) // 20
        sizes[node] = size if size < _MAX_SIZE else _MAX_SIZE
    return sizes


def _length(value: object) -> int:
    if isinstance(value, (int, Fraction)):
        return (value.numerator.bit_length() + value.denominator.bit_length()) // 3
    return len(str(value))


def _parts(order: list[Node]) -> dict[Node, str]:
    """The nodes to name, in topological order; none where one expression is short enough."""
    sizes = _sizes(order)
    if sizes[order[-1]] <= GROWTH * len(order) + SPARE:
        return {}
    counts = use_counts((), order, operands)
    fresh = _fresh_names({node.name for node in order if node.op is VAR})
    return {node: next(fresh) for node in order if counts.get(node, 0) > 1 and sizes[node] > SMALL}


def _fresh_names(taken: set[str]) -> Iterator[str]:
    count = 0
    while True:
        if (name := f"t{count}") not in taken:
            yield name
        count += 1


# -- spelling ------------------------------------------------------------------------------------------------------


@cache
def _spelled_by(field: str, symbol: str) -> Op:
    """The operation that is spelled so."""
    return next(op for op in OPS.values() if getattr(op, field) == symbol)


@cache
def _passes_sign(op: Op) -> bool:
    """Whether the operation turns op(-a, b) into -op(a, b)."""
    minus, a, b = _spelled_by("prefix", "-"), symbol("a"), symbol("b")
    return bool(op.infix) and op(minus(a), b) is minus(op(a, b))


def _compares(op: Op) -> bool:
    return op.predicate and not op.logical


class _Printer:
    """Prints nodes; those in ``names`` by name."""

    def __init__(self, names: dict[Node, str], order: list[Node]) -> None:
        self.names = names
        self.minus = _spelled_by("prefix", "-")
        self.constants: dict[Node, tuple[str, int]] = {}
        self.signs: dict[Node, bool] = {}
        if any(node.op is self.minus for node in order):
            for node in order:
                if node.op.infix and _passes_sign(node.op):
                    self.signs[node] = self.takes_sign(operands(node)[0], node.op.precedence)

    def takes_sign(self, first: Node, precedence: int) -> bool:
        """Whether a "-" before the text of a product, which ``first`` starts, parses as minus the product."""
        if first not in self.names:
            if first in self.signs:
                return self.signs[first]
            if first.op is CONST or first.op.precedence == precedence:
                return False
        negated = self.minus(first)
        return negated.op is self.minus and negated.args[0] is first

    def text(self, root: Node) -> str:
        """The text of a node, itself not by name."""
        pieces: list[str] = []
        stack: list[Item] = self.spelled(root)[0][::-1]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                pieces.append(item)
                continue
            node, need = item
            name = self.names.get(node)
            if name is not None:
                pieces.append(name)
                continue
            items, precedence = self.spelled(node)
            if not binds(precedence, need):
                pieces.append("(")
                stack.append(")")
            stack.extend(reversed(items))
        return "".join(pieces)

    def spelled(self, node: Node) -> tuple[list[Item], float]:
        """The pieces of a node, an operand with the precedence that it needs, and its own precedence."""
        op = node.op
        if op is VAR:
            return [node.name], _ATOM
        if op is CONST:
            found = self.constants.get(node)
            if found is None:
                found = self.constants[node] = _constant(node.value)
            return [found[0]], found[1]
        args = operands(node)
        if op.infix:
            return self.infix(op, *args)
        if op is self.minus:
            return self.negative(args[0])
        if op.prefix:  # as tight as in Python, where "~" binds more than any infix operator but "**"
            return [op.prefix, (args[0], self.minus.precedence + 1)], op.precedence
        return _templated(op.text_of(node), args) if op.text_of else (_call(op, args), _ATOM)

    def infix(self, op: Op, a: Node, b: Node) -> tuple[list[Item], float]:
        here = op.precedence
        left, right = float(here), here + 0.5
        if op.infix in _GROUPS_RIGHT:
            left, right = here + 1, self.minus.precedence
        elif _compares(op):
            left = right
        elif op.logical:  # in Python "&" binds more than "<": parentheses give both readings one meaning
            left = _NEVER_BARE if _compares(a.op) else left
            right = _NEVER_BARE if _compares(b.op) else right
        middle = op.infix if op.infix in _TIGHT else f" {op.infix} "
        return [(a, left), middle, (b, right)], here

    def negative(self, x: Node) -> tuple[list[Item], float]:
        """A minus sign binds more than ``*``, but operations pull it out of a product: -x*y is -(x*y)."""
        if x not in self.names and self.signs.get(x, False):
            return ["-", (x, x.op.precedence)], x.op.precedence
        if x is const(float("inf")):  # "-inf" is a number
            return ["-", (x, _NEVER_BARE)], self.minus.precedence
        return ["-", (x, self.minus.precedence + 1)], self.minus.precedence


def _call(op: Op, args: tuple[Node, ...]) -> list[Item]:
    if not args:
        return [op.name]
    items: list[Item] = [op.name, "("]
    for arg in args:
        items += [(arg, 0), ", "]
    items[-1] = ")"
    return items


def _templated(text: str, args: tuple[Node, ...]) -> tuple[list[Item], float]:
    """An operation with attributes, by its own template."""
    read = read_template(fill_sizes(text))
    items: list[Item] = [read.pieces[0]]
    for (position, need), piece in zip(read.slots, read.pieces[1:], strict=True):
        items += [(args[position], 0 if need <= LOOSE else need), piece]
    return items, read.precedence


def _constant(value: Number) -> tuple[str, int]:
    """The text of a number and its precedence."""
    if isinstance(value, bool):
        return ("1 == 1" if value else "1 == 0"), _spelled_by("infix", "==").precedence
    if isinstance(value, Fraction):
        over = _spelled_by("infix", "/").precedence
        top, bottom = _constant(value.numerator), _constant(value.denominator)
        return f"{_enclosed(*top, over)}/{_enclosed(*bottom, over + 1)}", over
    if isinstance(value, int) and abs(value) >= _CHUNK:
        return _long(value)
    text = repr(value)
    return text, _spelled_by("prefix", "-").precedence if text[0] == "-" else _ATOM


def _enclosed(text: str, precedence: int, need: int) -> str:
    return text if precedence >= need else f"({text})"


def _long(value: int) -> tuple[str, int]:
    """A whole number too long for Python's conversion, by Horner's rule: (a*10**4000 + b)*10**4000 + c."""
    if value < 0:
        return f"-({_long(-value)[0]})", _spelled_by("prefix", "-").precedence
    chunks = []
    while value:
        value, chunk = divmod(value, _CHUNK)
        chunks.append(str(chunk))
    text = "(" * (len(chunks) - 2) + chunks.pop()
    while chunks:
        text += f"*{_CHUNK} + {chunks.pop()}" + (")" if chunks else "")
    return text, _spelled_by("infix", "+").precedence
