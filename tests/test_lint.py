"""Style and types, as part of the tests: one command says whether all is well."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import ROOT

CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "mypy behind the stub": ["mypy", "symdiff/__init__.py"],
}


@pytest.mark.parametrize("name", CHECKS)
def test_clean(name: str) -> None:
    run = subprocess.run([sys.executable, "-m", *CHECKS[name]], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
