"""``symdiff plot``: a function of one or two variables, with its derivatives."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import click

from ..graph.atomic_write import write_whole
from ..graph.errors import SymdiffError
from .common import FormulaCommand, busy, options
from .reading import number, read_formulas, read_text


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
    with busy("plotting"):
        from ..explanations.plots import plot

        (root,) = read_formulas([read_text(formula)], {})
        fixed = dict(_pair("--at", part, "a=2") for part in _parts(at))
        values = {name: number("--at", name, text) for name, text in fixed.items()}
        pairs = (_pair("--range", part, "x=-3:3") for part in _parts(ranges))
        bounds = {name: _bounds(name, text) for name, text in pairs}
        content = plot(root, bounds, values, order).content(os.path.splitext(output)[1].lower().removeprefix("."))
    write_whole(output, content)


def _parts(texts: Iterable[str]) -> list[str]:
    return [part for text in texts for part in text.split(",")]


def _pair(option: str, text: str, example: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name.isidentifier():
        raise SymdiffError(f"{option} takes a variable with its numbers, such as {example}, not {text.strip()!r}")
    return name, value


def _bounds(name: str, text: str) -> tuple[float, float]:
    low, colon, high = text.partition(":")
    if not colon:
        raise SymdiffError(f"--range {name}: a range is two numbers, such as -3:3, not {text!r}")
    return number("--range", name, low.strip()), number("--range", name, high.strip())
