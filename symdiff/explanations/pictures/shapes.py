"""A laid out picture as plain shapes, which every kind of file draws alike."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from .layout import LABEL, SMALL, Item, Placed, text_width
from .network import Box, Network

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


def drawing(network: Network, placed: Placed, caption: str) -> Drawing:
    """The shapes of boxes, arrows and their numbers; a caption below where there is something to say."""
    boxes = {box.name: box for box in network.boxes}
    ports = _ports(boxes, placed)
    curves: list[Curve] = []
    texts: list[Text] = []
    for (arrow, way), port in zip(placed.ways, ports, strict=True):
        about = f"{arrow.source} to {arrow.target}".replace("= ", "")
        curves += [
            Curve(tuple(_turned(points, placed.down)), about, last) for points, last in _curves(way, port, placed)
        ]
        texts += _numbers(*_turned([(way[-2].x, way[-2].y)], placed.down)[0], arrow.value, arrow.derivative)
    rectangles = [_rectangle(box, placed) for box in network.boxes]
    for box, rectangle in zip(network.boxes, rectangles, strict=True):
        texts += _texts(box, rectangle)
    width, height = _turned([(placed.length, placed.breadth)], placed.down)[0]
    if caption:
        width, height = max(width, text_width(caption, SMALL) + 20), height + 20
        texts.append(Text(width / 2, height - 10, caption, SMALL, FAINT))
    return Drawing(width, height, tuple(curves), tuple(rectangles), tuple(texts))


def _turned(points: list[Point], down: bool) -> list[Point]:
    return [(y, x) for x, y in points] if down else points


def _rectangle(box: Box, placed: Placed) -> Rectangle:
    item = placed.boxes[box.name]
    (corner,) = _turned([(item.x - item.width / 2, item.y - item.height / 2)], placed.down)
    (size,) = _turned([(item.width, item.height)], placed.down)
    return Rectangle(*corner, *size, box.kind, box.about)


def _texts(box: Box, shape: Rectangle) -> list[Text]:
    """The label, the name of the step above it, the sum of what flows back below it."""
    inner = box.kind not in ("input", "result")
    x, y = shape.x + shape.width / 2, shape.y + shape.height / 2
    middle = y - (7 if box.note else 0)
    found = [Text(x, middle + (11 if inner else 4.5), box.label, LABEL, INK)]
    found += [Text(x, middle - 7, box.name, SMALL - 1, FAINT)] if inner else []
    return found + ([Text(x, shape.y + shape.height - 6, box.note, SMALL, DERIVATIVE)] if box.note else [])


def _numbers(x: float, y: float, value: str, derivative: str) -> list[Text]:
    """The value above the middle of an arrow, the derivative below it."""
    found = [Text(x, y - 4, value, SMALL, VALUE)] if value else []
    return found + ([Text(x, y + 12, derivative, SMALL, DERIVATIVE)] if derivative else [])


def _ports(boxes: dict[str, Box], placed: Placed) -> list[float]:
    """Where each arrow meets its box: below one another, in the operands' order where that matters."""
    into: dict[str, list[int]] = {}
    for number, (arrow, _) in enumerate(placed.ways):
        into.setdefault(arrow.target, []).append(number)
    found = [0.0] * len(placed.ways)
    for target, numbers in into.items():
        if not boxes[target].ordered:
            numbers.sort(key=lambda number: placed.ways[number][1][-2].y)
        item = placed.boxes[target]
        step = min(9.0, (item.height - 10) / max(1, len(numbers) - 1))
        for place, number in enumerate(numbers):
            found[number] = item.y + (place - (len(numbers) - 1) / 2) * step
    return found


def _curves(way: list[Item], port: float, placed: Placed) -> Iterator[tuple[list[Point], bool]]:
    """Cubics through the places that an arrow passes, each with whether it is the arrow's end.

    Arrows are straight inside a column and bend between columns, where nothing is in the way. One that runs down
    leaves out where its numbers stand.
    """
    start, *middle, end = way
    stops = [(start.x + start.width / 2, start.y), (start.x + start.column_width / 2, start.y)]
    for item in middle:
        if item.column_width:
            stops += [(item.x - item.column_width / 2, item.y), (item.x + item.column_width / 2, item.y)]
    tip = [(end.x - end.column_width / 2 - 1, port), (end.x - end.width / 2 - 1, port)]
    numbers = middle[-1]
    if placed.down and not numbers.bends:
        yield _bent([*stops[:-1], (numbers.x - numbers.width / 2, numbers.y)]), False
        stops = [(numbers.x + numbers.width / 2, numbers.y), stops[-1]]
    yield _bent([*stops, *tip]), True


def _bent(stops: list[Point]) -> list[Point]:
    points = [stops[0]]
    for (x, y), (to_x, to_y) in pairwise(dict.fromkeys(stops)):
        bend = (x + to_x) / 2
        points += [(bend, y), (bend, to_y), (to_x, to_y)]
    return points
