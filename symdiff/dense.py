"""Dense Hessians within a limit of memory: multiplied out in blocks, or else column by column as products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .compiler import compile
from .costs import Plan, plan
from .differentiate import hvp, sources_of
from .errors import LimitError, SymdiffError
from .expr import Node, as_node, symbol
from .hessians import Sizes, flatten, hessian, unflatten
from .simplifier import simplify
from .walk import variables


class DenseHessian:
    """A function of ``inputs`` that returns the Hessian of ``f`` as one matrix, in the order of :func:`flatten`.

    ``max_memory``: bytes for intermediate values, for the ``sizes`` given (letters without a size count as assumed).
    Where the blocks need more, ``mode`` is ``"products"`` in place of ``"blocks"``: each column is one Hessian-vector
    product. ``plan`` says what was chosen and what it costs. Raises LimitError where not even one product fits.

    >>> import symdiff as sd
    >>> x = sd.symbol("x", shape="n")
    >>> function = DenseHessian(sd.sum(x**3), x, [x], max_memory=1000, sizes={"n": 2})
    >>> function.mode, function([1.0, 2.0]).tolist()
    ('blocks', [[6.0, 0.0], [0.0, 12.0]])
    """

    def __init__(
        self, f: Any, wrt: Any, inputs: Sequence[Node], *, max_memory: int | None = None, sizes: Sizes | None = None
    ) -> None:
        self.sources, self.inputs = sources_of(wrt), list(inputs)
        missing = [source.name for source in self.sources if source not in self.inputs]
        if missing:
            raise SymdiffError(f"the inputs need {missing[0]}, by which the Hessian is taken")
        matrix = simplify(hessian(f, self.sources, form="dense", sizes=sizes), sizes=sizes)
        self.mode, self.plan = "blocks", plan(matrix, sizes)
        if max_memory is None or self.plan.peak_bytes <= max_memory:
            self.compiled = compile(matrix, self.inputs)
            return
        self.mode = "products"
        self.vectors = [symbol(_free(f"v_{source.name}", self.inputs), source.shape) for source in self.sources]
        products = simplify(list(hvp(simplify(as_node(f)), self.sources, self.vectors)), sizes=sizes)
        self.plan = plan(products, sizes)
        if self.plan.peak_bytes > max_memory:
            least = self.plan.peak_bytes
            raise LimitError(f"one Hessian-vector product needs {least:,} bytes and the limit is {max_memory:,}")
        self.compiled = compile(products, [*self.inputs, *self.vectors])

    def __call__(self, *arrays: Any) -> Any:
        """The matrix at these values of the inputs."""
        if self.mode == "blocks":
            return self.compiled(*arrays)
        import numpy as np

        shapes = [np.shape(arrays[self.inputs.index(source)]) for source in self.sources]
        size = sum(int(np.prod(shape)) for shape in shapes)
        unit, columns = np.zeros(size), []
        for place in range(size):
            unit[place] = 1.0
            columns.append(flatten(self.compiled(*arrays, *unflatten(unit, shapes))))
            unit[place] = 0.0
        return np.stack(columns, axis=1) if columns else np.zeros((0, 0))

    def __repr__(self) -> str:
        return f"<dense Hessian by {self.mode}, {_megabytes(self.plan)} of intermediate values>"


def _megabytes(found: Plan) -> str:
    return f"{found.peak_bytes / 1e6:.1f} MB"


def _free(name: str, taken: Sequence[Node]) -> str:
    names = {var.name for var in variables(list(taken))}
    while name in names:
        name += "_"
    return name
