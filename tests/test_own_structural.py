"""An operation on whole arrays that a user declares in one place: every part of symdiff knows it from then on."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.graph.leaves import as_node
from symdiff.graph.node import OPS, make
from symdiff.graph.operators import FUNCTIONS
from symdiff.ops.arguments import one_axis, whole


def declared() -> sd.Op:
    def roll(x: Any, shift: Any, axis: Any = -1) -> sd.Node:
        """The elements moved along the axis; those that leave at its end enter at its start."""
        node = as_node(x)
        return op(node, whole(shift, "a shift"), one_axis(node, axis, "roll"))

    def by_slices(node: sd.Node, x: sd.Node) -> sd.Node:
        shift, axis = node.attrs
        before = (slice(None),) * axis
        return sd.concatenate((x[(*before, slice(-shift, None))], x[(*before, slice(None, -shift))]), axis)

    op = sd.structural(
        "roll",
        1,
        build=lambda op, x, shift, axis: make(op, (x,), (shift, axis), x.shape) if shift else x,
        pullback=lambda ct, y, x: (op(ct, -y.attrs[0], y.attrs[1]),),
        function=roll,
        domain="all arrays",
        text_of=lambda node: f"roll({{0}}, {node.attrs[0]}, axis={node.attrs[1]})",
        numpy=lambda node: f"np.roll({{0}}, {node.attrs[0]}, {node.attrs[1]})",
        array_api=lambda node: f"xp.roll({{0}}, {node.attrs[0]}, axis={node.attrs[1]})",
        lowered=by_slices,
    )
    return op


@pytest.fixture(autouse=True)
def roll(own_rows: None) -> sd.Op:
    return declared()


X = sd.symbol("X", (4, 3))
x = sd.symbol("x", "n")
POINT = np.random.default_rng(0).uniform(-1, 1, (4, 3))
#: A loss whose second derivative is not constant, and the same without the operation.
LOSS = "sum(X**3 * roll(X, -1, axis=0) + sin(X) * roll(X**2, 2))"
SLICES = """sum(X**3 * concatenate((X[1:], X[:1])) + sin(X) * concatenate((X[:, 1:]**2, X[:, :1]**2), axis=1))"""


def losses() -> list[sd.Node]:
    return [sd.parse(text, shapes={"X": X.shape}) for text in (LOSS, SLICES)]


def test_names(roll: sd.Op, cli: Any) -> None:
    assert sd.roll is roll.function
    assert "roll" in dir(sd)
    entry = next(row for row in json.loads(cli("ops", "--format", "json").out) if row["name"] == "roll")
    assert (entry["arguments"], entry["domain"]) == ("x, shift, axis=-1", "all arrays")
    assert entry["about"].startswith("The elements moved along the axis")


def test_texts_are_read_back() -> None:
    for text, node in {
        "roll(x, 1, axis=0)": sd.roll(x, 1),
        "roll(X + 1, -2, axis=1)*roll(X, 1, axis=0)": sd.roll(X + 1, -2) * sd.roll(X, 1, axis=0),
    }.items():
        assert str(node) == text
        assert sd.parse(text, shapes={"x": "n", "X": X.shape}) is node
    assert sd.to_latex(sd.roll(x**2, 1)) == r"\operatorname{roll}_{0}\left(x^{2}, 1\right)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("roll(x, 1.5)", "a shift is a whole number"),
        ("roll(x, 1, axis=1)", "roll has no axis 1"),
        ("roll(x)", "roll takes 2 or 3 arguments, not 1"),
        ("roll(x, 1, by=1)", 'roll has no keyword "by"'),
    ],
)
def test_mistakes_are_said(text: str, message: str) -> None:
    with pytest.raises(sd.ParseError, match=message):
        sd.parse(text, shapes={"x": "n"})


@pytest.mark.parametrize("backend", ["numpy", "c", "array_api"])
def test_value_and_gradient(backend: str) -> None:
    outputs = [part for loss in losses() for part in (loss, sd.grad(loss, X))]
    value, gradient, expected, by_slices = sd.compile(outputs, [X], backend=backend)(POINT)
    assert np.allclose(value, expected, rtol=1e-14)
    assert np.allclose(gradient, by_slices, rtol=1e-13)
    assert np.array_equal(sd.compile(sd.roll(X, 1, axis=0), [X], backend=backend)(POINT), np.roll(POINT, 1, 0))


def test_derivatives_agree_with_differences_and_each_other() -> None:
    loss, by_slices = losses()
    assert sd.check_grads(loss).ok
    V = sd.symbol("V", X.shape)
    values = {"X": POINT, "V": POINT[::-1]}
    for derivative in (sd.hvp, sd.jvp):
        got, expected = (sd.evaluate(derivative(f, X, V), values) for f in (loss, by_slices))
        assert np.allclose(got, expected, rtol=1e-12)
    assert sd.jvp(sd.roll(x, 1), x, x**2) is sd.roll(x**2, 1)


def test_dense_derivatives() -> None:
    loss, by_slices = losses()
    for got, expected in ((sd.hessian(f, X), sd.jacobian(sd.grad(f, X), X)) for f in (loss, by_slices)):
        assert np.allclose(*sd.evaluate((got, expected), {"X": POINT}), rtol=1e-12)
    got, expected = sd.evaluate((sd.hessian(loss, X), sd.hessian(by_slices, X)), {"X": POINT})
    assert np.allclose(got, expected, rtol=1e-12)
    by_x = sd.compile(sd.jacobian(sd.roll(x, -1), x), [x])
    assert np.array_equal(by_x([1.0, 2.0, 4.0]), np.roll(np.eye(3), -1, axis=0))


def test_removal_frees_the_name(roll: sd.Op) -> None:
    roll.remove()
    assert "roll" not in OPS
    assert "roll" not in FUNCTIONS
    with pytest.raises(sd.ParseError, match='unknown function "roll"'):
        sd.parse("roll(x, 1)", shapes={"x": "n"})
    assert declared().function is sd.roll


@pytest.mark.parametrize("name", ["mean", "sin"])
def test_a_function_that_is_there_is_kept(name: str) -> None:
    def function(x: Any) -> sd.Node:
        return as_node(x)

    function.__name__ = name
    message = f"formulas have a function {name!r} already; rename that of 'own_function'"
    with pytest.raises(sd.SymdiffError, match=message):
        sd.structural("own_function", 1, function, function, function=function, domain="all arrays", numpy="{0}")
    assert "own_function" not in OPS
