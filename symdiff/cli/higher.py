"""``symdiff derivatives``: all partial derivatives up to an order, as formulas or as one function."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..graph.atomic_write import write_whole
from ..graph.node import Node
from ..graph.traversal import variables
from ..text.printer import show
from .common import FormulaCommand, busy, options
from .printing import columns
from .reading import read_problem, read_text, scalar


@click.command("derivatives", cls=FormulaCommand)
@click.argument("formula")
@click.option("--order", type=click.IntRange(0, 20), default=2, metavar="N", help="Up to which order; default: 2.")
@click.option("--code", "as_code", is_flag=True, help="Write a module with one function that computes all.")
@click.option("--name", default="f", help="The function's name; default: f.")
@click.option("--backend", default="numpy", help="numpy (default), math (floats), c (C99), array_api (JAX, PyTorch).")
@click.option("-o", "--output", metavar="FILE", help="Where to write the module; default: standard output.")
@options("wrt", "assume", "level", "plain")
def derivatives_command(
    formula: str,
    order: int,
    as_code: bool,
    name: str,
    backend: str,
    output: str | None,
    wrt: str | None,
    level: str,
    form: str,
) -> None:
    """All partial derivatives up to an order, each once: the value, then x, y, then x,x and x,y and y,y, ...

    With --code or -o one function returns them as a dictionary by these names; that of the value is empty. It shares
    the work of all, and takes far fewer operations than derivatives of derivatives. --simplify is for the formula and
    the printed derivatives; the function is left as it is built.

    \b
    symdiff derivatives "x**2*y" --order 3
    symdiff derivatives "exp(-x**2*y)/(x + y)" --order 4 --backend math -o all.py
    """
    from ..compiler.functions import source
    from ..search.levels import simplify
    from ..simplifier.stable import stable
    from ..taylor import derivatives

    with busy("differentiating"):
        (root,), wanted = read_problem([read_text(formula)], wrt, ())
        coded = as_code or output is not None
        root = scalar("derivatives", root)
        root = stable(root) if coded and level in ("full", "code") else simplify(root, level)
        names = [var.name for var in wanted]
        found = {_key(names, indices): node for indices, node in derivatives(root, wanted, order).items()}
        if coded:
            text = source(found, list(variables([root, *wanted])), name=name, backend=backend)
        else:
            text = _listed({key: simplify(node, level) for key, node in found.items()}, form) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text)


def _key(names: Sequence[str], indices: Sequence[int]) -> str:
    return ",".join(name for name, times in zip(names, indices, strict=True) for _ in range(times))


def _listed(found: dict[str, Node], form: str) -> str:
    texts = {key: str(show(node)) for key, node in found.items()}
    if form == "json":
        import json

        return json.dumps(texts, ensure_ascii=False)
    return "\n".join(columns([[key or "value", text] for key, text in texts.items()], "  "))
