"""The progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tick = Callable[[int, int, float], None]


@contextmanager
def bar(total: int, shown: bool | None) -> Iterator[Tick]:
    """A bar on standard error, moved by ``tick(step, epoch, loss)``; where ``shown`` is None, only on a terminal."""
    if not (sys.stderr is not None and sys.stderr.isatty() if shown is None else shown):
        yield lambda step, epoch, loss: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("training", total=total)
        yield lambda step, epoch, loss: progress.update(
            task, completed=step, description=f"epoch {epoch} loss {loss:.4g}"
        )
