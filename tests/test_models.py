"""Models as users write them: hand-shaped code, agreement with gradients written by hand, structure kept."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.graph.traversal import topological

x, y = sd.symbol("x", ("N", "D")), sd.symbol("y", ("N", "O"))
w1, w2, rate = sd.symbol("w1", ("D", "H")), sd.symbol("w2", ("H", "O")), sd.symbol("rate")


def two_layers() -> tuple[sd.Node, list[sd.Node]]:
    loss = sd.sum((sd.sigmoid(x @ w1) @ w2 - y) ** 2)
    loss, *gradient = sd.simplify([loss, *sd.grad(loss, [w1, w2])])
    return loss, gradient


def test_the_source_has_the_shape_of_the_hand_written_lines() -> None:
    loss, gradient = two_layers()
    body = sd.source([loss, *gradient], [x, y, w1, w2]).split("def f(")[1]
    h, error, g = re.findall(r"^    (t\d) = ", body, re.M)
    assert f"{h} = _sigmoid(x @ w1)\n    {error} = {h} @ w2 - y\n    {g} = 2*{error}\n" in body
    assert f"[({error}*{error}).sum(), x.T @ (({g} @ w2.T)*{h}*(1 - {h})), {h}.T @ {g}]" in body
    assert body.count("@") == 5 and "copy" not in body and "einsum" not in body


def by_hand(X: Any, Y: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    h = 1 / (1 + np.exp(-X.dot(a)))
    error = h.dot(b) - Y
    g = 2.0 * error
    return np.square(error).sum(), X.T.dot(g.dot(b.T) * h * (1 - h)), h.T.dot(g)


@pytest.mark.parametrize("schedule", ["clear", "fast"])
def test_every_step_agrees_with_the_gradient_by_hand(schedule: str) -> None:
    loss, gradient = two_layers()
    inputs = [x, y, w1, w2, rate]
    fn = sd.compile([loss, *gradient], inputs[:-1], schedule=schedule)
    updates = {w1: w1 - rate * gradient[0], w2: w2 - rate * gradient[1]}
    step = sd.compile(loss, inputs, updates=updates, schedule=schedule)
    rng = np.random.default_rng(0)
    data = [rng.normal(size=shape) for shape in ((64, 100), (64, 10))]
    params = [rng.normal(size=shape) * 0.1 for shape in ((100, 30), (30, 10))]
    first = last = None
    for _ in range(300):
        expected = by_hand(*data, *params)
        for ours, hand in zip(fn(*data, *params), expected, strict=True):
            assert np.abs(ours - hand).max() <= 1e-12 * np.abs(hand).max()
        moved = [p - 1e-4 * g for p, g in zip(params, expected[1:], strict=True)]
        last = step(*data, *params, 1e-4)
        first = last if first is None else first
        for param, wanted in zip(params, moved, strict=True):
            np.testing.assert_allclose(param, wanted, rtol=0, atol=1e-14)
    assert first is not None and last is not None and last < first


def test_updates_read_only_old_values() -> None:
    """Each variable is moved by the other's old value, however the code orders the assignments."""
    a, b = sd.symbol("a", ("n", "n")), sd.symbol("b", ("n", "n"))
    for schedule in ("clear", "fast"):
        swap = sd.compile(sd.sum(a - b), [a, b], updates={a: b.T, b: b + a}, schedule=schedule)
        p, q = np.arange(4.0).reshape(2, 2), np.ones((2, 2)) * np.array([[1.0, 2.0], [3.0, 4.0]])
        before = p.copy(), q.copy()
        value = swap(p, q)
        np.testing.assert_array_equal(p, before[1].T)
        np.testing.assert_array_equal(q, before[1] + before[0])
        assert value == (before[0] - before[1]).sum()


def test_updates_are_checked() -> None:
    with pytest.raises(sd.ShapeError, match="has its shape"):
        sd.compile(sd.sum(w1), [w1], updates={w1: sd.sum(w1)})
    with pytest.raises(sd.UnsupportedError, match="backend"):
        sd.compile(rate, [rate], backend="math", updates={rate: rate + 1})
    step = sd.compile(sd.sum(w1), [w1], updates={w1: w1 * 2})
    with pytest.raises(TypeError, match="writeable array of floating-point"):
        step([[1, 2]])


def mixture(n: int, d: int, k: int) -> tuple[sd.Node, list[sd.Node], list[Any]]:
    from benchmarks.models import mixture as model
    from benchmarks.models import mixture_point

    value, inputs, _ = model()
    return value, inputs, mixture_point(n, d, k)


def test_gaussian_mixture() -> None:
    """The value against a direct computation, the gradient against complex steps; one product for each factor."""
    value, inputs, point = mixture(7, 3, 2)
    data, alphas, means, logs, lower, gamma, m = point
    total = 0.0
    for row in data:
        terms = []
        for j in range(len(alphas)):
            factor = np.diag(np.exp(logs[j])) + np.tril(lower[j], -1)
            z = factor @ (row - means[j])
            terms.append(alphas[j] + logs[j].sum() - z @ z / 2)
        total += np.log(np.exp(terms).sum())
    total -= 7 * np.log(np.exp(alphas).sum()) + 7 * 3 / 2 * np.log(2 * np.pi)
    total += gamma**2 / 2 * ((np.exp(logs) ** 2).sum() + (np.tril(lower, -1) ** 2).sum()) - m * logs.sum()
    learnt = inputs[1:5]
    simple = sd.simplify([value, *sd.grad(value, learnt)])
    found, *gradient = sd.compile(simple, inputs)(*point)
    assert found == pytest.approx(total, rel=1e-13)
    clear = sd.compile(simple[0], inputs, schedule="clear")
    for place, part in enumerate(gradient, 1):
        index = tuple(size - 1 for size in part.shape) if part.ndim < 3 else (1, 2, 0)
        moved = [np.asarray(array, complex) for array in point]
        moved[place][index] += 1e-30j
        assert part[index] == pytest.approx(clear(*moved).imag / 1e-30, rel=1e-10)
    products = [node for node in topological(*simple) if node.op.name == "contract" and len(node.args) == 2]
    assert len([node for node in products if max(arg.ndim for arg in node.args) == 3]) <= 3


def test_sizes_decide_which_factor_is_scaled() -> None:
    """A learning rate scales the smaller of a product's factor and its result, where the sizes are known."""
    loss, gradient = two_layers()
    small, large = ({"N": n, "D": 50, "H": 20, "O": 5} for n in (10, 1000))
    new = w1 - rate * gradient[0]
    assert sd.simplify(new, sizes=large) is sd.simplify(new)
    assert "x.T @ (2*rate*" in str(sd.simplify(new, sizes=small))
    assert "- rate*(x.T @" in str(sd.simplify(new, sizes=large))
    again = sd.simplify(new, sizes=small)
    assert sd.simplify(again, sizes=small) is again
    step = sd.train.step(loss, [w1, w2], sizes=small)
    assert "x.T @ (lr*" in str(step.updates[w1]).replace("2*lr", "lr")
