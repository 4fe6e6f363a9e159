"""Activations and special functions, one declaration each.

A partial is a function of the output and the arguments (see :mod:`symdiff.ops.kinds`). Formulas:
Abramowitz and Stegun, Handbook of Mathematical Functions (1964), chapters 4, 6 and 7, where not elementary.
"""

from __future__ import annotations

import math

from ..graph.leaves import const
from . import array_api_code, c_code, python_code
from . import intervals as iv
from .arithmetic import PI
from .kinds import binary, mask, unary
from .logic import where
from .powers import exp, expm1, sqrt
from .sides import around_zero
from .sympy_code import select
from .targets import VECTOR, CCode, MpmathForm, NumpyCode

sigmoid = unary(
    "sigmoid",
    lambda y, x: y * (1 - y),
    doc="The logistic function 1/(1 + exp(-x)).",
    aliases=("expit", "logistic"),
    bounds=iv.fixed(0.0, 1.0, True, True),
    numpy=NumpyCode("_sigmoid({0})", python_code.SIGMOID, python_code.SIGMOID_STEPS),
    math=(
        "_sigmoid({0})",
        "def _sigmoid(x):\n    e = math.exp(-abs(x))\n    return (1.0 if x >= 0 else e) / (1.0 + e)",
    ),
    c=("sigmoid({0})", c_code.SIGMOID),
    array_api=("_sigmoid(xp, {0})", (array_api_code.SIGMOID,)),
    latex=r"\sigma\left({0}\right)",
    sympy=lambda s, x: 1 / (s.exp(-x) + 1),
)
softplus = unary(
    "softplus",
    lambda y, x: sigmoid(x),
    doc="log(1 + exp(x)), without overflow.",
    bounds=iv.fixed(0.0, math.inf, True),
    numpy="np.logaddexp({0}, 0)",
    math=("_softplus({0})", "def _softplus(x):\n    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))"),
    c=("softplus({0})", c_code.SOFTPLUS),
    array_api=("_softplus(xp, {0})", (array_api_code.SOFTPLUS,)),
    sympy=lambda s, x: s.log(s.exp(x) + 1),
)
logaddexp = binary(
    "logaddexp",
    (lambda y, a, b: sigmoid(a - b), lambda y, a, b: sigmoid(b - a)),
    doc="log(exp(a) + exp(b)), without overflow.",
    commutative=True,
    math=(
        "_logaddexp({0}, {1})",
        "def _logaddexp(a, b):\n    return a if a == b == -math.inf else max(a, b) + math.log1p(math.exp(-abs(a - b)))",
    ),
    c=("logaddexp({0}, {1})", c_code.LOGADDEXP),
    array_api="logaddexp",
    sympy=lambda s, a, b: s.log(s.exp(a) + s.exp(b)),
)
relu = unary(
    "relu",
    lambda y, x: mask(x > 0),
    doc="The larger of x and 0.",
    kink="x = 0: 0",
    sides=around_zero(lambda x: 0, lambda x: x),
    gate="relu passes or stops",
    weight=1,
    bounds=lambda x: iv.larger(x, iv.Interval(0.0, 0.0, whole=True)),
    numpy="np.maximum({0}, 0)",
    math="max({0}, 0.0)",
    c=("maximum({0}, 0)", c_code.MAXIMUM),
    array_api="xp.clip({0}, 0, None)",
    sympy=lambda s, x: s.Max(x, 0),
    mpmath=MpmathForm((0,)),
)
leaky_relu = unary(
    "leaky_relu",
    lambda y, x: lambda t: where(x >= 0, t, t * 0.01),
    doc="x where x >= 0, else 0.01*x.",
    kink="x = 0: 1, the derivative of the side x >= 0",
    sides=around_zero(lambda x: x * 0.01, lambda x: x),
    weight=1,
    numpy=NumpyCode(
        "np.where({0} >= 0, {0}, 0.01*{0})",
        "",
        ("np.multiply({0}, 0.01, {out})", "np.maximum({0}, {out}, out={out})"),
        False,
    ),
    math="({0} if {0} >= 0 else 0.01*{0})",
    c=("leaky_relu({0})", c_code.LEAKY_RELU),
    sympy=lambda s, x: select(s, s.Gt(x, 0), x, s.Float(0.01, 17) * x),
)
elu = unary(
    "elu",
    lambda y, x: lambda t: where(x > 0, t, t * (y + 1)),
    doc="x where x > 0, else exp(x) - 1.",
    kink=python_code.ELU_KINK,
    sides=around_zero(lambda x: expm1(x), lambda x: x),
    numpy="np.where({0} > 0, {0}, np.expm1(np.minimum({0}, 0)))",
    math="({0} if {0} > 0 else math.expm1({0}))",
    c=("elu({0})", c_code.ELU),
    array_api="xp.where({0} > 0, {0}, xp.expm1(xp.clip({0}, None, 0)))",
    sympy=lambda s, x: select(s, s.Gt(x, 0), x, s.exp(x) - 1),
)
gelu = unary(
    "gelu",
    lambda y, x: erfc(-x / sqrt(const(2))) / 2 + x * exp(-(x**2) / 2) / sqrt(2 * PI()),
    doc="x times the distribution function of the standard normal distribution at x.",
    numpy="0.5*{0}*special.erfc(-0.7071067811865476*{0})",
    math="0.5*{0}*math.erfc(-{0}/math.sqrt(2))",
    c=("gelu({0})", c_code.GELU),
    sympy=lambda s, x: x * s.erfc(-x / s.sqrt(2)) / 2,
)
erf = unary(
    "erf",
    lambda y, x: 2 / sqrt(PI()) * exp(-(x**2)),
    doc="The error function 2/sqrt(pi) times the integral of exp(-t**2) for t from 0 to x.",
    odd=True,
    bounds=iv.increasing(math.erf, -1.0, 1.0),
    numpy="special.erf({0})",
    c=CCode(vector=VECTOR),
    sympy="erf",
)
erfc = unary(
    "erfc",
    lambda y, x: -2 / sqrt(PI()) * exp(-(x**2)),
    doc="The complementary error function 1 - erf(x), accurate also for large x.",
    bounds=iv.fixed(0.0, 2.0, True, True),
    numpy="special.erfc({0})",
    sympy="erfc",
)
gamma = unary(
    "gamma",
    lambda y, x: y * digamma(x),
    doc="The gamma function; gamma(n + 1) is n!.",
    domain="x not 0, -1, -2, ...",
    samples=(0.3, 4),
    numpy="special.gamma({0})",
    c="tgamma({0})",
    latex=r"\Gamma\left({0}\right)",
    sympy="gamma",
)
gammaln = unary(
    "gammaln",
    lambda y, x: digamma(x),
    doc="The logarithm of the absolute value of the gamma function.",
    aliases=("loggamma", "lgamma"),
    domain=("x > 0", lambda x: x > 0),
    samples=(0.3, 4),
    bounds=iv.fixed(-0.1215, math.inf),
    numpy="special.gammaln({0})",
    math="math.lgamma({0})",
    latex=r"\log\left|\Gamma\left({0}\right)\right|",
    sympy="loggamma",
)
digamma = unary(
    "digamma",
    lambda y, x: polygamma(1, x),
    doc="The derivative of log(gamma(x)).",
    aliases=("psi",),
    domain="x not 0, -1, -2, ...",
    samples=(0.3, 4),
    numpy="special.digamma({0})",
    math=None,
    latex=r"\psi\left({0}\right)",
    sympy="digamma",
)
polygamma = binary(
    "polygamma",
    (None, lambda y, n, x: polygamma(n + 1, x)),
    doc="The n-th derivative of digamma.",
    domain="n = 0, 1, 2, ... fixed; x > 0",
    samples=((1, 1), (0.3, 4)),
    numpy="special.polygamma({0}, {1})",
    math=None,
    latex=r"\psi^{\left({0}\right)}\left({1}\right)",
    sympy=("polygamma", {"polygamma": lambda s, op, n, x: digamma(x) if s.args[0] == 0 else op(n, x)}),
)
