"""The benchmark runner: a quick workload through table, JSON and chart; what fails or is missing is said."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmarks import core, protocol, runner, timing
from benchmarks.protocol import Result, compare
from benchmarks.report import table, write_chart
from benchmarks.timing import Work


class Clock:
    """Shows the seconds that works say they take."""

    def __init__(self) -> None:
        self.shown = 0.0

    def perf_counter(self) -> float:
        return self.shown

    def work(self, seconds: float) -> Callable[[], Work]:
        def run() -> None:
            self.shown += seconds

        return lambda: run


def quick() -> Iterator[Result]:
    clock = timing.time = Clock()  # type: ignore[assignment]
    protocol.PACKAGES["nobody"] = "no_such_package"
    works = {"ours": clock.work(0.25), "four times": clock.work(1.0)}
    yield from compare("adding", works, {"four times": 0.5}, rounds=3)
    yield from compare("adding", {"ours": works["ours"], "nobody": works["four times"]}, rounds=3)


def broken() -> Iterator[Result]:
    yield Result("half", "itself", 1.0)
    raise ValueError("no such matrix")


def killed() -> Iterator[Result]:
    os._exit(1)


def test_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results before a failure are kept, those after it still come, and the exit code says that something failed."""
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(core, "WORKLOADS", (broken, killed, quick))
    run = CliRunner().invoke(runner.main, ["--only", "core", "--output", str(tmp_path / "new")])
    assert run.exit_code == 1, run.output
    record = json.loads((tmp_path / "new" / "ratios.json").read_text())
    assert record["failures"].pop("core.broken") == "ValueError: no such matrix" and record["machine"]["processors"]
    (died,) = record["failures"].values()
    assert "terminated" in died
    half, adding, left_out = record["results"]
    assert (half["ratio"], adding["ratio"], adding["target"], left_out["ratio"]) == (1, 0.25, 0.5, None)
    assert "nobody (pip install" in run.output and "met" in run.output
    chart = (tmp_path / "new" / "ratios.png").read_bytes()
    assert chart[:8] == b"\x89PNG\r\n\x1a\n" and len(chart) > 5000


def test_discovery() -> None:
    names = [name for name, _ in runner.discover()]
    assert {"core.one_call", "models.steps_by_hand", "hessians.dense"} <= set(names)
    assert [name for name, _ in runner.chosen(["models", "growth"])] == [
        name for name in names if name == "core.growth" or name.startswith("models.")
    ]
    wrong = CliRunner().invoke(runner.main, ["--only", "cores"])
    assert wrong.exit_code == 2 and "there is no benchmark 'cores'" in wrong.output


def test_table_says_what_is_met_and_missing() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table([Result("a", "b", 2.0, 1.0), Result("c", "d", None), Result("e", "f", 0.5, 1.0)]))
    lines = console.export_text().splitlines()
    assert any("missed" in line and "2" in line for line in lines)
    assert any("not installed" in line and "c" in line for line in lines)


def test_an_empty_chart_is_a_chart(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write_chart(tmp_path / "chart.png", [Result("a", "b", None)])
    assert (tmp_path / "chart.png").read_bytes()[:4] == b"\x89PNG"
