"""The value of an expression at one point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..graph.errors import DomainError, SymdiffError, check_mapping
from ..graph.leaves import VAR
from ..graph.node import Node
from ..graph.traversal import map_structure, variables
from .functions import compile


def evaluate(f: Any, values: Mapping[Any, Any]) -> Any:
    """The numbers of a node or nested structure; ``values`` by name or variable, numbers or arrays.

    Returns Python numbers where the result is one number, else arrays. Infinite results and NaN come without warnings.
    Raises SymdiffError for a variable without value and for a name that is no variable of ``f``.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> evaluate(x**2 * y + y + 2, {"x": 3, y: 4})
    42.0
    """
    import numpy as np

    wanted = variables(f)
    check_mapping("values are a dict such as {'x': 3}", values)
    given = {key.name if isinstance(key, Node) and key.op is VAR else key: value for key, value in values.items()}
    names = [var.name for var in wanted]
    for name in names:
        if name not in given:
            raise SymdiffError(f"the variable {name} has no value; give one, as in {{{name!r}: 1.0}}")
    unknown = [key for key in given if key not in names]
    if unknown:
        raise SymdiffError(f"{unknown[0]!s} is no variable here; the variables are {', '.join(names) or 'none'}")
    for name in names:
        _check_numbers(name, given[name])
    schedule = "fast" if any(np.ndim(given[name]) for name in names) else "clear"
    function = compile(f, list(wanted), schedule=schedule)
    try:
        with np.errstate(all="ignore"):
            results = function(*(given[name] for name in names))
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise DomainError(f"the formula has no value there: {error}") from error
    return map_structure(lambda value: np.asarray(value).item() if np.ndim(value) == 0 else value, results)


def _check_numbers(name: str, value: Any) -> None:
    import numpy as np

    try:
        fits = np.asarray(value).dtype.kind in "biufc"
    except ValueError:
        fits = False
    if not fits:
        raise SymdiffError(f"the value of {name} is a number or an array of numbers, not {value!r}")
