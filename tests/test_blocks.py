"""Derivatives of arrays by arrays: every operation that blocks know, against forward mode, differences and rules.

A block has the shape of the function followed by that of the variable. Its columns are compared with ``jvp`` along unit
vectors, which knows nothing of blocks, and with extrapolated differences of the compiled function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symdiff as sd
from symdiff.graph.shapes import size_value
from symdiff.graph.traversal import topological
from symdiff.jacobians.blocks.reverse import derivative


class Case(NamedTuple):
    """``shapes``: "x=3 A=2,3 I:2" has a vector, a matrix and, after a colon, places from 0 to 2 of that shape."""

    text: str
    shapes: str
    kind: str = ""

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        parts = [part.replace(":", "=").split("=") for part in self.shapes.split()]
        return {name: tuple(map(int, sizes.split(","))) if sizes else () for name, sizes in parts}

    @property
    def floats(self) -> list[str]:
        return [part.split("=")[0] for part in self.shapes.split() if ":" not in part]


def _all(shapes: str, texts: str, kind: str = "") -> list[Case]:
    return [Case(" ".join(text.split()), shapes, kind) for text in texts.split(";")]


CASES = [
    # elementwise, broadcast
    *_all(
        "X=2,3",
        """X; -X; X**2; sin(X)*exp(X); 1/(2 + X**2); tanh(X) + X*X; where(X > 0, X**3, 2*X); abs(X); relu(X)""",
    ),
    *_all("X=2,3", "sigmoid(X)*log(2 + X); maximum(X, 0.1); X - X; 0*X; X*sum(X); X/norm(X); sqrt(X + 2)"),
    *_all("X=2,3 b=3", "X + b; X*b; b - b*X; (X*b)**2; X/(b + 3); exp(b)*sin(X + b); X**2*b; maximum(X, b)"),
    *_all("X=2,3 c=2", "X*c[:, None]; c[:, None] + X; tanh(X + c[:, None])*c[:, None]"),
    *_all("x=3 t=", "t*x; x + t; sin(t*x); t**2*x; x/(3 + t); t + t*t; sum(x)*t"),
    *_all(
        "x=3 y=2",
        """x + y[:, None]; x*y[:, None]; outer(x, y); sin(outer(x, y)); outer(x, x)[None]*y[:, None, None]""",
    ),
    *_all("x=1 X=2,3", "x + X; x*X; sin(x*X); x**2; sum(X)*x"),
    *_all("X=3,1", "X + zeros((3, 4)); X*X.T; X @ X.T; X[:, 0]; squeeze(X, axis=1)*2; softmax(X, axis=1)"),
    *_all("x=", "sin(x); x**2 + x; broadcast_to(x, (2, 3)); x*ones((2,)); stack((x, x**2))"),
    *_all("x=3", "broadcast_to(x, (2, 3)); broadcast_to(sin(x), (2, 3))*x; broadcast_to(x[:, None], (3, 2))"),
    # views
    *_all("X=2,3", "X.T; X[None]; X[:, None]; X[:, :, None, None]; transpose(X); sin(X.T); X.T[None]*X.T"),
    *_all(
        "X=3,3",
        """diag(X); trace(X); diag(X)**2; X + X.T; X*X.T; diag(diag(X)); trace(X)*X; X - diag(diag(X));
        X @ X.T""",
    ),
    *_all(
        "x=3",
        """diag(x); diag(x**2); diag(x) @ diag(x); x[:, None]; x[:, None]*x; diag(x)*x; x[None]*x[:, None]""",
    ),
    *_all(
        "X=2,3,4",
        """transpose(X, (2, 0, 1)); transpose(X, (1, 0, 2))**2; sum(X, axis=1).T;
        transpose(X, (2, 1, 0))*X[0, 0, 0]""",
    ),
    *_all(
        "X=3,3", "sin(X) - diag(diag(sin(X))); diag(diag(X*X)) + (X*X).T; sum(X*X) + sin(X*X) + diag(diag(X*X)**2)*X"
    ),
    *_all("x=3", "sin(x) + diag(sin(x)) + sin(x)[:, None]; diag(x*x) + outer(x*x, x*x) + (x*x)[:, None]*x"),
    *_all("X=2,3,3", 'einsum("bii->bi", X); einsum("bii->b", X); einsum("bij->bji", X)*X'),
    *_all("X=3,3 x=3", 'einsum("ii,i->i", X, x); diag(X)*x; X*diag(x); diag(x) @ X @ diag(x); x @ X; X @ x'),
    # contractions
    *_all(
        "A=2,3 B=3,4",
        """A @ B; (A @ B).T; sin(A @ B); (A @ B)**2; A @ B @ B.T; sum(A @ B, axis=0); A @ (B*B)""",
    ),
    *_all(
        "A=2,3 x=3 b=2",
        """A @ x; A @ x + b; tanh(A @ x + b); outer(b, x) @ x; A.T @ b; A @ x*b; b @ A; (b @ A @ x)*x""",
    ),
    *_all(
        "A=3,3 x=3",
        """x @ A @ x; (x @ A @ x)*x; A @ A; A @ A @ A; A.T @ A; A @ x*x; exp(-(x @ A @ x))*(A @ x);
        outer(A @ x, x)""",
    ),
    *_all("A=5,2,3 B=3,4", "A @ B; sin(A @ B)"),
    *_all(
        "A=5,2,3 B=5,3,4",
        """A @ B; tanh(A @ B); einsum("bij,bjk->bik", A, B); einsum("bij,bjk->k", A, B);
        einsum("bij,bjk->kb", A, B)""",
    ),
    *_all(
        "A=4,3 B=4,3",
        """einsum("bi,bi->b", A, B); einsum("bi,bj->bij", A, B); einsum("bi,bi->bi", A, A*B); A @ B.T;
        einsum("bi,bi->i", A, A)""",
    ),
    *_all(
        "A=3,3 B=3,3",
        """kron(A, B); A*B; einsum("ij,kl->ijkl", A, B); einsum("ii,jk->jk", A, B); einsum("ij,jj->i", A, B)""",
    ),
    *_all(
        "x=2 y=3 Z=2,3,2",
        """einsum("ijk,i,j,k->", Z, x, y, x); einsum("ijk,i,k->j", Z, x, x); einsum("ijk,j->ik", Z, y)**2""",
    ),
    *_all(
        "X=2,3,4",
        """sum(X); sum(X, axis=1); sum(X, axis=(0, 2))**2; mean(X, axis=0); var(X, axis=1);
        X - mean(X, axis=-1, keepdims=True)""",
    ),
    *_all(
        "X=4,3 W=3,2 b=2",
        """tanh(X @ W + b); softmax(X @ W + b, axis=1); (X @ W + b)*sum(W); sum(tanh(X @ W + b)**2)*b""",
    ),
    # slices, and arrays made from parts
    *_all(
        "x=5",
        """x[1:]; x[:-1]; x[::2]; x[::-1]; x[1:]*x[:-1]; x[1:] - x[:-1]; x[3]; x[2:4]**2; x[1:][::-1]; x[1::2];
        x[0:0]""",
    ),
    *_all(
        "x=5",
        """x[0]*x; x[1:4]*x[2:]; x[::2][1:]; sin(x[::-1])*x; x[1:]**2 - x[:-1]; x[-1] + x;
        concatenate((x[2:], x[:2]))""",
    ),
    *_all(
        "X=3,4",
        """X[1]; X[:, 1]; X[1:, ::2]; X[0] @ X[1]; X[:, 1:] @ X[:, :-1].T; X[::-1, ::-1]; X[1, 2]; X[1:, None];
        X.T[1:]; X[0]*X""",
    ),
    *_all(
        "x=3 y=2",
        """concatenate((x, y)); concatenate((x, y, x))**2; concatenate((y, sin(x))); concatenate((x*x[0], y));
        concatenate((x, y))*x[1]""",
    ),
    *_all(
        "x=3 y=3",
        """stack((x, y)); stack((x, y), axis=1); stack((x, y)) @ x; stack((x, x*y));
        stack((sin(x), y), axis=1)**2""",
    ),
    *_all(
        "X=2,3 Y=1,3",
        """concatenate((X, Y)); concatenate((X, Y, X)) @ Y.T; concatenate((X.T, Y.T), axis=1);
        tanh(concatenate((X, Y)))""",
    ),
    *_all(
        "x=4 y=5",
        """concatenate((x, y))[::-1]*2; concatenate((x, y))[1:7:2]; concatenate((x, y))[2::3]**2;
        concatenate((x, y))[5:1:-2]""",
    ),
    *_all(
        "x=4 y=5",
        """concatenate((x, y))[:3]; concatenate((x, y))[5:]; concatenate((x, y**2, x))[3:10]*x[0];
        concatenate((x, y))[8:0:-3]""",
    ),
    *_all(
        "x=4 y=3",
        """scatter(x, (9,), (1,), (2,))[::-1]; scatter(x, (9,), (1,), (2,))[1::2]**2;
        scatter(x, (9,), (7,), (-2,))[5:2:-2]""",
    ),
    *_all(
        "x=4 y=3",
        """scatter(x, (9,), (7,), (-2,))[::4]; scatter(x, (9,), (0,), (1,))[1::3];
        scatter(x, (9,), (7,), (-1,))[2:6]*y[0]""",
    ),
    *_all(
        "X=2,3 A=3,5",
        """concatenate((X, X**2), axis=1)[:, 1:]; concatenate((X[:, :1], X), axis=1);
        concatenate((X @ A, X), axis=1)""",
    ),
    *_all(
        "x=4",
        """diag(x)[1:]; diag(x)[:, ::2] @ x[:2]; diag(x**2)[1:, :-1]; diag(x)[::-1]*x; diag(diag(x)[1:, 1:])""",
    ),
    *_all(
        "X=4,4",
        """diag(X[::-1]); diag(sin(X)[::-1]); diag(cumsum(X[::-1], axis=0)[::-1]); diag((X @ X)[::-1]*X);
        diag(tril(X[1:, 1:]))""",
    ),
    *_all(
        "X=3,3",
        """diag(softmax(X[::-1], axis=1)); diag((X @ X)[:, ::-1]); diag(concatenate((X, X**2))[1:4]);
        diag(inv(X + 4*eye(3))[::-1])""",
    ),
    *_all(
        "X=3,3",
        """trace(zeros((3, 3)) + X[0, 0]**2); trace(broadcast_to(X[0], (3, 3)));
        diag(broadcast_to(X[0], (3, 3))); trace(X[::-1])""",
    ),
    # operations with rules of their own
    *_all(
        "x=4",
        """softmax(x); log_softmax(x); logsumexp(x); norm(x); x/norm(x); norm(x)**2; softmax(x)*x; softmax(2*x)**2;
        cumsum(x)""",
    ),
    *_all(
        "x=4",
        """cumsum(x**2); cumsum(cumsum(x)); max(x); min(x); x - max(x); max(x)*x; norm(x)*softmax(x);
        exp(x - logsumexp(x)); var(x)""",
    ),
    *_all(
        "X=2,3,4",
        """softmax(X, axis=1); softmax(X, axis=(0, 2)); softmax(X, axis=-1)*X; logsumexp(X, axis=0);
        logsumexp(X, axis=(0, 2))""",
    ),
    *_all(
        "X=2,3,4",
        """logsumexp(X); norm(X, axis=1); norm(X, axis=(0, 1)); norm(X); X/norm(X, axis=2, keepdims=True);
        log_softmax(X, axis=0)""",
    ),
    *_all(
        "X=2,3,4",
        """max(X, axis=1); min(X, axis=(0, 2)); max(X, keepdims=True); cumsum(X, axis=1); cumsum(X, axis=0);
        cumsum(X, axis=-1)**2""",
    ),
    *_all("X=3,4", "max(X, axis=1); min(X, axis=0); max(X); max(X)*X; min(X, axis=1, keepdims=True)*X", "ties"),
    *_all(
        "X=3,3",
        """inv(X); inv(X) @ inv(X); inv(X + X.T); det(X); logdet(X); det(X)*inv(X); inv(X.T); X @ inv(X); inv(X)*X;
        logdet(X @ X)""",
        "regular",
    ),
    *_all(
        "X=3,3",
        """tril(X); triu(X); tril(X, -1); triu(X, 1); tril(X, 1)*X; triu(X) @ X; tril(X @ X, -1);
        tril(X) @ tril(X).T""",
    ),
    *_all("X=2,3,3", "inv(X); det(X); logdet(X); tril(X); triu(X, -1); tril(X @ X)", "regular"),
    *_all("X=2,3", "tril(X); triu(X); triu(X, 1)**2; tril(X, -1)"),
    *_all(
        "A=3,3 b=3",
        """solve(A, b); solve(A, b)*b; solve(A, sin(b)); A @ solve(A, b); solve(A.T, b); b @ solve(A, b);
        solve(A, A @ b)""",
        "regular",
    ),
    *_all(
        "A=3,3 B=3,2",
        """solve(A, B); solve(A, B)**2; solve(A @ A, B); solve(A, B) @ B.T; solve(A + A.T, B)""",
        "regular",
    ),
    *_all("x=3 I:4", "x[I]; x[I]**2; sin(x)[I]*x[I]; x[I][None]*x[:, None]"),
    *_all("X=3,2 I:4", "X[I]; X[I]**2; X[I] @ X.T; X[I].T"),
    *_all("X=3,3 I:4 J:4", "X[I, J]; X[I, J]**2*X[0, 0]; X[J, I]*X[I, J]; (X @ X)[I, J]"),
    *_all("X=3,3 I:4,1 J:2", "X[I, J]; sin(X)[I, J]*X[J, I]"),
    *_all("X=3,2 I:2,2", "X[I]; sin(X[I])"),
    *_all(
        "X=4,2 I:4",
        """scatter_add(X, (3, 2), I); scatter_add(X**2, (3, 2), I)*X[0, 0]; scatter_add(X, (3, 2), I)[I]*X""",
    ),
    *_all("X=4,2 I:4 J:4", "scatter_add(X[:, 0], (3, 3), I, J); scatter_add(sin(X), (3, 3, 2), I, J)"),
    *_all(
        "x=4",
        """prod(x); x*prod(x); product_of_others(x); product_of_others(x)*x; x[argmax(x)]; x[argmax(x)]*x**2""",
    ),
    *_all(
        "X=2,3,2",
        """prod(X, axis=1); prod(X); prod(X, axis=(0, 2)); prod(X, axis=1, keepdims=True)*X;
        product_of_others(X, axis=1)*X""",
    ),
    *_all(
        "X=2,6",
        """reshape(X, (12,)); reshape(X, (2, 2, 3)); reshape(X, (4, 3)); reshape(X**2, (3, 4)) @ X.T[:4];
        reshape(X, (12, 1))[1:]""",
    ),
    *_all(
        "X=2,3,4",
        """reshape(X, (6, 4)); reshape(X, (2, 12)); reshape(X, (2, 12))[:, 3:] + X[0, 0, 0];
        reshape(X, (2, 3, 2, 2)); reshape(X, (24,))**2""",
    ),
    *_all(
        "X=2,6",
        """reshape(sin(X), (12,))[::2]; reshape(X, (3, 4)).T; sum(reshape(X, (2, 3, 2))**2, axis=1);
        reshape(X[:, 1:], (10,))*X[0, 0]""",
    ),
    # size 1, empty, scalars
    *_all(
        "X=1,1",
        """X; X.T; X @ X; inv(X + 3); det(X); softmax(X, axis=0); diag(X); X[0, 0]; sum(X)*X; tril(X);
        cumsum(X, axis=0); max(X)""",
    ),
    *_all(
        "x=1",
        """x; x*x; outer(x, x); x[0]; softmax(x); norm(x + 3); diag(x); concatenate((x, x)); x[:, None] + x; max(x);
        x[::-1]""",
    ),
    *_all(
        "X=0,3 w=3",
        """X @ w; tanh(X @ w); X*w; X.T; sum(X, axis=0); softmax(X, axis=1); X.T @ X; w + sum(X);
        logsumexp(X, axis=1); X @ X.T""",
    ),
    *_all(
        "X=0,3 w=3",
        """prod(X, axis=1); reshape(X, (0,)); reshape(X, (3, 0)); prod(X, axis=0); X[:, ::-1]; X[0:0] @ w""",
    ),
    *_all(
        "X=0,3 w=3",
        """norm(X, axis=1); concatenate((X, w[None])); max(X, axis=1); cumsum(X, axis=0); (X @ w)[:, None]*X;
        sum(X*w)*w""",
    ),
    *_all(
        "x=0",
        """x; sum(x); outer(x, x); cumsum(x); x[:, None] + x; diag(x); x[::-1]; concatenate((x, x)); x @ x""",
    ),
]
#: No product of factors is known, and the sentence says which operation it is.
UNKNOWN = [
    ("cholesky(X)", "X=3,3", "cholesky"),
    ("sin(cholesky(X) @ X)", "X=3,3", "cholesky"),
]
IDS = [f"{case.text} with {case.shapes}" for case in CASES]
LIMIT = 1e-10


def _point(case: Case, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = {}
    for name, shape in case.sizes.items():
        value = rng.uniform(-1, 1, shape)
        if name not in case.floats:
            value = rng.integers(0, 3, shape)
        elif case.kind == "ties":
            value = np.round(value)
        elif case.kind == "regular" and len(shape) > 1 and shape[-1] == shape[-2]:
            value = value + shape[-1] * np.eye(shape[-1])
        values[name] = value
    return values


def _read(case: Case) -> tuple[sd.Node, list[sd.Node], list[sd.Node]]:
    """The function, its variables, and those to differentiate by."""
    f = sd.parse(case.text, shapes=case.sizes)
    inputs = [sd.symbol(name, shape) for name, shape in case.sizes.items()]
    return f, inputs, [var for var in inputs if var.name in case.floats]


def _close(got: Any, expected: Any, limit: float = LIMIT) -> None:
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=limit * (1 + np.abs(expected).max(initial=0)))


Point = dict[str, np.ndarray]


def _columns(f: sd.Node, var: sd.Node, inputs: list[sd.Node]) -> Callable[[Point], np.ndarray]:
    """The derivative of f by each element of var at a point, by forward mode."""
    tangent = sd.symbol("V__", var.shape)
    fn = sd.compile((f, sd.jvp(f, var, tangent)), [*inputs, tangent])

    def columns(point: Point) -> np.ndarray:
        shape = point[var.name].shape
        value, _ = fn(*point.values(), np.zeros(shape))
        found = np.zeros(np.shape(value) + shape)
        for place in np.ndindex(shape):
            unit = np.zeros(shape)
            unit[place] = 1
            _, found[(..., *place)] = fn(*point.values(), unit)
        return found

    return columns


def _differences(value: Callable[..., Any], var: sd.Node, point: Point) -> np.ndarray:
    """The same by central differences, extrapolated once."""
    shape = point[var.name].shape
    found = np.zeros(np.shape(value(*point.values())) + shape)

    def quotient(place: tuple[int, ...], step: float) -> Any:
        sides = []
        for sign in (1, -1):
            moved = point[var.name].copy()
            moved[place] += sign * step
            sides.append(np.asarray(value(*(point | {var.name: moved}).values())))
        return (sides[0] - sides[1]) / (2 * step)

    for place in np.ndindex(shape):
        found[(..., *place)] = (4 * quotient(place, 5e-4) - quotient(place, 1e-3)) / 3
    return found


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_block(case: Case) -> None:
    """Of the formula as it stands and simplified, before and after its own simplification, in both schedules."""
    f, inputs, wrt = _read(case)
    blocks = sd.jacobian(f, wrt)
    assert [block.shape for block in blocks] == [f.shape + var.shape for var in wrt]
    for block in blocks:
        assert str(sd.parse(str(block), shapes=case.sizes)) == str(block)
    known = derivative(f, wrt)
    forms = (blocks, sd.simplify(blocks), tuple(known.block(var) for var in wrt))
    fast, clear = sd.compile(forms, inputs), sd.compile(forms, inputs, schedule="clear")
    columns = [_columns(f, var, inputs) for var in wrt]
    for seed in (0, 1):
        point = _point(case, seed)
        expected = [columns_by(point) for columns_by in columns]
        for found in (*fast(*point.values()), *clear(*point.values())):
            for got, column in zip(found, expected, strict=True):
                _close(got, column)
    if case.kind != "ties":
        value = sd.compile(f, inputs)
        for var, column in zip(wrt, expected, strict=True):
            _close(_differences(value, var, point), column, 1e-6)
    single = {name: value.astype(np.float32) if name in case.floats else value for name, value in point.items()}
    for found in (*fast(*single.values()), *clear(*single.values())):
        for got, column in zip(found, expected, strict=True):
            assert np.asarray(got).dtype == np.float32
            _close(got, column, 1e-4)


@pytest.mark.parametrize(("text", "shapes", "name"), UNKNOWN)
def test_what_has_no_block_is_named(text: str, shapes: str, name: str) -> None:
    f, _, (var,) = _read(Case(text, shapes))
    with pytest.raises(
        sd.UnsupportedError, match=rf"^the derivative of {name} is no product of factors; use hvp or jvp$"
    ):
        sd.jacobian(f, var)


def test_what_is_constant_has_a_block_of_zeros() -> None:
    x, y = sd.symbol("x", 3), sd.symbol("y", "n")
    for f in (sd.sin(y), sd.const(2), sd.argmax(y), y > 0, sd.prod(y)):
        block = sd.jacobian(f, x)
        assert block.shape == (*f.shape, 3)
        assert not np.any(sd.compile(block, [x, y])(np.ones(3), np.ones(2)))
    assert not np.any(sd.compile(sd.jacobian(sd.argmax(x), x), [x])(np.ones(3)))


def test_letters_give_the_blocks_of_any_size() -> None:
    """One build for every size, none among them; what slices need is checked when they are called."""
    X, w = sd.symbol("X", ("m", "n")), sd.symbol("w", "n")
    f = sd.concatenate([sd.tanh(X @ w)[1:], sd.cumsum(w)])[::-1]
    blocks = sd.jacobian(f, [X, w])
    fn, rng = sd.compile(blocks, [X, w]), np.random.default_rng(0)
    for m, n in ((1, 1), (1, 3), (3, 1), (4, 2), (1, 0)):
        point = {"X": rng.standard_normal((m, n)), "w": rng.standard_normal(n)}
        for got, var in zip(fn(*point.values()), (X, w), strict=True):
            _close(got, _columns(f, var, [X, w])(point))


@pytest.mark.parametrize("repeats", [1, 20])
def test_a_plan_grows_with_the_graph_and_not_with_its_paths(repeats: int) -> None:
    A, x = sd.symbol("A", ("n", "n")), sd.symbol("x", "n")
    h = x
    for _ in range(repeats):
        h = sd.tanh(A @ h) + sd.sin(h)
    assert len(topological(sd.jacobian(h, x))) < 30 * repeats
    assert len(topological(sd.jacobian(h, A))) < 60 * repeats


def test_deltas_stay_outside_products() -> None:
    """What an elementwise function or a product of matrices leaves diagonal is placed there, and never multiplied."""
    A, X, x = sd.symbol("A", ("m", "k")), sd.symbol("X", ("k", "n")), sd.symbol("x", "n")
    assert str(sd.jacobian(sd.sin(x), x)) == "diag(cos(x))"
    assert sd.count_ops(sd.jacobian(A @ X, X)).get("contract", 0) == 0
    assert str(sd.jacobian(sd.softmax(x), x)) == "diag(softmax(x)) - outer(softmax(x), softmax(x))"


# -- random graphs -------------------------------------------------------------------------------------------------

Step = tuple[str, int, int]
#: Operations of two arrays, of which some read one; what does not fit is left out.
STEPS: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / (1.5 + sd.cos(b)),
    "tanh": lambda a, b: sd.tanh(a),
    "sin": lambda a, b: sd.sin(a) * 2,
    "square": lambda a, b: a**2,
    "where": lambda a, b: sd.where(a > 0.25, a, 0.5 * b),
    "matmul": lambda a, b: a @ b,
    "outer": lambda a, b: sd.outer(a, b),
    "transposed": lambda a, b: a.T,
    "newaxis": lambda a, b: a[:, None],
    "diag": lambda a, b: sd.diag(a),
    "sum": lambda a, b: sd.sum(a),
    "rows": lambda a, b: sd.sum(a, axis=0),
    "columns": lambda a, b: sd.sum(a, axis=-1),
    "mean": lambda a, b: a - sd.mean(a, axis=-1, keepdims=True),
    "softmax": lambda a, b: sd.softmax(a, axis=-1),
    "logsumexp": lambda a, b: sd.logsumexp(a, axis=-1),
    "norm": lambda a, b: sd.norm(a + 2, axis=-1),
    "max": lambda a, b: sd.max(a, axis=-1),
    "cumsum": lambda a, b: sd.cumsum(a, axis=0),
    "tril": lambda a, b: sd.tril(a),
    "inverse": lambda a, b: sd.inv(sd.tanh(a) / 4 + 2 * sd.eye(a.shape[0])),
    "solve": lambda a, b: sd.solve(sd.tanh(a) / 4 + 2 * sd.eye(a.shape[0]), b),
    "logdet": lambda a, b: sd.logdet(sd.tanh(a) / 4 + 2 * sd.eye(a.shape[0])),
    "prod": lambda a, b: sd.prod(a, axis=0),
    "flip": lambda a, b: a[::-1],
    "first": lambda a, b: a[0],
    "tail": lambda a, b: a[1:],
    "join": lambda a, b: sd.concatenate([a, b]),
    "stack": lambda a, b: sd.stack([a, b], axis=-1),
    "flat": lambda a, b: sd.reshape(a, (-1,)),
    "batch": lambda a, b: sd.einsum("ij,ij->i", a, b),
    "split": lambda a, b: sd.einsum("ij,ik->ijk", a, b),
}


def _grown(steps: list[Step]) -> tuple[sd.Node, list[sd.Node]]:
    X, v = sd.symbol("X", ("m", "n")), sd.symbol("v", "n")
    pool = [X, v]
    for name, first, second in steps:
        a, b = pool[-1 - first % len(pool)], pool[-1 - second % len(pool)]
        try:
            node = STEPS[name](a, b)
        except (sd.SymdiffError, IndexError):
            continue
        if node.ndim <= 3:
            pool.append(node)
    return pool[-1], [X, v]


step = st.tuples(st.sampled_from(list(STEPS)), st.integers(0, 3), st.integers(0, 3))


@given(st.lists(step, min_size=1, max_size=8), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**16))
@settings(max_examples=80, deadline=None)
def test_random_graphs(steps: list[Step], m: int, n: int, seed: int) -> None:
    """The blocks of any graph of these operations are the columns of forward mode, at sizes the build did not know."""
    f, inputs = _grown(steps)
    rng = np.random.default_rng(seed)
    point = {"X": rng.uniform(-1, 1, (m, n)), "v": rng.uniform(-1, 1, n)}
    if any(size_value(size, {"m": m, "n": n}) < 1 for node in topological(f) for size in node.shape):
        return
    value = np.asarray(sd.compile(f, inputs)(*point.values()))
    if value.size > 200 or not np.abs(value).max(initial=0) < 1e6:
        return
    blocks = sd.jacobian(f, inputs)
    for got, var in zip(sd.compile(blocks, inputs)(*point.values()), inputs, strict=True):
        _close(got, _columns(f, var, inputs)(point), 1e-9)
