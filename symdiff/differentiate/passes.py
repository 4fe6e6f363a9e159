"""Derivatives as new nodes: one forward and one reverse pass, both read from the rows' partials.

Every public function here is one of the two passes, so each is linear in the distinct nodes it visits, and any
order or mixture is the same code applied again. A derivative that is zero by structure is absent until the end.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, overload

from ..graph.errors import ShapeError, SymdiffError
from ..graph.node import CONST, OPS, VAR, Node, Operand, as_node, const, is_const, make
from ..graph.shapes import show_shape
from ..graph.traversal import dependents, gc_paused, leaves, topological
from ..ops.kinds import broadcast_to, operands, unbroadcast
from .kinks import with_kinks

_COTANGENT = "__cotangent"  # no formula can name it
_ONE, _ZERO = const(1), const(0)
#: What is handed along each place of a node's arguments; what is zero by structure is absent.
Shares = list[tuple[int, Node]]
#: Several nodes, as users write them; their derivatives are a tuple.
Nodes: TypeAlias = list[Node] | tuple[Node, ...]
_WHERE, _AND, _OR, _NOT = OPS["where"], OPS["logical_and"], OPS["logical_or"], OPS["logical_not"]


def diff(f: Operand, *wrt: Node | int, kinks: str | None = None) -> Node:
    """The derivative of a scalar, any order: ``diff(f, x)``, ``diff(f, x, 2)``, ``diff(f, x, y)``.

    Each variable may be followed by the number of times to differentiate by it. ``kinks``: what a derivative is where
    there is none, in every function here (:func:`symdiff.with_kinks`); left out, the convention of each operation.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> diff(sd.sin(x) * y, x), diff(x**3, x, 2), diff(x * y, x, y)
    (cos(x)*y, 2*x*3, 1)
    """
    listed = _repeated(wrt)
    check_occurs([as_node(f)], listed)
    derivative = with_kinks(as_node(f), kinks, listed)
    for variable in listed:
        derivative = vjp(_scalar(derivative), variable, _ONE)
    return derivative


def _repeated(wrt: Sequence[Any]) -> list[Node]:
    listed: list[Node] = []
    for item in wrt:
        if isinstance(item, Node) and item.op is not CONST:
            listed.append(item)
        elif listed and isinstance(item, int) and not isinstance(item, bool) and item >= 0:
            listed.extend([listed.pop()] * item)
        else:
            raise SymdiffError(f"diff takes variables, each followed by a whole number or nothing, not {item!r}")
    if not wrt:
        raise SymdiffError("diff needs the variable to differentiate by: diff(f, x)")
    return listed


@overload
def grad(f: Operand, wrt: Node, *, kinks: str | None = None) -> Node: ...
@overload
def grad(f: Operand, wrt: Nodes, *, kinks: str | None = None) -> tuple[Node, ...]: ...
def grad(f: Operand, wrt: Node | Nodes, *, kinks: str | None = None) -> Node | tuple[Node, ...]:
    """The gradient of a scalar by a node, or by each of a list of nodes (a tuple, each of its node's shape).

    A node is a variable, or an expression that stands in ``f`` (held as one variable); raises SymdiffError for another.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> grad(x**2*y + y + 2, [x, y])
    (2*x*y, 1 + x**2)
    """
    f = _scalar(as_node(f))
    check_occurs([f], sources_of(wrt))
    return vjp(f, wrt, _ONE, kinks=kinks)


def _scalar(f: Node) -> Node:
    if f.shape:
        raise ShapeError(f"grad needs a scalar, not shape {show_shape(f.shape)}; sum it, or use jacobian")
    return f


def check_occurs(outputs: Sequence[Node], sources: Sequence[Node]) -> None:
    """Raise SymdiffError for an expression to differentiate by that stands in none of the outputs as it is."""
    if any(source.op is not VAR for source in sources):
        known = set(topological(*outputs))
        for source in sources:
            if source.op is not VAR and source not in known:
                raise SymdiffError(
                    f"{source} is no variable and does not stand in the formula; differentiate by a variable"
                )


@overload
def vjp(f: Any, wrt: Node, ct: Any, *, kinks: str | None = None) -> Node: ...
@overload
def vjp(f: Any, wrt: Nodes, ct: Any, *, kinks: str | None = None) -> tuple[Node, ...]: ...
def vjp(f: Any, wrt: Node | Nodes, ct: Any, *, kinks: str | None = None) -> Node | tuple[Node, ...]:
    """The cotangent of each of ``wrt`` when ``f`` (a node or a list) has cotangent ``ct``: reverse mode.

    >>> import symdiff as sd
    >>> x, y, s, t = sd.symbols("x y s t")
    >>> vjp([x * y, y], [x, y], [s, t])
    (y*s, t + x*s)
    """
    sources = sources_of(wrt)
    outputs, cotangents = leaves(with_kinks(f, kinks, sources)), leaves(ct)
    _same_shapes("cotangent", outputs, cotangents)
    found = _reverse(zip(outputs, cotangents, strict=True), sources)
    cotangent: Node | tuple[Node, ...] = like(wrt, [found.get(node, _ZERO) for node in sources])
    return cotangent


@overload
def jvp(f: Node, wrt: Node | Nodes, tangents: Any, *, kinks: str | None = None) -> Node: ...
@overload
def jvp(f: Sequence[Any], wrt: Node | Nodes, tangents: Any, *, kinks: str | None = None) -> tuple[Node, ...]: ...
def jvp(f: Any, wrt: Node | Nodes, tangents: Any, *, kinks: str | None = None) -> Node | tuple[Node, ...]:
    """The tangent of ``f`` (a node or a list) when ``wrt`` move by ``tangents``: forward mode.

    >>> import symdiff as sd
    >>> x, y, dx, dy = sd.symbols("x y dx dy")
    >>> jvp(x * y, [x, y], [dx, dy])
    y*dx + x*dy
    """
    sources, given = sources_of(wrt), leaves(tangents)
    _same_shapes("tangent", sources, given)
    outputs = leaves(with_kinks(f, kinks, sources))
    found = _forward(outputs, dict(zip(sources, given, strict=True)))
    values = [broadcast_to(found.get(node, _ZERO), node.shape) for node in outputs]
    return values[0] if isinstance(f, Node) else tuple(values)


@overload
def hvp(f: Operand, wrt: Node, vectors: Any, *, kinks: str | None = None) -> Node: ...
@overload
def hvp(f: Operand, wrt: Nodes, vectors: Any, *, kinks: str | None = None) -> tuple[Node, ...]: ...
def hvp(f: Operand, wrt: Node | Nodes, vectors: Any, *, kinks: str | None = None) -> Node | tuple[Node, ...]:
    """The Hessian of a scalar times ``vectors``, without the matrix: forward mode over the gradient.

    >>> import symdiff as sd
    >>> x, y, v, w = sd.symbols("x y v w")
    >>> hvp(x * y, [x, y], [v, w])
    (w, v)
    """
    return jvp(grad(f, wrt, kinks=kinks), wrt, vectors)


# -- the two passes ------------------------------------------------------------------------------------------------


def _reverse(seeds: Iterable[tuple[Node, Node]], sources: Iterable[Node]) -> dict[Node, Node]:
    """Cotangents of ``sources``."""
    wanted = sources if isinstance(sources, frozenset) else frozenset(sources)
    with gc_paused():
        return {node: ct for node, ct, _ in backward(seeds, wanted) if node in wanted}


def backward(seeds: Iterable[tuple[Node, Node]], sources: Iterable[Node]) -> Iterator[tuple[Node, Node, Shares]]:
    """Each node that depends on a source, users first, with its cotangent and what it hands on.

    A cotangent is complete before it is handed on, because users come first.
    """
    waiting: dict[Node, list[Node]] = {}
    for node, ct in seeds:
        waiting.setdefault(node, []).append(ct)
    order = topological(*waiting)
    active = dependents(order, sources)
    for node in reversed(order):
        parts = waiting.pop(node, None)
        if parts is None or node not in active:
            continue
        ct = parts[0] if len(parts) == 1 else total(parts)
        shares = pulled(node, ct, active) if node.args else []
        for place, part in shares:
            arg = node.args[place]
            if arg in waiting:
                waiting[arg].append(part)
            else:
                waiting[arg] = [part]
        yield node, ct, shares


def pulled(node: Node, ct: Node, active: Container[Node]) -> Shares:
    """What each place with an active argument gets of the cotangent ``ct``, by the node's row."""
    partials, args = node.op.partials, node.args
    if partials is None:
        assert node.op.pullback is not None
        given = node.op.pullback(ct, node, *args)
        return [(place, part) for place, part in enumerate(given) if part is not None and args[place] in active]
    read = operands(node) if node.shape else args
    return [
        (place, part)
        for place, partial in enumerate(partials)
        if partial is not None and args[place] in active and (part := applied(partial(node, *read), ct)) is not None
    ]


def local_partial(node: Node, place: int) -> Node:
    """The derivative of an elementwise node by its argument at ``place``, element by element, 0 where it is absent."""
    partial = node.op.partials[place] if node.op.partials else None
    one = broadcast_to(_ONE, node.shape)
    found = applied(partial(node, *operands(node)), one) if callable(partial) else None
    return broadcast_to(_ZERO if found is None else found, node.shape)


def _forward(outputs: list[Node], tangents: Mapping[Node, Node]) -> dict[Node, Node]:
    """Tangents of all nodes that depend on a key of ``tangents``."""
    found = dict(tangents)
    with gc_paused():
        for _ in forward(outputs, found):
            pass
    return found


def forward(outputs: list[Node], found: dict[Node, Node]) -> Iterator[tuple[Node, Node, Shares]]:
    """Each node that depends on a key of ``found``, arguments first, with its tangent and its sum's parts.

    ``found`` holds the tangents to start from and gets all others. The one part of a node that is not elementwise has
    the place -1: it is the part of all arguments together.
    """
    for node in topological(*outputs):
        if node in found:
            yield node, found[node], []
        elif shares := pushed(node, found):
            found[node] = shares[0][1] if len(shares) == 1 else total([part for _, part in shares])
            yield node, found[node], shares


def pushed(node: Node, found: Mapping[Node, Node]) -> Shares:
    """What each moving argument adds to the tangent of ``node``, by its row."""
    op, args = node.op, node.args
    if op.partials is None:
        return [(-1, _transposed_pullback(node, found))] if any(arg in found for arg in args) else []
    read = operands(node)
    return [
        (place, part)
        for place, (arg, partial) in enumerate(zip(args, op.partials, strict=True))
        if partial is not None and arg in found and (part := applied(partial(node, *read), found[arg])) is not None
    ]


def _transposed_pullback(node: Node, found: Mapping[Node, Node]) -> Node:
    """The tangent of a structural node: its pullback is linear in the cotangent, and the tangent is its transpose.

    Transposed by differentiating the pullback by the cotangent in reverse mode.
    """
    assert node.op.pullback is not None
    ct = make(VAR, (), (_COTANGENT,), node.shape)
    parts = node.op.pullback(ct, node, *node.args)
    seeds = [
        (part, found[arg]) for arg, part in zip(node.args, parts, strict=True) if part is not None and arg in found
    ]
    return _reverse(seeds, [ct]).get(ct, broadcast_to(_ZERO, node.shape))


# -- cotangents: products and sums that keep a selection outside ---------------------------------------------------


def applied(partial: Any, t: Node) -> Node | None:
    """``t`` times the partial; nothing for 0. A mask of either stays outside, so 0 never meets an infinite factor."""
    inner = unbroadcast(t)
    if inner.op is _WHERE:
        condition, a, b = operands(inner)
        if _zero(b):
            return _masked(condition, applied(partial, broadcast_to(a, t.shape)), keep=True)
        if _zero(a):
            return _masked(condition, applied(partial, broadcast_to(b, t.shape)), keep=False)
    if type(partial) is Node:
        if partial.op is CONST and _zero(partial):
            return None
        return partial * t if _condition(partial) is None else applied(t, partial)
    if partial == 1 and not callable(partial):
        return t
    result = partial(t) if callable(partial) else t * partial
    return result  # type: ignore[no-any-return]


def _masked(condition: Node, part: Node | None, keep: bool) -> Node | None:
    """Masks stand in each other at most twice, so that a long chain of selections costs what its length says."""
    if part is None:
        return None
    if (inner := _condition(part)) is not None and _condition(_kept(part)) is not None:
        return _WHERE(_AND(condition if keep else _NOT(condition), inner), _kept(part), 0)
    return _WHERE(condition, part, 0) if keep else _WHERE(condition, 0, part)


def _zero(node: Node) -> bool:
    return is_const(unbroadcast(node), 0)


def total(parts: list[Node]) -> Node:
    """The sum; where every part is masked, the sum is masked by any of their conditions."""
    if parts[0].op is not _WHERE:
        return sum_of(parts)
    conditions = [_condition(part) for part in parts]
    if any(condition is None for condition in conditions):
        return sum_of(parts)
    distinct = list(dict.fromkeys(c for c in conditions if c is not None))
    if len(distinct) == 1:
        return _WHERE(distinct[0], sum_of([_kept(part) for part in parts]), 0)
    either = distinct[0]
    for condition in distinct[1:]:
        either = _OR(either, condition)
    return _WHERE(either, sum_of(parts), 0)


def sum_of(parts: list[Node]) -> Node:
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result


def _condition(part: Node) -> Node | None:
    """Where a masked part may differ from 0; nothing for a part without a mask."""
    if part.op is not _WHERE:
        return None
    if _zero(part.args[2]):
        return part.args[0]
    return _NOT(part.args[0]) if _zero(part.args[1]) else None


def _kept(part: Node) -> Node:
    return part.args[1] if _zero(part.args[2]) else part.args[2]


# -- arguments and results -----------------------------------------------------------------------------------------


def sources_of(wrt: Any) -> list[Node]:
    """The variables to differentiate by as a list; raises SymdiffError for anything else."""
    listed = [wrt] if isinstance(wrt, Node) else list(wrt) if isinstance(wrt, (list, tuple)) else None
    if listed is None or not all(isinstance(node, Node) for node in listed):
        raise SymdiffError(f"differentiate by a variable or a list of variables, not by {wrt!r}")
    if any(node.op is CONST for node in listed):
        raise SymdiffError("differentiate by variables, not by a number")
    if len(set(listed)) != len(listed):
        raise SymdiffError("each variable to differentiate by is named once")
    return listed


def like(wrt: Any, values: Sequence[Any]) -> Any:
    """One value for one variable, a tuple for a list, each of its variable's shape."""
    shaped = [
        broadcast_to(value, node.shape) if isinstance(value, Node) else value
        for value, node in zip(values, leaves(wrt), strict=True)
    ]
    return shaped[0] if isinstance(wrt, Node) else tuple(shaped)


def _same_shapes(what: str, nodes: list[Node], given: list[Node]) -> None:
    if len(nodes) != len(given):
        raise ShapeError(f"{len(nodes)} expressions need {len(nodes)} {what}s, not {len(given)}")
    for node, value in zip(nodes, given, strict=True):
        if node.shape != value.shape:
            raise ShapeError(
                f"the {what} of an expression of shape {show_shape(node.shape)} has shape {show_shape(value.shape)}"
            )
