"""A curve fit by Gauss-Newton with a generated Jacobian, and how far to believe it: bands and regions.

Biochemical oxygen demand over eight days: Box, Hunter and Hunter, Statistics for Experimenters (1978), page 483, as
NIST certifies it (BoxBOD of the Statistical Reference Datasets). Six points determine the curve, but not well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shared

import symdiff as sd
from symdiff import curves

MODEL = "b1*(1 - exp(-b2*x))"
DAYS = np.array([1.0, 2, 3, 5, 7, 10])
DEMAND = np.array([109.0, 149, 149, 191, 213, 224])
STARTS = {"start 1": (1.0, 1.0), "start 2": (100.0, 0.75)}
CERTIFIED = {"b1": 213.80940889, "b2": 0.54723748542}
#: The 95 % point of the F distribution on 2 and 4 degrees of freedom.
F_POINT = 6.9443

formula = sd.parse(MODEL)
wrt = list(sd.symbols("b1 b2"))
curve = sd.compile(sd.simplify([formula, *sd.grad(formula, wrt)]), [sd.symbol("x"), *wrt])


def squares(params: np.ndarray) -> float:
    """The sum of the squared residuals; infinite where exp overflows."""
    with np.errstate(over="ignore"):
        return float(((curve(DAYS, *params)[0] - DEMAND) ** 2).sum())


def gauss_newton(start: Sequence[float], tolerance: float = 1e-10) -> np.ndarray:
    """The points visited. A step solves the linear problem of the tangents, and is halved until it leads down."""
    path = [np.array(start)]
    while len(path) < 100:
        value, *slopes = curve(DAYS, *path[-1])
        step = np.linalg.lstsq(np.column_stack(slopes), DEMAND - value, rcond=None)[0]
        while squares(path[-1] + step) > squares(path[-1]) and np.linalg.norm(step) > tolerance:
            step = step / 2
        path.append(path[-1] + step)
        if np.linalg.norm(step) < tolerance * np.linalg.norm(path[-1]):
            break
    return np.array(path)


def draw_curve(axes: Any, found: curves.CurveFit) -> None:
    """The data, the curve, and the bands in which it and new observations lie."""
    days = np.linspace(0, 12, 200)
    for new, color, name in ((True, "0.9", "new observation, 95 %"), (False, "tab:orange", "curve, 95 %")):
        band = found.predict({"x": days}, observation=new)
        axes.fill_between(days, band.lower, band.upper, color=color, alpha=0.9 if new else 0.4, label=name)
    axes.plot(days, band.value, color="tab:red", label=MODEL)
    axes.plot(DAYS, DEMAND, "ko", label="observed")
    axes.set(xlabel="days", ylabel="oxygen demand, mg/l", ylim=(0, 300))
    axes.legend(loc="lower right")


def draw_steps(axes: Any, found: curves.CurveFit, paths: dict[str, np.ndarray]) -> None:
    """The ways over the sum of squares, and two 95 % regions: of the curve itself, and of its tangent plane."""
    b1, b2 = np.meshgrid(np.linspace(0, 320, 161), np.linspace(0.05, 2, 196))
    height = ((curve(DAYS, b1[..., None], b2[..., None])[0] - DEMAND) ** 2).sum(axis=-1)
    axes.contourf(b1, b2, np.log10(height), levels=30, cmap="Greys_r", alpha=0.6)
    axes.contour(b1, b2, height, levels=[found.rss * (1 + F_POINT * 2 / found.dof)], colors="tab:blue")
    turn = np.linspace(0, 2 * np.pi, 100)
    circle = np.sqrt(2 * F_POINT) * np.array([np.cos(turn), np.sin(turn)])
    middle = np.array([*found.params.values()])[:, None]
    axes.plot(
        *(middle + np.linalg.cholesky(found.covariance) @ circle), "--", color="tab:orange", label="linearised 95 %"
    )
    axes.plot([], color="tab:blue", label="95 % by the sum of squares")
    for (name, path), color in zip(paths.items(), ("tab:green", "tab:purple"), strict=True):
        axes.plot(*path.T, "o-", color=color, markersize=4, label=f"{name}: {len(path) - 1} steps")
    axes.set(xlabel="b1", ylabel="b2", xlim=(0, 320), ylim=(0.05, 2))
    axes.legend(loc="lower left")


def draw(path: Path, found: curves.CurveFit, paths: dict[str, np.ndarray]) -> None:
    with shared.figure(path, 1, 2, figsize=(12, 5)) as (left, right):
        draw_curve(left, found)
        draw_steps(right, found, paths)


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("a curve fit by Gauss-Newton, with confidence bands", argv)
    paths = {name: gauss_newton(start) for name, start in STARTS.items()}
    for name, path in paths.items():
        print(f"{name}: {len(path) - 1} steps to b1 = {path[-1, 0]:.8f}, b2 = {path[-1, 1]:.8f}")
    found = curves.fit(MODEL, {"x": DAYS}, DEMAND, dict(zip(CERTIFIED, STARTS["start 1"], strict=True)))
    print(found)
    draw(asked.out / "curve_fit.png", found, paths)
    worst = max(abs(found.params[name] / value - 1) for name, value in CERTIFIED.items())
    ends = {name: float(squares(path[-1])) for name, path in paths.items()}
    return {"error": worst, "squares": found.rss, **ends}


if __name__ == "__main__":
    main()
