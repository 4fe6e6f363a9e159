"""What the user gets: results as aligned text, LaTeX or one JSON object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from ..graph.node import Node
from ..graph.traversal import map_structure

#: A line of values is broken where it is longer.
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


def shown(value: Any) -> str:
    """A number as text: ``176``, ``0.1``, ``nan``; lists in brackets."""
    found = plain(value)
    return "[" + ", ".join(map(shown, value)) + "]" if isinstance(found, list) else str(found)


def block(value: Any, start: str = "") -> list[str]:
    """A value after ``start``: on one line where that is short, else a line for each row, columns aligned."""
    line = start + shown(value)
    if len(line) <= WIDTH or not isinstance(value, (list, tuple)):
        return [line]
    lines = _rows(value, max(map(len, _cells(value)), default=0))
    return [start + lines[0], *(" " * len(start) + line for line in lines[1:])]


def _cells(value: Any) -> list[str]:
    """The numbers of nested lists as text, in order."""
    if isinstance(value, (list, tuple)):
        return [cell for part in value for cell in _cells(part)]
    return [shown(value)]


def _rows(value: Any, width: int) -> list[str]:
    """Nested lists as NumPy prints them; a long row is broken."""
    if value and isinstance(value[0], (list, tuple)):
        parts = [_rows(part, width) for part in value]
    else:
        count = max(1, WIDTH // (width + 2))
        cells = [cell.rjust(width) for cell in _cells(value)]
        parts = [[", ".join(cells[at : at + count])] for at in range(0, len(cells), count)] or [[""]]
    for part in parts[:-1]:
        part[-1] += ","
    lines = [line for part in parts for line in part]
    lines[-1] += "]"
    return ["[" + lines[0], *(" " + line for line in lines[1:])]


def columns(rows: list[list[str]], between: str, start: str = "", end: str = "") -> list[str]:
    """Rows of cells as lines with aligned columns."""
    ends = [between] * (len(rows[0]) - 1) + [""]
    rows = [[cell + last for cell, last in zip(row, ends, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [start + line.rstrip() + end for line in lines]


def _text(result: Any, names: list[str], values: Any, rows: list[str]) -> list[str]:
    """One line for a derivative, for each variable of a gradient, each row of a matrix, and each block of arrays."""
    if isinstance(result, Node):
        return [str(result)] + ([] if values is None else block(values, "value = "))
    if isinstance(result[0], Node):
        return _gradient(result, names, values)
    if any(node.shape for row in result for node in row):
        pairs = [f"{row}, {name}" if row else name for row in rows for name in names]
        flat = None if values is None else [value for row in values for value in row]
        return _gradient([node for row in result for node in row], pairs, flat)
    lines = columns([[str(node) for node in row] for row in result], ", ", "[", "]")
    if values is None:
        return lines
    return [*lines, "value:", *columns([[shown(value) for value in row] for row in values], ", ", "[", "]")]


def _gradient(result: Any, names: list[str], values: Any) -> list[str]:
    """Values beside their derivatives where they are short, else in lines of their own below them."""
    cells = [[f"{name}:", str(node)] for name, node in zip(names, result, strict=True)]
    if values is None:
        return columns(cells, " ")
    lines = columns([[*row, f"= {shown(value)}"] for row, value in zip(cells, values, strict=True)], " ")
    if all(not isinstance(value, (list, tuple)) for value in values) or max(map(len, lines)) <= WIDTH:
        return lines
    pairs = zip(names, values, strict=True)
    return [*columns(cells, " "), "value:", *(line for name, value in pairs for line in block(value, f"{name} = "))]


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
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{nan}"}.get(shown(value), shown(value))


def _matrix(structure: Any, show: Callable[[Any], str]) -> str:
    if not isinstance(structure, (list, tuple)):
        return show(structure)
    listed = (row if isinstance(row, (list, tuple)) else [row] for row in structure)
    body = r" \\ ".join(" & ".join(map(show, row)) for row in listed)
    return rf"\begin{{bmatrix}}{body}\end{{bmatrix}}"


def json_line(texts: Sequence[str], names: list[str], result: Any, point: dict[str, Any] | None, values: Any) -> str:
    """The one object of ``--format json``."""
    import json

    formula = texts[0] if len(texts) == 1 else texts
    record = {"formula": formula, "wrt": names, "result": map_structure(str, result)}
    if point is not None:
        record |= {"at": {name: plain(value) for name, value in point.items()}, "value": plain(values)}
    return json.dumps(record, ensure_ascii=False)


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
        lines = latex_lines(result, values) if form == "latex" else _text(result, names, values, rows)
    click.echo("\n".join(lines))
