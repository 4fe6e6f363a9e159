"""Every rule of the tables fires, holds on samples of its domain to many digits, and never weighs more."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from conftest import ROOT

import symdiff as sd
from symdiff.numerics.mpmath_eval import Exact
from symdiff.ops.costs import weighed
from symdiff.ops.kinds import broadcast_to
from symdiff.rules.assumptions import Facts, current
from symdiff.rules.match import instantiate
from symdiff.rules.rule import Rule, read_rules
from symdiff.rules.table import apply_rules, rules
from symdiff.search import accurate, identities, rulebook
from symdiff.simplifier import one_line, stable

Node = sd.Node
LISTED = [rule for listed in rules().values() for rule in listed]
ACCURATE = [rule for listed in read_rules(stable.ALL + accurate.TABLE).values() for rule in listed]
SEARCHED = [rule for listed in read_rules(identities.TABLE).values() for rule in listed]
WRITTEN = [rule for listed in read_rules(one_line.TABLE).values() for rule in listed]
ALL = [*LISTED, *ACCURATE, *SEARCHED, *WRITTEN]
SCALAR = [rule for rule in ALL if not rule.pattern.shape and "X" not in str(rule.pattern)]
ARRAY = [rule for rule in ALL if rule not in SCALAR]
#: SymPy has no function for it, so mpmath has none.
WITHOUT_FORM = {"difference_of_products"}
each = pytest.mark.parametrize


def name(rule: Rule) -> str:
    return f"{rule.pattern} => {rule.result}"


def conditions(rule: Rule, replaced: dict[Node, Node]) -> list[Node]:
    return [] if rule.condition is None else [sd.substitute(rule.condition, replaced)]


def variables_of(rule: Rule) -> list[Node]:
    return list(sd.variables([rule.pattern, rule.result]))


@each("rule", ALL, ids=name)
def test_fires(rule: Rule) -> None:
    """Under its condition, and not without it."""
    replaced = {
        v: sd.symbol(f"{v.name}1", v.shape) if v.name not in ("n", "c") else sd.const(3) for v in variables_of(rule)
    }
    node, result = (sd.substitute(side, replaced) for side in (rule.pattern, rule.result))
    with sd.assume(*conditions(rule, replaced)):
        found = [instantiate(rule.result, b) for b in rule.bindings(node, current() or Facts())]
        assert result in found
        assert rule not in LISTED or apply_rules(node) is broadcast_to(result, node.shape)
    assert rule.condition is None or not list(rule.bindings(node, Facts()))


def renamed(node: Node, variable: Node) -> Iterator[Node]:
    """The pattern with another variable in one of the places of this one, all other names being its own."""
    if node is variable:
        yield sd.symbol("other", node.shape)
    for place, arg in enumerate(node.args):
        for new in renamed(arg, variable):
            yield node.op(*node.args[:place], new, *node.args[place + 1 :], *node.attrs)


@each("rule", SCALAR, ids=name)
def test_a_variable_stands_for_one_expression(rule: Rule) -> None:
    """Whatever fits is the pattern with its variables replaced, also where an expression uses the pattern's names."""
    for variable in sd.variables(rule.pattern):
        for node in renamed(rule.pattern, variable):
            with sd.assume(*conditions(rule, {}), *conditions(rule, {variable: sd.symbol("other")})):
                found = list(rule.bindings(node, current() or Facts()))
            inputs = list(sd.variables(node))
            at = np.random.default_rng(2).uniform(0.1, 0.4, (len(inputs), 9))
            for binding in found:
                with np.errstate(invalid="ignore"):
                    want, got = (sd.compile(side, inputs)(*at) for side in (node, instantiate(rule.pattern, binding)))
                np.testing.assert_allclose(got, want, rtol=1e-9)


def drawn(rng: random.Random, rule: Rule, variable: Node, whole: bool) -> float:
    if variable.name == "p":
        return float(rng.random() < 0.5)
    return float(rng.randint(-9, 9)) if whole else rng.uniform(-4, 4)


