"""Every operation on arrays: value, gradient, forward mode and second order against NumPy, JAX and differences.

A case is one Python expression. Its names mean symdiff's functions, NumPy's or JAX's, so each case has independent
witnesses of its value and its derivatives.
"""

from __future__ import annotations

import builtins
import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import each_beside
from witness import extrapolated

import symdiff as sd
from symdiff.graph.node import OPS, as_node
from symdiff.graph.traversal import topological
from symdiff.ops.arrays import FUNCTIONS


class Case(NamedTuple):
    """``shapes``: "x=3 A=2,3 I:2" has a vector, a matrix and, after a colon, places along an axis of that shape."""

    text: str
    shapes: str
    kind: str = ""

    @property
    def variables(self) -> dict[str, tuple[int, ...]]:
        parts = [part.replace(":", "=").split("=") for part in self.shapes.split()]
        return {name: tuple(map(int, sizes.split(","))) if sizes else () for name, sizes in parts}

    @property
    def places(self) -> list[str]:
        return [part.split(":")[0] for part in self.shapes.split() if ":" in part]

    @property
    def floats(self) -> list[str]:
        return [name for name in self.variables if name not in self.places]

    @property
    def analytic(self) -> bool:
        return self.kind == "" and not any(name in self.text for name in REAL_ONLY)


#: Not analytic, or NumPy reads complex numbers otherwise; differences are the witness.
REAL_ONLY = ("max", "min", "norm", "logsumexp", "softmax", "logdet", "cholesky", "var", "std")


def _split(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(";")]


