"""The command line: what a user can want from a formula, one command each.

Only click and light modules are imported here, the rest where a command needs it: a derivative as text needs no
NumPy. Every failure is one sentence on standard error (with a caret under the place in a formula).
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import click

from . import __version__
from .errors import CheckError, DomainError, SymdiffError
from .expr import ROWS, Node, symbol
from .walk import map_structure, variables

#: Exit codes; interruption and a closed pipe use the shell's own.
DONE, DISAGREED, WRONG, INTERRUPTED, CLOSED = 0, 1, 2, 130, 141
#: Seconds after which a terminal shows that something is going on.
PATIENCE = 1.0


class FormulaCommand(click.Command):
    """A command whose formulas may begin with a minus, as ``-x**2`` does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {name: param for param in self.get_params(ctx) for name in param.opts if name.startswith("-")}
        options: list[str] = []
        formulas: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                formulas.extend(rest)
            elif arg in known:
                value = list(islice(rest, 0 if getattr(known[arg], "is_flag", False) else 1))
                if not value and arg != "--help":
                    raise click.BadOptionUsage(arg, f"option {arg} needs a value", ctx)
                options += [arg, *value]
            else:
                (options if re.fullmatch(r"--[a-z][a-z-]+(=.*)?", arg, re.DOTALL) else formulas).append(arg)
        return super().parse_args(ctx, [*options, "--", *formulas])


def _options(*names: str) -> Callable[[Any], Any]:
    """The options of those names, the same in every command."""
    known: dict[str, Any] = {
        "wrt": click.option("--wrt", metavar="NAMES", help="Variables, such as x,y; left out: all, sorted."),
        "at": click.option("--at", multiple=True, metavar="POINT", help="Values, such as x=3,y=pi/4."),
        "shape": click.option("--shape", multiple=True, metavar="X=SIZES", help="Sizes of a tensor, such as X=N,784."),
        "form": click.option(
            "--format", "form", type=click.Choice(["text", "latex", "json"]), default="text", help="Default: text."
        ),
    }

    def add(function: Any) -> Any:
        for name in reversed(names):
            function = known[name](function)
        return function

    return add


# -- reading -------------------------------------------------------------------------------------------------------


def _read(text: str) -> str:
    """The formula itself, from standard input where it is ``-``."""
    return sys.stdin.buffer.read().decode("utf-8").strip() if text == "-" else text


def _parse(texts: Iterable[str], shape: Iterable[str]) -> list[Node]:
    from .parser import parse

    shapes = dict(map(_shape, shape))
    roots = [parse(text, shapes=shapes) if shapes else parse(text) for text in texts]
    for name in ("e", "E"):
        if name in {var.name for var in variables(roots)}:
            click.echo(f"note: {name} is a variable; exp(1) is Euler's number", err=True)
            break
    return roots


def _shape(text: str) -> tuple[str, tuple[int | str, ...]]:
    """``X=N,784`` as a name and its sizes."""
    name, equals, sizes = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise SymdiffError(f"--shape takes a name and its sizes, such as X=N,784, not {text!r}")
    parts = [size.strip() for size in sizes.split(",") if size.strip()]
    return name.strip(), tuple(int(part) if part.isdigit() else part for part in parts)


def _wrt(names: str | None, roots: Sequence[Node]) -> list[Node]:
    """The variables to differentiate by: those named, else all, sorted."""
    found = {var.name: var for var in variables(roots)}
    if names is None:
        return list(found.values())
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in found:
            variable = symbol(name)
            click.echo(f"note: the formula has no variable {name}, so the derivative by it is 0", err=True)
            found[name] = variable
    return [found[name] for name in wanted]


def _point(texts: Sequence[str], roots: Sequence[Node]) -> dict[str, Any]:
    """The values of ``--at``: one for each variable, and no other."""
    point: dict[str, Any] = {}
    for part in re.split(r",(?![^\[]*\])", ",".join(texts)) if texts else ():
        name, equals, text = (piece.strip() for piece in part.partition("="))
        if not equals or not name or name in point:
            raise SymdiffError(f"--at takes one value for each variable, such as x=3,y=4; {part.strip()!r} is not one")
        point[name] = _number(name, text)
    needed = [var.name for var in variables(roots)]
    listed = "the formula's variables are " + ", ".join(needed) if needed else "the formula has no variables"
    for missing in sorted(set(needed) - set(point)):
        raise SymdiffError(f"--at gives no value for {missing}; {listed}")
    for unknown in sorted(set(point) - set(needed)):
        raise SymdiffError(f"--at gives a value for {unknown}; {listed}")
    return point


