"""The data of an explanation: the steps of a formula with their values, and the sweeps of derivatives over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from ..graph.node import Node


class Step(NamedTuple):
    """One operation: ``name`` is its result's, ``formula`` says it in the names of its operands.

    ``rule`` and ``gate``: what the operation calls its derivative, and how it passes or blocks one.
    """

    name: str
    node: Node
    formula: Node
    value: Any
    rule: str
    gate: str


class Share(NamedTuple):
    """What one operand adds to a sum of derivatives.

    ``name`` is the operand's and ``position`` its index among the arguments; empty and -1 for all together.
    ``local`` is the local partial in the names of the steps, with its value; among arrays ``formula`` is the whole
    share in those names and those of the derivatives, and where an operation is not elementwise there is no local
    partial. ``total`` is the sum with those before it, of which this is the ``nth``, from 1.
    """

    name: str
    position: int
    local: Node | None
    local_value: Any
    formula: Node | None
    value: Any
    total: Any
    nth: int


class Move(NamedTuple):
    """A step in a sweep: its derivative, under ``name``, and the shares that it passes on, or that it is the sum of."""

    step: Step
    name: str
    derivative: Any
    shares: tuple[Share, ...]


class Sweep(NamedTuple):
    """A pass over the steps: backward from the formula, or forward from the variable ``source``."""

    source: str
    moves: tuple[Move, ...]

    def factor(self, move: Move, share: Share) -> Any:
        """What the local partial is multiplied by: the step's own derivative, or forward its operand's."""
        if not self.source:
            return move.derivative
        return next((other.derivative for other in self.moves if other.step.name == share.name), 0.0)


@dataclass(frozen=True, repr=False)
class Record:
    """A formula at a point: ``steps`` forward, then ``sweeps`` of derivatives, and the ``gradient`` by name."""

    formula: Node
    at: dict[str, Any]
    mode: str
    steps: tuple[Step, ...]
    sweeps: tuple[Sweep, ...]
    gradient: dict[str, Any]

    @property
    def value(self) -> Any:
        """The value of the formula."""
        return next(step.value for step in self.steps if step.node is self.formula)

    def record(self) -> dict[str, Any]:
        """The same as nested dicts and lists of texts and numbers, for JSON."""
        steps = [{"name": step.name, "formula": str(step.formula), "value": _plain(step.value)} for step in self.steps]
        return {
            "formula": str(self.formula),
            "at": {name: _plain(value) for name, value in self.at.items()},
            "mode": self.mode,
            "steps": steps,
            "sweeps": [{"by": sweep.source, "moves": list(map(_plain_move, sweep.moves))} for sweep in self.sweeps],
            "gradient": {name: _plain(value) for name, value in self.gradient.items()},
        }


def _plain_move(move: Move) -> dict[str, Any]:
    shares = [
        {
            "operand": share.name,
            "partial": str(share.formula if share.local is None else share.local),
            "partial_value": _plain(share.local_value),
            "value": _plain(share.value),
            "sum": _plain(share.total),
        }
        for share in move.shares
    ]
    step = {"step": move.step.name, "rule": move.step.rule, "gate": move.step.gate}
    return {**step, "derivative": _plain(move.derivative), "shares": shares}


def _plain(value: Any) -> Any:
    """A scalar as it is, what is not finite as text; an array as nested lists."""
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list):
        return list(map(_plain, value))
    return str(value) if isinstance(value, float) and not abs(value) < float("inf") else value
