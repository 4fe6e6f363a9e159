"""The array API backend: one source on NumPy, JAX under ``jit`` and PyTorch, beside the NumPy backend."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import reduce
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from operation_cases import ALL, Case, name_of
from peers import each_beside, installed
from test_array_operations import _graphs, _point
from test_codegen import ELEMENTWISE, on_variables

import symdiff as sd
from symdiff.codegen.array_api import _list_translations
from symdiff.graph.node import OPS, make
from symdiff.graph.traversal import topological
from symdiff.ops.kinds import structural

#: Operations for which the standard has no functions.
MISSING = {
    "refused", "sinc_derivative", "difference_of_products", "gelu", "erf", "erfc", "gamma", "gammaln",
    "digamma", "polygamma",
}  # fmt: skip
LIBRARIES = installed("numpy", "torch", "jax")


def library(name: str) -> tuple[Any, Callable[[Any], Any]]:
    """How arrays of a library are made, and how a function is run there."""
    module = import_module(name)
    if name == "jax":
        module.config.update("jax_enable_x64", True)
        return module.numpy.asarray, module.jit
    return (np.asarray if name == "numpy" else lambda x: module.asarray(np.array(x))), lambda fn: fn


def beside(name: str, outputs: Any, inputs: Any, values: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each result of the array API backend, with that of NumPy's; an array of the library and of the same type."""
    as_array, runs = library(name)
    fn = sd.compile(outputs, inputs, backend="array_api")
    got = runs(fn)(*map(as_array, values))
    assert name == "numpy" or all(isinstance(part, type(as_array(1.0))) for part in got)
    pairs = [
        (np.asarray(part), np.asarray(want))
        for part, want in zip(got, sd.compile(outputs, inputs)(*values), strict=True)
    ]
    assert all(part.dtype == want.dtype and part.shape == want.shape for part, want in pairs)
    return pairs


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_elementwise_row_to_four_units_in_the_last_place(name: str, dtype: str) -> None:
    """All rows in one function, each with variables of its own."""
    nodes, inputs, values = [], [], []
    for row in ELEMENTWISE:
        if row.name not in MISSING:
            node, variables, points = on_variables(row)
            own = {var: sd.symbol(f"{var.name}_{row.name}") for var in variables}
            nodes.append(sd.substitute(node, own))
            inputs += own.values()
            values += [point.astype(dtype) for point in points]
    for got, want in beside(name, nodes, inputs, values):
        if want.dtype == bool:
            np.testing.assert_array_equal(got, want)
        else:
            np.testing.assert_array_max_ulp(got, want, maxulp=4)


@pytest.mark.parametrize("name", installed("numpy", "torch"))
def test_points_broadcast(name: str) -> None:
    """Each result has the common shape of all points, whichever it depends on."""
    x, y = sd.symbols("x y")
    outputs = [sd.exp(x) * y, x, sd.const(2), y > 0, sd.maximum(y, 0.5), sd.const(True)]
    values = np.linspace(0.1, 2, 3)[:, None], np.linspace(-1, 1, 4)
    assert all(got.shape == (3, 4) for got, _ in beside(name, outputs, [x, y], values))


def test_what_the_standard_lacks_is_refused() -> None:
    for row in ELEMENTWISE:
        if row.name in MISSING:
            node, inputs, _ = on_variables(row)
            with pytest.raises(
                sd.UnsupportedError, match=f'the array API standard has no {row.name}; use backend="numpy"'
            ):
                sd.source(node, inputs, backend="array_api")


def _agrees(name: str, case: Case) -> None:
    graphs, point = _graphs(case), _point(case)
    weights = np.random.default_rng(1).uniform(-1, 1, graphs.f.shape)
    outputs = [graphs.f, *sd.grad(sd.sum(graphs.weights * graphs.f), graphs.floats)]
    for got, want in beside(name, outputs, [*graphs.inputs, graphs.weights], [*point, weights]):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12 * (1 + np.abs(want).max(initial=0)))


