"""Plots: the lines and fields that are drawn, ranges, files that are the same each time, and errors."""

from __future__ import annotations

import numpy as np
import pytest

import symdiff as sd
from symdiff import plots
from symdiff.explanations.plots import figure, losses

pytest.importorskip("matplotlib")


def test_curves_are_the_function_and_its_derivatives() -> None:
    with figure() as axes:
        sd.plots.plot(sd.parse("x*sin(a*x)"), {"x": (-1, 2)}, {"a": 2}).draw(axes)
    f, slope, second = (line.get_xydata() for line in axes.get_lines()[:3])
    x = f[:, 0]
    assert (x[0], x[-1]) == (-1, 2)
    np.testing.assert_allclose(f[:, 1], x * np.sin(2 * x), atol=1e-14)
    np.testing.assert_allclose(slope[:, 1], np.sin(2 * x) + 2 * x * np.cos(2 * x), atol=1e-14)
    np.testing.assert_allclose(second[:, 1], 4 * np.cos(2 * x) - 4 * x * np.sin(2 * x), atol=1e-13)


def test_arrows_point_along_the_gradient() -> None:
    from matplotlib.quiver import Quiver

    with figure() as axes:
        sd.plots.plot(sd.parse("x**2 + 3*y"), {"x": (0.5, 2)}).draw(axes)
    (arrows,) = [artist for artist in axes.collections if isinstance(artist, Quiver)]
    np.testing.assert_allclose(np.hypot(arrows.U, arrows.V), 1)
    np.testing.assert_allclose(arrows.V / arrows.U, 3 / (2 * arrows.XY[:, 0]))


@pytest.mark.parametrize(
    ("formula", "kind"), [("sin(x)", "svg"), ("x*y", "pdf"), ("3 + 0*x", "png"), ("log(x)", "png"), ("1/(x*y)", "png")]
)
def test_the_same_file_each_time(formula: str, kind: str) -> None:
    """Also where a function is constant or has no value."""
    plot = sd.plots.plot(sd.parse(formula))
    assert len(plot.content(kind)) > 5000 and plot.content(kind) == plot.content(kind)


def test_losses() -> None:
    with figure() as axes:
        losses(axes, {"Adam": [1.0, 0.1, 0.01], "SGD": [1.0, 0.5]})
    assert axes.get_yscale() == "log" and [line.get_label() for line in axes.get_lines()] == ["Adam", "SGD"]


def test_command(cli, tmp_path) -> None:
    path = tmp_path / "wave.svg"
    args = ["plot", "sin(a*x)/x", "--at", "a=2", "--range", "x=0.1:pi", "--order", "1", "-o", str(path)]
    assert cli(*args) == (0, "", "")
    assert path.read_text().startswith("<?xml") and "f' = " in path.read_text() and "f'' = " not in path.read_text()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["x*y*z", "-o", "p.svg"], "a plot is of one or two variables"),
        (["5", "-o", "p.svg"], "a plot is of one or two variables"),
        (["x", "-o", "p.gif"], "plots are files of the kinds svg, png, pdf"),
        (["x", "-o", "p.svg", "--range", "x=3"], "a range is two numbers"),
        (["x", "-o", "p.svg", "--range", "x"], "--range takes a variable"),
        (["x", "-o", "p.svg", "--range", "x=3:1"], "from a number to a larger one"),
        (["x", "-o", "p.svg", "--range", "t=1:3"], "no variable t"),
        (["x", "-o", "p.svg", "--at", "a=1"], "no variable a"),
        (["x", "-o", "p.svg", "--range", "x=a:3"], "--range x: a is not a number"),
        (["x"], "missing option"),
    ],
)
def test_errors(cli, args, says) -> None:
    result = cli("plot", *args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ") and says in result.err and result.err.count("\n") == 1


def test_without_matplotlib(cli, monkeypatch, tmp_path) -> None:
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    for command in ("plot", "graph"):
        result = cli(command, "x", "-o", str(tmp_path / "x.png"))
        assert (result.code, result.err) == (2, "error: drawing this needs matplotlib: pip install matplotlib\n")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_drawn_where_the_function_has_no_value() -> None:
    """1/x has values below 0, and the logarithm whose derivative it is has none."""
    x, y = sd.symbols("x y")
    with plots.figure() as axes:
        plots.curves(axes, sd.log(x), x, (-3, 3), 2)
        for line in axes.lines[:3]:
            places, values = line.get_data()
            assert np.isnan(values[places < 0]).all()
            assert np.isfinite(values[places > 0]).all()
    for f in (sd.log(-1 - x**2), sd.log(-1 - x**2 * y**2)):
        with pytest.raises(sd.DomainError, match="has no finite value there; choose another range"):
            plots.plot(f).content("svg")
