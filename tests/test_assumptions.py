"""Assumptions: what they simplify, what they leave alone, and that intervals are never too small."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable

import mpmath
import pytest
from conftest import Result

import symdiff as sd
from symdiff.graph.leaves import CONST
from symdiff.graph.node import OPS
from symdiff.numerics.mpmath_eval import Exact
from symdiff.ops.intervals import Interval, interval_of
from symdiff.rules.assumptions import Facts, current

x, y, n = sd.symbols("x y n")

SIMPLIFIED = [
    ("sqrt(x**2) where x > 0", "x"),
    ("sqrt(x**2) where x < 0", "-x"),
    ("log(x**3) where x > 0", "3*log(x)"),
    ("log(x**y) where x > 1", "y*log(x)"),
    ("log(exp(x)*y) where y > 0", "x + log(y)"),
    ("log(x*y) - log(x) where x > 0 and y > 0", "log(y)"),
    ("abs(x - y) where x > y", "x - y"),
    ("abs(y - x) where y < x", "x - y"),
    ("abs(x**2 - 1) where abs(x) <= 1", "1 - x**2"),
    ("abs(exp(x) + y) where y > 0", "y + exp(x)"),
    ("arctan(tan(x)) where abs(x) < pi/2", "x"),
    ("arctan(tan(x)) where 0 < x < pi/2", "x"),
    ("arccos(cos(x)) where 0 <= x <= pi", "x"),
    ("floor(n) + ceil(2*n + 1); where integer(n)", "3*n + 1"),
    ("cos(n*pi) + sin(n*pi) where integer(n)", "(-1)**n"),
    ("cos(2*pi*(n + 1)) where integer(n)", "1"),
    ("maximum(x, 1) + minimum(x, 1) where x >= 2", "x + 1"),
    ("where(x > 0, sin(x), y) where x >= 1", "sin(x)"),
]


@pytest.mark.parametrize(("text", "expected"), SIMPLIFIED)
def test_simplified_under_the_assumption_only(text: str, expected: str) -> None:
    f, conditions = sd.parse_where(text)
    with sd.assume(*conditions):
        assert str(sd.simplify(f)) == expected
        assert sd.simplify(sd.simplify(f)) is sd.simplify(f)
    assert str(sd.simplify(f)) != expected


@pytest.mark.parametrize(("text", "expected"), SIMPLIFIED)
def test_the_values_stay_the_same(text: str, expected: str) -> None:
    """At points of the assumption, to 25 digits."""
    f, (condition,) = sd.parse_where(text)
    names = sd.variables([f, condition])
    both, allowed = Exact([f, sd.parse(expected)]), Exact([condition])
    rng, compared = random.Random(text), 0
    for _ in range(400):
        point = {var: rng.choice([rng.uniform(-4, 4), float(rng.randint(-4, 4))]) for var in names}
        if allowed.at(point, 50)[0]:
            left, right = both(point)
            compared += mpmath.isfinite(left)
            assert not mpmath.isfinite(left) or abs(left - right) <= 1e-25 * abs(left) + mpmath.mpf(10) ** -40, point
    assert compared > 20


NOT_FOLLOWING = [
    "sqrt(x**2) where x < 1",
    "abs(x) where x > -1",
    "arctan(tan(x)) where 0 < x < 2",
    "arccos(cos(x)) where -1 < x < 1",
    "log(x**2) where x > -2",
    "floor(n/2) where integer(n)",
    "cos(n*pi/2) where integer(n)",
    "maximum(x, y) where x > 0 and y < 1",
]


@pytest.mark.parametrize("text", NOT_FOLLOWING)
def test_nothing_happens_where_it_does_not_follow(text: str) -> None:
    f, conditions = sd.parse_where(text)
    with sd.assume(*conditions):
        assert sd.simplify(f) is sd.simplify(f)
        assumed = sd.simplify(f)
    assert assumed is sd.simplify(f)


# -- intervals -----------------------------------------------------------------------------------------------------

ENDS = (-math.inf, -7.0, -2.0, -1.0, -0.3, 0.0, 0.5, 1.0, 3.0, math.inf)


def interval(rng: random.Random) -> Interval:
    low, high = sorted(rng.sample(ENDS, 2))
    return Interval(low, high, low_open=rng.random() < 0.5, high_open=rng.random() < 0.5)


def inside(rng: random.Random, given: Interval) -> float:
    low, high = max(given.low, -15.0), min(given.high, 15.0)
    ends = [end for end, out in ((low, given.low_open), (high, given.high_open)) if not out]
    return rng.choice([*ends, low + (high - low) * rng.uniform(1e-3, 1 - 1e-3)])


BOUNDED = [row for row in OPS.values() if row.bounds is not None]


@pytest.mark.parametrize("count", [300, pytest.param(1500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("row", BOUNDED, ids=lambda row: row.name)
def test_values_lie_in_their_interval(row: sd.Op, count: int) -> None:
    """At 300 digits, with arguments anywhere in random intervals."""
    rng, names = random.Random(row.name), sd.symbols("a b c")[: row.arity]
    exact, seen = Exact([row(*names)]), 0
    for _ in range(count):
        given = [interval(rng) for _ in names]
        point = {var: inside(rng, one) for var, one in zip(names, given, strict=True)}
        [value] = exact.at(point, 300)
        found = row.bounds(*given)
        if not mpmath.isfinite(value):
            continue
        seen += 1
        above = value > found.low or (value == found.low and not found.low_open)
        below = value < found.high or (value == found.high and not found.high_open)
        assert above, (row, given, point, found)
        assert below, (row, given, point, found)
    assert seen > 2 * count / 15


def test_constants() -> None:
    for value in (0.1, 2, -3):
        found = interval_of(sd.const(value), [])
        assert found.low == found.high == value
        assert found.whole == isinstance(value, int)
    third = interval_of(sd.parse("1/3"), [])
    assert third.low < third.high
    assert sd.parse("1/3").op is CONST


def test_facts_spread() -> None:
    facts = Facts(x > 0, sd.integer(n), n >= 1)
    for text in ("exp(x) + x**2 > 1", "sqrt(x + 1) + sqrt(x) >= 1", "1/x > 0", "-x < 0", "x/(x + 1) >= 0", "n*x > 0"):
        assert facts.hold(sd.parse(text)), text
    for text in ("x > 1", "x < 0", "sin(x) > 0", "x - n > 0", "n > 1", "x == 1"):
        assert not facts.hold(sd.parse(text)), text
    assert facts.hold(sd.integer(2 * n**3 - n + 1))
    assert not facts.hold(sd.integer(n / 2))


# -- how they are given --------------------------------------------------------------------------------------------


def test_blocks_add_up_and_end() -> None:
    f = sd.sqrt(x**2) + abs(y)
    with sd.assume(x > 0):
        with sd.assume(y > 0):
            assert str(sd.simplify(f)) == "x + y"
        assert str(sd.simplify(f)) == "x + abs(y)"
    assert current() is None


def test_arrays() -> None:
    """A condition on an array holds for its elements."""
    shapes = {"X": ("n", "d"), "v": "n"}
    for text, expected in (("sum(sqrt(X**2)) where X > 0", "sum(X)"), ("abs(exp(v) + v) where v >= 0", "v + exp(v)")):
        f, conditions = sd.parse_where(text, shapes)
        with sd.assume(*conditions):
            assert sd.simplify(f) is sd.simplify(sd.parse(expected, shapes))
        assert sd.simplify(f) is not sd.simplify(sd.parse(expected, shapes))


def test_one_object_serves_for_several_blocks() -> None:
    positive = sd.assume(x > 0)
    for _ in range(2):
        with positive:
            assert sd.simplify(sd.sqrt(x**2)) is x
            with positive, sd.assume(y > 0):
                assert sd.simplify(sd.abs(x) * sd.abs(y)) is x * y
            assert sd.simplify(sd.abs(x) * sd.abs(y)) is x * sd.abs(y)
        assert sd.simplify(sd.sqrt(x**2)) is sd.abs(x)
    with pytest.raises(ZeroDivisionError), positive:
        raise ZeroDivisionError
    assert sd.simplify(sd.sqrt(x**2)) is sd.abs(x)
    assert positive(sd.simplify)(sd.sqrt(x**2)) is x, "it decorates functions, too"


def test_another_thread_assumes_nothing() -> None:
    found = []
    with sd.assume(x > 0):
        thread = threading.Thread(target=lambda: found.append(str(sd.simplify(abs(x)))))
        thread.start()
        thread.join()
    assert found == ["abs(x)"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x where x + 1", "an assumption is a comparison"),
        ("x where x != 1", "an assumption is a comparison"),
        ("x where x > 1 and x < 0", "contradicts"),
        ("x where x >", r'expected a value after ">" \(line 1, column 12\)'),
        ("x + 1\nwhere x > 0 where x", r"line 2"),
    ],
)
def test_what_is_no_assumption(text: str, message: str) -> None:
    with pytest.raises(sd.SymdiffError, match=message):
        sd.parse_where(text)


@pytest.mark.parametrize(
    "text", ["where(x > 0, x, 1)", "a = x; where(a > 0, a, 1)", "x # value where y > 0", "x or where(x > 0, x, 1)"]
)
def test_the_function_is_no_clause(text: str) -> None:
    assert sd.parse_where(text) == (sd.parse(text), ())


def test_parse_points_to_parse_where() -> None:
    with pytest.raises(sd.ParseError, match="read by parse_where"):
        sd.parse("sqrt(x**2) where x > 0")


def test_command_line(cli: Callable[..., Result]) -> None:
    assert cli("diff", "sqrt(x**2)", "--assume", "x < 0").out == "-1\n"
    assert cli("grad", "sqrt(x**2)*y where x > 0").out == "x: y\ny: x\n"
    assert cli("diff", "sqrt(x**2)").out != "-1\n"
    array = ("--shape", "x=3", "--assume", "x > 0")
    assert cli("grad", "sum(sqrt(x**2)*x)", *array).out == cli("grad", "sum(x*x)", *array).out == "x: 2*x\n"
    assert cli("hessian", "sum(sqrt(x**2)*x)", *array).out == "x, x: 2*eye(3)\n"
    assert "abs" not in cli("code", "sum(abs(x)*x)", "--derivatives", "value,grad", *array).out
    wrong = cli("diff", "x", "--assume", "x > 1", "--assume", "x < 0")
    assert (wrong.code, wrong.err) == (2, "error: the assumption x < 0 contradicts what is assumed beside it\n")
    assert current() is None


def test_comparisons_are_decided() -> None:
    """Guards of derivatives go where what they guard against is excluded."""
    x, n = sd.symbols("x n")
    with sd.assume(x > 0, n > 2):
        assert sd.simplify(sd.where(sd.equal(x, 0), 1, x)) is x
        assert sd.simplify(sd.where(n - 1 >= 0, x, n)) is x
        assert "where" not in str(sd.simplify(sd.diff(x**x, x)))
        assert sd.simplify(sd.where(x > 1, x, n)) is sd.where(x > 1, x, n)


def test_many_conditions_are_joined() -> None:
    """Twelve hundred, as one condition, as several and as text: no depth of calls is spent on them."""
    names = [f"x{place}" for place in range(1200)]
    joined = " and ".join(f"{name} > 0" for name in names)
    f, conditions = sd.parse_where("sqrt(x0**2) + sqrt(x1199**2) where " + joined)
    for given in (conditions, [sd.symbol(name) > 0 for name in names]):
        with sd.assume(*given):
            assert str(sd.simplify(f)) == "x0 + x1199"
            assert current().hold(sd.parse(joined))
