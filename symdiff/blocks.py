"""Derivatives of arrays by arrays, as sums of products of small factors that are multiplied out last.

The derivative of ``f`` (axes s) by a node ``u`` (axes t) is a list of terms. A term is a product of factors with
labelled axes, summed over the labels that are neither in s nor in t; an axis of t that has the label of an axis of s is
a Kronecker delta, which is never an array. One reverse pass carries the terms from ``f`` to the sources: each operation
adds its factors and renames labels. Where several terms meet they become one: what they share stays a factor, the
rest is added up with its deltas written on diagonals. So a plan grows with the graph, not with its paths.

S. Laue, M. Mitterreiter, J. Giesen: Computing higher order derivatives of matrix and tensor expressions, NeurIPS 2018;
A simple and efficient tensor calculus, AAAI 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from math import gcd
from typing import Any, NamedTuple

from .contractions import in_order
from .errors import UnsupportedError
from .expr import ROWS, Node, as_node, const, is_const
from .ops import tensor
from .ops.contraction import EYE, contraction, narrow, size_node
from .ops.kinds import broadcast_to, operands, unbroadcast
from .ops.tensor import Range, expanded, total
from .shapes import Shape, Size, add_sizes, multiply_sizes
from .walk import dependents, growing, topological

Label = Any


class Axis(NamedTuple):
    """An axis whose place is ``start + step*label``, for as many places as the label counts."""

    label: Label
    start: Size = 0
    step: int = 1


class Factor(NamedTuple):
    """An array with a label for each axis."""

    node: Node
    labels: tuple[Label, ...]


class Term(NamedTuple):
    """The product of the factors, from the axes ``out`` of the output to the axes ``inner`` of the node it reached."""

    factors: tuple[Factor, ...]
    out: tuple[Axis, ...]
    inner: tuple[Axis, ...]

    def renamed(self, names: Mapping[Label, Label]) -> Term:
        """The term with other labels."""
        factors = tuple(Factor(f.node, tuple(names.get(label, label) for label in f.labels)) for f in self.factors)
        out, inner = (
            tuple(axis._replace(label=names.get(axis.label, axis.label)) for axis in axes)
            for axes in (self.out, self.inner)
        )
        return Term(factors, out, inner)


#: Alternatives: factors, and the labels of the argument's axes.
Local = list[tuple[list[Factor], list[Label]]]


class Derivative(NamedTuple):
    """The derivative of ``output`` by each source as terms, with the sizes of their labels."""

    output: Node
    terms: dict[Node, list[Term]]
    counts: dict[Label, Size]
    given: Mapping[str, int]

    def block(self, source: Node) -> Node:
        """The derivative as one array of shape ``output.shape + source.shape``, each term multiplied out."""
        shape = self.output.shape + source.shape
        whole = None
        for part in self.parts(source):
            node = part.whole(shape)
            whole = node if whole is None else whole + node
        return broadcast_to(const(0), shape) if whole is None else whole

    def parts(self, source: Node) -> list[Part]:
        """The terms multiplied out, without their deltas."""
        found = []
        for term in self.terms.get(source, ()):
            axes = (*term.out, *term.inner)
            labels = [axis.label for axis in axes]
            once = list(dict.fromkeys(labels))
            node = multiplied(term.factors, once, self.counts, self.given)
            ranges = tuple((axis.start, self.counts[axis.label], axis.step) for axis in axes)
            found.append(Part(node, tuple(map(once.index, labels)), ranges))
        return found


class Part(NamedTuple):
    """A part of a block: the array's axis of each axis of the block, twice for a delta, and the places it fills."""

    node: Node
    axes: tuple[int, ...]
    ranges: tuple[Range, ...]

    def whole(self, shape: Shape) -> Node:
        """The part as an array of the block's shape."""
        node = contraction([self.node], [range(self.node.ndim)], self.axes)
        return tensor.scatter(node, shape, self.ranges) if self.cut(shape) else node

    def cut(self, shape: Shape) -> bool:
        """Whether the part fills only some places along an axis."""
        return self.ranges != tuple((0, size, 1) for size in shape)


def derivative(output: Node, sources: Sequence[Node], sizes: Mapping[str, int] | None = None) -> Derivative:
    """The derivative of an array by arrays, not multiplied out.

    ``sizes``: what letters count for when the cheapest order is chosen. Raises UnsupportedError for an operation
    whose derivative is not a product of factors.

    >>> import symdiff as sd
    >>> A, x = sd.symbol("A", shape=("m", "n")), sd.symbol("x", shape="n")
    >>> derivative(sd.sin(A @ x), [x]).block(x)
    A*cos(A @ x)[:, None]
    """
    with growing():
        run = _Pass(sizes or {})
        return Derivative(output, run.run(output, sources), run.sizes, run.given)


