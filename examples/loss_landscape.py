"""A section of the loss landscape around a trained net, along two random directions scaled to the weights.

Each unit's incoming weights get a random direction of their own length (Li, Xu, Taylor, Studer and Goldstein:
Visualizing the loss landscape of neural nets, 2018). The section is a graph in a and b, made by substitution, so its
gradient and its Hessian at the trained net are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import shared

import symdiff as sd
from symdiff import nn, plots, train

NET = nn.mlp([4, 8, 3], activation="tanh")
LOSS = nn.multiclass_logistic(NET.output, sd.symbol("y", "N")) + nn.l2([NET.params["W1"], NET.params["W2"]], 1e-3)

a, b = sd.symbols("a b")
ALONG = {name: (sd.symbol(f"u_{name}", p.shape), sd.symbol(f"v_{name}", p.shape)) for name, p in NET.params.items()}
SECTION = sd.substitute(LOSS, {p: p + a * ALONG[name][0] + b * ALONG[name][1] for name, p in NET.params.items()})

Params = dict[str, np.ndarray]


def direction(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random direction with columns as long as those of a matrix; the biases stay where they are."""
    if array.ndim < 2:
        return np.zeros_like(array)
    drawn = rng.normal(size=array.shape)
    return drawn * np.linalg.norm(array, axis=0) / np.linalg.norm(drawn, axis=0)


def directions(params: Params, seed: int) -> Params:
    """An array for each symbol of ALONG."""
    rng = np.random.default_rng(seed)
    return {symbol.name: direction(params[name], rng) for name, pair in ALONG.items() for symbol in pair}


def section(node: sd.Node, given: Params) -> Callable[[float, float], np.ndarray]:
    """The node as a function of a and b alone."""
    inputs = [var for var in sd.variables(SECTION) if var not in (a, b)]
    function = sd.compile(sd.simplify(node), [a, b, *inputs])
    return lambda across, up: np.array(function(across, up, *(given[var.name] for var in inputs)))


def surface(given: Params, cells: int, reach: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """The values of a, which are those of b, and the loss above each pair of them."""
    height = section(SECTION, given)
    side = np.linspace(-reach, reach, cells)
    return side, np.array([[height(across, up) for across in side] for up in side])


def draw(path: Path, side: np.ndarray, heights: np.ndarray) -> None:
    with shared.figure(path, figsize=(6.4, 5.2)) as axes:
        plots.landscape(axes, side, heights)
        axes.set(title="loss along two random directions")


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("a section of the loss landscape", argv, steps=500, cells=61)
    inputs, labels = shared.bundled("iris")
    data = {"X": inputs, "y": labels}
    found = train.minimize(LOSS, NET.init(asked.seed), data, "BFGS", maxiter=asked.steps)
    given = data | found.params | directions(found.params, asked.seed)
    slope = np.linalg.norm(section(sd.grad(SECTION, [a, b]), given)(0, 0))
    curvatures = np.linalg.eigvalsh(section(sd.hessian(SECTION, [a, b]), given)(0, 0))
    side, heights = surface(given, asked.cells)
    print(
        f"loss {found.loss:.6f} after {found.steps} iterations, from {heights.min():.6f} to {heights.max():.6f} around"
    )
    print(f"at the trained net: slope {slope:.1e}, curvatures {curvatures[0]:.4f} and {curvatures[1]:.4f}")
    draw(asked.out / "loss_landscape.png", side, heights)
    return {
        "loss": found.loss,
        "lowest": float(heights.min()),
        "slope": float(slope),
        "curvature": float(curvatures[0]),
    }


if __name__ == "__main__":
    main()
