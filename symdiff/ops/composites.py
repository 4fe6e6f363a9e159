"""Composite functions: each is written in terms of operations, so its derivative follows from theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from ..graph.leaves import as_node
from ..graph.node import Node, Operand
from . import scalar


def sec(x: Operand) -> Node:
    """The secant 1/cos(x).

    >>> import symdiff as sd
    >>> sec(sd.symbol("x"))
    1/cos(x)
    """
    return 1 / scalar.cos(x)


def csc(x: Operand) -> Node:
    """The cosecant 1/sin(x).

    >>> import symdiff as sd
    >>> csc(sd.symbol("x"))
    1/sin(x)
    """
    return 1 / scalar.sin(x)


def cot(x: Operand) -> Node:
    """The cotangent 1/tan(x).

    >>> import symdiff as sd
    >>> cot(sd.symbol("x"))
    1/tan(x)
    """
    return 1 / scalar.tan(x)


def sech(x: Operand) -> Node:
    """The hyperbolic secant 1/cosh(x).

    >>> import symdiff as sd
    >>> sech(sd.symbol("x"))
    1/cosh(x)
    """
    return 1 / scalar.cosh(x)


def csch(x: Operand) -> Node:
    """The hyperbolic cosecant 1/sinh(x).

    >>> import symdiff as sd
    >>> csch(sd.symbol("x"))
    1/sinh(x)
    """
    return 1 / scalar.sinh(x)


def coth(x: Operand) -> Node:
    """The hyperbolic cotangent 1/tanh(x).

    >>> import symdiff as sd
    >>> coth(sd.symbol("x"))
    1/tanh(x)
    """
    return 1 / scalar.tanh(x)


def arcsec(x: Operand) -> Node:
    """The inverse secant arccos(1/x), between 0 and pi.

    >>> import symdiff as sd
    >>> arcsec(sd.symbol("x"))
    arccos(1/x)
    """
    return scalar.arccos(reciprocal(x))


def arccsc(x: Operand) -> Node:
    """The inverse cosecant arcsin(1/x), between -pi/2 and pi/2.

    >>> import symdiff as sd
    >>> arccsc(sd.symbol("x"))
    arcsin(1/x)
    """
    return scalar.arcsin(reciprocal(x))


def arccot(x: Operand) -> Node:
    """The inverse cotangent arctan(1/x), between -pi/2 and pi/2, with a jump at 0.

    >>> import symdiff as sd
    >>> arccot(sd.symbol("x"))
    arctan(1/x)
    """
    return scalar.arctan(reciprocal(x))


def arcsech(x: Operand) -> Node:
    """The inverse hyperbolic secant arccosh(1/x).

    >>> import symdiff as sd
    >>> arcsech(sd.symbol("x"))
    arccosh(1/x)
    """
    return scalar.arccosh(reciprocal(x))


def arccsch(x: Operand) -> Node:
    """The inverse hyperbolic cosecant arcsinh(1/x).

    >>> import symdiff as sd
    >>> arccsch(sd.symbol("x"))
    arcsinh(1/x)
    """
    return scalar.arcsinh(reciprocal(x))


def arccoth(x: Operand) -> Node:
    """The inverse hyperbolic cotangent arctanh(1/x).

    >>> import symdiff as sd
    >>> arccoth(sd.symbol("x"))
    arctanh(1/x)
    """
    return scalar.arctanh(reciprocal(x))


def square(x: Operand) -> Node:
    """The square x**2.

    >>> import symdiff as sd
    >>> square(sd.symbol("x"))
    x**2
    """
    return as_node(x) ** 2


def reciprocal(x: Operand) -> Node:
    """The reciprocal 1/x.

    >>> import symdiff as sd
    >>> reciprocal(sd.symbol("x"))
    1/x
    """
    return 1 / as_node(x)


def power(a: Operand, b: Operand) -> Node:
    """The power a**b.

    >>> import symdiff as sd
    >>> power(*sd.symbols("a b"))
    a**b
    """
    return scalar.pow(a, b)


def root(x: Operand, n: Operand) -> Node:
    """The n-th root x**(1/n).

    >>> import symdiff as sd
    >>> root(sd.symbol("x"), 3)
    x**(1/3)
    """
    return scalar.pow(x, reciprocal(n))


def log_to_base(x: Operand, base: Operand) -> Node:
    """The logarithm to any base, log(x)/log(base).

    >>> import symdiff as sd
    >>> log_to_base(sd.symbol("x"), 7)
    log(x)/log(7)
    """
    return scalar.log(x) / scalar.log(base)


def clip(x: Operand, lo: Operand, hi: Operand) -> Node:
    """x, but at least lo and at most hi.

    >>> import symdiff as sd
    >>> clip(sd.symbol("x"), 0, 1)
    minimum(maximum(x, 0), 1)
    """
    return scalar.minimum(scalar.maximum(x, lo), hi)


def largest(a: Operand, b: Operand, *more: Operand) -> Node:
    """The largest of two or more.

    >>> import symdiff as sd
    >>> largest(*sd.symbols("a b c"))
    maximum(maximum(a, b), c)
    """
    return reduce(scalar.maximum, more, scalar.maximum(a, b))


def smallest(a: Operand, b: Operand, *more: Operand) -> Node:
    """The smallest of two or more.

    >>> import symdiff as sd
    >>> smallest(*sd.symbols("a b c"))
    minimum(minimum(a, b), c)
    """
    return reduce(scalar.minimum, more, scalar.minimum(a, b))


def integer(x: Operand) -> Node:
    """Whether x is a whole number: x == floor(x).

    It is also a condition that may be assumed.

    >>> import symdiff as sd
    >>> n = sd.symbol("n")
    >>> with sd.assume(integer(n)):
    ...     sd.simplify(sd.sin(n * sd.pi))
    0
    """
    return scalar.equal(x, scalar.floor(x))


#: What the parser may call beside the operations, by the names it accepts.
FUNCTIONS: dict[str, Callable[..., Node]] = {
    **{f.__name__: f for f in (sec, csc, cot, sech, csch, coth, square, reciprocal, power, root, clip, integer)},
    **{f.__name__: f for f in (arcsec, arccsc, arccot, arcsech, arccsch, arccoth)},
    **{"a" + f.__name__[3:]: f for f in (arcsec, arccsc, arccot, arcsech, arccsch, arccoth)},
    **{"log": log_to_base, "max": largest, "Max": largest, "min": smallest, "Min": smallest},
}
