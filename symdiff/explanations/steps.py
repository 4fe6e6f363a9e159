"""A formula at a point, step by step: values forward, then derivatives by the same pass that differentiates.

A step is one operation of the graph on named operands, ``v2 = a + v1``; what has no variables is written out in the
steps that use it. The derivatives of the sweeps are the cotangents and tangents of :mod:`symdiff.differentiate.passes`
themselves, evaluated; the local partials are those of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, count
from typing import Any, NamedTuple

from ..compiler.functions import evaluate
from ..differentiate.passes import Shares, backward, forward, local_partial, pulled, pushed
from ..graph.node import VAR, Node, const, symbol
from ..graph.shapes import symbolic_sizes
from ..graph.traversal import dependents, rebuild, substitute, topological, variables
from ..ops.kinds import unbroadcast
from ..search.levels import simplify


class Step(NamedTuple):
    """One operation: ``name`` is its result's, ``formula`` says it in the names of its operands."""

    name: str
    node: Node
    formula: Node
    value: Any
    rule: str
    gate: str


class Share(NamedTuple):
    """What one operand adds to a sum of derivatives.

    ``name`` is the operand's and ``place`` where it stands among the arguments; empty and -1 for all together.
    ``local`` is the local partial in the names of the steps, with its value; among arrays ``formula`` is the whole
    share in those names and those of the derivatives, and where an operation is not elementwise there is no local
    partial. ``total`` is the sum with those before it, of which this is the ``nth``, from 1.
    """

    name: str
    place: int
    local: Node | None
    local_value: Any
    formula: Node | None
    value: Any
    total: Any
    nth: int


class Move(NamedTuple):
    """A step in a sweep: its derivative, under ``name``, and the shares that it hands on, or that make it up."""

    step: Step
    name: str
    derivative: Any
    shares: tuple[Share, ...]


class Sweep(NamedTuple):
    """A pass over the steps: backward from the formula, or forward from the variable ``source``."""

    source: str
    moves: tuple[Move, ...]


class Names(NamedTuple):
    """Names of nodes and of derivatives by them, free of the formula's own."""

    steps: Mapping[Node, str]
    derivatives: Mapping[Node, str]

    def operand(self, node: Node) -> Node:
        """The node by its name; one without a name itself."""
        return symbol(self.steps[node], node.shape) if node in self.steps else node

    def derivative(self, node: Node) -> Node:
        return symbol(self.derivatives[node], node.shape)

    def written(self, expression: Node, step: Node) -> Node:
        """An expression over the step's operands in their names."""
        known = {node: self.operand(node) for node in (step, *step.args) if node in self.steps}
        return substitute(expression, known)

    def formula(self, node: Node) -> Node:
        if node.op is VAR or not node.args:
            return node
        return rebuild(node, tuple(map(self.operand, node.args)))


def named_steps(roots: list[Node], letters: str) -> Names:
    """A name for each node that depends on a variable, ``v1, v2, ...``, and for the roots themselves.

    ``letters``: what names of derivatives may begin with.
    """
    order = topological(*roots)
    inputs = variables(roots)
    taken = {var.name for var in inputs} | set(symbolic_sizes(size for var in inputs for size in var.shape))
    moving = dependents(order, inputs) | set(roots)
    value, derivative = (_free(candidates, taken) for candidates in ("vuwz", letters))
    steps, derivatives = {}, {}
    for var in inputs:
        steps[var], derivatives[var] = var.name, f"{derivative}_{var.name}"
    for index, node in enumerate((node for node in order if node in moving and node.op is not VAR), 1):
        steps[node], derivatives[node] = f"{value}{index}", f"{derivative}{index}"
    return Names(steps, derivatives)


def _free(letters: str, taken: Iterable[str]) -> str:
    """The first letter that begins no variable's name, else letters with as many marks as it takes."""
    marked = (letters[0] + "_" * marks for marks in count(1))
    return next(name for name in chain(letters, marked) if not any(other.startswith(name) for other in taken))


# -- the sweeps, before anything is evaluated ----------------------------------------------------------------------


class _Drafted(NamedTuple):
    """A share before it is evaluated: of arrays with its formula, of an elementwise step with its local partial."""

    arg: Node | None
    place: int
    part: Node
    partial: Node | None
    local: Node | None
    formula: Node | None


