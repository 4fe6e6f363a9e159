"""An explanation as aligned text, as lines for a terminal with colours, and as plain data."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..shapes import show_shape

if TYPE_CHECKING:
    from . import Explanation
    from .steps import Move, Share, Sweep

#: Arrays of more elements are shown by their shape and range.
SHOWN = 6
_WHOLE = 1e15


def number(value: Any) -> str:
    """A number with six digits, whole ones without a fraction; of a larger array its shape and range."""
    import numpy as np

    found = np.asarray(value)
    if found.ndim == 0:
        return _digits(found.item())
    if found.size <= SHOWN:
        return "[" + ", ".join(map(number, value)) + "]"
    low, high = _digits(found.min().item()), _digits(found.max().item())
    return f"{show_shape(found.shape)} from {low} to {high}"


def _digits(value: float | bool) -> str:
    if isinstance(value, bool):
        return str(value)
    if value == value and abs(value) < _WHOLE and value == int(value):
        return str(int(value))
    return f"{value:.6g}"


def shape_of(value: Any) -> str:
    """The shape of an array, nothing for a number."""
    import numpy as np

    return show_shape(np.shape(value)) if np.ndim(value) else ""


def text(explanation: Explanation, width: int = 200) -> str:
    """Without colours, as wide as it needs up to ``width``."""
    from rich.console import Console

    out = io.StringIO()
    show(explanation, Console(file=out, width=width, no_color=True, highlight=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def show(explanation: Explanation, console: Any) -> None:
    """Print tables on a rich console."""
    from rich.text import Text

    def put(line: str, style: str = "bold") -> None:
        console.print(Text(line, style))

    put(f"f = {explanation.formula}")
    put("")
    put("forward: values")
    console.print(_table("step| |value|shape", _values(explanation)))
    for sweep in explanation.sweeps:
        put("")
        put(title(explanation, sweep))
        backward = not sweep.source
        header = "step|rule|to|local partial|share|sum" if backward else "step|rule|from|local partial|share|sum"
        console.print(_table(header, _rows(explanation, sweep)))
    put("")
    put("gradient")
    lines = [[f"df/d{name}", f"= {number(value)}"] for name, value in explanation.gradient.items()]
    console.print(_table("", lines))


def title(explanation: Explanation, sweep: Sweep) -> str:
    """What the derivatives of a sweep are."""
    if sweep.source:
        return f"forward: derivatives by {sweep.source}, starting from d{sweep.source}/d{sweep.source} = 1"
    last = next((move.name for move in sweep.moves), "")
    return f"backward: derivatives of f, starting from {last} = df/df = 1" if last else "backward: nothing depends on it"


def _table(header: str, rows: list[list[str]]) -> Any:
    """Columns without lines; a column that is empty throughout is left out."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    names = header.split("|") if header else [""] * len(rows[0]) if rows else []
    kept = [place for place in range(len(names)) if any(row[place] for row in rows)]
    found = Table(box=box.SIMPLE_HEAD if header else None, show_edge=False, pad_edge=False, show_header=bool(header))
    for place in kept:
        found.add_column(names[place], overflow="fold")
    for row in rows:
        found.add_row(*(Text(row[place]) for place in kept))
    return found


def _values(explanation: Explanation) -> list[list[str]]:
    return [
        [step.name, "" if step.name == str(step.formula) else f"= {step.formula}", f"= {number(step.value)}", shape]
        for step in explanation.steps
        for shape in [shape_of(step.value)]
    ]


def _rows(explanation: Explanation, sweep: Sweep) -> list[list[str]]:
    return [row for move in sweep.moves for row in _moved(move, backward=not sweep.source)]


def _moved(move: Move, backward: bool) -> Iterator[list[str]]:
    """A line for each share; the step and its rule stand in the first one."""
    for line, share in enumerate(move.shares):
        start = [f"{move.step.name} = {move.step.formula}", named_rule(move)] if line == 0 else ["", ""]
        own = move.name if backward else f"d{share.name}"
        yield [*start, share.name or "all", _local(share), f"{_product(move, share, own)}", _sum(share)]


def named_rule(move: Move) -> str:
    """The rule, with the name of the gate where there is one."""
    return move.step.rule + (f" ({move.step.gate})" if move.step.gate else "")


def _local(share: Share) -> str:
    if share.local is None:
        return ""
    local, value = str(share.local), number(share.local_value)
    return value if local == value else f"{local} = {value}"


def _product(move: Move, share: Share, own: str) -> str:
    """The share as a product of numbers; on arrays as a formula with its value."""
    if share.formula is not None:
        return f"{share.formula} = {number(share.value)}"
    return f"{own} * {number(share.local_value)} = {number(share.value)}"


def _sum(share: Share) -> str:
    return f"{number(share.total)}" + (" (copies add up)" if share.place else "")


def record(explanation: Explanation) -> dict[str, Any]:
    raise NotImplementedError
