"""The rule table: one line a rule, ``pattern => result``, its tag, where it holds, and ``# why``.

``exact``: both sides are the same numbers, or the right one is the more accurate way to compute the left.
``real``: equal over the reals wherever the left side is defined. Every rule lowers the measure (operations, each
with its cost), so rewriting ends. A rule with ``where`` applies where its condition follows from what is assumed
(:mod:`symdiff.rules.assumptions`), or holds for all values. Like terms, like powers, signs, numbers and selections by
one condition are collected by :mod:`symdiff.simplifier.collect` itself; odd and even functions by their traits.
"""

from __future__ import annotations

from ..graph.leaves import const
from ..graph.node import Node
from ..ops.kinds import broadcast_to, unrepeated
from .assumptions import current, decided
from .rule import Rules, read_rules
from .trace import note

TABLE = """
log(exp(x) + 1)                           => softplus(x)        exact  # no overflow, and small values stay
log(exp(x) + exp(y))                      => logaddexp(x, y)    exact  # no overflow
log(x + 1)                                => log1p(x)           exact  # digits of small x stay
log(exp(x))                               => x                  exact  # inverse functions; no overflow
exp(x) - 1                                => expm1(x)           exact  # digits of small x stay
1/(exp(-x) + 1)                           => sigmoid(x)         exact  # one operation, no overflow
exp(x)/(exp(x) + 1)                       => sigmoid(x)         exact  # one operation, no overflow
sqrt(x**2)                                => abs(x)             exact  # the root is not negative; no overflow
abs(x)**2                                 => x**2               exact  # a square has no sign
abs(x)**4                                 => x**4               exact  # a square has no sign
abs(abs(x))                               => abs(x)             exact  # idempotent
abs(exp(x))                               => exp(x)             exact  # never negative
abs(sqrt(x))                              => sqrt(x)            exact  # never negative
floor(floor(x))                           => floor(x)           exact  # idempotent
ceil(ceil(x))                             => ceil(x)            exact  # idempotent
sign(sign(x))                             => sign(x)            exact  # idempotent
relu(relu(x))                             => relu(x)            exact  # idempotent
where(x > 0, 1, where(x < 0, -1, 0))      => sign(x)            exact  # the definition
where(p, where(p, x, y), u)               => where(p, x, u)     exact  # asked already
where(p, u, where(p, x, y))               => where(p, u, y)     exact  # asked already
x*sign(x)                                 => abs(x)             exact  # the definition
exp(x)*exp(-x)                            => 1                  exact  # inverse functions; no overflow
exp(log(x))                               => x                  real   # inverse functions
exp(n*log(x))                             => x**n               real   # the definition of a power
sin(arcsin(x))                            => x                  real   # inverse functions
cos(arccos(x))                            => x                  real   # inverse functions
tan(arctan(x))                            => x                  real   # inverse functions
sinh(arcsinh(x))                          => x                  real   # inverse functions
arcsinh(sinh(x))                          => x                  real   # inverse functions
tanh(arctanh(x))                          => x                  real   # inverse functions
arctanh(tanh(x))                          => x                  real   # inverse functions
sin(x)**2 + cos(x)**2                     => 1                  real   # Pythagoras
1 - sin(x)**2                             => cos(x)**2          real   # Pythagoras
1 - cos(x)**2                             => sin(x)**2          real   # Pythagoras
cosh(x)**2 - sinh(x)**2                   => 1                  real   # the hyperbola
sin(x)/cos(x)                             => tan(x)             real   # the definition
sinh(x)/cosh(x)                           => tanh(x)            real   # the definition
maximum(x, x)                             => x                  exact  # idempotent
minimum(x, x)                             => x                  exact  # idempotent
arccosh(cosh(x))                          => abs(x)             real   # inverse functions; cosh is even

abs(x)              => x          exact where x >= 0                    # the sign is known
abs(x)              => -x         exact where x <= 0                    # the sign is known
sign(x)             => 1          exact where x > 0                     # the sign is known
sign(x)             => -1         exact where x < 0                     # the sign is known
relu(x)             => x          exact where x >= 0                    # the sign is known
relu(x)             => 0          exact where x <= 0                    # the sign is known
maximum(x, y)       => x          exact where x >= y                    # the order is known
minimum(x, y)       => x          exact where x <= y                    # the order is known
floor(x)            => x          exact where integer(x)                # whole already
ceil(x)             => x          exact where integer(x)                # whole already
where(x > y, u, v)  => u          exact where x > y                     # the condition is known
where(x > y, u, v)  => v          exact where x <= y                    # the condition is known
where(x >= y, u, v) => u          exact where x >= y                    # the condition is known
where(x >= y, u, v) => v          exact where x < y                     # the condition is known
where(x < y, u, v)  => u          exact where x < y                     # the condition is known
where(x < y, u, v)  => v          exact where x >= y                    # the condition is known
where(x <= y, u, v) => u          exact where x <= y                    # the condition is known
where(x <= y, u, v) => v          exact where x > y                     # the condition is known
log(x**y)           => y*log(x)   real  where x > 0                     # the logarithm of a power
log(exp(x)*y)       => log(y) + x real  where y > 0                     # the logarithm of a product; no overflow
log(x*y) - log(x)   => log(y)     real  where x > 0 and y > 0           # the logarithm of a quotient
sqrt(x**2*y)        => x*sqrt(y)  real  where x >= 0                    # the root of a square
x*y**where(x == 0, 1, x - 1) => x*y**(x - 1) real where y > 0          # the guard is for y = 0
xlogy(x, y)         => x*log(y)   real  where y > 0                     # the guard is for y = 0
arctan(tan(x))      => x          real  where -pi/2 < x and x < pi/2    # inverse functions on the main branch
arcsin(sin(x))      => x          real  where -pi/2 <= x and x <= pi/2  # inverse functions on the main branch
arccos(cos(x))      => x          real  where 0 <= x and x <= pi        # inverse functions on the main branch
sin(x*pi)           => 0          real  where integer(x)                # zeros of the sine
cos(2*x*pi)         => 1          real  where integer(x)                # whole turns
cos(2*pi*x)         => 1          real  where integer(x)                # whole turns
cos(x*pi)           => (-1)**x    real  where integer(x)                # half turns

log(sum(exp(X), axis=A))                            => logsumexp(X, axis=A)   exact  # no overflow
log(softmax(X, axis=A))                             => log_softmax(X, axis=A) exact  # no logarithm of 0
exp(X)/sum(exp(X), axis=A, keepdims=True)           => softmax(X, axis=A)    exact  # no overflow
sum(X - mean(X, axis=A, keepdims=True), axis=A)     => 0                      real   # deviations cancel
sum(s*(X - mean(X, axis=A, keepdims=True)), axis=A) => 0                      real   # deviations cancel
"""


def rules() -> Rules:
    """The rules of the table."""
    return read_rules(TABLE)


def apply_rules(node: Node) -> Node:
    """The result of the first rule that applies, or the node itself."""
    facts = current()
    if facts is not None and node.op.predicate and (truth := decided(node, facts)) is not None:
        return note("what is assumed", node, broadcast_to(const(truth), node.shape))
    known = rules().get(node.op.name)
    if known is None:
        return node
    args = unrepeated(node)
    for rule in known:
        if rule.may_fit(args):
            for result in rule.results(node, facts):
                return note(rule, node, broadcast_to(result, node.shape))
    return node
