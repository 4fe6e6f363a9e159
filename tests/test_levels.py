"""Every level keeps values and gradients of random graphs, repeats itself, and is the same in every process."""

from __future__ import annotations

import math
import os
import random
from typing import Any

import numpy as np
import pytest
from processes import printed
from test_simplifier import X, Y, Z, random_graph

import symdiff as sd
from symdiff.numerics.equivalence import agree
from symdiff.ops.costs import weighed
from symdiff.search.levels import LEVELS
from symdiff.simplifier import sharing
from symdiff.simplifier.strategy import attempt, only_if, scalars, sequence

Node = sd.Node
WRT = [X, Y, Z]
each = pytest.mark.parametrize
#: Graphs for each level in the fast tests and in the slow ones; levels that try many forms take a tenth of a second,
#: so ``SYMDIFF_GRAPHS=20000`` asks for as many of those.
TRIED = int(os.environ.get("SYMDIFF_GRAPHS", "2000"))
COUNTS = {"none": (60, 20_000), "basic": (60, 20_000), "full": (200, 20_000), "code": (100, 20_000)}
COUNTS |= {"accurate": (2, TRIED), "search": (12, TRIED), "sympy": (12, TRIED)}
SOME = [pytest.param(level, 0, id=level) for level in LEVELS]
MANY = [pytest.param(level, 1, id=f"{level}, many", marks=pytest.mark.slow) for level in LEVELS]


@each(("level", "many"), [*SOME, *MANY])
def test_random_graphs(level: str, many: int) -> None:
    """Where doubles of the simplified graph leave the rest, digits decide: a graph may cancel all of its own."""
    for seed in range(COUNTS[level][many]):
        rng = random.Random(f"graph {seed}")
        outputs = _with_gradient(random_graph(rng, rng.randint(2, 12)))
        before, after = (sd.compile(part, WRT, backend="math") for part in (outputs, sd.simplify(outputs, level)))
        point = [rng.uniform(0.3, 2) for _ in WRT]
        if not _close(_called(before, point), _called(after, point)):
            assert agree(outputs, sd.simplify(outputs, level)), (seed, point)


def _with_gradient(f: Node) -> list[Node]:
    return [f, *sd.grad(f, WRT)]


def _called(function: Any, point: list[float]) -> Any:
    """The values; NaN where plain Python has none."""
    try:
        return np.array(function(*point), float)
    except (ArithmeticError, ValueError):
        return np.full(len(WRT) + 1, math.nan)


def _close(want: Any, got: Any) -> bool:
    known = np.isfinite(want)
    return bool(np.all(np.abs(want[known] - got[known]) <= 1e-9 * np.maximum(1, np.abs(want[known]))))


@each("level", ["full", "code", "search", "sympy"])
def test_the_result_is_its_own_form(level: str) -> None:
    for seed in range(20 if level in ("search", "sympy") else 100):
        rng = random.Random(f"again {seed}")
        outputs = [random_graph(rng, rng.randint(2, 10))]
        outputs += [] if level in ("search", "sympy") else sd.grad(outputs[0], WRT)
        once = sd.simplify(outputs, level)
        assert all(a is b for a, b in zip(sd.simplify(once, level), once, strict=True)), seed


@each("level", ["full", "code", "search", "sympy"])
def test_the_order_of_typing_does_not_matter(level: str) -> None:
    one, other = sd.parse("a*b + c*a + sin(b + a)*d"), sd.parse("d*sin(a + b) + (a*c + b*a)")
    assert sd.simplify(one, level) is sd.simplify(other, level)


def test_the_same_in_every_process() -> None:
    script = (
        "import symdiff as sd\nx = sd.symbol('a')\n"
        "for level, text in (('full', 'sin(b)*a + c/exp(a)'), ('search', 'exp(a)*exp(b)'), ('sympy', 'a*b + a')):\n"
        " f = sd.parse(text); print(sd.simplify([f, sd.diff(f, x)], level))"
    )
    assert len(printed(script)) == 1


# -- search and SymPy ----------------------------------------------------------------------------------------------


