"""XOR by a multilayer perceptron: no line parts the classes, four hidden units do.

Rumelhart, Hinton and Williams: Learning internal representations by error propagation (1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shared

import symdiff as sd
from symdiff import nn, train

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([[0.0], [1.0], [1.0], [0.0]])

NET = nn.mlp([2, 4, 1], activation="tanh")
LOSS = nn.binary_cross_entropy(NET.output, sd.symbol("y", ("N", 1)))


def learn(steps: int, seed: int) -> train.Fit:
    """Gradient descent with momentum on all four corners at once."""
    return train.fit(
        LOSS, NET.init(seed), {"X": CORNERS, "y": XOR}, train.SGD(0.5, momentum=0.9), steps=steps, seed=seed
    )


def probability(points: np.ndarray, params: dict[str, np.ndarray]) -> np.ndarray:
    """How sure the net is that a point is of the class 1."""
    predict = sd.compile(sd.sigmoid(NET.output), [NET.x, *NET.params.values()])
    return predict(points, *(params[name] for name in NET.params))[:, 0]


def surface(params: dict[str, np.ndarray], cells: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """The side of a square around the corners, and the probability on the square."""
    side = np.linspace(-0.5, 1.5, cells)
    across, up = np.meshgrid(side, side)
    points = np.column_stack([across.ravel(), up.ravel()])
    return side, probability(points, params).reshape(cells, cells)


def draw_surface(axes: Any, params: dict[str, np.ndarray]) -> None:
    side, height = surface(params)
    shades = axes.contourf(side, side, height, levels=np.linspace(0, 1, 21), cmap="RdBu_r")
    axes.contour(side, side, height, levels=[0.5], colors="black", linewidths=1)
    for value, mark in ((0, "o"), (1, "s")):
        corners = CORNERS[XOR[:, 0] == value]
        axes.scatter(*corners.T, marker=mark, s=90, color="white", edgecolor="black", label=f"class {value}")
    axes.set(title="decision surface", xlabel="$x_1$", ylabel="$x_2$", aspect="equal", xticks=[0, 1], yticks=[0, 1])
    axes.legend(loc="upper center", ncols=2)
    axes.figure.colorbar(shades, ax=axes, label="probability of class 1", ticks=[0, 0.25, 0.5, 0.75, 1])


def draw(path: Path, found: train.Fit) -> None:
    with shared.figure(path, 1, 2, figsize=(10, 4.2)) as (left, right):
        draw_surface(left, found.params)
        right.semilogy(found.history.loss)
        right.axhline(1e-3, color="gray", linestyle="--", label="goal: 1e-3")
        right.set(title="learning curve", xlabel="step", ylabel="cross-entropy")
        right.legend()


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("XOR by a multilayer perceptron", argv, steps=1000)
    print(f"loss(X, y, ...) = {LOSS}")
    found = learn(asked.steps, asked.seed)
    for corner, target, guess in zip(CORNERS, XOR[:, 0], probability(CORNERS, found.params), strict=True):
        print(f"{corner[0]:g} xor {corner[1]:g} = {target:g}, the net says {guess:.5f}")
    loss = float(found.history.loss[-1])
    print(f"loss after {found.step} steps: {loss:.2e}")
    draw(asked.out / "xor.png", found)
    return {"loss": loss}


if __name__ == "__main__":
    main()