def points(rule: Rule, count: int, whole: bool) -> Iterator[dict[Node, float]]:
    """Points at which the condition holds."""
    rng = random.Random(name(rule))
    held = Exact([] if rule.condition is None else [rule.condition])
    while count:
        point = {v: drawn(rng, rule, v, whole) for v in variables_of(rule)}
        if all(held.at(point, 50)):
            count -= 1
            yield point


@each("count", [15, pytest.param(1000, marks=pytest.mark.slow)])
@each("rule", [rule for rule in SCALAR if not WITHOUT_FORM & set(sd.count_ops(rule.result))], ids=name)
def test_sound(rule: Rule, count: int) -> None:
    """Value and gradient agree to 20 digits at samples wherever the pattern has them and the condition holds.

    A whole number is no variable to differentiate by.
    """
    whole = rule.condition is not None and "floor" in sd.count_ops(rule.condition)
    wrt = [] if whole else variables_of(rule)
    sides = [Exact([side, *sd.grad(side, wrt)]) for side in (rule.pattern, rule.result)]
    compared = 0
    for point in points(rule, count, whole):
        for want, got in zip(*(side.at(point, 50) for side in sides), strict=True):
            if not mpmath.isnan(want):
                compared += 1
                assert abs(want - got) <= 1e-20 * abs(want) + mpmath.mpf(10) ** -40, point
    assert compared > 0.1 * count


@each("rule", [rule for rule in SCALAR if WITHOUT_FORM & set(sd.count_ops(rule.result))], ids=name)
def test_sound_in_doubles(rule: Rule) -> None:
    """At 1,000 points, where the products do not cancel to more than six digits."""
    variables = variables_of(rule)
    left, right = (sd.compile([side, *sd.grad(side, variables)], variables) for side in (rule.pattern, rule.result))
    at = np.random.default_rng(1).uniform(-4, 4, (len(variables), 1000))
    for want, got in zip(left(*at), right(*at), strict=True):
        assert np.allclose(want, got, rtol=1e-9, atol=1e-9)


@each("rule", ARRAY, ids=name)
def test_sound_for_arrays(rule: Rule) -> None:
    """Value and gradient of a weighted sum, at 1,000 elements and more of moderate size, in doubles."""
    inputs = variables_of(rule)
    weight = sd.symbol("weight", rule.pattern.shape)
    sides = [sd.sum(weight * broadcast_to(side, rule.pattern.shape)) for side in (rule.pattern, rule.result)]
    parts = [(side, *sd.grad(side, inputs)) for side in sides]
    left, right = (sd.compile(part, [*inputs, weight]) for part in parts)
    rng = np.random.default_rng(1)
    for _ in range(20):
        sizes = {f"n{axis}": int(rng.integers(1, 6)) for axis in range(3)}
        at = [rng.uniform(-4, 4, _numbers(v.shape, sizes)) for v in (*inputs, weight)]
        for want, got in zip(left(*at), right(*at), strict=True):
            assert np.allclose(want, got, rtol=1e-11, atol=1e-11)


def _numbers(shape: Sequence[Any], sizes: dict[str, int]) -> list[int]:
    return [sizes.get(size, size) for size in shape]


@each("rule", LISTED, ids=name)
def test_weighs_less(rule: Rule) -> None:
    assert weighed([rule.result]) < weighed([rule.pattern])
    assert rule.tag in ("exact", "real")
    assert rule.reason


def test_the_page_is_current() -> None:
    """``python -m symdiff.search.rulebook docs/rules.md`` writes it."""
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rulebook.page()
    lines = [line for line in rulebook.page().splitlines() if line.startswith("| `") and "=>" in line]
    assert len(lines) == sum(len({rule.line for rule in part}) for part in (LISTED, ACCURATE, SEARCHED, WRITTEN))


@each(
    "text",
    [
        "cos(x)**2 + sin(y)**2",
        "sin(x)/cos(y)",
        "y*sign(x)",
        "where(x > 0, 1, where(y < 0, -1, 0))",
        "exp(x)/(exp(y) + 1)",
    ],
)
def test_a_formula_may_use_the_names_of_the_table(text: str) -> None:
    """A part of a pattern that is a part of the formula too stands for any expression all the same."""
    assert str(sd.simplify(sd.parse(text))) == text
