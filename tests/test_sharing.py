"""Level "code": few operations for a whole list of outputs, the same values, one form, and linear growth."""

from __future__ import annotations

import math
import random
from functools import cache
from typing import Any

import numpy as np
import pytest
from feynman import Formula, each_of_some, formulas
from processes import printed
from test_scale import chain
from test_simplifier import X, Y, Z, random_graph

import symdiff as sd
from symdiff.codegen.counting import count_operations
from symdiff.graph.traversal import leaves
from symdiff.simplifier import collect, common_pairs
from symdiff.simplifier.normal import NormalForm

Node = sd.Node
FORMULAS = formulas()
#: The most that all formulas take together, by the order of derivatives.
OPERATIONS = {0: 491, 1: 1140, 2: 2661}


def derivatives(formula: Formula, order: int, stable: bool = False) -> tuple[list[Node], list[Node]]:
    """The inputs; value, gradient and upper triangle of the Hessian up to the order, of the stable form if asked."""
    wrt = [sd.symbol(name) for name in formula.ranges]
    f = sd.parse(formula.text)
    f = sd.stable(f, derivatives=order > 0) if stable else sd.simplify(f)
    found = [f]
    if order > 0:
        found += sd.grad(f, wrt)
    if order > 1:
        found += [entry for i, row in enumerate(sd.hessian(f, wrt)) for entry in row[i:]]
    return wrt, found


@cache
def shared(order: int) -> list[tuple[list[Node], list[Node]]]:
    """Inputs and outputs of each formula, in the form to be run."""
    found = [derivatives(formula, order, stable=True) for formula in FORMULAS]
    return [(wrt, sd.simplify(outputs, level="code")) for wrt, outputs in found]


@pytest.mark.parametrize("backend", ["numpy", "math"])
@pytest.mark.parametrize(("order", "most"), OPERATIONS.items())
def test_operations_of_the_feynman_formulas(order: int, most: int, backend: str) -> None:
    """Summed over the hundred. SymPy (lambdify, cse): 551, 1687, 3735; CasADi (cse): 547, 1512, 5172."""
    assert sum(count_operations(sd.source(outputs, wrt, backend=backend)) for wrt, outputs in shared(order)) <= most


def test_the_count_counts() -> None:
    x, y = sd.symbols("x y")
    assert count_operations(sd.source(-sd.sin(x * y) / (2 * sd.parse("pi")), [x, y])) == 4
    assert count_operations(sd.source([x**3 + 1, y], [x, y])) == 3


@each_of_some(3)
def test_values(formula: Formula) -> None:
    """Value, gradient and Hessian as before, to rounding, relative to the largest entry."""
    wrt, short = shared(2)[FORMULAS.index(formula)]
    before, after = (sd.compile(outputs, wrt) for outputs in (derivatives(formula, 2)[1], short))
    rng = random.Random(formula.name)
    with np.errstate(all="ignore"):
        for _ in range(5):
            point = [rng.uniform(low, high) for low, high in formula.ranges.values()]
            want, got = np.array(before(*point)), np.array(after(*point))
            known = np.isfinite(want)
            assert np.allclose(got[known], want[known], rtol=1e-9, atol=1e-11 * np.max(np.abs(want[known]), initial=0))


@each_of_some(3)
def test_idempotent(formula: Formula) -> None:
    for order in OPERATIONS:
        _, outputs = shared(order)[FORMULAS.index(formula)]
        again = sd.simplify(outputs, level="code")
        assert all(a is b for a, b in zip(again, outputs, strict=True))


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 10))])
def test_random_graphs(seed: int) -> None:
    """With gradients: idempotent, no more operations than the readable form, the same value where there is one."""
    rng = random.Random(f"code {seed}")
    for _ in range(20):
        f = random_graph(rng, rng.randint(2, 14))
        outputs = [f, *sd.grad(f, [X, Y, Z])]
        readable, short = (sd.simplify(outputs, level=level) for level in ("full", "code"))
        assert all(a is b for a, b in zip(sd.simplify(short, level="code"), short, strict=True))
        assert sum(sd.count_ops(short).values()) <= sum(sd.count_ops(readable).values()) + 1  # a cube counts for two
        before, after = sd.compile(readable, [X, Y, Z]), sd.compile(short, [X, Y, Z])
        with np.errstate(all="ignore"):
            point = [rng.uniform(0.3, 2) for _ in range(3)]
            for a, b in zip(before(*point), after(*point), strict=True):
                assert not math.isfinite(a) or abs(a - b) <= 1e-7 * max(1, abs(a)), (f, point)


def test_order_of_typing_does_not_matter() -> None:
    one, other = ("a*b/c + d*(a + b)*c", "c*(b + a)*d + b/c*a")
    assert _code(one) == _code(other)


