"""Arithmetic and the constant pi, one declaration each.

A partial is a function of the output and the arguments (see :mod:`symdiff.ops.kinds`). Formulas:
Abramowitz and Stegun, Handbook of Mathematical Functions (1964), chapters 4, 6 and 7, where not elementary.
"""

from __future__ import annotations

import math
from fractions import Fraction

from ..graph.leaves import CONST, const, is_const
from ..graph.node import Node, Number, Op, make
from . import c_code, python_code
from . import intervals as iv
from .kinds import binary, everywhere, nary, over, unary, unbroadcast
from .logic import equal, not_equal
from .selection import floor
from .sides import jump
from .targets import MpmathForm, NumpyCode, operator_code


def _quotient(a: Number, b: Number) -> Number:
    """Exact for whole numbers and ratios, floating otherwise."""
    return Fraction(a, b) if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)) else a / b


def _negative(node: Node) -> bool:
    if node.op is not CONST:
        return False
    return math.copysign(1, node.value) < 0 if isinstance(node.value, float) else node.value < 0


def _local_add(a: Node, b: Node) -> Node | None:
    """a + 0 = a, a + -b = a - b."""
    if is_const(b, 0):
        return a
    if is_const(a, 0):
        return b
    if b.op is neg:
        return a - b.args[0]
    if a.op is neg:
        return b - a.args[0]
    return a - const(-b.value) if _negative(b) else None


def _local_sub(a: Node, b: Node) -> Node | None:
    """a - 0 = a, 0 - b = -b, a - -b = a + b."""
    if is_const(b, 0):
        return a
    if is_const(a, 0):
        return -b
    if b.op is neg:
        return a + b.args[0]
    return a + const(-b.value) if _negative(b) else None


def _local_mul(a: Node, b: Node) -> Node | None:
    """1*a = a, -1*a = -a, -a*b = -(a*b)."""
    for one, other in ((a, b), (b, a)):
        if is_const(one, 1):
            return other
        if is_const(one, -1):
            return -other
    if a.op is neg:
        return -(a.args[0] * b)
    return -(a * b.args[0]) if b.op is neg else None


def _local_div(a: Node, b: Node) -> Node | None:
    """a/1 = a, a/-1 = -a, -a/b = -(a/b)."""
    if is_const(b, 1):
        return a
    if is_const(b, -1):
        return -a
    if a.op is neg:
        return -(a.args[0] / b)
    return -(a / b.args[0]) if b.op is neg else None


def _local_neg(x: Node) -> Node | None:
    """--x = x, -(a - b) = b - a, -(c*x) = (-c)*x, -(c/x) = (-c)/x."""
    if x.op is neg:
        return x.args[0]
    if x.op is sub:
        return x.args[1] - x.args[0]
    if x.op in (mul, div) and (first := unbroadcast(x.args[0])).op is CONST:
        return x.op(const(-first.value), x.args[1])
    return None


def _highest(node: Node, degrees: list[float]) -> float:
    return max(degrees)


