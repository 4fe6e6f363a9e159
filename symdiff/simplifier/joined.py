"""Parts of sums and products that are one operation together: selections, and arrays over a sum of exponentials.

``where(c, a, 0) + where(c, 0, b)`` is ``where(c, a, b)``, exactly but for the sign of a zero: what is not selected adds
0, and the branches hold what they held. Quotients by a sum over axes are found among all factors of a product by the
rules that have such a quotient on their left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from ..graph.leaves import CONST
from ..graph.node import OPS, Node, Number, Op
from ..graph.shapes import Shape
from ..ops.kinds import unrepeated
from ..ops.terms import DIV
from ..rules.table import apply_rules, rules
from .sums import Sum, added_to, build_sum

_WHERE = OPS["where"]

#: A factor after its exponent.
Factor = tuple[Number, Node]


def selections(terms: dict[Node, Number], total: Number, shared: Collection[Node]) -> Sum:
    """The sum with selections by one condition joined, where that saves operations; shared ones stay."""
    groups: dict[tuple[Node, Shape], list[Node]] = {}
    for core in terms:
        if core.op is _WHERE and core not in shared:
            groups.setdefault((unrepeated(core)[0], core.shape), []).append(core)
    for (condition, _), cores in groups.items():
        if _saves([unrepeated(core)[1:] for core in cores]):
            branches = [_branch([(terms[core], unrepeated(core)[side]) for core in cores]) for side in (1, 2)]
            rest = {core: size for core, size in terms.items() if core not in cores}
            terms, total = added_to(rest, total, 1, _WHERE(condition, *branches))
    return terms, total


def _saves(branches: list[tuple[Node, ...]]) -> bool:
    """Whether one selection of two sums takes fewer operations than a sum of selections."""
    additions = [sum(not _is_zero(pair[side]) for pair in branches) - 1 for side in (0, 1)]
    return 1 + sum(max(0, count) for count in additions) < 2 * len(branches) - 1


def _is_zero(node: Node) -> bool:
    return node.op is CONST and node.value == 0


def _branch(parts: Iterable[tuple[Number, Node]]) -> Node:
    terms: dict[Node, Number] = {}
    total: Number = 0
    for size, node in parts:
        terms, total = added_to(terms, total, size, node)
    return build_sum(terms, total)


def quotients(factors: Iterable[Factor]) -> list[Factor]:
    """The factors, with an array and a sum over axes below the line replaced by what the rules make of them."""
    found = list(factors)
    below, above = _sides()
    for divisor in [factor for factor in map(_below, found) if factor[0] == -1 and factor[1].op in below]:
        for place, (power, array) in enumerate(found):
            if power == 1 and array.op in above:
                quotient = apply_rules(array / divisor[1])
                if quotient.op is not DIV:
                    found[place] = 1, quotient
                    found.remove(next(factor for factor in found if _below(factor) == divisor))
                    break
    return found


@cache
def _sides() -> tuple[frozenset[Op], frozenset[Op]]:
    """The operations below and above the line in rules for quotients of arrays."""
    patterns = [unrepeated(rule.pattern) for rule in rules()[DIV.name] if rule.pattern.shape]
    return frozenset(below.op for _, below in patterns), frozenset(above.op for above, _ in patterns)


def _below(factor: Factor) -> Factor:
    """``view(1/x)`` as ``view(x)`` below the line."""
    power, node = factor
    inner = node.args[0] if node.op.view and node.args else node
    if inner is node or inner.op is not DIV or inner.args[1].shape != inner.shape:
        return factor
    one, divisor = unrepeated(inner)
    return (-power, node.op(divisor, *node.attrs)) if one.op is CONST and one.value == 1 else factor
