"""Training steps and gradients of models beside plain NumPy, PyTorch and JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import symdiff as sd

from .protocol import Result, compare
from .timing import Work

#: Rows, inputs, hidden units and outputs, with how much of a peer's time is wanted at most.
TARGETS = {
    (64, 1000, 100, 10): {"plain NumPy": 0.4, "PyTorch": 0.9, "JAX": 0.9},
    (64, 64, 72, 10): {"plain NumPy": 1.0, "PyTorch": 0.9, "JAX": 0.9},
    (100, 784, 72, 10): {"plain NumPy": 1.0, "PyTorch": 0.9, "JAX": 0.9},
    (256, 784, 512, 10): {"plain NumPy": 1.0, "PyTorch": 1.0, "JAX": 1.0},
    (4, 2, 4, 1): {"plain NumPy": 1.0},
}
RATE = 1e-6


def arrays(sizes: tuple[int, ...], dtype: str) -> list[np.ndarray]:
    """Inputs, targets and the two layers' weights."""
    n, d, h, o = sizes
    rng = np.random.default_rng(0)
    scales = {(d, h): 0.1, (h, o): 0.1}
    return [
        (rng.standard_normal(shape) * scales.get(shape, 1)).astype(dtype) for shape in ((n, d), (n, o), (d, h), (h, o))
    ]


def by_hand(x: Any, y: Any, w1: Any, w2: Any) -> Work:
    rate = x.dtype.type(RATE)

    def step() -> Any:
        h = 1 / (1 + np.exp(-x.dot(w1)))
        error = h.dot(w2) - y
        loss = np.square(error).sum()
        g = 2.0 * error
        grad_w2 = h.T.dot(g)
        grad_w1 = x.T.dot(g.dot(w2.T) * h * (1 - h))
        w1[...] -= rate * grad_w1
        w2[...] -= rate * grad_w2
        return loss

    return step


def network(sizes: tuple[int, ...]) -> tuple[sd.Node, list[sd.Node], dict[sd.Node, sd.Node]]:
    """Loss, inputs and updates of the two-layer net, simplified for these sizes."""
    x, y = sd.symbol("x", ("N", "D")), sd.symbol("y", ("N", "O"))
    w1, w2, rate = sd.symbol("w1", ("D", "H")), sd.symbol("w2", ("H", "O")), sd.symbol("rate")
    loss = sd.sum((sd.sigmoid(x @ w1) @ w2 - y) ** 2)
    g1, g2 = sd.grad(loss, [w1, w2])
    known = dict(zip("NDHO", sizes, strict=True))
    loss, new1, new2 = sd.simplify([loss, w1 - rate * g1, w2 - rate * g2], sizes=known)
    return loss, [x, y, w1, w2, rate], {w1: new1, w2: new2}


def ours(x: Any, y: Any, w1: Any, w2: Any) -> Work:
    loss, inputs, updates = network((*x.shape, w1.shape[1], y.shape[1]))
    step = sd.compile(loss, inputs, updates=updates)
    return lambda: step(x, y, w1, w2, RATE)


def torch_eager(x: Any, y: Any, w1: Any, w2: Any) -> Work:
    import torch

    torch.set_num_threads(2)
    data, target = torch.tensor(x), torch.tensor(y)
    a, b = (torch.tensor(w, requires_grad=True) for w in (w1, w2))

    def step() -> Any:
        loss = ((torch.sigmoid(data @ a) @ b - target) ** 2).sum()
        grads = torch.autograd.grad(loss, (a, b))
        with torch.no_grad():
            for weight, grad in zip((a, b), grads, strict=True):
                weight.sub_(grad, alpha=RATE)
        return loss

    return step


