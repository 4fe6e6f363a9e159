"""Rosenbrock's function in ten thousand dimensions by Newton's method, with a sparse Hessian.

The function is one tensor formula; its Hessian is tridiagonal, and its 3n - 2 elements are computed and nothing else.
A Newton step then is the solution of a sparse system: Nocedal and Wright, Numerical Optimization (2006), sections 3.4
and 7.3. From points around the minimum that takes a few steps whatever n is. From the usual start (-1.2, 1, -1.2, ...)
the valley is walked one variable after another, in about 1.5 n steps: 44, 168 and 1486 for n = 10, 100 and 1000.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import shared

import symdiff as sd

x = sd.symbol("x", "n")
ROSENBROCK = sd.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


class Descent(NamedTuple):
    """Loss, largest element of the gradient and length of the step at each point; the last point; elements kept."""

    losses: list[float]
    slopes: list[float]
    lengths: list[float]
    end: np.ndarray
    kept: int


def derivatives() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Value with gradient, and the Hessian as a SciPy CSR array; both built once, for every n."""
    first = sd.compile(sd.simplify([ROSENBROCK, sd.grad(ROSENBROCK, x)]), [x])
    return first, sd.compile(sd.simplify(sd.hessian(ROSENBROCK, x, sparse=True)), [x])


def newton(start: np.ndarray, steps: int, tolerance: float = 1e-10) -> Descent:
    """Newton's method with a step halved until it lowers the loss; uphill, a diagonal is added first."""
    sparse = shared.needed("scipy.sparse", "scipy")
    solve = shared.needed("scipy.sparse.linalg", "scipy").spsolve
    function, hessian = derivatives()
    point, (loss, slope) = start, function(start)
    found = Descent([float(loss)], [float(np.abs(slope).max())], [], start, hessian(start).nnz)
    while len(found.lengths) < steps and found.slopes[-1] > tolerance:
        matrix, added = hessian(point).tocsc(), 0.0
        step = -solve(matrix, slope)
        while not slope @ step < 0:
            added = max(10 * added, 1.0)
            step = -solve(matrix + added * sparse.eye_array(len(point), format="csc"), slope)
        length = 1.0
        while not function(point + length * step)[0] <= loss + 1e-4 * length * (slope @ step):
            length /= 2
        point = point + length * step
        loss, slope = function(point)
        found.losses.append(float(loss))
        found.slopes.append(float(np.abs(slope).max()))
        found.lengths.append(length)
    return found._replace(end=point)


def draw(path: Path, runs: dict[str, Descent]) -> None:
    with shared.figure(path, 1, 2, figsize=(11, 4.4)) as (left, right):
        for label, run in runs.items():
            left.semilogy(np.maximum(run.losses, 1e-30), "o-", markersize=4, label=label)
            right.semilogy(np.maximum(run.slopes, 1e-16), "o-", markersize=4, label=label)
        left.set(title="loss", xlabel="Newton step")
        right.set(title="largest element of the gradient", xlabel="Newton step")
        left.legend()


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("Rosenbrock's function with a sparse Hessian", argv, variables=10_000, steps=100)
    n = asked.variables
    rng = np.random.default_rng(asked.seed)
    starts = {"all 2": np.full(n, 2.0), "all 0.5": np.full(n, 0.5), "random, 0.8 to 1.2": rng.uniform(0.8, 1.2, size=n)}
    print(f"gradient: {sd.simplify(sd.grad(ROSENBROCK, x))}")
    runs = {}
    for label, start in starts.items():
        began = perf_counter()
        runs[label] = run = newton(start, asked.steps)
        seconds = perf_counter() - began
        error = np.abs(run.end - 1).max()
        print(f"{label}: {len(run.lengths)} steps in {seconds:.2f} s, loss {run.losses[-1]:.2e}, error {error:.1e}")
    print(f"{run.kept} elements in the Hessian, of {n**2}")
    draw(asked.out / "rosenbrock.png", runs)
    return {
        "loss": max(run.losses[-1] for run in runs.values()),
        "error": max(float(np.abs(run.end - 1).max()) for run in runs.values()),
        "elements": run.kept,
    }


if __name__ == "__main__":
    main()
