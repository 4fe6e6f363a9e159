"""A symmetric matrix as a sum of products of factors: products with vectors, its diagonal, solutions.

Low rank plus diagonal is solved by the Sherman-Morrison-Woodbury formula (Hager, SIAM Review 31, 1989), anything else
by a dense factorization, or by conjugate gradients where the matrix is large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from ..graph.errors import SymdiffError
from ..graph.shapes import Size, size_value
from .blocks.terms import Axis, Label
from .hessians import flatten, unflatten

if TYPE_CHECKING:
    import numpy as np

#: Matrices with more rows are solved by conjugate gradients.
LARGEST = 4000


class Product(NamedTuple):
    """One term of a block: a number times the matrix's arrays of these indices, with a label for each axis."""

    row: int
    column: int
    scale: float
    arrays: tuple[int, ...]
    labels: tuple[tuple[Label, ...], ...]
    out: tuple[Axis, ...]
    inner: tuple[Axis, ...]
    counts: Mapping[Label, Size]  # how often each label of an axis counts


def operator(
    products: Sequence[Product],
    arrays: Sequence[np.ndarray],
    shapes: Sequence[tuple[int, ...]],
    sizes: Mapping[str, int],
) -> Any:
    """The SciPy LinearOperator of the products; see :class:`symdiff.Structured`."""
    from scipy.sparse.linalg import LinearOperator

    class HessianOperator(LinearOperator):  # type: ignore[misc]
        """A symmetric matrix as products of factors: ``matvec``, ``diagonal``, ``todense``, ``solve``."""

        def __init__(self) -> None:
            self.terms = _SumOfProducts(products, arrays, shapes, sizes)
            super().__init__(self.terms.dtype, (self.terms.size, self.terms.size))

        def _matvec(self, vector: np.ndarray) -> np.ndarray:
            return self.terms.multiply(vector.reshape(-1))

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


class _Network:
    """A product as operands of ``einsum``: its arrays with their labels numbered."""

    def __init__(self, product: Product, arrays: Sequence[np.ndarray], sizes: Mapping[str, int], dtype: Any) -> None:
        import numpy as np

        axes = (*product.out, *product.inner)
        every = dict.fromkeys([*(axis.label for axis in axes), *(label for own in product.labels for label in own)])
        self.numbers = {label: number for number, label in enumerate(every)}
        self.counts = {self.numbers[label]: size_value(size, sizes) for label, size in product.counts.items()}
        self.operands: list[Any] = [np.asarray(product.scale, dtype), []]
        for index, labels in zip(product.arrays, product.labels, strict=True):
            self.operands += [arrays[index], [self.numbers[label] for label in labels]]
        self.out, self.inner = ([self.numbers[axis.label] for axis in part] for part in (product.out, product.inner))

    def contract(self, operands: Sequence[Any], output: Sequence[int]) -> Any:
        """The product with other operands, of the axes ``output``, repeated along those that nothing has."""
        import numpy as np

        operands = [*self.operands, *operands]
        held = {number for own in operands[1::2] for number in own}
        ones = [part for number in output if number not in held for part in (np.ones(self.counts[number]), [number])]
        return np.einsum(*operands, *ones, output, optimize=len(operands) > 4)

    def unify(self) -> None:
        """Give rows and columns the same labels: what is left is the diagonal."""
        same = dict(zip(self.numbers.values(), self.numbers.values(), strict=True))
        for row, column in zip(self.out, self.inner, strict=True):
            old, new = same[column], same[row]
            same = {number: new if now == old else now for number, now in same.items()}
        self.counts |= {same[number]: count for number, count in self.counts.items()}
        self.operands[1::2] = [[same[number] for number in own] for own in self.operands[1::2]]
        self.out, self.inner = ([same[number] for number in part] for part in (self.out, self.inner))


