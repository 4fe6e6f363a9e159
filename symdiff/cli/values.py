"""The values of formulas at a point that the command line gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..graph.errors import DomainError
from ..graph.node import Node
from ..graph.traversal import leaves, map_structure, topological, variables


def values_at(structure: Any, point: Mapping[str, Any], inputs: Sequence[Node]) -> Any:
    """The values of a nested structure of nodes at a point, arrays as nested lists.

    ``inputs`` are all variables of the formula: sizes are read from them also where the result has no such variable.
    """
    import numpy as np

    from ..compiler.functions import compile

    fn, arguments = compile(structure, list(inputs)), as_arrays(point, leaves(structure))
    with evaluating(), np.errstate(all="ignore"):
        results = fn(*(arguments[var.name] for var in inputs))
    return map_structure(lambda value: value.tolist() if hasattr(value, "tolist") else value, results)


def accurate_values(
    structure: Any,
    derive: Callable[[list[Node]], Any],
    roots: list[Node],
    point: Mapping[str, Any],
    level: str = "full",
) -> Any:
    """The values of what ``derive`` makes of the formulas; of scalars at level full, by code that keeps their digits.

    NaN where ``structure``, the same as it is printed, has no value.
    """
    from ..search.levels import simplify
    from ..simplifier.stable import stable

    inputs = variables(roots)
    values = values_at(structure, point, inputs)
    if level != "full" or any(node.shape for node in topological(*roots)):
        return values
    better: list[Any] = []
    map_structure(better.append, values_at(simplify(derive(stable(roots)), "code"), point, inputs))
    rest = iter(better)
    return map_structure(lambda old: (old, next(rest))[old == old], values)


@contextmanager
def evaluating() -> Iterator[None]:
    """What NumPy says where there is no value, such as the inverse of a singular matrix, as a sentence."""
    try:
        yield
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise DomainError(f"the formula has no value there: {' '.join(str(error).split())}") from None


def as_arrays(point: Mapping[str, Any], roots: Sequence[Node]) -> dict[str, Any]:
    """The values of a point as arrays, those that the formulas use as an index as integers."""
    from ..ops.tensor import integer_variables

    indices = {var.name for var in integer_variables(topological(*roots))}
    return {name: _as_array(value, name in indices) for name, value in point.items()}


def _as_array(value: Any, index: bool) -> Any:
    """Whole numbers of a list, or of an index, as integers, so that they can be one; other numbers as floats."""
    import numpy as np

    array = np.array(value, float)
    whole = (array.ndim or index) and (np.abs(array) < 2**53).all() and (array == np.floor(array)).all()
    return array.astype(np.int64) if whole else array


def scalars_of(values: Any) -> Iterator[Any]:
    """The scalars of nested lists and tuples, in order."""
    if isinstance(values, (list, tuple)):
        for value in values:
            yield from scalars_of(value)
    else:
        yield values
