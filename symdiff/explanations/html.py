"""An explanation as HTML, with formulas in MathML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ..text.latex import to_latex as tex
from ..text.mathml import mathml
from . import latex
from .tables import Cells, Table, tables

if TYPE_CHECKING:
    from .record import Move, Record, Share, Step, Sweep

#: Longer LaTeX is shown as text: a page is for reading.
LONGEST = 4000
_STYLE = (
    "table{border-collapse:collapse;margin:.5em 0 1.5em}th{text-align:left;font-weight:600;border-bottom:1px solid}"
    "th,td{padding:.25em .9em .25em 0;vertical-align:baseline;text-align:left}"
)


def page(explanation: Record) -> str:
    """A whole document."""
    heading = escape(str(explanation.formula)[:200])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f"<title>{heading}</title>\n<style>body{{font-family:sans-serif;margin:2em}}{_STYLE}</style>\n</head>\n"
        f"<body>\n{body(explanation)}\n</body>\n</html>\n"
    )


def body(explanation: Record) -> str:
    """The tables, for a page or a notebook."""
    formula = f"<p>{_math(f'f = {tex(explanation.formula)}')}</p>"
    return "\n".join([formula, *map(_html_table, tables(explanation, _HtmlCells()))])


class _HtmlCells(Cells):
    """Cells of MathML and escaped text."""

    times = "×"

    def text(self, text: str) -> str:
        return escape(text)

    def operand(self, name: str) -> str:
        return _math(latex.name_tex(name))

    def equation(self, step: Step) -> str:
        return _math(latex.equation(step))

    def gradient(self, name: str) -> str:
        return _math(latex.gradient_tex(name))

    def equals(self, value: Any) -> str:
        return _math(f"= {latex.value_tex(value)}")

    def local(self, move: Move, share: Share) -> str:
        return _math(latex.local_partial(move, share)) if share.local is not None else ""

    def product(self, sweep: Sweep, move: Move, share: Share) -> str:
        return _math(latex.product(sweep, move, share))


def _math(text: str) -> str:
    return mathml(text) if len(text) <= LONGEST else f"<code>{escape(text)}</code>"


def _html_table(table: Table) -> str:
    """A table under a heading."""
    head = _row("th", table.names) + "\n" if any(table.names) else ""
    rows = "\n".join(_row("td", row) for row in table.rows)
    return f"<h3>{escape(table.heading)}</h3>\n<table>\n{head}{rows}\n</table>"


def _row(tag: str, cells: list[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"
