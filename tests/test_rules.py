"""Every rule of the table fires, holds on samples of its domain, and never costs more."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import symdiff as sd
from symdiff.rules import Rule, apply_rules, rules

ALL = [rule for listed in rules().values() for rule in listed]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.text)
def test_fires(rule: Rule) -> None:
    replaced = {v: sd.symbol(f"{v.name}1") if v.name != "n" else sd.const(3) for v in sd.variables(rule.pattern)}
    assert apply_rules(sd.substitute(rule.pattern, replaced)) is sd.substitute(rule.result, replaced)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.text)
def test_sound(rule: Rule) -> None:
    """Value and derivative agree on 1,000 samples wherever the pattern has both."""
    variables = list(sd.variables(rule.pattern))
    parts = [(side, *sd.grad(side, variables)) for side in (rule.pattern, rule.result)]
    left, right = (sd.compile(part, variables) for part in parts)
    rng = random.Random(rule.text)
    points = np.array([[rng.uniform(-4, 4) for _ in variables] for _ in range(1000)]).T
    compared = 0
    with np.errstate(all="ignore"):
        for want, got in zip(left(*points), right(*points), strict=True):
            valid = np.isfinite(want)
            compared += valid.sum()
            assert np.allclose(got[valid], want[valid], rtol=1e-9, atol=1e-9)
    assert compared > 300


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.text)
def test_lowers_the_count(rule: Rule) -> None:
    cost = [sum(sd.count_ops(side).values()) for side in (rule.pattern, rule.result)]
    assert cost[1] < cost[0]
    assert rule.tag in ("exact", "real")
    assert math.isfinite(cost[0])
