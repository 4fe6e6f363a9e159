"""Random formulas end to end: read, differentiated, simplified and compiled, against mpmath at 80 digits.

``SYMDIFF_FUZZ_SECONDS=600 python -m pytest -m slow tests/test_fuzz.py`` runs as long as that, each part. Formulas that
once failed, or take a path that few do, are in ``tests/data/corpus/formulas.txt``, a line each.
"""

from __future__ import annotations

import math
import os
import random
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from conftest import ROOT
from formulas import NoValueError, Tree, graph_values, points, slope, text, trees, value
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from test_hostile import LIKELY, PIECES

import symdiff as sd

CORPUS = ROOT / "tests" / "data" / "corpus" / "formulas.txt"
#: Seconds of each long run.
LONG = float(os.environ.get("SYMDIFF_FUZZ_SECONDS", "30"))
DIGITS = 80

hostile = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.sampled_from(LIKELY), max_size=20).map("".join),
    st.binary(max_size=40).map(lambda data: data.decode("latin-1")),
    trees.map(text).flatmap(
        lambda good: st.tuples(st.integers(0, len(good)), st.sampled_from(PIECES), st.integers(0, 3)).map(
            lambda cut: good[: cut[0]] + cut[1] + good[cut[0] + cut[2] :]
        )
    ),
)


def reads(formula: str) -> str:
    """An expression whose text means the same, or a clear error; says which."""
    try:
        node = sd.parse(formula)
    except sd.SymdiffError as error:
        assert str(error).strip() and len(str(error)) < 600
        return "refused"
    assert sd.parse(str(node)) is node
    return "read"


def agrees(case: tuple[Tree, dict[str, float]]) -> str:
    """Value and gradient are right, exactly and as code; says how far the formula had a value."""
    tree, at = case
    root = sd.parse(text(tree))
    names = [var.name for var in sd.variables(root)]
    nodes = [root, *(sd.diff(root, sd.symbol(name)) for name in names)]
    simple = sd.simplify(nodes, level="full")
    with mp.workdps(DIGITS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = [_or_none(lambda: value(tree, at)), *(_or_none(lambda n=name: slope(tree, at, n)) for name in names)]
        if wanted[0] is None:
            wanted = [None] * len(nodes)
        for graph in (nodes, simple):
            _same(graph_values(graph, at), wanted, [1e-12] * len(wanted), tree, at)
        exact = graph_values(simple, at)
        spread = _spread(simple, at, exact)
        for backend in ("numpy", "math"):
            got = _computed(simple, at, backend)
            _same(got, [w if e is not None else None for w, e in zip(wanted, exact, strict=True)], spread, tree, at)
    return "value" if wanted[0] is None else "gradient" if None in wanted else "all"


def _or_none(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except NoValueError:
        return None


def _spread(nodes: list[sd.Node], at: dict[str, float], exact: list[Any]) -> list[float]:
    """How far rounding of every operation moves each result, relatively; infinite where it changes the picture."""
    rng = random.Random(0)
    runs = [graph_values(nodes, at, rng) for _ in range(3)]
    found = []
    for place, number in enumerate(exact):
        moved = [run[place] for run in runs]
        lost = number is None or any(other is None for other in moved)
        far = math.inf if lost else max(abs(other - number) for other in moved)
        relative = far / abs(number) if number and not lost else math.inf if far else 0.0
        found.append(math.inf if relative > 1e-5 else 200 * float(relative) + 1e-12)
    return found


def _computed(nodes: list[sd.Node], at: dict[str, float], backend: str) -> list[Any]:
    inputs = list(sd.variables(nodes))
    try:
        fn = sd.compile(nodes, inputs, backend=backend)
        with np.errstate(all="ignore"):
            return list(map(float, fn(*(at[var.name] for var in inputs))))
    except (sd.UnsupportedError, ArithmeticError, ValueError):
        if backend == "numpy":
            raise
        return [None] * len(nodes)


def _same(got: list[Any], wanted: list[Any], tolerances: list[float], tree: Tree, at: Any) -> None:
    for number, want, tolerance in zip(got, wanted, tolerances, strict=True):
        if want is None or number is None or tolerance == math.inf:
            continue
        close = abs(mp.mpf(number) - want) <= tolerance * abs(want) + mp.mpf(10) ** -15
        assert close, f"{text(tree)} at {at}: {mp.nstr(number, 17)}, not {mp.nstr(want, 17)}"


def _run(body: Callable[[Any], str], count: int, seconds: float, cases: st.SearchStrategy[Any]) -> Counter[str]:
    """Draw cases until there are that many or the time is over; how they ended."""
    ended: Counter[str] = Counter()
    start, batch = time.monotonic(), 0
    while sum(ended.values()) < count and time.monotonic() - start < seconds:

        @seed(batch)
        @settings(max_examples=min(count, 200), deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(cases)
        def run(case: Any) -> None:
            ended[body(case)] += 1

        run()
        batch += 1
    return ended


@pytest.mark.parametrize("formula", CORPUS.read_text(encoding="utf-8").splitlines())
def test_corpus(formula: str) -> None:
    """Read or refused; what is read has derivatives, simple forms and code that give one value."""
    if reads(formula) == "refused":
        return
    root = sd.parse(formula)
    inputs = list(sd.variables(root))
    nodes = [root, *sd.grad(root, inputs)]
    point = [0.71, 1.3, 2.2][: len(inputs)]
    with np.errstate(all="ignore"):
        clear, fast = (sd.compile(nodes, inputs, schedule=schedule)(*point) for schedule in ("clear", "fast"))
        simple = sd.compile(sd.simplify(nodes, level="full"), inputs)(*point)
    np.testing.assert_array_equal(fast, clear)
    np.testing.assert_allclose(simple, clear, rtol=1e-9, atol=1e-12)


def test_the_parser_ends_in_an_expression_or_a_clear_error() -> None:
    ended = _run(reads, 600, math.inf, hostile)
    assert ended["read"] > 50 and ended["refused"] > 50


def test_random_formulas_agree_with_mpmath() -> None:
    ended = _run(agrees, 60, math.inf, st.tuples(trees, points))
    assert ended["all"] > 10


@pytest.mark.slow
def test_the_parser_for_long() -> None:
    print(_run(reads, 10**9, LONG, hostile))


@pytest.mark.slow
def test_random_formulas_for_long() -> None:
    print(_run(agrees, 10**9, LONG, st.tuples(trees, points)))
