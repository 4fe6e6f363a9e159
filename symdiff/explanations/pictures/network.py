"""What a picture shows: boxes for the steps of a formula, arrows from operands to users, with numbers on them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...graph.node import VAR, Node, symbol
from ...graph.shapes import show_shape
from ...graph.traversal import rebuild, topological, use_counts, variables
from ..steps import Names

_PLACE = re.compile(r"\b_\d+\b")


class Box(NamedTuple):
    """A step: ``label`` is its operation with a dot for each operand, ``about`` the text for a reader who asks."""

    name: str
    label: str
    kind: str  # "input", "operation", "derivative", "folded" or "result"
    about: str
    note: str = ""
    ordered: bool = False  # whether the operands' order matters


class Arrow(NamedTuple):
    """An operand's way into a step, with the value and the derivative on it."""

    source: str
    target: str
    value: str = ""
    derivative: str = ""


class Network(NamedTuple):
    """Boxes, operands first, and arrows; how many operations are folded away."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    folded: int


class Numbers(NamedTuple):
    """Texts of values and derivatives of nodes, and of the shares on arrows by user and place."""

    values: Mapping[Node, str]
    derivatives: Mapping[Node, str]
    shares: Mapping[tuple[Node, int], str]


def network(roots: Mapping[str, Node], function: Node, names: Names, numbers: Numbers, limit: int) -> Network:
    """Boxes and arrows of the roots, which are named; nodes that ``function`` has not are derivatives'."""
    opened, visible = _opened(list(roots.values()), names, limit)
    order = [node for node in topological(*roots.values()) if node in visible]
    own = set(topological(function))
    counts = use_counts(roots.values(), [node for node in order if node in opened])
    hidden: set[Node] = set()
    boxes, arrows = [], []
    for node in order:
        kind = "input" if node.op is VAR else "operation" if node in own else "derivative"
        if node.args and node not in opened:
            kind, inside = "folded", [step for step in topological(node) if step in names.steps and step.args]
            hidden.update(inside)
        boxes.append(_box(node, kind, names, numbers, counts.get(node, 0)))
        arrows += _arrows(node, names, numbers) if node in opened else []
    for name, node in roots.items():
        boxes.append(Box(f"= {name}", name, "result", f"{name} = {_short(str(node))}"))
        arrows.append(
            Arrow(names.steps[node], f"= {name}", numbers.values.get(node, ""), numbers.derivatives.get(node, ""))
        )
    return Network(tuple(boxes), tuple(arrows), len(hidden - visible))


def _opened(roots: list[Node], names: Names, limit: int) -> tuple[set[Node], set[Node]]:
    """The nodes whose operands are shown, nearest to the roots first, and all nodes shown: at most ``limit``."""
    visible, opened = set(roots), set()
    waiting = deque(dict.fromkeys(roots))
    while waiting:
        node = waiting.popleft()
        fresh = {arg: None for arg in node.args if arg in names.steps and arg not in visible}
        if len(visible) + len(fresh) <= limit:
            opened.add(node)
            visible.update(fresh)
            waiting.extend(fresh)
    return opened, visible


def _box(node: Node, kind: str, names: Names, numbers: Numbers, uses: int) -> Box:
    name, total = names.steps[node], numbers.derivatives.get(node, "")
    facts = [name if node.op is VAR else f"{name} = {_short(str(names.formula(node)))}"]
    facts += [f"shape {show_shape(node.shape)}"] if node.shape else []
    facts += [f"value {numbers.values[node]}"] if node in numbers.values else []
    facts += [f"derivative of the result {total}"] if total else []
    label = label_of(node, names) if kind != "folded" else _folded_label(node, names)
    about = "\n".join(facts if kind != "folded" else [f"{name} = {_short(str(node))}", *facts[1:]])
    return Box(name, label, kind, about, f"sum {total}" if total and uses > 1 else "", not node.op.commutative)


def _folded_label(node: Node, names: Names) -> str:
    count = sum(1 for step in topological(node) if step in names.steps and step.args)
    listed = [var.name for var in variables(node)]
    return f"{count} operations of {', '.join(listed[:3])}{', ...' if len(listed) > 3 else ''}"


def label_of(node: Node, names: Names) -> str:
    """A variable's name, an operator, or the text of the operation with a dot for each operand."""
    if not node.args:
        return str(node)
    if node.op.infix and all(arg in names.steps for arg in node.args):
        return node.op.infix
    marked = [symbol(f"_{place}", arg.shape) if arg in names.steps else arg for place, arg in enumerate(node.args)]
    text = _PLACE.sub("·", str(rebuild(node, tuple(marked))))
    plain = re.fullmatch(r"(\w+)\(·(, ·)*\)", text)
    return plain[1] if plain else _short(text, 24)


def _arrows(node: Node, names: Names, numbers: Numbers) -> list[Arrow]:
    return [
        Arrow(names.steps[arg], names.steps[node], numbers.values.get(arg, ""), numbers.shares.get((node, place), ""))
        for place, arg in enumerate(node.args)
        if arg in names.steps
    ]


def _short(text: str, most: int = 200) -> str:
    return text if len(text) <= most else text[: most - 4] + " ..."


def none_known() -> Numbers:
    """No numbers: a picture of the structure."""
    return Numbers({}, {}, {})


def evaluated(values: Mapping[Node, Any], show: Any) -> Numbers:
    """Values only."""
    return Numbers({node: show(value) for node, value in values.items()}, {}, {})
