"""Plots: functions of one variable with their derivatives, of two with their gradient field; loss curves, landscapes.

Matplotlib is imported when something is drawn. No window is opened: every plot becomes a file.

>>> import symdiff as sd
>>> sd.plots.plot(sd.parse("a*x**2"), at={"a": 2}, order=2).formula
2*x**2
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..compiler.functions import compile
from ..differentiate.passes import grad
from ..graph.atomic_write import write_whole
from ..graph.errors import DomainError, ShapeError, SymdiffError, UnsupportedError
from ..graph.leaves import VAR, as_node, const, symbol
from ..graph.node import Node
from ..graph.shapes import show_shape
from ..graph.traversal import substitute, variables
from ..search.levels import simplify
from .tables import shorten

Bounds = tuple[float, float]

#: The interval of a variable unless one is given.
DEFAULT: Bounds = (-3.0, 3.0)
#: Points along a curve, and along each side of a field of contours and of arrows.
POINTS, CELLS, ARROWS = 601, 121, 17
KINDS = ("svg", "png", "pdf")
#: The same plot is the same file: no dates, no random names.
_FIXED = {"svg.hashsalt": "symdiff", "svg.fonttype": "none"}
_UNDATED: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def matplotlib(module: str) -> Any:
    """A module of Matplotlib; raises UnsupportedError where it is not installed.

    >>> matplotlib("figure").Figure.__name__
    'Figure'
    """
    try:
        return import_module(f"matplotlib.{module}")
    except ImportError:
        raise UnsupportedError("drawing this needs matplotlib: pip install matplotlib") from None


@dataclass(frozen=True)
class Plot:
    """A function to draw: of one variable with its derivatives, or of two with its gradient."""

    formula: Node
    ranges: dict[str, Bounds]
    order: int

    def content(self, kind: str) -> bytes:
        """The file's content; raises UnsupportedError for a kind that is none of :data:`KINDS`."""
        if kind not in KINDS:
            raise UnsupportedError(f"plots are files of the kinds {', '.join(KINDS)}, not {kind or 'without a kind'}")
        with figure() as axes:
            self.draw(axes)
            return saved(axes.figure, kind)

    def draw(self, axes: Any) -> None:
        """Draw on Matplotlib axes."""
        variables = [(symbol(name), bounds) for name, bounds in self.ranges.items()]
        if len(variables) == 1:
            curves(axes, self.formula, *variables[0], self.order)
        else:
            field(axes, self.formula, *variables)

    def save(self, path: str | Path) -> None:
        """Write a file, of the kind that its name ends with."""
        write_whole(path, self.content(Path(path).suffix.lower().removeprefix(".")))

    def _repr_png_(self) -> bytes:
        return self.content("png")


def plot(
    f: Any, ranges: Mapping[Any, Bounds] | None = None, at: Mapping[Any, float] | None = None, order: int = 2
) -> Plot:
    """The plot of a scalar function of one or two scalar variables.

    ``ranges``: lowest and highest value by name or variable, by default -3 and 3. ``at``: values of variables that
    stay fixed. ``order``: how many derivatives are drawn beside a function of one variable. Raises SymdiffError for
    other counts of variables or an empty range, ShapeError for arrays.

    >>> import symdiff as sd
    >>> plot(sd.parse("a*x**2"), at={"a": 2}).formula
    2*x**2
    """
    root = as_node(f)
    fixed = {_name(key): value for key, value in (at or {}).items()}
    given = {_name(key): value for key, value in (ranges or {}).items()}
    inputs = {var.name: var for var in variables(root)}
    for name in (*fixed, *given):
        if name not in inputs:
            raise SymdiffError(f"the formula has no variable {name}; its variables are {', '.join(inputs) or 'none'}")
    if root.shape or any(var.shape for var in inputs.values()):
        raise ShapeError(f"plots are of numbers by numbers, not of shape {show_shape(root.shape)} or by arrays")
    root = substitute(root, {inputs[name]: const(value) for name, value in fixed.items()})
    free = [name for name in inputs if name not in fixed]
    if not 1 <= len(free) <= 2:
        raise SymdiffError(
            f"a plot is of one or two variables, and this formula has {', '.join(free) or 'none'}; "
            "give values for the others"
        )
    return Plot(root, {name: _bounds(name, given.get(name, DEFAULT)) for name in free}, order)


def _name(key: Any) -> str:
    return key.name if isinstance(key, Node) and key.op is VAR else str(key)


def _bounds(name: str, bounds: Bounds) -> Bounds:
    low, high = map(float, bounds)
    if not (low < high and abs(low) < float("inf") and abs(high) < float("inf")):
        raise SymdiffError(f"the range of {name} goes from a number to a larger one, not from {low:g} to {high:g}")
    return low, high


# -- on axes -------------------------------------------------------------------------------------------------------


def curves(axes: Any, f: Node, x: Node, bounds: Bounds, order: int) -> None:
    """A function of one variable and its derivatives.

    ``bounds``: the ends of the interval of ``x``; ``order``: how many derivatives.

    >>> from symdiff import sin, symbol
    >>> x = symbol("x")
    >>> with figure() as axes:
    ...     curves(axes, sin(x), x, (0, 6), 1)
    ...     [line.get_label() for line in axes.lines[:2]]
    ['f = sin(x)', "f' = cos(x)"]
    """
    import numpy as np

    derivatives = [simplify(f)]
    for _ in range(order):
        derivatives.append(simplify(grad(derivatives[-1], x)))
    points = np.linspace(*bounds, POINTS)
    with np.errstate(all="ignore"):
        curves = compile(derivatives, [x])(points)
    outside = np.isnan(
        _check_finite(f, curves[0])
    )  # a derivative's formula may have values where the function has none
    for count, (derivative, values) in enumerate(zip(derivatives, curves, strict=True)):
        name = "f" + "'" * count if count < 4 else f"f({count})"
        axes.plot(points, np.where(outside, np.nan, values), label=f"{name} = {_label(derivative)}")
    axes.axhline(0, color="grey", linewidth=0.6)
    axes.set(xlabel=x.name, xlim=bounds)
    axes.grid(alpha=0.3)
    axes.legend()


