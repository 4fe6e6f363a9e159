"""``symdiff check``: derivatives against an independent method, or the digits that emitted code keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..graph.errors import CheckError, SymdiffError
from ..graph.node import Node
from .common import FormulaCommand, busy, options
from .printing import plain
from .reading import number, read_point, read_problem, read_text, scalar

#: Units in the last place that ``--accuracy`` accepts unless told otherwise.
BOUND = 4.0


@click.command(cls=FormulaCommand, short_help="Compare derivatives with an independent method.")
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
def check(formula: str, accuracy: bool, wrt: str | None, at: Sequence[str], shape: Sequence[str], **given: Any) -> None:
    """Compare first and second derivatives with an independent method; exit code 1 where they disagree.

    Without --at, at random points where the formula has a value; sizes that are letters are 3 there. With --accuracy,
    the errors of what ``symdiff code`` writes instead; exit code 1 where one is above --ulps.

    \b
    symdiff check "x**2*sin(y)"
    symdiff check "x**2*sin(y)" --at x=3,y=0.5
    symdiff check "sqrt(x+1) - sqrt(x)" --accuracy --box x=1:1e15
    """
    with busy("checking"):
        (root,), wanted = read_problem([read_text(formula)], wrt, shape)
        point = read_point(at, [root]) if at else None
        if accuracy:
            scalar("check --accuracy", root, "sum it")
            return _accuracy(root, wanted, {name: (value, value) for name, value in (point or {}).items()}, **given)
        from ..check.gradients import check_grads

        report = check_grads(scalar("check", root, "sum it"), wanted, point)
    if given["form"] == "json":
        _show([{**vars(entry)} for entry in report.entries.values()], "derivatives")
    else:
        click.echo(str(report))


def _show(records: list[dict[str, Any]], name: str, **beside: Any) -> None:
    import json

    lines = [{field: plain(value) for field, value in record.items()} for record in records]
    click.echo(json.dumps({**beside, name: lines}, ensure_ascii=False))


def _accuracy(
    root: Node,
    wanted: list[Node],
    ranges: dict[str, tuple[float, float]],
    box: str,
    ulps: float,
    points: int,
    derivatives: str,
    level: str,
    form: str,
) -> None:
    from ..check.accuracy import check_accuracy

    parts = [part.strip() for part in derivatives.split(",")]
    level = "code" if level == "full" else level
    report = check_accuracy(root, wanted, parts, box=ranges | _box(box), points=points, level=level)
    if form == "json":
        _show([line._asdict() for line in report.lines], "outputs", level=level, bound=ulps)
    else:
        click.echo(str(report))
    if report.worst > ulps:
        raise CheckError(f"the worst error is {report.worst:.3g} ulps, more than {ulps:g}")


def _box(text: str) -> dict[str, tuple[float, float]]:
    """``x=1:3,y=0:pi`` as ranges by name."""
    found: dict[str, tuple[float, float]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, ends = part.partition("=")
        low, colon, high = ends.partition(":")
        if not colon or not name.strip().isidentifier():
            raise SymdiffError(f"--box takes names with ranges, such as x=1:3,y=0:pi, not {part!r}")
        found[name.strip()] = (number("--box", name, low), number("--box", name, high))
        if not found[name.strip()][0] <= found[name.strip()][1]:
            raise SymdiffError(f"--box {name}: the range begins at its smaller end, not {ends}")
    return found
