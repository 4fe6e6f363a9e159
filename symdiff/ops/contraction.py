"""The one primitive of linear algebra: products of arrays summed over labelled axes, and arrays with axes relabelled.

:func:`contraction` takes operands with a label for each axis and the labels of the result, as ``einsum`` does, and
brings any such network to one form. Products, traces, transposes, diagonals, sums, new axes and repeated axes are all
made here, and the pullback of each is a contraction again. What it returns is built from

- ``contract``: a product of operands, summed; no label occurs twice in one operand or in the result;
- ``view``: one operand, nothing summed: axes permuted, of size 1 added or dropped; a label repeated in the operand
  takes a diagonal, one repeated in the result puts the operand on a diagonal;
- ``broadcast``, sizes and signs, which stand outside.

Identity matrices (Kronecker deltas) are eliminated by renaming labels, transposes by permuting them; what is summed in
one operand alone is summed there first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import reduce
from typing import Any

from ..errors import ShapeError
from ..expr import ROWS, Node, as_node, const, is_const, make
from ..order import key
from ..shapes import Shape, Size, broadcast_shapes, show_shape, size_terms
from .kinds import broadcast_to, structural

Label = Hashable
Labels = tuple[Any, ...]

_LETTERS = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH"


def contraction(operands: Sequence[Any], labels: Sequence[Sequence[Label]], output: Sequence[Label]) -> Node:
    """The product of the operands, summed over every label that is not in ``output``.

    A label of ``output`` that no operand has makes an axis of size 1; one that it has twice puts the result on a
    diagonal. Raises ShapeError where axes of different sizes have one label.

    >>> import symdiff as sd
    >>> A, x = sd.symbol("A", shape=("m", "n")), sd.symbol("x", shape="n")
    >>> contraction([A, x], ["ij", "j"], "i"), contraction([A], ["ij"], "ji"), contraction([A], ["ij"], "")
    (A @ x, A.T, sum(A))
    """
    network = _Network(output)
    for operand, own in zip(operands, labels, strict=True):
        node = as_node(operand)
        if len(own) != node.ndim:
            raise ShapeError(f"{len(own)} labels do not fit an operand of shape {show_shape(node.shape)}")
        network.add(node, tuple(own), single=len(operands) == 1)
    return network.result()


class _Network:
    """Operands with labels, brought to normal form. ``same`` maps a label to the one that it was found equal to."""

    def __init__(self, output: Sequence[Label]) -> None:
        self.output: Labels = tuple(output)
        self.nodes: list[tuple[Node, Labels]] = []
        self.factors: list[Node] = []
        self.negative = False
        self.sizes: dict[Label, Size] = {}
        self.same: dict[Label, Label] = {}

    # -- taking operands in ----------------------------------------------------------------------------------------

    def add(self, node: Node, labels: Labels, single: bool) -> None:
        """Take an operand in, looking through signs, broadcasts, views and deltas."""
        while True:
            for label, size in zip(labels, node.shape, strict=True):
                self.fit(label, size)
            name = node.op.name
            if not node.shape:
                self.factors.append(node)
                return
            if name == "neg":
                self.negative = not self.negative
                node = node.args[0]
            elif name == "broadcast":
                node, labels = narrow(node, labels)
            elif name == "view" and (single or _renames(*node.attrs)):
                inner, outer = node.attrs
                node, labels = node.args[0], self.through(inner, outer, labels)
            elif name == "eye":
                self.unite(*labels)
                return
            elif name == "mul" and has_delta(node):
                self.add(node.args[0], labels, single=False)
                node = node.args[1]
            else:
                self.nodes.append((node, labels))
                return

    def through(self, inner: Labels, outer: Labels, labels: Labels) -> Labels:
        """The labels of a view's operand, where the view itself has ``labels``."""
        found: dict[Any, Label] = {}
        for place, label in zip(outer, labels, strict=True):
            if place in found:
                self.unite(found[place], label)
            elif place in inner:
                found[place] = label
        return tuple(found.setdefault(place, ("dropped", len(self.sizes), place)) for place in inner)

    def fit(self, label: Label, size: Size) -> None:
        label = self.find(label)
        known = self.sizes.setdefault(label, size)
        if known != size:
            raise ShapeError(f"axes of sizes {known} and {size} cannot be multiplied and summed together")

    def find(self, label: Label) -> Label:
        while label in self.same:
            label = self.same[label]
        return label

    def unite(self, a: Label, b: Label) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            if b in self.sizes:
                self.fit(a, self.sizes[b])
            self.same[b] = a

    # -- normal form -----------------------------------------------------------------------------------------------

    def result(self) -> Node:
        output = tuple(map(self.find, self.output))
        shape = tuple(self.sizes.get(label, 1) for label in output)
        if any(is_const(factor, 0) for factor in self.factors):
            return broadcast_to(const(0), shape)
        nodes = [_distinct(node, tuple(map(self.find, labels))) for node, labels in self.nodes]
        held = {label for _, labels in nodes for label in labels}
        unused = [label for label in dict.fromkeys(map(self.find, self.sizes)) if label not in held]
        self.deltas(nodes, output, held)
        output = _name_deltas(output, nodes)
        nodes = _summed_alone(nodes, output)
        self.factors += [size_node(self.sizes[label]) for label in unused if label not in output]
        self.factors += [node for node, labels in nodes if not labels]
        factor = reduce(ROWS["mul"], self.factors) if self.factors else None
        nodes = [pair for pair in nodes if pair[1]]
        if not nodes:
            return self.signed(broadcast_to(_view(const(1) if factor is None else factor, (), output), shape))
        node = self.assembled(nodes, output, shape)
        return self.signed(node if factor is None else factor * node)

    def signed(self, node: Node) -> Node:
        return -node if self.negative else node

    def deltas(self, nodes: list[tuple[Node, Labels]], output: Labels, held: set[Label]) -> None:
        """An identity whose labels nothing else has stays an operand, and gives its second axis a label of its own."""
        for label in dict.fromkeys(output):
            if label not in held and output.count(label) > 1 and self.sizes.get(label, 1) != 1:
                nodes.append((ROWS["eye"](self.sizes[label]), (label, ("delta", label))))
                held.update(nodes[-1][1])

    def assembled(self, nodes: list[tuple[Node, Labels]], output: Labels, shape: Shape) -> Node:
        """The product of what is left, with the axes of the result."""
        held = {label for _, labels in nodes for label in labels}
        kept = tuple(dict.fromkeys(label for label in output if label in held))
        node, labels = _product(nodes, kept)
        return broadcast_to(_view(node, labels, output), shape)


