"""Sparse Jacobians by coloring: rows that share no column are computed as one.

Rows are colored so that those of one color have no column in common, that is, the intersection graph of the rows is
colored; the sum of the rows of a color then holds every entry of theirs, to be read back. A. R. Curtis,
M. J. D. Powell, J. K. Reid: On the estimation of sparse Jacobian matrices, IMA Journal of Applied Mathematics 13
(1974); A. Gebremedhin, F. Manne, A. Pothen: What color is your Jacobian? Graph coloring for computing derivatives,
SIAM Review 47 (2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..graph.errors import LimitError
from ..graph.leaves import const
from ..graph.node import Node
from ..graph.traversal import dependents, topological
from ..ops import assembly, tensor
from ..ops.contraction import contraction
from ..ops.kinds import broadcast_to
from ..search.levels import simplify_guarded
from .blocks.carried import CARRIED
from .blocks.reverse import derivative
from .sparsity import MOST, count_elements, sparsity_pattern

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: A pattern with a larger share of entries is not sparse.
SPARSE = 0.5


def compress_jacobian(
    outputs: Sequence[Node], sources: Sequence[Node], sizes: Mapping[str, int] | None = None
) -> Node | None:
    """The Jacobian of all outputs as a sparse matrix, from one weighted sum of rows for each color.

    Nothing where blocks show the pattern themselves, or where the pattern is full.
    Raises UnsupportedError where the pattern is needed and depends on symbolic sizes or on values.
    """
    order = topological(*outputs)
    if not any(node.op.name in CARRIED for node in dependents(order, sources)):
        return None
    try:
        pattern = sparsity_pattern(outputs, sources)
        sparse = 0 < pattern.nnz <= SPARSE * pattern.shape[0] * pattern.shape[1]
        return _read_back(pattern, color_rows(pattern), outputs, sources, sizes) if sparse else None
    except LimitError:
        return None


def color_rows(pattern: csr_array) -> list[int]:
    """A color for each row of a pattern; rows of one color have no column in common.

    >>> from scipy.sparse import csr_array
    >>> color_rows(csr_array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]))
    [0, 1, 0]
    """
    import networkx
    import numpy as np

    counts = np.bincount(pattern.indices, minlength=pattern.shape[1])
    if (counts**2).sum() > MOST:
        raise LimitError("too many rows have a column in common")
    shared = (pattern.astype(int) @ pattern.T.astype(int)).tocoo()
    graph = networkx.Graph()
    graph.add_nodes_from(range(pattern.shape[0]))
    graph.add_edges_from((int(a), int(b)) for a, b in zip(shared.row, shared.col, strict=True) if a < b)
    colors = networkx.greedy_color(graph, strategy="smallest_last")
    return [colors[row] for row in range(pattern.shape[0])]


def _read_back(
    pattern: csr_array,
    colors: Sequence[int],
    outputs: Sequence[Node],
    sources: Sequence[Node],
    sizes: Mapping[str, int] | None,
) -> Node:
    """Each entry from the sum of its row's color, in its column."""
    import numpy as np

    count = max(colors) + 1
    blocks = sum_rows(outputs, _weights(outputs, colors, count), sources, sizes)
    flat = [
        tensor.reshape(block, (count, count_elements(source))) for block, source in zip(blocks, sources, strict=True)
    ]
    whole = tensor.concatenate(*flat, 1)
    own = np.repeat(colors, np.diff(pattern.indptr))
    values = tensor.gather(whole, _index_array(own.tolist()), _index_array(pattern.indices))
    shape = tuple(map(int, pattern.shape))
    return assembly.compressed(
        *simplify_guarded([values], sizes=sizes), _index_array(pattern.indices), _index_array(pattern.indptr), shape
    )


def _weights(outputs: Sequence[Node], colors: Sequence[int], count: int) -> list[Node]:
    """For each output an array with a 1 for the color of each element."""
    weights, start = [], 0
    for output in outputs:
        size = count_elements(output)
        own = colors[start : (start := start + size)]
        ones = broadcast_to(const(1), (size,))
        weight = tensor.scatter_add(ones, _index_array(own), tensor.arange(size), (count, size))
        weights.append(tensor.reshape(weight, (count, *output.shape)))
    return weights


def _index_array(values: Sequence[int]) -> Node:
    return tensor.places(tuple(map(int, values)), (len(values),))


def sum_rows(
    outputs: Sequence[Node], weights: Sequence[Node], sources: Sequence[Node], sizes: Mapping[str, int] | None = None
) -> list[Node]:
    """Sums of rows of the Jacobian of all ``outputs``: for each source, the block of its columns.

    ``weights``: for each output an array with one axis more, the first, that counts the sums. Raises
    UnsupportedError as :func:`symdiff.jacobian` does.

    >>> import symdiff as sd
    >>> x, v = sd.symbol("x", shape="n"), sd.symbol("v", shape=("k", "n"))
    >>> sum_rows([sd.sin(x)], [v], [x])
    [cos(x)*v]
    """
    total = broadcast_to(const(0), weights[0].shape[:1])
    for output, weight in zip(outputs, weights, strict=True):
        axes = list(range(output.ndim))
        total = total + broadcast_to(contraction([weight, output], [["sum", *axes], axes], ["sum"]), total.shape)
    rows = derivative(simplify_guarded(total, sizes=sizes), sources, sizes)
    return list(simplify_guarded([rows.block(source) for source in sources], sizes=sizes))
