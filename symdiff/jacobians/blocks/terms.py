"""Terms: products of factors with labelled axes, and how they are multiplied out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...graph.leaves import const
from ...graph.node import Node
from ...graph.shapes import Size
from ...ops.kinds import broadcast_to
from ...simplifier.contraction_order import in_order

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
