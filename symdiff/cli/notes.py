"""What a user may want to know of a result, on standard error: the result itself stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import click

from ..differentiate.kinks import Kink, kinks
from ..graph.node import OPS, Node
from ..graph.traversal import leaves, variables
from .printing import shown
from .values import values_at

#: Functions whose name stands before a letter where brackets were forgotten, as in ``sinx``.
_FORGOTTEN = ("sin", "cos", "tan", "exp", "log", "ln", "sqrt")
#: Variables or kinks that notes name at most.
_MOST = 3


def note_names(roots: Sequence[Node]) -> None:
    """Variables that are easily taken for something else."""
    names = [var.name for var in variables(roots)]
    for name in names:
        if name in ("e", "E"):
            click.echo(f"note: {name} is a variable; exp(1) is Euler's number", err=True)
            break
    for name in names:
        if name[:-1] in _FORGOTTEN and name[-1].isalpha() and name not in OPS:
            click.echo(f"note: {name} is a variable; write {name[:-1]}({name[-1]}) for the function", err=True)


def note_undefined(roots: Sequence[Node], values: Any, point: Mapping[str, Any]) -> None:
    """Where the formula has no value at the point, or a kink there has no derivative."""
    if _undefined(values_at(list(roots), point, variables(roots))):
        click.echo(
            f"note: the formula has no value at {_shown_point(point)}, so a derivative there means nothing", err=True
        )
    elif _undefined(values):
        for kink in _met(roots, point):
            click.echo(f"note: {kink.node} has no derivative there; --kinks zero takes 0", err=True)


def note_edge(printed: Any, guarded: Any, values: Any, point: Mapping[str, Any], roots: Sequence[Node]) -> None:
    """Where the printed formula has no value at the point, and the derivative has one: the edge of a domain."""
    if leaves(printed) == leaves(guarded) or _undefined(values):
        return
    if _undefined(values_at(printed, point, variables(roots))):
        place = _shown_point(point)
        click.echo(f"note: at {place} the formula as printed has no value; the derivative has the one shown", err=True)


def _shown_point(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in list(point.items())[:_MOST])


def note_kinks(root: Node, point: Mapping[str, Any]) -> None:
    """What a derivative stands for where there is none."""
    for kink in _met([root], point):
        click.echo(f"note: {kink.node} has no derivative there; the convention is {kink.convention}", err=True)


def _met(roots: Sequence[Node], point: Mapping[str, Any]) -> Iterator[Kink]:
    """The first kinks that the point is at, by the order of evaluation."""
    placed = [kink for kink in kinks(list(roots)) if kink.at is not None]
    if placed:
        holds = values_at([kink.at for kink in placed], point, variables(roots))
        met = (kink for kink, held in zip(placed, holds, strict=True) if any(_numbers(held)))
        yield from islice(met, _MOST)


def _undefined(values: Any) -> bool:
    return any(number != number for number in _numbers(values))


def _numbers(values: Any) -> Iterator[Any]:
    """The numbers of nested lists and tuples."""
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple)):
            waiting.extend(value)
        else:
            yield value
