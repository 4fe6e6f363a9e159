"""How contractions and views are written, as text and for NumPy: ``@``, ``.T``, ``sum``, ``trace``, ``outer``, einsum last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..graph.node import Node
from ..graph.shapes import Shape, Size, add_sizes, multiply_sizes

Labels = tuple[Any, ...]
#: Start, number of elements and step of a slice along one axis.
Range = tuple[Size, Size, int]

_LETTERS = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH"


def shape_text(shape: Shape) -> str:
    """A shape in a template: sizes that are letters become places."""
    inner = ", ".join(str(size) if isinstance(size, int) else f"{{={size}}}" for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def axis_labels(labels: Iterable[int]) -> str:
    """The labels as an einsum has them."""
    return "".join(_LETTERS[label] for label in labels)


def einsum_spec(inputs: Iterable[Labels], output: Labels) -> str:
    """Such as ``ij,jk->ik``."""
    return f"{','.join(map(axis_labels, inputs))}->{axis_labels(output)}"


def matrix_product(inputs: Sequence[Labels], output: Labels) -> tuple[tuple[int, bool], tuple[int, bool]] | None:
    """The two operands of ``@`` in order, each with whether it is transposed; nothing where ``@`` does not say it.

    Matrices come before vectors: ``A.T @ x``, not ``x @ A``.
    """
    if len(inputs) != 2 or max(map(len, inputs)) > 2:
        return None
    for left, right in sorted(((0, 1), (1, 0)), key=lambda order: -len(inputs[order[0]])):
        a, b = inputs[left], inputs[right]
        shared = [label for label in a if label in b]
        if len(shared) != 1 or shared[0] in output:
            continue
        free = [label for label in (*a, *b) if label != shared[0]]
        if free == list(output):
            return (left, a[-1] != shared[0]), (right, b[0] != shared[0])
    return None


def batch_product(inputs: Sequence[Labels], output: Labels) -> tuple[str, str] | None:
    """The operands of a product of stacks of matrices as code: stacked axes first, in the order of the result."""
    for left, right in ((0, 1), (1, 0)) if len(inputs) == 2 else ():
        a, b = inputs[left], inputs[right]
        batch = tuple(label for label in output if label in a and label in b)
        summed = tuple(label for label in a if label in b and label not in output)
        rows = tuple(label for label in a if label not in b)
        columns = tuple(label for label in b if label not in a)
        if batch and len(summed) == len(rows) == len(columns) == 1 and output == batch + rows + columns:
            return _stacked(left, a, batch + rows + summed), _stacked(right, b, batch + summed + columns)
    return None


def _stacked(place: int, labels: Labels, wanted: Labels) -> str:
    """An operand with its axes in the order wanted."""
    if labels == wanted:
        return f"{{{place}}}"
    if labels == (*wanted[:-2], wanted[-1], wanted[-2]):
        return f"{{{place}}}.swapaxes(-1, -2)"
    return f"{{{place}}}.transpose({', '.join(str(labels.index(label)) for label in wanted)})"


def tensordot(inputs: Sequence[Labels], output: Labels) -> tuple[int, int, Labels, Labels] | None:
    """Operands in order and the axes summed in each, where the other axes stay in order."""
    for left, right in ((0, 1), (1, 0)) if len(inputs) == 2 else ():
        a, b = inputs[left], inputs[right]
        shared = tuple(label for label in a if label in b)
        if shared and tuple(label for label in (*a, *b) if label not in shared) == output:
            return left, right, tuple(map(a.index, shared)), tuple(map(b.index, shared))
    return None


def _axes(inputs: Labels, output: Labels) -> str:
    """The axes that a sum goes over, empty for all."""
    axes = tuple(place for place, label in enumerate(inputs) if label not in output)
    return "" if not output else str(axes[0]) if len(axes) == 1 else str(axes)


def contract_code(node: Node, sums: str, every: str, outer: str, einsum: str, plain: bool) -> str:
    inputs, output = node.attrs
    if len(inputs) == 1:
        axes = _axes(inputs[0], output)
        return sums.format(axes) if axes else every
    found = matrix_product(inputs, output)
    if found:
        return " @ ".join(f"{{{place}}}" + (".T" if turned else "") for place, turned in found)
    batch = batch_product(inputs, output)
    if batch and not (plain and any("." in part for part in batch)):
        return " @ ".join(batch)
    if [len(own) for own in inputs] == [1, 1] and not set(inputs[0]) & set(inputs[1]):
        return outer.format(*[inputs.index((label,)) for label in output])
    dot = None if plain else tensordot(inputs, output)
    if dot:
        return f"np.tensordot({{{dot[0]}}}, {{{dot[1]}}}, {dot[2:]})"
    operands = ", ".join(f"{{{place}}}" for place in range(len(inputs)))
    return einsum.format(einsum_spec(inputs, output), operands)


def is_trace(node: Node) -> bool:
    return len(node.args) == 1 and node.args[0].op.name == "view" and node.args[0].attrs == ((0, 0), (0,))


def read_by_contract(node: Node) -> tuple[Node, ...]:
    """A trace is spelled by the matrix, not by its diagonal."""
    return node.args[0].args if is_trace(node) else node.args


def text_contract(node: Node) -> str:
    if is_trace(node):
        return "trace({0})"
    return contract_code(node, "sum({{0}}, axis={})", "sum({0})", "outer({{{}}}, {{{}}})", 'einsum("{}", {})', True)


def numpy_contract(node: Node) -> str:
    optimize = ", optimize=True" if len(node.args) > 2 else ""
    if is_trace(node):
        return "np.trace({0})"
    einsum = 'np.einsum("{}", {}' + optimize + ")"
    return contract_code(node, "{{0}}.sum({})", "{0}.sum()", "np.outer({{{}}}, {{{}}})", einsum, False)


def view_parts(node: Node) -> tuple[Labels, Labels, str]:
    """The labels of a view's operand, those of the result that it has, and the index that makes the new axes."""
    inner, outer = node.attrs
    kept = tuple(label for label in outer if label in inner)
    index = "[" + ", ".join(":" if label in inner else "None" for label in outer) + "]"
    return inner, kept, index if kept != outer else ""


