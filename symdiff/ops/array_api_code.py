"""Code in functions of the array API standard: what rows say where NumPy's names alone do not carry over.

Templates have ``xp`` for the namespace, ``dtype`` and ``device`` for those of the arguments; helpers take ``xp`` first.
Nothing is written in place. Where PyTorch's own namespace differs from the standard, the spelling that both share is
taken. Source: Consortium for Python Data API Standards, Python array API standard 2024.12; ``einsum``, ``amax`` and
``cumprod`` are not in it, and NumPy, JAX, PyTorch and CuPy have them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..graph.node import Node
from ..graph.shapes import Size, add_sizes, multiply_sizes
from .kinds import unbroadcast
from .spelling import (
    Labels,
    Range,
    axis_labels,
    contract_code,
    is_trace,
    place_text,
    range_text,
    shape_text,
    single_places,
    view_parts,
)

# -- elementwise ---------------------------------------------------------------------------------------------------

CBRT = '''def _cbrt(xp, x):
    """The cube root: a power, with one step of Newton's method where it has one."""
    size = xp.abs(x)
    root = size ** (1 / 3)
    regular = xp.isfinite(size) & (size > 0)
    safe = xp.where(regular, root, xp.ones_like(root))
    return xp.sign(x) * xp.where(regular, safe - (safe - size / (safe * safe)) / 3, root)'''
SINC = '''def _sinc(xp, x):
    """sin(pi*x)/(pi*x), 1 at 0."""
    z = math.pi * xp.where(x == 0, xp.ones_like(x), x)
    return xp.where(x == 0, xp.ones_like(x), xp.sin(z) / z)'''
SPHERICAL = '''def _spherical_jn(xp, n, x):
    """The spherical Bessel function of the first kind, of order n."""
    large = xp.abs(x) > n + 1
    far, near = xp.where(large, x, xp.ones_like(x)), xp.where(large, xp.zeros_like(x), x)
    below, here = xp.cos(far) / far, xp.sin(far) / far
    for k in range(n):
        below, here = here, (2 * k + 1) / far * here - below
    term, series = xp.ones_like(x), xp.zeros_like(x)
    for k in range(1, n + 1):
        term = term * near / (2 * k + 1)
    for k in range(1, n + 12):
        series = series + term
        term = term * -near * near / (2 * k * (2 * (n + k) + 1))
    return xp.where(large, here, series)'''


POWER_DERIVATIVE = '''def _power_derivative(xp, n, m, a, b):
    """a**b differentiated n times by a and m times by b; what a zero factor multiplies is 0."""
    factors = [xp.ones_like(b)] + [xp.zeros_like(b)] * m
    for k in range(n):
        factors = [(b - k) * factors[j] + (j * factors[j - 1] if j else 0) for j in range(m + 1)]
    power = a ** (b - n)
    logarithm = xp.log(xp.where(power == 0, xp.ones_like(a), a)) if m else xp.ones_like(a)
    value, powers = 0, 1
    for k in range(m + 1):
        factor = math.comb(m, k) * factors[m - k]
        value = value + xp.where(factor == 0, factor, factor * (power * powers))
        powers = logarithm ** (k + 1)
    return value'''


def power_derivative(node: Node) -> str:
    """The call, with the orders as numbers of Python's."""
    n, m = (unbroadcast(order).value for order in node.args[:2])
    return f"_power_derivative(xp, {n}, {m}, {{2}}, {{3}})"


def spherical(node: Node) -> str:
    """The call, with the order as a number of Python's."""
    return f"_spherical_jn(xp, {unbroadcast(node.args[0]).value}, {{1}})"


SIGMOID = '''def _sigmoid(xp, x):
    """1/(1 + exp(-x)), in numbers that do not overflow."""
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(e), e) / (1 + e)'''
SOFTPLUS = '''def _softplus(xp, x):
    """log(1 + exp(x)), in numbers that do not overflow."""
    return xp.clip(x, 0, None) + xp.log1p(xp.exp(-xp.abs(x)))'''
XLOGY = '''def _xlogy(xp, a, b):
    """a*log(b), 0 where a is 0."""
    return a * xp.log(xp.where(a == 0, xp.ones_like(b), b))'''

# -- reductions ----------------------------------------------------------------------------------------------------

EXTREME = '''def _extreme(xp, name, x, axis, keepdims=False):
    """The largest or smallest over the axes; PyTorch calls that amax and amin."""
    return (getattr(xp, "a" + name, None) or getattr(xp, name))(x, axis=axis, keepdims=keepdims)'''
LOGSUMEXP = '''def _logsumexp(xp, x, axis):
    """log(sum(exp(x))) over the axes, without overflow."""
    top = _extreme(xp, "max", x, axis, True)
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    total = xp.sum(xp.exp(x - top), axis=axis)
    return xp.log(total) + xp.reshape(top, total.shape)'''
SOFTMAX = '''def _softmax(xp, x, axis):
    """exp(x)/sum(exp(x)) over the axes, without overflow."""
    e = xp.exp(x - _extreme(xp, "max", x, axis, True))
    return e / xp.sum(e, axis=axis, keepdims=True)'''
CUMSUM = '''def _cumsum(xp, x, axis):
    """Running sums along the axis; PyTorch has them under another name."""
    return (getattr(xp, "cumulative_sum", None) or xp.cumsum)(x, axis=axis)'''
OTHERS = '''def _product_of_others(xp, x, axis):
    """For each element, the product of the others along the axis; zeros divide nothing."""
    x = xp.moveaxis(x, axis, 0)
    before = xp.cumprod(xp.concat((xp.ones_like(x[:1]), x[:-1]), axis=0), axis=0)
    turned = xp.flip(x, (0,))
    after = xp.cumprod(xp.concat((xp.ones_like(x[:1]), turned[:-1]), axis=0), axis=0)
    return xp.moveaxis(before * xp.flip(after, (0,)), 0, axis)'''


# -- parts of arrays -----------------------------------------------------------------------------------------------

PLACED = '''def _placed(xp, x, shape, places, device):
    """Zeros of that shape with x along each axis at (start, step)."""
    for axis, (size, (start, step)) in enumerate(zip(shape, places)):
        count = x.shape[axis]
        offset = xp.arange(size, device=device) - start
        inside = (offset % step == 0) & (offset // step >= 0) & (offset // step < count)
        at = xp.where(inside, offset // step, xp.full_like(offset, count))
        x = xp.moveaxis(x, axis, 0)
        x = xp.concat((x, xp.zeros((1, *x.shape[1:]), dtype=x.dtype, device=device)), axis=0)
        x = xp.moveaxis(x[at], 0, axis)
    return x'''
SCATTER_ADD = '''def _scatter_add(xp, x, shape, device, *index):
    """Zeros of that shape with the elements of x added at the index, each place a sum over all that go there."""
    place = 0
    for size, part in zip(shape, index):
        place = place * size + xp.where(part < 0, part + size, part)
    count, rest = math.prod(place.shape), shape[len(index) :]
    x = xp.reshape(x, (1, count, math.prod(rest)))
    wanted = xp.arange(math.prod(shape[: len(index)]), device=device)
    chosen = wanted[:, None, None] == xp.reshape(place, (1, count, 1))
    return xp.reshape(xp.sum(xp.where(chosen, x, xp.zeros_like(x)), axis=1), shape)'''
ON_DIAGONAL = '''def _on_diagonal(xp, x, own, kept, device):
    """Zeros with x, whose axes are labelled own, on the diagonal where equal labels of kept meet."""
    first = [label for place, label in enumerate(kept) if label not in kept[:place]]
    x = xp.moveaxis(x, tuple(map(own.index, first)), tuple(range(len(first))))
    x = x[tuple(None if label in kept[:place] else slice(None) for place, label in enumerate(kept))]
    for place, label in enumerate(kept):
        if label in kept[:place]:
            along = xp.arange(x.shape[kept.index(label)], device=device)
            mine, other = ([1] * len(kept) for _ in range(2))
            mine[place] = other[kept.index(label)] = -1
            equal = xp.reshape(along, tuple(mine)) == xp.reshape(along, tuple(other))
            x = xp.where(equal, x, xp.zeros_like(x))
    return x'''

ASSEMBLE = '''def _assemble(xp, shapes, dtype, device, *parts):
    """A symmetric matrix from parts (row, column, array, labels of a diagonal, places) of its upper blocks."""
    sizes = [math.prod(shape) for shape in shapes]
    pairs = [(i, j) for i in range(len(sizes)) for j in range(len(sizes))]
    blocks = {(i, j): xp.zeros((sizes[i], sizes[j]), dtype=dtype, device=device) for i, j in pairs}
    for i, j, part, labels, places in parts:
        part = _on_diagonal(xp, part, *labels, device) if labels else part
        part = _placed(xp, part, shapes[i] + shapes[j], places, device) if places else part
        blocks[i, j] = blocks[i, j] + xp.reshape(part, (sizes[i], sizes[j]))
    for i in range(len(sizes)):
        blocks[i, i] = xp.triu(blocks[i, i]) + xp.triu(blocks[i, i], 1).T
        for j in range(i):
            blocks[i, j] = blocks[j, i].T
    return xp.concat([xp.concat([blocks[i, j] for j in range(len(sizes))], axis=1) for i in range(len(sizes))], axis=0)'''


def placed(node: Node) -> str:
    """Code of a scatter."""
    places = ", ".join(shape_text((start, step)) for start, _, step in node.attrs[1])
    return f"_placed(xp, {{0}}, {shape_text(node.shape)}, ({places},), device)"


def sliced(node: Node, dropped: Sequence[int] = ()) -> str:
    """Code of slices; those that run backwards are taken of the flipped array, as PyTorch has none.

    Axes in ``dropped`` have one element, by its place.
    """
    turned = tuple(axis for axis, (_, _, step) in enumerate(node.attrs[0]) if step < 0)
    sizes = node.args[0].shape
    ranges = [_forward(part, size) for part, size in zip(node.attrs[0], sizes, strict=True)]
    items = [
        place_text(part[0], size) if axis in dropped else range_text(part, size)
        for axis, (part, size) in enumerate(zip(ranges, sizes, strict=True))
    ]
    return (f"xp.flip({{0}}, {turned})" if turned else "{0}") + f"[{', '.join(items)}]"


def _forward(part: Range, size: Size) -> Range:
    """A slice that runs backwards, as one of the flipped axis."""
    start, count, step = part
    return (add_sizes(size, -1, multiply_sizes(-1, start)), count, -step) if step < 0 else part


# -- contractions and views ----------------------------------------------------------------------------------------


def contracted(node: Node) -> str:
    """Code of a contraction."""
    if is_trace(node):
        return 'xp.einsum("ii->", {0})'
    einsum = 'xp.einsum("{}", {})'
    return contract_code(node, "xp.sum({{0}}, axis={})", "xp.sum({0})", "{{{}}}[:, None] * {{{}}}", einsum, True)


def viewed(node: Node) -> str:
    """Code of a view."""
    inner, kept, new = view_parts(node)
    dropped = single_places(node)
    return sliced(node.args[0], dropped) if dropped else _of_labels(inner, kept) + new


def _of_labels(inner: Labels, kept: Labels) -> str:
    if len(set(inner)) < len(inner):
        return f'xp.einsum("{axis_labels(inner)}->{axis_labels(kept)}", {{0}})'
    own = tuple(label for label in inner if label in kept)
    code = "{0}" if own == inner else "{0}[" + ", ".join(":" if label in kept else "0" for label in inner) + "]"
    if own == kept:
        return code
    if len(set(kept)) < len(kept):
        return f'_on_diagonal(xp, {code}, "{axis_labels(own)}", "{axis_labels(kept)}", device)'
    if own == kept[::-1] and len(own) == 2:
        return f"{code}.T"
    return f"xp.moveaxis({code}, {tuple(map(own.index, kept))}, {tuple(range(len(kept)))})"
