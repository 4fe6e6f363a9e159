"""The public names of symdiff.

Each import stands on a line of its own: ``__init__.py`` executes it when the name is first used.
"""

from .check.accuracy import check_accuracy as check_accuracy
from .check.audit.audit import audit as audit
from .check.gradients import check_grads as check_grads
from .check.graph import check_graph as check_graph
from .compiler.counts import count_code as count_code
from .compiler.counts import count_ops as count_ops
from .compiler.evaluation import evaluate as evaluate
from .compiler.functions import compile as compile
from .compiler.functions import source as source
from .compiler.plan import plan as plan
from .differentiate.kinks import kinks as kinks
from .differentiate.kinks import with_kinks as with_kinks
from .differentiate.passes import diff as diff
from .differentiate.passes import grad as grad
from .differentiate.passes import hvp as hvp
from .differentiate.passes import jvp as jvp
from .differentiate.passes import vjp as vjp
from .explanations import plots as plots
from .explanations.drawing.draw import draw as draw
from .explanations.explain import explain as explain
from .graph.errors import CheckError as CheckError
from .graph.errors import DomainError as DomainError
from .graph.errors import LimitError as LimitError
from .graph.errors import ParseError as ParseError
from .graph.errors import ShapeError as ShapeError
from .graph.errors import SymdiffError as SymdiffError
from .graph.errors import UnsupportedError as UnsupportedError
from .graph.leaves import CONST as Const
from .graph.leaves import VAR as Var
from .graph.leaves import const as const
from .graph.leaves import symbol as symbol
from .graph.leaves import symbols as symbols
from .graph.limits import limits as limits
from .graph.node import Node as Node
from .graph.node import Op as Op
from .graph.node import Operand
from .graph.traversal import substitute as substitute
from .graph.traversal import variables as variables
from .jacobians.dense import DenseHessian as DenseHessian
from .jacobians.hessians import flatten as flatten
from .jacobians.hessians import hessian as hessian
from .jacobians.hessians import jacobian as jacobian
from .jacobians.hessians import unflatten as unflatten
from .jacobians.hessians import value_and_jacobian as value_and_jacobian
from .jacobians.structured import Structured as Structured
from .models import curve_fit as curves
from .models import nn as nn
from .models import train as train
from .ops.composites import arccot as acot
from .ops.composites import arccot as arccot
from .ops.composites import arccoth as acoth
from .ops.composites import arccoth as arccoth
from .ops.composites import arccsc as acsc
from .ops.composites import arccsc as arccsc
from .ops.composites import arccsch as acsch
from .ops.composites import arccsch as arccsch
from .ops.composites import arcsec as arcsec
from .ops.composites import arcsec as asec
from .ops.composites import arcsech as arcsech
from .ops.composites import arcsech as asech
from .ops.composites import clip as clip
from .ops.composites import cot as cot
from .ops.composites import coth as coth
from .ops.composites import csc as csc
from .ops.composites import csch as csch
from .ops.composites import integer as integer
from .ops.composites import largest as Max
from .ops.composites import power as power
from .ops.composites import reciprocal as reciprocal
from .ops.composites import root as root
from .ops.composites import sec as sec
from .ops.composites import sech as sech
from .ops.composites import smallest as Min
from .ops.composites import square as square
from .ops.diagonals import diag as diag
from .ops.diagonals import trace as trace
from .ops.diagonals import tril as tril
from .ops.diagonals import triu as triu
from .ops.exponentials import log_softmax as log_softmax
from .ops.exponentials import logsumexp as logsumexp
from .ops.exponentials import softmax as softmax
from .ops.extrema import argmax as argmax
from .ops.extrema import max as max
from .ops.extrema import min as min
from .ops.filling import broadcast_to as broadcast_to
from .ops.filling import one_hot as one_hot
from .ops.filling import ones as ones
from .ops.filling import zeros as zeros
from .ops.gathering import places as places
from .ops.gathering import scatter_add as scatter_add
from .ops.indexing import index as index
from .ops.indexing import scatter as scatter
from .ops.kinds import binary as binary
from .ops.kinds import mask as mask
from .ops.kinds import nary as nary
from .ops.kinds import over as over
from .ops.kinds import structural as structural
from .ops.kinds import unary as unary
from .ops.matrices import cholesky as cholesky
from .ops.matrices import det as det
from .ops.matrices import inv as inv
from .ops.matrices import logdet as logdet
from .ops.matrices import solve as solve
from .ops.products import dot as dot
from .ops.products import einsum as einsum
from .ops.products import kron as kron
from .ops.products import matmul as matmul
from .ops.products import outer as outer
from .ops.rearranging import T as T
from .ops.rearranging import concatenate as concatenate
from .ops.rearranging import reshape as reshape
from .ops.rearranging import squeeze as squeeze
from .ops.rearranging import stack as stack
from .ops.rearranging import transpose as transpose
from .ops.running import cumsum as cumsum
from .ops.running import prod as prod
from .ops.running import product_of_others as product_of_others
from .ops.sizes import arange as arange
from .ops.sizes import eye as eye
from .ops.sizes import size as size
from .ops.sums import mean as mean
from .ops.sums import norm as norm
from .ops.sums import std as std
from .ops.sums import sum as sum
from .ops.sums import var as var
from .rules.assumptions import assume as assume
from .rules.assumptions import parse_where as parse_where
from .search.levels import simplify as simplify
from .search.levels import simplify_strategy as simplify_strategy
from .simplifier.stable import stable as stable
from .taylor import derivatives as derivatives
from .text.latex import to_latex as to_latex
from .text.parser import parse as parse
from .text.printer import show as show
from .text.sympy_bridge import from_sympy as from_sympy
from .text.sympy_bridge import sympy_assumptions as sympy_assumptions
from .text.sympy_bridge import to_networkx as to_networkx
from .text.sympy_bridge import to_sympy as to_sympy

