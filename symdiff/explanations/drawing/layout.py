"""The coordinates of a diagram: layers from inputs to results, few crossings, nothing overlapping.

The method of K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of hierarchical system structures
(1981): an arrow over several layers passes each through an item of its own, so it avoids the boxes there; items in a
layer are ordered by the mean of their neighbours. Between two layers of boxes is a layer of the arrows' labels, so
these are items too. Coordinates across the flow come from least squares, by the pool adjacent violators algorithm, with
the distances kept. Everything is computed for a flow to the right; for one that runs down, widths and heights are
exchanged, and at the end x and y.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from .diagram import Arrow, Box, Diagram

#: Width of a character in units of its size, in fixed-width type.
CHARACTER = 0.602
LABEL, SMALL = 13.0, 10.5
#: A flow to the right that is longer runs down.
WIDEST = 1600.0
_ROUNDS = 24
_BETWEEN, _APART, _MARGIN = 20.0, 12.0, 14.0


class Item:
    """A box, the label of an arrow, or an arrow passing through a layer; ``x`` and ``y`` are its centre."""

    def __init__(self, layer: int, width: float, height: float) -> None:
        self.layer, self.width, self.height = layer, width, height
        self.x = self.y = 0.0
        self.layer_width = 0.0
        self.before: list[Item] = []
        self.after: list[Item] = []

    @property
    def passing(self) -> bool:
        """An arrow passing through, which should run straight."""
        return self.width == 0


class Layout(NamedTuple):
    """The item of each box by name, and of each arrow the items on its route; sizes along and across the flow."""

    down: bool
    length: float
    breadth: float
    boxes: dict[str, Item]
    routes: list[tuple[Arrow, list[Item]]]


def layout(diagram: Diagram) -> Layout:
    """Coordinates in units of 1/72 inch; the flow runs to the right, or down where that would be too wide."""
    right = _layout(diagram, down=False)
    return right if right.length <= WIDEST else _layout(diagram, down=True)


def _layout(diagram: Diagram, down: bool) -> Layout:
    boxes = {box.name: _item(2 * rank, *_box_size(box), down) for box, rank in _ranks(diagram)}
    passing: dict[tuple[str, int], Item] = {}
    routes = [(arrow, _route(arrow, boxes, passing, down)) for arrow in diagram.arrows]
    items = dict.fromkeys([*boxes.values(), *(item for _, route in routes for item in route)])
    layers: list[list[Item]] = [[] for _ in range(max((item.layer for item in items), default=0) + 1)]
    for item in items:
        layers[item.layer].append(item)
    layers = _order(layers)
    _set_across(layers)
    length = _set_along(layers)
    low = min((item.y - item.height / 2 for item in items), default=0)
    for item in items:
        item.y += _MARGIN - low
    breadth = max((item.y + item.height / 2 for item in items), default=0) + _MARGIN
    return Layout(down, length, breadth, boxes, routes)


def _item(layer: int, width: float, height: float, down: bool) -> Item:
    return Item(layer, height, width) if down else Item(layer, width, height)


def text_width(text: str, size: float) -> float:
    return CHARACTER * size * len(text)


def _box_size(box: Box) -> tuple[float, float]:
    width = max(text_width(box.label, LABEL), text_width(box.note, SMALL)) + 16
    return max(width, 30), (28 if box.kind in ("input", "result") else 40) + (14 if box.note else 0)


def _ranks(diagram: Diagram) -> Iterable[tuple[Box, int]]:
    """Each box with its layer: one after its last operand; an input just before its first user."""
    operands: dict[str, list[str]] = {box.name: [] for box in diagram.boxes}
    users: dict[str, list[str]] = {box.name: [] for box in diagram.boxes}
    for arrow in diagram.arrows:
        operands[arrow.target].append(arrow.source)
        users[arrow.source].append(arrow.target)
    rank: dict[str, int] = {}
    for box in diagram.boxes:
        rank[box.name] = max((rank[name] + 1 for name in operands[box.name]), default=0)
    for box in diagram.boxes:
        if not operands[box.name] and users[box.name]:
            rank[box.name] = min(rank[name] for name in users[box.name]) - 1
    first = min(rank.values(), default=0)
    return [(box, rank[box.name] - first) for box in diagram.boxes]


def _route(arrow: Arrow, boxes: dict[str, Item], passing: dict[tuple[str, int], Item], down: bool) -> list[Item]:
    """The items from source to target; arrows from one box run together until their labels."""
    start, end = boxes[arrow.source], boxes[arrow.target]
    route = [start]
    for layer in range(start.layer + 1, end.layer - 1):
        route.append(passing.setdefault((arrow.source, layer), Item(layer, 0, 10)))
    width = max(text_width(arrow.value, SMALL), text_width(arrow.derivative, SMALL))
    route.append(_item(end.layer - 1, width + 8, 32, down) if width else Item(end.layer - 1, 0, 10))
    route.append(end)
    for one, other in pairwise(route):
        if other not in one.after:
            one.after.append(other)
            other.before.append(one)
    return route


# -- order in the layers -------------------------------------------------------------------------------------------


def _order(layers: list[list[Item]]) -> list[list[Item]]:
    """The order with the fewest crossings among those of sweeps in both directions."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for turn in range(_ROUNDS):
        forward = turn % 2 == 0
        positions = _positions(layers)
        for layer in layers if forward else reversed(layers):
            layer.sort(key=lambda item: _mean_position(positions, item, forward))
            positions.update(_positions([layer]))
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _positions(layers: Sequence[Sequence[Item]]) -> dict[Item, int]:
    return {item: position for layer in layers for position, item in enumerate(layer)}


