"""Wrong answers and crashes of whole calls that were found once: forms of Hessians, C, inputs, assumptions, commands.

The names are those of the list that they came from, as in ``test_wrong_answers``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import by_steps, command, flat

import symdiff as sd

BACKENDS = ("numpy", "c", "array_api")


def rejects(call: Callable[[], Any], backend: str = "") -> str:
    """The one sentence with which a call is refused; emitted Python alone has no SymdiffError."""
    emitted = (TypeError, ValueError) if backend in ("array_api", "math") else ()
    with pytest.raises((sd.SymdiffError, *emitted)) as caught:
        call()
    said = str(caught.value)
    assert len(said) < 200 and "\n" not in said and "dtype(" not in said
    return said


def in_process(code: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, for what may crash it."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, **more)


# -- W6: assumptions on arrays --------------------------------------------------------------------------------------

POSITIVE = [
    ("sum(abs(x)*x)", "sum(x**2)"),
    ("sum(sqrt(x**2))", "sum(x)"),
    ("sum(where(x > 0, x, -x))", "sum(x)"),
    ("sum(maximum(x, 0))", "sum(x)"),
    ("sum(log(x**2))", "2*sum(log(x))"),
    ("abs(x)[0]", "x[0]"),
]


@pytest.mark.parametrize("formula, simplified", POSITIVE)
@pytest.mark.parametrize("size", [3, "n"])
def test_w6_assumptions_on_arrays(formula: str, simplified: str, size: Any) -> None:
    wanted = command("grad", simplified, "--shape", f"x={size}")
    assert command("grad", formula, "--shape", f"x={size}", "--assume", "x > 0") == wanted
    assert command("grad", f"{formula} where x > 0", "--shape", f"x={size}")[:2] == wanted[:2]


@pytest.mark.parametrize("formula, simplified", POSITIVE)
def test_w6_assumptions_on_arrays_in_the_library(formula: str, simplified: str) -> None:
    shapes = {"x": (3,)}
    for condition in (sd.parse("x > 0", shapes), sd.parse("x > 0")):
        with sd.assume(condition):
            assert sd.simplify(sd.parse(formula, shapes)) is sd.simplify(sd.parse(simplified, shapes))


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda s, x, n: s.Abs(x, evaluate=False), "x"),
        (lambda s, x, n: s.Abs(x, evaluate=False) * x, "x**2"),
        (lambda s, x, n: s.sqrt(s.Pow(x, 2, evaluate=False), evaluate=False), "x"),
        (lambda s, x, n: s.Max(x, 0, evaluate=False), "x"),
        (lambda s, x, n: s.sin(s.pi * n, evaluate=False), "0"),
    ],
)
def test_w6_assumptions_of_sympy(make: Callable[..., Any], text: str) -> None:
    sympy = pytest.importorskip("sympy")
    symbols = sympy.Symbol("x", positive=True), sympy.Symbol("n", integer=True)
    assert str(sd.simplify(sd.from_sympy(make(sympy, *symbols)))) == text


# -- W7, W8: Hessians in all their forms ---------------------------------------------------------------------------

FORMS: dict[str, Callable[..., Any]] = {
    "blocks": lambda f, wrt, arrays: _blocks(f, wrt, arrays),
    "dense": lambda f, wrt, arrays: sd.compile(sd.hessian(f, wrt, form="dense"), wrt)(*arrays),
    "sparse": lambda f, wrt, arrays: sd.compile(sd.hessian(f, wrt, sparse=True), wrt)(*arrays).toarray(),
    "diagonal": lambda f, wrt, arrays: flat(list(sd.compile(sd.hessian(f, wrt, form="diagonal"), wrt)(*arrays))),
    "Structured": lambda f, wrt, arrays: sd.Structured(f, wrt).compile(wrt)(*arrays).todense(),
    "DenseHessian": lambda f, wrt, arrays: sd.DenseHessian(f, wrt, wrt)(*arrays),
    "rows": lambda f, wrt, arrays: sd.DenseHessian(f, wrt, wrt, max_memory=700)(*arrays),
    "jacobian of grad": lambda f, wrt, arrays: _matrix(
        sd.compile(sd.jacobian(list(sd.grad(f, wrt)), wrt), wrt)(*arrays), arrays
    ),
}


def _blocks(f: sd.Node, wrt: list[sd.Node], arrays: list[np.ndarray]) -> np.ndarray:
    return _matrix(sd.compile(sd.hessian(f, wrt), wrt)(*arrays), arrays)


def _matrix(blocks: Any, arrays: list[np.ndarray]) -> np.ndarray:
    rows = [
        [np.reshape(block, (one.size, other.size)) for block, other in zip(row, arrays, strict=True)]
        for row, one in zip(blocks, arrays, strict=True)
    ]
    return np.block(rows)


#: Formulas, the same in NumPy, and the variables' shapes.
GATHERS: list[tuple[str, Callable[..., Any], dict[str, tuple[int, ...]]]] = [
    ("sum(sin(concatenate((zeros(2), v))[[1, 4]]))", lambda v: np.sin(v[2]), {"v": (3,)}),
    ("sum(concatenate((v[:1], v[1:]))[[1, 2]]**3)", lambda v: (v[[1, 2]] ** 3).sum(), {"v": (3,)}),
    ("sum(stack((v, 2*v))[[1, 0]]**3)", lambda v: (np.stack((v, 2 * v)) ** 3).sum(), {"v": (3,)}),
    ("sum(stack((v, 2*v))[[1, 1]]**3)", lambda v: 2 * ((2 * v) ** 3).sum(), {"v": (3,)}),
    (
        "sum(concatenate((v, w))[[0, 3, 3]]**3)",
        lambda v, w: (np.concatenate((v, w))[[0, 3, 3]] ** 3).sum(),
        {"v": (3,), "w": (2,)},
    ),
    (
        "prod(concatenate((v, w))[[1, 4]])*v[0]",
        lambda v, w: v[1] * w[1] * v[0],
        {"v": (3,), "w": (2,)},
    ),
    ("sum(concatenate((v, v))[[-1, -4, 0]]**3)", lambda v: v[2] ** 3 + v[2] ** 3 + v[0] ** 3, {"v": (3,)}),
    (
        "sum(concatenate((M, M*2), axis=1).T[[0, 3]]**3)",
        lambda M: (M[:, 0] ** 3).sum() + ((2 * M[:, 1]) ** 3).sum(),
        {"M": (2, 2)},
    ),
    (
        "sum(concatenate((M, v[None]))[[2, 0]]**3)",
        lambda M, v: (v**3).sum() + (M[0] ** 3).sum(),
        {"M": (2, 2), "v": (2,)},
    ),
    (
        "sum(stack((v, w))[[0, 1], [1, 0]]**2*v)",
        lambda v, w: v[1] ** 2 * v[0] + w[0] ** 2 * v[1],
        {"v": (2,), "w": (2,)},
    ),
    ("sum(stack((v, w), axis=1)[[1]]**3)", lambda v, w: v[1] ** 3 + w[1] ** 3, {"v": (2,), "w": (2,)}),
    ("sum(stack((v, w))[::-1][[0]]*v)**2", lambda v, w: (w * v).sum() ** 2, {"v": (2,), "w": (2,)}),
    ("sum(concatenate((v[::-1], v[1:]))[[0, 3]]**3)", lambda v: v[2] ** 3 + v[1] ** 3, {"v": (3,)}),
    (
        "sum(reshape(concatenate((v, w)), (2, 2))[[1, 0]]**3*v)",
        lambda v, w: (w**3 * v + v**4).sum(),
        {"v": (2,), "w": (2,)},
    ),
    ("sum(concatenate((v, ones(2)))[[0, 4]]**3)", lambda v: v[0] ** 3 + 1, {"v": (3,)}),
    ("sum(M[[1, 0], [0, 0]]**3)", lambda M: M[1, 0] ** 3 + M[0, 0] ** 3, {"M": (2, 2)}),
    ("sum(v[[0, 0, 1]]*v[[1, 2, 2]])**2", lambda v: (v[[0, 0, 1]] * v[[1, 2, 2]]).sum() ** 2, {"v": (3,)}),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("formula, function, shapes", GATHERS, ids=[formula for formula, *_ in GATHERS])
def test_w8_gathers(formula: str, function: Callable[..., Any], shapes: dict[str, tuple[int, ...]], form: str) -> None:
    wrt = [sd.symbol(name, shapes[name]) for name in sorted(shapes)]
    f = gathered(formula, shapes)
    rng = np.random.default_rng(5)
    arrays = [rng.uniform(0.5, 2, shapes[name]) for name in sorted(shapes)]
    right = by_steps(function, *arrays)
    got = np.asarray(FORMS[form](f, wrt, arrays))
    np.testing.assert_allclose(got, np.diag(right) if form == "diagonal" else right, rtol=1e-7, atol=1e-7)


def gathered(formula: str, shapes: dict[str, tuple[int, ...]]) -> sd.Node:
    """The formula by Python's own operators, which take lists as places."""
    names = {
        name: getattr(sd, name) for name in ("sum", "sin", "prod", "concatenate", "stack", "zeros", "ones", "reshape")
    }
    return eval(formula, {**names, **{name: sd.symbol(name, shape) for name, shape in shapes.items()}})  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "formula, point, right",
    [
        ("x**2", {"x": 3.0}, [[2]]),
        ("x**3*y", {"x": 2.0, "y": 5.0}, [[60, 12], [12, 0]]),
        ("x**2*sum(v)", {"v": [1.0, 2.0], "x": 3.0}, [[0, 0, 6], [0, 0, 6], [6, 6, 6]]),
        ("sum(v**2)*x", {"v": [1.0, 2.0], "x": 3.0}, [[6, 0, 2], [0, 6, 4], [2, 4, 0]]),
        ("exp(x)", {"x": 0.0}, [[1]]),
    ],
)
def test_w7_structured_by_numbers(formula: str, point: dict[str, Any], right: Any) -> None:
    shapes = {name: np.shape(value) for name, value in point.items() if np.ndim(value)}
    wrt = [sd.symbol(name, shapes.get(name, ())) for name in point]
    operator = sd.Structured(sd.parse(formula, shapes), wrt).compile(wrt)(*point.values())
    np.testing.assert_allclose(operator.todense(), right, rtol=1e-12)
    ones = np.ones(len(right))
    np.testing.assert_allclose(operator @ ones, np.asarray(right) @ ones, rtol=1e-12)