CASES = [
    # reductions: all axes, one, several, negative, keepdims, none left, size 1, no axes
    *[
        Case(f"{name}({argument})", "X=2,3,4")
        for name in ("sum", "mean", "var", "prod", "max", "min", "logsumexp", "norm")
        for argument in _split("X; X, axis=0; X, axis=-1; X, axis=(0, -1); X, axis=1, keepdims=True; X, axis=(0, 1, 2)")
    ],
    *[
        Case(f"{name}({argument})", shapes)
        for name in ("sum", "mean", "var", "prod", "max", "min", "logsumexp", "norm")
        for argument, shapes in (("x, axis=0", "x=1"), ("X, axis=1", "X=3,1"), ("X, keepdims=True", "X=1,1"))
        if (name, shapes) != ("var", "x=1")
    ],
    *[Case(f"{name}(x)", "x=") for name in ("sum", "mean", "prod", "max", "min")],
    *[Case(f"{name}(X, axis=1)", "X=0,3") for name in ("sum", "mean", "prod", "max", "min", "logsumexp", "norm")],
    *[Case(f"{name}(X, axis=0)", "X=0,3") for name in ("sum", "prod")],
    *[Case(f"{name}(X)", "X=0,3") for name in ("sum", "prod")],
    Case("var(X, axis=0, ddof=1)", "X=4,2"),
    Case("var(X, axis=-1, ddof=1, keepdims=True)", "X=4,3"),
    Case("std(X, axis=0, ddof=1)", "X=4,2"),
    Case("norm(x, 1)", "x=4"),
    Case("norm(X, 2, axis=1)", "X=3,4"),
    Case("norm(X, 1, axis=0, keepdims=True)", "X=3,4"),
    Case("prod(X, axis=1)", "X=3,4", "zero"),
    Case("prod(X, axis=0)", "X=3,4", "zeros"),
    Case("prod(x)", "x=4", "zero"),
    Case("prod(x)", "x=4", "zeros"),
    Case("prod(X)", "X=2,3", "zeros"),
    Case("product_of_others(x)", "x=4"),
    Case("product_of_others(x)", "x=4", "zero"),
    Case("product_of_others(X, axis=-1)", "X=2,3", "zeros"),
    Case("product_of_others(X, axis=0)", "X=1,3"),
    Case("max(X, axis=1)", "X=3,4", "ties"),
    Case("min(X, axis=0)", "X=3,4", "ties"),
    Case("max(X)", "X=3,4", "ties"),
    Case("max(X, axis=(0, 2), keepdims=True)", "X=2,3,4", "ties"),
    Case("argmax(x)", "x=4", "steps"),
    Case("argmax(X, axis=0)", "X=3,4", "steps"),
    Case("argmax(X, axis=-1)", "X=3,4", "steps"),
    Case("argmax(X)", "X=3,4", "steps"),
    *[Case(f"{name}(x)", "x=4") for name in ("softmax", "log_softmax", "cumsum")],
    *[
        Case(f"{name}(X, axis={axis})", "X=2,3,4")
        for name in ("softmax", "log_softmax", "cumsum")
        for axis in (0, 1, -1)
    ],
    *[Case(f"{name}(X, axis=1)", "X=0,3") for name in ("softmax", "log_softmax", "cumsum")],
    *[Case(f"{name}(X, axis=1)", "X=3,1") for name in ("softmax", "log_softmax", "cumsum")],
    Case("softmax(X, axis=(0, 1))", "X=3,2"),
    Case("cumsum(x)", "x=0"),
    Case("logsumexp(1000*x)", "x=3"),
    Case("softmax(1000*x)", "x=3"),
    # products
    *[
        Case("A @ B", shapes)
        for shapes in _split("""A=3 B=3; A=2,3 B=3; A=2 B=2,3; A=2,3 B=3,4; A=5,2,3 B=3,4; A=2,3 B=5,3,4;
            A=5,2,3 B=5,3,4; A=5,2,3 B=3; A=3 B=5,3,4; A=1,2,3 B=5,3,4; A=4,1,2,3 B=5,3,2; A=0,3 B=3,4; A=2,0 B=0,4;
            A=1,1 B=1,1; A=1,3 B=3,1; A=0 B=0; A=0,2,3 B=3,4; A=5,2,1 B=1,4""")
    ],
    Case("A @ A", "A=3,3"),
    Case("A.T @ A", "A=2,3"),
    Case("(A @ B) @ (A @ B).T", "A=2,3 B=3,2"),
    Case("matmul(A, B)", "A=2,3 B=3,4"),
    Case("dot(A, B)", "A=2,3 B=3"),
    Case("dot(a, B)", "a= B=3"),
    Case("outer(x, y)", "x=3 y=2"),
    Case("outer(x, x)", "x=3"),
    Case("outer(x, y)", "x=0 y=2"),
    Case("kron(A, B)", "A=2,3 B=3,2"),
    Case("kron(x, y)", "x=2 y=3"),
    Case("kron(A, A)", "A=2,2"),
    Case("trace(X)", "X=3,3"),
    Case("trace(X)", "X=1,1"),
    Case("diag(x)", "x=3"),
    Case("diag(X)", "X=3,3"),
    Case("diag(diag(X))", "X=3,3"),
    Case("diag(x) @ A @ diag(x)", "x=3 A=3,3"),
    *[
        Case(f'einsum("{spec}", A, B)', "A=3,3 B=3,3")
        for spec in _split("""ij,jk->ik; ij,jk->ki; ij,ij->; ij,ij->ij; ij,ji->ij; ii,jj->; ii,ij->j; ij,kl->ijkl;
            ij,kj->ki; ij,jk; ij,kl->lj; ii,ii->i; ij,jj->i""")
    ],
    Case('einsum("ii->i", A)', "A=3,3"),
    Case('einsum("iij->j", A)', "A=3,3,2"),
    Case('einsum("ijk->kij", A)', "A=2,3,4"),
    Case('einsum("i,ij,j->", x, A, x)', "x=3 A=3,3"),
    Case('einsum("bi,ij,bj->b", X, A, X)', "X=4,3 A=3,3"),
    Case('einsum("bij,bjk->bik", A, B)', "A=0,2,3 B=0,3,4"),
    Case('einsum("ij,ij->j", A, A)', "A=3,2"),
    # matrices, and stacks of them
    *[
        Case(f"{name}(X)", shapes)
        for name in ("inv", "det", "logdet", "cholesky")
        for shapes in ("X=3,3", "X=1,1", "X=2,3,3", "X=0,2,2", "X=2,1,2,2")
    ],
    Case("inv(X.T)", "X=3,3"),
    Case("inv(inv(X))", "X=3,3"),
    Case("inv(diag(x))", "x=3"),
    Case("inv(transpose(X, (0, 2, 1)))", "X=2,3,3"),
    Case("solve(X, y)", "X=3,3 y=3"),
    Case("solve(X, Y)", "X=3,3 Y=3,2"),
    Case("solve(X.T, Y)", "X=3,3 Y=3,1"),
    Case("solve(X, X @ X)", "X=3,3"),
    Case("solve(X, Y)", "X=3,3 Y=3,0"),
    *[
        Case(f"{name}(X{k})", shapes)
        for name in ("tril", "triu")
        for k, shapes in (("", "X=3,3"), ("", "X=2,4"), ("", "X=0,3,3"), (", 1", "X=3,3"), (", -1", "X=3,4"))
    ],
    Case("tril(X, k=2)", "X=2,3,4"),
    Case("triu(X, -5)", "X=3,3"),
    # indexing
    *[
        Case(f"x[{items}]", "x=7")
        for items in _split("""0; -1; 3; :; 2:; :-2; 1:5; ::2; 1::3; ::-1; 5:1:-2; -2:-6:-1; 3:3; None; ..., None; 1:2;
            10:; -100:3""")
    ],
    *[
        Case(f"X[{items}]", "X=4,5")
        for items in _split("""1; -1; :, 2; 1, 2; -1, -2; 1:3, ::2; ::-1, ::-2; :, None, 1:; None, ..., 0; ..., -1; 1:1;
            2, :; 1:, None; None, None; 3:0:-1, 1; ...""")
    ],
    Case("X[1:][:, ::2][::-1]", "X=4,5"),
    Case("X[0] @ X[1]", "X=3,4"),
    Case("X[:, 0] * X[:, -1]", "X=3,4"),
    Case("x[1:] - x[:-1]", "x=5"),
    Case("X[:1] + X", "X=3,4"),
    Case("X[I]", "X=4,3 I:2"),
    Case("X[I]", "X=4,3 I:2,3"),
    Case("X[I]", "X=4,3 I:0"),
    Case("X[I, J]", "X=4,4 I:3 J:3"),
    Case("X[I, J]", "X=4,4 I:3,1 J:2"),
    Case("X[I, J]", "X=4,4,2 I:3 J:3"),
    Case("x[I] * x[J]", "x=4 I:6 J:6"),
    Case("X[:, None][I]", "X=4,3 I:5"),
    Case("X.T[I]", "X=3,4 I:5"),
    Case("X[arange(4), I]", "X=4,4 I:4"),
    Case("x[I]", "x=4 I:"),
    Case("X[I, J] * x", "X=4,4,2 x=2 I: J:"),
    Case("X[I, J]", "X=4,4 I: J:3"),
    Case("logsumexp(x) - x[I]", "x=4 I:"),
    Case("x[argmax(x)]", "x=4"),
    Case("sum(X[arange(4), I]) - sum(logsumexp(X, axis=1))", "X=4,4 I:4"),
    Case("x[places((2, 0, 2))]*y", "x=4 y=3"),
    Case("X[reshape(places((2, 0, 0, 1)), (2, 2))]", "X=4,3"),
    Case("one_hot(I, 4) @ X", "I:3 X=4,2"),
    Case("one_hot(I, 4) * X", "I:2,3 X=4"),
    Case("scatter(x, (7,), (1,), (2,))", "x=3"),
    Case("scatter(X, (4, 5), (3, 0), (-1, 2))", "X=3,3"),
    Case("scatter_add(x, (4,), I)", "x=6 I:6"),
    Case("scatter_add(X, (4, 3), I)", "X=5,3 I:5"),
    Case("scatter_add(x, (4, 4), I, J)", "x=6 I:6 J:6"),
    # making and rearranging
    Case("eye(3) * X + X @ eye(3)", "X=3,3"),
    Case("zeros((2, 3)) + x", "x=3"),
    Case("ones((2, 3)) * x", "x=3"),
    Case("arange(3) * x", "x=3"),
    Case("broadcast_to(x, (2, 3))", "x=3"),
    Case("broadcast_to(x, (2, 3))", "x="),
    Case("broadcast_to(X, (4, 2, 3))", "X=2,1"),
    Case("broadcast_to(X, (0, 3))", "X=1,3"),
    Case("X * x + y", "X=2,3 x=3 y="),
    Case("X * Y", "X=2,1 Y=1,3"),
    Case("X / Y", "X=2,1,3 Y=4,1"),
    Case("exp(X) * Y", "X=0,3 Y=3"),
    Case("where(X > 0, X**2, Y)", "X=2,3 Y=3", "kink"),
    Case("reshape(X, (6,))", "X=2,3"),
    Case("reshape(X, (3, -1))", "X=2,3"),
    Case("reshape(X, (3, 1, 2))", "X=2,3"),
    Case("reshape(X.T, (2, 3))", "X=2,3"),
    Case("reshape(X, (0, 5))", "X=0,3"),
    Case("reshape(x, (1, 1))", "x="),
    Case("transpose(X)", "X=2,3,4"),
    Case("transpose(X, (1, 2, 0))", "X=2,3,4"),
    Case("transpose(X, (0, 2, 1)) @ Y", "X=2,3,4 Y=2,3,2"),
    Case("X.T", "X=2,3"),
    Case("x.T", "x=3"),
    Case("squeeze(X)", "X=1,3,1"),
    Case("squeeze(X, axis=2)", "X=1,3,1"),
    Case("squeeze(X, axis=(0, -1))", "X=1,3,1"),
    Case("squeeze(X) @ y", "X=1,3,1 y=3"),
    Case("diag(x)[None]", "x=3"),
    Case("diag(x)[:, None]", "x=3"),
    Case("diag(squeeze(X))", "X=3,1"),
    Case("X.T[:, None]", "X=2,3"),
    Case("transpose(X, (1, 2, 0))[:, None]", "X=2,3,4"),
    Case("squeeze(X).T[None, :, :, None]", "X=2,1,3"),
    Case("concatenate((x, y, x))", "x=3 y=2"),
    Case("concatenate((X, Y), axis=-1)", "X=2,3 Y=2,1"),
    Case("concatenate((X, Y))", "X=0,3 Y=2,3"),
    Case("concatenate((X, 2*X[::-1]), axis=1)", "X=2,3"),
    Case("stack((x, y))", "x=3 y=3"),
    Case("stack((X, Y, X), axis=1)", "X=2,3 Y=2,3"),
    Case("stack((X, Y), axis=-1)", "X=2,3 Y=2,3"),
    Case("stack((x, y))", "x= y="),
]


