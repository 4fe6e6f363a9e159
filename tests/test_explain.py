"""Explanations: lecture cases written out by hand, every other number against an independent method."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from feynman import formulas
from witness import extrapolated

import symdiff as sd
from symdiff.graph.node import OPS
from symdiff.text.mathml import mathml

SHARED = "exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)"
MLP = "h1 = sigmoid(w11*x1 + w12*x2 + b1); h2 = sigmoid(w21*x1 + w22*x2 + b2);(sigmoid(u1*h1 + u2*h2 + c) - t)**2/2"
MLP_AT = dict(zip("w11 w12 w21 w22 b1 b2 u1 u2 c x1 x2 t".split(), np.linspace(-0.9, 1.3, 12), strict=True))

#: Steps as formula and value; then, users first, each share: step, operand, local partial, its value, share, sum.
BY_HAND: dict[str, tuple[dict[str, float], str, str]] = {
    "(a+3*b)*c**2": (
        {"a": 2, "b": 3, "c": 4},
        "3*b 9|a + v1 11|c**2 16|v2*v3 176",
        "v4 v2 v3 16 16 16|v4 v3 v2 11 11 11|v3 c 2*c 8 88 88|v2 a 1 1 16 16|v2 v1 1 1 16 16|v1 b 3 3 48 48",
    ),
    "(x+y)*z": (
        {"x": -2, "y": 5, "z": -4},
        "x + y 3|v1*z -12",
        "v2 v1 z -4 -4 -4|v2 z v1 3 3 3|v1 x 1 1 -4 -4|v1 y 1 1 -4 -4",
    ),
    "x**2*y+y+2": (
        {"x": 3, "y": 4},
        "x**2 9|v1*y 36|v2 + y 40|v3 + 2 42",
        "v4 v3 1 1 1 1|v3 v2 1 1 1 1|v3 y 1 1 1 1|v2 v1 y 4 4 4|v2 y v1 9 9 10|v1 x 2*x 6 24 24",
    ),
}


@pytest.mark.parametrize("formula", BY_HAND)
def test_by_hand(formula: str) -> None:
    at, steps, shares = BY_HAND[formula]
    found = sd.explain(sd.parse(formula), at)
    listed = [f"{step.formula} {step.value:g}" for step in found.steps if step.name not in at]
    assert listed == steps.split("|")
    assert {step.name: step.value for step in found.steps if step.name in at} == at
    (sweep,) = found.sweeps
    lines = [
        f"{move.step.name} {share.name} {share.local} {share.local_value:g} {share.value:g} {share.total:g}"
        for move in sweep.moves
        for share in move.shares
    ]
    assert lines == shares.split("|")


@pytest.mark.parametrize("formula", BY_HAND)
def test_by_hand_in_text_and_html(formula: str) -> None:
    """Every value and every product of a derivative and a local partial stands in the text and on the page."""
    at, steps, _ = BY_HAND[formula]
    found = sd.explain(sd.parse(formula), at)
    lines = [" ".join(line.split()) for line in str(found).splitlines()]
    cells = [
        " ".join(cell.itertext()) for cell in ElementTree.fromstring(found.to_html().partition("\n")[2]).iter("td")
    ]
    words = [cell.split() for cell in cells]
    for number, step in enumerate(steps.split("|"), 1):
        text, _, value = step.rpartition(" ")
        assert f"v{number} = {text} = {value}" in lines
        assert ["=", *value.replace("-", "- ").split()] in words
    for name, value in found.gradient.items():
        assert f"df/d{name} = {value:g}" in lines
    for move in found.sweeps[0].moves:
        for share in move.shares:
            product = f"{move.derivative:g} * {share.local_value:g} = {share.value:g}"
            assert any(product in line for line in lines)
            assert any(
                "".join(cell.split()).replace("(", "").replace(")", "").replace("⋅", "*") == product.replace(" ", "")
                for cell in cells
            )


def test_the_network_of_the_lecture() -> None:
    """Hand-computed from sigmoid' = s*(1 - s), outside in."""
    found = sd.explain(sd.parse(MLP), MLP_AT)
    p = MLP_AT
    s = lambda z: 1 / (1 + math.exp(-z))
    h1, h2 = s(p["w11"] * p["x1"] + p["w12"] * p["x2"] + p["b1"]), s(p["w21"] * p["x1"] + p["w22"] * p["x2"] + p["b2"])
    o = s(p["u1"] * h1 + p["u2"] * h2 + p["c"])
    do = (o - p["t"]) * o * (1 - o)
    d1, d2 = do * p["u1"] * h1 * (1 - h1), do * p["u2"] * h2 * (1 - h2)
    wanted = {
        "w11": d1 * p["x1"], "w12": d1 * p["x2"], "b1": d1, "w21": d2 * p["x1"], "w22": d2 * p["x2"], "b2": d2,
        "u1": do * h1, "u2": do * h2, "c": do, "t": p["t"] - o,
        "x1": d1 * p["w11"] + d2 * p["w21"], "x2": d1 * p["w12"] + d2 * p["w22"],
    }  # fmt: skip
    assert found.value == pytest.approx((o - p["t"]) ** 2 / 2, rel=1e-14)
    assert found.gradient == pytest.approx(wanted, rel=1e-12)


