"""Handwritten digits by a net 64-72-10 with tanh and the multiclass logistic loss, by any of the optimizers.

The data are scikit-learn's 1797 digits of 8 by 8 pixels (Alpaydin and Kaynak, UCI, 1998). BFGS keeps the square of
the number of parameters, too much for the 5410 of this net: it trains the softmax regression 64-10 instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shared

import symdiff as sd
from symdiff import nn, train

BATCH = 32
STOCHASTIC = {
    "momentum": train.SGD(0.1, momentum=0.9),
    "nesterov": train.SGD(0.1, momentum=0.9, nesterov=True),
    "adagrad": train.Adagrad(0.05),
    "adam": train.Adam(0.003),
    "adamw": train.AdamW(0.003, weight_decay=0.05),
    "averaged": train.Averaged(train.SGD(0.1, momentum=0.9), start=200),
}
#: SciPy's method, and how many of its iterations stand for an epoch.
FULL_BATCH = {"lbfgs": ("L-BFGS-B", 3), "newton-cg": ("Newton-CG", 0.5), "bfgs": ("BFGS", 2)}

Params = dict[str, np.ndarray]


class Trained(NamedTuple):
    """A net with its parameters; losses on both sets after each epoch, none for the full-batch methods' test set."""

    net: nn.Net
    params: Params
    train_loss: np.ndarray
    test_loss: np.ndarray


def learn(data: shared.Split, optimizer: str, epochs: int, seed: int) -> Trained:
    """Minibatches for the stochastic optimizers; all rows and a small L2 penalty for the others."""
    net = nn.mlp([64, 10] if optimizer == "bfgs" else [64, 72, 10], activation="tanh")
    loss = nn.multiclass_logistic(net.output, sd.symbol("y", "N"))
    given, test = {"X": data.inputs, "y": data.labels}, {"X": data.test_inputs, "y": data.test_labels}
    if optimizer in FULL_BATCH:
        method, share = FULL_BATCH[optimizer]
        weights = [param for name, param in net.params.items() if name.startswith("W")]
        penalised = loss + nn.l2(weights, 1e-4)
        least = train.minimize(penalised, net.init(seed), given, method, maxiter=round(share * epochs))
        return Trained(net, least.params, least.history, np.array([]))
    found = train.fit(
        loss, net.init(seed), given, STOCHASTIC[optimizer], epochs=epochs, batch_size=BATCH, seed=seed, validation=test
    )  # fmt: skip
    return Trained(net, found.averaged or found.params, found.history.epoch_loss, found.history.validation)


def draw_curves(axes: Any, found: Trained) -> None:
    axes.semilogy(found.train_loss, label="training")
    if len(found.test_loss):
        axes.semilogy(found.test_loss, label="test")
    axes.set(title="learning curves", xlabel="epoch" if len(found.test_loss) else "iteration", ylabel="loss")
    axes.legend()


def draw_weights(axes: Any, weights: np.ndarray) -> None:
    """Each unit's weights as a picture of 8 by 8."""
    largest = np.abs(weights).max()
    pictures = shared.tiles(weights.T.reshape(-1, 8, 8), across=9 if weights.shape[1] > 10 else 5)
    axes.imshow(pictures, cmap="RdBu_r", vmin=-largest, vmax=largest)
    axes.set(title="first weights (red +, blue -)", xticks=[], yticks=[])
    axes.axis("off")


def draw_misread(axes: Any, data: shared.Split, guessed: np.ndarray, across: int = 4) -> None:
    """Up to twelve digits of the test set that are read wrongly, as "true: read"."""
    wrong = np.flatnonzero(guessed != data.test_labels)
    shown = wrong[: 3 * across]
    pictures = np.full((3 * across, 8, 8), np.nan)
    pictures[: len(shown)] = -data.test_inputs[shown].reshape(-1, 8, 8)
    axes.imshow(shared.tiles(pictures, across, edge=3), cmap="gray")
    for place, row in enumerate(shown):
        text = f"{data.test_labels[row]}: {guessed[row]}"
        axes.text(6.5 + 11 * (place % across), 1.8 + 11 * (place // across), text, ha="center", va="bottom")
    axes.set_title(f"{len(wrong)} of {len(guessed)} misread (true: read)")
    axes.axis("off")


def draw(path: Path, found: Trained, data: shared.Split, guessed: np.ndarray) -> None:
    with shared.figure(path, 1, 3, figsize=(12, 4)) as (left, middle, right):
        draw_curves(left, found)
        draw_weights(middle, found.params["W1"])
        draw_misread(right, data, guessed)


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    names = [*STOCHASTIC, *FULL_BATCH]
    asked = shared.options("handwritten digits", argv, choices=names, epochs=40)
    data = shared.digits(asked.seed)
    found = learn(data, asked.optimizer, asked.epochs, asked.seed)
    predict = shared.predictor(found.net)
    known, guessed = predict(data.inputs, found.params), predict(data.test_inputs, found.params)
    accuracy = {"training": float(np.mean(known == data.labels)), "test": float(np.mean(guessed == data.test_labels))}
    print(f"{asked.optimizer}: training accuracy {accuracy['training']:.4f}, test accuracy {accuracy['test']:.4f}")
    print(f"generalisation gap: {accuracy['training'] - accuracy['test']:.4f} of accuracy")
    if len(found.test_loss):
        print(f"generalisation gap: {found.test_loss[-1] - found.train_loss[-1]:.4f} of loss")
    draw(asked.out / f"digits_{asked.optimizer}.png", found, data, guessed)
    return accuracy


if __name__ == "__main__":
    main()
