"""Common pairs: of all pairs that several products (or sums) contain, the most frequent is computed once, and again.

A product is a multiset of factors: a factor's number to its exponent, negative below the line. A sum is a multiset of
terms, with 1 or -1. Two sums share a pair also where one has it with the other signs: ``a - b`` and ``b - a``. Two
products share ``a*b`` and ``1/(a*b)``, but not ``a/b`` and ``b/a``: as ``1/(a/b)`` the second would be divided by
``b``, which it is not, so it would fail where ``b`` is 0.

The method is the greedy elimination of common subexpressions of A. Hosangadi, F. Fallah and R. Kastner, Optimizing
polynomial expressions by algebraic factorization and common subexpression elimination, IEEE Trans. CAD 25 (2006), on
exponents.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

#: Members by their numbers, each with its multiplicity.
Multiset = dict[int, int]
#: On one side of the line; the first above the second, or below.
TOGETHER, OVER, UNDER = 0, 1, 2
#: Two members, and how they stand to each other.
Pair = tuple[int, int, int]
#: How good a pair is, best first: multisets that have it, times it is there; then the members.
_Entry = tuple[int, int, int, int, int]
_POWERS = {TOGETHER: (1, 1), OVER: (1, -1), UNDER: (-1, 1)}


def extract_common_pairs(multisets: list[Multiset], fresh: int, *, sums: bool) -> dict[int, Multiset]:
    """Replace common pairs in the multisets, in place, by new members from ``fresh`` on; returns those as multisets.

    Members are numbered in the order in which ties are decided. ``sums``: the multisets are of terms, not of factors.

    >>> multisets = [{0: 1, 1: 1, 2: -1}, {1: -1, 2: 1, 3: 1}]
    >>> extract_common_pairs(multisets, 4, sums=False), multisets
    ({}, [{0: 1, 1: 1, 2: -1}, {1: -1, 2: 1, 3: 1}])
    >>> extract_common_pairs(multisets, 4, sums=True), multisets
    ({4: {1: 1, 2: -1}}, [{0: 1, 4: 1}, {3: 1, 4: -1}])
    """
    return _Extraction(multisets, sums).run(fresh)


class _Extraction:
    """The multisets with, for each pair, where it is and how often."""

    def __init__(self, multisets: list[Multiset], sums: bool) -> None:
        self.multisets, self.sums = multisets, sums
        self.counts: dict[Pair, int] = {}
        self.positions: dict[Pair, set[int]] = {}
        for position in range(len(multisets)):
            self._count(position)
        self.heap = [self._entry(pair) for pair, count in self.counts.items() if count > 1]
        heapify(self.heap)

    def run(self, fresh: int) -> dict[int, Multiset]:
        pairs: dict[int, Multiset] = {}
        while self.heap:
            entry = heappop(self.heap)
            first, second, relation = pair = entry[2:]
            if self.counts[pair] < 2 or entry != self._entry(pair):
                continue
            for position in sorted(self.positions[pair]):
                self._replace(position, pair, fresh)
            pairs[fresh] = {first: 2} if first == second else dict(zip((first, second), _POWERS[relation], strict=True))
            fresh += 1
        return pairs

    def _entry(self, pair: Pair) -> _Entry:
        return -len(self.positions[pair]), -self.counts[pair], *pair

    def _pairs(self, multiset: Multiset) -> Iterator[tuple[Pair, int]]:
        """Each pair of a multiset with how often it is there."""
        members = sorted(multiset)
        for position, first in enumerate(members):
            power = multiset[first]
            if abs(power) > 1:
                yield (first, first, TOGETHER), abs(power) // 2
            for second in members[position + 1 :]:
                apart = (power > 0) is not (multiset[second] > 0)
                relation = (OVER if power > 0 or self.sums else UNDER) if apart else TOGETHER
                yield (first, second, relation), min(abs(power), abs(multiset[second]))

    def _count(self, position: int) -> None:
        for pair, count in self._pairs(self.multisets[position]):
            self.counts[pair] = self.counts.get(pair, 0) + count
            self.positions.setdefault(pair, set()).add(position)

    def _replace(self, position: int, pair: Pair, fresh: int) -> None:
        multiset = self.multisets[position]
        before = dict(self._pairs(multiset))
        first, second, relation = pair
        sign = 1 if multiset[first] > 0 or relation == UNDER else -1
        times = before[pair]
        _remove(multiset, first, times)
        _remove(multiset, second, times)
        multiset[fresh] = sign * times
        self._update(position, before, dict(self._pairs(multiset)))

    def _update(self, position: int, before: dict[Pair, int], after: dict[Pair, int]) -> None:
        for pair in {**before, **after}:
            old, new = before.get(pair, 0), after.get(pair, 0)
            if old == new:
                continue
            self.counts[pair] = self.counts.get(pair, 0) + new - old
            positions = self.positions.setdefault(pair, set())
            (positions.add if new else positions.discard)(position)
            if self.counts[pair] > 1:
                heappush(self.heap, self._entry(pair))


def _remove(multiset: Multiset, member: int, times: int) -> None:
    """Towards 0 by that many."""
    left = abs(multiset[member]) - times
    if left:
        multiset[member] = left if multiset[member] > 0 else -left
    else:
        del multiset[member]
