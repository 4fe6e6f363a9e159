"""Simplification: one form to be read, and one with the fewest operations to be run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from ..graph.errors import SymdiffError
from ..graph.node import Node
from ..graph.traversal import Structure, leaves, map_graph, rebuild, unflatten_like
from ..ops.kinds import broadcast_to
from ..ops.powers import guarded_power, plain_power, power_derivative
from ..rules.assumptions import assume
from ..rules.trace import Rewrite, tracing
from ..simplifier.strategy import Budget, Roots, Strategy, attempt, sequence, step

#: The module and the name of the strategy of each level above what building does, imported when it is asked for.
_STRATEGIES = {
    "full": ("..simplifier.reading", "FULL"),
    "code": ("..simplifier.sharing", "CODE"),
    "accurate": (".accurate", "ACCURATE"),
    "search": (".beam", "SEARCH"),
    "sympy": (".by_sympy", "SYMPY"),
}
LEVELS = ("none", "basic", *_STRATEGIES)
#: The levels whose forms are to be read.
READ = ("full", "search", "sympy")


def simplify_strategy(level: str) -> Strategy:
    """What runs at a level, as a value that can be printed; raises SymdiffError for another level.

    >>> print(simplify_strategy("basic"))
    what building does
    """
    strategy = _guarded_strategy(level)
    if level not in READ:
        return strategy
    again = sequence("again, with plain powers", step("derivatives of powers as powers", _plain_powers), strategy)
    return sequence(level, strategy, attempt(again))


def _guarded_strategy(level: str) -> Strategy:
    """The strategy of a level whose forms are right at single points at the edge of a domain, too."""
    if level not in LEVELS:
        raise SymdiffError(f"the level is one of {', '.join(LEVELS)}, not {level!r}")
    if level not in _STRATEGIES:
        return Strategy("what building does", lambda roots, budget: roots)
    module, name = _STRATEGIES[level]
    strategy: Strategy = getattr(import_module(module, __package__), name)
    if level in READ:
        return strategy
    return sequence(level, attempt(step("derivatives of powers as guarded powers", _guarded_powers)), strategy)


def _plain_powers(roots: Roots) -> Roots | None:
    return _powers_as(plain_power, roots)


def _guarded_powers(roots: Roots) -> Roots | None:
    return _powers_as(guarded_power, roots)


def _powers_as(form: Callable[[Node], Node], roots: Roots) -> Roots | None:
    """The roots with the derivatives of powers in another form, if they have any."""
    if not power_derivative.nodes:
        return None

    def rewrite(node: Node, args: tuple[Node, ...]) -> Node:
        same = rebuild(node, args)
        return broadcast_to(form(same), same.shape) if same.op is power_derivative else same

    result = map_graph(roots, rewrite)
    return None if result == roots else result


def simplify(
    structure: Structure,
    level: str = "full",
    *,
    sizes: Mapping[str, int] | None = None,
    trace: list[Rewrite] | None = None,
) -> Structure:
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
    (:mod:`symdiff.search.beam`). ``sizes``: what symbolic dimensions count for when the cheapest order of matrix
    products is chosen (:mod:`symdiff.simplifier.contraction_order`). ``trace``: a list to which the rewrites are added
    that lead to the result, in order, each with its rule, what it replaced and by what. Raises SymdiffError for another
    level.

    >>> import symdiff as sd
    >>> simplify(sd.parse("x*2*x + x**2 - y*0"))
    3*x**2
    >>> f = sd.parse("n*kb*T/V")
    >>> [sum(sd.count_ops(simplify([f, *sd.grad(f, sd.variables(f))], level)).values()) for level in ("full", "code")]
    [9, 8]
    >>> rewrites = []
    >>> simplify(sd.parse("sqrt(x**2) + abs(x)"), trace=rewrites)
    2*abs(x)
    >>> print(*rewrites, sep="\\n")
    sqrt(x**2) => abs(x): sqrt(x**2) -> abs(x)
    like terms: abs(x) + abs(x) -> 2*abs(x)
    """
    return _simplify(simplify_strategy(level), structure, sizes, trace)


def simplify_guarded(structure: Structure, level: str = "full", *, sizes: Mapping[str, int] | None = None) -> Structure:
    """As :func:`simplify`, in forms that are right at single points at the edge of a domain, too.

    It is for what is evaluated, compiled or differentiated further: ``b*a**(b - 1)`` has no value where a and b are 0,
    and the derivative of a power has one.
    """
    return _simplify(_guarded_strategy(level), structure, sizes, None)


def _simplify(
    strategy: Strategy, structure: Structure, sizes: Mapping[str, int] | None, trace: list[Rewrite] | None
) -> Structure:
    with assume(), tracing(trace):
        result: Structure = unflatten_like(structure, strategy(leaves(structure), Budget(sizes or {})))
    return result