def _permutation(inner: Labels, outer: Labels) -> tuple[int, ...] | None:
    if sorted(inner) == sorted(outer) and len(set(inner)) == len(inner):
        return tuple(inner.index(label) for label in outer)
    return None


def _dropped(inner: Labels, outer: Labels) -> tuple[int, ...] | None:
    """The axes of size 1 that a view drops, where that is all it does."""
    if len(set(inner)) == len(inner) and outer == tuple(label for label in inner if label in outer):
        return tuple(place for place, label in enumerate(inner) if label not in outer)
    return None


_DIAGONALS = (((0,), (0, 0)), ((0, 0), (0,)))


def range_text(part: Range, size: Size, plain: bool = False) -> str:
    """A slice as it is written; what counts from the end keeps its sign."""
    start, count, step = part
    if (start, count, step) == (0, size, 1):
        return ":"
    stop = add_sizes(start, multiply_sizes(count, step))
    if step < 0:
        begin = "" if add_sizes(start, 1) == size else place_text(start, size)
        end = "" if stop == "0 - 1" or (isinstance(stop, int) and stop < 0) else place_text(stop, size)
    else:
        begin = "" if start == 0 else place_text(start, size)
        end = "" if _reaches(start, count, step, size) else place_text(stop, size)
    return f"{begin}:{end}" + (f":{step}" if step != 1 else "")


def _reaches(start: Size, count: Size, step: int, size: Size) -> bool:
    """Whether a slice without an end has that many elements."""
    if all(isinstance(value, int) for value in (start, count, size)):
        return len(range(start, size, step)) == count  # type: ignore[arg-type]
    return add_sizes(start, multiply_sizes(count, step)) == size


