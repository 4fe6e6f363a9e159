"""Simplification: one form to be read, and one with the fewest operations to be run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..graph.errors import SymdiffError
from ..graph.node import Node
from ..graph.traversal import Structure, leaves, map_graph, rebuild, unflatten_like
from ..ops.kinds import broadcast_to
from ..ops.powers import guarded_power, plain_power, power_derivative
from ..rules.assumptions import assume
from ..simplifier.reading import readable

Sizes = Mapping[str, int]


def _powers_as(form: Callable[[Node], Node], roots: list[Node]) -> list[Node]:
    """The roots with the derivatives of powers in another form."""
    if not power_derivative.nodes:
        return roots

    def rewrite(node: Node, args: tuple[Node, ...]) -> Node:
        same = rebuild(node, args)
        return broadcast_to(form(same), same.shape) if same.op is power_derivative else same

    return map_graph(roots, rewrite)


def _shared(roots: list[Node], sizes: Sizes) -> list[Node]:
    from ..simplifier.sharing import shared

    return shared(_powers_as(guarded_power, roots), sizes)


def _accurate(roots: list[Node], sizes: Sizes) -> list[Node]:
    from .accurate import most_accurate

    return most_accurate(_powers_as(guarded_power, roots))


def _search(roots: list[Node], sizes: Sizes) -> list[Node]:
    from .beam import searched

    return searched(roots)


def _sympy(roots: list[Node], sizes: Sizes) -> list[Node]:
    from .beam import by_sympy

    return by_sympy(roots)


#: The passes of each level above what building does.
FORMS = {"full": readable, "code": _shared, "accurate": _accurate, "search": _search, "sympy": _sympy}
LEVELS = ("none", "basic", *FORMS)
#: The levels whose forms are to be read.
READ = ("full", "search", "sympy")


def simplify(structure: Structure, level: str = "full", *, sizes: Mapping[str, int] | None = None) -> Structure:
    """The same values with fewer operations, as a structure of the same nesting.

    ``level``: "none" returns the input; "basic" is what building does already (constants folded, units dropped);
    "full" is the form to be read: like terms and powers collected, the rule table applied, what outputs share left
    shared, and no guards for single points at the edge of a domain (:func:`simplify_guarded` keeps them). "code" is the
    form to be run, which ``symdiff code`` writes: scalars in forms that keep their digits
    (:mod:`symdiff.simplifier.stable`), with the fewest operations for the whole list of outputs
    (:mod:`symdiff.simplifier.sharing`); it regroups products and sums, so it does not read as well. "accurate" rewrites
    scalar formulas as far as that lowers the measured error of their code (:mod:`symdiff.search.accurate`). "search"
    tries identities in both directions on scalar formulas of some hundred nodes, "sympy" hands those to
    ``sympy.simplify``; their results have been compared with the input at points of the domain
    (:mod:`symdiff.search.beam`). ``sizes``: what letters in shapes count for when the cheapest order of matrix products
    is chosen (:mod:`symdiff.simplifier.contraction_order`). Raises SymdiffError for another level.

    >>> import symdiff as sd
    >>> simplify(sd.parse("x*2*x + x**2 - y*0"))
    3*x**2
    >>> f = sd.parse("n*kb*T/V")
    >>> [sum(sd.count_ops(simplify([f, *sd.grad(f, sd.variables(f))], level)).values()) for level in ("full", "code")]
    [9, 8]
    """
    guarded = simplify_guarded(structure, level, sizes=sizes)
    if level not in READ:
        return guarded
    roots = leaves(guarded)
    plain = _powers_as(plain_power, roots)
    if plain == roots:
        return guarded
    result: Structure = unflatten_like(structure, plain)
    return simplify_guarded(result, level, sizes=sizes)


def simplify_guarded(structure: Structure, level: str = "full", *, sizes: Mapping[str, int] | None = None) -> Structure:
    """As :func:`simplify`, in forms that are right at single points at the edge of a domain, too.

    It is for what is evaluated, compiled or differentiated further: ``b*a**(b - 1)`` has no value where a and b are 0,
    and the derivative of a power has one.
    """
    if level not in LEVELS:
        raise SymdiffError(f"the level is one of {', '.join(LEVELS)}, not {level!r}")
    roots = leaves(structure)
    if level in FORMS:
        with assume():
            roots = FORMS[level](roots, sizes or {})
    result: Structure = unflatten_like(structure, roots)
    return result
