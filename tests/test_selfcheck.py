"""Modules that verify themselves: right ones pass without symdiff, wrong ones say where."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from symdiff.cli import main

MODEL = ("sum((X @ w - y)**2)/2 + sum(abs(w))", "--shape", "X=n,d", "--shape", "w=d", "--shape", "y=n", "--wrt", "w")
CASES = {
    "numbers": ("x**2*y + sin(y)/x",),
    "one variable": ("exp(-x**2)*sin(3*x)",),
    "math": ("x**2*y + sin(y)/x", "--backend", "math"),
    "polynomial": ("x**2*y + y",),
    "kink": ("abs(x)*y + maximum(x, y)",),
    "some variables": ("a*exp(-b*t)", "--wrt", "b,a"),
    "arrays": MODEL,
    "blocks": ("sum(tanh(X @ w + b))", "--shape", "X=n,d", "--shape", "w=d", "--wrt", "w,b"),
    "dense": ("sum(tanh(X @ w + b))", "--shape", "X=n,d", "--shape", "w=d", "--wrt", "w,b", "--form", "dense"),
}


def _written(args: tuple[str, ...], path: Path, parts: str = "value,grad,hessian") -> str:
    with pytest.raises(SystemExit) as stop:
        main(["code", *args, "--derivatives", parts, "--selfcheck", "--name", "model", "-o", str(path)])
    assert not stop.value.code
    return path.read_text()


def _checked(path: Path, *args: str) -> tuple[int, str]:
    """The module's own check, in a process that cannot import symdiff."""
    done = subprocess.run([sys.executable, "-I", str(path), *args], capture_output=True, text=True, cwd=path.parent)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", CASES)
def test_right_modules_pass(name: str, tmp_path: Path) -> None:
    text = _written(CASES[name], tmp_path / "model.py")
    assert "import symdiff" not in text and "# Formula: " in text
    assert _checked(tmp_path / "model.py", "--check") == (0, "3 points: results and derivatives are right\n")


@pytest.mark.parametrize(
    ("name", "right", "wrong", "said"),
    [
        ("polynomial", "x*t1", "x + t1", "grad[0] is"),
        ("polynomial", "(_fill(t1,", "(_fill(t1 + 1,", "hessian[0] is"),
        ("math", "cos(y)", "sin(y)", "grad[1] is"),
        ("arrays", "X.T @", "0.5*X.T @", "grad[0] is"),
    ],
)
def test_a_changed_line_is_found(name: str, right: str, wrong: str, said: str, tmp_path: Path) -> None:
    """Also where the stored results were changed with it: the derivatives are compared with the value."""
    text = _written(CASES[name], tmp_path / "model.py")
    head, body = text.split("def model(", 1)
    assert right in body
    (tmp_path / "model.py").write_text(head + "def model(" + body.replace(right, wrong, 1))
    code, out = _checked(tmp_path / "model.py", "--check")
    assert code == 1 and said in out and "is stored" in out and "moves by" in out


def test_header_and_usage(tmp_path: Path) -> None:
    text = _written(("log(x) + abs(y)",), tmp_path / "model.py", "value")
    assert "# Domain of log: x > 0\n# Derivative of abs at kinks: x = 0: 0" in text
    assert _checked(tmp_path / "model.py") == (1, f"usage: python {tmp_path / 'model.py'} --check\n")
