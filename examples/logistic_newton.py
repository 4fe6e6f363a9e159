"""Logistic regression of tumours by Newton's method, with standard errors from the inverse Hessian.

Six measurements of 569 cell nuclei (Street, Wolberg and Mangasarian, 1993), in standard deviations; the label is 1 for
a malignant tumour. The closed form beside it is iteratively reweighted least squares with weights q = p*(1 - p),
written by hand: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), section 4.4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shared

import symdiff as sd
from symdiff import nn, train

COLUMNS = {"radius": 0, "texture": 1, "smoothness": 4, "concave points": 7, "symmetry": 8, "fractal dimension": 9}
NAMES = ["intercept", *COLUMNS]

X, y = sd.symbol("X", ("N", len(COLUMNS))), sd.symbol("y", "N")
b, w = sd.symbol("b"), sd.symbol("w", len(COLUMNS))
LOSS = nn.binary_cross_entropy(X @ w + b, y) * sd.size("N")  # the negative log likelihood of all rows


def tumours() -> dict[str, np.ndarray]:
    inputs, benign = shared.bundled("breast_cancer")
    return {"X": inputs[:, list(COLUMNS.values())], "y": 1.0 - benign}


def by_hand(data: dict[str, np.ndarray], steps: int = 25) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients, intercept first, and their covariance: the inverse of ``X.T @ diag(q) @ X``."""
    columns = np.column_stack([np.ones(len(data["y"])), data["X"]])
    found = np.zeros(columns.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-columns @ found))
        information = (columns.T * (p * (1 - p))) @ columns
        found += np.linalg.solve(information, columns.T @ (data["y"] - p))
    return found, np.linalg.inv(information)


def histories(data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """How far the loss is above its minimum after each iteration, by method, down to rounding."""
    start = {"b": 0.0, "w": np.zeros(len(COLUMNS))}
    runs = {method: train.minimize(LOSS, start, data, method, tol=1e-7) for method in ("Newton", "trust-exact", "BFGS")}
    least = min(run.loss for run in runs.values())
    return {method: np.maximum(run.history - least, 1e-13) for method, run in runs.items()}


def draw(path: Path, values: np.ndarray, errors: np.ndarray, fits: dict[str, np.ndarray]) -> None:
    """Coefficients with their intervals of 95 percent, and how the methods get there."""
    with shared.figure(path, 1, 2, figsize=(11, 4.4)) as (left, right):
        places = np.arange(len(values))[::-1]
        away = np.abs(values) > 1.96 * errors
        for clear, color, label in ((True, "tab:blue", "95%, without 0"), (False, "gray", "95%, with 0")):
            kept = away == clear
            settings = {"fmt": "o", "color": color, "capsize": 4, "label": label}
            left.errorbar(values[kept], places[kept], xerr=1.96 * errors[kept], **settings)
        left.axvline(0, color="black", linewidth=0.8)
        left.set_yticks(places, NAMES)
        left.set(title="log odds of a malignant tumour", xlabel="coefficient for one standard deviation")
        left.legend(loc="lower right")
        for method, history in fits.items():
            right.semilogy(np.arange(1, len(history) + 1), history, "o-", markersize=4, label=method)
        right.set(title="loss above its minimum", xlabel="iteration")
        right.legend()


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("logistic regression with standard errors", argv)
    data = tumours()
    fit = train.minimize(LOSS, {"b": 0.0, "w": np.zeros(len(COLUMNS))}, data, "Newton")
    found = train.standard_errors(LOSS, fit.params, data)
    values, errors, z, p = (sd.flatten([part["b"], part["w"]]) for part in (fit.params, found.errors, found.z, found.p))
    print(f"negative log likelihood {fit.loss:.6f} after {fit.steps} Newton steps: {fit.message}")
    print(f"{'':18} coefficient  std. error       z        p")
    for row in zip(NAMES, values, errors, z, p, strict=True):
        print("{:18} {:11.4f} {:11.4f} {:7.2f} {:8.1e}".format(*row))
    expected, covariance = by_hand(data)
    difference = np.abs(errors / np.sqrt(np.diag(covariance)) - 1).max()
    print(f"standard errors differ from those by hand by {difference:.1e}, coefficients by at most "
          f"{np.abs(values - expected).max():.1e}")  # fmt: skip
    draw(asked.out / "logistic_newton.png", values, errors, histories(data))
    accuracy = float(np.mean((data["X"] @ values[1:] + values[0] > 0) == data["y"]))
    return {"loss": fit.loss, "steps": fit.steps, "difference": float(difference), "accuracy": accuracy}


if __name__ == "__main__":
    main()
