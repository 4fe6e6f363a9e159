"""The parser: precedence against Python's, errors with their places, named parts, deep and wide formulas."""

from __future__ import annotations

import math
import random
import re
from fractions import Fraction
from typing import Any

import pytest
import sympy
from counting import calls

import symdiff as sd
from symdiff.graph.traversal import topological
from symdiff.text import grammar

x, y, z = sd.symbols("x y z")


def value(node: sd.Node, at: dict[str, Any]) -> Any:
    """Exact value of arithmetic, comparisons and logic, operator by operator."""
    done: dict[sd.Node, Any] = {}
    for step in topological(node):
        args = [done[arg] for arg in step.args]
        if not args:
            done[step] = at[step.name] if step.op is sd.Var else Fraction(step.value)
        elif step.op.logical and step.op.name != "where":
            word = step.op.name.removeprefix("logical_")
            done[step] = not args[0] if word == "not" else all(args) if word == "and" else any(args)
        elif step.op.name == "where":
            done[step] = args[1] if args[0] else args[2]
        else:
            infix = step.op.infix
            done[step] = eval(f"a {infix} b" if infix else f"{step.op.prefix}a", dict(zip("ab", args, strict=False)))
    return done[node]


def arithmetic(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(["x", "y", "n", "1", "2", "3", "7"])
    a, b = arithmetic(rng, depth - 1), arithmetic(rng, depth - 1)
    binary = ["{a}{s}+{s}{b}", "{a}-{b}", "{a}*{b}", "{a}/{b}", "{a} % {b}"]
    form = rng.choice([*binary, "-{a}", "+{a}", "({a})", "{a}**{e}"])
    exponent = rng.choice(["2", "-1", "n", "-n", "2**2", "3", "+2"])
    return form.format(a=a, b=b, s=rng.choice(["", " "]), e=exponent)


def logic(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.2:
        parts = [arithmetic(rng, 2) for _ in range(rng.choice([2, 2, 2, 3]))]
        text = parts[0]
        for part in parts[1:]:
            text += f" {rng.choice(['<', '<=', '>', '>=', '==', '!='])} {part}"
        return text
    a, b = logic(rng, depth - 1), logic(rng, depth - 1)
    return rng.choice(["{a} and {b}", "{a} or {b}", "not {a}", "({a})"]).format(a=a, b=b)


@pytest.mark.parametrize("make", [arithmetic, logic])
def test_precedence_is_pythons(make: Any) -> None:
    rng, compared = random.Random(5), 0
    at = {"x": Fraction(3, 2), "y": Fraction(-5, 7), "n": 2}
    while compared < 2000:
        text = make(rng, 4)
        if text.count("**") > 2:
            continue
        try:
            exact = re.sub(r"(?<![\w.])(\d+)", r"F(\1)", text)
            wanted = eval(exact, {**at, "F": Fraction})
        except (ZeroDivisionError, TypeError, OverflowError):  # a complex number is not compared
            continue
        if isinstance(wanted, (float, complex)):
            continue
        try:
            found = value(sd.parse(text), {**at, "n": Fraction(2)})
        except (ZeroDivisionError, TypeError):  # "0 and 1/0": Python does not look at the rest
            assert make is logic
            continue
        assert found == wanted, text
        compared += 1


SAME = [
    ("x^2^y", "x**(2**y)"),
    ("2**-x", "2**(-x)"),
    ("2**-x*y", "(2**(-x))*y"),
    ("-x**2", "-(x**2)"),
    ("0<x<1", "(0<x) & (x<1)"),
    ("0<x<=y!=1", "(0<x) & (x<=y) & (y!=1)"),
    ("x|y&z", "x|(y&z)"),
    ("not x<y", "~(x<y)"),
    ("x or not y and z", "x | ((~y) & z)"),
    ("ln(x)+Abs(x)", "log(x)+abs(x)"),
    ("asin(x)", "arcsin(x)"),
    ("ceiling(x)", "ceil(x)"),
    ("Mod(x, y)", "x % y"),
    ("Max(x, y, z)", "maximum(maximum(x, y), z)"),
    ("min(x, y)", "minimum(x, y)"),
    ("log(x, 2)", "log(x)/log(2)"),
    ("clip(x, 0, 1)", "minimum(maximum(x, 0), 1)"),
    ("root(x, 3)", "x**(1/3)"),
    ("power(x, 3)", "x**3"),
    ("acot(x)", "arctan(1/x)"),
    ("arcsech(x)", "arccosh(1/x)"),
    ("sec(x)*square(y)", "1/cos(x)*y**2"),
    ("(x + y\n * z)", "x + y*z"),
    ("sin(x +\n\n y\n)", "sin(x + y)"),
    ("x # + y", "x"),
    ("# why\n\nx + 1\n# end", "x + 1"),
    ("a = x + 1; b = a**2\nb*a;", "(x + 1)**2*(x + 1)"),
    ("a = x + 1\n\n a**2\n", "(x+1)**2"),
    ("x + -2", "x - 2"),
    ("1e2 + .5*x + 1.*y", "100.0 + 0.5*x + 1.0*y"),
    ("++x", "x"),
]


@pytest.mark.parametrize(("text", "same"), SAME)
def test_same(text: str, same: str) -> None:
    assert sd.parse(text) is sd.parse(same)


def test_numbers() -> None:
    assert sd.parse("3/2") is sd.const(Fraction(3, 2))
    assert sd.parse("2**-3") is sd.const(Fraction(1, 8))
    assert sd.parse("1.5e3") is sd.const(1500.0)
    assert sd.parse("-inf") is sd.const(-math.inf)
    assert sd.parse("-0.0") is sd.const(-0.0)
    assert sd.parse("nan") is sd.const(math.nan)
    assert sd.parse("pi") is sd.pi
    assert sd.parse("9**9**9**9").op.name == "pow"
    assert sd.parse("1" * 4300).value == int("1" * 4300)


def test_names_are_functions_only_where_called() -> None:
    assert sd.parse("gamma*sin + N") is sd.symbol("gamma") * sd.symbol("sin") + sd.symbol("N")
    assert sd.variables(sd.parse("alpha + gamma(gamma) + \u03b1"))[-1] is sd.symbol("\u03b1")


def test_shapes() -> None:
    node = sd.parse("X*X", shapes={"X": ("N", 3), "unused": 2})
    assert node.shape == ("N", 3)
    with pytest.raises(sd.ParseError, match=r"column 5"):
        sd.parse("1 + X", shapes={"X": -1})
    with pytest.raises(sd.ParseError) as caught:
        sd.parse("1 + X*Y", shapes={"X": 2, "Y": 3})
    assert caught.value.position == 5


ERRORS = [
    ("", 0, "the formula is empty"),
    ("  # nothing\n", 12, "the formula is empty"),
    ("sin(x", 5, 'expected ")" or "," before the end'),
    ("((x)", 4, 'expected ")" before the end'),
    ("x)", 1, 'no "("'),
    ("(x;y)", 2, 'expected ")" before ";"'),
    ("2x", 1, 'expected an operator between "2" and "x"; write 2*x'),
    ("2 x", 2, "write 2*x"),
    ("x y", 2, "write x*y"),
    ("sin x", 4, "write sin(x) or sin*x"),
    ("x 2.5", 2, "write x*2.5"),
    ("1_000", 1, "operator"),
    ("0x10", 1, "operator"),
    ("(a)(b)", 3, "operator"),
    ("x +", 3, 'expected a value after "+"'),
    ("x +\n y", 3, 'expected a value after "+"'),
    ("* x", 0, 'expected a value before "*"'),
    ("x*/y", 2, 'expected a value after "*"'),
    ("()", 1, "expected a value"),
    ("(x, y)", 2, "separates the arguments"),
    ("x, y", 1, "separates the arguments"),
    ("1 + sine(x)", 4, 'unknown function "sine"; did you mean "sin"?'),
    ("cosine(x)", 0, 'did you mean "cos"?'),
    ("sni(x)", 0, 'did you mean "sin"?'),
    ("epx(x)", 0, 'did you mean "exp"?'),
    ("sqr(x)", 0, 'did you mean "sqrt"?'),
    ("variance(x)", 0, 'did you mean "var"?'),
    ("maxmum(x, y)", 0, 'did you mean "maximum"?'),
    ("factorial(x)", 0, 'unknown function "factorial"; write factorial*(...) to multiply'),
    ("median(x)", 0, 'unknown function "median"; write median*(...) to multiply'),
    ("hardtanh(x)", 0, 'unknown function "hardtanh"; write hardtanh*(...) to multiply'),
    ("lu(x)", 0, 'unknown function "lu"; write lu*(...) to multiply'),
    ("1 + x(y)", 4, "write x*(...) to multiply"),
    ("pi(x)", 0, "unknown function"),
    ("1 + sin(x, y)", 4, "sin takes 1 argument, not 2"),
    ("sin()", 0, "sin takes 1 argument, not 0"),
    ("max()", 0, "max takes 1 or more arguments, not 0"),
    ("log(x, y, z)", 0, "log takes 1 or 2 arguments, not 3"),
    ("sin(x,)", 6, 'expected a value after ","'),
    ("sin(,x)", 4, 'expected a value before ","'),
    ("x.y", 1, "attribute access"),
    ("x[0]", 1, "shape ()"),
    ("[x]", 0, "a list"),
    ("{x}", 0, '"{"'),
    ("'x'", 0, "quotes"),
    ('"x"', 0, "quotes"),
    ("lambda: x", 0, 'the Python word "lambda"'),
    ("1 + None", 4, "Python word"),
    ("import os", 0, "Python word"),
    ("__x", 0, "underscores"),
    ("x := 1", 2, '":="'),
    ("sin(x=1)", 5, 'sin takes no keyword arguments; use "=="'),
    ("1 = x", 2, 'use "=="'),
    ("x // y", 2, "floor(a/b)"),
    ("x && y", 2, 'use "&"'),
    ("n!", 1, "gamma(n + 1)"),
    ("x @ y", 2, 'use "*"'),
    ("1e999999", 0, "number too large"),
    ("1e-999999", 0, "number too small"),
    ("1" * 4301, 0, "number too large: it has 4301 digits"),
    ("x\0", 1, "U+0000"),
    ("x \u2212 y", 2, 'use "-" in place of "\u2212" (U+2212)'),
    ("x\u00d7y", 1, 'use "*"'),
    ("x\u00b7y", 1, 'use "*"'),
    ("x\u00b2", 0, 'use "**2"'),
    ("x \uff0b y", 2, 'use the plain character "+"'),
    ("\uff58", 0, 'use the plain letter or letters "x"'),
    ("x\u00a0+ y", 1, "plain character"),
    ("a = x", 0, "the last statement names a part"),
    ("a = ; x", 4, 'expected a value before ";"'),
    ("a = 1; a = 2; a", 7, "has a value already"),
    ("x + 1; y", 0, "only the last statement"),
    ("b = x; x = 1; b", 7, "is used as a variable"),
    ("a = a + 1; a", 0, "its own definition"),
    ("pi = 3; pi", 0, "is a constant"),
    ("if = 3; x", 0, "Python word"),
]


@pytest.mark.parametrize(("text", "position", "message"), ERRORS, ids=[repr(row[0][:20]) for row in ERRORS])
def test_errors(text: str, position: int, message: str) -> None:
    with pytest.raises(sd.ParseError) as caught:
        sd.parse(text)
    assert message in caught.value.message
    assert caught.value.position == position
    assert "\n" not in caught.value.message and len(caught.value.message) < 200


def test_limit() -> None:
    with pytest.raises(sd.LimitError, match=r"7 characters .* 5"):
        sd.parse("x + y+z", limit=5)
    with pytest.raises(sd.SymdiffError, match="text, not int"):
        sd.parse(3)  # type: ignore[arg-type]


def test_rows_declared_later_are_read() -> None:
    from symdiff.graph.node import OPS

    try:
        sd.unary("twicefortest", lambda y, x: 2, numpy="(2*{0})", aliases=("doublefortest",))
        assert sd.parse("twicefortest(x)") is sd.parse("doublefortest(x)")
    finally:
        OPS["twicefortest"].remove()


@pytest.mark.parametrize("depth", [10**4, pytest.param(10**5, marks=pytest.mark.slow)])
def test_deep_and_wide(depth: int) -> None:
    assert sd.parse("(" * depth + "x" + ")" * depth) is x
    assert sd.parse("-" * depth + "x") is x
    assert sd.parse("sin(" * depth + "x" + ")" * depth).op.name == "sin"
    assert sd.parse("**".join(["x"] * depth)).op.name == "pow"
    assert sd.parse("(" + "-\n" * depth + "x)") is x
    text = " + ".join(["x", "y*2"] * (5 * depth))
    assert sd.parse(text).op.name == "add"


def test_less_work_than_sympy() -> None:
    """Functions called to read one sum: at most half as many as SymPy calls; twice as many for twice the text."""
    rng = random.Random(1)
    names = [f"x{i}" for i in range(20)]
    terms = [
        f"{rng.randint(2, 9)}*sin({a}*{b})*sin({c} + 1)"
        for a, b, c in ((rng.choice(names), rng.choice(names), rng.choice(names)) for _ in range(200))
    ]
    half, whole = (calls(sd.parse, " + ".join(terms[:count])) for count in (100, 200))
    assert whole <= 2.1 * half
    assert half <= calls(sympy.parse_expr, " + ".join(terms[:100])) / 2


def test_what_formulas_call_is_there_in_python() -> None:
    """Other spellings too: sd.clip, sd.sec and sd.asin build what the text does."""
    assert all(callable(getattr(sd, name)) for name in grammar.grammar().calls)
    x = sd.symbol("x")
    assert sd.clip(x, 0, 1) is sd.parse("clip(x, 0, 1)")
    assert sd.sec(sd.asin(x)) is sd.parse("sec(asin(x))")
    with pytest.raises(AttributeError, match="no attribute 'sni'; did you mean 'sin'"):
        sd.sni  # noqa: B018