@pytest.mark.parametrize("name", installed("numpy", "torch"))
@pytest.mark.parametrize("case", ALL, ids=name_of)
def test_operations_on_arrays_and_their_gradients(name: str, case: Case) -> None:
    _agrees(name, case)


def _first() -> list[Case]:
    """Cases that have each operation once: JAX takes a tenth of a second to compile one."""
    seen: set[str] = set()
    chosen = []
    for case in ALL:
        found = {node.op.name for node in topological(_graphs(case).f)} - seen
        seen |= found
        chosen += [case] if found else []
    return chosen


@each_beside("jax", "case", _first(), ids=name_of)
def test_first_cases_under_jit(case: Case) -> None:
    _agrees("jax", case)


@pytest.mark.slow
@each_beside("jax", "case", ALL, ids=name_of)
def test_every_case_under_jit(case: Case) -> None:
    _agrees("jax", case)


def logistic() -> tuple[Any, list[sd.Node], list[np.ndarray]]:
    """Value, gradient and Hessian of a logistic regression."""
    X, w, y, c = sd.symbol("X", ("n", "d")), sd.symbol("w", "d"), sd.symbol("y", "n"), sd.symbol("c")
    loss = sd.mean(sd.softplus(-y * (X @ w))) + c * sd.sum(w**2)
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(50, 6)), rng.normal(size=6), np.sign(rng.normal(size=50)), np.array(0.1)]
    return sd.simplify([loss, sd.grad(loss, w), sd.hessian(loss, w)]), [X, w, y, c], values


def network() -> tuple[Any, list[sd.Node], list[np.ndarray]]:
    """Loss, gradients and dense Hessian of a network with one hidden layer."""
    X, Y, V, b = sd.symbol("X", ("n", "d")), sd.symbol("Y", ("n", "o")), sd.symbol("V", ("h", "o")), sd.symbol("b", "h")
    W = sd.symbol("W", ("d", "h"))
    loss = sd.sum((sd.tanh(X @ W + b) @ V - Y) ** 2) / sd.size("n")
    params = [W, b, V]
    rng = np.random.default_rng(0)
    values = [rng.normal(size=shape) for shape in ((20, 5), (20, 3), (5, 4), (4,), (4, 3))]
    outputs = [loss, *sd.grad(loss, params), sd.hessian(loss, params, form="dense")]
    return sd.simplify(outputs), [X, Y, *params], values


@pytest.mark.parametrize("model", [logistic, network])
@pytest.mark.parametrize("name", LIBRARIES)
def test_models(name: str, model: Callable[[], Any]) -> None:
    for got, want in beside(name, *model()):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14 * np.abs(want).max())


@pytest.mark.parametrize("name", LIBRARIES)
def test_types_follow_the_arrays(name: str) -> None:
    """Numbers take the arrays' type; whole numbers do too."""
    as_array, _ = library(name)
    X, w, s = sd.symbol("X", ("n", "d")), sd.symbol("w", "d"), sd.symbol("s")
    fn = sd.compile([sd.exp(s) * (X @ w), sd.eye("d"), sd.sum(w) / sd.size("n")], [X, w, s], backend="array_api")
    results = fn(as_array(np.ones((3, 2), "float32")), as_array(np.array([1, 2])), 0.5)
    assert [str(part.dtype).removeprefix("torch.") for part in results] == ["float32"] * 3
    np.testing.assert_allclose(np.asarray(results[0]), 3 * np.exp(0.5), rtol=1e-6)