PI = Op(
    "pi",
    0,
    build=lambda op: make(op, ()),
    bounds=lambda: iv.Interval(math.pi, math.nextafter(math.pi, 4)),
    numpy="np.pi",
    math="math.pi",
    latex=r"\pi",
    sympy="pi",
)
add = binary(
    "add",
    (lambda y, a, b: 1, lambda y, a, b: 1),
    doc="The sum a + b.",
    infix="+",
    precedence=5,
    commutative=True,
    rule="sum rule",
    gate="add distributes",
    local=_local_add,
    fold=lambda a, b: a + b,
    degree=_highest,
    weight=1,
    bounds=iv.add,
    numpy=operator_code("+", "add"),
    sympy=lambda s, a, b: a + b,
    mpmath=MpmathForm((0, 1)),
)
sub = binary(
    "sub",
    (lambda y, a, b: 1, lambda y, a, b: -1),
    doc="The difference a - b.",
    infix="-",
    precedence=5,
    rule="difference rule",
    gate="subtract distributes, the right with a minus",
    local=_local_sub,
    fold=lambda a, b: a - b,
    degree=_highest,
    weight=1,
    bounds=lambda a, b: iv.add(a, iv.neg(b)),
    numpy=operator_code("-", "subtract"),
    sympy=lambda s, a, b: a - b,
    mpmath=MpmathForm((0, 1)),
)
mul = binary(
    "mul",
    (lambda y, a, b: b, lambda y, a, b: a),
    doc="The product a*b.",
    infix="*",
    precedence=6,
    commutative=True,
    rule="product rule",
    gate="multiply switches",
    local=_local_mul,
    fold=lambda a, b: a * b,
    degree=lambda node, d: sum(d),
    weight=1,
    bounds=iv.mul,
    numpy=operator_code("*", "multiply"),
    sympy=lambda s, a, b: a * b,
    mpmath=MpmathForm((0, 1)),
)
div = binary(
    "div",
    (lambda y, a, b: over(b), lambda y, a, b: lambda t: -(t / b * y)),
    doc="The quotient a/b.",
    infix="/",
    precedence=6,
    domain=("b != 0", lambda a, b: not_equal(b, 0)),
    samples=((-3, 3), (0.5, 3)),
    rule="quotient rule",
    local=_local_div,
    fold=_quotient,
    degree=lambda node, d: d[0] - d[1],
    weight=4,
    bounds=lambda a, b: iv.mul(a, iv.inverse(b)),
    numpy=operator_code("/", "true_divide"),
    latex=(r"\frac{{0}}{{1}}", "quotient"),
    sympy=lambda s, a, b: a / b,
    mpmath=MpmathForm((0, 1)),
)
mod = binary(
    "mod",
    (lambda y, a, b: 1, lambda y, a, b: -floor(a / b)),
    doc="The remainder a - b*floor(a/b), which has the sign of b.",
    aliases=("Mod",),
    infix="%",
    precedence=6,
    domain=("b != 0", lambda a, b: not_equal(b, 0)),
    samples=((-3, 3), (0.5, 3)),
    kink="where a/b is a whole number: the derivative of the right side",
    sides=jump(lambda a, b: equal(a / b, floor(a / b))),
    fold=lambda a, b: a % b,
    weight=4,
    numpy=operator_code("%", "remainder"),
    c=("modulo({0}, {1})", c_code.MODULO),
    sympy=(lambda s, a, b: s.Mod(a, b), {"Mod": None}),
)
neg = unary(
    "neg",
    lambda y, x: -1,
    doc="The negative -x.",
    prefix="-",
    precedence=7,
    odd=True,
    special=True,
    rule="factor rule",
    gate="minus turns the sign",
    local=_local_neg,
    fold=lambda x: -x,
    degree=_highest,
    weight=0.5,
    bounds=iv.neg,
    numpy=NumpyCode("-{0}", into=("np.negative({0}, {out})",)),
    math="-{0}",
    latex=("-{0:big}", "sum"),
    sympy=lambda s, x: -x,
    mpmath=MpmathForm((0,)),
)
difference_of_products = nary(
    "difference_of_products",
    (
        lambda y, a, b, c, d: b,
        lambda y, a, b, c, d: a,
        lambda y, a, b, c, d: lambda t: -(t * d),
        lambda y, a, b, c, d: lambda t: -(t * c),
    ),
    doc="a*b - c*d, accurate also where the products nearly cancel.",
    domain=("all real a, b, c, d", everywhere),
    samples=((-3, 3),) * 4,
    weight=5,
    numpy=("_difference_of_products({0}, {1}, {2}, {3})", python_code.DIFFERENCE_OF_PRODUCTS),
    math=("_difference_of_products({0}, {1}, {2}, {3})", python_code.DIFFERENCE_OF_PRODUCTS_MATH),
    c=("difference_of_products({0}, {1}, {2}, {3})", c_code.DIFFERENCE_OF_PRODUCTS),
    sympy=lambda s, a, b, c, d: a * b - c * d,
    mpmath=MpmathForm((0, 1, 2, 3)),
)
