"""Exponentials, logarithms and powers, one declaration each.

A partial is a function of the output and the arguments (see :mod:`symdiff.ops.kinds`). Formulas:
Abramowitz and Stegun, Handbook of Mathematical Functions (1964), chapters 4, 6 and 7, where not elementary.
"""

from __future__ import annotations

import builtins
import math
import operator
from fractions import Fraction
from functools import reduce
from typing import Any

from ..graph.leaves import CONST, const, is_const
from ..graph.limits import check
from ..graph.node import Node, Number
from ..graph.order import without_variables
from . import array_api_code, c_code, python_code
from . import intervals as iv
from .arithmetic import PI
from .kinds import binary, nary, over, unary, unbroadcast
from .logic import equal, where
from .sides import tip
from .sympy_code import select, sympy_power_derivative
from .targets import VECTOR, VECTOR_OF_DOUBLE, CCode, LatexForm, MpmathForm, operator_code

#: Whole powers of constants fold while the result has fewer bits than this.
MAX_BITS = 256


def _power(a: Any, b: Any) -> Number | None:
    """Exact for whole exponents of moderate size; floating only where an argument is."""
    check("exponents", builtins.abs(b))
    if isinstance(a, float) or isinstance(b, float):
        return float(a) ** float(b) if a > 0 or b == int(b) else None
    if isinstance(b, Fraction):
        return None
    size = max(builtins.abs(a.numerator), a.denominator).bit_length()
    return Fraction(a) ** b if size * builtins.abs(b) <= MAX_BITS else None


def _local_pow(a: Node, b: Node) -> Node | None:
    """a**1 = a, a**0 = 1, 1**b = 1: so defines IEEE 754, even for NaN."""
    if b.op is CONST:
        check("exponents", builtins.abs(b.value))  # type: ignore[arg-type]
    if is_const(b, 1):
        return a
    return const(1) if is_const(b, 0) or is_const(a, 1) else None


def _times_exponent(node: Node, degrees: list[float]) -> float:
    return degrees[0] * float(node.args[1].value) if node.args[1].op is CONST else 0.0


def _by_base(a: Node, b: Node) -> Node:
    """b*a**(b - 1) for a**b; where b may be 0, in the form that is right there to every order."""
    return b * a ** (b - 1) if without_variables(b) else power_derivative(1, 0, a, b)


def _by_exponent(y: Node, a: Node, b: Node) -> Node:
    """log(a)*a**b for y = a**b; where a may be 0, in the form that is right there to every order."""
    if a.op is PI or (a.op is CONST and a.value > 0):
        return y * log(a)
    return power_derivative(0, 1, a, b)


def falling_factors(n: int, m: int, b: Any) -> list[Any]:
    """The derivatives of b*(b - 1)*...*(b - n + 1) by b, from the function itself to the m-th."""
    factors: list[Any] = [1] + [0] * m
    for k in range(n):
        below = [0, *factors]
        factors = [(b - k) * factor + j * below[j] for j, factor in enumerate(factors)]
    return factors


def _read_power_derivative(node: Node) -> tuple[int, int, Node, Node]:
    n, m, a, b = map(unbroadcast, node.args)
    return int(n.value), int(m.value), a, b


def plain_power(node: Node) -> Node:
    """A power's derivative as it is read, by the general Leibniz rule: ``b*a**(b - 1)`` and ``a**b*log(a)``.

    It has no value where a and b are such that 0 times infinity is 0.
    """
    n, m, a, b = _read_power_derivative(node)
    factors = falling_factors(n, m, b)
    terms = [math.comb(m, k) * factors[m - k] * log(a) ** k for k in range(m + 1)]
    return reduce(operator.add, terms) * a ** (b - n)  # type: ignore[no-any-return]


def guarded_power(node: Node) -> Node:
    """The first derivatives of a power with the same values everywhere, in operations that share work with the power."""
    n, m, a, b = _read_power_derivative(node)
    if (n, m) == (1, 0):
        return b * a ** where(equal(b, 0), 1, b - 1)
    return xlogy(a**b, a) if (n, m) == (0, 1) else node


def _local_power_derivative(n: Node, m: Node, a: Node, b: Node) -> Node | None:
    """A power itself, or a derivative by the base where the exponent is a number."""
    if is_const(n, 0) and is_const(m, 0):
        return a**b
    if not is_const(m, 0) or b.op is not CONST:
        return None
    factor = falling_factors(int(n.value), 0, b.value)[0]
    return factor * a ** (b - n) if factor else const(0)


