"""Operations that are computed together with the one that reads them: dot products, and sums with a diagonal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..graph.leaves import const
from ..graph.node import Node
from ..ops.contraction import CONTRACT
from ..ops.kinds import operands, unbroadcast
from ..ops.scalar import add, mul, pow, sub
from .schedule import needs_copy


def find_dot_products(order: Sequence[Node], uses: Mapping[Node, int]) -> set[Node]:
    """Products of arrays of one shape, and squares, that only a full sum reads: it becomes a dot product."""
    products = set()
    for node in order:
        if node.op is not CONTRACT or node.shape or len(node.args) != 1 or len(operands(node)) != 1:
            continue
        (arg,) = operands(node)
        factors = [unbroadcast(factor) for factor in arg.args]
        square = arg.op is pow and factors[1] is const(2)
        product = arg.op is mul and all(factor.shape == arg.shape for factor in factors)
        if (square or product) and uses[arg] == 1 and arg is node.args[0]:
            products.add(arg)
    return products


def find_diagonal_terms(order: Sequence[Node], uses: Mapping[Node, int]) -> set[Node]:
    """Arrays put on a diagonal that only one sum reads, beside another array of its shape."""
    terms = set()
    for node in order:
        if node.op not in (add, sub) or not node.shape:
            continue
        first, second = operands(node)
        for arg, other in ((second, first), (first, second))[: 1 if node.op is sub else 2]:
            plain = other.shape == node.shape == arg.shape and not needs_copy(other)
            alone = needs_copy(arg) and uses[arg] == 1
            if plain and alone and _is_diagonal(*arg.attrs):
                terms.add(arg)
                break
    return terms


def _is_diagonal(inner: tuple[int, ...], outer: tuple[int, ...]) -> bool:
    """Whether a view puts its operand on a diagonal and does nothing else."""
    return bool(inner) and len(set(inner)) == len(inner) and set(inner) == set(outer)
