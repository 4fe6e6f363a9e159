"""Networks as graphs with named parameters, and the initial values of those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, NamedTuple

from ...graph.errors import ShapeError, SymdiffError
from ...graph.leaves import as_node, symbol
from ...graph.node import Node
from ...graph.shapes import Size, multiply_sizes
from ...graph.traversal import variables
from ...ops.rearranging import concatenate
from .activations import Activation, activation_named, maxout

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

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
    """He's rule for activations like relu, Glorot's for the others."""
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

        ``sizes``: integers for symbolic sizes; raises SymdiffError for one that is missing.

        >>> {name: array.shape for name, array in mlp([4, 3, 2]).init(seed=1).items()}
        {'W1': (4, 3), 'b1': (3,), 'W2': (3, 2), 'b2': (2,)}
        """
        import numpy as np

        rng = np.random.default_rng(seed)
        arrays = {}
        for name, var in self.params.items():
            kind, *units = self.starts[name]
            shape, fans = ([_integer(size, name, sizes or {}) for size in group] for group in (var.shape, units))
            arrays[name] = _draw(rng, kind, fans, shape).astype(dtype)
        return arrays


def _integer(size: Size, name: str, sizes: Mapping[str, int]) -> int:
    value = sizes.get(size, size) if isinstance(size, str) else size
    if isinstance(value, str):
        raise SymdiffError(f"{name} has a size {value} without a number; give it, as in init(sizes={{{value!r}: 8}})")
    return value


def _draw(rng: Any, kind: str, fans: Sequence[int], shape: Sequence[int]) -> NDArray[Any]:
    import numpy as np

    fan_in, fan_out = fans
    if kind == "zeros":
        return np.zeros(shape)
    if kind == "he":
        return np.asarray(rng.normal(0, (2 / (fan_in or 1)) ** 0.5, shape))
    bound = (6 / ((fan_in + fan_out) or 1)) ** 0.5
    return np.asarray(rng.uniform(-bound, bound, shape))


# -- networks ------------------------------------------------------------------------------------------------------


def dense(x: Any, units: Size, name: str = "", activation: Activation = "identity", pieces: int = 2) -> Node:
    """``activation(x @ W + b)`` with the variables ``W<name>`` of shape (features, units) and ``b<name>`` (units,).

    ``x`` is ``(N, features)``, or ``(features,)`` for one example. The activation ``"maxout"`` takes the largest of
    ``pieces`` linear functions for each unit, so W and b have ``units*pieces`` columns.
    Raises ShapeError for a scalar, which has no features.

    >>> from symdiff import symbol
    >>> dense(symbol("X", ("N", 4)), 3, "1", "tanh")
    tanh(X @ W1 + b1)
    """
    act = activation_named(activation)
    node = as_node(x)
    if not node.shape:
        raise ShapeError("dense takes an array whose last axis is the features, not a number")
    columns = multiply_sizes(units, pieces) if activation in ("maxout", maxout) else units
    sums = node @ symbol(f"W{name}", (node.shape[-1], columns)) + symbol(f"b{name}", columns)
    return maxout(sums, pieces) if columns != units else act(sums)


def network(x: Node, output: Node, activation: Activation = "identity") -> Net:
    """A hand-built graph as a Net: every variable but ``x`` is a parameter.

    Vectors and scalars start at zero, matrices as the layers of such an ``activation`` do.

    >>> from symdiff import symbol
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
    for layer, units in enumerate(sizes[1:], 1):
        kind = output if layer == len(sizes) - 1 else activation
        starts[f"W{layer}"] = _start(kind, sizes[layer - 1], units)
        starts[f"b{layer}"] = Start("zeros")
        node = dense(node, units, str(layer), kind, pieces)
    by_name = {var.name: var for var in variables(node)}
    return Net(start, node, {name: by_name[name] for name in starts}, starts)


def dag(
    edges: Any, activation: Activation | Mapping[Hashable, Activation] = "tanh", output: Activation = "identity", *,
    x: str = "X", batch: Size = "N",
) -> Net:  # fmt: skip
    """A network on any acyclic graph of units: ``v_i = sigma_i(w_i . v_Pa(i) + b_i)``.

    ``edges``: for each node its parents, or a networkx DiGraph with edges from parent to child. Nodes without
    parents are the inputs, columns of ``x`` in the order of ``edges``; nodes without children are the outputs, columns
    of the result, and have the activation ``output``. A mapping from node to activation overrides both.
    Parameters ``w_<node>``, one weight for each parent in order, and ``b_<node>``, a scalar.
    Raises SymdiffError for a cycle and where nothing is connected.

    >>> net = dag({"h": ["p", "q"], "out": ["p", "h"]})
    >>> list(net.params), net.x.shape, net.output.shape
    (['w_h', 'b_h', 'w_out', 'b_out'], ('N', 2), ('N', 1))
    """
    parents = _parents(edges)
    children = {**dict.fromkeys(parents, 0), **Counter(parent for own in parents.values() for parent in own)}
    inputs = [node for node in children if not parents.get(node)]
    start = symbol(x, (batch, len(inputs)))
    columns = {node: start[:, index : index + 1] for index, node in enumerate(inputs)}
    chosen = activation if isinstance(activation, Mapping) else {}
    inner: Activation = "tanh" if isinstance(activation, Mapping) else activation
    params, starts = dict[str, Node](), dict[str, Start]()
    for node in _parents_first(parents):
        if node not in columns:
            kind = chosen.get(node, inner if children[node] else output)
            name = _free_name(node, params)
            w, b = symbol(f"w_{name}", len(parents[node])), symbol(f"b_{name}")
            params |= {w.name: w, b.name: b}
            starts |= {w.name: _start(kind, len(parents[node]), children[node] or 1), b.name: Start("zeros")}
            operands = concatenate([columns[parent] for parent in parents[node]], axis=1)
            columns[node] = activation_named(kind)(operands @ w + b)[:, None]
    outputs = [columns[node] for node in children if not children[node] and parents.get(node)]
    if not outputs:
        raise SymdiffError("a network needs at least one node with parents")
    return Net(start, concatenate(outputs, axis=1), params, starts)


def _parents(edges: Any) -> dict[Hashable, list[Hashable]]:
    """Node to parents, from a mapping or a networkx DiGraph."""
    if hasattr(edges, "predecessors"):
        return {node: list(edges.predecessors(node)) for node in edges}
    if not isinstance(edges, Mapping):
        raise SymdiffError(f"a graph is a mapping from node to parents or a DiGraph, not {type(edges).__name__}")
    return {node: list(own) for node, own in edges.items()}


def _parents_first(parents: Mapping[Hashable, Sequence[Hashable]]) -> list[Hashable]:
    try:
        return list(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise SymdiffError(f"the graph has a cycle: {' -> '.join(map(str, error.args[1]))}") from None


def _free_name(node: Hashable, taken: Mapping[str, Node]) -> str:
    """The node's own name where it is an identifier, else with underscores; numbered where it clashes."""
    plain = "".join(character if character.isalnum() else "_" for character in str(node))
    name, count = plain, 2
    while f"w_{name}" in taken:
        name, count = f"{plain}_{count}", count + 1
    return name
