"""An explanation as LaTeX, and as HTML whose formulas are MathML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from ..graph.node import Node, const, symbol
from ..text.latex import to_latex
from ..text.mathml import mathml
from .text import named_rule, number, outer, shape_of, sum_text, title

if TYPE_CHECKING:
    from .record import Explained
    from .steps import Move, Share, Sweep

#: Longer LaTeX is shown as text: a page is for reading.
LONGEST = 4000
_STYLE = (
    "table{border-collapse:collapse;margin:.5em 0 1.5em}th{text-align:left;font-weight:600;border-bottom:1px solid}"
    "th,td{padding:.25em .9em .25em 0;vertical-align:baseline;text-align:left}"
)


def _number(value: Any) -> str:
    """A number in LaTeX; an array as text."""
    import numpy as np

    if np.ndim(value):
        return rf"\text{{{number(value)}}}"
    text = number(value)
    return to_latex(const(float(text))) if "e" in text or "n" in text else text


def _tex(node: Node) -> str:
    return to_latex(node)


def _name(name: str) -> str:
    return _tex(symbol(name))


def _equation(step: Any) -> str:
    """The step as an equation; an input is its name alone."""
    left, right = _name(step.name), _tex(step.formula)
    return left if left == right else f"{left} = {right}"


def _share(sweep: Sweep, move: Move, share: Share) -> str:
    """The share as a product of numbers, or of arrays as a formula, and its value."""
    if share.formula is not None:
        return f"{_tex(share.formula)} = {_number(share.value)}"
    factors = (_number(part) for part in (outer(sweep, move, share), share.local_value))
    product = r" \cdot ".join(rf"\left({text}\right)" if text.startswith("-") else text for text in factors)
    return f"{product} = {_number(share.value)}"


def _local(share: Share) -> str:
    if share.local is None:
        return ""
    formula, value = _tex(share.local), _number(share.local_value)
    return value if formula == value else f"{formula} = {value}"


def _slope(move: Move, share: Share) -> str:
    operand = _name(share.name) if share.name else r"\text{all}"
    return rf"\frac{{\partial {_name(move.step.name)}}}{{\partial {operand}}}"


# -- LaTeX ---------------------------------------------------------------------------------------------------------


def latex(explanation: Explained) -> str:
    """Aligned equations: values, then each sweep, then the gradient."""
    values = [rf"{_aligned(_equation(step))} &&= {_number(step.value)}" for step in explanation.steps]
    sweeps = [line for sweep in explanation.sweeps for line in _latex_sweep(explanation, sweep)]
    ends = [rf"{_by(name)} &= {_number(value)}" for name, value in explanation.gradient.items()]
    lines = [rf"f &= {_tex(explanation.formula)}", *values, *sweeps, *ends]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _aligned(equation: str) -> str:
    return equation.replace(" = ", " &= ", 1) if " = " in equation else f"{equation} &"


def _by(name: str) -> str:
    return rf"\frac{{\partial f}}{{\partial {_name(name)}}}"


def _latex_sweep(explanation: Explained, sweep: Sweep) -> Iterator[str]:
    yield rf"&\text{{{title(explanation, sweep)}}}"
    for move in sweep.moves:
        for share in move.shares:
            slope = f"{_slope(move, share)} = {_local(share)}" if share.local is not None else _slope(move, share)
            yield rf"{_aligned(slope)} && {_share(sweep, move, share)} && \text{{{named_rule(move)}}}"


# -- HTML ----------------------------------------------------------------------------------------------------------


def page(explanation: Explained) -> str:
    """A whole document."""
    heading = escape(str(explanation.formula)[:200])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f"<title>{heading}</title>\n<style>body{{font-family:sans-serif;margin:2em}}{_STYLE}</style>\n</head>\n"
        f"<body>\n{body(explanation)}\n</body>\n</html>\n"
    )


def body(explanation: Explained) -> str:
    """The tables, for a page or a notebook."""
    values = [
        [_math(_equation(step)), _math(f"= {_number(step.value)}"), escape(shape_of(step.value))]
        for step in explanation.steps
    ]
    ends = [[_math(_by(name)), _math(f"= {_number(value)}")] for name, value in explanation.gradient.items()]
    parts = [
        f"<p>{_math(f'f = {_tex(explanation.formula)}')}</p>",
        _table("forward: values", "step|value|shape", values),
    ]
    for sweep in explanation.sweeps:
        header = f"step|rule|{'from' if sweep.source else 'to'}|local partial|derivative × local partial|sum"
        parts.append(_table(title(explanation, sweep), header, list(_html_rows(sweep))))
    return "\n".join([*parts, _table("gradient", "|", ends)])


def _math(latex: str) -> str:
    return mathml(latex) if len(latex) <= LONGEST else f"<code>{escape(latex)}</code>"


def _html_rows(sweep: Sweep) -> Iterator[list[str]]:
    for move in sweep.moves:
        for line, share in enumerate(move.shares):
            start = [_math(_equation(move.step)), escape(named_rule(move))] if line == 0 else ["", ""]
            local = f"{_slope(move, share)} = {_local(share)}" if share.local is not None else ""
            operand = _math(_name(share.name)) if share.name else "all"
            shown = [_math(local) if local else "", _math(_share(sweep, move, share)), escape(sum_text(sweep, share))]
            yield [*start, operand, *shown]


def _table(caption: str, header: str, rows: list[list[str]]) -> str:
    """A table under a heading; columns that are empty throughout are left out."""
    names = header.split("|")
    kept = [place for place in range(len(names)) if any(row[place] for row in rows)]
    head = _line("th", [names[place] for place in kept]) + "\n" if any(names) else ""
    lines = "\n".join(_line("td", [row[place] for place in kept]) for row in rows)
    return f"<h3>{escape(caption)}</h3>\n<table>\n{head}{lines}\n</table>"


def _line(tag: str, cells: list[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"
