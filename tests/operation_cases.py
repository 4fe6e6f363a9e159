"""What tests of operations take from tables by the operation's name.

A case of an array function is one Python expression. Its names mean symdiff's functions, NumPy's or JAX's, so each case
has independent witnesses of its value and its derivatives.
"""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

#: Not analytic, or NumPy reads complex numbers otherwise; differences are the witness.
REAL_ONLY = ("max", "min", "norm", "logsumexp", "softmax", "logdet", "cholesky", "var", "std")


class Case(NamedTuple):
    """``shapes``: "x=3 A=2,3 I:2" has a vector, a matrix and, after a colon, places along an axis of that shape.

    ``kind``: values with a "zero", several "zeros" or "ties" along the last axis, or on both sides of a "kink"; "steps"
    are functions whose derivative is zero.
    """

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


def name_of(case: Case) -> str:
    return f"{case.text} {case.shapes} {case.kind}".strip()


def _split(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(";")]


def _of(shapes: str, texts: str, kind: str = "") -> list[Case]:
    """A case for each text, which semicolons divide."""
    return [Case(text, shapes, kind) for text in _split(texts)]


def _at(text: str, shapes: str) -> list[Case]:
    """The text for each of the shapes, which semicolons divide."""
    return [Case(text, each) for each in _split(shapes)]


def _reduction(name: str) -> list[Case]:
    """All axes, one, several, negative, kept, none left; axes of size 1."""
    arguments = _split("X; X, axis=0; X, axis=-1; X, axis=(0, -1); X, axis=1, keepdims=True; X, axis=(0, 1, 2)")
    return [
        *[Case(f"{name}({argument})", "X=2,3,4") for argument in arguments],
        Case(f"{name}(X, axis=1)", "X=3,1"),
        Case(f"{name}(X, keepdims=True)", "X=1,1"),
    ]


def _along_an_axis(name: str) -> list[Case]:
    """Functions that keep the shape: every axis, empty axes, axes of size 1."""
    return [
        Case(f"{name}(x)", "x=4"),
        *[Case(f"{name}(X, axis={axis})", "X=2,3,4") for axis in (0, 1, -1)],
        *_at(f"{name}(X, axis=1)", "X=0,3; X=3,1"),
    ]


def _of_matrices(name: str) -> list[Case]:
    """Matrices, and stacks of them."""
    return _at(f"{name}(X)", "X=3,3; X=1,1; X=2,3,3; X=0,2,2; X=2,1,2,2")


def _triangle(name: str) -> list[Case]:
    pairs = [("", "X=3,3"), ("", "X=2,4"), ("", "X=0,3,3"), (", 1", "X=3,3"), (", -1", "X=3,4")]
    return [Case(f"{name}(X{k})", shapes) for k, shapes in pairs]


