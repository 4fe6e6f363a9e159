"""What an operation says to each target of symdiff's own: NumPy, plain Python, C, array API, LaTeX, SymPy, mpmath.

Code has ``{0}`` for the first operand; ``{=N}`` is a size. Of an operation with attributes it is a function of a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from ..graph.node import Node, Op
from ..graph.targets import Target

Code: TypeAlias = str | Callable[[Node], str]
Index: TypeAlias = tuple[str, ...]
Read: TypeAlias = Callable[[int, Index], str]


class NumpyCode(NamedTuple):
    """An expression, the functions that it needs, and statements that write the value to ``{out}`` instead.

    ``{one}`` is 1 as an array. ``in_place``: whether ``{out}`` may be the operand's own array. Statements may be a
    function of the node. Without them, a single call of a ufunc writes where it is told; ``takes_out``: so does the
    last call of the expression.
    """

    code: Code = ""
    helper: str = ""
    into: tuple[str, ...] | Callable[[Node], tuple[str, ...]] = ()
    in_place: bool = True
    takes_out: bool = False


def operator_code(infix: str, ufunc: str) -> NumpyCode:
    """An operator, and the ufunc that it stands for."""
    return NumpyCode(f"{{0}} {infix} {{1}}", into=(f"np.{ufunc}({{0}}, {{1}}, {{out}})",))


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
    of operands and result, and ``accumulate``: the start, and how a term ``{1}`` is taken into ``{0}``.
    An operation that says nothing of C is computed by those that it is ``lowered`` to. ``vector``: the types for which
    glibc's libmvec has the function in vector form, within 4 units in the last place of NumPy.
    """

    code: str | None = ""
    helper: str = ""
    element: Callable[[Node, Index, Read], str] | None = None
    labels: Callable[[Node], tuple[tuple[Sequence[Any], ...], Sequence[Any]]] | None = None
    accumulate: tuple[str, str] = ("", "")
    vector: tuple[str, ...] = ()


VECTOR, VECTOR_OF_DOUBLE = ("double", "float"), ("double",)


class LatexForm(NamedTuple):
    r"""A template of LaTeX, and how tightly the whole binds; ``matrix``: both for an operand that is a matrix.

    A place ``{0}`` between brackets or braces takes any operand bare; elsewhere it takes an atom, and parentheses stand
    around what is looser. ``{0:product}`` takes a product, ``{0:any}`` anything; the levels are those of
    :data:`symdiff.text.latex_names.LEVELS`. Without a level, the whole is an atom if nothing in it stands outside of brackets.
    """

    template: str = ""
    level: str = ""
    matrix: tuple[str, str] | None = None
    #: Where the operation is spelled as one of several functions of the formula language: the form of each.
    functions: Mapping[str, tuple[str, str]] = MappingProxyType({})


class SympyForm(NamedTuple):
    """The name of SymPy's function, or a function of the module ``sympy`` and the arguments; and the way back.

    ``back``: by the name of SymPy's class, a function of SymPy's expression, this operation and the arguments as nodes;
    None where the operation takes these arguments.
    """

    form: str | Callable[..., Any] = ""
    back: Mapping[str, Callable[..., Node] | None] = MappingProxyType({})


class MpmathForm(NamedTuple):
    """The positions of arguments of any size, and a function of mpmath numbers where SymPy's form has none.

    Other arguments are taken up to 2**1100 only, since the time that functions take grows with their bits.
    """

    large: tuple[int, ...] = ()
    function: Callable[..., Any] | None = None


NUMPY = Target("numpy", NumpyCode, "np.%s(%s)")
MATH = Target("math", PythonCode, "math.%s(%s)")
C = Target("c", CCode, "%s(%s)")
ARRAY_API = Target("array_api", ArrayCode, "xp.%s(%s)")
LATEX = Target("latex", LatexForm, r"\%s\left(%s\right)")
SYMPY = Target("sympy", SympyForm)
MPMATH = Target("mpmath", MpmathForm)


def has_attributes(op: Op) -> bool:
    """Whether the NumPy code depends on the node: the operation is not elementwise."""
    return callable(NUMPY.of(op).code)


def list_texts(code: Any) -> Iterator[str]:
    """The texts in what operations say of their code, those of functions that write templates too."""
    if isinstance(code, str):
        yield code
    constants = getattr(getattr(code, "__code__", code), "co_consts", code if isinstance(code, tuple) else ())
    for part in constants:
        yield from list_texts(part)
