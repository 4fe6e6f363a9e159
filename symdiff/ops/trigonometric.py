"""Circular and hyperbolic functions, one declaration each.

A partial is a function of the output and the arguments (see :mod:`symdiff.ops.kinds`). Formulas:
Abramowitz and Stegun, Handbook of Mathematical Functions (1964), chapters 4, 6 and 7, where not elementary.
"""

from __future__ import annotations

import math

from ..graph.node import Node
from . import array_api_code, c_code, python_code
from . import intervals as iv
from .arithmetic import PI
from .kinds import binary, over, unary
from .logic import not_equal
from .powers import sqrt
from .sympy_code import sympy_sinc_derivative, sympy_spherical_jn
from .targets import VECTOR, CCode, MpmathForm


def _spherical_slope(n: Node, x: Node) -> Node:
    """The recurrence that divides by no x: (2n + 1) j_n' = n j_(n-1) - (n + 1) j_(n+1), A&S 10.1.20."""
    order = int(n.value)
    if order == 0:
        return -spherical_jn(1, x)
    return (order * spherical_jn(order - 1, x) - (order + 1) * spherical_jn(order + 1, x)) / (2 * order + 1)


sin = unary(
    "sin",
    lambda y, x: cos(x),
    doc="The sine of x in radians.",
    odd=True,
    bounds=iv.fixed(-1.0, 1.0),
    c=CCode(vector=VECTOR),
    array_api="sin",
    latex="sin",
    sympy="sin",
)
cos = unary(
    "cos",
    lambda y, x: -sin(x),
    doc="The cosine of x in radians.",
    even=True,
    bounds=iv.fixed(-1.0, 1.0),
    c=CCode(vector=VECTOR),
    array_api="cos",
    latex="cos",
    sympy="cos",
)
tan = unary(
    "tan",
    lambda y, x: y**2 + 1,
    doc="The tangent of x in radians.",
    domain=("cos(x) != 0", lambda x: not_equal(cos(x), 0)),
    samples=(-1.2, 1.2),
    odd=True,
    c=CCode(vector=VECTOR),
    array_api="tan",
    latex="tan",
    sympy="tan",
)
arcsin = unary(
    "arcsin",
    lambda y, x: over(sqrt(1 - x**2)),
    doc="The inverse sine, between -pi/2 and pi/2.",
    aliases=("asin",),
    domain=("-1 <= x <= 1", lambda x: (x >= -1) & (x <= 1)),
    samples=(-0.9, 0.9),
    odd=True,
    bounds=iv.fixed(-math.nextafter(math.pi / 2, 2), math.nextafter(math.pi / 2, 2)),
    math="math.asin({0})",
    c=CCode(vector=VECTOR),
    array_api="asin",
    latex="arcsin",
    sympy="asin",
)
arccos = unary(
    "arccos",
    lambda y, x: lambda t: -(t / sqrt(1 - x**2)),
    doc="The inverse cosine, between 0 and pi.",
    aliases=("acos",),
    domain=("-1 <= x <= 1", lambda x: (x >= -1) & (x <= 1)),
    samples=(-0.9, 0.9),
    bounds=iv.fixed(0.0, math.nextafter(math.pi, 4)),
    math="math.acos({0})",
    c=CCode(vector=VECTOR),
    array_api="acos",
    latex="arccos",
    sympy="acos",
)
arctan = unary(
    "arctan",
    lambda y, x: over(x**2 + 1),
    doc="The inverse tangent, between -pi/2 and pi/2.",
    aliases=("atan",),
    odd=True,
    bounds=iv.fixed(-math.nextafter(math.pi / 2, 2), math.nextafter(math.pi / 2, 2), True, True),
    math="math.atan({0})",
    c=CCode(vector=VECTOR),
    array_api="atan",
    latex="arctan",
    sympy="atan",
    mpmath=MpmathForm((0,)),
)
arctan2 = binary(
    "arctan2",
    (lambda y, a, b: lambda t: t * (b / (a**2 + b**2)), lambda y, a, b: lambda t: -(t * (a / (a**2 + b**2)))),
    doc="The angle of the point (b, a) from the positive first axis, between -pi and pi.",
    aliases=("atan2",),
    domain="(a, b) != (0, 0)",
    samples=((0.3, 3), (-3, 3)),
    kink="no derivative across a = 0 where b < 0 is needed: the value jumps there",
    bounds=iv.fixed(-math.nextafter(math.pi, 4), math.nextafter(math.pi, 4)),
    math="math.atan2({0}, {1})",
    c=CCode(vector=VECTOR),
    array_api="atan2",
    sympy="atan2",
)
sinh = unary(
    "sinh",
    lambda y, x: cosh(x),
    doc="The hyperbolic sine.",
    odd=True,
    bounds=iv.increasing(math.sinh),
    c=CCode(vector=VECTOR),
    array_api="sinh",
    latex="sinh",
    sympy="sinh",
)
cosh = unary(
    "cosh",
    lambda y, x: sinh(x),
    doc="The hyperbolic cosine.",
    even=True,
    bounds=iv.fixed(1.0, math.inf),
    c=CCode(vector=VECTOR),
    array_api="cosh",
    latex="cosh",
    sympy="cosh",
)
tanh = unary(
    "tanh",
    lambda y, x: 1 - y**2,
    doc="The hyperbolic tangent.",
    odd=True,
    bounds=iv.increasing(math.tanh, -1.0, 1.0),
    c=CCode(vector=VECTOR),
    array_api="tanh",
    latex="tanh",
    sympy="tanh",
)
arcsinh = unary(
    "arcsinh",
    lambda y, x: over(sqrt(x**2 + 1)),
    doc="The inverse hyperbolic sine.",
    aliases=("asinh",),
    odd=True,
    bounds=iv.increasing(math.asinh),
    math="math.asinh({0})",
    c=CCode(vector=VECTOR),
    array_api="asinh",
    sympy="asinh",
    mpmath=MpmathForm((0,)),
)
arccosh = unary(
    "arccosh",
    lambda y, x: over(sqrt(x - 1) * sqrt(x + 1)),
    doc="The inverse hyperbolic cosine, which is not negative.",
    aliases=("acosh",),
    domain=("x >= 1", lambda x: x >= 1),
    samples=(1.2, 4),
    bounds=iv.fixed(0.0, math.inf),
    math="math.acosh({0})",
    c=CCode(vector=VECTOR),
    array_api="acosh",
    sympy="acosh",
)
arctanh = unary(
    "arctanh",
    lambda y, x: over(1 - x**2),
    doc="The inverse hyperbolic tangent.",
    aliases=("atanh",),
    domain=("-1 < x < 1", lambda x: (x > -1) & (x < 1)),
    samples=(-0.9, 0.9),
    odd=True,
    bounds=iv.increasing(math.atanh),
    math="math.atanh({0})",
    c=CCode(vector=VECTOR),
    array_api="atanh",
    sympy="atanh",
)
sinc = unary(
    "sinc",
    lambda y, x: sinc_derivative(1, x),
    doc="sin(pi*x)/(pi*x), and 1 at x = 0.",
    even=True,
    math=("_sinc({0})", "def _sinc(x):\n    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0"),
    c=("sinc({0})", c_code.SINC),
    array_api=("_sinc(xp, {0})", (array_api_code.SINC,)),
    sympy=(lambda s, x: s.sinc(s.pi * x), {"sinc": lambda s, op, x: op(x / PI())}),
)
sinc_derivative = binary(
    "sinc_derivative",
    (None, lambda y, n, x: sinc_derivative(n + 1, x)),
    doc="The n-th derivative of sinc.",
    domain="n = 0, 1, 2, ... fixed",
    samples=((1, 1), (-3, 3)),
    numpy=("_sinc_derivative({0}, {1})", python_code.SINC_DERIVATIVE),
    math=("_sinc_derivative({0}, {1})", python_code.SINC_DERIVATIVE_MATH),
    c=("sinc_derivative({0}, {1})", c_code.SINC_DERIVATIVE),
    sympy=sympy_sinc_derivative,
)
spherical_jn = binary(
    "spherical_jn",
    (None, lambda y, n, x: _spherical_slope(n, x)),
    doc="The spherical Bessel function of the first kind: sin(x)/x for n = 0.",
    domain="n = 0, 1, 2, ... fixed",
    samples=((1, 1), (-3, 3)),
    numpy=("_spherical_jn({0}, {1})", python_code.SPHERICAL),
    math=("_spherical_jn({0}, {1})", python_code.SPHERICAL_MATH),
    c=("spherical_jn({0}, {1})", c_code.SPHERICAL),
    array_api=(array_api_code.spherical, (array_api_code.SPHERICAL,)),
    sympy=sympy_spherical_jn,
)
