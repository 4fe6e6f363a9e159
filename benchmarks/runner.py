"""Runs workloads, each in a process of its own, and reports them."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
from rich.console import Console

from .protocol import Result, Workload
from .report import Failures, missing, table, write_chart, write_json


def discover() -> Iterator[tuple[str, Workload]]:
    """The workloads of the modules of this package, with names such as core.one_call."""
    package = __package__ or "benchmarks"
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if not found.name.startswith("_"):
            for workload in getattr(importlib.import_module(f"{package}.{found.name}"), "WORKLOADS", ()):
                yield f"{found.name}.{workload.__name__}", workload


def chosen(only: Sequence[str]) -> list[tuple[str, Workload]]:
    """The workloads of the modules named, or those named themselves; all where nothing is named."""
    found = list(discover())
    parts = {part for name, _ in found for part in (name, *name.split("."))}
    unknown = [name for name in only if name not in parts]
    if unknown:
        raise click.UsageError(
            f"there is no benchmark {unknown[0]!r}; there are {', '.join(name for name, _ in found)}"
        )
    return [(name, work) for name, work in found if not only or {name, *name.split(".")} & set(only)]


def run(workloads: Sequence[tuple[str, Workload]], say: Console) -> tuple[list[Result], Failures]:
    """Results, and a sentence for each workload that failed: the rest goes on.

    Each workload has a fresh process, so that no library's threads and memory weigh on what does not use it.
    """
    results: list[Result] = []
    failures: Failures = {}
    for name, workload in workloads:
        say.print(f"{name} ...", style="dim")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            try:
                found, failure = pool.submit(collect, workload).result()
            except Exception as error:
                found, failure = [], sentence(error)
        results += found
        if failure:
            failures[name] = failure
            say.print(f"{name} failed: {failure}", style="red", markup=False)
    return results, failures


def collect(workload: Workload) -> tuple[list[Result], str]:
    """The results up to the end or to the first failure, and what failed."""
    found: list[Result] = []
    try:
        for result in workload():
            found.append(result)
    except Exception as error:
        return found, sentence(error)
    return found, ""


def sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@click.command()
@click.option(
    "--only", multiple=True, metavar="NAME", help="A module (core), a workload (one_call) or both (core.one_call)."
)
@click.option(
    "--output", default="benchmark-results", metavar="DIR", help="Where ratios.json and ratios.png are written."
)
def main(only: Sequence[str], output: str) -> None:
    """Time symdiff and its peers in turn, and show the ratios as a table, JSON and a chart."""
    results, failures = run(chosen(only), Console(stderr=True))
    Console(width=None if sys.stdout.isatty() else 140).print(table(results))
    if missing(results):
        click.echo(f"left out, as not installed: {', '.join(missing(results))}")
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "ratios.json", results, failures)
    write_chart(folder / "ratios.png", results)
    click.echo(f"written: {folder / 'ratios.json'}, {folder / 'ratios.png'}")
    sys.exit(1 if failures else 0)
