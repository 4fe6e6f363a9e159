"""Likely slips: an exact derivative with one mistake put into it that gives the numbers of a wrong one.

Cheap comparisons of whole entries come first (a sign, a factor, another entry); then every operation of the exact
derivative is changed in the ways people get it wrong, in several spellings of the derivative; last, each number is
solved for. The first slip that explains an entry at every point is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol

from ...differentiate.passes import diff, grad, jvp
from ...graph.node import CONST, Node, symbol
from ...graph.traversal import substitute, topological
from ...search.levels import simplify
from ...text.printer import show
from .changes import Slip, changed
from .entries import Entry
from .numbers import agree, ratio

#: Changed derivatives that are tried for one entry.
_MOST = 1500


class Exact(Protocol):
    """The exact derivative that entries are compared with."""

    entries: list[Entry]
    wanted: list[Node]

    def values(self, nodes: list[Node], given: Mapping[Node, float] | None = None) -> list[Any]: ...


def find_slip(exact: Exact, place: int, got: Any, expected: Sequence[Any]) -> Slip | None:
    """The likely slip in the entry at ``place``, which has the numbers ``got``."""
    entry = exact.entries[place]
    found = _whole(place, got, expected, exact.entries)
    if found is not None:
        return found
    forms = _forms(entry)
    tried = list(_distinct(changed(forms, entry.f, exact.wanted, _scalars(entry)), entry.node.shape))[:_MOST]
    for (slip, _), values in zip(tried, exact.values([node for _, node in tried]), strict=True):
        if agree(values, got):
            return slip
    return _coefficient(exact, entry, forms, got)


def _whole(place: int, got: Any, expected: Sequence[Any], entries: Sequence[Entry]) -> Slip | None:
    own = expected[place]
    if agree(-got, own):
        return Slip("sign", "the sign of the whole entry")
    for other, values in enumerate(expected):
        if other != place and values.shape == got.shape and agree(got, values):
            return Slip("variable", f"this is {entries[other].name}")
    if got.ndim == 3 and got.shape[1] == got.shape[2] and agree(got.transpose(0, 2, 1), own):
        return Slip("transposed", "the block is transposed")
    if not got.any():
        return Slip("missing term", "the entry is left out")
    factor = ratio(got, own)
    return None if factor is None else Slip("factor", f"a factor of {_fraction(factor)} too much")


def _scalars(entry: Entry) -> tuple[Node, ...]:
    """The variables that the entry is differentiated by, where they are numbers."""
    return () if any(var.shape for var in entry.by) else entry.by


def _fraction(value: float) -> str:
    near = Fraction(value).limit_denominator(1000)
    return str(near) if abs(float(near) - value) <= 1e-9 * abs(value) else f"{value:.10g}"


def _forms(entry: Entry) -> list[Node]:
    """Spellings of one entry: simplified, in a list and alone, as reverse mode and as forward mode write it."""
    f, by = entry.f, _scalars(entry)
    forms = [entry.node]
    if len(by) == 1:
        forms = [simplify([diff(f, *by), *by])[0], entry.node, diff(f, *by), jvp(f, [by[0]], [1])]
    elif by:
        v, w = by
        forms += [diff(f, v, w), diff(jvp(f, [w], [1]), v), diff(simplify(diff(f, v)), w)]
    elif entry.by:
        forms += [grad(f, entry.by[0])] if len(entry.by) == 1 else []
    return list(dict.fromkeys(forms))


def _distinct(changes: Iterable[tuple[Slip, Node]], shape: Any) -> Iterator[tuple[Slip, Node]]:
    """Each changed derivative once."""
    seen: set[Node] = set()
    for slip, node in changes:
        if node not in seen and node.shape == shape:
            seen.add(node)
            yield slip, node


# -- numbers -------------------------------------------------------------------------------------------------------


_NUMBER = symbol("number__")


def _coefficient(exact: Exact, entry: Entry, forms: Sequence[Node], got: Any) -> Slip | None:
    """One number of the formula, or of a spelling of its derivative, that is another."""
    if forms[0].shape:
        return None
    for number, form in _numbered(entry, forms):
        value = _solved(exact, form, float(number.value), got)
        if value is not None:
            return Slip("coefficient", f"{_fraction(value)} in place of {show(number)}")
    return None


def _numbered(entry: Entry, forms: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Each number with the derivative in which it may be any."""
    by = _scalars(entry)
    for number, f in _freed(entry.f) if by else ():
        yield number, diff(f, *by)
    for form in forms:
        yield from _freed(form)


def _freed(root: Node) -> Iterator[tuple[Node, Node]]:
    """Each number where it stands, and the formula with a variable in its place."""
    for node in topological(root):
        for place, arg in enumerate(node.args):
            if arg.op is CONST and not isinstance(arg.value, bool):
                args = [*node.args[:place], _NUMBER, *node.args[place + 1 :]]
                yield arg, substitute(root, {node: node.op(*args, *node.attrs)})


def _solved(exact: Exact, form: Node, start: float, got: Any) -> float | None:
    """The number with which the form has the values ``got`` at every point: Newton's method from likely ones."""
    likely = dict.fromkeys([1.0, 2.0, -start, start + 1, start - 1, 2 * start, start / 2, 0.0, 3.0, 4.0, start + 0.37])
    slope = diff(form, _NUMBER)
    for guess in likely:
        if guess != start and agree(exact.values([form], {_NUMBER: guess})[0], got):
            return guess
    for guess in likely:
        found = _newton(exact, [form, slope], guess, got)
        if found is not None and abs(found - start) > 1e-9:
            return found
    return None


def _newton(exact: Exact, form: list[Node], guess: float, got: Any) -> float | None:
    """The root near a guess, each step the middle one of those of the points."""
    import numpy as np

    for _ in range(12):
        value, rate = exact.values(form, {_NUMBER: guess})
        if agree(value, got):
            return guess
        with np.errstate(all="ignore"):
            steps = (got - value) / rate
        steps = steps[np.isfinite(steps)]
        if not steps.size:
            return None
        guess += float(np.median(steps))
    return None
