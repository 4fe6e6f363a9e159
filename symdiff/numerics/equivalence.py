"""Whether two lists of formulas have the same values, by many digits at points of their domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph.errors import DomainError, UnsupportedError
from ..graph.node import Node
from ..graph.traversal import variables
from .mpmath_eval import Exact
from .ulp_error import sample

#: Points at which forms are compared, those where each has a value at least, their seed, and the digits that agree.
POINTS, LEAST, SEED, DIGITS = 24, 12, 1, 18


class EquivalenceOracle:
    """The values of formulas at points of their domain, with which those of others are compared.

    ``known`` is false where no point is found, or where mpmath has no function for an operation: nothing agrees then.
    """

    def __init__(self, roots: Sequence[Node]) -> None:
        self.roots, self.inputs = list(roots), list(variables(list(roots)))
        self.points: list[dict[Node, float]] = []
        self.values: list[list[Any]] = []
        try:
            exact = Exact(self.roots)
            for index, root in enumerate(self.roots):
                if sum(row[index] == row[index] for row in self.values) < LEAST:
                    self._sample(root, exact)
        except (DomainError, UnsupportedError):
            self.points = []
        self.known = bool(self.points)

    def _sample(self, root: Node, exact: Exact) -> None:
        points = sample([root], self.inputs, {}, POINTS, SEED)[0]
        self.points += points
        self.values += map(exact, points)

    def agrees(self, roots: Sequence[Node]) -> bool:
        """Whether these have every value that the formulas have, to 18 digits."""
        try:
            exact = Exact(roots)
        except UnsupportedError:
            return False
        sides = zip(self.values, map(exact, self.points), strict=True)
        return self.known and all(_same(old, new) for pair in sides for old, new in zip(*pair, strict=True))


def agree(before: Sequence[Node], after: Sequence[Node]) -> bool:
    """Whether ``after`` has every value that ``before`` has, as :class:`EquivalenceOracle` says.

    >>> import symdiff as sd
    >>> agree([sd.parse("x/x")], [sd.parse("1")]), agree([sd.parse("sqrt(x**2)")], [sd.parse("x")])
    (True, False)
    """
    return EquivalenceOracle(before).agrees(after)


def _same(old: Any, new: Any) -> bool:
    return bool(old != old or abs(old - new) <= abs(old) * 10**-DIGITS or abs(old - new) <= 10.0**-300)