__version__: str
pi: Node

# Written by tests/write_stub.py from the imports above and the declarations of the operations.

__all__ = [
    "Abs",
    "CheckError",
    "Const",
    "DenseHessian",
    "DomainError",
    "LimitError",
    "Max",
    "Min",
    "Mod",
    "Node",
    "Op",
    "ParseError",
    "ShapeError",
    "Structured",
    "SymdiffError",
    "T",
    "UnsupportedError",
    "Var",
    "__version__",
    "absolute",
    "acos",
    "acosh",
    "acot",
    "acoth",
    "acsc",
    "acsch",
    "add",
    "arange",
    "arccos",
    "arccosh",
    "arccot",
    "arccoth",
    "arccsc",
    "arccsch",
    "arcsec",
    "arcsech",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "asec",
    "asech",
    "asin",
    "asinh",
    "assume",
    "atan",
    "atan2",
    "atanh",
    "audit",
    "binary",
    "broadcast_to",
    "cbrt",
    "ceil",
    "ceiling",
    "check_accuracy",
    "check_grads",
    "check_graph",
    "cholesky",
    "clip",
    "concatenate",
    "const",
    "cos",
    "cosh",
    "cot",
    "coth",
    "count_code",
    "count_ops",
    "csc",
    "csch",
    "cumsum",
    "curves",
    "derivatives",
    "det",
    "diag",
    "diff",
    "difference_of_products",
    "digamma",
    "div",
    "dot",
    "draw",
    "einsum",
    "elu",
    "equal",
    "erf",
    "erfc",
    "evaluate",
    "exp",
    "exp2",
    "expit",
    "explain",
    "expm1",
    "eye",
    "fabs",
    "flatten",
    "floor",
    "from_sympy",
    "gamma",
    "gammaln",
    "gelu",
    "grad",
    "greater",
    "greater_equal",
    "hessian",
    "hvp",
    "hypot",
    "index",
    "integer",
    "inv",
    "jacobian",
    "jvp",
    "kinks",
    "kron",
    "leaky_relu",
    "less",
    "less_equal",
    "lgamma",
    "limits",
    "ln",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_softmax",
    "logaddexp",
    "logdet",
    "loggamma",
    "logical_and",
    "logical_not",
    "logical_or",
    "logistic",
    "logsumexp",
    "mask",
    "matmul",
    "maximum",
    "mean",
    "minimum",
    "mod",
    "mul",
    "nary",
    "neg",
    "nn",
    "norm",
    "not_equal",
    "one_hot",
    "ones",
    "outer",
    "over",
    "parse",
    "parse_where",
    "pi",
    "places",
    "plan",
    "plots",
    "polygamma",
    "power",
    "power_derivative",
    "prod",
    "product_of_others",
    "psi",
    "reciprocal",
    "refused",
    "relu",
    "reshape",
    "root",
    "scatter",
    "scatter_add",
    "sec",
    "sech",
    "show",
    "sigmoid",
    "sign",
    "simplify",
    "simplify_strategy",
    "sin",
    "sinc",
    "sinc_derivative",
    "sinh",
    "size",
    "softmax",
    "softplus",
    "solve",
    "source",
    "spherical_jn",
    "sqrt",
    "square",
    "squeeze",
    "stable",
    "stack",
    "std",
    "stop_gradient",
    "structural",
    "sub",
    "substitute",
    "symbol",
    "symbols",
    "sympy_assumptions",
    "tan",
    "tanh",
    "to_latex",
    "to_networkx",
    "to_sympy",
    "trace",
    "train",
    "transpose",
    "tril",
    "triu",
    "unary",
    "undefined",
    "unflatten",
    "value_and_jacobian",
    "var",
    "variables",
    "vjp",
    "where",
    "with_kinks",
    "xlogy",
    "zeros",
]

