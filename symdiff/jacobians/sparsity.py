"""Which elements of arrays depend on which elements of others: sparsity patterns, from the structure alone.

An elementwise operation depends on what its operands depend on, operations that select elements are carried out on
the positions of elements, and a contraction joins all elements that it multiplies and sums. Any other operation depends
on its arguments as its pullback depends on the cotangent, transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..compiler.evaluation import evaluate
from ..graph.errors import LimitError, UnsupportedError
from ..graph.leaves import VAR
from ..graph.node import Node, Op, make
from ..graph.shapes import show_shape, symbolic_sizes
from ..graph.traversal import dependents, rebuild, topological, variables
from ..ops.contraction import CONTRACT, network

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: A pattern holds no more entries than this while it is found.
MOST = 20_000_000


def sparsity_pattern(outputs: Sequence[Node], sources: Sequence[Node]) -> csr_array:
    """A truth value for each element of the outputs (rows) and of the sources (columns), in C order.

    Raises UnsupportedError where a size is symbolic or an index is not known before the call, LimitError
    where the pattern is too large to be worth finding.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape=3)
    >>> sparsity_pattern([x[1:] * x[:-1]], [x]).toarray().astype(int).tolist()
    [[1, 1, 0], [0, 1, 1]]
    """
    from scipy.sparse import csr_array, vstack

    for node in topological(*outputs, *sources):
        if symbolic_sizes(node.shape):
            shape = show_shape(node.shape)
            raise UnsupportedError(
                f"the pattern depends on the sizes {shape}; give the variables sizes that are numbers"
            )
    patterns = _propagate(outputs, sources, frozenset())
    columns = sum(map(count_elements, sources))
    parts = [patterns.get(output, csr_array((count_elements(output), columns), dtype=bool)) for output in outputs]
    return csr_array(vstack(parts, format="csr"))


def count_elements(node: Node) -> int:
    """The number of elements of a node whose sizes are numbers."""
    return prod(size for size in node.shape if isinstance(size, int))


def _propagate(outputs: Sequence[Node], sources: Sequence[Node], inside: frozenset[Op]) -> dict[Node, Any]:
    """The pattern of every node that depends on a source; ``inside``: operations whose pullback is being read."""
    from scipy.sparse import csr_array

    patterns: dict[Node, Any] = {}
    columns, start = sum(map(count_elements, sources)), 0
    for source in sources:
        own = range(start, start := start + count_elements(source))
        patterns[source] = csr_array(([True] * len(own), (range(len(own)), own)), (len(own), columns))
    order = topological(*outputs)
    active = dependents(order, sources)
    for node in order:
        if node not in active or node in patterns:
            continue
        whole = csr_array((count_elements(node), columns), dtype=bool)
        for index, arg in enumerate(node.args):
            if arg in patterns and (local := _local_pattern(node, index, inside)) is not None:
                whole = whole + (patterns[arg] if local is _SAME else local @ patterns[arg])
                if whole.nnz > MOST:
                    raise LimitError(f"the pattern has more than {MOST:,} entries")
        if whole.nnz:
            patterns[node] = whole
    return patterns


#: Each element of the value depends on the same element of the argument.
_SAME = object()


def _local_pattern(node: Node, index: int, inside: frozenset[Op]) -> Any:
    """Which elements of the node depend on which of one argument; nothing where none does."""
    if node.op.partials is not None:
        return _SAME if node.op.partials[index] is not None else None
    if node.op is CONTRACT:
        return _of_contraction(node, index)
    return _of_selection(node, index) if node.op.selects else _of_pullback(node, index, inside)


def _of_contraction(node: Node, index: int) -> Any:
    """Elements that have the same position along all axes that both have."""
    import numpy as np

    own, output = list(network(node))[index][1], node.attrs[1]
    labels = list(dict.fromkeys((*output, *own)))
    sizes = dict(zip((*output, *own), (*node.shape, *node.args[index].shape), strict=True))
    shape = tuple(int(sizes[label]) for label in labels)
    if prod(shape) > MOST:
        raise LimitError(f"a product of {prod(shape):,} elements is too large for a pattern")
    every = dict(zip(labels, np.indices(shape, sparse=True), strict=True))
    rows, columns = (_flat_index(shape, [every[label] for label in part], sizes, part) for part in (output, own))
    return _ones(rows, columns, node, node.args[index])


def _flat_index(shape: tuple[int, ...], positions: Sequence[Any], sizes: Any, labels: Sequence[Any]) -> Any:
    import numpy as np

    flat: Any = np.zeros((1,) * len(shape), int)
    for part, label in zip(positions, labels, strict=True):
        flat = flat * sizes[label] + part
    return np.broadcast_to(flat, shape).ravel()


def _of_selection(node: Node, index: int) -> Any:
    """The operation on the positions of the argument's elements, counted from 1; 0 is no element."""
    import numpy as np

    args, values = [], {}
    for at, arg in enumerate(node.args):
        if arg is not node.args[index] and not variables(arg):
            args.append(arg)
            continue
        if node.op.name == "gather" and at:
            raise UnsupportedError(f"the pattern depends on the places {arg}; index with a list of numbers")
        args.append(make(VAR, (), (f"__arg{at}",), arg.shape))
        shape = tuple(size for size in arg.shape if isinstance(size, int))
        values[f"__arg{at}"] = np.arange(1, 1 + count_elements(arg)).reshape(shape) * (at == index)
    taken = np.ravel(evaluate(rebuild(node, tuple(args)), values)).astype(int)
    rows = np.flatnonzero(taken)
    return _ones(rows, taken[rows] - 1, node, node.args[index])


def _of_pullback(node: Node, index: int, inside: frozenset[Op]) -> Any:
    """From the pullback; all elements where it reads the operation itself."""
    import numpy as np
    from scipy.sparse import csr_array

    assert node.op.pullback is not None
    cotangent = make(VAR, (), ("__cotangent",), node.shape)
    part = node.op.pullback(cotangent, node, *node.args)[index]
    if part is None:
        return None
    order = topological(part)
    active = dependents(order, [cotangent])
    if any(one.op in inside or one.op is node.op for one in active):
        return csr_array(np.ones((count_elements(node), count_elements(node.args[index])), bool))
    transposed = _propagate([part], [cotangent], inside | {node.op}).get(part)
    return None if transposed is None else csr_array(transposed.T)


def _ones(rows: Any, columns: Any, node: Node, arg: Node) -> Any:
    import numpy as np
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(rows), bool), (rows, columns)), (count_elements(node), count_elements(arg)))
