"""Expressions as Python text: a row's template is filled with as few parentheses as its own text allows.

A place ``{0}`` in a template is *loose* where only brackets, commas or keywords touch it: any arithmetic stands there
bare. Elsewhere it is *tight* and takes an atom. What a template mentions twice has to be a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from ..expr import ROWS, Number, Row

ATOM = 100
#: Whole numbers from here on are emitted as floats: code never computes with long integers.
BIG = 2**53
#: Loose places take anything that binds tighter than Python's keywords.
LOOSE = 4
_PLACE = re.compile(r"\{(\d)\}")
_BEFORE = ("(", ", ", "if ", "else ", "not ", "and ", "or ")
_AFTER = (")", ",", " if", " else", " and", " or")


class Code(NamedTuple):
    """Text of an expression, how tightly it binds, and how deeply operations nest in it."""

    text: str
    precedence: int = ATOM
    depth: int = 0

    def within(self, precedence: int) -> str:
        """The text as an operand that must bind at least that tightly."""
        return self.text if self.precedence >= precedence else f"({self.text})"


class Template(NamedTuple):
    """A template cut at its places: literal pieces, argument and looseness of each place, result's precedence."""

    pieces: tuple[str, ...]
    places: tuple[tuple[int, bool], ...]
    repeated: frozenset[int]
    precedence: int


@cache
def read_template(text: str) -> Template:
    parts = _PLACE.split(text)
    pieces, numbers = tuple(parts[::2]), [int(part) for part in parts[1::2]]
    loose = [pieces[i].endswith(_BEFORE) and pieces[i + 1].startswith(_AFTER) for i in range(len(numbers))]
    repeated = frozenset(number for number in numbers if numbers.count(number) > 1)
    return Template(pieces, tuple(zip(numbers, loose, strict=True)), repeated, ATOM if _closed(text) else 0)


def _closed(text: str) -> bool:
    """Whether the text is one call or one bracket, which needs no parentheses around it."""
    start = re.match(r"[\w.]*\(", text)
    if not start:
        return re.fullmatch(r"[\w.]+", text) is not None
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and depth == 0:
            return place == len(text) - 1
    return False


def fill(row: Row, template: str, args: Sequence[Code]) -> Code:
    """The operation's text on these arguments."""
    if row.infix and template == f"{{0}} {row.infix} {{1}}":
        return infix(row, *args)
    depth = 1 + max((arg.depth for arg in args), default=0)
    if row.prefix and template == row.prefix + "{0}":
        return Code(row.prefix + args[0].within(row.precedence), row.precedence, depth)
    read = read_template(template)
    out = [read.pieces[0]]
    for (number, loose), piece in zip(read.places, read.pieces[1:], strict=True):
        out += (args[number].within(LOOSE if loose else ATOM), piece)
    return Code("".join(out), read.precedence, depth)


def infix(row: Row, a: Code, b: Code) -> Code:
    """Comparisons do not associate, powers do to the right (and take a bare sign there), the rest to the left."""
    own = row.precedence
    power = row.infix == "**"
    left = a.within(own + 1 if power or row.predicate else own)
    right = b.within(own - 1 if power else own + 1)
    glue = row.infix if power or own == ROWS["mul"].precedence else f" {row.infix} "
    return Code(left + glue + right, own, max(a.depth + (left is not a.text), b.depth + 1))


def product(name: str, times: int) -> Code:
    """A small power as a product, many times faster than ``**``."""
    return Code("*".join([name] * times), ROWS["mul"].precedence, 1)


def real(value: Number) -> float:
    """The nearest float; infinite where the number is beyond all of them."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def number(value: Number, module: str, floats: bool) -> Code:
    """A literal; ``floats``: whole numbers as floats too. ``module`` has the names of the infinite and of NaN."""
    if isinstance(value, bool):
        return Code(str(value))
    near = real(value)
    if isinstance(value, Fraction) and near != value and max(abs(value.numerator), value.denominator) < BIG:
        return Code(f"{value.numerator}/{value.denominator}", ROWS["div"].precedence)
    if isinstance(value, int) and abs(value) < BIG and not floats:
        return _signed(str(value))
    if near != near:
        return Code(f"{module}.nan")
    text = repr(near)
    return _signed(text.replace("inf", f"{module}.inf"))


def _signed(text: str) -> Code:
    return Code(text, ROWS["neg"].precedence if text[0] == "-" else ATOM)