def has_delta(node: Node) -> bool:
    """Whether a product of arrays has an identity matrix among its factors, perhaps with other axes."""
    stack = [node]
    while stack:
        part = stack.pop()
        if part.op.name == "mul":
            stack.extend(part.args)
        while part.op.name in ("view", "broadcast"):
            part = part.args[0]
        if part.op.name == "eye":
            return True
    return False


def _name_deltas(output: Labels, nodes: list[tuple[Node, Labels]]) -> Labels:
    """The output with the second label of each identity operand in place of the repeated one."""
    seconds = {labels[0]: labels[1] for node, labels in nodes if node.op.name == "eye"}
    seen: set[Label] = set()
    named = []
    for label in output:
        named.append(seconds[label] if label in seen and label in seconds else label)
        seen.add(label)
    return tuple(named)


def _renames(inner: Labels, outer: Labels) -> bool:
    """Whether the view keeps every axis of its operand once: no diagonal is taken, no axis dropped."""
    return len(set(inner)) == len(inner) and set(inner) <= set(outer)


def narrow(node: Node, labels: Labels) -> tuple[Node, Labels]:
    """What a broadcast repeats, and the labels that it has itself."""
    inner = node.args[0]
    own = labels[node.ndim - inner.ndim :]
    wide = node.shape[node.ndim - inner.ndim :]
    kept = [place for place, size in enumerate(inner.shape) if size == wide[place]]
    places = tuple(range(inner.ndim))
    return _view(inner, places, tuple(kept)), tuple(own[place] for place in kept)


def _distinct(node: Node, labels: Labels) -> tuple[Node, Labels]:
    """Diagonals for labels that an operand has twice."""
    once = tuple(dict.fromkeys(labels))
    return (node, labels) if len(once) == len(labels) else (_view(node, labels, once), once)


def _summed_alone(nodes: list[tuple[Node, Labels]], output: Labels) -> list[tuple[Node, Labels]]:
    """Operands of a product, each summed over the labels that only it has."""
    if len(nodes) < 2:
        return nodes
    found = []
    for place, (node, labels) in enumerate(nodes):
        others = {label for at, (_, own) in enumerate(nodes) if at != place for label in own}
        kept = tuple(label for label in labels if label in output or label in others)
        node, own = _sum(node, labels, set(labels) - set(kept))
        found.append((_view(node, own, kept), kept))
    return found


