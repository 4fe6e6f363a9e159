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

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...graph.errors import UnsupportedError
from ...graph.leaves import as_node, const, is_const
from ...graph.node import Node, Op
from ...graph.shapes import Shape, Size
from ...graph.traversal import dependents, gc_paused, map_graph, rebuild, topological
from ...ops import tensor
from ...ops.contraction import contraction
from ...ops.kinds import broadcast_to, operands, unbroadcast
from ...ops.networks import narrow
from ...ops.spelling import Range
from .carried import CARRIED, carried
from .factors import FACTORS
from .labels import Labels
from .moves import EXACT, MOVES
from .terms import Axis, Factor, Label, Term, multiplied


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
    with gc_paused():
        run = Pass(sizes or {})
        known, *keys = _with_rules([output, *sources])
        terms = run.run(known, keys)
        by_source = {source: terms[key] for source, key in zip(sources, keys, strict=True) if key in terms}
        return Derivative(output, by_source, run.sizes, run.given)


def _with_rules(nodes: list[Node]) -> list[Node]:
    """The nodes with every operation that has no rule here written by those that it is lowered to."""

    def lower(node: Node, args: tuple[Node, ...]) -> Node:
        same = rebuild(node, args)
        lowered = same.op.lowered
        return same if lowered is None or _has_rule(same.op) else lowered(same, *same.args)

    return map_graph(nodes, lower)


def _has_rule(op: Op) -> bool:
    return op.elementwise or op.name in CARRIED or op.name in MOVES or op.name in FACTORS


class Pass(Labels):
    """One reverse pass, with the sizes of its labels."""

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
        if node.op.name not in EXACT:
            term = self.distinct(term, node.shape)
        if node.op.elementwise:
            return self.elementwise(node, place, term)
        if (found := carried(self, node, place, term)) is not None:
            return [found]
        if node.op.name in MOVES:
            return MOVES[node.op.name](self, node, place, arg, term)
        if node.op.name not in FACTORS:
            raise UnsupportedError(f"the derivative of {node.op.name} is no product of factors; use hvp or jvp")
        labels = [axis.label for axis in term.inner]
        alternatives = FACTORS[node.op.name](self, node, place, labels)
        return [self.extended(node, term, factors, inner) for factors, inner in alternatives]

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
