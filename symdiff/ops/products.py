"""Products of arrays under NumPy's names: each is one contraction."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph.errors import ShapeError, SymdiffError
from ..graph.leaves import as_node
from ..graph.node import Node, Operand
from ..graph.operators import composite
from ..graph.shapes import Shape, Size, broadcast_shapes, multiply_sizes, show_shape
from .arguments import named
from .contraction import contraction
from .kinds import broadcast_to
from .rearranging import RESHAPE


@composite
def matmul(a: Operand, b: Operand) -> Node:
    """``a @ b``: matrices, vectors, and stacks of matrices along the leading axes.

    Raises ShapeError with both shapes where the inner sizes differ.

    >>> import symdiff as sd
    >>> A, x = sd.symbol("A", shape=("m", "n")), sd.symbol("x", shape="n")
    >>> (A @ x).shape, (A.T @ A).shape
    (('m',), ('n', 'n'))
    """
    left, right = as_node(a), as_node(b)
    if not left.shape or not right.shape:
        raise ShapeError('"@" multiplies matrices and vectors; use "*" with a number')
    inner = left.shape[-1], right.shape[-2 if right.ndim > 1 else 0]
    if inner[0] != inner[1]:
        raise ShapeError(
            f"{named(left)} @ {named(right)} cannot multiply the shapes {show_shape(left.shape)} and "
            f"{show_shape(right.shape)}: the inner sizes {inner[0]} and {inner[1]} must be equal"
        )
    try:
        batch = broadcast_shapes("@", left.shape[:-2], right.shape[:-2])
    except ShapeError:
        shapes = f"{show_shape(left.shape)} and {show_shape(right.shape)}"
        raise ShapeError(f"{named(left)} @ {named(right)} cannot pair the matrices of the shapes {shapes}") from None
    left, right = (_stacked(node, batch) for node in (left, right))
    names = [("batch", place) for place in range(len(batch))]
    row = ["i"] if left.ndim > 1 else []
    column = ["k"] if right.ndim > 1 else []
    own = (names if left.ndim > 1 else []), (names if right.ndim > 1 else [])
    return contraction([left, right], [[*own[0], *row, "j"], [*own[1], "j", *column]], [*names, *row, *column])


def _stacked(node: Node, batch: Shape) -> Node:
    return broadcast_to(node, batch + node.shape[-2:]) if node.ndim > 1 else node


@composite
def dot(a: Operand, b: Operand) -> Node:
    """As ``a @ b`` for vectors and matrices; a number multiplies.

    Raises ShapeError where the shapes do not fit.

    >>> import symdiff as sd
    >>> a, b = sd.symbol("a", shape="n"), sd.symbol("b", shape="n")
    >>> dot(a, b), dot(2, a)
    (a @ b, 2*a)
    """
    left, right = as_node(a), as_node(b)
    return matmul(left, right) if left.shape and right.shape else left * right


@composite
def outer(a: Operand, b: Operand) -> Node:
    """Every element of one vector times every element of the other.

    Raises ShapeError for what is no vector.

    >>> import symdiff as sd
    >>> a, b = sd.symbol("a", shape="m"), sd.symbol("b", shape="n")
    >>> outer(a, b).shape
    ('m', 'n')
    """
    left, right = as_node(a), as_node(b)
    if left.ndim != 1 or right.ndim != 1:
        raise ShapeError(f"outer takes two vectors, not {show_shape(left.shape)} and {show_shape(right.shape)}")
    return contraction([left, right], ["i", "j"], "ij")


@composite
def kron(a: Operand, b: Operand) -> Node:
    """The Kronecker product of two vectors or two matrices.

    Raises ShapeError for other shapes.

    >>> import symdiff as sd
    >>> A, B = sd.symbol("A", shape=(2, 3)), sd.symbol("B", shape=("m", "n"))
    >>> kron(A, B).shape
    ('2*m', '3*n')
    """
    left, right = as_node(a), as_node(b)
    if left.ndim != right.ndim or left.ndim not in (1, 2):
        shapes = f"{show_shape(left.shape)} and {show_shape(right.shape)}"
        raise ShapeError(f"kron takes two matrices or two vectors, not {shapes}")
    labels = (["ij", "kl"], "ikjl") if left.ndim == 2 else (["i", "k"], "ik")
    blocks = contraction([left, right], *labels)
    return RESHAPE(blocks, tuple(multiply_sizes(m, n) for m, n in zip(left.shape, right.shape, strict=True)))


@composite
def einsum(spec: str, *operands: Operand) -> Node:
    """The contraction that the text says, such as ``"ij,jk->ik"``; a label repeated in the result takes a diagonal.

    Raises ShapeError where labels and shapes do not fit.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("m", "n"))
    >>> einsum("ij,ij->j", A, A).shape
    ('n',)
    """
    if not isinstance(spec, str):
        raise SymdiffError('einsum starts with its labels, as in einsum("ij,jk->ik", A, B)')
    left, arrow, output = spec.replace(" ", "").partition("->")
    inputs = left.split(",")
    used = "".join(inputs)
    if not all(label.isalpha() for label in used + output):
        raise SymdiffError(f"einsum labels are letters, with commas and one ->, not {spec!r}")
    if not arrow:
        output = "".join(sorted(label for label in set(used) if used.count(label) == 1))
    nodes = [as_node(operand) for operand in operands]
    if len(inputs) != len(nodes):
        raise ShapeError(f"einsum has labels for {len(inputs)} operands and got {len(nodes)}")
    missing = set(output) - set(used)
    if missing:
        raise ShapeError(f"einsum's result has the label {min(missing)}, which no operand has")
    _check_labels(inputs, nodes)
    return contraction(nodes, inputs, output)


def _check_labels(inputs: Sequence[str], nodes: Sequence[Node]) -> None:
    """Raises ShapeError where labels are not as many as axes, or one label has two sizes."""
    first: dict[str, tuple[Size, Node]] = {}
    for own, node in zip(inputs, nodes, strict=True):
        if len(own) != node.ndim:
            raise ShapeError(f'the labels "{own}" do not fit {named(node)} of shape {show_shape(node.shape)}')
        for label, size in zip(own, node.shape, strict=True):
            known, other = first.setdefault(label, (size, node))
            if known != size:
                raise ShapeError(
                    f"einsum's label {label} is of size {known} in {named(other)} of shape {show_shape(other.shape)} "
                    f"and of size {size} in {named(node)} of shape {show_shape(node.shape)}"
                )
