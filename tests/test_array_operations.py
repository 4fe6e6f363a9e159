"""Every operation on arrays: value, gradient, forward mode and second order against NumPy, JAX and differences."""

from __future__ import annotations

import builtins
import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from operation_cases import ALL, CASES, COMBINED, Case, name_of
from peers import each_beside
from witness import extrapolated

import symdiff as sd
from symdiff.graph.leaves import as_node
from symdiff.graph.node import OPS
from symdiff.graph.traversal import topological
from symdiff.ops.arrays import FUNCTIONS

# -- what names mean ---------------------------------------------------------------------------------------------------


def _put(target: Any, items: Any, values: Any, add: bool) -> Any:
    """Values at places of an array: JAX's arrays are not written."""
    if hasattr(target, "at"):
        return target.at[items].add(values) if add else target.at[items].set(values)
    target = target.astype(np.result_type(target, values))
    if add:
        np.add.at(target, items, values)
    else:
        target[items] = values
    return target


def _slices(starts: Any, steps: Any, counts: Any) -> tuple[Any, ...]:
    return np.ix_(*(start + step * np.arange(count) for start, step, count in zip(starts, steps, counts, strict=True)))


def _others(np_: Any, x: Any, axis: int) -> Any:
    places = range(x.shape[axis])
    return np_.stack([np_.prod(np_.delete(x, place, axis), axis=axis) for place in places], axis=axis)


def _meaning(np_: Any, special: Any) -> dict[str, Any]:
    """NumPy's functions, or JAX's under NumPy's names."""
    names = """sum mean var std prod max min argmax cumsum matmul dot outer kron einsum trace diag tril triu eye zeros
        ones arange reshape transpose squeeze concatenate stack broadcast_to exp where sin"""
    space = {name: getattr(np_, name) for name in names.split()}
    space |= {name: getattr(np_.linalg, name) for name in ("det", "inv", "solve")}
    return space | {
        "norm": lambda x, ord=2, axis=None, keepdims=False: (
            np_.sum(abs(x), axis=axis, keepdims=keepdims)
            if ord == 1
            else np_.sqrt(np_.sum(x**2, axis=axis, keepdims=keepdims))
        ),
        "logdet": lambda x: np_.linalg.slogdet(x)[1],
        "cholesky": lambda x: np_.linalg.cholesky((x + np_.swapaxes(x, -1, -2)) / 2),
        "logsumexp": special.logsumexp,
        "softmax": lambda x, axis=-1: np_.exp(x - special.logsumexp(x, axis=axis, keepdims=True)),
        "log_softmax": lambda x, axis=-1: x - special.logsumexp(x, axis=axis, keepdims=True),
        "places": lambda listed: np_.array(listed),
        "one_hot": lambda places, n: np_.where(places[..., None] == np_.arange(n), 1.0, 0.0),
        "scatter": lambda x, shape, starts, steps: _put(
            np_.zeros(shape), _slices(starts, steps, x.shape), x, add=False
        ),
        "scatter_add": lambda x, shape, *places: _put(np_.zeros(shape), places, x, add=True),
        "product_of_others": lambda x, axis=0: _others(np_, x, axis),
    }


NUMPY = _meaning(np, scipy.special)
SYMDIFF = FUNCTIONS | {name: getattr(sd, name) for name in ("exp", "where", "sin")}


def _function(case: Case, space: dict[str, Any]) -> Callable[..., Any]:
    code = compile(case.text, case.text, "eval")

    def function(*point: Any) -> Any:
        return eval(code, {}, space | dict(zip(case.variables, point, strict=True)))

    return function


def _point(case: Case, dtype: Any = np.float64) -> list[np.ndarray]:
    """Square matrices far from singular; places below 4, some repeated; ties and zeros where the case is about them."""
    rng = np.random.default_rng(len(case.text) + 7)
    point = []
    for name, shape in case.variables.items():
        if name in case.places:
            point.append(rng.integers(-4 if name == "I" and "one_hot" not in case.text else 0, 4, shape))
            continue
        value = rng.uniform(0.3, 1.5, shape) * np.where(rng.uniform(size=shape) < 0.4, -1, 1)
        if case.kind == "ties":
            value = rng.integers(0, 2, shape).astype(float)
        if case.kind in ("zero", "zeros"):
            value[..., -1] = 0
            if case.kind == "zeros":
                value[..., 0] = 0
        if len(shape) > 1 and shape[-1] == shape[-2]:
            value = value + 2 * shape[-1] * np.eye(shape[-1])
        point.append(value.astype(dtype))
    return point


class Graphs(NamedTuple):
    inputs: list[sd.Node]
    floats: list[sd.Node]
    f: sd.Node
    weights: sd.Node


