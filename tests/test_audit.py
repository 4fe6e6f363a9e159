"""The auditor: slips planted by SymPy into derivatives of the physics formulas, found and named; no false alarms."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy as sp

import symdiff as sd
from symdiff.check.audit.audit import audit
from symdiff.cli import main
from tests.feynman import formulas

Entry = tuple[sp.Symbol, ...]


class Problem(NamedTuple):
    text: str
    f: sp.Expr
    variables: list[sp.Symbol]


class Planted(NamedTuple):
    problem: Problem
    kind: str
    entries: list[sp.Expr]
    place: int
    wrong: sp.Expr


@cache
def problems() -> list[Problem]:
    found = []
    for formula in formulas():
        variables = [sp.Symbol(name) for name in sorted(formula.ranges)]
        names = {str(var): var for var in variables} | {
            "ln": sp.log,
            "arcsin": sp.asin,
            "arccos": sp.acos,
            "arctan": sp.atan,
        }
        found.append(Problem(formula.text, sp.sympify(formula.text, locals=names), variables))
    return [problem for problem in found if len(problem.variables) > 1]


def derivatives(problem: Problem, order: int) -> list[tuple[Entry, sp.Expr]]:
    return [(entry, sp.diff(problem.f, *entry)) for entry in product(problem.variables, repeat=order)]


# -- one slip of each kind, on SymPy's expressions -----------------------------------------------------------------

Planter = Callable[[random.Random, Problem, Entry, sp.Expr], Iterator[sp.Expr]]


def sign(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
    yield -d


def factor(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
    yield d * rng.choice([2, sp.Rational(1, 2), 3, 4, sp.Rational(1, 3)])


def _changed_sum(change: Callable[[list[sp.Expr], int], list[sp.Expr]]) -> Planter:
    def plant(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
        sums = [part for part in sp.preorder_traversal(d) if part.is_Add]
        for part in rng.sample(sums, len(sums)):
            terms = list(part.args)
            yield d.xreplace({part: sp.Add(*change(terms, rng.randrange(len(terms))))})

    return plant


missing_term = _changed_sum(lambda terms, at: terms[:at] + terms[at + 1 :])
sign_of_a_term = _changed_sum(lambda terms, at: [*terms[:at], -terms[at], *terms[at + 1 :]])


def variable(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
    for other in rng.sample(problem.variables, len(problem.variables)):
        yield sp.diff(problem.f, *by[:-1], other)


def swapped_variables(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
    for _ in range(5):
        a, b = rng.sample(problem.variables, 2)
        yield d.xreplace({a: b, b: a})


def chain_factor(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
    """The derivative without the inner derivative of one function."""
    inner = [part for part in sp.preorder_traversal(problem.f) if part.is_Function or part.is_Pow]
    for part in rng.sample(inner, len(inner)):
        u, whole, hole = part.args[0], sp.Dummy(), sp.Dummy()
        slope = sp.diff(u, by[-1])
        if slope.free_symbols and not slope.is_zero:
            outer = sp.diff(part.func(hole, *part.args[1:]), hole).xreplace({hole: u})
            path = sp.diff(problem.f.xreplace({part: whole}), whole).xreplace({whole: part}) * outer
            first = sp.diff(problem.f, by[-1]) - path * slope + path
            yield sp.diff(first, *by[:-1]) if len(by) > 1 else first


def exponent(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
    powers = [part for part in sp.preorder_traversal(d) if part.is_Pow and part.exp.is_Integer]
    for part in rng.sample(powers, len(powers)):
        yield d.xreplace({part: part.base ** (part.exp + rng.choice([1, -1]))})


def function(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
    other = {sp.sin: sp.cos, sp.cos: sp.sin, sp.exp: lambda u: sp.exp(-u), sp.tanh: sp.tan, sp.log: lambda u: u}
    inner = [part for part in sp.preorder_traversal(d) if part.func in other]
    inner += [part for part in sp.preorder_traversal(d) if part.is_Pow and abs(part.exp) == sp.Rational(1, 2)]
    for part in rng.sample(inner, len(inner)):
        yield d.xreplace({part: part.base ** (2 * part.exp) if part.is_Pow else other[part.func](*part.args)})


def coefficient(rng: random.Random, problem: Problem, by: Entry, d: sp.Expr) -> Iterator[sp.Expr]:
    """The derivative of the formula with another number in it."""
    powers = {part.exp for part in sp.preorder_traversal(problem.f) if part.is_Pow}
    numbers = sorted((n for n in problem.f.atoms(sp.Integer) if abs(n) > 1 and n not in powers), key=str)
    for number in rng.sample(numbers, len(numbers)):
        yield sp.diff(problem.f.xreplace({number: number + rng.choice([1, 2, 3])}), *by)


PLANTERS: dict[str, Planter] = {
    "sign": sign, "factor": factor, "missing term": missing_term, "sign of a term": sign_of_a_term,
    "variable": variable, "swapped variables": swapped_variables, "chain factor": chain_factor, "exponent": exponent,
    "function": function, "coefficient": coefficient,
}  # fmt: skip


def _different(problem: Problem, d: sp.Expr, wrong: sp.Expr, kind: str) -> bool:
    """Whether the slip changes the numbers, and by more than a factor unless a factor was planted."""
    rng = random.Random(1)
    ratios = []
    for _ in range(4):
        point = {var: sp.Float(rng.uniform(0.2, 0.9), 30) for var in problem.variables}
        right, planted = (sp.N(part.xreplace(point)) for part in (d, wrong))
        if not right.is_number or not right.is_real or not planted.is_real or planted.has(sp.nan, sp.zoo):
            return False
        ratios.append(float(planted / right) if right else 0.0)
    if kind in ("sign", "factor"):
        return all(ratio and abs(ratio - 1) > 1e-6 for ratio in ratios)
    return max(ratios) - min(ratios) > 1e-4


def planted(kind: str, count: int, seed: int) -> Iterator[Planted]:
    """Slips of one kind in gradients and, each third time, in Hessians."""
    rng = random.Random(f"{kind} {seed}")
    found = 0
    while found < count:
        problem = rng.choice(problems())
        order = 2 if found % 3 == 2 and len(problem.variables) < 5 else 1
        entries = derivatives(problem, order)
        place = rng.randrange(len(entries))
        by, d = entries[place]
        for wrong in PLANTERS[kind](rng, problem, by, d):
            others = [part for _, part in entries] if kind != "variable" else []
            if not d.is_zero and wrong not in others and _different(problem, d, wrong, kind):
                yield Planted(problem, kind, [part for _, part in entries], place, wrong)
                found += 1
                break


def _audited(problem: Problem, entries: list[Any], seed: int = 0) -> Any:
    count = len(problem.variables)
    texts = [str(part) for part in entries]
    kind = "grad" if len(texts) == count else "hessian"
    wrt = [sd.symbol(str(var)) for var in problem.variables]
    return audit(texts, problem.text, wrt, kind=kind, seed=seed)


def _found_and_named(kind: str, count: int, seed: int) -> int:
    named = 0
    for slip in planted(kind, count, seed):
        entries = [*slip.entries[: slip.place], slip.wrong, *slip.entries[slip.place + 1 :]]
        report = _audited(slip.problem, entries)
        assert len(report.findings) == 1, (slip, str(report))
        names = [str(var) for var in slip.problem.variables]
        wanted = "d/d" + names[slip.place] if len(entries) == len(names) else None
        assert wanted is None or report.findings[0].entry == wanted
        named += report.findings[0].slip is not None and report.findings[0].slip.kind == kind
    return named


@pytest.mark.parametrize("kind", PLANTERS)
def test_planted_slips_are_found_and_named(kind: str) -> None:
    assert _found_and_named(kind, 3, seed=0) >= 2


@pytest.mark.slow
def test_three_hundred_slips() -> None:
    named = {kind: _found_and_named(kind, 30, seed=1) for kind in PLANTERS}
    print(named)
    assert sum(named.values()) >= 240, named


def _correct(problem: Problem, seed: int = 0) -> int:
    """Audits of SymPy's own derivatives, which are right; how many."""
    orders = (1, 2) if len(problem.variables) < 5 else (1,)
    for order in orders:
        report = _audited(problem, [part for _, part in derivatives(problem, order)], seed)
        assert report.ok, f"{problem.text}: {report}"
    return len(orders)