def place_text(place: Size, size: Size) -> str:
    """A place along an axis, counted from the end where only that is a number."""
    if isinstance(place, int):
        return str(place)
    back = add_sizes(place, multiply_sizes(size, -1))
    return str(back) if isinstance(back, int) and back < 0 else f"{{={place}}}"


def index_text(node: Node, dropped: Sequence[int] = ()) -> str:
    """What stands in the brackets; axes in ``dropped`` have one element, by its place."""
    x = node.args[0]
    items = [
        place_text(part[0], size) if axis in dropped else range_text(part, size)
        for axis, (part, size) in enumerate(zip(node.attrs[0], x.shape, strict=True))
    ]
    while len(items) > 1 and items[-1] == ":":
        items.pop()
    return ", ".join(items)


def read_by_view(node: Node) -> tuple[Node, ...]:
    """An index that is a number is a slice of one element and a dropped axis; the two are spelled as one."""
    inner = node.args[0]
    return inner.args if inner.op.name == "index" and _dropped(*node.attrs) else node.args


def single_places(node: Node) -> tuple[int, ...] | None:
    """The axes of the slices under a view that it drops, where that is all it does."""
    return (node.args[0].op.name == "index" and _dropped(*node.attrs)) or None


def single_index(node: Node) -> str | None:
    dropped = single_places(node)
    return f"{{0}}[{index_text(node.args[0], dropped)}]" if dropped else None


def _shared(inner: Labels, kept: Labels) -> str | None:
    """The spelling that the formula language and NumPy share, if any."""
    return "{0}" if kept == inner else "{0}.T" if kept == inner[::-1] and _permutation(inner, kept) else None


def text_view(node: Node) -> str:
    inner, kept, index = view_parts(node)
    return single_index(node) or (_shared(inner, kept) or _text_of_labels(inner, kept)) + index


def _text_of_labels(inner: Labels, kept: Labels) -> str:
    axes, dropped = _permutation(inner, kept), _dropped(inner, kept)
    if axes:
        return f"transpose({{0}}, {axes})"
    if dropped:
        return f"squeeze({{0}}, axis={dropped[0] if len(dropped) == 1 else dropped})"
    numbers = {label: place for place, label in enumerate(dict.fromkeys((*kept, *inner)))}
    spelled = tuple(numbers[label] for label in inner), tuple(numbers[label] for label in kept)
    return "diag({0})" if spelled in _DIAGONALS else f'einsum("{einsum_spec(spelled[:1], spelled[1])}", {{0}})'


def numpy_view(node: Node) -> str:
    inner, kept, index = view_parts(node)
    shape = tuple(size for label, size in zip(node.attrs[1], node.shape, strict=True) if label in inner)
    return single_index(node) or (_shared(inner, kept) or _numpy_of_labels(inner, kept, shape)) + index


def _numpy_of_labels(inner: Labels, kept: Labels, shape: Shape) -> str:
    axes, own = _permutation(inner, kept), tuple(label for label in inner if label in kept)
    single = "[" + ", ".join(":" if label in kept else "0" for label in inner) + "]" if own != inner else ""
    if axes:
        return f"{{0}}.transpose({', '.join(map(str, axes))})"
    if len(set(inner)) == len(inner) and own == kept:
        return "{0}" + single
    if len(set(kept)) == len(kept):
        return "np.diag({0})" if inner == (kept * 2)[:2] else f'np.einsum("{einsum_spec([inner], kept)}", {{0}})'
    if own * 2 == kept and len(own) == 1:
        return f"np.diag({{0}}{single})"
    return f'_on_diagonal({{0}}{single}, "{einsum_spec([kept], own)}", {shape_text(shape)})'


ON_DIAGONAL = '''def _on_diagonal(x, spec, shape):
    """Zeros of that shape with x on the diagonal that the labels say."""
    result = np.zeros(shape, x.dtype)
    np.einsum(spec, result)[...] = x
    return result'''
