"""Identities of matrix calculus, in the manner of the Matrix Cookbook, written as formulas with letters for sizes.

A gradient is compared with one that knows no rule of symdiff: the complex step, extrapolated differences, and JAX
where it is installed, all of the formula as NumPy reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.special
from peers import each_beside
from witness import extrapolated

import symdiff as sd

#: Formula, shapes, variable, and the simplified gradient where its text is the known matrix notation.
TABLE: list[tuple[str, str, str, str | None]] = [
    # traces
    ("trace(X)", "X=n,n", "X", "eye(n)"),
    ("trace(A @ X)", "A=m,n X=n,m", "X", "A.T"),
    ("trace(A @ X @ B)", "A=k,m X=m,n B=n,k", "X", "A.T @ B.T"),
    ("trace(A @ X.T)", "A=m,n X=m,n", "X", "A"),
    ("trace(A @ X.T @ B)", "A=k,n X=m,n B=m,k", "X", "B @ A"),
    ("trace(X.T @ X)", "X=m,n", "X", "2*X"),
    ("trace(X @ X.T)", "X=m,n", "X", "2*X"),
    ("trace(X.T @ A @ X)", "X=m,n A=m,m", "X", "A @ X + A.T @ X"),
    ("trace(X @ A @ X.T)", "X=m,n A=n,n", "X", "X @ A.T + X @ A"),
    ("trace(X @ X)", "X=n,n", "X", "2*X.T"),
    ("trace(X @ X @ X)", "X=n,n", "X", "3*(X.T @ X.T)"),
    ("trace(X @ X @ X @ X)", "X=n,n", "X", None),
    ("trace(X @ X @ B)", "X=n,n B=n,n", "X", "X.T @ B.T + B.T @ X.T"),
    ("trace(A @ X @ X)", "X=n,n A=n,n", "X", "X.T @ A.T + A.T @ X.T"),
    ("trace(X @ B @ X.T @ C)", "X=m,n B=n,n C=m,m", "X", None),
    ("trace(A @ X @ B @ X)", "A=n,m X=m,n B=n,m", "X", None),
    ("trace(B.T @ X.T @ C @ X @ B)", "B=n,k X=m,n C=m,m", "X", None),
    ("trace(A @ X @ B @ X.T @ C)", "A=k,m X=m,n B=n,n C=m,k", "X", None),
    ("trace((A @ X @ B + C) @ (A @ X @ B + C).T)", "A=k,m X=m,n B=n,p C=k,p", "X", None),
    ("trace(X)**2", "X=n,n", "X", "2*trace(X)*eye(n)"),
    ("trace(kron(X, A))", "X=m,m A=n,n", "X", None),
    ("sum(X)", "X=m,n", "X", "ones((m, n))"),
    # linear, bilinear and quadratic forms
    ("a @ x", "a=n x=n", "x", "a"),
    ("x @ x", "x=n", "x", "2*x"),
    ("x @ A @ x", "A=n,n x=n", "x", "A.T @ x + A @ x"),
    ("x @ A @ y", "A=m,n x=m y=n", "y", "A.T @ x"),
    ("x @ A @ y", "A=m,n x=m y=n", "A", "outer(x, y)"),
    ("a @ X @ b", "a=m X=m,n b=n", "X", "outer(a, b)"),
    ("a @ X.T @ b", "a=n X=m,n b=m", "X", "outer(b, a)"),
    ("a @ X @ X.T @ b", "a=m X=m,n b=m", "X", "outer(a, X.T @ b) + outer(b, X.T @ a)"),
    ("a @ X.T @ X @ b", "a=n X=m,n b=n", "X", "outer(X @ b, a) + outer(X @ a, b)"),
    ("a @ X.T @ B @ X @ b", "a=n X=m,n B=m,m b=n", "X", "outer(B.T @ (X @ a), b) + outer(B @ (X @ b), a)"),
    ("a @ X @ X @ b", "a=n X=n,n b=n", "X", "outer(a, X @ b) + outer(X.T @ a, b)"),
    ("(X @ b + c) @ D @ (X @ b + c)", "X=m,n b=n c=m D=m,m", "X", "outer(D.T @ (c + X @ b) + D @ (c + X @ b), b)"),
    ("(A @ x - b) @ W @ (A @ x - b)", "A=m,n x=n b=m W=m,m", "x", "A.T @ (W @ (A @ x - b) + W.T @ (A @ x - b))"),
    ("(A @ x - b) @ (A @ x - b)", "A=m,n x=n b=m", "x", None),
    ("(x - A @ s) @ W @ (x - A @ s)", "A=m,n x=m s=n W=m,m", "s", None),
    ("(x - A @ s) @ W @ (x - A @ s)", "A=m,n x=m s=n W=m,m", "A", None),
    (
        "(A @ x + b) @ C @ (D @ x + e)",
        "A=m,n x=n b=m C=m,k D=k,n e=k",
        "x",
        "D.T @ (C.T @ (b + A @ x)) + A.T @ (C @ (e + D @ x))",
    ),
    ("(x @ A @ x)/(x @ x)", "A=n,n x=n", "x", None),
    ("exp(-(x - a) @ B @ (x - a)/2)", "B=n,n x=n a=n", "x", None),
    ("log(1 + exp(-y*(a @ x)))", "y= a=n x=n", "x", None),
    ("x @ A @ x + b @ x + c", "A=n,n x=n b=n c=", "x", "b + A.T @ x + A @ x"),
    # determinants
    ("det(X)", "X=n,n", "X", "det(X)*inv(X).T"),
    ("log(det(X))", "X=n,n", "X", "inv(X).T"),
    ("logdet(X)", "X=n,n", "X", "inv(X).T"),
    ("det(A @ X @ B)", "A=n,n X=n,n B=n,n", "X", None),
    ("det(X.T @ X)", "X=m,n", "X", None),
    ("det(X.T @ A @ X)", "X=m,n A=m,m", "X", None),
    ("log(det(X.T @ X))", "X=m,n", "X", None),
    ("logdet(X.T @ X)", "X=m,n", "X", None),
    ("logdet(A + X @ X.T)", "A=n,n X=n,m", "X", "inv(A + X @ X.T) @ X + inv(A + X @ X.T).T @ X"),
    ("det(X)**3", "X=n,n", "X", "3*det(X)**3*inv(X).T"),
    ("det(X @ X)", "X=n,n", "X", None),
    ("det(inv(X))", "X=n,n", "X", None),
    ("logdet(X) - trace(A @ X)", "X=n,n A=n,n", "X", "inv(X).T - A.T"),
    # inverses and systems
    ("trace(inv(X))", "X=n,n", "X", "-(inv(X).T @ inv(X).T)"),
    ("a @ inv(X) @ b", "X=n,n a=n b=n", "X", "-outer(inv(X).T @ a, inv(X) @ b)"),
    ("trace(A @ inv(X) @ B)", "A=m,n X=n,n B=n,m", "X", "-(inv(X).T @ (A.T @ B.T) @ inv(X).T)"),
    ("trace(inv(X + A))", "X=n,n A=n,n", "X", "-(inv(A + X).T @ inv(A + X).T)"),
    ("trace(inv(X.T @ C @ X) @ A)", "X=m,n C=m,m A=n,n", "X", None),
    ("trace(inv(X.T @ C @ X) @ (X.T @ B @ X))", "X=m,n C=m,m B=m,m", "X", None),
    ("sum(inv(X))", "X=n,n", "X", "-outer(sum(inv(X), axis=0), sum(inv(X), axis=1))"),
    ("a @ solve(X, b)", "X=n,n a=n b=n", "X", "-outer(solve(X.T, a), solve(X, b))"),
    ("a @ solve(X, b)", "X=n,n a=n b=n", "b", "solve(X.T, a)"),
    ("sum(solve(X, B)**2)/2", "X=n,n B=n,m", "B", "solve(X.T, solve(X, B))"),
    ("sum(solve(X, B)**2)/2", "X=n,n B=n,m", "X", "-(solve(X.T, solve(X, B)) @ solve(X, B).T)"),
    ("trace(solve(X, B))", "X=n,n B=n,n", "X", None),
    ("b @ solve(X.T @ X, b)", "X=m,n b=n", "X", None),
    # norms
    ("norm(x)", "x=n", "x", "x/norm(x)"),
    ("norm(x)**2", "x=n", "x", "2*x"),
    ("norm(X)", "X=m,n", "X", "X/norm(X)"),
    ("norm(X)**2", "X=m,n", "X", "2*X"),
    ("norm(X - A)**2", "X=m,n A=m,n", "X", "2*(X - A)"),
    ("norm(x - a)", "x=n a=n", "x", "(x - a)/norm(x - a)"),
    ("norm(A @ x - b)", "A=m,n x=n b=m", "x", "A.T @ ((A @ x - b)/norm(A @ x - b))"),
    ("norm(A @ x - b)**2/2", "A=m,n x=n b=m", "x", "A.T @ (A @ x - b)"),
    ("a @ (x - b)/norm(x - b)", "x=n b=n a=n", "x", "a/norm(x - b) - (a @ (x - b))/norm(x - b)**3*(x - b)"),
    ("a @ (x/norm(x))", "x=n a=n", "x", None),
    ("1/norm(x)", "x=n", "x", "-x/norm(x)**3"),
    ("(a @ x)/(norm(a)*norm(x))", "x=n a=n", "x", None),
    ("norm(X @ Y - A)**2", "X=m,k Y=k,n A=m,n", "X", None),
    ("norm(X @ Y - A)**2", "X=m,k Y=k,n A=m,n", "Y", None),
    ("sum(norm(X, axis=1))", "X=m,n", "X", None),
    ("norm(x, 1)", "x=n", "x", None),
    # Frobenius products
    ("sum(A*X)", "A=m,n X=m,n", "X", "A"),
    ("sum((X - A)**2)", "A=m,n X=m,n", "X", "2*(X - A)"),
    ("sum(X @ X.T * A)", "X=m,n A=m,m", "X", "A @ X + A.T @ X"),
    ("sum((A @ X - B)**2)/2", "A=k,m X=m,n B=k,n", "X", "A.T @ (A @ X - B)"),
    ("sum((X @ w - y)**2)/2", "X=n,d w=d y=n", "w", "X.T @ (X @ w - y)"),
    ("sum((X @ w - y)**2)/2 + c*sum(w**2)/2", "X=n,d w=d y=n c=", "w", "c*w + X.T @ (X @ w - y)"),
    ("sum(A*X*X)", "A=m,n X=m,n", "X", "2*A*X"),
    ("sum((X*A) @ B)", "X=m,n A=m,n B=n,k", "X", "sum(B, axis=1)*A"),
    ("sum((X @ B)*(X @ B)*C)", "X=m,n B=n,k C=m,k", "X", "(2*(X @ B)*C) @ B.T"),
    # Kronecker products
    ("sum(kron(X, A))", "X=m,n A=k,p", "X", "broadcast_to(sum(A), (m, n))"),
    ("sum(kron(X, X))", "X=m,n", "X", "broadcast_to(2*sum(X), (m, n))"),
    ("norm(kron(X, A))**2", "X=m,n A=k,p", "X", None),
    ("sum(kron(a, x)**2)", "a=m x=n", "x", None),
    ("trace(kron(A, X) @ kron(B, C))", "A=m,m X=n,n B=m,m C=n,n", "X", None),
    # structured matrices
    ("trace(diag(x) @ A)", "x=n A=n,n", "x", None),
    ("sum(diag(x) @ A)", "x=n A=n,m", "x", "sum(A, axis=1)"),
    ("a @ diag(X)", "X=n,n a=n", "X", "diag(a)"),
    ("sum(diag(X)**2)", "X=n,n", "X", None),
    ("a @ diag(x) @ b", "a=n x=n b=n", "x", "a*b"),
    ("trace(A @ diag(x) @ B @ diag(x))", "x=n A=n,n B=n,n", "x", None),
    ("sum(tril(X)*A)", "X=n,n A=n,n", "X", "tril(A)"),
    ("sum(triu(X, 1)*A)", "X=n,n A=n,n", "X", "triu(A, 1)"),
    ("sum(tril(A @ X)**2)", "A=n,n X=n,n", "X", None),
    ("trace(tril(X) @ tril(X).T)", "X=n,n", "X", None),
    ("trace(A @ (X + X.T))", "X=n,n A=n,n", "X", "A + A.T"),
    ("logdet(X + X.T)", "X=n,n", "X", "inv(X + X.T) + inv(X + X.T).T"),
    ("det(X + X.T)", "X=n,n", "X", None),
    ("trace((X + X.T) @ (X + X.T))", "X=n,n", "X", None),
    ("a @ inv(diag(x)) @ b", "a=n x=n b=n", "x", None),
    ("logdet(A + diag(x))", "x=n A=n,n", "x", "diag(inv(A + diag(x)))"),
    ("sum(tril(X, -1)) + sum(exp(diag(X)))", "X=n,n", "X", "diag(exp(diag(X))) + tril(ones((n, n)), -1)"),
    # elementwise functions
    ("sum(exp(X))", "X=m,n", "X", "exp(X)"),
    ("sum(tanh(A @ X))", "A=k,m X=m,n", "X", "A.T @ (1 - tanh(A @ X)**2)"),
    ("sum(X**3)", "X=m,n", "X", "3*X**2"),
    ("sum(sin(X)*A)", "X=m,n A=m,n", "X", "A*cos(X)"),
    ("sum(log(1 + exp(X @ w)))", "X=n,d w=d", "w", "X.T @ sigmoid(X @ w)"),
    ("sum(log(1 + exp(X @ w)))", "X=n,d w=d", "X", "outer(sigmoid(X @ w), w)"),
    ("sum(log(1 + exp(-y*(X @ w))))", "X=n,d w=d y=n", "w", None),
    ("a @ exp(A @ x)", "a=m A=m,n x=n", "x", "A.T @ (a*exp(A @ x))"),
    ("sum(sigmoid(A @ x + b))", "A=m,n x=n b=m", "x", "A.T @ (sigmoid(b + A @ x)*(1 - sigmoid(b + A @ x)))"),
    ("sum(sigmoid(A @ x + b))", "A=m,n x=n b=m", "b", "sigmoid(b + A @ x)*(1 - sigmoid(b + A @ x))"),
    ("sum((tanh(X @ W + b) @ V - Y)**2)", "X=N,d W=d,h b=h V=h,k Y=N,k", "W", None),
    ("sum((tanh(X @ W + b) @ V - Y)**2)", "X=N,d W=d,h b=h V=h,k Y=N,k", "b", None),
    ("sum((tanh(X @ W + b) @ V - Y)**2)", "X=N,d W=d,h b=h V=h,k Y=N,k", "V", None),
    ("sum(relu(X @ W))", "X=N,d W=d,h", "W", None),
    ("sum(sqrt(X**2 + 1))", "X=m,n", "X", "X/sqrt(X**2 + 1)"),
    ("sum(X/A)", "X=m,n A=m,n", "A", "-X/A**2"),
    ("trace(exp(X))", "X=n,n", "X", None),
    ("sum(abs(A @ x))", "A=m,n x=n", "x", None),
    # softmax and cross-entropy
    ("logsumexp(x)", "x=n", "x", "softmax(x)"),
    ("a @ softmax(x)", "x=n a=n", "x", "softmax(x)*(a - sum(a*softmax(x)))"),
    ("logsumexp(A @ x + b)", "A=m,n x=n b=m", "x", "A.T @ softmax(b + A @ x)"),
    ("sum(logsumexp(X, axis=1))", "X=m,n", "X", "softmax(X, axis=1)"),
    ("sum(logsumexp(X, axis=0))", "X=m,n", "X", "softmax(X, axis=0)"),
    ("sum(A*softmax(X, axis=1))", "X=m,n A=m,n", "X", None),
    ("-sum(Y*log_softmax(X @ W))", "X=N,d W=d,k Y=N,k", "W", None),
    ("sum(logsumexp(X @ W, axis=1)) - sum(Y*(X @ W))", "X=N,d W=d,k Y=N,k", "W", "X.T @ (softmax(X @ W, axis=1) - Y)"),
    ("-(y @ log(softmax(W @ x)))", "y=k W=k,d x=d", "W", None),
    # sums over axes, outer products, statistics
    ("sum(sum(X, axis=0)**2)", "X=m,n", "X", "broadcast_to(2*sum(X, axis=0), (m, n))"),
    ("sum(sum(X, axis=1)**2)", "X=m,n", "X", None),
    ("a @ sum(X, axis=1)", "X=m,n a=m", "X", "broadcast_to(a[:, None], (m, n))"),
    ("sum(X, axis=0) @ b", "X=m,n b=n", "X", "broadcast_to(b, (m, n))"),
    ("sum((X + b)**2)", "X=m,n b=n", "b", "2*sum(X + b, axis=0)"),
    ("sum((X*b)**2)", "X=m,n b=n", "b", "2*sum(b*X**2, axis=0)"),
    ("sum((X*c[:, None])**2)", "X=m,n c=m", "c", "2*sum(c[:, None]*X**2, axis=1)"),
    ("sum(outer(x, y)*A)", "x=m y=n A=m,n", "x", "A @ y"),
    ("sum(outer(x, x)*A)", "x=n A=n,n", "x", "A.T @ x + A @ x"),
    ("norm(outer(x, y))**2", "x=m y=n", "y", None),
    ("trace(outer(x, x) @ A)", "x=n A=n,n", "x", None),
    ("norm(X - outer(a, b))**2", "X=m,n a=m b=n", "a", None),
    ("mean(X)", "X=m,n", "X", None),
    ("var(x)", "x=n", "x", None),
    ("sum(var(X, axis=0))", "X=m,n", "X", None),
    ("mean((X @ w - y)**2)", "X=n,d w=d y=n", "w", None),
    ("sum((X - mean(X, axis=0))**2)", "X=m,n", "X", None),
    ("sum((X - a)**2)", "X=m,n a=n", "a", "-2*sum(X - a, axis=0)"),
    ("prod(x)", "x=n", "x", None),
    ("log(prod(x))", "x=n", "x", None),
    ("max(x)", "x=n", "x", None),
    ("sum(max(X, axis=1))", "X=m,n", "X", None),
    ("min(x)**2", "x=n", "x", None),
    ("a @ cumsum(x)", "x=n a=n", "x", None),
    # stacks of matrices and labelled sums
    ("sum(A @ X)", "A=b,m,n X=b,n,k", "X", "broadcast_to(sum(A, axis=1)[:, :, None], (b, n, k))"),
    ("sum((A @ X)**2)", "A=b,m,n X=b,n,k", "A", None),
    ("sum((A @ X)**2)", "A=b,m,n X=n,k", "X", None),
    ('einsum("ij,jk,ki->", A, X, B)', "A=k,m X=m,n B=n,k", "X", "A.T @ B.T"),
    ('einsum("ij,ij->", A, X)', "A=m,n X=m,n", "X", "A"),
    ('einsum("i,ij,j->", x, A, x)', "A=n,n x=n", "x", "A.T @ x + A @ x"),
    ('sum(einsum("bi,ij,bj->b", X, A, X)**2)', "X=b,n A=n,n", "A", None),
    ('sum(einsum("bi,ij,bj->b", X, A, X)**2)', "X=b,n A=n,n", "X", None),
    ("sum((X @ A)*X)", "X=m,n A=n,n", "X", None),
    ('einsum("ijk,i,j,k->", Z, x, y, z)', "Z=m,n,k x=m y=n z=k", "x", None),
    ('einsum("ijk,i,j,k->", Z, x, y, z)', "Z=m,n,k x=m y=n z=k", "Z", "z*y[:, None]*x[:, None, None]"),
    ('einsum("ii,i->", X, a)', "X=n,n a=n", "X", "diag(a)"),
    ("sum(inv(X))", "X=b,n,n", "X", None),
    ("sum(logdet(X))", "X=b,n,n", "X", None),
    # factors
    ("sum(cholesky(X)*A)", "X=n,n A=n,n", "X", None),
    ("sum(log(diag(cholesky(X))))", "X=n,n", "X", None),
    ("2*sum(log(diag(cholesky(X @ X.T + A))))", "X=n,n A=n,n", "X", None),
    # parts
    ("sum((x[1:] - x[:-1])**2)", "x=n", "x", None),
    ("x[0]*x[-1]", "x=n", "x", None),
    ("X[0] @ X[1]", "X=m,n", "X", None),
    ("sum(X[:, 0]*a)", "X=m,n a=m", "X", None),
    ("sum(reshape(X, (m*n,))*reshape(A, (m*n,)))", "X=m,n A=m,n", "X", "A"),
    ("sum(concatenate((x, y))**2)", "x=m y=n", "y", None),
    ("sum(stack((x, y), axis=1) @ B)", "x=m y=m B=2,n", "y", None),
    ("norm(X @ inv(X.T @ X) @ X.T @ y - y)**2", "X=m,n y=m", "X", None),
]
POINTS = range(3)
NOT_NOTATION = ("einsum(", "contract", "scatter", "Subs", "Derivative")
#: Not analytic, or complex numbers are read otherwise.
REAL_ONLY = ("norm", "logdet", "cholesky", "max", "min", "abs", "relu", "softmax", "logsumexp", "sigmoid", "var")


class Identity(NamedTuple):
    text: str
    shapes: dict[str, tuple[int | str, ...]]
    f: sd.Node
    var: sd.Node
    inputs: list[sd.Node]
    gradient: sd.Node

    @property
    def place(self) -> int:
        return self.inputs.index(self.var)


def _size(text: str) -> int | str:
    return int(text) if text.isdigit() else text


@cache
def _read(row: tuple[str, str, str, str | None]) -> Identity:
    text, listed, name, _ = row
    pairs = [part.split("=") for part in listed.split()]
    shapes = {key: tuple(map(_size, sizes.split(","))) if sizes else () for key, sizes in pairs}
    f, var = sd.parse(text, shapes=shapes), sd.symbol(name, shapes[name])
    return Identity(text, shapes, f, var, list(sd.variables(f)), sd.grad(f, var))


@cache
def _compiled(row: tuple[str, str, str, str | None]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    found = _read(row)
    return sd.compile(found.f, found.inputs), sd.compile(found.gradient, found.inputs)


def _point(found: Identity, seed: int) -> list[np.ndarray]:
    """Letters have different sizes, m the largest; square matrices are positive definite, as far as not symmetric."""
    rng = np.random.default_rng(seed)
    letters = sorted({size for shape in found.shapes.values() for size in shape if isinstance(size, str)})
    letters.sort(key=lambda letter: letter != "m")
    sizes = sorted(rng.choice(range(1 if seed == 2 else 2, 7), len(letters), replace=False).tolist(), reverse=True)
    known: dict[Any, int] = dict(zip(letters, sizes, strict=True))
    point = []
    for var in found.inputs:
        shape = tuple(known.get(size, size) for size in var.shape)
        value = rng.uniform(-1, 1, shape)
        if len(var.shape) > 1 and var.shape[-1] == var.shape[-2]:
            value = value + shape[-1] * np.eye(shape[-1])
        point.append(np.abs(value) + 0.1 if "log(prod" in found.text else value)
    return point


def _meaning(np_: Any, special: Any) -> dict[str, Any]:
    """What names in a formula mean to NumPy, or to JAX under NumPy's names."""
    names = "sum mean var prod max min trace outer kron diag tril triu einsum log exp tanh sin sqrt abs cumsum reshape"
    space = {name: getattr(np_, name) for name in (*names.split(), "concatenate", "stack")}
    space |= {name: getattr(np_.linalg, name) for name in ("det", "inv", "solve", "norm")}
    return space | {
        "logdet": lambda x: np_.linalg.slogdet(x)[1],
        "cholesky": lambda x: np_.linalg.cholesky((x + x.T) / 2),
        "relu": lambda x: np_.maximum(x, 0),
        "sigmoid": lambda x: 1 / (1 + np_.exp(-x)),
        "logsumexp": special.logsumexp,
        "softmax": lambda x, axis=-1: np_.exp(x - special.logsumexp(x, axis=axis, keepdims=True)),
        "log_softmax": lambda x, axis=-1: x - special.logsumexp(x, axis=axis, keepdims=True),
    }


