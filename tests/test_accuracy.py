"""Digits that emitted code keeps, against mpmath."""

from __future__ import annotations

import json
import math
import random
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from conftest import Result
from feynman import Formula, formulas
from processes import printed

import symdiff as sd
from symdiff.check.accuracy import check_accuracy
from symdiff.graph.node import OPS
from symdiff.numerics.mpmath_eval import Exact
from symdiff.numerics.ulp_error import Point, Truth, outputs_of
from symdiff.search.levels import LEVELS

x, y = sd.symbols("x y")
EVERYTHING = ("value", "grad", "hessian")


# -- the witness ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("log(1 + exp(x))", -800.0, lambda v: mpmath.log1p(mpmath.exp(v))),
        ("(1 - cos(x))/x**2", 1e-9, lambda v: mpmath.sinc(v / 2) ** 2 / 2),
        ("sqrt(x**2 + 1e-30) - x", 1e150, lambda v: mpmath.mpf(1e-30) / (mpmath.sqrt(v * v + mpmath.mpf(1e-30)) + v)),
        ("where(x > 0, log(x), 7) + floor(x)", -2.5, lambda v: mpmath.mpf(4)),
        ("spherical_jn(1, x)", 0.7, lambda v: mpmath.sin(v) / v**2 - mpmath.cos(v) / v),
    ],
)  # fmt: skip
def test_true_values(text: str, value: float, expected: Callable[[mpmath.mpf], mpmath.mpf]) -> None:
    [found] = Exact([sd.parse(text)])({x: value})
    with mpmath.workdps(400):
        assert abs(found - expected(mpmath.mpf(value))) <= 1e-25 * abs(found)


def test_no_real_value_is_nan() -> None:
    for text in ("sqrt(x)", "log(x)", "1/(x + 1)", "x**0.5", "arcsin(x - 1)"):
        assert mpmath.isnan(Exact([sd.parse(text)])({x: -1.0})[0])


def test_errors_in_ulps() -> None:
    """Of values that are off by known amounts."""
    points: list[Point] = [{x: 1.0}, {x: 3.0}, {x: 2.0**60}]
    truth = Truth([[mpmath.mpf(point[x])] for point in points])
    assert truth.errors([x], [x], points, "math").tolist() == [[0, 0, 0]]
    assert truth.errors([x + 2.0**-50], [x], points, "numpy").tolist() == [[4, 2, 0]]
    assert truth.errors([sd.log(0 - x)], [x], points, "math").tolist() == [[math.inf] * 3]
    with mpmath.workdps(50):
        below = Truth([[mpmath.mpf(1) - mpmath.mpf(2) ** -54], [mpmath.mpf(10) ** 400]])
    assert below.errors([x], [x], [{x: 1.0}, {x: 1.0}], "numpy")[0][0] == 0.25
    assert np.isnan(below.errors([x], [x], [{x: 1.0}, {x: 1.0}], "numpy")[0][1])


# -- formulas that lose digits -------------------------------------------------------------------------------------

HARD = [
    ("log(1 + exp(x))", {"x": 800.0}),
    ("log(1 + exp(x))", {"x": -800.0}),
    ("softplus(x)", {"x": -800.0}),
    ("(1 - cos(x))/x**2", {"x": 1e-9}),
    ("sqrt(x + 1) - sqrt(x)", {"x": 1e15}),
    ("log(1 + x)", {"x": 1e-18}),
    ("log(exp(x) + exp(y))", {"x": 1000.0, "y": 1001.0}),
    ("tanh(x)", {"x": 400.0}),
    ("tanh(x)", {"x": 10.0}),
    ("x**y", {"x": 0.0, "y": 2.0}),
    ("x**y", {"x": 0.0, "y": 3.5}),
    ("x**3", {"x": 0.0}),
    ("1/(1 + exp(-x))", {"x": 40.0}),
    ("sin(x)/x", {"x": 1e-5}),
    ("sin(x + 1e-9) - sin(x)", {"x": 0.7}),
    ("1/(x + 1) - 1/x", {"x": 1e9}),
    ("x**2 - y**2", {"x": 1 + 2**-30, "y": 1.0}),
    ("y**2 - 4*x", {"x": 1 + 2**-40, "y": 2 + 2**-40}),
]


