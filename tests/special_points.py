"""Formulas of numbers at special points, judged by mpmath on the text as typed (:mod:`exact_values`).

What is wrong by more than rounding: how much rounding may do is measured on the formula itself, by disturbing each
operation and each occurrence of a variable by a unit in the last place, in value and in slope.
"""

from __future__ import annotations

import ast
import math
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, combinations_with_replacement, product
from pathlib import Path
from typing import Any, NamedTuple

import exact_values
import mpmath as mp
import numpy as np
from exact_values import NoValueError

import symdiff as sd

EPS = 2.0**-52
#: The levels that promise digits where the derivative as it stands loses some.
KEEPS = ("code", "accurate")
#: Numbers where formulas lose digits, overflow, or have kinks, zeros and poles.
NUMBERS = (
    0.0, -0.0, 1.0, -1.0, 1e-8, -1e-8, 1e200, -1e200, 1e-200, -1e-200, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 4.0,
    5.0, 10.0, -10.0, 1e-3, -1e-3, 1e-5, -1e-5, 1e-12, -1e-12, 1e-16, -1e-16, 1e-30, -1e-30, 1e-100, -1e-100,
    1e-300, -1e-300, 1e3, -1e3, 1e5, -1e5, 1e8, -1e8, 1e16, -1e16, 1e30, -1e30, 1e100, -1e100, 1e150, -1e150,
    1e300, -1e300, math.pi, -math.pi, math.pi / 2, -math.pi / 2, 2 * math.pi, 3 * math.pi / 2, math.pi / 4,
    math.pi / 3, 10 * math.pi, 100 * math.pi, -100 * math.pi, 1e6 * math.pi, 1 + 2 * EPS, 1 - EPS, -1 + EPS, -1
    - 2 * EPS, 1 + 1e-8, 1 - 1e-8, -1 + 1e-8, 0.5 + 1e-9, 2 - 1e-9, 1.5, -1.5, 2.5, -2.5, 1 / 3, -1 / 3, 0.1,
    -0.1, 0.9, -0.9, 0.99, 1.01, 7.0, -7.0, 13.0, 20.0, -20.0, 26.0, -26.0, 27.5, -27.5, 36.0, -36.0, 38.0,
    -38.0, 40.0, -40.0, 80.0, -80.0, 170.0, 171.7, 300.0, -300.0, 700.0, -700.0, 709.0, 709.9, -709.9, 745.0,
    -745.0, 746.0, -746.0, 1000.0, -1000.0, 1e4, 2.0**53, -(2.0**53), 2.0**53 + 2, 2.0**31, -(2.0**31), 2.0**64,
    123456789.0, -123456789.0, 1e15 + 1, 1e15 + 0.5, 99999.5, -99999.5, 6.0, 8.0, 12.0, 100.0, -100.0, 50.0,
    -50.0, 0.25, -0.25, 0.75, 1e-4, -1e-4, 1e-7, 1e-10, -1e-10, 1e-20, 1e-50, -1e-50, 1e50, -1e50, 1e-150,
    -1e-150, 3.3, -3.3, 0.7, -0.7, 1.4616321449683623, 4.493409457909064, 5.5, -5.5, 1e-6, -1e-6, 1e12, -1e12,
    1e10, 22.0, -22.0, 16.0, 17.0, -17.0, 18.4, -18.4, 37.0, -37.0, 0.01, -0.01, 0.3, -0.3, 0.6, 30.0, -30.0,
    60.0, -60.0, 500.0, -500.0, 1e-14, -1e-14, 3e-9, -3e-9, 1e-2, 2e-4, 5e-6, -5e-6, 1.9, -1.9, 9.0, -9.0, 11.0,
)  # fmt: skip

#: Formulas that were wrong in some tool, or that lose digits, or that have a form which does not.
CHOSEN = tuple((Path(__file__).parent / "data" / "special_formulas.txt").read_text(encoding="utf-8").splitlines())

UNARY = (
    "abs expm1 exp exp2 log log1p log2 log10 sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh "
    "arctanh sinc sigmoid softplus relu leaky_relu elu gelu erf erfc gamma gammaln digamma floor ceil sign"
).split()
BINARY = "maximum minimum hypot arctan2 logaddexp xlogy".split()
INFIX = "+ + - - * * * / / ** %".split()
INDEXED = ("sinc_derivative(1, {})", "sinc_derivative(2, {})", "spherical_jn(0, {})", "spherical_jn(1, {})",
           "spherical_jn(2, {})", "polygamma(1, {})", "polygamma(2, {})")  # fmt: skip
NUMERALS = ("1", "2", "3", "1/2", "1/3", "0.5", "pi", "10", "-1", "4", "0.1")


