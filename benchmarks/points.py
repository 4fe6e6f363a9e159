"""Formulas over many points, graphs of thousands of scalar operations, and how long such graphs take to compile."""

from __future__ import annotations

import math
import random
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from statistics import geometric_mean
from typing import Any

import numpy as np

import symdiff as sd

from .core import chain
from .protocol import Result, compare, installed
from .timing import Work, ratio, seconds

FORMULAS = {
    "exp and sin": ("exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)", "x"),
    "Gaussian": ("exp(-((t-t1)/s)**2/2)/(sqrt(2*pi)*s)", "t t1 s"),
    "relative velocity": ("(u+v)/(1+u*v/c**2)", "u v c"),
    "Planck's law": ("h*omega**3/(pi**2*c**2*(exp(h*omega/(kb*T))-1))", "h omega c kb T"),
}
#: Operations of the random graph: softplus three times in ten, sums and products three each, softmax of four once.
MIX = ("softplus",) * 3 + ("add",) * 3 + ("mul",) * 3 + ("softmax",)


# -- formulas over a million points --------------------------------------------------------------------------------


def formulas(size: int = 1_000_000) -> Iterator[Result]:
    """Value and gradient in new arrays."""
    by_sympy = []
    for name, (text, names) in FORMULAS.items():
        rng = np.random.default_rng(0)
        given = text, names, [rng.uniform(0.5, 1.0, size) for _ in names.split()]
        makers = {"ours": _ours, "SymPy": _sympy, "numexpr": _numexpr, "JAX": _jax}
        works = {peer: partial(make, *given) for peer, make in makers.items()}
        for result in compare(f"{name}: value and gradient at {size:,} points", works, {"numexpr": 1.0}, rounds=7):
            by_sympy += [result.ratio] if result.peer == "SymPy" and result.ratio else []
            yield result
    mean = geometric_mean(by_sympy) if by_sympy else None
    yield Result(f"the {len(FORMULAS)} formulas: geometric mean", "SymPy", mean, 0.7)


def _ours(text: str, names: str, arrays: Sequence[Any]) -> Work:
    f, inputs = sd.parse(text), [sd.symbol(name) for name in names.split()]
    fn = sd.compile(sd.simplify([f, *sd.grad(f, inputs)]), inputs)
    return lambda: fn(*arrays)


def _sympy_gradient(text: str, names: str) -> tuple[Any, list[Any]]:
    import sympy

    symbols = sympy.symbols(names.split())
    f = sympy.sympify(text, locals={str(symbol): symbol for symbol in symbols})
    return symbols, [f, *(f.diff(symbol) for symbol in symbols)]


def _sympy(text: str, names: str, arrays: Sequence[Any]) -> Work:
    import sympy

    symbols, parts = _sympy_gradient(text, names)
    fn = sympy.lambdify(symbols, parts, "numpy", cse=True)
    return lambda: fn(*arrays)


def _numexpr(text: str, names: str, arrays: Sequence[Any]) -> Work:
    import numexpr

    parts = [str(part) for part in _sympy_gradient(text, names)[1]]
    known = {**dict(zip(names.split(), arrays, strict=True)), "pi": np.pi}
    return lambda: [numexpr.evaluate(part, known) for part in parts]


def _jax(text: str, names: str, arrays: Sequence[Any]) -> Work:
    import jax
    import sympy

    jax.config.update("jax_enable_x64", True)
    symbols, parts = _sympy_gradient(text, names)
    f = sympy.lambdify(symbols, parts[0], "jax")
    fn = jax.jit(jax.vmap(jax.value_and_grad(f, argnums=tuple(range(len(symbols))))))
    given = [jax.numpy.array(array) for array in arrays]
    return lambda: jax.block_until_ready(fn(*given))


# -- a random scalar graph -----------------------------------------------------------------------------------------


