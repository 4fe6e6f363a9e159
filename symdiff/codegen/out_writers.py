"""Functions that emitted modules hold so that results go straight into the arrays given as ``out``."""

from __future__ import annotations

from collections.abc import Sequence

#: What is said of ``out`` in the docstring of a module.
NOTE = "out: a list of arrays that the results are written into, in their order; without it results are new arrays."

_SPAN = '''def _span(array):
    """Where the bytes of an array start and end."""
    start = array.__array_interface__["data"][0]
    far = [(size - 1) * stride for size, stride in zip(array.shape, array.strides)] if array.size else [0]
    return start + sum(min(step, 0) for step in far), start + sum(max(step, 0) for step in far) + array.itemsize'''
_OVERLAPPING = '''def _overlapping(arrays):
    """The places of arrays that share bytes with another."""
    found, reach, holder = set(), 0, -1
    for start, stop, place in sorted((*_span(array), place) for place, array in enumerate(arrays)):
        if start < reach:
            found |= {place, holder}
        if stop > reach:
            reach, holder = stop, place
    return found'''
_RESULTS = '''def _results(out, arguments, wanted):
    """An array for each result: a new one where that of ``out`` has other bytes in it, or another type or layout."""
    if out is None:
        return [np.empty(shape, kind) for shape, kind in wanted]
    for array, (shape, _) in zip(out, wanted, strict=True):
        if array.shape != shape:
            raise ValueError(f"the result has shape {shape}; out is an array of that shape, not one of {array.shape}")
    shared = _overlapping([*out, *(array for array in arguments if isinstance(array, np.ndarray))])
    return [
        array
        if array.dtype == kind and array.flags.c_contiguous and array.flags.writeable and place not in shared
        else np.empty(shape, kind)
        for place, (array, (shape, kind)) in enumerate(zip(out, wanted))
    ]'''
_WRITTEN = '''def _written(out, results):
    """``out``, with the results in it that were computed elsewhere."""
    for array, result in zip(out, results, strict=True):
        if array is not result:
            if array.shape != np.shape(result):
                shape = np.shape(result)
                raise ValueError(f"the result has shape {shape}; out is an array of that shape, not {array.shape}")
            np.copyto(array, result, casting="same_kind")
    return out'''
HELPERS = {"_span": _SPAN, "_overlapping": _OVERLAPPING, "_results": _RESULTS, "_written": _WRITTEN}


def join_tuple(names: Sequence[str]) -> str:
    """A tuple of names as it is unpacked or indexed with, without parentheses."""
    return ", ".join(names) + "," * (len(names) == 1) if names else "()"


def select_helpers(body: str) -> list[str]:
    """The functions that the body calls, with those that they call."""
    return list(HELPERS.values()) if "_results(" in body else [_WRITTEN] if "_written(" in body else []
