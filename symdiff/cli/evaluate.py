"""``symdiff eval``: the value of a formula."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..graph.errors import DomainError
from .common import FormulaCommand, busy, options
from .printing import block, json_line, latex_value, shown
from .reading import note_unused, read_formulas, read_point, read_shapes, read_text
from .values import kept_digits


@click.command("eval", cls=FormulaCommand)
@click.argument("formula")
@options("at", "shape", "form")
def evaluate_command(formula: str, at: Sequence[str], shape: Sequence[str], form: str) -> None:
    """The value of a formula.

    \b
    symdiff eval "x**2*y + y + 2" --at x=3,y=4
    symdiff eval "sin(pi/3)"
    symdiff eval "X @ w" --shape X=n,d --shape w=d --at "X=[[1,2],[3,4]],w=[1,-1]"
    """
    text = read_text(formula)
    with busy("evaluating"):
        shapes = read_shapes(shape)
        roots = read_formulas([text], shapes)
        note_unused(shapes, roots)
        point = read_point(at, roots)
        (value,) = kept_digits(roots, lambda formulas: formulas, roots, point)
    if value != value:
        place = ", ".join(f"{name}={shown(number)}" for name, number in point.items())
        raise DomainError("the formula has no value" + (f" at {place}" if place else ""))
    if form == "json":
        click.echo(json_line([text], [], shown(value), point, value))
    else:
        click.echo(latex_value(roots[0], value) if form == "latex" else "\n".join(block(value)))
