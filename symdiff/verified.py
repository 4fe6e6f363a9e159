"""Whether two lists of formulas have the same values, by many digits at points of their domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .accuracy import sample
from .errors import DomainError, UnsupportedError
from .exact import Exact
from .expr import Node
from .walk import variables

#: Points at which forms are compared, their seed, and the decimal digits to which they agree.
POINTS, SEED, DIGITS = 24, 1, 18


class Witness:
    """The values of formulas at points of their domain, by which others are judged.

    ``known`` is false where no point is found, or where mpmath has no function for an operation: nothing agrees then.
    """

    def __init__(self, roots: Sequence[Node]) -> None:
        self.inputs = list(variables(list(roots)))
        try:
            self.points = [point for root in roots for point in sample([root], self.inputs, {}, POINTS, SEED)[0]]
            exact = Exact(roots)
        except (DomainError, UnsupportedError):
            self.points = []
        self.values = [exact(point) for point in self.points]
        self.known = bool(self.points)

    def agrees(self, roots: Sequence[Node]) -> bool:
        """Whether these have every value that the formulas have, to 18 digits."""
        try:
            exact = Exact(roots)
        except UnsupportedError:
            return False
        sides = zip(self.values, map(exact, self.points), strict=True)
        return self.known and all(_same(old, new) for pair in sides for old, new in zip(*pair, strict=True))


def agree(before: Sequence[Node], after: Sequence[Node]) -> bool:
    """Whether ``after`` has every value that ``before`` has, as :class:`Witness` says.

    >>> import symdiff as sd
    >>> agree([sd.parse("x/x")], [sd.parse("1")]), agree([sd.parse("sqrt(x**2)")], [sd.parse("x")])
    (True, False)
    """
    return Witness(before).agrees(after)


def _same(old: Any, new: Any) -> bool:
    return bool(old != old or abs(old - new) <= abs(old) * 10**-DIGITS or abs(old - new) <= 10.0**-300)
