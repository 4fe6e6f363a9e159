"""Comparisons, logic and selection by a condition, one declaration each.

A partial is a function of the output and the arguments (see :mod:`symdiff.ops.kinds`). Formulas:
Abramowitz and Stegun, Handbook of Mathematical Functions (1964), chapters 4, 6 and 7, where not elementary.
"""

from __future__ import annotations

from ..graph.leaves import CONST, const
from ..graph.node import Node
from . import c_code, python_code
from . import intervals as iv
from .kinds import binary, comparison, mask, nary, unary, unbroadcast
from .sympy_code import chain, select, truth
from .targets import MpmathForm, NumpyCode


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


def _select_into(node: Node) -> tuple[str, ...]:
    """Statements that copy one value, then the other where the condition holds."""
    chosen = "{0}" if unbroadcast(node.args[0]).op.predicate else "{0} != 0"
    return "np.copyto({out}, {2})", f"np.copyto({{out}}, {{1}}, where={chosen})"


less = comparison(
    "less", "<", lambda a, b: a < b, doc="Whether a < b.", sympy=(lambda s, a, b: s.Lt(a, b), {"StrictLessThan": None})
)
less_equal = comparison(
    "less_equal",
    "<=",
    lambda a, b: a <= b,
    doc="Whether a <= b.",
    sympy=(lambda s, a, b: s.Le(a, b), {"LessThan": None}),
)
greater = comparison(
    "greater",
    ">",
    lambda a, b: a > b,
    doc="Whether a > b.",
    sympy=(lambda s, a, b: s.Gt(a, b), {"StrictGreaterThan": None}),
)
greater_equal = comparison(
    "greater_equal",
    ">=",
    lambda a, b: a >= b,
    doc="Whether a >= b.",
    sympy=(lambda s, a, b: s.Ge(a, b), {"GreaterThan": None}),
)
equal = comparison(
    "equal", "==", lambda a, b: a == b, doc="Whether a == b.", sympy=(lambda s, a, b: s.Eq(a, b), {"Equality": None})
)
not_equal = comparison(
    "not_equal",
    "!=",
    lambda a, b: a != b,
    doc="Whether a != b.",
    sympy=(lambda s, a, b: s.Ne(a, b), {"Unequality": None}),
)
logical_and = binary(
    "logical_and",
    (None, None),
    doc="Whether a and b are both true.",
    infix="&",
    precedence=2,
    domain="truth values",
    commutative=True,
    predicate=True,
    logical=2,
    local=_local_and,
    weight=1,
    numpy="np.logical_and({0}, {1})",
    math="bool({0} and {1})",
    c="({0} && {1})",
    array_api="logical_and",
    sympy=(lambda s, a, b: s.And(truth(s, a), truth(s, b)), {"And": chain}),
    mpmath=MpmathForm((0, 1)),
)
logical_or = binary(
    "logical_or",
    (None, None),
    doc="Whether a or b is true, or both.",
    infix="|",
    precedence=1,
    domain="truth values",
    commutative=True,
    predicate=True,
    logical=2,
    local=_local_or,
    weight=1,
    numpy="np.logical_or({0}, {1})",
    math="bool({0} or {1})",
    c="({0} || {1})",
    array_api="logical_or",
    sympy=(lambda s, a, b: s.Or(truth(s, a), truth(s, b)), {"Or": chain}),
    mpmath=MpmathForm((0, 1)),
)
logical_not = unary(
    "logical_not",
    None,
    doc="Whether x is false.",
    prefix="~",
    precedence=3,
    domain="truth values",
    predicate=True,
    logical=1,
    local=_local_not,
    fold=lambda x: not x,
    weight=1,
    numpy="np.logical_not({0})",
    math="(not {0})",
    c="!{0}",
    array_api="logical_not",
    sympy=(lambda s, x: s.Not(truth(s, x)), {"Not": None}),
    mpmath=MpmathForm((0,)),
)
where = nary(
    "where",
    (None, lambda y, c, a, b: mask(c), lambda y, c, a, b: lambda t: where(c, 0, t)),
    doc="a where the condition c is true, b elsewhere.",
    domain="c a truth value, all real a, b",
    samples=((-3, 3), (-3, 3), (-3, 3)),
    kink="at the edge of c: the branch that is taken",
    logical=1,
    gate="where routes to the branch that is taken",
    local=_local_where,
    weight=1,
    bounds=lambda c, a, b: iv.hull(*iv.ends(a), *iv.ends(b), whole=a.whole and b.whole),
    numpy=NumpyCode("np.where({0}, {1}, {2})", into=_select_into, in_place=False),
    math="({1} if {0} else {2})",
    c=("choose({0}, {1}, {2})", c_code.CHOOSE),
    array_api="where",
    latex=(r"\begin{cases} {1:any} & \text{if } {0:any} \\ {2:any} & \text{otherwise} \end{cases}", "quotient"),
    sympy=select,
    mpmath=MpmathForm((0, 1, 2)),
)
stop_gradient = unary(
    "stop_gradient",
    None,
    doc="x itself, taken as a constant by differentiation.",
    surrogate=True,
    weight=0,
    numpy="np.positive({0})",
    math="+{0}",
    c="+{0}",
    array_api="positive",
)
undefined = nary(
    "undefined",
    (None, None, lambda y, c, n, x: undefined(c, n + 1, x)),
    doc="0, with derivatives by x that are NaN where c holds; n is their order.",
    domain="n = 0, 1, 2, ... fixed",
    samples=((-3, 3), (0, 0), (-3, 3)),
    logical=1,
    surrogate=True,
    numpy="np.where(np.logical_and({0}, {1}), np.nan, np.zeros_like({2}))",
    math="(math.nan if {0} and {1} else 0.0)",
    c=("choose({0} && {1} != 0, NAN, 0)", c_code.CHOOSE),
    array_api="xp.where(xp.logical_and({0}, {1} != 0), xp.full_like({2}, xp.nan), xp.zeros_like({2}))",
)
refused = nary(
    "refused",
    (None, None, lambda y, c, n, x: refused(c, n + 1, x)),
    doc="0, with derivatives by x that raise where c holds; n is their order.",
    domain="n = 0, 1, 2, ... fixed",
    samples=((-3, 3), (0, 0), (-3, 3)),
    logical=1,
    surrogate=True,
    numpy=("_refused({0}, {1}, {2})", python_code.REFUSED),
    math=("_refused({0}, {1}, {2})", python_code.REFUSED_MATH),
)