# -- what names mean ---------------------------------------------------------------------------------------------------


def _put(target: Any, items: Any, values: Any, add: bool) -> Any:
    """Values at places of an array: JAX's arrays are not written."""
    if hasattr(target, "at"):
        return target.at[items].add(values) if add else target.at[items].set(values)
    target = target.astype(np.result_type(target, values))
    if add:
        np.add.at(target, items, values)
    else:
        target[items] = values
    return target


def _slices(starts: Any, steps: Any, counts: Any) -> tuple[Any, ...]:
    return np.ix_(*(start + step * np.arange(count) for start, step, count in zip(starts, steps, counts, strict=True)))


def _others(np_: Any, x: Any, axis: int) -> Any:
    places = range(x.shape[axis])
    return np_.stack([np_.prod(np_.delete(x, place, axis), axis=axis) for place in places], axis=axis)


def _meaning(np_: Any, special: Any) -> dict[str, Any]:
    """NumPy's functions, or JAX's under NumPy's names."""
    names = """sum mean var std prod max min argmax cumsum matmul dot outer kron einsum trace diag tril triu eye zeros
        ones arange reshape transpose squeeze concatenate stack broadcast_to exp where sin"""
    space = {name: getattr(np_, name) for name in names.split()}
    space |= {name: getattr(np_.linalg, name) for name in ("det", "inv", "solve")}
    return space | {
        "norm": lambda x, ord=2, axis=None, keepdims=False: (
            np_.sum(abs(x), axis=axis, keepdims=keepdims)
            if ord == 1
            else np_.sqrt(np_.sum(x**2, axis=axis, keepdims=keepdims))
        ),
        "logdet": lambda x: np_.linalg.slogdet(x)[1],
        "cholesky": lambda x: np_.linalg.cholesky((x + np_.swapaxes(x, -1, -2)) / 2),
        "logsumexp": special.logsumexp,
        "softmax": lambda x, axis=-1: np_.exp(x - special.logsumexp(x, axis=axis, keepdims=True)),
        "log_softmax": lambda x, axis=-1: x - special.logsumexp(x, axis=axis, keepdims=True),
        "places": lambda listed: np_.array(listed),
        "one_hot": lambda places, n: np_.where(places[..., None] == np_.arange(n), 1.0, 0.0),
        "scatter": lambda x, shape, starts, steps: _put(
            np_.zeros(shape), _slices(starts, steps, x.shape), x, add=False
        ),
        "scatter_add": lambda x, shape, *places: _put(np_.zeros(shape), places, x, add=True),
        "product_of_others": lambda x, axis=0: _others(np_, x, axis),
    }


