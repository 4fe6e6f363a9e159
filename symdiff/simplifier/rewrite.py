"""One rewrite at one place: all forms that a table of rules makes of formulas in a step.

A rule for a sum or product of two fits any two of more terms or factors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from ..graph.leaves import const
from ..graph.node import Node, Op
from ..graph.traversal import map_graph, rebuild
from ..ops.terms import PRODUCT, SIGNED_SUM, Family, Part, parts_of
from ..rules.assumptions import Facts
from ..rules.rule import Rule, Rules
from ..rules.trace import Rewrite
from .collect import collect_terms
from .strategy import Roots

#: Longer sums and products are not rewritten in pairs.
MOST_PARTS = 8


def replace_nodes(roots: Roots, results: Mapping[Node, Node]) -> Roots:
    """The roots with nodes replace_nodes in all of them, the outermost first."""
    return map_graph(roots, rebuild, done=dict(results))


def rewrites_of(node: Node, rules: Rules, facts: Facts, most_terms: int = MOST_PARTS) -> Iterator[Rewrite]:
    """The node rewritten as a whole, or in two of its terms or factors; longer sums than that as a whole only."""
    for rule, result in _results(node, rules, facts):
        yield Rewrite(rule.name, node, result)
    family = next((family for family in (SIGNED_SUM, PRODUCT) if node.op in family), None)
    if family is None or not any(op.name in rules for op in family):
        return
    parts = parts_of(node, family, most=MOST_PARTS if family is PRODUCT else most_terms)
    for i, j in permutations(range(len(parts)), 2):
        if i > j and parts[i][0] == parts[j][0]:
            continue  # the operation is commutative, and matching tries both orders
        rest = [part for position, part in enumerate(parts) if position not in (i, j)]
        (sign, a), (other, b) = parts[i], parts[j]
        for rule, result in _results(_pair(family, sign == other)(a, b), rules, facts):
            yield Rewrite(rule.name, node, _join([(sign, result), *rest], family is SIGNED_SUM))


def _pair(family: Family, alike: bool) -> Op:
    """How two parts stand beside each other: added or multiplied, or subtracted or divided."""
    first, second, *_ = family
    return first if alike else second


def _results(node: Node, rules: Rules, facts: Facts) -> Iterator[tuple[Rule, Node]]:
    """What the rules make of a node; a new sum is simplified by itself, so that what is to cancel there does."""
    for rule in rules.get(node.op.name, ()):
        for binding in rule.bindings(node, facts):
            yield rule, map_graph([rule.result], _rebuild, done=dict(binding))[0]


def _rebuild(node: Node, args: tuple[Node, ...]) -> Node:
    new = rebuild(node, args)
    return collect_terms([new], {})[0] if node.args and new.op in SIGNED_SUM else new


def _join(parts: Sequence[Part], summed: bool) -> Node:
    """The sum or product of the parts."""
    ordered = sorted(parts, key=lambda part: -part[0])
    result = const(0 if summed else 1)
    for sign, part in ordered:
        if summed:
            result = result + part if sign > 0 else result - part
        else:
            result = result * part if sign > 0 else result / part
    return result