class _SumOfProducts:
    """The products with their arrays, and the shapes of the variables whose elements are rows and columns."""

    def __init__(
        self,
        products: Sequence[Product],
        arrays: Sequence[np.ndarray],
        shapes: Sequence[tuple[int, ...]],
        sizes: Mapping[str, int],
    ) -> None:
        import numpy as np

        self.products, self.arrays, self.shapes, self.sizes = products, arrays, shapes, sizes
        self.dtype = np.result_type(float, *arrays) if not arrays else np.result_type(*arrays)
        self.size = sum(map(prod, shapes))

    def network(self, product: Product) -> _Network:
        return _Network(product, self.arrays, self.sizes, self.dtype)

    def multiply(self, vector: np.ndarray) -> np.ndarray:
        import numpy as np

        parts = unflatten(vector, self.shapes)
        result = [np.zeros(shape, np.result_type(self.dtype, vector)) for shape in self.shapes]
        for one in self.products:
            network = self.network(one)
            sides = ((one.row, one.out, network.out), (one.column, one.inner, network.inner))
            for to, by in (sides, sides[::-1]) if one.row != one.column else (sides,):
                operand = parts[by[0]][_slices(by[1], by[2], network.counts)]
                _add(result[to[0]][_slices(to[1], to[2], network.counts)], network, [operand, by[2]], to[2])
        return flatten(result)  # type: ignore[no-any-return]

    def fills_block(self, product: Product) -> bool:
        """Whether the term fills every position of its block."""
        shape = self.shapes[product.row] + self.shapes[product.column]
        return all(
            (axis.start, axis.step, size_value(product.counts[axis.label], self.sizes)) == (0, 1, size)
            for axis, size in zip((*product.out, *product.inner), shape, strict=True)
        )

    def diagonal(self) -> np.ndarray:
        """Rows and columns of each diagonal block given one label."""
        import numpy as np

        result = [np.zeros(shape, self.dtype) for shape in self.shapes]
        for one in self.products:
            if one.row == one.column:
                if not self.fills_block(one):
                    return np.diagonal(self.dense()).copy()
                network = self.network(one)
                network.unify()
                _add(result[one.row], network, [], network.out)
        return flatten(result)  # type: ignore[no-any-return]

    def dense(self) -> np.ndarray:
        import numpy as np

        return np.stack([self.multiply(column) for column in np.eye(self.size, dtype=self.dtype)], axis=1)

    def low_rank(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """The matrix as ``diag(d) + u @ v.T``, where every term is diagonal or a product of two vectors."""
        import numpy as np

        if len(self.shapes) != 1 or len(self.shapes[0]) != 1:
            return None
        diagonal, left, right = np.zeros(self.size, self.dtype), [], []
        for one in self.products:
            network = self.network(one)
            if not self.fills_block(one):
                return None
            if network.out == network.inner:
                diagonal += network.contract([], network.out)
            elif all(len(own) < 2 for own in network.operands[1::2]):
                sides = {tuple(own): np.ones(self.size) for own in (network.out, network.inner)}
                for array, own in zip(network.operands[::2], network.operands[1::2], strict=True):
                    side = tuple(own) if own else tuple(network.out)
                    sides[side] = sides[side] * array
                left.append(sides[tuple(network.out)])
                right.append(sides[tuple(network.inner)])
            else:
                return None
        if not left or not diagonal.all():
            return None
        return diagonal, np.stack(left, axis=1), np.stack(right, axis=1)

    def solve(self, right: Any, matrix: Any) -> np.ndarray:
        import numpy as np

        b = np.asarray(right, self.dtype)
        if b.shape[:1] != (self.size,):
            raise SymdiffError(f"the right side has {self.size} rows, not shape {b.shape}")
        parts = self.low_rank()
        if parts:
            d, u, v = parts
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


def _slices(axes: Sequence[Axis], numbers: Sequence[int], counts: Mapping[int, int]) -> tuple[Any, ...]:
    """The part of an array that the axes cover, as an index that gives a view, of an array without axes too."""
    cut: list[Any] = [...]
    for axis, number in zip(axes, numbers, strict=True):
        assert isinstance(axis.start, int)
        stop = axis.start + axis.step * counts[number]
        cut.append(slice(axis.start, stop if stop >= 0 else None, axis.step))
    return tuple(cut)


def _add(target: np.ndarray, network: _Network, operands: Sequence[Any], output: Sequence[int]) -> None:
    """Add the product to its part of the result, on a diagonal where an axis occurs twice."""
    import numpy as np

    once = list(dict.fromkeys(output))
    diagonal = np.einsum(target, output, once) if len(once) < len(output) else target
    diagonal[...] += network.contract(operands, once)
