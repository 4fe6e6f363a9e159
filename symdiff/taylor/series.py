"""Truncated power series with formulas as coefficients, by degree and exponents; a coefficient left out is zero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import TypeAlias

from ..differentiate.cotangents import sum_of
from ..graph.leaves import CONST, const
from ..graph.node import Node, Number
from ..ops.terms import DIV, MUL, NEG

#: The power of each variable.
Exponents: TypeAlias = tuple[int, ...]
Coefficients: TypeAlias = dict[Exponents, Node]
#: The coefficients of each degree.
Series: TypeAlias = list[Coefficients]
Terms = dict[Exponents, list[Node]]


def scale(number: Number, node: Node) -> Node:
    """``number*node``, with a number in front of the node taken in."""
    if number == 1:
        return node
    if node.op is NEG:
        return scale(-number, node.args[0])
    if node.op in (MUL, DIV) and node.args[0].op is CONST:
        return node.op(const(number) * node.args[0], node.args[1])
    return const(number) * node


def times(a: Node, b: Node) -> Node:
    a, b = (b, a) if b.op is CONST else (a, b)
    return scale(a.value, b) if a.op is CONST else a * b


def add_exponents(a: Exponents, b: Exponents) -> Exponents:
    return tuple([i + j for i, j in zip(a, b, strict=True)])


def subtract_exponents(a: Exponents, b: Exponents) -> Exponents:
    return tuple([i - j for i, j in zip(a, b, strict=True)])


def sum_terms(terms: Terms) -> Coefficients:
    return {exponents: sum_of(parts) for exponents, parts in terms.items()}


def add_series(parts: Iterable[tuple[int, Coefficients]]) -> Coefficients:
    """The sum of coefficients with signs."""
    terms: Terms = {}
    for sign, coefficients in parts:
        for exponents, node in coefficients.items():
            terms.setdefault(exponents, []).append(node if sign > 0 else -node)
    return sum_terms(terms)


def convolve(a: Series, b: Series, degree: int) -> Coefficients:
    """The coefficients of that degree of a product; of a square, those of two equal terms are found once."""
    terms: Terms = {}
    for low in range(degree + 1):
        for (i, one), (j, other) in product(a[low].items(), b[degree - low].items()):
            if a is not b:
                terms.setdefault(add_exponents(i, j), []).append(times(one, other))
            elif i <= j:
                terms.setdefault(add_exponents(i, j), []).append(one**2 if i == j else times(scale(2, one), other))
    return sum_terms(terms)


def divide(a: Series, b: Series, y: Series, degree: int) -> Coefficients:
    """The coefficients of that degree of ``y = a/b`` by those of lower degrees: ``b*y = a``."""
    terms: Terms = {exponents: [node] for exponents, node in a[degree].items()}
    for low in range(degree):
        for (i, one), (j, other) in product(y[low].items(), b[degree - low].items()):
            terms.setdefault(add_exponents(i, j), []).append(-times(other, one))
    (value,) = b[0].values()
    return {exponents: node / value for exponents, node in sum_terms(terms).items()}


def product_pairs(u: Series, s: Series, exponents: Exponents, axis: int) -> Iterator[tuple[Node, Node]]:
    """The products that the derivative of ``u`` along the axis, times ``s``, takes for the coefficient there."""
    degree = sum(exponents)
    for low in range(1, degree + 1):
        for i, one in u[low].items():
            if i[axis] and (other := s[degree - low].get(subtract_exponents(exponents, i))) is not None:
                yield scale(i[axis], one), other


def product_exponents(u: Series, s: Series, degree: int) -> Iterator[Exponents]:
    """Where the product of ``s`` and a derivative of ``u`` may have coefficients, one degree more."""
    for low in range(1, degree + 1):
        for i, j in product(u[low], s[degree - low]):
            yield add_exponents(i, j)
