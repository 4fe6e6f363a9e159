"""Learning rates as functions of the step, which counts from 0; every function here returns one."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...graph.errors import SymdiffError

Schedule = Callable[[int], float]


def _positive(**counts: float) -> None:
    for name, count in counts.items():
        if not count > 0:
            raise SymdiffError(f"{name} is a number of steps above 0, not {count}")


def constant(lr: float) -> Schedule:
    """``lr`` at every step.

    >>> constant(0.1)(1000)
    0.1
    """
    return lambda step: lr


def step_decay(lr: float, every: int, factor: float = 0.5) -> Schedule:
    """``lr*factor**(step // every)``: a staircase.

    >>> rate = step_decay(1.0, every=10)
    >>> rate(9), rate(10), rate(25)
    (1.0, 0.5, 0.25)
    """
    _positive(every=every)
    return lambda step: lr * factor ** (step // every)


def exponential(lr: float, factor: float, every: float = 1) -> Schedule:
    """``lr*factor**(step/every)``: smooth.

    >>> exponential(1.0, 0.5, every=10)(20)
    0.25
    """
    _positive(every=every)
    return lambda step: float(lr * factor ** (step / every))


def cosine(lr: float, steps: int, floor: float = 0.0) -> Schedule:
    """Half a cosine wave from ``lr`` at step 0 to ``floor`` at ``steps`` and after.

    Loshchilov and Hutter, SGDR, ICLR 2017, eq. 5, without restarts.

    >>> rate = cosine(1.0, steps=10)
    >>> rate(0), rate(10), rate(99)
    (1.0, 0.0, 0.0)
    """
    _positive(steps=steps)
    return lambda step: floor + (lr - floor) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2


def cyclic(low: float, high: float, half: int) -> Schedule:
    """A triangular wave: up from ``low`` to ``high`` in ``half`` steps, down in as many, again and again.

    Smith, Cyclical learning rates for training neural networks, WACV 2017.

    >>> rate = cyclic(0.0, 1.0, half=4)
    >>> [rate(step) for step in (0, 2, 4, 6, 8)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    _positive(half=half)
    return lambda step: low + (high - low) * (1 - abs(step % (2 * half) / half - 1))