def test_jax_transforms_the_function() -> None:
    """JAX differentiates and batches what we emit: its gradient is our gradient."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    (loss, gradient, _), inputs, values = logistic()
    value, ours = (sd.compile(part, inputs, backend="array_api") for part in (loss, gradient))
    arrays = list(map(jax.numpy.asarray, values))
    np.testing.assert_allclose(jax.jit(jax.grad(value, 1))(*arrays), ours(*arrays), rtol=1e-12)
    many = jax.numpy.stack([arrays[1], 2 * arrays[1]])
    found = jax.vmap(value, (None, 0, None, None))(arrays[0], many, *arrays[2:])
    np.testing.assert_allclose(found, [value(arrays[0], w, *arrays[2:]) for w in many], rtol=1e-12)


def test_torch_differentiates_the_function() -> None:
    torch = pytest.importorskip("torch")
    (loss, gradient, _), inputs, values = logistic()
    X, w, y, c = map(torch.asarray, values)
    w.requires_grad_(True)
    (found,) = torch.autograd.grad(sd.compile(loss, inputs, backend="array_api")(X, w, y, c), w)
    expected = sd.compile(gradient, inputs)(*values)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_inputs_are_never_written() -> None:
    outputs, inputs, values = network()
    for value in values:
        value.flags.writeable = False
    sd.compile(outputs, inputs, backend="array_api")(*values)


def test_namespace_may_be_given() -> None:
    """Without arrays NumPy computes, unless the caller names a namespace."""
    x = sd.symbol("x")
    fn = sd.compile([sd.exp(x), sd.const(2)], [x], backend="array_api")
    assert [float(part) for part in fn(0)] == [1, 2]
    torch = pytest.importorskip("torch")
    assert isinstance(fn(0.0, xp=torch)[0], torch.Tensor)


def test_shapes_are_checked() -> None:
    X, w = sd.symbol("X", ("n", "d")), sd.symbol("w", "d")
    fn = sd.compile(X @ w, [X, w], backend="array_api")
    with pytest.raises(ValueError, match=r"w has shape \(3,\), not \(d,\), where d is 2"):
        fn(np.ones((4, 2)), np.ones(3))
    with pytest.raises(sd.UnsupportedError, match="in place"):
        sd.compile(sd.sum(w), [w], backend="array_api", updates={w: w * 2})


def test_source_imports_the_standard_library_only(cli: Any) -> None:
    """The command line writes it, and a process without symdiff and NumPy loads it."""
    run = cli(
        "code",
        "sum(tanh(X @ w))",
        "--shape",
        "X=n,d",
        "--shape",
        "w=d",
        "--derivatives",
        "value,grad",
        "--backend",
        "array_api",
    )
    assert run.code == 0 and "import numpy" not in run.out and "np." not in run.out
    check = "import sys\nassert not {'numpy', 'symdiff'} & set(sys.modules)"
    subprocess.run([sys.executable, "-I", "-c", run.out + "\n" + check], check=True)


@pytest.mark.usefixtures("own_rows")
def test_numpy_code_of_the_user_has_the_names_that_operations_declare() -> None:
    x, A = sd.symbol("x"), sd.symbol("A", (2, 2))
    damped = sd.unary("damped", lambda y, x: y, numpy="(np.arctan({0}) * np.exp(-{0}))", domain="all real x")
    text = sd.source(damped(x), [x], backend="array_api")
    assert "xp.atan(x) * xp.exp(-x)" in text
    assert sd.compile(damped(x), [x], backend="array_api")(1.0) == np.arctan(1.0) * np.exp(-1.0)
    bessel = sd.unary("bessel", lambda y, x: y, numpy="np.i0({0})", domain="all real x")
    with pytest.raises(sd.UnsupportedError, match="the array API standard has no bessel"):
        sd.source(bessel(x), [x], backend="array_api")
    inverse = structural(
        "inverse", 1, lambda op, x: make(op, (x,), (), x.shape), lambda ct, y, x: (ct,),
        domain="regular matrices", numpy=lambda node: "np.linalg.inv({0})", text_of=lambda node: "inverse({0})",
    )  # fmt: skip
    assert "xp.linalg.inv(A)" in sd.source(inverse(A), [A], backend="array_api")


def test_names_are_those_of_functions_that_numpy_has() -> None:
    names = _list_translations(tuple(OPS.values()))
    assert names["arctan2"] == "atan2" and names["linalg.slogdet"] == "linalg.slogdet" and len(names) >= 39
    for name in (*names, *names.values()):
        assert callable(reduce(getattr, name.split("."), np))
