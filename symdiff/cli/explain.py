"""``symdiff explain``: the steps of a formula and of its derivatives at a point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from .inputs import read_problem, read_text
from .notes import note_kinks
from .options import FormulaCommand, options
from .output import json_text, spinner, write_output
from .points import read_point
from .values import as_arrays, evaluating

if TYPE_CHECKING:
    from ..explanations.explain import Explanation

_FORMATS: dict[str, Callable[[Explanation], str]] = {
    "text": str,
    "latex": lambda explanation: explanation.to_latex(),
    "html": lambda explanation: explanation.to_html(),
    "json": lambda explanation: json_text(explanation.record()),
}


@click.command("explain", cls=FormulaCommand, short_help="The chain rule step by step, with its numbers.")
@click.argument("formula")
@click.option(
    "--mode", type=click.Choice(["reverse", "forward"]), default="reverse", help="The sweep; default: reverse."
)
@click.option("--format", "form", type=click.Choice(list(_FORMATS)), default="text", help="Default: text.")
@options("output", "wrt", "at", "shape")
def explain_command(
    formula: str, mode: str, form: str, output: str | None, wrt: str | None, at: Sequence[str], shape: Sequence[str]
) -> None:
    """Every intermediate value, then the chain rule step by step, with its numbers.

    Each step of the backward sweep names its rule and hands its derivative, times the local partial, to its operands,
    where the shares add up. Forward mode is one sweep with dual numbers for each variable.

    \b
    symdiff explain "(a+3*b)*c**2" --at a=2,b=3,c=4
    symdiff explain "x**2*y + y + 2" --at x=3,y=4 --mode forward --wrt x
    symdiff explain "sum((X @ w - y)**2)" --shape X=n,d --shape w=d --shape y=n --at "X=[[1,2],[3,4]],w=[1,1],y=[1,2]"
    symdiff explain "(x+y)*z" --at x=-2,y=5,z=-4 --format html -o steps.html
    """
    with spinner("explaining"):
        from ..explanations.explain import explain

        (root,), wanted = read_problem([read_text(formula)], wrt, shape)
        point = read_point(at, [root])
        with evaluating():
            explanation = explain(root, as_arrays(point, [root]), wanted, mode)
        note_kinks(root, point)
        text = _FORMATS[form](explanation)
    if not (output is None and form == "text" and _print_on_terminal(explanation)):
        write_output(output, text)


def _print_on_terminal(explanation: Explanation) -> bool:
    """As wide as the terminal, with its colours; False where standard output is none."""
    import sys

    from ..explanations.text import show

    if not sys.stdout.isatty():
        return False
    from rich.console import Console

    show(explanation, Console())
    return True
