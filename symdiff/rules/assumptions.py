"""What is known of variables: ``assume(x > 0)``, ``f where x > 0``, and the rules that hold under such conditions.

An assumption is a condition in the formula language: comparisons, ``integer(n)``, and several joined by ``and``;
of arrays it holds for all elements. Facts are intervals of expressions; they spread through the graph by the
operations' ``bounds``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar

from ..graph.errors import ParseError, SymdiffError
from ..graph.leaves import CONST, is_const
from ..graph.node import OPS, Node
from ..graph.traversal import topological, variables
from ..ops.intervals import REAL, Interval, interval_of
from ..ops.kinds import unrepeated
from ..ops.terms import POW
from ..text import parser
from ..text.printer import show
from ..text.stacks import Shapes

_LESS = {"less": True, "less_equal": False}
_GREATER = {"greater": True, "greater_equal": False}
#: The word ``where`` after a value, or after ";" and with no bracket behind it.
_CLAUSE = re.compile(r"(?:(?<=[\w)\]])(?<!\band)(?<!\bor)(?<!\bnot)\s+where\b|;\s*where\b(?!\s*\())")
_COMMENT = re.compile(r"#[^\n]*")
_REFUSED = "an assumption is a comparison such as x > 0, integer(n), or several of them joined by and, not {}"


class _Empty(Exception):
    """No number is left that an expression could be."""


class Facts:
    """Intervals of expressions, and of all that is built from them."""

    def __init__(self, *conditions: Node, outer: Facts | None = None) -> None:
        self.conditions, self.outer = conditions, outer
        self.given: dict[Node, Interval] = {}
        self.known: dict[Node, Interval] = {}
        for condition in (part for whole in conditions for part in conjuncts(whole)):
            try:
                self._learn(condition)
            except _Empty:
                raise SymdiffError(f"the assumption {show(condition)} contradicts what is assumed beside it") from None

    def _learn(self, condition: Node) -> None:
        name = condition.op.name
        if condition.op is CONST and condition.value is True:
            return
        if name in _LESS:
            self._less(*_pair(condition), _LESS[name])
        elif name in _GREATER:
            self._less(*_pair(condition)[::-1], _GREATER[name])
        elif name == "equal":
            self._equal(*_pair(condition))
        else:
            raise SymdiffError(_REFUSED.format(show(condition)))

    def _less(self, a: Node, b: Node, strictly: bool) -> None:
        """``a < b``: a bound of either where the other is a number, else the sign of the difference."""
        if a.op is not CONST and b.op is not CONST:
            self._narrow(b - a, Interval(low=0.0, low_open=strictly))
            self._narrow(a - b, Interval(high=0.0, high_open=strictly))
        if a.op.name == "abs":
            self._less(a.args[0], b, strictly)
            self._less(-b, a.args[0], strictly)
        self._narrow(a, Interval(high=self.of(b).high, high_open=strictly))
        self._narrow(b, Interval(low=self.of(a).low, low_open=strictly))

    def _equal(self, a: Node, b: Node) -> None:
        """``n == floor(n)`` says that n is whole."""
        for one, other in ((a, b), (b, a)):
            if other.op.name == "floor" and other.args[0] is one:
                self._narrow(one, Interval(whole=True))
                return
        common = self.of(a).within(self.of(b))
        self._narrow(a, common)
        self._narrow(b, common)

    def _narrow(self, node: Node, interval: Interval) -> None:
        narrowed = self.given.get(node, REAL).within(interval)
        if narrowed.empty or (node.op is CONST and narrowed.within(self.of(node)).empty):
            raise _Empty
        self.given[node] = narrowed
        self.known.clear()

    def of(self, node: Node) -> Interval:
        """Where the values of an expression lie."""
        for step in topological(node, read=self._unknown):
            if step not in self.known:
                interval = interval_of(step, [self.known[arg] for arg in unrepeated(step)])
                narrowed = interval.within(self.given.get(step, REAL))
                self.known[step] = interval if narrowed.empty else narrowed
        return self.known[node]

    def _unknown(self, node: Node) -> tuple[Node, ...]:
        return () if node in self.known else unrepeated(node)

    def hold(self, condition: Node) -> bool:
        """Whether the condition follows."""
        name, args = condition.op.name, unrepeated(condition)
        if condition.op is CONST:
            return bool(condition.value)
        if name == "logical_and":
            return all(self.hold(part) for part in conjuncts(condition))
        if name in _LESS or name in _GREATER:
            a, b = _pair(condition) if name in _LESS else _pair(condition)[::-1]
            strictly = (_LESS | _GREATER)[name]
            if is_const(b, math.inf):
                return self.finite(a)
            return self.of(a).below(self.of(b), strictly) or Interval(0.0, 0.0).below(self.of(b - a), strictly)
        if name == "equal" and args[1].op.name == "floor" and args[1].args[0] is args[0]:
            return self.of(args[0]).whole
        return name == "not_equal" and decided(condition, self) is True

    def finite(self, node: Node) -> bool:
        """Whether an expression has a finite value wherever its variables have: it never leaves a domain."""
        return all(self._inside(step) for step in topological(node, read=unrepeated))

    def _inside(self, step: Node) -> bool:
        """Whether the arguments of an operation are in its domain, as far as it declares a condition."""
        if not step.args:
            return step.op is not CONST or math.isfinite(step.value)
        args = unrepeated(step)
        if step.op is POW and args[1].op is CONST and self.of(args[1]).whole and args[1].value >= 0:
            return True
        return step.op.inside is not None and self.hold(step.op.inside(*args))


def conjuncts(condition: Node) -> list[Node]:
    """The parts of a condition that are joined by ``and``."""
    joined = OPS["logical_and"]
    order = topological(condition, read=lambda node: unrepeated(node) if node.op is joined else ())
    return [node for node in order if node.op is not joined]


def decided(condition: Node, facts: Facts) -> bool | None:
    """Whether a comparison holds, or does not, for all values that the facts allow; None where that is open.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> [decided(c, Facts(x > 0)) for c in (x >= 0, sd.equal(x, 0), x > 1)]
    [True, False, None]
    """
    name, args = condition.op.name, unrepeated(condition)
    if name in ("equal", "not_equal"):
        apart = facts.hold(args[0] < args[1]) or facts.hold(args[1] < args[0])
        return (name == "not_equal") if apart else None
    if facts.hold(condition):
        return True
    return False if name in _OPPOSITES and facts.hold(OPS[_OPPOSITES[name]](*args)) else None


#: What holds where a comparison does not.
_OPPOSITES = {"less": "greater_equal", "less_equal": "greater", "greater": "less_equal", "greater_equal": "less"}


def _pair(condition: Node) -> tuple[Node, Node]:
    """The two sides of a comparison; one of arrays holds for all elements."""
    a, b = unrepeated(condition)
    return a, b


_current: ContextVar[Facts | None] = ContextVar("assumptions", default=None)


def current() -> Facts | None:
    """What is assumed here, in this thread or task; None where nothing is."""
    return _current.get()


class assume(ContextDecorator):
    """Assume conditions while simplifying inside the block, in this thread or task; blocks add up.

    One object serves for any number of blocks, also inside each other. Conditions are comparisons of expressions,
    ``integer(n)``, and several joined by ``&``. Raises SymdiffError for another kind of condition and for conditions
    that contradict each other.

    >>> import symdiff as sd
    >>> x, n = sd.symbols("x n")
    >>> with assume(x > 0, sd.integer(n)):
    ...     sd.simplify(sd.sqrt(x**2) + sd.cos(2*n*sd.pi))
    x + 1
    """

    def __init__(self, *conditions: Node) -> None:
        self.conditions = conditions

    def __enter__(self) -> None:
        outer = _current.get()
        _current.set(Facts(*(outer.conditions if outer else ()), *self.conditions, outer=outer))

    def __exit__(self, *error: object) -> None:
        facts = _current.get()
        assert facts is not None
        _current.set(facts.outer)


def implied(roots: Sequence[Node]) -> list[Node]:
    """What holds wherever the roots have values, by the domains that operations declare.

    Nothing where a part may be unused, or where they have no values at all.
    """
    order = topological(*roots)
    if any(node.op.logical for node in order):
        return []
    conditions = [node.op.inside(*node.args) for node in order if len(node.args) == 1 and node.op.inside is not None]
    conditions = [condition for condition in conditions if variables(condition) and _possible([condition])]
    return conditions if _possible(conditions) else []


def _possible(conditions: list[Node]) -> bool:
    """Whether these are assumptions, none of which contradicts another one."""
    try:
        Facts(*conditions)
    except SymdiffError:
        return False
    return True


# -- text ----------------------------------------------------------------------------------------------------------


def parse_where(text: str, shapes: Shapes | None = None) -> tuple[Node, tuple[Node, ...]]:
    """The formula and the conditions of text such as ``sqrt(x**2) where x > 0``; without the clause, no conditions.

    Raises ParseError as :func:`symdiff.parse` does, and SymdiffError for a condition that is none.

    >>> parse_where("sqrt(x**2) where x > 0")
    (sqrt(x**2), (x > 0,))
    """
    clause = _CLAUSE.search(_COMMENT.sub(_blank, text)) if isinstance(text, str) else None
    if clause is None:
        return parser.parse(text, shapes), ()
    try:
        condition = parser.parse(re.sub(r"[^\n]", " ", text[: clause.end()]) + text[clause.end() :], shapes)
    except ParseError as error:
        raise ParseError(error.message, text, error.position) from None
    Facts(condition)
    return parser.parse(text[: clause.start()], shapes), (condition,)


def _blank(comment: re.Match[str]) -> str:
    return " " * len(comment[0])
