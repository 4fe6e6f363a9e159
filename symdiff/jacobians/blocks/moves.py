"""Operations that move axes: what each does to a term that is carried through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd

from ...graph.node import Node
from ...graph.shapes import Shape, Size, add_sizes, multiply_sizes
from ...ops.networks import size_node
from ...ops.spelling import Range
from .labels import Labels
from .terms import Axis, Factor, Label, Term


def _through_broadcast(run: Labels, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    """Repeated axes are summed."""
    skipped = node.ndim - arg.ndim
    inner, gone = [], list(term.inner[:skipped])
    for at, axis in enumerate(term.inner[skipped:]):
        if arg.shape[at] == node.shape[at + skipped]:
            inner.append(axis)
        else:
            gone.append(axis)
            inner.append(Axis(run.fresh(1)))
    left = {axis.label for axis in inner}
    counts = [
        Factor(size_node(run.sizes[label]), ())
        for label in dict.fromkeys(axis.label for axis in gone)
        if not run.covered(term, label) and label not in left
    ]
    return [Term((*term.factors, *counts), term.out, tuple(inner))]


def _through_view(run: Labels, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    inner, outer = node.attrs
    for place, at in enumerate(outer):
        if outer.count(at) > 1 and run.partial(term.inner[place], node.shape[place]):
            term = run.widened(term, place, node.shape[place])
    found: dict[int, Axis] = {}
    same: dict[Label, Label] = {}
    for at, axis in zip(outer, term.inner, strict=True):
        if at not in found:
            found[at] = axis
            continue
        first = same.get(found[at].label, found[at].label)
        other = same.get(axis.label, axis.label)
        if first != other:
            same = {old: first if new == other else new for old, new in same.items()} | {other: first}
    axes = [found[at] if at in found else Axis(run.fresh(1)) for at in inner]
    return [Term(term.factors, term.out, tuple(axes)).renamed(same)]


def _through_contract(run: Labels, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    inputs, output = node.attrs
    names: dict[int, Label] = {at: axis.label for at, axis in zip(output, term.inner, strict=True)}
    for other, own in zip(node.args, inputs, strict=True):
        for at, size in zip(own, other.shape, strict=True):
            if at not in names:
                names[at] = run.fresh(size)
    factors = [
        Factor(other, tuple(names[at] for at in inputs[where]))
        for where, other in enumerate(node.args)
        if where != place
    ]
    return [run.extended(node, term, factors, [names[at] for at in inputs[place]])]


def _through_index(run: Labels, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    axes = []
    for axis, (start, _, step) in zip(term.inner, node.attrs[0], strict=True):
        axes.append(Axis(axis.label, add_sizes(start, multiply_sizes(step, axis.start)), step * axis.step))
    return [term._replace(inner=tuple(axes))]


def _restricted(run: Labels, term: Term, ranges: Sequence[Range], shape: Shape) -> list[Term]:
    """The term for a part of the node's elements, none where it has no such element; labels count what is left."""
    for at, (part, size) in enumerate(zip(ranges, shape, strict=True)):
        axis = term.inner[at]
        if part == (0, size, 1):
            continue
        whole, common = (part, (0, part[1], 1)), None
        if run.partial(axis, size):
            common = _common(axis, run.sizes[axis.label], part)
            if common is None:
                term = run.widened(term, at, size)
                axis = term.inner[at]
        count_ = run.sizes[axis.label]
        kept, inner = common or whole
        if kept[1] == 0 and part[1] != 0:
            return []
        label = run.fresh(kept[1])
        cut = {axis.label: Axis(axis.label, kept[0], kept[2])}
        run.sizes[axis.label] = kept[1]
        factors = tuple(run.sliced(factor, cut) for factor in term.factors)
        run.sizes[axis.label] = count_
        out, axes = (
            tuple(
                Axis(label, add_sizes(o.start, multiply_sizes(o.step, kept[0])), o.step * kept[2])
                if o.label == axis.label
                else o
                for o in own
            )
            for own in (term.out, term.inner)
        )
        axes = (*axes[:at], Axis(label, inner[0], inner[2]), *axes[at + 1 :])
        term = Term(factors, out, axes).renamed({axis.label: label})
    return [term]


def _common(axis: Axis, count_: Size, part: Range) -> tuple[Range, Range] | None:
    """Places of a slice and of a part of an array that are the same elements; nothing where a letter decides it."""
    start, first, size = axis.start, part[0], part[1]
    if not (isinstance(start, int) and isinstance(first, int) and isinstance(size, int) and isinstance(count_, int)):
        return None
    shared = gcd(axis.step, part[2])
    every = abs(part[2]) // shared
    if (first - start) % shared:
        return (0, 0, 1), (0, 0, 1)
    begin = (first - start) // shared * pow(axis.step // shared, -1, every) % every
    offset, step = (start + axis.step * begin - first) // part[2], axis.step * every // part[2]
    low = -(offset // step) if step > 0 else -((size - 1 - offset) // -step)
    high = -((offset - size) // step) if step > 0 else offset // -step + 1
    low, high = max(0, low), min(-((begin - count_) // every), high)
    found = max(0, high - low)
    return (begin + every * low, found, every), (offset + low * step, found, step)


def _through_scatter(run: Labels, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    return _restricted(run, term, node.attrs[1], node.shape)


def _through_concatenate(run: Labels, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    axis = node.attrs[0]
    start = add_sizes(0, *(part.shape[axis] for part in node.args[:place]))
    ranges: list[Range] = [(0, size, 1) for size in node.shape]
    ranges[axis] = (start, arg.shape[axis], 1)
    return _restricted(run, term, ranges, node.shape)


MOVES: dict[str, Callable[[Labels, Node, int, Node, Term], list[Term]]] = {
    "broadcast": _through_broadcast,
    "view": _through_view,
    "contract": _through_contract,
    "index": _through_index,
    "scatter": _through_scatter,
    "concatenate": _through_concatenate,
}

#: Operations that treat each axis for itself, also where two have one label.
EXACT = {"broadcast", "view", "index", "scatter", "concatenate"}
