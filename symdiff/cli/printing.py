"""Results as aligned text, LaTeX or one JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from ..graph.node import Node
from ..graph.traversal import map_structure
from .output import json_text
from .values import scalars_of

#: Longer lines of values are wrapped.
WIDTH = 88


def plain(value: Any) -> Any:
    """A number as JSON has it: whole floats without a fraction, what is not finite as text."""
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if not isinstance(value, float):
        return value
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def show_value(value: Any) -> str:
    """A scalar as text: ``176``, ``0.1``, ``nan``; lists in brackets."""
    return "[" + ", ".join(map(show_value, value)) + "]" if isinstance(value, (list, tuple)) else str(plain(value))


def show_point(point: Mapping[str, Any]) -> str:
    """``x=1, y=[1, 2]``."""
    return ", ".join(f"{name}={show_value(value)}" for name, value in point.items())


def wrap(value: Any, start: str = "") -> list[str]:
    """A value after ``start``: on one line where that is short, else a line for each row, columns aligned."""
    line = start + show_value(value)
    if len(line) <= WIDTH or not isinstance(value, (list, tuple)):
        return [line]
    lines = _wrap_rows(value, max((len(show_value(scalar)) for scalar in scalars_of(value)), default=0))
    return [start + lines[0], *(" " * len(start) + line for line in lines[1:])]


def _wrap_rows(value: Any, width: int) -> list[str]:
    """Nested lists as NumPy prints them; long rows are wrapped."""
    if value and isinstance(value[0], (list, tuple)):
        parts = [_wrap_rows(part, width) for part in value]
    else:
        count = max(1, WIDTH // (width + 2))
        cells = [show_value(scalar).rjust(width) for scalar in value]
        parts = [[", ".join(cells[at : at + count])] for at in range(0, len(cells), count)] or [[""]]
    for part in parts[:-1]:
        part[-1] += ","
    lines = [line for part in parts for line in part]
    lines[-1] += "]"
    return ["[" + lines[0], *(" " + line for line in lines[1:])]


def align(rows: list[list[str]], between: str, start: str = "", end: str = "") -> list[str]:
    """Rows of cells as lines with aligned columns."""
    ends = [between] * (len(rows[0]) - 1) + [""]
    rows = [[cell + last for cell, last in zip(row, ends, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [start + line.rstrip() + end for line in lines]


def _text_lines(result: Any, names: list[str], values: Any, rows: list[str]) -> list[str]:
    """One line for a derivative, for each variable of a gradient, each row of a matrix, and each block of arrays."""
    if isinstance(result, Node):
        return [str(result)] + ([] if values is None else wrap(values, "value = "))
    if isinstance(result[0], Node):
        return _gradient_lines(result, names, values)
    if any(node.shape for row in result for node in row):
        pairs = [f"{row}, {name}" if row else name for row in rows for name in names]
        flat = None if values is None else [value for row in values for value in row]
        return _gradient_lines([node for row in result for node in row], pairs, flat)
    lines = align([[str(node) for node in row] for row in result], ", ", "[", "]")
    if values is None:
        return lines
    return [*lines, "value:", *align([[show_value(value) for value in row] for row in values], ", ", "[", "]")]


def _gradient_lines(result: Any, names: list[str], values: Any) -> list[str]:
    """Values beside their derivatives where they are short, else in lines of their own below them."""
    cells = [[f"{name}:", str(node)] for name, node in zip(names, result, strict=True)]
    if values is None:
        return align(cells, " ")
    lines = align([[*row, f"= {show_value(value)}"] for row, value in zip(cells, values, strict=True)], " ")
    if all(not isinstance(value, (list, tuple)) for value in values) or max(map(len, lines)) <= WIDTH:
        return lines
    pairs = zip(names, values, strict=True)
    return [*align(cells, " "), "value:", *(line for name, value in pairs for line in wrap(value, f"{name} = "))]


def latex_lines(result: Any, values: Any) -> list[str]:
    """LaTeX source, with the values on a second line that begins with an equals sign."""
    from ..text.latex import to_latex

    lines = [_matrix(result, to_latex)]
    return lines if values is None else [*lines, "= " + latex_value(result, values)]


def latex_value(result: Any, values: Any) -> str:
    """The values of a result: a matrix for an array, and for the nesting of the result around it."""
    if isinstance(result, Node):
        return _matrix(values, _latex_number)
    cells = [
        [latex_value(*cell) for cell in zip(row, part, strict=True)]
        if isinstance(row, tuple)
        else latex_value(row, part)
        for row, part in zip(result, values, strict=True)
    ]
    return _matrix(cells, str)


def _latex_number(value: Any) -> str:
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{nan}"}.get(show_value(value), show_value(value))


def _matrix(structure: Any, show: Callable[[Any], str]) -> str:
    if not isinstance(structure, (list, tuple)):
        return show(structure)
    rows = (row if isinstance(row, (list, tuple)) else [row] for row in structure)
    body = r" \\ ".join(" & ".join(map(show, row)) for row in rows)
    return rf"\begin{{bmatrix}}{body}\end{{bmatrix}}"


def json_line(texts: Sequence[str], names: list[str], result: Any, point: dict[str, Any] | None, values: Any) -> str:
    """The one object of ``--format json``."""
    formula = texts[0] if len(texts) == 1 else texts
    record = {"formula": formula, "wrt": names, "result": map_structure(str, result)}
    if point is not None:
        record |= {"at": {name: plain(value) for name, value in point.items()}, "value": plain(values)}
    return json_text(record)


def print_result(
    form: str,
    texts: Sequence[str],
    names: list[str],
    result: Any,
    point: dict[str, Any] | None,
    values: Any,
    rows: list[str],
) -> None:
    """``names`` are the variables, ``rows`` what the rows of a matrix of blocks are called."""
    if form == "json":
        lines = [json_line(texts, names, result, point, values)]
    else:
        lines = latex_lines(result, values) if form == "latex" else _text_lines(result, names, values, rows)
    click.echo("\n".join(lines))
