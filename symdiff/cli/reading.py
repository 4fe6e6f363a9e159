"""What the user gives: formulas, variables, shapes and points."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from ..graph.errors import ParseError, ShapeError, SymdiffError
from ..graph.node import RESERVED, Node, symbol
from ..graph.shapes import Shape, Size, broadcast_shapes, show_shape, symbolic_sizes
from ..graph.traversal import variables
from .common import hold
from .notes import note_names
from .values import values_at

Shapes = Mapping[str, Shape]


def read_text(text: str) -> str:
    """The formula itself, from standard input where it is ``-``."""
    return sys.stdin.buffer.read().decode("utf-8").strip() if text == "-" else text


def read_formulas(texts: Iterable[str], shapes: Shapes) -> list[Node]:
    """The formulas; what their ``where`` clauses say is assumed until the command ends."""
    from ..rules.assumptions import parse_where

    read = [parse_where(text, shapes or None) for text in texts]
    hold(*(condition for _, conditions in read for condition in conditions))
    roots = [root for root, _ in read]
    note_names(roots)
    return roots


def read_problem(texts: Iterable[str], wrt: str | None, given: Iterable[str]) -> tuple[list[Node], list[Node]]:
    """The formulas and the variables to differentiate by."""
    shapes = read_shapes(given)
    roots = read_formulas(texts, shapes)
    wanted = read_wrt(wrt, roots, shapes)
    note_unused(shapes, [*roots, *wanted])
    return roots, wanted


def scalar(command: str, root: Node, instead: str = "sum it, or use jacobian") -> Node:
    """The formula, refused where it is no number."""
    if root.shape:
        shape = show_shape(root.shape)
        raise ShapeError(f"{command} takes a formula that is a number, not of shape {shape}; {instead}")
    return root


def note_unused(shapes: Shapes, nodes: list[Node]) -> None:
    for name in sorted(shapes.keys() - {var.name for var in variables(nodes)}):
        click.echo(f"note: the formula has no variable {name}, so its shape is not used", err=True)


def read_sizes(text: str) -> dict[str, int]:
    """``n=1000,d=20`` as numbers by letter."""
    sizes: dict[str, int] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, number = part.partition("=")
        if not name.strip().isidentifier() or not number.strip().isdigit():
            raise SymdiffError(f"--sizes takes letters with whole numbers, such as n=1000,d=20, not {part!r}")
        sizes[name.strip()] = int(number)
    return sizes


# -- shapes --------------------------------------------------------------------------------------------------------


def read_shapes(given: Iterable[str]) -> dict[str, Shape]:
    """The shapes of ``--shape``, one for each name; letters of sizes are no variables."""
    shapes: dict[str, Shape] = {}
    for text in given:
        name, shape = _shape(text)
        if shapes.setdefault(name, shape) != shape:
            raise SymdiffError(
                f"--shape gives {name} two shapes, {show_shape(shapes[name])} and {show_shape(shape)}; give it one"
            )
    for name, shape in shapes.items():
        for letter in symbolic_sizes(shape):
            if letter in shapes:
                raise SymdiffError(f"--shape uses {letter} as a size of {name} and as a variable; rename one of them")
    return shapes


def _shape(text: str) -> tuple[str, Shape]:
    """``X=N,784`` as a name and its sizes."""
    name, equals, sizes = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise SymdiffError(f"--shape takes a name and its sizes, such as X=N,784, not {text!r}")
    inner = re.fullmatch(r"\s*\((.*?),?\s*\)\s*", sizes)  # as Python writes it, too
    return name.strip(), tuple(_size(text, part.strip()) for part in (inner[1] if inner else sizes).split(","))


def _size(text: str, part: str) -> Size:
    if part.isascii() and part.isdigit():
        return int(part)
    if not part.isidentifier():
        raise SymdiffError(f"--shape {text}: a size is a whole number or a name, such as 784 or N, not {part!r}")
    if part in RESERVED:
        raise SymdiffError(f"--shape {text}: {part} has a meaning of its own; choose another name for the size")
    return part


# -- variables -----------------------------------------------------------------------------------------------------


def read_wrt(names: str | None, roots: Sequence[Node], shapes: Shapes) -> list[Node]:
    """The variables to differentiate by: those named, else all, sorted."""
    found = {var.name: var for var in variables(roots)}
    if names is None:
        return list(found.values())
    wanted = [name.strip() for name in names.split(",")]
    sizes = symbolic_sizes(size for shape in shapes.values() for size in shape)
    for name in wanted:
        if name in sizes:
            raise SymdiffError(f"--wrt names {name}, which --shape uses as a size; differentiate by variables")
        if name not in found:
            variable = symbol(name, shapes.get(name, ()))
            click.echo(f"note: the formula has no variable {name}, so the derivative by it is 0", err=True)
            found[name] = variable
    return [found[name] for name in wanted]


# -- points --------------------------------------------------------------------------------------------------------


def read_point(texts: Sequence[str], roots: Sequence[Node]) -> dict[str, Any]:
    """The values of ``--at``: one for each variable, of its shape, and no other."""
    point: dict[str, Any] = {}
    for part in _split(",".join(texts)) if texts else ():
        name, equals, text = (piece.strip() for piece in part.partition("="))
        if not equals or not name or name in point:
            raise SymdiffError(f"--at takes one value for each variable, such as x=3,y=4; {part.strip()!r} is not one")
        point[name] = _value(name, text)
    found = variables(roots)
    _check_names(point, found)
    if any(var.shape for var in found):
        _check_shapes(point, found)
    elif lists := list(filter(None, map(_shape_of, point.values()))):  # points, which NumPy's rule combines
        broadcast_shapes("--at", *lists)
    return point


def _split(text: str) -> list[str]:
    """The parts between commas that stand outside all brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _check_names(point: Mapping[str, Any], found: Sequence[Node]) -> None:
    needed = [var.name for var in found]
    listed = "the formula's variables are " + ", ".join(needed) if needed else "the formula has no variables"
    sizes = symbolic_sizes(size for var in found for size in var.shape)
    for missing in sorted(set(needed) - set(point)):
        raise SymdiffError(f"--at gives no value for {missing}; {listed}")
    for unknown in sorted(set(point) - set(needed)):
        if unknown in sizes:
            raise SymdiffError(f"--at gives a value for {unknown}, a size; sizes are read from the arrays; {listed}")
        raise SymdiffError(f"--at gives a value for {unknown}; {listed}")


