"""The C backend beside peers, in one process, interleaved; prints ratios (ours/theirs), medians of several.

    python -m benchmarks.native

Value and gradient at a million points beside heyoka's ``cfunc`` and ``jax.jit``; a training step of the XOR network
beside ``jax.jit``. Peers that are not installed are named and left out.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

import symdiff as sd

from .timing import Work, medians

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


PEERS: dict[str, Callable[..., Work]] = {"heyoka": heyoka_points, "jax": jax_points}


def points() -> None:
    rng = np.random.default_rng(0)
    for text, names in FORMULAS.items():
        values = [rng.uniform(0.5, 1.0, POINTS) for _ in names]
        works = {"C": our_points(text, names, values, "c"), "NumPy": our_points(text, names, values, "numpy")}
        works |= {name: make(text, names, values) for name, make in PEERS.items() if find_spec(name)}
        found = medians(works)
        ratios = ", ".join(f"/{name} {found['C'] / took:.2f}" for name, took in found.items() if name != "C")
        print(f"value + gradient at {POINTS:,} points, {text}: C{ratios}")


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


def xor() -> None:
    works = {"C": our_step("c"), "NumPy": our_step("numpy")}
    works |= {"jax": jax_step()} if find_spec("jax") else {}
    found = medians(works)
    ratios = ", ".join(f"/{name} {found['C'] / took:.2f}" for name, took in found.items() if name != "C")
    print(f"training step of the XOR network (4, 2, 4, 1): C{ratios}")


def main() -> None:
    for name in PEERS:
        if not find_spec(name):
            print(f"{name} is not installed and left out")
    points()
    xor()


if __name__ == "__main__":
    main()
