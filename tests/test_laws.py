"""The laws of derivatives, on random graphs of numbers and of arrays: sum, product, quotient and chain rule, symmetry,
duality of the two modes, selection. Both sides are evaluated; neither is simplified, so that nothing can hide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from formulas import Tree
from hypothesis import given, settings
from hypothesis import strategies as st

import symdiff as sd
from symdiff import Node

NAMES = ("x", "y", "z")
VARIABLES = sd.symbols("x y z")
U, V, M = sd.symbol("u", 3), sd.symbol("v", 3), sd.symbol("m", (3, 3))
ARRAYS = (U, V, M)
#: Functions of one number that are smooth everywhere and never large.
SMOOTH = ("sin", "cos", "tanh", "arctan", "sigmoid", "gelu", "erf", "sinc")
Law = list[tuple[Any, Any]]


def _numbers(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    pairs = st.tuples(st.sampled_from(("add", "sub", "mul", "maximum", "hypot", "where")), inner, inner)
    return st.tuples(st.sampled_from(SMOOTH), inner) | pairs


def _arrays(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    pairs = st.tuples(st.sampled_from(("add", "mul", "sub", "product", "where")), inner, inner)
    ones = st.tuples(st.sampled_from((*SMOOTH, "softmax", "cumsum", "reversed", "scaled")), inner)
    return ones | pairs


scalars = st.recursive(st.sampled_from(NAMES).map(lambda name: (name,)), _numbers, max_leaves=8)
vectors = st.recursive(st.sampled_from(("u", "v", "row")).map(lambda name: (name,)), _arrays, max_leaves=6)
seeds = st.integers(0, 2**32 - 1)
_LEAVES = {var.name: var for var in (*VARIABLES, *ARRAYS)} | {"row": M[0]}
_OWN: dict[str, Any] = {
    "hypot": lambda a, b: sd.sqrt(a**2 + b**2 + 1),
    "where": lambda a, b: sd.where(a > b / 2, a * b, sd.sin(b)),
    "product": lambda a, b: M @ a * sd.dot(a, b) / 9,
    "reversed": lambda a: a[::-1],
    "scaled": lambda a: a / (1 + sd.sum(a**2)),
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}


def node(tree: Tree) -> Node:
    """The graph of a tree."""
    name, *args = tree
    if not args:
        return _LEAVES[name]
    row = _OWN[name] if name in _OWN else getattr(sd, name)
    return row(*map(node, args))  # type: ignore[no-any-return]


def holds(law: Law, seed: int, inputs: Sequence[Node]) -> None:
    """Both sides of each equation have the same numbers at a random point."""
    rng = np.random.default_rng(seed)
    point = [rng.uniform(-2, 2, var.shape) for var in inputs]
    left, right = ([side[place] for side in law] for place in (0, 1))
    with np.errstate(all="ignore"):
        got, wanted = (sd.compile(side, list(inputs))(*point) for side in (left, right))
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * (1 + np.max(np.abs(b))))


laws = settings(max_examples=20, deadline=None)


@laws
@given(scalars, scalars, seeds)
def test_sum_product_and_quotient(f: Tree, g: Tree, seed: int) -> None:
    a, b = node(f), node(g)
    law: Law = []
    for x in VARIABLES:
        da, db = sd.diff(a, x), sd.diff(b, x)
        law += [
            (sd.diff(3 * a - b / 7, x), 3 * da - db / 7),
            (sd.diff(a * b, x), da * b + a * db),
            (sd.diff(a / (2 + b**2), x), (da * (2 + b**2) - a * 2 * b * db) / (2 + b**2) ** 2),
            (sd.diff(a * b, x, 2), sd.diff(a, x, 2) * b + 2 * da * db + a * sd.diff(b, x, 2)),
        ]
    holds(law, seed, VARIABLES)


@laws
@given(scalars, st.tuples(scalars, scalars, scalars), seeds)
def test_chain_rule(f: Tree, inner: tuple[Tree, Tree, Tree], seed: int) -> None:
    outside, inside = node(f), [node(tree) for tree in inner]
    replaced = dict(zip(VARIABLES, inside, strict=True))
    slopes = [sd.substitute(sd.diff(outside, var), replaced) for var in VARIABLES]
    law: Law = []
    for x in VARIABLES:
        chained: Any = sum(slope * sd.diff(part, x) for slope, part in zip(slopes, inside, strict=True))
        law.append((sd.diff(sd.substitute(outside, replaced), x), chained))
    holds(law, seed, VARIABLES)


@laws
@given(scalars, seeds)
def test_hessians_of_numbers_are_symmetric(f: Tree, seed: int) -> None:
    a = node(f)
    holds([(sd.diff(a, x, y), sd.diff(a, y, x)) for x in VARIABLES for y in VARIABLES], seed, VARIABLES)
    matrix = sd.hessian(a, list(VARIABLES))
    law: Law = [(matrix[i][j], sd.diff(a, x, y)) for i, x in enumerate(VARIABLES) for j, y in enumerate(VARIABLES)]
    holds(law, seed, VARIABLES)


@laws
@given(scalars, scalars, seeds)
def test_gradients_of_selections(f: Tree, g: Tree, seed: int) -> None:
    """The gradient of a selection is the selection of the gradients, at the second order too."""
    a, b = node(f), node(g)
    x, y = VARIABLES[:2]
    chosen = sd.where(x > y, a, b)
    law: Law = []
    for one in VARIABLES:
        law.append((sd.diff(chosen, one), sd.where(x > y, sd.diff(a, one), sd.diff(b, one))))
        law.append((sd.diff(chosen, one, x), sd.where(x > y, sd.diff(a, one, x), sd.diff(b, one, x))))
    holds(law, seed, VARIABLES)


def _directions(suffix: str, like: Sequence[Node]) -> list[Node]:
    return [sd.symbol(f"{var.name}_{suffix}", var.shape) for var in like]


@laws
@given(scalars, scalars, seeds)
def test_the_modes_agree_on_numbers(f: Tree, g: Tree, seed: int) -> None:
    """Forward and reverse mode, and the elimination of vertices, give one Jacobian; products of the two are dual."""
    outputs, wrt = [node(f), node(g)], list(VARIABLES)
    weights, tangents = list(sd.symbols("p q")), _directions("d", wrt)
    jacobian = sd.jacobian(outputs, wrt)
    ones = [[int(var is other) for var in wrt] for other in wrt]
    law: Law = []
    for column, unit in enumerate(ones):
        forward = sd.jvp(outputs, wrt, unit)
        for row, part in enumerate(outputs):
            law += [(forward[row], sd.grad(part, wrt)[column]), (jacobian[row][column], forward[row])]
    pushed, pulled = sd.jvp(outputs, wrt, tangents), sd.vjp(outputs, wrt, weights)
    law.append((_inner(weights, pushed), _inner(pulled, tangents)))
    holds(law, seed, [*wrt, *weights, *tangents])


def _inner(a: Sequence[Node], b: Sequence[Node]) -> Any:
    return sum(sd.sum(left * right) for left, right in zip(a, b, strict=True))


@laws
@given(vectors, vectors, seeds)
def test_sum_and_product_of_arrays(f: Tree, g: Tree, seed: int) -> None:
    a, b = node(f), node(g)
    whole, by_a, by_b = (sd.grad(sd.sum(part), list(ARRAYS)) for part in (2 * a - b, a, b))
    law: Law = [(one, 2 * p - q) for one, p, q in zip(whole, by_a, by_b, strict=True)]
    product = sd.grad(sd.dot(a, b), list(ARRAYS))
    parts = zip(sd.vjp(a, list(ARRAYS), b), sd.vjp(b, list(ARRAYS), a), strict=True)
    law += [(one, p + q) for one, (p, q) in zip(product, parts, strict=True)]
    holds(law, seed, ARRAYS)


@laws
@given(vectors, seeds)
def test_the_modes_of_arrays_are_dual(f: Tree, seed: int) -> None:
    """<c, J d> is <J^T c, d>, and both are what the Jacobian's blocks give."""
    a, wrt = node(f), list(ARRAYS)
    c, tangents = sd.symbol("c", 3), _directions("d", wrt)
    pushed, pulled = sd.jvp(a, wrt, tangents), sd.vjp(a, wrt, c)
    blocks = sd.jacobian(a, wrt)
    dense: Any = sum(
        sd.einsum("ijk,jk->i" if var.ndim == 2 else "ij,j->i", block, tangent)
        for block, var, tangent in zip(blocks, wrt, tangents, strict=True)
    )
    law: Law = [(sd.dot(c, pushed), _inner(pulled, tangents)), (pushed, dense)]
    holds(law, seed, [*wrt, c, *tangents])


