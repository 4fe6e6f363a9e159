"""``symdiff eval``: the value of a formula."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..graph.errors import DomainError
from .inputs import read_formula, read_text
from .options import FormulaCommand, options
from .output import spinner
from .points import read_point
from .printing import json_line, latex_value, show_point, show_value, wrap
from .values import accurate_values


@click.command("eval", cls=FormulaCommand)
@click.argument("formula")
@options("at", "shape", "form")
def eval_command(formula: str, at: Sequence[str], shape: Sequence[str], form: str) -> None:
    """The value of a formula.

    \b
    symdiff eval "x**2*y + y + 2" --at x=3,y=4
    symdiff eval "sin(pi/3)"
    symdiff eval "X @ w" --shape X=n,d --shape w=d --at "X=[[1,2],[3,4]],w=[1,-1]"
    """
    text = read_text(formula)
    with spinner("evaluating"):
        root = read_formula(text, shape)
        point = read_point(at, [root])
        (value,) = accurate_values([root], lambda formulas: formulas, [root], point)
    if value != value:
        raise DomainError("the formula has no value" + (f" at {show_point(point)}" if point else ""))
    if form == "json":
        click.echo(json_line([text], [], show_value(value), point, value))
    else:
        click.echo(latex_value(root, value) if form == "latex" else "\n".join(wrap(value)))
