"""Derivatives as new nodes: one forward and one reverse pass, both read from the operations' declarations.

Every public function here is one of the two passes, so each is linear in the distinct nodes it visits, and any
order or mixture is the same code applied again. A derivative that is zero by structure is absent until the end.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, overload

from ..graph.errors import ShapeError, SymdiffError
from ..graph.leaves import CONST, VAR, as_node, const
from ..graph.node import Node, Operand, make
from ..graph.shapes import show_shape
from ..graph.traversal import dependents, gc_paused, leaves, topological
from ..ops.kinds import broadcast_to, operands
from .cotangents import apply_partial, sum_cotangents
from .kinks import with_kinks

_COTANGENT = "__cotangent"  # no formula can name it
_ONE, _ZERO = const(1), const(0)
#: Contributions to derivatives, each with the index of an argument; what is zero by structure is absent.
Shares = list[tuple[int, Node]]
#: Several nodes, as users write them; their derivatives are a tuple.
Nodes: TypeAlias = list[Node] | tuple[Node, ...]


def diff(f: Operand, *wrt: Node | int, kinks: str | None = None) -> Node:
    """The derivative of a scalar, any order: ``diff(f, x)``, ``diff(f, x, 2)``, ``diff(f, x, y)``.

    Each variable may be followed by the number of times to differentiate by it. ``kinks``: what a derivative is where
    there is none, in every function here (:func:`symdiff.with_kinks`); left out, the convention of each operation.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> diff(sd.sin(x) * y, x), diff(x**3, x, 2), diff(x * y, x, y)
    (cos(x)*y, 2*x*3, 1)
    """
    wrt_each = _repeat(wrt)
    check_occurs([as_node(f)], wrt_each)
    derivative = with_kinks(as_node(f), kinks, wrt_each)
    for variable in wrt_each:
        derivative = vjp(_check_scalar(derivative), variable, _ONE)
    return derivative


def _repeat(wrt: Sequence[Any]) -> list[Node]:
    """Each variable as often as the number that follows it says."""
    variables: list[Node] = []
    for item in wrt:
        if isinstance(item, Node) and item.op is not CONST:
            variables.append(item)
        elif variables and isinstance(item, int) and not isinstance(item, bool) and item >= 0:
            variables.extend([variables.pop()] * item)
        else:
            raise SymdiffError(f"diff takes variables, each followed by a whole number or nothing, not {item!r}")
    if not wrt:
        raise SymdiffError("diff needs the variable to differentiate by: diff(f, x)")
    return variables


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
    f = _check_scalar(as_node(f))
    check_occurs([f], sources_of(wrt))
    return vjp(f, wrt, _ONE, kinks=kinks)


def _check_scalar(f: Node) -> Node:
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
    _check_shapes("cotangent", outputs, cotangents)
    by_source = _reverse(zip(outputs, cotangents, strict=True), sources)
    cotangent: Node | tuple[Node, ...] = like(wrt, [by_source.get(node, _ZERO) for node in sources])
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
    _check_shapes("tangent", sources, given)
    outputs = leaves(with_kinks(f, kinks, sources))
    by_node = _forward(outputs, dict(zip(sources, given, strict=True)))
    values = [broadcast_to(by_node.get(node, _ZERO), node.shape) for node in outputs]
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
        ct = parts[0] if len(parts) == 1 else sum_cotangents(parts)
        shares = vjp_of(node, ct, active) if node.args else []
        for index, part in shares:
            arg = node.args[index]
            if arg in waiting:
                waiting[arg].append(part)
            else:
                waiting[arg] = [part]
        yield node, ct, shares


def vjp_of(node: Node, ct: Node, active: Container[Node]) -> Shares:
    """What each active argument gets of the cotangent ``ct`` of ``node``, with the argument's index."""
    partials, args = node.op.partials, node.args
    if partials is None:
        assert node.op.pullback is not None
        parts = node.op.pullback(ct, node, *args)
        return [(index, part) for index, part in enumerate(parts) if part is not None and args[index] in active]
    read = operands(node) if node.shape else args
    return [
        (index, part)
        for index, partial in enumerate(partials)
        if partial is not None
        and args[index] in active
        and (part := apply_partial(partial(node, *read), ct)) is not None
    ]