def less(a: Operand, b: Operand, /) -> Node:
    """Whether a < b. Domain: all real a, b."""

def less_equal(a: Operand, b: Operand, /) -> Node:
    """Whether a <= b. Domain: all real a, b."""

def greater(a: Operand, b: Operand, /) -> Node:
    """Whether a > b. Domain: all real a, b."""

def greater_equal(a: Operand, b: Operand, /) -> Node:
    """Whether a >= b. Domain: all real a, b."""

def equal(a: Operand, b: Operand, /) -> Node:
    """Whether a == b. Domain: all real a, b."""

def not_equal(a: Operand, b: Operand, /) -> Node:
    """Whether a != b. Domain: all real a, b."""

def logical_and(a: Operand, b: Operand, /) -> Node:
    """Whether a and b are both true. Domain: truth values."""

def logical_or(a: Operand, b: Operand, /) -> Node:
    """Whether a or b is true, or both. Domain: truth values."""

def logical_not(x: Operand, /) -> Node:
    """Whether x is false. Domain: truth values."""

def where(c: Operand, a: Operand, b: Operand, /) -> Node:
    """a where the condition c is true, b elsewhere. Domain: c a truth value, all real a, b."""

def stop_gradient(x: Operand, /) -> Node:
    """x itself, taken as a constant by differentiation. Domain: all real x."""

def undefined(c: Operand, n: Operand, x: Operand, /) -> Node:
    """0, with derivatives by x that are NaN where c holds; n is their order. Domain: n = 0, 1, 2, ... fixed."""

def refused(c: Operand, n: Operand, x: Operand, /) -> Node:
    """0, with derivatives by x that raise where c holds; n is their order. Domain: n = 0, 1, 2, ... fixed."""

def minimum(a: Operand, b: Operand, /) -> Node:
    """The smaller of a and b. Domain: all real a, b."""

def maximum(a: Operand, b: Operand, /) -> Node:
    """The larger of a and b. Domain: all real a, b."""

def abs(x: Operand, /) -> Node:
    """The absolute value. Domain: all real x."""

Abs = abs
fabs = abs
absolute = abs

def sign(x: Operand, /) -> Node:
    """-1, 0 or 1: the sign of x. Domain: all real x."""

def floor(x: Operand, /) -> Node:
    """The largest integer <= x. Domain: all real x."""

def ceil(x: Operand, /) -> Node:
    """The smallest integer >= x. Domain: all real x."""

ceiling = ceil

def add(a: Operand, b: Operand, /) -> Node:
    """The sum a + b. Domain: all real a, b."""

def sub(a: Operand, b: Operand, /) -> Node:
    """The difference a - b. Domain: all real a, b."""

def mul(a: Operand, b: Operand, /) -> Node:
    """The product a*b. Domain: all real a, b."""

def div(a: Operand, b: Operand, /) -> Node:
    """The quotient a/b. Domain: b != 0."""

def mod(a: Operand, b: Operand, /) -> Node:
    """The remainder a - b*floor(a/b), which has the sign of b. Domain: b != 0."""

Mod = mod

def neg(x: Operand, /) -> Node:
    """The negative -x. Domain: all real x."""

def difference_of_products(a: Operand, b: Operand, c: Operand, d: Operand, /) -> Node:
    """a*b - c*d, accurate also where the products nearly cancel. Domain: all real a, b, c, d."""

def exp(x: Operand, /) -> Node:
    """The exponential function. Domain: all real x."""

def expm1(x: Operand, /) -> Node:
    """exp(x) - 1, accurate also near x = 0. Domain: all real x."""

def exp2(x: Operand, /) -> Node:
    """The power 2**x. Domain: all real x."""

def log(x: Operand, /) -> Node:
    """The natural logarithm. Domain: x > 0."""

ln = log

def log1p(x: Operand, /) -> Node:
    """log(1 + x), accurate also near x = 0. Domain: x > -1."""

def log2(x: Operand, /) -> Node:
    """The logarithm to base 2. Domain: x > 0."""

def log10(x: Operand, /) -> Node:
    """The logarithm to base 10. Domain: x > 0."""

def xlogy(a: Operand, b: Operand, /) -> Node:
    """a*log(b), and 0 where a = 0. Domain: b > 0, or a = 0."""

def pow(a: Operand, b: Operand, /) -> Node:
    """The power a**b. Domain: a > 0, or b a whole number (positive where a = 0)."""