@cache
def _graphs(case: Case) -> Graphs:
    inputs = [sd.symbol(name, shape) for name, shape in case.variables.items()]
    f = as_node(_function(case, SYMDIFF)(*inputs))
    return Graphs(inputs, [var for var in inputs if var.name in case.floats], f, sd.symbol("W__", f.shape))


def _listed(values: Any) -> list[np.ndarray]:
    return [np.asarray(value) for value in values]


def _close(got: Any, expected: Any, rtol: float) -> None:
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, expected, rtol=0, atol=rtol * (1 + np.abs(expected).max(initial=0)))


def _along(f: Callable[..., Any], case: Case, point: list[Any], place: int, direction: np.ndarray) -> Any:
    """The derivative of f along a direction of one input: complex step or extrapolated differences."""

    def moved(step: Any) -> Any:
        return np.asarray(f(*point[:place], point[place] + step * direction, *point[place + 1 :]))

    if case.analytic:
        return np.imag(moved(1e-30j)) / 1e-30
    return extrapolated(lambda step: (moved(step) - moved(-step)) / (2 * step), 0.02, 8)


def _directions(shape: tuple[int, ...]) -> Any:
    for index in np.ndindex(shape):
        direction = np.zeros(shape)
        direction[index] = 1
        yield index, direction


each_case = pytest.mark.parametrize("case", ALL, ids=name_of)
each_smooth_case = pytest.mark.parametrize(
    "case", [case for case in ALL if case.kind not in ("steps", "ties")], ids=name_of
)


# -- every case --------------------------------------------------------------------------------------------------------


@each_case
def test_value(case: Case) -> None:
    graphs, point = _graphs(case), _point(case)
    expected = np.asarray(_function(case, NUMPY)(*point))
    assert graphs.f.shape == expected.shape
    _close(_compiled(case)(*point), expected, 1e-13)
    assert sd.parse(str(graphs.f), shapes=case.variables) is graphs.f


@cache
def _compiled(case: Case) -> Callable[..., Any]:
    """The value."""
    return sd.compile(_graphs(case).f, _graphs(case).inputs)


@cache
def _gradient(case: Case) -> tuple[Callable[..., Any], list[np.ndarray], np.ndarray]:
    """The gradient of a weighted sum, as a function, with the point and weights of the case."""
    graphs, point = _graphs(case), _point(case)
    weights = np.random.default_rng(1).uniform(-1, 1, graphs.f.shape)
    gradient = sd.grad(sd.sum(graphs.weights * graphs.f), graphs.floats)
    assert [part.shape for part in gradient] == [var.shape for var in graphs.floats]
    return sd.compile(gradient, [*graphs.inputs, graphs.weights]), point, weights


@each_case
def test_gradient(case: Case) -> None:
    fn, point, weights = _gradient(case)
    got = _listed(fn(*point, weights))
    if case.kind == "steps":
        assert not any(part.any() for part in got)
        return
    if case.kind == "ties":
        _shares(case, point, weights, got)
        return
    plain = _function(case, NUMPY)
    for name, part in zip(case.floats, got, strict=True):
        place = list(case.variables).index(name)
        expected = np.zeros(point[place].shape)
        for index, direction in _directions(expected.shape):
            expected[index] = np.sum(weights * _along(plain, case, point, place, direction))
        _close(part, expected, 1e-11 if case.analytic else 1e-8)


def _shares(case: Case, point: list[np.ndarray], weights: np.ndarray, got: list[np.ndarray]) -> None:
    """Elements that are tied share the weight of their result equally."""
    (x,) = point
    best = _function(case, NUMPY)(x)
    axis = next((item for item in (0, 1) if f"axis={item}" in case.text), None)
    axis = (0, 2) if "(0, 2)" in case.text else axis
    wide = np.expand_dims if axis is not None and "keepdims" not in case.text else lambda value, _: value
    tied = x == wide(best, axis)
    expected = tied * wide(weights, axis) / tied.sum(axis, keepdims=axis is not None)
    assert (tied.sum(axis) > 1).any()
    _close(got[0], expected, 1e-14)


def _beside_jax() -> list[Case]:
    """The first case of each function, and those about ties, zeros and empty arrays: JAX compiles slowly."""
    first = [cases[0] for cases in CASES.values()]
    more = [case for case in ALL if case.kind in ("ties", "zeros") or ("axis" in case.text and "=0," in case.shapes)]
    return list(dict.fromkeys([*first, *more, *COMBINED]))


@each_beside("jax", "case", _beside_jax(), ids=name_of)
def test_gradient_agrees_with_jax(case: Case) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    fn, point, weights = _gradient(case)
    plain = _function(case, _meaning(jax.numpy, jax.scipy.special))
    places = [list(case.variables).index(name) for name in case.floats]
    expected = jax.jit(jax.grad(lambda *at: jax.numpy.sum(weights * plain(*at)), places))(*point)
    for part, other in zip(fn(*point, weights), expected, strict=True):
        _close(part, other, 1e-10)


