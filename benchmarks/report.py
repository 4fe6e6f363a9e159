"""Results as a table, as JSON, and as a bar chart with a logarithmic axis."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from .protocol import PACKAGES, Result

Failures = dict[str, str]


def table(results: Sequence[Result]) -> Table:
    """One line a result."""
    made = Table("workload", "peer", "ours / theirs", "at most", "", title="Ratios: below 1, symdiff is ahead")
    for result in results:
        cells = "not installed" if result.ratio is None else f"{result.ratio:.3g}"
        made.add_row(
            result.workload, result.peer, cells, f"{result.target:g}" if result.target else "", verdict(result)
        )
    return made


def verdict(result: Result) -> str:
    """Whether the target is met, where there is one."""
    if result.ratio is None or result.target is None:
        return ""
    return "met" if result.ratio <= result.target else "missed"


def write_json(path: Path, results: Sequence[Result], failures: Failures) -> None:
    """All results, what failed, and where it was measured."""
    record = {"machine": machine(), "results": [result._asdict() for result in results], "failures": failures}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.platform(),
        "processors": os.cpu_count(),
    }


def write_chart(path: Path, results: Sequence[Result]) -> None:
    """A bar for each ratio that was measured; a mark where its target is."""
    from matplotlib.figure import Figure

    shown = [result for result in results if result.ratio]
    figure = Figure(figsize=(10, 1.2 + 0.24 * len(shown)), layout="constrained")
    axes = figure.subplots()
    places = range(len(shown))
    colours = {"met": "tab:green", "missed": "tab:red", "": "tab:blue"}
    ratios = [result.ratio or 1.0 for result in shown]
    axes.barh(places, [ratio - 1 for ratio in ratios], left=1, color=[colours[verdict(result)] for result in shown])
    marks = [(result.target, place) for place, result in enumerate(shown) if result.target]
    axes.plot(*zip(*marks, strict=True) if marks else ([], []), "k|", markersize=10, label="target")
    axes.set(xscale="log", xlabel="ours / theirs (left of 1: symdiff is ahead)")
    axes.set_yticks(places, [f"{result.workload} / {result.peer}" for result in shown], fontsize=7)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.invert_yaxis()
    figure.savefig(path, dpi=120)


def missing(results: Sequence[Result]) -> list[str]:
    """The peers that are left out, with the packages that would bring them."""
    peers = sorted({result.peer for result in results if result.ratio is None})
    return [f"{peer} (pip install {PACKAGES.get(peer, peer)})" for peer in peers]
