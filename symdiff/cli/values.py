"""The numbers of formulas at a point that the command line gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..graph.errors import DomainError
from ..graph.node import Node
from ..graph.traversal import leaves, map_structure, topological, variables


def values_at(structure: Any, point: Mapping[str, Any], inputs: Sequence[Node]) -> Any:
    """The numbers of a nested structure of nodes at a point, arrays as nested lists.

    ``inputs`` are all variables of the formula: sizes are read from them also where the result has no such variable.
    """
    import numpy as np

    from ..compiler.functions import compile

    fn, arguments = compile(structure, list(inputs)), arrays(point, leaves(structure))
    with evaluating(), np.errstate(all="ignore"):
        found = fn(*(arguments[var.name] for var in inputs))
    return map_structure(lambda value: value.tolist() if hasattr(value, "tolist") else value, found)


def kept_digits(
    structure: Any, make: Callable[[list[Node]], Any], roots: list[Node], point: Mapping[str, Any], level: str = "full"
) -> Any:
    """The numbers of what is made of formulas; of scalars to be read, those of the code that keeps their digits.

    NaN where ``structure`` has no value.
    """
    from ..search.levels import simplify
    from ..simplifier.stable import stable

    inputs = variables(roots)
    typed = values_at(structure, point, inputs)
    if level != "full" or any(node.shape for node in topological(*roots)):
        return typed
    found: list[Any] = []
    map_structure(found.append, values_at(simplify(make(stable(roots)), "code"), point, inputs))
    rest = iter(found)
    return map_structure(lambda old: (old, next(rest))[old == old], typed)


@contextmanager
def evaluating() -> Iterator[None]:
    """What NumPy says where there is no value, such as the inverse of a singular matrix, as a sentence."""
    try:
        yield
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise DomainError(f"the formula has no value there: {' '.join(str(error).split())}") from None


def arrays(point: Mapping[str, Any], roots: Sequence[Node]) -> dict[str, Any]:
    """The values of a point as arrays, those that the formulas use as an index as whole numbers."""
    from ..ops.tensor import places_among

    places = {var.name for var in places_among(topological(*roots))}
    return {name: array(value, name in places) for name, value in point.items()}


def array(value: Any, place: bool = False) -> Any:
    """A list of whole numbers as such, so that it can be an index, also one that is a ``place``; others as floats."""
    import numpy as np

    found = np.array(value, float)
    whole = (found.ndim or place) and (np.abs(found) < 2**53).all() and (found == np.floor(found)).all()
    return found.astype(np.int64) if whole else found
