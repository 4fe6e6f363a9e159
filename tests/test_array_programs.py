"""Random programs of arrays against complex steps of NumPy, and against PyTorch or JAX where they are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from array_programs import NUMPY, Program, jax_functions, names_of, program, shrunk, torch_functions
from witness import extrapolated

import symdiff as sd

#: Programs in the ordinary suite, and those behind ``slow``, so many in one test.
QUICK, MANY, BLOCK = range(40), range(40, 1040), 20


class Answers(NamedTuple):
    """The loss, its gradient and the Hessian times a vector; all elements of all inputs in order."""

    value: float
    gradient: np.ndarray
    product: np.ndarray


def direction(count: int) -> np.ndarray:
    return np.cos(np.arange(count) + 1.0)


# -- witnesses ---------------------------------------------------------------------------------------------------


def by_numpy(one: Program) -> Answers:
    """Complex steps for the gradient (Squire and Trapp 1998), extrapolated differences of it along the direction."""
    start = np.concatenate([value.reshape(-1) for value in one.inputs.values()])
    along = direction(len(start))

    def value(at: np.ndarray) -> Any:
        parts = np.split(at, np.cumsum([value.size for value in one.inputs.values()])[:-1])
        named = zip(one.inputs.items(), parts, strict=True)
        return one.run(NUMPY, {name: part.reshape(old.shape) for (name, old), part in named})

    def gradient(at: np.ndarray) -> np.ndarray:
        return np.array([np.imag(value(at + unit)) / 1e-30 for unit in np.eye(len(at)) * 1e-30j])

    def change(step: float) -> np.ndarray:
        return (gradient(start + step * along) - gradient(start - step * along)) / (2 * step)

    with np.errstate(all="ignore"):
        product = extrapolated(change, 1e-3, 4) if len(start) else np.zeros(0)
        return Answers(float(np.real(value(start))), gradient(start), product)


def by_torch(one: Program) -> Answers:
    import torch

    inputs = {name: torch.tensor(value, requires_grad=True) for name, value in one.inputs.items()}
    loss = one.run(_torch(), inputs)
    tensors = list(inputs.values())
    if not loss.requires_grad:
        zeros = np.zeros(sum(value.size for value in one.inputs.values()))
        return Answers(float(loss), zeros, zeros)

    def flat(parts: Any) -> Any:
        some = [torch.zeros_like(x) if part is None else part for x, part in zip(tensors, parts, strict=True)]
        return torch.cat([part.reshape(-1) for part in some])

    gradient = flat(torch.autograd.grad(loss, tensors, create_graph=True, allow_unused=True))
    along = torch.tensor(direction(len(gradient)))
    if gradient.requires_grad:
        product = flat(torch.autograd.grad(gradient @ along, tensors, allow_unused=True))
    else:
        product = torch.zeros_like(gradient)
    return Answers(float(loss), gradient.detach().numpy(), product.numpy())


def by_jax(one: Program) -> Answers:
    functions = _jax()
    import jax
    from jax.flatten_util import ravel_pytree

    start, back = ravel_pytree({name: jax.numpy.asarray(value) for name, value in one.inputs.items()})
    order = ravel_pytree({name: np.full(value.shape, place) for place, (name, value) in enumerate(one.inputs.items())})
    assert (np.diff(order[0]) >= 0).all()

    def loss(at: Any) -> Any:
        return one.run(functions, back(at))

    along = jax.numpy.asarray(direction(len(start)))
    gradient, product = jax.jvp(jax.grad(loss), (start,), (along,))
    return Answers(float(loss(start)), np.asarray(gradient), np.asarray(product))


@cache
def _torch() -> dict[str, Any]:
    return torch_functions()


@cache
def _jax() -> dict[str, Any]:
    return jax_functions()


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


WITNESSES: dict[str, Callable[[Program], Answers]] = {"numpy": by_numpy}
if _installed("torch"):
    WITNESSES["torch"] = by_torch
elif _installed("jax"):  # correct, and slow where every program has to be compiled
    WITNESSES["jax"] = by_jax

# -- what symdiff says -------------------------------------------------------------------------------------------


Combinations = Mapping[str, Sequence[str]]
#: Levels, and Hessians by blocks, with the backends that compute them.
COMBINATIONS: Combinations = {"none": ("numpy",), "full": ("numpy", "array_api"), "code": ("c",), "hessian": ("numpy",)}


def answers(one: Program, combinations: Combinations = COMBINATIONS) -> Iterator[tuple[str, Any]]:
    """By every way: answers, or the error that was raised."""
    try:
        f, variables = one.graph()
    except Exception as error:
        yield "building", error
        return
    arrays = list(one.inputs.values())
    split = np.split(direction(sum(value.size for value in arrays)), np.cumsum([v.size for v in arrays])[:-1])
    vectors = [part.reshape(value.shape) for part, value in zip(split, arrays, strict=True)]
    moves = [sd.symbol(f"d{var.name}", var.shape) for var in variables]
    for way, backends in combinations.items():
        made = _tried(lambda way=way: _graphs(way, f, variables, moves))
        for backend in backends:
            yield f"{way} on {backend}", _computed(made, variables, moves, arrays, vectors, backend)


def _graphs(way: str, f: sd.Node, variables: list[sd.Node], moves: list[sd.Node]) -> Any:
    """The loss, its gradient, and the Hessian or its product with a vector."""
    if way == "hessian":
        return f, sd.grad(f, variables), sd.hessian(f, variables)
    return sd.simplify((f, sd.grad(f, variables), sd.hvp(f, variables, moves)), way)


def _computed(made: Any, variables: Any, moves: Any, arrays: Any, vectors: Any, backend: str) -> Any:
    if isinstance(made, Exception):
        return made

    def call() -> Answers:
        fn = sd.compile(made, [*variables, *moves], backend=backend)
        with np.errstate(all="ignore"):
            value, gradient, second = fn(*arrays, *vectors)
        if isinstance(second[0], tuple):
            second = _times(second, vectors, arrays)
        return Answers(float(value), _flat(gradient), _flat(second))

    return _tried(call)


def _times(blocks: Any, vectors: list[np.ndarray], arrays: list[np.ndarray]) -> list[np.ndarray]:
    return [
        sum(
            np.reshape(block, (one.size, other.size)) @ vector.reshape(-1)
            for block, other, vector in zip(row, arrays, vectors, strict=True)
        )
        for row, one in zip(blocks, arrays, strict=True)
    ]


def _flat(parts: Any) -> np.ndarray:
    return np.concatenate([np.zeros(0), *(np.asarray(part, float).reshape(-1) for part in parts)])


def _tried(make: Callable[[], Any]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()
    except Exception as error:
        return error


# -- comparison ----------------------------------------------------------------------------------------------------


def differs(got: Answers, right: Answers) -> bool:
    scale = 1 + abs(right.value) + max((np.abs(part).max() for part in right[1:] if part.size), default=0.0)
    pairs = ((got.value, right.value, 1e-9), (got.gradient, right.gradient, 1e-9), (got.product, right.product, 1e-6))
    return any(np.shape(a) != np.shape(b) or not np.all(np.abs(a - b) <= near * scale) for a, b, near in pairs)


def disagreements(one: Program, combinations: Combinations = COMBINATIONS) -> list[str]:
    """The ways that are wrong or raise; the witnesses have to agree among themselves first."""
    rights = {name: witness(one) for name, witness in WITNESSES.items()}
    right = rights["numpy"]
    if not np.isfinite([right.value, *right.gradient, *right.product]).all():
        return []
    odd = [name for name, other in rights.items() if differs(other, right)]
    if odd:
        return [f"the witnesses {', '.join(odd)} and numpy differ: {rights}"]
    return [f"{way}: {got!r}" for way, got in answers(one, combinations) if not _right(way, got, right)]


def _right(way: str, got: Any, right: Answers) -> bool:
    if isinstance(got, sd.UnsupportedError):
        return way.endswith(("on c", "array_api"))  # what a backend has not
    return not isinstance(got, Exception) and not differs(got, right)


def reported(seed: int) -> str:
    """What is wrong with a program, as small as it gets; nothing where all is right."""
    one = program(seed)
    wrong = disagreements(one)
    if not wrong:
        return ""
    small = shrunk(one, lambda other: _same(wrong[0].partition(":")[0], other))
    lines = "\n  ".join(disagreements(small))
    points = {name: value.tolist() for name, value in small.inputs.items()}
    return f"program {seed}: {small}\n  at {points}\n  {lines}\n  right: {by_numpy(small)}"


def _same(way: str, other: Program) -> bool:
    """Whether another program is wrong by the same way."""
    level, _, backend = way.partition(" on ")
    with suppress(Exception), np.errstate(all="ignore"):  # a witness that has no answer
        if not np.isclose(other.run(NUMPY, other.inputs, plain=False), other.run(NUMPY, other.inputs)):
            return False  # a guard whose other branch is taken now
        return any(line.startswith(way) for line in disagreements(other, {level: (backend,)} if backend else {}))
    return False


@pytest.mark.parametrize("seed", QUICK)
def test_programs(seed: int) -> None:
    wrong = disagreements(program(seed))
    assert not wrong, f"{program(seed)}\n" + "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(0, len(MANY), BLOCK))
def test_many_programs(block: int) -> None:
    wrong = [text for seed in MANY[block : block + BLOCK] if (text := reported(seed))]
    assert not wrong, "\n\n".join(wrong)


def test_programs_have_every_kind_of_step() -> None:
    drawn = [program(seed) for seed in range(400)]
    wanted = (
        "stack concatenate reshape transpose einsum solve inv det cumsum where max min prod logsumexp softmax norm "
    )
    wanted += "std take tril broadcast_to cholesky logdet kron"
    assert set(wanted.split()) <= names_of(drawn)
    assert {size for one in drawn for value in one.inputs.values() for size in value.shape} == {0, 1, 2, 5}
    assert [str(program(seed)) for seed in range(5)] == [str(one) for one in drawn[:5]]


def test_a_planted_mistake_is_seen() -> None:
    """A wrong witness disagrees: the comparison can fail."""
    one = program(1)
    right = by_numpy(one)
    assert not differs(right, right)
    for place in range(3):
        parts = [part + 1e-3 if place == at else part for at, part in enumerate(right)]
        assert differs(Answers(*parts), right) or not np.size(right[place])
