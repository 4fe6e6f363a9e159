"""The tables of an explanation and the text of their cells; HTML has cells of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..graph.shapes import show_shape
from .record import Move, Record, Share, Step, Sweep

#: Arrays of more elements are shown by their shape and range; as text, matrices of up to LARGEST have a line for each
#: row.
SHOWN, LARGEST = 6, 36
_WHOLE = 1e15


class Table(NamedTuple):
    """A table under a heading; without names of columns it has no header."""

    heading: str
    names: list[str]
    rows: list[list[str]]

    def without_empty_columns(self) -> Table:
        kept = [index for index in range(len(self.names)) if any(row[index] for row in self.rows)]
        names, *rows = ([row[index] for index in kept] for row in (self.names, *self.rows))
        return Table(self.heading, names, rows)


class Cells:
    """Cells of plain text; a format with cells of its own overrides these."""

    times = "*"

    def text(self, text: str) -> str:
        return text

    def operand(self, name: str) -> str:
        return name

    def equation(self, step: Step) -> str:
        """``v2 = a + v1``; an input is its name alone."""
        return step.name if step.name == str(step.formula) else f"{step.name} = {step.formula}"

    def gradient(self, name: str) -> str:
        return f"df/d{name}"

    def equals(self, value: Any) -> str:
        return "= " + _show_rows(value, "  ")

    def local(self, move: Move, share: Share) -> str:
        """The local partial as a formula and a value; nothing for an operation on whole arrays."""
        if share.local is None:
            return ""
        local, value = str(share.local), show_value(share.local_value)
        return value if local == value else _equation(local, share.local_value)

    def product(self, sweep: Sweep, move: Move, share: Share) -> str:
        """The share as a product of two values; of an operation on whole arrays as a formula with its value."""
        if share.formula is None:
            factors = f"{show_value(sweep.factor(move, share))} * {show_value(share.local_value)}"
            return f"{factors} = {show_value(share.value)}"
        if share.nth == 1 and _has_rows(share.value):
            return str(share.formula)  # the sum, beside it, is the same
        return _equation(str(share.formula), share.value)

    def total(self, sweep: Sweep, share: Share) -> str:
        """The sum so far; an operand of several steps has a sum of their shares."""
        return self.text(_show_rows(share.total) + (" (copies add up)" if share.nth > 1 and not sweep.source else ""))


def tables(explanation: Record, cells: Cells) -> Iterator[Table]:
    """The values of the steps, the shares of each sweep, and the gradient."""
    values = []
    for step in explanation.steps:
        values.append([cells.equation(step), cells.equals(step.value), cells.text(_shape_of(step.value))])
    yield Table("forward: values", ["step", "value", "shape"], values).without_empty_columns()
    for sweep in explanation.sweeps:
        operand, product = "from" if sweep.source else "to", f"derivative {cells.times} local partial"
        names = ["step", "rule", operand, "local partial", product, "sum"]
        yield Table(title(sweep), names, list(_rows(sweep, cells))).without_empty_columns()
    gradient = [[cells.gradient(name), cells.equals(value)] for name, value in explanation.gradient.items()]
    yield Table("gradient" if gradient else "gradient: the formula has no variables", ["", ""], gradient)


def _rows(sweep: Sweep, cells: Cells) -> Iterator[list[str]]:
    """A row for each share; the first one of a step names the step and its rule."""
    for move in sweep.moves:
        for index, share in enumerate(move.shares):
            step = ["", ""] if index else [cells.equation(move.step), cells.text(rule_of(move.step))]
            operand = cells.operand(share.name) if share.name else "all"
            product = cells.product(sweep, move, share)
            yield [*step, operand, cells.local(move, share), product, cells.total(sweep, share)]


def title(sweep: Sweep) -> str:
    """What the derivatives of a sweep are."""
    if sweep.source:
        return f"forward: derivatives by {sweep.source}, starting from d{sweep.source}/d{sweep.source} = 1"
    last = next((move.name for move in sweep.moves), "")
    start = f", starting from {last} = df/df = 1" if last else ": there is no variable to reach"
    return f"backward: derivatives of f by each step{start}"


def rule_of(step: Step) -> str:
    """The rule, with the name of the gate where there is one."""
    return step.rule + (f" ({step.gate})" if step.gate else "")


# -- values --------------------------------------------------------------------------------------------------------


def show_value(value: Any, digits: int = 6) -> str:
    """A scalar with so many digits, whole ones without a fraction; of a larger array its shape and range."""
    import numpy as np

    array = np.asarray(value)
    if array.ndim == 0:
        return _show_scalar(array.item(), digits)
    if array.size <= SHOWN:
        return "[" + ", ".join(show_value(part, digits) for part in value) + "]"
    low, high = (_show_scalar(end.item(), digits) for end in (array.min(), array.max()))
    return f"{show_shape(array.shape)} from {low} to {high}"


def _show_scalar(value: float | bool, digits: int) -> str:
    if isinstance(value, bool):
        return str(value)
    if value == value and abs(value) < _WHOLE and value == int(value):
        return str(int(value))
    return f"{value:.{digits}g}"


def _shape_of(value: Any) -> str:
    """The shape of an array, empty for a scalar."""
    import numpy as np

    return show_shape(np.shape(value)) if np.ndim(value) else ""


def _has_rows(value: Any) -> bool:
    """Whether a matrix is shown with a line for each row."""
    import numpy as np

    return np.ndim(value) == 2 and SHOWN < np.size(value) <= LARGEST


def _show_rows(value: Any, indent: str = "") -> str:
    """A value; the rows of a larger matrix below each other."""
    return "[" + f",\n{indent} ".join(map(show_value, value)) + "]" if _has_rows(value) else show_value(value)


def _equation(formula: str, value: Any) -> str:
    """A formula and its value, which begins a line of its own where it has several."""
    return f"{formula} =" + ("\n" if _has_rows(value) else " ") + _show_rows(value)


def shorten(text: str, most: int = 200) -> str:
    """The text, cut to so many characters."""
    return text if len(text) <= most else text[: most - 4] + " ..."
