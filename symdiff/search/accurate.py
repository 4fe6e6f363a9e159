"""The level "accurate": rewrites chosen by the measured error of the code, not by the number of operations.

As in Herbie (Panchekha et al., PLDI 2015): rules that avoid cancellation, overflow and lost digits are tried one place
at a time, the emitted code of each result is measured at sampled points against the formula as typed at 50 digits and
more, and the best is kept until none is better. A formula on its own is measured with its first and second derivatives.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..compiler.counts import count_ops
from ..graph.errors import DomainError, UnsupportedError
from ..graph.node import Node
from ..graph.traversal import topological, variables
from ..numerics.ulp_error import outputs_of, sample
from ..rules import trace
from ..rules.assumptions import Facts, assume, current, implied
from ..rules.rule import read_rules
from ..rules.trace import Rewrite
from ..simplifier import stable
from ..simplifier.reading import FULL
from ..simplifier.rewrite import replace_nodes, rewrites_of
from ..simplifier.strategy import Budget, Roots, Strategy, best_of, either, only_if, scalars

#: Rules as in :mod:`symdiff.rules.table`, beside those of :mod:`symdiff.simplifier.stable`; none needs to save
#: operations.
TABLE = """
1 - tanh(x)**2          => (1/cosh(x))**2                     real  # cancels for large x
sin(x) - sin(y)         => 2*cos((x + y)/2)*sin((x - y)/2)    real  # cancels for x near y
cos(x) - cos(y)         => -2*sin((x + y)/2)*sin((x - y)/2)   real  # cancels for x near y
tan(x) - tan(y)         => sin(x - y)/(cos(x)*cos(y))         real  # cancels for x near y
arctan(x) - arctan(y)   => arctan((x - y)/(x*y + 1))          real where x*y + 1 > 0  # cancels for x near y
exp(x) - exp(y)         => exp(y)*expm1(x - y)                real  # cancels for x near y
log(x) - log(y)         => log1p((x - y)/y)                   real  # cancels for x near y
log(x) - log(y)         => log(x/y)                           real  # cancels for x near y
log(x*y)                => log(x) + log(y)                    real where x > 0 and y > 0  # no overflow of the product
x**y - 1                => expm1(y*log(x))                    real where x > 0  # cancels near x = 1
1/x - 1/y               => (y - x)/(x*y)                      real  # cancels for x near y
x/x                     => 1                                  real  # no division
x**2 - y**2             => (x - y)*(x + y)                    real  # cancels for x near y
x**2 - 1                => (x - 1)*(x + 1)                    real  # cancels near 1
sqrt(x) - y             => (x - y**2)/(sqrt(x) + y)           real where sqrt(x) + y > 0  # cancels for x near y**2
sqrt(x**2 + y**2)       => hypot(x, y)                        real  # no overflow of the squares
sqrt(x**2 + 1)          => hypot(x, 1)                        real  # no overflow of the square
x*y - u*v               => difference_of_products(x, y, u, v) real  # the rounding of both products is made good
x**2 - u*v              => difference_of_products(x, x, u, v) real  # the rounding of both products is made good
"""

#: Points at which a rewrite is measured, and their seed.
POINTS, SEED = 64, 1
#: Errors up to this many ulps count as none: such a result is as good as can be expected.
GOOD = 4.0
#: Means are told apart by so many steps in a bit: smaller differences are no reason to write more operations.
STEPS = 4
#: Larger formulas are simplified by the number of operations; second derivatives are measured up to so many variables.
MOST_NODES, MOST_VARIABLES = 100, 4


class Objective:
    """The measure of a result: the bits that its outputs lose at a point in the mean, then its operations."""

    def __init__(self, roots: Roots) -> None:
        self.wrt = list(variables(roots))
        self.parts = ("value", "grad", "hessian") if len(self.wrt) <= MOST_VARIABLES else ("value", "grad")
        self.known: dict[tuple[Node, ...], tuple[float, int]] = {}
        self.points, self.truth = sample(self._outputs(roots), self.wrt, {}, POINTS, SEED, cancelling=True)

    def _outputs(self, roots: Roots) -> Roots:
        return outputs_of(roots[0], self.wrt, self.parts)[1] if len(roots) == 1 else roots

    def __call__(self, roots: Roots) -> tuple[float, int]:
        key = tuple(roots)
        if key not in self.known:
            with trace.tracing(None):
                outputs = self._outputs(roots)
                forms = EACH(outputs) if outputs is not roots else outputs
            self.known[key] = self._bits(forms), sum(count_ops(roots).values())
        return self.known[key]

    def _bits(self, outputs: Roots) -> float:
        import numpy as np

        errors = self.truth.errors(outputs, self.wrt, self.points, "numpy")
        bits = np.log2(np.clip(errors / GOOD, 1.0, 2.0**64))
        return round(float(np.nansum(bits) / len(self.points)) * STEPS) / STEPS


def _most_accurate(roots: Roots, budget: Budget) -> Roots | None:
    """The formulas, rewritten as far as that lowers the mean error of their code."""
    if not variables(roots):
        return None
    try:
        objective = Objective(roots)
    except (DomainError, UnsupportedError):
        return None
    with assume(*implied(roots)):
        best = best_of(objective, FULL, EACH, AS_GIVEN)(roots, budget)
        while (better := _better(best, objective)) is not None:
            best = better
    return best


def _better(roots: Roots, objective: Objective) -> Roots | None:
    """The form of least error one rewrite away, if its error is less."""
    form, rewrites = min(_steps(roots), key=lambda step: objective(step[0]), default=(roots, []))
    if objective(form)[0] >= objective(roots)[0]:
        return None
    trace.resume(rewrites)
    return form


def _steps(roots: Roots) -> Iterator[tuple[Roots, list[Rewrite]]]:
    """The formulas with one rewrite, simplified and as the rule leaves them."""
    rules, facts = read_rules(stable.ALL + TABLE), current() or Facts()
    for node in topological(*roots):
        for rewrite in rewrites_of(node, rules, facts):
            new = replace_nodes(roots, {rewrite.before: rewrite.after})
            simplified, rewrites = FULL.derive(new)
            yield simplified, [rewrite, *rewrites]
            yield new, [rewrite]


def _each_alone(roots: Roots, budget: Budget) -> Roots:
    """Each formula by itself: what it shares with others is opened where terms then cancel."""
    return [FULL([root], budget)[0] for root in roots]


AS_GIVEN = Strategy("as given", lambda roots, budget: roots)
EACH = Strategy("each formula by itself", _each_alone, (FULL,))
ACCURATE = either(
    only_if(
        scalars(MOST_NODES),
        Strategy("one rewrite after another, the least by measured error", _most_accurate, (FULL, EACH, AS_GIVEN)),
    ),
    FULL,
)