@each(
    ("text", "expected"),
    [
        ("x*y + x*z", "x*(y + z)"),
        ("sin(x)**2*y + cos(x)**2*y", "y"),
        ("exp(x)*exp(y)", "exp(x + y)"),
        ("x**2 + 2*x*y + y**2", "(x + y)**2"),
        ("log(x) + log(y)", "log(x*y)"),
        ("2*sin(x)*cos(x)", "sin(2*x)"),
        ("sin(x)*cos(y) + cos(x)*sin(y)", "sin(x + y)"),
    ],
)
def test_search_finds(text: str, expected: str) -> None:
    assert str(sd.simplify(sd.parse(text), "search")) == expected


def test_results_weigh_no_more() -> None:
    for seed in range(6):
        outputs = [random_graph(random.Random(f"weight {seed}"), 8)]
        least = weighed(sd.simplify(outputs))
        assert all(weighed(sd.simplify(outputs, level)) <= least for level in ("search", "sympy"))


def test_a_wrong_form_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a planted wrong rule, and a planted wrong SymPy: the readable form, with a warning for SymPy's."""
    import sympy

    from symdiff.search import beam

    f = sd.parse("exp(x)*exp(y)")
    monkeypatch.setattr(beam, "TABLE", "exp(x)*exp(y) => exp(x) real  # wrong")
    monkeypatch.setattr(beam, "forms", lambda node: [node.args[0]] if node.args else [])
    assert sd.simplify([f], "search") == [sd.simplify(f)]
    monkeypatch.setattr(sympy, "simplify", lambda form, measure: sympy.Symbol("x", real=True))
    with pytest.warns(UserWarning, match="the readable form is kept"):
        assert sd.simplify(f, "sympy") is sd.simplify(f)


def test_agreement_is_by_digits_and_domain() -> None:
    """A difference in the twelfth digit counts, and so does a value that is lost."""
    assert agree([sd.parse("sin(x)**2")], [sd.parse("1 - cos(x)**2")])
    assert not agree([X], [X * (1 + 1e-12)])
    assert not agree([X], [sd.parse("exp(log(x))")])
    assert agree([sd.parse("exp(log(x))")], [X])


def test_arrays_and_large_formulas_keep_their_readable_form() -> None:
    f = sd.parse("sum(exp(X)*exp(X))", shapes={"X": "n"})
    large = sum((X + n) ** 2 * sd.sin(Y + n) for n in range(200))
    for level in ("search", "sympy"):
        assert sd.simplify(f, level) is sd.simplify(f)
        assert sd.simplify(large, level) is sd.simplify(large)


def test_code_of_large_formulas_is_the_readable_form() -> None:
    f = [sd.parse("a*b*c"), sd.parse("a*d*c")]
    assert sd.count_ops(sd.simplify(f, "code")) == {"mul": 3}
    code = sequence("code", sharing.KEPT, attempt(only_if(scalars(3), sharing.SHORTEST)))
    assert code(f) == sd.simplify(f)


# -- selections ----------------------------------------------------------------------------------------------------


@each(
    ("text", "expected"),
    [
        ("where(x > y, a, 0) + where(x > y, 0, b)", "where(x > y, a, b)"),
        ("where(x > y, a, 0) - where(x > y, 0, b)", "where(x > y, a, -b)"),
        ("where(x > y, a, 0) + where(x > y, b, 0)", "where(x > y, a + b, 0)"),
        ("2*where(x > y, a, 0) + c + where(x > y, b, d)", "c + where(x > y, 2*a + b, d)"),
        ("where(x > y, 0, -1) + where(x > y, 1, 0)", "where(x > y, 1, -1)"),
        ("where(x > y, a, 0) - where(x > y, a, 0)*1 + b", "b"),
        ("where(x > y, a, b) + where(x > y, c, d)", "where(x > y, a, b) + where(x > y, c, d)"),
        ("where(x > y, where(x > y, a, b), c)", "where(x > y, a, c)"),
        ("where(x > y, a, where(x > y, b, c))", "where(x > y, a, c)"),
    ],
)
def test_selections_by_one_condition(text: str, expected: str) -> None:
    assert str(sd.simplify(sd.parse(text))) == expected


def test_the_side_of_a_kink_reads_as_one_selection() -> None:
    assert str(sd.simplify(sd.diff(sd.abs(X), X, kinks="left"))) == "where(x > 0, 1, -1)"


