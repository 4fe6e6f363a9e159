"""What a user may want to know of a result, on standard error: the result itself stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ..differentiate.kinks import Kink, kinks
from ..graph.leaves import VAR
from ..graph.node import OPS, Node
from ..graph.traversal import leaves, topological, variables
from ..ops.kinds import operands
from ..ops.terms import POW
from .output import print_aside
from .printing import show_point
from .values import scalars_of, values_at

#: Functions whose brackets are easily forgotten, as in ``sinx``.
_CALLED = ("sin", "cos", "tan", "exp", "log", "ln", "sqrt")
#: Variables or kinks that notes name at most.
_MOST = 3


def note(text: str) -> None:
    print_aside(f"note: {text}")


def note_names(roots: Sequence[Node]) -> None:
    """Variables that are easily taken for something else."""
    names = [var.name for var in variables(roots)]
    for name in [name for name in names if name in ("e", "E")][:1]:
        note(f"{name} is a variable; exp(1) is Euler's number")
    for name in names:
        if name[:-1] in _CALLED and name[-1].isalpha() and name not in OPS:
            note(f"{name} is a variable; write {name[:-1]}({name[-1]}) for the function")
    for power in list(filter(_is_array_to_the_t, topological(*roots)))[:1]:
        note(f"{power} is a power by the variable T; a transpose is written with .T, as in A.T")


def _is_array_to_the_t(node: Node) -> bool:
    if node.op is not POW or not node.shape:
        return False
    base, exponent = operands(node)
    return bool(base.shape) and exponent.op is VAR and exponent.name == "T"


def note_undefined(roots: Sequence[Node], values: Any, point: Mapping[str, Any]) -> None:
    """Where the formula has no value at the point, or a kink there has no derivative."""
    if _undefined(values_at(list(roots), point, variables(roots))):
        note(f"the formula has no value at {_show_short(point)}, so a derivative there means nothing")
    elif _undefined(values):
        for kink in _kinks_at(roots, point):
            note(f"{kink.node} has no derivative there; --kinks zero takes 0")


def note_edge(printed: Any, guarded: Any, values: Any, point: Mapping[str, Any], roots: Sequence[Node]) -> None:
    """Where the printed formula has no value at the point, and the derivative has one: the edge of a domain."""
    if leaves(printed) == leaves(guarded) or _undefined(values):
        return
    if _undefined(values_at(printed, point, variables(roots))):
        note(f"at {_show_short(point)} the formula as printed has no value; the derivative has the one shown")


def _show_short(point: Mapping[str, Any]) -> str:
    return show_point(dict(islice(point.items(), _MOST)))


def note_kinks(root: Node, point: Mapping[str, Any]) -> None:
    """What a derivative stands for where there is none."""
    for kink in _kinks_at([root], point):
        note(f"{kink.node} has no derivative there; the convention is {kink.convention}")


def _kinks_at(roots: Sequence[Node], point: Mapping[str, Any]) -> Iterator[Kink]:
    """The first kinks that the point is at, by the order of evaluation."""
    conditional = [kink for kink in kinks(list(roots)) if kink.at is not None]
    if conditional:
        conditions = values_at([kink.at for kink in conditional], point, variables(roots))
        at = (kink for kink, holds in zip(conditional, conditions, strict=True) if any(scalars_of(holds)))
        yield from islice(at, _MOST)


def _undefined(values: Any) -> bool:
    return any(value != value for value in scalars_of(values))