# -- W9: C -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula, function",
    [
        ("sum(M[:, ::-1]**2)", lambda M: (M**2).sum()),
        ("sum(M[::-1]**2*M)", lambda M: (M[::-1] ** 2 * M).sum()),
        ("sum(M[::-1, ::-1]*M)", lambda M: (M[::-1, ::-1] * M).sum()),
    ],
)
def test_w9_reversed_axes(formula: str, function: Callable[..., Any]) -> None:
    M = sd.symbol("M", ("m", "n"))
    f = sd.parse(formula, {"M": ("m", "n")})
    fn = sd.compile(f, [M], backend="c")
    rng = np.random.default_rng(1)
    for size in (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33):
        array = rng.normal(size=(3, size))
        assert fn(array) == pytest.approx(function(array), rel=1e-12), size


#: Formulas with what each takes at least of v.
TOO_SMALL = [
    ("v[5]", 6), ("v[-3]", 3), ("v[-2:]", 2), ("sum(v[-2:])", 2), ("v[2:]", 2), ("v[:5]", 5), ("v[4:1:-1]", 5),
    ("v[3::-1]", 4), ("exp(v[7])*v[0]", 8), ("sum(v[1:3]*v[2:4])", 4), ("v[::-1][2]", 3),
]  # fmt: skip


