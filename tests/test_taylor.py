"""All derivatives up to an order: right against SymPy, mpmath and repeated differentiation, and few operations."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from counting import operations
from functionals import LARGE, SMALL

import symdiff as sd
from symdiff.graph.node import OPS, Op
from symdiff.graph.traversal import topological
from symdiff.taylor import bottlenecks, multi_indices
from symdiff.taylor.choice import candidates

Node = sd.Node
X, Y, Z = sd.symbols("x y z")
SPINS = list(sd.symbols("a b g h"))
POINT = {"x": 0.7, "y": 0.3, "z": 1.1}
ROWS_OF_NUMBERS = [row for row in list(OPS.values()) if row.partials and not row.surrogate and not row.logical]


def values(nodes: Sequence[Node], point: dict[str, float]) -> list[float]:
    wrt = [sd.symbol(name) for name in point]
    return [float(value) for value in sd.compile(list(nodes), wrt)(*point.values())]


def repeated(f: Node, wrt: Sequence[Node], indices: Sequence[int]) -> Node:
    """The derivative by differentiating again and again."""
    for node, times in zip(wrt, indices, strict=True):
        f = sd.diff(f, node, times) if times else f
    return f


def agree(found: Sequence[float], wanted: Sequence[float], tolerance: float = 1e-9) -> bool:
    size = max(1.0, *map(abs, wanted))
    return all(abs(a - b) <= tolerance * max(abs(b), 1e-3 * size) for a, b in zip(found, wanted, strict=True))


def applied(row: Op) -> Node:
    """The operation on formulas whose values lie in its domain; on numbers where the samples are one number."""
    moves = [X * Y - 0.21, X**2 - Y - 0.19, X - Y**3 - 0.673, Y + X * Y - 0.51]
    return row(
        *(
            low if low == high else 0.4 * low + 0.6 * high + (high - low) / 8 * move
            for (low, high), move in zip(row.samples, moves, strict=False)
        )
    )


@pytest.mark.parametrize("row", ROWS_OF_NUMBERS, ids=lambda row: row.name)
def test_each_operation_against_repeated_differentiation(row: Op) -> None:
    f = applied(row)
    found = sd.derivatives(f, [X, Y], 3)
    point = {name: POINT[name] for name in "xy"}
    wanted = [repeated(f, [X, Y], indices) for indices in found]
    assert list(found) == multi_indices(2, 3)
    assert agree(values(list(found.values()), point), values(wanted, point))


@pytest.mark.parametrize(
    "text",
    [
        "exp(x*y)/(1 + z**2)",
        "log(x + y*z)*sin(x*z)",
        "sqrt(x*y + z)*tanh(x - y)",
        "(x + y)**2.5/z**3",
        "x**y + y**x",
        "arctan2(x*y, z) + hypot(x, y*z)",
        "erf(x*y)*arcsinh(z/x)",
        "where(x > y, x**3*y*z, sin(x))",
    ],
)
def test_formulas_against_sympy(text: str) -> None:
    """SymPy's derivatives at 50 digits."""
    f = sd.parse(text)
    found = sd.derivatives(f, [X, Y, Z], 4)
    names = sympy.symbols("x y z")
    known = sd.to_sympy(f)
    given = {symbol: sympy.Float(str(POINT[str(symbol)]), 50) for symbol in known.free_symbols}
    picked = [indices for indices in found if sum(indices) in (1, 4)]
    wanted = []
    for indices in picked:
        by = [(name, times) for name, times in zip(names, indices, strict=True) if times]
        real = {symbol: sympy.Symbol(symbol.name) for symbol in known.free_symbols}
        slope = sympy.diff(known.xreplace(real), *by)
        wanted.append(float(slope.subs({real[symbol]: value for symbol, value in given.items()}).evalf(50)))
    assert agree(values([found[indices] for indices in picked], POINT), wanted)


@cache
def function(text: str) -> tuple[Node, list[Node]]:
    """The formula of a functional, and its bottlenecks."""
    f = sd.parse(text)
    return f, bottlenecks(f, SPINS, 4)


