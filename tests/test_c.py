"""C source and compiled C: rows and formulas beside NumPy, nets trained in one call, files that compile alone."""

from __future__ import annotations

import math
import pickle
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import feynman
import mpmath
import numpy as np
import pytest
import sympy

import symdiff as sd
from symdiff.codegen.c import Function, point_loop
from symdiff.compiler.native import NoCompiler, build
from symdiff.compiler.native.base import form_of
from symdiff.compiler.native.points import Points
from symdiff.graph.errors import UnsupportedError
from symdiff.graph.leaves import const
from symdiff.graph.node import OPS, Node, Op
from symdiff.graph.traversal import map_structure

try:
    build.compiler()
except NoCompiler as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = pytest.mark.usefixtures("own_cache")
ROOT = Path(__file__).parent.parent
NAMES = ("x", "y", "z", "w")
ELEMENTWISE = [row for row in OPS.values() if row.arity and row.elementwise]
#: Rows whose value is a difference of larger ones near its zeros: units of 1 there.
CANCELLING = {"logaddexp", "sinc_derivative"}
#: What C has no function for, or none that raises.
MISSING = {"digamma", "polygamma", "refused"}
SPECIAL = [
    0.0,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    1e-30,
    1e30,
    -1e30,
    88.8,
    -103.0,
]


def together(functions: list[Function]) -> list[Points]:
    """Functions of numbers in one library; a helper that several need is written once."""
    blocks: list[str] = []
    for function in functions:
        for block in (function.write_module() + "\n" + point_loop(function)).split("\n\n"):
            if not (block.startswith("static inline") and block in blocks):
                blocks.append(block)
    return [Points("\n\n".join(blocks), form_of(function), ()) for function in functions]


def ulps(expected: Any, got: Any, least: float = 0.0) -> np.ndarray:
    """The distance in units in the last place of the expected value, or of ``least`` where that is larger."""
    assert expected.dtype == got.dtype
    with np.errstate(all="ignore"):
        unit = np.spacing(np.maximum(np.abs(expected), expected.dtype.type(least)))
        apart = np.abs(expected - got) / unit
        same = (expected == got) | (np.isnan(expected) & np.isnan(got))
    return np.where(same, 0, np.where(np.isnan(apart), np.inf, apart))


# -- rows ----------------------------------------------------------------------------------------------------------


def arguments(row: Op) -> list[Node]:
    """Variables; a number where the row wants a fixed one, a comparison where it wants a truth value."""
    found: list[Node] = []
    for place in range(row.arity):
        low, high = row.samples[place] if row.samples else (-3.0, 3.0)
        node = const(int(low)) if low == high else sd.symbol(NAMES[place])
        found.append(node > 0 if place < row.logical else node)
    return found


@pytest.fixture(scope="module")
def rows() -> dict[str, tuple[Points, Any]]:
    """Each row in C and in NumPy."""
    made, plain = [], []
    kept = [row for row in ELEMENTWISE if row.name not in MISSING]
    for row in kept:
        node = row(*arguments(row))
        inputs = list(sd.variables(node))
        made.append(Function(node, inputs, f"f_{row.name}", {}))
        plain.append(sd.compile(node, inputs))
    return {row.name: pair for row, pair in zip(kept, zip(together(made), plain, strict=True), strict=True)}


def samples(row: Op, dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    intervals = row.samples or ((-3.0, 3.0),) * row.arity
    return [rng.uniform(low, high, 2000).astype(dtype) for low, high in intervals if low < high]


def exact(row: Op, point: tuple[float, ...]) -> float:
    """The value to 40 digits, from the SymPy form."""
    node = row(*arguments(row))
    names = [sympy.Symbol(var.name, real=True) for var in sd.variables(node)]
    with mpmath.workdps(40):
        return float(sympy.lambdify(names, sd.to_sympy(node), "mpmath")(*map(mpmath.mpf, point)))


def against_exact(row: Op, points: list[np.ndarray], results: list[np.ndarray], where: np.ndarray) -> list[float]:
    """The distance of each result from the value to many digits, at some of the points."""
    chosen = np.flatnonzero(where)[:20]
    values = [exact(row, tuple(float(part[k]) for part in points)) for k in chosen]
    return [float(ulps(np.array(values, result.dtype), result[chosen]).max()) for result in results]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if row.name not in MISSING], ids=lambda row: row.name)
