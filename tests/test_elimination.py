"""Jacobians of scalar programs: right in every order of elimination, and in less code than CasADi's."""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from counting import operations
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import each_beside
from processes import printed
from systems import heart_dipole, planar_arm, propane, propane_reduced, spatial_arm
from test_operation_counts import CONSTANTS, X, Y, chebyshev, entries, pollu

import symdiff as sd
from symdiff.codegen.counting import count_operations
from symdiff.differentiate import linearized
from symdiff.differentiate.linearized import Entry, LinearizedGraph
from symdiff.jacobians import elimination
from symdiff.jacobians.elimination import ORDERS
from symdiff.simplifier.common_pairs import Multiset, extract_common_pairs
from symdiff.simplifier.hoist_factors import scale

Functions = Any


class System(NamedTuple):
    """Equations of unknowns and of further inputs; operations of CasADi's Jacobian, and of its function with it."""

    unknowns: int
    inputs: int
    equations: Callable[[Sequence[Any], Functions], list[Any]]
    jacobian: int
    both: int


#: Counted by ``test_casadi_takes_as_many``.
SYSTEMS = {
    "human heart dipole": System(8, 8, lambda x, f: heart_dipole(x), 116, 168),
    "combustion of propane": System(11, 11, lambda x, f: propane(x, f.sqrt), 68, 117),
    "combustion of propane, reduced": System(5, 5, lambda x, f: propane_reduced(x), 38, 81),
    "arm in a plane": System(6, 12, lambda x, f: planar_arm(x[:6], x[6:], f.sin, f.cos), 45, 67),
    "arm in space": System(6, 6, lambda x, f: spatial_arm(x, f.sin, f.cos), 143, 152),
}
each_system = pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)


def _unknowns(system: System) -> list[sd.Node]:
    return [sd.symbol(f"x{place}") for place in range(system.inputs)]


@cache
def _jacobians(system: System) -> tuple[list[sd.Node], list[sd.Node], list[sd.Node], sd.Node, Any]:
    """Inputs, outputs and unknowns; the sparse Jacobian, and the values with it."""
    x = _unknowns(system)
    f, sources = system.equations(x, sd), x[: system.unknowns]
    return x, f, sources, sd.jacobian(f, sources, sparse=True), sd.value_and_jacobian(f, sources, sparse=True)


def _dense(found: Sequence[Entry], at: Sequence[float], inputs: list[sd.Node], shape: Any) -> Any:
    with np.errstate(all="ignore"):
        values = sd.compile([entry for *_, entry in found], inputs)(*at)
    dense = np.zeros(shape)
    for (i, j, _), value in zip(found, values, strict=True):
        dense[i, j] += value
    return dense


@each_system
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_is_right(system: System, order: str) -> None:
    """Against numerical derivatives with 50 digits."""
    mpmath = pytest.importorskip("mpmath")
    x = _unknowns(system)
    f = system.equations(x, sd)
    graph = LinearizedGraph(f, x[: system.unknowns])
    at = np.random.default_rng(1).uniform(0.5, 2, system.inputs).tolist()
    with mpmath.workdps(50):
        point = [mpmath.mpf(value) for value in at]
        columns = [_slopes(system, point, place, mpmath) for place in range(system.unknowns)]
    found = _dense(graph.eliminate(ORDERS[order]), at, x, (len(f), system.unknowns))
    assert np.allclose(found, np.transpose(columns), rtol=1e-13, atol=1e-13)


def _slopes(system: System, point: list[Any], place: int, mpmath: Any) -> list[float]:
    """Central differences of every equation by one unknown; their error is far below the last digit of a float."""
    step = mpmath.mpf(10) ** -20
    sides = []
    for sign in (1, -1):
        moved = [value + sign * step * (k == place) for k, value in enumerate(point)]
        sides.append(system.equations(moved, mpmath))
    return [float((after - before) / (2 * step)) for after, before in zip(*sides, strict=True)]


@each_system
def test_the_emitted_jacobian_is_right(system: System) -> None:
    """The sparse one, and the one with the values, against every order's entry by entry."""
    x, f, sources, sparse, with_values = _jacobians(system)
    at = np.random.default_rng(2).uniform(0.5, 2, system.inputs).tolist()
    wanted = _dense(LinearizedGraph(f, sources).eliminate(ORDERS["forward"]), at, x, (len(f), len(sources)))
    values, both = sd.compile(with_values, x)(*at)
    assert np.allclose(sd.compile(sparse, x)(*at).toarray(), wanted, rtol=1e-13)
    assert np.allclose(both.toarray(), wanted, rtol=1e-13)
    assert np.allclose(values, sd.compile(f, x)(*at), rtol=1e-12, atol=1e-12)
    assert np.allclose(sd.compile(sd.jacobian(f, sources), x)(*at), wanted, rtol=1e-13)


