"""Operations whose derivative adds factors to a term."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...graph.leaves import as_node, const
from ...graph.node import OPS, Node
from ...graph.shapes import multiply_sizes
from ...ops import tensor
from ...ops.contraction import contraction
from ...ops.kinds import broadcast_to
from ...ops.sizes import EYE
from ...ops.tensor import expanded, total
from .labels import Labels
from .terms import Factor, Label, Local


def _spread(run: Labels, node: Node, labels: Sequence[Label]) -> list[Label]:
    """The labels of a reduction's argument: its own, and new ones for the axes reduced."""
    rest = iter(labels)
    axes = node.attrs[0]
    return [run.fresh(size) if at in axes else next(rest) for at, size in enumerate(node.args[0].shape)]


def _softmax(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    others = [run.fresh(size) if at in node.attrs[0] else labels[at] for at, size in enumerate(node.shape)]
    own = Factor(node, tuple(labels))
    return [([own], list(labels)), ([Factor(const(-1), ()), own, Factor(node, tuple(others))], others)]


def _logsumexp(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    inner = _spread(run, node, labels)
    return [([Factor(tensor.softmax(node.args[0], node.attrs[0]), tuple(inner))], inner)]


def _norm(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    inner = _spread(run, node, labels)
    return [([Factor(1 / node, tuple(labels)), Factor(node.args[0], tuple(inner))], inner)]


def _extreme(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    x, axes = node.args[0], node.attrs[0]
    chosen = broadcast_to(OPS["where"](OPS["equal"](x, expanded(node, axes, x.ndim)), 1, 0), x.shape)
    inner = _spread(run, node, labels)
    return [([Factor(chosen / expanded(total(chosen, axes), axes, x.ndim), tuple(inner))], inner)]


def _inv(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    *batch, i, j = labels
    k, m = run.fresh(node.shape[-1]), run.fresh(node.shape[-1])
    factors = [Factor(const(-1), ()), Factor(node, (*batch, i, k)), Factor(node, (*batch, m, j))]
    return [(factors, [*batch, k, m])]


def _solve(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    i, *rest = labels
    k = run.fresh(node.shape[0])
    inverse = Factor(tensor.inv(node.args[0]), (i, k))
    if place == 1:
        return [([inverse], [k, *rest])]
    m = run.fresh(node.shape[0])
    return [([Factor(const(-1), ()), inverse, Factor(node, (m, *rest))], [k, m])]


def _det(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    n = node.args[0].shape[-1]
    k, m = run.fresh(n), run.fresh(n)
    factors = [Factor(tensor.inv(node.args[0]), (*labels, m, k))]
    return [([*factors, Factor(node, tuple(labels))] if node.op.name == "det" else factors, [*labels, k, m])]


def _triangle(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    ones = broadcast_to(const(1), node.shape[-2:])
    return [([Factor(node.op(ones, *node.attrs), tuple(labels[-2:]))], list(labels))]


def _cumsum(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    axis = node.attrs[0]
    size = node.shape[axis]
    inner = [*labels[:axis], run.fresh(size), *labels[axis + 1 :]]
    below = tensor.tril(broadcast_to(const(1), (size, size)), 0)
    return [([Factor(below, (labels[axis], inner[axis]))], inner)]


def _gather(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    x, *places = node.args
    if place:
        return []
    inner = [run.fresh(size) for size in x.shape[: len(places)]]
    count_ = node.ndim - (x.ndim - len(places))
    factors = [_selection(run, one, labels[:count_], label) for one, label in zip(places, inner, strict=True)]
    return [(factors, [*inner, *labels[count_:]])]


def _scatter_add(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    x, *places = node.args
    if place:
        return []
    count_ = x.ndim - (node.ndim - len(places))
    inner = [run.fresh(size) for size in x.shape[:count_]]
    factors = [_selection(run, one, inner, label) for one, label in zip(places, labels, strict=False)]
    return [(factors, [*inner, *labels[len(places) :]])]


def _selection(run: Labels, places: Node, labels: Sequence[Label], label: Label) -> Factor:
    """1 where the element at the labels is taken from the place ``label``; repeated axes of ``places`` are left out."""
    every = labels[len(labels) - places.ndim :]
    own = [one for one, size in zip(every, places.shape, strict=True) if run.sizes[one] == size]
    narrowed = contraction([places], [every], [*own, "new"])
    size = run.sizes[label]
    hot = OPS["where"](OPS["equal"](narrowed, tensor.arange(size)), 1, 0)
    return Factor(broadcast_to(hot, (*(run.sizes[one] for one in own), size)), (*own, label))


def _argmax(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    return []


def _prod(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    """For each element the product of the others: the pullback of ones."""
    assert node.op.pullback is not None
    others = as_node(node.op.pullback(broadcast_to(const(1), node.shape), node, *node.args)[0])
    inner = _spread(run, node, labels)
    return [([Factor(broadcast_to(others, node.args[0].shape), tuple(inner))], inner)]


def _product_of_others(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    """For each two elements the product of all others, 0 for an element and itself."""
    (x,), (axis,) = node.args, node.attrs
    size, own = x.shape[axis], list(range(x.ndim))
    shape = (size, *x.shape)
    same = OPS["equal"](contraction([EYE(size)], [["self", axis]], ["self", *own]), 1)
    kept = OPS["where"](same, 1, broadcast_to(contraction([x], [own], ["self", *own]), shape))
    others = OPS["where"](same, 0, tensor.product_of_others(kept, axis + 1))
    inner = [*labels[:axis], run.fresh(size), *labels[axis + 1 :]]
    return [([Factor(broadcast_to(others, shape), (labels[axis], *inner))], inner)]


def _reshape(run: Labels, node: Node, place: int, labels: Sequence[Label]) -> Local:
    """The identity with its rows and columns split; axes that both shapes begin or end with stay outside."""
    new, old = node.shape, node.args[0].shape
    first, last = tensor.reshaped_axes(new, old)
    rows, columns = new[first : len(new) - last], old[first : len(old) - last]
    inner = [run.fresh(size) for size in columns]
    identity = tensor.reshape(EYE(multiply_sizes(*rows)), rows + columns)
    own = labels[first : len(new) - last]
    return [([Factor(identity, (*own, *inner))], [*labels[:first], *inner, *labels[len(new) - last :]])]


FACTORS: dict[str, Callable[[Labels, Node, int, Sequence[Label]], Local]] = {
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
