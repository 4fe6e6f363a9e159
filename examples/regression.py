"""Regression with and without a hidden layer: squared loss for numbers, cross-entropy for two classes.

The numbers are a year's progress of diabetes by body mass index and blood pressure (Efron et al., Annals of
Statistics 32, 2004); the classes are tumours by mean radius and mean concave points (Street et al., 1993).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shared

import symdiff as sd
from symdiff import nn, train

NETS = {"linear": nn.mlp([2, 1]), "one hidden layer": nn.mlp([2, 8, 1], activation="tanh")}
TARGET = sd.symbol("y", ("N", 1))


class Task(NamedTuple):
    """Two columns of inputs, one of targets, the loss of a prediction, and up to where predictions are drawn."""

    name: str
    axes: tuple[str, str]
    inputs: np.ndarray
    targets: np.ndarray
    loss: Callable[[sd.Node, sd.Node], sd.Node]
    reach: float


def diabetes() -> Task:
    inputs, progress = shared.bundled("diabetes")
    targets = (progress - progress.mean()) / progress.std()
    names = "body mass index", "blood pressure"
    return Task("squared loss", names, inputs[:, [2, 3]], targets[:, None], nn.quadratic, 2.0)


def tumours() -> Task:
    inputs, benign = shared.bundled("breast_cancer")
    names = "radius", "concave points"
    return Task("cross-entropy", names, inputs[:, [0, 7]], benign[:, None], nn.binary_cross_entropy, 8.0)


def learn(task: Task, net: nn.Net, steps: int, seed: int) -> train.Fit:
    """Gradient descent with momentum on all rows."""
    loss = task.loss(net.output, TARGET)
    data = {"X": task.inputs, "y": task.targets}
    return train.fit(loss, net.init(seed), data, train.SGD(0.1, momentum=0.9), steps=steps, seed=seed)


def least_squares(task: Task) -> float:
    """The quadratic loss of the linear prediction that numpy.linalg.lstsq finds."""
    columns = np.column_stack([task.inputs, np.ones(len(task.inputs))])
    best = np.linalg.lstsq(columns, task.targets, rcond=None)[0]
    return float(np.mean((columns @ best - task.targets) ** 2) / 2)


def draw_prediction(axes: Any, task: Task, net: nn.Net, params: dict[str, np.ndarray]) -> None:
    """The data over the prediction: red is high, blue is low, the line is 0."""
    sides = [np.linspace(column.min(), column.max(), 80) for column in task.inputs.T]
    across, up = np.meshgrid(*sides)
    predict = sd.compile(net.output, [net.x, *net.params.values()])
    height = predict(np.column_stack([across.ravel(), up.ravel()]), *(params[name] for name in net.params))
    height = np.clip(height.reshape(across.shape), -task.reach, task.reach)
    axes.contourf(across, up, height, levels=np.linspace(-task.reach, task.reach, 25), cmap="RdBu_r", alpha=0.7)
    axes.contour(across, up, height, levels=[0], colors="black")
    shade = {"cmap": "RdBu_r", "vmin": task.targets.min(), "vmax": task.targets.max()}
    axes.scatter(*task.inputs.T, c=task.targets[:, 0], s=14, edgecolor="white", linewidth=0.4, **shade)
    axes.set(xlabel=task.axes[0], ylabel=task.axes[1])


def draw(path: Path, found: dict[tuple[str, str], tuple[Task, train.Fit]]) -> None:
    with shared.figure(path, 2, 3, figsize=(12, 7)) as axes:
        for place, ((name, kind), (task, fit)) in enumerate(found.items()):
            row, column = divmod(place, 2)
            draw_prediction(axes[row, column], task, NETS[kind], fit.params)
            axes[row, column].set_title(f"{kind}: {name} {fit.history.loss[-1]:.4f}")
            axes[row, 2].semilogx(fit.history.loss, label=kind)
            axes[row, 2].set(xlabel="step", ylabel=name)
            axes[row, 2].legend()


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("regression with and without a hidden layer", argv, steps=1500)
    found = {}
    for task in (diabetes(), tumours()):
        for kind, net in NETS.items():
            found[task.name, kind] = task, learn(task, net, asked.steps, asked.seed)
            print(f"{task.name}, {kind}: {found[task.name, kind][1].history.loss[-1]:.6f}")
    best = least_squares(diabetes())
    print(f"least squares by numpy.linalg.lstsq: {best:.6f}")
    draw(asked.out / "regression.png", found)
    return {f"{name}, {kind}": float(fit.history.loss[-1]) for (name, kind), (_, fit) in found.items()} | {"best": best}


if __name__ == "__main__":
    main()
