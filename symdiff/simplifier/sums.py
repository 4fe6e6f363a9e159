"""Sums as terms with coefficients: like terms collected, and written from left to right in the structural order."""

from __future__ import annotations

from ..graph.leaves import const
from ..graph.node import Node, Number
from ..graph.order import term_key
from ..graph.shapes import Shape
from ..ops.terms import SUM, parts_of
from .products import factors_of, product_of, split_coefficient

#: The terms of a sum with their coefficients, and its constant.
Sum = tuple[dict[Node, Number], Number]


def add_term(terms: dict[Node, Number], total: Number, size: Number, node: Node) -> Sum:
    """The sum with ``size*node`` added."""
    coefficient, core = split_coefficient(node)
    if core is None:
        return terms, total + size * coefficient
    return {**terms, core: terms.get(core, 0) + size * coefficient}, total


def sum_cost(terms: dict[Node, Number], total: Number) -> int:
    """Multiplications and additions of a sum."""
    sizes = [abs(size) for size in terms.values() if size != 0]
    return sum(size != 1 for size in sizes) + len(sizes) + (total != 0) - 1


def terms_of(core: Node) -> tuple[dict[Node, Number], Number]:
    """The terms of a simplified sum with their coefficients, and its constant."""
    terms: dict[Node, Number] = {}
    total: Number = 0
    for sign, node in parts_of(core, SUM):
        coefficient, part = split_coefficient(node)
        if part is None:
            total += sign * coefficient
        else:
            terms[part] = terms.get(part, 0) + sign * coefficient
    return terms, total


def build_sum(terms: dict[Node, Number], total: Number) -> Node:
    """Positive terms first, each in order, the constant last."""
    ordered = sorted((core for core in terms if terms[core] != 0), key=term_key)
    signed: list[tuple[bool, Node]] = []
    for core in ordered:
        coefficient = terms[core]
        signed.append((coefficient < 0, scale_term(-coefficient if coefficient < 0 else coefficient, core)))
    if total != 0:
        signed.append((total < 0, const(abs(total))))
    if not signed:
        return const(total)
    return join_terms([join_terms(group) for group in _group_by_shape(signed)] if len(signed) > 1 else signed)[1]


def _group_by_shape(signed: list[tuple[bool, Node]]) -> list[list[tuple[bool, Node]]]:
    """Terms of one shape together, so that small ones are added before they are repeated to a larger shape."""
    groups: dict[Shape, list[tuple[bool, Node]]] = {}
    for negative, term in signed:
        groups.setdefault(term.shape, []).append((negative, term))
    return list(groups.values())


def join_terms(signed: list[tuple[bool, Node]]) -> tuple[bool, Node]:
    """The sum of terms with signs, the first positive one in front; negative only where no term is positive."""
    signed = list(signed)
    first = next((position for position, (negative, _) in enumerate(signed) if not negative), 0)
    signed.insert(0, signed.pop(first))
    negative, result = signed[0]
    result = -result if negative else result
    for negative, term in signed[1:]:
        result = result - term if negative else result + term
    return False, result


def scale_term(coefficient: Number, core: Node) -> Node:
    """``coefficient*core`` with the number at the left end, in the form that a product is built in."""
    if coefficient == 1:
        return core
    return product_of(coefficient, factors_of(core))