def _plainly(found: Identity, space: dict[str, Any]) -> Callable[..., Any]:
    """The formula read as Python, without symdiff."""
    code = compile(found.text, found.text, "eval")

    def function(*point: Any) -> Any:
        at = {var.name: value for var, value in zip(found.inputs, point, strict=True)}
        letters = {
            size: value.shape[axis]
            for var, value in zip(found.inputs, point, strict=True)
            for axis, size in enumerate(var.shape)
        }
        return eval(code, {}, space | letters | at)

    return function


def _analytic(found: Identity) -> bool:
    return not any(name in found.text for name in REAL_ONLY)


def _along(f: Callable[..., Any], found: Identity, point: list[np.ndarray], direction: np.ndarray) -> Any:
    """The derivative of f along a direction: complex step where the formula is analytic, else differences."""
    place = found.place

    def moved(step: Any) -> Any:
        return f(*point[:place], point[place] + step * direction, *point[place + 1 :])

    if _analytic(found):
        return np.imag(moved(1e-30j)) / 1e-30
    return extrapolated(lambda step: (moved(step) - moved(-step)) / (2 * step))


def _close(got: Any, expected: Any, rtol: float) -> None:
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, expected, rtol=0, atol=rtol * (1 + np.abs(expected).max(initial=0)))


