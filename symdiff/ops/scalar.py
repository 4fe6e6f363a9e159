"""The elementwise operations, one row each: name, partials, code, domain, kinks, traits.

A partial is a function of the output and the arguments (see :mod:`symdiff.ops.kinds`). Formulas:
Abramowitz and Stegun, Handbook of Mathematical Functions (1964), chapters 4, 6 and 7, where not elementary.
"""

from __future__ import annotations

import builtins
import math
from fractions import Fraction
from typing import Any

from ..graph.limits import check
from ..graph.node import CONST, Node, Number, Op, const, is_const, make
from ..graph.order import without_variables
from . import c_code, python_code, standard
from . import intervals as iv
from .kinds import Map, binary, comparison, mask, nary, over, unary, unbroadcast
from .sides import around_tie, around_zero, jump, tip
from .targets import NumpyCode

#: Whole powers of constants fold while the result has fewer bits than this.
MAX_BITS = 256


def _quotient(a: Number, b: Number) -> Number:
    """Exact for whole numbers and ratios, floating otherwise."""
    return Fraction(a, b) if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)) else a / b


def _power(a: Any, b: Any) -> Number | None:
    """Exact for whole exponents of moderate size; floating only where an argument is."""
    check("exponents", builtins.abs(b))
    if isinstance(a, float) or isinstance(b, float):
        return float(a) ** float(b) if a > 0 or b == int(b) else None
    if isinstance(b, Fraction):
        return None
    size = max(builtins.abs(a.numerator), a.denominator).bit_length()
    return Fraction(a) ** b if size * builtins.abs(b) <= MAX_BITS else None


# -- local identities: each holds for every floating-point value (up to the sign of a zero) ------------------------


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


def _local_pow(a: Node, b: Node) -> Node | None:
    """a**1 = a, a**0 = 1, 1**b = 1: so defines IEEE 754, even for NaN."""
    if b.op is CONST:
        check("exponents", builtins.abs(b.value))  # type: ignore[arg-type]
    if is_const(b, 1):
        return a
    return const(1) if is_const(b, 0) or is_const(a, 1) else None


def _local_neg(x: Node) -> Node | None:
    """--x = x, -(a - b) = b - a, -(c*x) = (-c)*x, -(c/x) = (-c)/x."""
    if x.op is neg:
        return x.args[0]
    if x.op is sub:
        return x.args[1] - x.args[0]
    if x.op in (mul, div) and (first := unbroadcast(x.args[0])).op is CONST:
        return x.op(const(-first.value), x.args[1])
    return None


def _local_where(condition: Node, a: Node, b: Node) -> Node | None:
    if condition.op is CONST:
        return a if condition.value else b
    return a if a is b else None


def _local_and(a: Node, b: Node) -> Node | None:
    for one, other in ((a, b), (b, a)):
        if one.op is CONST:
            return other if one.value else const(False)
    return a if a is b else None


def _local_or(a: Node, b: Node) -> Node | None:
    for one, other in ((a, b), (b, a)):
        if one.op is CONST:
            return const(True) if one.value else other
        if one.op is logical_not and one.args[0] is other:
            return const(True)
    return a if a is b else None


def _local_not(x: Node) -> Node | None:
    return x.args[0] if x.op is logical_not else None


# -- degrees as polynomials, for the order of terms ----------------------------------------------------------------


def _highest(node: Node, degrees: list[float]) -> float:
    return max(degrees)


def _times_exponent(node: Node, degrees: list[float]) -> float:
    return degrees[0] * float(node.args[1].value) if node.args[1].op is CONST else 0.0


# -- maps that several rows use ------------------------------------------------------------------------------------


def _by_sign(x: Node) -> Map:
    """t where x > 0, -t where x < 0, 0 at 0."""
    return lambda t: where(x > 0, t, where(x < 0, -t, 0))


def _zero_wins(slope: Node, t: Node) -> Node:
    """slope*t, 0 where slope is 0 and t infinite: the limit of a power times a logarithm at 0."""
    if t.op is CONST:
        return slope * t
    return where(logical_and(equal(slope, 0), equal(abs(t), math.inf)), 0, slope * t)


