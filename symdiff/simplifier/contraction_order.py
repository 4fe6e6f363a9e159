"""Contractions made cheaper: nested ones joined, sums pushed inside, and products multiplied in the cheapest order.

Costs are multiplications: for each product of two operands, the product of the sizes of all its labels. Symbolic
dimensions count as given, else as ``ASSUMED``. Orders are found by opt_einsum (Smith and Gray, JOSS 3, 753, 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any

from ..graph.leaves import CONST, const
from ..graph.node import Node, Number
from ..graph.shapes import Size, size_value, symbolic_sizes
from ..graph.traversal import topological
from ..ops.contraction import CONTRACT, VIEW, contraction, network
from ..ops.kinds import unbroadcast, unrepeated
from ..ops.sizes import SIZE
from ..ops.spelling import Labels
from ..ops.terms import DIV, MUL

#: What a symbolic dimension counts for where its size is not given.
ASSUMED = 64
#: Networks of more operands are ordered greedily.
OPTIMAL = 6

Sizes = Mapping[str, int]


def cheapen(node: Node, read_once: Callable[[Node], bool], sizes: Sizes | None = None) -> Node:
    """A contraction, or a view of one, with nested contractions joined where that saves operations.

    ``read_once`` tells whether nothing else reads an operand: shared work is not repeated.

    >>> import symdiff as sd
    >>> A, x = sd.symbol("A", shape=("n", "n")), sd.symbol("x", shape="n")
    >>> cheapen(A @ A @ x, lambda node: True)
    A @ (A @ x)
    """
    sizes = sizes or {}
    if node.op is CONTRACT and len(node.args) == 1:
        node = _pull_out_scalars(node)
    if node.op is VIEW:
        return _transpose(node, read_once)
    if node.op is not CONTRACT:
        return node
    number, node = _pull_out_constants(node, read_once)
    if number != 1:
        return const(number) * cheapen(node, read_once, sizes)
    parts = _Parts(read_once)
    parts.take(node, tuple(("out", label) for label in node.attrs[1]), top=True)
    if len(parts.nodes) == 1 or (parts.joined == 0 and len(parts.nodes) == 2):
        return node
    output = tuple(map(parts.find, (("out", label) for label in node.attrs[1])))
    labels = [tuple(map(parts.find, own)) for own in parts.labels]
    new = in_order(parts.nodes, labels, output, sizes)
    return new if cost(new, parts.nodes, sizes) < cost(node, parts.nodes, sizes) else node


class _Parts:
    """The operands of nested contractions, with labels of the whole."""

    def __init__(self, read_once: Callable[[Node], bool]) -> None:
        self.read_once = read_once
        self.nodes: list[Node] = []
        self.labels: list[Labels] = []
        self.joined = self.count = 0
        self.same: dict[Any, Any] = {}

    def find(self, label: Any) -> Any:
        while label in self.same:
            label = self.same[label]
        return label

    def take(self, node: Node, labels: Labels, top: bool = False) -> None:
        """The operand itself, or the operands of a contraction that nothing else reads."""
        if top or (self.read_once(node) and _can_join(node)):
            self.joined += not top
            self.count += 1
            inner: dict[int, Any] = {}
            for position, label in zip(node.attrs[1], labels, strict=True):
                if position in inner:
                    self.unite(inner[position], label)
                inner.setdefault(position, label)
            inputs = [node.attrs[0]] if node.op is VIEW else node.attrs[0]
            for arg, own in zip(node.args, inputs, strict=True):
                self.take(arg, tuple(inner.setdefault(label, (self.count, label)) for label in own))
        else:
            self.nodes.append(node)
            self.labels.append(labels)

    def unite(self, a: Any, b: Any) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.same[b] = a


def _can_join(node: Node) -> bool:
    return node.op is CONTRACT or (node.op is VIEW and node.args[0].op is CONTRACT and len(node.args[0].args) > 1)


def _transpose(node: Node, read_once: Callable[[Node], bool]) -> Node:
    """The transpose of a product as a product of transposes, of anything elementwise as that of its operands."""
    (inner,) = node.args
    (before, after) = node.attrs
    if sorted(before) != sorted(after) or len(set(before)) != len(before):
        return node
    if inner.op.elementwise and read_once(inner):
        return inner.op(*(contraction([arg], [before], after) for arg in inner.args))
    if inner.op is not CONTRACT or len(inner.args) == 1:
        return node
    new = _transpose_product(inner, before, after)
    return new if new is inner or read_once(inner) else node


def _transpose_product(inner: Node, before: Labels, after: Labels) -> Node:
    renamed = dict(zip(inner.attrs[1], before, strict=True))
    labels = [tuple(renamed.setdefault(label, ("sum", label)) for label in own) for _, own in network(inner)]
    return contraction(inner.args, labels, after)


def _pull_out_scalars(node: Node) -> Node:
    """The sum of a product with its scalar factors outside."""
    above, below, rest = _scalars(unbroadcast(node.args[0]))
    if (not above and not below) or any(part.op is SIZE for part in topological(*above, *below)):
        return node  # a sum of nothing, divided by its size inside, is 0
    result = contraction([rest], node.attrs[0], node.attrs[1])
    for factor in above:
        result = factor * result
    for factor in below:
        result = result / factor
    return result


def _pull_out_constants(node: Node, read_once: Callable[[Node], bool]) -> tuple[Number, Node]:
    """The numbers that products among the operands begin with, and the contraction without them."""
    number: Number = 1
    args = list(node.args)
    for position, arg in enumerate(args):
        while read_once(arg) and arg.op is MUL and (first := unrepeated(arg)[0]).op is CONST:
            number, arg = number * first.value, unrepeated(arg)[1]
        if arg.shape == args[position].shape:
            args[position] = arg
    return (number, node.op(*args, *node.attrs)) if number != 1 else (1, node)


def _scalars(node: Node) -> tuple[list[Node], list[Node], Node]:
    """The scalar factors and divisors at the left and right of a product, and the rest of it."""
    if node.op not in (MUL, DIV):
        return [], [], node
    left, right = unrepeated(node)
    if not right.shape:
        above, below, rest = _scalars(left)
        return (above, [*below, right], rest) if node.op is DIV else ([*above, right], below, rest)
    if node.op is MUL and not left.shape:
        above, below, rest = _scalars(right)
        return [left, *above], below, rest
    above, below, rest = _scalars(left)
    return (above, below, node.op(rest, right)) if above or below else ([], [], node)


def scale_smaller_operand(node: Node, read_once: Callable[[Node], bool], sizes: Sizes) -> Node:
    """A number times a matrix product as the product with a smaller factor scaled, where the sizes given say smaller.

    >>> import symdiff as sd
    >>> c, A, B = sd.symbol("c"), sd.symbol("A", shape=("m", "k")), sd.symbol("B", shape=("k", "n"))
    >>> scale_smaller_operand(c * (A @ sd.exp(B)), lambda node: True, {"m": 1000, "k": 10, "n": 10})
    A @ (c*exp(B))
    """
    if node.op is not MUL or not node.shape:
        return node
    scale, product = unrepeated(node)
    if scale.shape or scale.op is CONST or product.op is not CONTRACT or not read_once(product):
        return node
    if any(name not in sizes for arg in product.args for name in symbolic_sizes(arg.shape)):
        return node
    counts = [prod(number_of(size, sizes) for size in arg.shape) for arg in product.args]
    computed = [
        position for position, arg in enumerate(product.args) if arg.args and not arg.op.view and read_once(arg)
    ]
    position = min(computed, key=lambda at: counts[at], default=None)
    if position is None or counts[position] >= prod(number_of(size, sizes) for size in product.shape):
        return node
    args = list(product.args)
    args[position] = scale * args[position]
    return product.op(*args, *product.attrs)


def in_order(nodes: Sequence[Node], labels: Sequence[Labels], output: Labels, sizes: Sizes | None = None) -> Node:
    """The contraction of the operands as products of two, in the cheapest order."""
    from opt_einsum import contract_path, get_symbol

    operands, own = _together(nodes, labels)
    if len(operands) < 3:
        return contraction(operands, own, output)
    symbols = {label: get_symbol(position) for position, label in enumerate(dict.fromkeys(sum(own, ())))}
    spec = ",".join("".join(symbols[label] for label in part) for part in own)
    spec += "->" + "".join(symbols[label] for label in dict.fromkeys(output) if label in symbols)
    shapes = [tuple(number_of(size, sizes or {}) for size in node.shape) for node in operands]
    kind = "optimal" if len(operands) <= OPTIMAL else "greedy"
    path, _ = contract_path(spec, *shapes, shapes=True, optimize=kind)
    for positions in path[:-1]:
        taken = [(operands.pop(position), own.pop(position)) for position in sorted(positions, reverse=True)]
        kept = {label for part in own for label in part} | set(output)
        result = tuple(dict.fromkeys(label for _, part in taken for label in part if label in kept))
        operands.append(contraction([node for node, _ in taken], [part for _, part in taken], result))
        own.append(result)
    return contraction(operands, own, output)


def _together(nodes: Sequence[Node], labels: Sequence[Labels]) -> tuple[list[Node], list[Labels]]:
    """Diagonals taken, and of three or more operands those with the same labels multiplied element by element.

    That never costs more, and opt_einsum's search can miss it where two operands are labelled alike.
    """
    groups: dict[Any, list[tuple[Node, Labels]]] = {}
    for position, (node, part) in enumerate(zip(nodes, labels, strict=True)):
        groups.setdefault(frozenset(part) if len(nodes) > 2 else position, []).append((node, part))
    own = [tuple(dict.fromkeys(group[0][1])) for group in groups.values()]
    multiplied = [
        contraction([node for node, _ in group], [part for _, part in group], once)
        for group, once in zip(groups.values(), own, strict=True)
    ]
    return multiplied, own


def number_of(size: Size, sizes: Sizes) -> int:
    """A size as a number, symbolic dimensions as given or assumed."""
    return max(1, size_value(size, {name: sizes.get(name, ASSUMED) for name in symbolic_sizes([size])}))


def cost(root: Node, leaves: Iterable[Node], sizes: Sizes | None = None) -> int:
    """The multiplications between ``root`` and the leaves, each distinct node once."""
    done, total, stack = set(leaves), 0, [root]
    while stack:
        node = stack.pop()
        if node in done:
            continue
        done.add(node)
        stack.extend(node.args)
        if node.op is CONTRACT:
            axes = {label: size for arg, own in network(node) for label, size in zip(own, arg.shape, strict=True)}
            total += prod(number_of(size, sizes or {}) for size in axes.values())
        elif node.op is not VIEW:
            total += prod(number_of(size, sizes or {}) for size in node.shape)
    return total
