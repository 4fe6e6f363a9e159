"""Sums as terms with coefficients: like terms collected, and written from left to right in the structural order."""

from __future__ import annotations

from ..graph.leaves import const
from ..graph.node import Node, Number
from ..graph.order import term_key
from ..graph.shapes import Shape
from ..ops.terms import SUM, parts_of
from .products import collect, factors_of, split

#: The terms of a sum with their coefficients, and its number.
Sum = tuple[dict[Node, Number], Number]


def added_to(terms: dict[Node, Number], total: Number, size: Number, node: Node) -> Sum:
    """The sum with ``size*node`` added."""
    coefficient, core = split(node)
    if core is None:
        return terms, total + size * coefficient
    return {**terms, core: terms.get(core, 0) + size * coefficient}, total


def sum_cost(terms: dict[Node, Number], total: Number) -> int:
    """Multiplications and additions of a sum."""
    sizes = [abs(size) for size in terms.values() if size != 0]
    return sum(size != 1 for size in sizes) + len(sizes) + (total != 0) - 1


def sum_terms(core: Node) -> tuple[dict[Node, Number], Number]:
    """The terms of a simplified sum with their coefficients, and its number."""
    terms: dict[Node, Number] = {}
    number: Number = 0
    for sign, node in parts_of(core, SUM):
        coefficient, part = split(node)
        if part is None:
            number += sign * coefficient
        else:
            terms[part] = terms.get(part, 0) + sign * coefficient
    return terms, number


def build_sum(terms: dict[Node, Number], total: Number) -> Node:
    """Positive terms first, each in order, the constant last."""
    ordered = sorted((core for core in terms if terms[core] != 0), key=term_key)
    listed: list[tuple[bool, Node]] = []
    for core in ordered:
        coefficient = terms[core]
        listed.append((coefficient < 0, times(-coefficient if coefficient < 0 else coefficient, core)))
    if total != 0:
        listed.append((total < 0, const(abs(total))))
    if not listed:
        return const(total)
    return added([added(group) for group in _by_shape(listed)] if len(listed) > 1 else listed)[1]


def _by_shape(listed: list[tuple[bool, Node]]) -> list[list[tuple[bool, Node]]]:
    """Terms of one shape together, so that small ones are added before they are repeated to a larger shape."""
    groups: dict[Shape, list[tuple[bool, Node]]] = {}
    for negative, term in listed:
        groups.setdefault(term.shape, []).append((negative, term))
    return list(groups.values())


def added(listed: list[tuple[bool, Node]]) -> tuple[bool, Node]:
    """The sum of terms with signs, the first positive one in front; negative only where no term is positive."""
    listed = list(listed)
    first = next((place for place, (negative, _) in enumerate(listed) if not negative), 0)
    listed.insert(0, listed.pop(first))
    negative, result = listed[0]
    result = -result if negative else result
    for negative, term in listed[1:]:
        result = result - term if negative else result + term
    return False, result


def times(coefficient: Number, core: Node) -> Node:
    """``coefficient*core`` with the number at the left end, in the form that a product is built in."""
    if coefficient == 1:
        return core
    return collect(coefficient, factors_of(core))
