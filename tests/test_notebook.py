"""The notebook tour runs, and what it shows is what a notebook can show."""

from __future__ import annotations

import ast
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import ROOT

import symdiff as sd

TOUR = ROOT / "examples" / "tour.ipynb"
#: What a notebook asks an object for.
FORMS = ("_repr_html_", "_repr_svg_", "_repr_png_", "_repr_latex_")


def shown(cell: str, space: dict[str, Any]) -> Any:
    """Run a cell as a notebook does: its last expression is what it shows."""
    tree = ast.parse(cell)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(TOUR), "exec"), space)
    return eval(compile(ast.Expression(last.value), str(TOUR), "eval"), space) if isinstance(last, ast.Expr) else None


def test_tour() -> None:
    pytest.importorskip("matplotlib")
    cells = [cell for cell in json.loads(TOUR.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    space: dict[str, Any] = {}
    forms = []
    for cell in cells:
        assert cell["outputs"] == [], "the notebook is kept without outputs"
        found = shown("".join(cell["source"]), space)
        (form,) = [name for name in FORMS if hasattr(found, name)]
        assert len(getattr(found, form)()) > 10
        forms.append(form)
    assert set(forms) == set(FORMS), "the tour shows an object of each kind"


def test_tour_in_a_kernel() -> None:
    nbformat, client = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(TOUR, as_version=4)
    client.NotebookClient(notebook, timeout=120).execute()
    nbformat.validate(notebook)


def test_nodes_are_mathematics() -> None:
    assert sd.parse("x**2/y")._repr_latex_() == r"$\displaystyle \frac{x^{2}}{y}$"


def test_source_is_highlighted(monkeypatch: pytest.MonkeyPatch) -> None:
    fn = sd.compile(sd.parse("x < y"), sd.symbols("x y"))
    text = lambda markup: "".join(ElementTree.fromstring(markup).itertext()).strip()
    if pytest.importorskip("pygments"):
        assert "<span" in fn._repr_html_() and text(fn._repr_html_()) == fn.source.strip()
    monkeypatch.setitem(__import__("sys").modules, "pygments", None)
    assert "<span" not in fn._repr_html_() and text(fn._repr_html_()) == fn.source.strip()


@pytest.mark.parametrize("surroundings", ["plain", "notebook", "colours forced"])
def test_an_explanation_is_the_same_text_everywhere(surroundings: str, monkeypatch, capsys) -> None:
    """rich would display in a notebook, or write colours, as it finds its surroundings."""
    explanation = sd.explain(sd.parse("x**2*y"), {"x": 3, "y": 4})
    plain = str(explanation)
    if surroundings == "notebook":
        shell = type("ZMQInteractiveShell", (), {})
        monkeypatch.setattr("builtins.get_ipython", shell, raising=False)
    if surroundings == "colours forced":
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
    assert str(explanation) == repr(explanation) == plain
    assert "df/dx = 24" in " ".join(plain.split()) and "\x1b" not in plain
    assert capsys.readouterr() == ("", "")
