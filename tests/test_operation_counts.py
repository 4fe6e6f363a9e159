"""How many operations Jacobians take, counted in the shared graph of their entries that are not zero by structure.

Signs (``neg``) are counted apart from additions and multiplications: code has them for free in a subtraction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

import symdiff as sd

Node = sd.Node


def entries(outputs: Sequence[Node], wrt: Sequence[Node]) -> dict[tuple[int, int], Node]:
    """The Jacobian, simplified as a whole, without its structural zeros."""
    rows = sd.simplify(sd.jacobian(list(outputs), list(wrt)))
    found = {(i, j): entry for i, row in enumerate(rows) for j, entry in enumerate(row)}
    return {place: entry for place, entry in found.items() if entry is not sd.parse("0")}


def operations(nodes: Sequence[Node]) -> int:
    return sum(sd.count_ops(list(nodes)).values())


# -- POLLU: chemical reactions of air pollution --------------------------------------------------------------------

#: J. G. Verwer, Gauss-Seidel iteration for stiff ODEs from chemical kinetics, SIAM J. Sci. Comput. 15 (1994): the
#: species that each of the 25 reactions consumes, and in each of the 20 rates the reactions, negative where they take.
REACTANTS = "1|2 4|5 2|7|7|7 6|9|9 6|11 2|11 1|13|10 2|14|1 6|3|4|4|16|16|17 6|19|19|1 4|19 1|20"
RATES = (
    "-1 -10 -14 -23 -24 2 3 9 11 12 22 25|-2 -3 -9 -12 1 21|-15 1 17 19 22|-2 -16 -17 -23 15|-3 4 4 6 7 13 20|"
    "-6 -8 -14 -20 3 18 18|-4 -5 -6 13|4 5 6 7|-7 -8|-12 7 9|-9 -10 8 11|9|-11 10|-13 12|14|-18 -19 16|-20|20|"
    "-21 -22 -24 23 25|-25 24"
)
CONSTANTS = [
    0.35, 26.6, 1.23e4, 8.6e-4, 8.2e-4, 1.5e4, 1.3e-4, 2.4e4, 1.65e4, 9e3, 0.022, 1.2e4, 1.88, 1.63e4, 4.8e6, 3.5e-4,
    0.0175, 1e8, 4.44e11, 1240.0, 2.1, 5.78, 0.0474, 1780.0, 3.12,
]  # fmt: skip
Y = [sd.symbol(f"y{species}") for species in range(1, 21)]
K = [sd.symbol(f"k{reaction}") for reaction in range(1, 26)]


def pollu(constants: Sequence[Node | float]) -> list[Node]:
    """The 20 rates of change."""
    speeds = [
        math.prod((Y[int(species) - 1] for species in reactants.split()), start=constant)
        for constant, reactants in zip(constants, REACTANTS.split("|"), strict=True)
    ]
    return [total([int(part) for part in rate.split()], speeds) for rate in RATES.split("|")]


def total(parts: list[int], speeds: Sequence[Node]) -> Node:
    result = sd.parse("0")
    for part in dict.fromkeys(parts):
        term = speeds[abs(part) - 1] * parts.count(part)
        result = result + term if part > 0 else result - term
    return result


@cache
def pollu_entries(numbers: bool = False) -> dict[tuple[int, int], Node]:
    return entries(pollu(CONSTANTS if numbers else K), Y)


def test_pollu_keeps_nitrogen_and_sulphur() -> None:
    """NO2, NO, PAN, HNO3, NO3 and twice N2O5; SO2 and SO4."""
    f = [sd.parse("0"), *pollu(K)]
    assert sd.simplify(f[1] + f[2] + f[13] + f[15] + f[19] + 2 * f[20]) is sd.parse("0")
    assert sd.simplify(f[17] + f[18]) is sd.parse("0")


@pytest.mark.parametrize("numbers", [False, True])
def test_pollu_jacobian_is_right(numbers: bool) -> None:
    """Against central differences, which are exact for a quadratic function but for rounding."""
    rng = np.random.default_rng(0)
    y, k = rng.uniform(0.5, 2, 20), np.array(CONSTANTS) if numbers else rng.uniform(0.5, 2, 25)
    rates = sd.compile(pollu(K), [*Y, *K], backend="math")
    found = pollu_entries(numbers)
    values = sd.compile(list(found.values()), Y if numbers else [*Y, *K])(*y, *([] if numbers else k))
    dense = np.zeros((20, 20))
    dense[tuple(zip(*found, strict=True))] = values
    moves = 0.25 * np.eye(20)
    differences = [np.subtract(rates(*(y + move), *k), rates(*(y - move), *k)) * 2 for move in moves]
    assert np.allclose(dense, np.transpose(differences), rtol=1e-9, atol=1e-12 * np.abs(dense).max())


def test_pollu() -> None:
    """22 products of a reaction constant and a species, and twice two constants, are the least there can be."""
    found = pollu_entries()
    counts = sd.count_ops(list(found.values()))
    assert len(found) == 82
    assert set(counts) <= {"add", "sub", "mul", "neg"}
    assert counts["mul"] <= 25
    assert counts["add"] + counts["sub"] <= 30
    assert counts["neg"] <= 27


# -- recurrences ---------------------------------------------------------------------------------------------------

X, Z, W = sd.symbols("x z w")


def chebyshev(degree: int) -> list[Node]:
    """The polynomials from degree 0, by ``T[n] = 2*x*T[n-1] - T[n-2]``."""
    found = [sd.parse("1"), X]
    for _ in range(degree - 1):
        found.append(2 * X * found[-1] - found[-2])
    return found


def harmonics(degree: int) -> list[Node]:
    """The real spherical harmonics up to the degree, as polynomials of the point ``(x, w, z)`` of the sphere.

    ``cosine + i*sine`` is ``(x + i*w)**m``; the rest is a Legendre function by its recurrence in the degree.
    """
    found, cosine, sine = [], sd.parse("1"), sd.parse("0")
    for m in range(degree + 1):
        if m:
            cosine, sine = X * cosine - W * sine, X * sine + W * cosine
        below, here = sd.parse("0"), sd.parse(str(math.prod(range(1, 2 * m, 2))))
        for n in range(m, degree + 1):
            if n > m:
                below, here = here, (2 * n - 1) / (n - m) * Z * here - (n + m - 1) / (n - m) * below
            share = math.factorial(n - m) / math.factorial(n + m) * (2 if m else 1)
            scale = math.sqrt((2 * n + 1) / (4 * math.pi) * share)
            found += [scale * here * cosine, scale * here * sine] if m else [scale * here]
    return found


def ratio(outputs: Sequence[Node], wrt: Sequence[Node]) -> float:
    """Operations of the Jacobian by those of the function, in its shorter form."""
    function = min(operations(outputs), operations(sd.simplify(list(outputs))))
    return operations([*entries(outputs, wrt).values()]) / function


def test_harmonics_are_orthonormal() -> None:
    """By quadrature: Gauss and Legendre in z, equal steps around."""
    heights, weights = np.polynomial.legendre.leggauss(8)
    around = np.arange(12) * 2 * np.pi / 12
    z, turn = np.meshgrid(heights, around)
    rim = np.sqrt(1 - z**2)
    values = sd.compile(harmonics(3), [X, W, Z])(rim * np.cos(turn), rim * np.sin(turn), z)
    flat = np.array([np.broadcast_to(value, z.shape).ravel() for value in values])
    share = np.broadcast_to(weights * 2 * np.pi / 12, z.shape).ravel()
    assert np.allclose(flat * share @ flat.T, np.eye(16), atol=1e-12)


@pytest.mark.parametrize("degree", [2, 4, 6, *(pytest.param(degree, marks=pytest.mark.slow) for degree in (3, 8, 10))])
def test_spherical_harmonics(degree: int) -> None:
    assert ratio(harmonics(degree), [X, W, Z]) <= 2.4


@pytest.mark.parametrize("degree", [2, 3, 4, 5, 10, pytest.param(20, marks=pytest.mark.slow)])
def test_chebyshev(degree: int) -> None:
    """The last polynomial alone, and all of them."""
    assert ratio(chebyshev(degree)[-1:], [X]) <= 2.4
    assert ratio(chebyshev(degree), [X]) <= 2.4


@pytest.mark.parametrize("degree", [20, *(pytest.param(degree, marks=pytest.mark.slow) for degree in (40, 80))])
def test_chebyshev_of_higher_degree(degree: int) -> None:
    """Two operations a degree become five: two for ``S = 2*T``, three for ``T' = S + 2*x*T' - T''``."""
    assert ratio(chebyshev(degree), [X]) <= 2.5
