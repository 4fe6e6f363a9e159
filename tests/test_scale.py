"""Large graphs: linear growth as counts, deep and wide graphs, threads, memory. A million nodes are slow tests."""

from __future__ import annotations

import gc
import linecache
import pickle
import resource
import sys
import threading
from collections.abc import Iterator

import pytest

import symdiff as sd
from symdiff.graph.leaves import table_size
from symdiff.graph.traversal import leaves, topological

#: Far beyond the recursion limits of Python and of C.
LARGE = pytest.mark.parametrize("size", [30_000, pytest.param(1_000_000, marks=pytest.mark.slow)])


def chain(k: int) -> tuple[sd.Node, sd.Node]:
    """v = sin(v)*v + x, k times."""
    x = sd.symbol("x")
    v = x
    for _ in range(k):
        v = sd.sin(v) * v + x
    return v, x


@pytest.mark.parametrize("k", [10, 100, 1000])
def test_gradient_of_the_chain_grows_linearly(k: int) -> None:
    v, x = chain(k)
    assert len(topological(v)) == 3 * k + 1
    assert len(topological(sd.grad(v, x))) <= 9 * k + 1
    assert sum(sd.count_ops(sd.simplify((v, sd.grad(v, x)))).values()) <= 9 * k


@pytest.mark.parametrize("n", [8, 21, 1000])
def test_gradient_of_a_product_takes_3n_minus_6_multiplications(n: int) -> None:
    xs = sd.symbols([f"x{i}" for i in range(n)])
    product = xs[0]
    for x in xs[1:]:
        product = product * x
    gradient = sd.grad(product, list(xs))
    assert sd.count_ops(gradient) == {"mul": 3 * n - 6}
    assert sd.count_ops(sd.simplify(gradient)) == {"mul": 3 * n - 6}


@LARGE
def test_deep(size: int) -> None:
    x = sd.symbol("x")
    assert sd.simplify(sd.sin(x)) is sd.sin(x)  # reads the tables of rules, whose patterns stay
    before = table_size()
    v = x
    for _ in range(size):
        v = sd.sin(v)
    assert sd.simplify(v) is v
    text = str(v)
    assert text.count("sin(") == size
    assert sd.parse(text) is v
    assert pickle.loads(pickle.dumps(v)) is v
    gradient = sd.grad(v, x)
    assert len(topological(gradient)) >= 2 * size
    del v, gradient
    gc.collect()
    assert table_size() <= before + 1


@LARGE
def test_wide(size: int) -> None:
    before = table_size()
    x = sd.symbol("x")
    total = sd.parse(" + ".join(f"x{i}" for i in range(size)))
    assert len(sd.variables(total)) == size
    assert len(str(total)) >= 5 * size
    assert sd.grad(total + x, x) is sd.const(1)
    assert len(topological(sd.simplify(total))) == len(topological(total))
    assert pickle.loads(pickle.dumps(total)) is total
    del total, x
    gc.collect()
    assert table_size() <= before + 1


@pytest.fixture
def switching() -> Iterator[None]:
    """Switch threads as often as possible."""
    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(old)


@pytest.mark.usefixtures("switching")
@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_threads_build_the_same_objects(times: int) -> None:
    texts = ["x**2*sin(x) + y", "exp(x*y)/(1 + exp(x*y))", "sqrt(x**2 + y**2)*log(x)"] * times
    results: list[list[str]] = [[] for _ in range(8)]
    nodes: list[list[sd.Node]] = [[] for _ in range(8)]
    start = threading.Barrier(8)

    def work(place: int) -> None:
        start.wait()
        for text in texts:
            f = sd.parse(text)
            wrt = list(sd.variables(f))
            outputs = sd.simplify((f, sd.grad(f, wrt), sd.hessian(f, wrt)))
            fn = sd.compile(leaves(outputs), wrt, backend="math")
            results[place].append(f"{outputs} {fn.source} {fn(*[0.7] * len(wrt))}")
            nodes[place].extend(leaves(outputs))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == results[0] and len(result) == len(texts) for result in results)
    assert all(a is b for other in nodes for a, b in zip(other, nodes[0], strict=True))


def rounds(first: int, last: int) -> tuple[int, int, int]:
    """Parse, differentiate, compile and drop, other formulas each time; nodes, sources and blocks of memory then."""
    for i in range(first, last):
        f = sd.parse(f"x**2*sin({i}*x) + exp(x/{i + 1})")
        fn = sd.compile(sd.grad(f, sd.symbol("x")), [sd.symbol("x")], backend="math")
        fn(0.5)
    del f, fn
    gc.collect()
    return table_size(), len(linecache.cache), sys.getallocatedblocks()


def test_memory_stays_flat() -> None:
    """Not even one block in five rounds is kept."""
    nodes, files, blocks = rounds(0, 100)
    more_nodes, more_files, more_blocks = rounds(100, 600)
    assert more_nodes <= nodes + 10
    assert more_files <= files + 10
    assert more_blocks <= blocks + 100


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_resident_memory_stays_flat() -> None:
    """Of 9,000 rounds."""

    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    nodes, files, _ = rounds(0, 1000)
    first = resident()
    more_nodes, more_files, _ = rounds(1000, 10_000)
    assert more_nodes <= nodes + 10
    assert more_files <= files + 10
    assert resident() - first < 4_000_000
