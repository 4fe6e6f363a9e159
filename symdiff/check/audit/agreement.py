"""Values of a candidate against exact ones, at several points at once: the first axis of every array is the point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Relative difference of two values that agree; and what cancellation leaves of larger values, relative to those.
TOLERANCE, CANCELLED = 1e-6, 1e-6


def relative_gaps(got: Any, expected: Any, size: Any = None) -> Any:
    """The differences in units of the tolerance; infinite where only one of the two is finite.

    ``size``: how large the values are that may have cancelled, at each point.
    """
    import numpy as np

    inner = tuple(range(1, np.ndim(expected)))
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(expected), inner, keepdims=True, initial=0) if inner else np.zeros_like(expected)
        if size is not None:
            largest = np.maximum(largest, np.reshape(size, (-1, *(1 for _ in inner))))
        gap = np.abs(got - expected) / (TOLERANCE * np.maximum(np.abs(expected), CANCELLED * largest) + 1e-300)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    return np.where(same, 0.0, np.where(np.isfinite(gap), gap, np.inf))


def largest(parts: Sequence[Any]) -> Any:
    """The largest absolute value of all parts at each point."""
    import numpy as np

    return np.max([np.abs(part).reshape(len(part), -1).max(1, initial=0) for part in parts], axis=0)


def agree(got: Any, expected: Any, size: Any = None) -> bool:
    """Whether they have the same values at every point."""
    return bool((relative_gaps(got, expected, size) <= 1).all())


def worst(got: Any, expected: Any) -> tuple[int, ...]:
    """The index of the largest difference."""
    import numpy as np

    gaps = relative_gaps(got, expected)
    return tuple(map(int, np.unravel_index(int(np.argmax(gaps)), gaps.shape)))


def ratio(got: Any, expected: Any) -> float | None:
    """The constant ``got/expected``, if it is one."""
    import numpy as np

    with np.errstate(all="ignore"):
        quotients = (got / expected)[np.abs(expected) > 1e-12 * np.max(np.abs(expected), initial=0)]
    if not quotients.size or not np.isfinite(quotients).all():
        return None
    middle = float(np.median(quotients))
    return middle if agree(got, middle * expected) else None
