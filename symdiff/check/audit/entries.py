"""The exact derivatives that a candidate may claim to be, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...differentiate.passes import grad
from ...graph.node import Node
from ...graph.traversal import leaves
from ...jacobians.hessians import hessian, jacobian
from ...search.levels import simplify


class Entry(NamedTuple):
    """The derivative ``node`` of ``f`` by the variables ``by`` (of an array: a whole block)."""

    name: str
    node: Node
    f: Node
    by: tuple[Node, ...]


def _value(outputs: Sequence[Node], wanted: Sequence[Node]) -> list[Entry]:
    return [Entry(_numbered("f", outputs, f), f, f, ()) for f in outputs]


def _grad(outputs: Sequence[Node], wanted: Sequence[Node]) -> list[Entry]:
    found = leaves(simplify(grad(outputs[0], list(wanted))))
    return [Entry(f"d/d{v.name}", node, outputs[0], (v,)) for v, node in zip(wanted, found, strict=True)]


def _jacobian(outputs: Sequence[Node], wanted: Sequence[Node]) -> list[Entry]:
    nodes = iter(leaves(simplify(jacobian(list(outputs), list(wanted)))))
    return [Entry(f"d{_numbered('f', outputs, f)}/d{v.name}", next(nodes), f, (v,)) for f in outputs for v in wanted]


def _hessian(outputs: Sequence[Node], wanted: Sequence[Node]) -> list[Entry]:
    nodes = iter(leaves(simplify(hessian(outputs[0], list(wanted)))))
    return [Entry(f"d2/d{v.name} d{w.name}", next(nodes), outputs[0], (v, w)) for v in wanted for w in wanted]


def _numbered(name: str, outputs: Sequence[Node], f: Node) -> str:
    return name if len(outputs) == 1 else f"{name}{outputs.index(f) + 1}"


#: What a candidate may be, the likelier first where a result has as many numbers; those of one output only.
KINDS = {"grad": _grad, "hessian": _hessian, "jacobian": _jacobian, "value": _value}
SINGLE = ("grad", "hessian")
