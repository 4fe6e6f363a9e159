"""Hessians that are never multiplied out: low rank plus diagonal operators, and other products of factors.

A Hessian such as ``diag(p) - outer(p, p)`` or ``X.T @ diag(q) @ X`` is kept as its factors; a product with a vector
contracts the vector with them (:mod:`symdiff.jacobians.factored`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ..compiler.compiled import Compiled
from ..compiler.functions import compile
from ..differentiate.passes import grad, sources_of
from ..graph.errors import SymdiffError
from ..graph.leaves import CONST, as_node
from ..graph.node import Node
from ..graph.shapes import Size
from ..search.levels import simplify_guarded
from .blocks.reverse import derivative
from .blocks.terms import Term
from .factored import Product, operator
from .hessians import Sizes


class Structured:
    """The Hessian of a scalar as products of factors; ``compile`` gives a function that returns an operator.

    ``factors``: the arrays that are computed, as nodes. Raises what :func:`symdiff.hessian` raises.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> hessian = Structured(sd.logsumexp(x), x)
    >>> hessian.factors
    [softmax(x)]
    >>> operator = hessian.compile([x])([0.0, 0.0])
    >>> operator.todense().tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """

    def __init__(self, f: Any, wrt: Any, *, sizes: Sizes | None = None) -> None:
        self.sources = sources_of(wrt)
        self.products: list[Product] = []
        indices: dict[Node, int] = {}
        gradient = simplify_guarded(grad(simplify_guarded(as_node(f), sizes=sizes), self.sources), sizes=sizes)
        for row, part in enumerate(gradient):
            rows = derivative(part, self.sources[row:], sizes)
            for column, source in enumerate(self.sources[row:], row):
                for term in rows.terms.get(source, ()):
                    self.products.append(_product(row, column, term, rows.counts, indices))
        self.factors: list[Node] = simplify_guarded(list(indices), sizes=sizes)

    def compile(self, inputs: Sequence[Node]) -> Function:
        """The function of the inputs that computes the factors and returns a :class:`HessianOperator`."""
        return Function(self, compile([*self.factors, *self.sources], list(inputs)))


class Function:
    """A compiled structured Hessian; ``source`` is the code of its factors."""

    def __init__(self, hessian: Structured, factors: Compiled) -> None:
        self.hessian, self.factors, self.source = hessian, factors, factors.source

    def __call__(self, *arrays: Any) -> Any:
        import numpy as np

        values = [np.asarray(value) for value in self.factors(*arrays)]
        count = len(self.hessian.factors)
        shapes = [value.shape for value in values[count:]]
        sizes: dict[str, int] = {}
        for source, shape in zip(self.hessian.sources, shapes, strict=True):
            sizes |= {name: size for name, size in zip(source.shape, shape, strict=True) if isinstance(name, str)}
        return operator(self.hessian.products, values[:count], shapes, sizes)


def _product(row: int, column: int, term: Term, counts: Mapping[Any, Size], indices: dict[Node, int]) -> Product:
    """The term with its arrays by index; ``indices`` gets those that are new."""
    if not all(isinstance(axis.start, int) for axis in (*term.out, *term.inner)):
        raise SymdiffError("a slice that starts at a size that is a letter has no structured form; use sparse=True")
    scale = float(prod(factor.node.value for factor in term.factors if factor.node.op is CONST))
    factors = [factor for factor in term.factors if factor.node.op is not CONST]
    arrays = tuple(indices.setdefault(factor.node, len(indices)) for factor in factors)
    own = {axis.label: counts[axis.label] for axis in (*term.out, *term.inner)}
    return Product(row, column, scale, arrays, tuple(factor.labels for factor in factors), term.out, term.inner, own)
