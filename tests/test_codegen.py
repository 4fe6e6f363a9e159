"""Emitted code: agrees between backends and with the rows, stays readable, and never runs what a user wrote."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import symdiff as sd
from symdiff import OPS, Node, Op, SymdiffError, UnsupportedError, const
from symdiff.codegen.text import Code, fill, write_number
from symdiff.compiler.evaluation import evaluate
from symdiff.compiler.functions import compile as compile_
from symdiff.compiler.functions import source
from symdiff.ops.targets import MATH

GOLDEN = Path(__file__).parent / "golden"
x, y = sd.symbols("x y")
ELEMENTWISE = [row for row in OPS.values() if row.arity and row.samples]
#: Rows whose NumPy code itself widens float32.
WIDE = {"polygamma"}


def on_variables(row: Op) -> tuple[Node, list[Node], list[np.ndarray]]:
    """The row on variables, with points from its samples."""
    rng = np.random.default_rng(1)
    args: list[Node] = []
    inputs, points = [], []
    for name, (low, high) in zip("abcdefg", row.samples, strict=False):
        fixed = low == high  # a whole number that is no variable
        args.append(const(int(low)) if fixed else sd.symbol(name))
        inputs += [] if fixed else args[-1:]
        points += [] if fixed else [rng.uniform(low, high, 20)]
    if row.logical:
        args = [arg > 0 if place == 0 or row.predicate else arg for place, arg in enumerate(args)]
    return row(*args), inputs, points


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_backends_agree_on_every_row(row: Op) -> None:
    node, inputs, points = on_variables(row)
    values = compile_(node, inputs)(*points)
    assert values.shape == (20,) and values.dtype == (bool if row.predicate else float)
    if MATH.of(row).code is None:
        with pytest.raises(UnsupportedError, match=f'{row.name}; use backend="numpy"'):
            source(node, inputs, backend="math")
        return
    plain = compile_(node, inputs, backend="math")
    expected = [plain(*map(float, point)) for point in zip(*points, strict=True)]
    np.testing.assert_allclose(values, expected, rtol=1e-13, atol=1e-15)
    first = compile_(node, inputs)(*(float(p[0]) for p in points))
    assert isinstance(first, np.generic) and math.isclose(first, expected[0], rel_tol=1e-13, abs_tol=1e-15)


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if row.name not in WIDE], ids=lambda row: row.name)
def test_float32_stays(row: Op) -> None:
    node, inputs, points = on_variables(row)
    result = compile_(node * sd.sqrt(const(2)) * sd.pi if not row.predicate else node, inputs)(
        *(p.astype("f4") for p in points)
    )
    assert result.dtype == (bool if row.predicate else np.float32)


CASES = {
    "value_and_gradient": ((x**2 * y + y + 2, (2 * x * y, x**2 + 1)), [x, y]),
    "guarded": ({"value": sd.where(x > 0, sd.log(x), 0) + sd.sigmoid(x - y) / sd.sqrt(2 * sd.pi), "x": x}, [x, y]),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("backend", ["numpy", "math"])
def test_golden(case: str, backend: str) -> None:
    outputs, inputs = CASES[case]
    path = GOLDEN / f"{case}_{backend}.py.txt"
    assert source(outputs, inputs, name=case, backend=backend) == path.read_text()


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (x - (y - 1), "x - (y - 1)"),
        (x - y - 1, "x - y - 1"),
        (x * (y + 1), "x*(y + 1)"),
        (x / (y * 2), "x/(y*2)"),
        (-(x + y), "-(x + y)"),
        (x**-2, "x**-2"),
        ((x + y) ** -1, "1/(x + y)"),
        ((x * y) ** const(0.5), "np.sqrt(x*y)"),
        ((-x) ** y, "(-x)**y"),
        (x ** (y**x), "x**y**x"),
        ((x**y) ** x, "(x**y)**x"),
        (const(Fraction(1, 3)) * x, "1/3*x"),
        (x * const(Fraction(1, 3)), "x*(1/3)"),
        (x ** const(Fraction(1, 3)), "x**(1/3)"),
        (const(Fraction(3, 2)) * x, "1.5*x"),
        (const(10**400) * x, "np.inf*x"),
        (const(2**53) * x, "9007199254740992.0*x"),
        (const(-0.0) + x, "-0.0 + x"),
        (x**3 / y, "x*x*x/y"),
        (y / x**2, "y/(x*x)"),
        (sd.sin(x + y), "np.sin(x + y)"),
    ],
)
def test_text_has_few_parentheses(node: Node, text: str) -> None:
    assert source(node, [x, y]).rstrip().endswith((f"return {text}", f"_fill({text}, shape, dtype)"))


def test_templates_keep_their_meaning() -> None:
    gelu = sd.gelu(x + y) ** const(5) - sd.gelu(x * y)
    assert evaluate(gelu, {"x": 0.3, "y": 0.4}) == pytest.approx(
        evaluate(sd.gelu(x), {"x": 0.7}) ** 5 - evaluate(sd.gelu(x), {"x": 0.12}), rel=1e-14
    )
    assert fill(OPS["less"], "{0} < {1}", [Code("a < b", 4), Code("c")]).text == "(a < b) < c"
    assert write_number(float("-inf"), "np", False).text == "-np.inf"


def test_shared_values_are_named_once() -> None:
    u = sd.exp(x) + sd.exp(x) ** 2
    text = source(sd.exp(u) + sd.sin(u), [x])
    assert text.count("np.exp(") == 2 and text.count("t0 = np.exp(x)") == 1


@pytest.mark.parametrize("backend", ["numpy", "math"])
def test_constants_are_computed_once_and_never_as_long_integers(backend: str) -> None:
    nine = const(9.0)
    tower = sd.pow.build(sd.pow, const(9), sd.exp(nine * 9 * sd.pi))
    fn = compile_((tower, sd.sqrt(2 * sd.pi) * x, x + x), [x], backend=backend)
    assert fn(2.0) == (math.inf, math.sqrt(2 * math.pi) * 2, 4)
    assert "c0 = " in fn.source


def test_numpy_constants_follow_ieee() -> None:
    got = evaluate([1 / const(0) + x, sd.log(const(0)) + x, const(-8) ** const(0.5) + x], {"x": 1})
    assert got[:2] == [math.inf, -math.inf] and math.isnan(got[2])


def test_untaken_branch_of_math_is_not_computed() -> None:
    fn = compile_(sd.where(x > 0, sd.log(x) / x, 0), [x], backend="math")
    assert fn(0.0) == 0 and fn(1.0) == 0


def test_selection_among_constants_keeps_the_type() -> None:
    fn = compile_(sd.where(x > 0, 1, 0) * x, [x])
    assert fn(np.float32([-1, 2])).dtype == np.float32


HARD = "np math special out lambda_ t0 c0 f abs float max exp x _float _fill dtype shape ﬁ fi"


@pytest.mark.parametrize("backend", ["numpy", "math"])
def test_any_identifier_may_be_a_variable(backend: str) -> None:
    inputs = list(sd.symbols(HARD))
    total: Node = const(0)
    for place, var in enumerate(inputs):
        total = total + sd.exp(abs(var)) * (place + 1) + sd.softplus(sd.maximum(var, 0) ** 2)
    values = [0.1 * place for place in range(len(inputs))]
    got = compile_(total, inputs, backend=backend)(*values)
    want = sum(math.exp(v) * (i + 1) + math.log1p(math.exp(v * v)) for i, v in enumerate(values))
    assert got == pytest.approx(want, rel=1e-13)


@pytest.mark.parametrize("name", ["1f", "def", "f()", "f\n", "", "np", "abs", "ﬁ", "_float"])
def test_bad_function_names(name: str) -> None:
    with pytest.raises(SymdiffError, match="name"):
        source(x, [x], name=name)


def test_function_named_like_what_it_calls() -> None:
    space: dict[str, object] = {}
    exec(source(sd.exp(x), [x], name="exp", backend="math"), space)
    assert space["exp"](1.0) == math.e  # type: ignore[operator]


def test_dictionary_keys_are_data() -> None:
    key = '\'"\\\n"""\''
    assert compile_({key: x}, [x], backend="math")(1.0) == {key: 1.0}
    with pytest.raises(SymdiffError, match="keys"):
        source({(1, 2.5): x}, [x])


