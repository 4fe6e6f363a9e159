"""Plans: operations and bytes by hand, limits of memory, the same numbers in all modes."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest

import symdiff as sd

A, B = sd.symbol("A", ("m", "n")), sd.symbol("B", ("n", "k"))
SIZES = {"m": 10, "n": 20, "k": 30}


def test_costs_by_hand() -> None:
    found = sd.plan([sd.exp(A @ B), sd.sum(A)], SIZES)
    assert found.flops == 2 * 10 * 20 * 30 + 10 * 30 + 10 * 20
    assert found.peak_bytes == 8 * 10 * 30, "the product, while its exponential is a result"
    assert (found.input_bytes, found.result_bytes) == (8 * (200 + 600), 8 * (300 + 1))
    assert "3 steps, 12,500 operations" in str(found) and "A @ B" in str(found)


def test_letters_without_a_size_are_named() -> None:
    assert sd.plan(A @ B, {"m": 2}).assumed == ("n", "k")
    assert "n, k taken as 64" in str(sd.plan(A @ B, {"m": 2}))


def test_compiled_functions_have_a_plan() -> None:
    fn = sd.compile(A @ B, [A, B])
    assert fn.plan.flops == 2 * 64**3
    with pytest.raises(sd.SymdiffError, match="no plan"):
        _ = pickle.loads(pickle.dumps(fn)).plan


def _network(**sizes: int) -> tuple[sd.Node, list[sd.Node], list[sd.Node], list[np.ndarray]]:
    """Loss, parameters, inputs and a point of a net with two layers."""
    X, Y, W, b, V = (
        sd.symbol(n, tuple(s)) for n, s in (("X", "nd"), ("Y", "no"), ("W", "dh"), ("b", "h"), ("V", "ho"))
    )
    inputs, rng = [X, Y, W, b, V], np.random.default_rng(0)
    values = [rng.normal(size=tuple(sizes[size] for size in var.shape)) / 3 for var in inputs]
    return sd.mean((sd.tanh(X @ W + b) @ V - Y) ** 2), [W, b, V], inputs, values


@pytest.mark.parametrize(("share", "mode"), [(1.05, "blocks"), (0.5, "rows"), (0.3, "rows"), (0.05, "products")])
def test_a_limit_of_memory_is_kept(share: float, mode: str) -> None:
    """The bytes planned and those measured, which are some 0.2 MB of NumPy's own more, are below the limit."""
    sizes = {"n": 200, "d": 30, "o": 10, "h": 40}
    loss, params, inputs, values = _network(**sizes)
    blocks = sd.DenseHessian(loss, params, inputs, sizes=sizes)
    limit = int(share * blocks.plan.peak_bytes)
    found = sd.DenseHessian(loss, params, inputs, sizes=sizes, max_memory=limit)
    assert found.mode == mode and found.bytes <= limit
    tracemalloc.start()
    try:
        matrix = found(*values)
        measured = tracemalloc.get_traced_memory()[1] - matrix.nbytes
    finally:
        tracemalloc.stop()
    assert measured < limit and measured < found.bytes + 300_000
    known = blocks(*values)
    np.testing.assert_allclose(matrix, known, rtol=0, atol=1e-12 * np.abs(known).max())
    assert np.array_equal(matrix, matrix.T)


@pytest.mark.parametrize(("mode", "limit"), [("rows", 2200), ("products", 1200)])
def test_rows_and_products_are_the_blocks(mode: str, limit: int) -> None:
    """Variables of every rank, a last group that is smaller, and sizes that are not those of the plan."""
    t, x, U = sd.symbol("t"), sd.symbol("x", "n"), sd.symbol("U", ("n", 2))
    loss = sd.exp(t) * sd.sum(sd.cosh(x)) ** 2 + sd.logsumexp(U @ U.T @ x) + sd.sum(x[1:] * x[:-1] ** 3)
    inputs, sizes = [t, x, U], {"n": 7}
    whole = sd.DenseHessian(loss, inputs, inputs, sizes=sizes)
    part = sd.DenseHessian(loss, inputs, inputs, sizes=sizes, max_memory=limit)
    assert part.mode == mode and mode in repr(part)
    assert f"{whole.bytes:,}" in part.reason and part.reason in str(part)
    for n in (7, 9, 2):
        rng = np.random.default_rng(n)
        values = [rng.normal(size=()), rng.normal(size=n), rng.normal(size=(n, 2))]
        known = whole(*values)
        np.testing.assert_allclose(part(*values), known, rtol=0, atol=1e-12 * np.abs(known).max())
    assert part(*(np.float32(value) for value in values)).dtype == np.float32


def test_limits_and_inputs_that_do_not_fit() -> None:
    sizes = {"n": 12, "d": 5, "o": 2, "h": 4}
    loss, params, inputs, _ = _network(**sizes)
    with pytest.raises(sd.LimitError, match="product needs 3,200 bytes and the limit is 100"):
        sd.DenseHessian(loss, params, inputs, sizes=sizes, max_memory=100)
    with pytest.raises(sd.SymdiffError, match="inputs need V"):
        sd.DenseHessian(loss, params, inputs[:-1])
