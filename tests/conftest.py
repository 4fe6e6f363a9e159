"""Fixtures that several test files share."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from symdiff.cli import main
from symdiff.graph.node import OPS

ROOT = Path(__file__).parent.parent

#: Tests that fail because of a known mistake, one a line; a test that passes again has to be taken from the list.
KNOWN_WRONG = Path(__file__).parent / "known_wrong.txt"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests of known mistakes as failing: strictly, so that mending one shows."""
    known = set(KNOWN_WRONG.read_text(encoding="utf-8").splitlines()) if KNOWN_WRONG.exists() else set()
    for item in items:
        name = f"{item.path.name}::{item.name}"
        if name in known:
            item.add_marker(pytest.mark.xfail(strict=True, reason="listed in known_wrong.txt"))


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command line in this process: its exit code, standard output and standard error."""

    def run(*args: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(args)
        out, err = capsys.readouterr()
        return Result(ended.value.code or 0, out, err)  # type: ignore[arg-type]

    return run


@pytest.fixture
def own_rows() -> Iterator[None]:
    """Forget the operations that a test declares."""
    before = set(OPS)
    yield
    for name in set(OPS) - before:
        OPS[name].remove()


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the module's tests compile is compiled now, and the user's cache stays as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One process runs all tests of a file, so that what they share is compiled and differentiated once."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log) if config.getoption("dist") == "load" else None
