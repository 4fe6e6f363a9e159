"""A newcomer's hour: a clone, the README, the tour, an operation and a CSV file of their own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from test_readme import blocks, commands, run, write_files

import symdiff as sd

#: What is read, in this order; each is linked from the README, and needs what its first command installs and no more.
HOUR = ("README.md", "docs/tour.md", "docs/own_operation.md", "docs/howto/own_data.md")
WORDS = 4_000
OPTIONS = "-o NORMALIZE_WHITESPACE -o ELLIPSIS -o IGNORE_EXCEPTION_DETAIL"


def test_the_way_is_shown_and_short() -> None:
    """An hour is enough to read it all, code included, and the first page leads to the others."""
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in HOUR]
    assert sum(len(text.split()) for text in texts) < WORDS
    linked = texts[0] + (ROOT / "docs/index.md").read_text(encoding="utf-8").replace("](", "](docs/")
    assert [page for page in HOUR[1:] if f"]({page})" not in linked] == []


def test_the_file_on_the_page_is_data(tmp_path: Path) -> None:
    """Numbers in columns with names, from which the page's formula is recovered by another method."""
    np, optimize = pytest.importorskip("numpy"), pytest.importorskip("scipy.optimize")
    write_files(HOUR[-1], tmp_path)
    table = np.genfromtxt(tmp_path / "growth.csv", delimiter=",", names=True)
    model = lambda data, top, half, c, best: top * data[0] / (half + data[0]) * np.exp(-c * (data[1] - best) ** 2)
    found, _ = optimize.curve_fit(model, (table["light"], table["water"]), table["height"], (30, 3, 0.1, 3))
    space = {"light": table["light"], "water": table["water"]}
    text = "top*light/(half + light)*exp(-c*(water - best)**2)"
    ours = sd.curves.fit(text, space, table["height"], {"top": 30, "half": 3, "c": 0.1, "best": 3})
    assert np.allclose(list(ours.params.values()), found, rtol=1e-5)


@pytest.mark.slow
def test_the_hour(tmp_path: Path) -> None:
    """From ``git clone``, with the package index, where nothing is installed but what the README's first line says."""
    outside = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    clone = tmp_path / "symdiff"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True, env=outside)
    assert "value:\n[8, 6]\n[6, 0]\n" in run(blocks("README.md", "sh")[0], clone, outside)
    env = {**outside, "PATH": f"{clone / '.venv/bin'}:{outside['PATH']}"}
    for page in HOUR:
        folder = tmp_path / Path(page).stem
        folder.mkdir()
        write_files(page, folder)
        said = commands(page)
        assert [(command, run(command, folder, env)) for command, _ in said] == said
        assert run(f"python -m doctest {OPTIONS} {script(page, folder)}", folder, env) == ""


def script(page: str, folder: Path) -> Path:
    """The page's Python as a file for doctest; a block without prompts is given some."""
    made = folder / "page.txt"
    parts = [body if ">>>" in body else prompted(body) for body in blocks(page, "python")]
    made.write_text("\n".join(parts), encoding="utf-8")
    return made


def prompted(body: str) -> str:
    return "".join((">>> " if line[:1].strip() else "... ") + line for line in body.splitlines(keepends=True))