NUMPY = _meaning(np, scipy.special)
SYMDIFF = FUNCTIONS | {name: getattr(sd, name) for name in ("exp", "where", "sin")}


def _function(case: Case, space: dict[str, Any]) -> Callable[..., Any]:
    code = compile(case.text, case.text, "eval")

    def function(*point: Any) -> Any:
        return eval(code, {}, space | dict(zip(case.variables, point, strict=True)))

    return function


def _point(case: Case, dtype: Any = np.float64) -> list[np.ndarray]:
    """Square matrices far from singular; places below 4, some repeated; ties and zeros where the case is about them."""
    rng = np.random.default_rng(len(case.text) + 7)
    point = []
    for name, shape in case.variables.items():
        if name in case.places:
            point.append(rng.integers(-4 if name == "I" and "one_hot" not in case.text else 0, 4, shape))
            continue
        value = rng.uniform(0.3, 1.5, shape) * np.where(rng.uniform(size=shape) < 0.4, -1, 1)
        if case.kind == "ties":
            value = rng.integers(0, 2, shape).astype(float)
        if case.kind in ("zero", "zeros"):
            value[..., -1] = 0
            if case.kind == "zeros":
                value[..., 0] = 0
        if len(shape) > 1 and shape[-1] == shape[-2]:
            value = value + 2 * shape[-1] * np.eye(shape[-1])
        point.append(value.astype(dtype))
    return point


