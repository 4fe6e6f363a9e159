"""Shapes: what is refused while building and when called, with messages that say where; sizes that are letters."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.graph.shapes import size_value

A, B, C = sd.symbol("A", ("m", "n")), sd.symbol("B", ("k", "n")), sd.symbol("C", (2, 3))
S, x, y, a = sd.symbol("S", ("n", "n")), sd.symbol("x", "n"), sd.symbol("y", "m"), sd.symbol("a")
P, Q = sd.symbol("P", ("b", "m", "n")), sd.symbol("Q", ("c", "n", "k"))

#: What is built, and what its message says.
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: A @ B, r"^A @ B cannot multiply the shapes \(m, n\) and \(k, n\): the inner sizes n and k must be equal$"),
    (lambda: x @ y, r"^x @ y .* \(n,\) and \(m,\)"),
    (lambda: A @ y, r"^A @ y .* \(m, n\) and \(m,\)"),
    (lambda: (A + 1) @ B, r"^\(A \+ 1\) @ B .*\(m, n\) and \(k, n\)"),
    (lambda: sd.matmul(P, Q), r"^P @ Q .*\(b, m, n\) and \(c, n, k\)"),
    (lambda: sd.dot(A, B), r"^A @ B"),
    (lambda: a @ x, 'use "\\*" with a number'),
    (lambda: A + B, r"add.*\(m, n\) and \(k, n\)"),
    (lambda: A * y, r"mul.*\(m, n\) and \(m,\)"),
    (lambda: sd.exp(A) - y, r"sub.*\(m, n\) and \(m,\)"),
    (lambda: sd.maximum(A, y), r"maximum.*\(m, n\) and \(m,\)"),
    (lambda: sd.where(x > 0, y, 1), r"where.*\(n,\) and \(m,\) and \(\)"),
    (lambda: C + np.ones(2).tolist()[0] * sd.ones(2), r"add.*\(2, 3\) and \(2,\)"),
    (lambda: sd.concatenate((A, B), axis=1), r"concatenate along axis 1 .*\(m, n\) and \(k, n\)"),
    (lambda: sd.concatenate((A, x)), r"concatenate along axis 0 .*\(m, n\) and \(n,\)"),
    (lambda: sd.concatenate((x, y), axis=1), r"concatenate has no axis 1 .*\(n,\)"),
    (lambda: sd.concatenate(()), "concatenate needs at least one array"),
    (lambda: sd.stack((x, y)), r"stack .*\(n,\) and \(m,\)"),
    (lambda: sd.stack(()), "stack needs"),
    (lambda: sd.solve(S, y), r"solve .*\(n, n\) and \(m,\)"),
    (lambda: sd.solve(A, x), r"solve needs a square matrix, not shape \(m, n\)"),
    (lambda: sd.reshape(C, (4, 2)), r"\(2, 3\) cannot be reshaped to \(4, 2\)"),
    (lambda: sd.reshape(A, ("n", "n")), r"\(m, n\) cannot be reshaped to \(n, n\)"),
    (lambda: sd.reshape(C, (4, -1)), r"6 elements cannot be reshaped to \(4, -1\)"),
    (lambda: sd.reshape(C, (-1, -1)), r"\(-1, -1\)"),
    (lambda: sd.reshape(x, ("k", -1)), r"n elements cannot be reshaped to \(k, -1\)"),
    (
        lambda: sd.einsum("ij,jk->ik", A, B),
        r"label j is of size n in A of shape \(m, n\) and of size k in B of shape \(k, n\)$",
    ),
    (lambda: sd.einsum("ii->i", A), r"label i is of size m in A .* and of size n in A"),
    (lambda: sd.einsum("ijk->i", A), r'labels "ijk" do not fit A of shape \(m, n\)'),
    (lambda: sd.einsum("ij->ik", A), "label k, which no operand has"),
    (lambda: sd.einsum("ij,jk->ik", A), "labels for 2 operands and got 1"),
    (lambda: C[2], r"place 2 is outside an axis of size 2: C has shape \(2, 3\)"),
    (lambda: C[-3], r"place -3 is outside an axis of size 2: C has shape \(2, 3\)"),
    (lambda: C[0, 3], r"place 3 is outside an axis of size 3: C has shape \(2, 3\)"),
    (lambda: C[0, 0, 0], r"3 indices for an array of shape \(2, 3\)"),
    (lambda: a[0], r"1 indices for an array of shape \(\)"),
    (lambda: C[..., ...], "one"),
    (lambda: C[::0], "step"),
    (lambda: sd.inv(A), r"inv needs a square matrix, not shape \(m, n\)"),
    (lambda: sd.det(x), r"det needs a square matrix, not shape \(n,\)"),
    (lambda: sd.logdet(A), r"logdet .*\(m, n\)"),
    (lambda: sd.cholesky(A), r"cholesky .*\(m, n\)"),
    (lambda: sd.trace(A), r"trace .*\(m, n\)"),
    (lambda: sd.trace(x), r"trace .*\(n,\)"),
    (lambda: sd.diag(A), r"diag .*\(m, n\)"),
    (lambda: sd.tril(x), r"tril .*\(n,\)"),
    (lambda: sd.outer(A, x), r"outer .*\(m, n\) and \(n,\)"),
    (lambda: sd.kron(A, x), r"kron .*\(m, n\) and \(n,\)"),
    (lambda: sd.sum(A, axis=2), r"sum has no axis 2 in an array of shape \(m, n\)"),
    (lambda: sd.max(A, axis=-3), r"max has no axis -3 in an array of shape \(m, n\)"),
    (lambda: sd.sum(A, axis=(0, -2)), "sum names an axis twice"),
    (lambda: sd.softmax(x, axis=1), r"softmax has no axis 1 .*\(n,\)"),
    (lambda: sd.argmax(P, axis=(0, 1)), "argmax takes one axis"),
    (lambda: sd.cumsum(A), r"cumsum takes one axis; an array of shape \(m, n\) has 2"),
    (lambda: sd.squeeze(A, axis=0), r"squeeze .*\(m, n\)"),
    (lambda: sd.transpose(A, (0, 0)), r"transpose .*\(m, n\)"),
    (lambda: sd.broadcast_to(A, ("n", "m")), r"\(m, n\) and \(n, m\)"),
    (lambda: sd.broadcast_to(C, (3,)), r"\(2, 3\)"),
    (lambda: sd.scatter(x, ("n",), (0, 0), (1,)), r"scatter .*\(n,\)"),
    (lambda: sd.scatter(C, (2, 3), (1, 0), (1, 1)), r"place 2 is outside an axis of size 2: C has shape \(2, 3\)"),
    (lambda: sd.scatter_add(x, (4,), y), r"\(m,\) at these places of \(4,\), not \(n,\)"),
    (lambda: sd.zeros((2, -1)), "not negative"),
    (lambda: sd.eye(-1), "not negative"),
    (lambda: sd.one_hot(x, -2), "not negative"),
    (lambda: sd.symbol("q", ("m*n",)), "m\\*n"),
    (lambda: sd.grad(A, A), r"scalar, not shape \(m, n\)"),
    (lambda: sd.vjp(A, A, x), r"cotangent .*\(m, n\) has shape \(n,\)"),
    (lambda: sd.jvp(A, [A], [x]), r"tangent .*\(m, n\) has shape \(n,\)"),
    (lambda: sd.hvp(sd.sum(A), A, x), r"tangent .*\(m, n\) has shape \(n,\)"),
]


@pytest.mark.parametrize(("build", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refused_while_building(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(sd.ShapeError, match=message):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: sd.sum(A, axis=1.5),
        lambda: sd.eye(2.5),
        lambda: sd.tril(S, 0.5),
        lambda: sd.einsum("i1->i", A),
        lambda: sd.einsum(A, "ij"),
        lambda: sd.norm(A, 1),
        lambda: sd.norm(x, 3),
        lambda: A[:, 1:5:2],
        lambda: C[:, sd.symbol("I", 4)],
        lambda: x[x > 0],
        lambda: x[1.5],
    ],
)
def test_refused_otherwise(build: Callable[[], Any]) -> None:
    with pytest.raises(sd.SymdiffError):
        build()


def test_text_says_where_in_the_formula() -> None:
    with pytest.raises(sd.ParseError, match=r"A @ B cannot multiply the shapes \(m, n\) and \(k, n\).*line 1, column"):
        sd.parse("sum(A @ B)", shapes={"A": ("m", "n"), "B": ("k", "n")})


# -- at the call -------------------------------------------------------------------------------------------------------

LOSS = sd.sum((A @ x - y) ** 2)
INPUTS = [A, x, y]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (4,), (2,)), r"x has shape \(4,\), not \(n,\), where n is 3"),
        (((2, 3), (3,), (3,)), r"y has shape \(3,\), not \(m,\), where m is 2"),
        (((2,), (3,), (2,)), r"A has shape \(2,\), not \(m, n\)"),
        (((2, 3), (3, 1), (2,)), r"x has shape \(3, 1\), not \(n,\)"),
        (((2, 3), (), (2,)), r"x has shape \(\), not \(n,\)"),
    ],
)
def test_conflicts_at_the_call_name_the_variable_and_the_letter(shapes: Any, message: str) -> None:
    arrays = [np.ones(shape) for shape in shapes]
    for fn in (sd.compile(LOSS, INPUTS), sd.compile(sd.grad(LOSS, INPUTS), INPUTS)):
        with pytest.raises(sd.ShapeError, match=message):
            fn(*arrays)


def test_a_call_with_good_shapes_after_a_bad_one() -> None:
    fn = sd.compile(sd.grad(LOSS, x), INPUTS)
    good = [np.ones((2, 3)), np.ones(3), np.ones(2)]
    before = fn(*good)
    with pytest.raises(sd.ShapeError):
        fn(np.ones((2, 3)), np.ones(2), np.ones(2))
    assert np.array_equal(fn(*good), before)
    assert fn(np.ones((4, 5)), np.ones(5), np.ones(4)).shape == (5,)


def test_numbers_in_shapes_are_checked_too() -> None:
    fn = sd.compile(sd.sum(C), [C])
    with pytest.raises(sd.ShapeError, match=r"C has shape \(3, 2\), not \(2, 3\)"):
        fn(np.ones((3, 2)))


def test_a_letter_twice_in_one_variable() -> None:
    fn = sd.compile(sd.trace(S), [S])
    with pytest.raises(sd.ShapeError, match=r"S has shape \(2, 3\), not \(n, n\)"):
        fn(np.ones((2, 3)))


# -- letters and sizes that follow from them ---------------------------------------------------------------------------

u, v, Y = sd.symbol("u", "n"), sd.symbol("v", "m"), sd.symbol("Y", ("m", "k"))
DERIVED: list[tuple[sd.Node, tuple[Any, ...], Callable[..., Any]]] = [
    (u[1:], ("n - 1",), lambda u, v, Y: u[1:]),
    (u[:-1], ("n - 1",), lambda u, v, Y: u[:-1]),
    (u[1:] - u[:-1], ("n - 1",), lambda u, v, Y: np.diff(u)),
    (u[2:] - 2 * u[1:-1] + u[:-2], ("n - 2",), lambda u, v, Y: np.diff(u, 2)),
    (u[2:-2], ("n - 4",), lambda u, v, Y: u[2:-2]),
    (u[-3:], (3,), lambda u, v, Y: u[-3:]),
    (u[:3], (3,), lambda u, v, Y: u[:3]),
    (u[::-1], ("n",), lambda u, v, Y: u[::-1]),
    (u[::-1][1:], ("n - 1",), lambda u, v, Y: u[::-1][1:]),
    (u[1:][::-1][1:], ("n - 2",), lambda u, v, Y: u[1:][::-1][1:]),
    (u[-1:0:-1], ("n - 1",), lambda u, v, Y: u[-1:0:-1]),
    (u[-1], (), lambda u, v, Y: u[-1]),
    (sd.concatenate((u, v)), ("m + n",), lambda u, v, Y: np.concatenate((u, v))),
    (sd.concatenate((u, v, u)), ("m + 2*n",), lambda u, v, Y: np.concatenate((u, v, u))),
    (sd.concatenate((u[1:], u[:1])), ("n",), lambda u, v, Y: np.roll(u, -1)),
    (sd.concatenate((u, v))[3:], ("m + n - 3",), lambda u, v, Y: np.concatenate((u, v))[3:]),
    (sd.concatenate((Y, Y[:, :1]), axis=1), ("m", "k + 1"), lambda u, v, Y: np.concatenate((Y, Y[:, :1]), 1)),
    (sd.reshape(Y, (-1,)), ("k*m",), lambda u, v, Y: Y.reshape(-1)),
    (sd.reshape(Y, ("k", -1)), ("k", "m"), lambda u, v, Y: Y.reshape(Y.shape[::-1])),
    (sd.reshape(Y[1:], (-1,)), ("k*m - k",), lambda u, v, Y: Y[1:].reshape(-1)),
    (sd.kron(u, v), ("m*n",), lambda u, v, Y: np.kron(u, v)),
    (sd.kron(Y, Y), ("m*m", "k*k"), lambda u, v, Y: np.kron(Y, Y)),
    (sd.outer(u, v), ("n", "m"), lambda u, v, Y: np.outer(u, v)),
    (sd.stack((u, u), axis=1), ("n", 2), lambda u, v, Y: np.stack((u, u), 1)),
    (sd.mean(Y, axis=0), ("k",), lambda u, v, Y: Y.mean(0)),
    (sd.mean(u[1:]), (), lambda u, v, Y: u[1:].mean()),
    (sd.var(u, ddof=1), (), lambda u, v, Y: u.var(ddof=1)),
    (v @ Y / sd.size("m"), ("k",), lambda u, v, Y: v @ Y / len(v)),
    (sd.eye(sd.size("m")) @ Y, ("m", "k"), lambda u, v, Y: Y),
    (sd.arange(sd.size("n") - 1) * u[1:], ("n - 1",), lambda u, v, Y: np.arange(len(u) - 1) * u[1:]),
    (sd.zeros((sd.size("m") + 1, "k")) + Y[:1], ("m + 1", "k"), lambda u, v, Y: np.zeros((len(v) + 1, 1)) + Y[:1]),
]


@pytest.mark.parametrize(("f", "shape", "plain"), DERIVED, ids=[str(f) for f, _, _ in DERIVED])
def test_sizes_that_follow_from_letters(f: sd.Node, shape: tuple[Any, ...], plain: Callable[..., Any]) -> None:
    """They stand in the shape, print, parse back, and hold at run time, for the value and its derivatives."""
    assert f.shape == shape
    assert sd.parse(str(f), shapes={"u": ("n",), "v": ("m",), "Y": ("m", "k")}) is f
    loss = sd.sum(f**2)
    gradient = sd.grad(loss, [u, v, Y])
    inputs = [u, v, Y]
    tangents = [sd.symbol(f"d{var.name}", var.shape) for var in inputs]
    moved = sd.jvp(f, inputs, tangents)
    fn = sd.compile((f, gradient, moved), [*inputs, *tangents])
    for n, m, k in ((5, 2, 3), (4, 3, 1), (6, 1, 2)):
        rng = np.random.default_rng(n)
        arrays = [rng.uniform(0.5, 1, size) for size in (n, m, (m, k))]
        steps = [rng.uniform(-1, 1, size) for size in (n, m, (m, k))]
        value, slopes, along = fn(*arrays, *steps)
        known = {"n": n, "m": m, "k": k}
        assert np.shape(value) == tuple(size_value(size, known) for size in shape)
        np.testing.assert_allclose(value, plain(*arrays), rtol=1e-14)
        wide = [array + 1e-30j * step for array, step in zip(arrays, steps, strict=True)]
        expected = sum(np.sum(part * step) for part, step in zip(slopes, steps, strict=True))
        if "var" not in str(plain.__code__.co_names):
            np.testing.assert_allclose(along, np.imag(plain(*wide)) * 1e30, rtol=1e-12, atol=1e-13)
        assert np.sum(2 * value * along) == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_letters_stay_letters() -> None:
    X, w, t = sd.symbol("X", ("N", "d")), sd.symbol("w", "d"), sd.symbol("t", "N")
    gradient = sd.simplify(sd.grad(sd.sum((X @ w - t) ** 2) / 2, w))
    assert (str(gradient), gradient.shape) == ("X.T @ (X @ w - t)", ("d",))
    source = sd.source(gradient, [X, w, t])
    assert '"X": ("N", "d")' in source
    fn = sd.compile(gradient, [X, w, t])
    for size in ((1, 1), (7, 2), (2, 7), (0, 3)):
        arrays = [np.ones(size), np.ones(size[1]), np.ones(size[0])]
        assert fn(*arrays).shape == (size[1],)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_letters_may_be_small(size: int) -> None:
    """A letter that is 1 or 0 at run time gives what the formula says, without broadcasting by accident."""
    X, w = sd.symbol("X", ("n", "d")), sd.symbol("w", "d")
    f = sd.sum(sd.logsumexp(X * w, axis=1)) + sd.sum(sd.prod(X, axis=1)) + sd.sum((X - sd.sum(X, axis=0)) ** 2)
    fn = sd.compile((f, sd.grad(f, [X, w])), [X, w])
    value, (gx, gw) = fn(np.full((size, 2), 0.5), np.ones(2))
    assert gx.shape == (size, 2) and gw.shape == (2,)
    assert np.isfinite(value) and np.isfinite(gx).all() and np.isfinite(gw).all()
    assert (value == 0) == (size == 0)


def test_a_number_as_index_is_checked_against_the_size() -> None:
    x = sd.symbol("x", "n")
    for f in (x[5], x[5] + x[-2], sd.sum(x[5:7])):
        fn = sd.compile(f, [x])
        with pytest.raises(sd.ShapeError, match=r"the size n is 2, and the slices taken need \d at least"):
            fn(np.ones(2))


def test_places_that_are_no_whole_numbers() -> None:
    x, i = sd.symbol("x", "n"), sd.symbol("i", "k")
    with pytest.raises(TypeError, match="places along an axis are whole numbers, not float64"):
        sd.compile(sd.sum(x[i]), [x, i])(np.ones(3), [0.5])
    assert sd.compile(sd.sum(x[i]), [x, i])(np.ones(3), []) == 0


@pytest.mark.parametrize("schedule", ["clear", "fast"])
@pytest.mark.parametrize("text", ["x[1:] - mean(x[1:])", "x[1:]*var(x[1:])", "x[1:]/(n - 1)", "mean(x[1:])*x[1:]"])
def test_a_part_without_elements(text: str, schedule: str) -> None:
    """What is left of one element has none: empty arrays, not a division by its size."""
    x = sd.symbol("x", "n")
    f = sd.parse(text, shapes={"x": "n"})
    fn = sd.compile((f, sd.jacobian(f, x)), [x], schedule=schedule)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value, slope = fn(np.ones(1))
    assert (value.shape, slope.shape) == ((0,), (0, 1))
    assert fn(np.ones(3))[1].shape == (2, 3)
