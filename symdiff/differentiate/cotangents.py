"""Products and sums of cotangents (and tangents) that keep a selection outside.

Where a branch is not taken its derivative is absent, whatever the branch holds there: a mask is applied last, by
``where(condition, t*partial, 0)``, never as a factor, because 0 times an infinite partial is no number.
"""

from __future__ import annotations

from typing import Any

from ..graph.leaves import CONST, is_const
from ..graph.node import Node
from ..ops.kinds import broadcast_to, operands, unbroadcast
from ..ops.logic import logical_and, logical_not, logical_or, where

_WHERE, _AND, _OR, _NOT = where, logical_and, logical_or, logical_not


def apply_partial(partial: Any, t: Node) -> Node | None:
    """``t`` times the partial; nothing for 0. A mask of either stays outside, so 0 never meets an infinite factor."""
    inner = unbroadcast(t)
    if inner.op is _WHERE:
        condition, a, b = operands(inner)
        if _is_zero(b):
            return _mask(condition, apply_partial(partial, broadcast_to(a, t.shape)), keep=True)
        if _is_zero(a):
            return _mask(condition, apply_partial(partial, broadcast_to(b, t.shape)), keep=False)
    if type(partial) is Node:
        if partial.op is CONST and _is_zero(partial):
            return None
        return partial * t if _condition_of(partial) is None else apply_partial(t, partial)
    if partial == 1 and not callable(partial):
        return t
    result = partial(t) if callable(partial) else t * partial
    return result  # type: ignore[no-any-return]


def _mask(condition: Node, part: Node | None, keep: bool) -> Node | None:
    """Masks stand in each other at most twice, so that a long chain of selections costs what its length says."""
    if part is None:
        return None
    if (inner := _condition_of(part)) is not None and _condition_of(_inside(part)) is not None:
        return _WHERE(_AND(condition if keep else _NOT(condition), inner), _inside(part), 0)
    return _WHERE(condition, part, 0) if keep else _WHERE(condition, 0, part)


def _is_zero(node: Node) -> bool:
    return is_const(unbroadcast(node), 0)


def sum_cotangents(parts: list[Node]) -> Node:
    """The sum; where every part is masked, the sum is masked by any of their conditions."""
    if parts[0].op is not _WHERE:
        return sum_of(parts)
    conditions = [_condition_of(part) for part in parts]
    if any(condition is None for condition in conditions):
        return sum_of(parts)
    distinct = list(dict.fromkeys(c for c in conditions if c is not None))
    if len(distinct) == 1:
        return _WHERE(distinct[0], sum_of([_inside(part) for part in parts]), 0)
    either = distinct[0]
    for condition in distinct[1:]:
        either = _OR(either, condition)
    return _WHERE(either, sum_of(parts), 0)


def sum_of(parts: list[Node]) -> Node:
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result


def _condition_of(part: Node) -> Node | None:
    """Where a masked part may differ from 0; nothing for a part without a mask."""
    if part.op is not _WHERE:
        return None
    if _is_zero(part.args[2]):
        return part.args[0]
    return _NOT(part.args[0]) if _is_zero(part.args[1]) else None


def _inside(part: Node) -> Node:
    return part.args[1] if _is_zero(part.args[2]) else part.args[2]