def _spherical_slope(n: Node, x: Node) -> Node:
    """The recurrence that divides by no x: (2n + 1) j_n' = n j_(n-1) - (n + 1) j_(n+1), A&S 10.1.20."""
    order = int(n.value)
    if order == 0:
        return -spherical_jn(1, x)
    return (order * spherical_jn(order - 1, x) - (order + 1) * spherical_jn(order + 1, x)) / (2 * order + 1)


def _by_base(a: Node, b: Node) -> Node | Map:
    """b*a**(b - 1) for a**b, 0 where b is 0."""
    if b.op is not CONST and without_variables(b):
        return b * a ** (b - 1)
    slope = b * a ** where(equal(b, 0), 1, b - 1)
    return slope if b.op is CONST else lambda t: _zero_wins(slope, t)


def _by_exponent(y: Node, a: Node) -> Node | Map:
    """y*log(a) for y = a**b, 0 where y is 0."""
    if a.op is PI or (a.op is CONST and a.value > 0):
        return y * log(a)
    return lambda t: _zero_wins(xlogy(y, a), t)


def _chosen(a: Node, b: Node) -> Map:
    """t where a > b, half of it at a tie."""
    return lambda t: where(a > b, t, where(equal(a, b), t / 2, 0))


# fmt: off
PI = Op("pi", 0, build=lambda op: make(op, ()), numpy="np.pi", math="math.pi", latex=r"\pi", sympy="pi",
        bounds=lambda: iv.Interval(math.pi, math.nextafter(math.pi, 4)))

# -- arithmetic ----------------------------------------------------------------------------------------------------
add = binary("add", (lambda y, a, b: 1, lambda y, a, b: 1), infix="+", precedence=5, commutative=True,
             rule="sum rule", gate="add distributes", local=_local_add, fold=lambda a, b: a + b, degree=_highest, bounds=iv.add, weight=1)
sub = binary("sub", (lambda y, a, b: 1, lambda y, a, b: -1), infix="-", precedence=5,
             rule="difference rule", gate="subtract distributes, the right with a minus", local=_local_sub, fold=lambda a, b: a - b, degree=_highest, bounds=lambda a, b: iv.add(a, iv.neg(b)), weight=1)
mul = binary("mul", (lambda y, a, b: b, lambda y, a, b: a), infix="*", precedence=6, commutative=True,
             rule="product rule", gate="multiply switches", local=_local_mul, fold=lambda a, b: a * b, degree=lambda node, d: sum(d), bounds=iv.mul, weight=1)
div = binary("div", (lambda y, a, b: over(b), lambda y, a, b: lambda t: -(t / b * y)), infix="/", precedence=6,
             domain="b != 0", samples=((-3, 3), (0.5, 3)), local=_local_div, fold=_quotient,
             rule="quotient rule", degree=lambda node, d: d[0] - d[1], bounds=lambda a, b: iv.mul(a, iv.inverse(b)), weight=4)
mod = binary("mod", (lambda y, a, b: 1, lambda y, a, b: -floor(a / b)), infix="%", precedence=6,
             domain="b != 0", kink="where a/b is a whole number: the derivative of the right side",
             sides=jump(lambda a, b: equal(a / b, floor(a / b))),
             samples=((-3, 3), (0.5, 3)), fold=lambda a, b: a % b,
             c=("modulo({0}, {1})", c_code.MODULO), weight=4)
neg = unary("neg", lambda y, x: -1, numpy="-{0}", math="-{0}", prefix="-", precedence=7, odd=True,
            rule="factor rule", gate="minus turns the sign", local=_local_neg, fold=lambda x: -x, special=True, degree=_highest, bounds=iv.neg, weight=0.5)
pow = binary("pow", (lambda y, a, b: _by_base(a, b),
                     lambda y, a, b: _by_exponent(y, a)), infix="**", precedence=8, math="math.pow({0}, {1})",
             domain="a > 0, or b a whole number (positive where a = 0)", samples=((0.3, 3), (-2, 2)),
             rule="power rule", local=_local_pow, fold=_power, degree=_times_exponent,
             c="pow({0}, {1})", bounds=iv.pow_)