def jax_jit(x: Any, y: Any, w1: Any, w2: Any) -> Work:
    import jax

    jax.config.update("jax_enable_x64", True)
    data, target, weights = jax.numpy.array(x), jax.numpy.array(y), [jax.numpy.array(w) for w in (w1, w2)]

    def loss(weights: Any) -> Any:
        return ((jax.nn.sigmoid(data @ weights[0]) @ weights[1] - target) ** 2).sum()

    @jax.jit
    def update(weights: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(weights)
        return value, [weight - RATE * grad for weight, grad in zip(weights, grads, strict=True)]

    def step() -> Any:
        nonlocal weights
        value, weights = jax.block_until_ready(update(weights))
        return value

    return step


#: Ways to make a step from the arrays.
PEERS: dict[str, Callable[..., Work]] = {"plain NumPy": by_hand, "PyTorch": torch_eager, "JAX": jax_jit}


def steps_by_hand() -> Iterator[Result]:
    """One step of gradient descent of a two-layer net: the loss, and both weights changed in place.

    NumPy is alone in the process: a library such as PyTorch leaves the allocator in a state where large temporaries
    cost the plain loop less.
    """
    yield from steps("plain NumPy")


def steps_of_libraries() -> Iterator[Result]:
    """The same step where a library differentiates."""
    yield from steps("PyTorch", "JAX")


def steps(*peers: str) -> Iterator[Result]:
    for sizes, targets in TARGETS.items():
        for dtype in ("float64", "float32"):
            makers: dict[str, Callable[..., Work]] = {"ours": ours, **{peer: PEERS[peer] for peer in peers}}
            works = {name: lambda make=make, at=(sizes, dtype): make(*arrays(*at)) for name, make in makers.items()}
            wanted = targets | ({"plain NumPy": 1.0} if dtype == "float32" else {})
            yield from compare(f"training step {sizes} {dtype}", works, wanted)


def mixture() -> tuple[sd.Node, list[sd.Node], list[sd.Node]]:
    """The log likelihood of a Gaussian mixture with a Wishart prior: value, inputs, what is learnt.

    The model of ADBench (Srajer, Kukelova and Fitzgibbon, Optimization Methods and Software 33, 2018).
    """
    x, alphas, means = sd.symbol("x", ("n", "d")), sd.symbol("alphas", "k"), sd.symbol("means", ("k", "d"))
    logs, lower = sd.symbol("logs", ("k", "d")), sd.symbol("lower", ("k", "d", "d"))
    gamma, m = sd.symbols("gamma m")
    n, d = sd.size("n"), sd.size("d")
    factors = sd.exp(logs)[:, :, None] * sd.eye("d") + sd.tril(lower, -1)
    whitened = sd.einsum("kij,knj->kni", factors, x[None] - means[:, None])
    terms = (alphas + sd.sum(logs, axis=1))[:, None] - sd.sum(whitened**2, axis=2) / 2
    spread = sd.sum(sd.exp(logs) ** 2) + sd.sum(sd.tril(lower, -1) ** 2)
    value = sd.sum(sd.logsumexp(terms, axis=0)) - n * sd.logsumexp(alphas) - n * d / 2 * sd.log(2 * sd.pi)
    return (
        value + gamma**2 / 2 * spread - m * sd.sum(logs),
        [x, *(learnt := [alphas, means, logs, lower]), gamma, m],
        learnt,
    )


def mixture_point(n: int, d: int, k: int) -> list[Any]:
    rng = np.random.default_rng(0)
    shapes = ((n, d), (k,), (k, d), (k, d), (k, d, d))
    return [*(rng.standard_normal(shape) * (0.1 if place > 2 else 1) for place, shape in enumerate(shapes)), 1.0, 0.0]


def gaussian_mixture(n: int = 1000, d: int = 64, k: int = 25) -> Iterator[Result]:
    """Value and gradient beside the value alone."""
    value, inputs, learnt = mixture()
    value = sd.simplify(value)
    point = mixture_point(n, d, k)

    def both() -> Work:
        fn = sd.compile(sd.simplify([value, *sd.grad(value, learnt)]), inputs)
        return lambda: fn(*point)

    def alone() -> Work:
        fn = sd.compile(value, inputs)
        return lambda: fn(*point)

    name = f"Gaussian mixture d = {d}, k = {k}, n = {n}: value and gradient"
    yield from compare(name, {"ours": both, "the value alone": alone}, {"the value alone": 2.6})


WORKLOADS = (steps_by_hand, steps_of_libraries, gaussian_mixture)

if __name__ == "__main__":
    from .runner import main

    main(["--only", "models"])
