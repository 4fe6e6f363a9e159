"""``symdiff kinks``: where a formula has no derivative."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..differentiate.kinks import Kink, kinks
from ..text.printer import show
from .inputs import read_formula, read_text
from .options import FormulaCommand, options
from .output import print_json
from .printing import align


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
    root = read_formula(read_text(formula), shape)
    records = list(map(_record, kinks([root])))
    if form == "json":
        print_json({"formula": formula, "kinks": records})
    elif records:
        click.echo("\n".join(align([list(record.values()) for record in records], "  ")))
    else:
        click.echo("no kinks: every operation has derivatives of all orders inside its domain")


def _record(kink: Kink) -> dict[str, str]:
    from ..search.levels import simplify

    at = "" if kink.at is None else str(show(simplify(kink.at)))
    return {"at": at, "operation": str(show(kink.node)), "convention": kink.convention}
