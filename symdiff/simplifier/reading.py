"""The form to be read: canonical sums and products; where factors cancel only in the normal form, that one.

A derivative is read as one line, so what it repeats counts each time. A line on its own is write_line factored, or over
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
from .collect import collect_terms
from .denominators import CommonDenominators, CommonFactors, effort
from .normal import NormalForm
from .one_line import write_line
from .strategy import Budget, Roots, Strategy, accept, cycle, either, only_if, repeat, scalars, sequence, step

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
    lengths: dict[Node, int] = {}
    for node in topological(root):
        lengths[node] = sum(lengths[arg] for arg in node.args) + weight(node)
    return lengths[root]


def operations(roots: Iterable[Node]) -> int:
    """Operations of the code of scalars: what has a variable in it, with a cube as two products."""
    order = topological(*roots)
    moving = dependents(order, [node for node in order if node.op is VAR])
    return sum(1 + _is_cube(node) for node in order if node.args and node in moving)


def _is_cube(node: Node) -> bool:
    return node.op is POW and node.args[1].op is CONST and node.args[1].value == 3


#: Whether the formulas are scalars and a person would read them.
few_scalars = scalars(MOST_READ)


def one_line(roots: Roots) -> bool:
    """Whether a scalar is read on its own."""
    return len(roots) == 1 and few_scalars(roots)


def fewer_operations(before: Roots, after: Roots) -> bool:
    return operations(after) < operations(before)


def effort_to_read(roots: Roots) -> tuple[int, list[object]]:
    """Effort first; then the structure, so that the choice does not depend on the order of trying."""
    return sum(map(_effort, roots)), [key(root) for root in roots]


def _effort(root: Node) -> int:
    return _length_of_line(root, effort)


def _length_of_line(root: Node, weight: Callable[[Node], int] = _is_operation) -> int:
    with trace.tracing(None):
        return length(write_line(root), weight)


# -- steps ---------------------------------------------------------------------------------------------------------


def _collect(roots: Roots, budget: Budget) -> Roots:
    return collect_terms(roots, budget.sizes, line=one_line(roots))


def _collect_list(roots: Roots, budget: Budget) -> Roots:
    return collect_terms(roots, budget.sizes)


def _normalize(roots: Roots) -> Roots:
    with gc_paused():
        return NormalForm(roots, factoring=False).roots


def _factor_lines(roots: Roots) -> Roots | None:
    """Each line factored where it is much shorter then, if the list takes no more operations."""
    factored = [_factor_line(root) for root in roots]
    return factored if factored != roots and operations(factored) <= operations(roots) else None


def _factor_line(root: Node) -> Node:
    with gc_paused():
        (new,) = collect_terms(NormalForm([root]).roots, {})
    return new if length(new) <= MUCH_SHORTER * length(root) else root


def _choose_easiest(roots: Roots, budget: Budget) -> Roots:
    """The form of the line that takes the least effort to read.

    Common denominators everywhere are for where terms then cancel: they take fewer operations there.
    """
    (root,) = roots
    forms: dict[Node, tuple[Node, list[trace.Rewrite]]] = {root: (root, [])}
    most = operations(roots) * REPEATED
    with gc_paused():
        for form in _candidates(root):
            (given,) = form.roots
            if given not in forms:
                mark = trace.mark()
                (new,) = collect_terms([trace.note(form.name, root, given)], budget.sizes, line=True)
                shorter = not form.everywhere or _length_of_line(new) < _length_of_line(root)
                rewrites = trace.forget_after(mark)
                forms[given] = (new, rewrites) if shorter and operations([new]) <= most else forms[root]
    best, rewrites = min(forms.values(), key=lambda pair: _effort(pair[0]))
    trace.resume(rewrites)
    return [best]


def _candidates(root: Node) -> Iterator[CommonFactors]:
    for whole in (True, False):
        yield CommonDenominators(root, whole=whole, everywhere=True)
        yield CommonDenominators(root, whole=whole)
        yield CommonFactors(root, whole=whole)


def _write_lines(roots: Roots, budget: Budget) -> Roots:
    return [write_line(root) for root in roots]


COLLECT = Strategy("collect", _collect)
COLLECT_LIST = Strategy("collect as a list", _collect_list)
NORMAL = sequence("normal form, collected", step("normal form", _normalize), COLLECT)
CANONICAL = sequence("canonical form", COLLECT, repeat(only_if(few_scalars, accept(fewer_operations, NORMAL))))
LINE = cycle(
    effort_to_read,
    sequence(
        "one line",
        CANONICAL,
        Strategy("the easiest to read of common denominators and common factors", _choose_easiest),
        Strategy("signs and powers as they are written", _write_lines),
    ),
)
LINES = repeat(only_if(few_scalars, sequence("factored", step("factor lines", _factor_lines), CANONICAL)))
#: The form of a list, in which formulas share their work, also of one formula; and the level "full".
LIST = sequence("form of a list", CANONICAL, LINES)
FULL = sequence("full", CANONICAL, either(only_if(one_line, LINE), LINES))