# -- comparisons, logic and selection ------------------------------------------------------------------------------
less          = comparison("less", "<", lambda a, b: a < b)
less_equal    = comparison("less_equal", "<=", lambda a, b: a <= b)
greater       = comparison("greater", ">", lambda a, b: a > b)
greater_equal = comparison("greater_equal", ">=", lambda a, b: a >= b)
equal         = comparison("equal", "==", lambda a, b: a == b)
not_equal     = comparison("not_equal", "!=", lambda a, b: a != b)
logical_and = binary("logical_and", (None, None), infix="&", precedence=2, predicate=True, logical=2, math="bool({0} and {1})",
                     numpy="np.logical_and({0}, {1})", commutative=True, local=_local_and, domain="truth values",
                     c="({0} && {1})", weight=1)
logical_or  = binary("logical_or", (None, None), infix="|", precedence=1, predicate=True, logical=2, math="bool({0} or {1})",
                     numpy="np.logical_or({0}, {1})", commutative=True, local=_local_or, domain="truth values",
                     c="({0} || {1})", weight=1)
logical_not = unary("logical_not", None, prefix="~", precedence=3, predicate=True, logical=1, math="(not {0})",
                    numpy="np.logical_not({0})", local=_local_not, fold=lambda x: not x, domain="truth values",
                    c="!{0}", weight=1)
where = nary("where", (None, lambda y, c, a, b: mask(c), lambda y, c, a, b: lambda t: where(c, 0, t)),
                numpy="np.where({0}, {1}, {2})", math="({1} if {0} else {2})", logical=1, local=_local_where,
                domain="a where c holds, b elsewhere", kink="at the edge of c: the branch that is taken",
                gate="where routes to the branch that is taken", samples=((-3, 3), (-3, 3), (-3, 3)),
                c=("choose({0}, {1}, {2})", c_code.CHOOSE), bounds=lambda c, a, b: iv.hull(*iv.ends(a), *iv.ends(b), whole=a.whole and b.whole), weight=1)

# -- derivatives that are not those of the value ---------------------------------------------------------------------
stop_gradient = unary("stop_gradient", None, numpy="np.positive({0})", math="+{0}", domain="all real x: x, with derivative 0", surrogate=True,
                      c="+{0}", weight=0)
undefined = nary("undefined", (None, None, lambda y, c, n, x: undefined(c, n + 1, x)), logical=1,
                    numpy="np.where(np.logical_and({0}, {1}), np.nan, np.zeros_like({2}))", math="(math.nan if {0} and {1} else 0.0)",
                    array_api="xp.where(xp.logical_and({0}, {1} != 0), xp.full_like({2}, xp.nan), xp.zeros_like({2}))",
                    domain="n = 0, 1, 2, ... fixed: 0, with derivatives NaN where c holds", samples=((-3, 3), (0, 0), (-3, 3)), surrogate=True,
                    c=("choose({0} && {1} != 0, NAN, 0)", c_code.CHOOSE))
refused = nary("refused", (None, None, lambda y, c, n, x: refused(c, n + 1, x)), logical=1, numpy=("_refused({0}, {1}, {2})", python_code.REFUSED),
                  math=("_refused({0}, {1}, {2})", python_code.REFUSED_MATH),
                  domain="n = 0, 1, 2, ... fixed: 0, with derivatives that raise where c holds", samples=((-3, 3), (0, 0), (-3, 3)), surrogate=True)

# -- selection and rounding ----------------------------------------------------------------------------------------
minimum = binary("minimum", (lambda y, a, b: _chosen(b, a), lambda y, a, b: _chosen(a, b)), aliases=("Min",), sympy="Min",
                 math=("_minimum({0}, {1})", "def _minimum(a, b):\n    return a if a <= b or a != a else b"),
                 commutative=True, kink="a = b: half to each", sides=around_tie(larger=False),
                 gate="min routes", fold=min,
                 c=("minimum({0}, {1})", c_code.MINIMUM), bounds=lambda a, b: iv.neg(iv.larger(iv.neg(a), iv.neg(b))), weight=1)