def _code(text: str) -> list[Node]:
    f = sd.parse(text)
    found: list[Node] = sd.simplify([f, *sd.grad(f, list(sd.variables(f)))], level="code")
    return found


def test_the_same_in_every_process() -> None:
    texts = [formula.text for formula in FORMULAS[::10]]
    script = (
        f"import symdiff as sd\nfor text in {texts!r}:\n f = sd.parse(text); wrt = list(sd.variables(f))\n"
        " print(sd.source(sd.simplify((f, sd.grad(f, wrt), sd.hessian(f, wrt)), level='code'), wrt))"
    )
    assert len(printed(script)) == 1


def test_nothing_is_divided_by_what_may_be_zero() -> None:
    """Of a product, derivatives are products of the other factors, not the value divided by one."""
    f = sd.parse("q*v*B/p")
    wrt = list(sd.variables(f))
    short = sd.simplify([f, *sd.grad(f, wrt)], level="code")
    assert sd.evaluate(short, {"q": 0, "v": 0, "B": 3, "p": 2}) == [0, 0, 0, 0, 0]
    assert sd.evaluate(short, {"q": 0, "v": 5, "B": 3, "p": 2})[3] == 7.5


def test_a_shared_factor_takes_the_sign() -> None:
    """Both derivatives by what is below the line are negative: one factor is, and no sign is written twice."""
    source = sd.source(_code("a*b/(c*d)"), list(sd.symbols("a b c d")), backend="math")
    assert count_operations(source) <= 10


def test_arrays_keep_their_readable_form() -> None:
    f = sd.parse("sum((X @ w)**2)", shapes={"X": ("n", "d"), "w": ("d",)})
    assert sd.simplify([f, sd.grad(f, sd.variables(f)[1])], level="code") == sd.simplify(
        [f, sd.grad(f, sd.variables(f)[1])]
    )


def test_common_pairs() -> None:
    multisets = [{0: 1, 1: 1, 2: 1}, {0: 1, 1: 1, 3: 1}, {0: -1, 1: -1}]
    assert common_pairs.extract_common_pairs(multisets, 4, sums=False) == {4: {0: 1, 1: 1}}
    assert multisets == [{2: 1, 4: 1}, {3: 1, 4: 1}, {4: -1}]
    multisets = [{0: 4}]
    assert common_pairs.extract_common_pairs(multisets, 1, sums=False) == {1: {0: 2}}
    assert multisets == [{1: 2}]


def test_growth_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visits of nodes, rules tried, monomials made and pairs replaced, for a chain ten times as long."""
    counts: dict[str, int] = {}

    def counted(owner: object, name: str) -> None:
        plain = getattr(owner, name)

        def call(*args: object) -> object:
            counts[name] = counts.get(name, 0) + 1
            return plain(*args)

        monkeypatch.setattr(owner, name, call)

    for owner, name in [
        (collect.Pass, "_visit"),
        (collect, "apply_rules"),
        (NormalForm, "monomial_of"),
        (common_pairs._Extraction, "_replace"),
    ]:
        counted(owner, name)
    found = []
    for level, k in [("full", 200), ("full", 2000), ("code", 30), ("code", 300)]:
        counts.clear()
        v, x = chain(k)
        sd.simplify((v, sd.grad(v, x)), level=level)
        found.append(dict(counts))
    for small, large in (found[:2], found[2:]):
        assert small
        assert all(large[name] <= 12 * count for name, count in small.items())


def test_outputs_may_be_nested_and_constant() -> None:
    found = sd.simplify({"a": (X * 0 + 3, [X / 2 + X / 2]), "b": sd.parse("pi*2")}, level="code")
    assert found == {"a": (sd.const(3), [X]), "b": sd.simplify(sd.parse("pi*2"))}
    assert leaves(found)[0] is sd.const(3)


def _defined(outputs: list[Any], inputs: list[Any], values: list[float]) -> list[float] | None:
    """The results of plain Python, which raises where something is divided by 0."""
    try:
        found = sd.compile(outputs, inputs, backend="math")(*values)
    except (ArithmeticError, ValueError):
        return None
    return found if all(map(math.isfinite, found)) else None


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_nothing_new_is_divided_by(step: int) -> None:
    """Where a variable is 0 and the formula and its gradient have values, the shared form has them too."""
    checked = 0
    for formula in FORMULAS[::step]:
        f = sd.parse(formula.text)
        inputs = list(sd.variables(f))
        outputs = [f, *sd.grad(f, inputs)]
        shared = sd.simplify(outputs, "code")
        for zero in inputs:
            values = [0.0 if var is zero else sum(formula.ranges[var.name]) / 2.1 for var in inputs]
            wanted = _defined(outputs, inputs, values)
            if wanted is not None:
                checked += 1
                assert _defined(shared, inputs, values) == pytest.approx(wanted, rel=1e-9, abs=1e-9), formula.text
    assert checked > 100 / step
