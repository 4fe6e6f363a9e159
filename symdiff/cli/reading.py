"""What the user gives: formulas, variables, shapes and points."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from ..errors import SymdiffError
from ..expr import Node, symbol
from ..walk import map_structure, variables


def read_text(text: str) -> str:
    """The formula itself, from standard input where it is ``-``."""
    return sys.stdin.buffer.read().decode("utf-8").strip() if text == "-" else text


def read_formulas(texts: Iterable[str], shape: Iterable[str]) -> list[Node]:
    from ..parser import parse

    shapes = dict(map(_shape, shape))
    roots = [parse(text, shapes=shapes) if shapes else parse(text) for text in texts]
    for name in ("e", "E"):
        if name in {var.name for var in variables(roots)}:
            click.echo(f"note: {name} is a variable; exp(1) is Euler's number", err=True)
            break
    return roots


def _shape(text: str) -> tuple[str, tuple[int | str, ...]]:
    """``X=N,784`` as a name and its sizes."""
    name, equals, sizes = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise SymdiffError(f"--shape takes a name and its sizes, such as X=N,784, not {text!r}")
    parts = [size.strip() for size in sizes.split(",") if size.strip()]
    return name.strip(), tuple(int(part) if part.isdigit() else part for part in parts)


def read_wrt(names: str | None, roots: Sequence[Node]) -> list[Node]:
    """The variables to differentiate by: those named, else all, sorted."""
    found = {var.name: var for var in variables(roots)}
    if names is None:
        return list(found.values())
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in found:
            variable = symbol(name)
            click.echo(f"note: the formula has no variable {name}, so the derivative by it is 0", err=True)
            found[name] = variable
    return [found[name] for name in wanted]


def read_point(texts: Sequence[str], roots: Sequence[Node]) -> dict[str, Any]:
    """The values of ``--at``: one for each variable, and no other."""
    point: dict[str, Any] = {}
    for part in re.split(r",(?![^\[]*\])", ",".join(texts)) if texts else ():
        name, equals, text = (piece.strip() for piece in part.partition("="))
        if not equals or not name or name in point:
            raise SymdiffError(f"--at takes one value for each variable, such as x=3,y=4; {part.strip()!r} is not one")
        point[name] = _number(name, text)
    needed = [var.name for var in variables(roots)]
    listed = "the formula's variables are " + ", ".join(needed) if needed else "the formula has no variables"
    for missing in sorted(set(needed) - set(point)):
        raise SymdiffError(f"--at gives no value for {missing}; {listed}")
    for unknown in sorted(set(point) - set(needed)):
        raise SymdiffError(f"--at gives a value for {unknown}; {listed}")
    return point


def _number(name: str, text: str) -> Any:
    """A number, an expression without variables such as ``pi/4``, or a nested list such as ``[[1,2],[3,4]]``."""
    if text.startswith("["):
        import json

        try:
            return json.loads(text)
        except ValueError:
            raise SymdiffError(f"--at {name}: {text} is not a list of numbers such as [1,2]") from None
    try:
        return float(text)
    except ValueError:
        from ..parser import parse

        root = parse(text)
    if variables(root):
        raise SymdiffError(f"--at {name}: {text} is not a number")
    return float(values_at(root, {}))


def values_at(structure: Any, point: dict[str, Any]) -> Any:
    """The numbers of a nested structure of nodes at a point, arrays as nested lists."""
    from ..compiler import evaluate

    found = evaluate(structure, {var.name: point[var.name] for var in variables(structure)})
    return map_structure(lambda value: value.tolist() if hasattr(value, "tolist") else value, found)
