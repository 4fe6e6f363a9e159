"""Values to as many digits as wanted: a graph as it stands, by mpmath through the SymPy form of each operation.

Rounding inside the graph may cancel all digits of a result, or hide a small term (``1 + exp(-800)``), so each point is
computed at rising precision until two results agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from .expr import CONST, VAR, Node, symbol
from .interop import to_sympy
from .walk import topological

#: Decimal digits of the attempts; the numbers of double precision span 630 decades.
PRECISIONS = (50, 400, 1600)
#: Decimal digits to which two attempts agree.
AGREEMENT = 25


class Exact:
    """The values of scalar nodes at points, as mpmath numbers that are right to 25 digits at least.

    A value that is not a finite real number is NaN. Raises UnsupportedError for arrays and for an operation whose row
    has no SymPy form.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> [value] = Exact([sd.log(1 + sd.exp(x))])({x: -800.0})
    >>> print(value)
    3.66787458417769e-348
    """

    def __init__(self, roots: Sequence[Node]) -> None:
        self.roots = list(roots)
        self.steps = [(node, _function(node)) for node in topological(*roots) if node.op is not VAR]

    def __call__(self, point: Mapping[Node, float]) -> list[Any]:
        previous = self.at(point, PRECISIONS[0])
        for digits in PRECISIONS[1:]:
            current = self.at(point, digits)
            if all(map(_agree, previous, current)):
                break
            previous = current
        return current

    def at(self, point: Mapping[Node, float], digits: int) -> list[Any]:
        """The values with every operation rounded to that many digits."""
        import mpmath

        with mpmath.workdps(digits):
            values: dict[Node, Any] = {node: mpmath.mpf(value) for node, value in point.items()}
            for node, function in self.steps:
                values[node] = _applied(function, [values[arg] for arg in node.args])
            return [values[root] for root in self.roots]


def _agree(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= abs(b) * 10**-AGREEMENT) or a != a or b != b


def _applied(function: Callable[..., Any], args: list[Any]) -> Any:
    """The value as a truth value or a finite real number, else NaN."""
    import mpmath

    try:
        found = function(*args)
    except (ArithmeticError, ValueError, TypeError):
        return mpmath.nan
    if isinstance(found, bool):
        return found
    found = mpmath.mpmathify(found)
    return +found.real if found.imag == 0 and mpmath.isfinite(found) else mpmath.nan


def _function(node: Node) -> Callable[..., Any]:
    """The operation as a function of mpmath numbers; constant arguments are part of its form."""
    args = [arg if arg.op is CONST else symbol(f"a{place}") for place, arg in enumerate(node.args)]
    return _lambdified(node.op(*args) if args else node, len(args))


@lru_cache(1000)
def _lambdified(form: Node, count: int) -> Callable[..., Any]:
    import sympy

    places = [sympy.Symbol(f"a{place}", real=True) for place in range(count)]
    return sympy.lambdify(places, to_sympy(form), "mpmath")  # type: ignore[no-any-return]
