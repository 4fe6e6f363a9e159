"""Derivatives explained: every intermediate value and every step of the chain rule, with its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..differentiate.passes import sources_of
from ..graph.errors import ShapeError, SymdiffError, UnsupportedError
from ..graph.node import VAR, Node, as_node
from ..graph.shapes import show_shape
from ..graph.traversal import variables
from .record import Explained
from .steps import Names, Sweep, Values, draft_backward, draft_forward, named_steps

#: Ways through the graph, with the letters that their derivatives may have.
MODES = {"reverse": "ghqr", "forward": "dthr"}


class Explanation(Explained):
    """A formula at a point: ``steps`` forward, then ``sweeps`` of derivatives, and the ``gradient`` by name.

    ``str`` gives aligned text; a notebook shows :meth:`to_html`.
    """

    def __str__(self) -> str:
        from .text import text

        return text(self)

    def __repr__(self) -> str:
        return str(self)

    def to_latex(self) -> str:
        """LaTeX for math mode: the steps and the sweeps as aligned equations."""
        from .markup import latex

        return latex(self)

    def to_html(self) -> str:
        """A page of HTML with MathML, complete in itself."""
        from .markup import page

        return page(self)

    def _repr_html_(self) -> str:
        from .markup import body

        return body(self)

    def record(self) -> dict[str, Any]:
        """The same as nested dicts and lists of texts and numbers, for JSON."""
        from .text import record

        return record(self)


def explain(f: Any, at: Mapping[Any, Any], wrt: Any = None, mode: str = "reverse") -> Explanation:
    """Each elementary step of a scalar at a point, then the chain rule step by step.

    ``at``: values by name or variable. ``wrt``: a variable or a list of them, by default all. ``mode``: ``"reverse"``
    (one sweep from the formula back to all variables) or ``"forward"`` (dual numbers: one sweep for each variable,
    which is a number). Raises ShapeError for a formula that is an array, SymdiffError for missing values.

    >>> import symdiff as sd
    >>> found = explain(sd.parse("(a + 3*b)*c**2"), {"a": 2, "b": 3, "c": 4})
    >>> found.value, found.gradient
    (176.0, {'a': 16.0, 'b': 48.0, 'c': 88.0})
    """
    root = as_node(f)
    wanted = list(variables(root)) if wrt is None else sources_of(wrt)
    _check(root, wanted, mode)
    names = named_steps([root], MODES[mode])
    if mode == "reverse":
        drafts = {"": draft_backward(root, wanted, names)}
    else:
        drafts = {var.name: draft_forward(root, var, names) for var in wanted}
    values = Values(names, drafts.values(), at)
    steps = values.steps()
    sweeps = tuple(values.sweep(source, moves, steps, mode == "reverse") for source, moves in drafts.items())
    given = {var.name: values.of[var] for var in variables(root)}
    return Explanation(root, given, mode, tuple(steps.values()), sweeps, _gradient(wanted, sweeps, names, root))


def _check(root: Node, wanted: list[Node], mode: str) -> None:
    if mode not in MODES:
        raise SymdiffError(f"the mode is one of {', '.join(MODES)}, not {mode!r}")
    if root.shape:
        raise ShapeError(f"explain takes a formula that is a number, not of shape {show_shape(root.shape)}; sum it")
    for var in wanted:
        if var.op is not VAR:
            raise SymdiffError(f"explain differentiates by variables, not by {var}")
        if mode == "forward" and var.shape:
            raise UnsupportedError(
                f"forward mode follows one number, and {var.name} has shape {show_shape(var.shape)}; "
                "choose other variables, or mode reverse"
            )


def _gradient(wanted: list[Node], sweeps: tuple[Sweep, ...], names: Names, root: Node) -> dict[str, Any]:
    """The derivatives that the sweeps end with; 0 by a variable that is not reached."""
    if sweeps and not sweeps[0].source:
        found = {move.step.node: move.derivative for move in sweeps[0].moves}
    else:
        ends = [(sweep.source, move) for sweep in sweeps for move in sweep.moves if move.step.node is root]
        by_name = {source: move.derivative for source, move in ends}
        found = {var: by_name[var.name] for var in wanted if var.name in by_name}
    return {var.name: found.get(var, 0.0) for var in wanted}
