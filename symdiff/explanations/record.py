"""What an explanation holds; how it is shown stands in the modules that render it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..graph.node import Node
from .steps import Step, Sweep


@dataclass(frozen=True, repr=False)
class Explained:
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
