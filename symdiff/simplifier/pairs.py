"""Common pairs: of all pairs that several products (or sums) contain, the most frequent is computed once, and again.

A product is a bag of factors: a factor's number to its exponent, negative below the line. A sum is a bag of terms, with
1 or -1. Two sums share a pair also where one has it with the other signs: ``a - b`` and ``b - a``. Two products share
``a*b`` and ``1/(a*b)``, but not ``a/b`` and ``b/a``: as ``1/(a/b)`` the second would be divided by ``b``, which it is
not, so it would fail where ``b`` is 0.

The method is the greedy elimination of common subexpressions of A. Hosangadi, F. Fallah and R. Kastner, Optimizing
polynomial expressions by algebraic factorization and common subexpression elimination, IEEE Trans. CAD 25 (2006), on
exponents.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

Bag = dict[int, int]
#: On one side of the line; the first above the second, or below.
TOGETHER, OVER, UNDER = 0, 1, 2
#: Two members, and how they stand.
Pair = tuple[int, int, int]
#: How good a pair is, best first: bags that have it, times it is there; then the members.
_Entry = tuple[int, int, int, int, int]
_POWERS = {TOGETHER: (1, 1), OVER: (1, -1), UNDER: (-1, 1)}


def share_pairs(bags: list[Bag], fresh: int, *, sums: bool) -> dict[int, Bag]:
    """Replace common pairs in the bags, in place, by new members from ``fresh`` on; returns the bag of each.

    Members are numbered in the order in which ties are decided. ``sums``: the bags are of terms, not of factors.

    >>> bags = [{0: 1, 1: 1, 2: -1}, {1: -1, 2: 1, 3: 1}]
    >>> share_pairs(bags, 4, sums=False), bags
    ({}, [{0: 1, 1: 1, 2: -1}, {1: -1, 2: 1, 3: 1}])
    >>> share_pairs(bags, 4, sums=True), bags
    ({4: {1: 1, 2: -1}}, [{0: 1, 4: 1}, {3: 1, 4: -1}])
    """
    return _Sharing(bags, sums).run(fresh)


class _Sharing:
    """The bags with, for each pair, where it is and how often."""

    def __init__(self, bags: list[Bag], sums: bool) -> None:
        self.bags, self.sums = bags, sums
        self.counts: dict[Pair, int] = {}
        self.places: dict[Pair, set[int]] = {}
        for place in range(len(bags)):
            self._note(place)
        self.heap = [self._entry(pair) for pair, count in self.counts.items() if count > 1]
        heapify(self.heap)

    def run(self, fresh: int) -> dict[int, Bag]:
        found: dict[int, Bag] = {}
        while self.heap:
            entry = heappop(self.heap)
            first, second, how = pair = entry[2:]
            if self.counts[pair] < 2 or entry != self._entry(pair):
                continue
            for place in sorted(self.places[pair]):
                self._replace(place, pair, fresh)
            found[fresh] = {first: 2} if first == second else dict(zip((first, second), _POWERS[how], strict=True))
            fresh += 1
        return found

    def _entry(self, pair: Pair) -> _Entry:
        return -len(self.places[pair]), -self.counts[pair], *pair

    def _pairs(self, bag: Bag) -> Iterator[tuple[Pair, int]]:
        """Each pair of a bag with how often it is there."""
        members = sorted(bag)
        for place, first in enumerate(members):
            power = bag[first]
            if abs(power) > 1:
                yield (first, first, TOGETHER), abs(power) // 2
            for second in members[place + 1 :]:
                apart = (power > 0) is not (bag[second] > 0)
                how = (OVER if power > 0 or self.sums else UNDER) if apart else TOGETHER
                yield (first, second, how), min(abs(power), abs(bag[second]))

    def _note(self, place: int) -> None:
        for pair, count in self._pairs(self.bags[place]):
            self.counts[pair] = self.counts.get(pair, 0) + count
            self.places.setdefault(pair, set()).add(place)

    def _replace(self, place: int, pair: Pair, fresh: int) -> None:
        bag = self.bags[place]
        before = dict(self._pairs(bag))
        first, second, how = pair
        sign = 1 if bag[first] > 0 or how == UNDER else -1
        times = before[pair]
        _take(bag, first, times)
        _take(bag, second, times)
        bag[fresh] = sign * times
        self._update(place, before, dict(self._pairs(bag)))

    def _update(self, place: int, before: dict[Pair, int], after: dict[Pair, int]) -> None:
        for pair in {**before, **after}:
            old, new = before.get(pair, 0), after.get(pair, 0)
            if old == new:
                continue
            self.counts[pair] = self.counts.get(pair, 0) + new - old
            places = self.places.setdefault(pair, set())
            (places.add if new else places.discard)(place)
            if self.counts[pair] > 1:
                heappush(self.heap, self._entry(pair))


def _take(bag: Bag, member: int, times: int) -> None:
    """Towards 0 by that many."""
    left = abs(bag[member]) - times
    if left:
        bag[member] = left if bag[member] > 0 else -left
    else:
        del bag[member]
