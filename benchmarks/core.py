"""Scalar formulas: one call at a point, and how long it takes to build, differentiate and compile a long chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import symdiff as sd
from symdiff.graph.traversal import leaves

from .protocol import Result, compare, installed
from .timing import Work, seconds

POINT_CASES = {
    "x**2*y+y+2": {"x": 3.0, "y": 4.0},
    "exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)": {"x": 0.5},
    "h*w**3/(pi**2*c**2*(exp(h*w/(k*T))-1))": {"h": 1.0, "w": 2.0, "c": 3.0, "k": 4.0, "T": 5.0},
}


def chain(x: Any, sin: Callable[[Any], Any], k: int) -> Any:
    v = x
    for _ in range(k):
        v = sin(v) * v + x
    return v


def our_chain(k: int) -> sd.Node:
    x = sd.symbol("x")
    return sd.grad(chain(x, sd.sin, k), x)


def chain_casadi(k: int = 100_000) -> Iterator[Result]:
    """Building a deep chain and its gradient."""

    def theirs() -> Work:
        import casadi

        def build() -> Any:
            x = casadi.SX.sym("x")
            return casadi.gradient(chain(x, casadi.sin, k), x)

        return build

    works = {"ours": lambda: lambda: our_chain(k), "CasADi": theirs}
    yield from compare(f"chain of {k}: build and differentiate", works, {"CasADi": 1.0}, rounds=5)


def growth() -> Iterator[Result]:
    """Ten times the chain takes ten times as long."""
    for k in (1_000, 10_000):
        works = {"ours": lambda k=k: lambda: our_chain(10 * k), "a tenth of it": lambda k=k: lambda: our_chain(k)}
        yield from compare(f"chain of {10 * k}: build and differentiate", works, {"a tenth of it": 12.0}, rounds=5)


def chain_jax(k: int = 1_000) -> Iterator[Result]:
    """From nothing to a compiled function, once: a compiler is timed when it is called first."""
    name = f"chain of {k}: first and second derivative compiled"
    if not installed("JAX"):
        yield Result(name, "JAX", None, 0.01)
        return
    import jax

    def ours() -> None:
        x = sd.symbol("x")
        v = chain(x, sd.sin, k)
        sd.compile([sd.diff(v, x), sd.diff(v, x, 2)], [x], backend="math")

    def first() -> None:
        f = lambda x: chain(x, jax.numpy.sin, k)
        jax.jit(lambda x: (jax.grad(f)(x), jax.grad(jax.grad(f))(x))).lower(0.5).compile()

    yield Result(name, "JAX", seconds(ours) / seconds(first), 0.01)


def one_call() -> Iterator[Result]:
    """Value and gradient at one point, in Python's floats."""
    for text, point in POINT_CASES.items():
        values = list(point.values())

        def ours(text: str = text, point: dict[str, float] = point, values: list[float] = values) -> Work:
            node, wrt = sd.parse(text), [sd.symbol(name) for name in point]
            fn = sd.compile(leaves(sd.simplify((node, sd.grad(node, wrt)))), wrt, backend="math")
            return lambda: fn(*values)

        def theirs(text: str = text, point: dict[str, float] = point, values: list[float] = values) -> Work:
            import sympy

            symbols = sympy.symbols(list(point))
            f = sympy.sympify(text, locals=dict(zip(point, symbols, strict=True)))
            fn = sympy.lambdify(symbols, [f, *(f.diff(v) for v in symbols)], "math", cse=True)
            return lambda: fn(*values)

        works = {"ours": ours, "SymPy": theirs}
        yield from compare(f"value and gradient at a point: {text}", works, {"SymPy": 1.0}, rounds=31, at_least=0.01)


WORKLOADS = (one_call, growth, chain_casadi, chain_jax)

if __name__ == "__main__":
    from .runner import main

    main(["--only", "core"])
