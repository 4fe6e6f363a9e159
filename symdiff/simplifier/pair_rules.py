"""Any two terms of a sum, or factors of a product, replaced by what a rule of the table makes of them.

A rule for a sum of two, ``sin(x)**2 + cos(x)**2 => 1``, so holds in ``sin(x)**2 + y + cos(x)**2`` too, and one for a
product of two in a product of more. Long sums and products are left alone, so the time stays linear.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

from ..graph.leaves import CONST, VAR, const
from ..graph.node import OPS, Node, Number, Op
from ..ops.kinds import unrepeated
from ..ops.terms import ADD, DIV, MUL, NEG, POW, SUB
from ..rules.assumptions import current
from ..rules.table import apply_rules, rules
from .products import factors_of, product_of, split_coefficient
from .sums import Sum, add_term

_WHERE, _SIGN = OPS["where"], OPS["sign"]
_ONE = const(1)

#: Sums and products with more parts are left as they are.
MOST_PARTS = 8


def rewrite_term_pairs(terms: dict[Node, Number], total: Number) -> Sum:
    """The sum with two of its terms, of one size, replaced as long as a rule fits them."""
    rewritten: Sum | None = terms, total
    while rewritten is not None:
        terms, total = rewritten
        rewritten = _rewrite_two_terms(terms, total)
    return terms, total


def _rewrite_two_terms(terms: dict[Node, Number], total: Number) -> Sum | None:
    sizes = {core: size for core, size in (*terms.items(), (_ONE, total)) if size != 0}
    if len(sizes) > MOST_PARTS or not any(_occurs_in_rules(op, core) for core in sizes for op in (ADD, SUB)):
        return None
    for one, other in permutations(sizes, 2):
        if 0 < sizes[one] == abs(sizes[other]):
            pair = (ADD if sizes[one] == sizes[other] else SUB)(one, other)
            result = apply_rules(pair)
            if result is not pair:
                rest = {core: size for core, size in sizes.items() if core not in (one, other)}
                return add_term(rest, rest.pop(_ONE, 0), sizes[one], result)
    return None


def rewrite_factor_pairs(product: Node) -> Node:
    """The product with two of its factors, or one and the base of a power, replaced as long as a rule fits them."""
    if product.op is NEG:
        return -rewrite_factor_pairs(product.args[0])
    rewritten: Node | None = product
    while rewritten is not None:
        product, rewritten = rewritten, _rewrite_two_factors(rewritten)
    return product


def _rewrite_two_factors(product: Node) -> Node | None:
    factors = list(factors_of(product))
    if len(factors) > MOST_PARTS or not any(_occurs_in_rules(op, factor) for _, factor in factors for op in (MUL, DIV)):
        return None
    for first, second in permutations(range(len(factors)), 2):
        (side, one), (other_side, other) = factors[first], factors[second]
        op, (base, power) = (MUL, _base_and_exponent(other)) if side == other_side else (DIV, (other, 1))
        if _occurs_in_rules(op, one) and base.op is not CONST and (op is MUL or side == 1):
            pair = op(one, base)
            result = apply_rules(pair)
            if result is not pair:
                rest = [factor for position, factor in enumerate(factors) if position not in (first, second)]
                return product_of(1, [*rest, (side, result), (side, base ** (power - 1))])
    return None


def _base_and_exponent(factor: Node) -> tuple[Node, int]:
    """Base and exponent of a whole power; the factor itself otherwise."""
    if factor.op is POW and factor.args[1].op is CONST:
        exponent = factor.args[1].value
        if isinstance(exponent, int) and exponent > 1:
            return factor.args[0], exponent
    return factor, 1


def _occurs_in_rules(op: Op, part: Node) -> bool:
    """Whether the part has the form of one in a rule for two parts under the operation."""
    for shape in _parts_of_rules(op).get(part.op, ()):
        if all(sub.op in (VAR, arg.op) for sub, arg in zip(shape.args, part.args, strict=True)):
            return True
    return False


@cache
def _parts_of_rules(op: Op) -> dict[Op, list[Node]]:
    """The parts that rules for two scalars under an operation have, but for those that stand for anything."""
    parts: dict[Op, list[Node]] = {}
    for rule in rules().get(op.name, ()):
        for part in () if rule.pattern.shape else rule.pattern.args:
            if part.op is not VAR and part.args:
                parts.setdefault(part.op, []).append(part)
    return parts


def selection_as_sign(node: Node) -> Node:
    """``where(x > 0, u, where(x < 0, -u, 0))`` as ``u*sign(x)``, where u is finite."""
    facts = current()
    if node.op is not _WHERE or facts is None:
        return node
    (positive, above, rest), zero = unrepeated(node), const(0)
    if rest.op is not _WHERE or not positive.args or rest.args[2] is not zero:
        return node
    x = positive.args[0]
    (size, core), (other, same) = split_coefficient(above), split_coefficient(unrepeated(rest)[1])
    opposite = core is same and size == -other and (positive, rest.args[0]) == (x > 0, x < 0)
    return above * _SIGN(x) if opposite and facts.finite(above) else node
