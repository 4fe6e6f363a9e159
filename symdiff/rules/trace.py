"""Which rewrites were made, in order, where somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from ..graph.node import Node


class Rewrite(NamedTuple):
    """One rewrite: the name of the rule, what it replaced, and by what."""

    rule: str
    before: Node
    after: Node

    def __str__(self) -> str:
        return f"{self.rule}: {self.before} -> {self.after}"


_trace: ContextVar[list[Rewrite] | None] = ContextVar("trace", default=None)


@contextmanager
def tracing(trace: list[Rewrite] | None) -> Iterator[None]:
    """Note rewrites in the list while inside the block, in this thread or task; None notes none."""
    token = _trace.set(trace)
    try:
        yield
    finally:
        _trace.reset(token)


def traced() -> bool:
    """Whether rewrites are noted here."""
    return _trace.get() is not None


def note(rule: object, before: Node, after: Node) -> Node:
    """Note a rewrite; returns its result."""
    trace = _trace.get()
    if trace is not None and before is not after:
        trace.append(Rewrite(str(rule), before, after))
    return after


def note_all(rule: object, before: Sequence[Node], after: Sequence[Node]) -> None:
    """Note what a pass over whole formulas changed in each of them."""
    for old, new in zip(before, after, strict=True):
        note(rule, old, new)


def mark() -> int:
    """How many rewrites are noted so far, for :func:`forget_after`."""
    trace = _trace.get()
    return 0 if trace is None else len(trace)


def forget_after(mark: int) -> list[Rewrite]:
    """Forget the rewrites since then, because their result is not taken; returns them."""
    trace = _trace.get()
    if trace is None:
        return []
    forgotten = trace[mark:]
    del trace[mark:]
    return forgotten


def resume(rewrites: list[Rewrite]) -> None:
    """Note rewrites again that were forgotten."""
    trace = _trace.get()
    if trace is not None:
        trace += rewrites
