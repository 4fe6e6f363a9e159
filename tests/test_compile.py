"""Compiled functions: shapes and types of results, ``out``, errors, pickles, tracebacks, memory."""

from __future__ import annotations

import gc
import linecache
import pickle
import traceback
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import symdiff as sd
from symdiff import ShapeError, SymdiffError, const
from symdiff.compiler.counts import count_ops
from symdiff.compiler.evaluation import evaluate
from symdiff.compiler.functions import BACKENDS, source
from symdiff.compiler.functions import compile as compile_
from symdiff.graph.leaves import table_size

pytestmark = pytest.mark.usefixtures("own_cache")
x, y = sd.symbols("x y")
f = x**2 * y + y + 2


def test_points_broadcast() -> None:
    a, b = np.arange(3.0)[:, None], np.arange(4.0)
    value, (dx, dy), one, truth, itself = compile_((f, [2 * x * y, x**2 + 1], const(1), x > 0, y), [x, y])(a, b)
    np.testing.assert_array_equal(value, a**2 * b + b + 2)
    np.testing.assert_array_equal(dy, np.broadcast_to(a**2 + 1, (3, 4)))
    assert {part.shape for part in (value, dx, dy, one, truth, itself)} == {(3, 4)}
    assert one.dtype == dy.dtype == float and truth.dtype == bool


def test_constant_and_partial_results_have_the_type_of_all_inputs() -> None:
    a = np.ones(3, "f4")
    assert [part.dtype for part in compile_((const(1), x, sd.exp(x)), [x, y])(a, a)] == [np.float32] * 3
    assert compile_(sd.exp(x), [x, y])(a, np.ones(3)).dtype == np.float64
    assert compile_(const(True), [x])(a).tolist() == [True] * 3
    assert compile_((const(1), sd.pi * 2), [])() == (1.0, 2 * np.pi)


def test_results_never_alias_inputs() -> None:
    a = np.ones(3)
    for result in compile_((x, x + 0, y), [x, y])(a, 2.0):
        result += 1
    assert a.tolist() == [1, 1, 1]


@pytest.mark.parametrize("value", [3, True, np.int32(3), np.float64(3), np.array(3), np.array([1, 2]), 3j])
def test_kinds_of_arguments(value: object) -> None:
    result = compile_(x * x + 1, [x])(value)
    np.testing.assert_array_equal(result, np.asarray(value) * 1.0 * np.asarray(value) + 1)
    assert result.dtype in (np.float64, np.complex128)
    assert isinstance(result, np.generic) == (np.ndim(value) == 0)


def test_text_is_no_number() -> None:
    with pytest.raises(TypeError):
        compile_(x, [x])("3")


def test_out() -> None:
    fn = compile_({"value": f, "grad": (2 * x * y, x**2 + 1)}, [x, y])
    out = {"value": np.empty(3), "grad": (np.empty(3), np.empty(3))}
    assert fn(np.arange(3.0), 2.0, out=out) is out
    assert out["value"].tolist() == [4, 6, 12] and out["grad"][1].tolist() == [1, 2, 5]
    for wrong in ({"value": np.empty(3)}, {"value": np.empty(2), "grad": out["grad"]}, {**out, "grad": 3}, 4):
        with pytest.raises(ShapeError, match="out"):
            fn(np.arange(3.0), 2.0, out=wrong)


def test_errors_are_sentences() -> None:
    for call, message in [
        (lambda: compile_(f, [x]), "depend on y"),
        (lambda: compile_(f, [x, y, x]), "x is listed twice"),
        (lambda: compile_(f, [x, 3]), "inputs are variables"),
        (lambda: compile_(f, [x, y], backend="cobol"), "backends are array_api, c, math, numpy"),
        (lambda: compile_(f, [x, y])(1), r"takes 2 arguments \(x, y\), not 1"),
        (lambda: evaluate(f, {"x": 1}), "y has no value"),
        (lambda: evaluate(f, {"x": 1, "y": 2, "z": 3}), "z is no variable"),
    ]:
        with pytest.raises(SymdiffError, match=message):
            call()


def test_one_variable_needs_no_list() -> None:
    fn = compile_(sd.sin(x), x)
    assert fn.inputs == (x,) and fn.backend == "numpy" and fn.source == source(sd.sin(x), x, schedule="fast")
    assert repr(fn) == "<f(x) compiled by symdiff for numpy>"


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_pickles(backend: str) -> None:
    fn = compile_((f, [x]), [x, y], backend=backend)
    other = pickle.loads(pickle.dumps(fn))
    assert other(3.0, 4.0) == fn(3.0, 4.0) and other.inputs == fn.inputs and other.source == fn.source


def test_process_pool() -> None:
    fn = compile_(f, [x, y], backend="math")
    with ProcessPoolExecutor(1) as pool:
        assert list(pool.map(fn, [1.0, 2.0], [3.0, 4.0])) == [8.0, 22.0]


def test_traceback_shows_the_source() -> None:
    try:
        compile_(1 / (x - 1), [x], backend="math")(1.0)
    except ZeroDivisionError as error:
        assert "return 1.0/(x - 1.0)" in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("count", [20, pytest.param(500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_memory_is_flat(backend: str, count: int) -> None:
    """Exactly: a second formula leaves as little behind as a thousandth would."""

    def rounds(count: int) -> None:
        for step in range(count):
            compile_(sd.sigmoid(x) * (step + 0.5), [x], backend=backend)

    rounds(3)
    gc.collect()
    before = table_size(), len(linecache.cache)
    rounds(count)
    assert (table_size(), len(linecache.cache)) == before
    gc.collect()


def test_evaluate() -> None:
    assert evaluate({"a": f, "b": [x > 1]}, {"x": 3, y: 4}) == {"a": 42.0, "b": [True]}
    assert type(evaluate(f, {"x": 3, "y": 4})) is float
    assert evaluate(x + y, {x: np.arange(2), y: 1}).tolist() == [1, 2]
    assert evaluate(const(3), {}) == 3.0
    assert np.isnan(evaluate(sd.log(x), {"x": -1}))


def test_count_ops() -> None:
    assert count_ops((f, [x**2 + 1])) == {"add": 3, "mul": 1, "pow": 1}
    assert count_ops(sd.pi) == {}
