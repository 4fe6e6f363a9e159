"""The exact derivatives that a candidate may claim to be, entry by entry, and their values at the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...differentiate.passes import grad
from ...graph.node import Node
from ...graph.traversal import leaves
from ...jacobians.hessians import hessian, jacobian
from ...search.levels import simplify
from ..points import Point


class Entry(NamedTuple):
    """The derivative ``node`` of ``f`` by the variables ``by`` (of an array: a whole block)."""

    name: str
    node: Node
    f: Node
    by: tuple[Node, ...]


def _value(outputs: Sequence[Node], wanted: Sequence[Node]) -> list[Entry]:
    return [Entry(_numbered("f", outputs, f), f, f, ()) for f in outputs]


def _grad(outputs: Sequence[Node], wanted: Sequence[Node]) -> list[Entry]:
    nodes = leaves(simplify(grad(outputs[0], list(wanted))))
    return [Entry(f"d/d{v.name}", node, outputs[0], (v,)) for v, node in zip(wanted, nodes, strict=True)]


def _jacobian(outputs: Sequence[Node], wanted: Sequence[Node]) -> list[Entry]:
    nodes = iter(leaves(simplify(jacobian(list(outputs), list(wanted)))))
    return [Entry(f"d{_numbered('f', outputs, f)}/d{v.name}", next(nodes), f, (v,)) for f in outputs for v in wanted]


def _hessian(outputs: Sequence[Node], wanted: Sequence[Node]) -> list[Entry]:
    nodes = iter(leaves(simplify(hessian(outputs[0], list(wanted)))))
    return [Entry(f"d2/d{v.name} d{w.name}", next(nodes), outputs[0], (v, w)) for v in wanted for w in wanted]


def _numbered(name: str, outputs: Sequence[Node], f: Node) -> str:
    return name if len(outputs) == 1 else f"{name}{outputs.index(f) + 1}"


#: The entries of each kind of derivative, and the kinds that one output has.
KINDS = {"grad": _grad, "hessian": _hessian, "jacobian": _jacobian, "value": _value}
SINGLE = ("grad", "hessian")


class Exact:
    """The exact entries of one derivative, with the points at which they are compared."""

    def __init__(self, entries: list[Entry], wanted: list[Node], inputs: list[Node], points: list[Point]) -> None:
        self.entries, self.wanted, self.inputs, self.points = entries, wanted, inputs, points
        self._compiled: dict[tuple[Node, ...], Any] = {}

    def values(self, nodes: list[Node], given: Mapping[Node, float] | None = None) -> list[Any]:
        """The values of each node, the points along the first axis; ``given``: values of further scalar variables."""
        import numpy as np

        from ...compiler.functions import compile

        extra = dict(given or {})
        key = (*nodes, *extra)
        if key not in self._compiled:
            self._compiled[key] = compile(nodes, [*self.inputs, *extra], schedule="clear")
        fn, rest = self._compiled[key], list(extra.values())
        with np.errstate(all="ignore"):
            if not any(node.shape for node in (*nodes, *self.inputs)):
                columns = [np.array([point[var.name] for point in self.points], float) for var in self.inputs]
                return [np.broadcast_to(part, len(self.points)) for part in fn(*columns, *rest)]
            results = [fn(*point.values(), *rest) for point in self.points]
        return [np.stack(parts) for parts in zip(*results, strict=True)]
