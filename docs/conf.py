"""The site: ``python -m sphinx docs build/site``. The order of pages stands here, and what is generated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from symdiff import __version__
from symdiff.cli import commands

project, author, release = "symdiff", "symdiff contributors", __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = f"symdiff {release}"
html_copy_source = False
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"

#: Headings of the table of contents with their pages; pages that do not exist yet are left out.
CONTENTS = {
    "Start": ["tour"],
    "How to": ["howto/terminal", "howto/gradient_code", "howto/own_data", "howto/teach", "own_operation", "examples"],
    "Topics": ["explain", "training", "curvature", "accuracy", "higher", "speed", "backends", "c", "limits"],
    "Reference": ["reference/expressions", "reference/derivatives", "reference/code", "reference/arrays",
                  "reference/operations", "reference/models", "reference/errors", "reference/commands"],
    "Background": ["design", "rules", "security", "comparison"],
}  # fmt: skip


def contents() -> str:
    """A hidden table of contents for each heading."""
    made = []
    for heading, pages in CONTENTS.items():
        found = [page for page in pages if list(Path(__file__).parent.glob(f"{page}.*"))]
        made += ["", "```{toctree}", ":hidden:", f":caption: {heading}", "", *found, "```"]
    return "\n".join(made) + "\n"


def command_line() -> str:
    """What every command says of itself."""
    made = []
    whole = click.Context(commands, info_name="symdiff")
    for name in commands.list_commands(whole):
        if command := commands.get_command(whole, name):
            text = command.get_help(click.Context(command, whole, info_name=name))
        made += [
            "",
            name,
            "-" * len(name),
            "",
            ".. code-block:: text",
            "",
            *("   " + line for line in text.splitlines()),
        ]
    return "\n".join(made) + "\n"


def operations() -> str:
    """A table of the elementwise operations, from their declarations."""
    records = json.loads(CliRunner().invoke(commands, ["ops", "--format", "json"]).stdout)
    fields = ("name", "about", "domain", "kink", "aliases")
    made = ["", ".. list-table::", "   :header-rows: 1", ""]
    for record in [dict(zip(fields, fields, strict=True)), *(r for r in records if "aliases" in r)]:
        cells = [", ".join(cell) if isinstance(cell := record[field], list) else str(cell) for field in fields]
        made += [
            f"   {'*' if place == 0 else ' '} - {cell.replace('*', chr(92) + '*')}" for place, cell in enumerate(cells)
        ]
    return "\n".join(made) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "index": contents,
    "reference/commands": command_line,
    "reference/operations": operations,
}


def generate(app: Any, page: str, source: list[str]) -> None:
    """Add to a page what is generated for it."""
    if page in GENERATED:
        source[0] += GENERATED[page]()


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", generate)