class _Pass:
    """One reverse pass, with the sizes of its labels."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.given = sizes
        self.labels = count()
        self.sizes: dict[Label, Size] = {}

    def fresh(self, size: Size) -> Label:
        label = next(self.labels)
        self.sizes[label] = size
        return label

    def run(self, output: Node, sources: Sequence[Node]) -> dict[Node, list[Term]]:
        axes = tuple(Axis(self.fresh(size)) for size in output.shape)
        waiting = {output: [Term((), axes, axes)]}
        wanted, found = set(sources), dict[Node, list[Term]]()
        order = topological(output)
        active = dependents(order, wanted)
        for node in reversed(order):
            terms = waiting.pop(node, None)
            if terms is None or node not in active:
                continue
            if node in wanted:
                found[node] = self.merged(terms, keep=True)
            if node.args:
                for term in self.merged(terms, keep=False):
                    for arg, part in self.pulled(node, term, active):
                        waiting.setdefault(arg, []).append(part)
        return found

    # -- one operation ---------------------------------------------------------------------------------------------

    def pulled(self, node: Node, term: Term, active: set[Node]) -> Iterable[tuple[Node, Term]]:
        """The term carried on to each active argument."""
        for place, arg in enumerate(node.args):
            if arg in active:
                for part in self.local(node, place, arg, term):
                    yield arg, part

    def local(self, node: Node, place: int, arg: Node, term: Term) -> Iterable[Term]:
        if node.op.name not in _EXACT:
            term = self.distinct(term, node.shape)
        if node.op.elementwise:
            return self.elementwise(node, place, term)
        if node.op.name in _MOVES:
            return _MOVES[node.op.name](self, node, place, arg, term)
        if node.op.name not in _FACTORS:
            raise UnsupportedError(f"the derivative of {node.op.name} is no product of factors; use hvp or jvp")
        labels = [axis.label for axis in term.inner]
        alternatives = _FACTORS[node.op.name](self, node, place, labels)
        return [self.extended(node, term, factors, inner) for factors, inner in alternatives]

    def extended(self, node: Node, term: Term, factors: Sequence[Factor], inner: Sequence[Label]) -> Term:
        """The term times the factors; factors are cut to the part of an axis that the term covers."""
        ranges = {axis.label: axis for axis in term.inner if self.partial(axis, node.shape[term.inner.index(axis)])}
        cut = tuple(self.sliced(factor, ranges) for factor in factors)
        axes = tuple(ranges.get(label, Axis(label)) for label in inner)
        return Term(term.factors + cut, term.out, axes)

    def distinct(self, term: Term, shape: Shape) -> Term:
        """The term where axes with one label are one range."""
        labels = [axis.label for axis in term.inner]
        if len(set(labels)) == len(labels):
            return term
        for place, (axis, size) in enumerate(zip(term.inner, shape, strict=True)):
            others = {other for other in term.inner if other.label == axis.label}
            if len(others) > 1 and self.partial(axis, size):
                term = self.widened(term, place, size)
        return term

    def widened(self, term: Term, place: int, size: Size) -> Term:
        """The term with a slice of an axis as a factor: rows of the identity."""
        axis, label = term.inner[place], self.fresh(size)
        rows = tensor.index(EYE(size), ((axis.start, self.sizes[axis.label], axis.step), (0, size, 1)))
        inner = (*term.inner[:place], Axis(label), *term.inner[place + 1 :])
        return Term((*term.factors, Factor(rows, (axis.label, label))), term.out, inner)

    def partial(self, axis: Axis, size: Size) -> bool:
        return axis.start != 0 or axis.step != 1 or self.sizes[axis.label] != size

    def sliced(self, factor: Factor, ranges: Mapping[Label, Axis]) -> Factor:
        if not any(label in ranges for label in factor.labels):
            return factor
        parts: list[Range] = []
        for label, size in zip(factor.labels, factor.node.shape, strict=True):
            axis = ranges.get(label)
            parts.append((axis.start, self.sizes[label], axis.step) if axis else (0, size, 1))
        return Factor(tensor.index(factor.node, tuple(parts)), factor.labels)

    def elementwise(self, node: Node, place: int, term: Term) -> list[Term]:
        partial = node.op.partials[place] if node.op.partials else None
        if partial is None:
            return []
        found: Any = partial(node, *operands(node))
        value = as_node(found(const(1)) if callable(found) and not isinstance(found, Node) else found)
        if is_const(value, 1):
            return [term]
        if is_const(unbroadcast(value), 0):
            return []
        labels = tuple(axis.label for axis in term.inner)
        wide = broadcast_to(value, node.shape)
        factor = Factor(*narrow(wide, labels)) if wide.op.name == "broadcast" else Factor(wide, labels)
        return [self.extended(node, term, [factor], labels)]

    # -- joining terms ---------------------------------------------------------------------------------------------

    def merged(self, terms: list[Term], keep: bool) -> list[Term]:
        """One term for each way in which the terms cover the axes; with ``keep``, also for each pattern of deltas."""
        groups: dict[Any, list[Term]] = {}
        for term in terms:
            axes = (*term.out, *term.inner)
            labels = [axis.label for axis in axes]
            ranges = tuple((axis.start, axis.step, self.sizes[axis.label]) for axis in axes)
            deltas = tuple(map(labels.index, labels)) if keep else None
            groups.setdefault((ranges, deltas), []).append(term)
        return [group[0] if len(group) == 1 else self.joined(group) for group in groups.values()]

    def aligned(self, terms: list[Term]) -> list[Term]:
        """The terms with one set of new labels for their axes; an axis with the label of one before it keeps that."""
        fresh = [self.fresh(self.sizes[axis.label]) for axis in (*terms[0].out, *terms[0].inner)]
        found = []
        for term in terms:
            names: dict[Label, Label] = {}
            for axis, label in zip((*term.out, *term.inner), fresh, strict=True):
                names.setdefault(axis.label, label)
            found.append(term.renamed(names))
        return found

    def joined(self, terms: list[Term]) -> Term:
        """The sum as one term: shared factors outside, the sum of the rest as one array with its deltas written out."""
        terms = self.aligned(terms)
        known = {axis.label for term in terms for axis in (*term.out, *term.inner)}
        shared = [f for f in dict.fromkeys(terms[0].factors) if known.issuperset(f.labels)]
        shared = [factor for factor in shared if all(factor in term.factors for term in terms)]
        rests = [self.without(term.factors, shared) for term in terms]
        outs = self.reached([term.out for term in terms])
        inner = self.reached([term.inner for term in terms])
        needed = {label for rest in rests for factor in rest for label in factor.labels if label in known}
        for term in terms:
            for axis, label in zip((*term.out, *term.inner), (*outs, *inner), strict=True):
                if axis.label != label:
                    needed |= {label, axis.label}
        axes = [label for label in dict.fromkeys([*outs, *inner]) if label in needed]
        parts = [
            self.array(rest, self.targets(term, [*outs, *inner], axes)) for rest, term in zip(rests, terms, strict=True)
        ]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole + part
        whole = broadcast_to(whole, tuple(self.sizes[label] for label in axes))
        start, end = (
            tuple(axis._replace(label=label) for axis, label in zip(own, labels, strict=True))
            for own, labels in ((terms[0].out, outs), (terms[0].inner, inner))
        )
        return Term((*shared, Factor(whole, tuple(axes))), start, end)

    def reached(self, axes: Sequence[tuple[Axis, ...]]) -> list[Label]:
        """The labels of the same axes in several terms: a delta that all terms have stays one."""
        labels = []
        for same in zip(*axes, strict=True):
            once = {axis.label for axis in same}
            labels.append(once.pop() if len(once) == 1 else self.fresh(self.sizes[same[0].label]))
        return labels

    def targets(self, term: Term, known: Sequence[Label], axes: Sequence[Label]) -> list[Label]:
        """The term's own labels for the axes: a delta gives one label twice."""
        own = {label: axis.label for label, axis in zip(known, (*term.out, *term.inner), strict=True)}
        return [own.get(label, label) for label in axes]

    def without(self, factors: Sequence[Factor], shared: Sequence[Factor]) -> list[Factor]:
        rest = list(factors)
        for factor in shared:
            rest.remove(factor)
        return rest

    def array(self, factors: Sequence[Factor], output: Sequence[Label]) -> Node:
        """The product of factors as an array with these axes, scalars multiplied into the smallest factor."""
        return multiplied(factors, output, self.sizes, self.given)

    def covered(self, term: Term, label: Label) -> bool:
        return any(label in factor.labels for factor in term.factors) or any(axis.label == label for axis in term.out)