ARRAYS = "sum((tanh(X @ W + b) @ u - y)**2)/4 + max(u) + logsumexp(b)"
SHAPES = {"X": (4, 2), "W": (2, 3), "b": (3,), "u": (3,), "y": (4,)}
CASES: dict[str, tuple[sd.Node, dict[str, Any]]] = {
    "shared": (sd.parse(SHARED), {"x": 0.3}),
    "network": (sd.parse(MLP), MLP_AT),
    "gates": (
        sd.parse("maximum(tanh(a)/b, relu(c)**d) - minimum(a, abs(d)) + where(a > b, sqrt(a), -b)*arctan2(a, c)"),
        {"a": 2.0, "b": 3.0, "c": 1.2, "d": -0.7},
    ),
    "names": (sd.parse("v1*u1 + sin(g)*w/z"), {"v1": 2.0, "u1": 3.0, "g": 1.0, "w": 0.5, "z": 1.5}),
    "twice": (sd.parse("x*x + sin(x)/x"), {"x": 0.8}),
    "arrays": (
        sd.parse(ARRAYS, shapes=SHAPES),
        {name: np.random.default_rng(place).normal(size=shape) for place, (name, shape) in enumerate(SHAPES.items())},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_value_and_derivative(case: str) -> None:
    """Values by evaluating each part; derivatives by moving each step's value a little, with what follows it."""
    f, at = CASES[case]
    found = sd.explain(f, at)
    moves = {move.step.node: move for move in found.sweeps[0].moves}
    for step in found.steps:
        own = {var.name: at[var.name] for var in sd.variables(step.node)}
        np.testing.assert_allclose(step.value, sd.evaluate(step.node, own), rtol=1e-14)
        if step.node not in moves:
            continue
        moved = sd.symbol("moved_step", step.node.shape)
        rest = sd.substitute(f, {step.node: moved})
        others = [var for var in sd.variables(rest) if var is not moved]
        after = sd.compile(rest, [moved, *others])
        direction = np.cos(np.arange(np.size(step.value))).reshape(np.shape(step.value))
        move = lambda h, g=after, v=step.value, d=direction, o=others: g(v + h * d, *(at[var.name] for var in o))
        slope = extrapolated(lambda h, move=move: (move(h) - move(-h)) / (2 * h), step=0.01)
        np.testing.assert_allclose(np.sum(moves[step.node].derivative * direction), slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_what_is_shown_adds_up(case: str) -> None:
    """The shares of each operand add up to its derivative; local partials and formulas have the values beside them."""
    f, at = CASES[case]
    found = sd.explain(f, at)
    derivatives = {move.step.name: move.derivative for move in found.sweeps[0].moves}
    known = {step.name: step.value for step in found.steps} | {
        move.name: move.derivative for move in found.sweeps[0].moves
    }
    totals: dict[str, Any] = {}
    for move in found.sweeps[0].moves:
        assert move.step.rule or move.step.name in at
        for share in move.shares:
            totals[share.name] = totals.get(share.name, 0.0) + share.value
            for shown, value in ((share.local, share.local_value), (share.formula, share.value)):
                if shown is not None:
                    given = {var.name: known[var.name] for var in sd.variables(shown)}
                    number = np.broadcast_to(sd.evaluate(shown, given), np.shape(value))
                    np.testing.assert_allclose(number, value, rtol=1e-12)
            if share.local is not None:
                np.testing.assert_allclose(share.value, move.derivative * share.local_value, rtol=1e-12)
    for name, total in totals.items():
        np.testing.assert_allclose(total, derivatives[name], rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_that_of_grad(case: str) -> None:
    f, at = CASES[case]
    found = sd.explain(f, at)
    wanted = sd.variables(f)
    gradient = sd.evaluate(sd.grad(f, list(wanted)), at)
    for var, value in zip(wanted, gradient, strict=True):
        np.testing.assert_array_equal(found.gradient[var.name], value)
    numbers = [var for var in wanted if not var.shape]
    forward = sd.explain(f, at, numbers, mode="forward")
    assert [sweep.source for sweep in forward.sweeps] == [var.name for var in numbers]
    for var in numbers:
        assert forward.gradient[var.name] == pytest.approx(found.gradient[var.name], rel=1e-12, abs=1e-15)


def test_formulas_of_physics() -> None:
    """Forward and reverse mode agree on every formula of Feynman's lectures, and all formats can be written."""
    rng = np.random.default_rng(0)
    for formula in formulas()[::4]:
        f = sd.parse(formula.text)
        at = {var.name: rng.uniform(*formula.ranges[var.name]) for var in sd.variables(f)}
        reverse, forward = (sd.explain(f, at, mode=mode) for mode in ("reverse", "forward"))
        assert reverse.gradient == pytest.approx(forward.gradient, rel=1e-9)
        for found in (reverse, forward):
            ElementTree.fromstring(found.to_html().partition("\n")[2])
            assert found.to_latex().count("{") == found.to_latex().count("}")


def test_rules_and_gates_stand_in_the_rows() -> None:
    text = str(sd.explain(CASES["gates"][0], CASES["gates"][1]))
    for gate in ("add distributes", "multiply switches", "max routes", "min routes", "copies add up", "where routes"):
        assert gate in text
    assert "broadcast" in OPS and OPS["broadcast"].gate == "copies add up"
    assert "derivative of tanh" in text and "quotient rule" in text and "power rule" in text


def test_large_arrays_are_elided() -> None:
    """Sizes may be letters: values and derivatives have those of the point."""
    f = sd.parse("sum(x**2)/n", shapes={"x": ("n",)})
    found = sd.explain(f, {"x": np.arange(1000.0)})
    text = str(found)
    np.testing.assert_allclose(found.gradient["x"], np.arange(1000.0) / 500)
    assert "(1000,) from 0 to 999" in text and len(text) < 2000


def test_small_matrices_are_shown_row_by_row() -> None:
    """A loss over three examples: values and derivatives as a teacher would write them on the board."""
    point = {"X": np.arange(9.0).reshape(3, 3), "W": np.eye(3)}
    f = sd.parse("sum((X @ W)**2)", shapes={"X": (3, 3), "W": (3, 3)})
    lines = [line.split("  ") for line in str(sd.explain(f, point)).splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    start = cells.index(["X", "= [[0, 1, 2],", "(3, 3)"])
    assert cells[start + 1 : start + 3] == [["[3, 4, 5],"], ["[6, 7, 8]]"]]
    step = next(place for place, row in enumerate(cells) if "2*v1 =" in row)
    assert cells[step][-2:] == ["g2*(2*v1)", "[[0, 2, 4],"]
    assert cells[step + 1] == ["[[0, 2, 4],", "[6, 8, 10],"]


def test_a_kink_is_noted(cli: Callable[..., Any]) -> None:
    found = cli("explain", "abs(x) + relu(x*y) + y**2", "--at", "x=0,y=2")
    notes = [f"note: {f} has no derivative there; the convention is x = 0: 0" for f in ("abs(x)", "relu(x*y)")]
    assert (found.code, found.err.splitlines()) == (0, notes)
    assert cli("explain", "abs(x)", "--at", "x=1").err == ""


def test_long_formulas_are_linear() -> None:
    """What is shown for a step does not grow with the graph below it."""
    f = x = sd.symbol("x")
    for _ in range(500):
        f = sd.sin(f) * x
    found = sd.explain(f, {"x": 0.9})
    assert len(found.steps) == 1001
    assert max(len(str(share.local)) for move in found.sweeps[0].moves for share in move.shares) < 40
    assert found.gradient["x"] == pytest.approx(sd.evaluate(sd.grad(f, x), {"x": 0.9}), rel=1e-12)


def test_mathml_knows_all_that_latex_writes() -> None:
    """Every operation's LaTeX is read: well formed, and no command is left as its name."""
    x, y, z = sd.symbols("x theta_1 z")
    a, b = sd.symbol("A", ("n", "n")), sd.symbol("b", "n")
    scalars = [row(*(x, y, z)[: row.arity]) for row in OPS.values() if row.elementwise and 0 < row.arity < 4]
    arrays = [
        "A.T @ b",
        "inv(A)",
        "det(A)",
        "norm(A)",
        "trace(A)",
        "sum(A, axis=0)",
        "A[0]",
        "eye(3)",
        "prod(b)",
        "exp(A)*A",
    ]
    nodes = [
        *scalars,
        *(sd.parse(text, shapes={"A": a.shape, "b": b.shape}) for text in arrays),
        sd.parse("1e-20*x/3 + inf"),
    ]
    for node in nodes:
        root = ElementTree.fromstring(mathml(sd.to_latex(node)))
        names = {element.text for element in root.iter("mi")}
        commands = set(re.findall(r"\\([a-zA-Z]+)", sd.to_latex(node)))
        known = {
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "arcsin",
            "arccos",
            "arctan",
            "log",
            "exp",
            "det",
            "max",
            "min",
        }
        assert not (names & commands) - known, node


# -- the command line ----------------------------------------------------------------------------------------------


def test_command(cli, tmp_path) -> None:
    args = ["explain", "(a+3*b)*c**2", "--at", "a=2,b=3,c=4"]
    plain = sd.explain(sd.parse(args[1]), {"a": 2, "b": 3, "c": 4})
    assert cli(*args) == (0, f"{plain}\n", "")
    assert cli(*args, "--format", "latex").out.startswith("\\begin{aligned}\nf &= ")
    record = json.loads(cli(*args, "--format", "json").out)
    assert record["gradient"] == {"a": 16, "b": 48, "c": 88}
    assert record["sweeps"][0]["moves"][0]["shares"][0] == {
        "operand": "v2", "partial": "v3", "partial_value": 16, "value": 16, "sum": 16,
    }  # fmt: skip
    page = tmp_path / "steps.html"
    assert cli(*args, "--format", "html", "-o", str(page)) == (0, "", "")
    assert page.read_text() == plain.to_html()
    forward = cli(*args, "--mode", "forward", "--wrt", "b").out
    assert "derivatives by b" in forward and "df/db  = 48" in forward and "df/da" not in forward


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["explain", "x*y", "--at", "x=1"], "no value for y"),
        (["explain", "x"], "no value for x"),
        (["explain", "x", "--shape", "x=n", "--at", "x=[1,2]"], "explain takes a formula that is a number"),
        (["explain", "sum(x)", "--shape", "x=n", "--at", "x=[1,2]", "--mode", "forward"], "follows one number"),
        (["explain", "x", "--at", "x=1", "--mode", "sideways"], "--mode"),
        (["explain", "x", "--at", "x=1", "-o", "no/such/folder/x.txt"], "cannot write"),
    ],
)
def test_command_errors(cli, args, says) -> None:
    result = cli(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ") and says in result.err and result.err.count("\n") == 1
