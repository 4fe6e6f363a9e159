"""The counts on docs/comparison.md: what is said of us is found again, and of peers where they are installed."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable

import pytest
from conftest import ROOT
from feynman import Formula, formulas
from test_sharing import OPERATIONS, shared

import symdiff as sd
from symdiff.codegen.counting import count_operations

PAGE = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
ORDERS = (0, 1, 2)


def row(name: str) -> list[int]:
    """The numbers of a line of the page's table."""
    found = re.search(rf"^\| {re.escape(name)} \|(.*)\|$", PAGE, re.MULTILINE)
    assert found, f"the page has no line for {name}"
    return [int(number.replace(",", "")) for number in found[1].split("|")]


def by_sympy(formula: Formula, order: int) -> int:
    sympy = pytest.importorskip("sympy")
    names = {name: sympy.Symbol(name) for name in formula.ranges}
    f = sympy.sympify(formula.text, locals={**names, "ln": sympy.log, "arcsin": sympy.asin})
    wrt = list(names.values())
    gradient = [f.diff(x) for x in wrt] if order else []
    second = [f.diff(x, y) for i, x in enumerate(wrt) for y in wrt[i:]] if order > 1 else []
    return count_operations(inspect.getsource(sympy.lambdify(wrt, [f, *gradient, *second], "numpy", cse=True)))


def by_casadi(formula: Formula, order: int) -> int:
    casadi = pytest.importorskip("casadi")
    names = {name: casadi.SX.sym(name) for name in formula.ranges}
    functions = {name: getattr(casadi, name) for name in ("sin", "cos", "tan", "exp", "sqrt", "tanh", "log")}
    known = {**functions, "ln": casadi.log, "arcsin": casadi.asin, "pi": math.pi, **names}
    f = casadi.SX(eval(formula.text, {"__builtins__": {}}, known))
    x = casadi.vertcat(*names.values())
    n = len(names)
    gradient = casadi.vertsplit(casadi.gradient(f, x)) if order else []
    matrix = casadi.hessian(f, x)[0] if order > 1 else None
    second = [matrix[i, j] for i in range(n) for j in range(i, n)] if matrix is not None else []
    function = casadi.Function("f", [x], casadi.cse([f, *map(casadi.SX, [*gradient, *second])]))
    free = (casadi.OP_INPUT, casadi.OP_OUTPUT, casadi.OP_CONST)
    return sum(function.instruction_id(place) not in free for place in range(function.n_instructions()))


@pytest.mark.slow
def test_our_operations() -> None:
    ours = [sum(count_operations(sd.source(found, wrt)) for wrt, found in shared(order)) for order in ORDERS]
    assert all(count <= said for count, said in zip(ours, row("symdiff, level `code`"), strict=True))


def test_what_the_page_says_of_us_is_what_holds() -> None:
    """The bounds of the ordinary tests of the level."""
    assert row("symdiff, level `code`") == list(OPERATIONS.values())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("SymPy, `lambdify(cse=True)`", by_sympy), ("CasADi, `cse`", by_casadi)])
def test_operations_of_peers(name: str, count: Callable[[Formula, int], int]) -> None:
    """To a fiftieth: releases differ."""
    theirs = [sum(count(formula, order) for formula in formulas()) for order in ORDERS]
    assert theirs == pytest.approx(row(name), rel=0.02)