@cache
def _arm(unknowns: int) -> tuple[list[sd.Node], list[sd.Node], list[Entry]]:
    """Inputs, outputs and the entries of the Jacobian in the best order, which is tested above."""
    x = list(sd.symbols("a b c d e f"))
    f = spatial_arm(x, sd.sin, sd.cos)
    return x, f, elimination.nonzero_entries(f, x[:unknowns])[1]


@pytest.mark.parametrize("limit", ["LARGEST", "MOST_PRODUCTS"])
@pytest.mark.parametrize("unknowns", [2, 6])
def test_graphs_above_the_limits(monkeypatch: pytest.MonkeyPatch, limit: str, unknowns: int) -> None:
    """One order alone, forward or reverse by the shape, or the one with the fewest products."""
    x, f, found = _arm(unknowns)
    sources, at = x[:unknowns], np.random.default_rng(3).uniform(0.5, 2, 6).tolist()
    wanted = _dense(found, at, x, (3, unknowns))
    monkeypatch.setattr(elimination, limit, 0)
    alone = elimination.nonzero_entries(f, sources)[1]
    assert operations([entry for *_, entry in alone]) >= operations([entry for *_, entry in found])
    assert np.allclose(_dense(alone, at, x, (3, unknowns)), wanted, rtol=1e-13)


# -- operations ----------------------------------------------------------------------------------------------------


#: Operations of the sparse Jacobian, and of the function with it.
OURS = {
    "human heart dipole": (80, 117), "combustion of propane": (57, 101), "combustion of propane, reduced": (33, 75),
    "arm in a plane": (41, 45), "arm in space": (127, 129),
}  # fmt: skip


@pytest.mark.parametrize("name", SYSTEMS)
def test_less_code_than_casadi(name: str) -> None:
    system, (alone, both) = SYSTEMS[name], OURS[name]
    assert alone < system.jacobian and both < system.both
    *_, sparse, (values, found) = _jacobians(system)
    assert operations(sparse.args) <= alone
    assert operations([*values, *found.args]) <= both


@each_beside("casadi", "system", SYSTEMS.values())
def test_casadi_takes_as_many(system: System) -> None:
    """Instructions of its functions with common subexpressions eliminated; inputs, outputs and constants are free."""
    import casadi

    x = [casadi.SX.sym(f"x{place}") for place in range(system.inputs)]
    f = casadi.vertcat(*system.equations(x, casadi))
    found = casadi.jacobian(f, casadi.vertcat(*x[: system.unknowns]))
    free = (casadi.OP_INPUT, casadi.OP_OUTPUT, casadi.OP_CONST)

    def count(outputs: list[Any]) -> int:
        function = casadi.Function("f", x, casadi.cse(outputs))
        return sum(function.instruction_id(k) not in free for k in range(function.n_instructions()))

    assert (count([found]), count([f, found])) == (system.jacobian, system.both)


