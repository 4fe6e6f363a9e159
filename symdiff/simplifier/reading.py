"""The form to be read: canonical sums and products; where factors cancel only in the normal form, that one.

A derivative is read as one line, so what it repeats counts each time. Where taking common factors out of its sums makes
the line much shorter, it is written so: ``x*(2 - x)*exp(-x)``, yet ``x**2*cos(x) + 2*x*sin(x)``. Never at the price of
what lines share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..expr import CONST, ROWS, VAR, Node
from ..walk import dependents, growing, topological
from .denominators import Together
from .lines import written
from .normal import Normal
from .passes import until_still

#: Lists with more nodes than a person reads keep the form in which they share the most.
MOST_READ = 500

#: The part of its length that a factored line may have.
MUCH_SHORTER = 0.75
#: The part that a line with common denominators may have.
SHORTER = 0.9
#: Turns between the two forms; most lists need one.
MOST_TURNS = 6

_POW, _DIV = ROWS["pow"], ROWS["div"]


def readable(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    """The canonical form, each line factored or over a common denominator where that makes it much shorter."""
    for _ in range(MOST_TURNS):
        roots = _canonical(roots, sizes)
        shorter = [_shorter(root, sizes) for root in roots] if _short(roots) else roots
        if shorter == roots or operations(shorter) > operations(roots):
            break
        roots = shorter
    return [written(roots[0])] if len(roots) == 1 and _short(roots) else roots


def _shorter(root: Node, sizes: Mapping[str, int]) -> Node:
    """The shortest form of the line among those that are short enough for what is taken apart for them."""
    best = root
    for share, form in _forms(root):
        with growing():
            (new,) = until_still(form.roots, sizes)
        if _effort(new) <= share * _effort(root) and _effort(new) < _effort(best):
            best = new
    return best


def _forms(root: Node) -> Iterator[tuple[float, Normal]]:
    """Normal forms, with the part of its length that a line in this form may have."""
    yield MUCH_SHORTER, Normal([root])
    if any(node.op is _DIV and node.args[1].op is not CONST for node in topological(root)):
        yield SHORTER, Together([root], everywhere=False)
        yield SHORTER, Together([root], everywhere=True)


def _effort(root: Node) -> int:
    """What a line takes to read: its operations, quotients twice."""
    return length(written(root), lambda node: bool(node.args) + (node.op is _DIV))


def length(root: Node, weight: Callable[[Node], int] = lambda node: bool(node.args)) -> int:
    """Operations of the line, those of what it repeats each time."""
    found: dict[Node, int] = {}
    for node in topological(root):
        found[node] = sum(found[arg] for arg in node.args) + weight(node)
    return found[root]


def _canonical(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    """Canonical sums and products, taken from the normal form for as long as that has fewer operations."""
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
