"""symdiff: formula in, exact derivatives out, as expressions and as code.

>>> import symdiff as sd
>>> sd.diff(sd.parse("x**2*sin(x)"), sd.symbol("x"))
cos(x)*x**2 + 2*x*sin(x)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .budgets import limits
from .errors import (
    CheckError,
    DomainError,
    LimitError,
    ParseError,
    ShapeError,
    SymdiffError,
    UnsupportedError,
)
from .expr import CONST as Const
from .expr import PI, ROWS, Node, Row, const, symbol, symbols
from .expr import VAR as Var
from .ops import arrays as _arrays
from .ops import rewritten as _rewritten
from .ops.kinds import binary, mask, over, several, unary
from .walk import substitute, variables

__version__ = "0.1.0"

pi = PI()

#: Public functions by the module that holds them, imported when first used: the command line starts fast.
_LATE = {
    "parse": "parser",
    "show": "printer",
    "derivatives": "taylor",
    "diff": "differentiate",
    "grad": "differentiate",
    "kinks": "nonsmooth",
    "with_kinks": "nonsmooth",
    "jacobian": "hessians",
    "value_and_jacobian": "hessians",
    "hessian": "hessians",
    "flatten": "hessians",
    "unflatten": "hessians",
    "Structured": "structured",
    "DenseHessian": "dense",
    "plan": "costs",
    "explain": "explanations",
    "draw": "pictures",
    "hvp": "differentiate",
    "jvp": "differentiate",
    "vjp": "differentiate",
    "simplify": "simplifier",
    "stable": "digits",
    "source": "compiler",
    "compile": "compiler",
    "evaluate": "compiler",
    "count_ops": "compiler",
    "count_code": "counts",
    "to_latex": "latex",
    "to_sympy": "interop",
    "from_sympy": "interop",
    "to_networkx": "interop",
    "audit": "auditor",
    "assume": "assumptions",
    "integer": "ops.rewritten",
    "parse_where": "assumptions",
    "check_accuracy": "accuracy",
    "check_graph": "check",
    "check_grads": "check",
}


#: Public modules, imported when first used.
_MODULES = ("curves", "nn", "plots", "train")


def __getattr__(name: str) -> Any:
    """Late functions and modules, operations (``symdiff.sin``) and the user's own rows."""
    if name in _MODULES:
        found: Any = import_module(f".{name}", __name__)
    elif name in _LATE:
        found = getattr(import_module(f".{_LATE[name]}", __name__), name)
    elif name in _arrays.FUNCTIONS:
        return _arrays.FUNCTIONS[name]
    elif name in ROWS:
        return ROWS[name]
    else:
        return _spelled(name)
    globals()[name] = found
    return found


def _spelled(name: str) -> Any:
    """What formulas call by that name: a function that is only a spelling, or a row by another name."""
    if name in _rewritten.FUNCTIONS:
        return _rewritten.FUNCTIONS[name]
    for row in ROWS.values():
        if name in row.aliases:
            return row
    raise AttributeError(f"symdiff has no function or operation named {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__", *_LATE, *_MODULES, *_arrays.FUNCTIONS, *ROWS})


__all__ = [
    "CheckError",
    "Const",
    "DomainError",
    "LimitError",
    "Node",
    "ParseError",
    "Row",
    "ShapeError",
    "SymdiffError",
    "UnsupportedError",
    "Var",
    "binary",
    "const",
    "limits",
    "mask",
    "over",
    "pi",
    "several",
    "substitute",
    "symbol",
    "symbols",
    "unary",
    "variables",
]