def multiplied(
    factors: Sequence[Factor], output: Sequence[Label], counts: Mapping[Label, Size], sizes: Mapping[str, int]
) -> Node:
    """The product of the factors in the cheapest order; axes that no factor has are repeated."""
    scalars = [factor.node for factor in factors if not factor.labels]
    arrays = [factor for factor in factors if factor.labels]
    shape = tuple(counts[label] for label in output)
    scale = scalars[0] if scalars else const(1)
    for scalar in scalars[1:]:
        scale = scale * scalar
    held = {label for factor in arrays for label in factor.labels}
    for label in dict.fromkeys(output):
        if label not in held and list(output).count(label) > 1:
            arrays.append(Factor(broadcast_to(const(1), (counts[label],)), (label,)))
    if not arrays:
        return broadcast_to(scale, shape)
    place = min(range(len(arrays)), key=lambda at: arrays[at].node.ndim)
    arrays[place] = arrays[place]._replace(node=scale * arrays[place].node)
    labels = [factor.labels for factor in arrays]
    return broadcast_to(in_order([factor.node for factor in arrays], labels, tuple(output), sizes), shape)


# -- operations that move axes -------------------------------------------------------------------------------------


def _through_broadcast(run: _Pass, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
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


def _through_view(run: _Pass, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
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


def _through_contract(run: _Pass, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
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


def _through_index(run: _Pass, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    axes = []
    for axis, (start, _, step) in zip(term.inner, node.attrs[0], strict=True):
        axes.append(Axis(axis.label, add_sizes(start, multiply_sizes(step, axis.start)), step * axis.step))
    return [term._replace(inner=tuple(axes))]


def _restricted(run: _Pass, term: Term, ranges: Sequence[Range], shape: Shape) -> list[Term]:
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


def _through_scatter(run: _Pass, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    return _restricted(run, term, node.attrs[1], node.shape)


def _through_concatenate(run: _Pass, node: Node, place: int, arg: Node, term: Term) -> list[Term]:
    axis = node.attrs[0]
    start = add_sizes(0, *(part.shape[axis] for part in node.args[:place]))
    ranges: list[Range] = [(0, size, 1) for size in node.shape]
    ranges[axis] = (start, arg.shape[axis], 1)
    return _restricted(run, term, ranges, node.shape)


_MOVES: dict[str, Callable[[_Pass, Node, int, Node, Term], list[Term]]] = {
    "broadcast": _through_broadcast,
    "view": _through_view,
    "contract": _through_contract,
    "index": _through_index,
    "scatter": _through_scatter,
    "concatenate": _through_concatenate,
}

#: Operations that treat each axis for itself, also where two have one label.
_EXACT = {"broadcast", "view", "index", "scatter", "concatenate"}

# -- operations that add factors -----------------------------------------------------------------------------------


def _spread(run: _Pass, node: Node, labels: Sequence[Label]) -> list[Label]:
    """The labels of a reduction's argument: its own, and new ones for the axes reduced."""
    rest = iter(labels)
    axes = node.attrs[0]
    return [run.fresh(size) if at in axes else next(rest) for at, size in enumerate(node.args[0].shape)]


def _softmax(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    others = [run.fresh(size) if at in node.attrs[0] else labels[at] for at, size in enumerate(node.shape)]
    own = Factor(node, tuple(labels))
    return [([own], list(labels)), ([Factor(const(-1), ()), own, Factor(node, tuple(others))], others)]


def _logsumexp(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    inner = _spread(run, node, labels)
    return [([Factor(tensor.softmax(node.args[0], node.attrs[0]), tuple(inner))], inner)]


def _norm(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    inner = _spread(run, node, labels)
    return [([Factor(1 / node, tuple(labels)), Factor(node.args[0], tuple(inner))], inner)]


def _extreme(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    x, axes = node.args[0], node.attrs[0]
    chosen = broadcast_to(ROWS["where"](ROWS["equal"](x, expanded(node, axes, x.ndim)), 1, 0), x.shape)
    inner = _spread(run, node, labels)
    return [([Factor(chosen / expanded(total(chosen, axes), axes, x.ndim), tuple(inner))], inner)]


def _inv(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    *batch, i, j = labels
    k, m = run.fresh(node.shape[-1]), run.fresh(node.shape[-1])
    factors = [Factor(const(-1), ()), Factor(node, (*batch, i, k)), Factor(node, (*batch, m, j))]
    return [(factors, [*batch, k, m])]


def _solve(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    i, *rest = labels
    k = run.fresh(node.shape[0])
    inverse = Factor(tensor.inv(node.args[0]), (i, k))
    if place == 1:
        return [([inverse], [k, *rest])]
    m = run.fresh(node.shape[0])
    return [([Factor(const(-1), ()), inverse, Factor(node, (m, *rest))], [k, m])]


def _det(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    n = node.args[0].shape[-1]
    k, m = run.fresh(n), run.fresh(n)
    factors = [Factor(tensor.inv(node.args[0]), (*labels, m, k))]
    return [([*factors, Factor(node, tuple(labels))] if node.op.name == "det" else factors, [*labels, k, m])]


def _triangle(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    ones = broadcast_to(const(1), node.shape[-2:])
    return [([Factor(node.op(ones, *node.attrs), tuple(labels[-2:]))], list(labels))]


def _cumsum(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    axis = node.attrs[0]
    size = node.shape[axis]
    inner = [*labels[:axis], run.fresh(size), *labels[axis + 1 :]]
    below = tensor.tril(broadcast_to(const(1), (size, size)), 0)
    return [([Factor(below, (labels[axis], inner[axis]))], inner)]


def _gather(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    x, *places = node.args
    if place:
        return []
    inner = [run.fresh(size) for size in x.shape[: len(places)]]
    count_ = node.ndim - (x.ndim - len(places))
    factors = [_selection(run, one, labels[:count_], label) for one, label in zip(places, inner, strict=True)]
    return [(factors, [*inner, *labels[count_:]])]


def _scatter_add(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    x, *places = node.args
    if place:
        return []
    count_ = x.ndim - (node.ndim - len(places))
    inner = [run.fresh(size) for size in x.shape[:count_]]
    factors = [_selection(run, one, inner, label) for one, label in zip(places, labels, strict=False)]
    return [(factors, [*inner, *labels[len(places) :]])]


def _selection(run: _Pass, places: Node, labels: Sequence[Label], label: Label) -> Factor:
    """1 where the element at the labels is taken from the place ``label``; repeated axes of ``places`` are left out."""
    every = labels[len(labels) - places.ndim :]
    own = [one for one, size in zip(every, places.shape, strict=True) if run.sizes[one] == size]
    narrowed = contraction([places], [every], [*own, "new"])
    size = run.sizes[label]
    hot = ROWS["where"](ROWS["equal"](narrowed, tensor.arange(size)), 1, 0)
    return Factor(broadcast_to(hot, (*(run.sizes[one] for one in own), size)), (*own, label))


def _argmax(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    return []


def _prod(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    """For each element the product of the others: the pullback of ones."""
    assert node.op.pullback is not None
    others = as_node(node.op.pullback(broadcast_to(const(1), node.shape), node, *node.args)[0])
    inner = _spread(run, node, labels)
    return [([Factor(broadcast_to(others, node.args[0].shape), tuple(inner))], inner)]


def _product_of_others(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    """For each two elements the product of all others, 0 for an element and itself."""
    (x,), (axis,) = node.args, node.attrs
    size, own = x.shape[axis], list(range(x.ndim))
    shape = (size, *x.shape)
    same = ROWS["equal"](contraction([EYE(size)], [["self", axis]], ["self", *own]), 1)
    kept = ROWS["where"](same, 1, broadcast_to(contraction([x], [own], ["self", *own]), shape))
    others = ROWS["where"](same, 0, tensor.product_of_others(kept, axis + 1))
    inner = [*labels[:axis], run.fresh(size), *labels[axis + 1 :]]
    return [([Factor(broadcast_to(others, shape), (labels[axis], *inner))], inner)]


def _reshape(run: _Pass, node: Node, place: int, labels: Sequence[Label]) -> Local:
    """The identity with its rows and columns split; axes that both shapes begin or end with stay outside."""
    new, old = node.shape, node.args[0].shape
    most = min(len(new), len(old))
    first = next((at for at in range(most) if new[at] != old[at]), most)
    most -= first
    last = next((at for at in range(most) if new[-1 - at] != old[-1 - at]), most)
    if multiply_sizes(*new[first : len(new) - last]) != multiply_sizes(*old[first : len(old) - last]):
        first = last = 0  # of no elements
    rows, columns = new[first : len(new) - last], old[first : len(old) - last]
    inner = [run.fresh(size) for size in columns]
    identity = tensor.reshape(EYE(multiply_sizes(*rows)), rows + columns)
    own = labels[first : len(new) - last]
    return [([Factor(identity, (*own, *inner))], [*labels[:first], *inner, *labels[len(new) - last :]])]


_FACTORS: dict[str, Callable[[_Pass, Node, int, Sequence[Label]], Local]] = {
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "norm": _norm,
    "max": _extreme,
    "min": _extreme,
    "inv": _inv,
    "solve": _solve,
    "det": _det,
    "logdet": _det,
    "tril": _triangle,
    "triu": _triangle,
    "cumsum": _cumsum,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "argmax": _argmax,
    "prod": _prod,
    "product_of_others": _product_of_others,
    "reshape": _reshape,
}
