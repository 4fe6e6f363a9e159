"""Calls of a function of numbers at points: arguments are numbers or arrays, which broadcast together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...graph.errors import ShapeError
from ...graph.shapes import show_shape
from .base import KINDS, Native, as_real, known_type
from .build import library


class Points(Native):
    """A function of numbers, computed at points: arguments are numbers or arrays, which broadcast together."""

    def start(self) -> None:
        self.calls: dict[Any, Callable[..., None]] = {}
        self.call_of("float64")

    def call_of(self, kind: str) -> Callable[..., None]:
        """The compiled loop for that type."""
        import ctypes

        call = getattr(
            library(self.source, [f"-DREAL={KINDS[known_type(kind)]}", *self.flags]), f"{self.form.name}_points"
        )
        call.argtypes, call.restype = [ctypes.c_size_t] + [ctypes.c_void_p] * 3, None
        return self.calls.setdefault(kind, call)

    def __call__(self, *values: Any, out: Any = None) -> Any:
        import numpy as np

        self.counted(values)
        arrays = [as_real(value) for value in values]
        dtype = np.result_type(*arrays) if arrays else np.dtype(float)
        try:
            shape = np.broadcast_shapes(*(array.shape for array in arrays))
        except ValueError:
            listed = ", ".join(show_shape(array.shape) for array in arrays)
            raise ShapeError(f"the shapes {listed} of the arguments do not broadcast together") from None
        targets = None if out is None else self.targets(out, [shape] * len(self.results), dtype)
        made = [np.empty(shape, dtype) for _ in self.results] if targets is None else targets
        call = self.calls.get(dtype.name) or self.call_of(dtype.name)
        self.run(call, [_flat(array, shape, dtype) for array in arrays], made)
        return self.nested(made, out, targets)

    def run(self, call: Callable[..., None], arrays: Sequence[Any], made: Sequence[Any]) -> None:
        import numpy as np

        count = made[0].size if made else 0
        if count:
            starts = np.array([array.ctypes.data for array in arrays], np.uintp)
            steps = np.array([array.strides[0] // array.itemsize for array in arrays], np.intp)
            ends = np.array([array.ctypes.data for array in made], np.uintp)
            call(count, starts.ctypes.data, steps.ctypes.data, ends.ctypes.data)


def _flat(array: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The array at every point, in one axis with a fixed step."""
    import numpy as np

    flat = np.broadcast_to(array if array.dtype == dtype else array.astype(dtype), shape).reshape(-1)
    whole = flat.flags.aligned and flat.strides[0] % flat.itemsize == 0
    return flat if whole else flat.copy()