@laws
@given(vectors, vectors, seeds)
def test_hessians_of_arrays_are_symmetric(f: Tree, g: Tree, seed: int) -> None:
    """<d, H e> is <e, H d>, by products and by blocks."""
    a = sd.dot(node(f), node(g))
    wrt = [U, V]
    d, e = _directions("d", wrt), _directions("e", wrt)
    hd, he = sd.hvp(a, wrt, d), sd.hvp(a, wrt, e)
    blocks = sd.hessian(a, wrt)
    law: Law = [(_inner(e, hd), _inner(d, he)), (blocks[0][1], sd.transpose(blocks[1][0]))]
    law += [(row, blocks[place][0] @ d[0] + blocks[place][1] @ d[1]) for place, row in enumerate(hd)]
    holds(law, seed, [*ARRAYS, *d, *e])


@laws
@given(vectors, vectors, seeds)
def test_gradients_of_selections_of_arrays(f: Tree, g: Tree, seed: int) -> None:
    a, b = node(f), node(g)
    c = sd.symbol("c", 3)
    chosen = sd.vjp(sd.where(U > V, a, b), [M], c)[0]
    apart = [sd.vjp(part, [M], sd.where(U > V, weight, other)) for part, weight, other in ((a, c, 0), (b, 0, c))]
    holds([(chosen, apart[0][0] + apart[1][0])], seed, [*ARRAYS, c])
