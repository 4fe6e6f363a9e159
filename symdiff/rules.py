"""The rule table: one line a rule, ``pattern => result``, its tag, and where it holds.

``exact``: both sides are the same numbers, or the right one is the more accurate way to compute the left.
``real``: equal over the reals wherever the left side is defined. Every rule lowers the measure (operations, each
with its cost), so rewriting ends. A rule with ``where`` applies where its condition follows from what is assumed
(:mod:`symdiff.assumptions`). Like terms, like powers, signs and numbers are collected by
:mod:`symdiff.simplifier` itself; odd and even functions by their rows' traits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from .assumptions import Facts, current, decided
from .expr import Node, const
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
arccosh(cosh(x))        => abs(x)           real
abs(x)                  => x                exact where x >= 0
abs(x)                  => -x               exact where x <= 0
sign(x)                 => 1                exact where x > 0
sign(x)                 => -1               exact where x < 0
relu(x)                 => x                exact where x >= 0
relu(x)                 => 0                exact where x <= 0
maximum(x, y)           => x                exact where x >= y
minimum(x, y)           => x                exact where x <= y
floor(x)                => x                exact where integer(x)
ceil(x)                 => x                exact where integer(x)
where(x > y, u, v)      => u                exact where x > y
where(x > y, u, v)      => v                exact where x <= y
where(x >= y, u, v)     => u                exact where x >= y
where(x >= y, u, v)     => v                exact where x < y
where(x < y, u, v)      => u                exact where x < y
where(x < y, u, v)      => v                exact where x >= y
where(x <= y, u, v)     => u                exact where x <= y
where(x <= y, u, v)     => v                exact where x > y
log(x**y)               => y*log(x)         real  where x > 0
log(exp(x)*y)           => log(y) + x       real  where y > 0
log(x*y) - log(x)       => log(y)           real  where x > 0 and y > 0
sqrt(x**2*y)            => x*sqrt(y)        real  where x >= 0
arctan(tan(x))          => x                real  where -pi/2 < x and x < pi/2
arcsin(sin(x))          => x                real  where -pi/2 <= x and x <= pi/2
arccos(cos(x))          => x                real  where 0 <= x and x <= pi
sin(x*pi)               => 0                real  where integer(x)
cos(2*x*pi)             => 1                real  where integer(x)
cos(2*pi*x)             => 1                real  where integer(x)
cos(x*pi)               => (-1)**x          real  where integer(x)
"""


class Rule(NamedTuple):
    """``pattern => result``, with the tag that says when it holds, and the condition that is to follow, if any."""

    pattern: Node
    result: Node
    tag: str
    text: str
    condition: Node | None = None


def read_rules(table: str) -> dict[str, list[Rule]]:
    """The rules of a table by the name of the operation at the root of their pattern, in the order of the table."""
    from .parser import parse

    found: dict[str, list[Rule]] = {}
    for line in table.strip().splitlines():
        left, right = line.split("=>")
        result, tag, where = _LINE.fullmatch(right.strip()).groups()  # type: ignore[union-attr]
        condition = parse(where) if where else None
        rule = Rule(parse(left.strip()), parse(result), tag, " ".join(line.split()), condition)
        found.setdefault(rule.pattern.op.name, []).append(rule)
    return found


_LINE = re.compile(r"(.*?)\s+(exact|real)(?:\s+where\s+(.*))?")


@cache
def rules() -> dict[str, list[Rule]]:
    """The rules of the table."""
    return read_rules(TABLE)


def apply_rules(node: Node) -> Node:
    """The result of the first rule that fits, or the node itself."""
    facts = current()
    if facts is not None and node.op.predicate and (truth := decided(node, facts)) is not None:
        return broadcast_to(const(truth), node.shape)
    for rule in rules().get(node.op.name, ()):
        if rule.condition is None or facts is not None:
            for binding in bindings(rule, node, facts):
                return broadcast_to(instantiate(rule.result, binding), node.shape)
    return node


def bindings(rule: Rule, node: Node, facts: Facts | None) -> Iterator[Binding]:
    """Every way in which the rule fits the node and its condition follows."""
    for binding in match(rule.pattern, node, {}):
        if rule.condition is None or (facts is not None and facts.hold(instantiate(rule.condition, binding))):
            yield binding
