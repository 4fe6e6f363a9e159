"""The two-layer sigmoid net of the lecture, its gradient generated and written by hand.

N, D_in, H, D_out = 64, 1000, 100, 10; the loss is sum((h @ w2 - y)**2); 2000 steps at 1e-4. Both loops start from
the same weights and run on their own: every gradient of one is compared with that of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import shared

import symdiff as sd

N, D_IN, H, D_OUT = 64, 1000, 100, 10
RATE = 1e-4

x, y = sd.symbol("x", ("N", "D_in")), sd.symbol("y", ("N", "D_out"))
w1, w2 = sd.symbol("w1", ("D_in", "H")), sd.symbol("w2", ("H", "D_out"))
LOSS = sd.sum((sd.sigmoid(x @ w1) @ w2 - y) ** 2)
LOSS_AND_GRADIENT = sd.simplify((LOSS, *sd.grad(LOSS, [w1, w2])))

Arrays = tuple[np.ndarray, ...]
Function = Callable[..., Arrays]


def by_hand(x: np.ndarray, y: np.ndarray, w1: np.ndarray, w2: np.ndarray) -> Arrays:
    """The loss and its gradients, as the lecture derives them."""
    h = 1 / (1 + np.exp(-(x @ w1)))
    error = h @ w2 - y
    g = 2 * error
    return np.sum(error**2), x.T @ ((g @ w2.T) * h * (1 - h)), h.T @ g


def start(seed: int) -> list[np.ndarray]:
    """Inputs, targets and weights, all standard normal: the sigmoids are half saturated, and 1e-4 is a stable step."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in ((N, D_IN), (N, D_OUT), (D_IN, H), (H, D_OUT))]


def descend(function: Function, arrays: list[np.ndarray], steps: int) -> Iterator[Arrays]:
    """Gradient descent from a copy of the arrays: before each step its loss and gradients."""
    inputs, targets, first, second = (array.copy() for array in arrays)
    for _ in range(steps):
        loss, grad1, grad2 = function(inputs, targets, first, second)
        yield loss, grad1, grad2
        first -= RATE * grad1
        second -= RATE * grad2


def difference(ours: Arrays, theirs: Arrays) -> float:
    """The largest difference of two gradients, relative to the largest entry of each array."""
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, theirs, strict=True))


def race(steps: int, seed: int) -> tuple[np.ndarray, float]:
    """Losses of the generated and of the written loop, one column each, and the largest difference of gradients."""
    arrays = start(seed)
    generated = sd.compile(LOSS_AND_GRADIENT, [x, y, w1, w2])
    losses, largest = [], 0.0
    for ours, theirs in zip(descend(generated, arrays, steps), descend(by_hand, arrays, steps), strict=True):
        losses.append((ours[0], theirs[0]))
        largest = max(largest, difference(ours[1:], theirs[1:]))
    return np.array(losses), largest


def lines() -> str:
    """What the generated function computes, without its checks of types and shapes."""
    source = sd.source(LOSS_AND_GRADIENT, [x, y, w1, w2], name="generated")
    return source.partition("_sizes(x=x, y=y, w1=w1, w2=w2)\n")[2]


def draw(path: Path, losses: np.ndarray) -> None:
    with shared.figure(path, figsize=(7, 4)) as axes:
        axes.semilogy(losses[:, 0], linewidth=5, color="lightsteelblue", label="generated gradient")
        axes.semilogy(losses[:, 1], linewidth=1, color="black", label="gradient written by hand")
        axes.set(title=f"sigmoid net {N}, {D_IN}, {H}, {D_OUT} at {RATE:g}", xlabel="step", ylabel="sum of squares")
        axes.grid(alpha=0.3)
        axes.legend()


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("a two-layer net, its gradient generated and written by hand", argv, steps=2000)
    print(f"gradient of w1: {LOSS_AND_GRADIENT[1]}", f"gradient of w2: {LOSS_AND_GRADIENT[2]}", sep="\n")
    print("the generated lines:", lines(), sep="\n")
    losses, largest = race(asked.steps, asked.seed)
    print(f"loss: {losses[0, 0]:.6g} at the start, {losses[-1, 0]:.6g} after {asked.steps} steps")
    print(f"largest difference of gradients over {asked.steps} steps: {largest:.1e} of the largest entry")
    draw(asked.out / "two_layer_net.png", losses)
    return {"first": float(losses[0, 0]), "last": float(losses[-1, 0]), "difference": largest}


if __name__ == "__main__":
    main()
