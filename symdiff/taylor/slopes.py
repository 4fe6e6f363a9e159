"""The partial derivatives of an operation in the spelling that a recurrence is made from."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, NamedTuple, TypeAlias

from ..expr import ROWS, VAR, Node, const, is_const, make
from ..walk import topological

_MUL, _DIV, _NEG, _WHERE = (ROWS[name] for name in ("mul", "div", "neg", "where"))
_ONE = const(1)
_TANGENT = make(VAR, (), ("tangent of a Taylor series",), ())


class Quotient(NamedTuple):
    """A numerator over a denominator."""

    above: Node
    below: Node = _ONE


class Choice(NamedTuple):
    """One slope where the condition holds, another elsewhere; None is zero."""

    condition: Node
    one: Slope | None
    other: Slope | None


Slope: TypeAlias = Quotient | Choice


def slopes_of(node: Node, active: Container[Node]) -> list[tuple[Node, Slope]]:
    """The active arguments with the slopes along them; of several, none has a denominator."""
    found = [
        (arg, slope)
        for arg, partial in zip(node.args, node.op.partials or (), strict=True)
        if partial is not None and arg in active and (slope := _slope(partial(node, *node.args))) is not None
    ]
    if len(found) == 1 and isinstance(found[0][1], Quotient):
        return found
    return [(arg, _whole(slope)) for arg, slope in found]


def numerators(slope: Slope | None) -> list[Node]:
    """The nodes whose series a slope reads, numerators only."""
    if isinstance(slope, Choice):
        return [*numerators(slope.one), *numerators(slope.other)]
    return [slope.above] if slope else []


def _slope(partial: Any) -> Slope | None:
    if not isinstance(partial, Node) and callable(partial):
        given = partial(_TANGENT)
        linear = _TANGENT in topological(given) and _is_linear(given)
        return _of_tangent(given) if linear else _slope(partial(_ONE))
    node = partial if isinstance(partial, Node) else const(partial)
    return None if is_const(node, 0) else Quotient(node)


def _is_linear(node: Node) -> bool:
    """Whether the tangent stands in one factor of a quotient, or in the branches of choices, and nowhere else."""
    stack = [node]
    while stack:
        part = stack.pop()
        moving = [place for place, arg in enumerate(part.args) if _TANGENT in topological(arg)]
        allowed = {_NEG: ([0],), _MUL: ([0], [1]), _DIV: ([0],), _WHERE: ([1], [2], [1, 2])}
        if part is not _TANGENT and moving not in allowed.get(part.op, ()):
            return False
        stack += [part.args[place] for place in moving]
    return True


def _of_tangent(node: Node) -> Slope | None:
    """The slope of a linear formula of the tangent; formulas of rows are small, and so is the recursion."""
    if _TANGENT not in topological(node):
        return None
    if node.op is _WHERE:
        condition, one, other = node.args
        return Choice(condition, _of_tangent(one), _of_tangent(other))
    if node is _TANGENT:
        return Quotient(_ONE)
    moving = next(arg for arg in node.args if _TANGENT in topological(arg))
    return _scaled(_of_tangent(moving), node, moving)


def _scaled(slope: Slope | None, node: Node, moving: Node) -> Slope | None:
    """The slope of a product, quotient or sign from that of its factor with the tangent."""
    if isinstance(slope, Choice):
        return Choice(slope.condition, _scaled(slope.one, node, moving), _scaled(slope.other, node, moving))
    if slope is None:
        return None
    above, below = slope
    if node.op is _NEG:
        return Quotient(-above, below)
    if node.op is _DIV:
        return Quotient(above, below * node.args[1])
    return Quotient(above * node.args[node.args[0] is moving], below)


def _whole(slope: Slope | None) -> Any:
    """The slope without a denominator."""
    if isinstance(slope, Choice):
        return Choice(slope.condition, _whole(slope.one), _whole(slope.other))
    return Quotient(slope.above / slope.below) if slope else None
