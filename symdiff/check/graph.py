"""Graphs verified: what the constructors guarantee is checked again, node by node."""

from __future__ import annotations

from typing import Any

from ..graph.errors import CheckError
from ..graph.leaves import VAR, interned
from ..graph.node import OPS, Node
from ..graph.traversal import leaves


def check_graph(*roots: Any) -> None:
    """Verify arity, arguments, shapes, interning and acyclicity of every node; raises CheckError.

    ``roots``: nodes or nested structures of them.

    >>> import symdiff as sd
    >>> check_graph(sd.sin(sd.symbol("x")) + 1)
    """
    for node in _acyclic(leaves(list(roots))):
        op = node.op
        if OPS.get(op.name) is not op:
            raise CheckError(f"a node's operation {op.name} is not among the declared operations")
        if len(node.args) != op.arity and (op.partials is not None or not op.arity):
            raise CheckError(f"{op.name} takes {op.arity} arguments, and a node of it has {len(node.args)}")
        _check_shape(node)
        if not interned(node):
            raise CheckError(f"a node of {op.name} is not the one in the table of nodes")


def _acyclic(roots: list[Node]) -> list[Node]:
    """Every node, arguments first; raises where a node is its own ancestor or an argument is no node."""
    done: set[Node] = set()
    ancestors: set[Node] = set()
    order: list[Node] = []
    stack = list(roots)
    while stack:
        node = stack[-1]
        if node in done or node in ancestors:
            if stack.pop() not in done:
                ancestors.discard(node)
                done.add(node)
                order.append(node)
            continue
        ancestors.add(node)
        for arg in node.args:
            if not isinstance(arg, Node):
                raise CheckError(f"an argument of {node.op.name} is {type(arg).__name__}, not a node")
            if arg in ancestors:
                raise CheckError(f"the graph has a cycle through {node.op.name}")
        stack.extend(node.args)
    return order


def _check_shape(node: Node) -> None:
    """Elementwise arguments have the node's shape; other operations are built again."""
    op = node.op
    if not op.arity:
        expected = () if op is not VAR else node.shape
    elif op.partials is not None:
        expected = next((arg.shape for arg in node.args if arg.shape != node.shape), node.shape)
    else:
        expected = op(*node.args, *node.attrs).shape
    if expected != node.shape:
        raise CheckError(f"a node of {op.name} has shape {node.shape}, and its arguments say {expected}")