def test_no_false_alarm() -> None:
    for problem in problems()[::9]:
        _correct(problem)


@pytest.mark.slow
def test_no_false_alarm_on_three_hundred() -> None:
    assert sum(_correct(problem, seed) for problem in problems() for seed in (0, 1)) >= 300


# -- functions, arrays, shapes of results --------------------------------------------------------------------------


def test_functions_by_name_in_order_and_as_a_vector() -> None:
    text = "x**2*y + y"
    for candidate in (
        lambda x, y: (2 * x * y, x**2 + 1),
        lambda y, x: {"y": x**2 + 1, "x": 2 * x * y},
        lambda v: np.array([2 * v[0] * v[1], v[0] ** 2 + 1]),
        lambda a, b: [2 * a * b, a**2 + 1],
        ["2*x*y", "x**2 + 1"],
        sd.grad(sd.parse(text), sd.symbols("x y")),
    ):
        assert audit(candidate, text).ok
    assert audit(lambda x, y: [[2 * y, 2 * x], [2 * x, 0]], text).kind == "hessian"
    assert audit(lambda x, y: x * x * y + y, text, kind="value").ok
    assert audit("3*x**2", "x**3").ok and audit("6*x", "x**3", kind="hessian").ok


def test_jacobians() -> None:
    polar = ["r*cos(t)", "r*sin(t)"]
    assert audit(lambda r, t: [[np.cos(t), -r * np.sin(t)], [np.sin(t), r * np.cos(t)]], polar).ok
    turned = audit(lambda r, t: [[np.cos(t), np.sin(t)], [-r * np.sin(t), r * np.cos(t)]], polar)
    assert [finding.entry for finding in turned.findings] == ["df1/dt", "df2/dr"]
    assert all(finding.slip == ("variable", text) for finding, text in zip(
        turned.findings, ("this is df2/dr", "this is df1/dt"), strict=True))  # fmt: skip


