"""SymPy's spelling of operations that it has no function for: functions of the module ``sympy`` and the arguments."""

from __future__ import annotations

from functools import reduce
from typing import Any

from ..graph.node import Node, Op


def truth(sympy: Any, condition: Any) -> Any:
    """A SymPy condition: numbers are true where they are not 0, as in NumPy."""
    return sympy.Ne(condition, 0) if isinstance(condition, sympy.Expr) else condition


def select(sympy: Any, condition: Any, a: Any, b: Any) -> Any:
    return sympy.Piecewise((a, truth(sympy, condition)), (b, True))


def sympy_sinc_derivative(sympy: Any, n: Any, x: Any) -> Any:
    u = sympy.Dummy("u")
    return sympy.diff(sympy.sinc(sympy.pi * u), u, int(n)).subs(u, x)


def sympy_spherical_jn(sympy: Any, n: Any, x: Any) -> Any:
    """Through Bessel's J, whose quotient by the square root of x is the limit at 0."""
    near = sympy.Integer(int(int(n) == 0))
    return sympy.Piecewise((near, sympy.Eq(x, 0)), (sympy.jn(n, x).expand(func=True), True))


def sympy_power_derivative(sympy: Any, n: Any, m: Any, a: Any, b: Any) -> Any:
    u, v = sympy.Dummy("u", positive=True), sympy.Dummy("v", real=True)
    return sympy.diff(u**v, u, int(n), v, int(m)).subs({u: a, v: b})


def chain(s: Any, op: Op, *args: Node) -> Node:
    """An operation of two arguments, as SymPy's of any number is read."""
    return reduce(op, args)
