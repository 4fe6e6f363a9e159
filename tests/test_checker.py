"""The checker is checked: every planted wrong rule and every broken graph is caught, and right ones pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import symdiff as sd
from symdiff.graph import leaves
from symdiff.graph import node as core
from symdiff.graph.leaves import const
from symdiff.graph.node import OPS, Node, Op, make

x, y, z = sd.symbols("x y z")


@pytest.fixture
def plant() -> Iterator[Callable[..., Op]]:
    """Declare rows for one test."""
    before = set(OPS)

    def declare(kind: Callable[..., Op], name: str, *fields: Any, **traits: Any) -> Op:
        return kind(name, *fields, **traits)

    yield declare
    for name in set(OPS) - before:
        OPS[name].remove()


@pytest.fixture
def frozen(plant: Callable[..., Op]) -> Op:
    """The identity whose derivative is lost: a rule that uses it is right at order 1 only."""
    return plant(sd.unary, "frozen", None, numpy="({0} + 0)")


UNARY: dict[str, tuple[str, Callable[[Node, Node], Any]]] = {
    "wrong sign": ("np.cos({0})", lambda y, x: sd.sin(x)),
    "wrong factor": ("np.exp({0})", lambda y, x: y * 1.01),
    "nearly right factor": ("np.sin({0})", lambda y, x: sd.cos(x) * (1 + 1e-5)),
    "missing chain factor": ("np.sin(2*{0})", lambda y, x: sd.cos(2 * x)),
    "missing logarithm": ("np.exp2({0})", lambda y, x: y),
    "output for its square": ("np.tanh({0})", lambda y, x: 1 - y),
    "input for output": ("np.tanh({0})", lambda y, x: 1 - x**2),
    "the function itself": ("np.sinh({0})", lambda y, x: y),
    "forgotten derivative": ("({0}**3)", None),
    "small constant added": ("np.arctan({0})", lambda y, x: 1 / (1 + x**2) + 1e-4),
    "right where x > 0 only": ("np.abs({0})", lambda y, x: 1),
    "mask on the wrong side": ("np.maximum({0}, 0)", lambda y, x: sd.mask(x < 0)),
    "quotient upside down": ("np.log({0})", lambda y, x: x),
    "not a number": ("({0}**2)", lambda y, x: 2 * x + 0 * sd.log(-1 - x**2)),
    "infinite": ("np.sqrt({0}**2 + 1)", lambda y, x: x / (y - y)),
    "a non-analytic rule": ("np.arcsinh({0})", lambda y, x: 1 / sd.sqrt(x**2 - 1)),
}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("inside", [lambda u: u, lambda u: u * y, lambda u: sd.exp(u / 4)], ids=["", "u*y", "exp(u/4)"])
def test_wrong_rules_of_one_argument(name: str, inside: Callable[[Node], Node], plant: Callable[..., Op]) -> None:
    code, partial = UNARY[name]
    row = plant(sd.unary, "planted", partial, numpy=code)
    with pytest.raises(sd.CheckError, match=r"d/dx at .*x=.* is .* by the rules and .* by"):
        sd.check_grads(inside(row(x)), order=1)


BINARY: dict[str, tuple[str, tuple[Any, Any]]] = {
    "swapped partials": ("{0} * np.sin({1})", (lambda y, a, b: a * sd.cos(b), lambda y, a, b: sd.sin(b))),
    "wrong sign of the second": ("{0} - {1}", (lambda y, a, b: 1, lambda y, a, b: 1)),
    "second forgotten": ("{0} * {1}", (lambda y, a, b: b, None)),
    "first forgotten": ("{0} * {1}", (None, lambda y, a, b: a)),
    "square forgotten": ("{0} / {1}", (lambda y, a, b: sd.over(b), lambda y, a, b: -a / b)),
    "equal arguments mixed up": ("{0}**2 * {1}", (lambda y, a, b: 2 * a * b, lambda y, a, b: a * b)),
}


@pytest.mark.parametrize("name", BINARY)
def test_wrong_rules_of_two_arguments(name: str, plant: Callable[..., Op]) -> None:
    code, partials = BINARY[name]
    row = plant(sd.binary, "planted", partials, numpy=f"({code})")
    with pytest.raises(sd.CheckError, match="by the rules"):
        sd.check_grads(row(x, y))


SECOND: dict[str, Callable[[Callable[..., Op], Op], Node]] = {
    "square": lambda plant, frozen: plant(sd.unary, "planted", lambda y, x: 2 * frozen(x), numpy="{0}**2")(x),
    "half": lambda plant, frozen: plant(sd.unary, "planted", lambda y, x: x + frozen(x), numpy="{0}**2")(x),
    "sine": lambda plant, frozen: plant(sd.unary, "planted", lambda y, x: frozen(sd.cos(x)), numpy="np.sin({0})")(x),
    "absolute": lambda plant, frozen: plant(
        sd.unary, "planted", lambda y, x: 2 * frozen(sd.relu(x)), numpy="np.maximum({0}, 0)**2"
    )(x),
    "product": lambda plant, frozen: plant(
        sd.binary, "planted", (lambda y, a, b: b, lambda y, a, b: frozen(a)), numpy="({0} * {1})"
    )(x, y),
    "one way only": lambda plant, frozen: plant(
        sd.binary, "planted", (lambda y, a, b: frozen(b), lambda y, a, b: a), numpy="({0} * {1})"
    )(x, y),
}


@pytest.mark.parametrize("name", SECOND)
def test_rules_wrong_only_at_the_second_order(name: str, plant: Callable[..., Op], frozen: Op) -> None:
    f = SECOND[name](plant, frozen)
    assert sd.check_grads(f, order=1).ok
    with pytest.raises(sd.CheckError, match=r"d2/d"):
        sd.check_grads(f)


@pytest.mark.parametrize(
    "f",
    [
        x**2 * y + y + 2,
        sd.exp(sd.sin(x * y)) / (1 + x**2),
        x**y,
        sd.relu(x) * y + abs(x - y) + sd.maximum(x, y),
        sd.where(x > 0, sd.sqrt(x), 0) + sd.floor(3 * y) * x,
        sd.where(x > 0, sd.log(x), x**3),
        sd.gammaln(x) + sd.digamma(x * x) + sd.erf(y) * sd.gelu(y),
        sd.logaddexp(x, y) - sd.hypot(x, y) + sd.arctan2(y, x) + sd.cbrt(x),
        sd.log(x) + sd.arcsin(x / 4) + sd.arccosh(1 + x**2),
        1e6 * sd.sin(x) + 1e-3 * y**3,
        1e-9 * sd.tanh(x * y),
    ],
    ids=str,
)
def test_right_derivatives_pass(f: Node) -> None:
    report = sd.check_grads(f)
    assert report.ok, str(report)
    assert len(report.points) == 5
    assert max(entry.error for entry in report.entries.values()) < 1e-4


def test_methods() -> None:
    methods = {entry.method for entry in sd.check_grads(sd.sin(x) * sd.exp(x)).entries.values()}
    assert methods == {"complex step", "differences of the gradient", "differences of complex steps"}
    methods = {entry.method for entry in sd.check_grads(abs(x)).entries.values()}
    assert methods == {"central differences", "differences of the gradient", "differences of the value"}


@pytest.mark.parametrize(
    "f", [abs(x), sd.relu(x), sd.leaky_relu(x), sd.maximum(x, 2 * x), sd.elu(x), x * abs(x)], ids=str
)
def test_a_kink_takes_any_value_between_its_sides(f: Node) -> None:
    sd.check_grads(f, at={"x": 0.0})


def test_a_wrong_value_at_a_kink_is_caught(plant: Callable[..., Op]) -> None:
    row = plant(sd.unary, "planted", lambda y, x: sd.where(x > 0, 1, sd.where(x < 0, -1, 7)), numpy="np.abs({0})")
    with pytest.raises(sd.CheckError, match=r"x=0\.0 is 7\.0"):
        sd.check_grads(row(x), at={"x": 0})


def test_arguments() -> None:
    assert sd.check_grads(x * y, wrt=x, at={"x": 2, "y": 3}).points[0].keys() == {"x", "y"}
    assert {name for name, _ in sd.check_grads([x * y, x], wrt=[y], order=1).entries} == {"d/dy"}
    assert sd.check_grads(const(3)).ok
    with pytest.raises(sd.SymdiffError, match="no value for y"):
        sd.check_grads(x * y, at={"x": 2})
    with pytest.raises(sd.DomainError, match="no point"):
        sd.check_grads(sd.log(-1 - x**2))
    with pytest.raises(sd.UnsupportedError, match="scalars"):
        sd.check_grads(sd.sin(sd.symbol("X", shape=3)))


def test_the_report_is_a_table() -> None:
    lines = str(sd.check_grads(sd.sin(x))).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("d/dx")
    assert "complex step" in lines[0]


def test_same_seed_same_points() -> None:
    assert [p["x"].item() for p in sd.check_grads(x**2).points] == [p["x"].item() for p in sd.check_grads(x**2).points]


# -- graphs --------------------------------------------------------------------------------------------------------


def _loose(op: Op, args: tuple[Any, ...], attrs: tuple[Any, ...] = (), shape: tuple[int, ...] = ()) -> Node:
    """A node that the table does not know."""
    draft: Any = object.__new__(core._Draft)
    draft.op, draft.args, draft.attrs, draft.shape = op, args, attrs, shape
    draft.__class__ = Node
    return draft  # type: ignore[no-any-return]


def _cycle() -> Node:
    sine = _loose(OPS["sin"], (x,))
    core._Fields.args.__set__(sine, (_loose(OPS["cos"], (sine,)),))  # type: ignore[attr-defined]
    return sine


def _undeclared() -> Node:
    row = sd.unary("gone", lambda y, x: 1, numpy="({0} + 0)")
    node = row(x)
    OPS["gone"].remove()
    return node


BROKEN: dict[str, tuple[Callable[[], Node], str]] = {
    "too many arguments": (lambda: make(OPS["sin"], (x, y)), "sin takes 1 arguments"),
    "too few arguments": (lambda: make(OPS["add"], (x,)), "add takes 2 arguments"),
    "a leaf with arguments": (lambda: make(leaves.VAR, (x,), ("q",)), "var takes 0 arguments"),
    "shape of its own": (lambda: make(OPS["sin"], (x,), (), (3,)), "shape"),
    "shape of one argument": (lambda: make(OPS["mul"], (x, sd.symbol("X", shape=3)), (), (3,)), "shape"),
    "a constant with a shape": (lambda: _loose(leaves.CONST, (), (1,), (2,)), "shape"),
    "not in the table": (lambda: _loose(OPS["sin"], (x,)), "table"),
    "a second constant": (lambda: _loose(leaves.CONST, (), (1.5,)), "table"),
    "a number for a node": (lambda: _loose(OPS["add"], (x, 1)), "int, not a node"),
    "a cycle": (_cycle, "cycle"),
    "an undeclared operation": (_undeclared, "gone"),
    "deep inside": (lambda: sd.exp(sd.cos(make(OPS["sin"], (x, y))) + 1), "sin takes 1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_graphs(name: str) -> None:
    build, message = BROKEN[name]
    with pytest.raises(sd.CheckError, match=message):
        sd.check_graph(build())


def test_sound_graphs_pass() -> None:
    f = sd.where(x > 0, sd.sin(x) ** 2 / y, math.pi)
    sd.check_graph(f, [f + 1, {"a": sd.diff(f, x)}], const(1), sd.symbol("A", shape=("N", 2)))
    for _ in range(30_000):
        f = sd.sin(f)
    sd.check_graph(f)
