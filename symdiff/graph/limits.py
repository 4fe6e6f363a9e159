"""Limits for formulas that strangers write: what a text, its graphs and the work on them may cost.

Limits hold in the context that asks for them (:mod:`contextvars`), so other threads and tasks know nothing of them.
Without limits nothing is counted: while any block runs, :mod:`symdiff.graph.node` makes its nodes by a function that
counts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from math import inf
from typing import Any, TypeVar

from .errors import LimitError, SymdiffError

T = TypeVar("T")

#: Every limit, with what a message says where it is exceeded.
LIMITS = {
    "characters": "a formula has more than {:,} characters",
    "digits": "a number has more than {:,} digits",
    "exponents": "an exponent is larger than {:,}",
    "depth": "a formula nests more than {:,} levels deep",
    "nodes": "the graphs take more than {:,} nodes",
    "seconds": "the work takes longer than {:,} seconds",
}
#: Steps between two looks at the clock.
_EVERY = 64
#: Called with True when the first block of limits begins in any thread, and with False when the last one ends.
SWITCHES: list[Callable[[bool], None]] = []


class _Budget:
    """The limits of one block, none looser than those around it, and what is spent."""

    def __init__(self, given: dict[str, float], outer: _Budget | None) -> None:
        self.outer = outer
        stated, left = (outer.stated, outer.left()) if outer else ({}, {})
        self.stated: dict[str, float] = {name: min(given.get(name, inf), stated.get(name, inf)) for name in LIMITS}
        self.most = {name: min(given.get(name, inf), left.get(name, inf)) for name in LIMITS}
        self.deadline = time.monotonic() + self.most["seconds"]
        self.built = 0

    def left(self) -> dict[str, float]:
        spent = {"nodes": self.built, "seconds": self.most["seconds"] - (self.deadline - time.monotonic())}
        return {name: most - spent.get(name, 0) if most < inf else inf for name, most in self.most.items()}

    def check(self, name: str, amount: float) -> None:
        if amount > self.most[name]:
            text = LIMITS[name].format(self.stated[name])
            raise LimitError(f"{text}; raise the limit with limits({name}=...) or --limit {name}=...")

    def spend(self, nodes: int) -> None:
        self.built += nodes
        self.check("nodes", self.built)
        if self.built % _EVERY == 0:
            self.tick()

    def tick(self) -> None:
        if time.monotonic() > self.deadline:
            self.check("seconds", inf)


_current: ContextVar[_Budget | None] = ContextVar("symdiff_budget", default=None)
_lock = threading.Lock()
_blocks = 0


class limits(ContextDecorator):
    """Limit what formulas may cost in this block: work beyond a limit raises LimitError, which names the limit.

    ``characters`` of a formula; ``digits`` of a number in it; ``exponents``: the size of a constant exponent;
    ``depth``: how many brackets and operators wait for their end at once; ``nodes`` of one graph, and of what is built
    in the block by all steps together; ``seconds`` from the beginning of the block. What is left out is not limited.
    A block inside another one can only tighten its limits; one object serves for any number of blocks. NumPy's work on
    arrays is not interrupted. Threads that start inside the block are not limited, unless they run in a copy of its
    context. Raises SymdiffError for unknown names and for what is no positive number.

    >>> import symdiff as sd
    >>> with limits(nodes=1000, seconds=10):
    ...     sd.diff(sd.parse("x**2*sin(x)"), sd.symbol("x"))
    cos(x)*x**2 + 2*x*sin(x)
    >>> with limits(digits=10):
    ...     sd.parse("x + 12345678901")
    Traceback (most recent call last):
    symdiff.graph.errors.LimitError: a number has more than 10 digits; raise the limit with limits(digits=...) or ...
    """

    def __init__(self, **most: float) -> None:
        self._most = _checked(most)

    def __enter__(self) -> None:
        _current.set(_Budget(self._most, _current.get()))
        _count(1)

    def __exit__(self, *error: object) -> None:
        budget = _current.get()
        assert budget is not None
        _count(-1)
        _current.set(budget.outer)
        if budget.outer is not None:
            budget.outer.built += budget.built


def _checked(most: dict[str, float]) -> dict[str, float]:
    for name, value in most.items():
        if name not in LIMITS:
            raise SymdiffError(f"there is no limit {name!r}; the limits are {', '.join(LIMITS)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise SymdiffError(f"the limit {name} is a positive number, not {value!r}")
    return most


def _count(step: int) -> None:
    """Count the blocks of all threads, and tell when there is a first one and when there is none."""
    global _blocks
    with _lock:
        _blocks += step
        if _blocks == (step > 0):
            for switch in SWITCHES:
                switch(step > 0)


def limited() -> bool:
    """Whether this context has limits."""
    return _current.get() is not None


def check(name: str, amount: float) -> None:
    """Raise LimitError where an amount is over the limit of that name."""
    budget = _current.get()
    if budget is not None:
        budget.check(name, amount)


def counted(kind: type[T]) -> T:
    """A new object, which counts as one node of this context."""
    budget = _current.get()
    if budget is not None:
        budget.spend(1)
    return object.__new__(kind)


def bounded(name: str) -> list[Any]:
    """An empty list: a plain one without limits, else one that is no longer than that limit and watches the clock."""
    budget = _current.get()
    return [] if budget is None else _Bounded(name, budget)


class _Bounded(list[Any]):
    def __init__(self, name: str, budget: _Budget) -> None:
        super().__init__()
        self.name, self.budget, self.added = name, budget, 0

    def append(self, item: Any) -> None:
        super().append(item)
        self.budget.check(self.name, len(self))
        self.added += 1
        if self.added % _EVERY == 0:
            self.budget.tick()
