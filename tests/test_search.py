"""The level "search" finds the forms that people know, with the values of its input; so do the forms of arithmetic."""

from __future__ import annotations

import math

import mpmath
import pytest
import sympy
from known_forms import ALL, PHYSICS, pairs
from processes import printed

import symdiff as sd
from symdiff.graph.traversal import topological
from symdiff.numerics.equivalence import agree
from symdiff.numerics.mpmath_eval import Exact
from symdiff.ops.costs import weighed
from symdiff.search.beam import MOST_NODES
from symdiff.search.rational import forms
from symdiff.search.rational.fields import MOST_GENERATORS, read

each = pytest.mark.parametrize
X, Y = sd.symbols("x y")


def _found(cases: list[tuple[list[sd.Node], list[sd.Node]]]) -> float:
    """What the found forms weigh together, each no more than the known one, whose values are the same."""
    total = 0.0
    for roots, known in cases:
        assert agree(roots, known), roots
        found = weighed(sd.simplify(roots, "search"))
        assert found <= weighed(known), roots
        total += found
    return total


def test_known_forms() -> None:
    _found(ALL[::10])


@pytest.mark.slow
def test_all_known_forms() -> None:
    """Together they weigh less than what people wrote, which is 1187."""
    assert _found(ALL) <= 1143.5


@each(("roots", "known"), pairs(PHYSICS), ids=str)
def test_as_cheap_as_sympy(roots: list[sd.Node], known: list[sd.Node]) -> None:
    simple = sd.from_sympy(sympy.simplify(sd.to_sympy(roots[0])))
    assert weighed(sd.simplify(roots, "search")) <= weighed([simple])


def test_outputs_are_weighed_together() -> None:
    """What value, gradient and Hessian share is found once: the second derivatives cost little more."""
    f = sd.parse("exp(a)/(exp(a) + exp(b))")
    first = sd.grad(f, list(sd.variables(f)))
    second = [sd.grad(slope, list(sd.variables(f))) for slope in first]
    found = sd.simplify([f, *first, *second[0], *second[1]], "search")
    assert sd.count_ops(found)["sigmoid"] == 1
    assert weighed(found) <= 18.0


@each(
    "text",
    [
        "x*y*z + x*y - y*z*(1 - x)",
        pytest.param("sin(x)*cos(y)*exp(z) + cos(x)*sin(y)*exp(z)", marks=pytest.mark.slow),
        pytest.param("1/(1/x + 1/(y + 1/z))", marks=pytest.mark.slow),
    ],
)
def test_the_result_is_its_own_form(text: str) -> None:
    f = sd.parse(text)
    once = sd.simplify([f, *sd.grad(f, list(sd.variables(f)))], "search")
    again = sd.simplify(once, "search")
    assert all(a is b for a, b in zip(once, again, strict=True))


def test_the_same_in_every_process() -> None:
    script = (
        "import sys, symdiff as sd; sys.path.insert(0, 'tests'); from known_forms import ALL\n"
        "for roots, _ in ALL[::60]: print(sd.simplify(roots, 'search'))"
    )
    assert len(printed(script)) == 1


@pytest.mark.slow
def test_lists_near_the_limit_end() -> None:
    """Sixteen times Pythagoras, where a step saves little and its work is bounded."""
    f = sd.parse(" + ".join(f"a{i}*sin(x + {i})**2 + a{i}*cos(x + {i})**2" for i in range(1, 17)))
    large = [f * sd.exp(Y) + f, *sd.grad(f, [X])]
    assert 180 < len(topological(*sd.simplify(large))) <= MOST_NODES
    assert weighed(sd.simplify(large, "search")) <= 27.0


