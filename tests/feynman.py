"""The 100 physics formulas of the AI Feynman benchmark (Udrescu and Tegmark, 2020) with their variables' ranges."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import pytest

DATA = Path(__file__).parent / "data" / "feynman_equations.csv"


class Formula(NamedTuple):
    name: str
    text: str
    ranges: dict[str, tuple[float, float]]


def formulas() -> list[Formula]:
    with DATA.open(encoding="utf-8-sig") as file:
        return [_formula(row) for row in csv.DictReader(file) if row["Formula"]]


def each_of_some(step: int) -> Any:
    """A test for every so many formulas, and for the others where slow tests run."""
    params = [
        pytest.param(formula, id=formula.name, marks=[pytest.mark.slow] if place % step else [])
        for place, formula in enumerate(formulas())
    ]
    return pytest.mark.parametrize("formula", params)


def _formula(row: dict[str, str]) -> Formula:
    used = [i for i in range(1, 11) if row.get(f"v{i}_name")]
    ranges = {row[f"v{i}_name"]: (float(row[f"v{i}_low"]), float(row[f"v{i}_high"])) for i in used}
    return Formula(row["Filename"], row["Formula"], ranges)
