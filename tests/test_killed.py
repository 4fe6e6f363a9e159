"""Kill -9 at any moment: where a good file stood, a good file stands, the old one or the new."""

from __future__ import annotations

import ast
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

import symdiff as sd
from symdiff.graph.atomic_write import write_whole
from symdiff.models.train import checkpoint

#: Programs that write one file again and again, as {path}, and how to read it.
SAVING = """
import numpy as np
from symdiff.models.train.checkpoint import save
k = 0
while True:
    k += 1
    save({path!r}, {{"a": np.full(300_000, k), "b": np.full(10, k)}}, {{"step": k, "text": "s" * 100_000}})
"""
TRAINING = """
import numpy as np, symdiff as sd
from symdiff import train
X, w = sd.symbol("X", ("n", 40)), sd.symbol("w", 40)
data = {{"X": np.random.default_rng(0).normal(size=(64, 40))}}
while True:
    train.fit(sd.sum((X @ w - 1)**2), {{"w": np.zeros(40)}}, data, train.Adam(1e-3), epochs=200, batch_size=32,
              seed=0, checkpoint={path!r}, progress=False)
"""
CODE = """
from symdiff.cli import main
while True:
    try:
        main(["code", "x**2*sin(y) + exp(x*y)", "--derivatives", "value,grad,hessian", *{options!r}, "-o", {path!r}])
    except SystemExit as ended:
        assert not ended.code
"""
TEXT = """
from symdiff.graph.atomic_write import write_whole
k = 0
while True:
    k += 1
    write_whole({path!r}, (str(k) + "\\n") * 200_000)
"""


def _module(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert any(isinstance(part, ast.FunctionDef) and part.name == "f" for part in tree.body)
    space: dict[str, object] = {"__name__": "f"}
    exec(compile(tree, str(path), "exec"), space)
    if "check" in space:
        assert not space["check"]()  # type: ignore[operator]


def _run(path: Path) -> None:
    arrays, text = checkpoint.load(path)
    assert arrays
    if "step" in text and "text" in text:
        assert (arrays["a"] == text["step"]).all() and len(text["text"]) == 100_000


def _lines(path: Path) -> None:
    lines = path.read_text().split()
    assert len(lines) == 200_000 and len(set(lines)) == 1


CASES: dict[str, tuple[str, tuple[str, ...], Callable[[Path], None]]] = {
    "saving": (SAVING, (), _run),
    "training": (TRAINING, (), _run),
    "code": (CODE, (), _module),
    "code that checks itself": (CODE, ("--selfcheck", "--backend", "math"), _module),
    "text": (TEXT, (), _lines),
}


def _killed(program: str, path: Path, delay: float) -> None:
    """Start the program, let it write its first file, and kill it after that many seconds more."""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        before, end = _stamp(path), time.monotonic() + 60
        while _stamp(path) == before and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(delay)
        assert process.poll() is None, "the program ended by itself"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _trial(name: str, folder: Path, times: int) -> None:
    template, options, read = CASES[name]
    path, rng, drafts = folder / "file.out", random.Random(name), 0
    if "train" in template:
        path = folder / "file.npz"
    for _ in range(times):
        _killed(template.format(path=str(path), options=list(options)), path, rng.uniform(0, 0.15))
        read(path)
        others = [other for other in folder.iterdir() if other != path]
        assert all(other.name.startswith(path.name) and other.suffix == ".tmp" for other in others)
        drafts += len(others)
        for other in others:
            other.unlink()
    print(f"{name}: {times} kills, {drafts} in the middle of a draft")


@pytest.mark.parametrize("name", CASES)
def test_killed(name: str, tmp_path: Path) -> None:
    _trial(name, tmp_path, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_killed_many_times(name: str, tmp_path: Path) -> None:
    _trial(name, tmp_path, 40)


@pytest.mark.parametrize("place", range(4))
def test_a_failure_at_any_step_leaves_the_old_file(place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk while writing, while syncing and while renaming, and a mistake of the writer."""
    path = tmp_path / "f.txt"
    write_whole(path, "old")

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    def wrong(file: object) -> None:
        raise KeyError("k")

    if place < 2:
        monkeypatch.setattr(os, ("fsync", "replace")[place], full)
    with pytest.raises(
        KeyError if place == 3 else sd.SymdiffError, match="k" if place == 3 else "cannot write .*space"
    ):
        write_whole(path, full if place == 2 else wrong if place == 3 else "new")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["f.txt"]


def test_links_and_what_is_no_file(tmp_path: Path) -> None:
    path, link = tmp_path / "f.txt", tmp_path / "link"
    link.symlink_to(path)
    write_whole(link, b"one")
    assert link.is_symlink() and path.read_bytes() == b"one"
    write_whole("/dev/null", "nothing")
    assert json.dumps(sorted(os.listdir(tmp_path))) == '["f.txt", "link"]'


def test_checkpoints_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(sd.SymdiffError, match=r"cannot write .*No such file or directory"):
        checkpoint.save(tmp_path / "no" / "run.npz", {"a": np.zeros(1)}, {})
