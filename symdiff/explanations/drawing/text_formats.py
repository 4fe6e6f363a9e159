"""A diagram as text: for Graphviz, for Mermaid, and as an indented list."""

from __future__ import annotations

import re

from .diagram import Arrow, Box, Diagram
from .shapes import FILLS


def dot(diagram: Diagram) -> str:
    """For Graphviz: ``dot -Tsvg``."""
    lines = ["digraph {", "  rankdir=LR", '  node [shape=box, style="rounded,filled", fontname="monospace"]']
    for box in diagram.boxes:
        fill, line = FILLS[box.kind]
        paint = f"fillcolor={_quoted(fill)}, color={_quoted(line)}" if fill != "none" else 'style="", shape=plaintext'
        label = "\n".join(filter(None, (box.label, box.note)))
        lines.append(f"  {_quoted(box.name)} [label={_quoted(label)}, tooltip={_quoted(box.about)}, {paint}]")
    for arrow in diagram.arrows:
        label = f" [label={_quoted(_labels(arrow))}]" if arrow.value else ""
        lines.append(f"  {_quoted(arrow.source)} -> {_quoted(arrow.target)}{label}")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") + '"'


def mermaid(diagram: Diagram) -> str:
    """For Mermaid, as Markdown pages on many sites show it."""
    ids = {box.name: f"n{index}" for index, box in enumerate(diagram.boxes)}
    lines = ["flowchart LR"]
    for box in diagram.boxes:
        label = _entity(box.label + (f"\n{box.note}" if box.note else ""))
        left, right = ("([", "])") if box.kind == "input" else ("[/", "/]") if box.kind == "folded" else ("[", "]")
        lines.append(f'  {ids[box.name]}{left}"{label}"{right}')
    for arrow in diagram.arrows:
        label = f'|"{_entity(_labels(arrow))}"|' if arrow.value else ""
        lines.append(f"  {ids[arrow.source]} -->{label} {ids[arrow.target]}")
    return "\n".join(lines) + "\n"


def _entity(text: str) -> str:
    """Characters that Mermaid or HTML would read as something else, by their codes."""
    escaped = re.sub(r'["#&<>*_`|\[\]]', lambda sign: f"#{ord(sign[0])};", text)
    return escaped.replace("\n", "<br>")


def _labels(arrow: Arrow) -> str:
    return "\n".join(filter(None, (arrow.value, arrow.derivative)))


def indented(diagram: Diagram) -> str:
    """Results first, operands indented below; a shared step is written out once."""
    operands: dict[str, list[Arrow]] = {}
    for arrow in diagram.arrows:
        operands.setdefault(arrow.target, []).append(arrow)
    boxes = {box.name: box for box in diagram.boxes}
    written: set[str] = set()
    lines: list[str] = []
    stack = [(arrow, 0) for box in reversed(diagram.boxes) if box.kind == "result" for arrow in operands[box.name]]
    while stack:
        arrow, depth = stack.pop()
        box = boxes[arrow.source]
        start = f"{boxes[arrow.target].label} = " if depth == 0 else ""
        again = " (above)" if box.name in written and operands.get(box.name) else ""
        lines.append("  " * depth + start + _line(box, arrow) + again)
        if not again:
            written.add(box.name)
            stack += [(operand, depth + 1) for operand in reversed(operands.get(box.name, []))]
    return "\n".join(lines)


def _line(box: Box, arrow: Arrow) -> str:
    formula = box.about.partition("\n")[0] if box.kind != "folded" else f"{box.name} = {box.label}"
    value = f" = {arrow.value}" if arrow.value else ""
    return formula + value + (f"   derivative {arrow.derivative}" if arrow.derivative else "")