def test_rows_agree_with_numpy(rows: Any, row: Op, dtype: str) -> None:
    fn, plain = rows[row.name]
    points = samples(row, dtype)
    expected, got = np.asarray(plain(*points)), fn(*points)
    if row.predicate:
        assert np.array_equal(expected, got)
        return
    apart = ulps(expected, got, 1.0 if row.name in CANCELLING else 0.0)
    if apart.max() > 4:
        theirs, ours = against_exact(row, points, [expected, got], apart > 4)
        assert ours <= max(4, theirs)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if row.name not in MISSING], ids=lambda row: row.name)
def test_rows_agree_at_infinities_nan_and_zeros(rows: Any, row: Op, dtype: str) -> None:
    fn, plain = rows[row.name]
    values = [value for value in SPECIAL if not (row.name == "gammaln" and value == -math.inf)]
    if row.name == "difference_of_products":  # whose NumPy form splits numbers, which overflows before the product does
        values = [value for value in SPECIAL if not 1e10 < abs(value) < math.inf]
    grid = np.meshgrid(*[np.array(values, dtype)] * len(fn.form.shown))
    points = [part.ravel() for part in grid]
    with np.errstate(all="ignore"):
        expected, got = np.asarray(plain(*points)), fn(*points)
    if row.predicate:
        assert np.array_equal(expected, got)
    else:
        assert ulps(expected, got).max() <= 4


@pytest.mark.parametrize("name", sorted(MISSING))
def test_what_c_lacks_is_said(name: str) -> None:
    node = OPS[name](*arguments(OPS[name]))
    with pytest.raises(UnsupportedError, match=f'the C backend has no {name}; use backend="numpy"'):
        sd.source(node, list(sd.variables(node)), backend="c")


@pytest.mark.parametrize("text", ["inv(X)", "X[arange(3), arange(3)]", "cholesky(X)"])
def test_arrays_that_c_lacks_are_said(text: str) -> None:
    f = sd.parse(text, shapes={"X": (3, 3)})
    with pytest.raises(UnsupportedError, match=r"the C backend has no \w+"):
        sd.source(f, list(sd.variables(f)), backend="c")


def test_own_operations_say_their_c() -> None:
    """A name that the mathematical library does not have is no C, whatever ``math`` says."""
    plain = sd.unary("twice_of", lambda y, x: 2, numpy="(2*{0})", math="(2*{0})", domain="all real x", c="(2*{0})")
    silent = sd.unary("thrice_of", lambda y, x: 3, numpy="(3*{0})", domain="all real x")
    try:
        assert sd.compile(plain(sd.symbol("x")), [sd.symbol("x")], backend="c")(4.0) == 8
        with pytest.raises(UnsupportedError, match="thrice_of"):
            sd.source(silent(sd.symbol("x")), [sd.symbol("x")], backend="c")
    finally:
        OPS["twice_of"].remove()
        OPS["thrice_of"].remove()


# -- formulas ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_physics_formulas_with_gradients_are_as_exact_as_numpy(step: int) -> None:
    """Differences of close values magnify what the last place of a sine is: the witness is NumPy in long double."""
    chosen = feynman.formulas()[::step]
    made, plain, points = [], [], []
    rng = np.random.default_rng(0)
    for number, formula in enumerate(chosen):
        node = sd.parse(formula.text)
        inputs = list(sd.variables(node))
        outputs = sd.simplify([node, *sd.grad(node, inputs)])
        made.append(Function(outputs, inputs, f"f{number}", {}))
        plain.append(sd.compile(outputs, inputs))
        points.append([rng.uniform(*formula.ranges[var.name], 500) for var in inputs])
    for formula, fn, numpy, at in zip(chosen, together(made), plain, points, strict=True):
        truths = numpy(*(part.astype(np.longdouble) for part in at))
        for truth, theirs, ours in zip(truths, numpy(*at), fn(*at), strict=True):
            near = np.asarray(truth, float)
            assert ulps(near, ours).max() <= 4 + 6 * ulps(near, theirs).max(), formula.text


# -- arrays --------------------------------------------------------------------------------------------------------

