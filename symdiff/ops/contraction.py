"""The one primitive of linear algebra: products of arrays summed over labelled axes, and arrays with axes relabelled.

:func:`contraction` takes operands with a label for each axis and the labels of the result, as ``einsum`` does, and
brings any such network to one form. Products, traces, transposes, diagonals, sums, new axes and repeated axes are all
made here, and the pullback of each is a contraction again. What it returns is built from

- ``contract``: a product of operands, summed; no label occurs twice in one operand or in the result;
- ``view``: one operand, nothing summed: axes permuted, of size 1 added or dropped; a label repeated in the operand
  takes a diagonal, one repeated in the result puts the operand on a diagonal;
- ``broadcast``, sizes and signs, which stand outside.

Identity matrices (Kronecker deltas) are eliminated by renaming labels, transposes by permuting them; what is summed in
one operand alone is summed there first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

from ..graph.errors import ShapeError
from ..graph.leaves import as_node, const, is_const
from ..graph.node import OPS, Node
from ..graph.shapes import Shape, Size, show_shape
from . import array_api_code, c_code
from .kinds import broadcast_to, structural
from .networks import (
    Label,
    has_delta,
    keeps_axes,
    multiply_operands,
    name_deltas,
    narrow,
    size_node,
    sum_alone,
    take_diagonals,
    view_axes,
)
from .spelling import (
    ON_DIAGONAL,
    Labels,
    numpy_contract,
    numpy_view,
    read_by_contract,
    read_by_view,
    text_contract,
    text_view,
)
from .targets import CCode, LatexForm, NumpyCode


def contraction(operands: Sequence[Any], labels: Sequence[Sequence[Label]], output: Sequence[Label]) -> Node:
    """The product of the operands, summed over every label that is not in ``output``.

    A label of ``output`` that no operand has makes an axis of size 1; one that it has twice puts the result on a
    diagonal. Raises ShapeError where axes of different sizes have one label.

    >>> import symdiff as sd
    >>> A, x = sd.symbol("A", shape=("m", "n")), sd.symbol("x", shape="n")
    >>> contraction([A, x], ["ij", "j"], "i"), contraction([A], ["ij"], "ji"), contraction([A], ["ij"], "")
    (A @ x, A.T, sum(A))
    """
    network = _Network(output)
    for operand, own in zip(operands, labels, strict=True):
        node = as_node(operand)
        if len(own) != node.ndim:
            raise ShapeError(f"{len(own)} labels do not fit an operand of shape {show_shape(node.shape)}")
        network.add(node, tuple(own), single=len(operands) == 1)
    return network.result()


class _Network:
    """Operands with labels, brought to normal form. ``same`` maps a label to the one that it was found equal to."""

    def __init__(self, output: Sequence[Label]) -> None:
        self.output: Labels = tuple(output)
        self.nodes: list[tuple[Node, Labels]] = []
        self.factors: list[Node] = []
        self.negative = False
        self.sizes: dict[Label, Size] = {}
        self.same: dict[Label, Label] = {}

    # -- taking operands in ----------------------------------------------------------------------------------------

    def add(self, node: Node, labels: Labels, single: bool) -> None:
        """Take an operand in, looking through signs, broadcasts, views and deltas."""
        while True:
            for label, size in zip(labels, node.shape, strict=True):
                self.fit(label, size)
            name = node.op.name
            if not node.shape:
                self.factors.append(node)
                return
            if name == "neg":
                self.negative = not self.negative
                node = node.args[0]
            elif name == "broadcast":
                node, labels = narrow(node, labels)
            elif name == "view" and (single or keeps_axes(*node.attrs)):
                inner, outer = node.attrs
                node, labels = node.args[0], self.through(inner, outer, labels)
            elif name == "eye":
                self.unite(*labels)
                return
            elif name == "mul" and has_delta(node):
                self.add(node.args[0], labels, single=False)
                node = node.args[1]
            else:
                self.nodes.append((node, labels))
                return

    def through(self, inner: Labels, outer: Labels, labels: Labels) -> Labels:
        """The labels of a view's operand, where the view itself has ``labels``."""
        found: dict[Any, Label] = {}
        for place, label in zip(outer, labels, strict=True):
            if place in found:
                self.unite(found[place], label)
            elif place in inner:
                found[place] = label
        return tuple(found.setdefault(place, ("dropped", len(self.sizes), place)) for place in inner)

    def fit(self, label: Label, size: Size) -> None:
        label = self.find(label)
        known = self.sizes.setdefault(label, size)
        if known != size:
            raise ShapeError(f"axes of sizes {known} and {size} cannot be multiplied and summed together")

    def find(self, label: Label) -> Label:
        while label in self.same:
            label = self.same[label]
        return label

    def unite(self, a: Label, b: Label) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            if b in self.sizes:
                self.fit(a, self.sizes[b])
            self.same[b] = a

    # -- normal form -----------------------------------------------------------------------------------------------

    def result(self) -> Node:
        output = tuple(map(self.find, self.output))
        shape = tuple(self.sizes.get(label, 1) for label in output)
        if any(is_const(factor, 0) for factor in self.factors):
            return broadcast_to(const(0), shape)
        nodes = [take_diagonals(node, tuple(map(self.find, labels))) for node, labels in self.nodes]
        held = {label for _, labels in nodes for label in labels}
        unused = [label for label in dict.fromkeys(map(self.find, self.sizes)) if label not in held]
        self.deltas(nodes, output, held)
        output = name_deltas(output, nodes)
        nodes = sum_alone(nodes, output)
        self.factors += [size_node(self.sizes[label]) for label in unused if label not in output]
        self.factors += [node for node, labels in nodes if not labels]
        factor = reduce(OPS["mul"], self.factors) if self.factors else None
        nodes = [pair for pair in nodes if pair[1]]
        if not nodes:
            return self.signed(broadcast_to(view_axes(const(1) if factor is None else factor, (), output), shape))
        node = self.assembled(nodes, output, shape)
        return self.signed(node if factor is None else factor * node)

    def signed(self, node: Node) -> Node:
        return -node if self.negative else node

    def deltas(self, nodes: list[tuple[Node, Labels]], output: Labels, held: set[Label]) -> None:
        """An identity whose labels nothing else has stays an operand, and gives its second axis a label of its own."""
        for label in dict.fromkeys(output):
            if label not in held and output.count(label) > 1 and self.sizes.get(label, 1) != 1:
                nodes.append((OPS["eye"](self.sizes[label]), (label, ("delta", label))))
                held.update(nodes[-1][1])

    def assembled(self, nodes: list[tuple[Node, Labels]], output: Labels, shape: Shape) -> Node:
        """The product of what is left, with the axes of the result."""
        held = {label for _, labels in nodes for label in labels}
        kept = tuple(dict.fromkeys(label for label in output if label in held))
        node, labels = multiply_operands(nodes, kept)
        return broadcast_to(view_axes(node, labels, output), shape)


