"""One rewrite at one place: all forms that a table of rules makes of formulas in a step.

A rule for a sum or product of two fits any two of more terms or factors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from ..graph.node import Node, const
from ..graph.traversal import map_graph, rebuild, topological
from ..ops.terms import ADD, PRODUCT, SIGNED_SUM, Family, Part, parts_of
from ..rules.assumptions import Facts, current
from ..rules.rule import Rules
from .passes import to_fixpoint
from .reading import readable

Roots = list[Node]
#: Longer sums and products are not rewritten in pairs.
MOST_PARTS = 8


def steps(roots: Roots, rules: Rules) -> Iterator[Roots]:
    """The roots with one place rewritten, simplified and as the rule leaves it."""
    facts = current() or Facts()
    for node in topological(*roots):
        for result in rewritten(node, rules, facts):
            new = replaced(roots, {node: result})
            yield readable(new, {})
            yield new


def replaced(roots: Roots, results: Mapping[Node, Node]) -> Roots:
    """The roots with nodes replaced in all of them, the outermost first."""
    return map_graph(roots, rebuild, done=dict(results))


def rewritten(node: Node, rules: Rules, facts: Facts, most_terms: int = MOST_PARTS) -> Iterator[Node]:
    """The node rewritten as a whole, or in two of its terms or factors; longer sums than that as a whole only."""
    yield from _results(node, rules, facts)
    family = next((family for family in (SIGNED_SUM, PRODUCT) if node.op in family), None)
    if family is None or not any(op.name in rules for op in family):
        return
    parts = parts_of(node, family, most=MOST_PARTS if family is PRODUCT else most_terms)
    for i, j in permutations(range(len(parts)), 2):
        if i > j and parts[i][0] == parts[j][0]:
            continue  # the operation is commutative, and matching tries both orders
        rest = [part for place, part in enumerate(parts) if place not in (i, j)]
        yield from _pair(parts[i], parts[j], rest, family, rules, facts)


def _pair(first: Part, second: Part, rest: list[Part], family: Family, rules: Rules, facts: Facts) -> Iterator[Node]:
    """Two parts rewritten beside the others: ``a + b`` or ``a - b`` with a sign, ``a*b`` or ``a/b`` with a power."""
    (sign, a), (other, b) = first, second
    alike, apart, *_ = family
    for result in _results((alike if sign == other else apart)(a, b), rules, facts):
        yield _joined([(sign, result), *rest], alike is ADD)


def _results(node: Node, rules: Rules, facts: Facts) -> Iterator[Node]:
    """What the rules make of a node; a new sum is simplified by itself, so that what is to cancel there does."""
    for rule in rules.get(node.op.name, ()):
        for binding in rule.bindings(node, facts):
            yield map_graph([rule.result], _rebuilt, done=dict(binding))[0]


def _rebuilt(node: Node, args: tuple[Node, ...]) -> Node:
    new = rebuild(node, args)
    return to_fixpoint([new], {})[0] if node.args and new.op in SIGNED_SUM else new


def _joined(parts: Sequence[Part], summed: bool) -> Node:
    """The sum or product of the parts."""
    ahead = sorted(parts, key=lambda part: -part[0])
    result = const(0 if summed else 1)
    for sign, part in ahead:
        if summed:
            result = result + part if sign > 0 else result - part
        else:
            result = result * part if sign > 0 else result / part
    return result