def test_shared_selections_stay() -> None:
    first, second = sd.parse("where(x > y, a, 0)"), sd.parse("where(x > y, b, 0)")
    found = sd.simplify([first + second, sd.sin(first), sd.cos(second)])
    assert sd.count_ops(found)["where"] == 2


def test_a_branch_that_is_not_taken_stays_out() -> None:
    f = sd.parse("where(x > 0, log(x), 0) + where(x > 0, 0, sqrt(-x))")
    simple = sd.simplify([f, sd.diff(f, X)])
    assert np.allclose(sd.evaluate(simple, {"x": -4.0}), [2, -0.25])
    assert np.allclose(sd.evaluate(simple, {"x": 1.0}), [0, 1])


# -- arrays --------------------------------------------------------------------------------------------------------

SHAPES = {"x": "n", "y": "n", "X": ("n", "d"), "W": ("d", "k"), "Y": ("n", "k")}


@each(
    ("text", "expected"),
    [
        ("log(sum(exp(x)))", "logsumexp(x)"),
        ("log(sum(exp(X), axis=1))", "logsumexp(X, axis=1)"),
        ("exp(X)/sum(exp(X), axis=0)", "softmax(X, axis=0)"),
        ("y*exp(x)/sum(exp(x))", "y*softmax(x)"),
        ("exp(X)/sum(exp(X), axis=1, keepdims=True)*2", "2*softmax(X, axis=1)"),
        ("log(softmax(X, axis=1))", "X - logsumexp(X, axis=1)[:, None]"),
        ("sum(x - mean(x))", "0"),
        ("sum(3*y[0]*(X - mean(X)))", "0"),
    ],
)
def test_forms_of_arrays(text: str, expected: str) -> None:
    assert str(sd.simplify(sd.parse(text, shapes=SHAPES))) == expected


@each(
    ("text", "variable", "expected"),
    [
        ("var(x)", "x", "2/n*(x - sum(x)/n)"),
        ("sum(log(sum(exp(X), axis=1)))", "X", "softmax(X, axis=1)"),
        (
            "-sum(Y*log(softmax(X @ W, axis=1)))/n",
            "W",
            "X.T @ (sum(Y/n, axis=1)[:, None]*softmax(X @ W, axis=1) - Y/n)",
        ),
    ],
)
def test_gradients_of_arrays(text: str, variable: str, expected: str) -> None:
    f = sd.simplify(sd.parse(text, shapes=SHAPES))
    wrt = next(v for v in sd.variables(f) if v.name == variable)
    assert str(sd.simplify(sd.grad(f, wrt))) == expected


# -- counts --------------------------------------------------------------------------------------------------------


def test_the_table_of_operations(cli: Any) -> None:
    """``exp(-x**2/s)`` is a square, a quotient, a sign and a call."""
    run = cli("code", "exp(-x**2/s)", "--derivatives", "value,grad", "--count")
    assert run.code == 0
    lines = [line.split() for line in run.out.splitlines()]
    assert lines[0] == ["operations", "ratio"]
    assert lines[1:3] == [["function", "4", "1.00"], ["value", "4", "1.00"]]
    assert [line[0] for line in lines[3:]] == ["grad", "together"]
    assert float(lines[4][2]) == int(lines[4][1]) / 4


def test_operations_as_json(cli: Any) -> None:
    import json

    run = cli("code", "x*y", "x + y", "--derivatives", "value,jacobian", "--count", "--format", "json")
    assert json.loads(run.out) == [
        {"name": "function", "operations": 2, "ratio": 1.0},
        {"name": "value", "operations": 2, "ratio": 1.0},
        {"name": "jacobian", "operations": 0, "ratio": 0.0},
        {"name": "together", "operations": 2, "ratio": 1.0},
    ]


def test_numbers_beyond_floats_stay_apart() -> None:
    """``1e-200*1e-200`` is 0, and that times ``1e300*x`` is not."""
    for size in (1e200, 1e-200):
        f = (size * X) * (size * Y)
        assert sd.evaluate(sd.simplify(f), {"x": 1 / size, "y": 1 / size}) == pytest.approx(1)
        assert sd.simplify(sd.simplify(f)) is sd.simplify(f)