@each_case
def test_forward_and_reverse_mode_are_transposes(case: Case) -> None:
    graphs, point = _graphs(case), _point(case)
    rng = np.random.default_rng(2)
    tangents = [sd.symbol(f"T__{var.name}", var.shape) for var in graphs.floats]
    forward = sd.jvp(graphs.f, graphs.floats, tangents)
    backward = sd.vjp(graphs.f, graphs.floats, graphs.weights)
    assert forward.shape == graphs.f.shape
    ts = [rng.uniform(-1, 1, var.shape) for var in graphs.floats]
    weights = rng.uniform(-1, 1, graphs.f.shape)
    fn = sd.compile((forward, backward), [*graphs.inputs, graphs.weights, *tangents])
    moved, pulled = fn(*point, weights, *ts)
    both = [np.sum(part * t) for part, t in zip(pulled, ts, strict=True)]
    scale = builtins.sum(np.abs(part).max(initial=0) for part in pulled)
    assert np.sum(weights * moved) == pytest.approx(np.sum(both), rel=1e-11, abs=1e-12 * (1 + scale))


@each_smooth_case
def test_second_order(case: Case) -> None:
    """Of the sine of every element: what is linear has a second derivative too."""
    graphs, point = _graphs(case), _point(case)
    loss = sd.sum(graphs.weights * sd.sin(graphs.f))
    weights = np.random.default_rng(3).uniform(-1, 1, graphs.f.shape)
    vectors = [sd.symbol(f"V__{var.name}", var.shape) for var in graphs.floats]
    everything = [*graphs.inputs, graphs.weights]
    gradient = sd.compile(sd.grad(loss, graphs.floats), everything)
    second = sd.compile(sd.hvp(loss, graphs.floats, vectors), [*everything, *vectors])
    for at, name in enumerate(case.floats):
        place = list(case.variables).index(name)
        directions = [np.zeros(var.shape) for var in graphs.floats]
        directions[at] = np.random.default_rng(at).uniform(-1, 1, directions[at].shape)
        for other, got in enumerate(second(*point, weights, *directions)):
            expected = _along(
                lambda *values, other=other: gradient(*values, weights)[other], case, point, place, directions[at]
            )
            _close(got, expected, 1e-10 if case.analytic else 1e-7)


@each_case
def test_float32_stays(case: Case) -> None:
    fn, _, weights = _gradient(case)
    point = _point(case, np.float32)
    value = _compiled(case)(*point)
    assert np.asarray(value).dtype == (np.float32 if case.kind != "steps" else np.asarray(value).dtype)
    for part in fn(*point, weights.astype(np.float32)):
        assert np.asarray(part).dtype == np.float32


@each_case
def test_results_are_the_callers(case: Case) -> None:
    """A second call changes nothing that the first returned, and no result shares memory with an argument."""
    graphs, point = _graphs(case), _point(case)
    gradient = sd.grad(sd.sum(graphs.weights * graphs.f), graphs.floats)
    fn = sd.compile((graphs.f, gradient), [*graphs.inputs, graphs.weights])
    weights = np.random.default_rng(4).uniform(-1, 1, graphs.f.shape)
    value, parts = fn(*point, weights)
    results = _listed([value, *parts])
    kept = [part.copy() for part in results]
    fn(*(part if part.dtype.kind == "i" else 1.25 * part for part in point), 3 * weights)
    for at, (part, before) in enumerate(zip(results, kept, strict=True)):
        assert np.array_equal(part, before)
        others = [*point, weights, *(results[:at] if len({graphs.f, *gradient}) == len(results) else [])]
        assert not any(np.shares_memory(part, other) for other in others if np.ndim(other))


def test_every_operation_and_function_has_a_case() -> None:
    nodes = {node.op.name for case in ALL for node in topological(_graphs(case).f)}
    assembled = {"assemble", "sparse", "compressed"}  # made by hessian; see test_hessians.py and test_sparse.py
    assert {row.name for row in OPS.values() if row.partials is None and row.arity} - assembled <= nodes
    assert set(FUNCTIONS) == {*CASES, "size"}
    written = {"matmul": "@", "index": "[", "T": ".T"}
    assert all(written.get(name, f"{name}(") in case.text for name, cases in CASES.items() for case in cases[:1])


