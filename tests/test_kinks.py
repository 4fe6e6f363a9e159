"""Policies at kinks: values stay, and derivatives of every order are those of the side that was asked for."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import symdiff as sd
from symdiff.cli import main
from symdiff.differentiate.kinks import POLICIES

x, y = sd.symbols("x y")
#: Formulas with a kink at x = 0, and the function itself beside it, for differences from one side.
FORMULAS = (
    "abs(x)", "relu(x)", "leaky_relu(x)", "elu(x)", "maximum(x, 2*x)", "minimum(sin(x), x**2)", "abs(x)**3 + x",
    "exp(abs(x) + relu(x))", "sqrt(1 + abs(x))*cos(x)", "maximum(x, 0)*minimum(x, 0) + abs(sin(x))", "abs(x*(x + 1))",
)  # fmt: skip


def _sided(f: sd.Node, side: float, order: int) -> float:
    """The one-sided derivative at 0 by extrapolated differences of the function's own values."""
    fn = sd.compile(f, [x], backend="math")
    weights = {1: (-3, 4, -1), 2: (2, -5, 4, -1)}[order]
    scale = {1: 2, 2: 1}[order]
    estimates = []
    for h in (1e-3, 5e-4):
        total = math.fsum(weight * fn(side * k * h) for k, weight in enumerate(weights))
        estimates.append(total / (scale * (side * h) ** order))
    return (4 * estimates[1] - estimates[0]) / 3


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("text", FORMULAS)
def test_sides(text: str, order: int) -> None:
    f = sd.parse(text)
    left, right = _sided(f, -1, order), _sided(f, 1, order)
    if text == "maximum(x, 2*x)":  # the first argument is the smaller one on the right of 0
        left, right = right, left
    wanted_by = {"left": left, "right": right} | ({"mean": (left + right) / 2} if order == 1 else {})
    for policy, wanted in wanted_by.items():
        found = sd.diff(f, x, order, kinks=policy)
        assert sd.evaluate(found, {x: 0.0} if sd.variables(found) else {}) == pytest.approx(wanted, abs=2e-4)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("text", (*FORMULAS, "sign(x)", "floor(x) + ceil(x/2)", "hypot(x, y)", "x % 2"))
def test_elsewhere_nothing_changes(text: str, policy: str) -> None:
    f = sd.parse(text)
    if text == "hypot(x, y)" and policy in ("left", "right"):
        with pytest.raises(sd.UnsupportedError, match="hypot has no"):
            sd.with_kinks(f, policy)
        return
    g = sd.with_kinks(f, policy)
    point = {"x": np.array([-1.3, -0.4, 0.7, 1.6]), "y": 0.3}
    for order in range(3):
        parts = [sd.diff(part, x, order) + 0 * (x + y) for part in (f, g)]
        wanted, got = (sd.compile(part, [x, y])(point["x"], point["y"]) for part in parts)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
    at_kink = [sd.evaluate(part + 0 * (x + y), {x: 0.0, y: 0.0}) for part in (f, g)]
    assert at_kink[0] == at_kink[1]


