"""Shapes: tuples of sizes, each an int or a letter such as ``"N"`` that generated code reads from its inputs.

Sizes that follow from others are polynomials of letters with whole coefficients, kept as canonical text: ``"N - 1"``,
``"2*N*d"``. Equal sizes are equal texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from .errors import ShapeError

Size = int | str
Shape = tuple[Size, ...]


def show_shape(shape: Shape) -> str:
    """``(N, 3)``, as messages spell a shape."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def check_shape(shape: Iterable[Size] | Size) -> Shape:
    """The shape as a tuple; raises ShapeError where a size is neither a whole number >= 0 nor a name."""
    if not isinstance(shape, Iterable) and not isinstance(shape, int):
        raise ShapeError(f"a shape is a size or a list of sizes, such as (3, 'n'), not {shape!r}")
    sizes: Sequence[Size] = (shape,) if isinstance(shape, (int, str)) else tuple(shape)
    for size in sizes:
        good = size.isidentifier() if isinstance(size, str) else isinstance(size, int) and size >= 0
        if not good or isinstance(size, bool):
            raise ShapeError(f"a size is a whole number or a name, not {size!r}")
    return tuple(sizes)


def broadcast_shapes(name: str, *shapes: Shape) -> Shape:
    """NumPy's rule: align at the right, sizes equal or 1. ``name`` is the operation, for the message."""
    result: list[Size] = []
    for axis in range(1, max(map(len, shapes)) + 1):
        sizes = {shape[-axis] for shape in shapes if len(shape) >= axis} - {1}
        if len(sizes) > 1:
            listed = " and ".join(map(show_shape, shapes))
            raise ShapeError(f"{name} cannot combine the shapes {listed}: sizes must be equal or 1")
        result.append(sizes.pop() if sizes else 1)
    return tuple(reversed(result))


# -- arithmetic of sizes -------------------------------------------------------------------------------------------

#: Coefficients by product of letters.
Polynomial = dict[tuple[str, ...], int]


@cache
def _read(size: Size) -> Polynomial:
    if isinstance(size, int):
        return {(): size} if size else {}
    found: Polynomial = {}
    for sign, term in re.findall(r"(^|[+-] )([\w*]+)", size):
        factors = term.split("*")
        number = int(factors.pop(0)) if factors[0].isdigit() else 1
        found[tuple(factors)] = -number if sign == "- " else number
    return found


def _write(polynomial: Mapping[tuple[str, ...], int]) -> Size:
    """Terms of many letters first, then by name, the number last; a negative term never leads where another can."""
    terms = {letters: count for letters, count in polynomial.items() if count}
    if not any(terms):
        return terms.get((), 0)
    text = ""
    for letters in sorted(terms, key=lambda term: (terms[term] < 0, -len(term), term)):
        count = terms[letters]
        factors = ([str(abs(count))] if abs(count) != 1 or not letters else []) + list(letters)
        text += (" - " if count < 0 else " + ") + "*".join(factors)
    return text[3:] if text.startswith(" + ") else f"0{text}"


def add_sizes(*sizes: Size) -> Size:
    """The sum.

    >>> add_sizes("N", -1, "d"), add_sizes("N", 2, 3)
    ('N + d - 1', 'N + 5')
    """
    total: Polynomial = {}
    for size in sizes:
        for letters, count in _read(size).items():
            total[letters] = total.get(letters, 0) + count
    return _write(total)


def multiply_sizes(*sizes: Size) -> Size:
    """The product; 1 where there are none.

    >>> multiply_sizes("N", 3, "N - 1")
    '3*N*N - 3*N'
    """
    result: Polynomial = {(): 1}
    for size in sizes:
        result = _times(result, _read(size))
    return _write(result)


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    result: Polynomial = {}
    for left, m in a.items():
        for right, n in b.items():
            letters = tuple(sorted(left + right))
            result[letters] = result.get(letters, 0) + m * n
    return result


def divide_sizes(size: Size, divisor: Size) -> Size | None:
    """The quotient where it is whole for a divisor of one term, else nothing.

    >>> divide_sizes("6*N*d", "2*d"), divide_sizes("N", 2)
    ('3*N', None)
    """
    terms = list(_read(divisor).items())
    if len(terms) != 1:
        return 1 if terms and size == divisor else None
    (letters, number), result = terms[0], dict[tuple[str, ...], int]()
    for factors, count in _read(size).items():
        rest = list(factors)
        for letter in letters:
            if letter not in rest:
                return None
            rest.remove(letter)
        if count % number:
            return None
        result[tuple(rest)] = count // number
    return _write(result)


def size_terms(size: Size) -> Polynomial:
    """The coefficients of a size by its products of letters."""
    return dict(_read(size))


def symbolic_sizes(shape: Iterable[Size]) -> list[str]:
    """The letters in the sizes of a shape, each once, in order.

    >>> symbolic_sizes(("N - 1", 3, "N*d"))
    ['N', 'd']
    """
    return list(dict.fromkeys(letter for size in shape for term in _read(size) for letter in term))


def size_value(size: Size, sizes: Mapping[str, int]) -> int:
    """The number that a size is where letters have these values."""
    total = 0
    for letters, count in _read(size).items():
        for letter in letters:
            count *= sizes[letter]
        total += count
    return total
