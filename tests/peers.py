"""Libraries that results are compared with where they are installed; the ordinary tests need none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any

import pytest


def installed(*names: str) -> list[str]:
    return [name for name in names if find_spec(name)]


def each_beside(library: str, name: str, values: Iterable[Any], ids: Callable[[Any], str] | None = None) -> Any:
    """A test for each value where the library is installed; elsewhere one test, which says that it is not."""
    if installed(library):
        return pytest.mark.parametrize(name, values, ids=ids)
    reason = f"{library} is not installed"
    return pytest.mark.parametrize(name, [pytest.param(None, id=reason, marks=pytest.mark.skip(reason=reason))])
