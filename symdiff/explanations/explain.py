"""A scalar at a point: every intermediate value, then every step of the chain rule with its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..differentiate.passes import sources_of
from ..graph.errors import ShapeError, SymdiffError, UnsupportedError
from ..graph.leaves import VAR, as_node
from ..graph.node import Node
from ..graph.shapes import show_shape
from ..graph.traversal import variables
from .record import Record, Sweep
from .steps import Values, draft_backward, draft_forward, name_steps

#: The modes, with the letters that the names of their derivatives may begin with.
MODES = {"reverse": "ghqr", "forward": "dthr"}


class Explanation(Record):
    """A formula at a point: ``steps`` forward, then ``sweeps`` of derivatives, and the ``gradient`` by name.

    ``str`` gives aligned text; a notebook shows :meth:`to_html`.
    """

    def __str__(self) -> str:
        from .text import to_text

        return to_text(self)

    def __repr__(self) -> str:
        return str(self)

    def to_latex(self) -> str:
        """LaTeX for math mode: the steps and the sweeps as aligned equations."""
        from .latex import to_latex

        return to_latex(self)

    def to_html(self) -> str:
        """A page of HTML with MathML, complete in itself."""
        from .html import page

        return page(self)

    def _repr_html_(self) -> str:
        from .html import body

        return body(self)


def explain(f: Any, at: Mapping[Any, Any], wrt: Any = None, mode: str = "reverse") -> Explanation:
    """Each elementary step of a scalar at a point, then the chain rule step by step.

    ``at``: values by name or variable. ``wrt``: a variable or a list of them, by default all. ``mode``: ``"reverse"``
    (one sweep from the formula back to all variables) or ``"forward"`` (dual numbers: one sweep for each variable,
    a scalar). Raises ShapeError for a formula that is an array, SymdiffError for missing values.

    >>> import symdiff as sd
    >>> explanation = explain(sd.parse("(a + 3*b)*c**2"), {"a": 2, "b": 3, "c": 4})
    >>> explanation.value, explanation.gradient
    (176.0, {'a': 16.0, 'b': 48.0, 'c': 88.0})
    """
    root = as_node(f)
    wanted = list(variables(root)) if wrt is None else sources_of(wrt)
    _check(root, wanted, mode)
    names = name_steps([root], MODES[mode])
    if mode == "reverse":
        drafts = {"": draft_backward(root, wanted, names)}
    else:
        drafts = {var.name: draft_forward(root, var, names) for var in wanted}
    values = Values(names, drafts.values(), at)
    steps = values.steps()
    sweeps = tuple(values.sweep(source, moves, steps, mode == "reverse") for source, moves in drafts.items())
    given = {var.name: values.of[var] for var in variables(root)}
    return Explanation(root, given, mode, tuple(steps.values()), sweeps, _gradient(wanted, sweeps, root))


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


def _gradient(wanted: list[Node], sweeps: tuple[Sweep, ...], root: Node) -> dict[str, Any]:
    """The derivatives that the sweeps end with; 0 by a variable that is not reached."""
    if sweeps and not sweeps[0].source:
        derivatives = {move.step.node: move.derivative for move in sweeps[0].moves}
        return {var.name: derivatives.get(var, 0.0) for var in wanted}
    last = {sweep.source: move.derivative for sweep in sweeps for move in sweep.moves if move.step.node is root}
    return {var.name: last.get(var.name, 0.0) for var in wanted}
