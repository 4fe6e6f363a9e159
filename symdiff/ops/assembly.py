"""One matrix from parts of its blocks: dense and symmetric, or sparse.

A part says its block (row, column), the array's axis of each axis of the block (twice for a delta), and the places that
it fills along them (nothing for all). Parts of one block add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph.errors import UnsupportedError
from ..graph.leaves import as_node
from ..graph.node import Node, Op, make
from ..graph.shapes import Shape, Size, add_sizes, multiply_sizes
from . import array_api_code
from .axes import transposed
from .contraction import contraction
from .indexing import INDEX as index
from .kinds import structural
from .rearranging import RESHAPE as reshape
from .spelling import Range, axis_labels, einsum_spec, range_text, shape_text

#: Op and column of the block, axes, ranges.
Layout = tuple[tuple[int, int, tuple[int, ...], tuple[Range, ...]], ...]


def total_size(shapes: Sequence[Shape]) -> Size:
    """The number of elements of all arrays of these shapes."""
    return add_sizes(*(multiply_sizes(*shape) for shape in shapes))


def _build_assemble(op: Op, *rest: Any) -> Node:
    *parts, shapes, layout = rest
    size = total_size(shapes)
    return make(op, tuple(map(as_node, parts)), (shapes, layout), (size, size))


def _pull_assemble(ct: Node, y: Node, *parts: Node) -> tuple[Node, ...]:
    """Each part's places in the matrix and in its mirror image."""
    shapes, layout = y.attrs
    starts: list[Size] = [0]
    for shape in shapes:
        starts.append(add_sizes(starts[-1], multiply_sizes(*shape)))
    found = []
    for i, j, axes, ranges in layout:
        rows, columns = ((starts[k], multiply_sizes(*shapes[k]), 1) for k in (i, j))
        part = index(ct, (rows, columns))
        if i != j:
            part = part + transposed(index(ct, (columns, rows)))
        part = reshape(part, shapes[i] + shapes[j])
        part = index(part, ranges) if ranges else part
        found.append(contraction([part], [axes], range(len(set(axes)))))
    return tuple(found)


_ASSEMBLE = '''def _assemble(shapes, dtype, *parts):
    """A symmetric matrix from parts of its blocks (row, column, array, index, diagonal) on and above the diagonal."""
    sizes = [math.prod(shape) for shape in shapes]
    ends = np.cumsum(sizes).tolist()
    result = np.empty((ends[-1], ends[-1]), dtype)
    blocks = {}
    for i, j, array, index, diagonal in parts:
        first = (i, j) not in blocks
        if first:
            flat = result[ends[i] - sizes[i] : ends[i], ends[j] - sizes[j] : ends[j]]
            blocks[i, j] = flat.reshape(shapes[i] + shapes[j])
        if first and (index or diagonal):
            blocks[i, j][...] = 0
        place = blocks[i, j][index] if index else blocks[i, j]
        place = np.einsum(diagonal, place) if diagonal else place
        if first and not (index or diagonal):
            place[...] = array
        else:
            place += array
    for i in range(len(shapes)):
        for j in range(i, len(shapes)):
            part = result[ends[i] - sizes[i] : ends[i], ends[j] - sizes[j] : ends[j]]
            if (i, j) not in blocks:
                part[...] = 0
            if j > i:
                result[ends[j] - sizes[j] : ends[j], ends[i] - sizes[i] : ends[i]] = part.T
            else:
                _mirror(part)
    return result


def _mirror(matrix, step=64):
    """Write the part above the diagonal below it, in squares that fit the cache."""
    below = np.tri(step, k=-1, dtype=bool)
    for start in range(0, len(matrix), step):
        end = start + step
        square = matrix[start:end, start:end]
        np.copyto(square, square.T, where=below[: len(square), : len(square)])
        matrix[end:, start:end] = matrix[start:end, end:].T'''


def _shapes_text(shapes: Sequence[Shape]) -> str:
    inner = ", ".join(map(shape_text, shapes))
    return f"({inner},)" if len(shapes) == 1 else f"({inner})"


def _numpy_assemble(node: Node) -> str:
    shapes, layout = node.attrs
    parts = []
    for place, (i, j, axes, ranges) in enumerate(layout):
        whole = shapes[i] + shapes[j]
        items = ", ".join(range_text(part, size) for part, size in zip(ranges, whole, strict=False))
        diagonal = f'"{einsum_spec([axes], tuple(range(len(set(axes)))))}"' if len(set(axes)) < len(axes) else "None"
        parts.append(f"({i}, {j}, {{{place}}}, {f'np.s_[{items}]' if items else 'None'}, {diagonal})")
    return f"_assemble({', '.join([_shapes_text(shapes), 'dtype', *parts])})"


