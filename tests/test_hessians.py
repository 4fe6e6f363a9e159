"""Hessians of models: blocks, one matrix, the diagonal; against JAX, differences of the gradient, and known formulas."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from benchmarks.hessians import CASES, arrays, by_hand, network

import symdiff as sd
from symdiff.walk import topological


class Model(NamedTuple):
    """A loss as a formula, the shapes of its variables, its parameters, and sizes for the letters."""

    name: str
    text: str
    shapes: str
    params: str
    sizes: dict[str, int]


MODELS = [
    Model(
        "two layers",
        "mean((tanh(X @ W1 + b1) @ W2 + b2 - Y)**2)",
        "X=N,D Y=N,O W1=D,H b1=H W2=H,O b2=O",
        "W1 b1 W2 b2",
        {"N": 5, "D": 3, "H": 4, "O": 2},
    ),
    Model(
        "three layers",
        "sum((tanh(tanh(X @ W1 + b1) @ W2 + b2) @ W3 - Y)**2)/2",
        "X=N,D Y=N,O W1=D,H b1=H W2=H,K b2=K W3=K,O",
        "W1 b1 W2 b2 W3",
        {"N": 4, "D": 2, "H": 3, "K": 2, "O": 2},
    ),
    Model("logistic", "sum(log(1 + exp(-y*(X @ w))))", "X=m,n y=m w=n", "w", {"m": 7, "n": 3}),
    Model("poisson", "sum(exp(X @ w + t) - y*(X @ w + t))", "X=m,n y=m w=n t=", "w t", {"m": 7, "n": 3}),
    Model(
        "softmax regression",
        "mean(logsumexp(X @ W + b, axis=1) - sum(Y*(X @ W + b), axis=1)) + s*sum(W**2)",
        "X=N,D Y=N,k W=D,k b=k s=",
        "W b",
        {"N": 5, "D": 3, "k": 3},
    ),
    Model("factorisation", "norm(T - U @ V.T)**2", "T=m,n U=m,k V=n,k", "U V", {"m": 4, "n": 3, "k": 2}),
    Model(
        "mixture",
        "-sum(logsumexp(a - logsumexp(a) - 2*s - exp(-2*s)*sum((X[:, None, :] - M)**2, axis=2)/2, axis=1))",
        "X=n,2 a=k M=k,2 s=k",
        "M a s",
        {"n": 6, "k": 3},
    ),
    Model(
        "mixture with covariances",
        """-sum(logsumexp(a + sum(log(abs(einsum("kii->ki", tril(L)))), axis=1)
            - sum(einsum("kij,nkj->nki", tril(L), X[:, None, :] - M)**2, axis=2)/2, axis=1)) + logsumexp(a)*2""",
        "X=n,2 a=k M=k,2 L=k,2,2",
        "L M a",
        {"n": 6, "k": 2},
    ),
    Model(
        "gaussian process",
        "y @ solve(exp(-t**2*D) + (s**2 + 1)*eye(n), y)/2 + logdet(exp(-t**2*D) + (s**2 + 1)*eye(n))/2",
        "D=n,n y=n t= s=",
        "t s",
        {"n": 4},
    ),
    Model(
        "attention",
        "sum((softmax(X @ Q @ (X @ K).T, axis=1) @ X @ V - Y)**2)",
        "X=n,d Q=d,k K=d,k V=d,o Y=n,o",
        "Q K V",
        {"n": 4, "d": 3, "k": 2, "o": 2},
    ),
    Model("rosenbrock", "sum(100*(x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)", "x=n", "x", {"n": 5}),
    Model("second differences", "sum((x[2:] - 2*x[1:-1] + x[:-2])**4)*t", "x=n t=", "t x", {"n": 6}),
    Model("product", "prod(x)*sum(x**2)", "x=n", "x", {"n": 4}),
    Model("largest", "sum(max(X*x, axis=1)**3)", "X=m,n x=n", "x", {"m": 4, "n": 3}),
    Model("norms", "sum(norm(A @ X, axis=1))", "A=m,n X=n,k", "X A", {"m": 3, "n": 2, "k": 2}),
    Model("parts", "sum(tanh(concatenate((x, y))*concatenate((y, x)))*A)", "x=n y=n A=2", "x y", {"n": 1}),
    Model("reshaped", "sum(tanh(reshape(X, (n, m)) @ X)**2)", "X=m,n", "X", {"m": 3, "n": 2}),
    Model("determinants", "logdet(A @ X @ B) + det(X)**2 + trace(inv(X + C))", "A=n,n B=n,n C=n,n X=n,n", "X C", {"n": 3}),
]  # fmt: skip
IDS = [model.name for model in MODELS]
_NAMES = "sum mean max prod trace exp log tanh einsum tril abs reshape concatenate eye".split()


class Problem(NamedTuple):
    loss: sd.Node
    inputs: list[sd.Node]
    params: list[sd.Node]
    point: list[np.ndarray]

    def at(self, params: list[np.ndarray]) -> list[np.ndarray]:
        """The point with other parameters."""
        given = dict(zip((var.name for var in self.params), params, strict=True))
        return [given.get(var.name, value) for var, value in zip(self.inputs, self.point, strict=True)]

    @property
    def start(self) -> list[np.ndarray]:
        return [self.point[self.inputs.index(var)] for var in self.params]


@cache
def _problem(name: str) -> Problem:
    model = next(model for model in MODELS if model.name == name)
    pairs = [part.split("=") for part in model.shapes.split()]
    shapes = {key: tuple(int(s) if s.isdigit() else s for s in sizes.split(",") if s) for key, sizes in pairs}
    inputs = [sd.symbol(key, shape) for key, shape in shapes.items()]
    rng = np.random.default_rng(3)
    point = []
    for var in inputs:
        shape = tuple(model.sizes.get(size, size) for size in var.shape)
        regular = len(shape) > 1 and var.shape[-1] == var.shape[-2]
        point.append(rng.uniform(-1, 1, shape) + (shape[-1] * np.eye(shape[-1]) if regular else 0))
    params = [sd.symbol(key, shapes[key]) for key in model.params.split()]
    return Problem(sd.parse(model.text, shapes=shapes), inputs, params, point)


@cache
def _dense(name: str) -> sd.Node:
    problem = _problem(name)
    return sd.hessian(problem.loss, problem.params, form="dense")


def _close(got: Any, expected: Any, limit: float = 1e-10) -> None:
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=limit * (1 + np.abs(expected).max(initial=0)))


def _differences(gradient: Callable[..., Any], problem: Problem) -> np.ndarray:
    """Central differences of the gradient by the flat parameters, extrapolated once."""
    flat, shapes = sd.flatten(problem.start), [value.shape for value in problem.start]

    def at(vector: np.ndarray) -> np.ndarray:
        return sd.flatten(gradient(*problem.at(sd.unflatten(vector, shapes))))

    def column(unit: np.ndarray, step: float) -> np.ndarray:
        return (at(flat + step * unit) - at(flat - step * unit)) / (2 * step)

    columns = [(4 * column(unit, 5e-4) - column(unit, 1e-3)) / 3 for unit in np.eye(flat.size)]
    return np.stack(columns, axis=1)


def _matrix(blocks: Any, params: list[np.ndarray]) -> np.ndarray:
    """Blocks as one matrix: each variable's elements in C order, one variable after the other."""
    sizes = [value.size for value in params]
    rows = [[np.reshape(b, (m, n)) for b, n in zip(row, sizes, strict=True)] for row, m in zip(blocks, sizes, strict=True)]
    return np.block(rows)