CASES: dict[str, list[Case]] = {
    # reductions
    "sum": [
        *_reduction("sum"), Case("sum(x, axis=0)", "x=1"), Case("sum(x)", "x="),
        *_of("X=0,3", "sum(X); sum(X, axis=0); sum(X, axis=1)"),
    ],
    "mean": [
        *_reduction("mean"), Case("mean(x, axis=0)", "x=1"), Case("mean(x)", "x="), Case("mean(X, axis=1)", "X=0,3")
    ],
    "var": [
        *_reduction("var"),
        Case("var(X, axis=0, ddof=1)", "X=4,2"), Case("var(X, axis=-1, ddof=1, keepdims=True)", "X=4,3"),
    ],
    "std": [Case("std(X, axis=0, ddof=1)", "X=4,2")],
    "prod": [
        *_reduction("prod"), Case("prod(x, axis=0)", "x=1"), Case("prod(x)", "x="),
        *_of("X=0,3", "prod(X); prod(X, axis=0); prod(X, axis=1)"),
        Case("prod(X, axis=1)", "X=3,4", "zero"), Case("prod(X, axis=0)", "X=3,4", "zeros"),
        Case("prod(x)", "x=4", "zero"), Case("prod(x)", "x=4", "zeros"), Case("prod(X)", "X=2,3", "zeros"),
    ],
    "product_of_others": [
        Case("product_of_others(x)", "x=4"), Case("product_of_others(x)", "x=4", "zero"),
        Case("product_of_others(X, axis=-1)", "X=2,3", "zeros"), Case("product_of_others(X, axis=0)", "X=1,3"),
    ],
    "max": [
        *_reduction("max"), Case("max(x, axis=0)", "x=1"), Case("max(x)", "x="), Case("max(X, axis=1)", "X=0,3"),
        *_of("X=3,4", "max(X); max(X, axis=1)", "ties"), Case("max(X, axis=(0, 2), keepdims=True)", "X=2,3,4", "ties"),
    ],
    "min": [
        *_reduction("min"), Case("min(x, axis=0)", "x=1"), Case("min(x)", "x="), Case("min(X, axis=1)", "X=0,3"),
        Case("min(X, axis=0)", "X=3,4", "ties"),
    ],
    "argmax": [
        Case("argmax(x)", "x=4", "steps"), *_of("X=3,4", "argmax(X, axis=0); argmax(X, axis=-1); argmax(X)", "steps")
    ],
    "logsumexp": [
        *_reduction("logsumexp"), Case("logsumexp(x, axis=0)", "x=1"), Case("logsumexp(X, axis=1)", "X=0,3"),
        Case("logsumexp(1000*x)", "x=3"),
    ],
    "norm": [
        *_reduction("norm"), Case("norm(x, axis=0)", "x=1"), Case("norm(X, axis=1)", "X=0,3"),
        Case("norm(x, 1)", "x=4"), *_of("X=3,4", "norm(X, 2, axis=1); norm(X, 1, axis=0, keepdims=True)"),
    ],
    # functions along an axis
    "softmax": [
        *_along_an_axis("softmax"), Case("softmax(X, axis=(0, 1))", "X=3,2"), Case("softmax(1000*x)", "x=3")
    ],
    "log_softmax": _along_an_axis("log_softmax"),
    "cumsum": [*_along_an_axis("cumsum"), Case("cumsum(x)", "x=0")],
    # products
    "matmul": [
        *_at(
            "A @ B",
            """A=3 B=3; A=2,3 B=3; A=2 B=2,3; A=2,3 B=3,4; A=5,2,3 B=3,4; A=2,3 B=5,3,4; A=5,2,3 B=5,3,4; A=5,2,3 B=3;
            A=3 B=5,3,4; A=1,2,3 B=5,3,4; A=4,1,2,3 B=5,3,2; A=0,3 B=3,4; A=2,0 B=0,4; A=1,1 B=1,1; A=1,3 B=3,1;
            A=0 B=0; A=0,2,3 B=3,4; A=5,2,1 B=1,4""",
        ),
        Case("A @ A", "A=3,3"), Case("matmul(A, B)", "A=2,3 B=3,4"),
    ],
    "dot": [Case("dot(A, B)", "A=2,3 B=3"), Case("dot(a, B)", "a= B=3")],
    "outer": [*_at("outer(x, y)", "x=3 y=2; x=0 y=2"), Case("outer(x, x)", "x=3")],
    "kron": [Case("kron(A, B)", "A=2,3 B=3,2"), Case("kron(x, y)", "x=2 y=3"), Case("kron(A, A)", "A=2,2")],
    "einsum": [
        *[
            Case(f'einsum("{spec}", A, B)', "A=3,3 B=3,3")
            for spec in _split("""ij,jk->ik; ij,jk->ki; ij,ij->; ij,ij->ij; ij,ji->ij; ii,jj->; ii,ij->j; ij,kl->ijkl;
                ij,kj->ki; ij,jk; ij,kl->lj; ii,ii->i; ij,jj->i""")
        ],
        Case('einsum("ii->i", A)', "A=3,3"), Case('einsum("iij->j", A)', "A=3,3,2"),
        Case('einsum("ijk->kij", A)', "A=2,3,4"), Case('einsum("i,ij,j->", x, A, x)', "x=3 A=3,3"),
        Case('einsum("bi,ij,bj->b", X, A, X)', "X=4,3 A=3,3"),
        Case('einsum("bij,bjk->bik", A, B)', "A=0,2,3 B=0,3,4"), Case('einsum("ij,ij->j", A, A)', "A=3,2"),
    ],
    "trace": _at("trace(X)", "X=3,3; X=1,1"),
    "diag": [Case("diag(x)", "x=3"), Case("diag(X)", "X=3,3"), Case("diag(diag(X))", "X=3,3")],
    # matrices
    "inv": [*_of_matrices("inv"), Case("inv(X.T)", "X=3,3"), Case("inv(inv(X))", "X=3,3")],
    "det": _of_matrices("det"),
    "logdet": _of_matrices("logdet"),
    "cholesky": _of_matrices("cholesky"),
    "solve": [
        Case("solve(X, y)", "X=3,3 y=3"), *_at("solve(X, Y)", "X=3,3 Y=3,2; X=3,3 Y=3,0"),
        Case("solve(X.T, Y)", "X=3,3 Y=3,1"), Case("solve(X, X @ X)", "X=3,3"),
    ],
    "tril": [*_triangle("tril"), Case("tril(X, k=2)", "X=2,3,4")],
    "triu": [*_triangle("triu"), Case("triu(X, -5)", "X=3,3")],
    # parts of arrays
    "index": [
        *[
            Case(f"x[{items}]", "x=7")
            for items in _split("""0; -1; 3; :; 2:; :-2; 1:5; ::2; 1::3; ::-1; 5:1:-2; -2:-6:-1; 3:3; None; ..., None;
                1:2; 10:; -100:3""")
        ],
        *[
            Case(f"X[{items}]", "X=4,5")
            for items in _split("""1; -1; :, 2; 1, 2; -1, -2; 1:3, ::2; ::-1, ::-2; :, None, 1:; None, ..., 0; ..., -1;
                1:1; 2, :; 1:, None; None, None; 3:0:-1, 1; ...""")
        ],
        Case("X[1:][:, ::2][::-1]", "X=4,5"),
        *_at("X[I]", "X=4,3 I:2; X=4,3 I:2,3; X=4,3 I:0"),
        *_at("X[I, J]", "X=4,4 I:3 J:3; X=4,4 I:3,1 J:2; X=4,4,2 I:3 J:3; X=4,4 I: J:3"),
        Case("x[I]", "x=4 I:"), Case("X[:, None][I]", "X=4,3 I:5"),
    ],
    "scatter": [
        Case("scatter(x, (7,), (1,), (2,))", "x=3"), Case("scatter(X, (4, 5), (3, 0), (-1, 2))", "X=3,3")
    ],
    "scatter_add": [
        Case("scatter_add(x, (4,), I)", "x=6 I:6"), Case("scatter_add(X, (4, 3), I)", "X=5,3 I:5"),
        Case("scatter_add(x, (4, 4), I, J)", "x=6 I:6 J:6"),
    ],
    "places": [
        Case("x[places((2, 0, 2))]*y", "x=4 y=3"), Case("X[reshape(places((2, 0, 0, 1)), (2, 2))]", "X=4,3")
    ],
    "one_hot": [Case("one_hot(I, 4) @ X", "I:3 X=4,2"), Case("one_hot(I, 4) * X", "I:2,3 X=4")],
    # arrays of numbers
    "eye": [Case("eye(3) * X + X @ eye(3)", "X=3,3")],
    "zeros": [Case("zeros((2, 3)) + x", "x=3")],
    "ones": [Case("ones((2, 3)) * x", "x=3")],
    "arange": [Case("arange(3) * x", "x=3")],
    # other shapes
    "broadcast_to": [
        *_at("broadcast_to(x, (2, 3))", "x=3; x="),
        Case("broadcast_to(X, (4, 2, 3))", "X=2,1"), Case("broadcast_to(X, (0, 3))", "X=1,3"),
    ],
    "reshape": [
        *_of("X=2,3", "reshape(X, (6,)); reshape(X, (3, -1)); reshape(X, (3, 1, 2)); reshape(X.T, (2, 3))"),
        Case("reshape(X, (0, 5))", "X=0,3"), Case("reshape(x, (1, 1))", "x="),
    ],
    "transpose": _of("X=2,3,4", "transpose(X); transpose(X, (1, 2, 0))"),
    "T": [Case("X.T", "X=2,3"), Case("x.T", "x=3")],
    "squeeze": _of("X=1,3,1", "squeeze(X); squeeze(X, axis=2); squeeze(X, axis=(0, -1))"),
    "concatenate": [
        Case("concatenate((x, y, x))", "x=3 y=2"), Case("concatenate((X, Y), axis=-1)", "X=2,3 Y=2,1"),
        Case("concatenate((X, Y))", "X=0,3 Y=2,3"), Case("concatenate((X, 2*X[::-1]), axis=1)", "X=2,3"),
    ],
    "stack": [
        *_at("stack((x, y))", "x=3 y=3; x= y="), Case("stack((X, Y, X), axis=1)", "X=2,3 Y=2,3"),
        Case("stack((X, Y), axis=-1)", "X=2,3 Y=2,3"),
    ],
}  # fmt: skip