maximum = binary("maximum", (lambda y, a, b: _chosen(a, b), lambda y, a, b: _chosen(b, a)), aliases=("Max",), sympy="Max",
                 math=("_maximum({0}, {1})", "def _maximum(a, b):\n    return a if a >= b or a != a else b"),
                 commutative=True, kink="a = b: half to each", sides=around_tie(larger=True),
                 gate="max routes", fold=max,
                 c=("maximum({0}, {1})", c_code.MAXIMUM), bounds=iv.larger, weight=1)
abs     = unary("abs", lambda y, x: _by_sign(x), math="abs({0})", aliases=("Abs", "fabs", "absolute"), even=True, sympy="Abs",
                kink="x = 0: 0", sides=around_zero(lambda x: -x, lambda x: x), gate="abs passes or turns the sign", fold=abs, latex=r"\left|{0}\right|",
                c="fabs({0})", bounds=iv.abs_, weight=1)
sign    = unary("sign", None, math=("_sign({0})", "def _sign(x):\n    return float((x > 0) - (x < 0))"),
                odd=True, sympy="sign", kink="derivative 0 everywhere", sides=jump(lambda x: equal(x, 0)), fold=lambda x: (x > 0) - (x < 0),
                c=("sign({0})", c_code.SIGN), bounds=iv.rounding(lambda x: (x > 0) - (x < 0)), weight=1)
floor   = unary("floor", None, math="float(math.floor({0}))", sympy="floor", kink="derivative 0 everywhere", sides=jump(lambda x: equal(x, floor(x))), fold=lambda x: math.floor(x) if not isinstance(x, float) else float(math.floor(x)),
                c="floor({0})", bounds=iv.rounding(math.floor), weight=1)
ceil    = unary("ceil", None, math="float(math.ceil({0}))", aliases=("ceiling",), sympy="ceiling", kink="derivative 0 everywhere", sides=jump(lambda x: equal(x, ceil(x))), fold=lambda x: math.ceil(x) if not isinstance(x, float) else float(math.ceil(x)),
                c="ceil({0})", bounds=iv.rounding(math.ceil), weight=1)


# -- exponentials and logarithms -----------------------------------------------------------------------------------
exp    = unary("exp",    lambda y, x: y, sympy="exp", bounds=iv.increasing(math.exp, 0.0))
expm1  = unary("expm1",  lambda y, x: y + 1, bounds=iv.increasing(math.expm1, -1.0))
exp2   = unary("exp2",   lambda y, x: y * log(const(2)), array_api="2 ** {0}", bounds=iv.increasing(lambda x: 2.0**x, 0.0))
log    = unary("log",    lambda y, x: over(x), aliases=("ln",), domain="x > 0", samples=(0.2, 4), sympy="log", bounds=iv.increasing(math.log))
log1p  = unary("log1p",  lambda y, x: over(x + 1), domain="x > -1", samples=(-0.8, 4), bounds=iv.increasing(math.log1p))
log2   = unary("log2",   lambda y, x: over(x * log(const(2))), domain="x > 0", samples=(0.2, 4), bounds=iv.increasing(math.log2))
log10  = unary("log10",  lambda y, x: over(x * log(const(10))), domain="x > 0", samples=(0.2, 4), bounds=iv.increasing(math.log10))
sqrt   = unary("sqrt",   lambda y, x: over(2 * y), domain="x >= 0", samples=(0.2, 4), sympy="sqrt", latex=r"\sqrt{{{0}}}", bounds=lambda x: iv.increasing(math.sqrt)(x).within(iv.Interval(0.0)), weight=4)
cbrt   = unary("cbrt",   lambda y, x: over(3 * y**2), odd=True, samples=(0.2, 4), latex=r"\sqrt[3]{{{0}}}",
               array_api=("_cbrt(xp, {0})", (standard.CBRT,)), bounds=iv.increasing(lambda x: math.copysign(builtins.abs(x) ** (1 / 3), x)))
