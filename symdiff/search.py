"""The levels "search" and "sympy": other forms of small formulas, the cheapest one that verifies.

"search" is a beam search: from the readable form, identities are used in both directions, one place at a time, also
where a step costs more, and the forms that cost least are carried on. "sympy" is what ``sympy.simplify`` makes of each
formula. Forms are weighed by :mod:`symdiff.ops.weights`, and a result has been compared with its input at points of the
domain, with 50 digits and more (:mod:`symdiff.verified`); where none verifies, it is the readable form.
"""

from __future__ import annotations

import warnings
from functools import cache
from itertools import islice

from .assumptions import assume, implied
from .errors import SymdiffError
from .expr import Node
from .interop import from_sympy, to_sympy
from .ops.weights import weighed
from .order import key
from .rewriting import Roots, steps
from .rules import Rule, read_rules
from .simplifier import simplify
from .verified import Witness
from .walk import topological, variables

#: Rules as in :mod:`symdiff.rules`; ``<=>`` is one in each direction.
TABLE = """
x*y + x*z                       <=> x*(y + z)            real  # common factor
x*y - x*z                       <=> x*(y - z)            real  # common factor
x*y + x                         <=> x*(y + 1)            real  # common factor
x*y - x                         <=> x*(y - 1)            real  # common factor
x/z + y/z                       <=> (x + y)/z            real  # common divisor
x/z - y/z                       <=> (x - y)/z            real  # common divisor
x/y + z                         =>  (x + y*z)/y          real  # common divisor
x**2 - y**2                     <=> (x - y)*(x + y)      real  # difference of squares
x**2 - 1                        <=> (x - 1)*(x + 1)      real  # difference of squares
(x + y)**2                      <=> x**2 + 2*x*y + y**2  real  # binomial
exp(x)*exp(y)                   <=> exp(x + y)           real  # powers of one base
exp(x)/exp(y)                   <=> exp(x - y)           real  # powers of one base
exp(x)**2                       <=> exp(2*x)             real  # powers of one base
1/exp(x)                        <=> exp(-x)              real  # powers of one base
log(x) + log(y)                 =>  log(x*y)             real  # the logarithm of a product
log(x) - log(y)                 =>  log(x/y)             real  # the logarithm of a quotient
log(x*y)                        =>  log(x) + log(y)      real where x > 0 and y > 0  # the logarithm of a product
log(x/y)                        =>  log(x) - log(y)      real where x > 0 and y > 0  # the logarithm of a quotient
sqrt(x)*sqrt(y)                 =>  sqrt(x*y)            real  # the root of a product
sqrt(x*y)                       =>  sqrt(x)*sqrt(y)      real where x >= 0 and y >= 0  # the root of a product
2*sin(x)*cos(x)                 =>  sin(2*x)             real  # double angle
cos(x)*sin(x)                   =>  sin(2*x)/2           real  # double angle
cos(x)**2 - sin(x)**2           =>  cos(2*x)             real  # double angle
cos(x)**2                       <=> 1 - sin(x)**2        real  # Pythagoras
sin(x)**2                       <=> 1 - cos(x)**2        real  # Pythagoras
cos(x)*cos(y) - sin(x)*sin(y)   <=> cos(x + y)           real  # sum of angles
cos(y)*sin(x) + cos(x)*sin(y)   <=> sin(x + y)           real  # sum of angles
tan(x)**2 + 1                   <=> 1/cos(x)**2          real  # Pythagoras
1 - tanh(x)**2                  <=> 1/cosh(x)**2         real  # the hyperbola
cosh(x)**2                      <=> sinh(x)**2 + 1       real  # the hyperbola
cosh(x) + sinh(x)               =>  exp(x)               real  # the definition
cosh(x) - sinh(x)               =>  exp(-x)              real  # the definition
sigmoid(x)*(1 - sigmoid(x))     <=> sigmoid(x)*sigmoid(-x)  real  # symmetry
"""

#: Larger lists keep their readable form; nor are arrays searched.
MOST_NODES = 300
#: Forms that are carried on, and steps away from the best form.
WIDTH, DEPTH = 6, 4
#: Rewrites that are tried in one step, and the nodes of all of them together.
MOST_FORMS, MOST_WORK = 300, 4000
#: Forms that are compared with the input in one round.
MOST_JUDGED = 4


@cache
def rules() -> dict[str, list[Rule]]:
    """The rules of the table by the name of the operation at the root of their pattern."""
    return read_rules(TABLE)


def searched(roots: Roots) -> Roots:
    """The cheapest form that is found and verified; rounds are repeated until none is cheaper."""
    readable = _readable(roots)
    if not _small(readable):
        return readable
    best, witness = readable, Witness(roots)
    if not witness.known:
        return readable
    with assume(*implied(roots)):
        while (found := next(filter(witness.agrees, _cheaper(best)[:MOST_JUDGED]), None)) is not None:
            best = found
    return best


def _readable(roots: Roots) -> Roots:
    return list(simplify(roots, "full"))


def _small(roots: Roots) -> bool:
    order = topological(*roots)
    return len(order) <= MOST_NODES and not any(node.shape for node in order) and bool(variables(roots))


def _cheaper(start: Roots) -> list[Roots]:
    """Forms that cost less than the start, the cheapest first."""
    beam, known = [start], {tuple(start)}
    most = min(MOST_FORMS, MOST_WORK // len(topological(*start)))
    least, found = weighed(start), list[Roots]()
    for _ in range(DEPTH):
        new = _next(beam, known, most)
        beam = sorted(new, key=_cost)[:WIDTH]
        found += [form for form in new if weighed(form) < least]
    return sorted(found, key=_cost)


def _next(beam: list[Roots], known: set[tuple[Node, ...]], most: int) -> list[Roots]:
    """Readable forms one rewrite away that were not there before."""
    rewritten = (step for form in beam for step in steps(form, rules()))
    found = list(dict.fromkeys(tuple(_readable(step)) for step in islice(rewritten, most)))
    new = [list(form) for form in found if form not in known]
    known.update(found)
    return new


def _cost(roots: Roots) -> tuple[float, list[object]]:
    """What the operations cost; then the structure, so that the choice is the same in every process."""
    return weighed(roots), [key(root) for root in roots]


# -- SymPy ---------------------------------------------------------------------------------------------------------


def by_sympy(roots: Roots) -> Roots:
    """The readable form of what SymPy's simplify makes of each formula; warns where its value is another one."""
    readable = _readable(roots)
    if not _small(readable):
        return readable
    try:
        found = _readable([_handed_over(root) for root in readable])
    except (SymdiffError, ArithmeticError, TypeError, ValueError, NotImplementedError):
        return readable
    if weighed(found) >= weighed(readable):
        return readable
    if Witness(roots).agrees(found):
        return found
    warnings.warn("SymPy's form has other values at points of the domain; the readable form is kept", stacklevel=2)
    return readable


def _handed_over(root: Node) -> Node:
    import sympy

    found: Node = from_sympy(sympy.simplify(to_sympy(root)))
    return found
