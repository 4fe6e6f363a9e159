"""LaTeX of numbers and names, and how tightly each piece of LaTeX binds."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

#: A piece of LaTeX and how tightly it binds.
Part = tuple[str, float]

ATOM, INDEXED, SUM, PRODUCT, QUOTIENT, POWER, BASE = 100.0, 90.0, 5.0, 6.0, 7.5, 8.0, 9.0
#: Looser than a product of scalars: what a big operator or "mod" opens, and products of arrays.
BIG, HADAMARD, MATRIX = 5.5, 5.6, 5.7
#: How tightly LaTeX binds, by the names that operations declare.
LEVELS = {
    "any": 0.0, "sum": SUM, "big": BIG, "hadamard": HADAMARD, "matrix": MATRIX, "product": PRODUCT,
    "quotient": QUOTIENT, "power": POWER, "base": BASE, "index": INDEXED, "atom": ATOM,
}  # fmt: skip

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)


def number(value: Any) -> Part:
    if isinstance(value, bool):
        return rf"\mathrm{{{value}}}", ATOM
    if isinstance(value, Fraction):
        text, level = rf"\frac{{{abs(value.numerator)}}}{{{value.denominator}}}", QUOTIENT
    elif math.isnan(value):
        return r"\mathrm{NaN}", ATOM
    elif math.isinf(value):
        text, level = r"\infty", ATOM
    else:
        digits, _, exponent = repr(abs(value)).partition("e")
        text = rf"{digits} \cdot 10^{{{int(exponent)}}}" if exponent else digits
        level = PRODUCT if exponent else ATOM
    return (f"-{text}", SUM) if math.copysign(1, value) < 0 else (text, level)


def name_part(name: str) -> Part:
    """theta1 and theta_1 as a letter with an index; names of several letters upright."""
    base, _, index = name.strip("_").partition("_")
    trailing = re.fullmatch(r"(.*?[^\d])(\d+)", base)
    if trailing and not index:
        base, index = trailing.groups()
    text = _word(base) if base else rf"\mathrm{{{plain(name)}}}"
    if not index:
        return text, ATOM
    return f"{text}_{{{','.join(_word(part) for part in index.split('_') if part)}}}", INDEXED


def _word(word: str) -> str:
    if word in _GREEK:
        return "\\" + word
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{plain(word)}}}"


def plain(text: str) -> str:
    return re.sub(r"([_#%&${}])", r"\\\1", text)