OPS = [pytest.param(row, id=f"{row[0]} by {row[2]}") for row in TABLE]
NUMPY = _meaning(np, scipy.special)


@pytest.mark.parametrize("row", OPS)
def test_gradient(row: tuple[str, str, str, str | None]) -> None:
    found = _read(row)
    value, gradient = _compiled(row)
    plain = _plainly(found, NUMPY)
    assert found.gradient.shape == found.var.shape
    for seed in POINTS:
        point = _point(found, seed)
        _close(value(*point), plain(*point), 1e-13)
        got = gradient(*point)
        expected = np.zeros(point[found.place].shape)
        for index in np.ndindex(expected.shape):
            direction = np.zeros(expected.shape)
            direction[index] = 1
            expected[index] = _along(plain, found, point, direction)
        assert np.any(expected) or 1 in expected.shape, "the point says nothing"
        _close(got, expected, 1e-11 if _analytic(found) else 1e-8)


@pytest.mark.parametrize("row", OPS)
def test_text_of_the_gradient(row: tuple[str, str, str, str | None]) -> None:
    found, notation = _read(row), row[3]
    simple = sd.simplify(found.gradient)
    text = str(simple)
    assert sd.parse(text, shapes=found.shapes) is simple
    assert sd.parse(str(found.gradient), shapes=found.shapes) is found.gradient
    if notation is not None:
        assert text == notation
    both = sd.compile((found.gradient, simple), found.inputs)
    for seed in POINTS:
        raw, simplified = both(*_point(found, seed))
        _close(simplified, raw, 1e-12)