@pytest.mark.parametrize("text", ["abs(x)", "relu(x)", "maximum(x, y)", "minimum(y, x)", "hypot(x, y)", "sign(x)"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_zero_and_nan_at_every_order(text: str, order: int) -> None:
    f = sd.parse(text)
    for policy, wanted in (("zero", 0.0), ("nan", math.nan)):
        for backend in ("numpy", "math"):
            fn = sd.compile(sd.diff(f, x, order, kinks=policy), [x, y], backend=backend)
            if text == "hypot(x, y)" and policy == "nan":
                continue  # 0/0 is NaN already, with a warning
            assert fn(0.0, 0.0) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("backend", ["numpy", "math"])
def test_error_raises_at_the_kink_only(backend: str) -> None:
    fn = sd.compile((abs(x), sd.grad(abs(x), x, kinks="error")), [x], backend=backend)
    assert fn(2.0) == (2.0, 1.0)
    with pytest.raises(ArithmeticError, match="a point is at a kink"):
        fn(0.0)


@pytest.mark.parametrize(
    ("text", "policy", "wanted"),
    [
        ("max(v)", "zero", [0, 0, 0]), ("max(v)", "mean", [0.5, 0.5, 0]), ("max(v)", "nan", [np.nan, np.nan, 0]),
        ("norm(v - v)", "zero", [0, 0, 0]), ("sum(relu(v - 1))", "right", [1, 1, 0]),
        ("sum(relu(v - 1))", "left", [0, 0, 0]), ("sum(maximum(v, 1))", "mean", [0.5, 0.5, 0]),
    ],
)  # fmt: skip
def test_arrays(text: str, policy: str, wanted: list[float]) -> None:
    v = sd.symbol("v", shape=3)
    f = sd.parse(text, shapes={"v": (3,)})
    found = sd.compile(sd.grad(f, v, kinks=policy), [v])(np.array([1.0, 1.0, 0.0]))
    np.testing.assert_array_equal(found, wanted)


def test_norm_at_zero() -> None:
    v = sd.symbol("v", shape=2)
    fn = sd.compile((sd.grad(sd.norm(v), v, kinks="zero"), sd.hessian(sd.norm(v), v, kinks="zero")), [v])
    gradient, second = fn(np.zeros(2))
    assert not gradient.any() and not second.any()
    np.testing.assert_allclose(fn(np.array([3.0, 4.0]))[1] @ [3, 4], 0, atol=1e-15)


@pytest.mark.parametrize(
    "text", ["std(v)", "std(v, ddof=1)", "sum(std(outer(v, [1]), axis=0))", "sqrt(3)*norm(v - mean(v))"]
)
def test_spread_where_all_are_equal(text: str) -> None:
    """The standard deviation is a norm, with the norm's kink."""
    v = sd.symbol("v", shape=3)
    f = sd.parse(text.replace("[1]", "ones((1,))"), shapes={"v": (3,)})
    assert [kink.node.op.name for kink in sd.kinks(f)] == ["norm"]
    stated, zero = (sd.compile(sd.grad(f, v, kinks=policy), [v]) for policy in (None, "zero"))
    with np.errstate(all="ignore"):
        assert np.isnan(stated(np.full(3, 2.0))).all()
    assert not zero(np.full(3, 2.0)).any()
    point = np.array([1.0, 2.0, 5.0])
    np.testing.assert_allclose(zero(point), stated(point), rtol=1e-14)


def test_products_and_matrices_take_the_policy_too() -> None:
    f = abs(x) * y
    assert sd.evaluate(sd.jvp(f, [x, y], [1, 0], kinks="right") + 0 * x, {x: 0.0, y: 3.0}) == 3
    assert sd.evaluate(sd.hvp(f, [x, y], [0, 1], kinks="left"), {x: 0.0})[0] == -1
    assert sd.evaluate(sd.jacobian([f, x], [x, y], kinks="right"), {x: 0.0, y: 3.0}) == ((3, 0), (1, 0))


def test_a_node_may_be_what_is_differentiated_by() -> None:
    inner = abs(x)
    assert sd.grad(inner**2, inner, kinks="left") is 2 * inner


@pytest.mark.parametrize(
    ("step", "slope"),
    [
        (lambda h: sd.relu(h * y + x), lambda h, dh: 0.9 * dh if 0.9 * h + 0.7 > 0 else 0.0),
        (lambda h: sd.where(h > 0, sd.relu(y * h), h) + x, lambda h, dh: 0.9 * dh if h > 0 else dh),
        (lambda h: x**h, None),
    ],
    ids=["relu", "where", "power"],
)
def test_a_chain_of_selections_costs_what_its_length_says(
    step: Callable[[sd.Node], sd.Node], slope: Callable[[float, float], float] | None
) -> None:
    """Masks do not pile up along the chain: the derivative by its start grows with the length, and nothing recurses."""

    def chain(length: int) -> tuple[sd.Node, sd.Node]:
        h = start = sd.symbol("h")
        for _ in range(length):
            h = step(h)
        return h, sd.grad(h, start)

    short, double, _ = ((sum(sd.count_ops(chain(length)).values())) for length in (200, 400, 3000))
    assert double <= 2.01 * short
    if slope is not None:
        h, dh = 0.3, 1.0
        fn = sd.compile(step(sd.symbol("h")), [*sd.variables(step(sd.symbol("h")))], backend="math")
        for _ in range(40):
            dh = slope(h, dh)
            h = fn(h, 0.7, 0.9)
        assert sd.evaluate(chain(40)[1], {"h": 0.3, "x": 0.7, "y": 0.9}) == pytest.approx(dh, rel=1e-12)


def test_refusals() -> None:
    with pytest.raises(sd.SymdiffError, match="one of zero, left, right, mean, nan, error, not 'up'"):
        sd.grad(abs(x), x, kinks="up")
    with pytest.raises(sd.UnsupportedError, match='max has no left side; choose "zero"'):
        sd.grad(sd.max(sd.symbol("v", shape=3)), sd.symbol("v", shape=3), kinks="left")


def _run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(args))
    return int(stop.value.code or 0), *capsys.readouterr()


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "diff", "relu(x)", "--kinks", "right", "--at", "x=0")[1] == "where(x >= 0, 1, 0)\nvalue = 1\n"
    assert _run(capsys, "kinks", "abs(x - 1) + where(y > 0, y, 0)")[1].splitlines() == [
        "x - 1 == 0  abs(x - 1)          x = 0: 0",
        "            where(y > 0, y, 0)  at the edge of c: the branch that is taken",
    ]
    assert _run(capsys, "kinks", "x**2")[1].startswith("no kinks")
    code, out, error = _run(capsys, "diff", "abs(x)", "--kinks", "error", "--at", "x=0")
    assert (code, out) == (2, "") and error.endswith("there is no derivative: a point is at a kink\n")
    assert "np.where(x > 0, 1" in _run(capsys, "code", "relu(x)", "--derivatives", "grad", "--kinks", "left")[1]
