"""The form to be read: canonical sums and products; where factors cancel only in the normal form, that one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..expr import CONST, ROWS, VAR, Node
from ..walk import dependents, growing, topological
from .normal import Normal
from .passes import until_still

#: Lists with more nodes than a person reads keep the form in which they share the most.
MOST_READ = 500

_POW = ROWS["pow"]


def readable(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    """The canonical form, taken from the normal form for as long as that has fewer operations."""
    roots = until_still(roots, sizes)
    while _short(roots):
        with growing():
            new = until_still(Normal(roots, factoring=False).roots, sizes)
        if operations(new) >= operations(roots):
            break
        roots = new
    return roots


def _short(roots: list[Node]) -> bool:
    """Whether the list is of scalars and a person would read it."""
    order = topological(*roots)
    return len(order) <= MOST_READ and not any(node.shape for node in order)


def operations(roots: Iterable[Node]) -> int:
    """Operations of the code of scalars: what has a variable in it, with a cube as two products."""
    order = topological(*roots)
    moving = dependents(order, [node for node in order if node.op is VAR])
    return sum(1 + _is_cube(node) for node in order if node.args and node in moving)


def _is_cube(node: Node) -> bool:
    return node.op is _POW and node.args[1].op is CONST and node.args[1].value == 3
