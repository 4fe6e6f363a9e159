"""No function over 40 lines, no file over 300: what is longer has more than one idea."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import symdiff

ROOT = Path(symdiff.__file__).parent
MOST_LINES_OF_A_FUNCTION, MOST_LINES_OF_A_FILE = 40, 300


def lengths(path: Path) -> Iterator[tuple[str, int, int]]:
    """The file and each function in it, with its lines, docstring included, and how many it may have."""
    name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    yield name, len(text.splitlines()), MOST_LINES_OF_A_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            last = node.end_lineno or node.lineno
            yield f"{name}:{node.name}", last - node.lineno + 1, MOST_LINES_OF_A_FUNCTION


def test_functions_and_files_are_short() -> None:
    assert {name for path in ROOT.rglob("*.py") for name, lines, most in lengths(path) if lines > most} == set()
