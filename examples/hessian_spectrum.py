"""The Hessian spectrum of a small net before and after training: a bulk near 0, and a few large eigenvalues.

The net reads handwritten digits of 8 by 8 pixels, averaged to 4 by 4. It has 442 parameters, so every eigenvalue can be
had from the dense Hessian; Lanczos finds the largest without the matrix. There are about as many outliers as classes:
Sagun, Evci, Guney, Dauphin and Bottou, Empirical analysis of the Hessian of over-parametrized neural networks (2018);
Papyan, Traces of class/cross-class structure pervade deep learning spectra, JMLR 21 (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import shared

import symdiff as sd
from symdiff import nn, train

NET = nn.mlp([16, 16, 10], activation="tanh")
LOSS = nn.multiclass_logistic(NET.output, sd.symbol("y", "N"))
PENALTY = 1e-3

Params = dict[str, np.ndarray]


def small_digits(seed: int) -> dict[str, np.ndarray]:
    """Training rows, each square of 2 by 2 pixels averaged."""
    data = shared.digits(seed)
    return {"X": data.inputs.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16), "y": data.labels}


def lanczos(params: Params, data: dict[str, np.ndarray], count: int) -> tuple[np.ndarray, float]:
    """The largest eigenvalues through Hessian-vector products, largest first, and the seconds it took."""
    start = perf_counter()
    found = train.spectrum(LOSS, params, data, count)[::-1]
    return found, perf_counter() - start


def draw(path: Path, spectra: dict[str, np.ndarray], top: np.ndarray, curved: np.ndarray) -> None:
    """Histograms on the left; on the right the largest ones, dense and by Lanczos, with the Gauss-Newton matrix."""
    with shared.figure(path, 1, 2, figsize=(11, 4.4)) as (left, right):
        ends = min(part.min() for part in spectra.values()), max(part.max() for part in spectra.values())
        for label, values in spectra.items():
            left.hist(values, bins=np.linspace(*ends, 80), histtype="step", linewidth=1.6, log=True, label=label)
        left.set(title=f"all {len(values)} eigenvalues of the Hessian", xlabel="eigenvalue", ylabel="how many")
        left.legend()
        shown = 2 * len(top)
        places = np.arange(1, shown + 1)
        right.semilogy(places, values[::-1][:shown], "o", markersize=5, label="dense Hessian")
        right.semilogy(places, curved[::-1][:shown], "_", color="black", markersize=10, label="Gauss-Newton")
        right.semilogy(places[: len(top)], top, "x", color="tab:red", markersize=9, label="Lanczos")
        right.axvline(9.5, color="gray", linestyle=":", label="classes less one")
        right.set(title="the largest after training", xlabel="rank", ylabel="eigenvalue")
        right.legend()


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("the Hessian spectrum of a small net", argv, steps=300, count=12)
    data = small_digits(asked.seed)
    start = NET.init(asked.seed)
    weights = [NET.params["W1"], NET.params["W2"]]
    fit = train.minimize(LOSS + nn.l2(weights, PENALTY), start, data, "L-BFGS-B", maxiter=asked.steps)
    began = perf_counter()
    spectra = {"at the start": train.spectrum(LOSS, start, data), "trained": train.spectrum(LOSS, fit.params, data)}
    dense_time = (perf_counter() - began) / 2
    top, lanczos_time = lanczos(fit.params, data, asked.count)
    curved = train.spectrum(LOSS, fit.params, data, output=NET.output)
    values = spectra["trained"]
    difference = float(np.abs(top - values[::-1][: asked.count]).max() / values[-1])
    negative = int((values < -1e-6).sum())
    print(f"{len(values)} parameters, loss {fit.loss:.4f} after {fit.steps} iterations")
    print(f"eigenvalues from {values[0]:.4f} to {values[-1]:.4f}, {negative} negative; median {np.median(values):.1e}")
    print(f"dense in {dense_time:.2f} s, the {asked.count} largest by Lanczos in {lanczos_time:.2f} s, "
          f"which differ by {difference:.1e}")  # fmt: skip
    print(f"the Gauss-Newton matrix reaches {curved[-1]:.4f}, and its smallest eigenvalue is {curved[0]:.1e}")
    draw(asked.out / "hessian_spectrum.png", spectra, top, curved)
    return {
        "largest": float(values[-1]),
        "median": float(np.median(values)),
        "difference": difference,
        "gauss-newton": float(curved[0]),
    }


if __name__ == "__main__":
    main()
