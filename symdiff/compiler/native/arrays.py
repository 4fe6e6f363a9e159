"""Calls of a function of arrays, each of the shape that it was declared with."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from ...graph.errors import ShapeError, SymdiffError
from ...graph.shapes import show_shape, size_value, symbolic_sizes
from ...graph.traversal import unflatten_like
from .base import KINDS, Native, Result, as_real, known_type
from .build import library


class Arrays(Native):
    """A function of arrays; each type and each set of sizes has its own machine code, made at its first call."""

    def start(self) -> None:
        self.calls: dict[Any, Call] = {}
        self.last: Call | None = None
        if not self.form.letters:
            self.call_of((), "float64")

    def __call__(self, *arrays: Any, out: Any = None) -> Any:
        arguments = self.last.arguments(arrays) if self.last is not None and out is None else None
        if arguments is None:
            return self.first(arrays, out)
        values = self.last.run(arguments)  # type: ignore[union-attr]
        return values[0] if type(self.form.results) is Result else unflatten_like(self.form.results, values)

    def first(self, arrays: Sequence[Any], out: Any) -> Any:
        """A call with arrays of a new kind, or that have to be converted, or with ``out``."""
        import numpy as np

        self.counted(arrays)
        given = [np.asarray(array) for array in arrays]
        sizes = self.sizes(given)
        dtype = self.dtype(given)
        call = self.last = self.call_of(tuple(sizes.items()), dtype.name)
        ready = [np.ascontiguousarray(as_real(array), dtype) if array.shape else array for array in given]
        self.writeable(arrays, dtype)
        shapes = [tuple(size_value(size, sizes) for size in result.shape) for result in self.results]
        targets = None if out is None else self.targets(out, shapes, dtype)
        arguments = call.arguments(ready)
        assert arguments is not None
        values = call.run(arguments, targets)
        for array, copy, updated in zip(arrays, ready, self.form.updated, strict=True):
            if updated and copy is not array:
                array[...] = copy
        return unflatten_like(self.form.results, values) if targets is None else out

    def dtype(self, arrays: Sequence[Any]) -> Any:
        """The type that NumPy gives to all arrays together; numbers take it."""
        import numpy as np

        floats = [as_real(array) for array in arrays if array.shape]
        return np.result_type(*floats) if floats else np.dtype(float)

    def writeable(self, arrays: Sequence[Any], dtype: Any) -> None:
        import numpy as np

        for array, updated, name in zip(arrays, self.form.updated, self.form.shown, strict=True):
            if updated and not (isinstance(array, np.ndarray) and array.flags.writeable and array.dtype == dtype):
                raise SymdiffError(f"{name} is updated in place: it is a writeable array of {dtype}, like the others")

    def sizes(self, arrays: Sequence[Any]) -> dict[str, int]:
        """The letters' values; raises ShapeError where an array does not fit."""
        found: dict[str, int] = {}
        for array, shape, name in zip(arrays, self.form.shapes, self.form.shown, strict=True):
            for letter, size in zip(shape, array.shape, strict=False):
                found.setdefault(str(letter), letter if isinstance(letter, int) else size)
            if tuple(found.get(str(letter)) for letter in shape) != array.shape:
                known = ", ".join(f"{k} is {found[k]}" for k in symbolic_sizes(shape) if k in found)
                text = f"{name} has shape {array.shape}, not {show_shape(shape)}"
                raise ShapeError(text + (f", where {known}" if known else ""))
        return {letter: found[letter] for letter in self.form.letters}

    def call_of(self, sizes: tuple[tuple[str, int], ...], kind: str) -> Call:
        """The machine code for these sizes and that type."""
        key = sizes, kind
        if key not in self.calls:
            self.calls[key] = Call(self, dict(sizes), kind)
        return self.calls[key]


class Call:
    """The function for one type and one set of sizes. A workspace is kept for as many calls as run at one time."""

    def __init__(self, owner: Arrays, sizes: Mapping[str, int], kind: str) -> None:
        import ctypes

        import numpy as np

        form, self.results, self.dtype = owner.form, owner.results, np.dtype(known_type(kind))
        macros = [f"-D{form.letters[letter]}={size}" for letter, size in sizes.items()]
        code = getattr(library(owner.source, [f"-DREAL={KINDS[kind]}", *macros, *owner.flags], True), form.name)
        real = ctypes.c_double if kind == "float64" else ctypes.c_float
        self.shapes = [tuple(size_value(size, sizes) for size in shape) for shape in form.shapes]
        self.updated = form.updated
        self.pointed = [bool(s) or u for s, u in zip(self.shapes, form.updated, strict=True)]
        self.known: list[tuple[Any, int]] = [(_nothing, 0)] * len(self.shapes)
        self.made = [tuple(size_value(size, sizes) for size in result.shape) for result in self.results]
        self.work = size_value(form.work, sizes)
        pointers = [ctypes.c_void_p if pointed else real for pointed in self.pointed]
        code.argtypes = pointers + [ctypes.c_void_p] * (len(self.made) + bool(form.work))
        code.restype = None
        self.code, self.spare = code, list[tuple[Any, int]]()

    def arguments(self, arrays: Sequence[Any]) -> list[Any] | None:
        """Numbers and addresses, or nothing where an array has to be converted.

        The address of an array is remembered as long as that array lives.
        """
        if len(arrays) != len(self.shapes):
            return None
        found: list[Any] = []
        for place, array in enumerate(arrays):
            if not self.pointed[place]:
                if getattr(array, "shape", ()):
                    return None
                found.append(float(array))
                continue
            seen, address = self.known[place]
            if seen() is not array or array.shape != self.shapes[place]:
                if not self.plain(array, place):
                    return None
                address = array.ctypes.data
                self.known[place] = weakref.ref(array), address
            if self.updated[place] and not array.flags.writeable:
                return None
            found.append(address)
        return found

    def plain(self, array: Any, place: int) -> bool:
        """Whether the function can read the array where it is."""
        import numpy as np

        fits = type(array) is np.ndarray and array.shape == self.shapes[place] and array.dtype == self.dtype
        return fits and array.flags.c_contiguous and array.flags.aligned

    def run(self, arguments: list[Any], targets: Sequence[Any] | None = None) -> list[Any]:
        """The results: new arrays, and numbers, which the workspace holds until they are read."""
        import numpy as np

        room, start = self.spare.pop() if self.spare else self.room()
        values: list[Any] = []
        for place, shape in enumerate(self.made):
            target = targets[place] if targets else np.empty(shape, self.dtype) if shape else None
            values.append(target)
            offset = start + (self.work + place) * self.dtype.itemsize
            arguments.append(offset if target is None else target.ctypes.data)
        if self.work:
            arguments.append(start)
        self.code(*arguments)
        for place, result in enumerate(self.results):
            value = room[self.work + place] if values[place] is None else values[place]
            values[place] = value.astype(bool) if result.truth else value
        self.spare.append((room, start))
        return values

    def room(self) -> tuple[Any, int]:
        """A new workspace, with a place for each result that is a number, and its address."""
        import numpy as np

        room = np.empty(self.work + len(self.made), self.dtype)
        return room, room.ctypes.data


def _nothing() -> None:
    return None
