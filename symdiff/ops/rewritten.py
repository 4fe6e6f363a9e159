"""Functions without a row: each is written in terms of others, so its derivative follows from theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from ..graph.node import Node, as_node
from . import scalar as rows


def sec(x: Any) -> Node:
    """1/cos(x)."""
    return 1 / rows.cos(x)


def csc(x: Any) -> Node:
    """1/sin(x)."""
    return 1 / rows.sin(x)


def cot(x: Any) -> Node:
    """1/tan(x)."""
    return 1 / rows.tan(x)


def sech(x: Any) -> Node:
    """1/cosh(x)."""
    return 1 / rows.cosh(x)


def csch(x: Any) -> Node:
    """1/sinh(x)."""
    return 1 / rows.sinh(x)


def coth(x: Any) -> Node:
    """1/tanh(x)."""
    return 1 / rows.tanh(x)


def arcsec(x: Any) -> Node:
    """arccos(1/x), between 0 and pi."""
    return rows.arccos(reciprocal(x))


def arccsc(x: Any) -> Node:
    """arcsin(1/x), between -pi/2 and pi/2."""
    return rows.arcsin(reciprocal(x))


def arccot(x: Any) -> Node:
    """arctan(1/x), between -pi/2 and pi/2, with a jump at 0."""
    return rows.arctan(reciprocal(x))


def arcsech(x: Any) -> Node:
    """arccosh(1/x)."""
    return rows.arccosh(reciprocal(x))


def arccsch(x: Any) -> Node:
    """arcsinh(1/x)."""
    return rows.arcsinh(reciprocal(x))


def arccoth(x: Any) -> Node:
    """arctanh(1/x)."""
    return rows.arctanh(reciprocal(x))


def square(x: Any) -> Node:
    """x**2."""
    return as_node(x) ** 2


def reciprocal(x: Any) -> Node:
    """1/x."""
    return 1 / as_node(x)


def power(a: Any, b: Any) -> Node:
    """a**b."""
    return rows.pow(a, b)


def root(x: Any, n: Any) -> Node:
    """x**(1/n)."""
    return rows.pow(x, reciprocal(n))


def log_to_base(x: Any, base: Any) -> Node:
    """log(x)/log(base)."""
    return rows.log(x) / rows.log(base)


def clip(x: Any, lo: Any, hi: Any) -> Node:
    """x, but at least lo and at most hi."""
    return rows.minimum(rows.maximum(x, lo), hi)


def largest(a: Any, b: Any, *more: Any) -> Node:
    """The largest of two or more."""
    result: Node = reduce(rows.maximum, (a, b, *more))
    return result


def smallest(a: Any, b: Any, *more: Any) -> Node:
    """The smallest of two or more."""
    result: Node = reduce(rows.minimum, (a, b, *more))
    return result


def integer(x: Any) -> Node:
    """Whether x is a whole number: x == floor(x).

    It is also a condition that may be assumed.

    >>> import symdiff as sd
    >>> n = sd.symbol("n")
    >>> with sd.assume(integer(n)):
    ...     sd.simplify(sd.sin(n * sd.pi))
    0
    """
    return rows.equal(x, rows.floor(x))


#: What the parser may call beside the rows, by the names it accepts.
FUNCTIONS: dict[str, Callable[..., Node]] = {
    **{f.__name__: f for f in (sec, csc, cot, sech, csch, coth, square, reciprocal, power, root, clip, integer)},
    **{f.__name__: f for f in (arcsec, arccsc, arccot, arcsech, arccsch, arccoth)},
    **{"a" + f.__name__[3:]: f for f in (arcsec, arccsc, arccot, arcsech, arccsch, arccoth)},
    **{"log": log_to_base, "Mod": rows.mod, "max": largest, "Max": largest, "min": smallest, "Min": smallest},
}
