"""symdiff: formula in, exact derivatives out, as expressions and as code.

>>> import symdiff as sd
>>> sd.diff(sd.parse("x**2*sin(x)"), sd.symbol("x"))
cos(x)*x**2 + 2*x*sin(x)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .graph.errors import CheckError, DomainError, LimitError, ParseError, ShapeError, SymdiffError, UnsupportedError
from .graph.limits import limits
from .graph.node import CONST as Const
from .graph.node import DISPLAYS, OPS, Node, Op, const, symbol, symbols
from .graph.node import VAR as Var
from .graph.traversal import substitute, variables
from .ops import arrays as _arrays
from .ops import rewritten as _rewritten
from .ops.kinds import binary, mask, nary, over, unary
from .ops.scalar import PI

__version__ = "0.1.0"

pi = PI()


def _late(name: str) -> Any:
    """A function of the table below that imports its module when it is called."""
    return lambda *args: getattr(import_module(f".{_LATE[name]}", __name__), name)(*args)


DISPLAYS.update(text=_late("show"), latex=_late("to_latex"))

#: Public functions by the module that holds them, imported when first used: the command line starts fast.
_LATE = {
    "parse": "text.parser",
    "show": "text.printer",
    "derivatives": "taylor",
    "diff": "differentiate.passes",
    "grad": "differentiate.passes",
    "kinks": "differentiate.kinks",
    "with_kinks": "differentiate.kinks",
    "jacobian": "jacobians.hessians",
    "value_and_jacobian": "jacobians.hessians",
    "hessian": "jacobians.hessians",
    "flatten": "jacobians.hessians",
    "unflatten": "jacobians.hessians",
    "Structured": "jacobians.operators",
    "DenseHessian": "jacobians.dense",
    "plan": "compiler.plan",
    "explain": "explanations.explain",
    "draw": "explanations.drawing.draw",
    "hvp": "differentiate.passes",
    "jvp": "differentiate.passes",
    "vjp": "differentiate.passes",
    "simplify": "search.levels",
    "stable": "simplifier.stable",
    "source": "compiler.functions",
    "compile": "compiler.functions",
    "evaluate": "compiler.evaluation",
    "count_ops": "compiler.counts",
    "count_code": "compiler.counts",
    "to_latex": "text.latex",
    "to_sympy": "text.sympy_bridge",
    "from_sympy": "text.sympy_bridge",
    "to_networkx": "text.sympy_bridge",
    "audit": "check.audit.audit",
    "assume": "rules.assumptions",
    "integer": "ops.rewritten",
    "parse_where": "rules.assumptions",
    "check_accuracy": "check.accuracy",
    "check_graph": "check.graph",
    "check_grads": "check.gradients",
}


#: Public modules, imported when first used.
_MODULES = {"curves": "models.curve_fit", "nn": "models.nn", "plots": "explanations.plots", "train": "models.train"}


def __getattr__(name: str) -> Any:
    """Late functions and modules, operations (``symdiff.sin``) and the user's own rows."""
    if name in _MODULES:
        found: Any = import_module(f".{_MODULES[name]}", __name__)
    elif name in _LATE:
        found = getattr(import_module(f".{_LATE[name]}", __name__), name)
    elif name in _arrays.FUNCTIONS:
        return _arrays.FUNCTIONS[name]
    elif name in OPS:
        return OPS[name]
    else:
        return _spelled(name)
    globals()[name] = found
    return found


def _spelled(name: str) -> Any:
    """What formulas call by that name: a function that is only a spelling, or a row by another name."""
    if name in _rewritten.FUNCTIONS:
        return _rewritten.FUNCTIONS[name]
    for row in OPS.values():
        if name in row.aliases:
            return row
    raise AttributeError(f"symdiff has no function or operation named {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__", *_LATE, *_MODULES, *_arrays.FUNCTIONS, *OPS})


__all__ = [
    "CheckError",
    "Const",
    "DomainError",
    "LimitError",
    "Node",
    "Op",
    "ParseError",
    "ShapeError",
    "SymdiffError",
    "UnsupportedError",
    "Var",
    "binary",
    "const",
    "limits",
    "mask",
    "nary",
    "over",
    "pi",
    "substitute",
    "symbol",
    "symbols",
    "unary",
    "variables",
]