def each_by_turns(cases: list[tuple[str, dict[str, float]]]) -> Any:
    """Every case as code of one kind, by turns, and in the slow tests of the other."""
    params = [
        pytest.param(text, at, backend, id=f"{text}-{at}-{backend}", marks=[pytest.mark.slow] if other else [])
        for place, (text, at) in enumerate(cases)
        for other, backend in enumerate(("numpy", "math") if place % 2 else ("math", "numpy"))
    ]
    return pytest.mark.parametrize(("text", "at", "backend"), params)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy", "math"])
def test_the_root_of_a_quadratic_equation(backend: str) -> None:
    test_within_four_ulps("(sqrt(y**2 - 4*x) - y)/2 where y > 0", {"x": 1e-3, "y": 1e6}, backend)


@each_by_turns(HARD)
def test_within_four_ulps(text: str, at: dict[str, float], backend: str) -> None:
    """Value, gradient and Hessian of the level "accurate" where double precision is hardest."""
    f, conditions = sd.parse_where(text)
    box = {name: (value, value) for name, value in at.items()}
    with sd.assume(*conditions):
        report = check_accuracy(f, parts=EVERYTHING, box=box, level="accurate", backend=backend)
    assert report.worst <= 4, str(report)
    assert sum(line.points for line in report.lines) >= len(report.lines) - 1


def test_a_power_at_zero_is_flat_in_its_exponent() -> None:
    """The limit, where the typed formula is 0 times infinity."""
    assert sd.evaluate(sd.hessian(x**y, [x, y]), {"x": 0.0, "y": 2.0})[1] == (0, 0)


def test_the_logsumexp_of_an_array() -> None:
    v = sd.symbol("v", 2)
    value, gradient = sd.compile((sd.logsumexp(v), sd.grad(sd.logsumexp(v), v)), [v])(np.array([1000.0, 1001.0]))
    with mpmath.workdps(50):
        share = 1 / (1 + mpmath.e)
        assert abs(mpmath.mpf(float(value)) - 1001 - mpmath.log1p(mpmath.exp(-1))) <= 4 * math.ulp(1001.0)
        for got, want in zip(gradient, (share, 1 - share), strict=True):
            assert abs(mpmath.mpf(float(got)) - want) <= 4 * math.ulp(float(want))


#: Where the code that is written unless told otherwise is as good.
KEPT = [*HARD[:8], *HARD[9:13], ("tanh(x)", {"x": -400.0}), ("sin(x)/x", {"x": 1e-9}), ("log(1 - x)", {"x": 1e-18})]


@pytest.mark.parametrize("backend", ["numpy", "math"])
@pytest.mark.parametrize(("text", "at"), KEPT, ids=lambda part: str(part))
def test_code_keeps_digits(text: str, at: dict[str, float], backend: str) -> None:
    """Value, gradient and Hessian of what ``symdiff code`` writes."""
    box = {name: (value, value) for name, value in at.items()}
    report = check_accuracy(sd.parse(text), parts=EVERYTHING, box=box, backend=backend)
    assert report.worst <= 4, str(report)
    assert sum(line.points for line in report.lines) >= len(report.lines) - 1


ACCURATE = [
    ("(1 - cos(x))/x**2", "spherical_jn(0, x/2)**2/2"),
    ("sqrt(x + 1) - sqrt(x)", "1/(sqrt(x) + sqrt(x + 1))"),
    ("y + 1 - cos(x)", "2*sin(x/2)**2 + y"),
    ("1/(x + 1) - 1/x", "-1/((x + 1)*x)"),
    ("x**2 + 2*x + 1", None),
    ("x*sin(x)", None),
]


@pytest.mark.parametrize(("text", "expected"), ACCURATE)
def test_the_level_accurate(text: str, expected: str | None) -> None:
    """Idempotent, and silent where there is nothing to win."""
    found = sd.simplify(sd.parse(text), "accurate")
    assert found is sd.simplify(sd.parse(expected or text))
    assert sd.simplify(found, "accurate") is found


def test_the_level_accurate_leaves_arrays_and_constants() -> None:
    v = sd.symbol("v", 3)
    for f in (sd.sum(v * v), sd.const(2), sd.log(x) * sd.const(float("nan"))):
        assert sd.simplify(f, "accurate") is sd.simplify(f)


