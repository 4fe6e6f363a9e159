"""Newton, standard errors, Laplace's approximation and Hessian operators, against closed forms and dense matrices."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff import nn, train

RNG = np.random.default_rng(7)
N = 60
INPUTS = RNG.normal(size=(N, 3))
WIDE = np.column_stack([INPUTS, np.ones(N)])
TARGET = INPUTS @ [1.0, -2.0, 0.5] + 0.3 + 0.4 * RNG.normal(size=N)
LABELS = (RNG.uniform(size=N) < 1 / (1 + np.exp(-INPUTS @ [1.0, -0.5, 0.2]))).astype(float)

X, y = sd.symbol("X", ("N", 3)), sd.symbol("y", "N")
w, b = sd.symbol("w", 3), sd.symbol("b")
LINE = X @ w + b
START = {"w": np.array([0.1, 0.2, -0.3]), "b": 0.5}

NET = nn.mlp([3, 5, 2], activation="tanh")
CLASSES = {"X": INPUTS, "y": LABELS.astype(int)}
LIKELIHOOD = nn.multiclass_logistic(NET.output, sd.symbol("y", "N")) * N
SECOND = ["Newton", "trust-exact", "trust-ncg", "trust-krylov", "Newton-CG"]


def logistic() -> tuple[sd.Node, dict[str, Any]]:
    return nn.binary_cross_entropy(LINE, y) * N, {"X": INPUTS, "y": LABELS}


def dense(params: dict[str, Any], loss: sd.Node = LIKELIHOOD) -> np.ndarray:
    """The Hessian of the net by central differences of its generated gradient."""
    names = list(params)
    inputs = [sd.symbol("X", ("N", 3)), sd.symbol("y", "N")]
    slope = sd.compile(list(sd.grad(loss, [NET.params[name] for name in names])), [*inputs, *NET.params.values()])
    at = sd.flatten(list(params.values()))
    shapes = [np.shape(array) for array in params.values()]
    gradient = lambda vector: sd.flatten(slope(INPUTS, CLASSES["y"], *sd.unflatten(vector, shapes)))
    step = 1e-5
    return np.array([(gradient(at + step * e) - gradient(at - step * e)) / (2 * step) for e in np.eye(len(at))])


# -- minimize ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["Newton", "trust-exact"])
def test_a_quadratic_takes_one_newton_step(method: str) -> None:
    data = {"X": INPUTS, "y": TARGET}
    found = train.minimize(sd.sum((LINE - y) ** 2), START, data, method)
    best = np.linalg.lstsq(WIDE, TARGET)[0]
    np.testing.assert_allclose(sd.flatten(list(found.params.values())), best, rtol=0, atol=1e-12)
    assert found.converged and (method != "Newton" or found.steps == 1)


@pytest.mark.parametrize("method", SECOND)
def test_methods_agree_on_logistic_regression(method: str) -> None:
    loss, data = logistic()
    found = train.minimize(loss, START, data, method, tol=1e-8)
    least = train.minimize(loss, START, data, "BFGS", tol=1e-8)
    assert found.converged and found.steps == len(found.history) < 15
    assert found.loss == pytest.approx(least.loss, rel=1e-12)
    assert (np.diff(found.history) <= 1e-9).all()


def test_newton_converges_quadratically() -> None:
    loss, data = logistic()
    found = train.minimize(loss, START, data, "Newton")
    left = found.history - found.loss
    assert found.steps <= 7
    for before, after in pairwise(left[1:]):
        assert after <= 10 * before**2 + 1e-13


@pytest.mark.parametrize("method", ["Newton", "trust-exact", "trust-ncg", "trust-krylov"])
def test_methods_leave_where_the_hessian_is_indefinite(method: str) -> None:
    x, v = sd.symbols("x v")
    loss = (x**2 - 1) ** 2 + v**2 + 0.1 * x * v
    found = train.minimize(loss, {"x": 0.1, "v": 1.0}, {}, method, tol=1e-6)
    assert found.converged and abs(found.params["x"]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("method", ["Newton", "trust-exact", "trust-ncg", "trust-krylov"])
def test_methods_train_a_network_in_its_own_type(method: str) -> None:
    loss = LIKELIHOOD / N + nn.l2(NET.params, 0.01)
    found = train.minimize(loss, NET.init(1, "float32"), CLASSES, method, maxiter=60)
    best = train.minimize(loss, NET.init(1), CLASSES, "BFGS")
    assert found.params["W1"].dtype == np.float32
    assert found.loss < 1.05 * best.loss


def test_walls_and_hessians_that_are_not_finite() -> None:
    x = sd.symbol("x")
    for method in ("Newton", "trust-exact", "trust-ncg"):
        assert train.minimize(x - sd.log(x), {"x": 1e-3}, {}, method, tol=1e-9).loss == pytest.approx(1)
    with pytest.raises(train.TrainingError, match="the Hessian at iteration 0 is inf") as error:
        train.minimize(sd.sqrt(x) ** 3, {"x": 0.0}, {}, "trust-exact")
    assert error.value.params is not None and error.value.params["x"] == 0


def test_newton_says_why_it_ended() -> None:
    x = sd.symbol("x")
    found = train.minimize(sd.exp(x) - x, {"x": 3.0}, {}, "Newton", maxiter=2)
    assert not found.converged and found.steps == 2 and "iterations" in found.message
    assert train.minimize(x**2, {"x": 0.0}, {}, "Newton").steps == 0
    large = train.minimize(1e9 + (1e3 * x - 1) ** 4 + x**2, {"x": 1.0}, {}, "Newton", tol=0)
    assert large.converged and "rounding" in large.message


# -- standard errors -----------------------------------------------------------------------------------------------


def test_standard_errors_of_a_linear_regression() -> None:
    best, (rest,) = np.linalg.lstsq(WIDE, TARGET)[:2]
    variance = rest / (N - 4)
    s2 = sd.symbol("s2")
    params = {"w": best[:3], "b": best[3]}
    found = train.standard_errors(
        sd.sum((LINE - y) ** 2) / (2 * s2), params, {"X": INPUTS, "y": TARGET, "s2": variance}
    )
    expected = variance * np.linalg.inv(WIDE.T @ WIDE)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-8)
    errors = np.append(found.errors["w"], found.errors["b"])
    np.testing.assert_allclose(errors, np.sqrt(np.diag(expected)), rtol=1e-8)
    np.testing.assert_allclose(found.z["w"], best[:3] / errors[:3], rtol=1e-8)
    assert found.errors["b"].shape == () and found.distance < 1e-8


def test_standard_errors_of_a_logistic_regression() -> None:
    loss, data = logistic()
    fit = train.minimize(loss, START, data, "Newton")
    found = train.standard_errors(loss, fit.params, data)
    p = 1 / (1 + np.exp(-(INPUTS @ fit.params["w"] + fit.params["b"])))
    expected = np.linalg.inv(WIDE.T @ (WIDE * (p * (1 - p))[:, None]))
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-8)
    half = {name: array.astype("float32") for name, array in fit.params.items()}
    again = train.standard_errors(loss, half, data)
    np.testing.assert_allclose(again.errors["w"], found.errors["w"], rtol=1e-5)
    assert 0 < found.p["w"].min() < 1 and again.distance < 1e-4 < train.standard_errors(loss, START, data).distance


def test_standard_errors_do_not_mind_units() -> None:
    data = {"X": INPUTS * [1e-8, 1.0, 1e8], "y": TARGET}
    found = train.standard_errors(sd.sum((LINE - y) ** 2) / 2, START, data)
    plain = train.standard_errors(sd.sum((LINE - y) ** 2) / 2, START, {"X": INPUTS, "y": TARGET})
    np.testing.assert_allclose(found.errors["w"] * [1e-8, 1.0, 1e8], plain.errors["w"], rtol=1e-8)


def test_a_singular_hessian_is_named() -> None:
    twice = {"X": np.column_stack([INPUTS[:, 0], 10 * INPUTS[:, 0], INPUTS[:, 2]]), "y": TARGET}
    with pytest.raises(sd.SymdiffError, match=r"^the Hessian is singular: .* component, 1.00, in w\[0\]$"):
        train.standard_errors(sd.sum((LINE - y) ** 2), START, twice)
    with pytest.raises(sd.SymdiffError, match=r"singular: .* 1.00, in b$"):
        train.standard_errors(sd.sum(w**2) + b**4, START | {"b": 0.0}, {})
    with pytest.raises(sd.SymdiffError, match=r"not positive definite: the loss falls .* in w\[1\]$"):
        train.standard_errors(w[0] ** 2 - w[1] ** 2 + w[2] ** 2, {"w": np.zeros(3)}, {})


# -- Gauss-Newton --------------------------------------------------------------------------------------------------


def test_gauss_newton_is_the_hessian_for_a_linear_model() -> None:
    loss = sd.mean((LINE - y) ** 2)
    both = [train.gauss_newton(loss, LINE, [w, b]), sd.hessian(loss, [w, b], form="dense")]
    assert y not in sd.variables(both[0])
    ours, exact = sd.compile(sd.simplify(both), [X, y, w, b])(INPUTS, TARGET, START["w"], 0.5)
    np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-13)


def test_gauss_newton_of_a_network() -> None:
    params = NET.init(3)
    chosen, inputs = list(NET.params.values()), [NET.x, sd.symbol("y", "N"), *NET.params.values()]
    given = [INPUTS, CLASSES["y"], *params.values()]
    s = sd.symbol("s", ("N", 2))
    outer = sd.hessian(sd.substitute(LIKELIHOOD, {NET.output: s}), s)
    curved = sd.substitute(outer, {s: NET.output})
    *blocks, middle = sd.compile([*sd.jacobian(NET.output, chosen), curved], inputs)(*given)
    rows = np.concatenate([block.reshape(2 * N, -1) for block in blocks], axis=1)
    expected = rows.T @ middle.reshape(2 * N, 2 * N) @ rows
    ours = sd.compile(train.gauss_newton(LIKELIHOOD, NET.output, NET.params), inputs)(*given)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-11)
    operator = train.hessian_operator(LIKELIHOOD, params, CLASSES, output=NET.output)
    np.testing.assert_allclose(operator.todense(), expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(operator @ np.eye(len(expected)), expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(operator.diagonal(), np.diag(expected), rtol=0, atol=1e-11)
    assert np.linalg.eigvalsh(ours)[0] > -1e-10


def test_gauss_newton_refuses() -> None:
    with pytest.raises(sd.SymdiffError, match="the loss does not contain the output"):
        train.gauss_newton(sd.sum(w**2), LINE, [w, b])
    with pytest.raises(sd.SymdiffError, match="depends on w beside the output"):
        train.gauss_newton(sd.sum((LINE - y) ** 2) + sd.sum(w**2), LINE, [w, b])


# -- operators and spectra -----------------------------------------------------------------------------------------


def test_operator_against_the_dense_hessian() -> None:
    params = NET.init(2)
    operator = train.hessian_operator(LIKELIHOOD, params, CLASSES)
    matrix = operator.todense()
    np.testing.assert_allclose(matrix, dense(params), rtol=0, atol=1e-6)
    np.testing.assert_allclose(operator @ np.eye(len(matrix)), matrix, rtol=0, atol=1e-11)
    np.testing.assert_allclose(operator.T @ matrix[0], matrix @ matrix[0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(operator.diagonal(), np.diag(matrix), rtol=0, atol=1e-11)


def test_spectrum() -> None:
    params = NET.init(2)
    every = train.spectrum(LIKELIHOOD, params, CLASSES)
    for which, expected in {"LA": every[-3:], "SA": every[:3], "BE": every[[0, 1, -2, -1]]}.items():
        found = train.spectrum(LIKELIHOOD, params, CLASSES, len(expected), which=which)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)
    assert len(train.spectrum(LIKELIHOOD, params, CLASSES, 1000)) == len(every) == 32
    with pytest.raises(sd.SymdiffError, match="one of LA, SA, BE, LM, not 'X'"):
        train.spectrum(LIKELIHOOD, params, CLASSES, 1, which="X")
    with pytest.raises(sd.SymdiffError, match="count is at least 1, not 0"):
        train.spectrum(LIKELIHOOD, params, CLASSES, 0)


# -- Laplace -------------------------------------------------------------------------------------------------------


def bayes(noise: float, prior: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the weights of Bayesian linear regression: Bishop (2006), eq. 3.53 and 3.54."""
    spread = np.linalg.inv(WIDE.T @ WIDE / noise + prior * np.eye(4))
    return spread @ WIDE.T @ TARGET / noise, spread


