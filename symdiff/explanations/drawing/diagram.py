"""The diagram of a graph: a box for each step, an arrow from each operand to its user, with values on them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from ...graph.leaves import VAR, symbol
from ...graph.node import Node
from ...graph.shapes import show_shape
from ...graph.traversal import rebuild, topological, use_counts, variables
from ..steps import Names
from ..tables import shorten

_OPERAND = re.compile(r"\b_\d+\b")


class Box(NamedTuple):
    """A step: ``label`` is its operation with a dot for each operand, ``about`` its tooltip."""

    name: str
    label: str
    kind: str  # "input", "operation", "derivative", "folded" or "result"
    about: str
    note: str = ""
    ordered: bool = False  # whether the operands' order matters


class Arrow(NamedTuple):
    """From an operand to its user, with the value and the derivative on it."""

    source: str
    target: str
    value: str = ""
    derivative: str = ""


class Diagram(NamedTuple):
    """Boxes, operands first, and arrows; how many operations are folded away."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    folded: int


class Labels(NamedTuple):
    """Texts of values and derivatives of nodes, and of the shares on arrows by user and index of the operand."""

    values: Mapping[Node, str] = {}
    derivatives: Mapping[Node, str] = {}
    shares: Mapping[tuple[Node, int], str] = {}


def diagram(roots: Mapping[str, Node], function: Node, names: Names, labels: Labels, limit: int) -> Diagram:
    """The diagram of named roots; nodes that ``function`` does not have are those of derivatives."""
    opened, visible = _opened(list(roots.values()), names, limit)
    order = [node for node in topological(*roots.values()) if node in visible]
    own = set(topological(function))
    counts = use_counts(roots.values(), [node for node in order if node in opened])
    hidden: set[Node] = set()
    boxes, arrows = [], []
    for node in order:
        kind = "input" if node.op is VAR else "operation" if node in own else "derivative"
        if node in opened:
            arrows += _arrows(node, names, labels)
        elif node.args:
            kind = "folded"
            hidden.update(_operations(node, names))
        boxes.append(_box(node, kind, names, labels, counts.get(node, 0)))
    for name, node in roots.items():
        boxes.append(Box(f"= {name}", name, "result", f"{name} = {shorten(str(node))}"))
        value, derivative = (texts.get(node, "") for texts in (labels.values, labels.derivatives))
        arrows.append(Arrow(names.steps[node], f"= {name}", value, derivative))
    return Diagram(tuple(boxes), tuple(arrows), len(hidden - visible))


def _opened(roots: list[Node], names: Names, limit: int) -> tuple[set[Node], set[Node]]:
    """The nodes whose operands are shown, nearest to the roots first, and all nodes shown: at most ``limit``."""
    visible, opened = set(roots), set()
    queue = deque(dict.fromkeys(roots))
    while queue:
        node = queue.popleft()
        fresh = {arg: None for arg in node.args if arg in names.steps and arg not in visible}
        if len(visible) + len(fresh) <= limit:
            opened.add(node)
            visible.update(fresh)
            queue.extend(fresh)
    return opened, visible


def _operations(node: Node, names: Names) -> list[Node]:
    """The steps of a node that are no inputs."""
    return [step for step in topological(node) if step in names.steps and step.args]


def _box(node: Node, kind: str, names: Names, labels: Labels, uses: int) -> Box:
    name, total, folded = names.steps[node], labels.derivatives.get(node, ""), kind == "folded"
    formula = node if folded else names.formula(node)
    facts = [name if node.op is VAR else f"{name} = {shorten(str(formula))}"]
    facts += [f"shape {show_shape(node.shape)}"] if node.shape else []
    facts += [f"value {labels.values[node]}"] if node in labels.values else []
    facts += [f"derivative of the result {total}"] if total else []
    label = _folded_label(node, names) if folded else operation_label(node, names)
    note = f"sum {total}" if total and uses > 1 else ""
    return Box(name, label, kind, "\n".join(facts), note, not node.op.commutative)


def _folded_label(node: Node, names: Names) -> str:
    inputs = [var.name for var in variables(node)]
    more = ", ..." if len(inputs) > 3 else ""
    return f"{len(_operations(node, names))} operations of {', '.join(inputs[:3])}{more}"


def operation_label(node: Node, names: Names) -> str:
    """A variable's name, an operator, or the text of the operation with a dot for each operand."""
    if not node.args:
        return str(node)
    if node.op.infix and all(arg in names.steps for arg in node.args):
        return node.op.infix
    marked = [symbol(f"_{index}", arg.shape) if arg in names.steps else arg for index, arg in enumerate(node.args)]
    text = _OPERAND.sub("·", str(rebuild(node, tuple(marked))))
    call = re.fullmatch(r"(\w+)\(·(, ·)*\)", text)
    return call[1] if call else shorten(text, 24)


def _arrows(node: Node, names: Names, labels: Labels) -> list[Arrow]:
    return [
        Arrow(names.steps[arg], names.steps[node], labels.values.get(arg, ""), labels.shares.get((node, index), ""))
        for index, arg in enumerate(node.args)
        if arg in names.steps
    ]
