"""The loop behind :func:`symdiff.train.fit`: steps, ends of epochs, checks and checkpoints."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ...compiler import functions
from ...graph.errors import SymdiffError
from ...graph.node import Node
from . import checkpoint
from .data import Arrays, Batches, collect, parameters
from .optimizers import Optimizer
from .progress import Tick
from .run import Run, TrainingError, copy_arrays
from .schedules import Schedule
from .step import step


class Progress(NamedTuple):
    """What a callback sees after each step; ``params`` are the live arrays, to be copied where they are kept.

    ``step`` and ``epoch`` count what is finished; ``ended`` says that this step ended an epoch, of which
    ``validation`` is the loss, None without validation data.
    """

    step: int
    epoch: int
    loss: float
    params: Arrays
    ended: bool
    validation: float | None


Callback = Callable[[Progress], object]


@dataclass(frozen=True)
class Settings:
    """How long a run takes and what it does between steps; see :func:`symdiff.train.fit`."""

    epochs: int | None
    steps: int | None
    batch_size: int | None
    batch: str | None
    schedule: Schedule
    seed: int
    patience: int | None
    callbacks: Sequence[Callback]
    checkpoint: str | os.PathLike[str] | None
    checkpoint_every: int | None
    resume: bool
    keep_every: int

    def __post_init__(self) -> None:
        if not callable(self.schedule):
            raise SymdiffError(
                f"the schedule is a function of the step, such as train.cosine(0.1, 1000), not {self.schedule!r}"
            )
        if self.epochs is None and self.steps is None:
            raise SymdiffError("say how long to train: give epochs or steps")
        if min(count for count in (self.epochs, self.steps) if count is not None) < 0:
            raise SymdiffError("epochs and steps are at least 0")
        for name in ("patience", "checkpoint_every", "keep_every"):
            count = getattr(self, name)
            if count is not None and count < 1:
                raise SymdiffError(f"{name} is at least 1, not {count}")
        if self.resume and self.checkpoint is None:
            raise SymdiffError("resume goes on from a checkpoint: give its path as checkpoint")

    def limit(self, batches: Batches) -> int:
        """The number of steps in all."""
        ends = [] if self.epochs is None else [self.epochs * batches.per_epoch]
        return min(ends if self.steps is None else [*ends, self.steps])


class Loop:
    """A run with its compiled step, its batches and its settings."""

    def __init__(
        self,
        loss: Node,
        params: Mapping[str, Any],
        data: Mapping[str, Any],
        validation: Mapping[str, Any] | None,
        optimizer: Optimizer,
        settings: Settings,
    ) -> None:
        import numpy as np

        chosen, arrays = parameters(loss, params)
        self.batches = Batches(loss, collect(loss, arrays, data), settings.batch_size, settings.batch)
        plan = step(loss, chosen, optimizer)
        self.settings, self.limit = settings, settings.limit(self.batches)
        self.run = Run(arrays, plan.start(arrays), np.random.default_rng(settings.seed))
        self.fn = plan.compile()
        self.value = functions.compile(plan.loss, [*plan.data, *chosen])
        self.names = [var.name for var in plan.data]
        self.reads = plan.lr in plan.scalars, plan.t in plan.scalars
        self.overwritten = [*arrays.values(), *self.run.states.values()]
        self.batch: Arrays | None = None
        self.validation = None if validation is None else collect(loss, arrays, validation)
        self.setup = {"optimizer": repr(optimizer), "batch size": self.batches.size, "rows": self.batches.rows}
        self.setup |= {"seed": settings.seed, "types": {name: f"{a.dtype} {a.shape}" for name, a in arrays.items()}}
        self.setup["step function"] = hashlib.sha256(self.fn.source.encode()).hexdigest()[:16]
        if settings.resume:
            self._restore()

    def _restore(self) -> None:
        """Take over the checkpoint, if there is one; raises SymdiffError for that of another run."""
        path = self.settings.checkpoint
        if path is None or not Path(path).exists():
            return
        arrays, text = checkpoint.load(path)
        for key, here in self.setup.items():
            there = text.get("setup", {}).get(key)
            if there != here:
                raise SymdiffError(f"{os.fspath(path)} is of another run: its {key} is {there}, not {here}")
        self.run.restore(arrays, text)

    def go(self, tick: Tick) -> str:
        """Run to the end; returns the reason why it ended."""
        run = self.run
        reason = self._reason_to_stop()
        while not reason:
            loss = self._advance()
            ended = run.count_step(self.batches, loss)
            if ended:
                self._end_epoch()
            reason = self._reason_to_stop()
            every = self.settings.checkpoint_every
            if ended or reason or (every is not None and run.step % every == 0):
                self._save()
            tick(run.step, run.epoch, loss)
            validation = run.validations[-1] if ended and self.validation is not None else None
            progress = Progress(run.step, run.epoch, loss, run.params, ended, validation)
            if any([callback(progress) is True for callback in self.settings.callbacks]) and not reason:
                reason = "callback"
        self._check()
        return reason

    def _reason_to_stop(self) -> str:
        if self.settings.patience is not None and self.run.waited >= self.settings.patience:
            return "patience"
        return "done" if self.run.step >= self.limit else ""

    def _advance(self) -> float:
        """One step on the next batch; its loss, before the update."""
        run = self.run
        self.batch = self.batches.at(run.next_rows(self.batches))
        kept = copy_arrays(run.params) if run.step % self.settings.keep_every == 0 else None
        scalars = (float(self.settings.schedule(run.step)), float(run.step + 1))
        scalars_read = [scalar for scalar, read in zip(scalars, self.reads, strict=True) if read]
        loss = float(self.fn(*[self.batch[name] for name in self.names], *self.overwritten, *scalars_read))
        if not math.isfinite(loss):
            self._fail(loss)
        if kept is not None:
            run.good = kept
        return loss

    def _fail(self, loss: float) -> None:
        """Raise: the loss at the current parameters is not finite."""
        kept = self.run.good
        advice = "" if kept is not None else "; the first one is so, which no step size can mend"
        raise TrainingError(f"the loss at step {self.run.step} is {loss}{advice}", self.run.step, loss, kept)

    def _check(self) -> None:
        """Raise where the loss of the current parameters on the last batch is not finite."""
        if self.batch is not None:
            loss = self._loss_of(self.batch)
            if not math.isfinite(loss):
                self._fail(loss)

    def _loss_of(self, arrays: Arrays) -> float:
        return float(self.value(*[arrays[name] for name in self.names], *self.run.params.values()))

    def _end_epoch(self) -> None:
        """Validation, and the best parameters so far."""
        if self.validation is not None:
            self.run.validations.append(self._loss_of(self.validation))
            self.run.watch(self.run.validations[-1])
        elif self.settings.patience is not None:
            self._check()
            self.run.watch(self.run.epoch_losses[-1])

    def _save(self) -> None:
        if self.settings.checkpoint is not None:
            self._check()
            arrays, text = self.run.pack()
            checkpoint.save(self.settings.checkpoint, arrays, {**text, "setup": self.setup})
