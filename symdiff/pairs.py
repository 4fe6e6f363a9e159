"""The pair of items that most bags have in common, again and again.

A bag holds items of a commutative group with their multiplicities; an item is on one side (1) or inverted (-1). A pair
counts wherever it stands, as it is or with both sides changed (M. A. Breuer, Generation of optimal code for expressions
via factorization, Communications of the ACM 12 (1969) 333-340).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeAlias

#: Bags of more items are left alone: their pairs are quadratically many.
WIDEST = 12


@dataclass(frozen=True, eq=False)
class Pair:
    """Two items that became one; the second is inverted where ``sign`` is negative."""

    first: Hashable
    second: Hashable
    sign: int


#: An item and its side.
Entry: TypeAlias = tuple[Hashable, int]
Bag: TypeAlias = dict[Entry, int]
_Key: TypeAlias = tuple[Hashable, Hashable, int]


def extract(bags: Sequence[Bag]) -> None:
    """Replace, in the bags, every pair that stands at least twice by one item, the most frequent first.

    Equal counts are decided by the order in which the items came. Near-linear in the size of all bags.

    >>> bags = [{("x", 1): 1, ("y", 1): 1, ("z", 1): 1}, {("x", -1): 1, ("y", -1): 1}]
    >>> extract(bags)
    >>> [[(isinstance(item, Pair), side) for item, side in bag] for bag in bags]
    [[(False, 1), (True, 1)], [(True, -1)]]
    """
    _Extraction([bag for bag in bags if sum(bag.values()) <= WIDEST]).run()


class _Extraction:
    """Where each pair stands how often, with a heap of counts; old entries of the heap are passed over."""

    def __init__(self, bags: list[Bag]) -> None:
        self.bags = bags
        self.places: dict[_Key, dict[int, int]] = {}
        self.totals: dict[_Key, int] = {}
        self.rank: dict[Hashable, int] = {}
        self.heap: list[tuple[int, int, int, int, _Key]] = []

    def run(self) -> None:
        for place, bag in enumerate(self.bags):
            self._rank(bag)
            self._count(place, self._keys(bag))
        while self.heap:
            negative, *_, key = heappop(self.heap)
            if self.totals.get(key) == -negative:
                self._replace(key)

    def _rank(self, bag: Bag) -> None:
        for item, _ in bag:
            self.rank.setdefault(item, len(self.rank))

    def _keys(self, bag: Bag) -> dict[_Key, None]:
        """Every pair of the bag, with the item that came first in front and upright."""
        return dict.fromkeys(self._pairs(list(bag), bag))

    def _pairs(self, entries: list[Entry], bag: Bag) -> Iterator[_Key]:
        for place, (item, side) in enumerate(entries):
            if bag[item, side] > 1:
                yield item, item, 1
            for other, its_side in entries[place + 1 :]:
                if other is not item:
                    first, second = (item, other) if self.rank[item] < self.rank[other] else (other, item)
                    yield first, second, side * its_side

    def _count(self, place: int, keys: dict[_Key, None]) -> None:
        """Bring the counts of these pairs in one bag up to date."""
        for key in keys:
            places = self.places.setdefault(key, {})
            before, now = places.pop(place, 0), sum(_times(self.bags[place], key, side) for side in (1, -1))
            if now:
                places[place] = now
            total = self.totals[key] = self.totals.get(key, 0) + now - before
            if total > 1 and now != before:
                first, second, sign = key
                heappush(self.heap, (-total, self.rank[first], self.rank[second], sign, key))

    def _replace(self, key: _Key) -> None:
        """One item for the pair, upright where it stands most often."""
        places = list(self.places[key])
        first, second, sign = key
        upright, inverted = (sum(_times(self.bags[place], key, side) for place in places) for side in (1, -1))
        turned = -1 if sign < 0 and inverted > upright else 1
        new = Pair(first, second, sign) if turned > 0 else Pair(second, first, sign)
        self.rank[new] = len(self.rank)
        for place in places:
            bag = self.bags[place]
            touched = self._keys(bag)
            for side in (1, -1):
                _join(bag, key, side, (new, side * turned))
            self._count(place, touched | self._keys(bag))


def _sides(key: _Key, side: int) -> tuple[Entry, Entry]:
    first, second, sign = key
    return (first, side), (second, side * sign)


def _times(bag: Bag, key: _Key, side: int) -> int:
    """How often the pair stands in the bag with its first item on that side."""
    one, other = _sides(key, side)
    return bag.get(one, 0) // 2 if one == other else min(bag.get(one, 0), bag.get(other, 0))


def _join(bag: Bag, key: _Key, side: int, new: Entry) -> None:
    times = _times(bag, key, side)
    for entry in _sides(key, side) if times else ():
        bag[entry] -= times
        if not bag[entry]:
            del bag[entry]
    if times:
        bag[new] = bag.get(new, 0) + times
