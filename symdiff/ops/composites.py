"""Composite functions: each is written with operations, so its derivative follows from theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from ..graph.node import Node, as_node
from . import scalar


def sec(x: Any) -> Node:
    """1/cos(x)."""
    return 1 / scalar.cos(x)


def csc(x: Any) -> Node:
    """1/sin(x)."""
    return 1 / scalar.sin(x)


def cot(x: Any) -> Node:
    """1/tan(x)."""
    return 1 / scalar.tan(x)


def sech(x: Any) -> Node:
    """1/cosh(x)."""
    return 1 / scalar.cosh(x)


def csch(x: Any) -> Node:
    """1/sinh(x)."""
    return 1 / scalar.sinh(x)


def coth(x: Any) -> Node:
    """1/tanh(x)."""
    return 1 / scalar.tanh(x)


def arcsec(x: Any) -> Node:
    """arccos(1/x), between 0 and pi."""
    return scalar.arccos(reciprocal(x))


def arccsc(x: Any) -> Node:
    """arcsin(1/x), between -pi/2 and pi/2."""
    return scalar.arcsin(reciprocal(x))


def arccot(x: Any) -> Node:
    """arctan(1/x), between -pi/2 and pi/2, with a jump at 0."""
    return scalar.arctan(reciprocal(x))


def arcsech(x: Any) -> Node:
    """arccosh(1/x)."""
    return scalar.arccosh(reciprocal(x))


def arccsch(x: Any) -> Node:
    """arcsinh(1/x)."""
    return scalar.arcsinh(reciprocal(x))


def arccoth(x: Any) -> Node:
    """arctanh(1/x)."""
    return scalar.arctanh(reciprocal(x))


def square(x: Any) -> Node:
    """x**2."""
    return as_node(x) ** 2


def reciprocal(x: Any) -> Node:
    """1/x."""
    return 1 / as_node(x)


def power(a: Any, b: Any) -> Node:
    """a**b."""
    return scalar.pow(a, b)


def root(x: Any, n: Any) -> Node:
    """x**(1/n)."""
    return scalar.pow(x, reciprocal(n))


def log_to_base(x: Any, base: Any) -> Node:
    """log(x)/log(base)."""
    return scalar.log(x) / scalar.log(base)


def clip(x: Any, lo: Any, hi: Any) -> Node:
    """x, but at least lo and at most hi."""
    return scalar.minimum(scalar.maximum(x, lo), hi)


def largest(a: Any, b: Any, *more: Any) -> Node:
    """The largest of two or more."""
    result: Node = reduce(scalar.maximum, (a, b, *more))
    return result


def smallest(a: Any, b: Any, *more: Any) -> Node:
    """The smallest of two or more."""
    result: Node = reduce(scalar.minimum, (a, b, *more))
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
    return scalar.equal(x, scalar.floor(x))


#: What formulas may call beside the operations, by each of its names.
FUNCTIONS: dict[str, Callable[..., Node]] = {
    **{f.__name__: f for f in (sec, csc, cot, sech, csch, coth, square, reciprocal, power, root, clip, integer)},
    **{f.__name__: f for f in (arcsec, arccsc, arccot, arcsech, arccsch, arccoth)},
    **{"a" + f.__name__[3:]: f for f in (arcsec, arccsc, arccot, arcsech, arccsch, arccoth)},
    **{"log": log_to_base, "Mod": scalar.mod, "max": largest, "Max": largest, "min": smallest, "Min": smallest},
}
