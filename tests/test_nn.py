"""Layers and losses: values and gradients against complex steps and JAX, ties, empty batches, types, messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from peers import each_beside

import symdiff as sd
from symdiff import nn

X = sd.symbol("X", ("N", 6))
F, Y = sd.symbol("F", ("N", 6)), sd.symbol("Y", ("N", 6))
LABELS = sd.symbol("labels", "N")
RNG = np.random.default_rng(5)
#: Activations as NumPy formulas that are analytic where the samples lie, so that they take complex steps.
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "relu": lambda x: np.where(x.real > 0, x, 0),
    "leaky_relu": lambda x: np.where(x.real > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x.real > 0, x, np.exp(x) - 1),
    "maxout": lambda x: np.where(x[:, ::2].real > x[:, 1::2].real, x[:, ::2], x[:, 1::2]),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),
}
JAX = "identity sigmoid tanh relu elu softmax".split()


def _lse(f: Any) -> Any:
    return np.log(np.exp(f).sum(1))


#: Losses with their NumPy formulas, of predictions f and targets y.
LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "squared": lambda f, y: ((f - y) ** 2).sum(),
    "quadratic": lambda f, y: ((f - y) ** 2).sum() / (2 * len(y)),
    "logistic": lambda f, y: np.log(1 + np.exp(-y * f)).mean(),
    "binary_cross_entropy": lambda f, y: (np.log(1 + np.exp(f)) - y * f).mean(),
    "multiclass_logistic": lambda f, y: (_lse(f) - f[np.arange(len(y)), y]).mean(),
}


def complex_step(function: Callable[..., Any], arrays: list[Any], place: int) -> Any:
    """The gradient of a number by one array: the imaginary part at a step of 1e-30i, exact to rounding."""
    x = arrays[place]
    found = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        moved = x.astype(complex)
        moved[index] += 1e-30j
        found[index] = np.imag(function(*arrays[:place], moved, *arrays[place + 1 :])) / 1e-30
    return found


def value_and_gradient(loss: Any, by: Any, values: dict[str, Any]) -> tuple[Any, Any]:
    inputs = list(sd.variables(loss))
    return sd.compile(sd.simplify((loss, sd.grad(loss, by))), inputs)(*(values[var.name] for var in inputs))


def target(name: str, rows: int = 4) -> Any:
    if name == "multiclass_logistic":
        return RNG.integers(0, 6, rows)
    return RNG.choice([-1.0, 1.0], (rows, 6)) if name == "logistic" else RNG.random((rows, 6))


def loss_of(name: str) -> Any:
    return getattr(nn, name)(F, LABELS if name == "multiclass_logistic" else Y)


@pytest.mark.parametrize("name", nn.ACTIVATIONS)
def test_activations_against_complex_steps(name: str) -> None:
    x = RNG.normal(size=(4, 6))
    loss = sd.sum(sd.sin(nn.activation_named(name)(X)))
    value, gradient = value_and_gradient(loss, X, {"X": x})
    formula = lambda x: np.sin(ACTIVATIONS[name](x)).sum()
    assert abs(value - formula(x)) < 1e-12
    np.testing.assert_allclose(gradient, complex_step(formula, [x], 0), rtol=0, atol=1e-12)


@each_beside("jax", "name", JAX)
def test_activations_against_jax(name: str) -> None:
    """With zeros: elu's and relu's kink. Far out nothing overflows."""
    import jax

    jax.config.update("jax_enable_x64", True)
    there = {"identity": lambda x: x, "tanh": jax.numpy.tanh}.get(name) or getattr(jax.nn, name)
    x = np.array([[0.0, -0.0, 1.0, -1.0, 0.5, 2.0], [700.0, -700.0, 0.0, 30.0, -30.0, 1e-300]])
    _, gradient = value_and_gradient(sd.sum(sd.sin(nn.activation_named(name)(X))), X, {"X": x})
    expected = jax.grad(lambda x: jax.numpy.sin(there(x)).sum())(x)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-10)


def test_ties_share_and_kinks_are_as_the_rows_say() -> None:
    x = np.zeros((2, 6))
    _, gradient = value_and_gradient(sd.sum(nn.maxout(X, 3)), X, {"X": x})
    np.testing.assert_allclose(gradient, np.full((2, 6), 1 / 3), atol=1e-15)
    for name, slope in {"relu": 0, "elu": 1}.items():
        assert (value_and_gradient(sd.sum(nn.activation_named(name)(X)), X, {"X": x})[1] == slope).all()
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    expected = jax.grad(lambda x: jax.numpy.max(x.reshape(2, 2, 3), axis=-1).sum())(x)
    np.testing.assert_allclose(gradient, expected, atol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_against_complex_steps(name: str) -> None:
    f, y = RNG.normal(size=(4, 6)), target(name)
    value, gradient = value_and_gradient(loss_of(name), F, {"F": f, "Y": y, "labels": y})
    assert abs(value - LOSSES[name](f, y)) < 1e-12
    np.testing.assert_allclose(gradient, complex_step(LOSSES[name], [f, y], 0), rtol=0, atol=1e-12)


@each_beside("jax", "name", LOSSES)
def test_losses_against_jax_far_out(name: str) -> None:
    """Logits of 800, equal logits and zeros: stable and equal to JAX's."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    formulas = {
        "logistic": lambda f, y: jax.nn.softplus(-y * f).mean(),
        "binary_cross_entropy": lambda f, y: (jax.nn.softplus(f) - y * f).mean(),
        "multiclass_logistic": lambda f, y: (jax.nn.logsumexp(f, axis=1) - f[jnp.arange(len(y)), y]).mean(),
    }
    f, y = RNG.normal(size=(5, 6)), target(name, 5)
    f[1], f[2], f[3, :2] = 0, 800, (-800, 800)
    value, gradient = value_and_gradient(loss_of(name), F, {"F": f, "Y": y, "labels": y})
    there, expected = jax.value_and_grad(formulas.get(name, LOSSES[name]))(f, y)
    assert value == pytest.approx(float(there), rel=1e-12)
    np.testing.assert_allclose(gradient, expected, rtol=1e-13, atol=1e-10)


