"""Sparse Jacobians and Hessians: exact patterns, compressed by a colouring where blocks do not show them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

import symdiff as sd
from symdiff.graph.traversal import topological
from symdiff.jacobians.coloring import color_rows
from symdiff.jacobians.sparsity import count_elements, sparsity_pattern

x, y, z = sd.symbol("x", 6), sd.symbol("y", 40), sd.symbol("z", 20)
X, S, P, B = sd.symbol("X", (3, 4)), sd.symbol("S", (3, 3)), sd.symbol("P", (15, 2)), sd.symbol("B", (5, 3))
GRID = sd.reshape(z, (4, 5))
_RNG = np.random.default_rng(0)
FIRST, SECOND = _RNG.integers(0, 40, (2, 60)), _RNG.integers(0, 15, (2, 20))

#: Arrays, what they are taken by, and whether each entry of the pattern is a derivative that is not zero.
ARRAYS = {
    "slices": (sd.sin(x[1:] - x[:-1]), [x], True),
    "places": (x[[0, 2, 2]] ** 2, [x], True),
    "a table of places": (x[[[0, 1], [4, -1]]] ** 3, [x], True),
    "put back": (sd.scatter_add(x**2, (4,), sd.places((0, 3, 0, 1, 1, 0))), [x], True),
    "grid": (GRID[1:] - GRID[:-1] ** 2, [z], True),
    "parts": (sd.concatenate((x[3:], x[:2] ** 2)), [x], True),
    "diagonal": (sd.diag(x) * 2, [x], True),
    "triangle": (sd.tril(S) ** 2, [S], True),
    "softmax": (sd.softmax(X, axis=1), [X], True),
    "norms": (sd.norm(X, axis=1), [X], True),
    "sums of exponentials": (sd.logsumexp(X, axis=0), [X], True),
    "product of matrices": (sd.exp(X) @ sd.exp(X).T, [X], True),
    "inverse": (sd.inv(S), [S], True),
    "largest": (sd.max(X, axis=1), [X], False),
    "running sum": (sd.cumsum(x), [x], False),
    "products": (sd.product_of_others(x), [x], False),
    "a condition": (sd.where(x > 1, x**2, 3), [x], False),
    "two variables": (sd.outer(x[:3], x[3:]) * S, [S, x], True),
}


def _values(nodes: Sequence[sd.Node], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = [tuple(map(int, var.shape)) for var in nodes]
    return [
        rng.uniform(0.5, 1.5, shape) + (3 * np.eye(3) if var is S else 0)
        for var, shape in zip(nodes, shapes, strict=True)
    ]


@pytest.mark.parametrize("name", ARRAYS)
def test_patterns_against_differences(name: str) -> None:
    f, wrt, tight = ARRAYS[name]
    found = sparsity_pattern([f], wrt).toarray()
    inputs = list(sd.variables([f, *wrt]))
    fn, values, columns = sd.compile(f, inputs), _values(inputs), []
    at = np.ravel(fn(*values))
    for var in wrt:
        place = inputs.index(var)
        for element in range(values[place].size):
            moved = [value.copy() for value in values]
            moved[place].ravel()[element] += 1e-3
            columns.append(abs(np.ravel(fn(*moved)) - at) > 1e-12)
    known = np.stack(columns, axis=1)
    assert not (known & ~found).any()
    assert not tight or np.array_equal(known, found)


@given(st.integers(1, 12), st.integers(1, 12), st.floats(0, 0.5), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_rows_of_one_colour_share_no_column(rows: int, columns: int, density: float, seed: int) -> None:
    found = csr_array(random_array((rows, columns), density=density, rng=np.random.default_rng(seed)) != 0)
    colours = np.array(color_rows(found))
    for colour in set(colours.tolist()):
        assert found.toarray()[colours == colour].sum(axis=0).max() <= 1


LOSSES = {
    "grid": (sd.sum((GRID[1:] - GRID[:-1]) ** 4) + sd.sum((GRID[:, 1:] - GRID[:, :-1]) ** 2) + sd.sum(sd.exp(z)), [z]),
    "minimal surface": (
        sd.sum(sd.sqrt(1 + (GRID[1:, :-1] - GRID[:-1, :-1]) ** 2 + (GRID[:-1, 1:] - GRID[:-1, :-1]) ** 2)),
        [z],
    ),
    "graph": (sd.sum((y[FIRST[0]] - y[FIRST[1]]) ** 4), [y]),
    "springs": (sd.sum((sd.sum((P[SECOND[0]] - P[SECOND[1]]) ** 2, axis=1) - 1) ** 2), [P]),
    "two variables": (sd.sum((y[[0, 15, 30]][:, None] * GRID[[0, 1, 1]]) ** 2) + sd.sum(z**3), [y, z]),
    "one place": (sd.sum((x[[0, 1, 1, 2, 5]] - 1) ** 4), [x]),
}


@pytest.mark.parametrize("name", LOSSES)
def test_hessians_hold_the_structural_entries_alone(name: str) -> None:
    f, wrt = LOSSES[name]
    sparse = sd.hessian(f, wrt, sparse=True)
    assert sparse.op.name == "compressed"
    known = sd.compile(sd.hessian(f, wrt, form="dense"), wrt)(*_values(wrt))
    for schedule in ("clear", "fast"):
        fn = sd.compile(sparse, wrt, schedule=schedule)
        found = fn(*_values(wrt))
        assert found.nnz == np.count_nonzero(known)
        np.testing.assert_allclose(found.toarray(), known, rtol=0, atol=1e-13 * np.abs(known).max())
    found.indices[:] = 0  # the caller's own
    np.testing.assert_allclose(fn(*_values(wrt)).toarray(), known, rtol=0, atol=1e-13 * np.abs(known).max())
    assert fn(*(value.astype(np.float32) for value in _values(wrt))).dtype == np.float32


@pytest.mark.parametrize(
    ("f", "wrt"),
    [
        ([GRID[1:] ** 2 - GRID[:-1]], [z]),
        ([sd.sin(y[FIRST[0]]) * y[FIRST[1]], y[:3] ** 2], [y]),
        ([z[[0, 7, 7]] * x[:3]], [x, z]),
    ],
)
def test_jacobians(f: list[sd.Node], wrt: list[sd.Node]) -> None:
    found, blocks = sd.compile([sd.jacobian(f, wrt, sparse=True), sd.jacobian(f, wrt)], wrt)(*_values(wrt))
    known = np.block(
        [[np.reshape(block, (-1, np.size(v))) for block, v in zip(row, _values(wrt), strict=True)] for row in blocks]
    )
    assert found.nnz == np.count_nonzero(known)
    np.testing.assert_allclose(found.toarray(), known, atol=1e-14)


def test_work_and_colours_do_not_grow_with_the_square() -> None:
    """Per unknown of a grid: the same operations, and no array with more than a few numbers."""
    each = []
    for n in (10, 20, 40):
        u = sd.symbol("u", n * n)
        grid = sd.reshape(u, (n, n))
        f = sd.sum((grid[1:] - grid[:-1]) ** 4) + sd.sum((grid[:, 1:] - grid[:, :-1]) ** 4)
        sparse = sd.hessian(f, u, sparse=True)
        assert sparse.args[0].shape == (5 * n * n - 4 * n,)
        assert max(count_elements(node) for node in topological(*sparse.args)) <= 8 * n * n
        each.append(sd.plan(sparse.args[0]).flops / n**2)
    assert max(each) < 300 and max(each) < 1.3 * min(each)


def test_a_full_pattern_is_not_compressed() -> None:
    f = sd.sum(sd.reshape(sd.reshape(z, (4, 5)) @ B, (12,))) ** 3
    assert sd.hessian(f, z, sparse=True).op.name == "sparse"


def test_bands_need_no_color_rows() -> None:
    n = sd.symbol("x", "n")
    f = sd.sum((n[1:] * n[:-1] - 1) ** 4)
    sparse = sd.hessian(f, n, sparse=True)
    assert sparse.op.name == "sparse"
    assert sd.compile(sparse, [n])(np.arange(1.0, 9.0)).nnz == 3 * 8 - 2


def test_patterns_need_numbers() -> None:
    u, places = sd.symbol("u", "n"), sd.symbol("i", 3)
    with pytest.raises(
        sd.UnsupportedError, match=r"depends on the sizes \(1, n\); give the variables sizes that are numbers"
    ):
        sd.hessian(sd.sum(sd.reshape(u, (1, "n")) ** 3), u, sparse=True)
    with pytest.raises(sd.UnsupportedError, match="depends on the places i; index with a list of numbers"):
        sd.hessian(sd.sum(x[places] ** 3), x, sparse=True)


def test_places_that_do_not_fit() -> None:
    with pytest.raises(sd.ShapeError, match="the places go from -7 to 2 and the axis has size 6"):
        x[[2, -7]]
    with pytest.raises(sd.SymdiffError, match="places along an axis are whole numbers, not bool"):
        x[[True, False]]
    with pytest.raises(sd.ShapeError, match="places in an axis of size n are counted from its start"):
        sd.symbol("v", "n")[[-1]]
    assert sd.evaluate(x[[]], {"x": np.ones(6)}).shape == (0,)
