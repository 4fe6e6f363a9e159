"""An explanation as aligned text, with colours on a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from .tables import Cells, Table, tables

if TYPE_CHECKING:
    from .record import Record

#: Colours of columns on a terminal, those of pictures.
_COLOURS = {"value": "green", "sum": "red", "rule": "dim"}


def to_text(explanation: Record, width: int = 200) -> str:
    """Without colours, as wide as it needs up to ``width``."""
    from rich.console import Console

    out = io.StringIO()
    plain = Console(
        file=out, width=width, color_system=None, force_terminal=False, force_jupyter=False, highlight=False
    )
    show(explanation, plain)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def show(explanation: Record, console: Any) -> None:
    """Print tables on a rich console."""
    from rich.text import Text

    console.print(Text(f"f = {explanation.formula}", "bold"))
    for table in tables(explanation, Cells()):
        console.print()
        console.print(Text(table.heading, "bold"))
        if table.rows:
            console.print(_without_lines(table))


def _without_lines(table: Table) -> Any:
    """The table for rich, with space between its columns."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    header = any(table.names)
    rich = RichTable(box=box.SIMPLE_HEAD if header else None, show_edge=False, pad_edge=False, show_header=header)
    for name in table.names:
        rich.add_column(name, overflow="fold", style=_COLOURS.get(name))
    for row in table.rows:
        rich.add_row(*map(Text, row))
    return rich
