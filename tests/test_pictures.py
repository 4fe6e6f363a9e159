"""Pictures of graphs: what they show, that nothing overlaps, and that the pages' pictures are what is drawn now."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import ROOT

import symdiff as sd
from symdiff.explanations.drawing.layout import text_width
from symdiff.explanations.drawing.shapes import Curve, Drawing, Rectangle, Text
from symdiff.graph.traversal import topological

SHARED = "exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)"
NET = "h1 = sigmoid(w1*x1 + w2*x2); h2 = sigmoid(w3*x1 + w4*x2); (sigmoid(u1*h1 + u2*h2) - y)**2/2"
NET_AT = "x1=1,x2=0.5,w1=0.4,w2=-0.2,w3=-0.3,w4=0.6,u1=0.7,u2=-0.5,y=1"
#: The pictures of the pages, with the arguments that draw them.
PAGES = {
    "chain_rule": ["(a+3*b)*c**2", "--at", "a=2,b=3,c=4"],
    "derivative": [SHARED, "--derivative"],
    "network": [NET, "--at", NET_AT],
}


@pytest.mark.parametrize("name", PAGES)
def test_pictures_of_the_pages(cli, name: str) -> None:
    kept = (ROOT / "docs" / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    assert cli("graph", *PAGES[name], "--format", "svg").out == kept
    assert len(kept) < 30_000


def test_same_in_another_process() -> None:
    code = f"import symdiff as sd; print(sd.draw(sd.parse({NET!r})).to_svg(), end='')"
    env = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert run.stdout == sd.draw(sd.parse(NET)).to_svg()


def point(f: sd.Node) -> dict[str, float]:
    rng = random.Random(3)
    return {var.name: round(rng.uniform(-1, 1), 3) for var in sd.variables(f)}


def chain(steps: int) -> sd.Node:
    """A graph in which values are read near and far."""
    parts = [f"a{i + 2} = {'sin' if i % 3 else 'tanh'}(a{i})*a{i + 1} + {'xyz'[i % 3]}" for i in range(steps)]
    return sd.parse("; ".join(["a0 = x*y", "a1 = x + z", *parts, f"a{steps} + a{steps // 2}*a{steps + 1}"]))


def wild(steps: int) -> sd.Node:
    """A graph whose steps read any earlier ones."""
    rng = random.Random(steps)
    parts = list(sd.symbols("x y z"))
    for _ in range(steps):
        a, b = rng.choices(parts, k=2)
        parts.append(rng.choice([a + b, a * b, sd.sin(a), a - b, sd.maximum(a, 0.5)]))
    return sd.sin(sum(parts[-3:], sd.const(1)))


GRAPHS = {
    "3": sd.parse("x*y"),
    "12": sd.parse(SHARED),
    "30": sd.parse(NET),
    "60": chain(17),
    "wild": wild(30),
    "folded": chain(60),
    "arrays": sd.parse("sum((tanh(X @ W + b) - Y)**2)/12", shapes={"X": (4, 2), "W": (2, 3), "b": (3,), "Y": (4, 3)}),
}

Box = tuple[float, float, float, float]


def box_of(shape: Rectangle | Text) -> Box:
    """Left, top, right, bottom; of a text without the room that letters such as g need below."""
    if isinstance(shape, Rectangle):
        return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
    wide = text_width(shape.text, shape.size)
    return shape.x - wide / 2, shape.y - 0.75 * shape.size, shape.x + wide / 2, shape.y


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def along(curve: Curve) -> np.ndarray:
    """Points inside a curve, a row each."""
    ends = np.array(curve.points)
    pieces = np.array([ends[start : start + 4] for start in range(0, len(ends) - 3, 3)])
    t = np.linspace(0, 1, 13)
    weights = np.array([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])
    return np.einsum("kt,pkc->ptc", weights, pieces).reshape(-1, 2)[1:-1]


def check_drawing(found: Drawing) -> None:
    """Boxes and texts are apart and inside the picture, and no arrow runs through one of them."""
    for a, b in combinations(found.rectangles, 2):
        assert not overlap(box_of(a), box_of(b)), (a.about, b.about)
    for a, b in combinations(found.texts, 2):
        assert not overlap(box_of(a), box_of(b)), (a, b)
    for shape in (*found.rectangles, *found.texts):
        left, top, right, bottom = box_of(shape)
        assert left >= 0 and top >= 0 and right <= found.width and bottom <= found.height
    boxes = np.array([box_of(shape) for shape in (*found.rectangles, *found.texts)])
    for curve in found.curves:
        x, y = along(curve).T[:, :, None]
        inside = (boxes[:, 0] + 1 < x) & (x < boxes[:, 2] - 1) & (boxes[:, 1] + 1 < y) & (y < boxes[:, 3] - 1)
        assert not inside.any(), (curve.about, [(*found.rectangles, *found.texts)[at] for at in np.where(inside)[1]])


@pytest.mark.parametrize("numbers", [False, True], ids=["structure", "numbers"])
@pytest.mark.parametrize("name", GRAPHS)
def test_nothing_overlaps(name: str, numbers: bool) -> None:
    f = GRAPHS[name]
    at = {var.name: np.ones(var.shape) for var in sd.variables(f)} if name == "arrays" else point(f)
    picture = sd.draw(f, at if numbers else None)
    assert len(picture.diagram.boxes) <= 62
    check_drawing(picture.drawing)


def test_the_check_sees_an_overlap() -> None:
    found = sd.draw(sd.parse("x*y"), {"x": 1, "y": 2}).drawing
    moved = found._replace(texts=(*found.texts, found.texts[0]))
    with pytest.raises(AssertionError):
        check_drawing(moved)
    first, *rest = found.rectangles
    across = first._replace(x=found.rectangles[2].x - 40, y=found.rectangles[2].y, width=35)
    with pytest.raises(AssertionError):
        check_drawing(found._replace(rectangles=(across, *rest)))


def test_numbers_on_arrows() -> None:
    """The lecture's picture: each arrow's value and what flows back along it, the sum where a value is used twice."""
    diagram = sd.draw(sd.parse("(a+3*b)*c**2"), {"a": 2, "b": 3, "c": 4}).diagram
    arrows = {(arrow.source, arrow.target): (arrow.value, arrow.derivative) for arrow in diagram.arrows}
    assert arrows == {
        ("b", "v1"): ("3", "48"), ("a", "v2"): ("2", "16"), ("v1", "v2"): ("9", "16"), ("c", "v3"): ("4", "88"),
        ("v2", "v4"): ("11", "16"), ("v3", "v4"): ("16", "11"), ("v4", "= f"): ("176", "1"),
    }  # fmt: skip
    diagram = sd.draw(sd.parse("x**2*y + y + 2"), {"x": 3, "y": 4}).diagram
    assert [arrow.derivative for arrow in diagram.arrows if arrow.source == "y"] == ["9", "1"]
    assert {box.name: box.note for box in diagram.boxes}["y"] == "sum 10"
    assert [box.label for box in diagram.boxes] == ["x", "·**2", "y", "*", "+", "· + 2", "f"]


def test_the_derivative_beside_the_function() -> None:
    boxes = {box.name: box for box in sd.draw(sd.parse("sin(x)*y"), derivative=True).diagram.boxes}
    kinds = [(box.label, box.kind) for box in boxes.values()]
    assert ("cos", "derivative") in kinds and ("sin", "operation") in kinds
    assert sum(label == "sin" for label, _ in kinds) == 1, "sin(x) is df/dy: one box for both"
    assert [box.label for box in boxes.values() if box.kind == "result"] == ["f", "df/dx", "df/dy"]


def test_folding_says_what_is_folded() -> None:
    picture = sd.draw(chain(60))
    folded = [box for box in picture.diagram.boxes if box.kind == "folded"]
    assert folded and all(re.fullmatch(r"\d+ operations of [xyz, ]+", box.label) for box in folded)
    total = sum(1 for node in topological(chain(60)) if node.args)
    shown = sum(box.kind in ("operation", "folded") for box in picture.diagram.boxes)
    assert picture.diagram.folded == total - shown
    assert f"{total - shown} operations farthest from the result" in picture.to_svg()
    assert str(picture).endswith("folded into dashed boxes")
    assert sd.draw(chain(60), limit=1000).caption == ""


def test_steps_and_limits_of_the_command(cli) -> None:
    formula = "sin(x)*cos(x)*tan(x)*exp(x)"
    assert cli("graph", formula, "--steps", "5").out == f"{sd.draw(sd.parse(formula), limit=5)}\n"
    assert "fold" in cli("graph", formula, "--steps", "5").out and "fold" not in cli("graph", formula).out
    assert "the graphs take more than 2 nodes" in cli("graph", formula, "--limit", "nodes=2").err


def test_formats() -> None:
    picture = sd.draw(sd.parse("where(x < y, x*y, x)"), {"x": 1, "y": 2})
    root = ElementTree.fromstring(picture.to_svg())
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "v2 = x*y\nvalue 2\nderivative of the result 1" in titles and "v2 to v3" in titles
    assert picture.to_dot().startswith("digraph {") and '"x" -> ' in picture.to_dot()
    assert picture.to_mermaid().startswith("flowchart LR\n") and "<" not in re.sub("<br>", "", picture.to_mermaid())
    pytest.importorskip("matplotlib")
    assert picture.to_png().startswith(b"\x89PNG")


def test_png_is_not_blank(tmp_path) -> None:
    image = pytest.importorskip("matplotlib.image")
    path = tmp_path / "graph.png"
    sd.draw(sd.parse(NET)).save(path)
    pixels = image.imread(path)
    assert pixels.shape[1] > 800 and (pixels[..., :3].min(axis=2) < 0.5).mean() > 0.005


def test_text(cli) -> None:
    assert cli("graph", "(x+y)*z", "--at", "x=-2,y=5,z=-4").out.splitlines() == [
        "f = v2 = v1*z = -12   derivative 1",
        "  v1 = x + y = 3   derivative -4",
        "    x = -2   derivative -4",
        "    y = 5   derivative -4",
        "  z = -4   derivative 3",
    ]
    assert cli("graph", SHARED).out.count("v3 = v1 + v2 (above)") == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["graph", "x", "-o", "x.gif"], "pictures are files of the kinds svg, png, dot, mmd, txt, not gif"),
        (["graph", "x", "-o", "x"], "not without a kind"),
        (["graph", "x*y", "--at", "x=1"], "no value for y"),
        (["graph", "x", "--steps", "1"], "--steps"),
        (["graph", "x", "--shape", "x=n", "--derivative"], "has no one graph"),
        (["graph", "x", "-o", "no/such/folder/x.svg"], "cannot write"),
    ],
)
def test_errors(cli, args, says) -> None:
    result = cli(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ") and says in result.err and result.err.count("\n") == 1


def test_short_arrays_stand_on_arrows() -> None:
    f = sd.parse("sum((W @ x)**2)", shapes={"W": (2, 2), "x": (2,)})
    text = str(sd.draw(f, {"W": [[1, -1], [0.5, 2]], "x": [1, 2]}))
    assert "W = [[1, -1], [0.5, 2]]   derivative [[-2, -4], [9, 18]]" in text
    assert "v1 = W @ x = [-1, 4.5]   derivative [-2, 9]" in text
    assert "(3, 3)" in str(sd.draw(sd.parse("sum(A)", shapes={"A": (3, 3)}), {"A": np.zeros((3, 3))}))
