"""``symdiff diff``, ``grad``, ``jacobian`` and ``hessian``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from ..differentiate.kinks import with_kinks
from ..graph.errors import ShapeError, SymdiffError
from ..graph.node import Node
from ..graph.shapes import show_shape
from ..graph.traversal import map_structure
from .common import FormulaCommand, busy, options
from .notes import note_edge, note_undefined
from .printing import print_result
from .reading import read_point, read_problem, read_text, scalar
from .values import kept_digits


def _derivative(
    make: Callable[[list[Node], list[Node]], Any],
    formulas: Sequence[str],
    wrt: str | None,
    at: Sequence[str],
    shape: Sequence[str],
    level: str,
    form: str,
    kinks: str | None,
    rows: Callable[[list[str]], list[str]] | None = None,
    note: Callable[[list[Node]], None] | None = None,
) -> None:
    """Parse, differentiate, simplify, evaluate, print: what all derivatives share.

    ``rows`` gives the names of the rows of a matrix of blocks from those of the variables.
    """
    texts = [read_text(formula) for formula in formulas]
    with busy("differentiating"):
        from ..search.levels import simplify, simplify_guarded

        roots, wanted = read_problem(texts, wrt, shape)
        point = read_point(at, roots) if at else None

        def made(forms: list[Node]) -> Any:
            return simplify_guarded(make(with_kinks(forms, kinks), wanted), level)

        # each entry is read on a line of its own: what it shares with others need not stay together
        guarded = made(simplify_guarded(roots, level))
        result = map_structure(lambda part: simplify(part, level), guarded)
        values = None if point is None else kept_digits(guarded, made, roots, point, level)
        if point is not None:
            note_undefined(roots, values, point)
            note_edge(result, guarded, values, point, roots)
    names = [var.name for var in wanted]
    if note is not None:
        note(wanted)
    print_result(form, texts, names, result, point, values, rows(names) if rows else [])


def _some(wanted: list[Node]) -> list[Node]:
    if not wanted:
        raise SymdiffError("the formula has no variables; name one with --wrt")
    return wanted


def _only_numbers(root: Node, wanted: list[Node]) -> None:
    """Refuse what ``diff`` has no line for, with the command that has."""
    if root.shape:
        raise ShapeError(f"diff takes a formula that is a number, not of shape {show_shape(root.shape)}; use jacobian")
    for var in wanted:
        if var.shape:
            raise ShapeError(f"diff is by numbers, and {var.name} has shape {show_shape(var.shape)}; use grad")


@click.command(cls=FormulaCommand)
@click.argument("formula")
@click.option("--order", type=click.IntRange(1, 1000), default=1, metavar="N", help="How many times; default: 1.")
@options("wrt", "at", "shape", "assume", "level", "kinks", "form")
def diff(formula: str, order: int, **common: Any) -> None:
    """The derivative of a formula, simplified, on one line.

    Several variables give the mixed derivative. With --at, a second line gives the value.

    \b
    symdiff diff "x**2*sin(x)"
    symdiff diff "sin(a*t)" --wrt t --order 3
    symdiff diff "x**2*y" --wrt x --at x=3,y=4
    symdiff diff "x**2*y" --wrt x,y --format latex
    """
    from ..differentiate.passes import diff as differentiate
    from ..search.levels import simplify_guarded

    def make(roots: list[Node], wanted: list[Node]) -> Node:
        _only_numbers(roots[0], wanted)
        if not wanted:
            return roots[0] * 0
        found = roots[0]
        for var in [var for var in wanted for _ in range(order)]:
            found = simplify_guarded(differentiate(found, var), common["level"])
        return found

    _derivative(make, [formula], note=_mixed if common["wrt"] is None else None, **common)


def _mixed(wanted: list[Node]) -> None:
    """Say that a derivative by several variables is what was asked for."""
    if len(wanted) > 1:
        names = ", ".join(var.name for var in wanted)
        click.echo(f"note: this is the mixed derivative by {names}; choose with --wrt, or use grad", err=True)


@click.command(cls=FormulaCommand, short_help="The gradient: a line for each variable.")
@click.argument("formula")
@options("wrt", "at", "shape", "assume", "level", "kinks", "form")
def grad(formula: str, **common: Any) -> None:
    """The gradient: a line for each variable, with --at followed by its value.

    \b
    symdiff grad "(a+3*b)*c**2"
    symdiff grad "(a+3*b)*c**2" --at a=2,b=3,c=4
    symdiff grad "sum((X @ w - y)**2)/2" --shape X=n,d --shape w=d --shape y=n --wrt w
    """
    from ..differentiate.passes import grad as gradient

    _derivative(lambda roots, wanted: gradient(scalar("grad", roots[0]), _some(wanted)), [formula], **common)


@click.command(cls=FormulaCommand, short_help="The Jacobian: a row for each formula.")
@click.argument("formulas", nargs=-1, required=True, metavar="FORMULA...")
@options("wrt", "at", "shape", "assume", "level", "kinks", "form")
def jacobian(formulas: Sequence[str], **common: Any) -> None:
    """The Jacobian: a row for each formula, a column for each variable; with --at followed by the values.

    Of arrays, a line for each block, which has the shape of the formula and then that of the variable; blocks of
    several formulas are numbered.

    \b
    symdiff jacobian "r*cos(t)" "r*sin(t)"
    symdiff jacobian "r*cos(t)" "r*sin(t)" --wrt t,r --at r=2,t=pi/4
    symdiff jacobian "tanh(A @ x)" --shape A=m,n --shape x=n --wrt x
    """
    from ..jacobians.hessians import jacobian as blocks

    numbers = [str(place) for place in range(1, len(formulas) + 1)] if len(formulas) > 1 else [""]
    _derivative(lambda roots, wanted: blocks(roots, _some(wanted)), formulas, rows=lambda _: numbers, **common)


@click.command(cls=FormulaCommand, short_help="The Hessian: a row for each variable.")
@click.argument("formula")
@options("layout", "wrt", "at", "shape", "assume", "level", "kinks", "form")
def hessian(formula: str, layout: str, **common: Any) -> None:
    """The Hessian: a row and a column for each variable; with --at followed by the values.

    By arrays, a line for each block, which has the shapes of its two variables; --form dense is one matrix of all
    elements, each variable's in C order; --form diagonal has the shape of each variable.

    \b
    symdiff hessian "x**2*y + y + 2"
    symdiff hessian "x**2*y + y + 2" --at x=3,y=4 --format json
    symdiff hessian "x @ A @ x" --shape A=n,n --shape x=n --wrt x
    symdiff hessian "sum((X @ w - y)**2)" --shape X=m,n --shape w=n --shape y=m --wrt w --form diagonal
    """

    def make(roots: list[Node], wanted: list[Node]) -> Any:
        return second(scalar("hessian", roots[0], "sum it"), _some(wanted), layout)

    _derivative(make, [formula], rows=lambda names: names, **common)


def second(root: Node, wanted: list[Node], layout: str) -> Any:
    """The Hessian in the form asked for; that of numbers is one matrix already."""
    from ..jacobians.hessians import hessian as second

    numbers = not any(var.shape for var in wanted)
    return second(root, wanted, form="blocks" if layout == "dense" and numbers else layout)