def forward(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return np.tanh(x @ w1 + b1) @ w2 + b2


def test_mlp_against_complex_steps() -> None:
    net = nn.mlp([6, 5, 3])
    labels = RNG.integers(0, 3, 4)
    values: dict[str, Any] = {"X": RNG.normal(size=(4, 6)), "labels": labels} | net.init(1)
    loss = nn.multiclass_logistic(net.output, LABELS) + nn.l2(net.params, 0.1)
    value, gradients = value_and_gradient(loss, list(net.params.values()), values)
    arrays = [values[name] for name in ("X", *net.params)]

    def formula(*arrays: Any) -> Any:
        penalty = 0.1 * sum((array**2).sum() for array in arrays[1:])
        return LOSSES["multiclass_logistic"](forward(*arrays), labels) + penalty

    assert abs(value - formula(*arrays)) < 1e-12
    for place, gradient in enumerate(gradients, 1):
        np.testing.assert_allclose(gradient, complex_step(formula, arrays, place), rtol=0, atol=1e-12)


def test_mlp_against_jax() -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    for activation, there in {"relu": jax.nn.relu, "elu": jax.nn.elu, "sigmoid": jax.nn.sigmoid}.items():
        net = nn.mlp([6, 8, 4, 2], activation, output="tanh")
        y = sd.symbol("y", ("N", 2))
        values: dict[str, Any] = {"X": RNG.normal(size=(7, 6)), "y": RNG.normal(size=(7, 2))} | net.init(2)
        params = {name: values[name] for name in net.params}

        def loss(p: Any, values: Any = values, there: Any = there) -> Any:
            h = there(there(values["X"] @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"])
            return ((jax.numpy.tanh(h @ p["W3"] + p["b3"]) - values["y"]) ** 2).sum() / 14

        _, gradients = value_and_gradient(nn.quadratic(net.output, y), list(net.params.values()), values)
        expected = jax.grad(loss)(params)
        for name, gradient in zip(net.params, gradients, strict=True):
            np.testing.assert_allclose(gradient, expected[name], rtol=0, atol=1e-10)


GRAPH = {"h": ["p", "q"], "k": ["h", "r"], "out": ["p", "h", "k"], "side": ["k"]}


def wired(x: Any, w: dict[str, Any]) -> Any:
    p, q, r = x.T
    h = np.tanh(w["w_h"] @ np.array([p, q]) + w["b_h"])
    k = np.sin(w["w_k"] @ np.array([h, r]) + w["b_k"])
    return np.array([w["w_out"] @ np.array([p, h, k]) + w["b_out"], w["w_side"][0] * k + w["b_side"]]).T


def test_network_on_a_graph() -> None:
    net = nn.dag(GRAPH, {"k": sd.sin})
    assert net.x.shape == ("N", 3) and net.output.shape == ("N", 2)
    values = net.init(3) | {"b_h": np.array(0.3)}
    x = RNG.normal(size=(5, 3))
    loss = sd.sum(net.output**2)
    order = list(net.params.values())
    value, gradients = value_and_gradient(loss, order, {"X": x, **values})
    assert value == pytest.approx((wired(x, values) ** 2).sum(), rel=1e-12)
    for var, gradient in zip(order, gradients, strict=True):
        formula = lambda array, var=var: (wired(x, values | {var.name: array}) ** 2).sum()
        np.testing.assert_allclose(gradient, complex_step(formula, [values[var.name]], 0), rtol=0, atol=1e-11)


def test_graphs_of_networkx_are_the_same_network() -> None:
    networkx = pytest.importorskip("networkx")
    graph = networkx.DiGraph([(parent, node) for node, parents in GRAPH.items() for parent in parents])
    net = nn.dag(graph)
    assert set(net.params) == set(nn.dag(GRAPH).params) and net.output.shape == ("N", 2)
    with pytest.raises(sd.SymdiffError, match="cycle"):
        nn.dag({"a": ["b"], "b": ["a"]})


def _chain_of_units(units: int) -> nn.Network:
    return nn.dag({place: [place - 1] for place in range(1, units)}, "tanh")


def test_a_deep_graph_of_units_is_built_without_recursion() -> None:
    assert len(_chain_of_units(1500).params) == 2 * 1499


@pytest.mark.parametrize("units", [100, pytest.param(1500, marks=pytest.mark.slow)])
def test_a_deep_graph_of_units_is_compiled(units: int) -> None:
    net = _chain_of_units(units)
    values = [np.ones((2, 1)), *net.init().values()]
    assert sd.compile(net.output, [net.x, *net.params.values()])(*values).shape == (2, 1)


def test_hand_built_networks_list_their_parameters() -> None:
    hidden = nn.dense(X, 4, "a", "maxout", pieces=3)
    net = nn.network(X, nn.dense(hidden, 2, "z", sd.tanh), "relu")
    assert {name: var.shape for name, var in net.params.items()} == {
        "Wa": (6, 12),
        "Wz": (4, 2),
        "ba": (12,),
        "bz": (2,),
    }
    assert net.output.shape == ("N", 2) and nn.dense(sd.symbol("v", 3), 2).shape == (2,)


def test_initial_parameters() -> None:
    """Reproducible, within the stated bounds, biases zero; He's variance before relu."""
    net = nn.mlp([300, 200, 10], "relu")
    first, again, other = net.init(1), net.init(1), net.init(2)
    assert all((first[name] == again[name]).all() for name in first) and (first["W1"] != other["W1"]).any()
    assert not first["b1"].any() and np.abs(first["W2"]).max() <= np.sqrt(6 / 210)
    assert first["W1"].var() == pytest.approx(2 / 300, rel=0.05)
    small = net.init(1, "float32")
    assert all(small[name].dtype == np.float32 and (small[name] == first[name].astype("f4")).all() for name in first)
    letters = nn.mlp(["d", 3])
    assert letters.init(sizes={"d": 5})["W1"].shape == (5, 3)
    with pytest.raises(sd.SymdiffError, match=r"W1 has a size d without a number"):
        letters.init()


@pytest.mark.parametrize("name", LOSSES)
def test_float32_stays_float32(name: str) -> None:
    y = target(name)
    y = y if y.dtype.kind == "i" else y.astype("f4")
    f = RNG.normal(size=(4, 6)).astype("f4")
    value, gradient = value_and_gradient(loss_of(name), F, {"F": f, "Y": y, "labels": y})
    assert value.dtype == gradient.dtype == np.float32


@pytest.mark.parametrize("name", nn.ACTIVATIONS)
def test_layers_keep_float32(name: str) -> None:
    net = nn.mlp([6, 4, 3], name)
    values = {"X": RNG.normal(size=(4, 6)).astype("f4"), **net.init(0, "float32")}
    for array in value_and_gradient(sd.sum(net.output**2), list(net.params.values()), values)[1]:
        assert array.dtype == np.float32


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_empty_batches(name: str) -> None:
    """A sum of nothing is 0, a mean of nothing is NaN; the gradients by the parameters are zero, as JAX has them."""
    net = nn.mlp([5, 6], x="Z")
    y = target(name, 0)
    loss = getattr(nn, name)(net.output, LABELS if name == "multiclass_logistic" else Y)
    values = {"Z": np.zeros((0, 5)), "Y": y, "labels": y, **net.init()}
    value, gradients = value_and_gradient(loss, list(net.params.values()), values)
    assert value == 0 if name == "squared" else np.isnan(value)
    assert [gradient.shape for gradient in gradients] == [(5, 6), (6,)]
    assert not any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("name", nn.ACTIVATIONS)
def test_layers_take_empty_batches(name: str) -> None:
    net = nn.mlp([6, 4, 3], name)
    values = {"X": np.zeros((0, 6)), **net.init()}
    value, gradients = value_and_gradient(sd.sum(net.output**2), list(net.params.values()), values)
    assert value == 0 and not any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: nn.squared(sd.symbol("f", ("N", 1)), sd.symbol("y", "N")), "one shape, not (N, 1) and (N,)"),
        (lambda: nn.multiclass_logistic(F, Y), "logits (N, classes) and labels (N,)"),
        (lambda: nn.multiclass_logistic(F, sd.symbol("y", "M")), "not (N, 6) and (M,)"),
        (lambda: nn.quadratic(sd.symbol("a"), sd.symbol("b")), "not numbers"),
        (lambda: nn.maxout(X, 4), "a multiple, not (N, 6)"),
        (lambda: nn.dense(sd.symbol("a"), 3), "not a number"),
        (lambda: nn.dense(X, 3, activation="relo"), "no activation 'relo'; the activations are identity"),
        (lambda: nn.mlp([3]), "at least one layer"),
        (lambda: nn.dag({}), "at least one node with parents"),
        (lambda: nn.dag([1, 2]), "not list"),
        (lambda: nn.l2([]), "at least one parameter"),
    ],
)
def test_mistakes_are_one_clear_sentence(build: Callable[[], Any], words: str) -> None:
    with pytest.raises(sd.SymdiffError) as caught:
        build()
    assert words in str(caught.value) and "\n" not in str(caught.value)