def formula(seed: int) -> str:
    """The random formula of that number, of one or two variables; always the same one."""
    rng = random.Random(seed)
    names = rng.choice((("x",), ("x",), ("x", "y")))
    while True:
        text = _drawn(rng, names, rng.choice((2, 2, 3)))
        if "x" in text:
            return text


def _drawn(rng: random.Random, names: Sequence[str], depth: int) -> str:
    if not depth or rng.random() < 0.08:
        return rng.choice(names) if rng.random() < 0.75 else f"({rng.choice(NUMERALS)})"
    kind = rng.random()
    parts = [_drawn(rng, names, depth - 1) for _ in range(4)]
    if kind < 0.36:
        return f"{rng.choice(UNARY)}({parts[0]})"
    if kind < 0.72:
        return f"({parts[0]} {rng.choice(INFIX)} {parts[1]})"
    if kind < 0.82:
        return f"({parts[0]})**({rng.choice(('2', '3', '-1', '-2', '1/2', '3/2', '1/3', '0.3'))})"
    if kind < 0.9:
        return f"{rng.choice(BINARY)}({parts[0]}, {parts[1]})"
    if kind < 0.95:
        return f"where({parts[0]} {rng.choice(('>', '<', '>=', '<=', '!=', '=='))} {parts[1]}, {parts[2]}, {parts[3]})"
    if kind < 0.98:
        return rng.choice(INDEXED).format(parts[0])
    return f"difference_of_products({', '.join(parts)})"