@pytest.mark.parametrize("row", OPS)
def test_second_order(row: tuple[str, str, str, str | None]) -> None:
    found = _read(row)
    vector = sd.symbol("V__", found.var.shape)
    product = sd.hvp(found.f, found.var, vector)
    assert product.shape == found.var.shape
    second, (_, gradient) = sd.compile(product, [*found.inputs, vector]), _compiled(row)
    for seed in POINTS:
        point = _point(found, seed)
        direction = np.random.default_rng(seed + 100).uniform(-1, 1, point[found.place].shape)
        expected = _along(gradient, found, point, direction)
        _close(second(*point, direction), expected, 1e-10 if _analytic(found) else 1e-7)


def test_the_table_is_large_and_in_matrix_notation() -> None:
    shown = [row for row in TABLE if row[3] is not None]
    assert len(TABLE) >= 150 and len(shown) >= 90
    assert not [row for row in shown if any(part in row[3] for part in NOT_NOTATION)]


@each_beside("jax", "row", [row for row in TABLE if not _analytic(_read(row))], ids=lambda row: row[0])
def test_gradient_agrees_with_jax(row: tuple[str, str, str, str | None]) -> None:
    """Of the formulas that the complex step does not check."""
    import jax

    jax.config.update("jax_enable_x64", True)
    found = _read(row)
    point = _point(found, 0)
    plain = _plainly(found, _meaning(jax.numpy, jax.scipy.special))
    _close(_compiled(row)[1](*point), jax.jit(jax.grad(plain, found.place))(*point), 1e-10)