def _precise_power_derivative(n: Any, m: Any, a: Any, b: Any) -> Any:
    """In mpmath numbers: what a zero factor multiplies is 0."""
    import mpmath

    n, m = int(n), int(m)
    factors = falling_factors(n, m, b)
    if not any(factors):
        return mpmath.mpf(0)
    power = mpmath.power(a, b - n)
    terms = [math.comb(m, k) * factors[m - k] * mpmath.log(a) ** k for k in range(m + 1) if factors[m - k] and power]
    return mpmath.fsum(terms) * power


exp = unary(
    "exp",
    lambda y, x: y,
    doc="The exponential function.",
    bounds=iv.increasing(math.exp, 0.0),
    c=CCode(vector=VECTOR),
    array_api="exp",
    latex=LatexForm("e^{{0}}", "power", matrix=(r"\exp\left({0}\right)", "atom")),
    sympy="exp",
)
expm1 = unary(
    "expm1",
    lambda y, x: y + 1,
    doc="exp(x) - 1, accurate also near x = 0.",
    bounds=iv.increasing(math.expm1, -1.0),
    c=CCode(vector=VECTOR),
    array_api="expm1",
    sympy=(lambda s, x: s.exp(x) - 1, {"expm1": None}),
)
exp2 = unary(
    "exp2",
    lambda y, x: y * log(const(2)),
    doc="The power 2**x.",
    bounds=iv.increasing(lambda x: 2.0**x, 0.0),
    c=CCode(vector=VECTOR),
    array_api="2 ** {0}",
    latex=LatexForm("2^{{0}}", "power", matrix=(r"2^{\odot {0:any}}", "power")),
    sympy=(lambda s, x: s.Integer(2) ** x, {"exp2": None}),
)
log = unary(
    "log",
    lambda y, x: over(x),
    doc="The natural logarithm.",
    aliases=("ln",),
    domain=("x > 0", lambda x: x > 0),
    samples=(0.2, 4),
    bounds=iv.increasing(math.log),
    c=CCode(vector=VECTOR_OF_DOUBLE),
    array_api="log",
    latex="log",
    sympy="log",
    mpmath=MpmathForm((0,)),
)
log1p = unary(
    "log1p",
    lambda y, x: over(x + 1),
    doc="log(1 + x), accurate also near x = 0.",
    domain=("x > -1", lambda x: x > -1),
    samples=(-0.8, 4),
    bounds=iv.increasing(math.log1p),
    c=CCode(vector=VECTOR),
    array_api="log1p",
    sympy=(lambda s, x: s.log(x + 1), {"log1p": None}),
    mpmath=MpmathForm((0,)),
)
log2 = unary(
    "log2",
    lambda y, x: over(x * log(const(2))),
    doc="The logarithm to base 2.",
    domain=("x > 0", lambda x: x > 0),
    samples=(0.2, 4),
    bounds=iv.increasing(math.log2),
    c=CCode(vector=VECTOR),
    array_api="log2",
    latex=r"\log_{2}\left({0}\right)",
    sympy=(lambda s, x: s.log(x) / s.log(2), {"log2": None}),
    mpmath=MpmathForm((0,)),
)
log10 = unary(
    "log10",
    lambda y, x: over(x * log(const(10))),
    doc="The logarithm to base 10.",
    domain=("x > 0", lambda x: x > 0),
    samples=(0.2, 4),
    bounds=iv.increasing(math.log10),
    c=CCode(vector=VECTOR),
    array_api="log10",
    latex=r"\log_{10}\left({0}\right)",
    sympy=(lambda s, x: s.log(x) / s.log(10), {"log10": None}),
    mpmath=MpmathForm((0,)),
)
xlogy = binary(
    "xlogy",
    (lambda y, a, b: lambda t: xlogy(t, b), lambda y, a, b: lambda t: where(equal(a, 0), 0, t * (a / b))),
    doc="a*log(b), and 0 where a = 0.",
    domain=("b > 0, or a = 0", lambda a, b: b > 0),
    samples=((-3, 3), (0.2, 4)),
    weight=13,
    numpy=("_xlogy({0}, {1})", "def _xlogy(a, b):\n    return a * np.log(np.where(a == 0, 1, b))"),
    math=("_xlogy({0}, {1})", "def _xlogy(a, b):\n    return a * (math.log(b) if b else -math.inf) if a else 0.0"),
    c=("xlogy({0}, {1})", c_code.XLOGY),
    array_api=("_xlogy(xp, {0}, {1})", (array_api_code.XLOGY,)),
    sympy=lambda s, a, b: select(s, s.Eq(a, 0), s.Integer(0), a * s.log(b)),
    mpmath=MpmathForm((0, 1)),
)
pow = binary(
    "pow",
    (lambda y, a, b: _by_base(a, b), lambda y, a, b: _by_exponent(y, a, b)),
    doc="The power a**b.",
    infix="**",
    precedence=8,
    domain=("a > 0, or b a whole number (positive where a = 0)", lambda a, b: a > 0),
    samples=((0.3, 3), (-2, 2)),
    rule="power rule",
    local=_local_pow,
    fold=_power,
    degree=_times_exponent,
    bounds=iv.pow_,
    numpy=operator_code("**", "power"),
    math="math.pow({0}, {1})",
    c=CCode("pow({0}, {1})", vector=VECTOR),
    latex=LatexForm("{0:base}^{{1}}", "power", matrix=(r"{0:base}^{\odot {1:any}}", "power")),
    sympy=lambda s, a, b: a**b,
    mpmath=MpmathForm((0,)),
)
sqrt = unary(
    "sqrt",
    lambda y, x: over(2 * y),
    doc="The square root.",
    domain=("x >= 0", lambda x: x >= 0),
    samples=(0.2, 4),
    weight=4,
    bounds=lambda x: iv.increasing(math.sqrt)(x).within(iv.Interval(0.0)),
    array_api="sqrt",
    latex=r"\sqrt{{0}}",
    sympy="sqrt",
    mpmath=MpmathForm((0,)),
)
cbrt = unary(
    "cbrt",
    lambda y, x: over(3 * y**2),
    doc="The real cube root.",
    samples=(0.2, 4),
    odd=True,
    bounds=iv.increasing(lambda x: math.copysign(builtins.abs(x) ** (1 / 3), x)),
    c=CCode(vector=VECTOR),
    array_api=("_cbrt(xp, {0})", (array_api_code.CBRT,)),
    latex=r"\sqrt[3]{{0}}",
    sympy=(lambda s, x: s.sign(x) * s.Abs(x) ** s.Rational(1, 3), {"Cbrt": None}),
    mpmath=MpmathForm((0,)),
)
hypot = binary(
    "hypot",
    (lambda y, a, b: lambda t: t * (a / y), lambda y, a, b: lambda t: t * (b / y)),
    doc="sqrt(a**2 + b**2), without overflow.",
    kink="a = b = 0: nan; 0 with kinks zero",
    sides=lambda y, a, b: tip(y, equal(y, 0), hypot(where(equal(y, 0), 1, a), b)),
    commutative=True,
    bounds=iv.fixed(0.0, math.inf),
    c=CCode(vector=VECTOR),
    array_api="hypot",
    sympy=(lambda s, a, b: s.sqrt(a**2 + b**2), {"hypot": None}),
    mpmath=MpmathForm((0, 1)),
)
power_derivative = nary(
    "power_derivative",
    (
        None,
        None,
        lambda y, n, m, a, b: power_derivative(n + 1, m, a, b),
        lambda y, n, m, a, b: power_derivative(n, m + 1, a, b),
    ),
    doc="a**b differentiated n times by a and m times by b, right where a = 0 too.",
    domain="n, m = 0, 1, 2, ... fixed",
    samples=((1, 1), (1, 1), (0.3, 3), (-2, 2)),
    local=_local_power_derivative,
    weight=20,
    numpy=("_power_derivative({0}, {1}, {2}, {3})", python_code.POWER_DERIVATIVE),
    math=("_power_derivative({0}, {1}, {2}, {3})", python_code.POWER_DERIVATIVE_MATH),
    c=("power_derivative({0}, {1}, {2}, {3})", c_code.POWER_DERIVATIVE),
    array_api=(array_api_code.power_derivative, (array_api_code.POWER_DERIVATIVE,)),
    sympy=sympy_power_derivative,
    mpmath=MpmathForm((2,), _precise_power_derivative),
)
