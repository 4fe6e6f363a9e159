"""The level "accurate": rewrites chosen by the measured error of the code, not by the number of operations.

As in Herbie (Panchekha et al., PLDI 2015): rules that avoid cancellation, overflow and lost digits are tried one place
at a time, the emitted code of each result is measured at sampled points against the formula as typed at 50 digits and
more, and the best is kept until none is better. A formula on its own is measured with its first and second derivatives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from .accuracy import outputs_of, sample
from .assumptions import Facts, assume, current, implied
from .compiler import count_ops
from .errors import DomainError
from .expr import ROWS, Node, const
from .rules import Rule, bindings, read_rules
from .simplifier import simplify
from .walk import rebuild, substitute, topological, variables

#: Rules as in :mod:`symdiff.rules`; none needs to save operations.
TABLE = """
1 - cos(x)              => 2*sin(x/2)**2                              real
c - c*cos(x)            => 2*c*sin(x/2)**2                            real
(1 - cos(x))/x**2       => spherical_jn(0, x/2)**2/2                  real
sin(x)/x                => spherical_jn(0, x)                         real
sin(x)**2/x**2          => spherical_jn(0, x)**2                      real
cosh(x) - 1             => 2*sinh(x/2)**2                             real
1 - cos(x)**2           => sin(x)**2                                  real
1 - sin(x)**2           => cos(x)**2                                  real
1 - tanh(x)**2          => (1/cosh(x))**2                             real
1 - sigmoid(x)          => sigmoid(-x)                                real
1 - erf(x)              => erfc(x)                                    real
sin(x) - sin(y)         => 2*cos((x + y)/2)*sin((x - y)/2)            real
cos(x) - cos(y)         => -2*sin((x + y)/2)*sin((x - y)/2)           real
tan(x) - tan(y)         => sin(x - y)/(cos(x)*cos(y))                 real
arctan(x) - arctan(y)   => arctan((x - y)/(x*y + 1))                  real where x*y + 1 > 0
exp(x) - exp(y)         => exp(y)*expm1(x - y)                        real
exp(x) - exp(-x)        => 2*sinh(x)                                  real
log(x) - log(y)         => log1p((x - y)/y)                           real
log(x) - log(y)         => log(x/y)                                   real
log(x*y)                => log(x) + log(y)                            real where x > 0 and y > 0
log(1 - x)              => log1p(-x)                                  real
log(x + sqrt(x**2 + 1)) => arcsinh(x)                                 real
log((x + 1)/(1 - x))    => 2*arctanh(x)                               real
x**y - 1                => expm1(y*log(x))                            real where x > 0
1/x - 1/y               => (y - x)/(x*y)                              real
x/x                     => 1                                          real
x**2 - y**2             => (x - y)*(x + y)                            real
x**2 - 1                => (x - 1)*(x + 1)                            real
sqrt(x) - sqrt(y)       => (x - y)/(sqrt(x) + sqrt(y))                real where sqrt(x) + sqrt(y) > 0
sqrt(x) - y             => (x - y**2)/(sqrt(x) + y)                   real where sqrt(x) + y > 0
sqrt(x**2 + y**2)       => hypot(x, y)                                real
sqrt(x**2 + 1)          => hypot(x, 1)                                real
x*y - u*v               => difference_of_products(x, y, u, v)         real
x**2 - u*v              => difference_of_products(x, x, u, v)         real
"""

#: Points at which a rewrite is measured, and their seed.
POINTS, SEED = 64, 1
#: Errors up to this many ulps count as none: such a result is as good as can be expected.
GOOD = 4.0
#: Larger formulas are simplified by the number of operations; second derivatives are measured up to so many variables.
LIMIT, MANY = 100, 4

Roots = list[Node]


@cache
def rules() -> dict[str, list[Rule]]:
    """The rules of the table by the name of the operation at the root of their pattern."""
    return read_rules(TABLE)


def most_accurate(roots: Roots) -> Roots:
    """The roots, rewritten as far as that lowers the mean error of their code; arrays as at the level "full"."""
    order = topological(*roots)
    if len(order) > LIMIT or any(node.shape for node in order) or not variables(roots):
        return _full(roots)
    try:
        judge = _Judge(roots)
    except DomainError:
        return _full(roots)
    with assume(*implied(roots)):
        best = min((_full(roots), _alone(roots), roots), key=judge)
        while (found := min(_steps(best), key=judge, default=best)) and judge(found)[0] < judge(best)[0]:
            best = found
    return best


def _full(roots: Roots) -> Roots:
    return list(simplify(roots, "full"))


def _alone(roots: Roots) -> Roots:
    """Each root by itself: what it shares with others is opened where terms then cancel."""
    return [simplify(root, "full") for root in roots]


class _Judge:
    """The measure of a result: the bits that its outputs lose at a point in the mean, then its operations."""

    def __init__(self, roots: Roots) -> None:
        self.wrt = list(variables(roots))
        self.parts = ("value", "grad", "hessian") if len(self.wrt) <= MANY else ("value", "grad")
        self.known: dict[tuple[Node, ...], tuple[float, int]] = {}
        self.points, self.truth = sample(self._outputs(roots), self.wrt, {}, POINTS, SEED, cancelling=True)

    def _outputs(self, roots: Roots) -> Roots:
        return outputs_of(roots[0], self.wrt, self.parts)[1] if len(roots) == 1 else roots

    def __call__(self, roots: Roots) -> tuple[float, int]:
        key = tuple(roots)
        if key not in self.known:
            outputs = self._outputs(roots)
            made = _alone(outputs) if outputs is not roots else outputs
            self.known[key] = self._bits(made), sum(count_ops(roots).values())
        return self.known[key]

    def _bits(self, outputs: Roots) -> float:
        import numpy as np

        errors = self.truth.errors(outputs, self.wrt, self.points, "numpy")
        bits = np.log2(np.clip(errors / GOOD, 1.0, 2.0**64))
        return round(float(np.nansum(bits) / len(self.points)), 1)


# -- one rewrite ---------------------------------------------------------------------------------------------------


def _steps(roots: Roots) -> Iterator[Roots]:
    """The roots with one place rewritten, simplified and as the rule leaves it."""
    facts = current() or Facts()
    for node in topological(*roots):
        for result in _rewritten(node, facts):
            new = [substitute(root, {node: result}) for root in roots]
            yield _full(new)
            yield new


def _rewritten(node: Node, facts: Facts) -> Iterator[Node]:
    """The node rewritten as a whole, or in two of its terms or factors."""
    yield from _results(node, facts)
    family = next((family for family in (_SUM, _PRODUCT) if node.op.name in family), None)
    if family is None:
        return
    parts = list(_flattened(node, family))
    if 2 <= len(parts) <= 8:
        for i in range(len(parts)):
            for j in range(len(parts)):
                if i != j:
                    rest = [part for place, part in enumerate(parts) if place not in (i, j)]
                    yield from _pair(parts[i], parts[j], rest, family, facts)


#: A sum or product: the sign with which each operation takes its arguments, or the power.
_SUM: dict[str, tuple[int, ...]] = {"add": (1, 1), "sub": (1, -1), "neg": (-1,)}
_PRODUCT: dict[str, tuple[int, ...]] = {"mul": (1, 1), "div": (1, -1)}

_Part = tuple[int, Node]


def _flattened(root: Node, family: dict[str, tuple[int, ...]]) -> Iterator[_Part]:
    """The terms with their signs, or the factors with their powers, in the order of writing."""
    stack = [(1, root)]
    while stack:
        sign, node = stack.pop()
        if node.op.name in family:
            stack += reversed([(sign * s, arg) for s, arg in zip(family[node.op.name], node.args, strict=True)])
        else:
            yield sign, node


def _pair(
    first: _Part, second: _Part, rest: list[_Part], family: dict[str, tuple[int, ...]], facts: Facts
) -> Iterator[Node]:
    """Two parts rewritten beside the others: ``a + b`` or ``a - b`` with a sign, ``a*b`` or ``a/b`` with a power."""
    (sign, a), (other, b) = first, second
    name = next(name for name, signs in family.items() if signs == (1, sign * other))
    for result in _results(ROWS[name](a, b), facts):
        yield _joined([(sign, result), *rest], family is _SUM)


def _results(node: Node, facts: Facts) -> Iterator[Node]:
    """What the rules make of a node; a new sum is simplified by itself, so that what is to cancel there does."""
    for rule in rules().get(node.op.name, ()):
        for binding in bindings(rule, node, facts):
            done = dict(binding)
            for step in topological(rule.result):
                if step not in done:
                    new = rebuild(step, tuple(done[arg] for arg in step.args)) if step.args else step
                    done[step] = simplify(new, "full") if new.op.name in _SUM else new
            yield done[rule.result]


def _joined(parts: Sequence[_Part], summed: bool) -> Node:
    """The sum or product of the parts."""
    ahead = sorted(parts, key=lambda part: -part[0])
    result = const(0 if summed else 1)
    for sign, part in ahead:
        if summed:
            result = result + part if sign > 0 else result - part
        else:
            result = result * part if sign > 0 else result / part
    return result
