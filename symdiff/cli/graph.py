"""``symdiff graph``: the computation graph as text or as a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from .inputs import read_problem, read_text
from .options import FormulaCommand, options
from .output import spinner, write_output
from .points import read_point
from .values import as_arrays, evaluating


@click.command("graph", cls=FormulaCommand, short_help="The computation graph, as text or a picture.")
@click.argument("formula")
@click.option("-o", "--output", metavar="FILE", help="Where to write a picture: .svg, .png, .dot, .mmd or .txt.")
@click.option("--derivative", is_flag=True, help="The simplified derivatives' graph beside the formula's.")
@click.option("--steps", type=click.IntRange(min=3), default=60, metavar="N", help="Most steps shown; default: 60.")
@click.option("--format", "form", type=click.Choice(["txt", "svg", "dot", "mmd"]), default="txt", help="Default: txt.")
@options("wrt", "at", "shape")
def graph_command(
    formula: str, output: str | None, derivative: bool, steps: int, form: str, wrt: str | None, at: Sequence[str],
    shape: Sequence[str],
) -> None:  # fmt: skip
    """The computation graph, as an indented list, or with -o as a picture in layers.

    With --at, each arrow carries the value above it and the derivative that flows back along it below it. The parts
    farthest from the result are folded into boxes where there are more than --steps.

    \b
    symdiff graph "(a+3*b)*c**2" --at a=2,b=3,c=4
    symdiff graph "(a+3*b)*c**2" --at a=2,b=3,c=4 -o graph.svg
    symdiff graph "exp(x)*sin(x)" --derivative -o both.png
    symdiff graph "(x+y)*z" --format mmd
    """
    with spinner("drawing"):
        from ..explanations.drawing.draw import draw

        (root,), wanted = read_problem([read_text(formula)], wrt, shape)
        point = as_arrays(read_point(at, [root]), [root]) if at else None
        with evaluating():
            picture = draw(root, point, wanted, derivative, steps)
        kind = form if output is None else os.path.splitext(output)[1].lower().removeprefix(".")
        content = picture.content(kind)
    write_output(output, content)
