"""Full Hessians of small networks beside those of other programs, and beside the formulas a specialist would write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import symdiff as sd
from symdiff.graph.traversal import topological

from .protocol import Result, compare
from .timing import Work

CASES = ((100, (20, 50, 10)), (64, (64, 32, 10)), (100, (8, 16, 1)), (256, (4, 32, 16, 4)))
#: At most this of JAX's time, in the order of the cases.
TARGETS = (1 / 8, 1 / 4, 1.0, 1 / 3)


def network(rows: int, layers: Sequence[int]) -> tuple[sd.Node, list[sd.Node], list[sd.Node], dict[str, int]]:
    """The mean squared error of a tanh network: loss, data, parameters, and the sizes of its letters."""
    sizes = {"N": rows} | {f"d{place}": size for place, size in enumerate(layers)}
    x, y = sd.symbol("X", ("N", "d0")), sd.symbol("Y", ("N", f"d{len(layers) - 1}"))
    h, params = x, []
    for place in range(len(layers) - 1):
        w = sd.symbol(f"W{place + 1}", (f"d{place}", f"d{place + 1}"))
        b = sd.symbol(f"b{place + 1}", f"d{place + 1}")
        h = h @ w + b
        h = sd.tanh(h) if place < len(layers) - 2 else h
        params += [w, b]
    return sd.mean((h - y) ** 2), [x, y], params, sizes


def arrays(nodes: Sequence[sd.Node], sizes: dict[str, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = [tuple(sizes[size] for size in node.shape) for node in nodes]
    scale = {"W": 0.3, "b": 0.1}
    return [rng.standard_normal(s) * scale.get(node.name[0], 1) for s, node in zip(shapes, nodes, strict=True)]


def ours(rows: int, layers: Sequence[int], schedule: str = "fast") -> tuple[Work, list[np.ndarray], int]:
    loss, data, params, sizes = network(rows, layers)
    matrix = sd.simplify(sd.hessian(loss, params, form="dense", sizes=sizes), sizes=sizes)
    fn = sd.compile(matrix, [*data, *params], schedule=schedule)
    values = arrays([*data, *params], sizes)
    return lambda: fn(*values), values, len(topological(matrix))


def _loss(flat: Any, values: list[np.ndarray], library: Any) -> Any:
    """The loss of one vector of parameters, by a library with NumPy's names."""
    x, y, *params = values
    parts, start = [], 0
    for param in params:
        parts.append(flat[start : start + param.size].reshape(param.shape))
        start += param.size
    for place in range(0, len(parts), 2):
        x = x @ parts[place] + parts[place + 1]
        x = library.tanh(x) if place < len(parts) - 2 else x
    return library.mean((x - y) ** 2)


def by_jax(values: list[np.ndarray]) -> Work:
    import jax

    jax.config.update("jax_enable_x64", True)
    hessian = jax.jit(jax.hessian(lambda flat: _loss(flat, values, jax.numpy)))
    flat = jax.numpy.array(sd.flatten(values[2:]))
    return lambda: hessian(flat).block_until_ready()


def by_torch(values: list[np.ndarray]) -> Work:
    import torch

    given: Any = [torch.from_numpy(values[0]), torch.from_numpy(values[1]), *values[2:]]
    hessian = torch.func.hessian(lambda flat: _loss(flat, given, torch))
    flat = torch.from_numpy(sd.flatten(values[2:]))
    return lambda: hessian(flat)


def by_autograd(values: list[np.ndarray]) -> Work:
    import autograd

    hessian = autograd.hessian(lambda flat: _loss(flat, values, autograd.numpy))
    flat = sd.flatten(values[2:])
    return lambda: hessian(flat)