@pytest.mark.parametrize("output", [None, LINE])
def test_laplace_of_a_linear_model_is_bayesian_regression(output: sd.Node | None) -> None:
    noise, prior = 0.16, 2.0
    loss = sd.sum((LINE - y) ** 2) / (2 * noise) + sd.size("N") / 2 * np.log(2 * np.pi * noise)
    data = {"X": INPUTS, "y": TARGET}
    mean, spread = bayes(noise, prior)
    found = train.laplace(loss, {"w": mean[:3], "b": mean[3]}, data, prior, output=output)
    np.testing.assert_allclose(found.covariance, spread, rtol=1e-10, atol=1e-16)
    new = RNG.normal(size=(9, 3))
    wide = np.column_stack([new, np.ones(9)])
    there = found.predict(LINE, {"X": new})
    np.testing.assert_allclose(there.mean, wide @ mean, rtol=1e-12)
    np.testing.assert_allclose(there.variance, np.einsum("ni,ij,nj->n", wide, spread, wide), rtol=1e-10)
    whole = noise * np.eye(N) + WIDE @ WIDE.T / prior  # the data are normal, with this covariance
    log_det = np.linalg.slogdet(2 * np.pi * whole)[1]
    assert found.log_evidence == pytest.approx(-(TARGET @ np.linalg.solve(whole, TARGET) + log_det) / 2, rel=1e-10)


