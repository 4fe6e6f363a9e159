"""``symdiff simplify``: the simplified formula, and the rewrites that lead to it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..graph.node import Node
from ..rules.trace import Rewrite
from ..search.levels import LEVELS, simplify
from .inputs import read_problem, read_text
from .options import FormulaCommand, options
from .output import json_text, spinner


@click.command("simplify", cls=FormulaCommand, short_help="The simplified formula, and the rules that lead to it.")
@click.argument("formula")
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="full",
    help="To be read (full), to be run (code), by measured errors (accurate), search or SymPy; default: full.",
)
@click.option("--trace", "shows_trace", is_flag=True, help="First each rewrite: its rule, what it replaced, by what.")
@options("shape", "assume", "form")
def simplify_command(
    formula: str, level: str, shows_trace: bool, shape: Sequence[str], assume: Sequence[str], form: str
) -> None:
    """The simplified formula; with --trace after the rewrites that lead to it, in order.

    \b
    symdiff simplify "sin(x)**2 + cos(x)**2 + sqrt(y**2)" --assume "y > 0" --trace
    symdiff simplify "log(sum(exp(v)))" --shape v=n
    symdiff simplify "(1 - cos(x))/x**2" --level accurate --format latex
    """
    text = read_text(formula)
    rewrites: list[Rewrite] = []
    with spinner("simplifying"):
        (root,), _ = read_problem([text], None, shape, assume)
        result = simplify(root, level, trace=rewrites if shows_trace else None)
    if form == "json":
        click.echo(_json(text, result, rewrites if shows_trace else None))
    else:
        click.echo("\n".join(_latex(result, rewrites) if form == "latex" else [*map(str, rewrites), str(result)]))


def _latex(result: Node, rewrites: Sequence[Rewrite]) -> list[str]:
    """LaTeX source, with the names of rules as comments."""
    from ..text.latex import to_latex

    lines = [rf"{to_latex(before)} \to {to_latex(after)} % {rule}" for rule, before, after in rewrites]
    return [*lines, to_latex(result)]


def _json(text: str, result: Node, rewrites: Sequence[Rewrite] | None) -> str:
    record: dict[str, object] = {"formula": text, "wrt": [], "result": str(result)}
    if rewrites is not None:
        record["trace"] = [{"rule": rule, "before": str(one), "after": str(other)} for rule, one, other in rewrites]
    return json_text(record)
