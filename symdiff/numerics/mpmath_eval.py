"""Values to as many digits as wanted: a graph as it stands, by mpmath through the SymPy form of each operation.

Rounding inside the graph may cancel all digits of a result, or hide a small term (``1 + exp(-800)``), so each point is
computed at rising precision until two results agree. What mpmath would take long for, as the sine of ``exp(exp(10))``,
is left undecided: NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..graph.leaves import CONST, VAR, symbol
from ..graph.node import Node
from ..graph.traversal import topological
from ..ops.arithmetic import add, sub
from ..ops.targets import MPMATH
from ..text.sympy_bridge import to_sympy

#: Decimal digits of the attempts; the numbers of double precision span 630 decades.
PRECISIONS = (50, 400, 1600)
#: Decimal digits to which two attempts agree.
AGREEMENT = 25
#: Functions take numbers up to 2**1100, beyond all doubles, as their time grows with the bits before the point; others
#: declare the positions of arguments of any size.
MOST_BITS = 1100
_ADDED = frozenset((add, sub))


class Exact:
    """The values of scalar nodes at points, as mpmath numbers that are right to 25 digits at least.

    A value that is not a finite real number, or undecided, is NaN. Raises UnsupportedError for arrays and for an
    operation that has no SymPy form.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> [value] = Exact([sd.log(1 + sd.exp(x))])({x: -800.0})
    >>> print(value)
    3.66787458417769e-348
    """

    def __init__(self, roots: Sequence[Node]) -> None:
        self.roots = list(roots)
        self.steps = [
            (node, _function(node), _limited_arguments(node)) for node in topological(*roots) if node.op is not VAR
        ]

    def __call__(self, point: Mapping[Node, float]) -> list[Any]:
        previous, _ = self._attempt(point, PRECISIONS[0])
        for digits in PRECISIONS[1:]:
            current, vanished = self._attempt(point, digits)
            if not vanished and all(map(_agree, previous, current)):
                break
            previous = current
        return current

    def at(self, point: Mapping[Node, float], digits: int) -> list[Any]:
        """The values with every operation rounded to that many digits."""
        return self._attempt(point, digits)[0]

    def _attempt(self, point: Mapping[Node, float], digits: int) -> tuple[list[Any], bool]:
        """The values, and whether a sum of other numbers was 0, which it may not be at more digits."""
        import mpmath

        vanished = False
        with mpmath.workdps(digits):
            values: dict[Node, Any] = {node: mpmath.mpf(value) for node, value in point.items()}
            for node, function, limited in self.steps:
                args = [values[arg] for arg in node.args]
                decided = all(abs(mpmath.mag(args[index])) <= MOST_BITS or not args[index] for index in limited)
                values[node] = value = _call(function, args) if decided else mpmath.nan
                vanished = vanished or (node.op in _ADDED and not value and any(args))
            return [values[root] for root in self.roots], vanished


def _agree(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= abs(b) * 10**-AGREEMENT) or a != a or b != b


def _call(function: Callable[..., Any], args: list[Any]) -> Any:
    """The value as a truth value or a finite real number, else NaN."""
    import mpmath

    try:
        value = function(*args)
    except (ArithmeticError, ValueError, TypeError):
        return mpmath.nan
    if isinstance(value, bool):
        return value
    value = mpmath.mpmathify(value)
    return +value.real if value.imag == 0 and mpmath.isfinite(value) else mpmath.nan


def _limited_arguments(node: Node) -> tuple[int, ...]:
    """The indices of the arguments that are to be of moderate size; none for operations that take any."""
    unlimited = MPMATH.of(node.op).large
    return tuple(index for index, arg in enumerate(node.args) if index not in unlimited and arg.op is not CONST)


def _function(node: Node) -> Callable[..., Any]:
    """The operation as a function of mpmath numbers; constant arguments are part of its form."""
    own = MPMATH.of(node.op).function
    if own is not None:
        return own
    args = [arg if arg.op is CONST else symbol(f"a{index}") for index, arg in enumerate(node.args)]
    return _lambdify(node.op(*args) if args else node, len(args))


@lru_cache(1000)
def _lambdify(form: Node, count: int) -> Callable[..., Any]:
    import sympy

    arguments = [sympy.Symbol(f"a{index}", real=True) for index in range(count)]
    value = to_sympy(form)
    if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        value = sympy.Float("nan")
    return sympy.lambdify(arguments, value, "mpmath")  # type: ignore[no-any-return]
