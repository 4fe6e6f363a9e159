"""All partial derivatives up to an order together, by truncated Taylor arithmetic on the graph.

- ``derivatives``; ``bottlenecks``, the nodes whose chain rule is paid as late as possible (:mod:`.choice`).
- :mod:`.expansion`: the series of a graph, by :mod:`.series` and the :mod:`.slopes` of operations.
- :mod:`.intermediates`: intermediate variables of the chain rule, and products regrouped (:mod:`.factors`);
  :mod:`.substitution` and :mod:`.nesting`: when and how they are substituted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import comb

from ..differentiate.passes import sources_of
from ..graph.errors import LimitError, SymdiffError, UnsupportedError
from ..graph.leaves import VAR, const
from ..graph.node import Node
from ..graph.traversal import gc_paused, topological
from .choice import bottlenecks, partials
from .series import Exponents

__all__ = ["bottlenecks", "derivatives"]

#: More derivatives are refused.
MOST = 20_000


def derivatives(
    f: Node, wrt: Node | Sequence[Node], order: int, *, through: Sequence[Node] | None = None
) -> dict[Exponents, Node]:
    """All partial derivatives of a scalar formula up to the order, each once, by how often each variable stands in it.

    The key of ``d3f/dx2dy`` for ``wrt = [x, y]`` is ``(2, 1)``, that of the value ``(0, 0)``; keys come by order, then
    by the order of the variables. All are built together from Taylor coefficients, which share their work
    (:mod:`symdiff.taylor.expansion`): one function for all is far shorter than derivatives of derivatives. ``through``:
    nodes whose chain rule is paid as late as possible (:mod:`symdiff.taylor.intermediates`); left out, those that take
    the fewest operations among the ones tried. The kinks' conventions are those of :func:`symdiff.diff`; where a
    derivative of an intermediate value is infinite, those of the result are NaN.

    Raises SymdiffError where ``wrt`` has something else than variables or ``order`` is no whole number from 0 on,
    UnsupportedError for formulas with arrays, LimitError for more than :data:`MOST` derivatives.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> derivatives(x**2*y, [x, y], 2)
    {(0, 0): x**2*y, (1, 0): 2*x*y, (0, 1): x**2, (2, 0): 2*y, (1, 1): 2*x, (0, 2): 0}
    """
    sources = sources_of(wrt)
    _check(f, sources, order)
    with gc_paused():
        cuts = bottlenecks(f, sources, order) if through is None else through
        nonzero = partials(f, sources, order, cuts)
    zero = const(0)
    return {exponents: nonzero.get(exponents, zero) for exponents in multi_indices(len(sources), order)}


def multi_indices(size: int, order: int) -> list[Exponents]:
    """How often each of so many variables stands in each partial derivative up to the order.

    >>> multi_indices(2, 2)
    [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
    """
    names = range(size)
    chosen = (one for degree in range(order + 1) for one in combinations_with_replacement(names, degree))
    return [tuple(one.count(name) for name in names) for one in chosen]


def _check(f: Node, sources: Sequence[Node], order: int) -> None:
    if type(order) is not int or order < 0:
        raise SymdiffError(f"the order is a whole number from 0 on, not {order!r}")
    if (size := comb(len(sources) + order, order)) > MOST:
        raise LimitError(f"{len(sources)} variables have {size} derivatives up to order {order}, more than {MOST}")
    for node in sources:
        if node.op is not VAR:
            raise SymdiffError(f"derivatives takes variables, not {node}; use a symbol in its position")
    for node in topological(f, *sources):
        if node.shape or (node.args and not node.op.elementwise):
            raise UnsupportedError(f"derivatives takes formulas of numbers, and {node.op.name} has to do with arrays")