@pytest.mark.parametrize("formula, least", TOO_SMALL)
@pytest.mark.parametrize("backend", BACKENDS)
def test_w9_sizes_too_small(formula: str, least: int, backend: str) -> None:
    """As NumPy's indices do; slices refuse too, where the formula's shape would be another one."""
    v = sd.symbol("v", "n")
    f = sd.parse(formula, {"v": "n"})
    for outputs in (f, sd.grad(sd.sum(f), v)):
        fn = sd.compile(outputs, [v], backend=backend)
        fn(np.ones(least))
        for size in range(least):
            said = rejects(lambda fn=fn, size=size: fn(np.ones(size)), backend)
            assert f"{size}" in said and f"{least}" in said


def test_w9_index_far_beyond_does_not_crash() -> None:
    code = "import symdiff as sd, numpy as np\nv = sd.symbol('v', 'n')\n"
    done = in_process(f"{code}sd.compile(sd.exp(v[100000000]), [v], backend='c')(np.zeros(3))")
    assert done.returncode == 1
    assert "ShapeError" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_w9_out_that_is_an_input(backend: str) -> None:
    v, w = sd.symbol("v", 3), sd.symbol("w", 3)
    a, b, new = np.array([1.0, 2, 3]), np.array([4.0, 5, 6]), np.zeros(3)
    sd.compile([w, v], [v, w], backend=backend)(a, b, out=[a, new])
    assert (a.tolist(), new.tolist()) == ([4, 5, 6], [1, 2, 3])


