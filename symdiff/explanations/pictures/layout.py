"""Where things stand: layers from inputs to results, crossings avoided by barycentres, nothing overlapping.

The method of K. Sugiyama, S. Tagawa and M. Toda (1981): a long arrow passes each layer through a place of its own, so
it avoids the boxes there; the order in a layer follows the mean of the neighbours. Between two layers of boxes stands
a layer of the arrows' numbers, so these are places of their own too. Heights come from least squares, by the pool
adjacent violators algorithm, with the distances kept. Everything is computed for a flow to the right; one that runs
down has widths and heights, and at the end x and y, exchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from .network import Arrow, Box, Network

#: Width of a letter in units of its size, in the fixed-width letters that pictures use.
LETTER = 0.602
LABEL, SMALL = 13.0, 10.5
#: A flow to the right that is longer runs down.
WIDEST = 1600.0
_ROUNDS = 24
_BETWEEN, _APART, _MARGIN = 20.0, 12.0, 14.0


class Item:
    """Something that takes a place in a column: a box, the numbers of an arrow, or an arrow passing by."""

    def __init__(self, column: int, width: float, height: float) -> None:
        self.column, self.width, self.height = column, width, height
        self.x = self.y = 0.0
        self.column_width = 0.0
        self.before: list[Item] = []
        self.after: list[Item] = []

    @property
    def bends(self) -> bool:
        """An arrow passing by, which should run straight."""
        return self.width == 0


class Placed(NamedTuple):
    """The place of each box by name, and of each arrow the items that it passes; along and across the flow."""

    down: bool
    length: float
    breadth: float
    boxes: dict[str, Item]
    ways: list[tuple[Arrow, list[Item]]]


def layout(network: Network) -> Placed:
    """Places in units of 1/72 inch; the flow runs to the right, or down where that would be too wide."""
    found = _laid_out(network, down=False)
    return found if found.length <= WIDEST else _laid_out(network, down=True)


def _laid_out(network: Network, down: bool) -> Placed:
    boxes = {box.name: _item(2 * rank, *_box_size(box), down) for box, rank in _ranks(network)}
    passing: dict[tuple[str, int], Item] = {}
    ways = [(arrow, _way(arrow, boxes, passing, down)) for arrow in network.arrows]
    items = dict.fromkeys([*boxes.values(), *(item for _, way in ways for item in way)])
    columns: list[list[Item]] = [[] for _ in range(max((item.column for item in items), default=0) + 1)]
    for item in items:
        columns[item.column].append(item)
    columns = _ordered(columns)
    _set_heights(columns)
    length = _set_widths(columns)
    low = min((item.y - item.height / 2 for item in items), default=0)
    for item in items:
        item.y += _MARGIN - low
    breadth = max((item.y + item.height / 2 for item in items), default=0) + _MARGIN
    return Placed(down, length, breadth, boxes, ways)


def _item(column: int, width: float, height: float, down: bool) -> Item:
    return Item(column, height, width) if down else Item(column, width, height)


def text_width(text: str, size: float) -> float:
    return LETTER * size * len(text)


def _box_size(box: Box) -> tuple[float, float]:
    width = max(text_width(box.label, LABEL), text_width(box.note, SMALL)) + 16
    return max(width, 30), (28 if box.kind in ("input", "result") else 40) + (14 if box.note else 0)


def _ranks(network: Network) -> Iterable[tuple[Box, int]]:
    """Each box with its layer: one after its last operand; an input just before its first user."""
    inputs: dict[str, list[str]] = {box.name: [] for box in network.boxes}
    users: dict[str, list[str]] = {box.name: [] for box in network.boxes}
    for arrow in network.arrows:
        inputs[arrow.target].append(arrow.source)
        users[arrow.source].append(arrow.target)
    rank: dict[str, int] = {}
    for box in network.boxes:
        rank[box.name] = max((rank[name] + 1 for name in inputs[box.name]), default=0)
    for box in network.boxes:
        if not inputs[box.name] and users[box.name]:
            rank[box.name] = min(rank[name] for name in users[box.name]) - 1
    first = min(rank.values(), default=0)
    return [(box, rank[box.name] - first) for box in network.boxes]


def _way(arrow: Arrow, boxes: dict[str, Item], passing: dict[tuple[str, int], Item], down: bool) -> list[Item]:
    """The items from source to target; arrows from one box run together until their numbers."""
    start, end = boxes[arrow.source], boxes[arrow.target]
    way = [start]
    for column in range(start.column + 1, end.column - 1):
        way.append(passing.setdefault((arrow.source, column), Item(column, 0, 10)))
    wide = max(text_width(arrow.value, SMALL), text_width(arrow.derivative, SMALL))
    way.append(_item(end.column - 1, wide + 8, 32, down) if wide else Item(end.column - 1, 0, 10))
    way.append(end)
    for one, other in pairwise(way):
        if other not in one.after:
            one.after.append(other)
            other.before.append(one)
    return way


# -- order in the columns ------------------------------------------------------------------------------------------


def _ordered(columns: list[list[Item]]) -> list[list[Item]]:
    """The order with the fewest crossings among those that sweeps in both directions meet."""
    best, fewest = [list(column) for column in columns], _crossings(columns)
    for turn in range(_ROUNDS):
        forward = turn % 2 == 0
        places = {item: place for column in columns for place, item in enumerate(column)}
        for column in columns if forward else reversed(columns):
            column.sort(key=lambda item: _mean(places, item, forward))
            places.update({item: place for place, item in enumerate(column)})
        found = _crossings(columns)
        if found < fewest:
            best, fewest = [list(column) for column in columns], found
    return best


def _mean(places: dict[Item, int], item: Item, forward: bool) -> float:
    near = item.before if forward else item.after
    return sum(places[other] for other in near) / len(near) if near else places[item]


def _crossings(columns: Sequence[Sequence[Item]]) -> int:
    places = {item: place for column in columns for place, item in enumerate(column)}
    count = 0
    for column in columns:
        ends = [places[other] for item in column for other in sorted(item.after, key=places.__getitem__)]
        count += sum(1 for at, end in enumerate(ends) for other in ends[at + 1 :] if other < end)
    return count


# -- coordinates ---------------------------------------------------------------------------------------------------


def _set_widths(columns: list[list[Item]]) -> float:
    x = _MARGIN
    for column in columns:
        wide = max((item.width for item in column), default=0)
        for item in column:
            item.x, item.column_width = x + wide / 2, wide
        x += wide + _BETWEEN
    return x - _BETWEEN + _MARGIN


def _set_heights(columns: list[list[Item]]) -> None:
    """Each item at the mean of its neighbours, as near as the distances in its column allow."""
    for column in columns:
        y = 0.0
        for item in column:
            y += item.height / 2
            item.y = y
            y += item.height / 2 + _APART
        for item in column:
            item.y -= y / 2
    for turn in range(_ROUNDS):
        for column in columns if turn % 2 == 0 else reversed(columns):
            _settle(column)


def _settle(column: list[Item]) -> None:
    """The nearest heights, in least squares, to the wished ones that keep order and distances."""
    offset, offsets = 0.0, []
    for place, item in enumerate(column):
        offset += (column[place - 1].height + item.height) / 2 + _APART if place else 0
        offsets.append(offset)
    blocks: list[list[float]] = []  # mean and count
    for item, shift in zip(column, offsets, strict=True):
        blocks.append([_wish(item) - shift, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            total = blocks[-1][1] + count
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + mean * count) / total, total]
    heights = [mean for mean, count in blocks for _ in range(int(count))]
    for item, height, shift in zip(column, heights, offsets, strict=True):
        item.y = height + shift


def _wish(item: Item) -> float:
    """The mean of the neighbours; those that continue a passing arrow count more."""
    near = [(other.y, 16.0 if other.bends and item.bends else 1.0) for other in (*item.before, *item.after)]
    weight = sum(count for _, count in near)
    return sum(y * count for y, count in near) / weight if weight else item.y
