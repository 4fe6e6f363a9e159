"""The array functions that users call, under NumPy's names: arguments read and checked, then rows and contractions.

``axis`` is a whole number, a tuple of them, or None for all axes; negative ones count from the end. Sizes are whole
numbers, letters, or expressions of them such as ``size("N") - 1``.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ShapeError, SymdiffError, UnsupportedError
from ..expr import CONST, OPERATORS, Node, as_node, const
from ..shapes import Shape, Size, add_sizes, broadcast_shapes, letters_of, multiply_sizes, show_shape
from . import assembly, scalar, tensor  # noqa: F401  (assembly declares rows)
from .contraction import EYE, SIZE, contraction, size_node
from .kinds import broadcast_to
from .rewritten import largest, smallest
from .spelling import Range
from .tensor import Axes, expanded, total

# -- reading arguments ---------------------------------------------------------------------------------------------


def _whole(value: Any, what: str) -> int:
    """A whole number, given as one or as a constant."""
    found = value.value if isinstance(value, Node) and value.op is CONST else value
    if isinstance(found, bool) or not hasattr(found, "__index__"):
        raise SymdiffError(f"{what} is a whole number, not {value!r}")
    return int(found)


def as_size(value: Any) -> Size:
    """A size from a whole number, a letter, or an expression of sizes."""
    if isinstance(value, str) and value.isidentifier():
        return value
    if isinstance(value, Node) and value.op is SIZE:
        return str(value.attrs[0])
    if isinstance(value, Node) and value.op.name in ("add", "sub", "mul", "neg"):
        parts = [as_size(arg) for arg in value.args]
        if value.op.name == "mul":
            return multiply_sizes(*parts)
        sign = 1 if value.op.name == "add" else -1
        return multiply_sizes(-1, parts[0]) if len(parts) == 1 else add_sizes(parts[0], multiply_sizes(sign, parts[1]))
    return _whole(value, "a size")


def _shape(value: Any) -> Shape:
    return tuple(map(as_size, value)) if isinstance(value, (tuple, list)) else (as_size(value),)


def _lengths(value: Any) -> Shape:
    """A shape of sizes that are not negative."""
    shape = _shape(value)
    if any(isinstance(size, int) and size < 0 for size in shape):
        raise ShapeError(f"a size is not negative: {show_shape(shape)}")
    return shape


def _axes(x: Node, axis: Any, name: str) -> Axes:
    """The axes as sorted whole numbers from 0; every axis for None."""
    if axis is None:
        return tuple(range(x.ndim))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    found = []
    for one in given:
        place = _whole(one, "an axis")
        if not -x.ndim <= place < x.ndim:
            raise ShapeError(f"{name} has no axis {place} in an array of shape {show_shape(x.shape)}")
        found.append(place % x.ndim)
    if len(set(found)) != len(found):
        raise ShapeError(f"{name} names an axis twice: {axis}")
    return tuple(sorted(found))


def _one_axis(x: Node, axis: Any, name: str) -> int:
    axes = _axes(x, axis, name)
    if len(axes) != 1:
        raise ShapeError(f"{name} takes one axis; an array of shape {show_shape(x.shape)} has {x.ndim}")
    return axes[0]


def _reduce(x: Any, axis: Any, keepdims: Any, name: str, reduction: Callable[[Node, Axes], Node]) -> Node:
    node = as_node(x)
    axes = _axes(node, axis, name)
    if not axes:
        return node
    result = reduction(node, axes)
    return expanded(result, axes, node.ndim) if _truth(keepdims) else result


def _truth(value: Any) -> bool:
    return bool(value.value) if isinstance(value, Node) and value.op is CONST else bool(value)


# -- reductions ----------------------------------------------------------------------------------------------------


def sum(x: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The sum over the axes.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sum(X, axis=0), sum(X).shape, sum(X, axis=1, keepdims=True).shape
    (sum(X, axis=0), (), ('N', 1))
    """
    return _reduce(x, axis, keepdims, "sum", total)


