"""Constants and variables: the nodes without arguments."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from keyword import kwlist
from typing import Any

from .errors import SymdiffError
from .node import OPS, Node, Number, Op, intern_node, make
from .shapes import check_shape

CONST = Op(
    "const",
    0,
    doc="What constants are of: ``symdiff.const(2).op is symdiff.Const``.",
    build=lambda op, value: const(value),
    special=True,
)
VAR = Op(
    "var",
    0,
    doc="What variables are of: ``symdiff.symbol('x').op is symdiff.Var``.",
    build=lambda op, name, shape=(): symbol(name, shape),
)


def _const_key(value: Number) -> tuple[Any, ...]:
    """Type and bits: 1, 1.0 and True differ, so do 0.0 and -0.0, and NaN equals itself."""
    return (type(value).__name__, value.hex() if type(value) is float else value)


def const(value: Any) -> Node:
    """A constant from an int, float, bool or Fraction (or a NumPy scalar); exact numbers stay exact.

    >>> from fractions import Fraction
    >>> const(Fraction(4, 2)) is const(2), const(1) is const(1.0)
    (True, False)
    """
    kind = type(value)
    if kind is Fraction:
        if value.denominator == 1:
            value = value.numerator
    elif kind not in (int, float, bool):
        value = _plain_number(value)
    return intern_node(_const_key(value), CONST, (), (value,))


def _plain_number(value: Any) -> Number:
    """A Python number from a NumPy scalar, a 0-d array or a subclass of a number."""
    plain = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    for kind in (bool, int, float):
        if isinstance(plain, kind):
            return kind(plain)
    if isinstance(plain, Fraction):
        return Fraction(plain)
    raise SymdiffError(f"{type(value).__name__} is not a number or an expression; pass arrays as values of a symbol")


#: Names that formulas read as something else.
RESERVED = frozenset((*kwlist, "pi", "inf", "nan"))


def symbol(name: str, shape: Iterable[int | str] | int | str = ()) -> Node:
    """The variable of that name; ``shape`` gives its sizes, each a number or a letter.

    >>> symbol("X", shape=("N", 3)).shape
    ('N', 3)
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise SymdiffError(f"a variable's name is an identifier such as x1, not {name!r}")
    if name in RESERVED or name.startswith("__"):
        raise SymdiffError(f"{name} has a meaning of its own; choose another name for the variable")
    return make(VAR, (), (name,), check_shape(shape))


def symbols(names: str | Iterable[str], shape: Iterable[int | str] | int | str = ()) -> tuple[Node, ...]:
    """Variables from names separated by blanks or commas.

    >>> x, y = symbols("x y")
    >>> x * y
    x*y
    """
    if not isinstance(names, Iterable):
        raise SymdiffError(f"names are text such as 'x y', or a list of it, not {names!r}")
    listed = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    return tuple(symbol(name, shape) for name in listed)


def as_node(value: Any) -> Node:
    """The value itself if it is a node, else the constant of that number."""
    return value if type(value) is Node else const(value)


def is_const(node: Node, value: Number) -> bool:
    """Whether the node is that number, exact or floating (-0.0 is not 0)."""
    return node.op is CONST and node.value == value and str(node.value)[0] == str(value)[0]


def interned(node: Node) -> bool:
    """Whether the table holds this very node (the verifier asks)."""
    again = const(node.value) if node.op is CONST else make(node.op, node.args, node.attrs, node.shape)
    return again is node


def table_size() -> int:
    """How many nodes are alive."""
    return sum(len(op.nodes) for op in list(OPS.values()))