@cache
def all_of(text: str, order: int) -> dict[tuple[int, ...], Node]:
    f, through = function(text)
    return sd.derivatives(f, SPINS, order, through=through)


def by_mpmath(text: str) -> Callable[..., Any]:
    """The formula's lines as Python, with mpmath's functions."""
    lines = text.splitlines()
    names = {"exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "arctan": mpmath.atan, "arcsinh": mpmath.asinh}
    exact = "\n".join(line.replace("/3)", "/mpf(3))").replace("2/3*", "mpf(2)/3*") for line in lines[:-1])

    code, last = compile(exact, "functional", "exec"), compile(lines[-1], "functional", "eval")

    def value(*point: Any) -> Any:
        space = {**names, "mpf": mpmath.mpf, **dict(zip("abgh", point, strict=True))}
        exec(code, space)
        return eval(last, space)

    return value


@pytest.mark.parametrize(
    "text", [pytest.param(SMALL, id="small"), pytest.param(LARGE, id="large", marks=pytest.mark.slow)]
)
def test_functional_against_mpmath(text: str) -> None:
    """Differences at 60 digits, at a random point, for the value and derivatives of every order."""
    rng = random.Random(0)
    found = all_of(text, 4)
    picked = [(0, 0, 0, 0), *rng.sample(list(found)[1:], 5), (4, 0, 0, 0), (1, 1, 1, 1), (0, 2, 0, 2)]
    compiled = sd.compile([found[indices] for indices in picked], SPINS, backend="math")
    value = by_mpmath(text)
    with mpmath.workdps(60):
        point = [rng.uniform(0.2, 0.9) for _ in SPINS]
        exact = [mpmath.diff(value, point, indices) for indices in picked[1:]]
        for got, number in zip(compiled(*point), [value(*map(mpmath.mpf, point)), *exact], strict=True):
            assert math.isclose(got, float(number), rel_tol=1e-8), (point, got, number)


def is_float(node: Node) -> bool:
    return node.op is sd.Const and isinstance(node.value, float)


EXACT = [
    "sqrt(x*y/2)", "sqrt(3*x)*sin(y)", "(8*x*y)**(1/3)", "(x*y/3)**(2/3)", "1/sqrt(2*x)*exp(-y**2/(2*x))",
    "erf(y/sqrt(2*x))", "log(sqrt(2*x)*y)", "sqrt(2*x*y)*sqrt(2*x*y)", "(sqrt(5*x)*sqrt(y/7))**3 + sqrt(9*x/4)*y",
    "arctan(sqrt(2*x)/y)", "sqrt(2*x) + y*sqrt(2*x)", "(x*y*10**40)**(1/5)", "sqrt(2)*x*y/(1 + x)",
    "x**sqrt(2)/sqrt(6*y)",
]  # fmt: skip


@pytest.mark.parametrize("text", EXACT)
def test_exact_constants_stay_exact(text: str) -> None:
    f = sd.parse(text)
    found = sd.derivatives(f, [X, Y], 3)
    assert not any(map(is_float, topological(*found.values())))
    wanted = [repeated(f, [X, Y], indices) for indices in found]
    point = {"x": 0.7, "y": 0.3}
    assert agree(values(list(found.values()), point), values(wanted, point))


def test_floats_stay_floats() -> None:
    found = sd.derivatives(sd.sqrt(0.5 * X * Y), [X, Y], 2)
    assert any(map(is_float, topological(*found.values())))


@pytest.mark.parametrize(
    ("text", "size", "most"),
    [
        pytest.param(SMALL, 120, (6, 12, 22), id="small"),
        pytest.param(LARGE, 380, (5, 9, 14), id="large", marks=pytest.mark.slow),
    ],
)
def test_operations(text: str, size: int, most: tuple[float, ...]) -> None:
    """All 15, 35 and 70 derivatives in one function, by the operations of the function itself, in its shorter form."""
    f, _ = function(text)
    own = min(operations([f]), operations([sd.simplify(f, level="code")]))
    assert own >= size
    for order, limit in zip((2, 3, 4), most, strict=True):
        found = list(all_of(text, order).values())
        assert found[0] is f
        assert len(set(found)) > len(found) // 2
        assert operations(found) <= limit * own


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 12))])
def test_any_nodes_may_be_coordinates(seed: int) -> None:
    """The chain rule, wherever it is applied."""
    rng = random.Random(seed)
    f = sd.parse("u = x*y + z; v = sin(u)*x; w = exp(v/u); where(w > v, w*log(1 + u**2) + v**3, x)*w + u/(1 + w)")
    inner = [node for node in topological(f) if node.args and node.op.name not in ("greater", "where")]
    found = sd.derivatives(f, [X, Y, Z], 3, through=rng.sample(inner, rng.randint(1, 8)))
    plain = sd.derivatives(f, [X, Y, Z], 3, through=())
    assert agree(values(list(found.values()), POINT), values(list(plain.values()), POINT))
    names = {node.name for node in sd.variables(list(found.values()))}
    assert names <= {"x", "y", "z"}


