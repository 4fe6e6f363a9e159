"""Structured Hessians against dense ones: products, diagonals, solves; nothing multiplied out."""

from __future__ import annotations

import numpy as np
import pytest

import symdiff as sd

x, w, y, s, t = sd.symbol("x", "n"), sd.symbol("w", "d"), sd.symbol("y", "n"), *sd.symbols("s t")
X, A, U, V, T = (sd.symbol(n, tuple(s)) for n, s in (("X", "nd"), ("A", "nn"), ("U", "nk"), ("V", "dk"), ("T", "nd")))
SIZES = {"n": 6, "d": 4, "k": 2}
CASES = {
    "softmax": (sd.logsumexp(x) + sd.sum(x**2), [x]),
    "quadratic": (x @ A @ x, [x]),
    "logistic": (sd.sum(sd.softplus(-y * (X @ w))), [w]),
    "factors": (sd.sum((T - U @ V.T) ** 2), [U, V]),
    "elementwise": (sd.sum(sd.exp(X) * T), [X]),
    "bands": (sd.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2), [x]),
    "network": (sd.mean((sd.tanh(X @ V) - U) ** 2), [V]),
    "sum of squares": (sd.sum(x) ** 2 + sd.sum(sd.cosh(x)), [x]),
    "scalar": (s**2 * sd.exp(s), [s]),
    "scalars and an array": (sd.sum(x**2) * sd.sin(s) * t + s**3, [t, x, s]),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_the_dense_form(name: str) -> None:
    f, wrt = CASES[name]
    inputs = list(sd.variables([f, *wrt]))
    rng = np.random.default_rng(0)
    values = [rng.normal(size=tuple(SIZES[size] for size in var.shape)) for var in inputs]
    operator = sd.Structured(f, wrt).compile(inputs)(*values)
    dense = sd.compile(sd.hessian(f, wrt, form="dense"), inputs)(*values)
    np.testing.assert_allclose(operator.todense(), dense, atol=1e-11)
    np.testing.assert_allclose(operator.diagonal(), np.diagonal(dense), atol=1e-11)
    vector = rng.normal(size=len(dense))
    np.testing.assert_allclose(operator @ vector, dense @ vector, atol=1e-10)
    if np.linalg.matrix_rank(dense) == len(dense):
        np.testing.assert_allclose(dense @ operator.solve(vector), vector, atol=1e-6)


def test_a_factorisation_holds_a_small_block() -> None:
    """The block of U by U is a delta times V.T @ V: no array of U's size squared, and none that depends on T."""
    f = sd.norm(T - U @ V.T) ** 2
    found = sd.Structured(f, U)
    assert [factor.shape for factor in found.factors if factor.shape] == [("d", "k")] or all(
        set(factor.shape) <= {"d", "k"} for factor in found.factors
    )
    assert "T" not in {var.name for var in sd.variables(found.factors)}


def test_low_rank_plus_diagonal_is_solved_without_the_matrix() -> None:
    n = 20_000
    values = np.random.default_rng(1).normal(size=n)
    operator = sd.Structured(sd.logsumexp(x) + sd.sum(x**2), x).compile([x])(values)
    right = np.ones(n)
    np.testing.assert_allclose(operator @ operator.solve(right), right, atol=1e-10)


def test_wrong_right_side() -> None:
    operator = sd.Structured(sd.sum(x**2), x).compile([x])(np.ones(3))
    with pytest.raises(sd.SymdiffError, match="has 3 rows"):
        operator.solve(np.ones(4))
