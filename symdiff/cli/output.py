"""Where results go, standard output or a file, and a spinner while they are computed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from ..graph.atomic_write import write_whole

#: Seconds before a terminal shows the spinner.
DELAY = 1.0


def write_output(output: str | None, content: str | bytes) -> None:
    """To the file, or to standard output where there is none; text ends with a line break."""
    if isinstance(content, str) and not content.endswith("\n"):
        content += "\n"
    if output is None:
        click.echo(content, nl=False)
    else:
        write_whole(output, content)


def print_json(value: Any) -> None:
    """One line of JSON."""
    click.echo(json_text(value))


def print_aside(text: str) -> None:
    """A line on standard error; where that cannot be written to, the result is no worse."""
    with suppress(OSError):
        click.echo(text, err=True)


def json_text(value: Any) -> str:
    """JSON on one line, letters of all alphabets as they are."""
    import json

    return json.dumps(value, ensure_ascii=False)


@contextmanager
def spinner(text: str) -> Iterator[None]:
    """On a terminal, a spinner with the text for what takes longer than the delay."""
    status: list[Any] = []

    def start() -> None:
        from rich.console import Console

        status.append(Console(stderr=True).status(text))
        status[0].start()

    if not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(DELAY, start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if status:
            status[0].stop()
