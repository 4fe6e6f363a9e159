"""The picture of a graph: what it shows, and the files that it can be written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...compiler.evaluation import evaluate
from ...differentiate.passes import grad
from ...graph.atomic_write import write_whole
from ...graph.errors import ShapeError, SymdiffError, UnsupportedError
from ...graph.leaves import as_node
from ...graph.node import Node
from ...graph.shapes import show_shape
from ...graph.traversal import variables
from ...search.levels import simplify_guarded
from ..explain import explain
from ..steps import Names, name_steps
from ..tables import SHOWN, show_value
from . import render, text_formats
from .diagram import Diagram, Labels, diagram
from .layout import layout
from .shapes import Drawing, drawing

#: Pictures show at most so many steps; the parts farthest from the result are folded.
LIMIT = 60
#: Digits of the scalars on arrows, and characters of the arrays there.
DIGITS, LONGEST = 4, 24


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture of a graph; ``str`` is an indented list, a notebook shows the SVG."""

    diagram: Diagram

    def __str__(self) -> str:
        return "\n".join(filter(None, [text_formats.indented(self.diagram), self.caption]))

    def __repr__(self) -> str:
        return str(self)

    @property
    def caption(self) -> str:
        """What is folded away, if anything."""
        hidden = self.diagram.folded
        return f"{hidden} operations farthest from the result are folded into dashed boxes" if hidden else ""

    @property
    def drawing(self) -> Drawing:
        """The shapes and their coordinates."""
        return drawing(self.diagram, layout(self.diagram), self.caption)

    def to_svg(self) -> str:
        """SVG with titles on boxes and arrows."""
        return render.svg(self.drawing)

    def to_png(self) -> bytes:
        """PNG, drawn by matplotlib."""
        return render.matplotlib_file(self.drawing, "png")

    def to_dot(self) -> str:
        """The graph for Graphviz."""
        return text_formats.dot(self.diagram)

    def to_mermaid(self) -> str:
        """The graph for Mermaid."""
        return text_formats.mermaid(self.diagram)

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
        write_whole(path, self.content(Path(path).suffix.lower().removeprefix(".")))


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
    names = name_steps(list(roots.values()), "ghqr")
    labels = Labels() if at is None else _labels(root, names, at, derivatives=not derivative and not root.shape)
    return Picture(diagram(roots, root, names, labels, limit))


def _derivatives(root: Node, wrt: Any) -> dict[str, Node]:
    if root.shape:
        raise ShapeError(f"the derivative of an array of shape {show_shape(root.shape)} has no one graph; sum it")
    wanted = list(variables(root)) if wrt is None else [wrt] if isinstance(wrt, Node) else list(wrt)
    gradient = simplify_guarded(grad(root, wanted))
    return {f"df/d{var}": part for var, part in zip(wanted, gradient, strict=True) if part.args or part in wanted}


def _labels(root: Node, names: Names, at: Mapping[Any, Any], derivatives: bool) -> Labels:
    """Values, and with ``derivatives`` those of the reverse sweep."""
    if not derivatives:
        nodes = list(names.steps)
        return Labels({node: _label(value) for node, value in zip(nodes, evaluate(nodes, at), strict=True)})
    explanation = explain(root, at)
    moves = explanation.sweeps[0].moves
    return Labels(
        {step.node: _label(step.value) for step in explanation.steps},
        {move.step.node: _label(move.derivative) for move in moves},
        {(move.step.node, share.position): _label(share.value) for move in moves for share in move.shares},
    )


def _label(value: Any) -> str:
    """A scalar or a short array with few digits; of another array its shape."""
    import numpy as np

    text = show_value(value, DIGITS)
    short = np.ndim(value) == 0 or (np.size(value) <= SHOWN and len(text) <= LONGEST)
    return text if short else show_shape(np.shape(value))
