"""Forms that keep their digits: rewrites that are never wrong to make, and cost an operation or two at most.

What is differentiated is brought to such a form first: a derivative of ``(1 - cos(x))/x**2`` cancels near 0 whatever is
done to it afterwards, and one of ``spherical_jn(0, x/2)**2/2`` does not. Rewrites that cost more, or that pay in a part
of the domain only, are chosen by measuring (:mod:`symdiff.search.accurate`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ..graph.node import Node
from ..graph.traversal import Structure, leaves, topological, unflatten_like
from ..rules.assumptions import Facts, assume, current, implied
from ..rules.rule import Rules, lines_of, read_rules
from ..rules.trace import Rewrite, note, tracing
from .reading import LIST
from .rewrite import replace_nodes, rewrites_of
from .strategy import Roots, Strategy, attempt, only_if, scalars, sequence

#: Rules as in :mod:`symdiff.rules.table`: for formulas that are to be differentiated,
QUOTIENTS = """
sin(x)/x                => spherical_jn(0, x)                 real  # derivatives cancel near 0
sin(x)**2/x**2          => spherical_jn(0, x)**2              real  # derivatives cancel near 0
sin(x*y)/x              => y*spherical_jn(0, x*y)             real  # derivatives cancel near 0
sin(x/y)/x              => spherical_jn(0, x/y)/y             real  # derivatives cancel near 0
(1 - cos(x))/x**2       => spherical_jn(0, x/2)**2/2          real  # derivatives cancel near 0
(cos(x) - 1)/x**2       => -(spherical_jn(0, x/2)**2/2)       real  # derivatives cancel near 0
(c - c*cos(x))/x**2     => c*spherical_jn(0, x/2)**2/2        real  # derivatives cancel near 0
(c*cos(x) - c)/x**2     => -(c*spherical_jn(0, x/2)**2/2)     real  # derivatives cancel near 0
(1 - cos(x*y))/x**2     => y**2*spherical_jn(0, x*y/2)**2/2   real  # derivatives cancel near 0
(1 - cos(x))/x          => x*spherical_jn(0, x/2)**2/2        real  # derivatives cancel near 0
(cos(x) - 1)/x          => -(x*spherical_jn(0, x/2)**2/2)     real  # derivatives cancel near 0
"""
#: for all formulas,
FORMULAS = """
exp(x) - exp(-x)        => 2*sinh(x)                          real  # cancels near 0
exp(x) + exp(-x)        => 2*cosh(x)                          real  # goes with the sine
"""
#: for formulas and code,
TABLE = """
1 - erf(x)              => erfc(x)                            real  # cancels for large x
log(1 - x)              => log1p(-x)                          real  # digits of small x stay
log((x + 1)/(1 - x))    => 2*arctanh(x)                       real  # digits of small x stay
log(x + sqrt(x**2 + 1)) => arcsinh(x)                         real  # cancels for negative x
sqrt(x) - sqrt(y)       => (x - y)/(sqrt(x) + sqrt(y))        real where sqrt(x) + sqrt(y) > 0  # cancels for x near y
"""
#: and for code only, because the derivatives of these keep their digits.
DIFFERENCES = """
1 - cos(x)              => 2*sin(x/2)**2                      real  # cancels near 0
c - c*cos(x)            => 2*c*sin(x/2)**2                    real  # cancels near 0
cosh(x) - 1             => 2*sinh(x/2)**2                     real  # cancels near 0
1 - sigmoid(x)          => sigmoid(-x)                        real  # cancels for large x
"""

ALL = QUOTIENTS + FORMULAS + TABLE + DIFFERENCES
#: Longer lists stay as they are: the work is linear, but takes milliseconds for each node.
MOST_NODES = 10_000


@cache
def _single_rules(table: str) -> list[tuple[set[str], Rules]]:
    """The rules one by one, each by the name of the operation at the root of its pattern; the operations of each."""
    tables = [read_rules(f"{line.text}  # {line.reason}") for line in lines_of(table)]
    return [
        (_operations(rule.pattern for same_root in rules.values() for rule in same_root), rules) for rules in tables
    ]


def _operations(roots: Iterable[Node]) -> set[str]:
    return {node.op.name for node in topological(*roots) if node.args}


def stable(structure: Structure, *, derivatives: bool = True) -> Structure:
    """Formulas in a readable form whose code, and that of its derivatives, keeps its digits; of the same nesting.

    ``symdiff code`` does so before it differentiates. ``derivatives=False`` where there are to be none: quotients such
    as ``sin(x)/x`` stay, because only their derivatives lose digits. Formulas with arrays are simplified, no more.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> f = stable((1 - sd.cos(x))/x**2)
    >>> print(f)
    spherical_jn(0, x/2)**2/2
    >>> sd.compile([f, sd.diff(f, x), sd.diff(f, x, 2)], [x], backend="math")(1e-9)
    [0.5, -8.333333333333334e-11, -0.08333333333333333]
    """
    strategy = STABLE_DERIVATIVES if derivatives else STABLE
    result: Structure = unflatten_like(structure, strategy(leaves(structure)))
    return result


def _apply_rules(table: str, roots: Roots) -> Roots | None:
    """The roots with each rule in turn used wherever it fits."""
    form = roots
    with assume(*implied(roots)):
        facts = current() or Facts()
        names = _operations(form)
        for needed, rules in _single_rules(table):
            while needed <= names and (rewrites := _rewrites(rules, topological(*form), facts)):
                form = replace_nodes(form, {node: note(rule, node, new) for rule, node, new in rewrites})
                names = _operations(form)
    return form if form != roots else None


def _rewrites(rules: Rules, order: list[Node], facts: Facts) -> list[Rewrite]:
    """What one of the rules makes of each node that it fits; sums of two terms only."""
    with tracing(None):
        rewrites = [next(rewrites_of(node, rules, facts, most_terms=2), None) for node in order]
    return [rewrite for rewrite in rewrites if rewrite is not None]


def _use_rules(name: str, table: str) -> Strategy:
    return only_if(scalars(MOST_NODES), Strategy(name, lambda roots, budget: _apply_rules(table, roots)))


#: Where rules that keep digits apply in what is run.
KEEP_DIGITS = _use_rules("rules that keep the digits of code", TABLE + DIFFERENCES)
STABLE, STABLE_DERIVATIVES = (
    sequence("stable", LIST, attempt(sequence("list again", _use_rules("rules that keep digits", table), LIST)))
    for table in (FORMULAS + TABLE, QUOTIENTS + FORMULAS + TABLE)
)