@pytest.mark.parametrize("case", [case for case in ALL if len(case.floats) > 1], ids=name_of)
def test_types_may_be_mixed(case: Case) -> None:
    """One input of float64 among those of float32."""
    fn, _, weights = _gradient(case)
    point = _point(case, np.float32)
    at = list(case.variables).index(case.floats[-1])
    point[at] = point[at].astype(np.float64)
    exact = [part.astype(np.float64) if part.dtype.kind == "f" else part for part in point]
    value = _compiled(case)
    _close(value(*point), value(*exact), 1e-5)
    for part, other in zip(fn(*point, weights), fn(*exact, weights), strict=True):
        _close(part, other, 1e-5)


def test_sizes_and_shapes_as_numbers() -> None:
    x = sd.symbol("x", "n")
    assert sd.compile(sd.size("n") * sd.sum(x), [x])([1.0, 2.0, 4.0]) == 21
    assert sd.compile(sd.grad(sd.mean(x), x), [x])([1.0, 2.0, 4.0, 5.0]).tolist() == [0.25] * 4
    assert sd.evaluate(sd.hvp(sd.size("n") * sd.sum(x**2), x, x), {"x": [1.0, 2.0]}).tolist() == [4.0, 8.0]


# -- einsum, any -------------------------------------------------------------------------------------------------------


@st.composite
def _contractions(draw: st.DrawFn) -> tuple[list[str], str, dict[str, int]]:
    """Labels of operands, which may repeat, and a permutation of some of them as the result."""
    inputs = draw(st.lists(st.text("ijkl", min_size=0, max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(inputs)))
    output = draw(st.permutations(used))
    output = output[: draw(st.integers(0, len(output)))]
    sizes = draw(st.fixed_dictionaries({label: st.integers(0, 3) for label in "ijkl"}))
    return inputs, "".join(output), sizes


@settings(max_examples=150, deadline=None)
@given(_contractions(), st.booleans(), st.integers(0, 99))
def test_any_einsum(contraction: tuple[list[str], str, dict[str, int]], letters: bool, seed: int) -> None:
    """The sum is linear in each operand, so its derivative by an element is the sum with a unit array instead."""
    inputs, output, sizes = contraction
    spec = f"{','.join(inputs)}->{output}"
    rng = np.random.default_rng(seed)
    arrays = [rng.uniform(-1, 1, [sizes[label] for label in own]) for own in inputs]
    symbols = [
        sd.symbol(f"A{place}", [label if letters else sizes[label] for label in own])
        for place, own in enumerate(inputs)
    ]
    if all(own == "" for own in inputs) and len(inputs) == 1:
        return
    f = sd.einsum(spec, *symbols)
    weights = sd.symbol("W", f.shape)
    w = rng.uniform(-1, 1, [sizes[label] for label in output])
    value, gradient = sd.compile((f, sd.grad(sd.sum(weights * f), symbols)), [*symbols, weights])(*arrays, w)
    _close(value, np.einsum(spec, *arrays), 1e-13)
    for place, part in enumerate(gradient):
        expected = np.zeros(arrays[place].shape)
        for index, direction in _directions(expected.shape):
            moved = [direction if at == place else array for at, array in enumerate(arrays)]
            expected[index] = np.sum(w * np.einsum(spec, *moved))
        _close(part, expected, 1e-13)


# -- memory ------------------------------------------------------------------------------------------------------------


def _peak(fn: Callable[..., Any], *arrays: Any) -> int:
    """Bytes allocated at most while the function runs, after a first call."""
    fn(*arrays)
    tracemalloc.start()
    try:
        fn(*arrays)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_elementwise_jacobians_are_never_built() -> None:
    n = 10**5
    x = sd.symbol("x", "n")
    f = sd.sum(sd.tanh(x) ** 2 * sd.exp(-x))
    fn = sd.compile((f, sd.grad(f, x)), [x])
    assert _peak(fn, np.linspace(-1, 1, n)) < 10 * n * 8
    vector = sd.symbol("v", "n")
    second = sd.compile(sd.hvp(f, x, vector), [x, vector])
    assert _peak(second, np.linspace(-1, 1, n), np.ones(n)) < 20 * n * 8


def test_a_linear_layer_needs_no_jacobian() -> None:
    """N = 64, D = M = 4096 in float32: the dense Jacobian would take 256 GB."""
    X, W, b = sd.symbol("X", ("N", "D")), sd.symbol("W", ("D", "M")), sd.symbol("b", "M")
    loss = sd.sum(sd.tanh(X @ W + b) ** 2) / 2
    fn = sd.compile((loss, sd.grad(loss, [X, W, b])), [X, W, b])
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape, dtype=np.float32) for shape in ((64, 4096), (4096, 4096), (4096,))]
    assert _peak(fn, *arrays) < 0.1 * 2**30
    value, gradient = fn(*arrays)
    assert [np.asarray(part).dtype for part in (value, *gradient)] == [np.float32] * 4
