"""``symdiff kinks``: where a formula has no derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..differentiate.kinks import kinks
from ..text.printer import show
from .common import FormulaCommand, options
from .printing import columns
from .reading import note_unused, read_formulas, read_shapes, read_text


@click.command("kinks", cls=FormulaCommand, short_help="Where a formula has no derivative.")
@click.argument("formula")
@options("shape", "plain")
def kinks_command(formula: str, shape: Sequence[str], form: str) -> None:
    """Where a formula has no derivative, and the convention that its derivatives follow there.

    A line for each operation with a kink: where it is, the operation, its convention. --kinks of the other commands
    chooses another value there.

    \b
    symdiff kinks "abs(x - 1) + maximum(x, y)"
    """
    shapes = read_shapes(shape)
    roots = read_formulas([read_text(formula)], shapes)
    note_unused(shapes, roots)
    records = [_record(kink.node, kink.at, kink.convention) for kink in kinks(roots)]
    if form == "json":
        import json

        click.echo(json.dumps({"formula": formula, "kinks": records}))
    elif records:
        click.echo("\n".join(columns([list(record.values()) for record in records], "  ")))
    else:
        click.echo("no kinks: every operation has derivatives of all orders inside its domain")


def _record(node: Any, at: Any, convention: str) -> dict[str, str]:
    from ..search.levels import simplify

    place = "" if at is None else str(show(simplify(at)))
    return {"at": place, "operation": str(show(node)), "convention": convention}