def test_a_wrong_rule_does_not_stop_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms that do not verify are left aside, and a right one is taken."""
    from symdiff.search import beam

    wrong = "x*y + x*z => x*y real  # wrong\nexp(x)*exp(y) => exp(x) real  # wrong"
    monkeypatch.setattr(beam, "TABLE", wrong)
    assert str(sd.simplify(sd.parse("x*y + x*z"), "search")) == "x*(y + z)"


# -- forms of arithmetic -------------------------------------------------------------------------------------------


@each(
    ("text", "expected"),
    [
        ("(x**2 - 1)/(x - 1)", "x + 1"),
        ("1 + x + x**2 + x**3", "x*(x*(x + 1) + 1) + 1"),
        ("sqrt(x + y)*sqrt(x + y)", "x + y"),
        ("sin(x)*cos(y) - cos(x)*sin(y)", "sin(x - y)"),
        ("sin(3*x) - sin(x)", "sin(x)*2*cos(2*x)"),
        ("(1 - cos(x))/sin(x)", "tan(x/2)"),
        ("cosh(x)*cosh(y) - sinh(x)*sinh(y)", "cosh(x - y)"),
        ("(exp(x) - exp(y))/(exp(x) + exp(y))", "tanh((x - y)/2)"),
        ("exp(x)/(exp(x) + exp(y))", "sigmoid(x - y)"),
        ("(x - y)**2/z - (x + y)**2/z", "-4*x*y/z"),
        ("(x/y)**8 - (x/y)**4", "((x/y)**4 - 1)*(x/y)**4"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    best = forms(sd.parse(text))[0]
    assert weighed([best]) <= weighed([sd.parse(expected)])
    assert agree([sd.parse(text)], [best])


def test_forms_have_the_values_of_what_they_are_made_of() -> None:
    """Each candidate, not only the one that is taken."""
    wrong = [(str(f), str(form)) for [f], _ in pairs(PHYSICS)[::2] for form in forms(f) if not agree([f], [form])]
    assert wrong == []


def test_what_is_not_read() -> None:
    """Functions by themselves have no form; too many terms or generators are refused before they are multiplied out."""
    assert forms(sd.sin(X)) == []
    assert read(sd.parse(" + ".join(f"a{place}" for place in range(MOST_GENERATORS + 1)))) is None
    assert read(sd.parse("(a + b + c + d + e + f)**9")) is None
    assert read(sd.parse("x + 1/(x - x)")) is None


def test_the_root_of_what_cancels() -> None:
    """The square is the polynomial 0, which has no power 0 in the ring."""
    f = sd.parse("y*(sqrt((x + 1)**2 - x**2 - 2*x - 1) + 2)")
    assert agree([f], forms(f)[:1])


def test_numbers_are_not_rounded() -> None:
    """A float that is no short ratio stays what it is."""
    assert forms(sd.parse("0.1*x + 0.1*y"))[0] is sd.parse("(x + y)*0.1")


# -- values to many digits -----------------------------------------------------------------------------------------


@each("text", ["sin(exp(exp(x)))", "exp(exp(exp(x)))", "x**x**x**x", "floor(exp(exp(exp(x))))", "gamma(exp(exp(x)))"])
def test_towers_are_left_undecided(text: str) -> None:
    """Where mpmath would reduce an argument of more digits than there is memory."""
    [value] = Exact([sd.parse(text)])({X: 1000.0})
    assert mpmath.isnan(value)


def test_large_numbers_between_are_no_obstacle() -> None:
    [value] = Exact([sd.parse("log(exp(x**2))")])({X: 1000.0})
    assert value == 1e6


@each("number", [-1000.0, -700.0, 800.0])
def test_digits_that_cancel_twice_are_found(number: float) -> None:
    """The difference is 0 to 50 digits and to 400."""
    product = sd.parse("(cosh(x) + sinh(x))*(cosh(x) - sinh(x))")
    [value] = Exact([product])({X: number})
    assert abs(value - 1) < 1e-20


def test_infinite_constants_have_no_value() -> None:
    assert mpmath.isnan(Exact([X + sd.parse("1/(2 - 2)")])({X: 1.0})[0])
    assert not math.isnan(float(Exact([X])({X: 1.0})[0]))
