"""Pairs of factors or of terms that several products or sums have in common, computed once.

A product is a bag of factors, each above or below the line; a sum is a bag of terms, each with a sign. So both are
bags of items of a commutative group, and :mod:`symdiff.pairs` finds what they have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any, TypeAlias

from .expr import CONST, ROWS, Node, Number, Row, const
from .order import factor_key, term_key
from .pairs import Bag, Pair, extract
from .walk import rebuild, topological, use_counts

#: A product that several read is opened where it has at most so many factors, so that bags stay linear in all.
SMALL = 5

_ADD, _SUB, _MUL, _DIV, _NEG, _POW = (ROWS[name] for name in ("add", "sub", "mul", "div", "neg", "pow"))
_MINUS, _ONE = const(-1), const(1)


#: A node or a pair of items.
_Item: TypeAlias = Any


@dataclass(frozen=True)
class _Kind:
    """Products or sums: how a node opens, how many items a shared one may have, how a bag and a pair are written."""

    opened: dict[Row, Callable[[Node, int], list[tuple[Node, int]]]]
    small: int
    collected: Callable[[list[tuple[Node, int]]], tuple[bool, Bag]]
    written: Callable[[list[tuple[Node, int]]], Node]


def share(roots: Sequence[Node]) -> list[Node]:
    """The same scalars with common factors and then common terms of two or more products or sums computed once.

    >>> import symdiff as sd
    >>> [a, b] = share([sd.parse("x*y*z"), sd.parse("y*w*z")])
    >>> sd.count_ops([a, b])
    {'mul': 3}
    """
    return _shared(_shared(roots, _PRODUCTS), _SUMS)


# -- products ------------------------------------------------------------------------------------------------------


def _power_parts(node: Node, sign: int) -> list[tuple[Node, int]]:
    """The base as often as a small whole exponent says; nothing for another power."""
    base, exponent = node.args
    value = exponent.value if exponent.op is CONST else None
    return [(base, sign)] * value if type(value) is int and value in (2, 3) else []


def _factors(items: list[tuple[Node, int]]) -> tuple[bool, Bag]:
    """The factors with one number among them, and whether the product is negative; like ones cancel."""
    size: Number = 1
    powers: dict[Node, int] = {}
    for node, side in items:
        scaled = _scaled(size, node.value, side) if node.op is CONST else None
        if scaled is None:
            powers[node] = powers.get(node, 0) + side
        else:
            size = scaled
    bag: Bag = {(node, 1 if power > 0 else -1): abs(power) for node, power in powers.items() if power}
    whole = abs(size)
    if isinstance(whole, Fraction) and whole.numerator == 1:
        entry = const(whole.denominator), -1
    else:
        entry = const(whole), 1
    if whole != 1 or not bag:
        bag[entry] = bag.get(entry, 0) + 1
    return size < 0, bag


def _scaled(size: Number, by: Number, side: int) -> Number | None:
    """The product or quotient, exact for exact numbers; nothing where it leaves the range of floats."""
    try:
        exact = not isinstance(size, float) and not isinstance(by, float)
        found: Any = size * by if side > 0 else Fraction(size) / Fraction(by) if exact else size / by
    except (OverflowError, ZeroDivisionError):
        return None
    return found if 0 < abs(found) < inf else None


def _product(items: list[tuple[Node, int]]) -> Node:
    """One quotient: numbers in front, then the factors in order, repeated ones as powers."""
    listed = sorted(items, key=lambda item: (item[0].op is not CONST, factor_key(item[0])))
    above, below = (_chain([node for node, side in listed if side == wanted]) for wanted in (1, -1))
    return above / below


def _chain(factors: list[Node]) -> Node:
    result = _ONE
    for factor in dict.fromkeys(factors):
        result = result * factor ** factors.count(factor)
    return result


# -- sums ----------------------------------------------------------------------------------------------------------


def _terms(items: list[tuple[Node, int]]) -> tuple[bool, Bag]:
    """The terms; opposite ones stay, as the simplifier has collected them."""
    bag: Bag = {}
    for entry in items:
        bag[entry] = bag.get(entry, 0) + 1
    return False, bag


def _sum(items: list[tuple[Node, int]]) -> Node:
    """Positive terms first, each in order."""
    listed = sorted(items, key=lambda item: (-item[1], term_key(item[0])))
    result = listed[0][0] if listed[0][1] > 0 else -listed[0][0]
    for node, sign in listed[1:]:
        result = result + node if sign > 0 else result - node
    return result


_PRODUCTS = _Kind(
    {
        _MUL: lambda node, side: [(node.args[0], side), (node.args[1], side)],
        _DIV: lambda node, side: [(node.args[0], side), (node.args[1], -side)],
        _NEG: lambda node, side: [(_MINUS, 1), (node.args[0], side)],
        _POW: _power_parts,
    },
    SMALL,
    _factors,
    _product,
)
_SUMS = _Kind(
    {
        _ADD: lambda node, sign: [(node.args[0], sign), (node.args[1], sign)],
        _SUB: lambda node, sign: [(node.args[0], sign), (node.args[1], -sign)],
        _NEG: lambda node, sign: [(node.args[0], -sign)],
    },
    0,
    _terms,
    _sum,
)


# -- bags ----------------------------------------------------------------------------------------------------------


def _shared(roots: Sequence[Node], kind: _Kind) -> list[Node]:
    """The roots with the pairs of all bags of one kind extracted."""
    negative, bags = _bags(roots, kind)
    extract(list(bags.values()))
    read: Any = lambda item: _read(item, bags)
    done: dict[_Item, Node] = {}
    for item in topological(*roots, read=read):
        done[item] = _built(item, bags, done, kind)
        if item in negative:
            done[item] = -done[item]
    return [done[root] for root in roots]


def _read(item: _Item, bags: dict[_Item, Bag]) -> tuple[_Item, ...]:
    if isinstance(item, Pair):
        return item.first, item.second
    return tuple(part for part, _ in bags[item]) if item in bags else item.args


def _built(item: _Item, bags: dict[_Item, Bag], done: dict[_Item, Node], kind: _Kind) -> Node:
    if isinstance(item, Pair):
        return kind.written([(done[item.first], 1), (done[item.second], item.sign)])
    if item in bags:
        return kind.written([(done[part], side) for (part, side), times in bags[item].items() for _ in range(times)])
    return rebuild(item, tuple(done[arg] for arg in item.args)) if item.args else item


def _bags(roots: Sequence[Node], kind: _Kind) -> tuple[set[_Item], dict[_Item, Bag]]:
    """The bag of each product or sum that something else reads, and which of them are negative."""
    order = topological(*roots)
    uses = use_counts(roots, order)
    sizes: dict[Node, int] = {}
    found: dict[_Item, tuple[bool, Bag]] = {}
    for node in order:
        if node.op in kind.opened and (items := _opened(node, kind, uses, sizes)) != [(node, 1)]:
            found[node] = kind.collected(items)
            sizes[node] = sum(found[node][1].values())
    bags = {node: bag for node, (_, bag) in found.items()}
    read: Any = lambda item: _read(item, bags)
    needed = [node for node in topological(*roots, read=read) if node in bags]
    return {node for node in needed if found[node][0]}, {node: bags[node] for node in needed}


def _opened(root: Node, kind: _Kind, uses: dict[Node, int], sizes: dict[Node, int]) -> list[tuple[Node, int]]:
    """The items of one product or sum, through parts that nothing else reads and small ones."""
    items = []
    stack = [(root, 1)]
    while stack:
        node, side = stack.pop()
        parts = kind.opened[node.op](node, side) if node.op in kind.opened else []
        if parts and node is not root and uses[node] > 1 and sizes.get(node, kind.small + 1) > kind.small:
            parts = []
        stack += reversed(parts)
        if not parts:
            items.append((node, side))
    return items
