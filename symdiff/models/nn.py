"""Networks and losses as functions that return graphs: parameters are named variables, nothing is computed here.

Rows of an array are examples: inputs have shape ``(N, features)``, logits ``(N, classes)``. Kinks are those of the
rows: ``relu`` has derivative 0 at 0, ``maxout`` shares equally among ties.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..graph.errors import ShapeError, SymdiffError
from ..graph.node import Node, as_node, symbol
from ..graph.shapes import Size, divide_sizes, multiply_sizes, show_shape
from ..graph.traversal import variables
from ..ops.exponentials import logsumexp, softmax
from ..ops.extrema import max
from ..ops.filling import size
from ..ops.gathering import arange
from ..ops.rearranging import concatenate, reshape
from ..ops.scalar import elu, leaky_relu, relu, sigmoid, softplus, tanh
from ..ops.sums import mean, sum

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

Activation = str | Callable[[Node], Node]

# -- activations ---------------------------------------------------------------------------------------------------


def identity(x: Any) -> Node:
    """x itself.

    >>> identity(symbol("x"))
    x
    """
    return as_node(x)


def maxout(x: Any, pieces: int = 2) -> Node:
    """The largest of each run of ``pieces`` elements along the last axis: ``(N, k*pieces)`` to ``(N, k)``.

    Ties share the derivative equally. Raises ShapeError where the last size is no multiple of ``pieces``.
    Goodfellow et al., Maxout networks, ICML 2013.

    >>> maxout(symbol("x", ("N", 6)), pieces=3).shape
    ('N', 2)
    """
    node = as_node(x)
    units = divide_sizes(node.shape[-1], pieces) if node.shape and pieces > 0 else None
    if units is None:
        raise ShapeError(
            f"maxout of {pieces} pieces needs a last size that is a multiple, not {show_shape(node.shape)}"
        )
    return max(reshape(node, (*node.shape[:-1], units, pieces)), axis=-1)


#: Activations by name; any function of a node that returns a node of the same shape serves as well.
ACTIVATIONS: dict[str, Callable[[Node], Node]] = {
    "identity": identity, "sigmoid": sigmoid, "tanh": tanh, "relu": relu, "leaky_relu": leaky_relu, "elu": elu,
    "maxout": maxout, "softmax": softmax,
}  # fmt: skip


def activation_named(kind: Activation) -> Callable[[Node], Node]:
    """The activation of that name, or the function itself; raises SymdiffError for an unknown name.

    >>> activation_named("tanh")(symbol("x"))
    tanh(x)
    """
    if callable(kind):
        return kind
    if kind not in ACTIVATIONS:
        raise SymdiffError(f"there is no activation {kind!r}; the activations are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[kind]


# -- initial parameters --------------------------------------------------------------------------------------------


class Start(NamedTuple):
    """How a parameter starts: ``kind`` is ``"zeros"``, ``"glorot"`` or ``"he"``, with the units it reads and feeds.

    ``glorot``: uniform within sqrt(6/(fan_in + fan_out)); Glorot and Bengio, AISTATS 2010, eq. 16.
    ``he``: normal of variance 2/fan_in; He et al., ICCV 2015, eq. 10.
    """

    kind: str
    fan_in: Size = 1
    fan_out: Size = 1


def _start(kind: Activation, fan_in: Size, fan_out: Size) -> Start:
    """He's for activations of relu's kind, Glorot's for the others."""
    name = kind if isinstance(kind, str) else getattr(kind, "name", "")
    return Start("he" if name in ("relu", "leaky_relu", "elu") else "glorot", fan_in, fan_out)


