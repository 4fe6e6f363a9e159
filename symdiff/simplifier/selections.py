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
from .sums import Sum, add_term, build_sum

_WHERE = OPS["where"]

#: A factor after its exponent.
Factor = tuple[Number, Node]


def join_selections(terms: dict[Node, Number], total: Number, shared: Collection[Node]) -> Sum:
    """The sum with selections by one condition joined, where that saves operations; shared ones stay."""
    groups: dict[tuple[Node, Shape], list[Node]] = {}
    for core in terms:
        if core.op is _WHERE and core not in shared:
            groups.setdefault((unrepeated(core)[0], core.shape), []).append(core)
    for (condition, _), cores in groups.items():
        if _saves_operations([unrepeated(core)[1:] for core in cores]):
            branches = [_sum_of_branch([(terms[core], unrepeated(core)[side]) for core in cores]) for side in (1, 2)]
            rest = {core: size for core, size in terms.items() if core not in cores}
            terms, total = add_term(rest, total, 1, _WHERE(condition, *branches))
    return terms, total


def _saves_operations(branches: list[tuple[Node, ...]]) -> bool:
    """Whether one selection of two sums takes fewer operations than a sum of selections."""
    additions = [sum(not _is_zero(pair[side]) for pair in branches) - 1 for side in (0, 1)]
    return 1 + sum(max(0, count) for count in additions) < 2 * len(branches) - 1


def _is_zero(node: Node) -> bool:
    return node.op is CONST and node.value == 0


def _sum_of_branch(parts: Iterable[tuple[Number, Node]]) -> Node:
    terms: dict[Node, Number] = {}
    total: Number = 0
    for size, node in parts:
        terms, total = add_term(terms, total, size, node)
    return build_sum(terms, total)


def rewrite_quotients(factors: Iterable[Factor]) -> list[Factor]:
    """The factors, with an array and a sum over axes below the line replaced by what the rules make of them."""
    factors = list(factors)
    below, above = _operations_of_quotients()
    for divisor in [factor for factor in map(_as_divisor, factors) if factor[0] == -1 and factor[1].op in below]:
        for position, (power, array) in enumerate(factors):
            if power == 1 and array.op in above:
                quotient = apply_rules(array / divisor[1])
                if quotient.op is not DIV:
                    factors[position] = 1, quotient
                    factors.remove(next(factor for factor in factors if _as_divisor(factor) == divisor))
                    break
    return factors


@cache
def _operations_of_quotients() -> tuple[frozenset[Op], frozenset[Op]]:
    """The operations below and above the line in rules for quotients of arrays."""
    patterns = [unrepeated(rule.pattern) for rule in rules()[DIV.name] if rule.pattern.shape]
    return frozenset(below.op for _, below in patterns), frozenset(above.op for above, _ in patterns)


def _as_divisor(factor: Factor) -> Factor:
    """``view(1/x)`` as ``view(x)`` below the line."""
    power, node = factor
    inner = node.args[0] if node.op.view and node.args else node
    if inner is node or inner.op is not DIV or inner.args[1].shape != inner.shape:
        return factor
    one, divisor = unrepeated(inner)
    return (-power, node.op(divisor, *node.attrs)) if one.op is CONST and one.value == 1 else factor
