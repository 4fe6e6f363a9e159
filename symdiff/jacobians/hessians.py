"""Jacobians and Hessians of scalars and of arrays, as blocks or as one matrix.

Arrays: a block of ``f`` (shape S) by ``v`` (shape T) has shape S + T and comes from :mod:`symdiff.jacobians.blocks`,
exact and multiplied out in the cheapest order. Only one triangle of a Hessian is derived; the other is its transpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, overload

from ..differentiate.kinks import with_kinks
from ..differentiate.linearized import Entry
from ..differentiate.passes import Nodes, check_occurs, grad, sources_of
from ..graph.errors import SymdiffError
from ..graph.leaves import as_node
from ..graph.node import Node, Operand
from ..graph.shapes import multiply_sizes
from ..graph.traversal import leaves, topological
from ..ops import assembly
from ..ops.contraction import contraction
from ..ops.spelling import Range
from ..search.levels import simplify_guarded
from .blocks.reverse import Derivative, derivative
from .coloring import compress_jacobian
from .elimination import nest, nonzero_entries, scalar_hessian, scalar_jacobian

#: How a Hessian is returned.
FORMS = ("blocks", "dense", "diagonal")

Sizes = Mapping[str, int]


@overload
def jacobian(
    f: Operand, wrt: Node, *, sparse: bool = False, sizes: Sizes | None = None, kinks: str | None = None
) -> Node: ...
@overload
def jacobian(
    f: Operand, wrt: Nodes, *, sparse: Literal[False] = False, sizes: Sizes | None = None, kinks: str | None = None
) -> tuple[Node, ...]: ...
@overload
def jacobian(
    f: Nodes, wrt: Nodes, *, sparse: Literal[False] = False, sizes: Sizes | None = None, kinks: str | None = None
) -> tuple[tuple[Node, ...], ...]: ...
@overload
def jacobian(
    f: Any, wrt: Any, *, sparse: bool = False, sizes: Sizes | None = None, kinks: str | None = None
) -> Any: ...
def jacobian(f: Any, wrt: Any, *, sparse: bool = False, sizes: Sizes | None = None, kinks: str | None = None) -> Any:
    """First derivatives: one block for one by one, a tuple for one by many, nested tuples for many by many.

    A block has shape ``f.shape + wrt.shape``. ``sparse``: one matrix that compiles to a SciPy CSR array, in the order
    of :func:`flatten`; what is zero by structure is not computed. ``sizes``: what symbolic sizes count for when the
    cheapest order of products is chosen. ``kinks`` as in :func:`symdiff.with_kinks`. Raises UnsupportedError for an
    array operation that blocks do not know; ``jvp`` and ``vjp`` know all.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> jacobian([x * y, x], [x, y])
    ((y, x), (1, 0))
    >>> A, v = sd.symbol("A", shape=("m", "n")), sd.symbol("v", shape="n")
    >>> jacobian(A @ v, v)
    A
    """
    sources = sources_of(wrt)
    f = with_kinks(f, kinks, sources)
    outputs = leaves(f)
    check_occurs(outputs, sources)
    if not any(node.shape for node in (*outputs, *sources)):
        return _sparse_scalars(outputs, sources) if sparse else scalar_jacobian(f, wrt)
    if sparse:
        return _sparse(simplify_guarded(outputs, sizes=sizes), sources, sizes)
    derivatives = [derivative(output, sources, sizes) for output in simplify_guarded(outputs, sizes=sizes)]
    blocks = iter(simplify_guarded([one.block(source) for one in derivatives for source in sources], sizes=sizes))
    rows = [_like(wrt, [next(blocks) for _ in sources]) for _ in derivatives]
    return rows[0] if not isinstance(f, (list, tuple)) else tuple(rows)


def value_and_jacobian(
    f: Any, wrt: Any, *, sparse: bool = False, sizes: Sizes | None = None, kinks: str | None = None
) -> tuple[Any, Any]:
    """A node or list, simplified together with its :func:`jacobian`, so that code of both shares their work.

    Arguments and errors are those of :func:`jacobian`.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> value_and_jacobian([sd.exp(x * y)], [x, y])
    ((exp(x*y),), ((y*exp(x*y), x*exp(x*y)),))
    """
    sources = sources_of(wrt)
    outputs = leaves(f)
    if any(node.shape for node in (*outputs, *sources)):
        *values, blocks = simplify_guarded(
            [*outputs, jacobian(f, wrt, sparse=sparse, sizes=sizes, kinks=kinks)], sizes=sizes
        )
        return _values_like(f, values), blocks
    values, entries = nonzero_entries(leaves(with_kinks(f, kinks, sources)), sources, outputs)
    if sparse:
        return _values_like(f, values), _sparse_entries(entries, outputs, sources)
    return _values_like(f, values), _values_like(f, nest(entries, len(outputs), wrt))


def _values_like(f: Any, values: Sequence[Any]) -> Any:
    """A tuple for a list, the one value for one."""
    return tuple(values) if isinstance(f, (list, tuple)) else values[0]


@overload
def hessian(
    f: Operand,
    wrt: Node,
    *,
    form: str = "blocks",
    sparse: bool = False,
    sizes: Sizes | None = None,
    kinks: str | None = None,
) -> Node: ...
@overload
def hessian(
    f: Operand,
    wrt: Nodes,
    *,
    form: Literal["blocks"] = "blocks",
    sparse: Literal[False] = False,
    sizes: Sizes | None = None,
    kinks: str | None = None,
) -> tuple[tuple[Node, ...], ...]: ...
@overload
def hessian(
    f: Operand,
    wrt: Nodes,
    *,
    form: str = "blocks",
    sparse: bool = False,
    sizes: Sizes | None = None,
    kinks: str | None = None,
) -> Any: ...
def hessian(
    f: Any,
    wrt: Any,
    *,
    form: str = "blocks",
    sparse: bool = False,
    sizes: Sizes | None = None,
    kinks: str | None = None,
) -> Any:
    """Second derivatives of a scalar: a block for one variable, nested tuples of blocks for a list.

    The block of v by w has shape ``v.shape + w.shape``. ``form``: ``"blocks"``; ``"dense"``, one matrix in the order of
    :func:`flatten`; ``"diagonal"``, the second derivative by each element, of each variable's shape.
    ``sparse``, ``sizes`` and ``kinks`` as in :func:`jacobian`, whose errors it raises.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> hessian(x * y**2, [x, y])
    ((0, 2*y), (2*y, 2*x))
    >>> A, v = sd.symbol("A", shape=("n", "n")), sd.symbol("v", shape="n")
    >>> hessian(v @ A @ v, v)
    A + A.T
    """
    if form not in FORMS:
        raise SymdiffError(f"the form of a Hessian is one of {', '.join(FORMS)}, not {form!r}")
    sources = sources_of(wrt)
    f = with_kinks(f, kinks, sources)
    if sparse:
        return _sparse_hessian(as_node(f), sources, sizes)
    if not any(node.shape for node in (as_node(f), *sources)):
        entries = scalar_hessian(f, wrt)
        return entries if form == "blocks" else _scalar_form(entries, wrt, form)
    each = range(len(sources))
    if form == "dense":
        return _dense(f, sources, sizes)
    blocks = _blocks(f, sources, sizes)
    if form == "diagonal":
        return _like(wrt, [_diagonal(blocks[i, i], sources[i]) for i in each])
    return _like(wrt, [_like(wrt, [blocks[i, j] for j in each]) for i in each])


def _scalar_form(blocks: Any, wrt: Any, form: str) -> Any:
    if isinstance(blocks, Node):
        return blocks if form == "diagonal" else assembly.assemble(blocks, ((),), ((0, 0, (), ()),))
    each = range(len(blocks))
    if form == "diagonal":
        return _like(wrt, [blocks[i][i] for i in each])
    upper = [(i, j) for i in each for j in each[i:]]
    layout = tuple((i, j, (), ()) for i, j in upper)
    return assembly.assemble(*(blocks[i][j] for i, j in upper), tuple(() for _ in each), layout)


def _dense(f: Any, sources: Sequence[Node], sizes: Sizes | None) -> Node:
    """One matrix, written part by part: what stands on a diagonal is added there."""
    args: list[Node] = []
    layout: list[tuple[int, int, tuple[int, ...], tuple[Range, ...]]] = []
    for i, rows in enumerate(_derivatives(f, sources, sizes)):
        for j, source in enumerate(sources[i:], i):
            shape = rows.output.shape + source.shape
            for part in sorted(rows.parts(source), key=lambda part: len(set(part.axes)) < len(part.axes)):
                args.append(part.node)
                layout.append((i, j, part.axes, part.ranges if part.cut(shape) else ()))
    args = simplify_guarded(args, sizes=sizes)
    return assembly.assemble(*args, tuple(source.shape for source in sources), tuple(layout))


def _sparse_hessian(f: Node, sources: Sequence[Node], sizes: Sizes | None) -> Node:
    if not any(node.shape for node in topological(f)):
        return _sparse_scalars(list(grad(f, list(sources))), sources)
    gradient = simplify_guarded(grad(simplify_guarded(f, sizes=sizes), list(sources)), sizes=sizes)
    return _sparse(gradient, sources, sizes)


def _sparse_scalars(outputs: Sequence[Node], sources: Sequence[Node]) -> Node:
    return _sparse_entries(nonzero_entries(outputs, sources)[1], outputs, sources)


def _sparse_entries(entries: Sequence[Entry], outputs: Sequence[Node], sources: Sequence[Node]) -> Node:
    layout = tuple((row, column, (), ()) for row, column, _ in entries)
    shapes = tuple(() for _ in outputs), tuple(() for _ in sources)
    return assembly.sparse(*(entry for *_, entry in entries), *shapes, layout)


def _sparse(outputs: Sequence[Node], sources: Sequence[Node], sizes: Sizes | None) -> Node:
    """The parts of every block where they stand, zeros left out; compressed where the parts do not show the pattern."""
    whole = compress_jacobian(outputs, sources, sizes)
    if whole is not None:
        return whole
    derivatives = [derivative(output, sources, sizes) for output in outputs]
    args: list[Node] = []
    layout = []
    for i, rows in enumerate(derivatives):
        for j, source in enumerate(sources):
            for part in rows.parts(source):
                args.append(part.node)
                layout.append((i, j, part.axes, part.ranges if part.cut(rows.output.shape + source.shape) else ()))
    shapes = tuple(output.shape for output in outputs), tuple(source.shape for source in sources)
    return assembly.sparse(*simplify_guarded(args, sizes=sizes), *shapes, tuple(layout))


def _derivatives(f: Any, sources: Sequence[Node], sizes: Sizes | None) -> Iterator[Derivative]:
    """The derivative of each part of the simplified gradient by its own source and those after it."""
    gradient = simplify_guarded(grad(simplify_guarded(as_node(f), sizes=sizes), list(sources)), sizes=sizes)
    for i, part in enumerate(gradient):
        yield derivative(part, sources[i:], sizes)


def _blocks(f: Any, sources: Sequence[Node], sizes: Sizes | None) -> dict[tuple[int, int], Node]:
    """Every block: one triangle derived from the simplified gradient, the other transposed."""
    upper: dict[tuple[int, int], Node] = {}
    for i, rows in enumerate(_derivatives(f, sources, sizes)):
        for j, source in enumerate(sources[i:], i):
            upper[i, j] = rows.block(source)
    entries = dict(zip(upper, simplify_guarded(list(upper.values()), sizes=sizes), strict=True))
    for i, j in upper:
        axes, own = list(range(entries[i, j].ndim)), sources[i].ndim
        entries[j, i] = entries[i, j] if i == j else contraction([entries[i, j]], [axes], axes[own:] + axes[:own])
    return entries


def _diagonal(block: Node, source: Node) -> Node:
    axes = list(range(source.ndim))
    return contraction([block], [axes + axes], axes)


def flatten(values: Sequence[Any]) -> Any:
    """One vector of the arrays: each in C order, one after the other, in the order of the list.

    >>> flatten([[[1.0, 2.0], [3.0, 4.0]], 5.0]).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0]
    """
    import numpy as np

    return np.concatenate([np.ravel(value) for value in values]) if len(values) else np.zeros(0)


def unflatten(vector: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """The arrays of these shapes that :func:`flatten` made the vector of.

    >>> [part.tolist() for part in unflatten([1.0, 2.0, 3.0], [(2,), ()])]
    [[1.0, 2.0], 3.0]
    """
    import numpy as np

    arrays, start = [], 0
    flat = np.asarray(vector)
    counts = [int(multiply_sizes(*shape)) for shape in shapes]
    if flat.ndim != 1 or flat.size != sum(counts):
        raise SymdiffError(f"a vector of {sum(counts)} elements fits these shapes, not an array of shape {flat.shape}")
    for shape, size in zip(shapes, counts, strict=True):
        arrays.append(flat[start : start + size].reshape(shape))
        start += size
    return arrays


def _like(wrt: Any, values: Sequence[Any]) -> Any:
    return values[0] if isinstance(wrt, Node) else tuple(values)