difference_of_products = nary("difference_of_products", (lambda y, a, b, c, d: b, lambda y, a, b, c, d: a, lambda y, a, b, c, d: lambda t: -(t * d), lambda y, a, b, c, d: lambda t: -(t * c)),
                                 numpy=("_difference_of_products({0}, {1}, {2}, {3})", python_code.DIFFERENCE_OF_PRODUCTS), domain="all real a, b, c, d: a*b - c*d, also where the products nearly cancel",
                                 math=("_difference_of_products({0}, {1}, {2}, {3})", python_code.DIFFERENCE_OF_PRODUCTS_MATH), samples=((-3, 3),) * 4,
                                 c=("difference_of_products({0}, {1}, {2}, {3})", c_code.DIFFERENCE_OF_PRODUCTS), weight=5)
hypot  = binary("hypot", (lambda y, a, b: lambda t: t * (a / y), lambda y, a, b: lambda t: t * (b / y)), commutative=True,
                kink="a = b = 0: nan; 0 with kinks zero", sides=lambda y, a, b: tip(y, equal(y, 0), hypot(where(equal(y, 0), 1, a), b)), bounds=iv.fixed(0.0, math.inf))

# -- circular functions --------------------------------------------------------------------------------------------
sin    = unary("sin",    lambda y, x: cos(x), odd=True, sympy="sin", bounds=iv.fixed(-1.0, 1.0))
cos    = unary("cos",    lambda y, x: -sin(x), even=True, sympy="cos", bounds=iv.fixed(-1.0, 1.0))
tan    = unary("tan",    lambda y, x: y**2 + 1, odd=True, sympy="tan", domain="cos(x) != 0", samples=(-1.2, 1.2))
arcsin = unary("arcsin", lambda y, x: over(sqrt(1 - x**2)), math="math.asin({0})", aliases=("asin",), odd=True, sympy="asin",
               domain="-1 <= x <= 1", samples=(-0.9, 0.9), bounds=iv.fixed(-math.nextafter(math.pi / 2, 2), math.nextafter(math.pi / 2, 2)))
arccos = unary("arccos", lambda y, x: lambda t: -(t / sqrt(1 - x**2)), math="math.acos({0})", aliases=("acos",), sympy="acos",
               domain="-1 <= x <= 1", samples=(-0.9, 0.9), bounds=iv.fixed(0.0, math.nextafter(math.pi, 4)))
arctan = unary("arctan", lambda y, x: over(x**2 + 1), math="math.atan({0})", aliases=("atan",), odd=True, sympy="atan", bounds=iv.fixed(-math.nextafter(math.pi / 2, 2), math.nextafter(math.pi / 2, 2), True, True))
arctan2 = binary("arctan2", (lambda y, a, b: lambda t: t * (b / (a**2 + b**2)), lambda y, a, b: lambda t: -(t * (a / (a**2 + b**2)))),
                 math="math.atan2({0}, {1})", aliases=("atan2",), sympy="atan2", domain="(a, b) != (0, 0)",
                 samples=((0.3, 3), (-3, 3)), kink="no derivative across a = 0 where b < 0 is needed: the value jumps there", bounds=iv.fixed(-math.nextafter(math.pi, 4), math.nextafter(math.pi, 4)))

# -- hyperbolic functions ------------------------------------------------------------------------------------------
sinh    = unary("sinh",    lambda y, x: cosh(x), odd=True, sympy="sinh", bounds=iv.increasing(math.sinh))
cosh    = unary("cosh",    lambda y, x: sinh(x), even=True, sympy="cosh", bounds=iv.fixed(1.0, math.inf))
tanh    = unary("tanh",    lambda y, x: 1 - y**2, odd=True, sympy="tanh", bounds=iv.increasing(math.tanh, -1.0, 1.0))
arcsinh = unary("arcsinh", lambda y, x: over(sqrt(x**2 + 1)), math="math.asinh({0})", aliases=("asinh",), odd=True, sympy="asinh", bounds=iv.increasing(math.asinh))
arccosh = unary("arccosh", lambda y, x: over(sqrt(x - 1) * sqrt(x + 1)), math="math.acosh({0})", aliases=("acosh",), sympy="acosh",
                domain="x >= 1", samples=(1.2, 4), bounds=iv.fixed(0.0, math.inf))