def _array_assemble(node: Node) -> str:
    shapes, layout = node.attrs
    parts = []
    for place, (i, j, axes, ranges) in enumerate(layout):
        own = tuple(range(len(set(axes))))
        labels = f'("{axis_labels(own)}", "{axis_labels(axes)}")' if len(own) < len(axes) else "None"
        places = ", ".join(shape_text((start, step)) for start, _, step in ranges)
        parts.append(f"({i}, {j}, {{{place}}}, {labels}, {f'({places},)' if places else 'None'})")
    return f"_assemble({', '.join(['xp', _shapes_text(shapes), 'dtype', 'device', *parts])})"


def _text_assemble(node: Node) -> str:
    return f"assemble({_shapes_text(node.attrs[0])}, {_layout_text(node)})"


def _layout_text(node: Node) -> str:
    """Each part with its block, axes and ranges."""
    return ", ".join(f"({i}, {j}, {{{p}}}, {axes}, {ranges})" for p, (i, j, axes, ranges) in enumerate(node.attrs[-1]))


assemble = structural(
    "assemble",
    -1,
    _build_assemble,
    _pull_assemble,
    domain="parts of blocks on and above the diagonal",
    numpy=(_numpy_assemble, _ASSEMBLE),
    text_of=_text_assemble,
    array_api=(_array_assemble, (array_api_code.ON_DIAGONAL, array_api_code.PLACED, array_api_code.ASSEMBLE)),
)

# -- sparse --------------------------------------------------------------------------------------------------------


def _build_sparse(op: Op, *rest: Any) -> Node:
    *parts, rows, columns, layout = rest
    nodes = tuple(map(as_node, parts))
    return make(op, nodes, (rows, columns, layout), (total_size(rows), total_size(columns)))


def _pull_sparse(ct: Node, y: Node, *parts: Node) -> tuple[Node, ...]:
    raise UnsupportedError("a sparse matrix is not differentiated further; use the dense form, hvp or jvp")


_SPARSE = '''def _sparse(rows, columns, dtype, *parts):
    """A sparse matrix from parts of its blocks (row, column, array, axes, ranges); parts of one block add up."""
    starts = [np.cumsum([0, *(math.prod(shape) for shape in shapes)]).tolist() for shapes in (rows, columns)]
    found = [], [], []
    for i, j, array, axes, ranges in parts:
        array = np.asarray(array)
        indices = np.indices(array.shape, sparse=True)
        places = []
        for shape, start, own in ((rows[i], starts[0][i], 0), (columns[j], starts[1][j], len(rows[i]))):
            place = np.array(start)
            for k, size in enumerate(shape):
                first, _, step = ranges[own + k] if ranges else (0, size, 1)
                place = place + (first + step * indices[axes[own + k]]) * math.prod(shape[k + 1 :])
            places.append(np.broadcast_to(place, array.shape).ravel())
        for kept, part in zip(found, (*places, array.ravel())):
            kept.append(part)
    r, c, values = (np.concatenate(part) if part else np.zeros(0, int) for part in found)
    return sparse.csr_array((values.astype(dtype, copy=False), (r, c)), shape=(starts[0][-1], starts[1][-1]))'''


def _numpy_sparse(node: Node) -> str:
    rows, columns, layout = node.attrs
    if not any((*rows, *columns)):
        values = ", ".join(f"{{{place}}}" for place in range(len(node.args)))
        where = f"({[part[0] for part in layout]}, {[part[1] for part in layout]})"
        return f"sparse.csr_array((np.array([{values}], dtype), {where}), shape=({len(rows)}, {len(columns)}))"
    parts = []
    for place, (i, j, axes, ranges) in enumerate(layout):
        places = ", ".join(shape_text(part) for part in ranges)
        parts.append(f"({i}, {j}, {{{place}}}, {axes}, ({places}{',' * (len(ranges) == 1)}))")
    return f"_sparse({', '.join([_shapes_text(rows), _shapes_text(columns), 'dtype', *parts])})"


def _text_sparse(node: Node) -> str:
    return f"sparse({_shapes_text(node.attrs[0])}, {_shapes_text(node.attrs[1])}, {_layout_text(node)})"


sparse = structural(
    "sparse",
    -1,
    _build_sparse,
    _pull_sparse,
    domain="parts of blocks",
    numpy=(_numpy_sparse, _SPARSE),
    text_of=_text_sparse,
)


def _build_rows(op: Op, values: Any, columns: Any, ends: Any, shape: Shape) -> Node:
    return make(op, tuple(map(as_node, (values, columns, ends))), (shape,), shape)


compressed = structural(
    "compressed",
    3,
    _build_rows,
    _pull_sparse,
    domain="entries row by row, their columns, and where rows begin and end",
    numpy=lambda node: f"sparse.csr_array(({{0}}, {{1}}.copy(), {{2}}.copy()), {node.attrs[0]})",
    text_of=lambda node: f"compressed({{0}}, {{1}}, {{2}}, {node.attrs[0]})",
)
