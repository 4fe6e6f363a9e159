"""SymPy and networkx give back what they were given; LaTeX is short, even of shared graphs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from fractions import Fraction

import networkx
import pytest
import sympy

import symdiff as sd
from symdiff.graph.leaves import const
from symdiff.graph.node import OPS, Op

x, y, z, w = sd.symbols("x y z w")
SHAPES = {
    "X": ("n", "d"), "w": "d", "A": ("n", "n"), "B": ("n", "n"), "u": "n", "v": "n", "b": "m", "i": "k", "x_1": "n",
    "S": ("n", 3, 4), "M": ("N1", "rate"),
}  # fmt: skip


def _convertible(row: Op) -> bool:
    return (
        row.partials is not None
        and row.name not in ("sinc_derivative", "spherical_jn", "power_derivative")
        and not row.surrogate
    )


CONVERTED = [row for row in OPS.values() if row.arity and _convertible(row)]
#: Rows that SymPy rewrites: the same values, another expression.
REWRITTEN = set(
    "logical_and logical_or logical_not where expm1 exp2 log1p log2 log10 cbrt hypot sinc sigmoid softplus relu "
    "leaky_relu elu gelu logaddexp xlogy difference_of_products".split()
)


def _points(row: sd.Op) -> list[dict[str, float]]:
    intervals = row.samples or ((-3.0, 3.0),)
    return [
        {name: lo + t * (hi - lo) for name, (lo, hi) in zip("xyzw", intervals, strict=False)} for t in (0.13, 0.5, 0.81)
    ]


@pytest.mark.parametrize("row", CONVERTED, ids=lambda row: row.name)
def test_sympy_round_trip(row: sd.Op) -> None:
    f = row(*(x, y, z, w)[: row.arity])
    back = sd.from_sympy(sd.to_sympy(f))
    if row.name not in REWRITTEN:
        assert back is f
    for point in _points(row):
        values = {name: round(value) if row.name == "polygamma" else value for name, value in point.items()}
        if row.logical and row.name != "where":
            assert bool(sd.evaluate(back, values)) == bool(sd.evaluate(f, values))
        else:
            assert float(sd.evaluate(back, values)) == pytest.approx(float(sd.evaluate(f, values)), rel=1e-13)


@pytest.mark.parametrize("value", [0.1, 1e-300, 1.7976931348623157e308, 5e-324, -2 / 3])
def test_floats_survive(value: float) -> None:
    assert sd.from_sympy(sd.to_sympy(const(value))) is const(value)


def test_exact_numbers_stay_exact() -> None:
    assert sd.to_sympy(const(Fraction(1, 3)) * x) == sympy.Symbol("x", real=True) / 3
    assert sd.from_sympy(sympy.Integer(10) ** 40) is const(10**40)
    assert sd.from_sympy(sd.to_sympy(sd.pi)) is sd.pi
    assert sd.from_sympy(sympy.true) is const(True)


def test_structures() -> None:
    s = sd.to_sympy({"a": [x, y + 1]})
    assert s == {"a": [sympy.Symbol("x", real=True), sympy.Symbol("y", real=True) + 1]}
    assert sd.from_sympy(s) == {"a": [x, y + 1]}
    assert sd.from_sympy(sympy.Matrix([[1, 2]])) == [[const(1), const(2)]]


def test_quotients_and_roots_are_spelled_as_written() -> None:
    a, b = sympy.symbols("x y")
    assert sd.from_sympy(a / b) is x / y
    assert sd.from_sympy(1 / a) is 1 / x
    assert sd.from_sympy(-2 * a / (3 * b**2)) is -(2 * x / (3 * y**2))
    assert sd.from_sympy(sympy.sqrt(a)) is sd.sqrt(x)
    assert sd.from_sympy(1 - a**2) is 1 - x**2


def test_more_functions_from_sympy() -> None:
    a = sympy.Symbol("x")
    for s in (
        sympy.sec(a),
        sympy.cot(a),
        sympy.coth(a),
        sympy.E**a + sympy.E,
        sympy.Heaviside(a),
        sympy.EulerGamma * a,
    ):
        assert float(sd.evaluate(sd.from_sympy(s), {"x": 0.7})) == pytest.approx(float(s.subs(a, 0.7)))
    third = sympy.Max(a, 2, sympy.Symbol("y"))
    assert float(sd.evaluate(sd.from_sympy(third), {"x": 1, "y": 3})) == 3


def test_derivatives_agree_with_sympy() -> None:
    f = sd.exp(x * y) * sd.sin(x) / (1 + y**2) + sd.log(x + 2) ** y
    ours = sd.diff(f, x, y)
    theirs = sympy.diff(sd.to_sympy(f), *sympy.symbols("x y", real=True))
    point = {sympy.Symbol(name, real=True): value for name, value in (("x", 0.3), ("y", 1.7))}
    assert float(sd.evaluate(ours, {"x": 0.3, "y": 1.7})) == pytest.approx(float(theirs.subs(point)), rel=1e-12)


def test_what_sympy_declares_can_be_assumed() -> None:
    p, q = sympy.Symbol("p", positive=True), sympy.Symbol("q", nonpositive=True)
    n, r = sympy.Symbol("n", integer=True, positive=True), sympy.Symbol("r", real=True)
    shown = lambda s: [str(condition) for condition in sd.sympy_assumptions(s)]
    for given in (p * q + r, [q, p], sympy.Matrix([[p, q]]), {"f": p - q}):
        assert shown(given) == ["p > 0", "q <= 0"]
    assert shown(sympy.sin(n)) == ["n > 0", "n == floor(n)"]
    assert sd.sympy_assumptions(r + 1) == sd.sympy_assumptions(2) == ()
    a, b = sd.symbols("p q")
    f = sd.from_sympy(p**2 * q**2)
    with sd.assume(*sd.sympy_assumptions(p * q)):
        assert sd.simplify(sd.sqrt(f)) is sd.simplify(-a * b)
        assert sd.simplify(sd.grad(sd.sqrt(f), [a, b])) == (-b, -a)
    assert sd.simplify(sd.sqrt(f)) is not sd.simplify(-a * b)


def test_unknown_is_named() -> None:
    a = sympy.Symbol("x")
    with pytest.raises(sd.UnsupportedError, match="mystery"):
        sd.from_sympy(sympy.Function("mystery")(a))
    with pytest.raises(sd.UnsupportedError, match="mystery"):
        sd.from_sympy(1 + sympy.Function("mystery")(a) ** 2)
    with pytest.raises(sd.UnsupportedError, match="sin"):
        sd.from_sympy(type("sin", (sympy.Function,), {"__module__": "elsewhere"})(a))
    with pytest.raises(sd.UnsupportedError, match="Integral"):
        sd.from_sympy(sympy.Integral(sympy.Function("g")(a), a))
    with pytest.raises(sd.UnsupportedError, match="real"):
        sd.from_sympy(sympy.I * a)


def test_arrays_and_unnamed_rows_are_refused() -> None:
    with pytest.raises(sd.UnsupportedError, match=r"X is an array of shape \(3,\)"):
        sd.to_sympy(sd.sin(sd.symbol("X", shape=3)))
    with pytest.raises(sd.UnsupportedError, match=r"X is an array of shape \(n, d\)"):
        sd.to_sympy(sd.parse("sum(X)", SHAPES))
    with pytest.raises(sd.UnsupportedError, match="n is the size of an array"):
        sd.to_sympy(sd.parse("n*x", SHAPES))
    own = sd.unary("no_sympy_form", lambda y, x: 1, numpy="({0} + 0)")
    try:
        with pytest.raises(sd.UnsupportedError, match="no_sympy_form"):
            sd.to_sympy(own(x))
    finally:
        OPS["no_sympy_form"].remove()


def test_deep_from_sympy_and_to_latex() -> None:
    f, depth = x, 20_000
    for _ in range(depth):
        f = sd.sin(f)
    assert len(sd.to_latex(f)) < 30 * depth
    s = sympy.Symbol("x")
    for _ in range(300):
        s = sympy.sin(s)
    assert sd.from_sympy(s).op is sd.sin


def test_networkx() -> None:
    graph = sd.to_networkx([x * x + 1, x])
    assert all(arg < user for arg, user in graph.edges)
    assert networkx.is_directed_acyclic_graph(graph)
    assert [data["op"] for _, data in graph.nodes(data=True)] == ["var", "mul", "const", "add"]
    assert [data["label"] for _, data in graph.nodes(data=True)] == ["x", "*", "1", "+"]
    assert graph.edges[0, 1]["positions"] == (0, 1)
    assert graph.edges[2, 3]["positions"] == (1,)
    assert graph.nodes[0]["shape"] == ()


def test_networkx_of_arrays() -> None:
    graph = sd.to_networkx(sd.parse("sum((X @ w - u)**2) + trace(A) + u[0]", SHAPES))
    assert networkx.is_directed_acyclic_graph(graph)
    data = [data for _, data in graph.nodes(data=True)]
    shapes = {entry["label"]: entry["shape"] for entry in data}
    assert shapes["X"] == ("n", "d") and shapes["· @ ·"] == ("n",) and shapes["sum(·)"] == ()
    assert all(isinstance(entry["label"], str) and "{" not in entry["label"] for entry in data)
    for user in graph:
        places = sorted(place for _, _, positions in graph.in_edges(user, data="positions") for place in positions)
        assert places == list(range(len(places)))


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (x + y, "x + y"),
        (x - (y - z), "x - (y - z)"),
        (2 * x * y, r"2 x \, y"),
        ((x + 1) * y, r"(x + 1) \, y"),
        ((x / y) ** 2, r"(\frac{x}{y})^{2}"),
        (sd.exp(x) ** 2, "(e^{x})^{2}"),
        (-(x + y), "-(x + y)"),
        (x * const(2), r"x \cdot 2"),
        (sd.sqrt(x) + abs(y), r"\sqrt{x} + |y|"),
        (sd.where(x > 0, x, 0), r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}"),
        (sd.symbol("alpha"), r"\alpha"),
        (sd.symbol("theta1"), r"\theta_{1}"),
        (sd.symbol("theta_1"), r"\theta_{1}"),
        (sd.symbol("x_0"), "x_{0}"),
        (sd.symbol("x_max"), r"x_{\mathrm{max}}"),
        (sd.symbol("rate"), r"\mathrm{rate}"),
        (const(-2.5e-7), r"-2.5 \cdot 10^{-7}"),
        (const(Fraction(-1, 2)), r"-\frac{1}{2}"),
        (x ** const(-1.5), "x^{-1.5}"),
        (x + const(Fraction(1, 2)) * sd.pi, r"x + \frac{1}{2} \pi"),
        ((x < y) & (y <= 2), r"x < y \wedge y \le 2"),
        ([x, y], r"\begin{pmatrix} x & y \end{pmatrix}"),
        (((x, y), (y, z)), r"\begin{pmatrix} x & y \\ y & z \end{pmatrix}"),
    ],
)
def test_latex(f: object, text: str) -> None:
    bare = sd.to_latex(f).replace(r"\left", "").replace(r"\right", "")
    assert bare == text


def test_latex_of_shared_graphs_is_linear() -> None:
    f = x + sd.symbol("t")
    for _ in range(200):
        f = f * f + 1
    text = sd.to_latex(f)
    assert text.startswith(r"\begin{aligned} s_{0} &= ")
    assert len(text) < 20_000


ARRAYS = r"""
X.T @ (X @ w - u)          X^{\top} (X w - u)
sum((X @ w - u)**2)/2      \frac{\sum (X w - u)^{2}}{2}
(A + B) @ u                (A + B) u
A @ (A*B)                  A (A \odot B)
(A @ B)*A                  (A B) \odot A
A*B*A                      A \odot B \odot A
A*u                        A \odot u
2*A @ u                    2 A u
A @ (2*u)                  A (2 u)
A @ (c*u)                  A (c \, u)
(2*A) @ B @ u              2 A B u
A @ (B @ u)                A B u
-(A @ u)                   -A u
A @ -u                     -A u
u @ v                      u^{\top} v
(u @ v)*A                  (u^{\top} v) \, A
c*(u @ v)                  c \, u^{\top} v
A @ u/(u @ v)              \frac{A u}{u^{\top} v}
outer(u, b)                u b^{\top}
outer(v, u)                v u^{\top}
outer(u + v, b)            (u + v) b^{\top}
A.T @ B.T                  A^{\top} B^{\top}
(A + B).T                  (A + B)^{\top}
trace(A @ B)               \operatorname{tr}(A B)
det(A)                     \det(A)
log(det(A))                \log(\det(A))
logdet(A)                  \log|\det(A)|
inv(A)                     A^{-1}
inv(A.T)                   A^{-\top}
inv(A).T @ u               A^{-\top} u
inv(A + B) @ u             (A + B)^{-1} u
solve(A, u + v)            A^{-1} (u + v)
diag(u)                    \operatorname{diag}(u)
norm(u)                    \lVert u \rVert
norm(A)                    \lVert A \rVert_{F}
norm(A, axis=0)            \operatorname{norm}_{0}(A)
sum(A)                     \sum A
c*sum(u)                   c \, \sum u
sum(u)*c                   (\sum u) \, c
c*sum(u)*d                 (c \, \sum u) \, d
sum(u + v) + c             \sum (u + v) + c
sum(u*v)**2                (\sum u \odot v)^{2}
sum(X, axis=0)             \operatorname{sum}_{0}(X)
sum(S, axis=(0, 2))        \operatorname{sum}_{0, 2}(S)
mean(X)                    \frac{\sum X}{d \, n}
max(A)                     \max(A)
max(A, axis=0)             \operatorname{max}_{0}(A)
softmax(A)                 \operatorname{softmax}_{1}(A)
logsumexp(u)               \operatorname{logsumexp}(u)
A**2                       A^{\odot 2}
u**2                       u^{2}
exp(A)                     \exp(A)
exp(u)                     e^{u}
A % 2 @ u                  (A \bmod 2) u
eye(n) + A                 I_{n} + A
zeros((3, n))              \mathbf{0}_{3 \times n}
broadcast_to(c, (n, d))    c \, \mathbf{1}_{n \times d}
broadcast_to(u, (3, n))    \mathbf{1}_{3} u^{\top}
broadcast_to(u[:, None], (n, 3))   u_{:, \mathrm{None}} \mathbf{1}_{3}^{\top}
broadcast_to(A, (3, n, n))   \operatorname{broadcast}_{3 \times n \times n}(A)
A + 1                      A + 1
X[0]                       X_{0}
X[:, 1]                    X_{:, 1}
u[1:] - u[:-1]             u_{1:} - u_{:-1}
x_1[0]                     (x_{1})_{0}
(A @ u)[0]                 (A u)_{0}
u[i]                       u_{i}
u[:, None]*b               u_{:, \mathrm{None}} \odot b
einsum("ij,jk,kl->il", A, B, A)   \operatorname{einsum}_{ik,lj,kl \to ij}(A, A, B)
concatenate((u, b))        \operatorname{concatenate}_{0}(u, b)
reshape(X, -1)             \operatorname{reshape}(X, (d \, n))
transpose(S, (0, 2, 1))    \operatorname{transpose}(S, (0, 2, 1))
reshape(M, -1)             \operatorname{reshape}(M, (N_{1} \, \mathrm{rate}))
tril(A, 1)                 \operatorname{tril}(A, 1)
cumsum(u)                  \operatorname{cumsum}_{0}(u)
maximum(A, 0)*B            \max(A, 0) \odot B
"""


def _bare(text: str) -> str:
    return text.replace(r"\left", "").replace(r"\right", "")


@pytest.mark.parametrize("line", ARRAYS.strip().splitlines())
def test_latex_of_arrays(line: str) -> None:
    formula, text = re.split(r"  +", line, maxsplit=1)
    assert _bare(sd.to_latex(sd.parse(formula, SHAPES))) == text.strip()


STEPS: list[Callable[..., sd.Node]] = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**2 * b,
    lambda a, b: a @ b, lambda a, b: a.T @ b, lambda a, b: sd.sum(a, axis=0), lambda a, b: sd.sum(a), lambda a, b: -a,
    lambda a, b: a.T, lambda a, b: sd.inv(a), lambda a, b: sd.trace(a), lambda a, b: sd.det(a), lambda a, b: sd.norm(a),
    lambda a, b: sd.outer(a, b), lambda a, b: sd.diag(a), lambda a, b: a[0], lambda a, b: a[1:],
    lambda a, b: a[:, None],
    lambda a, b: sd.softmax(a), lambda a, b: sd.where(a > b, a, 0), lambda a, b: sd.max(a, axis=0), lambda a, b: a % b,
    lambda a, b: sd.concatenate((a, b)), lambda a, b: sd.exp(a), lambda a, b: sd.solve(a, b), lambda a, b: sd.sqrt(a),
    lambda a, b: sd.cumsum(a), lambda a, b: 2 * a, lambda a, b: a**-1, lambda a, b: sd.broadcast_to(a, (3, *a.shape)),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_brackets_of_random_array_graphs(seed: int) -> None:
    """Brackets match, nothing has two indices or two exponents, and no operation shows its attributes."""
    rng = random.Random(seed)
    nodes = [sd.symbol("A", (3, 3)), sd.symbol("B", (3, 3)), sd.symbol("u", 3), sd.symbol("x_1", 3), x]
    for _ in range(12):
        try:
            nodes.append(rng.choice(STEPS)(rng.choice(nodes[-6:]), rng.choice(nodes)))
        except sd.SymdiffError:
            continue
    text = sd.to_latex(nodes[-1])
    _check_latex(text)
    assert "view" not in text and "contract" not in text


def test_latex_of_shared_arrays() -> None:
    v = sd.symbol("u", 3)
    for _ in range(30):
        v = v * v[::-1] + v[0]
    text = sd.to_latex(v)
    assert re.search(r"\\left\(\w_\{3\}\\right\)_\{::-1\}", text)
    _check_latex(text)


def _check_latex(text: str) -> None:
    waiting: list[str] = []
    for bracket in re.findall(r"\\(?:left|right|begin|end)\b|[{}]", text):
        if bracket in ("}", r"\right", r"\end"):
            assert waiting.pop() == {"}": "{", r"\right": r"\left", r"\end": r"\begin"}[bracket], text
        else:
            waiting.append(bracket)
    assert not waiting, text
    assert not re.search(r"([_^])(\{[^{}]*\}|\{[^{}]*\{[^{}]*\}[^{}]*\})\1", text), text