class Graphs(NamedTuple):
    inputs: list[sd.Node]
    floats: list[sd.Node]
    f: sd.Node
    weights: sd.Node


@cache
def _graphs(case: Case) -> Graphs:
    inputs = [sd.symbol(name, shape) for name, shape in case.variables.items()]
    f = as_node(_function(case, SYMDIFF)(*inputs))
    return Graphs(inputs, [var for var in inputs if var.name in case.floats], f, sd.symbol("W__", f.shape))


def _listed(values: Any) -> list[np.ndarray]:
    return [np.asarray(value) for value in values]


def _close(got: Any, expected: Any, rtol: float) -> None:
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, expected, rtol=0, atol=rtol * (1 + np.abs(expected).max(initial=0)))


def _along(f: Callable[..., Any], case: Case, point: list[Any], place: int, direction: np.ndarray) -> Any:
    """The derivative of f along a direction of one input: complex step or extrapolated differences."""

    def moved(step: Any) -> Any:
        return np.asarray(f(*point[:place], point[place] + step * direction, *point[place + 1 :]))

    if case.analytic:
        return np.imag(moved(1e-30j)) / 1e-30
    return extrapolated(lambda step: (moved(step) - moved(-step)) / (2 * step), 0.02, 8)


def _directions(shape: tuple[int, ...]) -> Any:
    for index in np.ndindex(shape):
        direction = np.zeros(shape)
        direction[index] = 1
        yield index, direction


def _id(case: Case) -> str:
    return f"{case.text} {case.shapes} {case.kind}".strip()


every_case = pytest.mark.parametrize("case", CASES, ids=_id)
smooth_case = pytest.mark.parametrize("case", [case for case in CASES if case.kind not in ("steps", "ties")], ids=_id)


# -- every case --------------------------------------------------------------------------------------------------------