def tape(operations: int, inputs: int = 10, seed: int = 0) -> list[tuple[str, tuple[int, ...]]]:
    """A random graph as a tape: operations with the places of their arguments; the last value is the result.

    The mix is that of A. Rogozhnikov's comparison of autodiff libraries (2023): softplus, sums and products of two,
    and the softmax of four, of which the first is taken.
    """
    rng = random.Random(seed)
    steps: list[tuple[str, tuple[int, ...]]] = []
    for place in range(inputs, inputs + operations):
        name = rng.choice(MIX)
        count = {"softplus": 1, "softmax": 4}.get(name, 2)
        steps.append((name, tuple(rng.randrange(max(0, place - 100), place) for _ in range(count))))
    return steps


def played(steps: Sequence[tuple[str, tuple[int, ...]]], inputs: Sequence[Any], module: Any) -> Any:
    """The value of the last step; a product is tamed by a sigmoid, so values stay bounded."""
    values = list(inputs)
    for name, places in steps:
        args = [values[place] for place in places]
        if name == "softplus":
            values.append(module.softplus(args[0]) - 0.5)
        elif name == "add":
            values.append((args[0] + args[1]) * 0.5)
        elif name == "mul":
            values.append(args[0] * args[1] * 0.5)
        else:
            parts = [module.exp(arg) for arg in args]
            values.append(parts[0] / (parts[0] + parts[1] + parts[2] + parts[3]))
    return values[-1]


def random_graph(operations: int = 10_000) -> Iterator[Result]:
    """From the tape to a compiled gradient, once."""
    name = f"random graph of {operations:,} operations: built, differentiated and compiled"
    if not installed("JAX"):
        yield Result(name, "JAX", None, 0.01)
        return
    import jax

    steps = tape(operations)

    class Functions:
        exp, softplus = jax.numpy.exp, jax.nn.softplus

    def first() -> None:
        jax.jit(jax.value_and_grad(lambda x: played(steps, list(x), Functions))).lower(np.zeros(10)).compile()

    ours = seconds(lambda: our_graph(steps))
    yield Result(name, "JAX", ours / seconds(first), 0.01)


def our_graph(steps: Sequence[tuple[str, tuple[int, ...]]], inputs: int = 10) -> Any:
    """Value and gradient as a function of plain numbers."""
    wrt = [sd.symbol(f"x{place}") for place in range(inputs)]
    f = played(steps, wrt, sd)
    return sd.compile([f, *sd.grad(f, wrt)], wrt, backend="math")


def random_graph_at_a_point(operations: int = 10_000) -> Iterator[Result]:
    """Value and gradient at one point, beside a tape of indices that Numba compiles."""
    steps, point = tape(operations), [0.1 * place for place in range(10)]

    def ours() -> Work:
        fn = our_graph(steps)
        return lambda: fn(*point)

    works = {"ours": ours, "Numba": lambda: index_tape(steps, point)}
    yield from compare(
        f"random graph of {operations:,} operations: value and gradient", works, {"Numba": 1.0}, rounds=9
    )


def index_tape(steps: Sequence[tuple[str, tuple[int, ...]]], point: Sequence[float]) -> Work:
    """Forward and backward pass over arrays of operation codes and places."""
    import numba

    codes = np.array([("softplus", "add", "mul", "softmax").index(name) for name, _ in steps])
    places = np.array([(*args, 0, 0, 0)[:4] for _, args in steps])
    start, size = len(point), len(point) + len(steps)

    @numba.njit(fastmath=False)  # type: ignore[untyped-decorator]
    def run(codes: Any, places: Any, values: Any, slopes: Any) -> None:
        for k in range(len(codes)):
            a, b = values[places[k, 0]], values[places[k, 1]]
            if codes[k] == 0:
                values[start + k] = max(a, 0.0) + math.log1p(math.exp(-abs(a))) - 0.5
            elif codes[k] == 1:
                values[start + k] = (a + b) * 0.5
            elif codes[k] == 2:
                values[start + k] = a * b * 0.5
            else:
                total = 0.0
                for j in range(4):
                    total += math.exp(values[places[k, j]])
                values[start + k] = math.exp(a) / total
        slopes[:] = 0.0
        slopes[size - 1] = 1.0
        for k in range(len(codes) - 1, -1, -1):
            out, slope = values[start + k], slopes[start + k]
            a, b = values[places[k, 0]], values[places[k, 1]]
            if codes[k] == 0:
                slopes[places[k, 0]] += slope / (1.0 + math.exp(-a))
            elif codes[k] == 1:
                slopes[places[k, 0]] += slope * 0.5
                slopes[places[k, 1]] += slope * 0.5
            elif codes[k] == 2:
                slopes[places[k, 0]] += slope * b * 0.5
                slopes[places[k, 1]] += slope * a * 0.5
            else:
                slopes[places[k, 0]] += slope * out
                for j in range(4):
                    slopes[places[k, j]] -= slope * out * out * math.exp(values[places[k, j]] - a)

    values, slopes = np.zeros(size), np.zeros(size)

    def work() -> list[float]:
        values[:start] = point
        run(codes, places, values, slopes)
        return [float(values[-1]), *slopes[:start].tolist()]

    return work