arctanh = unary("arctanh", lambda y, x: over(1 - x**2), math="math.atanh({0})", aliases=("atanh",), odd=True, sympy="atanh",
                domain="-1 < x < 1", samples=(-0.9, 0.9), bounds=iv.increasing(math.atanh))

# -- signal and model functions ------------------------------------------------------------------------------------
sinc = unary("sinc", lambda y, x: sinc_derivative(1, x), even=True, math=("_sinc({0})", "def _sinc(x):\n    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0"),
             domain="all real x: sin(pi*x)/(pi*x)", array_api=("_sinc(xp, {0})", (standard.SINC,)),
             c=("sinc({0})", c_code.SINC))
sinc_derivative = binary("sinc_derivative", (None, lambda y, n, x: sinc_derivative(n + 1, x)), numpy=("_sinc_derivative({0}, {1})", python_code.SINC_DERIVATIVE),
                         math=("_sinc_derivative({0}, {1})", python_code.SINC_DERIVATIVE_MATH),
                         domain="n = 0, 1, 2, ... fixed: the n-th derivative of sinc", samples=((1, 1), (-3, 3)),
                         c=("sinc_derivative({0}, {1})", c_code.SINC_DERIVATIVE))
spherical_jn = binary("spherical_jn", (None, lambda y, n, x: _spherical_slope(n, x)), numpy=("_spherical_jn({0}, {1})", python_code.SPHERICAL),
                      math=("_spherical_jn({0}, {1})", python_code.SPHERICAL_MATH), samples=((1, 1), (-3, 3)),
                      array_api=(standard.spherical, (standard.SPHERICAL,)), c=("spherical_jn({0}, {1})", c_code.SPHERICAL),
                      domain="n = 0, 1, 2, ... fixed: the spherical Bessel function; n = 0: sin(x)/x, 1 at 0")
sigmoid = unary("sigmoid", lambda y, x: y * (1 - y), numpy=NumpyCode("_sigmoid({0})", python_code.SIGMOID, python_code.SIGMOID_STEPS), math=("_sigmoid({0})", "def _sigmoid(x):\n    e = math.exp(-abs(x))\n    return (1.0 if x >= 0 else e) / (1.0 + e)"), aliases=("expit", "logistic"),
                latex=r"\sigma\left({0}\right)", domain="all real x: 1/(1 + exp(-x))",
                array_api=("_sigmoid(xp, {0})", (standard.SIGMOID,)),
                c=("sigmoid({0})", c_code.SIGMOID), bounds=iv.fixed(0.0, 1.0, True, True))
softplus = unary("softplus", lambda y, x: sigmoid(x), numpy="np.logaddexp({0}, 0)", domain="all real x: log(1 + exp(x))",
                 math=("_softplus({0})", "def _softplus(x):\n    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))"),
                 array_api=("_softplus(xp, {0})", (standard.SOFTPLUS,)),
                 c=("softplus({0})", c_code.SOFTPLUS), bounds=iv.fixed(0.0, math.inf, True))
relu = unary("relu", lambda y, x: mask(x > 0), numpy="np.maximum({0}, 0)", math="max({0}, 0.0)", kink="x = 0: 0", sides=around_zero(lambda x: 0, lambda x: x),
             gate="relu passes or stops", domain="all real x: max(x, 0)", array_api="xp.clip({0}, 0, None)",
             c=("maximum({0}, 0)", c_code.MAXIMUM), bounds=lambda x: iv.larger(x, iv.Interval(0.0, 0.0, whole=True)), weight=1)
leaky_relu = unary("leaky_relu", lambda y, x: lambda t: where(x >= 0, t, t * 0.01), numpy=NumpyCode("np.where({0} >= 0, {0}, 0.01*{0})", "", ("np.multiply({0}, 0.01, {out})", "np.maximum({0}, {out}, out={out})"), False),
                   math="({0} if {0} >= 0 else 0.01*{0})", kink="x = 0: 1, the derivative of the side x >= 0",
                   sides=around_zero(lambda x: x * 0.01, lambda x: x),
                   domain="all real x: x where x >= 0, else 0.01*x",
                   c=("leaky_relu({0})", c_code.LEAKY_RELU), weight=1)