def test_bottlenecks_are_found() -> None:
    """What several functions read alone."""
    f = sd.parse("s = x*y + z; sin(s)*exp(s)/(1 + s**2)")
    assert bottlenecks(f, [X, Y, Z], 3) == [sd.parse("x*y + z")]
    assert candidates(sd.parse("x*y*z"), [X, Y, Z]) == []


def test_a_bottleneck_is_cheap() -> None:
    """Functions of one number: their derivatives by it, and the chain rule once for all of them."""
    f = sd.parse("s = x*y*z; sin(s)*exp(s)/(1 + s**2)*arctan(s)")
    with_it, without = (sd.derivatives(f, [X, Y, Z], 4, through=nodes) for nodes in ([X * Y * Z], ()))
    assert 2 * operations(list(with_it.values())) < operations(list(without.values()))


def test_symmetric_derivatives_stand_once_and_zeros_are_zeros() -> None:
    found = sd.derivatives(X**3 + sd.sin(Y), [X, Y], 4)
    assert len(found) == math.comb(6, 2)
    assert {indices for indices, node in found.items() if node is sd.const(0)} == {
        *((i, j) for i, j in found if i and j),
        (4, 0),
    }
    assert found[3, 0] is sd.const(6)


def test_one_variable_and_order_zero() -> None:
    assert sd.derivatives(sd.exp(X), X, 2) == {(0,): sd.exp(X), (1,): sd.exp(X), (2,): sd.exp(X)}
    assert sd.derivatives(X * Y, [X], 0) == {(0,): X * Y}
    assert sd.derivatives(sd.parse("3"), [X], 1) == {(0,): sd.const(3), (1,): sd.const(0)}


def test_a_branch_that_is_not_taken_is_no_nan() -> None:
    for text in ("where(x > 0, log(x), x)", "where(x > 0, sqrt(x), 0)*x", "maximum(sqrt(x), x + 1)"):
        found = sd.derivatives(sd.parse(text), [X], 3)
        with np.errstate(all="ignore"):
            assert np.isfinite(values(list(found.values()), {"x": 0.0})).all(), text


@pytest.mark.parametrize(
    "text",
    [
        "where(x < 0, log(x**2) + 1, 2*log(x) + 1)*y",
        "where(x > 0, 2*log(x) + 1, log(x**2) + 1)*y",
        "where(x > 0, sqrt(x)**4, x**2)*x*x*y",
        "where(x < 0, y*x**2*x, x*sqrt(x)**4)",
        "arctan((x + 4)/(x*y))*x - arctan2(y - 1, x)",
        "log(x*y/(x + y)**3) + 3*log(x**2*(y - 4))/(x*(1 - x*y))",
    ],
)
def test_regrouped_products_have_the_domain_of_the_formula(text: str) -> None:
    """Where both variables are negative, powers and logarithms taken together or apart have other domains."""
    f, point = sd.parse(text), {"x": -0.7, "y": -0.4}
    found = sd.derivatives(f, [X, Y], 3)
    with np.errstate(all="ignore"):
        wanted = values([repeated(f, [X, Y], indices) for indices in found], point)
        assert np.isfinite(values(list(found.values()), point)).tolist() == np.isfinite(wanted).tolist()
        assert not np.isfinite(wanted).all() or agree(values(list(found.values()), point), wanted)