def by_casadi(values: list[np.ndarray]) -> Work:
    """Matrices in CasADi stand column by column, so ours are transposed."""
    import casadi

    x, y, *params = values
    flat = casadi.MX.sym("flat", sum(param.size for param in params))
    h: Any = casadi.DM(x.T)
    start = 0
    for place, param in enumerate(params):
        part = flat[start : (start := start + param.size)]
        bias = place % 2
        h = h + casadi.repmat(part, 1, len(x)) if bias else casadi.reshape(part, param.shape[::-1]) @ h
        h = casadi.tanh(h) if bias and place < len(params) - 1 else h
    function = casadi.Function("hessian", [flat], [casadi.hessian(casadi.sumsqr(h - y.T) / y.size, flat)[0]])
    point = casadi.DM(sd.flatten(params))
    return lambda: function(point)


#: Peers by package, and the most parameters that each finishes in seconds.
PEERS: dict[str, tuple[Callable[[list[np.ndarray]], Work], int]] = {
    "JAX": (by_jax, 10_000),
    "PyTorch": (by_torch, 10_000),
    "autograd": (by_autograd, 1000),
    "CasADi": (by_casadi, 200),
}


def by_hand(values: list[np.ndarray]) -> Work:
    """Block formulas of the network with one hidden layer, biases as weights of a column of ones."""
    x, y, w1, b1, w2, b2 = values
    (n, d), (h, o) = x.shape, w2.shape
    c, units = 2 / (n * o), np.arange(h)

    def hessian() -> np.ndarray:
        x1 = np.concatenate([x, np.ones((n, 1))], 1)
        z = np.tanh(x @ w1 + b1)
        s, e = 1 - z * z, (z @ w2 + b2 - y) * c
        z1 = np.concatenate([z, np.ones((n, 1))], 1)
        inner = s[:, :, None] * s[:, None, :] * (c * (w2 @ w2.T))
        inner[:, units, units] += (e @ w2.T) * (-2 * z * s)
        pairs = (x1[:, :, None] * x1[:, None, :]).reshape(n, -1)
        first = (inner.reshape(n, -1).T @ pairs).reshape(h, h, d + 1, d + 1).transpose(2, 0, 3, 1)
        last = np.zeros((h + 1, o, h + 1, o))
        last[:, np.arange(o), :, np.arange(o)] = c * (z1.T @ z1)
        mixed = np.einsum("nd,nh,nk->dhk", x1, s, z1, optimize=True)
        mixed = c * mixed[:, :, :, None] * w2[None, :, None, :]
        mixed[:, units, units, :] += np.einsum("nd,nh,no->dho", x1, s, e, optimize=True)
        rows = (d + 1) * h
        corner = mixed.reshape(rows, -1)
        return np.block([[first.reshape(rows, rows), corner], [corner.T, last.reshape((h + 1) * o, -1)]])

    return hessian


def dense() -> Iterator[Result]:
    """One matrix with the second derivatives by all weights and biases; peers up to the parameters they manage."""
    for (rows, layers), target in zip(CASES, TARGETS, strict=True):
        work, values, _ = ours(rows, layers)
        count = work().shape[0]
        works: dict[str, Callable[[], Work]] = {"ours": lambda work=work: work}
        for name, (peer, most) in PEERS.items():
            if count <= most:
                works[name] = lambda peer=peer, values=values: peer(values)
        if len(layers) == 3:
            works["blocks by hand"] = lambda values=values: by_hand(values)
        name = f"dense Hessian {layers}, N = {rows}, {count} parameters"
        yield from compare(name, works, {"JAX": target, "blocks by hand": 1.0}, rounds=9)


def depth() -> Iterator[Result]:
    """Nodes for each block of the matrix: a plan grows with the number of blocks and no faster."""

    def nodes(layers: int) -> float:
        loss, _, params, sizes = network(32, [4] * (layers + 1))
        matrix = sd.hessian(loss, params, form="dense", sizes=sizes)
        return len(topological(matrix)) / len(params) ** 2

    yield Result("dense Hessian of 8 layers: nodes a block", "2 layers", nodes(8) / nodes(2), 1.5)


WORKLOADS = (dense, depth)

if __name__ == "__main__":
    from .runner import main

    main(["--only", "hessians"])
