"""The fast schedule: the values of the clear one, buffers that nobody sees, no array allocated after the first call."""

from __future__ import annotations

import re
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest

import symdiff as sd

SHAPES = {"X": ("n", "d"), "A": ("d", "d"), "W": ("d", "k"), "w": ("d",), "y": ("n",), "b": ("k",), "s": ()}
SIZES = {"n": 7, "d": 4, "k": 3}
FORMULAS = [
    "sum((X @ w - y)**2)/n",
    "mean((tanh(X @ W + b))**3)",
    "sum(sigmoid(X @ W)*X[:, :1]) + s*sum(w**3)",
    "sum(softplus(-y*(X @ w)))",
    "sum(logsumexp(X @ W + b, axis=1)) + sum(softmax(X, axis=0)*X)",
    "sum(where(X > 0, X, exp(X))*w) + sum(relu(X @ A))",
    "sum(max(X @ A, axis=1)*y) + min(X)",
    "log(det(A @ A.T + eye(d))) + trace(inv(A @ A.T + eye(d)))",
    "w @ A @ w + sum(outer(w, w)*A.T)",
    "sum(concatenate((w[1:], w[:2]))**2) + prod(w) + sum(cumsum(w))",
    "sum(X.T @ X) + sum((X.T*w[:, None])**2) + norm(X)",
    'sum(einsum("ij,ik,il->jkl", X, X, X)**2)',
    "sum(leaky_relu(X)) + sum(elu(X)) + sum(X**-2) + sum(abs(X)**1.5)",
    "sum(reshape(X, (-1,))**2) + sum(X[::-1]*X) + sum(maximum(X, w))",
    "sum(diag(w) @ A) + sum(tril(A)*A) + var(X) + sum(kron(w, b))",
]


def values(nodes: Any, dtype: str = "float64", seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = [tuple(SIZES.get(size, size) for size in var.shape) for var in sd.variables(nodes)]
    return [np.asarray(rng.normal(size=shape), dtype) for shape in shapes]


def parts(text: str) -> list[sd.Node]:
    f = sd.parse(text, shapes=SHAPES)
    return list(sd.simplify([f, *sd.grad(f, list(sd.variables(f)))]))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("text", FORMULAS)
def test_same_values_as_clear(text: str, dtype: str) -> None:
    nodes = parts(text)
    inputs = sd.variables(nodes)
    clear, fast = (sd.compile(nodes, inputs, schedule=schedule) for schedule in ("clear", "fast"))
    for seed in range(3):
        arrays = values(nodes, dtype, seed)
        kept = [array.copy() for array in arrays]
        for a, b in zip(clear(*arrays), fast(*arrays), strict=True):
            assert a.dtype == b.dtype == dtype and a.shape == b.shape
            near = 1e-12 if dtype == "float64" else 2e-4
            np.testing.assert_allclose(a, b, rtol=near, atol=near)
        for array, before in zip(arrays, kept, strict=True):
            np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("text", FORMULAS)
def test_results_survive_the_next_call(text: str) -> None:
    nodes = parts(text)
    fast = sd.compile(nodes, sd.variables(nodes))
    arrays = values(nodes)
    first = fast(*arrays)
    kept = [np.copy(part) for part in first]
    second = fast(*values(nodes, seed=1))
    for part, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(part, before)
    for part in [*first, *second]:
        assert not any(np.shares_memory(part, array) for array in arrays)
    assert not any(np.shares_memory(a, b) for a in first for b in second)


def test_variables_may_be_named_like_buffers() -> None:
    b0, b1, t0 = (sd.symbol(name, "n") for name in ("b0", "b1", "t0"))
    fn = sd.compile(sd.exp(b0 * b1) * (b1 + t0), [b0, b1, t0])
    arrays = [np.arange(3.0), np.ones(3), np.zeros(3)]
    np.testing.assert_allclose(fn(*arrays), np.exp(np.arange(3.0)))
    np.testing.assert_array_equal(arrays[1], np.ones(3))


def test_no_array_is_allocated_after_the_first_step() -> None:
    """A training step of a network: everything lives in buffers, and parameters are written in place."""
    X, Y = sd.symbol("X", ("N", "D")), sd.symbol("Y", ("N", "O"))
    W, V, rate = sd.symbol("W", ("D", "H")), sd.symbol("V", ("H", "O")), sd.symbol("rate")
    loss = sd.sum((sd.sigmoid(X @ W) @ V - Y) ** 2)
    gw, gv, loss = sd.simplify([*sd.grad(loss, [W, V]), loss])
    step = sd.compile(loss, [X, Y, W, V, rate], updates={W: W - rate * gw, V: V - rate * gv})
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((64, 200), (64, 10), (200, 100), (100, 10))]
    step(*arrays, 1e-6)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(5):
            step(*arrays, 1e-6)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 64 * 10 * 8, "less than the smallest matrix of the step"


def test_threads_have_their_own_buffers() -> None:
    X, w = sd.symbol("X", ("n", "d")), sd.symbol("w", "d")
    fn = sd.compile(sd.simplify(sd.grad(sd.sum(sd.tanh(X @ w) ** 2), w)), [X, w])
    rng = np.random.default_rng(0)
    cases = [(rng.normal(size=(300, 20)), rng.normal(size=20)) for _ in range(8)]
    expected = [fn(*case) for case in cases]
    wrong: list[int] = []

    def work(place: int) -> None:
        for _ in range(200):
            if not np.array_equal(fn(*cases[place]), expected[place]):
                wrong.append(place)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_few_buffers() -> None:
    """A chain of elementwise operations needs one buffer."""
    x = sd.symbol("x", "n")
    f = x
    for _ in range(50):
        f = sd.sin(f) * 2
    text = sd.source(sd.sum(f), [x], schedule="fast")
    assert len(re.findall(r"np\.empty", text)) == 1