def _mean_position(positions: dict[Item, int], item: Item, forward: bool) -> float:
    near = item.before if forward else item.after
    return sum(positions[other] for other in near) / len(near) if near else positions[item]


def _crossings(layers: Sequence[Sequence[Item]]) -> int:
    positions = _positions(layers)
    count = 0
    for layer in layers:
        ends = [positions[other] for item in layer for other in sorted(item.after, key=positions.__getitem__)]
        count += sum(1 for index, end in enumerate(ends) for other in ends[index + 1 :] if other < end)
    return count


# -- coordinates ---------------------------------------------------------------------------------------------------


def _set_along(layers: list[list[Item]]) -> float:
    """Set x; returns the length of the flow."""
    x = _MARGIN
    for layer in layers:
        width = max((item.width for item in layer), default=0)
        for item in layer:
            item.x, item.layer_width = x + width / 2, width
        x += width + _BETWEEN
    return x - _BETWEEN + _MARGIN


def _set_across(layers: list[list[Item]]) -> None:
    """Set y: each item at the mean of its neighbours, as near as the distances in its layer allow."""
    for layer in layers:
        y = 0.0
        for item in layer:
            y += item.height / 2
            item.y = y
            y += item.height / 2 + _APART
        for item in layer:
            item.y -= y / 2
    for turn in range(_ROUNDS):
        for layer in layers if turn % 2 == 0 else reversed(layers):
            _fit_layer(layer)


def _fit_layer(layer: list[Item]) -> None:
    """The nearest y, in least squares, to those aimed at that keep order and distances."""
    offset, offsets = 0.0, []
    for index, item in enumerate(layer):
        offset += (layer[index - 1].height + item.height) / 2 + _APART if index else 0
        offsets.append(offset)
    pools: list[tuple[float, int]] = []  # mean and count
    for item, shift in zip(layer, offsets, strict=True):
        pools.append((_aim(item) - shift, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (mean, count), (above, more) = pools.pop(), pools.pop()
            pools.append(((above * more + mean * count) / (more + count), more + count))
    means = [mean for mean, count in pools for _ in range(count)]
    for item, mean, shift in zip(layer, means, offsets, strict=True):
        item.y = mean + shift


def _aim(item: Item) -> float:
    """The mean of the neighbours; those that continue a passing arrow count more."""
    near = [(other.y, 16.0 if other.passing and item.passing else 1.0) for other in (*item.before, *item.after)]
    weight = sum(count for _, count in near)
    return sum(y * count for y, count in near) / weight if weight else item.y