def _number(name: str, text: str) -> Any:
    """A number, an expression without variables such as ``pi/4``, or a nested list such as ``[[1,2],[3,4]]``."""
    if text.startswith("["):
        import json

        try:
            return json.loads(text)
        except ValueError:
            raise SymdiffError(f"--at {name}: {text} is not a list of numbers such as [1,2]") from None
    try:
        return float(text)
    except ValueError:
        from .parser import parse

        root = parse(text)
    if variables(root):
        raise SymdiffError(f"--at {name}: {text} is not a number")
    return float(_values(root, {}))


def _values(structure: Any, point: dict[str, Any]) -> Any:
    """The numbers of a nested structure of nodes at a point, arrays as nested lists."""
    from .compiler import evaluate

    found = evaluate(structure, {var.name: point[var.name] for var in variables(structure)})
    return map_structure(lambda value: value.tolist() if hasattr(value, "tolist") else value, found)


# -- printing ------------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """A number as JSON has it: whole floats without a fraction, what is not finite as text."""
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if not isinstance(value, float):
        return value
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _shown(value: Any) -> str:
    """A number as text: ``176``, ``0.1``, ``nan``; lists in brackets."""
    plain = _plain(value)
    return "[" + ", ".join(map(_shown, value)) + "]" if isinstance(plain, list) else str(plain)


