"""An explanation as aligned text, as lines for a terminal with colours, and as plain data."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ..graph.shapes import show_shape

if TYPE_CHECKING:
    from .record import Explained
    from .steps import Move, Share, Step, Sweep

#: Arrays of more elements are shown by their shape and range; as text, matrices with a line for each row up to LARGEST.
SHOWN, LARGEST = 6, 36
_WHOLE = 1e15
#: Colours of columns on a terminal, those of pictures.
_COLOURS = {"value": "green", "sum": "red", "rule": "dim"}


def number(value: Any, digits: int = 6) -> str:
    """A number with so many digits, whole ones without a fraction; of a larger array its shape and range."""
    import numpy as np

    found = np.asarray(value)
    if found.ndim == 0:
        return _digits(found.item(), digits)
    if found.size <= SHOWN:
        return "[" + ", ".join(number(part, digits) for part in value) + "]"
    low, high = (_digits(end.item(), digits) for end in (found.min(), found.max()))
    return f"{show_shape(found.shape)} from {low} to {high}"


def _in_rows(value: Any) -> bool:
    """Whether a matrix is shown with a line for each row."""
    import numpy as np

    return np.ndim(value) == 2 and SHOWN < np.size(value) <= LARGEST


def _written(value: Any, indent: str = "") -> str:
    """A value; the rows of a larger matrix below each other."""
    return f"[{f',{chr(10)}{indent} '.join(map(number, value))}]" if _in_rows(value) else number(value)


def _equal(formula: str, value: Any) -> str:
    """A formula and its value, which begins a line of its own where it has several."""
    return f"{formula} ={chr(10) if _in_rows(value) else ' '}{_written(value)}"


def _digits(value: float | bool, digits: int) -> str:
    if isinstance(value, bool):
        return str(value)
    if value == value and abs(value) < _WHOLE and value == int(value):
        return str(int(value))
    return f"{value:.{digits}g}"


def shape_of(value: Any) -> str:
    """The shape of an array, nothing for a number."""
    import numpy as np

    return show_shape(np.shape(value)) if np.ndim(value) else ""


def text(explanation: Explained, width: int = 200) -> str:
    """Without colours, as wide as it needs up to ``width``."""
    from rich.console import Console

    out = io.StringIO()
    show(explanation, Console(file=out, width=width, no_color=True, highlight=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def show(explanation: Explained, console: Any) -> None:
    """Print tables on a rich console."""
    from rich.text import Text

    def section(heading: str, header: str, rows: list[list[str]]) -> None:
        console.print()
        console.print(Text(heading, "bold"))
        if rows:
            console.print(_table(header, rows))

    console.print(Text(f"f = {explanation.formula}", "bold"))
    section("forward: values", "step|value|shape", _values(explanation))
    for sweep in explanation.sweeps:
        header = f"step|rule|{'from' if sweep.source else 'to'}|local partial|derivative * local partial|sum"
        section(title(explanation, sweep), header, _rows(sweep))
    ends = [[f"df/d{name}", "= " + _written(value, "  ")] for name, value in explanation.gradient.items()]
    section("gradient" if ends else "gradient: the formula has no variables", "", ends)


def title(explanation: Explained, sweep: Sweep) -> str:
    """What the derivatives of a sweep are."""
    if sweep.source:
        return f"forward: derivatives by {sweep.source}, starting from d{sweep.source}/d{sweep.source} = 1"
    last = next((move.name for move in sweep.moves), "")
    start = f", starting from {last} = df/df = 1" if last else ": there is no variable to reach"
    return f"backward: derivatives of f by each step{start}"


def _table(header: str, rows: list[list[str]]) -> Any:
    """Columns without lines; a column that is empty throughout is left out."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    names = header.split("|") if header else [""] * len(rows[0]) if rows else []
    kept = [place for place in range(len(names)) if any(row[place] for row in rows)]
    found = Table(box=box.SIMPLE_HEAD if header else None, show_edge=False, pad_edge=False, show_header=bool(header))
    for place in kept:
        found.add_column(names[place], overflow="fold", style=_COLOURS.get(names[place]))
    for row in rows:
        found.add_row(*(Text(row[place]) for place in kept))
    return found


def _values(explanation: Explained) -> list[list[str]]:
    return [[equation(step), "= " + _written(step.value, "  "), shape_of(step.value)] for step in explanation.steps]


def equation(step: Step) -> str:
    """``v2 = a + v1``; an input is its name alone."""
    return step.name if step.name == str(step.formula) else f"{step.name} = {step.formula}"


def _rows(sweep: Sweep) -> list[list[str]]:
    """A line for each share; the step and its rule stand in the first one of the step."""
    rows = []
    for move in sweep.moves:
        for line, share in enumerate(move.shares):
            start = [equation(move.step), named_rule(move)] if line == 0 else ["", ""]
            product = share_text(share, number(outer(sweep, move, share)))
            rows.append([*start, share.name or "all", local_text(share), product, sum_text(sweep, share)])
    return rows


def outer(sweep: Sweep, move: Move, share: Share) -> Any:
    """What the local partial is multiplied by: the step's own derivative, or forward its operand's."""
    if not sweep.source:
        return move.derivative
    return next((other.derivative for other in sweep.moves if other.step.name == share.name), 0.0)


def named_rule(move: Move) -> str:
    """The rule, with the name of the gate where there is one."""
    return move.step.rule + (f" ({move.step.gate})" if move.step.gate else "")


def local_text(share: Share) -> str:
    """The local partial as a formula and a number; nothing for an operation on whole arrays."""
    if share.local is None:
        return ""
    local, value = str(share.local), number(share.local_value)
    return value if local == value else _equal(local, share.local_value)


def share_text(share: Share, factor: str) -> str:
    """The share as a product of numbers; of an operation on whole arrays as a formula with its value."""
    if share.formula is None:
        return f"{factor} * {number(share.local_value)} = {number(share.value)}"
    if share.nth == 1 and _in_rows(share.value):
        return str(share.formula)  # the sum, beside it, is the same
    return _equal(str(share.formula), share.value)


def sum_text(sweep: Sweep, share: Share) -> str:
    """The sum so far; what several steps use gets a sum of shares."""
    return _written(share.total) + (" (copies add up)" if share.nth > 1 and not sweep.source else "")


def record(explanation: Explained) -> dict[str, Any]:
    """Texts and numbers, arrays as nested lists."""
    return {
        "formula": str(explanation.formula),
        "at": {name: _plain(value) for name, value in explanation.at.items()},
        "mode": explanation.mode,
        "steps": [
            {"name": step.name, "formula": str(step.formula), "value": _plain(step.value)} for step in explanation.steps
        ],
        "sweeps": [{"by": sweep.source, "moves": list(map(_move, sweep.moves))} for sweep in explanation.sweeps],
        "gradient": {name: _plain(value) for name, value in explanation.gradient.items()},
    }


def _move(move: Move) -> dict[str, Any]:
    shares = [
        {
            "operand": share.name,
            "partial": str(share.formula if share.local is None else share.local),
            "partial_value": _plain(share.local_value),
            "value": _plain(share.value),
            "sum": _plain(share.total),
        }
        for share in move.shares
    ]
    start = {"step": move.step.name, "rule": move.step.rule, "gate": move.step.gate}
    return {**start, "derivative": _plain(move.derivative), "shares": shares}


def _plain(value: Any) -> Any:
    """A number as it is, what is not finite as text; an array as nested lists."""
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list):
        return list(map(_plain, value))
    return str(value) if isinstance(value, float) and not abs(value) < float("inf") else value