SHAPES = {"A": (4, 3), "B": (3, 5), "C": (4, 4), "v": (3,), "w": (4,), "T": (2, 4, 3)}
TEXTS = """A @ B | A.T @ w | outer(w, v) | sum(A) | sum(A, axis=0) | sum(A, axis=1) | trace(C) | diag(C) | diag(w) | C.T
mean(T) | max(A) | max(A, axis=1) | min(A, axis=0) | prod(v) | prod(A, axis=1) | norm(A) | norm(A, axis=1) | softmax(v)
softmax(A, axis=0) | logsumexp(A) | logsumexp(A, axis=1) | A[1:3] | A[::2, 1] | w[::-1] | C[1:, :-1]
reshape(A, (2, 6)) | reshape(T, (8, 3)) | concatenate((A, C), axis=1) | concatenate((w, v, w)) | tril(C) | triu(C, 1)
eye(3) + outer(v, v) | einsum("kij->j", T) | T @ B
A + w[:, None]*v | where(A > 0, A, v) | maximum(A, v) | exp(A)*tanh(v) - relu(A)
transpose(T, (2, 0, 1)) | einsum("ij,jk,ik->i", A, B, A @ B) | A > 0 | sum(A > v, axis=0) | w @ C @ w
cumsum(A, axis=0) | cumsum(v)"""
FORMULAS = [part.strip() for part in TEXTS.replace("\n", "|").split("|")]


def arrays(nodes: list[Node], dtype: str = "float64") -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.standard_normal(node.shape).astype(dtype) for node in nodes]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arrays_and_their_gradients_agree_with_numpy(dtype: str) -> None:
    inputs = [sd.symbol(name, shape) for name, shape in SHAPES.items()]
    outputs: list[Any] = [sd.parse(text, shapes=SHAPES) for text in FORMULAS]
    smooth = [sd.sum(sd.sin(node)) for node in outputs if not node.op.predicate]
    outputs += [sd.grad(node, list(sd.variables(node))) for node in smooth if sd.variables(node)]
    outputs = sd.simplify(outputs)
    values = arrays(inputs, dtype)
    got = sd.compile(outputs, inputs, backend="c")(*values)
    expected = sd.compile(outputs, inputs)(*values)
    for found, wanted, text in zip(flat(got), flat(expected), texts(outputs), strict=True):
        assert np.shape(found) == np.shape(wanted), text
        assert found.dtype == wanted.dtype, text
        np.testing.assert_allclose(
            found,
            wanted,
            rtol=1e-12 if dtype == "float64" else 3e-4,
            atol=1e-12 if dtype == "float64" else 3e-5,
            err_msg=text,
        )


@pytest.mark.parametrize("text", ["argmax(A)", "argmax(A, axis=0)", "argmax(A, axis=1)", "argmax(v)*2"])
def test_the_first_of_the_largest(text: str) -> None:
    """As NumPy counts: the first of ties, and of what is no number."""
    inputs = [sd.symbol("A", ("m", "n")), sd.symbol("v", "n")]
    f = sd.parse(text, shapes={"A": ("m", "n"), "v": "n"})
    native, plain = (sd.compile(f, inputs, backend=backend) for backend in ("c", "numpy"))
    ties = np.random.default_rng(0).integers(0, 3, (6, 5)).astype(float)
    holes = ties.copy()
    holes[[1, 4], [3, 2]] = np.nan
    for A in (ties, holes):
        np.testing.assert_array_equal(native(A, A[1]), plain(A, A[1]))


def flat(structure: Any) -> list[Any]:
    found: list[Any] = []
    map_structure(found.append, structure)
    return found


def texts(structure: Any) -> list[str]:
    return [str(node) for node in flat(structure)]


def network() -> tuple[Node, list[Node], dict[Node, Node]]:
    """Loss, inputs and updates of a net with one hidden layer, for any sizes."""
    x, y, rate = sd.symbol("X", ("N", "D")), sd.symbol("Y", ("N", "O")), sd.symbol("rate")
    params = [sd.symbol("W1", ("D", "H")), sd.symbol("b1", "H"), sd.symbol("W2", ("H", "O")), sd.symbol("b2", "O")]
    w1, b1, w2, b2 = params
    loss = sd.mean((sd.sigmoid(sd.tanh(x @ w1 + b1) @ w2 + b2) - y) ** 2)
    steps = [p - rate * g for p, g in zip(params, sd.grad(loss, params), strict=True)]
    loss, *steps = sd.simplify([loss, *steps])
    return loss, [x, y, *params, rate], dict(zip(params, steps, strict=True))


