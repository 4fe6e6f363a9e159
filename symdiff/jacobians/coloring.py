"""Sparse derivatives compressed: rows that share no column are computed as one.

Rows are coloured so that those of one colour have no column in common, that is, the intersection graph of the rows is
coloured; the sum of the rows of a colour then holds every entry of theirs, to be read back. A. Gebremedhin, F. Manne,
A. Pothen: What color is your Jacobian? Graph coloring for computing derivatives, SIAM Review 47, 2005.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..graph.errors import LimitError
from ..graph.node import Node, const
from ..graph.traversal import dependents, topological
from ..ops import assembly, tensor
from ..ops.contraction import contraction
from ..ops.kinds import broadcast_to
from ..search.levels import simplify_guarded
from .blocks import CARRIED, derivative
from .sparsity import MOST, elements, pattern

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: A pattern with a larger share of entries is not sparse.
SPARSE = 0.5


def compressed(outputs: Sequence[Node], sources: Sequence[Node], sizes: Mapping[str, int] | None = None) -> Node | None:
    """The Jacobian of all outputs as a sparse matrix, from one weighted sum of rows for each colour.

    Nothing where blocks show the pattern themselves, or where the pattern is full.
    Raises UnsupportedError where the pattern has to be found and depends on letters or on values.
    """
    order = topological(*outputs)
    if not any(node.op.name in CARRIED for node in dependents(order, sources)):
        return None
    try:
        found = pattern(outputs, sources)
        sparse = 0 < found.nnz <= SPARSE * found.shape[0] * found.shape[1]
        return _read_back(found, colouring(found), outputs, sources, sizes) if sparse else None
    except LimitError:
        return None


def colouring(found: csr_array) -> list[int]:
    """A colour for each row of a pattern; rows of one colour have no column in common.

    >>> from scipy.sparse import csr_array
    >>> colouring(csr_array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]))
    [0, 1, 0]
    """
    import networkx
    import numpy as np

    counts = np.bincount(found.indices, minlength=found.shape[1])
    if (counts**2).sum() > MOST:
        raise LimitError("too many rows have a column in common")
    shared = (found.astype(int) @ found.T.astype(int)).tocoo()
    graph = networkx.Graph()
    graph.add_nodes_from(range(found.shape[0]))
    graph.add_edges_from((int(a), int(b)) for a, b in zip(shared.row, shared.col, strict=True) if a < b)
    colours = networkx.greedy_color(graph, strategy="smallest_last")
    return [colours[row] for row in range(found.shape[0])]


def _read_back(
    found: csr_array,
    colours: Sequence[int],
    outputs: Sequence[Node],
    sources: Sequence[Node],
    sizes: Mapping[str, int] | None,
) -> Node:
    """Each entry from the sum of its row's colour, in its column."""
    import numpy as np

    count = max(colours) + 1
    blocks = weighted_rows(outputs, _weights(outputs, colours, count), sources, sizes)
    flat = [tensor.reshape(block, (count, elements(source))) for block, source in zip(blocks, sources, strict=True)]
    whole = tensor.concatenate(*flat, 1)
    own = np.repeat(colours, np.diff(found.indptr))
    values = tensor.gather(whole, _places(own.tolist()), _places(found.indices))
    shape = tuple(map(int, found.shape))
    (values,) = simplify_guarded([values], sizes=sizes)
    return assembly.compressed(values, _places(found.indices), _places(found.indptr), shape)


def _weights(outputs: Sequence[Node], colours: Sequence[int], count: int) -> list[Node]:
    """For each output an array with a 1 for the colour of each element."""
    weights, start = [], 0
    for output in outputs:
        size = elements(output)
        own = colours[start : (start := start + size)]
        ones = broadcast_to(const(1), (size,))
        weight = tensor.scatter_add(ones, _places(own), tensor.arange(size), (count, size))
        weights.append(tensor.reshape(weight, (count, *output.shape)))
    return weights


def _places(values: Sequence[int]) -> Node:
    return tensor.places(tuple(map(int, values)), (len(values),))


def weighted_rows(
    outputs: Sequence[Node], weights: Sequence[Node], sources: Sequence[Node], sizes: Mapping[str, int] | None = None
) -> list[Node]:
    """Sums of rows of the Jacobian of all ``outputs``: for each source, the block of its columns.

    ``weights``: for each output an array with one axis more, the first, that counts the sums. Raises
    UnsupportedError as :func:`symdiff.jacobian` does.

    >>> import symdiff as sd
    >>> x, v = sd.symbol("x", shape="n"), sd.symbol("v", shape=("k", "n"))
    >>> weighted_rows([sd.sin(x)], [v], [x])
    [cos(x)*v]
    """
    total = broadcast_to(const(0), weights[0].shape[:1])
    for output, weight in zip(outputs, weights, strict=True):
        axes = list(range(output.ndim))
        total = total + broadcast_to(contraction([weight, output], [["sum", *axes], axes], ["sum"]), total.shape)
    found = derivative(simplify_guarded(total, sizes=sizes), sources, sizes)
    return list(simplify_guarded([found.block(source) for source in sources], sizes=sizes))
