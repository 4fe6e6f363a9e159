"""Wrong answers that were found once, each with variants of its kind: the right value by every mode, level and backend.

The names W1 to W15 are those of the list that they came from (those about calls are in ``test_wrong_calls``). The right
value is written by hand, or comes from mpmath on the text as typed (``exact_values``), or from a NumPy function.
What is still wrong stands in ``known_wrong.txt``: whoever mends it takes the line away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from answers import LEVELS, Case, Question, agree, answers, by_steps, case, check, command, flat

import symdiff as sd

# -- W1: derivatives of powers by the exponent, where that is 0 or 1 -------------------------------------------------


#: The Hessian of 2**0 + 3**1 by both bases and both exponents.
POWERS = [
    [0, 0, 0.5, 0],
    [0, 0, 0, 1 + log(3)],
    [0.5, 0, log(2) ** 2, 0],
    [0, 1 + log(3), 0, 3 * log(3) ** 2],
]

SHARED_BASE = [
    [0, 0.5, 1 + log(2)],
    [0.5, log(2) ** 2, 0],
    [1 + log(2), 0, 2 * log(2) ** 2],
]


@answers(
    "W1",
    case("x**y", "hessian", x=2.0, y=0.0),
    case("x**y", "hessian", x=2.0, y=0.0, wrt="y,x"),
    case("x**y", "mixed", x=2.0, y=0.0, wrt="x,y,y"),
    case("x**y", "mixed", x=2.0, y=1.0, wrt="x,x,y"),
    case("x**sin(y)", "mixed", x=2.0, y=0.0, wrt="x,y,y"),
    case("x**n/(K**n + x**n)", "hessian", x=2.0, K=3.0, n=0.0),
    case("(1 + r)**(-t)", "hessian", r=0.05, t=0.0),
    case("A*K**a*L**(1 - a)", "hessian", A=1.5, K=2.0, L=3.0, a=0.0),
    case("x**y", "hessian", [2.0], wrt="x", x=0.0, y=2.0),
    case("sum(x**y)", "hessian", POWERS, x=[2.0, 3.0], y=[0.0, 1.0]),
    variants=[
        case("x**y", "hessian", x=2.0, y=1.0),
        case("x**y", "hessian", x=0.5, y=-0.0),
        case("x**y", "mixed", x=2.0, y=0.0, wrt="x,y"),
        case("x**y", "mixed", x=2.0, y=0.0, wrt="y,x"),
        case("x**y", "mixed", x=2.0, y=0.0, wrt="y,x,y"),
        case("x**y", "mixed", x=2.0, y=0.0, wrt="y,y,x"),
        case("x**y", "mixed", x=2.0, y=0.0, wrt="x,x,y"),
        case("x**y", "mixed", x=2.0, y=2.0, wrt="x,x,x,y"),
        case("x**y", "mixed", x=3.0, y=0.0, wrt="x,x,y,y"),
        case("x**y", "mixed", x=3.0, y=1.0, wrt="x,y,x,y"),
        case("x**(y*z)", "hessian", x=2.0, y=0.0, z=3.0),
        case("(x + y)**(x - y)", "hessian", x=1.5, y=1.5),
        case("(x + y)**(x - y)", "hessian", x=2.5, y=1.5),
        case("x**(y - 1)*y", "hessian", x=2.0, y=1.0),
        case("1/x**y", "hessian", x=2.0, y=0.0),
        case("sqrt(x)**y", "hessian", x=2.0, y=0.0),
        case("x**n/(K**n + x**n)", "hessian", x=2.0, K=3.0, n=1.0),
        case("(1 + r)**(-t)", "hessian", r=0.05, t=-1.0),
        case("A*K**a*L**(1 - a)", "hessian", A=1.5, K=2.0, L=3.0, a=1.0),
        # at 0, the power of every order that is left
        case("x**y", "hessian", [0.0], wrt="x", x=0.0, y=1.0),
        case("x**y", "hessian", [0.0], wrt="x", x=0.0, y=0.0),
        case("x**y", "hessian", [0.0], wrt="x", x=-2.0, y=1.0),
        case("x**y", "mixed", [6.0], wrt="x,x,x", x=0.0, y=3.0),
        case("x**y", "mixed", [0.0], wrt="x,x,x", x=0.0, y=2.0),
        case("x**y", "hessian", [0.0, 0.0, 0.0, 0.0], x=0.0, y=3.0),
        case("sum(x**y)", "hessian", SHARED_BASE, x=2.0, y=[0.0, 1.0]),
        case("sum(c*x**y)", "hessian", [[0.0, 1.5], [1.5, 3 * log(2) ** 2]], wrt="x,y", c=[3.0], x=[2.0], y=[0.0]),
        case("sum(outer(x, x)**p)", "hessian", [4 * log(2) ** 2], wrt="p", x=[sqrt(2), sqrt(2)], p=0.0),
    ],
)
def test_powers_by_the_exponent(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


# -- W2: what is selected from an array with an infinite partial elsewhere --------------------------------------------

HALF = [0.5, 0.0]


@answers(
    "W2",
    case("sqrt(x)[0]", right=HALF, x=[1.0, 0.0]),
    case("sqrt(x)[0]", "hessian", [-0.25, 0, 0, 0], x=[1.0, 0.0]),
    case("log(x)[0]", right=[1, 0], x=[1.0, 0.0]),
    case("(1/x)[0]", right=[-1, 0], x=[1.0, 0.0]),
    case("norm(M, axis=1)[0]", right=[0.6, 0.8, 0, 0], M=[[3.0, 4.0], [0.0, 0.0]]),
    case("sum(sqrt(x)[::2])", right=[0.5, 0, 0.25], x=[1.0, 0.0, 4.0]),
    case("sum(sqrt(x)[[2, 0]]**2)", right=[1, 0, 1], x=[1.0, 0.0, 4.0]),
    case("reshape(sqrt(x), (2, 1))[0, 0]", right=HALF, x=[1.0, 0.0]),
    case("concatenate((sqrt(x), x))[0]", right=HALF, x=[1.0, 0.0]),
    case("stack((sqrt(x), x))[0, 0]", right=HALF, x=[1.0, 0.0]),
    case("trace(sqrt(M))", right=[0.5, 0, 0, 0.25], M=[[1.0, 0.0], [0.0, 4.0]]),
    case("sum(tril(sqrt(M)))", right=[0.5, 0, 0.5, 0.25], M=[[1.0, 0.0], [1.0, 4.0]]),
    case('sum(einsum("ii->i", sqrt(M)))', right=[0.5, 0, 0, 0.25], M=[[1.0, 0.0], [0.0, 4.0]]),
    case("cumsum(sqrt(x))[0]", right=HALF, x=[1.0, 0.0]),
    case("max(sqrt(x))", right=HALF, x=[1.0, 0.0]),
    variants=[
        case("log(x)[0]", "hessian", [-1, 0, 0, 0], x=[1.0, 0.0]),
        case("(x**0.5)[0]", right=HALF, x=[1.0, 0.0]),
        case("(x**(1/3))[0]", right=[1 / 3, 0], x=[1.0, 0.0]),
        case("(x**-2)[0]", right=[-2, 0], x=[1.0, 0.0]),
        case("(x**y)[0]", right=[0.5, 0, 0, 0], x=[1.0, 0.0], y=[0.5, 0.5]),
        case("cbrt(x)[0]", right=[1 / 3, 0], x=[1.0, 0.0]),
        case("cbrt(x)[0]", "hessian", [-2 / 9, 0, 0, 0], x=[1.0, 0.0]),
        case("log1p(x)[0]", right=[0.5, 0], x=[1.0, -1.0]),
        case("log2(x)[0]", right=[1 / log(2), 0], x=[1.0, 0.0]),
        case("log10(x)[0]", right=[1 / log(10), 0], x=[1.0, 0.0]),
        case("arcsin(x)[0]", right=[1, 0], x=[0.0, 1.0]),
        case("arccos(x)[0]", right=[-1, 0], x=[0.0, 1.0]),
        case("arccosh(x)[0]", right=[1 / sqrt(3), 0], x=[2.0, 1.0]),
        case("arctanh(x)[0]", right=[1, 0], x=[0.0, 1.0]),
        case("xlogy(2, x)[0]", right=[2, 0], x=[1.0, 0.0]),
        case("hypot(x, y)[0]", right=[0.6, 0, 0.8, 0], x=[3.0, 0.0], y=[4.0, 0.0]),
        case("arctan2(y, x)[0]", right=[-0.5, 0, 0.5, 0], x=[1.0, 0.0], y=[1.0, 0.0]),
        case("(y/x)[0]", right=[-2, 0, 1, 0], x=[1.0, 0.0], y=[2.0, 0.0]),
        case("norm(M, axis=0)[1]", right=[0, 0.6, 0, 0.8], M=[[0.0, 3.0], [0.0, 4.0]]),
        case("std(M, axis=1)[0]", right=[-0.5, 0.5, 0, 0], M=[[1.0, 2.0], [3.0, 3.0]]),
        case("gamma(x)[0]", right=[1 - np.euler_gamma, 0], x=[2.0, 0.0]),
        case("gammaln(x)[0]", right=[1 - np.euler_gamma, 0], x=[2.0, 0.0]),
        # the ways of selecting
        case("sum(sqrt(x)[:1])", right=HALF, x=[1.0, 0.0]),
        case("sqrt(x)[-2]", right=HALF, x=[1.0, 0.0]),
        case("sqrt(x)[::-1][1]", right=HALF, x=[1.0, 0.0]),
        case("sum(sqrt(x)[[0, 0]])", right=[1, 0], x=[1.0, 0.0]),
        case("squeeze(reshape(sqrt(x), (2, 1)))[0]", right=HALF, x=[1.0, 0.0]),
        case("sum(concatenate((x, sqrt(x)))[1:3])", right=[0.5, 1], x=[1.0, 0.0]),
        case("stack((x, sqrt(x)), axis=1)[0, 1]", right=HALF, x=[1.0, 0.0]),
        case("sqrt(M).T[0, 0]", right=[0.5, 0, 0, 0], M=[[1.0, 0.0], [0.0, 4.0]]),
        case("sum(sqrt(M)[:, 1])", right=[0, 0.5, 0, 0.25], M=[[0.0, 1.0], [0.0, 4.0]]),
        case("sum(sqrt(M)[1])", right=[0, 0, 0.5, 0.25], M=[[0.0, 0.0], [1.0, 4.0]]),
        case("sum(sqrt(M)[[0, 1], [1, 0]])", right=[0, 0.5, 0.25, 0], M=[[0.0, 1.0], [4.0, 0.0]]),
        case("trace(sqrt(M))", "hessian", np.diag([-0.25, 0, 0, -1 / 32]), M=[[1.0, 0.0], [0.0, 4.0]]),
        case("sum(diag(sqrt(M)))", right=[0.5, 0, 0, 0.25], M=[[1.0, 0.0], [0.0, 4.0]]),
        case("diag(sqrt(x))[0, 0]", right=HALF, x=[1.0, 0.0]),
        case("sum(triu(log(M)))", right=[1, 1, 0, 0.25], M=[[1.0, 1.0], [0.0, 4.0]]),
        case('einsum("ii", sqrt(M))', right=[0.5, 0, 0, 0.25], M=[[1.0, 0.0], [0.0, 4.0]]),
        case('sum(einsum("ij->ji", sqrt(M))[0])', right=[0.5, 0, 0.25, 0], M=[[1.0, 0.0], [4.0, 0.0]]),
        case("cumsum(log(x))[1]", right=[1, 0.5, 0], x=[1.0, 2.0, 0.0]),
        case("min(log(M), axis=1)[0]", right=[1, 0, 0, 0], M=[[1.0, 2.0], [0.0, 0.0]]),
        case("sum(sqrt(M), axis=1)[0]", right=[0.5, 0.25, 0, 0], M=[[1.0, 4.0], [0.0, 0.0]]),
        case("prod(sqrt(M), axis=1)[0]", right=[1, 0.25, 0, 0], M=[[1.0, 4.0], [0.0, 0.0]]),
        case("softmax(log(M))[0, 0]", right=[0.1875, -0.0625, 0, 0], M=[[1.0, 3.0], [0.0, 1.0]]),
        case("logsumexp(log(M), axis=1)[0]", right=[0.25, 0.25, 0, 0], M=[[1.0, 3.0], [0.0, 1.0]]),
        case("broadcast_to(sqrt(x), (2, 2))[0, 0]", right=HALF, x=[1.0, 0.0]),
        case("sum(sqrt(x)[:, None][0])", right=HALF, x=[1.0, 0.0]),
        case("outer(sqrt(x), x)[0, 0]", right=[1.5, 0], x=[1.0, 0.0]),
    ],
)
def test_selections_from_infinite_partials(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


# -- W3: the branch of where that is not taken --------------------------------------------------------------------

ROOTS = {"c": -1.0, "x": [0.0, 1.0]}
ENTRIES = {"c": -1.0, "M": [[1.0, 0.0], [0.0, 4.0]]}


def untaken(inside: str, point: dict[str, Any], what: str = "grad") -> Case:
    """Nothing is left of a branch that is not taken."""
    count = len(flat(list(point.values())))
    return case(f"where(c > 0, {inside}, 0)", what, np.zeros(count ** (1 + (what == "hessian"))), **point)


@answers(
    "W3",
    untaken("prod(sqrt(x))", ROOTS),
    untaken("prod(sqrt(x))", ROOTS, "hessian"),
    untaken("max(sqrt(x))", {"c": -1.0, "x": [0.0, 0.0]}),
    untaken("logsumexp(sqrt(x))", ROOTS),
    untaken("softmax(sqrt(x))[1]", ROOTS),
    untaken("std(x)", {"c": -1.0, "x": [1.0, 1.0]}),
    untaken("norm(x)", {"c": -1.0, "x": [0.0, 0.0]}),
    untaken("sqrt(x) @ sqrt(x[::-1])", ROOTS),
    untaken("sum(kron(sqrt(x), x))", ROOTS),
    untaken("det(sqrt(M))", ENTRIES),
    untaken("inv(sqrt(M))[0, 0]", ENTRIES),
    untaken("solve(sqrt(M), sqrt(M)[0])[0]", ENTRIES),
    untaken("cholesky(sqrt(M))[1, 1]", ENTRIES),
    case("where(norm(v) > 0, cos(norm(v)), 1)", right=[0, 0], v=[0.0, 0.0]),
    case("where(norm(v) > 0, cos(norm(v)), 1)", "hessian", np.zeros(4), v=[0.0, 0.0]),
    case("sum(where(x > 0, x*prod(sqrt(y)), 0))", right=np.zeros(4), x=[-1.0, -2.0], y=[0.0, 1.0]),
    case("maximum(norm(v) - 1, 0)", right=[0, 0], v=[0.0, 0.0]),
    variants=[
        untaken("sum(sqrt(x))", ROOTS),
        untaken("sum(sqrt(x))", ROOTS, "hessian"),
        untaken("min(sqrt(x))", ROOTS),
        untaken("min(sqrt(x))", ROOTS, "hessian"),
        untaken("logsumexp(log(x))", ROOTS, "hessian"),
        untaken("std(x)", {"c": -1.0, "x": [1.0, 1.0]}, "hessian"),
        untaken("norm(x)", {"c": -1.0, "x": [0.0, 0.0]}, "hessian"),
        untaken("sum(M @ sqrt(M))", ENTRIES),
        untaken("sum(sqrt(M) @ M)", ENTRIES, "hessian"),
        untaken("sum(outer(sqrt(x), x))", ROOTS),
        untaken('einsum("i,j->", sqrt(x), x)', ROOTS),
        untaken("sum(cumsum(sqrt(x)))", ROOTS),
        untaken("sum(concatenate((sqrt(x), x)))", ROOTS),
        untaken("sum(sqrt(x)[[0, 1, 0]])", ROOTS),
        untaken("det(sqrt(M))", ENTRIES, "hessian"),
        untaken("logdet(sqrt(M))", ENTRIES),
        untaken("sum(inv(sqrt(M)))", ENTRIES, "hessian"),
        untaken("var(sqrt(x))", ROOTS),
        untaken("mean(log(x))", ROOTS),
        untaken("product_of_others(sqrt(x))[0]", ROOTS),
        case("where(norm(v) > 0, sin(norm(v))/norm(v), 1)", right=[0, 0], v=[0.0, 0.0]),
        case("where(norm(v) == 0, 1, sin(norm(v))/norm(v))", "hessian", np.zeros(4), v=[0.0, 0.0]),
        case("sum(where(norm(M, axis=1) > 0, norm(M, axis=1), 0))", right=[0.6, 0.8, 0, 0], M=[[3.0, 4.0], [0.0, 0.0]]),
        case("sum(where(sum(M, axis=1) > 0, std(M, axis=1), 0))", right=[-0.5, 0.5, 0, 0], M=[[1.0, 2.0], [0.0, 0.0]]),
        case("sum(where(x > 0, x*prod(sqrt(y)), x))", "hessian", np.zeros(16), x=[-1.0, -2.0], y=[0.0, 1.0]),
        case("where(c > 0, where(c > 1, prod(sqrt(x)), 2), c)", right=[1, 0, 0], c=-1.0, x=[0.0, 1.0]),
        case("where(c > 0, where(c > 1, prod(sqrt(x)), c), 2)", right=[1, 0, 0], c=0.5, x=[0.0, 1.0]),
        case("where(c > 0, sum(where(x > 0, sqrt(x), 0)), 0)", right=[0, 0, 0.5], c=1.0, x=[0.0, 1.0]),
        case("where(c > 0, 1, exp(prod(log(x)))) + c", right=[1, 0, 0], c=1.0, x=[0.0, 1.0]),
        # other operations that leave out one argument
        case("relu(norm(v) - 1)", right=[0, 0], v=[0.0, 0.0]),
        case("relu(norm(v) - 1)", "hessian", np.zeros(4), v=[0.0, 0.0]),
        case("clip(norm(v), 1, 2)", right=[0, 0], v=[0.0, 0.0]),
        case("minimum(prod(sqrt(x)) + 1, 0)", right=[0, 0], x=[0.0, 1.0]),
        case("max(stack((prod(sqrt(x)), c)))", right=[1, 0, 0], c=1.0, x=[0.0, 1.0]),
        case("floor(prod(sqrt(x))) + x[1]", right=[0, 1], x=[0.0, 1.0]),
        case("sign(norm(v)) + v[0]", right=[1, 0], v=[0.0, 0.0]),
        case("stop_gradient(prod(sqrt(x)))*x[1]", right=[0, 0], x=[0.0, 1.0]),
    ],
)
def test_untaken_branches(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


@answers(
    "W3",
    untaken("det(M)", {"c": -1.0, "M": [[1.0, 2.0], [2.0, 4.0]]}),
    untaken("inv(M)[0, 0]", {"c": -1.0, "M": [[1.0, 2.0], [2.0, 4.0]]}),
    untaken("solve(M, M[0])[0]", {"c": -1.0, "M": [[1.0, 2.0], [2.0, 4.0]]}),
    untaken("logdet(M)", {"c": -1.0, "M": [[1.0, 2.0], [2.0, 4.0]]}),
    untaken("cholesky(M)[1, 1]", {"c": -1.0, "M": [[-1.0, 0.0], [0.0, -4.0]]}),
)
def test_untaken_branches_without_a_value(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


# -- W4, W5, W13: digits -----------------------------------------------------------------------------------------

#: The levels that promise digits.
KEEPS = ("code", "accurate")
ORDERS = ("value", "grad", "hessian")


def near(texts: Sequence[str], x: float, orders: Sequence[str] = ("value",), digits: float = 14.0) -> list[Case]:
    return [case(text, order, levels=KEEPS, digits=digits, x=x) for text in texts for order in orders]


@answers(
    "W4",
    *near(["1 - exp(x)", "2*(1 - exp(x))", "3 - 3*exp(x)", "x*(1 - exp(x))", "1 - exp(-x)", "(1 - exp(-x))/x"], 1e-10),
    case("a - a*exp(x)", "value", levels=KEEPS, digits=14, a=3.0, x=1e-10),
    case("1 - exp(-r*t)", "grad", levels=KEEPS, digits=14, r=1e-9, t=2.0),
    variants=[
        *near(["log(1 - exp(-x))", "1 - exp(2*x)", "1 - exp(x)**2", "1 - 1/exp(x)", "1 - exp2(x)", "1 - 2**x"], 1e-10),
        *near(["-exp(x) + 1", "(1 - exp(x))**2", "sqrt(1 - exp(-x))", "1/(1 - exp(x))", "1 - exp(x**2)"], 1e-10),
        *near(["1/2 - exp(x)/2", "pi - pi*exp(x)", "1 + x - exp(-x)", "exp(x) - exp(-x)", "exp(x) - 1"], 1e-10),
        case("a*(1 - exp(-x*y))", "value", levels=KEEPS, digits=14, a=3.0, x=1e-10, y=2.0),
        case("(1 - exp(-r*t))/r", "value", levels=KEEPS, digits=14, r=1e-9, t=2.0),
    ],
)
def test_one_minus_exp(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


@answers(
    "W5",
    *near(["x/(exp(x) - 1)", "(exp(x) - 1)/x"], 1e-8, ORDERS, 9),
    *near(["(x - sin(x))/x**3"], 1e-6, ORDERS, 9),
    *near(["log(0.5*erfc(-x/sqrt(2)))"], -40.0, ORDERS, 9),
    case("gammaln(x + r) - gammaln(r) - x*log(r)", levels=KEEPS, digits=6, r=1e8, x=3.0, wrt="r"),
    variants=[
        *near(["x/(exp(x) - 1)"], -1e-5, ORDERS, 9),
        *near(["(x - sin(x))/x**3", "(tan(x) - x)/x**3"], 1e-3, ORDERS, 9),
        *near(["log(0.5*erfc(-x/sqrt(2)))"], -10.0, ORDERS, 9),
        *near(["log(0.5*erfc(-x/sqrt(2)))", "log(1 - erf(x))"], 10.0, ORDERS, 9),
        *near(["log(1 + x)/x", "(sqrt(1 + x) - 1)/x", "x*exp(x)/(exp(x) - 1)", "(1 - exp(-x))/x"], 1e-8, ORDERS, 9),
        *near(["(exp(2*x) - 1)/(2*x)", "x/(1 - exp(-x))", "log((exp(x) - 1)/x)"], 1e-8, ORDERS, 9),
        *near(["(1 - cos(x))/x**2", "sin(x)/x", "(log(1 + x) - x)/x**2", "log(1 + x) - x"], 1e-6, ORDERS, 9),
        *near(["(exp(x) - 1 - x)/x**2", "tanh(x)/x", "x/tanh(x)", "arctan(x)/x", "erf(x)/x"], 1e-6, ORDERS, 9),
        *near(["x/sin(x)", "sinh(x)/x", "1/log(1 + x) - 1/x"], 1e-6, ORDERS, 9),
        *near(["1/tanh(x) - 1/x", "1/(exp(x) - 1) - 1/x"], 1e-5, ORDERS, 9),
        *near(["exp(x**2)*erfc(x)", "log(erfc(x))"], 30.0, ORDERS, 9),
        *near(["exp(-x**2/2)/erfc(x/sqrt(2))"], 40.0, ORDERS, 9),
        case("gammaln(k + 1/a) - gammaln(1/a) - k*log(1/a + m)", levels=KEEPS, digits=6, a=1e-8, k=3.0, m=2.0),
    ],
)
def test_removable_points(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


@answers(
    "W13",
    *near(["1/(1 + exp(-x))"], -800.0, ORDERS, 11),
    *near(["1/(1 + exp(-x))"], -700.0, ORDERS, 11),
    *near(["1/(1 + exp(-x))"], 700.0, ORDERS, 11),
    case("a/(1 + exp(-k*(x - m)))", levels=KEEPS, a=2.0, k=1.0, x=-700.0, m=0.0),
    variants=[
        *near(["exp(x)/(1 + exp(x))", "1 - 1/(1 + exp(x))"], -800.0, ORDERS, 11),
        *near(["exp(x)/(1 + exp(x))", "1 - 1/(1 + exp(x))"], -700.0, ORDERS, 11),
        *near(["exp(x)/(1 + exp(x))", "1 - 1/(1 + exp(x))"], 700.0, ORDERS, 11),
        *near(["1/(1 + exp(-x))"], -30.0, ORDERS, 11),
        *near(["1/(1 + exp(-x))"], 30.0, ORDERS, 11),
        *near(["log(1/(1 + exp(-x)))", "tanh(x/2)/2 + 1/2"], -800.0, ORDERS, 11),
        *near(["log(1 + exp(x))", "1/(1 + exp(x))"], 800.0, ORDERS, 11),
    ],
)
def test_logistic(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


def test_logistic_in_the_library() -> None:
    """The pipeline that users write: value, gradient and Hessian simplified together."""
    x = sd.symbol("x")
    f = sd.parse("1/(1 + exp(-x))")
    for backend in ("numpy", "math", "c", "array_api"):
        fn = sd.compile(sd.simplify((f, sd.grad(f, x), sd.hessian(f, x)), "code"), [x], backend=backend)
        for at in (-800.0, -700.0, 700.0):
            tiny = math.exp(-abs(at))
            right = [tiny if at < 0 else 1.0, tiny, math.copysign(tiny, -at)]
            with np.errstate(all="ignore"):
                got = flat(list(fn(at)))
            assert agree(got, np.array(right), 11), (backend, at, got)


# -- W10: axes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        "stack((x, x), axis=7)", "stack((x, x), axis=-5)", "stack((x, x), axis=2)", "stack((x, x), axis=-3)",
        "concatenate((x, x), axis=1)", "concatenate((x, x), axis=-2)", "sum(x, axis=1)", "sum(x, axis=-2)",
        "max(x, axis=3)", "softmax(x, axis=1)", "cumsum(x, axis=1)", "squeeze(x, axis=1)", "transpose(x, (1,))",
        "norm(x, axis=1)", "argmax(x, axis=-2)", "scatter(x, (2,), (0,), (1,))", "scatter(x, (4,), (2,), (1,))",
        "scatter(x, (4,), (0,), (2,))", "scatter(x, (4,), (-1,), (1,))",
    ],
)  # fmt: skip
def test_axes_that_are_not_there(formula: str) -> None:
    with pytest.raises(sd.SymdiffError):
        sd.parse(formula, {"x": (3,)})


def test_axes_from_the_end() -> None:
    """What NumPy allows stays allowed."""
    x, arrays = sd.symbol("x", (3,)), np.arange(3.0)
    for axis in (0, 1, -1, -2):
        found = sd.compile(sd.stack((x, 2 * x), axis=axis), [x])(arrays)
        np.testing.assert_array_equal(found, np.stack((arrays, 2 * arrays), axis=axis))


@answers(
    "W10",
    case("max(x, y, z)", right=[1 / 3] * 3, x=1.0, y=1.0, z=1.0),
    case("min(x, y, z)", right=[1 / 3] * 3, x=1.0, y=1.0, z=1.0),
    case("max(x, y, z)", right=[0.5, 0, 0.5], x=1.0, y=0.0, z=1.0),
    case("max(w, x, y, z)", right=[0.25] * 4, w=2.0, x=2.0, y=2.0, z=2.0),
    variants=[
        case("max(w, x, y, z)", right=[1 / 3, 1 / 3, 0, 1 / 3], w=2.0, x=2.0, y=1.0, z=2.0),
        case("min(x, y, z)*x", right=[1 + 1 / 3, 1 / 3, 1 / 3], x=1.0, y=1.0, z=1.0),
        case("max(stack((x, y, z)))", right=[1 / 3] * 3, x=1.0, y=1.0, z=1.0),
        case("sum(max(x, y, z))", right=[1, 1 / 3, 0, 1 / 3, 0, 1 / 3], x=[3.0, 1.0], y=[2.0, 1.0], z=[1.0, 1.0]),
    ],
)
def test_ties_of_several(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


# -- W12: levels -------------------------------------------------------------------------------------------------


@answers(
    "W12",
    case("xlogy(x, y)", "value", [0], x=0.0, y=0.0),
    case("exp2(x)*x", "value", [-0.0], x=-1e200),
    case("gelu(x)*x", "value", [0], x=-1e200),
    case("sqrt(x - 1)*sqrt(x + 1)", "value", [1e200], x=1e200),
    case("xlogy(x, x**(-1/2))", "value", [0], x=0.0),
    case("y**(3/2)", right=[0], y=0.0),
    variants=[
        case("y**(5/2)", "hessian", [0], y=0.0),
        case("y**(7/3)", "hessian", [0], y=0.0),
        case("(x + y)**(3/2)", right=[0, 0], x=1.0, y=-1.0),
        case("xlogy(x, x)", "value", [0], x=0.0),
        case("xlogy(x, x**2)", "value", [0], x=0.0),
        case("xlogy(x, y)*y", "value", [0], x=0.0, y=0.0),
        case("xlogy(x, sqrt(x))", "value", [0], x=0.0),
        case("xlogy(x, 1/x)", "value", [0], x=0.0),
        case("xlogy(x, x*y)", "value", [0], x=0.0, y=2.0),
    ],
)
def test_levels_at_special_points(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


@answers(
    "W12",
    *(
        case(text, what, x=x)
        for text in ("exp2(x)*x", "gelu(x)*x", "x*sigmoid(x)", "x*exp(x)", "exp(x)/x", "softplus(x)*x", "x*erfc(x)")
        for x in (-1e200, -1e-200, 1e-200)
        for what in ("value", "grad")
    ),
    *(
        case(text, "value", x=x)
        for text in ("sqrt(x - 1)*sqrt(x + 1)", "sqrt(x)*sqrt(x + 1)", "x/sqrt(x)", "(x + 1)/(x + 2)", "hypot(x, 1)/x")
        for x in (1e200, 1e150)
    ),
)
@pytest.mark.slow
def test_levels_at_very_large_and_small_points(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


def test_contradicting_domain() -> None:
    """Where a formula has no value, no assumption is spoken of that nobody stated."""
    for level in LEVELS:
        code, out, err = command("diff", "log(x) where x < 0", "--simplify", level)
        assert (code, out.strip()) == (0, "1/x"), (level, err)
        assert "x > 0" not in err


# -- W15: determinants and their kin ---------------------------------------------------------------------------------

SINGULAR = [[1.0, 2.0], [2.0, 4.0]]
#: d2 det / dA dA of a 2 x 2 matrix, whatever the matrix: a*d - b*c.
BILINEAR = [[0, 0, 0, 1], [0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]]


def cofactors(M: Any) -> np.ndarray:
    """The gradient of the determinant: each minor by hand."""
    M = np.asarray(M)
    n = len(M)
    return np.array([
        [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(M, i, 0), j, 1)) for j in range(n)] for i in range(n)
    ])  # fmt: skip


RANK_TWO = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
RANK_ONE = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 6.0, 9.0]]
SPD = [[4.0, 1.0], [1.0, 3.0]]


def lower(M: Any) -> Any:
    """L[1, 1] of the Cholesky factor of the symmetric part, written out."""
    return np.sqrt(M[1, 1] - ((M[0, 1] + M[1, 0]) / 2) ** 2 / M[0, 0])


@answers(
    "W15",
    case("det(M)", right=[4, -2, -2, 1], M=SINGULAR),
    case("det(M)", "hessian", BILINEAR, M=SINGULAR),
    case("det(M)", right=np.zeros(4), M=[[0.0, 0.0], [0.0, 0.0]]),
    case("det(M)", right=cofactors(RANK_TWO), digits=8, M=RANK_TWO),
    case("cholesky(M)[1, 1]", "hessian", by_steps(lower, np.array(SPD)), digits=7, M=SPD),
    variants=[
        case("det(M)", right=np.zeros(9), M=RANK_ONE),
        case("det(M)**2", "hessian", 2 * np.outer([4, -2, -2, 1], [4, -2, -2, 1]), M=SINGULAR),
        case("det(M)*c", right=[8, -4, -4, 2, 0], M=SINGULAR, c=2.0),
        case("det(M)", right=[1], M=[[0.0]]),
        case("det(M @ N)", right=np.zeros(8), M=SINGULAR, N=[[0.0, 0.0], [0.0, 0.0]]),
        case("sum(cholesky(M)[1]**2)", "hessian", by_steps(lambda M: M[1, 1], np.array(SPD)), M=SPD),
        case(
            "cholesky(M)[1, 0]",
            "hessian",
            by_steps(lambda M: (M[0, 1] + M[1, 0]) / 2 / np.sqrt(M[0, 0]), np.array(SPD)),
            digits=7,
            M=SPD,
        ),
    ],
)
def test_determinants(case: Case, levels: Sequence[str]) -> None:
    case.check(levels)


@pytest.mark.parametrize(
    "formula, function, shapes",
    [
        ("sum(det(M)**2)", lambda M: (np.linalg.det(M) ** 2).sum(), {"M": (2, 2, 2)}),
        ("sum(inv(M)**2)", lambda M: (np.linalg.inv(M) ** 2).sum(), {"M": (2, 2, 2)}),
        ("sum(solve(M, b)**2)", lambda M, b: (np.linalg.solve(M, b) ** 2).sum(), {"M": (2, 2, 2), "b": (2, 2, 1)}),
        ("sum(solve(M, b)**2)", lambda M, b: (np.linalg.solve(M, b) ** 2).sum(), {"M": (2, 2), "b": (2, 2)}),
        ("sum(M @ b)**2", lambda M, b: (M @ b).sum() ** 2, {"M": (2, 2, 2), "b": (2, 2, 1)}),
    ],
)
def test_batched_linear_algebra(formula: str, function: Callable[..., Any], shapes: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    point = {name: rng.normal(size=shape) + 3 * np.eye(*shape[-2:]) for name, shape in shapes.items()}
    right = by_steps(function, *point.values())
    question = Question(formula, {name: array.tolist() for name, array in point.items()}, "hessian")
    check(question, right, digits=6, near_zero=1e-6)