elu = unary("elu", lambda y, x: lambda t: where(x > 0, t, t * (y + 1)), numpy="np.where({0} > 0, {0}, np.expm1(np.minimum({0}, 0)))",
            math="({0} if {0} > 0 else math.expm1({0}))", kink=python_code.ELU_KINK, sides=around_zero(lambda x: expm1(x), lambda x: x), domain="all real x: x where x > 0, else exp(x) - 1",
            array_api="xp.where({0} > 0, {0}, xp.expm1(xp.clip({0}, None, 0)))",
            c=("elu({0})", c_code.ELU))
gelu = unary("gelu", lambda y, x: erfc(-x / sqrt(const(2))) / 2 + x * exp(-(x**2) / 2) / sqrt(2 * PI()),
             numpy="0.5*{0}*special.erfc(-0.7071067811865476*{0})", math="0.5*{0}*math.erfc(-{0}/math.sqrt(2))",
             domain="all real x: x times the normal distribution function",
             c=("gelu({0})", c_code.GELU))
logaddexp = binary("logaddexp", (lambda y, a, b: sigmoid(a - b), lambda y, a, b: sigmoid(b - a)), commutative=True,
                   math=("_logaddexp({0}, {1})", "def _logaddexp(a, b):\n    return a if a == b == -math.inf else max(a, b) + math.log1p(math.exp(-abs(a - b)))"),
                   c=("logaddexp({0}, {1})", c_code.LOGADDEXP))
xlogy = binary("xlogy", (lambda y, a, b: lambda t: xlogy(t, b), lambda y, a, b: lambda t: where(equal(a, 0), 0, t * (a / b))),
               numpy=("_xlogy({0}, {1})", "def _xlogy(a, b):\n    return a * np.log(np.where(a == 0, 1, b))"),
               math=("_xlogy({0}, {1})", "def _xlogy(a, b):\n    return a * (math.log(b) if b else -math.inf) if a else 0.0"),
               domain="b > 0, or a = 0: a*log(b), 0 where a = 0", samples=((-3, 3), (0.2, 4)),
               array_api=("_xlogy(xp, {0}, {1})", (standard.XLOGY,)),
               c=("xlogy({0}, {1})", c_code.XLOGY), weight=13)

# -- special functions (SciPy) -------------------------------------------------------------------------------------
erf   = unary("erf",  lambda y, x: 2 / sqrt(PI()) * exp(-(x**2)), numpy="special.erf({0})", odd=True, sympy="erf", bounds=iv.increasing(math.erf, -1.0, 1.0))
erfc  = unary("erfc", lambda y, x: -2 / sqrt(PI()) * exp(-(x**2)), numpy="special.erfc({0})", sympy="erfc", bounds=iv.fixed(0.0, 2.0, True, True))
gamma = unary("gamma", lambda y, x: y * digamma(x), numpy="special.gamma({0})", domain="x not 0, -1, -2, ...", samples=(0.3, 4), sympy="gamma",
              latex=r"\Gamma\left({0}\right)",
              c="tgamma({0})")
gammaln = unary("gammaln", lambda y, x: digamma(x), numpy="special.gammaln({0})", math="math.lgamma({0})", aliases=("loggamma", "lgamma"),
                domain="x > 0", samples=(0.3, 4), sympy="loggamma", bounds=iv.fixed(-0.1215, math.inf))
digamma = unary("digamma", lambda y, x: polygamma(1, x), numpy="special.digamma({0})", math=None, domain="x not 0, -1, -2, ...", samples=(0.3, 4),
                sympy="digamma", latex=r"\psi\left({0}\right)", aliases=("psi",))
polygamma = binary("polygamma", (None, lambda y, n, x: polygamma(n + 1, x)), numpy="special.polygamma({0}, {1})", math=None,
                   domain="n = 0, 1, 2, ... fixed; x > 0", samples=((1, 1), (0.3, 4)), sympy="polygamma")
# fmt: on