@pytest.mark.parametrize("backend", ["math", "numpy"])
def test_pollu_with_numbers(backend: str) -> None:
    """Additions and multiplications in the source: ``-c*y`` is the sign of ``c*y``, not a product of its own."""
    found = [*entries(pollu(CONSTANTS), Y).values()]
    tree = ast.parse(sd.source(found, Y, backend=backend))
    kinds = [type(node.op) for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    assert len(found) == 82
    assert kinds.count(ast.Mult) <= 25
    assert kinds.count(ast.Add) + kinds.count(ast.Sub) <= 30
    assert len(kinds) == kinds.count(ast.Mult) + kinds.count(ast.Add) + kinds.count(ast.Sub)


@pytest.mark.parametrize("degree", [5, 10, pytest.param(20, marks=pytest.mark.slow)])
def test_chebyshev(degree: int) -> None:
    """The last polynomial and all of them: ``2*T`` is a recurrence of its own, and T itself is not computed."""
    f = chebyshev(degree)
    assert operations(sd.jacobian(f, [X], sparse=True).args) <= 2.4 * operations(f)
    assert operations(sd.jacobian(f[-1:], [X], sparse=True).args) <= 2.4 * operations(f[-1:])


def test_chebyshev_derivatives_are_right() -> None:
    """``T'`` is ``n`` times the polynomial of the second kind, which is ``sin(n*t)/sin(t)`` at ``cos(t)``."""
    fn = sd.compile(sd.jacobian(chebyshev(20), X), [X], backend="math")
    angle = 0.7
    wanted = [n * math.sin(n * angle) / math.sin(angle) for n in range(21)]
    assert np.allclose(fn(math.cos(angle)), wanted, rtol=1e-12)


def _rosenbrock(size: int) -> tuple[sd.Node, list[sd.Node]]:
    x = [sd.symbol(f"x{place}") for place in range(size)]
    parts = [100 * (after - here**2) ** 2 + (1 - here) ** 2 for here, after in pairwise(x)]
    return sum(parts[1:], parts[0]), x


@pytest.mark.parametrize("size", [10, 60, 200])
def test_rosenbrock(size: int) -> None:
    found = sd.hessian(*_rosenbrock(size), sparse=True)
    assert len(found.args) == 3 * size - 2
    assert operations(found.args) <= 5 * size


def test_elimination_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of labels, for twice and four times as many variables."""
    made = 0
    product = linearized._multiply

    def counted(outer: Any, inner: Any) -> Any:
        nonlocal made
        made += 1
        return product(outer, inner)

    monkeypatch.setattr(linearized, "_multiply", counted)
    counts = []
    for size in (100, 200, 400):
        f, x = _rosenbrock(size)
        graph = LinearizedGraph(sd.grad(f, x), x)
        for order in ORDERS.values():
            graph.eliminate(order)
        counts.append(made)
        made = 0
    assert counts[1] <= 2.05 * counts[0]
    assert counts[2] <= 4.1 * counts[0]


# -- where factors are infinite, and other corners -----------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
def test_a_branch_that_is_not_taken_stays_out(order: str) -> None:
    """At 0, log and the square root have infinite partials behind their masks."""
    x, y = sd.symbols("x y")
    guarded = sd.where(x > 0, sd.log(x), 0) * y
    both = sd.where(x > 0, sd.sqrt(x), 0) * sd.where(y > 0, sd.sqrt(y), 0)
    f = [guarded * guarded + sd.where(x > 0, sd.sqrt(x), x), guarded + both, both]
    found = LinearizedGraph(f, [x, y]).eliminate(ORDERS[order])
    assert np.array_equal(_dense(found, [0.0, 0.0], [x, y], (3, 2)), [[1, 0], [0, 0], [0, 0]])


def test_outputs_may_repeat_read_each_other_and_be_sources() -> None:
    x, y = sd.symbols("x y")
    u = x * y
    f = [u, x, sd.exp(u), u, sd.parse("3"), y * 0 + 1]
    wanted = ((y, x), (1, 0), (y * sd.exp(u), x * sd.exp(u)), (y, x), (0, 0), (0, 0))
    at = {"x": 0.3, "y": 0.7}
    assert np.allclose(sd.evaluate(sd.jacobian(f, [x, y]), at), sd.evaluate(wanted, at))
    assert len(sd.jacobian(f, [x, y], sparse=True).args) == 7


def test_graphs_with_arrays_inside_take_the_passes() -> None:
    v = sd.symbol("v", shape=3)
    x = sd.symbol("x")
    assert sd.jacobian([sd.sum(v * x), x], x) == (sd.sum(v), sd.parse("1"))


def test_values_and_jacobian_of_arrays() -> None:
    A, v = sd.symbol("A", shape=("m", "n")), sd.symbol("v", shape="n")
    value, block = sd.value_and_jacobian(sd.exp(A @ v), v)
    rng = np.random.default_rng(0)
    matrix, vector = rng.normal(size=(4, 3)), rng.normal(size=3)
    found, slopes = sd.compile((value, block), [A, v])(matrix, vector)
    assert np.allclose(found, np.exp(matrix @ vector))
    assert np.allclose(slopes, np.exp(matrix @ vector)[:, None] * matrix)


def test_the_same_in_every_process() -> None:
    code = (
        "import symdiff as sd; from systems import spatial_arm; q = sd.symbols('a b c d e f');"
        "print(sd.source(sd.jacobian(spatial_arm(q, sd.sin, sd.cos), q), q))"
    )
    assert len(printed(code)) == 1


# -- laws ----------------------------------------------------------------------------------------------------------

_NAMES = sd.symbols("a b c")


@st.composite
def programs(draw: st.DrawFn) -> list[sd.Node]:
    """Some outputs of a straight-line program of sums, products, quotients and functions; defined everywhere."""
    values = [*_NAMES, sd.parse("2"), sd.parse("0.3")]
    for _ in range(draw(st.integers(3, 14))):
        left, right = draw(st.sampled_from(values)), draw(st.sampled_from(values))
        made = [left + right, left - right, left * right, left / (right * right + 1), sd.sin(left), sd.tanh(left)]
        values.append(draw(st.sampled_from(made)))
    return values[-draw(st.integers(2, 4)) :]


@settings(max_examples=40, deadline=None)
@given(programs())
def test_every_order_agrees_with_forward_mode(f: list[sd.Node]) -> None:
    at = [0.4, -0.7, 1.1]
    directions = np.eye(3).tolist()
    columns = [sd.compile(sd.jvp(f, list(_NAMES), d), list(_NAMES), backend="math")(*at) for d in directions]
    graph = LinearizedGraph(f, list(_NAMES))
    found = [graph.eliminate(order) for order in ORDERS.values()]
    found.append(elimination.nonzero_entries(f, list(_NAMES))[1])
    for entries_ in found:
        dense = _dense(entries_, at, list(_NAMES), (len(f), 3))
        assert np.allclose(dense, np.transpose(columns), rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(programs())
def test_scaled_formulas_have_the_same_values(f: list[sd.Node]) -> None:
    at = [0.4, -0.7, 1.1]
    wanted = sd.compile(f, list(_NAMES), backend="math")(*at)
    scaled = scale(f)
    assert np.allclose(sd.compile(scaled, list(_NAMES), backend="math")(*at), wanted, rtol=1e-9, atol=1e-9)
    assert sum(sd.count_ops(scaled).values()) <= sum(sd.count_ops(f).values())


_POWERS = st.sampled_from([-2, -1, 1, 2])
_BAGS = st.lists(st.dictionaries(st.integers(0, 5), _POWERS, min_size=1, max_size=5), max_size=8)


@settings(deadline=None)
@given(_BAGS, st.booleans())
def test_pairs_hold_the_same_members_and_none_stands_twice(multisets: list[Multiset], sums: bool) -> None:
    """Factors above and below the line are another pair when they are the other way up; terms are not."""
    before = [dict(multiset) for multiset in multisets]
    made = extract_common_pairs(multisets, 6, sums=sums)
    assert [_opened(multiset, made) for multiset in multisets] == before
    left: Counter[Any] = Counter()
    for multiset in multisets:
        for first, second in combinations(sorted(multiset), 2):
            signs = multiset[first] > 0, multiset[second] > 0
            how = signs if len(set(signs)) > 1 and not sums else len(set(signs))
            left[first, second, how] += min(abs(multiset[first]), abs(multiset[second]))
        left.update({member: abs(power) // 2 for member, power in multiset.items()})
    assert max(left.values(), default=0) < 2


def _opened(multiset: Multiset, made: dict[int, Multiset]) -> Multiset:
    """The members of a multiset, those of pairs in their place."""
    members: Counter[int] = Counter()
    stack = list(multiset.items())
    while stack:
        member, power = stack.pop()
        if member in made:
            stack += [(part, times * power) for part, times in made[member].items()]
        else:
            members[member] += power
    return {member: power for member, power in members.items() if power}


def test_numbers_beyond_floats_stay_factors() -> None:
    """``1e200*1e200`` is infinite, and ``1e-300`` times that is not."""
    x, y = sd.symbols("x y")
    f = (1e200 * x) * (1e200 * y)
    found = sd.simplify([f, f * x], level="code")
    assert sd.evaluate(found, {"x": 1e-300, "y": 1.0}) == pytest.approx([1e100, 1e-200])


# -- public ways in ------------------------------------------------------------------------------------------------


def test_kinks_follow_the_policy_and_values_stay() -> None:
    x = sd.symbol("x")
    values, slopes = sd.value_and_jacobian([sd.abs(x), sd.relu(x)], [x], kinks="right")
    assert values == (sd.abs(x), sd.relu(x))
    assert sd.evaluate(slopes, {"x": 0.0}) == ((1,), (1,))


def test_code_of_several_formulas(cli: Any) -> None:
    run = cli("code", "r*cos(t)", "r*sin(t)", "--derivatives", "jacobian,value", "--backend", "math")
    scope: dict[str, Any] = {}
    exec(run.out, scope)
    (first, second), values = scope["f"](2.0, 0.3)
    c, s = math.cos(0.3), math.sin(0.3)
    assert (first, second, values) == ((c, -2 * s), (s, 2 * c), (2 * c, 2 * s))
    assert count_operations(run.out, "f") == 5


@pytest.mark.parametrize("part", ["grad", "hessian"])
def test_one_formula_has_a_gradient(cli: Any, part: str) -> None:
    run = cli("code", "x", "y", "--derivatives", part)
    assert (run.code, run.err) == (
        2,
        f"error: --derivatives {part} takes one formula, not 2; use --derivatives jacobian\n",
    )


def test_self_checks_are_of_one_formula(cli: Any) -> None:
    for arguments in (["x", "y"], ["x", "--derivatives", "jacobian"]):
        run = cli("code", *arguments, "--selfcheck")
        assert (run.code, run.err) == (2, "error: --selfcheck takes one formula and some of value, grad, hessian\n")
