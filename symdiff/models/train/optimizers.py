"""Optimizers as graphs: the state that each keeps, and the new values of every parameter and of the state.

``state`` maps each state variable to the parameter that it has the shape and type of; every state array starts at
zero. ``updates`` takes the nodes of the learning rate and of the step, which counts from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from ...graph.errors import SymdiffError
from ...graph.leaves import symbol
from ...graph.node import Node
from ...ops.scalar import maximum, sqrt

Nodes = Sequence[Node]


class Optimizer(Protocol):
    """What :func:`symdiff.train.step` asks of an optimizer; write your own with these three."""

    @property
    def lr(self) -> float:
        """The learning rate where no schedule is given."""

    def state(self, params: Nodes) -> dict[Node, Node]:
        """State variables, each with the parameter whose shape it has."""

    def updates(self, params: Nodes, grads: Nodes, lr: Node, t: Node) -> dict[Node, Node]:
        """The new value of each parameter and state variable, all from the old values."""


def _named(prefix: str, params: Nodes) -> list[Node]:
    """A state variable beside each parameter, such as ``m_W1``."""
    return [symbol(f"{prefix}_{param.name}", param.shape) for param in params]


def _complement(share: float) -> float:
    """1 - share in decimal: 0.1 and not 0.09999999999999998 for 0.9."""
    return float(1 - Decimal(repr(share)))


def _check(**values: Any) -> None:
    """Shares lie in [0, 1), every other setting is a finite number of at least 0."""
    for name, value in values.items():
        share = name.startswith(("beta", "momentum"))
        if not hasattr(value, "__float__"):
            raise SymdiffError(f"{name} is a number, not {value!r}")
        if not 0 <= value < (1 if share else float("inf")):
            raise SymdiffError(f"{name} is at least 0 and {'below 1' if share else 'finite'}, not {value}")


@dataclass(frozen=True)
class SGD:
    """Gradient descent: ``p - lr*g``; with momentum ``v = momentum*v + g`` and ``p - lr*v``, or, for Nesterov's,
    ``p - lr*(g + momentum*v)`` with the new v.

    Polyak, 1964; Nesterov, 1983, in the form of Sutskever et al., ICML 2013: the parameters are the look-ahead points.

    >>> SGD(0.1, momentum=0.9).state([symbol("W", (3, 2))])
    {v_W: W}
    """

    lr: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        _check(lr=self.lr, momentum=self.momentum)
        if self.nesterov and not self.momentum:
            raise SymdiffError("Nesterov's method needs a momentum above 0, such as 0.9")

    def state(self, params: Nodes) -> dict[Node, Node]:
        return dict(zip(_named("v", params), params, strict=True)) if self.momentum else {}

    def updates(self, params: Nodes, grads: Nodes, lr: Node, t: Node) -> dict[Node, Node]:
        if not self.momentum:
            return {p: p - lr * g for p, g in zip(params, grads, strict=True)}
        new = {}
        for p, g, v in zip(params, grads, _named("v", params), strict=True):
            new[v] = self.momentum * v + g
            new[p] = p - lr * (g + self.momentum * new[v] if self.nesterov else new[v])
        return new


@dataclass(frozen=True)
class Adagrad:
    """``s = s + g**2`` and ``p - lr*g/(sqrt(s) + eps)``. Duchi, Hazan and Singer, JMLR 12 (2011).

    >>> list(Adagrad(0.1).state([symbol("b", 3)]))
    [s_b]
    """

    lr: float = 0.01
    eps: float = 1e-10

    def __post_init__(self) -> None:
        _check(lr=self.lr, eps=self.eps)

    def state(self, params: Nodes) -> dict[Node, Node]:
        return dict(zip(_named("s", params), params, strict=True))

    def updates(self, params: Nodes, grads: Nodes, lr: Node, t: Node) -> dict[Node, Node]:
        new = {}
        for p, g, s in zip(params, grads, _named("s", params), strict=True):
            new[s] = s + g**2
            new[p] = p - lr * (g / (sqrt(new[s]) + self.eps))
        return new


@dataclass(frozen=True)
class Adam:
    """``m = beta1*m + (1 - beta1)*g``, ``v = beta2*v + (1 - beta2)*g**2`` and
    ``p - lr*(m/(1 - beta1**t))/(sqrt(v/(1 - beta2**t)) + eps)``. Kingma and Ba, ICLR 2015, algorithm 1.

    >>> list(Adam().state([symbol("b", 3)]))
    [m_b, v_b]
    """

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        _check(lr=self.lr, beta1=self.beta1, beta2=self.beta2, eps=self.eps)

    def state(self, params: Nodes) -> dict[Node, Node]:
        return {var: p for prefix in "mv" for var, p in zip(_named(prefix, params), params, strict=True)}

    def updates(self, params: Nodes, grads: Nodes, lr: Node, t: Node) -> dict[Node, Node]:
        rate, spread = lr / (1 - self.beta1**t), 1 - self.beta2**t
        new = {}
        for p, g, m, v in zip(params, grads, _named("m", params), _named("v", params), strict=True):
            new[m] = self.beta1 * m + _complement(self.beta1) * g
            new[v] = self.beta2 * v + _complement(self.beta2) * g**2
            new[p] = self.move(p, rate * (new[m] / (sqrt(new[v] / spread) + self.eps)), lr)
        return new

    def move(self, p: Node, step: Node, lr: Node) -> Node:
        """The parameter after the step."""
        return p - step


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with ``lr*weight_decay*p`` taken off as well, beside the gradient and not through it.

    Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2 with its schedule in ``lr``.

    >>> AdamW(0.001, weight_decay=0.1).weight_decay
    0.1
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(weight_decay=self.weight_decay)

    def move(self, p: Node, step: Node, lr: Node) -> Node:
        return p - (step + lr * self.weight_decay * p)


@dataclass(frozen=True)
class Averaged:
    """Another optimizer that also keeps the mean of its iterates after the step ``start``, as ``avg_<parameter>``.

    Up to ``start`` the mean is the last iterate. Polyak and Juditsky, SIAM J. Control Optim. 30 (1992).

    >>> Averaged(SGD()).state([symbol("W", 3)])
    {avg_W: W}
    """

    inner: Optimizer
    start: int = 0

    @property
    def lr(self) -> float:
        return self.inner.lr

    def state(self, params: Nodes) -> dict[Node, Node]:
        return self.inner.state(params) | dict(zip(_named("avg", params), params, strict=True))

    def updates(self, params: Nodes, grads: Nodes, lr: Node, t: Node) -> dict[Node, Node]:
        new = self.inner.updates(params, grads, lr, t)
        count = maximum(t - self.start, 1)
        return new | {a: a + (new[p] - a) / count for a, p in zip(_named("avg", params), params, strict=True)}
