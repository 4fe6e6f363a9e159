"""What an operation says to each target that symdiff itself writes: NumPy, plain Python, C and the array API.

Code has ``{0}`` for the first operand; ``{=N}`` is a size. Of an operation with attributes it is a function of a node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from ..graph.node import Node, Op
from ..graph.targets import Target

Code: TypeAlias = str | Callable[[Node], str]
Index: TypeAlias = tuple[str, ...]
Read: TypeAlias = Callable[[int, Index], str]


class NumpyCode(NamedTuple):
    """An expression, the functions that it needs, and statements that write the value to ``{out}`` instead.

    ``{one}`` is 1 as an array. ``in_place``: whether ``{out}`` may be the operand's own array.
    """

    code: Code = ""
    helper: str = ""
    into: tuple[str, ...] = ()
    in_place: bool = True


class PythonCode(NamedTuple):
    """An expression of Python's numbers, with functions of ``math``, and the functions that it needs; None: has none."""

    code: str | None = None
    helper: str = ""


class ArrayCode(NamedTuple):
    """An expression with functions of the namespace ``xp``, and the functions that it needs, which take ``xp`` first."""

    code: Code = ""
    helpers: tuple[str, ...] = ()


class CCode(NamedTuple):
    """C99: an expression of elements and the function that it needs; or how an array is computed.

    Left out, the code is that of ``math`` where it names a function of C99; None: C has none.
    ``element``: a function of the node, the index and a reader of the operands' elements. Of a reduction: the ``labels``
    of operands and result, and ``accumulate``: the start, and how a term ``{1}`` is taken into ``{0}``. ``lowered``: the
    same value by other operations, a function of the node and its arguments.
    """

    code: str | None = ""
    helper: str = ""
    element: Callable[[Node, Index, Read], str] | None = None
    labels: Callable[[Node], tuple[tuple[Sequence[Any], ...], Sequence[Any]]] | None = None
    accumulate: tuple[str, str] = ("", "")
    lowered: Callable[..., Node] | None = None


NUMPY = Target("numpy", NumpyCode, "np.")
MATH = Target("math", PythonCode, "math.")
C = Target("c", CCode)
ARRAY_API = Target("array_api", ArrayCode, "xp.")


def has_attributes(op: Op) -> bool:
    """Whether the NumPy code depends on the node: the operation is not elementwise."""
    return callable(NUMPY.of(op).code)
