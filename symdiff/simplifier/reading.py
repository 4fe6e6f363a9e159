"""The form to be read: canonical sums and products; where factors cancel only in the normal form, that one.

A derivative is read as one line, so what it repeats counts each time. Where taking common factors out of its sums makes
the line much shorter, it is written so: ``x*(2 - x)*exp(-x)``, yet ``x**2*cos(x) + 2*x*sin(x)``. Never at the price of
what lines share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..expr import CONST, ROWS, VAR, Node
from ..walk import dependents, growing, topological
from .denominators import Factored, Together, effort
from .lines import written
from .normal import Normal
from .passes import until_still

#: Lists with more nodes than a person reads keep the form in which they share the most.
MOST_READ = 500
#: The part of its length that a factored line of a list may have.
MUCH_SHORTER = 0.75
#: The work of a line on its own, over that of the form in which it shares the most.
REPEATED = 1.2
#: Turns between the two forms; most lists need one.
MOST_TURNS = 6

_POW = ROWS["pow"]


def readable(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    """The canonical form, each line factored or over common denominators where it is easier to read then."""
    for _ in range(MOST_TURNS):
        roots = _canonical(roots, sizes)
        if not _short(roots):
            break
        easier = [_easier(root, sizes) if _line(roots) else _factored(root, sizes) for root in roots]
        if easier == roots or operations(easier) > operations(roots) * (REPEATED if _line(roots) else 1):
            break
        roots = easier
    return [written(roots[0])] if _line(roots) else roots


def _factored(root: Node, sizes: Mapping[str, int]) -> Node:
    with growing():
        (new,) = until_still(Normal([root]).roots, sizes)
    return new if length(new) <= MUCH_SHORTER * length(root) else root


def _easier(root: Node, sizes: Mapping[str, int]) -> Node:
    """The form of the line that takes the least effort to read.

    Common denominators everywhere are for where terms then cancel: they take fewer operations there.
    """
    forms = {root: root}
    with growing():
        for whole in (True, False):
            for form in (Together(root, whole=whole, everywhere=True), Together(root, whole=whole), Factored(root, whole=whole)):
                (new,) = form.roots if form.roots[0] in forms else until_still(form.roots, sizes, line=True)
                if not form.everywhere or length(written(new)) < length(written(root)):
                    forms.setdefault(form.roots[0], new)
    return min(forms.values(), key=_effort)


def _effort(root: Node) -> int:
    return length(written(root), effort)


def length(root: Node, weight: Callable[[Node], int] = lambda node: bool(node.args)) -> int:
    """Operations of the line, those of what it repeats each time."""
    found: dict[Node, int] = {}
    for node in topological(root):
        found[node] = sum(found[arg] for arg in node.args) + weight(node)
    return found[root]


def _canonical(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    """Canonical sums and products, taken from the normal form for as long as that has fewer operations."""
    roots = until_still(roots, sizes, line=_line(roots))
    while _short(roots):
        with growing():
            new = until_still(Normal(roots, factoring=False).roots, sizes, line=_line(roots))
        if operations(new) >= operations(roots):
            break
        roots = new
    return roots


def _short(roots: list[Node]) -> bool:
    """Whether the list is of scalars and a person would read it."""
    order = topological(*roots)
    return len(order) <= MOST_READ and not any(node.shape for node in order)


def _line(roots: list[Node]) -> bool:
    """Whether a scalar is read on its own."""
    return len(roots) == 1 and _short(roots)


def operations(roots: Iterable[Node]) -> int:
    """Operations of the code of scalars: what has a variable in it, with a cube as two products."""
    order = topological(*roots)
    moving = dependents(order, [node for node in order if node.op is VAR])
    return sum(1 + _is_cube(node) for node in order if node.args and node in moving)


def _is_cube(node: Node) -> bool:
    return node.op is _POW and node.args[1].op is CONST and node.args[1].value == 3