@dataclass(frozen=True)
class Net:
    """A network: input symbol ``x``, ``output`` node, ``params`` by name, and how each parameter starts."""

    x: Node
    output: Node
    params: Mapping[str, Node]
    starts: Mapping[str, Start] = field(repr=False)

    def init(
        self, seed: int = 0, dtype: DTypeLike = "float64", sizes: Mapping[str, int] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Initial arrays by name; the same seed gives the same numbers, rounded for float32.

        ``sizes`` gives the numbers behind letters; raises SymdiffError for a letter without one.

        >>> {name: array.shape for name, array in mlp([4, 3, 2]).init(seed=1).items()}
        {'W1': (4, 3), 'b1': (3,), 'W2': (3, 2), 'b2': (2,)}
        """
        import numpy as np

        rng = np.random.default_rng(seed)
        found = {}
        for name, var in self.params.items():
            shape = tuple(_number(one, name, sizes or {}) for one in var.shape)
            kind, *fans = self.starts[name]
            found[name] = _drawn(rng, kind, [_number(fan, name, sizes or {}) for fan in fans], shape).astype(dtype)
        return found


def _number(one: Size, name: str, sizes: Mapping[str, int]) -> int:
    found = sizes.get(one, one) if isinstance(one, str) else one
    if isinstance(found, str):
        raise SymdiffError(f"{name} has a size {found} without a number; give it, as in init(sizes={{{found!r}: 8}})")
    return found


def _drawn(rng: Any, kind: str, fans: Sequence[int], shape: tuple[int, ...]) -> NDArray[Any]:
    import numpy as np

    if kind == "zeros":
        return np.zeros(shape)
    if kind == "he":
        return np.asarray(rng.normal(0, (2 / (fans[0] or 1)) ** 0.5, shape))
    bound = (6 / ((fans[0] + fans[1]) or 1)) ** 0.5
    return np.asarray(rng.uniform(-bound, bound, shape))


# -- networks ------------------------------------------------------------------------------------------------------


def dense(x: Any, units: Size, name: str = "", activation: Activation = "identity", pieces: int = 2) -> Node:
    """``activation(x @ W + b)`` with the variables ``W<name>`` of shape (features, units) and ``b<name>`` (units,).

    ``x`` is ``(N, features)``, or ``(features,)`` for one example. The activation ``"maxout"`` takes the largest of
    ``pieces`` linear functions for each unit, so W and b have ``units*pieces`` columns.
    Raises ShapeError for a number, which has no features.

    >>> dense(symbol("X", ("N", 4)), 3, "1", "tanh")
    tanh(X @ W1 + b1)
    """
    act = activation_named(activation)
    node = as_node(x)
    if not node.shape:
        raise ShapeError("dense takes an array whose last axis is the features, not a number")
    wide = multiply_sizes(units, pieces) if activation in ("maxout", maxout) else units
    sums = node @ symbol(f"W{name}", (node.shape[-1], wide)) + symbol(f"b{name}", wide)
    return maxout(sums, pieces) if wide != units else act(sums)


def network(x: Node, output: Node, activation: Activation = "identity") -> Net:
    """A hand-built graph as a Net: every variable but ``x`` is a parameter.

    Vectors and numbers start at zero, matrices as the layers of such an ``activation`` do.

    >>> X = symbol("X", ("N", 4))
    >>> list(network(X, dense(dense(X, 3, "1", "relu"), 2, "2"), "relu").params)
    ['W1', 'W2', 'b1', 'b2']
    """
    params = {var.name: var for var in variables(output) if var is not x}
    starts = {
        name: _start(activation, var.shape[0], var.shape[1]) if var.ndim > 1 else Start("zeros")
        for name, var in params.items()
    }
    return Net(x, output, params, starts)


def mlp(
    sizes: Sequence[Size], activation: Activation = "tanh", output: Activation = "identity", *,
    x: str = "X", batch: Size = "N", pieces: int = 2,
) -> Net:  # fmt: skip
    """Dense layers one after the other: ``sizes`` are the features of the input and the units of each layer.

    Parameters W1, b1, W2, b2, ...; weights start by He's rule before relu, leaky_relu and elu, else by Glorot's,
    biases at zero. The input is the variable ``x`` of shape (batch, sizes[0]). Raises SymdiffError without a layer.

    >>> net = mlp([784, 72, 10])
    >>> net.output, net.output.shape
    (tanh(X @ W1 + b1) @ W2 + b2, ('N', 10))
    """
    if isinstance(sizes, (int, str)) or len(sizes) < 2:
        raise SymdiffError(f"mlp takes the size of its input and of at least one layer, not {sizes!r}")
    activation_named(activation)
    start = node = symbol(x, (batch, sizes[0]))
    starts = {}
    for place, units in enumerate(sizes[1:], 1):
        kind = output if place == len(sizes) - 1 else activation
        starts[f"W{place}"] = _start(kind, sizes[place - 1], units)
        starts[f"b{place}"] = Start("zeros")
        node = dense(node, units, str(place), kind, pieces)
    found = {var.name: var for var in variables(node)}
    return Net(start, node, {name: found[name] for name in starts}, starts)


def dag(
    edges: Any, activation: Activation | Mapping[Hashable, Activation] = "tanh", output: Activation = "identity", *,
    x: str = "X", batch: Size = "N",
) -> Net:  # fmt: skip
    """A network on any acyclic graph of units: ``v_i = sigma_i(w_i . v_Pa(i) + b_i)``.

    ``edges``: for each node its parents, or a networkx DiGraph with edges from parent to child. Nodes without
    parents are the inputs, columns of ``x`` in the order in which they are met; nodes without children are the
    outputs, columns of the result, and have the activation ``output``. A mapping node to activation wins over both.
    Parameters ``w_<node>``, one weight for each parent in order, and ``b_<node>``, a number.
    Raises SymdiffError for a cycle and where nothing is connected.

    >>> net = dag({"h": ["p", "q"], "out": ["p", "h"]})
    >>> list(net.params), net.x.shape, net.output.shape
    (['w_h', 'b_h', 'w_out', 'b_out'], ('N', 2), ('N', 1))
    """
    parents = _parents(edges)
    children = {node: 0 for node in parents} | {parent: 0 for listed in parents.values() for parent in listed}
    for listed in parents.values():
        for parent in listed:
            children[parent] += 1
    inputs = [node for node in children if not parents.get(node)]
    start = symbol(x, (batch, len(inputs)))
    columns = {node: start[:, place : place + 1] for place, node in enumerate(inputs)}
    chosen = activation if isinstance(activation, Mapping) else {}
    inner: Activation = "tanh" if isinstance(activation, Mapping) else activation
    params, starts = dict[str, Node](), dict[str, Start]()
    for node in _ordered(parents):
        if node not in columns:
            kind = chosen.get(node, inner if children[node] else output)
            name = _name(node, params)
            w, b = symbol(f"w_{name}", len(parents[node])), symbol(f"b_{name}")
            params |= {w.name: w, b.name: b}
            starts |= {w.name: _start(kind, len(parents[node]), children[node] or 1), b.name: Start("zeros")}
            read = concatenate([columns[parent] for parent in parents[node]], axis=1)
            columns[node] = activation_named(kind)(read @ w + b)[:, None]
    ends = [columns[node] for node in children if not children[node] and parents.get(node)]
    if not ends:
        raise SymdiffError("a network needs at least one node with parents")
    return Net(start, concatenate(ends, axis=1), params, starts)


def _parents(edges: Any) -> dict[Hashable, list[Hashable]]:
    """Node to parents, from a mapping or a networkx DiGraph."""
    if hasattr(edges, "predecessors"):
        return {node: list(edges.predecessors(node)) for node in edges}
    if not isinstance(edges, Mapping):
        raise SymdiffError(f"a graph is a mapping from node to parents or a DiGraph, not {type(edges).__name__}")
    return {node: list(listed) for node, listed in edges.items()}


def _ordered(parents: Mapping[Hashable, Sequence[Hashable]]) -> list[Hashable]:
    try:
        return list(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise SymdiffError(f"the graph has a cycle: {' -> '.join(map(str, error.args[1]))}") from None


def _name(node: Hashable, taken: Mapping[str, Node]) -> str:
    """The node's own name where it makes an identifier, else with underscores; numbered where it clashes."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in str(node))
    name, count = plain, 2
    while f"w_{name}" in taken:
        name, count = f"{plain}_{count}", count + 1
    return name


# -- losses --------------------------------------------------------------------------------------------------------


def _alike(name: str, f: Any, y: Any) -> tuple[Node, Node]:
    """Prediction and target of one shape: (N,) beside (N, 1) would broadcast to N times N terms."""
    left, right = as_node(f), as_node(y)
    if left.shape != right.shape:
        shapes = f"{show_shape(left.shape)} and {show_shape(right.shape)}"
        raise ShapeError(f"{name} takes predictions and targets of one shape, not {shapes}")
    return left, right


def squared(f: Any, y: Any) -> Node:
    """``sum((f - y)**2)``: sums over everything. Shapes are equal, else ShapeError.

    >>> squared(symbol("f", "N"), symbol("y", "N"))
    sum((f - y)**2)
    """
    left, right = _alike("squared", f, y)
    return sum((left - right) ** 2)


def quadratic(f: Any, y: Any) -> Node:
    """``sum((f - y)**2)/(2*N)``: averages over the examples (the first size), sums over the outputs.

    >>> f, y = symbol("f", "N"), symbol("y", "N")
    >>> quadratic(f, y)
    sum((f - y)**2)/(2*N)
    """
    left, right = _alike("quadratic", f, y)
    if not left.shape:
        raise ShapeError("quadratic takes arrays whose first axis is the examples, not numbers")
    return sum((left - right) ** 2) / (2 * size(left.shape[0]))


def logistic(f: Any, y: Any) -> Node:
    """``mean(log(1 + exp(-y*f)))`` for labels y of -1 and +1, without overflow: averages over everything.

    Raises ShapeError where the shapes differ.

    >>> logistic(symbol("f", "N"), symbol("y", "N"))
    sum(softplus(-y*f))/N
    """
    left, right = _alike("logistic", f, y)
    return mean(softplus(-(right * left)))


def binary_cross_entropy(f: Any, y: Any) -> Node:
    """``mean(softplus(f) - y*f)``: of the logits f and y in [0, 1], without overflow; averages over everything.

    It is ``-mean(y*log(p) + (1 - y)*log(1 - p))`` with ``p = sigmoid(f)``.

    Raises ShapeError where the shapes differ.

    >>> binary_cross_entropy(symbol("f", "N"), symbol("y", "N"))
    sum(softplus(f) - y*f)/N
    """
    left, right = _alike("binary_cross_entropy", f, y)
    return mean(softplus(left) - right * left)


def multiclass_logistic(f: Any, y: Any) -> Node:
    """``mean(logsumexp(f, axis=1) - f[arange(N), y])``: logits (N, classes), labels (N,) from 0; averages over N.

    Labels are given as whole numbers. Raises ShapeError for other shapes.

    >>> multiclass_logistic(symbol("f", ("N", 10)), symbol("y", "N"))
    sum(logsumexp(f, axis=1) - f[arange(N), y])/N
    """
    logits, labels = as_node(f), as_node(y)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ShapeError(
            "multiclass_logistic takes logits (N, classes) and labels (N,), "
            f"not {show_shape(logits.shape)} and {show_shape(labels.shape)}"
        )
    return mean(logsumexp(logits, axis=1) - logits[arange(logits.shape[0]), labels])


def l2(params: Mapping[str, Node] | Sequence[Node], strength: Any = 1) -> Node:
    """``strength*sum(w**2)`` over every array given: sums; its gradient is ``2*strength*w``.

    >>> l2([symbol("W", ("d", 3))], 0.01)
    0.01*sum(W**2)
    """
    listed = list(params.values() if isinstance(params, Mapping) else params)
    if not listed:
        raise SymdiffError("l2 takes at least one parameter")
    total = sum(listed[0] ** 2)
    for param in listed[1:]:
        total = total + sum(param**2)
    return as_node(strength) * total
