"""The state of a training run: everything that determines the next step, so a saved state is enough to resume."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ...graph.errors import DomainError
from .data import Arrays, Batches

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


class TrainingError(DomainError):
    """A loss that is not finite.

    ``step`` counts from 0, ``loss`` is its value, ``params`` are the last parameters that were kept while the loss
    was finite (see ``keep_every`` of :func:`symdiff.train.fit`), None where the first loss was not.
    """

    def __init__(self, message: str, step: int = 0, loss: float = 0.0, params: Arrays | None = None) -> None:
        super().__init__(message)
        self.step, self.loss, self.params = step, loss, params

    def __reduce__(self) -> tuple[Any, ...]:
        return TrainingError, (str(self), self.step, self.loss, self.params)


class History(NamedTuple):
    """``loss`` of each step, on its batch before its update; for each epoch their mean, and the validation loss."""

    loss: NDArray[Any]
    epoch_loss: NDArray[Any]
    validation: NDArray[Any]


def copy_arrays(arrays: Arrays) -> Arrays:
    return {name: array.copy() for name, array in arrays.items()}


_SCALARS = ("step", "epoch", "position", "best_value", "waited")


@dataclass
class Run:
    """``params`` and ``states`` are overwritten by each step; ``order`` is this epoch's permutation of the rows."""

    params: Arrays
    states: Arrays
    rng: Generator
    step: int = 0
    epoch: int = 0
    position: int = 0
    order: NDArray[Any] | None = None
    losses: list[float] = field(default_factory=list)
    epoch_losses: list[float] = field(default_factory=list)
    validations: list[float] = field(default_factory=list)
    best: Arrays | None = None
    best_value: float = float("inf")
    waited: int = 0
    good: Arrays | None = None

    def next_rows(self, batches: Batches) -> NDArray[Any] | None:
        """The rows of the next batch, None for all; a new epoch draws a new permutation."""
        if batches.whole:
            return None
        if self.order is None:
            self.order = self.rng.permutation(batches.rows)
        return self.order[self.position : self.position + batches.size]

    def count_step(self, batches: Batches, loss: float) -> bool:
        """Count a step with its loss; whether it ended an epoch."""
        self.step += 1
        self.losses.append(loss)
        self.position += batches.size
        if self.position < batches.rows:
            return False
        self.position, self.order = 0, None
        self.epoch += 1
        self.epoch_losses.append(sum(self.losses[-batches.per_epoch :]) / batches.per_epoch)
        return True

    def watch(self, value: float) -> None:
        """Keep the parameters where this is the lowest value so far; count the epochs since."""
        if value < self.best_value:
            self.best, self.best_value, self.waited = copy_arrays(self.params), value, 0
        else:
            self.waited += 1

    def history(self) -> History:
        import numpy as np

        return History(*(np.array(part, float) for part in (self.losses, self.epoch_losses, self.validations)))

    def pack(self) -> tuple[Arrays, dict[str, Any]]:
        """The run as named arrays and JSON text."""
        groups = {"params": self.params, "states": self.states, "best": self.best, "good": self.good}
        groups["history"] = self.history()._asdict()
        groups["order"] = {} if self.order is None else {"rows": self.order}
        arrays = {f"{group}/{name}": array for group, own in groups.items() for name, array in (own or {}).items()}
        scalars = {name: getattr(self, name) for name in _SCALARS}
        return arrays, {**scalars, "rng": self.rng.bit_generator.state}

    def restore(self, arrays: Arrays, text: dict[str, Any]) -> None:
        """Take over what :meth:`pack` returned."""
        groups: dict[str, Arrays] = {}
        for key, array in arrays.items():
            group, _, name = key.partition("/")
            groups.setdefault(group, {})[name] = array
        for own, group in ((self.params, "params"), (self.states, "states")):
            for name, array in own.items():
                array[...] = groups[group][name]
        self.best, self.good = groups.get("best"), groups.get("good")
        self.order = groups.get("order", {}).get("rows")
        history = groups["history"]
        self.losses, self.epoch_losses = history["loss"].tolist(), history["epoch_loss"].tolist()
        self.validations = history["validation"].tolist()
        for name in _SCALARS:
            setattr(self, name, text[name])
        self.rng.bit_generator.state = text["rng"]
