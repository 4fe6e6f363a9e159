"""What is audited, a Python function or formulas, as a function from a point to its entries in order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ...graph.errors import ShapeError, SymdiffError
from ...graph.leaves import as_node
from ...graph.node import Node
from ...graph.traversal import map_structure, variables
from ..points import Point, show_point

#: The candidate at a point, as it returns it.
Candidate = Callable[[Point], Any]


def flatten_result(result: Any, wanted: list[Node]) -> Any:
    """All scalars of a result in order, dicts in the order of the variables; raises ShapeError for anything else."""
    import numpy as np

    if isinstance(result, Mapping):
        missing = [var.name for var in wanted if var.name not in result]
        if missing:
            raise ShapeError(f"the candidate's dict has no entry {missing[0]!r}")
        result = [result[var.name] for var in wanted]
    if isinstance(result, (tuple, list)):
        return np.concatenate([np.zeros(0), *(flatten_result(part, wanted) for part in result)])
    try:
        return np.asarray("None" if result is None else result, float).ravel()
    except (ValueError, TypeError):
        raise ShapeError(f"the candidate returns {result!r}, which is no number and no array of them") from None


def as_formula(formula: Any, shapes: Mapping[str, Any] | None) -> Node:
    """A text or a node as a node; ``shapes``: those of the text's variables."""
    from ...text.parser import parse

    return parse(formula, shapes=shapes) if isinstance(formula, str) else as_node(formula)


def as_candidate(candidate: Any, inputs: list[Node], shapes: Mapping[str, Any] | None) -> Candidate:
    """A Python function, a formula, a node, or a nested list of formulas or nodes, as a function of a point."""
    if callable(candidate) and not isinstance(candidate, Node):
        return _explain_failures(_as_function_of_point(candidate, inputs))
    from ...compiler.functions import compile

    nodes = map_structure(lambda part: as_formula(part, shapes), candidate)
    unknown = [var.name for var in variables(nodes) if var not in inputs]
    if unknown:
        raise SymdiffError(f"the candidate reads {unknown[0]}, which is no variable of the formula")
    fn = compile(nodes, inputs)
    return lambda point: fn(*point.values())


def _explain_failures(function: Candidate) -> Candidate:
    """The function with a sentence for whatever goes wrong in it."""

    def call(point: Point) -> Any:
        try:
            return function(point)
        except Exception as error:
            kind = type(error).__name__
            raise SymdiffError(f"the candidate fails with {kind} at {show_point(point)}: {error}") from error

    return call


def _as_function_of_point(function: Callable[..., Any], inputs: list[Node]) -> Candidate:
    """The parameters are the variables by name, or in order, or one vector of them."""
    import numpy as np

    names = [var.name for var in inputs]
    required = _required_parameters(function)
    scalars = all(not var.shape for var in inputs)

    def values(point: Point) -> list[Any]:
        return [value.item() if value.ndim == 0 else value for value in point.values()]

    if required and set(required) <= set(names):
        return lambda point: function(*map(dict(zip(names, values(point), strict=True)).__getitem__, required))
    if len(required) == 1 and len(names) > 1 and scalars:
        return lambda point: function(np.array(values(point)))
    if required and len(required) != len(names):
        raise SymdiffError(
            f"the function takes {', '.join(required)}, and the formula has the variables {', '.join(names)}; "
            "give it these parameters, or one vector of them"
        )
    return lambda point: function(*values(point))


def _required_parameters(function: Callable[..., Any]) -> list[str]:
    """The names of positional parameters without a default; none where Python does not know them."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind in positional]
