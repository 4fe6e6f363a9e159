"""What the user gives: formulas, variables and shapes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence

from ..graph.errors import ShapeError, SymdiffError
from ..graph.leaves import RESERVED, symbol
from ..graph.node import Node
from ..graph.shapes import Shape, Size, show_shape, symbolic_sizes
from ..graph.traversal import variables
from .notes import note, note_names
from .options import hold

Shapes = Mapping[str, Shape]
#: The name of a part, at the beginning of a statement.
_PART = re.compile(r"(?:^|[;\n])\s*([^\W\d]\w*)\s*=(?!=)")


def read_text(text: str) -> str:
    """The formula itself, from standard input where it is ``-``."""
    if text != "-":
        return text
    if sys.stdin is None:
        raise SymdiffError("standard input is closed, and a formula of - is read from there")
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").strip()
    except OSError as error:
        raise SymdiffError(f"cannot read standard input: {error.strerror}") from None


def read_problem(
    texts: Sequence[str], wrt: str | None, given: Iterable[str], assume: Iterable[str] = ()
) -> tuple[list[Node], list[Node]]:
    """The formulas and the variables to differentiate by; the assumptions hold until the command ends."""
    shapes = read_shapes(given)
    _assume(assume, shapes)
    roots = _parse_all(texts, shapes)
    wanted = _read_wrt(wrt, roots, shapes)
    _note_unused(shapes, [*roots, *wanted])
    return roots, wanted


def read_formula(text: str, given: Iterable[str]) -> Node:
    """One formula, with the shapes given."""
    shapes = read_shapes(given)
    (root,) = _parse_all([text], shapes)
    _note_unused(shapes, [root])
    return root


def _assume(texts: Iterable[str], shapes: Shapes) -> None:
    from ..text.parser import parse

    hold(*(parse(text, shapes or None) for text in texts))


def _parse_all(texts: Sequence[str], shapes: Shapes) -> list[Node]:
    """The formulas; what their ``where`` clauses say is assumed until the command ends."""
    from ..rules.assumptions import parse_where

    parsed = [parse_where(text, shapes or None) for text in texts]
    hold(*(condition for _, conditions in parsed for condition in conditions))
    roots = [root for root, _ in parsed]
    note_names(roots)
    _note_parts(texts, roots)
    return roots


def _note_parts(texts: Sequence[str], roots: Sequence[Node]) -> None:
    """Say where a part that one formula names is a variable of another one."""
    inputs = [{var.name for var in variables(root)} for root in roots] if len(roots) > 1 else []
    for number, text in enumerate(texts, 1):
        for name in _PART.findall(text):
            for other in [index for index, names in enumerate(inputs, 1) if name in names]:
                parts = f"{name} is a part of formula {number} and a variable of formula {other}"
                note(f"{parts}; repeat its definition there to share it")


def check_scalar(command: str, root: Node, instead: str = "sum it, or use jacobian") -> Node:
    """The formula; raises ShapeError for an array."""
    if root.shape:
        shape = show_shape(root.shape)
        raise ShapeError(f"{command} takes a formula that is a number, not of shape {shape}; {instead}")
    return root


# -- variables -----------------------------------------------------------------------------------------------------


def _read_wrt(names: str | None, roots: Sequence[Node], shapes: Shapes) -> list[Node]:
    """The variables to differentiate by: those named, else all, sorted."""
    inputs = {var.name: var for var in variables(roots)}
    if names is None:
        return list(inputs.values())
    wanted = [name.strip() for name in names.split(",")]
    sizes = symbolic_sizes(size for shape in shapes.values() for size in shape)
    for name in wanted:
        if name in sizes:
            raise SymdiffError(f"--wrt names {name}, which --shape uses as a size; differentiate by variables")
        if name not in inputs:
            inputs[name] = symbol(name, shapes.get(name, ()))
            note(f"the formula has no variable {name}, so the derivative by it is 0")
    return [inputs[name] for name in wanted]


# -- shapes --------------------------------------------------------------------------------------------------------


def read_shapes(given: Iterable[str]) -> dict[str, Shape]:
    """The shapes of ``--shape``, one for each name; symbolic sizes are no variables."""
    shapes: dict[str, Shape] = {}
    for text in given:
        name, shape = _read_shape(text)
        if shapes.setdefault(name, shape) != shape:
            raise SymdiffError(
                f"--shape gives {name} two shapes, {show_shape(shapes[name])} and {show_shape(shape)}; give it one"
            )
    for name, shape in shapes.items():
        for size in symbolic_sizes(shape):
            if size in shapes:
                raise SymdiffError(f"--shape uses {size} as a size of {name} and as a variable; rename one of them")
    return shapes


def _read_shape(text: str) -> tuple[str, Shape]:
    """``X=N,784`` as a name and its sizes."""
    name, equals, sizes = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise SymdiffError(f"--shape takes a name and its sizes, such as X=N,784, not {text!r}")
    inner = re.fullmatch(r"\s*\((.*?),?\s*\)\s*", sizes)  # as Python writes it, too
    return name.strip(), tuple(_read_size(text, part.strip()) for part in (inner[1] if inner else sizes).split(","))


def _read_size(text: str, part: str) -> Size:
    if part.isascii() and part.isdigit():
        return int(part)
    if not part.isidentifier():
        raise SymdiffError(f"--shape {text}: a size is a whole number or a name, such as 784 or N, not {part!r}")
    if part in RESERVED:
        raise SymdiffError(f"--shape {text}: {part} has a meaning of its own; choose another name for the size")
    return part


def _note_unused(shapes: Shapes, nodes: list[Node]) -> None:
    for name in sorted(shapes.keys() - {var.name for var in variables(nodes)}):
        note(f"the formula has no variable {name}, so its shape is not used")
