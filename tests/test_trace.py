"""The rewrites that lead to a simplified formula: in order, complete, and shown by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from conftest import Result
from feynman import formulas

import symdiff as sd
from symdiff.graph.traversal import map_graph, rebuild
from symdiff.rules.trace import Rewrite
from symdiff.search.levels import LEVELS

Node = sd.Node
X, Y = sd.symbols("x y")
QUICK = ("none", "basic", "full", "code")
TEXTS = [
    "sin(x)**2 + y + cos(x)**2",
    "y*where(x > 0, 1, where(x < 0, -1, 0)) + x*2*x",
    "(x**2 - 1)/(x - 1)",
    "sqrt(x + 1) - sqrt(x)",
    "1/(1 + exp(-x)) + sin(-x)",
    "cosh(x) + sinh(x) + x*y + x*z",
    "x*y*z + x*y - y*z*(1 - x)",
]


def replayed(f: Node, rewrites: list[Rewrite]) -> Node:
    """The formula with each rewrite in turn made wherever what it replaces stands."""
    for _, before, after in rewrites:
        (f,) = map_graph([f], rebuild, done={before: after})
    return f


def traced(f: Node, level: str) -> tuple[Node, list[Rewrite]]:
    rewrites: list[Rewrite] = []
    return sd.simplify(f, level, trace=rewrites), rewrites


#: All texts at the quick levels, some at those that try many forms.
CASES = [(text, level) for level in LEVELS for text in (TEXTS if level in QUICK else TEXTS[2:4])]


@pytest.mark.parametrize(("text", "level"), CASES)
def test_rewrites_lead_to_the_result(text: str, level: str) -> None:
    f = sd.parse(text)
    found, rewrites = traced(f, level)
    assert found is sd.simplify(f, level)
    assert replayed(f, rewrites) is found
    assert (found is f) == (not rewrites)


@pytest.mark.parametrize("level", ["full", "code"])
def test_rewrites_lead_to_derivatives(level: str) -> None:
    for formula in formulas()[::4]:
        f = sd.parse(formula.text)
        slope = sd.diff(f, sd.variables(f)[0])
        found, rewrites = traced(slope, level)
        assert replayed(slope, rewrites) is found, formula.name


def test_rules_are_named() -> None:
    with sd.assume(Y > 0):
        _, rewrites = traced(sd.parse("sin(x)**2 + cos(x)**2 + sqrt(y**2)"), "full")
    assert [str(rewrite) for rewrite in rewrites] == [
        "sqrt(x**2) => abs(x): sqrt(y**2) -> abs(y)",
        "sin(x)**2 + cos(x)**2 => 1: sin(x)**2 + cos(x)**2 + abs(y) -> abs(y) + 1",
        "abs(x) => x where x >= 0: abs(y) -> y",
    ]


@pytest.mark.parametrize(
    ("text", "level", "rule"),
    [
        ("b + a + a", "full", "like terms"),
        ("x*y*x", "full", "like factors"),
        ("sin(y) + x**2", "full", "order of terms"),
        ("cos(-x)", "full", "parity"),
        ("1/sqrt(1 + x**2) - x**2/(1 + x**2)**(3/2)", "full", "common denominators"),
        ("a*b*c + a*b*d*e", "code", "common pairs of terms and factors"),
        ("1 - cos(x)", "code", "1 - cos(x) => 2*sin(x/2)**2"),
        ("exp(x)*exp(y)", "search", "exp(x)*exp(y) => exp(x + y)"),
        ("(x**2 - 1)/(x - 1)", "search", "arithmetic of polynomials"),
        ("(1 - cos(x))/x**2", "accurate", "(1 - cos(x))/x**2 => spherical_jn(0, x/2)**2/2"),
        ("(x**3 - 1)/(x - 1)", "sympy", "sympy.simplify"),
    ],
)  # fmt: skip
def test_what_was_done_has_a_name(text: str, level: str, rule: str) -> None:
    assert rule in [rewrite.rule for rewrite in traced(sd.parse(text), level)[1]]


def test_arrays() -> None:
    shapes = {"A": ("n", "n"), "v": "n"}
    f = sd.parse("log(sum(exp(A @ A @ v)))", shapes=shapes)
    found, rewrites = traced(f, "full")
    assert [rewrite.rule for rewrite in rewrites] == [
        "products of arrays",
        "log(sum(exp(X), axis=A)) => logsumexp(X, axis=A)",
    ]
    assert replayed(f, rewrites) is found


def test_a_list_is_added_to() -> None:
    rewrites: list[Rewrite] = []
    for _ in range(2):
        sd.simplify([X + X, Y * Y], trace=rewrites)
    assert [str(rewrite) for rewrite in rewrites] == ["like terms: x + x -> 2*x", "like factors: y*y -> y**2"] * 2


def test_the_strategy_of_a_level_is_printed() -> None:
    for level in LEVELS:
        text = str(sd.simplify_strategy(level))
        assert text
        assert len(text.splitlines()) < 60
    assert "common pairs of terms and factors" in str(sd.simplify_strategy("code"))
    with pytest.raises(sd.SymdiffError, match="the level is one of none, basic, full"):
        sd.simplify_strategy("best")


# -- the command line ----------------------------------------------------------------------------------------------


def test_simplify(cli: Callable[..., Result]) -> None:
    assert cli("simplify", "x*2*x + x**2 - y*0") == (0, "3*x**2\n", "")
    assert cli("simplify", "log(sum(exp(v)))", "--shape", "v=n").out == "logsumexp(v)\n"
    assert cli("simplify", "1 - cos(x)", "--level", "code").out == "2*sin(x/2)**2\n"
    assert cli("simplify", "sqrt(x**2)", "--assume", "x > 0").out == "x\n"
    assert cli("simplify", "sqrt(x**2) where x < 0").out == "-x\n"
    assert cli("simplify", "-x + 2*x*1/2", "--format", "latex").out == "0\n"


def test_trace(cli: Callable[..., Result]) -> None:
    """The rules in order, then the result, on its last line."""
    f = ("simplify", "log(exp(a*b) + 1) + c + c", "--trace")
    assert cli(*f).out.splitlines() == [
        "log(exp(x) + 1) => softplus(x): log(exp(a*b) + 1) -> softplus(a*b)",
        "like terms: softplus(a*b) + c + c -> 2*c + softplus(a*b)",
        "2*c + softplus(a*b)",
    ]
    record = json.loads(cli(*f, "--format", "json").out)
    assert record["result"] == "2*c + softplus(a*b)"
    assert record["trace"][0] == {
        "rule": "log(exp(x) + 1) => softplus(x)",
        "before": "log(exp(a*b) + 1)",
        "after": "softplus(a*b)",
    }
    lines = cli(*f, "--format", "latex").out.splitlines()
    assert lines[1].endswith(r"\to 2 c + \operatorname{softplus}\left(a \, b\right) % like terms")
    assert lines[2] == r"2 c + \operatorname{softplus}\left(a \, b\right)"
    assert "trace" not in json.loads(cli(*f[:2], "--format", "json").out)


def test_wrong_use(cli: Callable[..., Result]) -> None:
    assert cli("simplify", "x +")[::2] == (2, 'error: expected a value after "+" (line 1, column 4)\n  x +\n     ^\n')
    assert "'--level'" in cli("simplify", "x", "--level", "best").err
    assert cli("simplify", "x", "y").code == 2
