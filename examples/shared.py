"""What the training examples share: options, the digits, predictions, figures. It is no example itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import symdiff as sd
from symdiff import nn, plots


def options(about: str, argv: Sequence[str] | None, choices: Sequence[str] = (), **lengths: int) -> argparse.Namespace:
    """What was asked for: ``--out``, ``--seed``, a number for each length, ``--optimizer`` if it is a choice."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder of the figure")
    parser.add_argument("--seed", type=int, default=0, help="where the random numbers start")
    for name, length in lengths.items():
        parser.add_argument(f"--{name}", type=int, default=length, help=f"how many {name}")
    if choices:
        parser.add_argument("--optimizer", choices=choices, default=choices[0], help="how to minimise")
    return parser.parse_args(argv)


def needed(module: str, package: str) -> Any:
    """The module; where its package is missing, one line that says how to get it."""
    try:
        return import_module(module)
    except ImportError:
        sys.exit(f"this example needs {package}: pip install {package}")


class Split(NamedTuple):
    """Rows to train on and rows to test on."""

    inputs: np.ndarray
    labels: np.ndarray
    test_inputs: np.ndarray
    test_labels: np.ndarray


def bundled(name: str) -> tuple[np.ndarray, np.ndarray]:
    """One of scikit-learn's data sets, with standardised columns; a column of one value becomes zeros."""
    inputs, labels = getattr(needed("sklearn.datasets", "scikit-learn"), f"load_{name}")(return_X_y=True)
    spread = inputs.std(axis=0)
    return (inputs - inputs.mean(axis=0)) / np.where(spread == 0, 1, spread), labels


def split(inputs: np.ndarray, labels: np.ndarray, seed: int, share: float = 0.2) -> Split:
    """A random share of the rows set aside for the test."""
    rows = np.random.default_rng(seed).permutation(len(inputs))
    test, train = np.split(rows, [int(share * len(rows))])
    return Split(inputs[train], labels[train], inputs[test], labels[test])


def digits(seed: int) -> Split:
    """The 1797 digits of 8 by 8 pixels, pixels from -1 to 1, a fifth set aside."""
    inputs, labels = needed("sklearn.datasets", "scikit-learn").load_digits(return_X_y=True)
    return split(inputs / 8 - 1, labels, seed)


def predictor(net: nn.Net) -> Callable[[np.ndarray, dict[str, np.ndarray]], np.ndarray]:
    """The function from inputs and parameters to the most likely class of each row."""
    guess = sd.compile(sd.argmax(net.output, axis=1), [net.x, *net.params.values()])
    return lambda inputs, params: guess(inputs, *(params[name] for name in net.params))


def tiles(pictures: np.ndarray, across: int, edge: int = 1) -> np.ndarray:
    """Pictures side by side, ``across`` in a row, with a blank edge on top and at the left; full rows only."""
    framed = np.pad(pictures, ((0, 0), (edge, 0), (edge, 0)), constant_values=np.nan)
    rows = [framed[first : first + across] for first in range(0, len(framed) - across + 1, across)]
    return np.vstack([np.hstack(list(row)) for row in rows])


@contextmanager
def figure(path: Path, rows: int = 1, columns: int = 1, **settings: Any) -> Iterator[Any]:
    """Axes to draw on, as ``subplots`` gives them; saved as PNG in the end."""
    needed("matplotlib", "matplotlib")
    with plots.figure(rows, columns, **settings) as axes:
        yield axes
        path.parent.mkdir(parents=True, exist_ok=True)
        canvas = axes.flat[0].figure if hasattr(axes, "flat") else axes.figure
        path.write_bytes(plots.saved(canvas, "png"))
        print(f"figure: {path}")