def test_gradients_by_arrays() -> None:
    shapes = {"X": ("n", "d"), "w": ("d",), "y": ("n",)}
    text, w = "sum((X @ w - y)**2)/2", sd.symbol("w", "d")

    def gradient(X: Any, w: Any, y: Any) -> Any:
        return X.T @ (X @ w - y)

    assert audit(gradient, text, [w], shapes=shapes).ok
    halved = audit(lambda X, w, y: gradient(X, w, y) / 2, text, [w], shapes=shapes)
    assert halved.findings[0].slip is not None and halved.findings[0].slip.kind == "factor"
    assert halved.findings[0].factor == pytest.approx(0.5)
    moved = audit(lambda X, w, y: X.T @ (X @ w + y), text, [w], shapes=shapes)
    assert moved.findings[0].slip is not None and moved.findings[0].slip.kind == "sign of a term"
    A = sd.symbol("A", (3, 3))
    turned = audit(lambda A: np.linalg.inv(A), "log(det(A))", [A], shapes={"A": (3, 3)})
    assert turned.findings[0].slip is not None and turned.findings[0].slip.kind == "transposed"


@pytest.mark.parametrize(
    ("candidate", "formula", "options", "message"),
    [
        (["x", "y", "1"], "x*y", {}, "a grad by x, y has 2 entries, and the candidate returns 3"),
        (lambda a, b, c: a, "x*y", {}, "the function takes a, b, c, and the formula has the variables x, y"),
        ("z", "x**2", {}, "the candidate reads z, which is no variable of the formula"),
        ("x", "x", {"kind": "slope"}, "the kind is one of grad, hessian, jacobian, value, not 'slope'"),
        ("x", "v", {"shapes": {"v": (3,)}}, "audit takes a formula that is a number"),
        ("x", "x*y", {"at": {"x": 1}}, "the point gives no value for y"),
        ("1/x", "log(-x**2 - 1)", {}, "found no point where the expression is finite"),
        (lambda x: "text", "x**2", {}, "the candidate returns 'text', which is no number"),
    ],
)
def test_refusals(candidate: Any, formula: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.SymdiffError, match=re.escape(message)):
        audit(candidate, formula, **options)


# -- the command line ----------------------------------------------------------------------------------------------

MODEL = """
def loss(x, y):
    return x**2*y + y

def gradient(x, y):
    return 2*x*y, x**2 - 1
"""


def _run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(args))
    return int(stop.value.code or 0), *capsys.readouterr()


def test_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    code, out, error = _run(capsys, "audit", f"{path}:gradient", "--of", "loss", "--formula", "x**2*y + y")
    assert code == 1 and error == "error: the candidate differs from the exact derivative\n"
    assert out.startswith("the value is right") and "likely slip: the sign of the term 1 [sign of a term]" in out
    code, out, _ = _run(capsys, "audit", "2*x*y", "x**2 + 1", "--formula", "x**2*y + y", "--format", "json")
    assert code == 0 and json.loads(out) == [{"kind": "grad", "ok": True, "entries": 2, "findings": []}]
    path.write_text("raise RuntimeError('no')")
    for place, message in (
        (f"{path}:f", f"importing {path} failed with RuntimeError: no"),
        ("nowhere.py:f", "there is no file nowhere.py; give the candidate as FILE.py:FUNCTION"),
    ):
        assert _run(capsys, "audit", place, "--formula", "x") == (2, "", f"error: {message}\n")
