"""The C backend: a million points beside heyoka and ``jax.jit``, and a training step of the XOR network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import symdiff as sd

from .protocol import Result, compare
from .timing import Work

FORMULAS = {
    "exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)": ["x"],
    "exp(-((t-t1)/s)**2/2)/(sqrt(2*pi)*s)": ["t", "t1", "s"],
    "(u+v)/(1+u*v/c**2)": ["u", "v", "c"],
    "h*w**3/(pi**2*c**2*(exp(h*w/(k*T))-1))": ["h", "w", "c", "k", "T"],
}
POINTS = 1_000_000


def our_points(text: str, names: list[str], values: list[np.ndarray], backend: str) -> Work:
    node, wrt = sd.parse(text), [sd.symbol(name) for name in names]
    fn = sd.compile(sd.simplify([node, *sd.grad(node, wrt)]), wrt, backend=backend)
    out = [np.empty(POINTS) for _ in range(len(wrt) + 1)]
    return lambda: fn(*values, out=out)


def heyoka_points(text: str, names: list[str], values: list[np.ndarray]) -> Work:
    import heyoka
    import sympy

    symbols = sympy.symbols(names)
    formula = heyoka.from_sympy(sympy.sympify(text, locals=dict(zip(names, symbols, strict=True))))
    args = [heyoka.expression(name) for name in names]
    gradient = heyoka.diff_tensors([formula], diff_args=args, diff_order=1).gradient
    fn = heyoka.cfunc([formula, *gradient], vars=args)
    stacked, out = np.stack(values), np.empty((len(names) + 1, POINTS))
    return lambda: fn(stacked, outputs=out)


def jax_points(text: str, names: list[str], values: list[np.ndarray]) -> Work:
    import jax
    import sympy

    jax.config.update("jax_enable_x64", True)
    symbols = sympy.symbols(names)
    formula = sympy.lambdify(symbols, sympy.sympify(text, locals=dict(zip(names, symbols, strict=True))), "jax")
    fn = jax.jit(jax.vmap(jax.value_and_grad(formula, argnums=tuple(range(len(names))))))
    placed = [jax.numpy.array(value) for value in values]
    return lambda: jax.block_until_ready(fn(*placed))


def points() -> Iterator[Result]:
    """Value and gradient written into arrays."""
    rng = np.random.default_rng(0)
    for text, names in FORMULAS.items():
        values = [rng.uniform(0.5, 1.0, POINTS) for _ in names]
        works = {
            "ours": partial(our_points, text, names, values, "c"),
            "our NumPy": partial(our_points, text, names, values, "numpy"),
            "heyoka": partial(heyoka_points, text, names, values),
            "JAX": partial(jax_points, text, names, values),
        }
        yield from compare(f"C at {POINTS:,} points: {text}", works, {"heyoka": 2.0, "JAX": 1.0}, rounds=7)


def xor_values() -> list[Any]:
    rng = np.random.default_rng(0)
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    shapes = (2, 4), (4,), (4, 1), (1,)
    return [inputs, np.array([[0.0], [1.0], [1.0], [0.0]]), *(rng.standard_normal(shape) for shape in shapes)]


def our_step(backend: str) -> Work:
    x, y = sd.symbol("X", ("N", "D")), sd.symbol("Y", ("N", "O"))
    params = sd.symbol("W1", ("D", "H")), sd.symbol("b1", "H"), sd.symbol("W2", ("H", "O")), sd.symbol("b2", "O")
    w1, b1, w2, b2 = params
    loss = sd.mean((sd.sigmoid(sd.tanh(x @ w1 + b1) @ w2 + b2) - y) ** 2)
    steps = [p - 0.1 * g for p, g in zip(params, sd.grad(loss, list(params)), strict=True)]
    loss, *steps = sd.simplify([loss, *steps])
    fn = sd.compile(loss, [x, y, *params], backend=backend, updates=dict(zip(params, steps, strict=True)))
    values = xor_values()
    return lambda: fn(*values)


def jax_step() -> Work:
    import jax

    jax.config.update("jax_enable_x64", True)
    x, y, *params = map(jax.numpy.array, xor_values())

    def loss(params: Any) -> Any:
        w1, b1, w2, b2 = params
        hidden = jax.numpy.tanh(x @ w1 + b1)
        return jax.numpy.mean((jax.nn.sigmoid(hidden @ w2 + b2) - y) ** 2)

    @jax.jit
    def step(params: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(params)
        return value, [p - 0.1 * g for p, g in zip(params, grads, strict=True)]

    state = params

    def work() -> None:
        nonlocal state
        value, state = step(state)
        value.block_until_ready()

    return work


def xor() -> Iterator[Result]:
    """A step in place."""
    works = {"ours": partial(our_step, "c"), "our NumPy": partial(our_step, "numpy"), "JAX": jax_step}
    yield from compare("C: training step of the XOR network (4, 2, 4, 1)", works, {"JAX": 0.5})


WORKLOADS = (points, xor)

if __name__ == "__main__":
    from .__main__ import main

    main(["--only", "native"])
