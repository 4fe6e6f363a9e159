"""Hessians that are never multiplied out: operators made of the factors of their terms.

A Hessian such as ``diag(p) - outer(p, p)`` or ``X.T @ diag(q) @ X`` is kept as its factors; a product with a vector
contracts the vector with them. Diagonal plus low rank is solved by the Sherman-Morrison-Woodbury formula (Hager, SIAM
Review 31, 1989), anything else by a dense factorisation, or by conjugate gradients where the matrix is large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from ..compiler.compiled import Compiled
from ..compiler.functions import compile
from ..differentiate.passes import grad, sources_of
from ..graph.errors import SymdiffError
from ..graph.node import CONST, Node, as_node
from ..graph.shapes import Size, size_value
from ..search.levels import simplify_guarded
from .blocks import derivative
from .blocks.terms import Term
from .hessians import Sizes, flatten, unflatten

if TYPE_CHECKING:
    import numpy as np

#: Matrices with more rows are solved by conjugate gradients.
LARGEST = 4000


class Product(NamedTuple):
    """One term of a block: a number, places of its arrays among the operator's, labels, and the block's axes."""

    row: int
    column: int
    number: float
    arrays: tuple[int, ...]
    labels: tuple[tuple[Any, ...], ...]
    out: tuple[Any, ...]
    inner: tuple[Any, ...]
    ranges: tuple[tuple[int, int], ...]
    counts: tuple[Size, ...]  # places along each axis


class Structured:
    """The Hessian of a scalar as products of factors; ``compile`` gives a function that returns an operator.

    ``factors``: the arrays that are computed, as nodes. Raises what :func:`symdiff.hessian` raises.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> hessian = Structured(sd.logsumexp(x), x)
    >>> hessian.factors
    [softmax(x)]
    >>> operator = hessian.compile([x])([0.0, 0.0])
    >>> operator.todense().tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """

    def __init__(self, f: Any, wrt: Any, *, sizes: Sizes | None = None) -> None:
        self.sources = sources_of(wrt)
        self.products: list[Product] = []
        found: dict[Node, int] = {}
        gradient = simplify_guarded(grad(simplify_guarded(as_node(f), sizes=sizes), self.sources), sizes=sizes)
        for row, part in enumerate(gradient):
            terms = derivative(part, self.sources[row:], sizes)
            for column, source in enumerate(self.sources[row:], row):
                for term in terms.terms.get(source, ()):
                    self.products.append(_product(row, column, term, terms.counts, found))
        self.factors: list[Node] = simplify_guarded(list(found), sizes=sizes)

    def compile(self, inputs: Sequence[Node]) -> Function:
        """The function of the inputs that computes the factors and returns a :class:`HessianOperator`."""
        return Function(self, compile([*self.factors, *self.sources], list(inputs)))


class Function:
    """A compiled structured Hessian; ``source`` is the code of its factors."""

    def __init__(self, hessian: Structured, factors: Compiled) -> None:
        self.hessian, self.factors, self.source = hessian, factors, factors.source

    def __call__(self, *arrays: Any) -> Any:
        import numpy as np

        values = [np.asarray(value) for value in self.factors(*arrays)]
        count = len(self.hessian.factors)
        shapes = [value.shape for value in values[count:]]
        letters: dict[str, int] = {}
        for source, shape in zip(self.hessian.sources, shapes, strict=True):
            letters |= {size: found for size, found in zip(source.shape, shape, strict=True) if isinstance(size, str)}
        return operator(self.hessian.products, values[:count], shapes, letters)


def _product(row: int, column: int, term: Term, counts: Mapping[Any, Size], found: dict[Node, int]) -> Product:
    numbers = [factor.node.value for factor in term.factors if factor.node.op is CONST]
    factors = [factor for factor in term.factors if factor.node.op is not CONST]
    arrays = tuple(found.setdefault(factor.node, len(found)) for factor in factors)
    axes = (*term.out, *term.inner)
    ranges = []
    for axis in axes:
        if not isinstance(axis.start, int):
            raise SymdiffError("a slice that starts at a size that is a letter has no structured form; use sparse=True")
        ranges.append((axis.start, axis.step))
    labels = tuple(factor.labels for factor in factors)
    out, inner = (tuple(axis.label for axis in part) for part in (term.out, term.inner))
    sizes = tuple(counts[axis.label] for axis in axes)
    return Product(row, column, float(prod(numbers)), arrays, labels, out, inner, tuple(ranges), sizes)


def operator(
    products: Sequence[Product],
    arrays: Sequence[np.ndarray],
    shapes: Sequence[tuple[int, ...]],
    letters: Mapping[str, int],
) -> Any:
    """The SciPy LinearOperator of the products; see :class:`Structured`."""
    from scipy.sparse.linalg import LinearOperator

    class HessianOperator(LinearOperator):  # type: ignore[misc]
        """A symmetric matrix as products of factors: ``matvec``, ``diagonal``, ``todense``, ``solve``."""

        def __init__(self) -> None:
            self.terms = _Terms(products, arrays, shapes, letters)
            super().__init__(self.terms.dtype, (self.terms.size, self.terms.size))

        def _matvec(self, vector: np.ndarray) -> np.ndarray:
            return self.terms.times(vector.reshape(-1))

        _rmatvec = _matvec

        def diagonal(self) -> np.ndarray:
            """The diagonal, in the order of :func:`symdiff.flatten`."""
            return self.terms.diagonal()

        def todense(self) -> np.ndarray:
            """The whole matrix."""
            return self.terms.dense()

        def solve(self, right: Any) -> np.ndarray:
            """The x with ``self @ x == right``."""
            return self.terms.solve(right, self)

    return HessianOperator()


class _Terms:
    """The products with their arrays."""

    def __init__(
        self,
        products: Sequence[Product],
        arrays: Sequence[np.ndarray],
        shapes: Sequence[tuple[int, ...]],
        letters: Mapping[str, int],
    ) -> None:
        import numpy as np

        self.products, self.arrays, self.shapes, self.letters = products, arrays, shapes, letters
        self.dtype = np.result_type(float, *arrays) if not arrays else np.result_type(*arrays)
        self.size = sum(int(np.prod(shape)) for shape in shapes)

    def times(self, vector: np.ndarray) -> np.ndarray:
        import numpy as np

        parts = unflatten(vector, self.shapes)
        result = [np.zeros(shape, np.result_type(self.dtype, vector)) for shape in self.shapes]
        for one in self.products:
            own, count = self.view(one), len(one.out)
            self.add(result[one.row], one, one.out, one.ranges[:count], own, parts[one.column], one.inner, count)
            if one.row != one.column:
                self.add(result[one.column], one, one.inner, one.ranges[count:], own, parts[one.row], one.out, 0)
        return flatten(result)  # type: ignore[no-any-return]

    def view(self, one: Product) -> list[Any]:
        """Number, arrays and labels in turn, as einsum takes them."""
        import numpy as np

        numbers = self.numbers(one)
        listed: list[Any] = [np.asarray(one.number, self.dtype), []]
        for place, labels in zip(one.arrays, one.labels, strict=True):
            listed += [self.arrays[place], [numbers[label] for label in labels]]
        return listed

    def numbers(self, one: Product) -> dict[Any, int]:
        labels = dict.fromkeys([*one.out, *one.inner, *(label for own in one.labels for label in own)])
        return {label: place for place, label in enumerate(labels)}

    def counts(self, one: Product) -> dict[Any, int]:
        """How many places each label has."""
        counts: dict[Any, int] = {}
        for place, labels in zip(one.arrays, one.labels, strict=True):
            counts |= dict(zip(labels, self.arrays[place].shape, strict=True))
        for label, size in zip((*one.out, *one.inner), one.counts, strict=True):
            counts.setdefault(label, size_value(size, self.letters))
        return counts

    def whole(self, one: Product) -> bool:
        """Whether the term fills every place of its block."""
        shape = self.shapes[one.row] + self.shapes[one.column]
        return all(
            part == (0, 1) and size_value(count, self.letters) == size
            for part, count, size in zip(one.ranges, one.counts, shape, strict=True)
        )

    def places(self, labels: Sequence[Any], ranges: Sequence[tuple[int, int]], counts: dict[Any, int]) -> Any:
        """The slices that the axes cover."""
        cut = []
        for label, (start, step) in zip(labels, ranges, strict=True):
            stop = start + step * counts[label]
            cut.append(slice(start, stop if stop >= 0 else None, step))
        return tuple(cut)

    def add(
        self,
        result: np.ndarray,
        one: Product,
        output: Sequence[Any],
        ranges: Sequence[tuple[int, int]],
        own: list[Any],
        vector: np.ndarray,
        labels: Sequence[Any],
        skipped: int,
    ) -> None:
        """Add the term times the vector to its places in the result."""
        import numpy as np

        numbers, counts = self.numbers(one), self.counts(one)
        from_ = vector[self.places(labels, one.ranges[skipped : skipped + len(labels)], counts)]
        once = list(dict.fromkeys(output))
        held = {label for part in one.labels for label in part} | set(labels)
        extra: list[Any] = []
        for label in once:
            if label not in held:
                extra += [np.ones(counts[label]), [numbers[label]]]
        value = np.einsum(*own, from_, [numbers[label] for label in labels], *extra, [numbers[label] for label in once],
                          optimize=len(own) > 2)  # fmt: skip
        target = result[self.places(output, ranges, counts)]
        if len(once) < len(output):
            target = np.einsum(target, [numbers[label] for label in output], [numbers[label] for label in once])
        target += value

    def diagonal(self) -> np.ndarray:
        """Rows and columns of each diagonal block given one label."""
        import numpy as np

        result = [np.zeros(shape, self.dtype) for shape in self.shapes]
        for one in self.products:
            if one.row != one.column:
                continue
            if not self.whole(one):
                return np.diagonal(self.dense()).copy()
            numbers, counts = self.numbers(one), self.counts(one)
            same: dict[int, int] = {}
            for a, b in zip(one.out, one.inner, strict=True):
                first, second = (_find(same, numbers[label]) for label in (a, b))
                if first != second:
                    same[second] = first
            own: list[Any] = [np.asarray(one.number, self.dtype), []]
            for place, labels in zip(one.arrays, one.labels, strict=True):
                own += [self.arrays[place], [_find(same, numbers[label]) for label in labels]]
            output = [_find(same, numbers[label]) for label in one.out]
            once = list(dict.fromkeys(output))
            sizes = {_find(same, numbers[label]): counts[label] for label in one.out}
            ones = [part for number in once for part in (np.ones(sizes[number]), [number])]
            value = np.einsum(*own, *ones, once, optimize=True)
            target = result[one.row]
            (np.einsum(target, output, once) if len(once) < len(output) else target)[...] += value
        return flatten(result)  # type: ignore[no-any-return]

    def dense(self) -> np.ndarray:
        import numpy as np

        return np.stack([self.times(column) for column in np.eye(self.size, dtype=self.dtype)], axis=1)

    def low_rank(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """The matrix as ``diag(d) + u @ v.T``, where every term is diagonal or a product of two vectors."""
        import numpy as np

        if len(self.shapes) != 1 or len(self.shapes[0]) != 1:
            return None
        diagonal, left, right = np.zeros(self.size, self.dtype), [], []
        for one in self.products:
            if not self.whole(one):
                return None
            numbers = self.numbers(one)
            a, b = numbers[one.out[0]], numbers[one.inner[0]]
            own = self.view(one)
            if a == b:
                diagonal += np.einsum(*own, np.ones(self.size), [a], [a])
                continue
            pairs = list(zip(own[::2], own[1::2], strict=True))
            if any(len(labels) > 1 for _, labels in pairs):
                return None
            sides = [np.ones(self.size), np.ones(self.size)]
            for array, labels in pairs:
                sides[int(labels == [b])] = sides[int(labels == [b])] * array
            left.append(sides[0])
            right.append(sides[1])
        if not left or not diagonal.all():
            return None
        return diagonal, np.stack(left, axis=1), np.stack(right, axis=1)

    def solve(self, right: Any, matrix: Any) -> np.ndarray:
        import numpy as np

        b = np.asarray(right, self.dtype)
        if b.shape[:1] != (self.size,):
            raise SymdiffError(f"the right side has {self.size} rows, not shape {b.shape}")
        found = self.low_rank()
        if found:
            d, u, v = found
            scaled = (b.T / d).T
            small = np.eye(u.shape[1]) + v.T @ (u / d[:, None])
            return scaled - (u / d[:, None]) @ np.linalg.solve(small, v.T @ scaled)  # type: ignore[no-any-return]
        if self.size <= LARGEST:
            return np.linalg.solve(self.dense(), b)
        from scipy.sparse.linalg import cg

        answer, info = cg(matrix, b, rtol=1e-10)
        if info:
            raise SymdiffError("conjugate gradients did not converge; the Hessian may not be positive definite")
        return np.asarray(answer)


def _find(same: dict[int, int], number: int) -> int:
    while number in same:
        number = same[number]
    return number