def local_partial(node: Node, index: int) -> Node:
    """The derivative of an elementwise node by its argument ``index``, element by element, 0 where it is absent."""
    partial = node.op.partials[index] if node.op.partials else None
    one = broadcast_to(_ONE, node.shape)
    value = apply_partial(partial(node, *operands(node)), one) if callable(partial) else None
    return broadcast_to(_ZERO if value is None else value, node.shape)


def _forward(outputs: list[Node], tangents: Mapping[Node, Node]) -> dict[Node, Node]:
    """Tangents of all nodes that depend on a key of ``tangents``."""
    by_node = dict(tangents)
    with gc_paused():
        for _ in forward(outputs, by_node):
            pass
    return by_node


def forward(outputs: list[Node], tangents: dict[Node, Node]) -> Iterator[tuple[Node, Node, Shares]]:
    """Each node that depends on a key of ``tangents``, arguments first, with its tangent and its sum's parts.

    ``tangents`` holds those to start from and gets all others. The one part of a node that is not elementwise has the
    index -1: it is the part of all arguments together.
    """
    for node in topological(*outputs):
        if node in tangents:
            yield node, tangents[node], []
        elif shares := jvp_of(node, tangents):
            tangents[node] = shares[0][1] if len(shares) == 1 else sum_cotangents([part for _, part in shares])
            yield node, tangents[node], shares


def jvp_of(node: Node, tangents: Mapping[Node, Node]) -> Shares:
    """What each argument that has a tangent adds to the tangent of ``node``."""
    op, args = node.op, node.args
    if op.partials is None:
        return [(-1, _transpose_pullback(node, tangents))] if any(arg in tangents for arg in args) else []
    read = operands(node)
    return [
        (index, part)
        for index, (arg, partial) in enumerate(zip(args, op.partials, strict=True))
        if partial is not None
        and arg in tangents
        and (part := apply_partial(partial(node, *read), tangents[arg])) is not None
    ]


def _transpose_pullback(node: Node, tangents: Mapping[Node, Node]) -> Node:
    """The tangent of a structural node: its pullback is linear in the cotangent, and the tangent is its transpose.

    Transposed by differentiating the pullback by the cotangent in reverse mode.
    """
    assert node.op.pullback is not None
    ct = make(VAR, (), (_COTANGENT,), node.shape)
    parts = node.op.pullback(ct, node, *node.args)
    seeds = [
        (part, tangents[arg])
        for arg, part in zip(node.args, parts, strict=True)
        if part is not None and arg in tangents
    ]
    return _reverse(seeds, [ct]).get(ct, broadcast_to(_ZERO, node.shape))


# -- arguments and results -----------------------------------------------------------------------------------------


def sources_of(wrt: Any) -> list[Node]:
    """The variables to differentiate by as a list; raises SymdiffError for anything else."""
    sources = [wrt] if isinstance(wrt, Node) else list(wrt) if isinstance(wrt, (list, tuple)) else None
    if sources is None or not all(isinstance(node, Node) for node in sources):
        raise SymdiffError(f"differentiate by a variable or a list of variables, not by {wrt!r}")
    if any(node.op is CONST for node in sources):
        raise SymdiffError("differentiate by variables, not by a number")
    if len(set(sources)) != len(sources):
        raise SymdiffError("each variable to differentiate by is named once")
    return sources


def like(wrt: Any, values: Sequence[Any]) -> Any:
    """One value for one variable, a tuple for a list, each of its variable's shape."""
    shaped = [
        broadcast_to(value, node.shape) if isinstance(value, Node) else value
        for value, node in zip(values, leaves(wrt), strict=True)
    ]
    return shaped[0] if isinstance(wrt, Node) else tuple(shaped)


def _check_shapes(what: str, nodes: list[Node], given: list[Node]) -> None:
    if len(nodes) != len(given):
        raise ShapeError(f"{len(nodes)} expressions need {len(nodes)} {what}s, not {len(given)}")
    for node, value in zip(nodes, given, strict=True):
        if node.shape != value.shape:
            raise ShapeError(
                f"the {what} of an expression of shape {show_shape(node.shape)} has shape {show_shape(value.shape)}"
            )
