"""``symdiff check``: derivatives against an independent method, or the rounding errors of emitted code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..graph.errors import CheckError, SymdiffError
from ..graph.node import Node
from .inputs import check_scalar, read_problem, read_text
from .options import FormulaCommand, options
from .output import print_json, spinner
from .points import read_pairs, read_point, read_range
from .printing import plain

#: Units in the last place that ``--accuracy`` accepts unless told otherwise.
BOUND = 4.0


@click.command("check", cls=FormulaCommand, short_help="Compare derivatives with an independent method.")
@click.argument("formula")
@click.option("--accuracy", is_flag=True, help="Measure the errors of the emitted code against 50 digits.")
@click.option("--box", default="", metavar="x=1:3,...", help="Ranges of variables for --accuracy; default: -1000:1000.")
@click.option(
    "--ulps",
    type=click.FloatRange(min=0),
    default=BOUND,
    help="Errors that --accuracy accepts, in units in the last place.",
)
@click.option("--points", type=click.IntRange(min=1), default=256, help="Points of --accuracy; default: 256.")
@click.option("--derivatives", default="value,grad", help="What --accuracy measures: some of value,grad,hessian.")
@options("wrt", "at", "shape", "assume", "level", "form")
def check_command(
    formula: str, accuracy: bool, wrt: str | None, at: Sequence[str], shape: Sequence[str], assume: Sequence[str],
    **given: Any,
) -> None:  # fmt: skip
    """Compare first and second derivatives with an independent method; exit code 1 where they disagree.

    Without --at, at random points where the formula has a value; sizes that are letters are 3 there. With --accuracy,
    the errors of what ``symdiff code`` writes instead; exit code 1 where one is above --ulps.

    \b
    symdiff check "x**2*sin(y)"
    symdiff check "x**2*sin(y)" --at x=3,y=0.5
    symdiff check "sqrt(x+1) - sqrt(x)" --accuracy --box x=1:1e15
    """
    with spinner("checking"):
        (root,), wanted = read_problem([read_text(formula)], wrt, shape, assume)
        point = read_point(at, [root]) if at else None
        if accuracy:
            check_scalar("check --accuracy", root, "sum it")
            return _check_accuracy(root, wanted, point or {}, **given)
        from ..check.gradients import check_grads

        report = check_grads(check_scalar("check", root, "sum it"), wanted, point)
    if given["form"] == "json":
        print_json({"derivatives": [_plain(vars(entry)) for entry in report.entries.values()]})
    else:
        click.echo(str(report))


def _check_accuracy(
    root: Node, wanted: list[Node], point: dict[str, Any], box: str, ulps: float, points: int, derivatives: str,
    level: str, form: str,
) -> None:  # fmt: skip
    from ..check.accuracy import check_accuracy

    parts = [part.strip() for part in derivatives.split(",")]
    level = "code" if level == "full" else level
    ranges = {name: (value, value) for name, value in point.items()} | _read_box(box)
    report = check_accuracy(root, wanted, parts, box=ranges, points=points, level=level)
    if form == "json":
        print_json({"level": level, "bound": ulps, "outputs": [_plain(line._asdict()) for line in report.lines]})
    else:
        click.echo(str(report))
    if report.worst > ulps:
        raise CheckError(f"the worst error is {report.worst:.3g} ulps, more than {ulps:g}")


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {field: plain(value) for field, value in record.items()}


def _read_box(text: str) -> dict[str, tuple[float, float]]:
    """``x=1:3,y=0:pi`` as ranges by name."""
    box: dict[str, tuple[float, float]] = {}
    usage = "--box takes names with ranges, such as x=1:3,y=0:pi, not {}"
    for _, name, ends in read_pairs([text], usage):
        low, high = box[name] = read_range("--box", name, ends)
        if not low <= high:
            raise SymdiffError(f"--box {name}: the range begins at its smaller end, not {ends}")
    return box
