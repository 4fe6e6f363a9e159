"""A layout as plain shapes, which every kind of file draws alike."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from .diagram import Box, Diagram
from .layout import LABEL, SMALL, Item, Layout, text_width

Point = tuple[float, float]

#: Fill and line of boxes by kind, and the colours of texts.
FILLS = {
    "input": ("#dbeafe", "#1d4ed8"),
    "operation": ("#f8fafc", "#334155"),
    "derivative": ("#ffedd5", "#c2410c"),
    "folded": ("#e5e7eb", "#6b7280"),
    "result": ("none", "none"),
}
INK, FAINT, VALUE, DERIVATIVE, LINE = "#0f172a", "#64748b", "#15803d", "#b91c1c", "#64748b"


class Rectangle(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    kind: str
    about: str


class Text(NamedTuple):
    """Centred at x, its baseline at y."""

    x: float
    y: float
    text: str
    size: float
    colour: str


class Curve(NamedTuple):
    """A start, then three points for each cubic; ``ends`` with an arrow head."""

    points: tuple[Point, ...]
    about: str
    ends: bool


class Drawing(NamedTuple):
    """Everything in units of 1/72 inch, x to the right, y downward; arrow heads point down or to the right."""

    width: float
    height: float
    curves: tuple[Curve, ...]
    rectangles: tuple[Rectangle, ...]
    texts: tuple[Text, ...]


def drawing(diagram: Diagram, layout: Layout, caption: str) -> Drawing:
    """The shapes of boxes, arrows and their labels; a caption below unless it is empty."""
    boxes = {box.name: box for box in diagram.boxes}
    ports = _ports(boxes, layout)
    curves: list[Curve] = []
    texts: list[Text] = []
    for (arrow, route), port in zip(layout.routes, ports, strict=True):
        about = f"{arrow.source} to {arrow.target}".replace("= ", "")
        curves += [
            Curve(tuple(_turned(points, layout.down)), about, last) for points, last in _curves(route, port, layout)
        ]
        texts += _arrow_texts(*_turned([(route[-2].x, route[-2].y)], layout.down)[0], arrow.value, arrow.derivative)
    rectangles = [_rectangle(box, layout) for box in diagram.boxes]
    for box, rectangle in zip(diagram.boxes, rectangles, strict=True):
        texts += _box_texts(box, rectangle)
    width, height = _turned([(layout.length, layout.breadth)], layout.down)[0]
    if caption:
        width, height = max(width, text_width(caption, SMALL) + 20), height + 20
        texts.append(Text(width / 2, height - 10, caption, SMALL, FAINT))
    return Drawing(width, height, tuple(curves), tuple(rectangles), tuple(texts))


def _turned(points: list[Point], down: bool) -> list[Point]:
    return [(y, x) for x, y in points] if down else points


def _rectangle(box: Box, layout: Layout) -> Rectangle:
    item = layout.boxes[box.name]
    (corner,) = _turned([(item.x - item.width / 2, item.y - item.height / 2)], layout.down)
    (size,) = _turned([(item.width, item.height)], layout.down)
    return Rectangle(*corner, *size, box.kind, box.about)


def _box_texts(box: Box, shape: Rectangle) -> list[Text]:
    """The label, the name of the step above it, the sum of what flows back below it."""
    inner = box.kind not in ("input", "result")
    x, y = shape.x + shape.width / 2, shape.y + shape.height / 2
    middle = y - (7 if box.note else 0)
    texts = [Text(x, middle + (11 if inner else 4.5), box.label, LABEL, INK)]
    texts += [Text(x, middle - 7, box.name, SMALL - 1, FAINT)] if inner else []
    return texts + ([Text(x, shape.y + shape.height - 6, box.note, SMALL, DERIVATIVE)] if box.note else [])


def _arrow_texts(x: float, y: float, value: str, derivative: str) -> list[Text]:
    """The value above the middle of an arrow, the derivative below it."""
    texts = [Text(x, y - 4, value, SMALL, VALUE)] if value else []
    return texts + ([Text(x, y + 12, derivative, SMALL, DERIVATIVE)] if derivative else [])


def _ports(boxes: dict[str, Box], layout: Layout) -> list[float]:
    """Where each arrow meets its box: below one another, in the operands' order where that matters."""
    incoming: dict[str, list[int]] = {}
    for index, (arrow, _) in enumerate(layout.routes):
        incoming.setdefault(arrow.target, []).append(index)
    ports = [0.0] * len(layout.routes)
    for target, arrows in incoming.items():
        if not boxes[target].ordered:
            arrows.sort(key=lambda index: layout.routes[index][1][-2].y)
        item = layout.boxes[target]
        step = min(9.0, (item.height - 10) / max(1, len(arrows) - 1))
        for position, index in enumerate(arrows):
            ports[index] = item.y + (position - (len(arrows) - 1) / 2) * step
    return ports


def _curves(route: list[Item], port: float, layout: Layout) -> Iterator[tuple[list[Point], bool]]:
    """Cubics through the items on an arrow's route, each with whether it is the arrow's end.

    Arrows are straight inside a layer and bend between layers, where there is nothing else. One that runs down leaves
    a gap for its labels.
    """
    start, *middle, end = route
    stops = [(start.x + start.width / 2, start.y), (start.x + start.layer_width / 2, start.y)]
    for item in middle:
        if item.layer_width:
            stops += [(item.x - item.layer_width / 2, item.y), (item.x + item.layer_width / 2, item.y)]
    tip = [(end.x - end.layer_width / 2 - 1, port), (end.x - end.width / 2 - 1, port)]
    label = middle[-1]
    if layout.down and not label.passing:
        yield _cubics([*stops[:-1], (label.x - label.width / 2, label.y)]), False
        stops = [(label.x + label.width / 2, label.y), stops[-1]]
    yield _cubics([*stops, *tip]), True


def _cubics(stops: list[Point]) -> list[Point]:
    points = [stops[0]]
    for (x, y), (to_x, to_y) in pairwise(dict.fromkeys(stops)):
        bend = (x + to_x) / 2
        points += [(bend, y), (bend, to_y), (to_x, to_y)]
    return points
