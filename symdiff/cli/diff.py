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
from .inputs import check_scalar, read_problem, read_text
from .notes import note, note_edge, note_undefined
from .options import FormulaCommand, options
from .output import spinner
from .points import read_point
from .printing import print_result
from .values import accurate_values


def _print_derivative(
    derive: Callable[[list[Node], list[Node]], Any], formulas: Sequence[str], rows: list[str] | None = None, *,
    wrt: str | None, at: Sequence[str], shape: Sequence[str], assume: Sequence[str], level: str, form: str,
    kinks: str | None, note_mixed: bool = False,
) -> None:  # fmt: skip
    """Parse, differentiate, simplify, evaluate, print: what all derivatives share.

    ``rows``: the names of the rows of a matrix of blocks, by default those of the variables. ``note_mixed``: say so
    where a derivative is by several variables.
    """
    texts = [read_text(formula) for formula in formulas]
    with spinner("differentiating"):
        from ..search.levels import simplify, simplify_guarded

        roots, wanted = read_problem(texts, wrt, shape, assume)
        point = read_point(at, roots) if at else None

        def derived(forms: list[Node]) -> Any:
            return simplify_guarded(derive(with_kinks(forms, kinks), wanted), level)

        # each entry is read on a line of its own: what it shares with others need not stay together
        guarded = derived(simplify_guarded(roots, level))
        result = map_structure(lambda part: simplify(part, level), guarded)
        values = None
        if point is not None:
            values = accurate_values(guarded, derived, roots, point, level)
            note_undefined(roots, values, point)
            note_edge(result, guarded, values, point, roots)
    names = [var.name for var in wanted]
    if note_mixed and len(names) > 1:
        note(f"this is the mixed derivative by {', '.join(names)}; choose with --wrt, or use grad")
    print_result(form, texts, names, result, point, values, names if rows is None else rows)


def _check_variables(wanted: list[Node]) -> list[Node]:
    if not wanted:
        raise SymdiffError("the formula has no variables; name one with --wrt")
    return wanted


def _check_scalars(root: Node, wanted: list[Node]) -> None:
    """Refuse what ``diff`` has no line for, with the command that has."""
    check_scalar("diff", root, "use jacobian")
    for var in wanted:
        if var.shape:
            raise ShapeError(f"diff is by numbers, and {var.name} has shape {show_shape(var.shape)}; use grad")


@click.command("diff", cls=FormulaCommand)
@click.argument("formula")
@click.option("--order", type=click.IntRange(1, 1000), default=1, metavar="N", help="How many times; default: 1.")
@options("wrt", "at", "shape", "assume", "level", "kinks", "form")
def diff_command(formula: str, order: int, **common: Any) -> None:
    """The derivative of a formula, simplified, on one line.

    Several variables give the mixed derivative. With --at, a second line gives the value.

    \b
    symdiff diff "x**2*sin(x)"
    symdiff diff "sin(a*t)" --wrt t --order 3
    symdiff diff "x**2*y" --wrt x --at x=3,y=4
    symdiff diff "x**2*y" --wrt x,y --format latex
    """
    from ..differentiate.passes import diff
    from ..search.levels import simplify_guarded

    def derive(roots: list[Node], wanted: list[Node]) -> Node:
        _check_scalars(roots[0], wanted)
        derivative = roots[0] if wanted else roots[0] * 0
        for var in [var for var in wanted for _ in range(order)]:
            derivative = simplify_guarded(diff(derivative, var), common["level"])
        return derivative

    _print_derivative(derive, [formula], note_mixed=common["wrt"] is None, **common)


@click.command("grad", cls=FormulaCommand, short_help="The gradient: a line for each variable.")
@click.argument("formula")
@options("wrt", "at", "shape", "assume", "level", "kinks", "form")
def grad_command(formula: str, **common: Any) -> None:
    """The gradient: a line for each variable, with --at followed by its value.

    \b
    symdiff grad "(a+3*b)*c**2"
    symdiff grad "(a+3*b)*c**2" --at a=2,b=3,c=4
    symdiff grad "sum((X @ w - y)**2)/2" --shape X=n,d --shape w=d --shape y=n --wrt w
    """
    from ..differentiate.passes import grad

    _print_derivative(
        lambda roots, wanted: grad(check_scalar("grad", roots[0]), _check_variables(wanted)), [formula], **common
    )


@click.command("jacobian", cls=FormulaCommand, short_help="The Jacobian: a row for each formula.")
@click.argument("formulas", nargs=-1, required=True, metavar="FORMULA...")
@options("wrt", "at", "shape", "assume", "level", "kinks", "form")
def jacobian_command(formulas: Sequence[str], **common: Any) -> None:
    """The Jacobian: a row for each formula, a column for each variable; with --at followed by the values.

    Of arrays, a line for each block, which has the shape of the formula and then that of the variable; blocks of
    several formulas are numbered.

    \b
    symdiff jacobian "r*cos(t)" "r*sin(t)"
    symdiff jacobian "r*cos(t)" "r*sin(t)" --wrt t,r --at r=2,t=pi/4
    symdiff jacobian "tanh(A @ x)" --shape A=m,n --shape x=n --wrt x
    """
    from ..jacobians.hessians import jacobian

    rows = [str(number) for number in range(1, len(formulas) + 1)] if len(formulas) > 1 else [""]
    _print_derivative(lambda roots, wanted: jacobian(roots, _check_variables(wanted)), formulas, rows, **common)


@click.command("hessian", cls=FormulaCommand, short_help="The Hessian: a row for each variable.")
@click.argument("formula")
@options("layout", "wrt", "at", "shape", "assume", "level", "kinks", "form")
def hessian_command(formula: str, layout: str, **common: Any) -> None:
    """The Hessian: a row and a column for each variable; with --at followed by the values.

    By arrays, a line for each block, which has the shapes of its two variables; --form dense is one matrix of all
    elements, each variable's in C order; --form diagonal has the shape of each variable.

    \b
    symdiff hessian "x**2*y + y + 2"
    symdiff hessian "x**2*y + y + 2" --at x=3,y=4 --format json
    symdiff hessian "x @ A @ x" --shape A=n,n --shape x=n --wrt x
    symdiff hessian "sum((X @ w - y)**2)" --shape X=m,n --shape w=n --shape y=m --wrt w --form diagonal
    """

    def derive(roots: list[Node], wanted: list[Node]) -> Any:
        return hessian_in_form(check_scalar("hessian", roots[0], "sum it"), _check_variables(wanted), layout)

    _print_derivative(derive, [formula], **common)


def hessian_in_form(root: Node, wanted: list[Node], layout: str) -> Any:
    """The Hessian in the form asked for; that by scalars is one matrix already."""
    from ..jacobians.hessians import hessian

    scalars = not any(var.shape for var in wanted)
    return hessian(root, wanted, form="blocks" if layout == "dense" and scalars else layout)
