"""The loop behind :func:`symdiff.train.fit`: steps, ends of epochs, checks and checkpoints."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...compiler import functions
from ...graph.errors import SymdiffError
from ...graph.node import Node
from . import checkpoint as files
from .data import Arrays, Batches, collect, parameters
from .optimizers import Optimizer
from .progress import Tick
from .run import Run, TrainingError, copied
from .schedules import Schedule
from .step import Step, step


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


class Loop:
    """A run with its compiled step and everything that :func:`fit` was told."""

    schedule: Schedule
    limit: int
    patience: int | None
    keep_every: int
    callbacks: Sequence[Callback]
    validation: Arrays | None = None
    path: str | os.PathLike[str] | None = None
    every: int | None = None

    def __init__(
        self,
        loss: Node,
        params: Mapping[str, Any],
        given: Mapping[str, Any],
        optimizer: Optimizer,
        size: int | None,
        letter: str | None,
        seed: int,
    ) -> None:
        import numpy as np

        chosen, arrays = parameters(loss, params)
        found = collect(loss, arrays, given)
        self.loss, self.batches = loss, Batches(loss, found, size, letter)
        self.plan: Step = step(loss, chosen, optimizer)
        self.run = Run(arrays, self.plan.start(arrays), np.random.default_rng(seed))
        self.fn = self.plan.compile()
        self.value = functions.compile(self.plan.loss, [*self.plan.data, *chosen])
        self.names = [var.name for var in self.plan.data]
        self.numbered = self.plan.lr in self.plan.numbers, self.plan.t in self.plan.numbers
        self.written = [*arrays.values(), *self.run.states.values()]
        self.batch: Arrays | None = None
        self.setup = {"optimizer": repr(optimizer), "batch size": self.batches.size, "rows": self.batches.rows}
        self.setup |= {"seed": seed, "types": {name: f"{a.dtype} {a.shape}" for name, a in arrays.items()}}
        self.setup["step function"] = hashlib.sha256(self.fn.source.encode()).hexdigest()[:16]

    def validate(self, given: Mapping[str, Any] | None) -> None:
        if given is not None:
            self.validation = collect(self.loss, self.run.params, given)

    def checkpoint(self, path: str | os.PathLike[str], every: int | None, resume: bool) -> None:
        """Save there from now on; take over what is there if asked to."""
        self.path, self.every = path, every
        if not resume or not Path(path).exists():
            return
        arrays, text = files.load(path)
        for key, here in self.setup.items():
            there = text.get("setup", {}).get(key)
            if there != here:
                raise SymdiffError(f"{os.fspath(path)} is of another run: its {key} is {there}, not {here}")
        self.run.restore(arrays, text)

    # -- the loop ------------------------------------------------------------------------------------------------

    def go(self, tick: Tick) -> str:
        """Run to the end; what ended it."""
        run = self.run
        stopped = self.ended()
        while not stopped:
            loss = self.advance()
            ended = run.moved(self.batches, loss)
            if ended:
                self.end_epoch()
            stopped = self.ended()
            if self.path is not None and (ended or stopped or (self.every and run.step % self.every == 0)):
                self.save()
            tick(run.step, run.epoch, loss)
            seen = Progress(run.step, run.epoch, loss, run.params, ended, self.last_validation(ended))
            if any([callback(seen) is True for callback in self.callbacks]) and not stopped:
                stopped = "callback"
        self.check()
        return stopped

    def ended(self) -> str:
        if self.patience is not None and self.run.waited >= self.patience:
            return "patience"
        return "done" if self.run.step >= self.limit else ""

    def advance(self) -> float:
        """One step on the next batch; its loss, before the update."""
        run = self.run
        self.batch = self.batches.at(run.next_rows(self.batches))
        kept = copied(run.params) if run.step % self.keep_every == 0 else None
        numbers = (float(self.schedule(run.step)), float(run.step + 1))
        scalars = [number for number, read in zip(numbers, self.numbered, strict=True) if read]
        loss = float(self.fn(*[self.batch[name] for name in self.names], *self.written, *scalars))
        if not math.isfinite(loss):
            self.fail(loss)
        if kept is not None:
            run.good = kept
        return loss

    def fail(self, loss: float) -> None:
        """Raise: the loss at the current parameters is not finite."""
        kept = self.run.good
        advice = "" if kept is not None else "; the first one is so, which no step size can mend"
        raise TrainingError(f"the loss at step {self.run.step} is {loss}{advice}", self.run.step, loss, kept)

    def check(self) -> None:
        """Raise where the loss of the current parameters on the last batch is not finite."""
        if self.batch is not None:
            loss = self.loss_of(self.batch)
            if not math.isfinite(loss):
                self.fail(loss)

    def loss_of(self, arrays: Arrays) -> float:
        return float(self.value(*[arrays[name] for name in self.names], *self.run.params.values()))

    def end_epoch(self) -> None:
        """Validation, and the watch over the best parameters."""
        if self.validation is not None:
            self.run.validations.append(self.loss_of(self.validation))
            self.run.watch(self.run.validations[-1])
        elif self.patience is not None:
            self.check()
            self.run.watch(self.run.epoch_losses[-1])

    def last_validation(self, ended: bool) -> float | None:
        return self.run.validations[-1] if ended and self.validation is not None else None

    def save(self) -> None:
        self.check()
        arrays, text = self.run.packed()
        assert self.path is not None
        files.save(self.path, arrays, {**text, "setup": self.setup})
