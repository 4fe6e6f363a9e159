"""``symdiff code``: a formula and its derivatives as a module of source code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from ..differentiate.kinks import with_kinks
from ..graph.atomic_write import write_whole
from ..graph.errors import SymdiffError
from ..graph.node import Node
from ..graph.traversal import leaves, variables
from .diff import hessian_in_form
from .inputs import check_scalar, read_problem, read_text
from .options import FormulaCommand, options
from .output import json_text, spinner, write_output
from .points import read_sizes

#: What ``--derivatives`` takes.
_PARTS = ("value", "grad", "jacobian", "hessian")


@click.command("code", cls=FormulaCommand, short_help="A module that computes value and derivatives.")
@click.argument("formulas", nargs=-1, required=True, metavar="FORMULA...")
@click.option("--derivatives", default="value", metavar="LIST", help=f"Some of {','.join(_PARTS)}; default: value.")
@click.option("--selfcheck", is_flag=True, help="Store results in the module; it checks itself with FILE.py --check.")
@click.option("--explain-plan", is_flag=True, help="Print what a call costs in place of the module.")
@click.option("--count", is_flag=True, help="Print how many operations the code takes in place of the module.")
@options("name", "backend", "output", "sizes", "layout", "wrt", "shape", "assume", "level", "kinks", "plain")
def code_command(
    name: str, backend: str, output: str | None, selfcheck: bool, explain_plan: bool, count: bool, form: str,
    **problem: Any,
) -> None:  # fmt: skip
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
    with spinner("writing code"):
        module = _Module(**problem)
        if count:
            text = module.counts(form)
        elif explain_plan:
            text = module.plan()
        else:
            text = module.source(name, backend, selfcheck)
    write_output(output, text)
    if output is not None and output.endswith(".c") and not (count or explain_plan):
        module.write_header(output[:-2] + ".h", name, backend)


class _Module:
    """The function to write: the formulas, their derivatives, all outputs together, and the inputs."""

    def __init__(
        self, formulas: Sequence[str], derivatives: str, sizes: str, layout: str, wrt: str | None,
        shape: Sequence[str], assume: Sequence[str], level: str, kinks: str | None,
    ) -> None:  # fmt: skip
        from ..search.levels import simplify
        from ..simplifier.stable import stable

        self.parts, self.layout, self.sizes = _read_parts(derivatives), layout, read_sizes(sizes)
        self.roots, self.wanted = read_problem(list(map(read_text, formulas)), wrt, shape, assume)
        self.inputs = list(variables([*self.roots, *self.wanted]))
        self.level = "code" if level == "full" else level
        if self.level == "code":
            forms = stable(self.roots, derivatives=self.parts != ["value"])
        else:
            forms = simplify(self.roots, self.level)
        self.function = forms if len(forms) > 1 else forms[0]
        self.results = self._derive(self.function, kinks)
        self.outputs = self._finish(self.results if len(self.results) > 1 else self.results[0])

    def _derive(self, f: Any, kinks: str | None) -> tuple[Any, ...]:
        """The formula or its derivative for each part."""
        from ..differentiate.passes import grad
        from ..jacobians.hessians import jacobian, value_and_jacobian

        if set(self.parts) == {"value", "jacobian"}:
            both = value_and_jacobian(f, self.wanted, sizes=self.sizes, kinks=kinks)
            return tuple(both[part == "jacobian"] for part in self.parts)
        smooth = with_kinks(f, kinks)
        derive: dict[str, Callable[[], Any]] = {
            "value": lambda: f,
            "grad": lambda: grad(_check_one_scalar("grad", smooth), self.wanted),
            "jacobian": lambda: jacobian(smooth, self.wanted, sizes=self.sizes),
            "hessian": lambda: hessian_in_form(_check_one_scalar("hessian", smooth), self.wanted, self.layout),
        }
        return tuple(derive[part]() for part in self.parts)

    def _finish(self, structure: Any) -> Any:
        from ..search.levels import simplify

        return simplify(structure, self.level, sizes=self.sizes)

    def counts(self, form: str) -> str:
        """The operations of each part as a table or JSON; of scalars in plain Python, of arrays in NumPy code."""
        from ..compiler.counts import count_code

        backend = "numpy" if any(node.shape for node in leaves([self.outputs, *self.inputs])) else "math"
        alone = {part: self._finish(result) for part, result in zip(self.parts, self.results, strict=True)}
        counts = count_code(self._finish(self.function), alone, self.outputs, self.inputs, backend)
        return json_text([line._asdict() for line in counts.lines]) if form == "json" else str(counts)

    def plan(self) -> str:
        from ..compiler.plan import plan

        return str(plan(self.outputs, self.sizes))

    def source(self, name: str, backend: str, selfcheck: bool) -> str:
        from ..compiler.functions import BACKENDS, source

        if selfcheck and (len(self.roots) > 1 or "jacobian" in self.parts):
            raise SymdiffError("--selfcheck takes one formula and some of value, grad, hessian")
        text = source(self.outputs, self.inputs, name=name, backend=backend)
        if not selfcheck:
            return text
        from ..check.selfcheck import with_check

        if BACKENDS[backend].native:
            raise SymdiffError(f"--selfcheck is for modules of Python, not for --backend {backend}")
        dense = self.layout == "dense"
        return with_check(text, self.roots[0], self.wanted, self.parts, name=name, backend=backend, dense=dense)

    def write_header(self, path: str, name: str, backend: str) -> None:
        """The file that belongs beside the source, if the backend has one."""
        from ..compiler.functions import BACKENDS

        header = BACKENDS[backend].header
        if header is not None:
            write_whole(path, header(self.outputs, self.inputs, name))


def _read_parts(derivatives: str) -> list[str]:
    """The derivatives that ``--derivatives`` names."""
    parts = [part.strip() for part in derivatives.split(",")]
    for part in parts:
        if part not in _PARTS:
            raise SymdiffError(f"--derivatives takes some of {', '.join(_PARTS)}, not {part!r}")
    if len(set(parts)) < len(parts):
        raise SymdiffError(f"--derivatives takes each of {', '.join(_PARTS)} once")
    return parts


def _check_one_scalar(part: str, f: Any) -> Node:
    """The formula; raises SymdiffError for several formulas, ShapeError for an array."""
    if not isinstance(f, Node):
        raise SymdiffError(f"--derivatives {part} takes one formula, not {len(f)}; use --derivatives jacobian")
    return check_scalar(f"code --derivatives {part}", f, "sum it")
