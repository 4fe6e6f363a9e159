"""Rules, as read from a table of lines ``pattern => result  tag where condition  # why``, and where they apply.

Variables of a pattern stand for anything, as :mod:`symdiff.rules.match` says. In a rule with ``axis=A``, ``X`` is an
array of up to :data:`MOST_AXES` axes, ``A`` some of them, and ``s`` a scalar. ``<=>`` is a rule in each direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

from ..graph.leaves import VAR
from ..graph.node import Node, Op
from ..graph.traversal import topological
from ..ops.kinds import unrepeated
from ..ops.sizes import SIZE
from .assumptions import Facts
from .match import Binding, instantiate, match

#: Arrays of more axes have no rules with axes.
MOST_AXES = 3


class Rule(NamedTuple):
    """``pattern => result``, with the tag that says when it holds, and the condition that is to follow, if any.

    ``line``: its line in the table. ``heads``: the operations of the pattern's arguments, None where any fits.
    """

    pattern: Node
    result: Node
    name: str
    tag: str
    reason: str
    line: str
    condition: Node | None
    heads: tuple[Op | None, ...]

    def __str__(self) -> str:
        return self.name

    def bindings(self, node: Node, facts: Facts | None) -> Iterator[Binding]:
        """Every way in which the rule fits the node and its condition follows."""
        if self.condition is not None and facts is None:
            return
        for binding in match(self.pattern, node, {}):
            if self.condition is None or (facts is not None and facts.hold(instantiate(self.condition, binding))):
                yield binding

    def results(self, node: Node, facts: Facts | None) -> Iterator[Node]:
        """What the rule makes of the node, in every way in which it applies."""
        return (instantiate(self.result, binding) for binding in self.bindings(node, facts))

    def may_fit(self, args: Sequence[Node]) -> bool:
        """Whether the operations of the arguments are those of the pattern: what is quickly seen before matching."""
        return _alike(self.heads, args) or (self.pattern.op.commutative and _alike(self.heads[::-1], args))


def _alike(heads: Sequence[Op | None], args: Sequence[Node]) -> bool:
    return all(head is None or head is arg.op for head, arg in zip(heads, args, strict=False))


#: Rules by the name of the operation at the root of their pattern.
Rules = Mapping[str, Sequence[Rule]]


class Line(NamedTuple):
    """A line of a table as texts."""

    text: str
    pattern: str
    arrow: str
    result: str
    tag: str
    condition: str
    reason: str


_LINE = re.compile(r"((.*?)\s*(<?=>)\s*(.*?)\s+(exact|real)(?:\s+where\s+(.*?))?)\s+#\s*(.*)")


def lines_of(table: str) -> list[Line]:
    """The lines of a table."""
    lines = [_LINE.fullmatch(line.strip()) for line in table.splitlines() if line.strip()]
    return [Line(" ".join(line[1].split()), *(part or "" for part in line.groups()[1:])) for line in lines if line]


@cache
def read_rules(table: str) -> Rules:
    """The rules of a table, those of one operation in the order of the table."""
    rules: dict[str, list[Rule]] = {}
    for line in lines_of(table):
        for rule in _rules_of(line):
            rules.setdefault(rule.pattern.op.name, []).append(rule)
    return rules


def _rules_of(line: Line) -> Iterator[Rule]:
    """The rules of a line: for each choice of axes, and in each direction."""
    from ..text.parser import parse

    condition = parse(line.condition) if line.condition else None
    for axes, shapes in _axes() if "axis=A" in line.pattern else [("", {})]:
        texts = (line.pattern, line.result)
        sides = [parse(side.replace("=A", f"={axes}"), shapes) for side in texts]
        for first, second in ((0, 1), (1, 0)) if line.arrow == "<=>" else ((0, 1),):
            name = f"{texts[first]} => {texts[second]}" + (f" where {line.condition}" if line.condition else "")
            pattern = sides[first]
            heads = tuple(map(_head, unrepeated(pattern)))
            yield Rule(pattern, sides[second], name, line.tag, line.reason, line.text, condition, heads)


def _head(part: Node) -> Op | None:
    """The operation that an argument has to have; products of sizes are compared by their values."""
    sizes = any(node.op is SIZE for node in topological(part))
    return None if part.op is VAR or sizes else part.op


def _axes() -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    """Some of the axes of an array, as text, and the shape of the array X; one axis first."""
    for count in range(1, MOST_AXES + 1):
        shape = tuple(f"n{axis}" for axis in range(count))
        for few in range(1, count + 1):
            for axes in combinations(range(count), few):
                yield str(axes), {"X": shape}
