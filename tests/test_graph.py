"""Equal expressions are one object, held weakly, in every thread and after every copy."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

import symdiff as sd
from symdiff.graph.leaves import const, interned, is_const, table_size
from symdiff.graph.node import Node, make
from symdiff.graph.traversal import topological

x, y = sd.symbols("x y")


def _same(a: Node, b: Node) -> None:
    assert a is b


def test_equal_expressions_are_one_object() -> None:
    _same(sd.sin(x) * y + 1, sd.sin(x) * y + 1)
    _same(sd.symbol("x"), x)
    assert x + y is not y + x
    assert sd.symbol("x", shape=3) is not x
    assert interned(x + y)


def test_constants_differ_by_type_and_bits() -> None:
    values = [1, 1.0, True, 0.0, -0.0, 0, False, float("nan"), float("inf"), Fraction(1, 2), 0.5]
    nodes = [const(value) for value in values]
    assert len(set(nodes)) == len(values)
    for value, node in zip(values, nodes, strict=True):
        assert const(value) is node
        assert type(node.value) is type(value)
    _same(const(float("nan")), const(-float("nan")))
    _same(const(Fraction(6, 3)), const(2))
    assert not is_const(const(-0.0), 0)


def test_constants_differ_inside_expressions() -> None:
    for a, b in ((1, 1.0), (0.0, -0.0)):
        assert sd.sin(const(a)) is not sd.sin(const(b))
    _same(sd.sin(const(float("nan"))), sd.sin(const(float("nan"))))


def test_numpy_scalars_are_numbers() -> None:
    for number in (np.float64(2.5), np.float32(2.5), np.array(2.5)):
        _same(number * x, 2.5 * x)
        _same(x * number, x * 2.5)
    for number in (np.int64(3), np.int8(3)):
        _same(number - x, 3 - x)
        _same(x**number, x**3)
    _same(const(np.bool_(True)), const(True))
    _same(np.float64(2) < x, x > 2.0)


def test_what_is_no_number_is_refused() -> None:
    for wrong in ("2", None, 1j, np.array([1.0, 2.0])):
        with pytest.raises(sd.SymdiffError, match="not a number"):
            x + wrong
    for name in ("", "2x", "a b", "x.y"):
        with pytest.raises(sd.SymdiffError, match="identifier"):
            sd.symbol(name)


def test_nodes_are_frozen() -> None:
    for name in ("op", "args", "attrs", "shape", "extra"):
        with pytest.raises(AttributeError):
            setattr(x, name, None)
    with pytest.raises(AttributeError):
        del (x + y).args


def test_no_truth_value() -> None:
    with pytest.raises(sd.SymdiffError, match="where"):
        bool(x)
    with pytest.raises(sd.SymdiffError, match="where"):
        assert 0 < x < 1


@pytest.mark.parametrize("f", [x, const(-0.0), const(float("nan")), sd.pi, sd.where(x > 0.5, sd.sin(x) / 3, y**x)])
def test_copies_are_the_same_object(f: Node) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        _same(pickle.loads(pickle.dumps(f, protocol)), f)
    _same(copy.copy(f), f)
    _same(copy.deepcopy({"f": [f]})["f"][0], f)


def test_pickled_structures_and_shapes() -> None:
    a = sd.sin(sd.symbol("A", shape=("N", 2)))
    assert pickle.loads(pickle.dumps([a, x, a])) == [a, x, a]


def test_dropped_nodes_are_freed() -> None:
    gc.collect()
    before = table_size()
    f = x
    for i in range(1000):
        f = sd.sin(f) * (f + i + 0.25)
    assert table_size() > before + 2000
    del f
    gc.collect()
    assert table_size() == before


def _tower(depth: int) -> Node:
    f = sd.symbol("x_deep")
    for _ in range(depth):
        f = sd.sin(f)
    return f


@pytest.mark.parametrize("depth", [30_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_deep_graphs_are_freed_and_pickled(depth: int) -> None:
    gc.collect()
    before = table_size()
    f = _tower(depth)
    assert len(topological(f)) == depth + 1
    data = pickle.dumps(f)
    _same(pickle.loads(data), f)
    _same(copy.deepcopy(f), f)
    del f
    gc.collect()
    assert table_size() == before


@pytest.fixture
def switching() -> Iterator[None]:
    """Switch threads as often as possible."""
    import sys

    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(old)


def _build(steps: int) -> list[Node]:
    made = [sd.symbol("shared")]
    for i in range(steps):
        made.append(sd.sin(made[-1]) * made[i // 2] + (i % 7))
        sd.cos(made[-1] + 0.5)  # dropped at once: freed while others build it
    return made


@pytest.mark.usefixtures("switching")
def test_threads_build_the_same_objects() -> None:
    results: list[list[Node]] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        results.append(_build(2000))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    for other in results[1:]:
        assert all(a is b for a, b in zip(results[0], other, strict=True))
    assert all(interned(node) for node in results[0])


def test_make_gives_the_first_node() -> None:
    f = sd.sin(x)
    _same(make(sd.sin, (x,)), f)