def batch(sizes: tuple[int, ...], dtype: str) -> list[np.ndarray]:
    n, d, h, o = sizes
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(dtype) for shape in ((n, d), (n, o), (d, h), (h,), (h, o), (o,))]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_net_is_trained_in_place_at_any_sizes(dtype: str) -> None:
    loss, inputs, updates = network()
    ours, theirs = (sd.compile(loss, inputs, backend=name, updates=updates) for name in ("c", "numpy"))
    for sizes in ((4, 2, 4, 1), (5, 3, 2, 2)):
        a, b = batch(sizes, dtype), batch(sizes, dtype)
        for _ in range(20):
            got, expected = ours(*a, 0.5), theirs(*b, 0.5)
        assert got.dtype == dtype
        assert got == pytest.approx(expected, rel=1e-10 if dtype == "float64" else 1e-3)
        for mine, other in zip(a, b, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-9 if dtype == "float64" else 2e-3, atol=1e-6)


def test_updates_reach_arrays_that_are_views_and_refuse_others() -> None:
    loss, inputs, updates = network()
    step = sd.compile(loss, inputs, backend="c", updates=updates)
    x, y, w1, *rest = batch((4, 2, 4, 1), "float64")
    plain, turned = w1.copy(), np.asfortranarray(w1)
    step(x, y, plain, *(part.copy() for part in rest), 0.5)
    step(x, y, turned, *(part.copy() for part in rest), 0.5)
    assert np.array_equal(plain, turned)
    assert not np.array_equal(plain, w1)
    frozen = w1.copy()
    frozen.flags.writeable = False
    for wrong in (frozen, w1.tolist(), w1.astype("float32")):
        with pytest.raises(sd.SymdiffError, match="W1 is updated in place"):
            step(x, y, wrong, *rest, 0.5)


def test_a_swap_of_two_arrays_reads_the_old_values() -> None:
    a, b = sd.symbol("a", 3), sd.symbol("b", 3)
    swap = sd.compile(sd.sum(a), [a, b], backend="c", updates={a: b, b: a[::-1]})
    x, y = np.arange(3.0), np.arange(3.0) + 10
    assert swap(x, y) == 3
    assert x.tolist() == [10, 11, 12]
    assert y.tolist() == [2, 1, 0]


def test_shapes_and_counts_are_checked() -> None:
    loss, inputs, updates = network()
    step = sd.compile(loss, inputs, backend="c", updates=updates)
    x, y, *params = batch((4, 2, 4, 1), "float64")
    with pytest.raises(sd.ShapeError, match=r"Y has shape \(3, 1\), not \(N, O\), where N is 4"):
        step(x, y[:3], *params, 0.5)
    with pytest.raises(sd.ShapeError, match="X has shape"):
        step(x[0], y, *params, 0.5)
    with pytest.raises(sd.SymdiffError, match="takes 7 arguments"):
        step(x, y)
    with pytest.raises(sd.SymdiffError, match="float64 and float32, not complex128"):
        step(x + 0j, y, *params, 0.5)


def test_an_array_is_read_where_it_is_now() -> None:
    """The address of an array is remembered; another array of that shape is another address."""
    v = sd.symbol("v", 3)
    fn = sd.compile(sd.sum(v), [v], backend="c")
    first = np.ones(3)
    assert fn(first) == 3
    first[0] = 5
    assert [fn(first), fn(np.full(3, 2.0)), fn(first), fn([1, 2, 3])] == [7, 6, 7, 6]


# -- points --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planar() -> Any:
    x, y = sd.symbols("x y")
    return sd.compile((sd.exp(x) * y, {"s": sd.sin(x - y), "up": x > y}), [x, y], backend="c")


def test_points_broadcast_as_in_numpy(planar: Any) -> None:
    x, y = np.linspace(0, 1, 7)[:, None], np.arange(5)[::-1]
    product, rest = planar(x, y)
    assert product.shape == rest["s"].shape == (7, 5)
    np.testing.assert_allclose(product, np.exp(x) * y, rtol=1e-15)
    assert rest["up"].dtype == bool
    assert np.array_equal(rest["up"], x > y)
    number = planar(0.5, 2)[0]
    assert isinstance(number, float)
    assert planar(np.zeros((0, 3)), 1.0)[0].shape == (0, 3)
    assert planar(x.astype("float32"), x.astype("float32"))[0].dtype == np.float32
    with pytest.raises(sd.ShapeError, match="do not broadcast"):
        planar(np.zeros(3), np.zeros(4))
    with pytest.raises(sd.SymdiffError, match="takes 2 arguments"):
        planar(1.0)
    with pytest.raises(sd.SymdiffError, match="float64 and float32"):
        planar(1j, 1.0)


