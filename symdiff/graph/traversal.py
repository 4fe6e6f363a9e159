"""The traversals. Every pass uses one of these; none recurses, each is linear in distinct nodes."""

from __future__ import annotations

import copyreg
import gc
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from .errors import SymdiffError, check_mapping
from .leaves import CONST, VAR, as_node, const
from .limits import bounded
from .node import Node, Operand, make, op_named
from .shapes import Shape, show_shape

T = TypeVar("T")
#: A node or a nested structure of nodes, where the result has the same nesting.
Structure = TypeVar("Structure")
K = TypeVar("K", bound=Hashable)


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the cyclic collector while a pass only builds: nodes hold no cycles, and scanning them is wasted."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _arguments(node: Any) -> tuple[Any, ...]:
    return node.args  # type: ignore[no-any-return]


def topological(*roots: T, read: Callable[[T], tuple[T, ...]] = _arguments) -> list[T]:
    """Every distinct node once, arguments before users, in an order fixed by the structure.

    ``read`` says what a node (or anything else that can be a key) reads, where that is not its arguments.

    >>> import symdiff as sd
    >>> [node.op.name for node in topological(sd.parse("sin(x)*x"))]
    ['var', 'sin', 'mul']
    """
    done: set[T] = set()
    order: list[T] = bounded("nodes")
    stack = list(reversed(roots))
    plain = read is _arguments
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        args: tuple[T, ...] = node.args if plain else read(node)  # type: ignore[attr-defined]
        waiting = [arg for arg in args if arg not in done]
        if waiting:
            waiting.reverse()
            stack.extend(waiting)
        else:
            done.add(node)
            order.append(node)
            stack.pop()
    return order


def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
    """The same operation on other arguments."""
    for new, old in zip(args, node.args, strict=True):
        if new is not old:
            return node.op(*args, *node.attrs)
    return node


def map_graph(
    roots: Iterable[K],
    fn: Callable[[K, tuple[T, ...]], T],
    *,
    read: Callable[[K], tuple[K, ...]] = _arguments,
    done: dict[K, T] | None = None,
) -> list[T]:
    """The values of ``roots`` where ``fn(node, values of its arguments)`` is that of a node; each node is visited once.

    ``read`` says what a node reads, as in :func:`topological`. ``done``: values that are known, so that nothing below
    is visited; those that are found are added.

    >>> import symdiff as sd
    >>> map_graph([sd.parse("x*y + x")], lambda node, values: 1 + max(values, default=0))
    [3]
    """
    known: dict[K, T] = {} if done is None else done
    for node in topological(*roots, read=(lambda node: () if node in known else read(node)) if known else read):
        if node not in known:
            known[node] = fn(node, tuple([known[arg] for arg in read(node)]))
    return [known[root] for root in roots]


def substitute(node: Node, replacements: Mapping[Node, Operand]) -> Node:
    """``node`` with each key replaced by its value (a node or a number), all at once.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> substitute(x + y, {x: y, y: 2})
    y + 2
    """
    check_mapping("replacements are a dict such as {x: 3}", replacements)
    done: dict[Node, Node] = {}
    for key, value in replacements.items():
        if not isinstance(key, Node):
            raise SymdiffError(f"what is replaced is an expression such as symbol('x'), not {key!r}")
        new = as_node(value)
        if new.shape not in (key.shape, ()):
            raise SymdiffError(f"{key} has shape {show_shape(key.shape)}; its replacement has {show_shape(new.shape)}")
        done[key] = new
    return map_graph([node], rebuild, done=done)[0]


def variables(structure: Any) -> tuple[Node, ...]:
    """The variables of a node or nested structure, sorted by name.

    Raises SymdiffError where one name is used with two shapes.

    >>> import symdiff as sd
    >>> variables(sd.parse("b + a*b"))
    (a, b)
    """
    found: dict[str, Node] = {}
    for node in topological(*leaves(structure)):
        if node.op is VAR:
            other = found.setdefault(node.name, node)
            if other is not node:
                raise SymdiffError(
                    f"the variable {node.name} is used with two shapes, "
                    f"{show_shape(other.shape)} and {show_shape(node.shape)}"
                )
    return tuple(found[name] for name in sorted(found))


def use_counts(
    roots: Iterable[Node], order: Iterable[Node], read: Callable[[Node], tuple[Node, ...]] = _arguments
) -> dict[Node, int]:
    """How many times each node is read, by others or as a root."""
    counts: dict[Node, int] = {}
    for node in order:
        for arg in read(node):
            counts[arg] = counts.get(arg, 0) + 1
    for root in roots:
        counts[root] = counts.get(root, 0) + 1
    return counts


def dependents(order: Iterable[Node], sources: Iterable[Node]) -> set[Node]:
    """The nodes of ``order`` that depend on a source, with the sources."""
    wanted = sources if isinstance(sources, (set, frozenset)) else set(sources)
    active: set[Node] = set()
    for node in order:
        if node in wanted or any(arg in active for arg in node.args):
            active.add(node)
    return active


def flatten(root: Node) -> list[tuple[str, tuple[int, ...], tuple[Any, ...], Shape]]:
    """The graph as a flat list, for pickling: operation, positions of arguments, attributes, shape."""
    positions: dict[Node, int] = {}
    flat = []
    for position, node in enumerate(topological(root)):
        positions[node] = position
        flat.append((node.op.name, tuple(positions[arg] for arg in node.args), node.attrs, node.shape))
    return flat


def unflatten(flat: list[tuple[str, tuple[int, ...], tuple[Any, ...], Shape]]) -> Node:
    """The node that :func:`flatten` listed."""
    nodes: list[Node] = []
    for name, positions, attrs, shape in flat:
        args = tuple(nodes[position] for position in positions)
        nodes.append(const(attrs[0]) if name == CONST.name else make(op_named(name), args, attrs, shape))
    return nodes[-1]


def _reduce(node: Node) -> tuple[Callable[..., Node], tuple[Any, ...]]:
    return unflatten, (flatten(node),)


copyreg.pickle(Node, _reduce)


def leaves(structure: Any) -> list[Node]:
    """The nodes of a nested structure of lists, tuples and dicts, in order; numbers become constants."""
    if isinstance(structure, Node):
        return [structure]
    if isinstance(structure, Mapping):
        structure = structure.values()
    elif not isinstance(structure, (list, tuple)):
        return [as_node(structure)]
    return [leaf for part in structure for leaf in leaves(part)]


def map_structure(fn: Callable[[Any], Any], structure: Any) -> Any:
    """The same nesting with ``fn`` applied to each leaf."""
    if isinstance(structure, Mapping):
        return {key: map_structure(fn, part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_structure(fn, part) for part in structure)
    return fn(structure)


def unflatten_like(structure: Any, values: Iterable[T]) -> Any:
    """The nesting of ``structure`` with its leaves replaced by ``values`` in order."""
    rest = iter(values)
    return map_structure(lambda leaf: next(rest), structure)
