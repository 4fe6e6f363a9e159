"""The pages hang together: links lead somewhere, the reference has every public function, and the site builds."""

from __future__ import annotations

import inspect
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

import symdiff as sd

DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").glob("*.md")]
LINK = re.compile(r"\]\(([^()\s]+)\)")


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub and the site make them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(prose):
        if not link.startswith(("http", "mailto")):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_file(), f"{link} leads nowhere"
            assert not anchor or anchor in headings(target), f"{link} names no heading"


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function by the name that a user calls; operations have a page made from them."""
    doors = {f"symdiff.{name}": getattr(sd, name) for name in ("curves", "nn", "plots", "train")}
    for door, module in {"symdiff": sd, **doors}.items():
        for name in dir(module):
            value = getattr(module, name)
            if inspect.isfunction(value) and not name.startswith("_") and value.__module__.startswith(module.__name__):
                yield f"{door}.{name}", value


def test_a_prompt_completes_public_names_only() -> None:
    assert all(name == "__version__" or not name.startswith("_") for name in dir(sd))
    assert {"sin", "grad", "train", "Node"} <= set(dir(sd)) and not {"Any", "OPS", "annotations"} & set(dir(sd))
    assert all(hasattr(sd, name) for name in dir(sd))


@pytest.mark.parametrize(("name", "function"), list(public()), ids=[name for name, _ in public()])
def test_a_function_says_what_it_does(name: str, function: Callable[..., Any]) -> None:
    assert ">>> " in (inspect.getdoc(function) or ""), f"{name} has no example"


def test_the_reference_is_complete() -> None:
    listed = re.findall(r":: (symdiff[\w.]+)", "".join(page.read_text() for page in DOCS.glob("reference/*.rst")))
    assert len(set(listed)) == len(listed)
    assert {name for name, _ in public()} <= set(listed)


def test_every_page_is_in_the_contents() -> None:
    settings = runpy.run_path(str(DOCS / "conf.py"))
    listed = {page for pages in settings["CONTENTS"].values() for page in pages}
    found = {page.relative_to(DOCS).with_suffix("").as_posix() for page in [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")]}
    assert found - listed == {"index"}
    table = settings["operations"]()
    assert all(f"* - {row.name}\n" in table for row in (sd.sin, sd.exp, sd.where))


@pytest.mark.slow
def test_the_site_builds(tmp_path: Path) -> None:
    """Without a warning, and without anything that a browser would have to fetch from elsewhere."""
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(DOCS), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = {
        page.relative_to(tmp_path).as_posix(): page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html")
    }
    assert "symdiff.value_and_jacobian" in pages["reference/derivatives.html"]
    assert "--format" in pages["reference/commands.html"]
    fetched = re.compile(r"<(?:script|img|link)[^>]*(?:src|href)=\"https?:")
    assert [name for name, text in pages.items() if fetched.search(text)] == []
