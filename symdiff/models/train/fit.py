"""The training loop: batches, schedule, validation, early stopping, checkpoints."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...graph.errors import SymdiffError
from ...graph.node import Node
from .data import Arrays
from .loop import Callback, Loop, Settings
from .optimizers import SGD, Averaged, Optimizer
from .progress import bar
from .run import History, copy_arrays
from .schedules import Schedule, constant


class Fit(NamedTuple):
    """The result: final ``params``, ``best`` ones (equal where nothing was watched), ``averaged`` ones (empty unless
    the optimizer is Averaged), the ``history``, finished steps and epochs, and what ended the run: ``"done"``,
    ``"patience"`` or ``"callback"``."""

    params: Arrays
    best: Arrays
    averaged: Arrays
    history: History
    step: int
    epoch: int
    stopped: str


def fit(
    loss: Node, params: Mapping[str, Any], data: Mapping[str, Any], optimizer: Optimizer | None = None, *,
    epochs: int | None = None, steps: int | None = None, batch_size: int | None = None, batch: str | None = None,
    schedule: Schedule | None = None, seed: int = 0, validation: Mapping[str, Any] | None = None,
    patience: int | None = None, callbacks: Sequence[Callback] = (), progress: bool | None = None,
    checkpoint: str | os.PathLike[str] | None = None, checkpoint_every: int | None = None, resume: bool = False,
    keep_every: int = 20,
) -> Fit:  # fmt: skip
    """Train until ``epochs`` or ``steps`` are done in all, whichever comes first; the arrays given are not changed.

    ``params``: initial arrays by name. ``data``: arrays for the other variables of the loss; those whose first size is
    the symbolic size ``batch`` (unless given, the first that an array in ``data`` starts with) are shuffled and cut
    into minibatches of ``batch_size`` rows, without it one batch of all rows. All randomness comes from ``seed``.
    ``schedule``: the learning rate as a function of the step from 0, ``optimizer.lr`` unless given.
    ``validation``: arrays like ``data``, whose loss is taken after each epoch; the best parameters are those of the
    lowest. ``patience``: stop after that many epochs without a lower validation loss (without validation data, mean
    loss of the epoch). ``callbacks`` are called after each step; one that returns True ends the run.
    ``progress``: a bar on standard error, unless given where that is a terminal.
    ``checkpoint``: a ``.npz`` written after each epoch, at the end and every ``checkpoint_every`` steps; with
    ``resume`` a run goes on from it, if it is there, to the same bits as without interruption. It holds neither the
    data nor the schedule nor the callbacks: give the same again.

    Raises TrainingError, a DomainError, where a loss is not finite. It carries the last copy of parameters with a
    finite loss, made every ``keep_every`` steps; final and saved parameters are checked on the last batch as well.
    Raises SymdiffError and ShapeError for names, shapes and settings that do not fit.

    >>> import numpy as np, symdiff as sd
    >>> x, y, w = sd.symbol("x", ("N", 2)), sd.symbol("y", "N"), sd.symbol("w", 2)
    >>> inputs = np.random.default_rng(0).normal(size=(60, 2))
    >>> result = fit(sd.mean((x @ w - y) ** 2), {"w": np.zeros(2)}, {"x": inputs, "y": inputs @ [3, -2]},
    ...              SGD(0.1), epochs=30, batch_size=10)
    >>> result.params["w"].round(3), result.step
    (array([ 3., -2.]), 180)
    """
    method = _check_optimizer(SGD() if optimizer is None else optimizer)
    settings = Settings(
        epochs, steps, batch_size, batch, constant(method.lr) if schedule is None else schedule, seed, patience,
        callbacks, checkpoint, checkpoint_every, resume, keep_every,
    )  # fmt: skip
    return _run(Loop(loss, params, data, validation, method, settings), isinstance(method, Averaged), progress)


def _check_optimizer(optimizer: Any) -> Optimizer:
    if not hasattr(optimizer, "state"):
        raise SymdiffError(f"the optimizer is one of symdiff.train, such as train.Adam(1e-3), not {optimizer!r}")
    return optimizer  # type: ignore[no-any-return]


def _run(loop: Loop, averaged: bool, progress: bool | None) -> Fit:
    import numpy as np

    with bar(loop.limit, progress) as tick, np.errstate(all="ignore"):
        stopped = loop.go(tick)
    run = loop.run
    mean = {name: run.states[f"avg_{name}"] for name in run.params} if averaged else {}
    best = run.best if run.best is not None else copy_arrays(run.params)
    return Fit(run.params, best, mean, run.history(), run.step, run.epoch, stopped)
