"""Forms of arithmetic by way of its normal form, a quotient of polynomials: what cancels, factors, nests and adds up.

The generators of the polynomials are functions, and one function may be read in another: a logistic function and
hyperbolic ones in exponentials, tangents of half an angle in cosine and sine. What cancels there is often short in
another function of the family. These are candidates: whether one is better is for its weight to say, and whether it
is right for :mod:`symdiff.numerics.equivalence`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...graph.node import Node
from ...graph.order import key
from ...ops.costs import weighed
from .fields import Quotient, is_arithmetic, read, shared_arithmetic
from .variants import variants
from .writing import spellings

#: The forms that are kept of one node.
MOST_FORMS = 6
#: Terms that a variant may have more than the quotient as it is read.
MORE_TERMS = 4


def forms(root: Node) -> list[Node]:
    """The forms of one node that cost the least; none of what is not arithmetic.

    >>> import symdiff as sd
    >>> forms(sd.parse("(x**2 - 1)/(x - 1)"))[0]
    x + 1
    >>> forms(sd.parse("sin(x)**4 - cos(x)**4"))[0]
    -cos(2*x)
    """
    if not is_arithmetic(root):
        return []
    costs = {form: (weighed([form]), key(form)) for quotient in _quotients(root) for form in spellings(quotient)}
    return sorted(costs, key=lambda form: costs[form])[:MOST_FORMS]


def _quotients(root: Node) -> Iterator[Quotient]:
    """The distinct variants of what is read, those left out that have many more terms."""
    opaque = shared_arithmetic(root)
    readings = [read(root), read(root, families=True), read(root, opaque=opaque) if opaque else None]
    seen: set[tuple[object, ...]] = set()
    for quotient in filter(None, readings):
        for variant in variants(quotient):
            form = variant.nodes, variant.above, variant.below
            if form not in seen and _terms(variant) <= _terms(quotient) + MORE_TERMS:
                seen.add(form)
                yield variant


def _terms(quotient: Quotient) -> int:
    return len(quotient.above) + len(quotient.below)
