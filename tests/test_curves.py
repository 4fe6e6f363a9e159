"""Curve fits: the certified figures of NIST, closed forms of linear regression, bands that cover, clear errors."""

from __future__ import annotations

import math
import pickle
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import symdiff as sd
from symdiff import curves

FOLDER = Path(__file__).parent / "data" / "nist_strd"
PROBLEMS = sorted(path.stem for path in FOLDER.glob("*.dat"))
RNG = np.random.default_rng(4)
X = np.linspace(0.5, 6, 25)
NOISY = 2 + 3 * X + RNG.normal(size=X.size)
DECAY = 5 * np.exp(-0.8 * X) + 0.05 * RNG.normal(size=X.size)


class Problem(NamedTuple):
    model: str
    starts: tuple[dict[str, float], dict[str, float]]
    params: np.ndarray
    deviations: np.ndarray
    rss: float
    x: np.ndarray
    y: np.ndarray


@cache
def problem(name: str) -> Problem:
    """A file of NIST's: the model in its own words, brackets and the error term aside."""
    text = (FOLDER / f"{name}.dat").read_text()
    model = " ".join(re.search(r"\n +y = (.*?)\+ +e", text, re.DOTALL)[1].split())  # type: ignore[index]
    rows = np.array([row.split() for row in re.findall(r"\n +b\d+ = +(.*)", text)], float)
    first, second = ({f"b{count}": start for count, start in enumerate(column, 1)} for column in rows.T[:2])
    rss = float(re.search(r"Residual Sum of Squares: +(\S+)", text)[1])  # type: ignore[index]
    y, x = np.array([line.split() for line in text.splitlines()[60:] if line.strip()], float).T
    return Problem(model.translate(str.maketrans("[]", "()")), (first, second), *rows.T[2:], rss, x, y)


def digits(found: Any, certified: Any) -> float:
    """The smallest log relative error: how many digits all of them share; NIST certifies eleven."""
    error = np.abs(np.array(found) / np.array(certified) - 1)
    return float(-np.log10(np.maximum(error, 1e-11)).min())


def nist(name: str, start: int, **settings: Any) -> tuple[Problem, curves.CurveFit]:
    given = problem(name)
    return given, curves.fit(given.model, {"x": given.x}, given.y, given.starts[start], **settings)


# -- NIST's problems -----------------------------------------------------------------------------------------------


def test_ten_problems_are_there() -> None:
    assert len(PROBLEMS) == 10
    assert [len(problem(name).params) for name in PROBLEMS] == [2, 3, 3, 8, 7, 5, 4, 5, 2, 7]


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", PROBLEMS)
def test_certified_figures(name: str, start: int) -> None:
    given, found = nist(name, start)
    assert found.converged and found.message == "converged"
    assert digits([*found.params.values()], given.params) > 9.5
    assert digits([*found.deviations.values()], given.deviations) > 9.5
    assert found.rss == pytest.approx(given.rss, rel=1e-9)
    assert found.dof == given.x.size - given.params.size
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([*found.deviations.values()])


def test_a_method_that_runs_to_a_plateau_is_not_believed() -> None:
    """From (1, 1) MINPACK goes to large b2, where the curve is flat and its derivative by b2 is 0."""
    _, found = nist("BoxBOD", 0, method="lm")
    assert not found.converged
    assert found.deviations["b2"] == math.inf or found.offset > 0.1


def test_the_lowest_minimum_is_taken() -> None:
    """Of the methods one converges to a worse minimum here, with b2 a twentieth; equals go to the first."""
    y = 1 - np.arctan(2 * X) / np.pi
    given = "b1 - arctan(b2*x)/pi", {"x": X}, y, {"b1": 0, "b2": 1}
    assert curves.fit(*given, method="trf").rss > 0.01
    assert curves.fit(*given).params == pytest.approx({"b1": 1, "b2": 2})
    assert nist("BoxBOD", 0)[1].method == nist("BoxBOD", 1)[1].method == "trf"


# -- against closed forms ------------------------------------------------------------------------------------------


