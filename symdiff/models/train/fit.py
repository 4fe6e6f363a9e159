"""The training loop: batches, schedule, validation, early stopping, checkpoints."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...graph.errors import SymdiffError
from ...graph.node import Node
from .data import Arrays, Batches
from .loop import Callback, Loop
from .optimizers import SGD, Averaged, Optimizer
from .progress import bar
from .run import History, copied
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
    loss: Node,
    params: Mapping[str, Any],
    data: Mapping[str, Any],
    optimizer: Optimizer | None = None,
    *,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
    batch: str | None = None,
    schedule: Schedule | None = None,
    seed: int = 0,
    validation: Mapping[str, Any] | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    keep_every: int = 20,
) -> Fit:
    """Train until ``epochs`` or ``steps`` are done in all, whichever comes first; the arrays given are not changed.

    ``params``: initial arrays by name. ``data``: arrays for the other variables of the loss; those whose first size is
    the letter ``batch`` (unless given, the first letter that an array in ``data`` starts with) are shuffled and cut
    into minibatches of ``batch_size`` rows, without it one batch of all rows. Everything random comes from ``seed``.
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
    >>> found = fit(sd.mean((x @ w - y) ** 2), {"w": np.zeros(2)}, {"x": inputs, "y": inputs @ [3, -2]},
    ...             SGD(0.1), epochs=30, batch_size=10)
    >>> found.params["w"].round(3), found.step
    (array([ 3., -2.]), 180)
    """
    method = SGD() if optimizer is None else optimizer
    if not hasattr(method, "state"):
        raise SymdiffError(f"the optimizer is one of symdiff.train, such as train.Adam(1e-3), not {optimizer!r}")
    if schedule is not None and not callable(schedule):
        raise SymdiffError(f"the schedule is a function of the step, such as train.cosine(0.1, 1000), not {schedule!r}")
    loop = Loop(loss, params, data, method, batch_size, batch, seed)
    loop.schedule = constant(method.lr) if schedule is None else schedule
    loop.limit = _limit(epochs, steps, loop.batches)
    loop.callbacks, loop.patience, loop.keep_every = callbacks, _count("patience", patience), keep_every
    loop.validate(validation)
    if checkpoint is not None:
        loop.checkpoint(checkpoint, _count("checkpoint_every", checkpoint_every), resume)
    elif resume:
        raise SymdiffError("resume goes on from a checkpoint: give its path as checkpoint")
    import numpy as np

    _count("keep_every", keep_every)
    with bar(loop.limit, progress) as tick, np.errstate(all="ignore"):
        stopped = loop.go(tick)
    run = loop.run
    mean = {name: run.states[f"avg_{name}"] for name in run.params} if isinstance(method, Averaged) else {}
    best = run.best if run.best is not None else copied(run.params)
    return Fit(run.params, best, mean, run.history(), run.step, run.epoch, stopped)


def _count(name: str, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise SymdiffError(f"{name} is at least 1, not {value}")
    return value


def _limit(epochs: int | None, steps: int | None, batches: Batches) -> int:
    """The number of steps in all."""
    if epochs is None and steps is None:
        raise SymdiffError("say how long to train: give epochs or steps")
    if min(number for number in (epochs, steps) if number is not None) < 0:
        raise SymdiffError("epochs and steps are at least 0")
    ends = [] if epochs is None else [epochs * -(-batches.rows // batches.size)]
    return min(ends if steps is None else [*ends, steps])
