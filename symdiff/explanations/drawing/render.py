"""Shapes as SVG, and on a Matplotlib figure for other kinds of files."""

from __future__ import annotations

from html import escape

from ..plots import matplotlib, saved
from .shapes import FILLS, LINE, Curve, Drawing, Point, Rectangle

_HEAD = 7.0
_FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"


def svg(drawing: Drawing) -> str:
    """SVG whose boxes and arrows have tooltips."""
    width, height = f"{drawing.width:.0f}", f"{drawing.height:.0f}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{_FONT}" text-anchor="middle">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for curve in drawing.curves:
        path = f"M{_xy(curve.points[0])}C" + " ".join(map(_xy, curve.points[1:]))
        head = " ".join(map(_xy, _arrow_head(curve)))
        lines.append(
            f'<g><title>{escape(curve.about)}</title><path d="{path}" fill="none" stroke="{LINE}"/>'
            + (f'<polygon points="{head}" fill="{LINE}"/></g>' if curve.ends else "</g>")
        )
    lines += map(_rectangle, drawing.rectangles)
    for text in drawing.texts:
        lines.append(
            f'<text x="{text.x:.1f}" y="{text.y:.1f}" font-size="{text.size:g}" fill="{text.colour}" '
            f'pointer-events="none">{escape(text.text)}</text>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"


def _rectangle(shape: Rectangle) -> str:
    fill, line = FILLS[shape.kind]
    dashes = ' stroke-dasharray="5 3"' if shape.kind == "folded" else ""
    return (
        f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" rx="6" '
        f'fill="{fill}" stroke="{line}"{dashes}><title>{escape(shape.about)}</title></rect>'
    )


def _xy(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _arrow_head(curve: Curve) -> list[Point]:
    """A triangle at the end of a curve, which arrives level or straight down."""
    (from_x, _), (x, y) = curve.points[-2:]
    back, side = _HEAD, _HEAD / 2.4
    if from_x == x:
        return [(x, y), (x - side, y - back), (x + side, y - back)]
    return [(x, y), (x - back, y - side), (x - back, y + side)]


def matplotlib_file(drawing: Drawing, kind: str) -> bytes:
    """The file's content, of a kind that Matplotlib writes, such as png or pdf; needs Matplotlib."""
    patches, path = matplotlib("patches"), matplotlib("path")
    figure = matplotlib("figure").Figure(figsize=(drawing.width / 72, drawing.height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0))
    axes.axis("off")
    for curve in drawing.curves:
        codes = [path.Path.MOVETO] + [path.Path.CURVE4] * (len(curve.points) - 1)
        axes.add_patch(patches.PathPatch(path.Path(curve.points, codes), fill=False, edgecolor=LINE, lw=1))
        if curve.ends:
            axes.add_patch(patches.Polygon(_arrow_head(curve), facecolor=LINE, lw=0))
    for shape in drawing.rectangles:
        fill, line = FILLS[shape.kind]
        axes.add_patch(
            patches.FancyBboxPatch(
                (shape.x + 6, shape.y + 6), shape.width - 12, shape.height - 12, boxstyle="round,pad=6",
                facecolor=fill, edgecolor=line, lw=1, linestyle="--" if shape.kind == "folded" else "-",
            )
        )  # fmt: skip
    for text in drawing.texts:
        style = {"size": text.size, "color": text.colour, "ha": "center", "family": "monospace", "parse_math": False}
        axes.text(text.x, text.y, text.text, **style)
    return saved(figure, kind, dpi=144)
