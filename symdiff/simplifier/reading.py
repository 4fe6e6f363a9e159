"""The form to be read: canonical sums and products; where factors cancel only in the normal form, that one.

A derivative is read as one line, so what it repeats counts each time. A line on its own is written factored, or over
common denominators, or with its sums multiplied out, as it takes the least effort to read: ``x*(2 - x)*exp(-x)`` and
``(1 - x**2)/(x**2 + 1)**2``, yet ``x**2*cos(x) + 2*x*sin(x)``. Lines of a list are factored where that makes them much
shorter, never at the price of what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..graph.leaves import CONST, VAR
from ..graph.node import Node
from ..graph.order import key
from ..graph.traversal import dependents, gc_paused, topological
from ..ops.terms import POW
from ..rules import trace
from .denominators import Factored, Together, effort
from .lines import written
from .normal import Normal
from .passes import to_fixpoint
from .strategy import Budget, Roots, Strategy, accept, cycle, either, only_if, repeat, sequence, step

#: Lists with more nodes than a person reads keep the form in which they share the most.
MOST_READ = 500
#: The part of its length that a factored line of a list may have.
MUCH_SHORTER = 0.75
#: The work of a line on its own, over that of the form in which it shares the most.
REPEATED = 1.2


def _is_operation(node: Node) -> int:
    return bool(node.args)


def length(root: Node, weight: Callable[[Node], int] = _is_operation) -> int:
    """Operations of the line, those of what it repeats each time."""
    found: dict[Node, int] = {}
    for node in topological(root):
        found[node] = sum(found[arg] for arg in node.args) + weight(node)
    return found[root]


def operations(roots: Iterable[Node]) -> int:
    """Operations of the code of scalars: what has a variable in it, with a cube as two products."""
    order = topological(*roots)
    moving = dependents(order, [node for node in order if node.op is VAR])
    return sum(1 + _is_cube(node) for node in order if node.args and node in moving)


def _is_cube(node: Node) -> bool:
    return node.op is POW and node.args[1].op is CONST and node.args[1].value == 3


def few_scalars(roots: Roots) -> bool:
    """Whether the formulas are scalars and a person would read them."""
    order = topological(*roots)
    return len(order) <= MOST_READ and not any(node.shape for node in order)


def one_line(roots: Roots) -> bool:
    """Whether a scalar is read on its own."""
    return len(roots) == 1 and few_scalars(roots)


def fewer_operations(before: Roots, after: Roots) -> bool:
    return operations(after) < operations(before)


def effort_to_read(roots: Roots) -> tuple[int, list[object]]:
    """Effort first; then the structure, so that the choice does not depend on the order of trying."""
    return sum(map(_effort, roots)), [key(root) for root in roots]


def _effort(root: Node) -> int:
    return _length_as_written(root, effort)


def _length_as_written(root: Node, weight: Callable[[Node], int] = _is_operation) -> int:
    with trace.tracing(None):
        return length(written(root), weight)


# -- steps ---------------------------------------------------------------------------------------------------------


def _collected(roots: Roots, budget: Budget) -> Roots:
    return to_fixpoint(roots, budget.sizes, line=one_line(roots))


def _normal(roots: Roots) -> Roots:
    with gc_paused():
        return Normal(roots, factoring=False).roots


def _factored(roots: Roots) -> Roots | None:
    """Each line factored where it is much shorter then, if the list takes no more operations."""
    found = [_factored_line(root) for root in roots]
    return found if found != roots and operations(found) <= operations(roots) else None


def _factored_line(root: Node) -> Node:
    with gc_paused():
        (new,) = to_fixpoint(Normal([root]).roots, {})
    return new if length(new) <= MUCH_SHORTER * length(root) else root


def _easiest(roots: Roots, budget: Budget) -> Roots:
    """The form of the line that takes the least effort to read.

    Common denominators everywhere are for where terms then cancel: they take fewer operations there.
    """
    (root,) = roots
    found: dict[Node, tuple[Node, list[trace.Rewrite]]] = {root: (root, [])}
    most = operations(roots) * REPEATED
    with gc_paused():
        for form in _forms(root):
            (given,) = form.roots
            if given not in found:
                mark = trace.mark()
                (new,) = to_fixpoint([trace.note(form.name, root, given)], {}, line=True)
                shorter = not form.everywhere or _length_as_written(new) < _length_as_written(root)
                rewrites = trace.forget_after(mark)
                found[given] = (new, rewrites) if shorter and operations([new]) <= most else found[root]
    best, rewrites = min(found.values(), key=lambda pair: _effort(pair[0]))
    trace.resume(rewrites)
    return [best]


def _forms(root: Node) -> Iterator[Factored]:
    for whole in (True, False):
        yield Together(root, whole=whole, everywhere=True)
        yield Together(root, whole=whole)
        yield Factored(root, whole=whole)


def _written(roots: Roots, budget: Budget) -> Roots:
    return [written(root) for root in roots]


COLLECT = Strategy("collect", _collected)
NORMAL = sequence("normal form, collected", step("normal form", _normal), COLLECT)
CANONICAL = sequence("canonical form", COLLECT, repeat(only_if(few_scalars, accept(fewer_operations, NORMAL))))
LINE = cycle(
    effort_to_read,
    sequence(
        "one line",
        CANONICAL,
        Strategy("the easiest to read of common denominators and common factors", _easiest),
        Strategy("signs and powers as they are written", _written),
    ),
)
LINES = repeat(only_if(few_scalars, sequence("factored", step("factor lines", _factored), CANONICAL)))
#: The form of a list, in which formulas share their work, also of one formula; and the level "full".
LIST = sequence("form of a list", CANONICAL, LINES)
FULL = sequence("full", CANONICAL, either(only_if(one_line, LINE), LINES))