@pytest.mark.parametrize(
    "formula",
    ["softmax(v)", "max(v)", "min(v)", "argmax(v)", "logsumexp(v)", "log_softmax(v)", "max(M, axis=1)", "softmax(M)"],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_w9_empty_arrays_without_a_value(formula: str, backend: str) -> None:
    """An empty maximum is refused, as by NumPy; what has no element has nothing to refuse."""
    shapes: dict[str, Any] = {"v": "n"} if "v" in formula.replace("axis", "") else {"M": ("m", "n")}
    f = sd.parse(formula, shapes)
    (var,) = sd.variables(f)
    fn = sd.compile(f, [var], backend=backend)
    try:
        got = fn(np.zeros([{"m": 2}.get(size, 0) for size in var.shape]))
    except (sd.SymdiffError, ValueError):
        return
    assert "softmax" in formula and np.size(got) == 0


@pytest.mark.parametrize("formula, right", [("sum(v)", 0), ("prod(v)", 1), ("sum(v**2)", 0), ("sum(exp(v))", 0)])
@pytest.mark.parametrize("backend", BACKENDS)
def test_w9_empty_arrays(formula: str, right: float, backend: str) -> None:
    v = sd.symbol("v", "n")
    f = sd.parse(formula, {"v": "n"})
    value, gradient = sd.compile((f, sd.grad(f, v)), [v], backend=backend)(np.zeros(0))
    assert value == right and np.shape(gradient) == (0,)


@pytest.mark.parametrize("name", "w0 w1 work out0 t0 i0 real REAL n n_ out x0 size_t double main memcpy pow I".split())
@pytest.mark.parametrize("shape", [(), ("k",)])
def test_w9_names_of_inputs(name: str, shape: tuple[Any, ...]) -> None:
    var = sd.symbol(name, shape)
    f = sd.sum(sd.exp(var) * sd.softmax(var)) if shape else sd.exp(var) * sd.sin(var)
    fn = sd.compile((f, sd.grad(f, var)), [var], backend="c")
    at = np.array([0.5, 1.5]) if shape else 0.5
    for got, wanted in zip(fn(at), sd.compile((f, sd.grad(f, var)), [var])(at), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-14)


# -- W11: inputs of other types ----------------------------------------------------------------------------------

MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
#: Inputs that have no value, or that are no arrays of real numbers.
NOT_REAL: dict[str, Any] = {
    "complex array": np.array([1 + 2j, 2, 3]), "complex list": [1j, 2, 3], "masked": MASKED,
    "digits": np.array(["1", "2", "3"]), "texts": ["1", "2", "3"], "None inside": [1.0, None, 3.0],
    "dates": np.array(["2020-01-01"] * 3, "datetime64[D]"), "ragged": [1.0, [2.0, 3.0], 4.0], "dict": {"a": 1.0},
    "bytes": np.array([b"1", b"2", b"3"]), "set": {1.0, 2.0, 3.0}, "structured": np.zeros(3, [("a", float)]),
}  # fmt: skip
NOT_NUMBERS = {"None": None, "text": "3", "word": "abc", "complex": 1 + 2j, "dict": {}, "bytes": b"3", "type": float}


@pytest.mark.parametrize("kind", NOT_REAL)
@pytest.mark.parametrize("backend", BACKENDS)
def test_w11_arrays_that_are_refused(kind: str, backend: str) -> None:
    v = sd.symbol("v", 3)
    f = sd.sum(abs(v))
    for outputs in (f, sd.grad(f, v)):
        fn = sd.compile(outputs, [v], backend=backend)
        rejects(lambda fn=fn: fn(NOT_REAL[kind]), backend)


@pytest.mark.parametrize("kind", NOT_NUMBERS)
@pytest.mark.parametrize("backend", [*BACKENDS, "math"])
def test_w11_numbers_that_are_refused(kind: str, backend: str) -> None:
    x = sd.symbol("x")
    fn = sd.compile((2 * x, sd.exp(x)), [x], backend=backend)
    rejects(lambda: fn(NOT_NUMBERS[kind]), backend)


@pytest.mark.parametrize("backend", [*BACKENDS, "math"])
@pytest.mark.parametrize("value", [2**70, -(2**64), True, np.float32(2), np.int8(2), np.uint64(2**63)])
def test_w11_numbers_that_are_taken(value: Any, backend: str) -> None:
    x = sd.symbol("x")
    assert sd.compile(x + 1, [x], backend=backend)(value) == float(value) + 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_w11_np_matrix(backend: str) -> None:
    """Products of elements stay products of elements: a matrix would multiply as ``@`` does."""
    M = sd.symbol("M", (2, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.matrix([[1.0, 2.0], [3.0, 4.0]])
        try:
            got = sd.compile(M * M, [M], backend=backend)(array)
        except sd.SymdiffError:
            return
    assert np.asarray(got).tolist() == [[1, 4], [9, 16]] and type(got) is np.ndarray


@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_w11_out_of_a_smaller_type(backend: str) -> None:
    """float64 results go into float32 arrays in no silence."""
    v = sd.symbol("v", 3)
    fn = sd.compile(2 * v, [v], backend=backend)
    for target in (np.zeros(3, np.float32), np.zeros(3, int), np.zeros(3, bool)):
        rejects(lambda target=target: fn(np.ones(3) / 3, out=target))
    wide = np.zeros(3)
    fn(np.ones(3, np.float32) / 3, out=wide)
    assert wide.tolist() == [float(np.float32(2) * (np.float32(1) / 3))] * 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_w11_tensors_that_need_a_gradient(backend: str) -> None:
    torch = pytest.importorskip("torch")
    v = sd.symbol("v", 3)
    tensor = torch.ones(3, dtype=torch.float64, requires_grad=True)
    try:
        got = sd.compile(2 * v, [v], backend=backend)(tensor)
    except sd.SymdiffError:
        return
    assert [float(part) for part in got] == [2, 2, 2]


# -- W14: exact constants ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    ["sqrt(2*x)", "sqrt(sqrt(x/3))", "sqrt(2/x)", "(2*x)**(1/3)", "sqrt(2)/sqrt(3*x)", "log(sqrt(2)*x)", "sqrt(pi*x)"],
)
def test_w14_exact_constants(formula: str) -> None:
    f = sd.parse(formula)
    found = sd.derivatives(f, list(sd.variables(f)), 3)
    code, out, err = command("derivatives", formula, "--order", "3")
    assert code == 0, err
    for text in (*map(str, found.values()), *map(str, sd.simplify(list(found.values()))), out):
        assert not re.search(r"\d\.\d{4}", text), text


# -- C1, C2, C5: graphs that could not be built ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        "where(exp(x) > 0, x, 0)", "where(x**2 >= 0, x, 0*x)", "abs(exp(x))", "clip(sigmoid(x), 0, 1)*x", "elu(exp(x))",
        "maximum(exp(x), 0)", "relu(cosh(x))", "where(abs(x) >= 0, sin(x), x)", "sign(exp(x))*x", "abs(x**2)",
        "minimum(-exp(x), 0)", "leaky_relu(exp(x))", "where(softplus(x) < 0, 1, x**2)", "abs(sum(exp(x)))*x",
        "where(exp(sum(x)) > 0, x, 0)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(3,), ("n",), (1, 3)])
def test_c1_decided_conditions(formula: str, shape: tuple[Any, ...]) -> None:
    x, shapes = sd.symbol("x", shape), {"x": shape}
    f = sd.parse(formula, shapes)
    at = np.array([[0.5, -1.0, 2.0]]) if len(shape) == 2 else np.array([0.5, -1.0, 2.0])
    made = (f, sd.grad(sd.sum(f), x), sd.jacobian(f, x))
    plain = (f, sd.grad(sd.sum(f), x))
    for level in ("full", "code"):
        got = sd.compile(sd.simplify(made, level), [x])(at)
        for one, other in zip(got, sd.compile(plain, [x])(at), strict=False):
            np.testing.assert_allclose(one, other, rtol=1e-12)
        with sd.assume(sd.parse("x > -5", shapes)):
            sd.simplify(made, level)


@pytest.mark.parametrize(
    "words",
    [
        ["grad", "sum((y - a*x**b)**2)", "--shape", "x=n", "--shape", "y=n"],
        ["hessian", "sum((y - a*x**b)**2)", "--shape", "x=n", "--shape", "y=n"],
        ["grad", "sum(a*x**b)", "--shape", "x=n"],
        ["hessian", "sum(x**t)", "--wrt", "t", "--shape", "x=n"],
        ["hessian", "sum(log(w)*abs(s))", "--shape", "w=n", "--shape", "s=n"],
        ["grad", "sum((y - a*x**b)**2)", "--shape", "x=3", "--shape", "y=3"],
        ["grad", "sum((y - a*exp(-b*x) - c*x**d)**2)", "--shape", "x=n", "--shape", "y=n"],
        ["grad", "mean((y - a*X[:, 0]**b*X[:, 1]**c)**2)", "--shape", "X=n,2", "--shape", "y=n"],
        ["hessian", "sum(outer(x, x)**p)", "--shape", "x=n"],
        ["grad", "sum(w*x**2**a)", "--shape", "x=n", "--shape", "w=n"],
        ["jacobian", "a*x**b", "--shape", "x=n"],
        ["hessian", "sum(t**x)", "--shape", "x=n"],
        ["grad", "sum(x**y)", "--shape", "x=n", "--shape", "y=n"],
        ["grad", "sum(x**y)", "--shape", "x=m,n", "--shape", "y=n"],
        ["code", "sum((y - a*x**b)**2)", "--shape", "x=n", "--shape", "y=n", "--derivatives", "value,grad,hessian"],
        ["code", "sum((y - a*x**b)**2)", "--shape", "x=n", "--shape", "y=n", "--derivatives", "grad", "--backend", "c"],
    ],
    ids=lambda words: " ".join(words[:2] + words[-1:]),
)
def test_c2_power_laws_with_data(words: list[str]) -> None:
    code, out, err = command(*words)
    assert (code, err) == (0, "") and out


def test_c2_power_law_values() -> None:
    """A gradient of a fit at a point: residuals by hand."""
    x, y, a, b = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 9.0]), 1.5, 0.5
    rest = y - a * x**b
    right = {"a": (-2 * rest * x**b).sum(), "b": (-2 * rest * a * x**b * np.log(x)).sum()}
    words = ["grad", "sum((y - a*x**b)**2)", "--shape", "x=n", "--shape", "y=n", "--wrt", "a,b", "--format", "json"]
    code, out, err = command(*words, "--at", f"a={a},b={b},x={x.tolist()},y={y.tolist()}")
    assert code == 0, err
    assert json.loads(out)["value"] == pytest.approx(list(right.values()), rel=1e-12)