def test_derivatives_compile_by_their_indices() -> None:
    found = compile_(sd.derivatives(x**2 * y, [x, y], 2), [x, y])(3.0, 4.0)
    assert found == {(0, 0): 36, (1, 0): 24, (0, 1): 9, (2, 0): 8, (1, 1): 6, (0, 2): 0}


@pytest.mark.parametrize("backend", ["numpy", "math"])
def test_source_needs_no_symdiff(backend: str) -> None:
    text = source([sd.sigmoid(x) * y, {"a": (x,)}], [x, y], backend=backend)
    script = f"import sys; sys.modules['symdiff'] = None\nexec({text!r})\nprint([float(v) for v in [f(0.0, 4.0)[0]]])"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[2.0]"


def test_emission_imports_no_numpy() -> None:
    script = (
        "import sys, symdiff as sd\nfrom symdiff.compiler.functions import source\nx = sd.symbol('x')\n"
        "source(sd.erf(x), [x])\nassert 'numpy' not in sys.modules and 'sympy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("length", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("backend", ["numpy", "math"])
def test_long_and_wide_graphs(backend: str, length: int) -> None:
    node, want = x, 0.1
    for _ in range(length):
        node, want = sd.sin(node) * node + x, math.sin(want) * want + 0.1
    assert compile_(node, [x], backend=backend)(0.1) == pytest.approx(want, rel=1e-9)
    fixed = const(1)
    for _ in range(length):
        fixed = sd.sin(fixed)
    assert 0 < compile_(fixed + x, [x], backend=backend)(0.0) < 0.1
    many = sd.symbols(" ".join(f"v{i}" for i in range(1000)))
    assert compile_(list(many), list(many), backend=backend)(*range(1000))[999] == 999


def test_signs_of_constants_are_constants_too() -> None:
    """The opposite of a constant product is computed beside it, not in the call."""
    b = sd.symbol("b")
    two = sd.tanh(0.3) * 2
    fn = sd.compile([two + 0 * b, -two, -two * b], [b])
    assert fn(1.0) == pytest.approx([2 * math.tanh(0.3), -2 * math.tanh(0.3), -2 * math.tanh(0.3)])