def points(count: int, names: Sequence[str]) -> list[dict[str, float]]:
    """So many special points: the first numbers for one variable, pairs of them for two."""
    if len(names) == 1:
        return [{names[0]: number} for number in NUMBERS[:count]]
    rng = random.Random(count)
    return [{name: rng.choice(NUMBERS[: max(count // 2, 20)]) for name in names} for _ in range(count)]


# -- what is right, and how much rounding may change ------------------------------------------------------------------


class Disturbed:
    """Each operation and occurrence of a variable off by about a unit in the last place, in value and in slope."""

    def __init__(self, text: str, point: dict[str, float], seed: int) -> None:
        self.seed = seed
        self.base: dict[tuple[int, int], Any] = {}
        exact_values.value(text, point, self._remember)

    def _remember(self, tree: ast.AST, value: Any) -> Any:
        self.base[tree.col_offset, tree.end_col_offset] = value  # type: ignore[attr-defined]
        return value

    def __call__(self, tree: ast.AST, value: Any) -> Any:
        place = tree.col_offset, tree.end_col_offset  # type: ignore[attr-defined]
        rng = random.Random(f"{self.seed} {place}")
        off, slope = (mp.mpf(rng.choice((-1, 1)) * rng.uniform(0.3, 1)) * EPS for _ in "ab")
        base = self.base.get(place, value)
        rounded = base if isinstance(tree, ast.Name) else base * (1 + off)
        return rounded + (1 + slope) * (value - base)


class Exact(NamedTuple):
    """The right value; whether it is inside the domain with no value on the way near overflow; the largest of those."""

    value: float
    safe: bool
    largest: float


@cache
def exact(text: str, names: tuple[str, ...], point: tuple[tuple[str, float], ...], spare: int = 60) -> Exact | None:
    """The right derivative by the names at a point; None where there is none, or none that can be computed."""
    at = dict(point)
    sizes: list[Any] = []

    def watch(tree: ast.AST, value: Any) -> Any:
        sizes.append(abs(value))
        return value

    if names and exact(text, names[:-1], point, spare) is None:
        return None  # a kink of the derivative of lower order
    with mp.workdps(50):
        try:
            exact_values.value(text, at, watch)
            value = exact_values.partial(text, at, names, spare=spare)
        except NoValueError:
            return None
    low, high = (1e-300, 1e300) if not names else (1e-140, 1e140)
    safe = all(size == 0 or low < size < high for size in [*sizes, *(abs(number) for number in at.values())])
    safe = safe and (not names or _inside(text, at))
    return Exact(float(value), safe, float(max(sizes, default=0)))


def _inside(text: str, at: dict[str, float]) -> bool:
    """Whether the formula has values on both sides of the point, along every variable."""
    with mp.workdps(50):
        for name, side in product(at, (1, -1)):
            moved = mp.mpf(at[name]) * (1 + side * mp.mpf(10) ** -30) if at[name] else side * mp.mpf(10) ** -30
            try:
                exact_values.value(text, {**at, name: moved})
            except NoValueError:
                return False
    return True


def rounding(text: str, names: tuple[str, ...], point: tuple[tuple[str, float], ...], right: float) -> float:
    """How far roundings can move the derivative, about: the largest change of three disturbed formulas."""
    at, worst = dict(point), 0.0
    with mp.workdps(50):
        try:
            for seed in range(3):
                moved = exact_values.partial(text, at, names, Disturbed(text, at, seed))
                worst = max(worst, abs(float(moved) - right))
        except NoValueError:
            return math.inf
    return worst


def scale(text: str, names: tuple[str, ...], point: tuple[tuple[str, float], ...]) -> float:
    """What derivatives as they stand may lose digits to: the largest value on the way, or of lower order."""
    lower = [exact(text, part, point) for order in range(len(names)) for part in combinations(names, order)]
    return max((max(abs(one.value), one.largest) for one in lower if one is not None), default=0.0)


def near(got: float, right: float, digits: float = 11) -> bool:
    if abs(right) > 1e300:
        return not abs(got) < 1e299
    return abs(got - right) <= 10.0**-digits * abs(right) + 1e-290


# -- what symdiff computes ----------------------------------------------------------------------------------------


def orders(variables: Sequence[str], highest: int = 2) -> list[tuple[str, ...]]:
    """The value, and each derivative up to the order once."""
    return [names for order in range(highest + 1) for names in combinations_with_replacement(variables, order)]


def computed(text: str, level: str, backends: Sequence[str], at: list[dict[str, float]]) -> Iterator[tuple[str, Any]]:
    """By backend: an array of derivatives by points, NaN where the code raises."""
    f = sd.parse(text)
    variables = [sd.symbol(name) for name in sorted(at[0])]
    simple = sd.simplify(f, level)
    every = [[sd.symbol(name) for name in names] for names in orders(sorted(at[0]))]
    outputs = sd.simplify([sd.diff(simple, *names) if names else simple for names in every], level)
    columns = [np.array([point[var.name] for point in at]) for var in variables]
    for backend in backends:
        try:
            functions = [sd.compile(part, variables, backend=backend) for part in outputs] if backend == "math" else []
            fn = None if functions else sd.compile(outputs, variables, backend=backend)
        except sd.UnsupportedError:
            continue
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if fn is None:
                rows = list(zip(*(column.tolist() for column in columns), strict=True))
                yield backend, np.array([[_number(function, row) for row in rows] for function in functions])
            else:
                yield backend, np.array([np.broadcast_to(part, (len(at),)) for part in fn(*columns)])


def _number(function: Any, row: Sequence[float]) -> float:
    try:
        return float(function(*row))
    except (ArithmeticError, ValueError):
        return math.nan


class Wrong(NamedTuple):
    """A derivative that is wrong at a point, and by which level and backend."""

    text: str
    names: tuple[str, ...]
    point: dict[str, float]
    level: str
    backend: str
    got: float
    right: float

    def __str__(self) -> str:
        by = f"d/d{','.join(self.names)} of " if self.names else ""
        return f"{by}{self.text} at {self.point}: {self.got!r} at {self.level} on {self.backend}, right {self.right!r}"


def mistakes(text: str, ways: Mapping[str, Sequence[str]], count: int) -> list[Wrong]:
    """What is wrong at the first special points by the levels and their backends.

    Where values leave the floating-point numbers, only what is worse than the formula as typed.
    """
    variables = sorted({node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)} & {"x", "y"})
    at = points(count, variables)
    typed = dict(computed(text, "none", ["numpy", "math"], at))
    found = []
    for level, backends in ways.items():
        for backend, values in computed(text, level, backends, at):
            as_typed = typed.get(backend, typed["numpy"])
            for names, row, plain in zip(orders(variables), values, as_typed, strict=True):
                for point, got, old in zip(at, map(float, row), map(float, plain), strict=True):
                    if backend == "math" and math.isnan(got) and math.isnan(old):
                        continue  # Python raises where a step overflows
                    right = _mistake(text, names, point, got, old, level in KEEPS)
                    if right is not None:
                        found.append(Wrong(text, names, point, level, backend, got, right))
    return found


def _mistake(
    text: str, names: tuple[str, ...], point: dict[str, float], got: float, plain: float, keeps: bool
) -> float | None:
    """The right value where the one got is wrong."""
    key = tuple(point.items())
    right = exact(text, names, key)
    if right is None or near(got, right.value):
        return None
    right = exact(text, names, key, 400)
    if right is None or near(got, right.value) or not math.isfinite(right.value):
        return None
    if not right.safe and not near(plain, right.value):
        return None
    slack = 1000 * rounding(text, names, key, right.value) + (0 if keeps else 1e-12 * scale(text, names, key))
    return None if abs(got - right.value) <= slack else right.value
