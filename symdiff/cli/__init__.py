"""The command line: what a user can want from a formula, one command each.

Only click and light modules are imported here, the rest where a command needs it: a derivative as text needs no
NumPy. Every failure is one sentence on standard error (with a caret under the place in a formula).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from .. import __version__
from ..errors import CheckError, DomainError, ShapeError, SymdiffError
from ..expr import ROWS, Node
from ..files import write_whole
from ..nonsmooth import with_kinks
from ..ops.arrays import FUNCTIONS as ARRAYS
from ..shapes import show_shape
from ..walk import map_structure, variables
from .audit import audit_command
from .checking import check
from .common import FormulaCommand, busy, options
from .explain import explain_command
from .graph import graph_command
from .kinks import kinks_command
from .plot import plot_command
from .printing import block, columns, json_line, latex_value, print_result, shown
from .reading import (
    note_unused,
    read_formulas,
    read_point,
    read_problem,
    read_shapes,
    read_sizes,
    read_text,
    scalar,
    values_at,
)

#: Exit codes; interruption and a closed pipe use the shell's own.
DONE, DISAGREED, WRONG, INTERRUPTED, CLOSED = 0, 1, 2, 130, 141


@click.group()
@click.version_option(__version__, message="symdiff %(version)s")
def commands() -> None:
    """Exact derivatives of formulas, as text, LaTeX, JSON, numbers and code.

    A FORMULA is written as in Python and NumPy: x**2*sin(x), where(x > 0, x, 0), a = exp(x); a*y + a**2.
    A FORMULA of - is read from standard input. Exit codes: 0 done, 1 a check failed, 2 wrong usage or input.
    """


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
) -> None:
    """Parse, differentiate, simplify, evaluate, print: what all derivatives share.

    ``rows`` gives the names of the rows of a matrix of blocks from those of the variables.
    """
    texts = [read_text(formula) for formula in formulas]
    with busy("differentiating"):
        from ..simplifier import simplify

        roots, wanted = read_problem(texts, wrt, shape)
        point = read_point(at, roots) if at else None
        simple = with_kinks(simplify(roots, level), kinks)
        # each entry is read on a line of its own: what it shares with others need not stay together
        result = map_structure(lambda part: simplify(part, level), simplify(make(simple, wanted), level))
        values = None if point is None else values_at(result, point, variables(roots))
    names = [var.name for var in wanted]
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


@commands.command(cls=FormulaCommand)
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
    from ..differentiate import diff as differentiate
    from ..simplifier import simplify

    def make(roots: list[Node], wanted: list[Node]) -> Node:
        _only_numbers(roots[0], wanted)
        if common["wrt"] is None and len(wanted) > 1:
            names = ", ".join(var.name for var in wanted)
            click.echo(f"note: this is the mixed derivative by {names}; choose with --wrt, or use grad", err=True)
        if not wanted:
            return roots[0] * 0
        found = roots[0]
        for var in [var for var in wanted for _ in range(order)]:
            found = simplify(differentiate(found, var), common["level"])
        return found

    _derivative(make, [formula], **common)


@commands.command(cls=FormulaCommand)
@click.argument("formula")
@options("wrt", "at", "shape", "assume", "level", "kinks", "form")
def grad(formula: str, **common: Any) -> None:
    """The gradient: a line for each variable, with --at followed by its value.

    \b
    symdiff grad "(a+3*b)*c**2"
    symdiff grad "(a+3*b)*c**2" --at a=2,b=3,c=4
    symdiff grad "sum((X @ w - y)**2)/2" --shape X=n,d --shape w=d --shape y=n --wrt w
    """
    from ..differentiate import grad as gradient

    _derivative(lambda roots, wanted: gradient(scalar("grad", roots[0]), _some(wanted)), [formula], **common)


@commands.command(cls=FormulaCommand)
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
    from ..hessians import jacobian as blocks

    numbers = [str(place) for place in range(1, len(formulas) + 1)] if len(formulas) > 1 else [""]
    _derivative(lambda roots, wanted: blocks(roots, _some(wanted)), formulas, rows=lambda _: numbers, **common)


@commands.command(cls=FormulaCommand)
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
        return _second(scalar("hessian", roots[0], "sum it"), _some(wanted), layout)

    _derivative(make, [formula], rows=lambda names: names, **common)


def _second(root: Node, wanted: list[Node], layout: str) -> Any:
    """The Hessian in the form asked for; that of numbers is one matrix already."""
    from ..hessians import hessian as second

    numbers = not any(var.shape for var in wanted)
    return second(root, wanted, form="blocks" if layout == "dense" and numbers else layout)


@commands.command("eval", cls=FormulaCommand)
@click.argument("formula")
@options("at", "shape", "form")
def evaluate_command(formula: str, at: Sequence[str], shape: Sequence[str], form: str) -> None:
    """The value of a formula.

    \b
    symdiff eval "x**2*y + y + 2" --at x=3,y=4
    symdiff eval "sin(pi/3)"
    symdiff eval "X @ w" --shape X=n,d --shape w=d --at "X=[[1,2],[3,4]],w=[1,-1]"
    """
    text = read_text(formula)
    with busy("evaluating"):
        shapes = read_shapes(shape)
        roots = read_formulas([text], shapes)
        note_unused(shapes, roots)
        point = read_point(at, roots)
        value = values_at(roots[0], point, variables(roots))
    if value != value:
        place = ", ".join(f"{name}={shown(number)}" for name, number in point.items())
        raise DomainError("the formula has no value" + (f" at {place}" if place else ""))
    if form == "json":
        click.echo(json_line([text], [], shown(value), point, value))
    else:
        click.echo(latex_value(roots[0], value) if form == "latex" else "\n".join(block(value)))


#: What ``code --derivatives`` knows.
_PARTS = ("value", "grad", "jacobian", "hessian")


@commands.command(cls=FormulaCommand)
@click.argument("formulas", nargs=-1, required=True, metavar="FORMULA...")
@click.option("--derivatives", default="value", metavar="LIST", help=f"Some of {','.join(_PARTS)}; default: value.")
@click.option("--name", default="f", help="The function's name; default: f.")
@click.option("--backend", default="numpy", help="numpy (default), math (floats), c (C99), array_api (JAX, PyTorch).")
@click.option("-o", "--output", metavar="FILE", help="Where to write the module; default: standard output.")
@click.option("--selfcheck", is_flag=True, help="Store results in the module; it checks itself with FILE.py --check.")
@click.option("--explain-plan", is_flag=True, help="Print what a call costs in place of the module.")
@click.option(
    "--sizes", default="", metavar="N=1000,...", help="What letters in shapes count for when costs are compared."
)
@options("layout", "wrt", "shape", "assume", "level", "kinks")
def code(
    formulas: Sequence[str],
    derivatives: str,
    name: str,
    backend: str,
    output: str | None,
    selfcheck: bool,
    explain_plan: bool,
    sizes: str,
    layout: str,
    wrt: str | None,
    shape: Sequence[str],
    level: str,
    kinks: str | None,
) -> None:
    """A standalone module with one function that computes all derivatives together.

    Its arguments are the formula's variables, sorted; several derivatives are returned as a tuple. A gradient is a
    tuple of the parts of each variable, a Hessian a tuple of tuples of blocks, or with --form dense one matrix.
    Several formulas have a tuple of values and a Jacobian of a row for each, and no gradient or Hessian.
    --backend c -o f.c writes the header f.h too.

    \b
    symdiff code "x**2*y + y + 2" --derivatives value,grad,hessian
    symdiff code "r*cos(t)" "r*sin(t)" --derivatives value,jacobian --backend math
    symdiff code "exp(-x**2)" --derivatives value,grad --name bell --backend math -o bell.py
    symdiff code "exp(-x**2)" --derivatives value,grad --name bell --backend c -o bell.c
    symdiff code "log(det(X))" --shape X=n,n --derivatives value,grad
    symdiff code "logsumexp(A @ x)" --shape A=m,n --shape x=n --wrt x --derivatives hessian --form dense
    symdiff code "sum(tanh(X @ w))" --shape X=n,d --shape w=d --explain-plan --sizes n=1000,d=20
    """
    parts = [part.strip() for part in derivatives.split(",")]
    for part in parts:
        if part not in _PARTS:
            raise SymdiffError(f"--derivatives takes some of {', '.join(_PARTS)}, not {part!r}")
    if selfcheck and (len(formulas) > 1 or "jacobian" in parts):
        raise SymdiffError("--selfcheck takes one formula and some of value, grad, hessian")
    with busy("writing code"):
        from ..compiler import BACKENDS, source
        from ..costs import plan
        from ..differentiate import grad
        from ..hessians import jacobian as blocks
        from ..hessians import value_and_jacobian
        from ..simplifier import simplify

        known = read_sizes(sizes)
        roots, wanted = read_problem([read_text(formula) for formula in formulas], wrt, shape)
        makers: dict[str, Any] = {
            "value": lambda f, _: f,
            "grad": lambda f, wrt: grad(_one_number("grad", f), wrt),
            "jacobian": lambda f, wrt: blocks(f, wrt, sizes=known),
            "hessian": lambda f, wrt: _second(_one_number("hessian", f), wrt, layout),
        }
        simple = simplify(roots if len(roots) > 1 else roots[0], level)
        if set(parts) == {"value", "jacobian"}:
            both = value_and_jacobian(simple, wanted, sizes=known, kinks=kinks)
            outputs = tuple(both[part == "jacobian"] for part in parts)
        else:
            smooth = with_kinks(simple, kinks)
            made = tuple(makers[part](simple if part == "value" else smooth, wanted) for part in parts)
            level = "code" if level == "full" else level
            outputs = simplify(made if len(made) > 1 else made[0], level, sizes=known)
        inputs = variables([*roots, *wanted])
        text = (
            f"{plan(outputs, known)}\n" if explain_plan else source(outputs, list(inputs), name=name, backend=backend)
        )
    if selfcheck and not explain_plan:
        from ..selfcheck import with_check

        if BACKENDS[backend].native:
            raise SymdiffError(f"--selfcheck is for modules of Python, not for --backend {backend}")
        text = with_check(text, roots[0], wanted, parts, name=name, backend=backend, dense=layout == "dense")
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    write_whole(output, text)
    header = None if explain_plan else BACKENDS[backend].header
    if header is not None and output.endswith(".c"):
        write_whole(output[:-2] + ".h", header(outputs, list(inputs), name))


def _one_number(part: str, f: Any) -> Node:
    """The formula, where there is one and it is a number."""
    if not isinstance(f, Node):
        raise SymdiffError(f"--derivatives {part} takes one formula, not {len(f)}; use --derivatives jacobian")
    return scalar(f"code --derivatives {part}", f, "sum it")


commands.add_command(check)


@commands.command()
@options("plain")
def ops(form: str) -> None:
    """The operations: name, arguments, domain, convention at kinks, other spellings; then the functions of arrays.

    \b
    symdiff ops
    symdiff ops --format json
    """
    tables = _rows_of_operations(), [_array_function(name) for name in ARRAYS]
    if form == "json":
        import json

        click.echo(json.dumps([record for table in tables for record in table], ensure_ascii=False))
        return
    plain, arrays = (_table(table, fields) for table, fields in zip(tables, (_FIELDS, _ARRAY_FIELDS), strict=True))
    click.echo("\n".join([*plain, "", "functions of arrays", *arrays]))


_FIELDS = ("name", "arguments", "domain", "kink", "aliases")
_ARRAY_FIELDS = ("name", "arguments", "domain", "kink", "about")


def _rows_of_operations() -> list[dict[str, Any]]:
    rows = [row for row in ROWS.values() if row.arity and row.name not in ARRAYS]
    lines = [(row.name, row.arity, row.domain, row.kink, list(row.aliases)) for row in rows]
    return [dict(zip(_FIELDS, line, strict=True)) for line in lines]


def _array_function(name: str) -> dict[str, Any]:
    """What ``ops`` says of a function of arrays; its domain and kink stand in the row of that name."""
    import inspect

    parameters = inspect.signature(ARRAYS[name]).parameters.values()
    arguments = [str(parameter.replace(annotation=parameter.empty)) for parameter in parameters]
    row = ROWS.get(name)
    domain, kink = (row.domain, row.kink) if row and row.pullback else ("arrays whose shapes fit", "")
    about = (inspect.getdoc(ARRAYS[name]) or "").partition("\n")[0].replace("``", "")
    return {"name": name, "arguments": ", ".join(arguments), "domain": domain, "kink": kink, "about": about}


def _table(records: list[dict[str, Any]], fields: Sequence[str]) -> list[str]:
    return columns([list(fields), *([_cell(record[field]) for field in fields] for record in records)], "  ")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "any" if value == -1 else str(value) or "-"


for command in (audit_command, explain_command, graph_command, kinks_command, plot_command):
    commands.add_command(command)


def main(args: Sequence[str] | None = None) -> None:
    """Run a command line, by default this process's, and exit with its code."""
    sys.exit(_run(list(sys.argv[1:] if args is None else args) or ["--help"]))


def _run(args: list[str]) -> int:
    try:
        with commands.make_context("symdiff", args) as context:
            commands.invoke(context)
        sys.stdout.flush()
        return DONE
    except click.exceptions.Exit as request:
        return request.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:
        click.echo(f"error: {_sentence(error)}", err=True)
        return DISAGREED if isinstance(error, CheckError) else WRONG


def _sentence(error: Exception) -> str:
    """What to tell the user: never a traceback."""
    if isinstance(error, SymdiffError):
        return str(error)
    if isinstance(error, click.ClickException):
        message = " ".join(error.format_message().split()).rstrip(".")
        context = getattr(error, "ctx", None)
        return f"{message[:1].lower()}{message[1:]}; see {context.command_path if context else 'symdiff'} --help"
    if isinstance(error, ArithmeticError):
        return str(error)
    if isinstance(error, UnicodeError):
        return "the formula is not UTF-8 text"
    if isinstance(error, MemoryError):
        return "not enough memory for this formula"
    return (
        f"symdiff failed inside with {type(error).__name__}: {' '.join(str(error).split())}; please report the formula"
    )
