"""The larger and the smaller, signs and rounding, one declaration each.

A partial is a function of the output and the arguments (see :mod:`symdiff.ops.kinds`). Formulas:
Abramowitz and Stegun, Handbook of Mathematical Functions (1964), chapters 4, 6 and 7, where not elementary.
"""

from __future__ import annotations

import math

from ..graph.node import Node
from . import c_code
from . import intervals as iv
from .kinds import Map, binary, unary
from .logic import equal, where
from .sides import around_tie, around_zero, jump
from .sympy_code import chain
from .targets import MpmathForm


def _by_sign(x: Node) -> Map:
    """t where x > 0, -t where x < 0, 0 at 0."""
    return lambda t: where(x > 0, t, where(x < 0, -t, 0))


def _chosen(a: Node, b: Node) -> Map:
    """t where a > b, half of it at a tie."""
    return lambda t: where(a > b, t, where(equal(a, b), t / 2, 0))


minimum = binary(
    "minimum",
    (lambda y, a, b: _chosen(b, a), lambda y, a, b: _chosen(a, b)),
    doc="The smaller of a and b.",
    aliases=("Min",),
    kink="a = b: half to each",
    sides=around_tie(larger=False),
    commutative=True,
    gate="min routes",
    fold=min,
    weight=1,
    bounds=lambda a, b: iv.neg(iv.larger(iv.neg(a), iv.neg(b))),
    math=("_minimum({0}, {1})", "def _minimum(a, b):\n    return a if a <= b or a != a else b"),
    c=("minimum({0}, {1})", c_code.MINIMUM),
    array_api="minimum",
    latex="min",
    sympy=("Min", {"Min": chain}),
    mpmath=MpmathForm((0, 1)),
)
maximum = binary(
    "maximum",
    (lambda y, a, b: _chosen(a, b), lambda y, a, b: _chosen(b, a)),
    doc="The larger of a and b.",
    aliases=("Max",),
    kink="a = b: half to each",
    sides=around_tie(larger=True),
    commutative=True,
    gate="max routes",
    fold=max,
    weight=1,
    bounds=iv.larger,
    math=("_maximum({0}, {1})", "def _maximum(a, b):\n    return a if a >= b or a != a else b"),
    c=("maximum({0}, {1})", c_code.MAXIMUM),
    array_api="maximum",
    latex="max",
    sympy=("Max", {"Max": chain}),
    mpmath=MpmathForm((0, 1)),
)
abs = unary(
    "abs",
    lambda y, x: _by_sign(x),
    doc="The absolute value.",
    aliases=("Abs", "fabs", "absolute"),
    kink="x = 0: 0",
    sides=around_zero(lambda x: -x, lambda x: x),
    even=True,
    gate="abs passes or turns the sign",
    fold=abs,
    weight=1,
    bounds=iv.abs_,
    math="abs({0})",
    c="fabs({0})",
    array_api="abs",
    latex=r"\left|{0}\right|",
    sympy="Abs",
    mpmath=MpmathForm((0,)),
)
sign = unary(
    "sign",
    None,
    doc="-1, 0 or 1: the sign of x.",
    kink="derivative 0 everywhere",
    sides=jump(lambda x: equal(x, 0)),
    odd=True,
    fold=lambda x: (x > 0) - (x < 0),
    weight=1,
    bounds=iv.rounding(lambda x: (x > 0) - (x < 0)),
    math=("_sign({0})", "def _sign(x):\n    return float((x > 0) - (x < 0))"),
    c=("sign({0})", c_code.SIGN),
    array_api="sign",
    sympy="sign",
    mpmath=MpmathForm((0,)),
)
floor = unary(
    "floor",
    None,
    doc="The largest integer <= x.",
    kink="derivative 0 everywhere",
    sides=jump(lambda x: equal(x, floor(x))),
    fold=lambda x: math.floor(x) if not isinstance(x, float) else float(math.floor(x)),
    weight=1,
    bounds=iv.rounding(math.floor),
    math="float(math.floor({0}))",
    c="floor({0})",
    array_api="floor",
    latex=r"\left\lfloor {0:any} \right\rfloor",
    sympy="floor",
)
ceil = unary(
    "ceil",
    None,
    doc="The smallest integer >= x.",
    aliases=("ceiling",),
    kink="derivative 0 everywhere",
    sides=jump(lambda x: equal(x, ceil(x))),
    fold=lambda x: math.ceil(x) if not isinstance(x, float) else float(math.ceil(x)),
    weight=1,
    bounds=iv.rounding(math.ceil),
    math="float(math.ceil({0}))",
    c="ceil({0})",
    array_api="ceil",
    latex=r"\left\lceil {0:any} \right\rceil",
    sympy="ceiling",
)
