"""The printer: what it prints parses back to the same object, and is never longer than the graph says."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symdiff as sd
from symdiff.graph.node import OPS
from symdiff.graph.traversal import topological
from symdiff.ops.scalar import PI
from symdiff.text.printer import show_structure

x, y, z = sd.symbols("x y z")

NUMBERS: list[Any] = [0, 1, -1, 2, -2, 3, -7, 10**30, True, False, Fraction(1, 2), Fraction(-3, 7)]
NUMBERS += [0.0, -0.0, 1.0, 0.1, -2.5, 1e22, -1e-300, math.inf, -math.inf, math.nan]
LEAVES = [x, y, z, sd.symbol("t0"), sd.symbol("\u03b1"), PI(), *map(sd.const, NUMBERS)]
OPERATORS = [row for row in OPS.values() if row.arity and (row.infix or row.prefix) and not row.predicate]
BUILDERS = [row for row in OPS.values() if row.elementwise and row.name in sd.__dir__()]
PLACES = st.lists(st.integers(0, 30), min_size=3, max_size=3)
STEP = st.tuples(st.one_of(st.sampled_from(OPERATORS), st.sampled_from(BUILDERS)), PLACES)


def build(steps: list[tuple[sd.Op, list[int]]], leaves: list[sd.Node]) -> sd.Node:
    """A small program: each step applies a row to earlier results, the latest most likely."""
    nodes = list(leaves)
    for row, places in steps:
        nodes.append(row(*(nodes[-1 - place % len(nodes)] for place in places[: row.arity])))
    return nodes[-1]


#: Short programs of all operations, and long ones of operators, whose text names parts.
SHORT = st.tuples(
    st.lists(STEP, min_size=1, max_size=10).filter(lambda steps: all(row.arity <= 3 for row, _ in steps)),
    st.lists(st.sampled_from(LEAVES), min_size=1, max_size=4),
)
WITH_PARTS = st.tuples(
    st.lists(st.tuples(st.sampled_from(OPERATORS), PLACES), min_size=10, max_size=60),
    st.lists(st.sampled_from([x, y, sd.const(2.5), sd.const(-1.5)]), min_size=2, max_size=4),
)


@pytest.mark.parametrize("count", [300, pytest.param(3000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("programs", [SHORT, WITH_PARTS], ids=["short", "with parts"])
def test_round_trip(programs: st.SearchStrategy[tuple[Any, Any]], count: int) -> None:
    @settings(max_examples=count, deadline=None, derandomize=True, database=None)
    @given(programs)
    def round_trip(program: tuple[list[tuple[sd.Op, list[int]]], list[sd.Node]]) -> None:
        node = build(*program)
        assert sd.parse(str(node)) is node

    round_trip()


TEXTS = """
2*x*sin(x) + x**2*cos(x)|a/b|x % y|x < y|a & b|a | b|~a|-x*y|-x*y/z|-(3*x*y)|-3*x|-(x % y)|-x % y|-x**2|(-x)**2
x - -3*y|(x + y)*z|x + (y + z)|x - (y - z)|x/(y*z)|x*(y/z)|x*y/z|(x**y)**z|x**y**z|x**-y|x**(-y*z)|x**(1/2)|(3/2)**x
3/2*x|x*(3/2)|(-3)**x|-3/2|(x < y) & (y < z)|~(x < y)|~(a & b)|~a & b|a | b & c|(a | b) & c
where(x < y, 1, 0) + 1|1 == 1|1 == 0
where(c, 1, 0)|maximum(x, -y)|-(x + y)*z|-x**2*y|-2**x*y|-inf|-(inf)|x - inf|-nan|1/0|pi*x
exp(-x**2/2)|1e+22|-0.0
"""


def test_spelling() -> None:
    for line in TEXTS.strip().splitlines():
        for text in (part for part in line.replace(" | ", "\0").split("|")):
            text = text.replace("\0", " | ")
            assert str(sd.parse(text)) == text


LONG = [10**5000, -(10**5500) - 1, Fraction(10**5000 + 1, 7), 7**6000]


@pytest.mark.parametrize("number", [*NUMBERS, *LONG], ids=lambda _: "")
def test_constants(number: Any) -> None:
    node = sd.const(number)
    assert sd.parse(str(node)) is node
    assert sd.parse(str(sd.sin(node))) is sd.sin(node)


def test_shared_graph_prints_in_linear_size() -> None:
    def chain(steps: int) -> sd.Node:
        v = x
        for _ in range(steps):
            v = sd.sin(v) * v + x
        return v

    v = chain(2000)
    text = str(v)
    assert len(text) < 30 * len(topological(v))
    assert sd.parse(text) is v
    assert str(chain(3)).count("=") == 0
    assert len(str(chain(2000))) < 2.2 * len(str(chain(1000)))


def test_parts_avoid_the_names_of_variables() -> None:
    v = sd.symbol("t1") + sd.symbol("t0")
    for _ in range(8):
        v = sd.sin(v) * v
    text = str(v)
    assert text.startswith("t2 = ") is text.startswith("t") and "t0 =" not in text and "t1 =" not in text
    assert sd.parse(text) is v


def test_long_numbers_and_names_are_shared_too() -> None:
    long = sd.symbol("a" * 3000)
    v = sd.const(10**3000)
    for k in range(300):
        v = sd.sin(v) + long * sd.symbol(f"x{k}")
    assert len(str(v)) < 20_000
    assert sd.parse(str(v)) is v


@pytest.mark.parametrize("depth", [30_000, pytest.param(10**6, marks=pytest.mark.slow)])
def test_deep(depth: int) -> None:
    v = x
    for k in range(depth):
        v = sd.sin(v) if k % 3 else v + y if k % 2 else y**v
    assert sd.parse(str(v)) is v


def test_wide_with_negative_products() -> None:
    spine, total = x, y
    for k in range(3000):
        spine = spine * sd.symbol(f"x{k % 7}")
        total = sd.sin(-spine) + total
    assert sd.parse(str(total)) is total


def test_broadcasting_is_not_printed() -> None:
    shapes = {"X": ("N", 3), "w": (3,)}
    if "broadcast" in OPS:
        node = sd.parse("X*w + sin(x)", shapes)
        assert str(node) == "X*w + sin(x)"
        assert sd.parse(str(node), shapes) is node


def test_structures() -> None:
    assert show_structure({"a": [x, (y, 1)], "b": (x * y,)}) == "{a: [x, (y, 1)], b: (x*y,)}"
