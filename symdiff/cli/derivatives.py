"""``symdiff derivatives``: all partial derivatives up to an order, as formulas or as one function."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..graph.node import Node
from ..graph.traversal import variables
from ..text.printer import show
from .inputs import check_scalar, read_problem, read_text
from .options import FormulaCommand, options
from .output import json_text, spinner, write_output
from .printing import align


@click.command("derivatives", cls=FormulaCommand)
@click.argument("formula")
@click.option("--order", type=click.IntRange(0, 20), default=2, metavar="N", help="Up to which order; default: 2.")
@click.option("--code", "as_code", is_flag=True, help="Write a module with one function that computes all.")
@options("name", "backend", "output", "wrt", "assume", "level", "plain")
def derivatives_command(
    formula: str, order: int, as_code: bool, name: str, backend: str, output: str | None, wrt: str | None,
    assume: Sequence[str], level: str, form: str,
) -> None:  # fmt: skip
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

    with spinner("differentiating"):
        (root,), wanted = read_problem([read_text(formula)], wrt, (), assume)
        as_code = as_code or output is not None
        root = check_scalar("derivatives", root)
        root = stable(root) if as_code and level in ("full", "code") else simplify(root, level)
        names = [var.name for var in wanted]
        nodes = {_key(names, orders): node for orders, node in derivatives(root, wanted, order).items()}
        if as_code:
            text = source(nodes, list(variables([root, *wanted])), name=name, backend=backend)
        else:
            text = _table({key: simplify(node, level) for key, node in nodes.items()}, form)
    write_output(output, text)


def _key(names: Sequence[str], orders: Sequence[int]) -> str:
    return ",".join(name for name, times in zip(names, orders, strict=True) for _ in range(times))


def _table(nodes: dict[str, Node], form: str) -> str:
    texts = {key: str(show(node)) for key, node in nodes.items()}
    if form == "json":
        return json_text(texts)
    return "\n".join(align([[key or "value", text] for key, text in texts.items()], "  "))