def test_the_level_accurate_leaves_operations_without_many_digits() -> None:
    """A user's own, of which mpmath knows nothing: the readable form, as at the other levels."""
    own = sd.unary("half_of", lambda y, x: 0.5, numpy="({0} / 2)")
    try:
        f = own(x) + own(x) - sd.cos(y)
        for level in ("full", "code", "accurate", "search", "sympy"):
            assert str(sd.simplify(f, level)) == "2*half_of(x) - cos(y)"
    finally:
        OPS["half_of"].remove()


@pytest.mark.parametrize(
    "text", ["1 - cos(y)", pytest.param("(sqrt(x**2 + 1) - 1)*(1 - cos(y))/y", marks=pytest.mark.slow)]
)
def test_deterministic(text: str) -> None:
    """Across processes and hash seeds."""
    assert len(printed(f"import symdiff as sd; print(sd.simplify(sd.parse({text!r}), 'accurate'))")) == 1


def test_values_at_a_point_keep_digits(cli: Callable[..., Result], tmp_path: Path) -> None:
    """Of the command line, and of all derivatives in one function; where the formula has no value there is none."""
    f = ("(1 - cos(x))/x**2", "--at", "x=1e-9")
    assert cli("eval", *f).out == "0.5\n"
    assert cli("diff", *f).out.splitlines()[1] == "value = -8.333333333333334e-11"
    assert cli("hessian", *f).out.splitlines()[2] == "[-0.08333333333333333]"
    assert cli("eval", "sqrt(x + 1) - sqrt(x)", "--at", "x=1e15").out == "1.5811388300841893e-08\n"
    assert cli("eval", "log(1 + exp(x))", "--at", "x=800").out == "800\n"
    assert cli("eval", "sin(x)/x", "--at", "x=0").code == 2
    path = tmp_path / "f.py"
    cli("derivatives", f[0], "--order", "4", "--backend", "math", "-o", str(path))
    found = runpy.run_path(str(path))["f"](1e-9)
    with mpmath.workdps(80):
        exact = mpmath.taylor(lambda v: mpmath.sinc(v / 2) ** 2 / 2, mpmath.mpf(1e-9), 4)
        for got, want, order in zip(found.values(), exact, range(5), strict=True):
            assert abs(got - want * math.factorial(order)) <= 4e-16 * abs(got)


# -- not worse than as typed ---------------------------------------------------------------------------------------


def points_of(
    formula: Formula, outputs: list[sd.Node], count: int, draw: str
) -> Iterator[tuple[Point, list[mpmath.mpf]]]:
    """Uniform in the ranges, where the formula has a value."""
    rng, exact = random.Random(formula.name + draw), Exact(outputs)
    while count:
        point = {sd.symbol(name): rng.uniform(*ends) for name, ends in formula.ranges.items()}
        true = exact(point)
        if mpmath.isfinite(true[0]):
            count -= 1
            yield point, true


def measured(formula: Formula, level: str, count: int, draw: str = "") -> tuple[list[str], np.ndarray, np.ndarray]:
    """The names of value and gradient, and their worst errors in ulps, simplified and as typed."""
    f, wrt = sd.parse(formula.text), [sd.symbol(name) for name in formula.ranges]
    names, typed = outputs_of(f, wrt, ("value", "grad"))
    form = sd.stable(f) if level == "code" else sd.simplify(f, level)
    made = sd.simplify(outputs_of(form, wrt, ("value", "grad"))[1], level)
    points, true = zip(*points_of(formula, typed, count, draw), strict=True)
    truth = Truth(list(true))
    worst = [truth.errors(outputs, wrt, list(points), "numpy").max(axis=1) for outputs in (made, typed)]
    return names, worst[0], worst[1]


def not_less_accurate(formula: Formula, level: str, count: int) -> None:
    """At most one bit: twice the worst error of the code as typed, and the rounding of the result."""
    for name, ours, typed in zip(*measured(formula, level, count), strict=True):
        assert ours <= 2 * typed + 1, (formula, name)


@pytest.mark.parametrize("level", ["full", "code"])
@pytest.mark.parametrize("formula", formulas()[3::12], ids=lambda formula: formula.name)
def test_no_less_accurate_than_typed(formula: Formula, level: str) -> None:
    not_less_accurate(formula, level, 256)