def _product(nodes: list[tuple[Node, Labels]], kept: Labels) -> tuple[Node, Labels]:
    """The contraction of operands with distinct labels to ``kept``, and the labels that it has.

    Operands that all have every label are multiplied element by element: sum(A*B), not einsum("ij,ij->", A, B).
    """
    summed = {label for _, labels in nodes for label in labels} - set(kept)
    if len(nodes) == 1:
        return _sum(*nodes[0], summed)
    labels = _sorted(nodes)[0][1]
    if summed and len(labels) > 1 and all(set(own) == set(labels) for _, own in nodes):
        return _sum(_multiplied(nodes, labels), labels, summed)
    if summed or ([len(labels) for _, labels in nodes] == [1, 1] and len(kept) == 2):
        kept = _natural(nodes, kept)
        return _contract(nodes, kept), kept
    return _multiplied(nodes, kept), kept


def _natural(nodes: list[tuple[Node, Labels]], kept: Labels) -> Labels:
    """The axes of a product of two as matrix products give them: stacked ones, those of one operand, of the other."""
    if len(nodes) != 2:
        return kept
    (_, a), (_, b) = _sorted(nodes)
    batch = tuple(label for label in kept if label in a and label in b)
    rows, columns = (tuple(label for label in own if label in kept and label not in batch) for own in (a, b))
    return kept if kept == batch + columns + rows else batch + rows + columns


def _multiplied(nodes: list[tuple[Node, Labels]], output: Labels) -> Node:
    """Operands multiplied element by element, each with axes for all labels of the result."""
    return reduce(ROWS["mul"], [_view(node, labels, output) for node, labels in _sorted(nodes)])


def _sum(node: Node, labels: Labels, summed: Iterable[Label]) -> tuple[Node, Labels]:
    """One operand summed, other axes in their order; axes of size 1 are dropped, and left to a view where that is all."""
    single = {label for label, size in zip(labels, node.shape, strict=True) if size == 1 and label in summed}
    left = tuple(label for label in labels if label not in single)
    kept = tuple(label for label in left if label not in summed)
    if kept == left:
        return node, labels
    return _contract([(_view(node, labels, left), left)], kept), kept


def _sorted(nodes: list[tuple[Node, Labels]]) -> list[tuple[Node, Labels]]:
    return sorted(nodes, key=lambda pair: key(pair[0])[:4]) if len(nodes) > 1 else nodes


def _contract(nodes: list[tuple[Node, Labels]], kept: Labels) -> Node:
    """The node, with the labels numbered: those of the result first, in its order."""
    numbers = {label: place for place, label in enumerate(kept)}
    ranked = sorted(nodes, key=lambda pair: (key(pair[0])[:4], [numbers.get(label, len(kept)) for label in pair[1]]))
    sizes: dict[Label, Size] = {}
    for node, labels in ranked:
        for label, size in zip(labels, node.shape, strict=True):
            numbers.setdefault(label, len(numbers))
            sizes[label] = size
    inputs = tuple(tuple(numbers[label] for label in labels) for _, labels in ranked)
    shape = tuple(sizes[label] for label in kept)
    return make(CONTRACT, tuple(node for node, _ in ranked), (inputs, tuple(range(len(kept)))), shape)


def _view(node: Node, labels: Labels, output: Labels) -> Node:
    """The operand with other axes, nothing summed: the node itself where they are its own, in order.

    An axis of size 1 that is dropped takes the place of one that is new.
    """
    output = tuple(label if label in labels else ("new", place) for place, label in enumerate(output))
    dropped = [label for label in labels if label not in output]
    new = [label for label in output if label not in labels]
    swap = dict(zip(new, dropped, strict=False))
    output = tuple(swap.get(label, label) for label in output)
    if labels == output:
        return node
    if not node.shape:
        return broadcast_to(node, (1,) * len(output))
    if node.op is VIEW and len(set(node.attrs[0])) == len(node.attrs[0]):
        return contraction([node], [labels], output)
    numbers: dict[Label, int] = {}
    for label in (*output, *labels):
        numbers.setdefault(label, len(numbers))
    sizes = dict(zip(labels, node.shape, strict=True))
    attrs = tuple(numbers[label] for label in labels), tuple(numbers[label] for label in output)
    return make(VIEW, (node,), attrs, tuple(sizes.get(label, 1) for label in output))


