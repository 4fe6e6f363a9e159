"""What a curve fit is given, checked: data, observations, starts, standard deviations and bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..graph.errors import DomainError, ShapeError, SymdiffError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_columns(data: Mapping[str, Any], known: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The arrays of the known variables, all of one length or scalars."""
    for name in known:
        if name not in data:
            raise SymdiffError(f"{name} has neither data nor a start: give one, as in start={{{name!r}: 1.0}}")
    for name in data:
        if name not in known:
            raise SymdiffError(f"{name} is no variable of the model to give data for; those are {', '.join(known)}")
    columns = {name: _numbers(name, data[name]) for name in known}
    check_lengths(columns, 0)
    return columns


def _numbers(name: str, value: Any) -> NDArray[Any]:
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.ndim > 1:
        raise SymdiffError(f"{name} is a list of real numbers, not {array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        raise DomainError(f"{name} holds a number that is not finite; leave such points out")
    return array.astype(float)


def read_observations(y: Any) -> NDArray[Any]:
    array = _numbers("y", y)
    if not array.ndim:
        raise ShapeError("y is a list of observations, not one number")
    return array


def read_start(name: str, value: Any) -> float:
    array = _numbers(f"the start of {name}", value)
    if array.ndim:
        raise ShapeError(f"the start of {name} is one number, not {array.size}")
    return float(array)


def check_lengths(columns: Mapping[str, NDArray[Any]], params: int) -> None:
    """Raise unless all arrays have one length, which is larger than the number of parameters."""
    lengths = {name: column.size for name, column in columns.items() if column.ndim}
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ShapeError(f"the data are as many numbers for each name, but {each}")
    if params and max(lengths.values(), default=1) <= params:
        raise SymdiffError(f"to fit {params} parameters takes more than {params} observations")


def read_weights(sigma: Any, observed: NDArray[Any]) -> NDArray[Any]:
    """The factor of each residual."""
    import numpy as np

    spread = _numbers("sigma", 1.0 if sigma is None else sigma)
    if spread.ndim and spread.size != observed.size:
        raise ShapeError(f"sigma is one number or as many as y, {observed.size}, not {spread.size}")
    if not (spread > 0).all():
        raise DomainError("sigma is above 0: a standard deviation for each observation")
    return np.broadcast_to(1 / spread, observed.size)


def read_bounds(bounds: Mapping[str, tuple[float, float]], start: Mapping[str, float]) -> Any:
    """The lower and upper limits of the parameters; a start outside is an error."""
    import numpy as np

    for name, pair in bounds.items():
        if name not in start:
            raise SymdiffError(f"{name} has bounds but no start; the parameters are {', '.join(start)}")
        if np.shape(pair) != (2,) or not pair[0] < pair[1] or not pair[0] <= start[name] <= pair[1]:
            raise SymdiffError(f"the bounds of {name} are (lower, upper) around its start {start[name]}, not {pair}")
    return np.array([bounds.get(name, (-np.inf, np.inf)) for name in start], float).T