@pytest.mark.parametrize("name", IDS)
def test_model(name: str) -> None:
    """Blocks, the matrix and the diagonal say the same, in both schedules; differences and ``hvp`` say it too."""
    problem = _problem(name)
    loss, inputs, params, point = problem
    blocks = sd.hessian(loss, params)
    assert [[b.shape for b in row] for row in blocks] == [[v.shape + w.shape for w in params] for v in params]
    diagonal = sd.hessian(loss, params, form="diagonal")
    assert [part.shape for part in diagonal] == [var.shape for var in params]
    vectors = [sd.symbol(f"v_{var.name}", var.shape) for var in params]
    product = sd.hvp(loss, params, vectors)
    gradient = sd.compile(sd.grad(loss, params), inputs)
    known = _differences(gradient, problem)
    rng = np.random.default_rng(0)
    along = [rng.standard_normal(value.shape) for value in problem.start]
    times = sd.flatten(sd.compile(product, [*inputs, *vectors])(*point, *along))
    for schedule in ("clear", "fast"):
        forms = (blocks, _dense(name), diagonal, sd.simplify(blocks))
        found, dense, own, simple = sd.compile(forms, inputs, schedule=schedule)(*point)
        _close(dense, known, 1e-7)
        _close(_matrix(found, problem.start), dense)
        _close(_matrix(simple, problem.start), dense)
        _close(sd.flatten(own), np.diag(dense))
        _close(dense @ sd.flatten(along), times)
        assert np.array_equal(dense, dense.T)
    (single,) = sd.compile([_dense(name)], inputs)(*(value.astype(np.float32) for value in point))
    assert single.dtype == np.float32
    _close(single, dense, 1e-3)


