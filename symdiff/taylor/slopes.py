"""The partial derivatives of an operation in the spelling that a recurrence is made from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple, TypeAlias

from ..graph.leaves import CONST, VAR, const, is_const
from ..graph.node import OPS, Node, make
from ..graph.traversal import dependents, substitute, topological
from ..ops.terms import DIV, MUL, NEG

_WHERE = OPS["where"]
_ONE, _ZERO = const(1), const(0)
_TANGENT, _VALUE = (make(VAR, (), (f"{name} of a Taylor series",), ()) for name in ("tangent", "value"))


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


def slopes_of(node: Node, active: Collection[Node]) -> list[tuple[Node, Slope]]:
    """The active arguments with the slopes along them; of several, none has a denominator.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> slopes_of(sd.log(x), {x})
    [(x, Quotient(above=1, below=x))]
    """
    slopes = [
        (node.args[position], slope)
        for position, partial in enumerate(node.op.partials or ())
        if partial is not None and node.args[position] in active and (slope := _slope(partial, node)) is not None
    ]
    if len(slopes) == 1 and isinstance(slopes[0][1], Quotient):
        return slopes
    return [(arg, _map_quotients(lambda one: Quotient(one.above / one.below), slope)) for arg, slope in slopes]


def numerators(slope: Slope | None) -> list[Node]:
    """The nodes whose series a slope reads, but for a denominator."""
    if isinstance(slope, Choice):
        return [*numerators(slope.one), *numerators(slope.other)]
    return [slope.above] if slope else []


def _slope(partial: Callable[..., Any], node: Node) -> Slope | None:
    """The partial, built with names for what is no constant, so that nothing below them is looked at."""
    names = [_name(position) if arg.op is not CONST else arg for position, arg in enumerate(node.args)]
    partial_value = partial(_VALUE, *names)
    if isinstance(partial_value, Node) or not callable(partial_value):
        slope = _plain(partial_value)
    else:
        slope = _linear(partial_value(_TANGENT)) or _plain(partial_value(_ONE))
    meant = {_VALUE: node, **dict(zip(names, node.args, strict=True))}
    if slope is None:
        return None
    mapped: Slope = _map_quotients(lambda one: Quotient(*(substitute(part, meant) for part in one)), slope, meant)
    return mapped


def _name(position: int) -> Node:
    return make(VAR, (), (f"argument {position} of a Taylor series",), ())


def _plain(value: Any) -> Slope | None:
    node = value if isinstance(value, Node) else const(value)
    return None if is_const(node, 0) else Quotient(node)


def _map_quotients(change: Callable[[Quotient], Quotient], slope: Slope, meant: dict[Node, Node] | None = None) -> Any:
    """The slope with each quotient changed, and what is meant in place of names in conditions."""
    if isinstance(slope, Quotient):
        return change(slope)
    one, other = (part and _map_quotients(change, part, meant) for part in (slope.one, slope.other))
    return Choice(substitute(slope.condition, meant) if meant else slope.condition, one, other)


def _linear(node: Node) -> Slope | None:
    """The slope of a formula that is the tangent times factors, or a choice of such; None where it is not."""
    order = topological(node)
    moving = dependents(order, [_TANGENT])
    slopes: dict[Node, Slope | None] = {_TANGENT: Quotient(_ONE), _ZERO: None}
    for part in order:
        if part in moving and part is not _TANGENT:
            positions = tuple(position for position, arg in enumerate(part.args) if arg in moving)
            make_slope = _LINEAR.get((part.op, positions))
            if make_slope is None or any(arg not in slopes for arg in part.args[1:] if part.op is _WHERE):
                return None
            slopes[part] = make_slope(part, slopes)
    return slopes.get(node)


def _scale(slope: Slope | None, change: Callable[[Quotient], Quotient]) -> Slope | None:
    return slope and _map_quotients(change, slope)


_Found: TypeAlias = dict[Node, Slope | None]


def _choice(part: Node, slopes: _Found) -> Slope | None:
    condition, one, other = part.args
    return Choice(condition, slopes[one], slopes[other])


def _negate(part: Node, slopes: _Found) -> Slope | None:
    return _scale(slopes[part.args[0]], lambda one: Quotient(-one.above, one.below))


def _divide(part: Node, slopes: _Found) -> Slope | None:
    return _scale(slopes[part.args[0]], lambda one: Quotient(one.above, one.below * part.args[1]))


def _times(factor: int) -> Callable[[Node, _Found], Slope | None]:
    return lambda part, slopes: _scale(
        slopes[part.args[1 - factor]], lambda one: Quotient(one.above * part.args[factor], one.below)
    )


#: By the operation and the positions where the tangent is.
_LINEAR: dict[Any, Callable[[Node, _Found], Slope | None]] = {
    (NEG, (0,)): _negate,
    (MUL, (0,)): _times(1),
    (MUL, (1,)): _times(0),
    (DIV, (0,)): _divide,
    (_WHERE, (1,)): _choice,
    (_WHERE, (2,)): _choice,
    (_WHERE, (1, 2)): _choice,
}
