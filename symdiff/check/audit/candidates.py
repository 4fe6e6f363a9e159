"""What is audited: a Python function or formulas, as numbers in the order of the exact entries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ...graph.errors import ShapeError, SymdiffError
from ...graph.node import Node, as_node
from ...graph.traversal import map_structure, variables
from ..gradients import Point

#: The candidate at a point, as it returns it.
Candidate = Callable[[Point], Any]


def numbers_of(found: Any, wanted: list[Node]) -> Any:
    """All numbers of a result in order, dicts in the order of the variables; raises ShapeError for anything else."""
    import numpy as np

    if isinstance(found, Mapping):
        missing = [var.name for var in wanted if var.name not in found]
        if missing:
            raise ShapeError(f"the candidate's dict has no entry {missing[0]!r}")
        found = [found[var.name] for var in wanted]
    if isinstance(found, (tuple, list)):
        return np.concatenate([np.zeros(0), *(numbers_of(part, wanted) for part in found)])
    try:
        return np.asarray("None" if found is None else found, float).ravel()
    except (ValueError, TypeError):
        raise ShapeError(f"the candidate returns {found!r}, which is no number and no array of them") from None


def candidate_of(candidate: Any, inputs: list[Node], shapes: Mapping[str, Any] | None) -> Candidate:
    """A Python function, a formula, a node, or a nested list of formulas or nodes, as a function of a point."""
    if callable(candidate) and not isinstance(candidate, Node):
        return _safe(_called(candidate, inputs))
    from ...compiler.functions import compile
    from ...text.parser import parse

    made = map_structure(lambda part: parse(part, shapes=shapes) if isinstance(part, str) else as_node(part), candidate)
    unknown = [var.name for var in variables(made) if var not in inputs]
    if unknown:
        raise SymdiffError(f"the candidate reads {unknown[0]}, which is no variable of the formula")
    fn = compile(made, inputs)
    return lambda point: fn(*point.values())


def _safe(function: Candidate) -> Candidate:
    """The function with a sentence for whatever goes wrong in it."""

    def called(point: Point) -> Any:
        try:
            return function(point)
        except Exception as error:
            place = ", ".join(f"{name}={value.tolist()}" for name, value in point.items())
            raise SymdiffError(f"the candidate fails with {type(error).__name__} at {place}: {error}") from error

    return called


def _called(function: Callable[..., Any], inputs: list[Node]) -> Candidate:
    """The function of a point: its parameters are the variables by name, or in order, or one vector of them."""
    import numpy as np

    names = [var.name for var in inputs]
    try:
        parameters = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    except (TypeError, ValueError):
        parameters = []
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    number = all(not var.shape for var in inputs)

    def numbers(point: Point) -> list[Any]:
        return [value.item() if value.ndim == 0 else value for value in point.values()]

    if plain and set(plain) <= set(names):
        return lambda point: function(*(dict(zip(names, numbers(point), strict=True))[name] for name in plain))
    if len(plain) == 1 and len(names) > 1 and number:
        return lambda point: function(np.array(numbers(point)))
    if plain and len(plain) != len(names):
        raise SymdiffError(
            f"the function takes {', '.join(plain)}, and the formula has the variables {', '.join(names)}; "
            "give it these parameters, or one vector of them"
        )
    return lambda point: function(*numbers(point))
