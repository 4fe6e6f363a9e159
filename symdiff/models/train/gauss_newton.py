"""The generalised Gauss-Newton matrix ``J.T @ H @ J``: J by the parameters, H the Hessian of the loss by the output.

Schraudolph, Fast curvature matrix-vector products for second-order gradient descent, Neural Computation 14 (2002);
Martens, New insights and perspectives on the natural gradient method, JMLR 21 (2020), section 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...differentiate.passes import hvp, jvp, vjp
from ...graph.errors import SymdiffError
from ...graph.leaves import as_node, symbol
from ...graph.node import Node
from ...graph.traversal import leaves, map_structure, substitute, topological, variables
from ...jacobians.hessians import hessian
from ...ops.sums import sum
from ...search.levels import simplify_guarded

_OUTPUT = "_output"


def gauss_newton(
    loss: Node,
    output: Node,
    params: Mapping[str, Node] | Sequence[Node],
    *,
    form: str = "dense",
    sizes: Mapping[str, int] | None = None,
) -> Any:
    """The Gauss-Newton matrix of a loss of an output, as a node; ``form`` and ``sizes`` as in :func:`symdiff.hessian`.

    ``output`` is a node that the loss is built from, such as ``net.output``. The matrix is positive semidefinite where
    the loss is convex in the output, and equal to the Hessian where the output is linear in the parameters. It is
    derived as the Hessian of ``(J@v) @ H @ (J@v)/2`` by v, so memory stays linear in the number of examples where
    the loss adds over them. Raises SymdiffError where the loss does not contain the output, and where it depends on a
    parameter in another way: leave a penalty out.

    >>> import symdiff as sd
    >>> X, y, w = sd.symbol("X", ("N", 3)), sd.symbol("y", "N"), sd.symbol("w", 3)
    >>> sd.simplify(gauss_newton(sd.sum((X @ w - y) ** 2) / 2, X @ w, [w], form="blocks"))
    ((X.T @ X,),)
    """
    chosen = leaves(params)
    moves = [symbol(f"_v_{var.name}", var.shape) for var in chosen]
    along, curved = _curved(loss, output, chosen, moves)
    matrix = hessian(sum(along * curved) / 2, moves, form=form, sizes=sizes)
    # a quadratic form has the same Hessian everywhere, so v may be anything where the simplifier left it
    zeros = {move: move * 0 for move in moves}
    return simplify_guarded(map_structure(lambda node: substitute(node, zeros), matrix), sizes=sizes)


def gauss_newton_product(
    loss: Node, output: Node, params: Mapping[str, Node] | Sequence[Node], vectors: Sequence[Any]
) -> tuple[Node, ...]:
    """The Gauss-Newton matrix times ``vectors``, one for each parameter, without the matrix: forward, then reverse.

    Raises as :func:`gauss_newton` does.

    >>> import symdiff as sd
    >>> X, y, w, v = sd.symbol("X", ("N", 3)), sd.symbol("y", "N"), sd.symbol("w", 3), sd.symbol("v", 3)
    >>> sd.simplify(gauss_newton_product(sd.sum((X @ w - y) ** 2) / 2, X @ w, [w], [v]))
    (X.T @ (X @ v),)
    """
    chosen = leaves(params)
    _, curved = _curved(loss, output, chosen, vectors)
    return tuple(vjp(output, chosen, curved))


def _curved(loss: Node, output: Node, chosen: list[Node], vectors: Sequence[Any]) -> tuple[Node, Node]:
    """``J @ v`` and ``H @ (J @ v)``."""
    if output not in topological(loss):
        raise SymdiffError("the loss does not contain the output; build the loss from the same node")
    free = symbol(_OUTPUT, output.shape)
    outer = substitute(loss, {output: free})
    for var in chosen:
        if var in variables(outer):
            raise SymdiffError(
                f"the loss depends on {var.name} beside the output; leave penalties out of a Gauss-Newton matrix"
            )
    along = jvp(output, chosen, [as_node(vector) for vector in vectors])
    return along, substitute(hvp(outer, free, along), {free: output})