@pytest.mark.parametrize("level", ["none", "full", "code", "search", "sympy"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_c5_reshape_to_a_number(level: str, backend: str, shape: tuple[int, ...]) -> None:
    u = sd.symbol("u", shape)
    f = sd.parse("reshape(u, ())**2*3", {"u": shape})
    fn = sd.compile(sd.simplify((sd.reshape(u, ()), f, sd.grad(f, u)), level), [u], backend=backend)
    assert [np.ravel(value).tolist() for value in fn(np.full(shape, 2.0))] == [[2], [12], [12]]


@pytest.mark.parametrize(
    "formula, function, shapes",
    [
        ("reshape(u, ())**3", lambda u: u.reshape(()) ** 3, {"u": (1,)}),
        ("sum(reshape(B, (1, 3))[:, ::-1]**3)", lambda B: (B**3).sum(), {"B": (3,)}),
        ("sum(kron(a, b)**3)", lambda a, b: (np.kron(a, b) ** 3).sum(), {"a": (1,), "b": (1,)}),
        ("sum(kron(a, b)**3)", lambda a, b: (a[0] * b**3 * a[0] ** 2).sum(), {"a": (1,), "b": (3,)}),
        (
            "sum(kron(a, b)**3)",
            lambda a, b: (a[:, :, None, None] * b * 1.0).__pow__(3).sum(),
            {"a": (1, 1), "b": (1, 2)},
        ),
        ("sum(outer(a, b)**3)", lambda a, b: (a[:, None] * b).__pow__(3).sum(), {"a": (1,), "b": (2,)}),
        ("sum(squeeze(M)**3)", lambda M: (M**3).sum(), {"M": (1, 1)}),
        ("sum(M[0]**2*v)", lambda M, v: (M[0] ** 2 * v).sum(), {"M": (1, 1), "v": (1,)}),
    ],
)
def test_c5_hessians_of_size_one(formula: str, function: Callable[..., Any], shapes: dict[str, Any]) -> None:
    names = sorted(shapes)
    wrt = [sd.symbol(name, shapes[name]) for name in names]
    arrays = [np.random.default_rng(2).uniform(0.5, 2, shapes[name]) for name in names]
    f, right = sd.parse(formula, shapes), by_steps(function, *arrays)
    for form in ("blocks", "dense", "sparse", "Structured"):
        np.testing.assert_allclose(FORMS[form](f, wrt, arrays), right, rtol=1e-7, atol=1e-7, err_msg=form)


def test_c5_sparse_hessian_with_an_unused_array() -> None:
    A, D = sd.symbol("A", 2), sd.symbol("D")
    for wrt in ([A, D], [D, A]):
        fn = sd.compile(sd.hessian(D**3, wrt, sparse=True), [A, D])
        place = 2 * (wrt[0] is A)
        right = np.zeros((3, 3))
        right[place, place] = 12
        np.testing.assert_allclose(fn([1.0, 1.0], 2.0).toarray(), right)


def test_c5_gather_of_an_unused_label() -> None:
    A, B, C = sd.symbol("A", (2, 2)), sd.symbol("B", (2, 2)), sd.symbol("C", (2, 1, 2))
    f = sd.sum(sd.einsum("ab,bc,def->e", A, B, C)[[0, 0, 0, 0]] ** 2)
    arrays = [np.random.default_rng(2).uniform(0.5, 2, var.shape) for var in (A, B, C)]
    right = by_steps(lambda A, B, C: 4 * ((A @ B).sum() * C.sum()) ** 2, *arrays)
    for form in ("blocks", "dense", "Structured"):
        np.testing.assert_allclose(FORMS[form](f, [A, B, C], arrays), right, rtol=1e-6, err_msg=form)


@pytest.mark.parametrize("text", ["sum(A[::3])", "sum(A[::2])", "A[::-1]", "A[::-2]", "A[0:1]", "A[-1:]", "A[:1:5]"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_c5_slices_parse_back(text: str, size: int) -> None:
    f = sd.parse(text, {"A": (size,)})
    assert sd.parse(str(f), {"A": (size,)}) is f
    A = sd.symbol("A", size)
    g = eval(text, {"A": A, "sum": sd.sum})
    assert sd.parse(str(g), {"A": (size,)}) is g


# -- C3, C4 -------------------------------------------------------------------------------------------------------


def test_c3_data_that_is_zero() -> None:
    fit = sd.curves.fit("a*x + b", {"x": [0, 1, 2]}, [0, 0, 0], {"a": 1, "b": 1})
    assert [fit.params["a"], fit.params["b"]] == pytest.approx([0, 0], abs=1e-12)
    fit = sd.curves.fit("a*exp(-b*x)", {"x": [0, 1, 2, 3]}, [0, 0, 0, 0], {"a": 1, "b": 1})
    assert fit.params["a"] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("power, start", [(1.5, 1.2), (0.8, 0.7), (0.8, 1.2)])
@pytest.mark.parametrize(
    "curve",
    [
        "d + (a - d)/(1 + (x/c)**b)**g",
        "d + (a - d)*(1 + (x/c)**b)**(-g)",
        "d + (a - d)/(1 + x**b/c**b)**g",
        "d + (a - d)/(1 + exp(b*log(x/c)))**g",
        "d + (a - d)/(1 + exp(b*(log(x) - log(c))))**g",
    ],
)
def test_c3_five_parameter_logistic_from_zero(curve: str, power: float, start: float) -> None:
    """At x = 0 the curve is a, whatever c, b and g, and its derivatives by those are 0."""
    right = {"a": 0.1, "b": power, "c": 3.0, "d": 2.0, "g": 1.0}
    x = np.array([0, 0.5, 1, 2, 3, 5, 8, 13, 21, 40])
    y = right["d"] + (right["a"] - right["d"]) / (1 + (x / right["c"]) ** right["b"]) ** right["g"]
    fit = sd.curves.fit(curve, {"x": x}, y, {"a": 0.2, "b": start, "c": 2.5, "d": 1.8, "g": 1.1})
    assert [fit.params[name] for name in right] == pytest.approx(list(right.values()), rel=1e-4)


@pytest.mark.parametrize(
    "call",
    [
        "sigmoid(1)", "softplus(1)", "sinc(0.5)", "logaddexp(1, 2)", "xlogy(1, 2)", "spherical_jn(1, 2)", "relu(2)",
        "sinc_derivative(1, 0.5)", "difference_of_products(1, 2, 3, 4)", "gelu(1)", "elu(-1)", "leaky_relu(-1)",
        "cbrt(2)", "hypot(1, 2)", "exp2(2)", "log2(3)", "arctan2(1, 2)", "clip(1, 2, 3)", "abs(-2)", "expm1(1)",
    ],
)  # fmt: skip
def test_c4_constants_as_arguments(call: str) -> None:
    x = sd.symbol("x")
    for text in (f"x*{call}", f"{call} + 0*x"):
        f = sd.parse(text)
        values = []
        for backend in ("numpy", "array_api"):
            try:
                values.append(sd.compile((f, sd.grad(f, x)), [x], backend=backend)(np.float64(2.0)))
            except sd.UnsupportedError:
                assert backend == "array_api"
                return
        assert flat(list(values[1])) == pytest.approx(flat(list(values[0])), rel=1e-14)


def test_c4_argmax_on_torch() -> None:
    torch = pytest.importorskip("torch")
    C = sd.symbol("C", (2, 2))
    array = np.array([[1.0, 5.0], [7.0, 2.0]])
    for formula in ("argmax(C, axis=1) @ C", "argmax(C)*C", "argmax(C, axis=0)*C"):
        f = sd.parse(formula, {"C": (2, 2)})
        got = sd.compile(f, [C], backend="array_api")(torch.tensor(array))
        np.testing.assert_allclose(got.numpy(), sd.compile(f, [C])(array))


def test_c4_multiclass_logistic_is_linear_in_rows() -> None:
    """The memory that a call takes at its peak grows with the rows, not with their square."""
    X, W, y = sd.symbol("X", ("N", "d")), sd.symbol("W", ("d", 3)), sd.symbol("y", "N")
    fn = sd.compile(sd.grad(sd.nn.multiclass_logistic(X @ W, y), W), [X, W, y], backend="array_api")
    peaks = []
    for rows in (500, 1000):
        arrays = np.ones((rows, 2)), np.ones((2, 3)), np.arange(rows) % 3
        tracemalloc.start()
        fn(*arrays)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 3 * peaks[0]


# -- C6: messages --------------------------------------------------------------------------------------------------


def shell(text: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    line = text.replace("symdiff", f"{sys.executable} -m symdiff")
    return subprocess.run(["sh", "-c", line], input=stdin, capture_output=True, timeout=120, check=False)


@pytest.mark.parametrize("redirect", ["> /dev/full", ">&-"])
@pytest.mark.parametrize("words", ["diff 'x**2'", "code 'x**2'", "ops", "grad 'x*y' --format json"])
def test_c6_output_that_is_full_or_closed(redirect: str, words: str) -> None:
    if "full" in redirect and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = shell(f"symdiff {words} {redirect}")
    said = done.stderr.decode()
    assert done.returncode != 0
    assert "failed inside" not in said and "Traceback" not in said and said.count("\n") == 1


def test_c6_byte_order_mark() -> None:
    done = shell("symdiff diff -", b"\xef\xbb\xbfx**2\n")
    assert (done.returncode, done.stdout) == (0, b"2*x\n"), done.stderr


def test_c6_help_is_no_formula() -> None:
    for words in (["diff", "-h"], ["grad", "-h"], ["-h"]):
        code, out, _err = command(*words)
        assert code == 0 and "Usage" in out


def test_c6_limit_of_graph() -> None:
    code, _, err = command("graph", "x*y + 1", "--limit", "nodes=100")
    assert code == 0, err
    code, _, err = command("graph", "x*y + 1", "--limit", "nodes=2")
    assert code == 2 and "nodes" in err


def test_c6_sizes_in_formulas() -> None:
    f = sd.parse("size(n)*sum(x)", {"x": "n"})
    assert sd.compile(f, [sd.symbol("x", "n")])([1.0, 2.0]) == 6


@pytest.mark.parametrize("words", [["jacobian", "s=sin(q); s*x", "s*y"], ["jacobian", "a = x**2; a", "a*x"]])
def test_c6_parts_of_several_formulas(words: list[str]) -> None:
    """A part named in the first formula is shared by the second, or the command line says that it is a variable."""
    _code, out, err = command(*words)
    shared = command("jacobian", words[1], f"{words[1].split(';')[0]}; {words[2]}")
    name = words[1].split("=")[0].strip()
    assert out == shared[1] or name in re.findall(r"\w+", err)


def test_c6_power_by_T() -> None:
    _code, _out, err = command("grad", "sum(A^T @ x)", "--shape", "A=n,n", "--shape", "x=n", "--wrt", "x")
    assert "A.T" in err


@pytest.mark.parametrize("name, wanted", [("factorial", "gamma"), ("average", "mean"), ("power_", "power")])
def test_c6_suggestions(name: str, wanted: str) -> None:
    code, _out, err = command("diff", f"{name}(x)")
    assert code == 2 and "tril" not in err
    assert "did you mean" not in err or wanted in err


def test_c6_assumption_used_twice() -> None:
    x = sd.symbol("x")
    known = sd.assume(x > 0)
    for _ in range(2):
        with known:
            assert sd.simplify(abs(x)) is x
    assert sd.simplify(abs(x)) is not x


def test_c6_explanation_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook, too, text is text and displays nothing."""
    shown: list[Any] = []
    display = types.ModuleType("IPython.display")
    display.display = shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    x, y = sd.symbols("x y")
    assert "x*y" in str(sd.explain(x * y, {"x": 1, "y": 2}))
    assert not shown


def test_c6_saddles() -> None:
    """``trust-exact`` stays at 0, a saddle of a0**2 - a1**2 + a1**4, where the gradient is 0."""
    page = Path(__file__).parent.parent / "docs" / "curvature.md"
    assert "saddles for certain" not in page.read_text(encoding="utf-8")


# -- C7: budgets -----------------------------------------------------------------------------------------------------

LENNARD_JONES = " + ".join(
    f"4*e*((s/sqrt(({a}x - {b}x)**2 + ({a}y - {b}y)**2))**12 - (s/sqrt(({a}x - {b}x)**2 + ({a}y - {b}y)**2))**6)"
    for a, b in (("a", "b"), ("b", "c"))
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "sd.simplify(sd.diff(sd.parse('tanh(x)/x'), x, 2), 'accurate')",
        f"sd.simplify(sd.parse({LENNARD_JONES!r}), 'search')",
        "sd.simplify(sd.diff(sd.parse('exp(-x**2)'), *[x]*20))",
        "sd.simplify(sd.hessian(sd.parse('x**n/(K**n + x**n)'), list(sd.symbols('x n K'))), 'search')",
        "sd.simplify(sd.diff(sd.parse('sin(x)/x'), *[x]*6), 'accurate')",
        "sd.simplify(sd.diff(sd.parse('exp(x)*sin(x)/(1 + x**2)'), *[x]*4), 'sympy')",
    ],
    ids=["accurate-tanh", "search-pairs", "full-repeated", "search-hill", "accurate-sinc", "sympy-order-4"],
)
def test_c7_budgets(code: str) -> None:
    """Ten seconds for what has a budget of two: the process is ended then."""
    text = f"import symdiff as sd\nx = sd.symbol('x')\nprint(len(str({code})))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=10, check=True)
    assert int(done.stdout) < 4000
