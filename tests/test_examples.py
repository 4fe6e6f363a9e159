"""Each example runs as a program and says what it should."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import ROOT

SAYS = {
    "gradient_descent.py": ["step  0: w = 0.000000, loss = 5.000000", "step 40: w = 1.000000, loss = 4.000000"],
    "lecture_formulas.py": [
        "  (a + 3*b)*c**2       176         1",
        "  c                      4        88",
        "  (x + y)*z            -12         1",
        "  z                     -4         3",
        "  x**2*y + y + 2        42         1",
        "  y                      4        10",
    ],
    "newton.py": ["step 0: x = -1.200000000, y = 1.000000000", "step 7: x = 1.000000000, y = 1.000000000"],
    "own_operation.py": ["f      = swish(a*x)", "at a = 2, x = 0: 1.0", "def swish_with_slope(a, x):"],
}


def test_every_example_is_listed() -> None:
    assert set(SAYS) <= {path.name for path in (ROOT / "examples").glob("*.py")}


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*.py")))
def test_example(name: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "examples" / name)]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert [line for line in SAYS.get(name, []) if line not in lines] == []
