"""Scalar formulas beside the peers, in one process, interleaved; prints ratios (ours/theirs), medians of several.

    python -m benchmarks.core

Peers that are not installed are named and left out.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import symdiff as sd
from symdiff.walk import leaves

from .timing import ratio, seconds

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


def chain_casadi(k: int = 100_000) -> None:
    import casadi

    def theirs() -> Any:
        x = casadi.SX.sym("x")
        return casadi.gradient(chain(x, casadi.sin, k), x)

    print(f"chain k={k}: build + gradient / CasADi SX: {ratio(lambda: our_chain(k), theirs, 5):.2f}")


def growth() -> None:
    for k in (1_000, 10_000):
        found = ratio(lambda k=k: our_chain(10 * k), lambda k=k: our_chain(k), 5)
        print(f"chain: time for k={10 * k} / time for k={k}: {found:.1f}")


def chain_jax(k: int = 1_000) -> None:
    import jax

    def ours() -> None:
        x = sd.symbol("x")
        v = chain(x, sd.sin, k)
        sd.compile([sd.diff(v, x), sd.diff(v, x, 2)], [x], backend="math")

    def first() -> None:
        f = lambda x: chain(x, jax.numpy.sin, k)
        jax.jit(lambda x: (jax.grad(f)(x), jax.grad(jax.grad(f))(x))).lower(0.5).compile()

    theirs = seconds(first)
    print(f"chain k={k}: first and second derivative built and compiled / JAX: {seconds(ours) / theirs:.4f}")


def one_call() -> None:
    import sympy

    for text, point in POINT_CASES.items():
        symbols = sympy.symbols(list(point))
        f = sympy.sympify(text, locals=dict(zip(point, symbols, strict=True)))
        theirs = sympy.lambdify(symbols, [f, *(f.diff(v) for v in symbols)], "math", cse=True)
        node, wrt = sd.parse(text), [sd.symbol(name) for name in point]
        ours = sd.compile(leaves(sd.simplify((node, sd.grad(node, wrt)))), wrt, backend="math")
        values = list(point.values())
        found = ratio(lambda a=ours, v=values: a(*v), lambda a=theirs, v=values: a(*v), 31, 20_000)
        print(f"value + gradient at a point / SymPy math cse, {text}: {found:.2f}")


def main() -> None:
    for needed, work in (
        ("sympy", one_call),
        ("symdiff", growth),
        ("casadi", chain_casadi),
        ("jax", chain_jax),
    ):
        if find_spec(needed):
            work()
        else:
            print(f"{needed} is not installed: {work.__name__} is left out")


if __name__ == "__main__":
    main()