#: What no function has by itself: several functions together, broadcasting, selection.
COMBINED = [
    Case("A.T @ A", "A=2,3"),
    Case("(A @ B) @ (A @ B).T", "A=2,3 B=3,2"),
    Case("diag(x) @ A @ diag(x)", "x=3 A=3,3"),
    Case("inv(diag(x))", "x=3"),
    Case("inv(transpose(X, (0, 2, 1)))", "X=2,3,3"),
    *_of("X=3,4", "X[0] @ X[1]; X[:, 0] * X[:, -1]; X[:1] + X"),
    Case("x[1:] - x[:-1]", "x=5"),
    Case("x[I] * x[J]", "x=4 I:6 J:6"),
    Case("X.T[I]", "X=3,4 I:5"),
    Case("X[arange(4), I]", "X=4,4 I:4"),
    Case("X[I, J] * x", "X=4,4,2 x=2 I: J:"),
    Case("logsumexp(x) - x[I]", "x=4 I:"),
    Case("x[argmax(x)]", "x=4"),
    Case("sum(X[arange(4), I]) - sum(logsumexp(X, axis=1))", "X=4,4 I:4"),
    Case("X * x + y", "X=2,3 x=3 y="),
    Case("X * Y", "X=2,1 Y=1,3"),
    Case("X / Y", "X=2,1,3 Y=4,1"),
    Case("exp(X) * Y", "X=0,3 Y=3"),
    Case("where(X > 0, X**2, Y)", "X=2,3 Y=3", "kink"),
    Case("transpose(X, (0, 2, 1)) @ Y", "X=2,3,4 Y=2,3,2"),
    Case("squeeze(X) @ y", "X=1,3,1 y=3"),
    *_of("x=3", "diag(x)[None]; diag(x)[:, None]"),
    Case("diag(squeeze(X))", "X=3,1"),
    Case("X.T[:, None]", "X=2,3"),
    Case("transpose(X, (1, 2, 0))[:, None]", "X=2,3,4"),
    Case("squeeze(X).T[None, :, :, None]", "X=2,1,3"),
]
ALL = [*chain.from_iterable(CASES.values()), *COMBINED]

