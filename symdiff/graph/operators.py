"""Python's operators on nodes, and the registry in which they find their operations by name."""

# mypy: disable-error-code="no-any-return"
# The operations are declared above this module, so the registry cannot say that they return nodes.

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

from .errors import SymdiffError
from .shapes import Shape

#: Every operation by name; only declarations change it (:mod:`symdiff.graph.node`).
OPERATIONS: dict[str, Any] = {}
#: The functions of formulas that are no elementwise operations, by name: of operations on arrays, and composite ones.
FUNCTIONS: dict[str, Callable[..., Any]] = {}
#: What stands behind ``@``, ``.T`` and ``[...]``; :mod:`symdiff.ops.arrays` fills it.
OPERATORS: dict[str, Callable[..., Any]] = {}

F = TypeVar("F", bound=Callable[..., Any])


def composite(function: F) -> F:
    """Register a function of arrays that is written with operations, so that formulas may call it by its name."""
    FUNCTIONS[function.__name__] = function
    return function


class Operators:
    """What Python's operators build: a node of the operation that stands behind each."""

    __slots__ = ()
    shape: Shape

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __bool__(self) -> bool:
        raise SymdiffError("an expression has no truth value; use where(condition, a, b), logical_and and logical_or")

    def __add__(self, other: Any) -> Self:
        op = OPERATIONS["add"]
        return op.build(op, self, other)

    def __radd__(self, other: Any) -> Self:
        return OPERATIONS["add"](other, self)

    def __sub__(self, other: Any) -> Self:
        op = OPERATIONS["sub"]
        return op.build(op, self, other)

    def __rsub__(self, other: Any) -> Self:
        return OPERATIONS["sub"](other, self)

    def __mul__(self, other: Any) -> Self:
        op = OPERATIONS["mul"]
        return op.build(op, self, other)

    def __rmul__(self, other: Any) -> Self:
        return OPERATIONS["mul"](other, self)

    def __truediv__(self, other: Any) -> Self:
        op = OPERATIONS["div"]
        return op.build(op, self, other)

    def __rtruediv__(self, other: Any) -> Self:
        return OPERATIONS["div"](other, self)

    def __pow__(self, other: Any) -> Self:
        op = OPERATIONS["pow"]
        return op.build(op, self, other)

    def __rpow__(self, other: Any) -> Self:
        return OPERATIONS["pow"](other, self)

    def __mod__(self, other: Any) -> Self:
        return OPERATIONS["mod"](self, other)

    def __rmod__(self, other: Any) -> Self:
        return OPERATIONS["mod"](other, self)

    def __neg__(self) -> Self:
        return OPERATIONS["neg"](self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return OPERATIONS["abs"](self)

    def __lt__(self, other: Any) -> Self:
        return OPERATIONS["less"](self, other)

    def __le__(self, other: Any) -> Self:
        return OPERATIONS["less_equal"](self, other)

    def __gt__(self, other: Any) -> Self:
        return OPERATIONS["greater"](self, other)

    def __ge__(self, other: Any) -> Self:
        return OPERATIONS["greater_equal"](self, other)

    def __matmul__(self, other: Any) -> Self:
        return OPERATORS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Self:
        return OPERATORS["matmul"](other, self)

    @property
    def T(self) -> Self:
        """The transpose."""
        return OPERATORS["T"](self)

    def __getitem__(self, items: Any) -> Self:
        return OPERATORS["index"](self, items if isinstance(items, tuple) else (items,))

    def __iter__(self) -> Iterator[Self]:
        size = self.shape[0] if self.shape else "no size"
        if not isinstance(size, int):
            raise SymdiffError(f"only an expression whose first size is a number has parts to loop over, not {size}")
        return iter([self[index] for index in range(size)])

    def __and__(self, other: Any) -> Self:
        return OPERATIONS["logical_and"](self, other)

    def __or__(self, other: Any) -> Self:
        return OPERATIONS["logical_or"](self, other)

    def __invert__(self) -> Self:
        return OPERATIONS["logical_not"](self)
