"""``symdiff explain``: the steps of a formula and of its derivatives at a point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..graph.atomic_write import write_whole
from .common import FormulaCommand, busy, options
from .notes import note_kinks
from .reading import read_point, read_problem, read_text
from .values import arrays, evaluating

if TYPE_CHECKING:
    from ..explanations.explain import Explanation


def _json(found: Explanation) -> str:
    import json

    return json.dumps(found.record(), ensure_ascii=False)


_FORMATS: dict[str, Callable[[Explanation], str]] = {
    "text": str,
    "latex": lambda found: found.to_latex(),
    "html": lambda found: found.to_html(),
    "json": _json,
}


@click.command("explain", cls=FormulaCommand, short_help="The chain rule step by step, with its numbers.")
@click.argument("formula")
@click.option(
    "--mode", type=click.Choice(["reverse", "forward"]), default="reverse", help="The sweep; default: reverse."
)
@click.option("--format", "form", type=click.Choice(list(_FORMATS)), default="text", help="Default: text.")
@click.option("-o", "--output", metavar="FILE", help="Where to write; default: standard output.")
@options("wrt", "at", "shape")
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
    with busy("explaining"):
        from ..explanations.explain import explain

        (root,), wanted = read_problem([read_text(formula)], wrt, shape)
        given = read_point(at, [root])
        point = arrays(given, [root])
        with evaluating():
            found = explain(root, point, wanted, mode)
        note_kinks(root, given)
        text = _FORMATS[form](found)
    if output is not None:
        write_whole(output, text if text.endswith("\n") else text + "\n")
    elif form == "text":
        _to_terminal(found)
    else:
        click.echo(text, nl=not text.endswith("\n"))


def _to_terminal(found: Any) -> None:
    """As wide as the terminal, with its colours; elsewhere as wide as it needs."""
    import sys

    from ..explanations.text import show

    if not sys.stdout.isatty():
        click.echo(str(found))
        return
    from rich.console import Console

    show(found, Console())
