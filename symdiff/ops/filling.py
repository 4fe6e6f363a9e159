"""Arrays repeated to a larger shape: zeros, ones, any array; one-hot rows."""

from __future__ import annotations

from typing import Any

from ..graph.errors import ShapeError
from ..graph.leaves import as_node, const, is_const
from ..graph.node import Node, Op, Operand, make
from ..graph.operators import composite
from ..graph.shapes import Shape, broadcast_shapes, show_shape
from . import c_code
from .arguments import ShapeLike, SizeLike, lengths
from .contraction import VIEW, contraction
from .kinds import structural
from .logic import equal, where
from .sizes import arange
from .spelling import shape_text
from .targets import CCode, LatexForm


def broadcast_to(x: Operand, shape: ShapeLike) -> Node:
    """The array repeated to that shape by NumPy's rule; elementwise operations do so themselves.

    Its pullback is a sum. Raises ShapeError where the shape does not come from repeating.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> broadcast_to(x, (5, "n")).shape
    (5, 'n')
    """
    return BROADCAST(x, lengths(shape))


def _build_broadcast(op: Op, x: Any, shape: Shape) -> Node:
    node = as_node(x)
    if node.op is op:
        node = node.args[0]
    if node.shape == shape:
        return node
    if broadcast_shapes("broadcast_to", node.shape, shape) != shape:
        raise ShapeError(f"an array of shape {show_shape(node.shape)} cannot be repeated to {show_shape(shape)}")
    return make(op, (_without_leading(node),), (shape,), shape)


def _without_leading(node: Node) -> Node:
    """The node without new axes that it begins with: repeating makes those itself."""
    while node.op is VIEW and node.attrs[1] and node.attrs[1][0] not in node.attrs[0]:
        inner, outer = node.attrs
        node = contraction(node.args, [inner], outer[1:])
    return node


def _pull_broadcast(ct: Node, node: Node, x: Node) -> tuple[Node, ...]:
    """The sum over the repeated axes."""
    skipped = node.ndim - x.ndim
    output = [
        place + skipped if size == node.shape[place + skipped] else ("one", place) for place, size in enumerate(x.shape)
    ]
    return (contraction([ct], [range(node.ndim)], output),)


def _text_broadcast(node: Node) -> str:
    for value, name in ((0, "zeros"), (1, "ones")):
        if is_const(node.args[0], value):
            return f"{name}({shape_text(node.shape)})"
    return f"broadcast_to({{0}}, {shape_text(node.shape)})"


def _numpy_broadcast(node: Node) -> str:
    shape = shape_text(node.shape)
    return f"np.broadcast_to({{0}}, {shape})" if node.args[0].shape else f"np.full({shape}, {{0}}, dtype)"


BROADCAST = structural(
    "broadcast",
    1,
    _build_broadcast,
    _pull_broadcast,
    domain="shapes that NumPy's rule allows",
    special=True,
    selects=True,
    numpy=_numpy_broadcast,
    text_of=_text_broadcast,
    rule="repetition",
    gate="copies add up",
    latex=LatexForm(functions={"zeros": (r"\mathbf{0}", "index"), "ones": (r"\mathbf{1}", "index")}),
    array_api=lambda node: f"xp.broadcast_to({{0}}, {shape_text(node.shape)})",
    c=CCode(element=c_code.broadcast_element),
    weight=0,
    flops=lambda node, count: 0,
    function=broadcast_to,
)


@composite
def zeros(shape: ShapeLike) -> Node:
    """An array of zeros.

    ``shape``: a size or a tuple of them, whole numbers or symbolic.

    >>> import symdiff as sd
    >>> zeros(("N", 3)).shape
    ('N', 3)
    >>> sd.evaluate(zeros(2), {})
    array([0., 0.])
    """
    return BROADCAST(const(0), lengths(shape))


@composite
def ones(shape: ShapeLike) -> Node:
    """An array of ones.

    ``shape``: a size or a tuple of them, whole numbers or symbolic.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sd.simplify(X @ ones(3))
    sum(X, axis=1)
    >>> sd.evaluate(ones(2), {})
    array([1., 1.])
    """
    return BROADCAST(const(1), lengths(shape))


@composite
def one_hot(places: Operand, n: SizeLike) -> Node:
    """For each position a row of n zeros with a 1 there, along a new last axis.

    A position outside of 0 to n - 1 gives zeros.

    >>> import symdiff as sd
    >>> sd.evaluate(one_hot(sd.symbol("y", shape="N"), 3), {"y": [2, 0]})
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    node = as_node(places)
    labels = list(range(node.ndim))
    return where(equal(contraction([node], [labels], [*labels, "new"]), arange(n)), 1, 0)
