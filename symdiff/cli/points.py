"""Values that options give: scalars, lists of ``name=value``, ranges, and the points of ``--at``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..graph.errors import ParseError, SymdiffError
from ..graph.node import Node
from ..graph.shapes import broadcast_shapes, show_shape, symbolic_sizes
from ..graph.traversal import variables
from .values import values_at


def read_pairs(texts: Iterable[str], usage: str) -> Iterator[tuple[str, str, str]]:
    """Each ``name=value`` of the lists, with its name and value; ``usage`` is the error, with ``{}`` for the part."""
    for part in filter(str.strip, split_list(",".join(texts))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name.isidentifier():
            raise SymdiffError(usage.format(repr(part.strip())))
        yield part.strip(), name, value


def split_list(text: str) -> list[str]:
    """The parts between commas outside of brackets; nothing of an empty text."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts if text.strip() else []


def read_sizes(text: str) -> dict[str, int]:
    """``n=1000,d=20`` as integers by symbolic size."""
    usage = "--sizes takes letters with whole numbers, such as n=1000,d=20, not {}"
    sizes: dict[str, int] = {}
    for part, name, value in read_pairs([text], usage):
        if not value.isdigit():
            raise SymdiffError(usage.format(repr(part)))
        sizes[name] = int(value)
    return sizes


def read_range(option: str, name: str, text: str) -> tuple[float, float]:
    """``-3:3`` as two scalars."""
    low, colon, high = text.partition(":")
    if not colon:
        raise SymdiffError(f"{option} {name}: a range is two numbers, such as -3:3, not {text!r}")
    return read_scalar(option, name, low.strip()), read_scalar(option, name, high.strip())


def read_scalar(option: str, name: str, text: str) -> float:
    """A number, or an expression without variables such as ``pi/4``."""
    try:
        value = float(text)
    except ValueError:
        root = _parse(f"{option} {name}", text)
        if variables(root) or root.shape:
            raise SymdiffError(f"{option} {name}: {text} is not a number") from None
        value = float(values_at(root, {}, ()))
    if abs(value) == float("inf") and "inf" not in text:
        raise SymdiffError(f"{option} {name}: {text} is too large; a floating-point number is below 1.8e308")
    return value


def _parse(option: str, text: str) -> Node:
    """A formula inside an option, which errors name."""
    from ..text.parser import parse

    if not text:
        raise SymdiffError(f"{option} has no value; give it one, such as {option.split()[-1]}=3")
    try:
        return parse(text)
    except ParseError as error:
        raise ParseError(f"{option}: {error.message}", error.text, error.position) from None


# -- points --------------------------------------------------------------------------------------------------------


def read_point(texts: Sequence[str], roots: Sequence[Node]) -> dict[str, Any]:
    """The values of ``--at``: one for each variable, of its shape, and no other."""
    usage = "--at takes one value for each variable, such as x=3,y=4; {} is not one"
    point: dict[str, Any] = {}
    for part, name, text in read_pairs(texts, usage):
        if name in point:
            raise SymdiffError(usage.format(repr(part)))
        point[name] = _read_array(name, text)
    inputs = variables(roots)
    _check_names(point, inputs)
    if any(var.shape for var in inputs):
        _check_shapes(point, inputs)
    elif shapes := list(filter(None, map(_shape_of, point.values()))):  # points, which NumPy's rule combines
        broadcast_shapes("--at", *shapes)
    return point


def _check_names(point: Mapping[str, Any], inputs: Sequence[Node]) -> None:
    needed = [var.name for var in inputs]
    names = "the formula's variables are " + ", ".join(needed) if needed else "the formula has no variables"
    sizes = symbolic_sizes(size for var in inputs for size in var.shape)
    for missing in sorted(set(needed) - set(point)):
        raise SymdiffError(f"--at gives no value for {missing}; {names}")
    for unknown in sorted(set(point) - set(needed)):
        if unknown in sizes:
            raise SymdiffError(f"--at gives a value for {unknown}, a size; sizes are read from the arrays; {names}")
        raise SymdiffError(f"--at gives a value for {unknown}; {names}")


def _check_shapes(point: Mapping[str, Any], inputs: Sequence[Node]) -> None:
    """Each value has its variable's shape, where a symbolic size has one value throughout."""
    known: dict[str, tuple[int, str]] = {}
    for var in inputs:
        shape = _shape_of(point[var.name])
        fits = len(shape) == var.ndim
        for size, given in zip(var.shape, shape, strict=False):
            fits = fits and given == (size if isinstance(size, int) else known.setdefault(size, (given, var.name))[0])
        if not fits:
            taken = [f"{size} is {known[size][0]} in {known[size][1]}" for size in symbolic_sizes(var.shape)
                     if size in known and known[size][1] != var.name]  # fmt: skip
            where = f", where {' and '.join(taken)}" if taken else ""
            needed = f"has shape {show_shape(var.shape)}{where}" if var.shape else "is a number"
            value = f"an array of shape {show_shape(shape)}" if shape else "a number"
            raise SymdiffError(f"--at {var.name}: the variable {needed}, and the value is {value}")


def _shape_of(value: Any) -> tuple[int, ...]:
    return (len(value), *(_shape_of(value[0]) if value else ())) if isinstance(value, list) else ()


def _read_array(name: str, text: str) -> Any:
    """A scalar, or a nested list of them such as ``[[1,2],[3,4]]``, all rows of one length."""
    if not text.startswith("["):
        return read_scalar("--at", name, text)
    parts = split_list(text[1:-1])
    if not text.endswith("]") or text.count("[") != text.count("]") or not all(part.strip() for part in parts):
        raise SymdiffError(f"--at {name}: {text} is not a list of numbers such as [1,2] or [[1,2],[3,4]]")
    values = [_read_array(name, part.strip()) for part in parts]
    shapes = sorted({_shape_of(value) for value in values}, key=lambda shape: (len(shape), shape))
    if len({len(shape) for shape in shapes}) > 1:
        raise SymdiffError(f"--at {name}: {text} mixes numbers and lists; write rows, as in [[1,2],[3,4]]")
    if len(shapes) > 1:
        sizes = " and ".join(str(shape[0]) for shape in shapes[:2])
        raise SymdiffError(f"--at {name}: the rows of {text} have {sizes} elements; all rows have the same number")
    return values