# -- a picture -----------------------------------------------------------------------------------------------------


def picture(shapes: int = 360, seed: int = 0) -> sd.Node:
    """Discs and tilted boxes, united: less than 0 inside, more than 7,000 operations of x and y."""
    rng, x, y = random.Random(seed), sd.symbol("x"), sd.symbol("y")
    parts = []
    for _ in range(shapes):
        u, v = x - rng.uniform(-1, 1), y - rng.uniform(-1, 1)
        c, s, a, b = (rng.uniform(0.01, 1) for _ in range(4))
        disc = sd.sqrt(u**2 + v**2) - a / 10
        box = sd.maximum(abs(c * u + s * v) - a / 8, abs(c * v - s * u) - b / 8)
        parts.append(sd.maximum(disc, -box) if rng.random() < 0.5 else sd.minimum(disc, box))
    return reduce(sd.minimum, parts)


def dense_graph(side: int = 1024) -> Iterator[Result]:
    """A picture of that many points on a side, beside an array for each operation; and the memory that it takes."""
    f, size = picture(), side * side
    operations = sum(sd.count_ops(f).values())
    x, y = (np.ascontiguousarray(axis) for axis in np.meshgrid(*[np.linspace(-1, 1, side)] * 2))
    fn, whole = (sd.compile(f, sd.symbols("x y"), schedule=schedule) for schedule in ("fast", "clear"))
    name = f"picture of {operations:,} operations at {size:,} points"
    yield Result(name, "an array for each operation", ratio(lambda: fn(x, y), lambda: whole(x, y), 1), 0.25)
    yield Result(f"{name}: peak memory", "100 MB", (peak(lambda: fn(x, y)) + x.nbytes + y.nbytes) / 1e8, 1.0)


def peak(work: Callable[[], Any]) -> int:
    """The most bytes that a call holds."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# -- compiling -----------------------------------------------------------------------------------------------------


def compile_chain(steps: int) -> None:
    """First derivative of a chain, from nothing to a function."""
    x = sd.symbol("x")
    sd.compile(sd.diff(chain(x, sd.sin, steps), x), [x], backend="math")


def compiling(operations: int = 100_000) -> Iterator[Result]:
    """Ten times the operations take ten times as long; JAX has 3,000 steps of the chain to compile."""
    steps = operations // 8
    name = f"{operations:,} operations: built, differentiated and compiled"
    found = ratio(lambda: compile_chain(steps), lambda: compile_chain(steps // 10), 3)
    yield Result(name, "a tenth of it", found, 12.0)
    if not installed("JAX"):
        yield Result(name, "JAX", None, 0.05)
        return
    import jax

    def first() -> None:
        jax.jit(jax.grad(lambda x: chain(x, jax.numpy.sin, 3_000))).lower(0.5).compile()

    yield Result(name, "JAX", seconds(lambda: compile_chain(steps)) / seconds(first), 0.05)


WORKLOADS = (formulas, random_graph, random_graph_at_a_point, dense_graph, compiling)

if __name__ == "__main__":
    from .__main__ import main

    main(["--only", "points"])