def _check_shapes(point: Mapping[str, Any], found: Sequence[Node]) -> None:
    """Each value has its variable's shape, where a letter is one number throughout."""
    known: dict[str, tuple[int, str]] = {}
    for var in found:
        shape = _shape_of(point[var.name])
        fits = len(shape) == var.ndim
        for wanted, size in zip(var.shape, shape, strict=False):
            number = wanted if isinstance(wanted, int) else known.setdefault(wanted, (size, var.name))[0]
            fits = fits and number == size
        if not fits:
            taken = [
                f"{letter} is {known[letter][0]} in {known[letter][1]}"
                for letter in symbolic_sizes(var.shape)
                if letter in known and known[letter][1] != var.name
            ]
            where = f", where {' and '.join(taken)}" if taken else ""
            wanted_text = f"has shape {show_shape(var.shape)}{where}" if var.shape else "is a number"
            given = f"an array of shape {show_shape(shape)}" if shape else "a number"
            raise SymdiffError(f"--at {var.name}: the variable {wanted_text}, and the value is {given}")


def _shape_of(value: Any) -> tuple[int, ...]:
    return (len(value), *(_shape_of(value[0]) if value else ())) if isinstance(value, list) else ()


def _value(name: str, text: str) -> Any:
    """A number, or a nested list of them such as ``[[1,2],[3,4]]``, all rows of one length."""
    if not text.startswith("["):
        return number("--at", name, text)
    inside = text[1:-1].strip()
    parts = _split(inside) if inside else []
    if not text.endswith("]") or text.count("[") != text.count("]") or not all(part.strip() for part in parts):
        raise SymdiffError(f"--at {name}: {text} is not a list of numbers such as [1,2] or [[1,2],[3,4]]")
    values = [_value(name, part.strip()) for part in parts]
    shapes = sorted({_shape_of(value) for value in values}, key=lambda shape: (len(shape), shape))
    if len({len(shape) for shape in shapes}) > 1:
        raise SymdiffError(f"--at {name}: {text} mixes numbers and lists; write rows, as in [[1,2],[3,4]]")
    if len(shapes) > 1:
        sizes = " and ".join(str(shape[0]) for shape in shapes[:2])
        raise SymdiffError(f"--at {name}: the rows of {text} have {sizes} elements; all rows have the same number")
    return values


def number(option: str, name: str, text: str) -> float:
    """A number, or an expression without variables such as ``pi/4``."""
    try:
        found = float(text)
    except ValueError:
        root = _formula(f"{option} {name}", text)
        if variables(root) or root.shape:
            raise SymdiffError(f"{option} {name}: {text} is not a number") from None
        found = float(values_at(root, {}, ()))
    if abs(found) == float("inf") and "inf" not in text:
        raise SymdiffError(f"{option} {name}: {text} is too large; a floating-point number is below 1.8e308")
    return found


def _formula(place: str, text: str) -> Node:
    """A formula inside an option, which errors name."""
    from ..text.parser import parse

    if not text:
        raise SymdiffError(f"{place} has no value; give it one, such as {place.split()[-1]}=3")
    try:
        return parse(text)
    except ParseError as error:
        raise ParseError(f"{place}: {error.message}", error.text, error.position) from None
