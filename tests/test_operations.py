"""Tests born from the rows: value, partials at orders 1 and 2, text, kinks, and what a row must say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special
import sympy
from operation_cases import FINITE_FAR_AWAY, SLOPES_AT_ZERO

import symdiff as sd
from symdiff.graph.leaves import const
from symdiff.graph.node import OPS, Node, Op
from symdiff.ops.targets import MATH, NUMPY

ELEMENTWISE = [row for row in OPS.values() if row.arity and row.partials is not None]
SMOOTH = [row for row in ELEMENTWISE if not row.surrogate and row.samples and not row.predicate and row.name != "where"]
NAMES = ("x", "y", "z", "w")
x, y, z = sd.symbols("x y z")
zero = const(0)


def _id(row: Op) -> str:
    return row.name


def _whole(row: Op, place: int) -> bool:
    """Whether an argument is fixed to a whole number: its samples are one point."""
    low, high = row.samples[place]
    return low == high


def _samples(row: Op, count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    intervals = row.samples or ((-3.0, 3.0),) * row.arity
    return np.array([rng.uniform(low, high, count) if low < high else np.full(count, low) for low, high in intervals])


def _arguments(row: Op) -> list[Node]:
    """Variables; a number where the row wants a fixed one."""
    return [
        const(int(row.samples[place][0])) if row.samples and _whole(row, place) else sd.symbol(NAMES[place])
        for place in range(row.arity)
    ]


def _template(code: str, helper: str, arity: int) -> Callable[..., Any]:
    space: dict[str, Any] = {"np": np, "special": scipy.special, "math": math}
    exec(helper, space)
    names = [f"a{i}" for i in range(arity)]
    return eval(f"lambda {', '.join(names)}: ({code.format(*names)})", space)  # type: ignore[no-any-return]


def _values(f: Any, **at: float) -> Any:
    with np.errstate(all="ignore"):
        return sd.evaluate(f, at)


def _at(f: Node, **at: float) -> float:
    names = {v.name for v in sd.variables(f)}
    return float(_values(f, **{name: value for name, value in at.items() if name in names}))


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if MATH.of(row).code], ids=_id)
def test_math_code_gives_the_numpy_value(row: Op) -> None:
    points = _samples(row, 50)
    if row.logical:
        points[0] = points[0] > 0
    numpy, plain = _template(*NUMPY.of(row)[:2], row.arity), _template(*MATH.of(row), row.arity)
    arrays = [points[0].astype(bool) if row.logical and i == 0 else part for i, part in enumerate(points)]
    for got, *point in zip(np.asarray(numpy(*arrays)), *arrays, strict=True):
        expected = plain(*(value.item() for value in point))
        assert float(got) == pytest.approx(float(expected), rel=1e-13, abs=1e-15), point
        assert isinstance(expected, bool) == row.predicate


def _reference(row: Op) -> Callable[..., Any]:
    """The value to many digits, from the SymPy form."""
    variables = [v for v in _arguments(row) if v.op is sd.Var]
    form = sd.to_sympy(row(*_arguments(row)))
    return sympy.lambdify([sympy.Symbol(v.name, real=True) for v in variables], form, "mpmath")  # type: ignore[no-any-return]


@pytest.mark.parametrize("row", SMOOTH, ids=_id)
def test_value_and_partials_agree_with_high_precision(row: Op) -> None:
    variables = [v for v in _arguments(row) if v.op is sd.Var]
    f, reference = row(*_arguments(row)), _reference(row)
    orders = [(0,) * len(variables)]
    for i in range(len(variables)):
        orders += [tuple((k == i) + (k == j) for k in range(len(variables))) for j in range(-1, i + 1)]
    kept = [i for i in range(row.arity) if not _whole(row, i)]
    with mpmath.workdps(40):
        for point in _samples(row, 5)[kept].T.tolist():
            at = {v.name: value for v, value in zip(variables, point, strict=True)}
            for order in orders:
                expected = float(mpmath.diff(reference, tuple(map(mpmath.mpf, point)), order).real)
                derivative = f
                for v, n in zip(variables, order, strict=True):
                    derivative = sd.diff(derivative, v, n)
                assert _at(derivative, **at) == pytest.approx(expected, rel=1e-10, abs=1e-12), (order, at)


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if row.predicate], ids=_id)
def test_truth_values_have_no_derivative(row: Op) -> None:
    chosen = sd.where(row(*(x, y)[: row.arity]), x**2, y)
    assert _at(sd.diff(row(*(x, y)[: row.arity]) * const(3), x), x=2.0, y=1.0) == 0
    assert _at(sd.diff(chosen, x), x=2.0, y=1.0) in (0.0, 4.0)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=_id)
def test_text_parses_back(row: Op) -> None:
    f = row(*_arguments(row))
    assert sd.parse(str(f)) is f
    for v in sd.variables(f):
        if not row.predicate:
            derivative = sd.diff(f, v)
            assert sd.parse(str(derivative)) is derivative


@pytest.mark.parametrize("row", SMOOTH, ids=_id)
def test_parity_and_symmetry(row: Op) -> None:
    code = _template(*NUMPY.of(row)[:2], row.arity)
    points = _samples(row, 20)
    if row.odd:
        assert code(-points[0]) == pytest.approx(-code(points[0]), rel=1e-14)
    if row.even:
        assert code(-points[0]) == pytest.approx(code(points[0]), rel=1e-14)
    if row.commutative:
        assert code(*points[::-1]) == pytest.approx(code(*points), rel=1e-14)


# -- kinks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "slope"), [pair for pairs in SLOPES_AT_ZERO.values() for pair in pairs], ids=lambda part: str(part)
)
def test_derivative_at_the_kink(text: str, slope: float) -> None:
    f = sd.parse(text)
    assert _at(sd.diff(f, x), x=0.0) == pytest.approx(slope, abs=1e-16)
    assert math.isfinite(_at(sd.diff(f, x, 2), x=0.0))


def test_ties_give_half_to_each() -> None:
    for row in (sd.maximum, sd.minimum):
        assert [_at(part, x=2.0, y=2.0) for part in sd.grad(row(x, y), [x, y])] == [0.5, 0.5]
    assert [_at(part, x=3.0, y=2.0) for part in sd.grad(sd.maximum(x, y), [x, y])] == [1, 0]


def test_sinc_curvature_at_zero() -> None:
    """sinc(x) = 1 - (pi*x)**2/6 + ..."""
    assert _at(sd.diff(sd.sinc(x), x, 2), x=0.0) == pytest.approx(-(math.pi**2) / 3)


@pytest.mark.parametrize(("exponent", "dx", "dxx"), [(0.0, 0, 0), (1.0, 1, 0), (2.0, 0, 2), (3.0, 0, 0)])
def test_power_at_zero_with_a_variable_exponent(exponent: float, dx: float, dxx: float) -> None:
    f = x**y
    assert _at(sd.diff(f, x), x=0.0, y=exponent) == dx
    assert _at(sd.diff(f, x, 2), x=0.0, y=exponent) == dxx
    dy = _at(sd.diff(f, y), x=0.0, y=exponent)
    assert not math.isnan(dy)
    if exponent:
        assert dy == 0


@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
def test_power_at_zero_with_a_number(exponent: int) -> None:
    for order in (1, 2, 3):
        expected = math.factorial(order) if exponent == order else 0
        assert _at(sd.diff(x ** const(exponent), x, order), x=0.0) == expected


def test_power_of_negative_bases() -> None:
    assert _at(sd.diff(x**y, x), x=-2.0, y=3.0) == 12
    assert _at(sd.diff(x**y, x, 2), x=-2.0, y=3.0) == -12


# -- guards --------------------------------------------------------------------------------------------------------

GUARDED = [
    (sd.where(x > 0, sd.sqrt(x), 0), lambda v: 0.5 * v**-0.5, lambda v: -0.25 * v**-1.5),
    (sd.where(x > 0, sd.log(x), 0), lambda v: 1 / v, lambda v: -1 / v**2),
    (sd.where(x > 0, x * sd.log(x), 0), lambda v: math.log(v) + 1, lambda v: 1 / v),
    (sd.where(x <= 0, 0, sd.sqrt(x)), lambda v: 0.5 * v**-0.5, lambda v: -0.25 * v**-1.5),
    (sd.where(x > 0, sd.sin(x) / x, 1), lambda v: math.cos(v) / v - math.sin(v) / v**2, None),
    (sd.where(x > 0, x**1.5, 0), lambda v: 1.5 * v**0.5, lambda v: 0.75 * v**-0.5),
]


@pytest.mark.parametrize(("f", "first", "second"), GUARDED, ids=lambda part: str(part) if type(part) is Node else "")
def test_guards_guard_the_derivatives(f: Node, first: Any, second: Any) -> None:
    for value in (0.0, -1.0, -1e300):
        assert [_at(sd.diff(f, x, order), x=value) for order in (0, 1, 2)][1:] == [0, 0]
    assert _at(sd.diff(f, x), x=0.7) == pytest.approx(first(0.7))
    if second:
        assert _at(sd.diff(f, x, 2), x=0.7) == pytest.approx(second(0.7))


@pytest.mark.parametrize("f", [sd.sqrt(sd.maximum(x, 0)), sd.sqrt(sd.relu(x)), sd.sqrt(sd.maximum(0, x))], ids=str)
def test_selection_goes_outside(f: Node) -> None:
    for value in (-1.0, -1e-300):
        assert _at(sd.diff(f, x), x=value) == 0
        assert _at(sd.diff(f, x, 2), x=value) == 0
    assert _at(sd.diff(f, x), x=4.0) == 0.25
    assert _at(sd.diff(f, x, 2), x=4.0) == pytest.approx(-1 / 32)


@pytest.mark.parametrize("row", FINITE_FAR_AWAY)
@pytest.mark.parametrize("value", [-800.0, 800.0])
def test_no_overflow_far_away(row: str, value: float) -> None:
    f = OPS[row](*(x, zero)[: OPS[row].arity])
    for order in (0, 1, 2):
        assert math.isfinite(_at(sd.diff(f, x, order) if order else f, x=value))


# -- rows ----------------------------------------------------------------------------------------------------------


def test_incomplete_rows_are_refused() -> None:
    complete: dict[str, Any] = {"build": lambda row, a: a, "numpy": "{0}", "domain": "all", "partials": (None,)}
    for field, value in (("numpy", ""), ("domain", ""), ("partials", None), ("partials", ())):
        with pytest.raises(sd.SymdiffError, match="incomplete_row"):
            Op("incomplete_row", 1, **(complete | {field: value}))
        assert "incomplete_row" not in OPS
    with pytest.raises(sd.SymdiffError, match="already"):
        sd.unary("sin", lambda y, x: x)
    with pytest.raises(sd.SymdiffError, match="identifier"):
        sd.unary("two words", lambda y, x: x)


def test_wrong_number_of_arguments() -> None:
    with pytest.raises(sd.SymdiffError, match="sin takes 1 argument, not 2"):
        sd.sin(x, y)
    with pytest.raises(sd.SymdiffError, match="hypot takes 2 arguments, not 1"):
        sd.hypot(x)


@pytest.fixture
def swish() -> Iterator[Op]:
    """A user's own operation, declared in one call."""
    yield sd.unary(
        "swish",
        lambda y, x: y + sd.sigmoid(x) * (1 - y),
        numpy="({0} / (1 + np.exp(-{0})))",
        math="({0} / (1 + math.exp(-{0})))",
        domain="all real x: x*sigmoid(x)",
    )
    OPS["swish"].remove()


def test_a_users_operation_works_everywhere(swish: Op) -> None:
    f = swish(x * y) + 1
    assert sd.parse("swish(x*y) + 1") is f
    assert str(f) == "swish(x*y) + 1"
    assert r"\operatorname{swish}" in sd.to_latex(f)
    assert sd.check_grads(f).ok
    fn = sd.compile(sd.diff(f, x), [x, y])
    assert fn(0.5, 2.0) == pytest.approx(2 * (1 / (1 + math.e**-1) + math.e**-1 / (1 + math.e**-1) ** 2))


@pytest.mark.parametrize(("exponent", "dxx"), [(2.0, 2.0), (3.0, 0.0), (4.0, 0.0)])
def test_every_second_derivative_of_a_power_at_zero(exponent: float, dxx: float) -> None:
    p, q = sd.symbols("p q")
    for f in (p**q, 3 * p**q / 3, sd.sin(p**q)):
        (a, b), (c, d) = sd.evaluate(sd.hessian(f, [p, q]), {"p": 0.0, "q": exponent})
        assert (a, b, c, d) == (dxx, 0, 0, 0)
        assert _at(sd.diff(f, q, p), p=0.0, q=exponent) == 0