@every_case
def test_value(case: Case) -> None:
    graphs, point = _graphs(case), _point(case)
    expected = np.asarray(_function(case, NUMPY)(*point))
    assert graphs.f.shape == expected.shape
    _close(_compiled(case)(*point), expected, 1e-13)
    assert sd.parse(str(graphs.f), shapes=case.variables) is graphs.f


@cache
def _compiled(case: Case) -> Callable[..., Any]:
    """The value."""
    return sd.compile(_graphs(case).f, _graphs(case).inputs)


@cache
def _gradient(case: Case) -> tuple[Callable[..., Any], list[np.ndarray], np.ndarray]:
    """The gradient of a weighted sum, as a function, with the point and weights of the case."""
    graphs, point = _graphs(case), _point(case)
    weights = np.random.default_rng(1).uniform(-1, 1, graphs.f.shape)
    gradient = sd.grad(sd.sum(graphs.weights * graphs.f), graphs.floats)
    assert [part.shape for part in gradient] == [var.shape for var in graphs.floats]
    return sd.compile(gradient, [*graphs.inputs, graphs.weights]), point, weights


@every_case
def test_gradient(case: Case) -> None:
    fn, point, weights = _gradient(case)
    got = _listed(fn(*point, weights))
    if case.kind == "steps":
        assert not any(part.any() for part in got)
        return
    if case.kind == "ties":
        _shares(case, point, weights, got)
        return
    plain = _function(case, NUMPY)
    for name, part in zip(case.floats, got, strict=True):
        place = list(case.variables).index(name)
        expected = np.zeros(point[place].shape)
        for index, direction in _directions(expected.shape):
            expected[index] = np.sum(weights * _along(plain, case, point, place, direction))
        _close(part, expected, 1e-11 if case.analytic else 1e-8)


def _shares(case: Case, point: list[np.ndarray], weights: np.ndarray, got: list[np.ndarray]) -> None:
    """Elements that are tied share the weight of their result equally."""
    (x,) = point
    best = _function(case, NUMPY)(x)
    axis = next((item for item in (0, 1) if f"axis={item}" in case.text), None)
    axis = (0, 2) if "(0, 2)" in case.text else axis
    wide = np.expand_dims if axis is not None and "keepdims" not in case.text else lambda value, _: value
    tied = x == wide(best, axis)
    expected = tied * wide(weights, axis) / tied.sum(axis, keepdims=axis is not None)
    assert (tied.sum(axis) > 1).any()
    _close(got[0], expected, 1e-14)


def _beside_jax() -> list[Case]:
    """The first case of each function, and those about ties, zeros and empty arrays: JAX compiles slowly."""
    seen: dict[str, int] = {}
    chosen = []
    for case in CASES:
        name = case.text.split("(")[0] if "(" in case.text else case.text
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 1 or case.kind in ("ties", "zeros") or ("axis" in case.text and "=0," in case.shapes):
            chosen.append(case)
    return [case for case in chosen if "[" not in case.text or ":" in case.shapes or case.analytic is False]


@each_beside("jax", "case", _beside_jax(), ids=_id)
def test_gradient_agrees_with_jax(case: Case) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    fn, point, weights = _gradient(case)
    plain = _function(case, _meaning(jax.numpy, jax.scipy.special))
    places = [list(case.variables).index(name) for name in case.floats]
    expected = jax.jit(jax.grad(lambda *at: jax.numpy.sum(weights * plain(*at)), places))(*point)
    for part, other in zip(fn(*point, weights), expected, strict=True):
        _close(part, other, 1e-10)


@every_case
def test_forward_and_reverse_mode_are_transposes(case: Case) -> None:
    graphs, point = _graphs(case), _point(case)
    rng = np.random.default_rng(2)
    tangents = [sd.symbol(f"T__{var.name}", var.shape) for var in graphs.floats]
    forward = sd.jvp(graphs.f, graphs.floats, tangents)
    backward = sd.vjp(graphs.f, graphs.floats, graphs.weights)
    assert forward.shape == graphs.f.shape
    ts = [rng.uniform(-1, 1, var.shape) for var in graphs.floats]
    weights = rng.uniform(-1, 1, graphs.f.shape)
    fn = sd.compile((forward, backward), [*graphs.inputs, graphs.weights, *tangents])
    moved, pulled = fn(*point, weights, *ts)
    both = [np.sum(part * t) for part, t in zip(pulled, ts, strict=True)]
    scale = builtins.sum(np.abs(part).max(initial=0) for part in pulled)
    assert np.sum(weights * moved) == pytest.approx(np.sum(both), rel=1e-11, abs=1e-12 * (1 + scale))


