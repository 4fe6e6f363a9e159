"""Derivatives on a line of their own read as in a textbook, and are right."""

from __future__ import annotations

import mpmath
import pytest

import symdiff as sd
from symdiff.numerics.mpmath_eval import Exact
from symdiff.search.levels import simplify_guarded

#: A formula, its variable, and the derivative as it is printed.
WRITTEN = [
    ("x/sqrt(1+x**2)", "x", "1/(x**2 + 1)**(3/2)"),
    ("(x**2+1)/(x**2-1)", "x", "-4*x/(x**2 - 1)**2"),
    ("V*s/(K+s)", "s", "K*V/(K + s)**2"),
    ("arctan((1+x)/(1-x))", "x", "1/(x**2 + 1)"),
    ("sin(x)/(1+cos(x))", "x", "1/(cos(x) + 1)"),
    ("abs(x)**3", "x", "3*x*abs(x)"),
    ("2**x", "x", "2**x*log(2)"),
    ("sigmoid(x)", "x", "sigmoid(x)*(1 - sigmoid(x))"),
    ("sigmoid(x)*(1-sigmoid(x))", "x", "sigmoid(x)*(1 - sigmoid(x))*(1 - 2*sigmoid(x))"),
    ("x**2*exp(-x)", "x", "x*(2 - x)*exp(-x)"),
    ("x**2*sin(x)", "x", "x**2*cos(x) + 2*x*sin(x)"),
    ("log(x + sqrt(x**2+1))", "x", "1/sqrt(x**2 + 1)"),
    ("x*log(x) - x", "x", "log(x)"),
    ("exp(-x**2/(2*s**2))", "x", "-x*exp(-x**2/(2*s**2))/s**2"),
    ("4*e*((s/r)**12 - (s/r)**6)", "r", "24*e*s**6*(r**6 - 2*s**6)/r**13"),
    ("A*exp(-E/(R*T))", "T", "A*E*exp(-E/(R*T))/(R*T**2)"),
    ("R*T/(V-b) - a/V**2", "V", "2*a/V**3 - R*T/(V - b)**2"),
    ("K/(1+exp(-r*(t-m)))", "t", "K*r*exp(r*(m - t))/(exp(r*(m - t)) + 1)**2"),
    ("1/(1/u+1/v)", "u", "v**2/(u + v)**2"),
    ("A*exp(-g*t)*cos(w*t)", "t", "-A*exp(-g*t)*(g*cos(t*w) + w*sin(t*w))"),
    ("m/sqrt(1 - v**2/c**2)", "v", "m*v/(c**2*(1 - v**2/c**2)**(3/2))"),
    ("tan(x)", "x", "tan(x)**2 + 1"),
    ("sqrt(x)/(1+x)", "x", "(1 - x)/(2*sqrt(x)*(x + 1)**2)"),
    ("log(log(x))", "x", "1/(x*log(x))"),
    ("(1-x)/(1+x)", "x", "-2/(x + 1)**2"),
    ("1/(1+x**2)", "x", "-2*x/(x**2 + 1)**2"),
    ("exp(x)/x", "x", "exp(x)*(x - 1)/x**2"),
    ("arcsin(x/a)", "x", "1/(a*sqrt(1 - (x/a)**2))"),
    ("log(sin(x))", "x", "cos(x)/sin(x)"),
    ("x*arctan(x) - log(1+x**2)/2", "x", "arctan(x)"),
    ("y*log(p) + (1-y)*log(1-p)", "p", "(y - p)/(p*(1 - p))"),
]


@pytest.mark.parametrize(("text", "name", "expected"), WRITTEN, ids=[text for text, *_ in WRITTEN])
def test_reads_as_in_a_textbook(text: str, name: str, expected: str) -> None:
    """The text; and its value by the limit of differences of the formula as typed, to 12 digits."""
    f, x = sd.parse(text), sd.symbol(name)
    found = sd.simplify(sd.diff(sd.simplify(f), x))
    assert str(found) == expected
    assert sd.simplify(found) is found
    typed, derivative = Exact([f]), Exact([found])
    compared = 0
    for scale in (0.6, 0.9, 1.9):
        point = {var: scale - 0.08 * place for place, var in enumerate(sd.variables([f, x]))}
        with mpmath.workdps(40):
            want = mpmath.diff(lambda value, point=point: typed.at({**point, x: value}, 60)[0], mpmath.mpf(point[x]))
            if mpmath.isfinite(want):
                compared += 1
                assert abs(derivative.at(point, 40)[0] - want) <= 1e-12 * (1 + abs(want))
    assert compared > 0


def test_assumptions_take_guards_away() -> None:
    x, y, a = sd.symbols("x y a")
    f = sd.parse("log(x**a*y)")
    assert "power_derivative" in str(simplify_guarded(sd.diff(f, x)))
    assert str(sd.simplify(sd.diff(f, x))) == "a*x**(a - 1)/x**a"
    with sd.assume(x > 0, y > 0):
        assert "where" not in str(sd.simplify(sd.diff(f, x)))
        assert "where" not in str(sd.simplify(sd.diff(sd.exp(-a * x) * x**a, a)))


def test_equal_factors_stay() -> None:
    """Beside a pair that a rule takes together."""
    x, y = sd.symbols("x y")
    e = sd.exp(x)
    f = sd.sin(e) * (e * y)
    outputs = [f, e * y, (e * y) * (e * sd.exp(-x)), (e * y) * (e * y) * sd.exp(-x)]
    before, after = (sd.compile(part, [x, y])(0.7, 1.3) for part in (outputs, sd.simplify(outputs)))
    assert after == pytest.approx(before, rel=1e-14)