def field(axes: Any, f: Node, first: tuple[Node, Bounds], second: tuple[Node, Bounds]) -> None:
    """A function of two variables as contours, with arrows along its gradient.

    ``first`` and ``second``: a variable with the ends of its interval, across and up.

    >>> from symdiff import symbols
    >>> x, y = symbols("x y")
    >>> with figure() as axes:
    ...     field(axes, x**2 + y**2, (x, (-1, 1)), (y, (-1, 1)))
    ...     axes.get_xlabel(), axes.get_ylabel()
    ('x', 'y')
    """
    import numpy as np

    (x, across), (y, up) = first, second
    grid = np.meshgrid(np.linspace(*across, CELLS), np.linspace(*up, CELLS))
    coarse = np.meshgrid(*(np.linspace(*bounds, ARROWS + 2)[1:-1] for bounds in (across, up)))
    with np.errstate(all="ignore"):
        heights = np.broadcast_to(compile(simplify(f), [x, y])(*grid), grid[0].shape)
        gradient = compile(simplify(grad(f, [x, y])), [x, y])(*coarse)
        slopes = [np.broadcast_to(part, coarse[0].shape) for part in gradient]
    heights = np.ma.masked_invalid(_check_finite(f, heights))
    shades = axes.contourf(*grid, heights, levels=20, cmap="viridis")
    axes.contour(*grid, heights, levels=20, colors="black", linewidths=0.3)
    length = np.ma.masked_invalid(np.hypot(*slopes))
    units = (np.ma.masked_invalid(part) / np.where(length > 0, length, 1) for part in slopes)
    axes.quiver(*coarse, *units, length, cmap="autumn", pivot="mid", scale=30)
    axes.figure.colorbar(shades, ax=axes, label="f")
    axes.set(title=f"f = {_label(f)}\narrows: directions of its gradient", xlabel=x.name, ylabel=y.name)


def losses(axes: Any, courses: Mapping[str, Sequence[float]], xlabel: str = "step") -> None:
    """Losses by step on a logarithmic scale, a line for each run.

    ``courses``: the losses of each run by its name.

    >>> with figure() as axes:
    ...     losses(axes, {"Adam": [1.0, 0.5], "SGD": [1.0, 0.8]})
    ...     len(axes.lines)
    2
    """
    for name, values in courses.items():
        axes.semilogy(values, label=name)
    axes.set(xlabel=xlabel, ylabel="loss")
    axes.legend()


def landscape(axes: Any, side: Any, heights: Any, trained: str = "trained net") -> None:
    """A loss on a plane through its parameters, as contours on a logarithmic scale, with the origin marked.

    ``side``: the coordinates along both axes, shape (n,); ``heights``: the losses, positive, of shape (n, n) with a row
    for each value of the second coordinate.

    >>> import numpy as np
    >>> side = np.linspace(-1, 1, 9)
    >>> with figure() as axes:
    ...     landscape(axes, side, 1 + side**2 + side[:, None] ** 2)
    ...     axes.get_xlabel(), axes.get_ylabel()
    ('a', 'b')
    """
    import numpy as np

    levels = np.geomspace(heights.min(), heights.max(), 25)
    shades = axes.contourf(side, side, heights, levels=levels, norm="log", cmap="viridis")
    axes.contour(side, side, heights, levels=levels, colors="black", linewidths=0.3)
    axes.plot(0, 0, "*", color="white", markeredgecolor="black", markersize=16, label=trained)
    label = lambda level, _: f"{level:.2f}"
    axes.figure.colorbar(shades, ax=axes, label="loss", ticks=levels[::4], format=label)
    axes.set(xlabel="a", ylabel="b", aspect="equal")
    axes.legend()


def _check_finite(f: Node, values: Any) -> Any:
    """The values; raises DomainError where none is finite."""
    import numpy as np

    if not np.isfinite(values).any():
        raise DomainError(f"{_label(f)} has no finite value there; choose another range")
    return values


def _label(f: Node) -> str:
    return shorten(str(f), 48).replace("$", r"\$")


# -- files ---------------------------------------------------------------------------------------------------------


@contextmanager
def figure(rows: int = 1, columns: int = 1, *, figsize: Any = None, **settings: Any) -> Iterator[Any]:
    """Axes to draw on, as Matplotlib's ``subplots`` gives them with these settings, of a figure without a window.

    Raises UnsupportedError without Matplotlib.

    >>> with figure() as axes:
    ...     losses(axes, {"Adam": [1.0, 0.5, 0.25]})
    ...     content = saved(axes.figure, "png")
    >>> content[1:4]
    b'PNG'
    """
    with matplotlib("style").context(["default", _FIXED]):
        canvas = matplotlib("figure").Figure(layout="constrained", figsize=figsize)
        yield canvas.subplots(rows, columns, **settings)


def saved(canvas: Any, kind: str, dpi: int = 100) -> bytes:
    """The figure as a file's content, the same for the same figure.

    ``kind``: one of :data:`KINDS`. Nothing in it depends on the time.

    >>> with figure() as axes:
    ...     losses(axes, {"SGD": [3.0, 1.0]})
    ...     print(saved(axes.figure, "svg") == saved(axes.figure, "svg"))
    True
    """
    out = io.BytesIO()
    canvas.savefig(out, format=kind, dpi=dpi, metadata=_UNDATED.get(kind))
    return out.getvalue()