@smooth_case
def test_second_order(case: Case) -> None:
    """Of the sine of every element: what is linear has a second derivative too."""
    graphs, point = _graphs(case), _point(case)
    loss = sd.sum(graphs.weights * sd.sin(graphs.f))
    weights = np.random.default_rng(3).uniform(-1, 1, graphs.f.shape)
    vectors = [sd.symbol(f"V__{var.name}", var.shape) for var in graphs.floats]
    everything = [*graphs.inputs, graphs.weights]
    gradient = sd.compile(sd.grad(loss, graphs.floats), everything)
    second = sd.compile(sd.hvp(loss, graphs.floats, vectors), [*everything, *vectors])
    for at, name in enumerate(case.floats):
        place = list(case.variables).index(name)
        directions = [np.zeros(var.shape) for var in graphs.floats]
        directions[at] = np.random.default_rng(at).uniform(-1, 1, directions[at].shape)
        for other, got in enumerate(second(*point, weights, *directions)):
            expected = _along(
                lambda *values, other=other: gradient(*values, weights)[other], case, point, place, directions[at]
            )
            _close(got, expected, 1e-10 if case.analytic else 1e-7)


@every_case
def test_float32_stays(case: Case) -> None:
    fn, _, weights = _gradient(case)
    point = _point(case, np.float32)
    value = _compiled(case)(*point)
    assert np.asarray(value).dtype == (np.float32 if case.kind != "steps" else np.asarray(value).dtype)
    for part in fn(*point, weights.astype(np.float32)):
        assert np.asarray(part).dtype == np.float32


@every_case
def test_results_are_the_callers(case: Case) -> None:
    """A second call changes nothing that the first returned, and no result shares memory with an argument."""
    graphs, point = _graphs(case), _point(case)
    gradient = sd.grad(sd.sum(graphs.weights * graphs.f), graphs.floats)
    fn = sd.compile((graphs.f, gradient), [*graphs.inputs, graphs.weights])
    weights = np.random.default_rng(4).uniform(-1, 1, graphs.f.shape)
    value, parts = fn(*point, weights)
    results = _listed([value, *parts])
    kept = [part.copy() for part in results]
    fn(*(part if part.dtype.kind == "i" else 1.25 * part for part in point), 3 * weights)
    for at, (part, before) in enumerate(zip(results, kept, strict=True)):
        assert np.array_equal(part, before)
        others = [*point, weights, *(results[:at] if len({graphs.f, *gradient}) == len(results) else [])]
        assert not any(np.shares_memory(part, other) for other in others if np.ndim(other))


def test_every_row_and_function_has_a_case() -> None:
    nodes = {node.op.name for case in CASES for node in topological(_graphs(case).f)}
    assembled = {"assemble", "sparse", "compressed"}  # made by hessian; see test_hessians.py and test_sparse.py
    assert {row.name for row in OPS.values() if row.partials is None and row.arity} - assembled <= nodes
    text = " ".join(case.text for case in CASES)
    called = {name for name in FUNCTIONS if f"{name}(" in text}
    assert set(FUNCTIONS) - called == {"size", "index", "T"}


@pytest.mark.parametrize("case", [case for case in CASES if len(case.floats) > 1], ids=_id)
def test_types_may_be_mixed(case: Case) -> None:
    """One input of float64 among those of float32."""
    fn, _, weights = _gradient(case)
    point = _point(case, np.float32)
    at = list(case.variables).index(case.floats[-1])
    point[at] = point[at].astype(np.float64)
    exact = [part.astype(np.float64) if part.dtype.kind == "f" else part for part in point]
    value = _compiled(case)
    _close(value(*point), value(*exact), 1e-5)
    for part, other in zip(fn(*point, weights), fn(*exact, weights), strict=True):
        _close(part, other, 1e-5)