def test_laplace_samples_have_its_covariance() -> None:
    mean, spread = bayes(0.16, 2.0)
    params, data = {"w": mean[:3], "b": mean[3]}, {"X": INPUTS, "y": TARGET}
    loss = sd.sum((LINE - y) ** 2) / 0.32
    for form in ("dense", "diagonal"):
        found = train.laplace(loss, params, data, {"w": [2.0, 2.0, 2.0], "b": 2.0}, form=form)
        drawn = found.sample(20000, seed=1)
        assert drawn["w"].shape == (20000, 3) and drawn["b"].shape == (20000,)
        rows = np.column_stack([drawn["w"], drawn["b"]])
        expected = spread if form == "dense" else np.diag(1 / np.diag(np.linalg.inv(spread)))
        scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        assert np.abs((np.cov(rows.T) - expected) / scale).max() < 0.05
        assert np.abs(rows.mean(axis=0) - mean).max() < 0.005


def test_laplace_of_a_network() -> None:
    prior = 0.5
    fit = train.minimize(LIKELIHOOD + nn.l2(NET.params, prior / 2), NET.init(1), CLASSES, "BFGS", tol=1e-6)
    found = train.laplace(LIKELIHOOD, fit.params, CLASSES, prior, output=NET.output)
    near, far = (found.predict(NET.output, {"X": scale * INPUTS[:5]}).variance for scale in (0.0, 30.0))
    assert near.shape == (5, 2) and (near > 0).all() and far.mean() > near.mean()
    diagonal = train.laplace(LIKELIHOOD, fit.params, CLASSES, prior, output=NET.output, form="diagonal")
    np.testing.assert_allclose(diagonal.precision, np.diag(found.precision), rtol=1e-10)
    first = found.predict(sd.sum(NET.params["W1"], axis=1), {})
    rows = np.kron(np.eye(3), np.ones(5))
    np.testing.assert_allclose(first.variance, np.diag(rows @ found.covariance[:15, :15] @ rows.T), rtol=1e-8)


