"""BFGS against gradient descent against Adam on a small net, from several random starts.

Everybody sees all rows in every step. A step of BFGS may evaluate the loss several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shared

import symdiff as sd
from symdiff import nn, train

NET = nn.mlp([1, 6, 1], activation="tanh")
LOSS = nn.quadratic(NET.output, sd.symbol("y", ("N", 1)))
OPTIMIZERS = {"SGD": train.SGD(0.1), "SGD with momentum": train.SGD(0.1, momentum=0.9), "Adam": train.Adam(0.01)}
WAVE = np.linspace(-1, 1, 64)[:, None]
DATA = {"X": WAVE, "y": np.sin(2 * np.pi * WAVE)}


def start(seed: int) -> dict[str, np.ndarray]:
    """Random weights and, so that the kinks of the units are spread over the interval, random biases."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=array.shape) for name, array in NET.init().items()}


def descend(optimizer: str, seed: int, steps: int) -> np.ndarray:
    """The loss before each step."""
    if optimizer == "BFGS":
        return train.minimize(LOSS, start(seed), DATA, "BFGS", maxiter=steps, tol=1e-9).history
    return train.fit(LOSS, start(seed), DATA, OPTIMIZERS[optimizer], steps=steps).history.loss


def race(starts: int, steps: int, seed: int) -> dict[str, list[np.ndarray]]:
    """The curves of each optimizer, one from each start; the starts are the same for all."""
    return {
        optimizer: [descend(optimizer, seed + place, steps) for place in range(starts)]
        for optimizer in ["BFGS", *OPTIMIZERS]
    }


def draw(path: Path, curves: dict[str, list[np.ndarray]]) -> None:
    with shared.figure(path, 1, len(curves), figsize=(13, 3.8), sharey=True) as axes:
        for panel, (optimizer, runs) in zip(axes, curves.items(), strict=True):
            for run in runs:
                panel.loglog(np.arange(1, len(run) + 1), run, linewidth=1)
            panel.set(title=optimizer, xlabel="step")
            panel.grid(alpha=0.3)
        axes[0].set_ylabel("quadratic loss")


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("BFGS against SGD against Adam", argv, steps=2000, starts=6)
    curves = race(asked.starts, asked.steps, asked.seed)
    print(f"{'final loss':<20}{'best':>10}{'median':>10}{'worst':>10}{'steps':>8}")
    for optimizer, runs in curves.items():
        last = np.array([run[-1] for run in runs])
        longest = max(map(len, runs))
        print(f"{optimizer:<20}{last.min():>10.1e}{np.median(last):>10.1e}{last.max():>10.1e}{longest:>8}")
    draw(asked.out / "optimizers.png", curves)
    return {optimizer: float(np.median([run[-1] for run in runs])) for optimizer, runs in curves.items()}


if __name__ == "__main__":
    main()