_Moves = list[tuple[Node, Node, list[_Drafted]]]


def draft_backward(root: Node, wrt: list[Node], names: Names) -> _Moves:
    """Each step with its cotangent and the shares of it, users first."""
    active = dependents(topological(root), wrt)
    sweep = backward([(root, const(1))], frozenset(wrt))
    return [
        (node, ct, _drafts(node, shares, names, lambda: pulled(node, names.derivative(node), active)))  # noqa: B023
        for node, ct, shares in sweep
    ]


def draft_forward(root: Node, var: Node, names: Names) -> _Moves:
    """Each step with its tangent and the shares that make it up, arguments first."""
    found: _Moves = []
    moving: dict[Node, Node] = {}
    for node, tangent, shares in forward([root], {var: const(1)}):
        found.append((node, tangent, _drafts(node, shares, names, lambda: pushed(node, moving))))  # noqa: B023
        moving[node] = names.derivative(node)
    return found


def _drafts(node: Node, shares: Shares, names: Names, again: Callable[[], Shares]) -> list[_Drafted]:
    """``again`` gives the shares once more, of derivatives that have only their names."""
    arrays = any(part.shape for part in (node, *node.args))
    spelled = dict(again()) if shares and (arrays or not node.op.elementwise) else {}
    return [_drafted(node, place, part, names, spelled.get(place)) for place, part in shares]


def _drafted(node: Node, place: int, part: Node, names: Names, spelled: Node | None) -> _Drafted:
    arg = node.args[place] if place >= 0 else None
    formula = None if spelled is None else names.written(spelled, node)
    if not node.op.elementwise:
        return _Drafted(arg, place, part, None, None, formula)
    partial = unbroadcast(local_partial(node, place))
    return _Drafted(arg, place, part, partial, names.written(partial, node), formula)


# -- evaluated -----------------------------------------------------------------------------------------------------


class Values:
    """The numbers of everything that is shown, computed together."""

    def __init__(self, names: Names, drafts: Iterable[_Moves], at: Mapping[Any, Any]) -> None:
        moves = [move for sweep in drafts for move in sweep]
        shares = list(dict.fromkeys(share for _, _, found in moves for share in found))
        parts = [node for share in shares for node in (share.part, share.partial) if node is not None]
        nodes = [*names.steps, *(derivative for _, derivative, _ in moves), *parts]
        self.of = dict(zip(nodes, evaluate(nodes, at), strict=True))
        texts = [node for share in shares for node in (share.local, share.formula) if node is not None]
        self.spelled: dict[Node | None, Node | None] = dict(zip(texts, simplify(texts), strict=True))
        self.names = names

    def steps(self) -> dict[Node, Step]:
        return {node: self._step(node) for node in self.names.steps}

    def _step(self, node: Node) -> Step:
        row, names = node.op, self.names
        rule = "" if row is VAR else row.rule or f"derivative of {row.name}"
        return Step(names.steps[node], node, names.formula(node), self.of[node], rule, row.gate)

    def sweep(self, source: str, drafts: _Moves, steps: Mapping[Node, Step], backward: bool) -> Sweep:
        """Backward, shares add up in their operands; forward, in the step itself."""
        moves = []
        sums: dict[Node | None, tuple[Any, int]] = {}
        for node, derivative, parts in drafts:
            shares = tuple(self._share(part, sums, part.arg if backward else node) for part in parts)
            moves.append(Move(steps[node], self.names.derivatives[node], self.of[derivative], shares))
        return Sweep(source, tuple(moves))

    def _share(self, draft: _Drafted, sums: dict[Node | None, tuple[Any, int]], into: Node | None) -> Share:
        value, slope = self.of[draft.part], None if draft.partial is None else self.of[draft.partial]
        total, count = sums.get(into, (0.0, 0))
        sums[into] = total + value, count + 1
        name = "" if draft.arg is None else self.names.steps[draft.arg]
        local, formula = self.spelled.get(draft.local), self.spelled.get(draft.formula)
        return Share(name, draft.place, local, slope, formula, value, total + value, count + 1)
