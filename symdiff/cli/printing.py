"""What the user gets: results as aligned text, LaTeX or one JSON object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from ..expr import Node
from ..walk import map_structure


def _plain(value: Any) -> Any:
    """A number as JSON has it: whole floats without a fraction, what is not finite as text."""
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if not isinstance(value, float):
        return value
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def shown(value: Any) -> str:
    """A number as text: ``176``, ``0.1``, ``nan``; lists in brackets."""
    plain = _plain(value)
    return "[" + ", ".join(map(shown, value)) + "]" if isinstance(plain, list) else str(plain)


def columns(rows: list[list[str]], between: str, start: str = "", end: str = "") -> list[str]:
    """Rows of cells as lines with aligned columns."""
    ends = [between] * (len(rows[0]) - 1) + [""]
    rows = [[cell + last for cell, last in zip(row, ends, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [start + line.rstrip() + end for line in lines]


def _text(result: Any, names: list[str], values: Any) -> list[str]:
    """One line for a derivative, one for each variable of a gradient, one for each row of a matrix."""
    if isinstance(result, Node):
        return [str(result)] + ([] if values is None else [f"value = {shown(values)}"])
    if isinstance(result[0], Node):
        cells = [[f"{name}:", str(node)] for name, node in zip(names, result, strict=True)]
        if values is not None:
            cells = [[*row, f"= {shown(value)}"] for row, value in zip(cells, values, strict=True)]
        return columns(cells, " ")
    lines = columns([[str(node) for node in row] for row in result], ", ", "[", "]")
    if values is None:
        return lines
    return [*lines, "value:", *columns([[shown(value) for value in row] for row in values], ", ", "[", "]")]


def latex_lines(result: Any, values: Any) -> list[str]:
    """LaTeX source, with the values on a second line that begins with an equals sign."""
    from ..latex import to_latex

    def matrix(structure: Any, show: Callable[[Any], str]) -> str:
        if not isinstance(structure, (list, tuple)):
            return show(structure)
        rows = (row if isinstance(row, (list, tuple)) else [row] for row in structure)
        body = r" \\ ".join(" & ".join(map(show, row)) for row in rows)
        return rf"\begin{{bmatrix}}{body}\end{{bmatrix}}"

    special = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{nan}"}
    number = lambda value: special.get(shown(value), shown(value))
    lines = [matrix(result, to_latex)]
    return lines if values is None else [*lines, "= " + matrix(values, number)]


def json_line(texts: Sequence[str], names: list[str], result: Any, point: dict[str, Any] | None, values: Any) -> str:
    """The one object of ``--format json``."""
    import json

    formula = texts[0] if len(texts) == 1 else texts
    record = {"formula": formula, "wrt": names, "result": map_structure(str, result)}
    if point is not None:
        record |= {"at": {name: _plain(value) for name, value in point.items()}, "value": _plain(values)}
    return json.dumps(record, ensure_ascii=False)


def print_result(
    form: str, texts: Sequence[str], names: list[str], result: Any, point: dict[str, Any] | None, values: Any
) -> None:
    if form == "json":
        lines = [json_line(texts, names, result, point, values)]
    else:
        lines = latex_lines(result, values) if form == "latex" else _text(result, names, values)
    click.echo("\n".join(lines))
