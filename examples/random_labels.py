"""The net of the digits learns labels drawn at random by heart: it has room for far more than the digits need.

Zhang, Bengio, Hardt, Recht and Vinyals: Understanding deep learning requires rethinking generalization (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shared

import symdiff as sd
from symdiff import nn, train

NET = nn.mlp([64, 72, 10], activation="tanh")
LOSS = nn.multiclass_logistic(NET.output, sd.symbol("y", "N"))


class Course(NamedTuple):
    """A run: the mean loss of each epoch, the training accuracy after it, the test accuracy in the end."""

    loss: np.ndarray
    accuracy: list[float]
    test_accuracy: float


def learn(data: shared.Split, epochs: int, seed: int) -> Course:
    """Gradient descent with momentum, at a rate and for a time that suit either kind of label."""
    predict = shared.predictor(NET)
    accuracy: list[float] = []

    def watch(state: train.Progress) -> None:
        if state.ended:
            accuracy.append(float(np.mean(predict(data.inputs, state.params) == data.labels)))

    found = train.fit(
        LOSS, NET.init(seed), {"X": data.inputs, "y": data.labels}, train.SGD(0.1, momentum=0.9),
        epochs=epochs, batch_size=100, seed=seed, callbacks=[watch],
    )  # fmt: skip
    test_accuracy = float(np.mean(predict(data.test_inputs, found.params) == data.test_labels))
    return Course(found.history.epoch_loss, accuracy, test_accuracy)


def courses(epochs: int, seed: int) -> dict[str, Course]:
    """The same net, inputs and optimizer on the true labels and on labels drawn at random."""
    inputs, labels = shared.bundled("digits")
    drawn = np.random.default_rng(seed).integers(0, 10, len(labels))
    kinds = {"true labels": labels, "random labels": drawn}
    return {kind: learn(shared.split(inputs, given, seed), epochs, seed) for kind, given in kinds.items()}


def draw(path: Path, found: dict[str, Course]) -> None:
    with shared.figure(path, 1, 2, figsize=(10, 4)) as (left, right):
        for kind, course in found.items():
            (line,) = left.semilogy(course.loss, label=kind)
            right.plot(course.accuracy, color=line.get_color(), label=f"{kind}, training")
            right.axhline(course.test_accuracy, color=line.get_color(), linestyle="--", label=f"{kind}, test")
        left.set(title="training loss", xlabel="epoch", ylabel="multiclass logistic loss")
        right.set(title="share of labels that are right", xlabel="epoch", ylabel="accuracy", ylim=(0, 1.05))
        left.legend()
        right.legend(loc="center right")


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("digits with random labels", argv, epochs=300)
    found = courses(asked.epochs, asked.seed)
    for kind, course in found.items():
        print(f"{kind}: training accuracy {course.accuracy[-1]:.4f}, test accuracy {course.test_accuracy:.4f}")
    draw(asked.out / "random_labels.png", found)
    true, drawn = found["true labels"], found["random labels"]
    return {
        "memorised": drawn.accuracy[-1],
        "random_test": drawn.test_accuracy,
        "true_test": true.test_accuracy,
    }


if __name__ == "__main__":
    main()
