"""Every rule of the table fires, holds on samples of its domain, and never costs more."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import symdiff as sd
from symdiff.accurate import rules as accurate_rules
from symdiff.assumptions import Facts, current
from symdiff.match import instantiate
from symdiff.rules import Rule, apply_rules, bindings, rules

LISTED = [rule for listed in rules().values() for rule in listed]
ACCURATE = [rule for listed in accurate_rules().values() for rule in listed]
ALL = [*LISTED, *ACCURATE]
#: What operations count for, where it is not 1: a sign is often part of what reads it.
COST = {"pow": 2, "cos": 2, "neg": 0.5}


def conditions(rule: Rule, replaced: dict[sd.Node, sd.Node]) -> list[sd.Node]:
    return [] if rule.condition is None else [sd.substitute(rule.condition, replaced)]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.text)
def test_fires(rule: Rule) -> None:
    """Under its condition, and not without it."""
    replaced = {v: sd.symbol(f"{v.name}1") if v.name not in ("n", "c") else sd.const(3) for v in variables_of(rule)}
    node, result = (sd.substitute(side, replaced) for side in (rule.pattern, rule.result))
    with sd.assume(*conditions(rule, replaced)):
        found = [instantiate(rule.result, b) for b in bindings(rule, node, current() or Facts())]
        assert result in found
        assert rule not in LISTED or apply_rules(node) is result
    assert rule.condition is None or not list(bindings(rule, node, Facts()))


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.text)
def test_sound(rule: Rule) -> None:
    """Value and derivative agree on 1,000 samples wherever the pattern has both and the condition holds.

    A whole number is no variable to differentiate by.
    """
    variables = variables_of(rule)
    whole = rule.condition is not None and "floor" in sd.count_ops(rule.condition)
    parts = [(side, *([] if whole else sd.grad(side, variables))) for side in (rule.pattern, rule.result)]
    left, right = (sd.compile(part, variables) for part in parts)
    rng = random.Random(rule.text)
    draw = (lambda: float(rng.randint(-9, 9))) if whole else lambda: rng.uniform(-4, 4)
    points = np.array([[draw() for _ in variables] for _ in range(1000)]).T
    held = np.ones(1000, bool)
    if rule.condition is not None:
        with np.errstate(all="ignore"):
            held = held & np.asarray(sd.compile([rule.condition], variables)(*points)[0], bool)
    compared = 0
    with np.errstate(all="ignore"):
        for want, got in zip(left(*points), right(*points), strict=True):
            valid = np.isfinite(want) & held
            compared += valid.sum()
            want, got = (np.broadcast_to(side, 1000)[valid] for side in (want, got))
            scale = 1 + np.abs(want)
            assert np.max(np.abs(want - got) / scale, initial=0) < 1e-7
            assert np.mean(np.abs(want - got) / scale < 1e-9) > 0.98
    assert compared > 150


def variables_of(rule: Rule) -> list[sd.Node]:
    return list(sd.variables([rule.pattern, rule.result]))


@pytest.mark.parametrize("rule", LISTED, ids=lambda rule: rule.text)
def test_lowers_the_count(rule: Rule) -> None:
    cost = [
        sum(n * COST.get(name, 1) for name, n in sd.count_ops(side).items()) for side in (rule.pattern, rule.result)
    ]
    assert cost[1] < cost[0]
    assert rule.tag in ("exact", "real")
    assert math.isfinite(cost[0])
