"""Every two functions of a number, in the names that rules are written with, keep their values when simplified."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from operator import add, mul, sub, truediv

import numpy as np
import pytest

import symdiff as sd
from symdiff.graph.node import OPS

Node = sd.Node
X, Z = sd.symbols("x z")
FUNCTIONS = [row for row in OPS.values() if row.elementwise and row.arity == 1 and not row.logical]
#: Expressions that are compiled at once.
BATCH = 300
AT = np.random.default_rng(3).uniform(-2, 3, (2, 12))


def parts() -> list[Node]:
    values = [row(v) for row in FUNCTIONS for v in (X, Z)]
    return [*values, *(f**2 for f in values), *(2 * f for f in values), X, Z, X**2, Z**2, sd.const(1)]


def expressions() -> Iterator[Callable[[], Node]]:
    """Each is built when it is wanted: of the many thousands an ordinary test wants few."""
    for f, g in product(FUNCTIONS, FUNCTIONS):
        yield from (partial(lambda f, g: f(g(X)), f, g), partial(lambda f, g: f(g(X) * Z), f, g))
    for operation, left, right in product((add, sub, mul, truediv), parts(), parts()):
        yield partial(operation, left, right)


@pytest.mark.parametrize("every", [601, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("level", ["full", "code"])
def test_values_stay(level: str, every: int) -> None:
    listed = list(expressions())[::every]
    assert len(listed) * every > 200_000
    for start in range(0, len(listed), BATCH):
        typed = [build() for build in listed[start : start + BATCH]]
        simple = [sd.simplify(node, level) for node in typed]
        with np.errstate(all="ignore"):
            wanted, found = (sd.compile(nodes, [X, Z])(*AT) for nodes in (typed, simple))
        for node, new, want, got in zip(typed, simple, wanted, found, strict=True):
            finite = np.isfinite(want)
            got, want = np.broadcast_to(got, want.shape)[finite], want[finite]
            assert np.all(np.abs(got - want) <= 1e-9 * (np.abs(want) + 1)), (node, new)
