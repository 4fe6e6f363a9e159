"""The labels of axes with their sizes, and what rules of operations do to terms with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from ...graph.node import Node
from ...graph.shapes import Size
from ...ops import tensor
from ...ops.sizes import EYE
from ...ops.spelling import Range
from .terms import Axis, Factor, Label, Term, multiplied


class Labels:
    """The labels of one reverse pass with their sizes; ``given``: what letters count for in the order of products."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.given = sizes
        self.labels = count()
        self.sizes: dict[Label, Size] = {}

    def fresh(self, size: Size) -> Label:
        label = next(self.labels)
        self.sizes[label] = size
        return label

    def extended(self, node: Node, term: Term, factors: Sequence[Factor], inner: Sequence[Label]) -> Term:
        """The term times the factors; factors are cut to the part of an axis that the term covers."""
        ranges = {axis.label: axis for axis in term.inner if self.partial(axis, node.shape[term.inner.index(axis)])}
        cut = tuple(self.sliced(factor, ranges) for factor in factors)
        axes = tuple(ranges.get(label, Axis(label)) for label in inner)
        return Term(term.factors + cut, term.out, axes)

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
