"""Pictures of graphs: in layers, with values and derivatives on the arrows, as SVG, PNG, dot, Mermaid and text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...compiler.functions import evaluate
from ...differentiate.passes import grad
from ...graph.atomic_write import write_whole
from ...graph.errors import ShapeError, SymdiffError, UnsupportedError
from ...graph.node import Node, as_node
from ...graph.shapes import show_shape
from ...graph.traversal import variables
from ...search.levels import simplify
from .. import explain
from ..steps import Names, named_steps
from ..text import SHOWN, number
from . import painters, texts
from .layout import layout
from .network import Network, Numbers, evaluated, network, none_known
from .shapes import Drawing, drawing

#: Pictures show at most so many steps; the parts farthest from the result are folded.
LIMIT = 60
#: Digits of the numbers on arrows, and characters of the arrays there.
DIGITS, LONGEST = 4, 24


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture of a graph; ``str`` is an indented list, a notebook shows the SVG."""

    network: Network

    def __str__(self) -> str:
        return "\n".join(filter(None, [texts.listing(self.network), self.caption]))

    def __repr__(self) -> str:
        return str(self)

    @property
    def caption(self) -> str:
        """What is folded away, if anything."""
        hidden = self.network.folded
        return f"{hidden} operations farthest from the result are folded into dashed boxes" if hidden else ""

    @property
    def drawing(self) -> Drawing:
        """The shapes and their places."""
        return drawing(self.network, layout(self.network), self.caption)

    def to_svg(self) -> str:
        """SVG with titles on boxes and arrows."""
        return painters.svg(self.drawing)

    def to_png(self) -> bytes:
        """PNG, drawn by matplotlib."""
        return painters.rendered(self.drawing, "png")

    def to_dot(self) -> str:
        """The graph for Graphviz."""
        return texts.dot(self.network)

    def to_mermaid(self) -> str:
        """The graph for Mermaid."""
        return texts.mermaid(self.network)

    _repr_svg_ = to_svg

    def content(self, kind: str) -> str | bytes:
        """The content of a file of that kind: one of :data:`KINDS`; raises UnsupportedError for another."""
        if kind not in KINDS:
            raise UnsupportedError(
                f"pictures are files of the kinds {', '.join(KINDS)}, not {kind or 'without a kind'}"
            )
        return KINDS[kind](self)

    def save(self, path: str | Path) -> None:
        """Write a file, of the kind that its name ends with."""
        content = self.content(Path(path).suffix.lower().removeprefix("."))
        write_whole(path, content)


#: Kinds of files.
KINDS: dict[str, Callable[[Picture], str | bytes]] = {
    "svg": Picture.to_svg,
    "png": Picture.to_png,
    "dot": Picture.to_dot,
    "mmd": Picture.to_mermaid,
    "txt": lambda picture: str(picture) + "\n",
}


def draw(
    f: Any, at: Mapping[Any, Any] | None = None, wrt: Any = None, derivative: bool = False, limit: int = LIMIT
) -> Picture:
    """The graph of a formula, from its variables to its result.

    ``at``: values by name or variable; then each arrow carries its value above and, for a formula that is a number,
    the derivative that flows back along it below. ``derivative``: the graph of the simplified derivatives by ``wrt``
    (a variable or a list, by default all) beside the formula's, with what they share. At most ``limit`` steps are
    shown. Raises SymdiffError for missing values, ShapeError for derivatives of an array.

    >>> import symdiff as sd
    >>> print(draw(sd.parse("(x + y)*z"), {"x": -2, "y": 5, "z": -4}))
    f = v2 = v1*z = -12   derivative 1
      v1 = x + y = 3   derivative -4
        x = -2   derivative -4
        y = 5   derivative -4
      z = -4   derivative 3
    """
    root = as_node(f)
    if limit < 3:
        raise SymdiffError(f"a picture has a limit of at least 3 steps, not {limit}")
    roots = {"f": root} | (_derivatives(root, wrt) if derivative else {})
    names = named_steps(list(roots.values()), "ghqr")
    numbers = none_known() if at is None else _numbers(root, names, at, flowing=not derivative and not root.shape)
    return Picture(network(roots, root, names, numbers, limit))


def _derivatives(root: Node, wrt: Any) -> dict[str, Node]:
    if root.shape:
        raise ShapeError(f"the derivative of an array of shape {show_shape(root.shape)} has no one graph; sum it")
    wanted = list(variables(root)) if wrt is None else [wrt] if isinstance(wrt, Node) else list(wrt)
    found = simplify(grad(root, wanted))
    return {f"df/d{var}": part for var, part in zip(wanted, found, strict=True) if part.args or part in wanted}


def _numbers(root: Node, names: Names, at: Mapping[Any, Any], flowing: bool) -> Numbers:
    if not flowing:
        nodes = list(names.steps)
        return evaluated(dict(zip(nodes, evaluate(nodes, at), strict=True)), _shown)
    found = explain(root, at)
    moves = found.sweeps[0].moves
    shares = {(move.step.node, share.place): _shown(share.value) for move in moves for share in move.shares}
    derivatives = {move.step.node: _shown(move.derivative) for move in moves}
    return Numbers({step.node: _shown(step.value) for step in found.steps}, derivatives, shares)


def _shown(value: Any) -> str:
    """A number or a short array with few digits; of another array its shape."""
    import numpy as np

    text = number(value, DIGITS)
    return (
        text
        if np.ndim(value) == 0 or (np.size(value) <= SHOWN and len(text) <= LONGEST)
        else show_shape(np.shape(value))
    )