def mean(x: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The mean over the axes: the sum divided by the number of elements, which may be letters."""
    return _reduce(x, axis, keepdims, "mean", _mean)


def _mean(x: Node, axes: Axes) -> Node:
    return total(x, axes) / size_node(multiply_sizes(*(x.shape[axis] for axis in axes)))


def var(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Node:
    """The variance over the axes, divided by the number of elements less ``ddof``."""

    def reduction(node: Node, axes: Axes) -> Node:
        count = size_node(add_sizes(multiply_sizes(*(node.shape[axis] for axis in axes)), -_whole(ddof, "ddof")))
        return total((node - expanded(_mean(node, axes), axes, node.ndim)) ** 2, axes) / count

    return _reduce(x, axis, keepdims, "var", reduction)


def prod(x: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The product over the axes; its derivative is right where elements are 0."""
    return _reduce(x, axis, keepdims, "prod", tensor.prod)


def max(x: Any, *others: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The largest element over the axes; of several arguments, elementwise. Ties share the derivative equally."""
    return largest(x, *others) if others else _reduce(x, axis, keepdims, "max", tensor.amax)


def min(x: Any, *others: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """The smallest element over the axes; of several arguments, elementwise. Ties share the derivative equally."""
    return smallest(x, *others) if others else _reduce(x, axis, keepdims, "min", tensor.amin)


def argmax(x: Any, axis: Any = None) -> Node:
    """The place of the largest element along the axis, or in the flattened array; its derivative is 0."""
    node = as_node(x)
    axes = _axes(node, axis, "argmax")
    if len(axes) not in (1, node.ndim):
        raise ShapeError("argmax takes one axis, or None for the flattened array")
    return tensor.argmax(node, axes)


def logsumexp(x: Any, axis: Any = None, keepdims: Any = False) -> Node:
    """log(sum(exp(x))) over the axes, without overflow."""
    return _reduce(x, axis, keepdims, "logsumexp", tensor.logsumexp)


def softmax(x: Any, axis: Any = -1) -> Node:
    """exp(x)/sum(exp(x)) over the axis (the last one unless given), without overflow."""
    node = as_node(x)
    return tensor.softmax(node, _axes(node, axis, "softmax"))


def log_softmax(x: Any, axis: Any = -1) -> Node:
    """x - logsumexp(x) over the axis (the last one unless given)."""
    node = as_node(x)
    axes = _axes(node, axis, "log_softmax")
    return node - expanded(tensor.logsumexp(node, axes), axes, node.ndim)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Node:
    """The square root of the sum of squares over the axes; ``ord`` 1 is the sum of absolute values.

    Raises UnsupportedError for another ``ord``, and for 1 of a matrix, which NumPy reads as a norm of columns.
    """
    node = as_node(x)
    order = 2 if ord is None else _whole(ord, "ord")
    axes = _axes(node, axis, "norm")
    if order not in (1, 2) or (ord is not None and len(axes) != 1):
        raise UnsupportedError("norm is the Euclidean norm (ord left out), or of a vector ord=1 or 2")
    if order == 1:
        return _reduce(scalar.abs(node), axis, keepdims, "norm", total)
    return _reduce(node, axis, keepdims, "norm", tensor.norm) if axes else scalar.abs(node)


def cumsum(x: Any, axis: Any = None) -> Node:
    """Running sums along the axis; of a vector without one."""
    node = as_node(x)
    return tensor.cumsum(node, _one_axis(node, axis, "cumsum"))


# -- products ------------------------------------------------------------------------------------------------------


def matmul(a: Any, b: Any) -> Node:
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
            f"{_named(left)} @ {_named(right)} cannot multiply the shapes {show_shape(left.shape)} and "
            f"{show_shape(right.shape)}: the inner sizes {inner[0]} and {inner[1]} must be equal"
        )
    try:
        batch = broadcast_shapes("@", left.shape[:-2], right.shape[:-2])
    except ShapeError:
        shapes = f"{show_shape(left.shape)} and {show_shape(right.shape)}"
        raise ShapeError(f"{_named(left)} @ {_named(right)} cannot pair the matrices of the shapes {shapes}") from None
    left, right = (_stacked(node, batch) for node in (left, right))
    names = [("batch", place) for place in range(len(batch))]
    row = ["i"] if left.ndim > 1 else []
    column = ["k"] if right.ndim > 1 else []
    own = (names if left.ndim > 1 else []), (names if right.ndim > 1 else [])
    return contraction([left, right], [[*own[0], *row, "j"], [*own[1], "j", *column]], [*names, *row, *column])


def _stacked(node: Node, batch: Shape) -> Node:
    return broadcast_to(node, batch + node.shape[-2:]) if node.ndim > 1 else node


def _named(node: Node) -> str:
    text = str(node)
    return text if text.isidentifier() else f"({text})" if len(text) < 40 else "(...)"


def dot(a: Any, b: Any) -> Node:
    """As ``a @ b`` for vectors and matrices; a number multiplies."""
    left, right = as_node(a), as_node(b)
    return matmul(left, right) if left.shape and right.shape else left * right


def outer(a: Any, b: Any) -> Node:
    """Every element of one vector times every element of the other."""
    left, right = as_node(a), as_node(b)
    if left.ndim != 1 or right.ndim != 1:
        raise ShapeError(f"outer takes two vectors, not {show_shape(left.shape)} and {show_shape(right.shape)}")
    return contraction([left, right], ["i", "j"], "ij")


def kron(a: Any, b: Any) -> Node:
    """The Kronecker product of two vectors or two matrices."""
    left, right = as_node(a), as_node(b)
    if left.ndim != right.ndim or left.ndim not in (1, 2):
        shapes = f"{show_shape(left.shape)} and {show_shape(right.shape)}"
        raise ShapeError(f"kron takes two matrices or two vectors, not {shapes}")
    labels = (["ij", "kl"], "ikjl") if left.ndim == 2 else (["i", "k"], "ik")
    blocks = contraction([left, right], *labels)
    return tensor.reshape(blocks, tuple(multiply_sizes(m, n) for m, n in zip(left.shape, right.shape, strict=True)))


def einsum(spec: Any, *operands: Any) -> Node:
    """The contraction that the text says, such as ``"ij,jk->ik"``; a letter repeated in the result makes a diagonal.

    Raises ShapeError where letters and shapes do not fit.

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
        raise ShapeError(f"einsum's result has the label {builtins.min(missing)}, which no operand has")
    _check_labels(inputs, nodes)
    return contraction(nodes, inputs, output)


def _check_labels(inputs: Sequence[str], nodes: Sequence[Node]) -> None:
    """Raises ShapeError where labels are not as many as axes, or one label has two sizes."""
    first: dict[str, tuple[Size, Node]] = {}
    for own, node in zip(inputs, nodes, strict=True):
        if len(own) != node.ndim:
            raise ShapeError(f'the labels "{own}" do not fit {_named(node)} of shape {show_shape(node.shape)}')
        for label, size in zip(own, node.shape, strict=True):
            known, other = first.setdefault(label, (size, node))
            if known != size:
                raise ShapeError(
                    f"einsum's label {label} is of size {known} in {_named(other)} of shape {show_shape(other.shape)} "
                    f"and of size {size} in {_named(node)} of shape {show_shape(node.shape)}"
                )


# -- matrices ------------------------------------------------------------------------------------------------------


def _matrix(x: Any, name: str) -> Node:
    node = as_node(x)
    if node.ndim != 2:
        raise ShapeError(f"{name} takes a matrix, not shape {show_shape(node.shape)}")
    return node


def trace(x: Any) -> Node:
    """The sum of the diagonal of a square matrix."""
    node = _matrix(x, "trace")
    tensor._square("trace", node)
    return contraction([node], ["ii"], "")


def diag(x: Any) -> Node:
    """The diagonal of a square matrix; of a vector, the matrix with it on the diagonal."""
    node = as_node(x)
    if node.ndim == 1:
        return contraction([node], ["i"], "ii")
    tensor._square("diag", _matrix(node, "diag"))
    return contraction([node], ["ii"], "i")


def tril(x: Any, k: Any = 0) -> Node:
    """The part on and below the k-th diagonal."""
    return tensor.tril(x, _whole(k, "k"))


def triu(x: Any, k: Any = 0) -> Node:
    """The part on and above the k-th diagonal."""
    return tensor.triu(x, _whole(k, "k"))


def inv(x: Any) -> Node:
    """The inverse of a square matrix, or of a stack of them."""
    return tensor.inv(x)


def solve(a: Any, b: Any) -> Node:
    """The x with ``a @ x == b``."""
    return tensor.solve(a, b)


def det(x: Any) -> Node:
    """The determinant."""
    return tensor.det(x)


def logdet(x: Any) -> Node:
    """log(abs(det(x))), without overflow."""
    return tensor.logdet(x)


def cholesky(x: Any) -> Node:
    """The lower triangular L with ``L @ L.T`` the symmetric part of x."""
    return tensor.cholesky(x)


# -- making and rearranging ----------------------------------------------------------------------------------------


def size(name: Any) -> Node:
    """The size of that letter, as a number."""
    return size_node(as_size(name))


def eye(n: Any) -> Node:
    """The identity matrix."""
    return EYE(*_lengths(n))


def zeros(shape: Any) -> Node:
    """An array of zeros."""
    return broadcast_to(const(0), _lengths(shape))


def ones(shape: Any) -> Node:
    """An array of ones."""
    return broadcast_to(const(1), _lengths(shape))


def broadcast(x: Any, shape: Any) -> Node:
    """The array repeated to that shape by NumPy's rule; elementwise operations do so themselves."""
    node, whole = as_node(x), _lengths(shape)
    if broadcast_shapes("broadcast_to", node.shape, whole) != whole:
        raise ShapeError(f"an array of shape {show_shape(node.shape)} cannot be repeated to {show_shape(whole)}")
    return broadcast_to(node, whole)


def arange(n: Any) -> Node:
    """0, 1, ..., n - 1."""
    return tensor.arange(*_lengths(n))


def one_hot(places: Any, n: Any) -> Node:
    """For each place a row of n zeros with a 1 there, along a new last axis."""
    node = as_node(places)
    labels = list(range(node.ndim))
    return scalar.where(scalar.equal(contraction([node], [labels], [*labels, "new"]), arange(n)), 1, 0)


def reshape(x: Any, shape: Any) -> Node:
    """The elements in the same order in another shape; one size may be -1."""
    node = as_node(x)
    return tensor.reshape(node, tensor.complete_shape(_shape(shape), multiply_sizes(*node.shape)))


def transpose(x: Any, axes: Any = None) -> Node:
    """The axes in the opposite order, or in the order given."""
    node = as_node(x)
    if axes is None:
        return contraction([node], [range(node.ndim)], range(node.ndim)[::-1])
    order = [_whole(axis, "an axis") for axis in axes]
    if sorted(order) != list(range(node.ndim)):
        raise ShapeError(f"transpose of an array of shape {show_shape(node.shape)} takes each of its axes once")
    return contraction([node], [range(node.ndim)], order)


def squeeze(x: Any, axis: Any = None) -> Node:
    """The array without its axes of size 1, or without those given."""
    node = as_node(x)
    single = [place for place, size in enumerate(node.shape) if size == 1]
    axes = single if axis is None else list(_axes(node, axis, "squeeze"))
    if not set(axes) <= set(single):
        raise ShapeError(f"squeeze drops axes of size 1 only; the shape is {show_shape(node.shape)}")
    return contraction([node], [range(node.ndim)], [place for place in range(node.ndim) if place not in axes])


def concatenate(arrays: Sequence[Any], axis: Any = 0) -> Node:
    """The arrays one after the other along an axis that they have."""
    nodes = [as_node(part) for part in arrays]
    if not nodes:
        raise ShapeError("concatenate needs at least one array")
    return tensor.concatenate(*nodes, _one_axis(nodes[0], axis, "concatenate"))


def stack(arrays: Sequence[Any], axis: Any = 0) -> Node:
    """The arrays one after the other along a new axis."""
    nodes = [as_node(part) for part in arrays]
    if len({node.shape for node in nodes}) != 1:
        raise ShapeError("stack needs arrays of one shape, not " + " and ".join(show_shape(n.shape) for n in nodes))
    place = _whole(axis, "an axis") % (nodes[0].ndim + 1)
    labels: list[Any] = list(range(nodes[0].ndim))
    wide = [contraction([node], [labels], [*labels[:place], "new", *labels[place:]]) for node in nodes]
    return tensor.concatenate(*wide, place)


def scatter(x: Any, shape: Any, starts: Any, steps: Any) -> Node:
    """Zeros of that shape with x from the starts in these steps: what slicing takes out, put back."""
    node, whole, begin = as_node(x), _lengths(shape), _shape(starts)
    strides = [_whole(step, "a step") for step in steps]
    if not len(whole) == len(begin) == len(strides) == node.ndim:
        raise ShapeError(
            f"scatter of an array of shape {show_shape(node.shape)} takes {node.ndim} sizes, starts and steps"
        )
    ranges = tuple(zip(begin, node.shape, strides, strict=True))
    for (start, count, step), length in zip(ranges, whole, strict=True):
        if isinstance(start, int) and isinstance(count, int) and isinstance(length, int) and count:
            _place(as_node(start), node, length)
            _place(as_node(start + step * (count - 1)), node, length)
    return tensor.scatter(node, whole, ranges)


def scatter_add(x: Any, shape: Any, *places: Any) -> Node:
    """Zeros of that shape with the elements of x added at the places: what indexing takes out, put back."""
    return tensor.scatter_add(x, *places, _lengths(shape))


def product_of_others(x: Any, axis: Any = None) -> Node:
    """For each element, the product of the others along the axis."""
    node = as_node(x)
    return tensor.product_of_others(node, _one_axis(node, axis, "product_of_others"))


# -- indexing ------------------------------------------------------------------------------------------------------


def index(x: Any, items: Sequence[Any]) -> Node:
    """``x[...]`` with whole numbers, slices, None and ``...``; places that the call gives, or arrays of them, stand first.

    Raises ShapeError for too many items and for places outside the array.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> x[1:] - x[:-1]
    x[1:] - x[:-1]
    >>> (x[1:] - x[:-1]).shape
    ('n - 1',)
    """
    node = as_node(x)
    items = _filled(list(items), node)
    ranges: list[Range] = []
    labels: list[Any] = []
    arrays: list[tuple[int, Node]] = []
    for item in items:
        axis = len(ranges)
        if item is None:
            labels.append(("new", len(labels)))
            continue
        size = node.shape[axis]
        if isinstance(item, slice):
            ranges.append(_range(item, size))
            labels.append(axis)
        elif (found := as_node(item)).op.predicate:
            raise UnsupportedError(f"how many elements {found} picks is not known; use where({found}, ..., 0)")
        elif found.shape or not _sized(found):
            arrays.append((len(labels), found))
            ranges.append((0, size, 1))
            labels.append(axis)
        else:
            ranges.append((_place(found, node, size), 1, 1))
    return _gathered(contraction([tensor.index(node, tuple(ranges))], [range(node.ndim)], labels), arrays)


def _gathered(node: Node, arrays: list[tuple[int, Node]]) -> Node:
    if not arrays:
        return node
    if [place for place, _ in arrays] != list(range(len(arrays))):
        raise UnsupportedError("index arrays stand first, as in x[i] and x[i, j]; transpose the array before")
    return tensor.gather(node, *(array for _, array in arrays))


def _filled(items: list[Any], node: Node) -> list[Any]:
    """The items with ``...`` and what is left out at the end written as whole slices."""
    missing = node.ndim - builtins.sum(item is not None and item is not Ellipsis for item in items)
    if missing < 0:
        raise ShapeError(f"there are {node.ndim - missing} indices for an array of shape {show_shape(node.shape)}")
    if builtins.sum(item is Ellipsis for item in items) > 1:
        raise ShapeError('an index has one "..." at most')
    if not any(item is Ellipsis for item in items):
        items.append(Ellipsis)
    place = next(at for at, item in enumerate(items) if item is Ellipsis)
    return [*items[:place], *[slice(None)] * missing, *items[place + 1 :]]


def _sized(item: Node) -> bool:
    """Whether a place is known but for letters: a number, or an expression of sizes."""
    return item.op in (CONST, SIZE) or (item.op.name in ("add", "sub", "mul", "neg") and all(map(_sized, item.args)))


def _place(item: Node, node: Node, size: Size) -> Size:
    """A place along an axis of the node, counted from its start."""
    place = as_size(item)
    if not isinstance(place, int):
        return place
    if isinstance(size, int) and not -size <= place < size:
        shape = show_shape(node.shape)
        raise ShapeError(f"the place {place} is outside an axis of size {size}: {_named(node)} has shape {shape}")
    return add_sizes(size, place) if place < 0 else place


def _range(item: slice, size: Size) -> Range:
    """Start, count and step of a slice, as Python counts."""
    step = 1 if item.step is None else _whole(item.step, "a step")
    if step == 0:
        raise ShapeError("the step of a slice is not 0")
    ends: list[Any] = [None if end is None else as_size(end) for end in (item.start, item.stop)]
    if isinstance(size, int) and not letters_of(end for end in ends if end is not None):
        found = range(size)[slice(ends[0], ends[1], step)]
        return (found.start if len(found) else 0), len(found), step
    start = ends[0] if ends[0] is not None else 0 if step > 0 else add_sizes(size, -1)
    stop = ends[1] if ends[1] is not None else size if step > 0 else -1
    start = add_sizes(size, start) if isinstance(start, int) and start < 0 else start
    stop = add_sizes(size, stop) if isinstance(stop, int) and stop < 0 and ends[1] is not None else stop
    count = add_sizes(stop, multiply_sizes(-1, start))
    if step < 0:
        count = multiply_sizes(-1, count)
    if step not in (1, -1) or (isinstance(count, int) and count < 0):
        raise UnsupportedError(f"a slice of an axis of size {size} has step 1 or -1 and ends after it starts")
    return start, count, step


def T(x: Any) -> Node:
    """The axes in the opposite order."""
    return transpose(x)


OPERATORS.update(matmul=matmul, T=T, index=index)

#: What formulas may call, by name; "T" and "index" stand behind ``.T`` and ``[...]``.
FUNCTIONS: dict[str, Callable[..., Node]] = {
    function.__name__: function
    for function in (
        sum, mean, var, prod, max, min, argmax, logsumexp, softmax, log_softmax, norm, cumsum, matmul, dot, outer, kron,
        einsum, trace, diag, tril, triu, inv, solve, det, logdet, cholesky, size, eye, zeros, ones, arange, one_hot,
        reshape, transpose, squeeze, concatenate, stack, scatter, scatter_add, product_of_others, index, T,
    )
} | {"broadcast_to": broadcast}  # fmt: skip
