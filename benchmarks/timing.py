"""Times of several ways to do one thing, in one process, interleaved: only ratios mean anything."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

Work = Callable[[], Any]


def seconds(work: Work, times: int = 1) -> float:
    """The mean time of a run."""
    gc.collect()
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def ratio(ours: Work, theirs: Work, rounds: int = 5, times: int = 1) -> float:
    """The median of the ratios of neighbouring runs."""
    ours()
    theirs()
    return statistics.median(seconds(ours, times) / seconds(theirs, times) for _ in range(rounds))


def samples(works: Mapping[str, Work], rounds: int = 15, at_least: float = 0.05) -> dict[str, list[float]]:
    """The times of each, run in turn, each long enough to be seen by the clock."""
    times = {}
    for name, work in works.items():
        work()
        times[name] = max(1, int(at_least / max(seconds(work, 2), 1e-9)))
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(seconds(work, times[name]))
    return found


def medians(works: Mapping[str, Work], rounds: int = 15, at_least: float = 0.05) -> dict[str, float]:
    """The median time of each, run in turn."""
    return {name: statistics.median(runs) for name, runs in samples(works, rounds, at_least).items()}


def ratios(works: Mapping[str, Work], rounds: int = 15, at_least: float = 0.05) -> dict[str, float]:
    """The first by each of the others: medians of the ratios of neighbouring runs, little moved by a loaded machine."""
    (_, ours), *others = samples(works, rounds, at_least).items()
    return {name: statistics.median(a / b for a, b in zip(ours, runs, strict=True)) for name, runs in others}