# -- elementwise operations --------------------------------------------------------------------------------------------

#: Formulas with the derivative that the operation's convention gives at 0, where most of them have a kink.
SLOPES_AT_ZERO: dict[str, list[tuple[str, float]]] = {
    "abs": [("abs(x)", 0), ("abs(x)*x", 0)],
    "relu": [("relu(x)", 0)],
    "leaky_relu": [("leaky_relu(x)", 1)],
    "elu": [("elu(x)", 1)],
    "maximum": [("maximum(x, 0)", 0.5), ("maximum(x, 2*x)", 1.5)],
    "minimum": [("minimum(x, 0)", 0.5)],
    "sign": [("sign(x)", 0)],
    "floor": [("floor(x)", 0)],
    "ceil": [("ceil(x)", 0)],
    "sinc": [("sinc(x)", 0)],
    "mod": [("x % 1", 1)],
    "where": [("where(x > 0, x**2, 3*x)", 3)],
    "gelu": [("gelu(x)", 0.5)],
    "sigmoid": [("sigmoid(x)", 0.25)],
    "softplus": [("softplus(x)", 0.5)],
}
#: Operations with exponentials inside whose derivatives up to the second are finite at -800 and 800.
FINITE_FAR_AWAY = ["sigmoid", "softplus", "tanh", "gelu", "logaddexp", "erf"]
