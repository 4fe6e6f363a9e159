"""Numbers of a candidate against exact ones, at several points at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Two numbers agree to this part of the larger; what cancellation leaves of larger ones, to this part of those.
TOLERANCE, CANCELLED = 1e-6, 1e-6


def gaps(got: Any, expected: Any, size: Any = None) -> Any:
    """The differences, as parts of what they may be; a number that is not finite differs from one that is.

    The first axis is of points; ``size``: how large the numbers are that may have cancelled, at each point.
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
    """The largest number of all parts at each point."""
    import numpy as np

    return np.max([np.abs(part).reshape(len(part), -1).max(1, initial=0) for part in parts], axis=0)


def agree(got: Any, expected: Any, size: Any = None) -> bool:
    """Whether they are the same numbers at every point."""
    return bool((gaps(got, expected, size) <= 1).all())


def worst(got: Any, expected: Any) -> tuple[int, ...]:
    """The place of the largest difference, the point first."""
    import numpy as np

    found = gaps(got, expected)
    return tuple(int(place) for place in np.unravel_index(int(np.argmax(found)), found.shape))


def ratio(got: Any, expected: Any) -> float | None:
    """The number that all of ``got/expected`` are, if there is one."""
    import numpy as np

    with np.errstate(all="ignore"):
        found = (got / expected)[np.abs(expected) > 1e-12 * np.max(np.abs(expected), initial=0)]
    if not found.size or not np.isfinite(found).all():
        return None
    middle = float(np.median(found))
    return middle if agree(got, middle * expected) else None
