"""A formula at a point, step by step: values forward, then derivatives by the same pass that differentiates.

A step is one operation of the graph on named operands, ``v2 = a + v1``; a constant subexpression is written out in the
steps that use it. The derivatives of the sweeps are the cotangents and tangents of :mod:`symdiff.differentiate.passes`
themselves, evaluated; the local partials are those of the operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, count
from typing import Any, NamedTuple

from ..compiler.evaluation import evaluate
from ..differentiate.passes import Shares, backward, forward, jvp_of, local_partial, vjp_of
from ..graph.leaves import VAR, const, symbol
from ..graph.node import Node
from ..graph.shapes import symbolic_sizes
from ..graph.traversal import dependents, rebuild, substitute, topological, variables
from ..ops.kinds import unbroadcast
from ..search.levels import simplify
from .record import Move, Share, Step, Sweep


class Names(NamedTuple):
    """Names of nodes and of derivatives by them, free of the formula's own."""

    steps: Mapping[Node, str]
    derivatives: Mapping[Node, str]

    def operand(self, node: Node) -> Node:
        """The node by its name; one without a name itself."""
        return symbol(self.steps[node], node.shape) if node in self.steps else node

    def derivative(self, node: Node) -> Node:
        return symbol(self.derivatives[node], node.shape)

    def rename(self, expression: Node, step: Node) -> Node:
        """An expression over the step and its operands in their names."""
        known = {node: self.operand(node) for node in (step, *step.args) if node in self.steps}
        return substitute(expression, known)

    def formula(self, node: Node) -> Node:
        if node.op is VAR or not node.args:
            return node
        return rebuild(node, tuple(map(self.operand, node.args)))


def name_steps(roots: list[Node], prefixes: str) -> Names:
    """A name for each node that depends on a variable, ``v1, v2, ...``, and for the roots themselves.

    ``prefixes``: letters that the names of derivatives may begin with.
    """
    order = topological(*roots)
    inputs = variables(roots)
    taken = {var.name for var in inputs} | set(symbolic_sizes(size for var in inputs for size in var.shape))
    active = dependents(order, inputs) | set(roots)
    value, derivative = (_free_prefix(letters, taken) for letters in ("vuwz", prefixes))
    steps, derivatives = {}, {}
    for var in inputs:
        steps[var], derivatives[var] = var.name, f"{derivative}_{var.name}"
    for index, node in enumerate((node for node in order if node in active and node.op is not VAR), 1):
        steps[node], derivatives[node] = f"{value}{index}", f"{derivative}{index}"
    return Names(steps, derivatives)


def _free_prefix(letters: str, taken: Iterable[str]) -> str:
    """The first letter that begins no variable's name, else the first with as many underscores as it takes."""
    padded = (letters[0] + "_" * length for length in count(1))
    return next(prefix for prefix in chain(letters, padded) if not any(name.startswith(prefix) for name in taken))


# -- the sweeps, before anything is evaluated ----------------------------------------------------------------------


class _Draft(NamedTuple):
    """A share before it is evaluated: of arrays with its formula, of an elementwise step with its local partial."""

    arg: Node | None
    position: int
    share: Node
    partial: Node | None
    local: Node | None
    formula: Node | None


#: A sweep before it is evaluated: each step with its derivative and its shares.
SweepDraft = list[tuple[Node, Node, list[_Draft]]]


def draft_backward(root: Node, wrt: list[Node], names: Names) -> SweepDraft:
    """Each step with its cotangent and the shares of it, users first."""
    active = dependents(topological(root), wrt)
    sweep = backward([(root, const(1))], frozenset(wrt))
    return [
        (node, ct, _drafts(node, shares, names, lambda: vjp_of(node, names.derivative(node), active)))  # noqa: B023
        for node, ct, shares in sweep
    ]


def draft_forward(root: Node, var: Node, names: Names) -> SweepDraft:
    """Each step with its tangent and the shares that make it up, arguments first."""
    drafts: SweepDraft = []
    tangents: dict[Node, Node] = {}
    for node, tangent, shares in forward([root], {var: const(1)}):
        drafts.append((node, tangent, _drafts(node, shares, names, lambda: jvp_of(node, tangents))))  # noqa: B023
        tangents[node] = names.derivative(node)
    return drafts


def _drafts(node: Node, shares: Shares, names: Names, in_names: Callable[[], Shares]) -> list[_Draft]:
    """``in_names`` gives the shares once more, as formulas of named derivatives."""
    arrays = any(part.shape for part in (node, *node.args))
    formulas = dict(in_names()) if shares and (arrays or not node.op.elementwise) else {}
    return [_draft(node, position, share, names, formulas.get(position)) for position, share in shares]


def _draft(node: Node, position: int, share: Node, names: Names, formula: Node | None) -> _Draft:
    arg = node.args[position] if position >= 0 else None
    renamed = None if formula is None else names.rename(formula, node)
    if not node.op.elementwise:
        return _Draft(arg, position, share, None, None, renamed)
    partial = unbroadcast(local_partial(node, position))
    return _Draft(arg, position, share, partial, names.rename(partial, node), renamed)


# -- evaluated -----------------------------------------------------------------------------------------------------


class Values:
    """The values of everything that is shown, computed together."""

    def __init__(self, names: Names, sweeps: Iterable[SweepDraft], at: Mapping[Any, Any]) -> None:
        moves = [move for sweep in sweeps for move in sweep]
        drafts = list(dict.fromkeys(draft for _, _, drafts in moves for draft in drafts))
        parts = [node for draft in drafts for node in (draft.share, draft.partial) if node is not None]
        nodes = [*names.steps, *(derivative for _, derivative, _ in moves), *parts]
        self.of = dict(zip(nodes, evaluate(nodes, at), strict=True))
        formulas = [node for draft in drafts for node in (draft.local, draft.formula) if node is not None]
        self.simplified: dict[Node | None, Node | None] = dict(zip(formulas, simplify(formulas), strict=True))
        self.names = names

    def steps(self) -> dict[Node, Step]:
        return {node: self._step(node) for node in self.names.steps}

    def _step(self, node: Node) -> Step:
        op, names = node.op, self.names
        rule = "" if op is VAR else op.rule or f"derivative of {op.name}"
        return Step(names.steps[node], node, names.formula(node), self.of[node], rule, op.gate)

    def sweep(self, source: str, drafts: SweepDraft, steps: Mapping[Node, Step], backward: bool) -> Sweep:
        """Backward, shares add up in their operands; forward, in the step itself."""
        moves = []
        sums: dict[Node | None, tuple[Any, int]] = {}
        for node, derivative, parts in drafts:
            shares = tuple(self._share(part, sums, part.arg if backward else node) for part in parts)
            moves.append(Move(steps[node], self.names.derivatives[node], self.of[derivative], shares))
        return Sweep(source, tuple(moves))

    def _share(self, draft: _Draft, sums: dict[Node | None, tuple[Any, int]], into: Node | None) -> Share:
        value, slope = self.of[draft.share], None if draft.partial is None else self.of[draft.partial]
        total, count = sums.get(into, (0.0, 0))
        sums[into] = total + value, count + 1
        name = "" if draft.arg is None else self.names.steps[draft.arg]
        local, formula = self.simplified.get(draft.local), self.simplified.get(draft.formula)
        return Share(name, draft.position, local, slope, formula, value, total + value, count + 1)
