"""Arrays for a loss: checked, of one floating-point type, and cut into minibatches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...graph.errors import ShapeError, SymdiffError
from ...graph.node import Node
from ...graph.traversal import topological, variables
from ...ops.tensor import integer_variables

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]


def parameters(loss: Node, params: Mapping[str, Any]) -> tuple[list[Node], Arrays]:
    """The variables of the parameters in the order given, and copies of their arrays.

    Integers become float64; float32 stays. Raises SymdiffError for a name that is no variable of the loss.
    """
    import numpy as np

    known = {var.name: var for var in variables(loss)}
    for name in params:
        if name not in known:
            raise SymdiffError(f"{name} is no variable of the loss; it has {', '.join(known)}")
    arrays = {name: np.array(value) for name, value in params.items()}
    arrays = {name: a if a.dtype.kind == "f" else _real(name, a).astype(float) for name, a in arrays.items()}
    return [known[name] for name in params], arrays


def collect(loss: Node, params: Arrays, data: Mapping[str, Any]) -> Arrays:
    """An array for every variable of the loss that is no parameter.

    Arrays take the common type of the parameters (float32 parameters train in float32); what the loss uses as an index
    stays an integer. Raises SymdiffError for a variable without array and for a name that the loss does not have.
    """
    import numpy as np

    wanted = [var.name for var in variables(loss) if var.name not in params]
    for name in wanted:
        if name not in data:
            raise SymdiffError(f"the loss needs data for {name}; give it, as in data={{{name!r}: ...}}")
    for name in data:
        if name not in wanted:
            raise SymdiffError(f"{name} is no data of the loss; it needs {', '.join(wanted) or 'none'}")
    dtype, indices = np.result_type(*params.values()), {var.name for var in integer_variables(topological(loss))}
    arrays = {name: np.asarray(value) for name, value in data.items()}
    return {name: a if name in indices else _real(name, a).astype(dtype, "C", copy=False) for name, a in arrays.items()}


def _real(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "fiub":
        raise SymdiffError(f"{name} is an array of real numbers, not of {array.dtype}")
    return array


class Batches:
    """Minibatches: which arrays are cut along their first axis, and into how many rows at a time.

    ``axis``: the symbolic first size of the arrays to cut; unless given, that of the first array that has one. The last
    batch of an epoch may be smaller.
    """

    def __init__(self, loss: Node, arrays: Arrays, size: int | None, axis: str | None) -> None:
        shapes = {var.name: var.shape for var in variables(loss)}
        first = [(name, str(shapes[name][0])) for name in arrays if shapes[name] and isinstance(shapes[name][0], str)]
        axis = axis if axis is not None else first[0][1] if first else ""
        self.cut = [name for name, own in first if own == axis]
        self.arrays, self.rows = arrays, 1
        if size is not None and (size < 1 or not self.cut):
            raise SymdiffError("batch_size is at least 1 and needs data whose first size is the batch letter")
        if self.cut:
            self.rows = _rows(arrays, self.cut, axis)
        self.size = self.rows if size is None else min(size, self.rows)
        self.per_epoch = -(-self.rows // self.size)
        #: Whether an epoch is one step on all rows, in their own order.
        self.whole = self.size == self.rows

    def at(self, rows: NDArray[Any] | None) -> Arrays:
        """The arrays with those rows of the cut ones; all rows for None."""
        if rows is None:
            return self.arrays
        return self.arrays | {name: self.arrays[name][rows] for name in self.cut}


def _rows(arrays: Arrays, names: list[str], axis: str) -> int:
    """How many rows the cut arrays have; raises ShapeError where they differ or where there are none."""
    counts = {name: len(arrays[name]) if arrays[name].ndim else 0 for name in names}
    if len(set(counts.values())) > 1:
        each = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ShapeError(f"the arrays cut along {axis} have the same number of rows, but {each}")
    if not counts[names[0]]:
        raise ShapeError(f"there is nothing to train on: {names[0]} has no rows")
    return counts[names[0]]
