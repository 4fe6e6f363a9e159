"""Operands with labelled axes: diagonals, sums, products and other axes of them, each as the simplest node that says it.

:func:`symdiff.ops.contraction.contraction` is written with these.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import reduce

from ..graph.leaves import const
from ..graph.node import OPS, Node, make
from ..graph.order import key
from ..graph.shapes import Size, size_terms
from .kinds import broadcast_to, without_axes
from .spelling import Labels

Label = Hashable


def has_delta(node: Node) -> bool:
    """Whether a product of arrays has an identity matrix among its factors, perhaps with other axes."""
    stack = [node]
    while stack:
        part = stack.pop()
        if part.op.name == "mul":
            stack.extend(part.args)
        if without_axes(part).op.name == "eye":
            return True
    return False


def name_deltas(output: Labels, nodes: list[tuple[Node, Labels]]) -> Labels:
    """The output with the second label of each identity operand in place of the repeated one."""
    seconds = {labels[0]: labels[1] for node, labels in nodes if node.op.name == "eye"}
    seen: set[Label] = set()
    named = []
    for label in output:
        named.append(seconds[label] if label in seen and label in seconds else label)
        seen.add(label)
    return tuple(named)


def keeps_axes(inner: Labels, outer: Labels) -> bool:
    """Whether the view keeps every axis of its operand once: no diagonal is taken, no axis dropped."""
    return len(set(inner)) == len(inner) and set(inner) <= set(outer)


def narrow(node: Node, labels: Labels) -> tuple[Node, Labels]:
    """What a broadcast repeats, and the labels that it has itself."""
    inner = node.args[0]
    own = labels[node.ndim - inner.ndim :]
    wide = node.shape[node.ndim - inner.ndim :]
    kept = [place for place, size in enumerate(inner.shape) if size == wide[place]]
    places = tuple(range(inner.ndim))
    return view_axes(inner, places, tuple(kept)), tuple(own[place] for place in kept)


def take_diagonals(node: Node, labels: Labels) -> tuple[Node, Labels]:
    """Diagonals for labels that an operand has twice."""
    once = tuple(dict.fromkeys(labels))
    return (node, labels) if len(once) == len(labels) else (view_axes(node, labels, once), once)


def sum_alone(nodes: list[tuple[Node, Labels]], output: Labels) -> list[tuple[Node, Labels]]:
    """Operands of a product, each summed over the labels that only it has."""
    if len(nodes) < 2:
        return nodes
    found = []
    for place, (node, labels) in enumerate(nodes):
        others = {label for at, (_, own) in enumerate(nodes) if at != place for label in own}
        kept = tuple(label for label in labels if label in output or label in others)
        node, own = _sum(node, labels, set(labels) - set(kept))
        found.append((view_axes(node, own, kept), kept))
    return found


def multiply_operands(nodes: list[tuple[Node, Labels]], kept: Labels) -> tuple[Node, Labels]:
    """The contraction of operands with distinct labels to ``kept``, and the labels that it has.

    Operands that all have every label are multiplied element by element: sum(A*B), not einsum("ij,ij->", A, B).
    """
    summed = {label for _, labels in nodes for label in labels} - set(kept)
    if len(nodes) == 1:
        return _sum(*nodes[0], summed)
    labels = _sorted(nodes)[0][1]
    if summed and len(labels) > 1 and all(set(own) == set(labels) for _, own in nodes):
        return _sum(multiply_elements(nodes, labels), labels, summed)
    if summed or ([len(labels) for _, labels in nodes] == [1, 1] and len(kept) == 2):
        kept = _natural(nodes, kept)
        return contract_operands(nodes, kept), kept
    return multiply_elements(nodes, kept), kept


def _natural(nodes: list[tuple[Node, Labels]], kept: Labels) -> Labels:
    """The axes of a product of two as matrix products give them: stacked ones, those of one operand, of the other."""
    if len(nodes) != 2:
        return kept
    (_, a), (_, b) = _sorted(nodes)
    batch = tuple(label for label in kept if label in a and label in b)
    rows, columns = (tuple(label for label in own if label in kept and label not in batch) for own in (a, b))
    return kept if kept == batch + columns + rows else batch + rows + columns


def multiply_elements(nodes: list[tuple[Node, Labels]], output: Labels) -> Node:
    """Operands multiplied element by element, each with axes for all labels of the result."""
    return reduce(OPS["mul"], [view_axes(node, labels, output) for node, labels in _sorted(nodes)])


def _sum(node: Node, labels: Labels, summed: Iterable[Label]) -> tuple[Node, Labels]:
    """One operand summed, other axes in their order; axes of size 1 are dropped, and left to a view where that is all."""
    single = {label for label, size in zip(labels, node.shape, strict=True) if size == 1 and label in summed}
    left = tuple(label for label in labels if label not in single)
    kept = tuple(label for label in left if label not in summed)
    if kept == left:
        return node, labels
    return contract_operands([(view_axes(node, labels, left), left)], kept), kept


def _sorted(nodes: list[tuple[Node, Labels]]) -> list[tuple[Node, Labels]]:
    return sorted(nodes, key=lambda pair: key(pair[0])[:4]) if len(nodes) > 1 else nodes


def contract_operands(nodes: list[tuple[Node, Labels]], kept: Labels) -> Node:
    """The node, with the labels numbered: those of the result first, in its order."""
    numbers = {label: place for place, label in enumerate(kept)}
    ranked = sorted(nodes, key=lambda pair: (key(pair[0])[:4], [numbers.get(label, len(kept)) for label in pair[1]]))
    sizes: dict[Label, Size] = {}
    for node, labels in ranked:
        for label, size in zip(labels, node.shape, strict=True):
            numbers.setdefault(label, len(numbers))
            sizes[label] = size
    inputs = tuple(tuple(numbers[label] for label in labels) for _, labels in ranked)
    shape = tuple(sizes[label] for label in kept)
    return make(OPS["contract"], tuple(node for node, _ in ranked), (inputs, tuple(range(len(kept)))), shape)


def view_axes(node: Node, labels: Labels, output: Labels) -> Node:
    """The operand with other axes, nothing summed: the node itself where they are its own, in order.

    An axis of size 1 that is dropped takes the place of one that is new.
    """
    output = tuple(label if label in labels else ("new", place) for place, label in enumerate(output))
    dropped = [label for label in labels if label not in output]
    new = [label for label in output if label not in labels]
    swap = dict(zip(new, dropped, strict=False))
    output = tuple(swap.get(label, label) for label in output)
    if labels == output:
        return node
    if not node.shape:
        return broadcast_to(node, (1,) * len(output))
    if node.op is OPS["view"] and len(set(node.attrs[0])) == len(node.attrs[0]):
        return OPS["view"](node, labels, output)
    numbers: dict[Label, int] = {}
    for label in (*output, *labels):
        numbers.setdefault(label, len(numbers))
    sizes = dict(zip(labels, node.shape, strict=True))
    attrs = tuple(numbers[label] for label in labels), tuple(numbers[label] for label in output)
    return make(OPS["view"], (node,), attrs, tuple(sizes.get(label, 1) for label in output))


def size_node(size: Size) -> Node:
    """A size as a number: the constant, or the polynomial of its letters."""
    if isinstance(size, int):
        return const(size)
    terms = []
    for letters, count in size_terms(size).items():
        factors = [OPS["size"](letter) for letter in letters]
        terms.append(reduce(lambda a, b: a * b, factors, const(count)))
    return reduce(lambda a, b: a + b, terms)
