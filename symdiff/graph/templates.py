"""Templates: text of an operation with slots for its operands, and how tightly each slot and the whole bind.

A slot ``{0}`` is *loose* where only brackets, commas or keywords touch it: any arithmetic stands there bare. Beside
``@`` it takes a factor. Elsewhere it is *tight* and takes an atom. ``{=N}`` is a size, which :func:`fill_sizes`
replaces before a template is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

ATOM = 100
#: What a loose slot needs: anything that binds tighter than Python's keywords.
LOOSE = 4
#: Precedence of ``*``, and of ``@``, which Python binds as tightly: between the two, parentheses say who is first.
PRODUCT, MATMUL = 6, 5.9

_SLOT = re.compile(r"\{(\d+)\}")
_SIZE = re.compile(r"\{=([^}]*)\}")
_BEFORE = ("(", ", ", "[", "if ", "else ", "not ", "and ", "or ")
_AFTER = (")", ",", "]", " if", " else", " and", " or")
_AT = " @ "


class Template(NamedTuple):
    """A template cut at its slots: literal pieces, operand and needed precedence of each slot, the whole's own."""

    pieces: tuple[str, ...]
    slots: tuple[tuple[int, float], ...]
    repeated: frozenset[int]
    precedence: float


@cache
def read_template(text: str) -> Template:
    """The template without sizes."""
    parts = _SLOT.split(text)
    pieces, numbers = tuple(parts[::2]), [int(part) for part in parts[1::2]]
    needs = [_need(before, after) for before, after in pairwise(pieces)]
    repeated = frozenset(number for number in numbers if numbers.count(number) > 1)
    whole = ATOM if _closed(text) else MATMUL if _AT in _outside(text) else 0
    return Template(pieces, tuple(zip(numbers, needs, strict=True)), repeated, whole)


def binds(precedence: float, need: float) -> bool:
    """Whether text of that precedence stands bare where ``need`` is needed."""
    return precedence >= need and not (need == MATMUL and precedence == PRODUCT)


def _need(before: str, after: str) -> float:
    if before.endswith(_BEFORE) and after.startswith(_AFTER):
        return LOOSE
    if after.startswith(_AT) and not before:
        return MATMUL
    return PRODUCT + 1 if before.endswith(_AT) and not after else ATOM


def _outside(text: str) -> str:
    """The text outside all brackets."""
    out, depth = [], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if depth == 0:
            out.append(letter)
    return "".join(out)


def _closed(text: str) -> bool:
    """Whether the text is names, calls, indices and brackets only, which need no parentheses around them."""
    return re.fullmatch(r"[\w.)\]]+", _SLOT.sub("x", _outside(text))) is not None


def fill_sizes(template: str, name: Callable[[str], str] = str) -> str:
    """The template with its sizes written out, each letter by its name."""
    if "{=" not in template:
        return template
    return _SIZE.sub(lambda match: re.sub(r"[^\W\d]\w*", lambda word: name(word[0]), match[1]), template)