def line(sigma: Any = 1.0) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, covariance and residual sum of squares of the weighted regression line, from its matrix."""
    columns = np.column_stack([np.ones_like(X), X]) / np.reshape(sigma, (-1, 1))
    best, (rss,), _, _ = np.linalg.lstsq(columns, NOISY / sigma, rcond=None)
    return best, np.linalg.inv(columns.T @ columns) * rss / (X.size - 2), float(rss)


@pytest.mark.parametrize("sigma", [None, 3.0, 0.5 + X / 3])
@pytest.mark.parametrize("method", [None, *curves.METHODS])
def test_regression_line(sigma: Any, method: str | None) -> None:
    found = curves.fit("a + b*x", {"x": X}, NOISY, {"a": 0, "b": 0}, sigma=sigma, method=method)
    best, covariance, rss = line(1.0 if sigma is None else sigma)
    assert [*found.params.values()] == pytest.approx(best.tolist(), rel=1e-12)
    assert found.covariance == pytest.approx(covariance, rel=1e-10)
    assert (found.rss, found.dof) == (pytest.approx(rss), X.size - 2)


def test_band_of_a_line() -> None:
    found = curves.fit("a + b*x", {"x": X}, NOISY, {"a": 0, "b": 0})
    _, covariance, _ = line()
    at = np.array([-1.0, 3.0, 10.0])
    rows = np.column_stack([np.ones(3), at])
    deviation = np.sqrt(np.einsum("ni,ij,nj->n", rows, covariance, rows))
    band = found.predict({"x": at}, 0.9)
    assert band.deviation == pytest.approx(deviation)
    assert band.upper - band.value == pytest.approx(1.7138715 * deviation)  # Student's t, 23 degrees, 0.95
    assert band.value - band.lower == pytest.approx(band.upper - band.value)
    new = found.predict({"x": at}, 0.9, observation=True)
    assert new.deviation == pytest.approx(np.sqrt(deviation**2 + found.scale**2))


@pytest.mark.parametrize("count", [100, pytest.param(400, marks=pytest.mark.slow)])
def test_bands_cover(count: int) -> None:
    """Of repeated experiments the 90 % interval holds the true curve in about 90 %."""
    true, rng, held = 5 * np.exp(-0.8 * 2.0), np.random.default_rng(0), 0
    for _ in range(count):
        y = 5 * np.exp(-0.8 * X) + 0.05 * rng.normal(size=X.size)
        band = curves.fit("a*exp(-b*x)", {"x": X}, y, {"a": 4, "b": 1}).predict({"x": [2.0]}, 0.9)
        held += bool(band.lower[0] <= true <= band.upper[0])
    assert 335 / 400 <= held / count <= 385 / 400


def test_weights_are_as_good_as_repetition() -> None:
    """A point of sigma 1/2 counts like four."""
    sigma = np.where(X < 3, 0.5, 1.0)
    repeat = np.where(X < 3, 4, 1)
    weighted = curves.fit("a*exp(-b*x)", {"x": X}, DECAY, {"a": 1, "b": 1}, sigma=sigma)
    repeated = curves.fit("a*exp(-b*x)", {"x": np.repeat(X, repeat)}, np.repeat(DECAY, repeat), {"a": 1, "b": 1})
    assert weighted.params == pytest.approx(repeated.params, rel=1e-9)
    assert weighted.rss == pytest.approx(repeated.rss)
    ratio = math.sqrt(repeated.dof / weighted.dof)
    assert weighted.deviations == pytest.approx({k: v * ratio for k, v in repeated.deviations.items()})


def test_units_do_not_matter() -> None:
    small = curves.fit("a*exp(-b*x)", {"x": X}, DECAY, {"a": 4, "b": 1})
    large = curves.fit("a*exp(-b*x)", {"x": X * 1e9}, DECAY * 1e-7, {"a": 4e-7, "b": 1e-9})
    assert large.params["b"] * 1e9 == pytest.approx(small.params["b"], rel=1e-10)
    assert large.deviations["a"] * 1e7 == pytest.approx(small.deviations["a"], rel=1e-9)


def test_exact_data() -> None:
    found = curves.fit("a*exp(-b*x) + c", {"x": X}, 3 * np.exp(-0.7 * X) + 1, {"a": 1, "b": 1, "c": 0})
    assert found.converged and found.rss < 1e-28
    assert found.params == pytest.approx({"a": 3, "b": 0.7, "c": 1}, rel=1e-13)


@pytest.mark.parametrize("method", [None, *curves.METHODS])
@pytest.mark.parametrize(
    ("model", "start"),
    [
        ("a*x + b", {"a": 1, "b": 1}),
        ("a*sin(b*x)", {"a": 1, "b": 1}),
        ("a*x**2 + b*x + c", {"a": 2, "b": -3, "c": 1e5}),
        ("a*(x + b)", {"a": 1, "b": 0}),
    ],
)
def test_data_that_are_all_zero(model: str, start: dict[str, float], method: str | None) -> None:
    """Nothing but the start says how large rounding is."""
    found = curves.fit(model, {"x": X}, np.zeros(25), start, method=method)
    scale = max(abs(sd.evaluate(sd.parse(model, {"x": (25,)}), {"x": X, **start})))
    assert found.rss <= 25 * (1e-14 * scale) ** 2
    assert found.message in ("converged", "the data do not determine b")


@pytest.mark.parametrize("unit", [1e-155, 1e-200, 1e150])
def test_data_whose_squares_are_no_numbers(unit: float) -> None:
    found = curves.fit("a + b*x", {"x": X}, NOISY * unit, {"a": unit, "b": unit})
    assert found.converged and found.params["b"] / unit == pytest.approx(line()[0][1])


#: Five-parameter logistic curves and others that have a value at x = 0, where the formula of a derivative has none.
AT_ZERO = {
    "d + (a - d)/(1 + (x/c)**b)**g": "plain",
    "a + (d - a)/(1 + (c/x)**b)**g": "an infinite power",
    "a + (d - a)/(1 + (x/c)**(-b))**g": "a negative power",
    "d + (a - d)/(1 + exp(b*(log(x) - log(c))))**g": "an infinite logarithm",
    "a + (d - a)/(1 + 10**((log10(c) - log10(x))*b))**g": "powers of ten",
    "a + (d - a)/(1 + (c/x)**b)": "four parameters",
    "a*exp(-b/x)": "Arrhenius",
    "a*exp(-exp(b - c*log(x)))": "Gompertz",
}


@pytest.mark.parametrize("model", AT_ZERO, ids=AT_ZERO.values())
def test_a_point_at_zero(model: str) -> None:
    """The curve is constant in its slope there: the derivative by it is 0."""
    true = {"a": 0.1, "b": 1.3, "c": 2.0, "d": 3.0, "g": 0.8}
    node = sd.parse(model)
    params = {var.name: true[var.name] for var in sd.variables(node) if var.name != "x"}
    fn = sd.compile(node, sd.symbols(" ".join(["x", *params])))
    x = np.array([0, 0.1, 0.3, 0.5, 1, 2, 3, 10, 30, 100.0])
    with np.errstate(all="ignore"):
        y = fn(x, *params.values())
    found = curves.fit(model, {"x": x}, y, {name: 1.1 * value for name, value in params.items()})
    assert found.converged and found.params == pytest.approx(params, rel=1e-9)
    without = curves.fit(model, {"x": x[1:]}, y[1:] * 1.001 ** np.arange(9), params)
    with_zero = curves.fit(model, {"x": x}, np.append(y[0], y[1:] * 1.001 ** np.arange(9)), params)
    assert with_zero.params["b"] == pytest.approx(without.params["b"], rel=0.1)
    band = with_zero.predict({"x": [0.0, 1e-30]})
    assert band.value[0] == pytest.approx(band.value[1]) and band.deviation[0] == pytest.approx(band.deviation[1])


def test_a_derivative_that_is_infinite_at_one_point_is_said() -> None:
    with pytest.raises(sd.DomainError, match="by b is not finite at the start for observation 1 of 5; begin at other"):
        curves.fit("a*sqrt(x + b)", {"x": [0, 1, 2, 3, 4]}, [1, 2, 3, 4, 5], {"a": 1, "b": 0})


# -- what may be given ---------------------------------------------------------------------------------------------


def test_models() -> None:
    """A node, a constant of the language, inverse functions, several and single known numbers, none at all."""
    b, x = sd.symbols("b x")
    assert curves.fit(b * x, {"x": X}, 2 * X, {"b": 1}).params["b"] == pytest.approx(2)
    y = 1 - np.arctan(2 * X) / np.pi
    found = curves.fit("b1 - arctan(b2*x)/pi + 0*k*z", {"x": X, "k": 3, "z": X}, y, {"b1": 0, "b2": 1})
    assert found.params == pytest.approx({"b1": 1, "b2": 2})
    alone = curves.fit("a", {}, [1.0, 2, 3], {"a": 0})
    assert (alone.params["a"], alone.deviations["a"]) == (pytest.approx(2), pytest.approx(1 / math.sqrt(3)))
    assert alone.predict({}).value == pytest.approx([2])


def test_a_parameter_on_its_bound_counts_as_known() -> None:
    free = curves.fit("a + b*x", {"x": X}, NOISY, {"a": 0, "b": 1})
    held = curves.fit("a + b*x", {"x": X}, NOISY, {"a": 6, "b": 1}, bounds={"a": (5, 9)})
    known = curves.fit("5 + b*x", {"x": X}, NOISY, {"b": 1})
    wide = curves.fit("a + b*x", {"x": X}, NOISY, {"a": 6, "b": 1}, bounds={"a": (-9, 9)})
    assert held.converged and (held.params["a"], held.deviations["a"], held.dof) == (5, 0, X.size - 1)
    assert held.params["b"] == pytest.approx(known.params["b"], rel=1e-10)
    assert held.deviations["b"] == pytest.approx(known.deviations["b"])
    assert wide.params == pytest.approx(free.params, rel=1e-9)
    assert wide.covariance == pytest.approx(free.covariance, rel=1e-9)


def test_what_the_data_do_not_determine_is_said() -> None:
    found = curves.fit("a*b*x + c", {"x": X}, NOISY, {"a": 1, "b": 1, "c": 0})
    assert not found.converged
    assert found.message == "the data do not determine a, b"
    assert found.deviations["a"] == found.deviations["b"] == math.inf
    assert found.deviations["c"] == pytest.approx(math.sqrt(line()[1][0, 0]))
    with pytest.raises(sd.DomainError, match="no confidence band: the data do not determine a, b"):
        found.predict({"x": [1]})


def test_the_result_is_a_value() -> None:
    found = curves.fit("a*exp(-b*x)", {"x": X}, DECAY, {"a": 1, "b": 1})
    again = pickle.loads(pickle.dumps(found))
    assert again.predict({"x": X}).upper.tolist() == found.predict({"x": X}).upper.tolist()
    space: dict[str, Any] = {}
    exec(found.source, space)
    value, by_a, by_b = space["f"](X, *found.params.values())
    assert value == pytest.approx(found.params["a"] * by_a)
    assert by_b == pytest.approx(-X * value)
    assert str(found).splitlines()[0].startswith("a = ") and "± " in str(found)
    assert str(found).endswith("on 23 degrees of freedom; converged")


# -- errors --------------------------------------------------------------------------------------------------------

ERRORS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"data": {"x": X[:4]}}, sd.ShapeError, "x has 4, y has 25"),
    ({"data": {}}, sd.SymdiffError, "x has neither data nor a start: give one, as in start={'x': 1.0}"),
    ({"data": {"x": X, "z": X}}, sd.SymdiffError, "z is no variable of the model to give data for; those are x"),
    ({"data": {"x": "abc"}}, sd.SymdiffError, "x is a list of real numbers"),
    ({"data": {"x": X + 1j}}, sd.SymdiffError, "x is a list of real numbers, not complex128"),
    ({"data": {"x": np.full(25, np.nan)}}, sd.DomainError, "x holds a number that is not finite"),
    ({"y": 3.0}, sd.ShapeError, "y is a list of observations, not one number"),
    ({"y": [1, 2], "data": {"x": [1, 2]}}, sd.SymdiffError, "to fit 2 parameters takes more than 2 observations"),
    ({"start": {"a": 1}}, sd.SymdiffError, "b has neither data nor a start"),
    ({"start": {}}, sd.SymdiffError, "there is nothing to fit"),
    ({"start": {"a": 1, "b": 1, "c": 1}}, sd.SymdiffError, "c is no variable of the model; it has a, b, x"),
    ({"start": {"a": 1, "b": [1, 2]}}, sd.ShapeError, "the start of b is one number, not 2"),
    ({"start": {"a": 1, "b": math.inf}}, sd.DomainError, "the start of b holds a number that is not finite"),
    ({"start": {"a": 1, "b": -1000.0}}, sd.DomainError, "the model is not finite at the start"),
    ({"model": "a*x + sqrt(b)", "start": {"a": 1, "b": 0}}, sd.DomainError, "the derivative by b is not finite"),
    ({"sigma": X[:3]}, sd.ShapeError, "sigma is one number or as many as y, 25, not 3"),
    ({"sigma": 0}, sd.DomainError, "sigma is above 0"),
    ({"bounds": {"c": (0, 1)}}, sd.SymdiffError, "c has bounds but no start"),
    ({"bounds": {"a": (2, 3)}}, sd.SymdiffError, r"the bounds of a are \(lower, upper\) around its start 1"),
    ({"bounds": {"a": 3}}, sd.SymdiffError, r"the bounds of a are \(lower, upper\)"),
    ({"bounds": {"a": (0, 3)}, "method": "lm"}, sd.SymdiffError, '"lm" knows no bounds'),
    ({"method": "magic"}, sd.SymdiffError, "the methods are trf, lm, dogbox, not 'magic'"),
    ({"model": sd.symbol("v", 2) * sd.symbol("a")}, sd.UnsupportedError, "the model is a scalar formula"),
    ({"model": "a*exp(-b*x"}, sd.ParseError, "expected"),
]


@pytest.mark.parametrize(("change", "error", "says"), ERRORS)
def test_errors(change: dict[str, Any], error: type[Exception], says: str) -> None:
    usual = {"model": "a*exp(-b*x)", "data": {"x": X}, "y": DECAY, "start": {"a": 1, "b": 1}}
    with pytest.raises(error, match=says):
        curves.fit(**usual | change)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_levels(level: float) -> None:
    found = curves.fit("a*x", {"x": X}, NOISY, {"a": 1})
    with pytest.raises(sd.SymdiffError, match=f"the level is between 0 and 1, not {level}"):
        found.predict({"x": X}, level)