@pytest.mark.slow
@pytest.mark.parametrize("formula", formulas(), ids=lambda formula: formula.name)
def test_measured_forms_are_no_less_accurate_than_typed(formula: Formula) -> None:
    not_less_accurate(formula, "accurate", 256)


@pytest.mark.slow
@pytest.mark.parametrize("level", ["full", "code"])
@pytest.mark.parametrize("formula", formulas(), ids=lambda formula: formula.name)
def test_no_less_accurate_than_typed_anywhere(formula: Formula, level: str) -> None:
    """In the median of nine draws of 256 points: where a sum cancels, one point decides the worst error of a draw."""
    draws = [measured(formula, level, 256, f" {draw}")[1:] for draw in range(9)]
    excess = np.median([ours / (2 * typed + 1) for ours, typed in draws], axis=0)
    assert excess.max() <= 1, excess


# -- what is measured ----------------------------------------------------------------------------------------------


def test_a_report() -> None:
    report = check_accuracy(sd.parse("log(1 + x)*y"), box={"x": (1e-12, 1.0)}, points=64, level="none")
    value, by_x, by_y = report.lines
    assert [line.output for line in report.lines] == ["value", "d/dx", "d/dy"]
    assert value.worst == value.typed > 1e4 > 4 > by_x.worst
    assert by_y.worst > 1e4
    assert value.at["x"] < 1e-8
    assert report.worst == max(value.worst, by_y.worst)
    assert str(report).splitlines()[0].split()[:3] == ["output", "worst", "ulp"]


def test_points_keep_to_the_box_and_to_what_is_assumed() -> None:
    with sd.assume(x > 5, sd.integer(y), x < y):
        report = check_accuracy(sd.sqrt(x - 5) + y, box={"y": (0, 20)}, points=40)
    for line in report.lines:
        assert 5 < line.at["x"] < line.at["y"] <= 20
        assert line.at["y"] == int(line.at["y"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check_accuracy(sd.sqrt(-1 - x**2)), "found no point of the box"),
        (lambda: check_accuracy(x, box={"z": (0, 1)}), "z, which is no variable"),
        (lambda: check_accuracy(x, parts=("jacobian",)), "value, grad, hessian, not 'jacobian'"),
        (lambda: check_accuracy(sd.sum(sd.symbol("v", 3))), "not of arrays"),
    ],
)
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(sd.SymdiffError, match=message):
        call()


def test_command_line(cli: Callable[..., Result]) -> None:
    good = cli("check", "log(1+x)", "--accuracy", "--box", "x=0:1", "--points", "50")
    assert good.code == 0
    assert [line.split()[0] for line in good.out.splitlines()] == ["output", "value", "d/dx"]
    bad = cli("check", "tanh(x)", "--accuracy", "--box", "x=0:5*pi", "--points", "50")
    assert bad.code == 1
    assert "more than 4" in bad.err
    better = cli("check", "tanh(x)", "--accuracy", "--box", "x=-1:1", "--points", "50", "--simplify", "accurate")
    assert better.code == 0
    lines = json.loads(cli("check", "x*y", "--accuracy", "--format", "json", "--derivatives", "value,hessian").out)
    assert [line["output"] for line in lines["outputs"]] == ["value", "d2/dx dx", "d2/dx dy", "d2/dy dy"]
    one = json.loads(cli("check", "exp(x)", "--accuracy", "--format", "json", "--at", "x=2").out)
    assert [(line["at"], line["points"]) for line in one["outputs"]] == [({"x": 2}, 1)] * 2
    plain = json.loads(cli("check", "exp(x)", "--format", "json").out)
    assert [entry["order"] for entry in plain["derivatives"]] == [1, 2, 2]
    for box in ("x", "x=3:1", "x=a:1", "=1:2"):
        assert cli("check", "x", "--accuracy", "--box", box).code == 2
    assert cli("diff", "1-cos(x)", "--simplify", "accurate").out == "2*cos(x/2)*sin(x/2)\n"
    assert all(f'"{level}"' in cli("diff", "x", "--simplify", "x").err.replace("'", '"') for level in LEVELS)
