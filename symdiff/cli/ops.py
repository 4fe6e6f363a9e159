"""``symdiff ops``: the table of operations, from their declarations."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import click

from ..graph.node import OPS
from ..ops.arrays import FUNCTIONS as ARRAYS
from ..text.grammar import grammar
from .options import options
from .output import print_json
from .printing import align

_FIELDS = ("name", "arguments", "domain", "kink", "aliases", "about")
_ARRAY_FIELDS = ("name", "arguments", "domain", "kink", "about")


@click.command("ops", short_help="The operations, their domains and conventions.")
@options("plain")
def ops_command(form: str) -> None:
    """The operations: name, arguments, domain, convention at kinks, other names, and what each computes; then the
    functions of arrays.

    Arrays are transposed by X.T and indexed as in X[0, 1:]; the name of a size in --shape stands for its value.

    \b
    symdiff ops
    symdiff ops --format json
    """
    elementwise, arrays = _elementwise(), [_array_function(name) for name in ARRAYS if name in grammar().calls]
    if form == "json":
        print_json([*elementwise, *arrays])
    else:
        tables = [*_table(elementwise, _FIELDS), "", "functions of arrays", *_table(arrays, _ARRAY_FIELDS)]
        click.echo("\n".join(tables))


def _elementwise() -> list[dict[str, Any]]:
    ops = [op for op in OPS.values() if op.elementwise]  # others have no name in a formula
    lines = [(op.name, op.arity, op.domain, op.kink, list(op.aliases), op.doc) for op in ops]
    return [dict(zip(_FIELDS, line, strict=True)) for line in lines]


def _array_function(name: str) -> dict[str, Any]:
    """A record of a function of arrays; its domain and kink are those of the operation of that name."""
    parameters = inspect.signature(ARRAYS[name]).parameters.values()
    arguments = [str(parameter.replace(annotation=parameter.empty)) for parameter in parameters]
    op = OPS.get(name)
    domain, kink = (op.domain, op.kink) if op and op.pullback else ("arrays whose shapes fit", "")
    about = (inspect.getdoc(ARRAYS[name]) or "").partition("\n")[0].replace("``", "")
    return {"name": name, "arguments": ", ".join(arguments), "domain": domain, "kink": kink, "about": about}


def _table(records: list[dict[str, Any]], fields: Sequence[str]) -> list[str]:
    return align([list(fields), *([_cell(record[field]) for field in fields] for record in records)], "  ")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "any" if value == -1 else str(value) or "-"