def _columns(rows: list[list[str]], between: str, start: str = "", end: str = "") -> list[str]:
    """Rows of cells as lines with aligned columns."""
    ends = [between] * (len(rows[0]) - 1) + [""]
    rows = [[cell + last for cell, last in zip(row, ends, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [start + line.rstrip() + end for line in lines]


def _text(result: Any, names: list[str], values: Any) -> list[str]:
    """One line for a derivative, one for each variable of a gradient, one for each row of a matrix."""
    if isinstance(result, Node):
        return [str(result)] + ([] if values is None else [f"value = {_shown(values)}"])
    if isinstance(result[0], Node):
        cells = [[f"{name}:", str(node)] for name, node in zip(names, result, strict=True)]
        if values is not None:
            cells = [[*row, f"= {_shown(value)}"] for row, value in zip(cells, values, strict=True)]
        return _columns(cells, " ")
    lines = _columns([[str(node) for node in row] for row in result], ", ", "[", "]")
    if values is None:
        return lines
    return [*lines, "value:", *_columns([[_shown(value) for value in row] for row in values], ", ", "[", "]")]


def _latex(result: Any, values: Any) -> list[str]:
    """LaTeX source, with the values on a second line that begins with an equals sign."""
    from .latex import to_latex

    def matrix(structure: Any, show: Callable[[Any], str]) -> str:
        if not isinstance(structure, (list, tuple)):
            return show(structure)
        rows = (row if isinstance(row, (list, tuple)) else [row] for row in structure)
        body = r" \\ ".join(" & ".join(map(show, row)) for row in rows)
        return rf"\begin{{bmatrix}}{body}\end{{bmatrix}}"

    special = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{nan}"}
    number = lambda value: special.get(_shown(value), _shown(value))
    lines = [matrix(result, to_latex)]
    return lines if values is None else [*lines, "= " + matrix(values, number)]


def _json(texts: Sequence[str], names: list[str], result: Any, point: dict[str, Any] | None, values: Any) -> str:
    """The one object of ``--format json``."""
    import json

    formula = texts[0] if len(texts) == 1 else texts
    record = {"formula": formula, "wrt": names, "result": map_structure(str, result)}
    if point is not None:
        record |= {"at": {name: _plain(value) for name, value in point.items()}, "value": _plain(values)}
    return json.dumps(record, ensure_ascii=False)


def _print(
    form: str, texts: Sequence[str], names: list[str], result: Any, point: dict[str, Any] | None, values: Any
) -> None:
    if form == "json":
        lines = [_json(texts, names, result, point, values)]
    else:
        lines = _latex(result, values) if form == "latex" else _text(result, names, values)
    click.echo("\n".join(lines))


@contextmanager
def busy(text: str) -> Iterator[None]:
    """A sign of life on a terminal for what takes longer than a second."""
    status: list[Any] = []

    def start() -> None:
        from rich.console import Console

        status.append(Console(stderr=True).status(text))
        status[0].start()

    if not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(PATIENCE, start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if status:
            status[0].stop()


# -- the commands --------------------------------------------------------------------------------------------------


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
    form: str,
) -> None:
    """Parse, differentiate, simplify, evaluate, print: what all derivatives share."""
    texts = [_read(formula) for formula in formulas]
    with busy("differentiating"):
        from .simplifier import simplify

        roots = _parse(texts, shape)
        wanted = _wrt(wrt, roots)
        point = _point(at, roots) if at else None
        result = simplify(make(roots, wanted), level="full")
        values = None if point is None else _values(result, point)
    _print(form, texts, [var.name for var in wanted], result, point, values)


def _some(wanted: list[Node]) -> list[Node]:
    if not wanted:
        raise SymdiffError("the formula has no variables; name one with --wrt")
    return wanted


@commands.command(cls=FormulaCommand)
@click.argument("formula")
@click.option("--order", type=click.IntRange(min=1), default=1, metavar="N", help="How many times; default: 1.")
@_options("wrt", "at", "shape", "form")
def diff(formula: str, order: int, **common: Any) -> None:
    """The derivative of a formula, simplified, on one line.

    Several variables give the mixed derivative. With --at, a second line gives the value.

    \b
    symdiff diff "x**2*sin(x)"
    symdiff diff "sin(a*t)" --wrt t --order 3
    symdiff diff "x**2*y" --wrt x --at x=3,y=4
    symdiff diff "x**2*y" --wrt x,y --format latex
    """
    from .differentiate import diff as differentiate

    def make(roots: list[Node], wanted: list[Node]) -> Node:
        if common["wrt"] is None and len(wanted) > 1:
            names = ", ".join(var.name for var in wanted)
            click.echo(f"note: this is the mixed derivative by {names}; choose with --wrt, or use grad", err=True)
        if not wanted:
            return roots[0] * 0
        return differentiate(roots[0], *(step for var in wanted for step in (var, order)))

    _derivative(make, [formula], **common)


@commands.command(cls=FormulaCommand)
@click.argument("formula")
@_options("wrt", "at", "shape", "form")
def grad(formula: str, **common: Any) -> None:
    """The gradient: a line for each variable, with --at followed by its value.

    \b
    symdiff grad "(a+3*b)*c**2"
    symdiff grad "(a+3*b)*c**2" --at a=2,b=3,c=4
    symdiff grad "sum((X @ w)**2)" --shape X=N,3 --shape w=3 --wrt w
    """
    from .differentiate import grad as gradient

    _derivative(lambda roots, wanted: gradient(roots[0], _some(wanted)), [formula], **common)


@commands.command(cls=FormulaCommand)
@click.argument("formulas", nargs=-1, required=True, metavar="FORMULA...")
@_options("wrt", "at", "shape", "form")
def jacobian(formulas: Sequence[str], **common: Any) -> None:
    """The Jacobian: a row for each formula, a column for each variable; with --at followed by the values.

    \b
    symdiff jacobian "r*cos(t)" "r*sin(t)"
    symdiff jacobian "r*cos(t)" "r*sin(t)" --wrt t,r --at r=2,t=pi/4
    """
    from .differentiate import jacobian as blocks

    _derivative(lambda roots, wanted: blocks(roots, _some(wanted)), formulas, **common)


@commands.command(cls=FormulaCommand)
@click.argument("formula")
@_options("wrt", "at", "shape", "form")
def hessian(formula: str, **common: Any) -> None:
    """The Hessian: a row and a column for each variable; with --at followed by the values.

    \b
    symdiff hessian "x**2*y + y + 2"
    symdiff hessian "x**2*y + y + 2" --at x=3,y=4 --format json
    """
    from .differentiate import hessian as second

    _derivative(lambda roots, wanted: second(roots[0], _some(wanted)), [formula], **common)


@commands.command("eval", cls=FormulaCommand)
@click.argument("formula")
@_options("at", "shape", "form")
def evaluate_command(formula: str, at: Sequence[str], shape: Sequence[str], form: str) -> None:
    """The value of a formula.

    \b
    symdiff eval "x**2*y + y + 2" --at x=3,y=4
    symdiff eval "sin(pi/3)"
    """
    text = _read(formula)
    with busy("evaluating"):
        roots = _parse([text], shape)
        point = _point(at, roots)
        value = _values(roots[0], point)
    if value != value:
        place = ", ".join(f"{name}={_shown(number)}" for name, number in point.items())
        raise DomainError("the formula has no value" + (f" at {place}" if place else ""))
    if form == "json":
        click.echo(_json([text], [], _shown(value), point, value))
    else:
        click.echo(_latex(roots[0], value)[1][2:] if form == "latex" else _shown(value))


#: What ``code --derivatives`` knows.
_PARTS = ("value", "grad", "hessian")


@commands.command(cls=FormulaCommand)
@click.argument("formula")
@click.option("--derivatives", default="value", metavar="LIST", help="Some of value,grad,hessian; default: value.")
@click.option("--name", default="f", help="The function's name; default: f.")
@click.option("--backend", default="numpy", help="numpy (arrays of points) or math (floats); default: numpy.")
@click.option("-o", "--output", metavar="FILE", help="Where to write the module; default: standard output.")
@_options("wrt", "shape")
def code(
    formula: str, derivatives: str, name: str, backend: str, output: str | None, wrt: str | None, shape: Sequence[str]
) -> None:
    """A standalone module with one function that computes all derivatives together.

    Its arguments are the formula's variables, sorted; several derivatives are returned as a tuple.

    \b
    symdiff code "x**2*y + y + 2" --derivatives value,grad,hessian
    symdiff code "exp(-x**2)" --derivatives value,grad --name bell --backend math -o bell.py
    """
    parts = [part.strip() for part in derivatives.split(",")]
    for part in parts:
        if part not in _PARTS:
            raise SymdiffError(f"--derivatives takes some of {', '.join(_PARTS)}, not {part!r}")
    with busy("writing code"):
        from .compiler import source
        from .differentiate import grad, hessian
        from .simplifier import simplify

        root = _parse([_read(formula)], shape)[0]
        wanted = _wrt(wrt, [root])
        makers: dict[str, Any] = {"value": lambda f, _: f, "grad": grad, "hessian": hessian}
        made = tuple(makers[part](root, wanted) for part in parts)
        outputs = simplify(made if len(made) > 1 else made[0], level="full")
        inputs = variables([root, *wanted])
        text = source(outputs, list(inputs), name=name, backend=backend)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        _write(output, text)


def _write(path: str, text: str) -> None:
    """Write a file whole or not at all; what is no file (a pipe, a device) is written to directly."""
    target = os.path.realpath(path)
    direct = os.path.exists(target) and not os.path.isfile(target)
    draft = target if direct else f"{target}.{os.getpid()}.tmp"
    try:
        with open(draft, "w", encoding="utf-8") as file:
            file.write(text)
        if not direct:
            os.replace(draft, target)
    except OSError as error:
        raise SymdiffError(f"cannot write {path}: {error.strerror}") from None
    finally:
        if not direct and os.path.exists(draft):
            os.unlink(draft)


@commands.command(cls=FormulaCommand)
@click.argument("formula")
@_options("wrt", "at", "shape")
def check(formula: str, wrt: str | None, at: Sequence[str], shape: Sequence[str]) -> None:
    """Compare first and second derivatives with an independent method; exit code 1 where they disagree.

    Without --at, at random points where the formula has a value.

    \b
    symdiff check "x**2*sin(y)"
    symdiff check "x**2*sin(y)" --at x=3,y=0.5
    """
    with busy("checking"):
        from .check import check_grads

        roots = _parse([_read(formula)], shape)
        report = check_grads(roots[0], _wrt(wrt, roots), _point(at, roots) if at else None)
    click.echo(str(report))


@commands.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
def ops(form: str) -> None:
    """The operations: name, number of arguments, domain, convention at kinks, other spellings.

    \b
    symdiff ops
    symdiff ops --format json
    """
    fields = ("name", "arguments", "domain", "kink", "aliases")
    rows = [row for row in ROWS.values() if row.arity]
    if form == "json":
        import json

        table = [(row.name, row.arity, row.domain, row.kink, list(row.aliases)) for row in rows]
        click.echo(json.dumps([dict(zip(fields, line, strict=True)) for line in table], ensure_ascii=False))
        return
    lines = [[row.name, str(row.arity), row.domain, row.kink or "-", ", ".join(row.aliases) or "-"] for row in rows]
    click.echo("\n".join(_columns([list(fields), *lines], "  ")))


# -- running -------------------------------------------------------------------------------------------------------


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
    if isinstance(error, UnicodeError):
        return "the formula is not UTF-8 text"
    if isinstance(error, MemoryError):
        return "not enough memory for this formula"
    return (
        f"symdiff failed inside with {type(error).__name__}: {' '.join(str(error).split())}; please report the formula"
    )
