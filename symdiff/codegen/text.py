"""Expressions as Python text: an operation's template is filled with as few parentheses as its own text allows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from ..graph.node import Number, Op
from ..graph.templates import ATOM, binds, read_template
from ..ops.scalar import div, mul, neg

#: Whole numbers from here on are emitted as floats: code never computes with long integers.
BIG = 2**53


class Code(NamedTuple):
    """Text of an expression, how tightly it binds, and how deeply operations nest in it."""

    text: str
    precedence: float = ATOM
    depth: int = 0

    def within(self, need: float) -> str:
        """The text as an operand that must bind at least that tightly."""
        return self.text if binds(self.precedence, need) else f"({self.text})"


def fill(op: Op, template: str, args: Sequence[Code]) -> Code:
    """The operation's text on these arguments."""
    if op.infix and template == f"{{0}} {op.infix} {{1}}":
        return write_infix(op, *args)
    depth = 1 + max((arg.depth for arg in args), default=0)
    if op.prefix and template == op.prefix + "{0}":
        return Code(op.prefix + args[0].within(op.precedence), op.precedence, depth)
    read = read_template(template)
    parts = [read.pieces[0]]
    for (operand, need), piece in zip(read.slots, read.pieces[1:], strict=True):
        parts += (args[operand].within(need), piece)
    return Code("".join(parts), read.precedence, depth)


def write_infix(op: Op, a: Code, b: Code) -> Code:
    """Comparisons do not associate, powers do to the right (and take a bare sign there), the rest to the left."""
    own = op.precedence
    power = op.infix == "**"
    left = a.within(own + 1 if power or op.predicate else own)
    right = b.within(own - 1 if power else own + 0.5)
    glue = op.infix if power or own == mul.precedence else f" {op.infix} "
    return Code(left + glue + right, own, max(a.depth + (left is not a.text), b.depth + 1))


def write_product(name: str, times: int) -> Code:
    """A small power as a product, many times faster than ``**``."""
    return Code("*".join([name] * times), mul.precedence, 1)


def nearest_float(value: Number) -> float:
    """The nearest float; infinite where the number is beyond all of them."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def write_number(value: Number, module: str, floats: bool) -> Code:
    """A literal; ``floats``: whole numbers as floats too. ``module`` has the names of the infinite and of NaN."""
    if isinstance(value, bool):
        return Code(str(value))
    near = nearest_float(value)
    if isinstance(value, Fraction) and near != value and max(abs(value.numerator), value.denominator) < BIG:
        return Code(f"{value.numerator}/{value.denominator}", div.precedence)
    if isinstance(value, int) and abs(value) < BIG and not floats:
        return _signed(str(value))
    if near != near:
        return Code(f"{module}.nan")
    text = repr(near)
    return _signed(text.replace("inf", f"{module}.inf"))


def _signed(text: str) -> Code:
    return Code(text, neg.precedence if text[0] == "-" else ATOM)
