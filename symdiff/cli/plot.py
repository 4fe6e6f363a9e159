"""``symdiff plot``: a function of one or two variables, with its derivatives."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from .inputs import read_formula, read_text
from .options import FormulaCommand, options
from .output import spinner, write_output
from .points import read_pairs, read_range, read_scalar


@click.command("plot", cls=FormulaCommand, short_help="Draw a function with its derivatives.")
@click.argument("formula")
@click.option("-o", "--output", metavar="FILE", required=True, help="Where to write the plot: .svg, .png or .pdf.")
@click.option("--range", "ranges", multiple=True, metavar="x=-3:3", help="Where a variable goes; default: -3:3.")
@click.option("--order", type=click.IntRange(0, 9), default=2, metavar="N", help="How many derivatives; default: 2.")
@options("at")
def plot_command(formula: str, output: str, ranges: Sequence[str], order: int, at: Sequence[str]) -> None:
    """Draw a function: of one variable with its derivatives, of two as contours with the gradient's directions.

    --at gives values to variables that stay fixed.

    \b
    symdiff plot "exp(-x**2)" -o bell.svg
    symdiff plot "sin(a*x)/x" --at a=2 --range x=0.1:10 --order 1 -o wave.png
    symdiff plot "(1-x)**2 + 10*(y-x**2)**2" --range x=-2:2,y=-1:3 -o valley.png
    """
    with spinner("plotting"):
        from ..explanations.plots import plot

        root = read_formula(read_text(formula), ())
        usage = "--at takes a variable with its numbers, such as a=2, not {}"
        values = {name: read_scalar("--at", name, text) for _, name, text in read_pairs(at, usage)}
        usage = "--range takes a variable with its numbers, such as x=-3:3, not {}"
        bounds = {name: read_range("--range", name, text) for _, name, text in read_pairs(ranges, usage)}
        content = plot(root, bounds, values, order).content(os.path.splitext(output)[1].lower().removeprefix("."))
    write_output(output, content)