def test_shapes_may_change_between_calls() -> None:
    x = sd.symbol("x", "n")
    fn = sd.compile(sd.exp(x) * x, [x])
    for n in (3, 5, 3, 0, 7, 9, 11, 3):
        np.testing.assert_allclose(fn(np.ones(n)), np.full(n, np.e))


def test_a_sum_with_a_diagonal_is_written_in_place() -> None:
    A, x = sd.symbol("A", ("n", "n")), sd.symbol("x", "n")
    f = sd.sum(sd.exp(A @ A - sd.diag(x)) ** 2) + sd.sum((sd.diag(sd.cos(x)) + A.T @ A) ** 3)
    text = sd.source(f, [A, x], schedule="fast")
    assert text.count('np.einsum("ii->i", ') == 2 and "np.diag(" not in text
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 4)), rng.normal(size=4)
    slow, quick = (sd.compile(f, [A, x], schedule=schedule)(*values) for schedule in ("clear", "fast"))
    np.testing.assert_allclose(slow, quick, rtol=1e-12)


def test_a_number_among_arrays_is_a_result_too() -> None:
    """A number given as a Python number, returned as it is beside arrays."""
    b, x = sd.symbol("b"), sd.symbol("X", "n")
    assert sd.evaluate([b, b + 1, sd.sum(x)], {"b": 1, "X": [1, 2]}) == [1.0, 2.0, 3.0]


def test_numbers_are_read_as_kept_arrays() -> None:
    """Python numbers cost NumPy's functions twice the call: constants are made once, a rate once a call."""
    x, rate = sd.symbol("x", "n"), sd.symbol("rate")
    nodes = [sd.exp(2 * x) * rate + 2 * sd.sigmoid(x), rate * x / 3]
    text = sd.source(nodes, [x, rate], schedule="fast")
    body = text.split("def f(")[1]
    assert not re.search(r"np\.\w+\((\d|.*, \d)", body) and body.count("np.asarray(rate, dtype)") == 1
    fn, clear = (sd.compile(nodes, [x, rate], schedule=schedule) for schedule in ("fast", "clear"))
    for dtype in ("float64", "float32"):
        values = np.linspace(-2, 2, 7, dtype=dtype), 0.1
        for a, b in zip(fn(*values), clear(*values), strict=True):
            assert a.dtype == dtype
            np.testing.assert_array_max_ulp(a, b, 2)


def test_complex_steps_pass_through_sums_of_products() -> None:
    """No product is conjugated: the imaginary part of a step is the derivative."""
    x, w = sd.symbol("x", ("n", "d")), sd.symbol("w", ("n", "d"))
    f = sd.sum(x**2) + sd.sum(x * w)
    values = [np.arange(6.0).reshape(2, 3), np.ones((2, 3))]
    step = np.zeros((2, 3), complex)
    step[1, 2] = 1e-30j
    fn = sd.compile(f, [x, w])
    assert fn(values[0] + step, values[1]).imag / 1e-30 == pytest.approx(
        sd.compile(sd.grad(f, x), [x, w])(*values)[1, 2]
    )


#: Losses whose step allocates nothing, with what is learnt. What still does: docs/backends.md.
STEPS = [
    ("sum((sigmoid(X @ A) @ W - Y)**2)/n", "A W"),
    ("mean((tanh(tanh(X @ A + a) @ A) @ W + b - Y)**2)", "A a W b"),
    ("mean((relu(X @ A + a) @ W + b - Y)**2)", "A a W b"),
    ("sum(softplus(-y*(X @ w)))/n + sum(w**2)", "w"),
    ("sum(where(abs(X @ w - y) < 1, (X @ w - y)**2/2, abs(X @ w - y) - 1/2))", "w"),
    ("sum(max(X @ A, axis=1)*y)", "A"),
    ("sum(((X @ A - mean(X @ A, axis=0))/sqrt(var(X @ A, axis=0) + 1))**3)", "A"),
]


@pytest.mark.parametrize(("text", "learnt"), STEPS)
def test_training_steps_allocate_no_array(text: str, learnt: str) -> None:
    """The peak of a step is below 2 kB, the size of its smallest array.

    NumPy copies an operand with repeated axes piece by piece through a buffer of 64 kB, which is made small here.
    """
    shapes = SHAPES | {"Y": ("n", "k"), "a": ("d",)}
    sizes = {"n": 300, "d": 270, "k": 260}
    loss, rate = sd.parse(text, shapes=shapes), sd.symbol("rate")
    params = [sd.symbol(name, shapes[name]) for name in learnt.split()]
    out, *new = sd.simplify([loss, *(p - rate * g for p, g in zip(params, sd.grad(loss, params), strict=True))])
    inputs = [*sd.variables(loss), rate]
    step = sd.compile(out, inputs, updates=dict(zip(params, new, strict=True)))
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=[sizes[s] for s in var.shape]) / 20 for var in inputs[:-1]]
    before = np.setbufsize(16)
    try:
        for _ in range(3):
            step(*arrays, 1e-3)
        tracemalloc.start()
        start = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(3):
            step(*arrays, 1e-3)
        peak = tracemalloc.get_traced_memory()[1] - start
    finally:
        tracemalloc.stop()
        np.setbufsize(before)
    assert peak < 2000