def test_powers_of_one_variable_are_one_power() -> None:
    """Derivatives of x**(4/3), however it is written; the first is finite at 0."""
    found = sd.derivatives(sd.parse("2*x*(8*x)**(1/3)*sqrt(4*x**2*y**2)/sqrt(y)**4"), [X, Y], 1)
    assert len(sd.derivatives(sd.parse("x*x**(1/3)"), X, 4)) == 5
    (slope,) = values([sd.derivatives(sd.parse("x*x**(1/3)"), X, 4)[(1,)]], {"x": 0.0})
    assert slope == 0 and len(found) == 3
    written = [list(sd.derivatives(sd.parse(text), X, 4).values()) for text in ("3*x*x**(1/3)", "x**(4/3)")]
    assert operations(written[0]) <= operations(written[1]) + 3


@pytest.mark.parametrize(
    ("text", "through"),
    [("t = x*y*z; sin(t)*exp(x*t)*x + y", "x*y*z"), ("t = exp(x*y); log(1 + t*z)*t", "exp(x*y)"), (SMALL, "")],
)
def test_compositions_take_the_cheaper_scheme(text: str, through: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Powers of the inner series, or nested products: one of the two everywhere takes no fewer operations."""
    wrt, at = ([X, Y, Z], [sd.parse(through)]) if through else (SPINS, function(text)[1])
    point = {node.name: 0.3 + 0.1 * place for place, node in enumerate(wrt)}
    chosen = list(sd.derivatives(sd.parse(text), wrt, 4, through=at).values())
    for always in (True, False):
        monkeypatch.setattr("symdiff.taylor.substitution.nests", lambda *sizes, always=always: always)
        other = list(sd.derivatives(sd.parse(text), wrt, 4, through=at).values())
        assert operations(chosen) <= operations(other)
        assert agree(values(chosen, point), values(other, point))


def test_a_number_goes_where_it_is_free_and_like_terms_meet() -> None:
    """A number in front of a sum costs nothing where its terms have numbers; terms of sums within sums are added."""
    apart, together = (
        operations(list(sd.derivatives(sd.parse(text), [X, Y], 4).values()))
        for text in ("5*(2*sin(x*y) - 3*(exp(x) + 4*sin(x*y)))", "-50*sin(x*y) - 15*exp(x)")
    )
    assert apart <= together + 6


def test_deep_graphs_take_linear_work() -> None:
    """A chain ten times as long has ten times the operations, and there is no recursion."""

    def chain(length: int) -> Node:
        f = X
        for _ in range(length):
            f = sd.sin(f) + Y
        return f

    short, long = (
        sum(sd.count_ops(list(sd.derivatives(chain(k), [X, Y], 2, through=()).values())).values()) for k in (120, 1200)
    )
    assert 9 * short < long < 11 * short


@pytest.mark.parametrize(
    ("wrt", "order", "message"),
    [
        ([X, Y], -1, "the order is a whole number from 0 on, not -1"),
        ([X, Y], 1.0, "the order is a whole number from 0 on, not 1.0"),
        (SPINS, 40, "4 variables have 135751 derivatives up to order 40, more than 20000"),
        ([X * Y], 2, "derivatives takes variables, not x\\*y"),
        ([sd.symbol("v", shape="n")], 2, "has to do with arrays"),
    ],
)
def test_mistakes(wrt: Any, order: Any, message: str) -> None:
    with pytest.raises(sd.SymdiffError, match=message):
        sd.derivatives(X * Y, wrt, order)
