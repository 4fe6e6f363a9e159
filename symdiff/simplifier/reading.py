"""The form to be read: canonical sums and products; where factors cancel only in the normal form, that one.

A derivative is read as one line, so what it repeats counts each time. A line on its own is written factored, or over
common denominators, or with its sums multiplied out, as it takes the least effort to read: ``x*(2 - x)*exp(-x)`` and
``(1 - x**2)/(x**2 + 1)**2``, yet ``x**2*cos(x) + 2*x*sin(x)``. Lines of a list are factored where that makes them much
shorter, never at the price of what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..graph.node import CONST, VAR, Node
from ..graph.order import key
from ..graph.traversal import dependents, gc_paused, topological
from ..ops.terms import POW
from .denominators import Factored, Together, effort
from .lines import written
from .normal import Normal
from .passes import to_fixpoint

#: Lists with more nodes than a person reads keep the form in which they share the most.
MOST_READ = 500
#: The part of its length that a factored line of a list may have.
MUCH_SHORTER = 0.75
#: The work of a line on its own, over that of the form in which it shares the most.
REPEATED = 1.2
#: Turns between the two forms; most lists need one.
MOST_TURNS = 8


def readable(roots: list[Node], sizes: Mapping[str, int], alone: bool = True) -> list[Node]:
    """The canonical form; lines of a list factored where much shorter then, one on its own as it reads best.

    ``alone=False``: one line, too, is in the form of a list, in which it shares its work with what it is derived from.
    """
    for _ in range(MOST_TURNS):
        roots = _canonical(roots, sizes)
        if not _short(roots):
            break
        if len(roots) == 1 and alone:
            return [_settled(roots[0], sizes)]
        factored = [_factored(root, sizes) for root in roots]
        if factored == roots or operations(factored) > operations(roots):
            break
        roots = factored
    return roots


def _settled(root: Node, sizes: Mapping[str, int]) -> Node:
    """The line as it reads best, repeated until a form comes again; of those that come again, the easiest."""
    forms = [root]
    while len(forms) < MOST_TURNS:
        (canonical,) = _canonical(forms[-1:], sizes)
        new = written(_easier(canonical, sizes))
        if new in forms:
            return min(forms[forms.index(new) :], key=lambda form: (_effort(form), key(form)))
        forms.append(new)
    return forms[-1]


def _factored(root: Node, sizes: Mapping[str, int]) -> Node:
    with gc_paused():
        (new,) = to_fixpoint(Normal([root]).roots, sizes)
    return new if length(new) <= MUCH_SHORTER * length(root) else root


def _easier(root: Node, sizes: Mapping[str, int]) -> Node:
    """The form of the line that takes the least effort to read.

    Common denominators everywhere are for where terms then cancel: they take fewer operations there.
    """
    forms, most = {root: root}, operations([root]) * REPEATED
    with gc_paused():
        for form in _forms(root):
            (given,) = form.roots
            if given not in forms:
                (new,) = to_fixpoint([given], sizes, line=True)
                shorter = not form.everywhere or length(written(new)) < length(written(root))
                forms[given] = new if shorter and operations([new]) <= most else root
    return min(forms.values(), key=_effort)


def _forms(root: Node) -> Iterator[Factored]:
    for whole in (True, False):
        yield Together(root, whole=whole, everywhere=True)
        yield Together(root, whole=whole)
        yield Factored(root, whole=whole)


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
    roots = to_fixpoint(roots, sizes, line=_line(roots))
    while _short(roots):
        with gc_paused():
            new = to_fixpoint(Normal(roots, factoring=False).roots, sizes, line=_line(roots))
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
    return node.op is POW and node.args[1].op is CONST and node.args[1].value == 3
