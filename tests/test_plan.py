"""Plans: operations and bytes by hand, limits of memory, the same numbers in both modes."""

from __future__ import annotations

import pickle

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


def test_a_limit_of_memory_switches_to_products() -> None:
    X, Y, W, V = (sd.symbol(n, tuple(s)) for n, s in (("X", "nd"), ("Y", "no"), ("W", "dh"), ("V", "ho")))
    loss = sd.mean((sd.tanh(X @ W) @ V - Y) ** 2)
    sizes = {"n": 12, "d": 5, "o": 2, "h": 4}
    blocks = sd.DenseHessian(loss, [W, V], [X, Y, W, V], sizes=sizes)
    products = sd.DenseHessian(loss, [W, V], [X, Y, W, V], sizes=sizes, max_memory=blocks.plan.peak_bytes // 2)
    assert (blocks.mode, products.mode) == ("blocks", "products") and "products" in repr(products)
    assert products.plan.peak_bytes < blocks.plan.peak_bytes
    rng = np.random.default_rng(0)
    values = [rng.normal(size=tuple(sizes[size] for size in var.shape)) for var in (X, Y, W, V)]
    np.testing.assert_allclose(blocks(*values), products(*values), atol=1e-14)
    with pytest.raises(sd.LimitError, match="product needs"):
        sd.DenseHessian(loss, [W, V], [X, Y, W, V], sizes=sizes, max_memory=100)
    with pytest.raises(sd.SymdiffError, match="inputs need V"):
        sd.DenseHessian(loss, [W, V], [X, Y, W])
