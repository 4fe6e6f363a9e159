"""The operators and functions of formulas, as operations and public functions declare them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from ..graph.node import OPS, Node, Op
from ..ops.arrays import FUNCTIONS as ARRAYS
from ..ops.composites import FUNCTIONS

_ALIASES = {"^": "**", "and": "&", "or": "|", "not": "~"}
_GROUPS_RIGHT = {"**"}
#: Entries of the table of array functions that a formula reaches by other signs than a call.
_BY_SIGN = {"T", "index", "size"}


class Call(NamedTuple):
    """A function with the numbers of its positional arguments; ``keywords`` is None where it is elementwise."""

    function: Callable[..., Node]
    low: int
    high: float
    keywords: tuple[str, ...] | None = None


class Grammar(NamedTuple):
    """Infix and prefix operators by symbol, functions by name, and the array functions among them.

    An operator first applies the waiting ones at least as strong as its ``pull``, then waits with its strength.
    """

    infix: dict[str, tuple[int, int, Callable[..., Node]]]
    prefix: dict[str, tuple[int, Op]]
    calls: dict[str, list[Call]]
    arrays: dict[str, Callable[..., Node]]


def grammar() -> Grammar:
    """The grammar of the operations declared so far."""
    return _grammar(tuple(OPS.values()))


@lru_cache(maxsize=4)
def _grammar(ops: tuple[Op, ...]) -> Grammar:
    found = Grammar({}, {}, {}, ARRAYS)
    for op in ops:
        _add_operation(found, op)
    for name, function in FUNCTIONS.items():
        found.calls.setdefault(name, []).append(_counted(function))
    for name, function in ARRAYS.items():
        if name not in _BY_SIGN:
            found.calls.setdefault(name, []).append(_with_keywords(function))
    found.infix["@"] = (*found.infix["*"][:2], ARRAYS["matmul"])
    for alias, operator in _ALIASES.items():
        if operator in found.infix:
            found.infix[alias] = found.infix[operator]
        if operator in found.prefix:
            found.prefix[alias] = found.prefix[operator]
    return found


def _add_operation(found: Grammar, op: Op) -> None:
    """Operations that change a shape are reached through the array functions, not by their own names."""
    strength = 2 * op.precedence
    if op.infix:
        left = op.infix not in _GROUPS_RIGHT and not compares(op)
        found.infix[op.infix] = (strength if left else strength + 1, strength, op)
    if op.prefix:
        found.prefix[op.prefix] = (strength, op)
    if op.arity and op.partials is not None:
        for name in (op.name, *op.aliases):
            found.calls.setdefault(name, []).append(Call(op, op.arity, op.arity))


def compares(op: Callable[..., Node]) -> bool:
    return isinstance(op, Op) and op.predicate and not op.logical


def _counted(function: Any) -> Call:
    if isinstance(function, Op):
        return Call(function, function.arity, function.arity)
    code = function.__code__
    optional = len(function.__defaults__ or ())
    return Call(function, code.co_argcount - optional, float("inf") if code.co_flags & 4 else code.co_argcount)


def _with_keywords(function: Any) -> Call:
    call = _counted(function)
    if isinstance(function, Op):
        return call._replace(keywords=())
    code = function.__code__
    return call._replace(keywords=code.co_varnames[call.low : code.co_argcount + code.co_kwonlyargcount])


def counts(calls: list[Call]) -> str:
    """The numbers of arguments that the calls take, in words."""
    low, high = min(call.low for call in calls), max(call.high for call in calls)
    if high == float("inf"):
        return f"{low} or more arguments"
    numbers = sorted({number for call in calls for number in range(call.low, int(call.high) + 1)})
    if len(numbers) > 2 and len(numbers) == high - low + 1:
        return f"{low} to {numbers[-1]} arguments"
    return " or ".join(map(str, numbers)) + " argument" + "s" * (numbers != [1])