def test_sizes_and_shapes_as_numbers() -> None:
    x = sd.symbol("x", "n")
    assert sd.compile(sd.size("n") * sd.sum(x), [x])([1.0, 2.0, 4.0]) == 21
    assert sd.compile(sd.grad(sd.mean(x), x), [x])([1.0, 2.0, 4.0, 5.0]).tolist() == [0.25] * 4
    assert sd.evaluate(sd.hvp(sd.size("n") * sd.sum(x**2), x, x), {"x": [1.0, 2.0]}).tolist() == [4.0, 8.0]


# -- einsum, any -------------------------------------------------------------------------------------------------------


@st.composite
def _contractions(draw: st.DrawFn) -> tuple[list[str], str, dict[str, int]]:
    """Labels of operands, which may repeat, and a permutation of some of them as the result."""
    inputs = draw(st.lists(st.text("ijkl", min_size=0, max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(inputs)))
    output = draw(st.permutations(used))
    output = output[: draw(st.integers(0, len(output)))]
    sizes = draw(st.fixed_dictionaries({label: st.integers(0, 3) for label in "ijkl"}))
    return inputs, "".join(output), sizes


@settings(max_examples=150, deadline=None)
@given(_contractions(), st.booleans(), st.integers(0, 99))
def test_any_einsum(contraction: tuple[list[str], str, dict[str, int]], letters: bool, seed: int) -> None:
    """The sum is linear in each operand, so its derivative by an element is the sum with a unit array instead."""
    inputs, output, sizes = contraction
    spec = f"{','.join(inputs)}->{output}"
    rng = np.random.default_rng(seed)
    arrays = [rng.uniform(-1, 1, [sizes[label] for label in own]) for own in inputs]
    symbols = [
        sd.symbol(f"A{place}", [label if letters else sizes[label] for label in own])
        for place, own in enumerate(inputs)
    ]
    if all(own == "" for own in inputs) and len(inputs) == 1:
        return
    f = sd.einsum(spec, *symbols)
    weights = sd.symbol("W", f.shape)
    w = rng.uniform(-1, 1, [sizes[label] for label in output])
    value, gradient = sd.compile((f, sd.grad(sd.sum(weights * f), symbols)), [*symbols, weights])(*arrays, w)
    _close(value, np.einsum(spec, *arrays), 1e-13)
    for place, part in enumerate(gradient):
        expected = np.zeros(arrays[place].shape)
        for index, direction in _directions(expected.shape):
            moved = [direction if at == place else array for at, array in enumerate(arrays)]
            expected[index] = np.sum(w * np.einsum(spec, *moved))
        _close(part, expected, 1e-13)


# -- memory ------------------------------------------------------------------------------------------------------------


def _peak(fn: Callable[..., Any], *arrays: Any) -> int:
    """Bytes allocated at most while the function runs, after a first call."""
    fn(*arrays)
    tracemalloc.start()
    try:
        fn(*arrays)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_elementwise_jacobians_are_never_built() -> None:
    n = 10**5
    x = sd.symbol("x", "n")
    f = sd.sum(sd.tanh(x) ** 2 * sd.exp(-x))
    fn = sd.compile((f, sd.grad(f, x)), [x])
    assert _peak(fn, np.linspace(-1, 1, n)) < 10 * n * 8
    vector = sd.symbol("v", "n")
    second = sd.compile(sd.hvp(f, x, vector), [x, vector])
    assert _peak(second, np.linspace(-1, 1, n), np.ones(n)) < 20 * n * 8


def test_a_linear_layer_needs_no_jacobian() -> None:
    """N = 64, D = M = 4096 in float32: the dense Jacobian would take 256 GB."""
    X, W, b = sd.symbol("X", ("N", "D")), sd.symbol("W", ("D", "M")), sd.symbol("b", "M")
    loss = sd.sum(sd.tanh(X @ W + b) ** 2) / 2
    fn = sd.compile((loss, sd.grad(loss, [X, W, b])), [X, W, b])
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape, dtype=np.float32) for shape in ((64, 4096), (4096, 4096), (4096,))]
    assert _peak(fn, *arrays) < 0.1 * 2**30
    value, gradient = fn(*arrays)
    assert [np.asarray(part).dtype for part in (value, *gradient)] == [np.float32] * 4