def size_node(size: Size) -> Node:
    """A size as a number: the constant, or the polynomial of its letters."""
    if isinstance(size, int):
        return const(size)
    terms = []
    for letters, count in size_terms(size).items():
        factors = [ROWS["size"](letter) for letter in letters]
        terms.append(reduce(lambda a, b: a * b, factors, const(count)))
    return reduce(lambda a, b: a + b, terms)


# -- pullbacks -----------------------------------------------------------------------------------------------------


def _pull_contract(ct: Node, node: Node, *args: Node) -> tuple[Node, ...]:
    """Each argument's part: the others and the cotangent, contracted to the argument's labels."""
    inputs, output = node.attrs
    parts = []
    for place, arg in enumerate(args):
        others = [other for at, other in enumerate(args) if at != place]
        labels = [own for at, own in enumerate(inputs) if at != place]
        part = contraction([ct, *others], [output, *labels], inputs[place])
        parts.append(broadcast_to(part, arg.shape))
    return tuple(parts)


def _pull_view(ct: Node, node: Node, x: Node) -> tuple[Node, ...]:
    inner, outer = node.attrs
    return (contraction([ct], [outer], inner),)


def _pull_broadcast(ct: Node, node: Node, x: Node) -> tuple[Node, ...]:
    """The sum over the repeated axes."""
    skipped = node.ndim - x.ndim
    output = [
        place + skipped if size == node.shape[place + skipped] else ("one", place) for place, size in enumerate(x.shape)
    ]
    return (contraction([ct], [range(node.ndim)], output),)


# -- spelling ------------------------------------------------------------------------------------------------------


def letters(labels: Iterable[int]) -> str:
    """The labels as an einsum has them."""
    return "".join(_LETTERS[label] for label in labels)


def einsum_spec(inputs: Iterable[Labels], output: Labels) -> str:
    """Such as ``ij,jk->ik``."""
    return f"{','.join(map(letters, inputs))}->{letters(output)}"


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


def _spell_contract(node: Node, sums: str, every: str, outer: str, einsum: str, plain: bool) -> str:
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


def _is_trace(node: Node) -> bool:
    return len(node.args) == 1 and node.args[0].op is VIEW and node.args[0].attrs == ((0, 0), (0,))


def _read_by_contract(node: Node) -> tuple[Node, ...]:
    """A trace is spelled by the matrix, not by its diagonal."""
    return node.args[0].args if _is_trace(node) else node.args


def _text_contract(node: Node) -> str:
    if _is_trace(node):
        return "trace({0})"
    return _spell_contract(node, "sum({{0}}, axis={})", "sum({0})", "outer({{{}}}, {{{}}})", 'einsum("{}", {})', True)


def _numpy_contract(node: Node) -> str:
    optimize = ", optimize=True" if len(node.args) > 2 else ""
    if _is_trace(node):
        return "np.trace({0})"
    einsum = 'np.einsum("{}", {}' + optimize + ")"
    return _spell_contract(node, "{{0}}.sum({})", "{0}.sum()", "np.outer({{{}}}, {{{}}})", einsum, False)


def _stages(node: Node) -> tuple[Labels, Labels, str]:
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


def _read_by_view(node: Node) -> tuple[Node, ...]:
    """An index that is a number is a slice of one element and a dropped axis; the two are spelled as one."""
    inner = node.args[0]
    return inner.args if inner.op.name == "index" and _dropped(*node.attrs) else node.args


def _indexed(node: Node) -> str | None:
    dropped = _dropped(*node.attrs)
    if node.args[0].op.name != "index" or not dropped:
        return None
    from .tensor import index_text

    return f"{{0}}[{index_text(node.args[0], dropped)}]"


def _shared(inner: Labels, kept: Labels) -> str | None:
    """The spelling that the formula language and NumPy share, if any."""
    return "{0}" if kept == inner else "{0}.T" if kept == inner[::-1] and _permutation(inner, kept) else None


def _text_view(node: Node) -> str:
    inner, kept, index = _stages(node)
    return _indexed(node) or (_shared(inner, kept) or _text_of_labels(inner, kept)) + index


