"""A training step as one function: inputs in, loss out, parameters and optimizer state overwritten in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...compiler import functions
from ...compiler.compiled import Compiled
from ...differentiate.passes import grad
from ...graph.errors import ShapeError, SymdiffError
from ...graph.leaves import VAR, symbol
from ...graph.node import Node
from ...graph.shapes import show_shape
from ...graph.traversal import variables
from ...search.levels import simplify_guarded
from .optimizers import SGD, Optimizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

Params = Mapping[str, Node] | Sequence[Node]


@dataclass(frozen=True)
class Step:
    """A step: ``loss`` before the update, ``updates`` by variable, and what they read.

    ``inputs`` are, in this order: ``data`` sorted by name, ``params`` as given, ``states`` (with the parameter of
    each), and the scalars ``lr`` and ``t`` (the step, from 1) where the update reads them.
    """

    loss: Node
    data: tuple[Node, ...]
    params: tuple[Node, ...]
    states: Mapping[Node, Node]
    updates: Mapping[Node, Node]
    lr: Node
    t: Node

    @property
    def scalars(self) -> list[Node]:
        """``lr`` and ``t``, those that the update reads."""
        read = variables(tuple(self.updates.values()))
        return [var for var in (self.lr, self.t) if var in read]

    @property
    def inputs(self) -> list[Node]:
        """The arguments of the function, in order."""
        return [*self.data, *self.params, *self.states, *self.scalars]

    def source(self, name: str = "step") -> str:
        """A standalone module with the function ``name``: forward, gradient and update, with NumPy only."""
        return functions.source(self.loss, self.inputs, name, updates=self.updates)

    def compile(self) -> Compiled:
        """The function of ``inputs``: returns the loss, writes into parameters and states."""
        return functions.compile(self.loss, self.inputs, updates=self.updates)

    def start(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Zeros for each state variable, of the shape and type of its parameter in ``arrays``."""
        import numpy as np

        return {var.name: np.zeros_like(arrays[param.name]) for var, param in self.states.items()}


def step(
    loss: Node, params: Params, optimizer: Optimizer | None = None, *, sizes: Mapping[str, int] | None = None
) -> Step:
    """The training step of a loss; gradients are simplified together with it.

    ``loss``: a scalar. ``params``: variables of the loss, or a mapping with them as values; the others are data.
    ``optimizer``: SGD() unless given. The learning rate is the input ``lr`` and the step, from 1, the input ``t``,
    with underscores added where the loss uses those names. ``sizes``: integers for symbolic sizes, for which the whole
    step is then made cheapest.
    Raises ShapeError for a loss that is an array, SymdiffError for a parameter that the loss does not use.

    >>> import symdiff as sd
    >>> w, y = sd.symbol("w", 3), sd.symbol("y", 3)
    >>> step(sd.sum((w - y) ** 2), [w], SGD(momentum=0.9)).inputs
    [y, w, v_w, lr]
    """
    chosen = trainable(loss, params)
    value, *grads = simplify_guarded([loss, *grad(loss, chosen)], sizes=sizes)
    used = {var.name for var in variables(loss)}
    lr, t = _fresh("lr", used), _fresh("t", used)
    method = SGD() if optimizer is None else optimizer
    states = method.state(chosen)
    clash = sorted(used & {var.name for var in states})
    if clash:
        raise SymdiffError(f"{clash[0]} is the name of an array that the optimizer keeps; rename it in the loss")
    data = tuple(var for var in variables(loss) if var not in chosen)
    updates = method.updates(chosen, grads, lr, t)
    if sizes:
        value, *new = simplify_guarded([value, *updates.values()], sizes=sizes)
        updates = dict(zip(updates, new, strict=True))
    return Step(value, data, tuple(chosen), states, updates, lr, t)


def trainable(loss: Node, params: Params) -> list[Node]:
    """The parameters as a list; raises as :func:`step` does."""
    if not isinstance(loss, Node) or loss.shape:
        given = f"shape {show_shape(loss.shape)}" if isinstance(loss, Node) else repr(loss)
        raise ShapeError(f"a loss is one number, as sum or mean give it, not {given}")
    chosen = list(params.values() if isinstance(params, Mapping) else params)
    if not chosen:
        raise SymdiffError("there is nothing to train: list at least one parameter")
    used = set(variables(loss))
    for param in chosen:
        if not isinstance(param, Node) or param.op is not VAR:
            raise SymdiffError(f"a parameter is a variable of the loss, not {param!r}")
        if param not in used:
            raise SymdiffError(f"the loss does not depend on the parameter {param.name}")
    return chosen


def _fresh(name: str, used: set[str]) -> Node:
    while name in used:
        name += "_"
    return symbol(name)