def test_a_value_does_not_depend_on_how_many_points_there_are(planar: Any) -> None:
    x = np.random.default_rng(0).uniform(-2, 2, 1000)
    whole = planar(x, 0.3)[1]["s"]
    for part in (slice(0, 1), slice(5, 22), slice(250, 777)):
        assert np.array_equal(planar(x[part], 0.3)[1]["s"], whole[part])
    assert np.array_equal(planar(x[::3], 0.3)[1]["s"], whole[::3])


def test_out_is_written() -> None:
    x = sd.symbol("x")
    fn = sd.compile([x**2, sd.sqrt(x)], [x], backend="c")
    points = np.arange(5.0)
    out = [np.zeros(5), np.zeros(5)]
    assert fn(points, out=out) is out
    assert out[0].tolist() == [0, 1, 4, 9, 16]
    strided = [np.zeros(10)[::2], np.zeros(5)]
    fn(points, out=strided)
    assert strided[0].tolist() == [0, 1, 4, 9, 16]
    with pytest.raises(sd.ShapeError, match="shape"):
        fn(points, out=[np.zeros(4), np.zeros(5)])
    v = sd.symbol("v", 3)
    double = sd.compile(2 * v, [v], backend="c")
    room = np.zeros(3)
    assert double(np.ones(3), out=room) is room
    assert room.tolist() == [2, 2, 2]


def test_loops_over_points_are_vector_code(planar: Any) -> None:
    if (
        platform.machine() != "x86_64"
        or platform.libc_ver()[0] != "glibc"
        or "Free Software" not in build.version(build.compiler())
    ):
        pytest.skip("gcc with glibc on x86-64 has vector forms of exp and sin")
    made = [path.read_bytes() for path in build.folder().glob("*.so")]
    assert any(re.search(rb"_ZGV\w+_exp\x00", code) and re.search(rb"_ZGV\w+_sin\x00", code) for code in made)


def test_pickles_carry_the_source(planar: Any) -> None:
    again = pickle.loads(pickle.dumps(planar))
    assert again.source == planar.source
    assert again(0.5, 2.0) == planar(0.5, 2.0)
    assert [var.name for var in again.inputs] == ["x", "y"]


# -- source --------------------------------------------------------------------------------------------------------

MAIN = """#include <stdio.h>
#include "bell.h"

int main(void)
{
    real value, dx, dy;
    bell(0.5, 2, &value, &dx, &dy);
    printf("%.7g %.7g %.7g\\n", (double)value, (double)dx, (double)dy);
    return 0;
}
"""