def test_laplace_refuses() -> None:
    x, v = sd.symbols("x v")
    saddle, at = x**2 - 5 * v**2, {"x": 0.0, "v": 0.0}
    with pytest.raises(sd.SymdiffError, match=r"the posterior precision is not positive definite: .* in v"):
        train.laplace(saddle, at, {})
    with pytest.raises(sd.SymdiffError, match="the precision of v is -9, not positive; give output="):
        train.laplace(saddle, at, {}, form="diagonal")
    with pytest.raises(sd.SymdiffError, match="the prior precision of x is positive, not 0"):
        train.laplace(x**2, {"x": 0.0}, {}, 0)
    with pytest.raises(sd.SymdiffError, match="the prior needs a precision for v"):
        train.laplace(saddle, at, {}, {"x": 1.0})
    with pytest.raises(sd.ShapeError, match=r"the prior precision of x has shape \(2,\), which does not fit \(\)"):
        train.laplace(x**2, {"x": 0.0}, {}, {"x": [1.0, 2.0]})
    with pytest.raises(sd.SymdiffError, match="dense or diagonal, not 'full'"):
        train.laplace(x**2, {"x": 0.0}, {}, form="full")
    found = train.laplace(x**2, {"x": 0.0}, {})
    with pytest.raises(sd.SymdiffError, match="the output needs data for v"):
        found.predict(x * v, {})
    with pytest.raises(sd.SymdiffError, match="the output depends on none of the parameters x"):
        found.predict(v**2, {"v": 1.0})