# -- pullbacks -----------------------------------------------------------------------------------------------------


def _pull_contract(ct: Node, node: Node, *args: Node) -> tuple[Node, ...]:
    """Each argument's part: the others and the cotangent, contracted to the argument's labels."""
    inputs, output = node.attrs
    parts = []
    for place, arg in enumerate(args):
        others = [other for at, other in enumerate(args) if at != place]
        labels = [own for at, own in enumerate(inputs) if at != place]
        part = contraction([ct, *others], [output, *labels], inputs[place])
        parts.append(broadcast_to(part, arg.shape))
    return tuple(parts)


def _pull_view(ct: Node, node: Node, x: Node) -> tuple[Node, ...]:
    inner, outer = node.attrs
    return (contraction([ct], [outer], inner),)


# -- rows ----------------------------------------------------------------------------------------------------------


VIEW = structural(
    "view",
    1,
    lambda op, x, inner, outer: contraction([x], [inner], outer),
    _pull_view,
    domain="all arrays",
    numpy=(numpy_view, ON_DIAGONAL),
    text_of=text_view,
    view=True,
    selects=True,
    operands_of=read_by_view,
    rule="change of axes",
    array_api=(array_api_code.viewed, (array_api_code.ON_DIAGONAL,)),
    c=CCode(element=c_code.view_element),
)


def _count_flops(node: Node, count: Callable[[Shape], int]) -> int:
    """A multiplication and an addition for every pair of factors; of one operand, an addition for every element."""
    sizes = {label: size for arg, own in network(node) for label, size in zip(own, arg.shape, strict=True)}
    return count(tuple(sizes.values())) * (2 if len(node.args) > 1 else 1)


_FUNCTIONS = {
    "sum": (r"\sum {0:hadamard}", "big"),
    "trace": (r"\operatorname{tr}\left({0}\right)", "atom"),
    "outer": (r"{0:matrix} {1:base}^{\top}", "matrix"),
}
CONTRACT = structural(
    "contract",
    -1,
    lambda op, *rest: contraction(rest[:-2], rest[-2], rest[-1]),
    _pull_contract,
    domain="all arrays whose labelled axes fit",
    numpy=NumpyCode(numpy_contract, takes_out=True),
    text_of=text_contract,
    operands_of=read_by_contract,
    latex=LatexForm(functions=_FUNCTIONS),
    rule="product rule",
    gate="products switch, sums distribute",
    array_api=array_api_code.contracted,
    flops=_count_flops,
    c=CCode(labels=lambda node: node.attrs, accumulate=("0", "{0} += {1}")),
)


def network(node: Node) -> Iterator[tuple[Node, Labels]]:
    """The operands of a contraction with their labels."""
    return zip(node.args, node.attrs[0], strict=True)