@pytest.mark.parametrize("kind", ["double", "float"])
def test_files_are_strict_c99_and_run_alone(cli: Any, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "bell.c"
    cli(
        "code",
        "exp(-x**2)*y + 0.5*sigmoid(y)",
        "--derivatives",
        "value,grad",
        "--name",
        "bell",
        "--backend",
        "c",
        "-o",
        str(target),
    )
    (tmp_path / "main.c").write_text(MAIN)
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", f"-DREAL={kind}"]
    made = subprocess.run(
        [*build.compiler(), *flags, "-o", "bell", "bell.c", "main.c", "-lm"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    assert re.findall(r"#include.*", target.read_text()) == ["#include <tgmath.h>"]
    printed = subprocess.run(["./bell"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    e, s = math.exp(-0.25), 1 / (1 + math.exp(-2))
    expected = [2 * e + 0.5 * s, -2 * e, e + 0.5 * s * (1 - s)]
    assert [float(part) for part in printed.split()] == pytest.approx(expected, rel=1e-6)


def test_c_does_not_verify_itself(cli: Any) -> None:
    code, _, error = cli("code", "x**2", "--backend", "c", "--selfcheck")
    assert code == 2
    assert "--selfcheck is for modules of Python, not for --backend c" in error


def test_a_step_is_strict_c99_with_sizes_by_macros(tmp_path: Path) -> None:
    loss, inputs, updates = network()
    text = sd.source(loss, inputs, name="step", backend="c", updates=updates)
    assert "alloc" not in text
    path = tmp_path / "step.c"
    path.write_text(text)
    strict = [*build.compiler(), "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-c", "-o", "step.o", "step.c"]
    sizes = [f"-Dstep_{letter}=3" for letter in "NDHO"]
    assert subprocess.run([*strict, *sizes], cwd=tmp_path).returncode == 0
    missing = subprocess.run([*strict, *sizes[1:]], cwd=tmp_path, capture_output=True, text=True)
    assert "say how large N is: cc -Dstep_N=100" in missing.stderr


def test_any_identifier_may_be_a_variable() -> None:
    names = ["I", "double", "exp", "work", "real", "i0", "t0", "out", "θ", "out0"]
    inputs = [sd.symbol(name) for name in names]
    outputs = [sum((sd.exp(v) * k for k, v in enumerate(inputs, 1)), start=const(0)), inputs[0] * inputs[1]]
    values = np.linspace(0.1, 1, len(names)).tolist()
    got = sd.compile(outputs, inputs, backend="c")(*values)
    np.testing.assert_allclose(got, sd.compile(outputs, inputs)(*values), rtol=1e-14)


def test_choices_between_whole_numbers_are_no_whole_division() -> None:
    x = sd.symbol("x")
    outputs = [sd.where(x > 0, 1, 2) / 4, sd.const(1) / 3 * x, (x > 0) / const(2), sd.log(sd.const(0)) + x]
    got = sd.compile(outputs, [x], backend="c")(1.0)
    assert list(got) == [0.25, 1 / 3, 0.5, -math.inf]


def test_source_is_deterministic_and_deep_graphs_are_no_trouble() -> None:
    x = sd.symbol("x")
    node: Node = x
    for _ in range(5_000):
        node = sd.sin(node) + x
    text = sd.source(node, [x], backend="c")
    assert text == sd.source(node, [x], backend="c")
    assert max(map(len, text.splitlines())) < 400


# -- building ------------------------------------------------------------------------------------------------------


def test_the_same_source_is_compiled_once_and_the_cache_may_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    runs: list[Any] = []
    compile_now = build._compile
    monkeypatch.setattr(build, "_compile", lambda *args: (runs.append(args), compile_now(*args)))
    x = sd.symbol("x")
    for _ in range(2):
        fn = sd.compile(x * 7, [x], backend="c")
    assert len(runs) == 1
    assert [path.suffix for path in (tmp_path / "symdiff").iterdir()] == [".so"]
    for path in (tmp_path / "symdiff").iterdir():
        path.unlink()
    assert fn(3.0) == 21
    assert sd.compile(x * 7, [x], backend="c", flags=["-ffast-math"])(3.0) == 21
    assert len(runs) == 2


def test_a_cache_that_cannot_be_written_is_another_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    x = sd.symbol("x")
    assert sd.compile(x * 9, [x], backend="c")(2.0) == 18


def test_a_flag_that_is_none_is_one_sentence() -> None:
    x = sd.symbol("x")
    with pytest.raises(sd.SymdiffError, match=r"cannot compile the C source: .*-fno-such-flag"):
        sd.compile(x, [x], backend="c", flags=["-fno-such-flag"])
    with pytest.raises(sd.SymdiffError, match="flags are for backend=\"c\", not for 'numpy'"):
        sd.compile(x, [x], flags=["-O1"])


@pytest.mark.parametrize("named", ["", "/no/such/compiler"])
def test_without_a_compiler_numpy_computes(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("CC", named)
    monkeypatch.setenv("PATH", "/no/such/folder")
    x = sd.symbol("x")
    with pytest.warns(RuntimeWarning, match="needs a C compiler.*NumPy computes instead") as caught:
        fn = sd.compile(x**2, [x], backend="c")
    assert len(caught) == 1
    assert fn(3.0) == 9
    assert fn.backend == "numpy"


def test_importing_and_emitting_need_no_ctypes() -> None:
    code = (
        "import sys, symdiff as sd; x = sd.symbol('x'); sd.source(sd.sin(x), [x], backend='c');"
        "print(sorted({'ctypes', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_fast_math_leaves_the_process_alone() -> None:
    """Numbers below the smallest normal one are still numbers to everybody else."""
    x = sd.symbol("x")
    assert sd.compile(sd.exp(x), [x], backend="c", flags=["-ffast-math"])(0.0) == 1
    assert np.float64(5e-324) / 1 == 5e-324 and np.spacing(1e-300) > 0