def _text_of_labels(inner: Labels, kept: Labels) -> str:
    axes, dropped = _permutation(inner, kept), _dropped(inner, kept)
    if axes:
        return f"transpose({{0}}, {axes})"
    if dropped:
        return f"squeeze({{0}}, axis={dropped[0] if len(dropped) == 1 else dropped})"
    numbers = {label: place for place, label in enumerate(dict.fromkeys((*kept, *inner)))}
    spelled = tuple(numbers[label] for label in inner), tuple(numbers[label] for label in kept)
    return "diag({0})" if spelled in _DIAGONALS else f'einsum("{einsum_spec(spelled[:1], spelled[1])}", {{0}})'


def _numpy_view(node: Node) -> str:
    inner, kept, index = _stages(node)
    shape = tuple(size for label, size in zip(node.attrs[1], node.shape, strict=True) if label in inner)
    return _indexed(node) or (_shared(inner, kept) or _numpy_of_labels(inner, kept, shape)) + index


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


_ON_DIAGONAL = '''def _on_diagonal(x, spec, shape):
    """Zeros of that shape with x on the diagonal that the labels say."""
    result = np.zeros(shape, x.dtype)
    np.einsum(spec, result)[...] = x
    return result'''


# -- rows ----------------------------------------------------------------------------------------------------------


def _without_leading(node: Node) -> Node:
    """The node without new axes that it begins with: repeating makes those itself."""
    while node.op is VIEW and node.attrs[1] and node.attrs[1][0] not in node.attrs[0]:
        inner, outer = node.attrs
        node = contraction(node.args, [inner], outer[1:])
    return node


def _build_broadcast(row: Any, x: Any, shape: Shape) -> Node:
    node = as_node(x)
    if node.op is row:
        node = node.args[0]
    if node.shape == shape:
        return node
    node = _without_leading(node)
    if broadcast_shapes("broadcast", node.shape, shape) != shape:
        raise ShapeError(f"an array of shape {show_shape(node.shape)} cannot be repeated to {show_shape(shape)}")
    return make(row, (node,), (shape,), shape)


def _text_broadcast(node: Node) -> str:
    for value, name in ((0, "zeros"), (1, "ones")):
        if is_const(node.args[0], value):
            return f"{name}({shape_text(node.shape)})"
    return f"broadcast_to({{0}}, {shape_text(node.shape)})"


def _numpy_broadcast(node: Node) -> str:
    shape = shape_text(node.shape)
    return f"np.broadcast_to({{0}}, {shape})" if node.args[0].shape else f"np.full({shape}, {{0}}, dtype)"


def shape_text(shape: Shape) -> str:
    """A shape in a template: sizes that are letters become places."""
    inner = ", ".join(str(size) if isinstance(size, int) else f"{{={size}}}" for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def _build_eye(row: Any, size: Size) -> Node:
    return make(row, (), (size,), (size, size))


BROADCAST = structural(
    "broadcast", 1, _build_broadcast, _pull_broadcast, domain="shapes that NumPy's rule allows", special=True,
    numpy_of=_numpy_broadcast, text_of=_text_broadcast,
)  # fmt: skip
VIEW = structural(
    "view", 1, lambda row, x, inner, outer: contraction([x], [inner], outer), _pull_view, domain="all arrays",
    numpy_of=_numpy_view, text_of=_text_view, view=True, helper=_ON_DIAGONAL, operands_of=_read_by_view,
)  # fmt: skip
CONTRACT = structural(
    "contract", -1, lambda row, *rest: contraction(rest[:-2], rest[-2], rest[-1]), _pull_contract,
    domain="all arrays whose labelled axes fit", numpy_of=_numpy_contract, text_of=_text_contract,
    operands_of=_read_by_contract,
)  # fmt: skip
EYE = structural(
    "eye", 0, _build_eye, lambda ct, node: (), domain="sizes",
    numpy_of=lambda node: f"np.eye({{={node.attrs[0]}}}, dtype=dtype)", text_of=lambda node: f"eye({{={node.attrs[0]}}})",
)  # fmt: skip
SIZE = structural(
    "size", 0, lambda row, name: make(row, (), (name,)), lambda ct, node: (), domain="sizes",
    numpy_of=lambda node: f"{{={node.attrs[0]}}}", text_of=lambda node: f"{{={node.attrs[0]}}}",
)  # fmt: skip


def network(node: Node) -> Iterator[tuple[Node, Labels]]:
    """The operands of a contraction with their labels."""
    return zip(node.args, node.attrs[0], strict=True)
