"""The likely mistake behind a wrong entry: one that, put into the exact derivative, gives the wrong values.

Cheap comparisons of whole entries come first (a sign, a factor, another entry); then every operation of the exact
derivative is changed in the ways people get it wrong, in several equal forms of the derivative; last, each constant is
solved for. The first mistake that explains the entry at every point is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

from ...differentiate.passes import diff, grad, jvp
from ...graph.leaves import CONST, symbol
from ...graph.node import Node
from ...graph.traversal import substitute, topological
from ...search.levels import simplify
from ...text.printer import show
from .agreement import agree, ratio
from .entries import Entry, Exact
from .mutations import Slip, mutations

#: Mutations that are tried for one entry.
_MOST = 1500


def find_slip(exact: Exact, position: int, got: Any, expected: Sequence[Any]) -> Slip | None:
    """The likely mistake in the entry at ``position``, which has the values ``got``."""
    entry = exact.entries[position]
    slip = _slip_of_whole_entry(position, got, expected, exact.entries)
    if slip is not None:
        return slip
    forms = _forms(entry)
    candidates = mutations(forms, entry.f, exact.wanted, _scalars(entry))
    tried = list(islice(_distinct(candidates, entry.node.shape), _MOST))
    for (slip, _), values in zip(tried, exact.values([node for _, node in tried]), strict=True):
        if agree(values, got):
            return slip
    return _wrong_coefficient(exact, entry, forms, got)


def _slip_of_whole_entry(position: int, got: Any, expected: Sequence[Any], entries: Sequence[Entry]) -> Slip | None:
    own = expected[position]
    if agree(-got, own):
        return Slip("sign", "the sign of the whole entry")
    for other, values in enumerate(expected):
        if other != position and values.shape == got.shape and agree(got, values):
            return Slip("variable", f"this is {entries[other].name}")
    if got.ndim == 3 and got.shape[1] == got.shape[2] and agree(got.transpose(0, 2, 1), own):
        return Slip("transposed", "the block is transposed")
    if not got.any():
        return Slip("missing term", "the entry is left out")
    factor = ratio(got, own)
    return None if factor is None else Slip("factor", f"a factor of {_fraction(factor)} too much")


def _scalars(entry: Entry) -> tuple[Node, ...]:
    """The variables that the entry is differentiated by, where they are scalars."""
    return () if any(var.shape for var in entry.by) else entry.by


def _fraction(value: float) -> str:
    near = Fraction(value).limit_denominator(1000)
    return str(near) if abs(float(near) - value) <= 1e-9 * abs(value) else f"{value:.10g}"


def _forms(entry: Entry) -> list[Node]:
    """Equal forms of one entry: simplified, in a list and alone, and those of reverse and of forward mode."""
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


def _distinct(candidates: Iterable[tuple[Slip, Node]], shape: Any) -> Iterator[tuple[Slip, Node]]:
    """Each mutation of that shape once."""
    seen: set[Node] = set()
    for slip, node in candidates:
        if node not in seen and node.shape == shape:
            seen.add(node)
            yield slip, node


# -- constants -----------------------------------------------------------------------------------------------------


_FREE = symbol("number__")


def _wrong_coefficient(exact: Exact, entry: Entry, forms: Sequence[Node], got: Any) -> Slip | None:
    """One constant of the formula, or of a form of its derivative, that is another."""
    if forms[0].shape:
        return None
    for constant, form in _freed_constants(entry, forms):
        value = _solve(exact, form, float(constant.value), got)
        if value is not None:
            return Slip("coefficient", f"{_fraction(value)} in place of {show(constant)}")
    return None


def _freed_constants(entry: Entry, forms: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Each constant with the derivative in which a variable stands for it."""
    by = _scalars(entry)
    for constant, f in _free_each(entry.f) if by else ():
        yield constant, diff(f, *by)
    for form in forms:
        yield from _free_each(form)


def _free_each(root: Node) -> Iterator[tuple[Node, Node]]:
    """Each constant operand, and the formula with a variable in its stead."""
    for node in topological(root):
        for position, arg in enumerate(node.args):
            if arg.op is CONST and not isinstance(arg.value, bool):
                args = [*node.args[:position], _FREE, *node.args[position + 1 :]]
                yield arg, substitute(root, {node: node.op(*args, *node.attrs)})


def _solve(exact: Exact, form: Node, start: float, got: Any) -> float | None:
    """The constant with which the form has the values ``got`` at every point: Newton's method from likely ones."""
    likely = dict.fromkeys([1.0, 2.0, -start, start + 1, start - 1, 2 * start, start / 2, 0.0, 3.0, 4.0, start + 0.37])
    slope = diff(form, _FREE)
    for guess in likely:
        if guess != start and agree(exact.values([form], {_FREE: guess})[0], got):
            return guess
    for guess in likely:
        value = _newton(exact, [form, slope], guess, got)
        if value is not None and abs(value - start) > 1e-9:
            return value
    return None


def _newton(exact: Exact, form: list[Node], guess: float, got: Any) -> float | None:
    """The root near a guess; each step is the median of those of the points."""
    import numpy as np

    for _ in range(12):
        value, rate = exact.values(form, {_FREE: guess})
        if agree(value, got):
            return guess
        with np.errstate(all="ignore"):
            steps = (got - value) / rate
        steps = steps[np.isfinite(steps)]
        if not steps.size:
            return None
        guess += float(np.median(steps))
    return None
