"""Formulas of numbers with their derivatives at special points, at every level and backend, against 50 digits."""

from __future__ import annotations

import ast

import pytest
from answers import RULES, SEARCHES
from exact_values import FUNCTIONS
from special_points import CHOSEN, NUMBERS, _mistake, computed, formula, mistakes, points

from symdiff.graph.node import OPS

#: Levels with the backends that compute them: in the ordinary suite, and where slow tests run.
WAYS = {"none": ("numpy", "math"), "full": ("numpy",), "code": ("numpy", "c")}
EVERY = {level: ("numpy", "math", "c") for level in RULES}
BY_SEARCHES = {level: ("numpy", "c") for level in SEARCHES}
#: In the ordinary suite: formulas, and the first special points; and behind ``slow``, so many formulas in one test.
QUICK, FEW, BLOCK = (*CHOSEN[::24], *map(formula, (0, 2, 13, 15, 16, 21))), 26, 10
MANY = (*CHOSEN, *map(formula, range(2000 - len(CHOSEN))))


@pytest.mark.parametrize("text", QUICK)
def test_special_points(text: str) -> None:
    wrong = mistakes(text, WAYS, FEW)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.slow
@pytest.mark.parametrize("ways", [EVERY, BY_SEARCHES], ids=["rules", "searches"])
@pytest.mark.parametrize("block", range(0, len(MANY), BLOCK))
def test_all_special_points(block: int, ways: dict[str, tuple[str, ...]]) -> None:
    wrong = [one for text in MANY[block : block + BLOCK] for one in mistakes(text, ways, len(NUMBERS))]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_operation_of_numbers_is_drawn() -> None:
    words = {node.id for text in MANY for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    infix = {"add", "sub", "mul", "div", "mod", "neg", "pow", "less", "less_equal", "greater", "greater_equal", "equal",
             "not_equal", "logical_and", "logical_or", "logical_not"}  # fmt: skip
    policies = {
        "stop_gradient",
        "undefined",
        "refused",
        "power_derivative",
    }  # the last one is met in derivatives of x**y
    wanted = {
        op.name for op in OPS.values() if op.name == "where" or (op.arity and op.elementwise and op.name in FUNCTIONS)
    }
    assert wanted - infix - policies <= words
    known = {op.name for op in OPS.values() if op.arity and op.elementwise} - infix - policies - {"where"}
    assert known <= set(FUNCTIONS), "exact_values does not know a new operation"


def test_special_numbers() -> None:
    wanted = {0.0, 1.0, -1.0, 1e-8, -1e-8, 1e200, -1e200, 1e-200, -1e-200}
    assert wanted <= set(NUMBERS) and len(points(200, ["x"])) >= 190 and len(points(200, ["x", "y"])) == 200


@pytest.mark.parametrize("text, wrong", [("exp(x)", "x > 0"), ("x**2 + 1e-6*x", "x**2"), ("sqrt(x)", "abs(x)")])
def test_a_planted_mistake_is_seen(text: str, wrong: str) -> None:
    """Values of another formula in place of the right ones are found to be wrong."""
    at = points(20, ["x"])
    (_, values), *_ = computed(wrong, "none", ["numpy"], at)
    found = [_mistake(text, (), point, got, got, True) for point, got in zip(at, map(float, values[0]), strict=True)]
    assert any(right is not None for right in found)
