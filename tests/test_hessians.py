"""Hessians of models: blocks, one matrix, the diagonal; against JAX, differences, and known formulas."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from peers import each_beside

import symdiff as sd
from benchmarks.hessians import CASES, arrays, by_hand, network
from symdiff.graph.traversal import topological


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
        "y @ solve(exp(-t**2*R**2) + s**2*eye(n), y)/2 + logdet(exp(-t**2*R**2) + s**2*eye(n))/2",
        "R=n,n y=n t= s=",
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
    Model("parts", "sum(tanh(concatenate((x, y))*concatenate((y, x)))*A)", "x=3 y=3 A=6", "x y", {}),
    Model("reshaped", "sum(tanh(reshape(X, (n, m)) @ X)**2)", "X=m,n", "X", {"m": 3, "n": 2}),
    Model("determinants", "logdet(A @ X) + det(X)**2 + trace(inv(X + C))", "A=n,n C=n,n X=n,n", "X C", {"n": 3}),
]
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
        regular = len(shape) > 1 and var.shape[-1] == var.shape[-2] and var.name != "R"
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
    pairs = zip(blocks, sizes, strict=True)
    return np.block([[np.reshape(b, (m, n)) for b, n in zip(row, sizes, strict=True)] for row, m in pairs])


def _symmetric(dense: np.ndarray, params: list[np.ndarray]) -> None:
    """One triangle of blocks is the transpose of the other to the last bit; a block on the diagonal is symmetric."""
    _close(dense, dense.T, 1e-14)
    ends = np.cumsum([value.size for value in params])
    for start, end in zip(ends - [value.size for value in params], ends, strict=True):
        assert np.array_equal(dense[start:end, end:], dense[end:, start:end].T)


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
        _symmetric(dense, problem.start)
    single = sd.compile(_dense(name), inputs)(*(value.astype(np.float32) for value in point))
    assert single.dtype == np.float32
    _close(single, dense, 1e-3)


@pytest.mark.parametrize("name", IDS)
def test_the_matrix_is_symmetric_to_the_last_bit(name: str) -> None:
    problem = _problem(name)
    for schedule in ("clear", "fast"):
        dense = sd.compile(_dense(name), problem.inputs, schedule=schedule)(*problem.point)
        assert np.array_equal(dense, dense.T)


@each_beside("jax", "name", ["two layers", "three layers", "logistic", "softmax regression", "mixture"])
def test_agrees_with_jax(name: str) -> None:
    import jax

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

    expected = jax.jit(jax.hessian(loss))(jax.numpy.array(sd.flatten(problem.start)))
    _close(sd.compile(_dense(name), problem.inputs)(*problem.point), expected)


@pytest.mark.parametrize("name", IDS)
def test_sizes_choose_an_order_and_change_no_value(name: str) -> None:
    problem, model = _problem(name), next(model for model in MODELS if model.name == name)
    known = sd.compile(_dense(name), problem.inputs)(*problem.point)
    sizes = {letter: size * 1000 for letter, size in model.sizes.items()}
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
    ("(A @ x - b) @ W @ (A @ x - b)", "A=m,n x=n b=m W=m,m", "x", "(A.T @ W.T + A.T @ W) @ A"),
    ("x @ A @ x + b @ x + c", "A=n,n x=n b=n c=", "x", "A + A.T"),
    ("logsumexp(x)", "x=n", "x", "diag(softmax(x)) - outer(softmax(x), softmax(x))"),
    ("logsumexp(x) - y @ x", "x=n y=n", "x", "diag(softmax(x)) - outer(softmax(x), softmax(x))"),
    ("-(y @ log_softmax(x))", "x=n y=n", "x", "diag(sum(y)*softmax(x)) - outer(sum(y)*softmax(x), softmax(x))"),
    (
        "sum(log(1 + exp(X @ w)))",
        "X=m,n w=n",
        "w",
        "X.T @ ((sigmoid(X @ w)*(1 - sigmoid(X @ w)))[:, None]*X)",
    ),
    ("(a @ x)**2", "a=n x=n", "x", "2*outer(a, a)"),
    ("exp(a @ x)", "a=n x=n", "x", "outer(exp(a @ x)*a, a)"),
    ("log(a @ x)", "a=n x=n", "x", "-outer(a/(a @ x)**2, a)"),
    ("sum(x)**2", "x=n", "x", "broadcast_to(2, (n, n))"),
    ("sum(X**2)", "X=m,n", "X", "2*eye(n)[:, None, :]*eye(m)[:, None, :, None]"),
    ("trace(X @ X)", "X=n,n", "X", "2*eye(n)[:, :, None]*eye(n)[:, None, None, :]"),
    ("logdet(X)", "X=n,n", "X", "-inv(X)[:, :, None]*inv(X).T[:, None, None, :]"),
]


def _parsed(text: str, shapes: str, name: str) -> tuple[sd.Node, sd.Node, list[sd.Node]]:
    pairs = [part.split("=") for part in shapes.split()]
    known = {key: tuple(sizes.split(",")) if sizes else () for key, sizes in pairs}
    f = sd.parse(text, shapes=known)
    inputs = [sd.symbol(key, shape) for key, shape in known.items()]
    return f, sd.symbol(name, known[name]), inputs


@pytest.mark.parametrize(("text", "shapes", "name", "known"), TEXTS, ids=[row[0] for row in TEXTS])
def test_text(text: str, shapes: str, name: str, known: str) -> None:
    f, var, _ = _parsed(text, shapes, name)
    found = str(sd.simplify(sd.hessian(f, var)))
    assert found == known


@pytest.mark.parametrize(("text", "shapes", "name", "known"), TEXTS, ids=[row[0] for row in TEXTS])
def test_text_means_the_same(text: str, shapes: str, name: str, known: str) -> None:
    """The text, read as a formula, has the values of the blocks before they are simplified."""
    f, var, inputs = _parsed(text, shapes, name)
    read = sd.parse(known, shapes={one.name: one.shape for one in inputs})
    rng, sizes = np.random.default_rng(1), {"m": 4, "n": 3}
    point = [np.abs(rng.uniform(0.5, 1.5, tuple(sizes[size] for size in one.shape))) for one in inputs]
    unit = sd.symbol("V__", var.shape)
    column = sd.compile(sd.hvp(f, var, unit), [*inputs, unit])
    found = sd.compile(read + 0 * sd.hessian(f, var), inputs)(*point)
    shape = point[inputs.index(var)].shape
    for place in np.ndindex(shape):
        direction = np.zeros(shape)
        direction[place] = 1
        _close(found[(..., *place)], column(*point, direction))


def _body(node: sd.Node, inputs: list[sd.Node]) -> str:
    """The function alone, without what it calls."""
    return sd.source(node, inputs).split("def f(")[1]


def test_a_quadratic_form_does_not_read_its_variable() -> None:
    A, x = sd.symbol("A", ("n", "n")), sd.symbol("x", "n")
    assert sd.variables(sd.hessian(x @ A @ x, x)) == (A,)
    assert "return A + A.T" in _body(sd.hessian(x @ A @ x, x), [A, x])


def test_logistic_loss_is_one_product_of_matrices() -> None:
    X, w, y = sd.symbol("X", ("m", "n")), sd.symbol("w", "n"), sd.symbol("y", "m")
    loss = sd.sum(sd.log(1 + sd.exp(-y * (X @ w))))
    for form in ("blocks", "dense"):
        found = sd.simplify(sd.hessian(loss, w, form=form))
        products = [node for node in topological(found) if node.op.name == "contract"]
        assert sorted(node.shape for node in products) == [("m",), ("n", "n")]
        body = _body(found, [X, w, y])
        assert body.count("@") == 2 and "X.T @ (" in body and "[:, None]*X)" in body and "einsum" not in body


def test_softmax_cross_entropy_by_logits() -> None:
    z, y = sd.symbol("z", "n"), sd.symbol("y", "n")
    found = sd.simplify(sd.hessian(sd.logsumexp(z) - y @ z, z))
    p = sd.softmax(z)
    assert found is sd.diag(p) - sd.outer(p, p)
    assert sd.count_ops(found).get("softmax") == 1


def test_factorisation_holds_a_small_block() -> None:
    """The block by U is eye(m) times the k by k matrix V.T @ V: nothing larger is computed before it is placed."""
    T, U, V = sd.symbol("T", (60, 40)), sd.symbol("U", (60, 5)), sd.symbol("V", (40, 5))
    block = sd.hessian(sd.norm(T - U @ V.T) ** 2, U, form="dense")
    assert sd.variables(block) == (V,)
    computed = [node for node in topological(block) if node.op.name not in ("assemble", "var", "view", "broadcast")]
    assert max(int(np.prod(node.shape)) for node in computed) <= 25
    rng = np.random.default_rng(0)
    v = rng.standard_normal((40, 5))
    found = sd.compile(block, [T, U, V])(np.zeros((60, 40)), np.zeros((60, 5)), v)
    _close(found, np.kron(np.eye(60), 2 * v.T @ v), 1e-12)


# -- Rosenbrock ----------------------------------------------------------------------------------------------------


def _rosenbrock(size: int | str) -> tuple[sd.Node, sd.Node]:
    x = sd.symbol("x", size)
    return sd.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2), x


@pytest.mark.parametrize("form", ["blocks", "dense", "diagonal"])
def test_rosenbrock_builds_in_constant_size(form: str) -> None:
    counts = {len(topological(sd.hessian(*_rosenbrock(size), form=form))) for size in (10, 10**6, "n")}
    assert len(counts) == 1 and counts.pop() < 80


def test_rosenbrock_is_tridiagonal() -> None:
    f, x = _rosenbrock("n")
    block, dense, diagonal = sd.compile([sd.hessian(f, x, form=form) for form in ("blocks", "dense", "diagonal")], [x])(
        at := np.random.default_rng(0).uniform(-2, 2, 12)
    )
    own = np.zeros(12)
    own[:-1] += 1200 * at[:-1] ** 2 - 400 * at[1:] + 2
    own[1:] += 200
    known = np.diag(own) + np.diag(-400 * at[:-1], 1) + np.diag(-400 * at[:-1], -1)
    for found in (block, dense):
        _close(found, known, 1e-12)
    _close(diagonal, own, 1e-12)


# -- plans ---------------------------------------------------------------------------------------------------------


def test_the_plan_grows_with_the_blocks_of_a_net() -> None:
    """The nodes of the whole Hessian for each of its blocks stay below a constant, whatever the depth."""
    for layers in (2, 4, 8):
        loss, _, params, sizes = network(32, [4] * (layers + 1))
        count = len(topological(sd.hessian(loss, params, form="dense", sizes=sizes)))
        assert count / len(params) ** 2 < 16


@pytest.mark.parametrize(("rows", "layers"), [CASES[0], CASES[2]])
def test_hand_written_blocks_agree(rows: int, layers: tuple[int, ...]) -> None:
    loss, data, params, sizes = network(rows, layers)
    values = arrays([*data, *params], sizes)
    matrix = sd.simplify(sd.hessian(loss, params, form="dense", sizes=sizes), sizes=sizes)
    found = sd.compile(matrix, [*data, *params])(*values)
    d, h = layers[0], layers[1]
    known = by_hand(values)()
    order = np.concatenate([np.arange(d * h + h), d * h + h + np.arange((h + 1) * layers[2])])
    _close(found, known[np.ix_(order, order)], 1e-10)


#: Temporary memory as a multiple of the larger of inputs and result, on the first call and on later ones.
MEMORY = dict(zip(CASES, ((0.8, 0.1), (1.0, 0.1), (2.9, 0.4), (2.1, 0.1)), strict=True))


@pytest.mark.parametrize(("rows", "layers"), CASES)
def test_memory(rows: int, layers: tuple[int, ...]) -> None:
    loss, data, params, sizes = network(rows, layers)
    values = arrays([*data, *params], sizes)
    matrix = sd.simplify(sd.hessian(loss, params, form="dense", sizes=sizes), sizes=sizes)
    fn = sd.compile(matrix, [*data, *params])
    tracemalloc.start()
    try:
        size = fn(*values).nbytes
        first = tracemalloc.get_traced_memory()[1] - size
        kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        fn(*values)
        later = tracemalloc.get_traced_memory()[1] - kept - size
    finally:
        tracemalloc.stop()
    larger = max(size, sum(value.nbytes for value in values))
    limits = MEMORY[rows, layers]
    assert first < limits[0] * larger and later < limits[1] * larger


# -- forms and arguments -------------------------------------------------------------------------------------------


def test_flatten_and_unflatten_are_inverse() -> None:
    rng = np.random.default_rng(0)
    shapes = [(2, 3), (), (0, 4), (1,), (2, 1, 2)]
    values = [rng.standard_normal(shape) for shape in shapes]
    flat = sd.flatten(values)
    assert flat.shape == (12,) and np.array_equal(flat[:6], values[0].ravel())
    for got, known in zip(sd.unflatten(flat, shapes), values, strict=True):
        assert got.shape == known.shape and np.array_equal(got, known)
    assert sd.flatten([]).shape == (0,) and sd.unflatten([], []) == []
    with pytest.raises(sd.SymdiffError, match="a vector of 12 elements fits these shapes"):
        sd.unflatten(flat[1:], shapes)


def test_forms_of_numbers_and_of_arrays() -> None:
    """Numbers and arrays together are blocks; one variable is not nested."""
    t, x = sd.symbol("t"), sd.symbol("x", 2)
    f = t**2 * sd.sum(x**3)
    (tt, tx), (xt, xx) = sd.hessian(f, [t, x])
    assert (tt.shape, tx.shape, xt.shape, xx.shape) == ((), (2,), (2,), (2, 2))
    assert sd.hessian(f, x).shape == (2, 2) and sd.hessian(f, t).shape == ()
    assert sd.hessian(f, [t, x], form="dense").shape == (3, 3)
    known = [[2 * 9.0, 4 * 3.0, 4 * 12.0], [12.0, 24.0, 0.0], [48.0, 0.0, 48.0]]
    point = {"t": 2.0, "x": np.array([1.0, 2.0])}
    _close(sd.evaluate(sd.hessian(f, [t, x], form="dense"), point), known)
    y = sd.symbol("y")
    assert sd.evaluate(sd.hessian(t * y**2, [t, y], form="dense"), {"t": 1, "y": 3}).tolist() == [[0, 6], [6, 2]]
    assert sd.hessian(t * y**2, [t, y], form="diagonal") == (sd.const(0), 2 * t)
    assert sd.evaluate(sd.hessian(t**3, t, form="dense"), {"t": 2}).tolist() == [[12]]


def test_errors() -> None:
    x = sd.symbol("x", 2)
    with pytest.raises(sd.ShapeError, match="grad needs a scalar"):
        sd.hessian(x * 2, x)
    with pytest.raises(sd.SymdiffError, match="the form of a Hessian is one of blocks, dense, diagonal, not 'full'"):
        sd.hessian(sd.sum(x), x, form="full")
    with pytest.raises(sd.SymdiffError, match="each variable to differentiate by is named once"):
        sd.hessian(sd.sum(x), [x, x])
    with pytest.raises(
        sd.UnsupportedError, match="the derivative of cholesky is no product of factors; use hvp or jvp"
    ):
        sd.hessian(sd.sum(sd.cholesky(sd.outer(x, x) + sd.eye(2))), x)


def test_a_linear_function_has_a_dense_hessian_of_zeros() -> None:
    x = sd.symbol("x", "n")
    for form in ({"form": "dense"}, {"sparse": True}):
        found = sd.compile(sd.hessian(sd.sum(x), x, **form), [x])(np.ones(2, np.float32))
        assert found.dtype == np.float32 and found.shape == (2, 2) and not found.sum()


def test_factors_with_the_same_labels_are_multiplied_first() -> None:
    """The Hessian of a sum of functions of ``A @ x`` is one matrix product, without an (m, n, n) array."""
    A, x = sd.symbol("A", ("m", "n")), sd.symbol("x", "n")
    found = sd.hessian(sd.sum(sd.tanh(A @ x) ** 2), x)
    assert max(node.ndim for node in topological(found)) == 2
    assert str(found).endswith("[:, None]*A).T @ A") or str(found).startswith("A.T @ (")
