"""Points on the fast schedule: blocks and threads change no bit, ``out`` is written directly, memory stays small."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from counting import calls
from hypothesis import given, settings
from hypothesis import strategies as st
from test_codegen import ELEMENTWISE, on_variables

import symdiff as sd
from symdiff import Node, Op, ShapeError
from symdiff.codegen.blocked import FEW, block_length
from symdiff.codegen.powers import STEPS

x, y, z = sd.symbols("x y z")
FORMULAS = (
    "exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)",
    "exp(-((x-y)/z)**2/2)/(sqrt(2*pi)*z)",
    "(x+y)/(1+x*y/z**2)",
    "where(x > y, sqrt(x)*softplus(z), sigmoid(y)**-2) + gelu(z) + erf(x*y)",
)


def value_and_gradient(text: str) -> tuple[list[Node], list[Node]]:
    f = sd.parse(text)
    inputs = list(sd.variables(f))
    return list(sd.simplify([f, *sd.grad(f, inputs)])), inputs


def settings_of(fn: Any, block: int, parallel: int = 10**9, threads: int = 1) -> Any:
    fn.func.__globals__.update(BLOCK=block, PARALLEL=parallel, THREADS=threads)
    return fn


def points(inputs: list[Node], size: Any, dtype: str = "float64") -> list[np.ndarray]:
    rng = np.random.default_rng(len(inputs))
    return [rng.uniform(0.5, 1.5, size).astype(dtype) for _ in inputs]


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_blocks_and_threads_change_no_bit(row: Op) -> None:
    node, inputs, _ = on_variables(row)
    rng = np.random.default_rng(0)
    intervals = row.samples[len(row.samples) - len(inputs) :]
    arrays = [rng.uniform(*interval, FEW + 7) for interval in intervals]
    whole = settings_of(sd.compile([node], inputs), 2048)(*arrays)
    blocked = settings_of(sd.compile([node], inputs), 64)(*arrays)
    threaded = settings_of(sd.compile([node], inputs), 64, 128, 3)(*arrays)
    np.testing.assert_array_equal(whole, blocked)
    np.testing.assert_array_equal(whole, threaded)
    np.testing.assert_allclose(whole, sd.compile([node], inputs, schedule="clear")(*arrays), rtol=1e-15, atol=0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("text", FORMULAS)
def test_same_values_as_clear(text: str, dtype: str) -> None:
    nodes, inputs = value_and_gradient(text)
    arrays = points(inputs, 20_000, dtype)
    clear = sd.compile(nodes, inputs, schedule="clear")(*arrays)
    for block, threads in ((256, 1), (16, 2), (10**6, 1)):
        for a, b in zip(clear, settings_of(sd.compile(nodes, inputs), block, 1000, threads)(*arrays), strict=True):
            assert a.dtype == b.dtype == dtype
            np.testing.assert_allclose(
                a, b, rtol=1e-13 if dtype == "float64" else 1e-4, atol=1e-5 * (dtype != "float64")
            )


@pytest.mark.parametrize(
    "reshaped",
    [
        lambda a: a.reshape(120, 50),
        lambda a: np.asfortranarray(a.reshape(120, 50)),
        lambda a: a[::-3],
        lambda a: a.reshape(120, 50)[:, ::2],
        lambda a: a.reshape(6, 20, 50).T,
        lambda a: a[:0],
    ],
)
def test_arrays_of_any_layout(reshaped: Callable[[np.ndarray], np.ndarray]) -> None:
    nodes, inputs = value_and_gradient(FORMULAS[1])
    arrays = [reshaped(array) for array in points(inputs, 6000)]
    fast = settings_of(sd.compile(nodes, inputs), 128)(*arrays)
    for a, b in zip(sd.compile(nodes, inputs, schedule="clear")(*arrays), fast, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_numbers_and_rows_repeat() -> None:
    nodes, inputs = value_and_gradient(FORMULAS[1])
    arrays: list[Any] = [np.linspace(1, 2, 300)[:, None], np.linspace(3, 4, 400, dtype="f4"), 2]
    fn, clear = (sd.compile(nodes, inputs, schedule=schedule) for schedule in ("fast", "clear"))
    for a, b in zip(settings_of(fn, 128)(*arrays), clear(*arrays), strict=True):
        assert a.shape == b.shape == (300, 400) and a.dtype == b.dtype == float
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_every_kind_of_output() -> None:
    """A variable, a constant, a truth value, one value twice: each is an array of its own, of the full shape."""
    shared = sd.exp(x) * y
    outputs = [x, sd.const(2), sd.sqrt(2 * sd.pi), x > y, sd.const(True), shared, shared, -shared]
    a, b = np.linspace(0, 1, FEW), np.linspace(1, 0, FEW)
    fn = sd.compile(outputs, [x, y])
    results = fn(a, b)
    for got, expected in zip(results, sd.compile(outputs, [x, y], schedule="clear")(a, b), strict=True):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    kept = [np.copy(part) for part in results]
    again = fn(b, a)
    everything = [a, b, *results, *again]
    for place, part in enumerate(everything):
        assert not any(np.shares_memory(part, other) for other in everything[:place])
    for part, before in zip(results, kept, strict=True):
        np.testing.assert_array_equal(part, before)


def test_a_result_does_not_depend_on_the_number_of_points() -> None:
    """Few points take the clear schedule: the same operations."""
    nodes, inputs = value_and_gradient(FORMULAS[2])
    fn, arrays = sd.compile(nodes, inputs), points(inputs, 4 * FEW)
    few = fn(*(array[: FEW // 2] for array in arrays))
    for part, whole in zip(few, fn(*arrays), strict=True):
        np.testing.assert_allclose(part, whole[: FEW // 2], rtol=1e-15)


# -- out -----------------------------------------------------------------------------------------------------------


def allocated(work: Callable[[], Any], times: int = 3) -> int:
    """The most bytes that a call holds beyond what is there before, once it has run."""
    work()
    work()
    tracemalloc.start()
    try:
        work()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(times):
            work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("threads", [1, 2])
def test_no_array_is_allocated_with_out(threads: int) -> None:
    nodes, inputs = value_and_gradient(FORMULAS[1])
    arrays = points(inputs, 200_000)
    fn = settings_of(sd.compile(nodes, inputs), 4096, 10_000, threads)
    out = [np.empty(200_000) for _ in nodes]
    fn(*arrays, out=out)
    for got, expected in zip(out, fn(*arrays), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert allocated(lambda: fn(*arrays, out=out)) < 4096 * 8, "less than one block"


def array_programs() -> dict[str, tuple[Any, list[Node], Any]]:
    X, Y = sd.symbol("X", ("N", "D")), sd.symbol("Y", ("N", "O"))
    W, V = sd.symbol("W", ("D", "H")), sd.symbol("V", ("H", "O"))
    loss = sd.sum((sd.tanh(X @ W) @ V - Y) ** 2)
    gradient = [loss, *sd.grad(loss, [W, V])]
    w = sd.symbol("w", "D")
    logistic = sd.sum(sd.softplus(X @ w))
    updates = {W: W - gradient[1] / 100, V: V - gradient[2] / 100}
    return {
        "gradient": (gradient, [X, Y, W, V], None),
        "step": (loss, [X, Y, W, V], updates),
        "Hessian": (sd.hessian(logistic, w), [X, w], None),
    }


@pytest.mark.parametrize("name", ["gradient", "step", "Hessian"])
def test_no_array_is_allocated_by_array_programs_with_out(name: str) -> None:
    outputs, inputs, updates = array_programs()[name]
    outputs = sd.simplify(outputs)
    fn = sd.compile(outputs, inputs, updates=updates)
    sizes = {"N": 300, "D": 200, "H": 150, "O": 80}
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=[sizes[str(size)] for size in var.shape]) for var in inputs]
    shapes = [
        [sizes[str(size)] for size in part.shape] for part in (outputs if isinstance(outputs, list) else [outputs])
    ]
    out: Any = [np.empty(shape) for shape in shapes]
    expected = fn(*[array.copy() for array in arrays])
    copies = [array.copy() for array in arrays]
    fn(*copies, out=out if isinstance(outputs, list) else out[0])
    for got, part in zip(out, expected if isinstance(outputs, list) else [expected], strict=True):
        np.testing.assert_array_equal(got, part)
    buffer_of_numpy = np.getbufsize() * 8
    assert all(buffer_of_numpy < array.nbytes for array in arrays if array.ndim == 2)
    assert allocated(lambda: fn(*arrays, out=out if isinstance(outputs, list) else out[0])) < buffer_of_numpy


def test_out_may_share_memory_and_have_another_layout() -> None:
    nodes, inputs = value_and_gradient(FORMULAS[1])
    fn = settings_of(sd.compile(nodes, inputs), 1024)
    arrays = points(inputs, FEW + 7)
    expected = fn(*arrays)
    table, long = np.empty((FEW + 7, 4)), np.tile(arrays[0], 2)[: FEW + 307]
    first, *others = arrays
    new = [np.empty(FEW + 7) for _ in nodes[1:]]
    for out, arguments in (
        (list(table.T), arrays),
        ([np.empty(FEW + 7, "f4") for _ in nodes], arrays),
        ([long[300:], *new], [long[:-300], *others]),
        ([first, *new], arrays),
    ):
        assert fn(*arguments, out=out) is out
        for got, part in zip(out, expected, strict=True):
            np.testing.assert_allclose(got, part, rtol=1e-15 if got.dtype == float else 1e-6)


def test_rows_of_a_matrix_are_written_directly() -> None:
    nodes, inputs = value_and_gradient(FORMULAS[2])
    fn, arrays, table = sd.compile(nodes, inputs), points(inputs, 50_000), np.empty((4, 50_000))
    rows = list(table)
    fn(*arrays, out=rows)
    np.testing.assert_array_equal(table, fn(*arrays))
    assert allocated(lambda: fn(*arrays, out=rows)) < 50_000


def test_wrong_out_is_refused() -> None:
    fn = sd.compile([x * y, x + y], [x, y])
    for out in ([np.empty(FEW)], [np.empty(FEW), np.empty(FEW + 1)], [np.empty(FEW), 3.0], 4):
        with pytest.raises(ShapeError, match="out"):
            fn(np.ones(FEW), 1.0, out=out)


# -- the module that is emitted --------------------------------------------------------------------------------------


def test_source_stands_alone() -> None:
    nodes, inputs = value_and_gradient(FORMULAS[1])
    text = sd.source(nodes, inputs, schedule="fast")
    assert "symdiff" not in re.sub(r'""".*?"""', "", text, count=1, flags=re.S)
    space: dict[str, Any] = {}
    exec(text, space)
    arrays, out = points(inputs, FEW + 7), [np.empty(FEW + 7) for _ in nodes]
    space["f"](*arrays, out=out)
    for got, part in zip(out, space["f"](*arrays), strict=True):
        np.testing.assert_array_equal(got, part)


def test_names_of_the_frame_are_free_for_users() -> None:
    names = "BLOCK THREADS arguments results columns r0 b0 shape dtype wait os start".split()
    inputs = list(sd.symbols(" ".join(names)))
    f = sum((sd.sin(var) * (place + 1) for place, var in enumerate(inputs)), sd.const(0))
    arrays = points(inputs, FEW + 7)
    np.testing.assert_allclose(sd.compile(f, inputs)(*arrays), sum(np.sin(a) * (k + 1) for k, a in enumerate(arrays)))


def test_many_inputs_and_outputs() -> None:
    inputs = [sd.symbol(f"x{place}") for place in range(300)]
    outputs = [sd.exp(a) * b for a, b in pairwise(inputs)]
    arrays = points(inputs, FEW)
    got = sd.compile(outputs, inputs)(*arrays)
    np.testing.assert_allclose(got, [np.exp(a) * b for a, b in pairwise(arrays)], rtol=1e-15)


def _in_child(size: int) -> float:
    fn = settings_of(sd.compile(sd.exp(x), [x]), 64, 128, 2)
    return float(fn(np.ones(size)).sum())


def test_a_forked_process_has_its_own_threads() -> None:
    here = _in_child(FEW)
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(_in_child, FEW).result(timeout=60) == here


def test_warnings_of_threads_are_those_of_the_caller() -> None:
    fn = settings_of(sd.compile(sd.log(x), [x]), 64, 128, 2)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        fn(np.zeros(FEW))
    with np.errstate(all="ignore"):
        assert np.isinf(fn(np.zeros(FEW))).all()


def test_memory_is_a_few_blocks() -> None:
    """Thousands of operations over a picture need the results and a few blocks, not an array for each operation."""
    f = sd.const(0)
    for step in range(1500):
        f = sd.minimum(f * y, x - step / 7)
    size = 256 * 256
    fn = sd.compile(f, [x, y])
    rows, columns = np.linspace(0, 1, 256)[:, None], np.linspace(0, 1, 256)
    fn.func.__globals__["THREADS"] = 1
    peak = allocated(lambda: fn(rows, columns), 1)
    assert sum(sd.count_ops(f).values()) > 4000
    assert peak < size * 8 + 10 * fn.func.__globals__["BLOCK"] * 8


def deep(size: int) -> list[Node]:
    f: Node = x
    for _ in range(size):
        f = sd.sin(f) * f + x
    return [f, sd.diff(f, x)]


def wide(size: int) -> list[Node]:
    return [sd.exp(x * step) - sd.diff(sd.sin(x * y * step), x) for step in range(1, size)]


@pytest.mark.parametrize("graph", [deep, wide])
def test_emission_is_linear(graph: Callable[[int], list[Node]]) -> None:
    counts = [calls(partial(sd.source, graph(size), [x, y], schedule="fast")) for size in (100, 200)]
    assert counts[1] < 2.1 * counts[0]
    sizes = [len(sd.source(graph(size), [x, y], schedule="fast")) for size in (100, 200)]
    assert sizes[1] < 2.3 * sizes[0], "names grow by a digit"


def test_source_is_the_same_in_every_process() -> None:
    code = """if True:
        import symdiff as sd
        A, w, x, y = sd.symbol("A", ("n", "n")), sd.symbol("w", "n"), *sd.symbols("x y")
        f = sd.sum(sd.sigmoid(A @ w)*sd.tanh(w)*sd.exp(A.T @ w))
        g = sd.sigmoid(x*y)*sd.tanh(x)*sd.exp(y)/(x + y)
        print(sd.source([f, *sd.grad(f, [A, w])], [A, w], schedule="fast"))
        print(sd.source([g, *sd.grad(g, [x, y])], [x, y], schedule="fast"))"""
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)]
    assert len(set(runs)) == 1


def test_blocks_fit_the_cache() -> None:
    lengths = [block_length(arrays) for arrays in range(1, 400)]
    assert lengths == sorted(lengths, reverse=True) and all(length % 64 == 0 for length in lengths)


# -- powers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", sorted(STEPS, key=float))
@settings(max_examples=15, deadline=None)
@given(base=st.floats(1e-300, 1e300))
def test_powers_lose_no_digits(exponent: float, base: float) -> None:
    values = np.full(FEW, base)
    fn = sd.compile(sd.pow(x, sd.const(exponent)), [x])
    with np.errstate(all="ignore"):
        got = fn(values)[0]
    with mpmath.workdps(50):
        exact = mpmath.mpf(base) ** mpmath.mpf(float(exponent))
    if exact > mpmath.mpf(np.finfo(float).max):
        assert got == np.inf
    elif exact > np.finfo(float).tiny:
        assert abs(mpmath.mpf(float(got)) - exact) <= 2 * mpmath.mpf(float(np.spacing(float(exact))))