@pytest.mark.parametrize("name", IDS)
def test_agrees_with_jax(name: str) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    problem, model = _problem(name), next(model for model in MODELS if model.name == name)
    space = {key: getattr(jax.numpy, key) for key in _NAMES} | {
        "logsumexp": jax.scipy.special.logsumexp,
        "softmax": jax.nn.softmax,
        "norm": jax.numpy.linalg.norm,
        "inv": jax.numpy.linalg.inv,
        "det": jax.numpy.linalg.det,
        "solve": jax.numpy.linalg.solve,
        "logdet": lambda x: jax.numpy.linalg.slogdet(x)[1],
    }
    names, shapes = [var.name for var in problem.inputs], [value.shape for value in problem.start]

    def loss(flat: Any) -> Any:
        parts, start = [], 0
        for shape in shapes:
            size = int(np.prod(shape))
            parts.append(flat[start : start + size].reshape(shape))
            start += size
        values = dict(zip(names, problem.at(parts), strict=True))
        return eval(model.text.replace("\n", ""), {}, space | model.sizes | values)

    expected = jax.hessian(loss)(jax.numpy.array(sd.flatten(problem.start)))
    _close(sd.compile(_dense(name), problem.inputs)(*problem.point), expected)


@pytest.mark.parametrize("name", IDS)
def test_sizes_choose_an_order_and_change_no_value(name: str) -> None:
    problem, model = _problem(name), next(model for model in MODELS if model.name == name)
    known = sd.compile(_dense(name), problem.inputs)(*problem.point)
    for factor in (1, 1000):
        sizes = {letter: size * factor for letter, size in model.sizes.items()}
        other = sd.hessian(problem.loss, problem.params, form="dense", sizes=sizes)
        _close(sd.compile(other, problem.inputs)(*problem.point), known)


# -- known formulas ------------------------------------------------------------------------------------------------

#: Formula, shapes, variable, and the second derivative as text.
TEXTS = [
    ("x @ A @ x", "A=n,n x=n", "x", "A + A.T"),
    ("x @ x", "x=n", "x", "2*eye(n)"),
    ("a @ x", "a=n x=n", "x", "zeros((n, n))"),
    ("sum(x**3)", "x=n", "x", "diag(6*x)"),
    ("sum(exp(x))", "x=n", "x", "diag(exp(x))"),
    ("sum(A @ x)", "A=m,n x=n", "x", "zeros((n, n))"),
    ("norm(A @ x - b)**2/2", "A=m,n x=n b=m", "x", "A.T @ A"),
    ("(A @ x - b) @ W @ (A @ x - b)", "A=m,n x=n b=m W=m,m", "x", "A.T @ (W + W.T) @ A"),
    ("x @ A @ x + b @ x + c", "A=n,n x=n b=n c=", "x", "A + A.T"),
    ("logsumexp(x)", "x=n", "x", "diag(softmax(x)) - outer(softmax(x), softmax(x))"),
    ("logsumexp(x) - y @ x", "x=n y=n", "x", "diag(softmax(x)) - outer(softmax(x), softmax(x))"),
    ("-(y @ log_softmax(x))", "x=n y=n", "x", None),
    ("sum(log(1 + exp(X @ w)))", "X=m,n w=n", "w", None),
    ("(a @ x)**2", "a=n x=n", "x", "2*outer(a, a)"),
    ("exp(a @ x)", "a=n x=n", "x", "outer(exp(a @ x)*a, a)"),
    ("log(a @ x)", "a=n x=n", "x", None),
    ("sum(x)**2", "x=n", "x", "2*ones((n, n))"),
    ("sum(X**2)", "X=m,n", "X", None),
    ("trace(X @ X)", "X=n,n", "X", None),
    ("logdet(X)", "X=n,n", "X", 'einsum("ij,kl->jkli", -inv(X), inv(X))'),
]


def _parsed(text: str, shapes: str, name: str) -> tuple[sd.Node, sd.Node, list[sd.Node]]:
    pairs = [part.split("=") for part in shapes.split()]
    known = {key: tuple(sizes.split(",")) if sizes else () for key, sizes in pairs}
    f = sd.parse(text, shapes=known)
    inputs = [sd.symbol(key, shape) for key, shape in known.items()]
    return f, sd.symbol(name, known[name]), inputs


@pytest.mark.parametrize(("text", "shapes", "name", "known"), TEXTS, ids=[row[0] for row in TEXTS])
def test_text(text: str, shapes: str, name: str, known: str | None) -> None:
    f, var, _ = _parsed(text, shapes, name)
    found = str(sd.simplify(sd.hessian(f, var)))
    print(found)
    assert known is None or found == known
