"""The rule table: one line a rule, ``pattern => result``, its tag, and where it holds.

``exact``: both sides are the same numbers, or the right one is the more accurate way to compute the left.
``real``: equal over the reals wherever the left side is defined. Every rule lowers the measure (operations, each
with its cost), so rewriting ends. Like terms, like powers, signs and numbers are collected by
:mod:`symdiff.simplifier` itself; odd and even functions by their rows' traits.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .expr import Node
from .match import Binding, instantiate, match
from .ops.kinds import broadcast_to

TABLE = """
log(exp(x) + 1)         => softplus(x)      exact
log(exp(x) + exp(y))    => logaddexp(x, y)  exact
log(x + 1)              => log1p(x)         exact
log(exp(x))             => x                exact
exp(x) - 1              => expm1(x)         exact
1/(exp(-x) + 1)         => sigmoid(x)       exact
exp(x)/(exp(x) + 1)     => sigmoid(x)       exact
sqrt(x**2)              => abs(x)           exact
abs(x)**2               => x**2             exact
abs(abs(x))             => abs(x)           exact
abs(exp(x))             => exp(x)           exact
abs(sqrt(x))            => sqrt(x)          exact
floor(floor(x))         => floor(x)         exact
ceil(ceil(x))           => ceil(x)          exact
sign(sign(x))           => sign(x)          exact
relu(relu(x))           => relu(x)          exact
where(x > 0, 1, where(x < 0, -1, 0)) => sign(x) exact
exp(log(x))             => x                real
exp(n*log(x))           => x**n             real
sin(arcsin(x))          => x                real
cos(arccos(x))          => x                real
tan(arctan(x))          => x                real
sinh(arcsinh(x))        => x                real
arcsinh(sinh(x))        => x                real
tanh(arctanh(x))        => x                real
arctanh(tanh(x))        => x                real
sin(x)**2 + cos(x)**2   => 1                real
cosh(x)**2 - sinh(x)**2 => 1                real
sin(x)/cos(x)           => tan(x)           real
sinh(x)/cosh(x)         => tanh(x)          real
maximum(x, x)           => x                exact
minimum(x, x)           => x                exact
"""


class Rule(NamedTuple):
    """``pattern => result``, with the tag that says when it holds."""

    pattern: Node
    result: Node
    tag: str
    text: str


@cache
def rules() -> dict[str, list[Rule]]:
    """The rules by the name of the operation at the root of their pattern, in the order of the table."""
    from .parser import parse

    found: dict[str, list[Rule]] = {}
    for line in TABLE.strip().splitlines():
        left, right = line.split("=>")
        result, tag = right.rsplit(None, 1)
        rule = Rule(parse(left.strip()), parse(result.strip()), tag, " ".join(line.split()))
        found.setdefault(rule.pattern.op.name, []).append(rule)
    return found


def apply_rules(node: Node) -> Node:
    """The result of the first rule that fits, or the node itself."""
    for rule in rules().get(node.op.name, ()):
        binding: Binding | None = next(match(rule.pattern, node, {}), None)
        if binding is not None:
            return broadcast_to(instantiate(rule.result, binding), node.shape)
    return node