def sqrt(x: Operand, /) -> Node:
    """The square root. Domain: x >= 0."""

def cbrt(x: Operand, /) -> Node:
    """The real cube root. Domain: all real x."""

def hypot(a: Operand, b: Operand, /) -> Node:
    """sqrt(a**2 + b**2), without overflow. Domain: all real a, b."""

def power_derivative(n: Operand, m: Operand, a: Operand, b: Operand, /) -> Node:
    """a**b differentiated n times by a and m times by b, right where a = 0 too. Domain: n, m = 0, 1, 2, ... fixed."""

def sigmoid(x: Operand, /) -> Node:
    """The logistic function 1/(1 + exp(-x)). Domain: all real x."""

expit = sigmoid
logistic = sigmoid

def softplus(x: Operand, /) -> Node:
    """log(1 + exp(x)), without overflow. Domain: all real x."""

def logaddexp(a: Operand, b: Operand, /) -> Node:
    """log(exp(a) + exp(b)), without overflow. Domain: all real a, b."""

def relu(x: Operand, /) -> Node:
    """The larger of x and 0. Domain: all real x."""

def leaky_relu(x: Operand, /) -> Node:
    """x where x >= 0, else 0.01*x. Domain: all real x."""

def elu(x: Operand, /) -> Node:
    """x where x > 0, else exp(x) - 1. Domain: all real x."""

def gelu(x: Operand, /) -> Node:
    """x times the distribution function of the standard normal distribution at x. Domain: all real x."""

def erf(x: Operand, /) -> Node:
    """The error function 2/sqrt(pi) times the integral of exp(-t**2) for t from 0 to x. Domain: all real x."""

def erfc(x: Operand, /) -> Node:
    """The complementary error function 1 - erf(x), accurate also for large x. Domain: all real x."""

def gamma(x: Operand, /) -> Node:
    """The gamma function; gamma(n + 1) is n!. Domain: x not 0, -1, -2, ...."""

def gammaln(x: Operand, /) -> Node:
    """The logarithm of the absolute value of the gamma function. Domain: x > 0."""

loggamma = gammaln
lgamma = gammaln

def digamma(x: Operand, /) -> Node:
    """The derivative of log(gamma(x)). Domain: x not 0, -1, -2, ...."""

psi = digamma

def polygamma(n: Operand, x: Operand, /) -> Node:
    """The n-th derivative of digamma. Domain: n = 0, 1, 2, ... fixed; x > 0."""

def sin(x: Operand, /) -> Node:
    """The sine of x in radians. Domain: all real x."""

def cos(x: Operand, /) -> Node:
    """The cosine of x in radians. Domain: all real x."""

def tan(x: Operand, /) -> Node:
    """The tangent of x in radians. Domain: cos(x) != 0."""

def arcsin(x: Operand, /) -> Node:
    """The inverse sine, between -pi/2 and pi/2. Domain: -1 <= x <= 1."""

asin = arcsin

def arccos(x: Operand, /) -> Node:
    """The inverse cosine, between 0 and pi. Domain: -1 <= x <= 1."""

acos = arccos

def arctan(x: Operand, /) -> Node:
    """The inverse tangent, between -pi/2 and pi/2. Domain: all real x."""

atan = arctan

def arctan2(a: Operand, b: Operand, /) -> Node:
    """The angle of the point (b, a) from the positive first axis, between -pi and pi. Domain: (a, b) != (0, 0)."""

atan2 = arctan2

def sinh(x: Operand, /) -> Node:
    """The hyperbolic sine. Domain: all real x."""

def cosh(x: Operand, /) -> Node:
    """The hyperbolic cosine. Domain: all real x."""

def tanh(x: Operand, /) -> Node:
    """The hyperbolic tangent. Domain: all real x."""

def arcsinh(x: Operand, /) -> Node:
    """The inverse hyperbolic sine. Domain: all real x."""

asinh = arcsinh

def arccosh(x: Operand, /) -> Node:
    """The inverse hyperbolic cosine, which is not negative. Domain: x >= 1."""

acosh = arccosh

def arctanh(x: Operand, /) -> Node:
    """The inverse hyperbolic tangent. Domain: -1 < x < 1."""

atanh = arctanh

def sinc(x: Operand, /) -> Node:
    """sin(pi*x)/(pi*x), and 1 at x = 0. Domain: all real x."""

def sinc_derivative(n: Operand, x: Operand, /) -> Node:
    """The n-th derivative of sinc. Domain: n = 0, 1, 2, ... fixed."""

def spherical_jn(n: Operand, x: Operand, /) -> Node:
    """The spherical Bessel function of the first kind: sin(x)/x for n = 0. Domain: n = 0, 1, 2, ... fixed."""
