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
    found = [
        (node.args[place], slope)
        for place, partial in enumerate(node.op.partials or ())
        if partial is not None and node.args[place] in active and (slope := _slope(partial, node)) is not None
    ]
    if len(found) == 1 and isinstance(found[0][1], Quotient):
        return found
    return [(arg, _mapped(lambda one: Quotient(one.above / one.below), slope)) for arg, slope in found]


def numerators(slope: Slope | None) -> list[Node]:
    """The nodes whose series a slope reads, but for a denominator."""
    if isinstance(slope, Choice):
        return [*numerators(slope.one), *numerators(slope.other)]
    return [slope.above] if slope else []


def _slope(partial: Callable[..., Any], node: Node) -> Slope | None:
    """The partial found with names for what is no number, so that nothing below them is looked at."""
    names = [_name(place) if arg.op is not CONST else arg for place, arg in enumerate(node.args)]
    found = partial(_VALUE, *names)
    if isinstance(found, Node) or not callable(found):
        slope = _plain(found)
    else:
        slope = _linear(found(_TANGENT)) or _plain(found(_ONE))
    meant = {_VALUE: node, **dict(zip(names, node.args, strict=True))}
    return _mapped(lambda one: Quotient(*(substitute(part, meant) for part in one)), slope, meant) if slope else None


def _name(place: int) -> Node:
    return make(VAR, (), (f"argument {place} of a Taylor series",), ())


def _plain(found: Any) -> Slope | None:
    node = found if isinstance(found, Node) else const(found)
    return None if is_const(node, 0) else Quotient(node)


def _mapped(change: Callable[[Quotient], Quotient], slope: Slope, meant: dict[Node, Node] | None = None) -> Any:
    """The slope with each quotient changed, and what is meant in place of names in conditions."""
    if isinstance(slope, Quotient):
        return change(slope)
    one, other = (part and _mapped(change, part, meant) for part in (slope.one, slope.other))
    return Choice(substitute(slope.condition, meant) if meant else slope.condition, one, other)


def _linear(node: Node) -> Slope | None:
    """The slope of a formula that is the tangent times factors, or a choice of such; None where it is not."""
    order = topological(node)
    moving = dependents(order, [_TANGENT])
    found: dict[Node, Slope | None] = {_TANGENT: Quotient(_ONE), _ZERO: None}
    for part in order:
        if part in moving and part is not _TANGENT:
            places = tuple(place for place, arg in enumerate(part.args) if arg in moving)
            make_slope = _LINEAR.get((part.op, places))
            if make_slope is None or any(arg not in found for arg in part.args[1:] if part.op is _WHERE):
                return None
            found[part] = make_slope(part, found)
    return found.get(node)


def _scaled(slope: Slope | None, change: Callable[[Quotient], Quotient]) -> Slope | None:
    return slope and _mapped(change, slope)


_Found: TypeAlias = dict[Node, Slope | None]


def _choice(part: Node, found: _Found) -> Slope | None:
    condition, one, other = part.args
    return Choice(condition, found[one], found[other])


def _negative(part: Node, found: _Found) -> Slope | None:
    return _scaled(found[part.args[0]], lambda one: Quotient(-one.above, one.below))


def _divided(part: Node, found: _Found) -> Slope | None:
    return _scaled(found[part.args[0]], lambda one: Quotient(one.above, one.below * part.args[1]))


def _times(factor: int) -> Callable[[Node, _Found], Slope | None]:
    return lambda part, found: _scaled(
        found[part.args[1 - factor]], lambda one: Quotient(one.above * part.args[factor], one.below)
    )


#: By the operation and the places where the tangent is.
_LINEAR: dict[Any, Callable[[Node, _Found], Slope | None]] = {
    (NEG, (0,)): _negative,
    (MUL, (0,)): _times(1),
    (MUL, (1,)): _times(0),
    (DIV, (0,)): _divided,
    (_WHERE, (1,)): _choice,
    (_WHERE, (2,)): _choice,
    (_WHERE, (1, 2)): _choice,
}
