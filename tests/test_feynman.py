"""The Feynman formulas: value, gradient and Hessian against SymPy at 50 digits, text and saved modules."""

from __future__ import annotations

import random
import subprocess
import sys

import mpmath
import pytest
import sympy
from feynman import Formula, each_of_some, formulas

import symdiff as sd
from symdiff.graph.traversal import leaves

FORMULAS = formulas()
POINTS = 20


def derivatives(text: str, names: list[str]) -> tuple:
    f = sd.parse(text)
    wrt = [sd.symbol(name) for name in names]
    return sd.simplify((f, sd.grad(f, wrt), sd.hessian(f, wrt)))


def witness(formula: Formula):
    """Value, gradient and Hessian by SymPy, as a function of mpmath numbers and one of floats."""
    symbols = {name: sympy.Symbol(name) for name in formula.ranges}
    f = sympy.sympify(formula.text, locals={**symbols, "ln": sympy.log, "arcsin": sympy.asin})
    order = list(symbols.values())
    gradient = [f.diff(v) for v in order]
    entries = [f, *gradient, *(g.diff(v) for g in gradient for v in order)]
    return sympy.lambdify(order, entries, "mpmath", cse=True), sympy.lambdify(order, entries, "math", cse=True)


def test_there_are_a_hundred() -> None:
    assert len(FORMULAS) == 100


def exactly(outputs: tuple, names: list[str]):
    """Our own expressions as one function of mpmath numbers."""
    order = [sympy.Symbol(name, real=True) for name in names]
    return sympy.lambdify(order, [sd.to_sympy(node) for node in leaves(outputs)], "mpmath", cse=True)


def blocks(values: list, n: int) -> list[list]:
    """Value, gradient and Hessian as three lists."""
    return [values[:1], values[1 : n + 1], values[n + 1 :]]


def distance(got: list, want: list) -> mpmath.mpf:
    return max(abs(mpmath.mpf(float(g)) - w) for g, w in zip(got, want, strict=True))


@each_of_some(5)
def test_against_sympy(formula: Formula) -> None:
    """The expressions, evaluated at 50 digits, agree in every entry to 1e-12 of the entry (in truth to 1e-40); the
    emitted double-precision code to 1e-12 of the largest entry of its block (a Hessian entry that is a difference
    of nearly equal terms has fewer digits of its own, whoever computes it), or to 4 times the error of SymPy's own
    double-precision code where that is worse (near a removable singularity)."""
    names = list(formula.ranges)
    wrt = [sd.symbol(name) for name in names]
    simplified = derivatives(formula.text, names)
    f = sd.parse(formula.text)
    raw = (f, sd.grad(f, wrt), sd.hessian(f, wrt))
    (wanted_of, peer), ours = witness(formula), [exactly(o, names) for o in (simplified, raw)]
    emitted = [sd.compile(leaves(o), wrt, backend=b) for o in (simplified, raw) for b in ("math", "numpy")]
    rng = random.Random(formula.name)
    compared = 0
    with mpmath.workdps(50):
        while compared < POINTS:
            point = [rng.uniform(low, high) for low, high in formula.ranges.values()]
            wanted = wanted_of(*map(mpmath.mpf, point))
            if any(isinstance(w, mpmath.mpc) for w in wanted):
                continue  # outside the real domain: arcsin of more than 1, or a speed above c
            compared += 1
            for function in ours:
                for got, want in zip(function(*map(mpmath.mpf, point)), wanted, strict=True):
                    assert abs(got - want) <= 1e-12 * abs(want) + mpmath.mpf(10) ** -40, (formula, point)
            for function in emitted:
                for got, want, other in zip(
                    *(blocks(list(v), len(names)) for v in (function(*point), wanted, peer(*point))), strict=True
                ):
                    allowed = max(1e-12 * max(map(abs, want)), 4 * distance(other, want))
                    assert distance(got, want) <= allowed, (formula, point)


@each_of_some(5)
def test_text_parses_back_to_the_same_object(formula: Formula) -> None:
    """Each entry, whose simple form on its own is its own simple form, too."""
    for entry in set(leaves(derivatives(formula.text, list(formula.ranges)))):
        assert sd.parse(str(entry)) is entry
        simple = sd.simplify(entry)
        assert sd.simplify(simple) is simple


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_saved_modules_run_without_symdiff(tmp_path, step: int) -> None:
    """Many modules, imported in one process that cannot import symdiff."""
    lines = ["import sys; sys.modules['symdiff'] = None"]
    for place, formula in enumerate(FORMULAS[::step]):
        wrt = [sd.symbol(name) for name in formula.ranges]
        outputs = derivatives(formula.text, list(formula.ranges))
        (tmp_path / f"m{place}.py").write_text(sd.source(outputs, wrt, name="f"))
        point = [(low + high) / 2 for low, high in formula.ranges.values()]
        expected = sd.evaluate(outputs[0], dict(zip(formula.ranges, point, strict=True)))
        lines.append(f"import m{place}; got = m{place}.f(*{point!r})[0]; want = {expected!r}")
        lines.append(f"assert abs(got - want) <= 1e-14*abs(want) or want != want, ({place}, got, want)")
    script = tmp_path / "run.py"
    script.write_text("nan, inf = float('nan'), float('inf')\n" + "\n".join(lines))
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, check=True)
