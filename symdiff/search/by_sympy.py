"""The level "sympy": what ``sympy.simplify`` makes of each formula, where that costs less and has the same values."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..graph.errors import SymdiffError
from ..graph.node import Node
from ..numerics.equivalence import EquivalenceOracle
from ..ops.costs import weighed
from ..rules import trace
from ..simplifier.reading import FULL
from ..simplifier.strategy import Budget, Roots, Strategy
from ..text.sympy_bridge import from_sympy, to_sympy
from .beam import is_small


def _simplify(roots: Roots, budget: Budget) -> Roots:
    """The readable form with what SymPy makes of a formula where that costs less, all formulas together.

    Warns where a value of SymPy's form is another one; that form is not taken.
    """
    best = FULL(roots, budget)
    if not is_small(best):
        return best
    oracle = EquivalenceOracle(roots)
    for position, root in enumerate(best):
        new = [*best[:position], sympy_form(root), *best[position + 1 :]]
        readable, rewrites = FULL.derive(new, budget)
        form, rewrites = min((new, []), (readable, rewrites), key=lambda form: weighed(form[0]))
        if weighed(form) >= weighed(best):
            continue
        if oracle.agrees(form):
            trace.note_all("sympy.simplify", best, new)
            trace.resume(rewrites)
            best = form
        else:
            text = "SymPy's form has other values at points of the domain; the readable form is kept"
            warnings.warn(text, stacklevel=2)
    return best


def sympy_form(root: Node) -> Node:
    """The form that SymPy finds the cheapest by what operations cost here; the root itself where it finds none."""
    import sympy

    try:
        form: Node = from_sympy(sympy.simplify(to_sympy(root), measure=_cost_of))
    except (SymdiffError, ArithmeticError, TypeError, ValueError, NotImplementedError):
        return root
    return form


def _cost_of(form: Any) -> float:
    """What a SymPy expression costs as a formula here; infinitely much where it has no form."""
    try:
        return weighed([from_sympy(form)])
    except (SymdiffError, ArithmeticError, TypeError, ValueError):
        return math.inf


SYMPY = Strategy("sympy.simplify, where that costs less and verifies", _simplify, (FULL,))
