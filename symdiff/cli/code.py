"""``symdiff code``: modules to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from ..differentiate.kinks import with_kinks
from ..graph.atomic_write import write_whole
from ..graph.errors import SymdiffError
from ..graph.node import Node
from ..graph.traversal import variables
from .common import FormulaCommand, busy, options
from .counting import counted
from .derivatives import second
from .reading import read_problem, read_sizes, read_text, scalar

#: What ``code --derivatives`` knows.
_PARTS = ("value", "grad", "jacobian", "hessian")


@click.command(cls=FormulaCommand, short_help="A module that computes value and derivatives.")
@click.argument("formulas", nargs=-1, required=True, metavar="FORMULA...")
@click.option("--derivatives", default="value", metavar="LIST", help=f"Some of {','.join(_PARTS)}; default: value.")
@click.option("--name", default="f", help="The function's name; default: f.")
@click.option("--backend", default="numpy", help="numpy (default), math (floats), c (C99), array_api (JAX, PyTorch).")
@click.option("-o", "--output", metavar="FILE", help="Where to write the module; default: standard output.")
@click.option("--selfcheck", is_flag=True, help="Store results in the module; it checks itself with FILE.py --check.")
@click.option("--explain-plan", is_flag=True, help="Print what a call costs in place of the module.")
@click.option("--count", is_flag=True, help="Print how many operations the code takes in place of the module.")
@click.option(
    "--sizes", default="", metavar="N=1000,...", help="What letters in shapes count for when costs are compared."
)
@options("layout", "wrt", "shape", "assume", "level", "kinks", "plain")
def code(
    formulas: Sequence[str],
    derivatives: str,
    name: str,
    backend: str,
    output: str | None,
    selfcheck: bool,
    explain_plan: bool,
    count: bool,
    sizes: str,
    layout: str,
    wrt: str | None,
    shape: Sequence[str],
    level: str,
    kinks: str | None,
    form: str,
) -> None:
    """A standalone module with one function that computes all derivatives together.

    Its arguments are the formula's variables, sorted; several derivatives are returned as a tuple. A gradient is a
    tuple of the parts of each variable, a Hessian a tuple of tuples of blocks, or with --form dense one matrix.
    Several formulas have a tuple of values and a Jacobian of a row for each, and no gradient or Hessian.
    --backend c -o f.c writes the header f.h too. --count prints the operations of the function, of each derivative
    and of all together, and their ratio to those of the function (--format json: as JSON).

    \b
    symdiff code "x**2*y + y + 2" --derivatives value,grad,hessian
    symdiff code "r*cos(t)" "r*sin(t)" --derivatives value,jacobian --backend math
    symdiff code "exp(-x**2)" --derivatives value,grad --name bell --backend math -o bell.py
    symdiff code "exp(-x**2)" --derivatives value,grad --name bell --backend c -o bell.c
    symdiff code "log(det(X))" --shape X=n,n --derivatives value,grad
    symdiff code "logsumexp(A @ x)" --shape A=m,n --shape x=n --wrt x --derivatives hessian --form dense
    symdiff code "sum(tanh(X @ w))" --shape X=n,d --shape w=d --explain-plan --sizes n=1000,d=20
    symdiff code "exp(-x**2/s)" --derivatives value,grad,hessian --count
    """
    parts = _parts(derivatives)
    if selfcheck and (len(formulas) > 1 or "jacobian" in parts):
        raise SymdiffError("--selfcheck takes one formula and some of value, grad, hessian")
    with busy("writing code"):
        from ..compiler.functions import BACKENDS, source
        from ..compiler.plan import plan
        from ..search.levels import simplify
        from ..simplifier.stable import stable

        known = read_sizes(sizes)
        roots, wanted = read_problem([read_text(formula) for formula in formulas], wrt, shape)
        level = "code" if level == "full" else level
        forms = stable(roots, derivatives=parts != ["value"]) if level == "code" else simplify(roots, level)
        simple = forms if len(roots) > 1 else forms[0]
        made = _derived(simple, wanted, parts, layout, known, kinks)
        finished = partial(simplify, level=level, sizes=known)
        outputs = finished(made if len(made) > 1 else made[0])
        inputs = variables([*roots, *wanted])
        if count:
            click.echo(counted(simple, dict(zip(parts, made, strict=True)), outputs, inputs, finished, form))
            return
        text = (
            f"{plan(outputs, known)}\n" if explain_plan else source(outputs, list(inputs), name=name, backend=backend)
        )
    if selfcheck and not explain_plan:
        from ..check.selfcheck import with_check

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


def _parts(derivatives: str) -> list[str]:
    """What ``--derivatives`` lists."""
    parts = [part.strip() for part in derivatives.split(",")]
    for part in parts:
        if part not in _PARTS:
            raise SymdiffError(f"--derivatives takes some of {', '.join(_PARTS)}, not {part!r}")
    if len(set(parts)) < len(parts):
        raise SymdiffError(f"--derivatives takes each of {', '.join(_PARTS)} once")
    return parts


def _derived(
    f: Any, wanted: list[Node], parts: Sequence[str], layout: str, sizes: dict[str, int], kinks: str | None
) -> tuple[Any, ...]:
    """The formula or its derivative for each part."""
    from ..differentiate.passes import grad
    from ..jacobians.hessians import jacobian, value_and_jacobian

    if set(parts) == {"value", "jacobian"}:
        both = value_and_jacobian(f, wanted, sizes=sizes, kinks=kinks)
        return tuple(both[part == "jacobian"] for part in parts)
    smooth = with_kinks(f, kinks)
    makers: dict[str, Callable[[], Any]] = {
        "value": lambda: f,
        "grad": lambda: grad(_one_number("grad", smooth), wanted),
        "jacobian": lambda: jacobian(smooth, wanted, sizes=sizes),
        "hessian": lambda: second(_one_number("hessian", smooth), wanted, layout),
    }
    return tuple(makers[part]() for part in parts)


def _one_number(part: str, f: Any) -> Node:
    """The formula, where there is one and it is a number."""
    if not isinstance(f, Node):
        raise SymdiffError(f"--derivatives {part} takes one formula, not {len(f)}; use --derivatives jacobian")
    return scalar(f"code --derivatives {part}", f, "sum it")
