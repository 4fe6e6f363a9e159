"""Every command and code block of the README and of docs is run, and what it shows is compared."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from symdiff.cli import main

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
#: A block that is the content of a file: the text before it ends with its name, as in "such as `model.py`:".
FILE = re.compile(r"`(\w+\.\w+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def blocks(page: str, *languages: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [body for language, body in FENCE.findall(text) if language in languages]


def commands(page: str) -> list[tuple[str, str]]:
    """The page's commands, each with what it prints."""
    steps = [step for block in blocks(page, "console") for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, expected) for command, _, expected in (step.partition("\n") for step in steps)]


def write_files(page: str, folder: Path) -> None:
    for name, body in FILE.findall((ROOT / page).read_text(encoding="utf-8")):
        (folder / name).write_text(body, encoding="utf-8")


def run(command: str, folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    return done.stdout + done.stderr


def plain(command: str) -> list[str] | None:
    """The arguments of a command of symdiff that asks nothing of the shell."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    first, *arguments = lexer
    return arguments if first == "symdiff" and not any(set(word) <= set("();<>|&") for word in arguments) else None


def run_here(arguments: list[str]) -> str:
    """What the command line prints, in this process, which has imported everything already."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), pytest.raises(SystemExit):
        main(arguments)
    return printed.getvalue()


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment whose ``symdiff`` and ``python`` are the ones under test."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, command in {"symdiff": "-m symdiff", "python": ""}.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        script.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("page", PAGES)
def test_console(page: str, shell: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the README as processes, as a user runs them; on other pages what needs no shell runs here."""
    monkeypatch.chdir(tmp_path)
    write_files(page, tmp_path)
    for command, expected in commands(page):
        arguments = None if page == "README.md" else plain(command)
        printed = run(command, tmp_path, shell) if arguments is None else run_here(arguments)
        assert (command, printed) == (command, expected)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("own_rows")
def test_python(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(page, tmp_path)
    space: dict[str, object] = {}
    for number, block in enumerate(blocks(page, "python")):
        if ">>>" not in block:
            exec(compile(block, f"{page}, block {number}", "exec"), space)
            continue
        test = doctest.DocTestParser().get_doctest(block, space, f"{page}, block {number}", page, 0)
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
        runner.run(test, out=report.append, clear_globs=False)
        space = test.globs
        assert not report, "".join(report)


def test_every_block_is_run() -> None:
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        known = len(blocks(page, "sh", "console", "python", "text"))
        assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * known, f"{page} has a block of an unknown language"
        assert page == "README.md" or not blocks(page, "sh"), f"{page}: spell commands as console blocks"


def test_set_up_is_two_lines() -> None:
    """The first two blocks are one command line each, and ``.ci/run`` runs the second."""
    first, second = blocks("README.md", "sh", "console", "python")[:2]
    assert first.count("\n") == second.count("\n") == 1
    assert blocks("README.md", "sh") == [first, second]
    script = (ROOT / ".ci" / "run").read_text()
    picked = re.search(r"command=\$\((.*)\)\n", script)
    assert picked and run(picked.group(1), ROOT, dict(os.environ)) == second


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_set_up(number: int, tmp_path: Path) -> None:
    """From a fresh copy, with the package index; the second one runs all tests that are not slow."""
    copy = tmp_path / "symdiff"
    skipped = shutil.ignore_patterns(".venv", ".git", ".*_cache", "__pycache__", ".hypothesis")
    shutil.copytree(ROOT, copy, ignore=skipped)
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    command = blocks("README.md", "sh")[number]
    done = subprocess.run(["bash", "-c", command], cwd=copy, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    if number == 0:
        assert done.stdout == "[2*y, 2*x]\n[2*x, 0]\nvalue:\n[8, 6]\n[6, 0]\n"
