"""``fn(*arrays, out=...)`` where results overlap inputs, and loops of C that run backwards or in steps.

The right results are those of the same function without ``out``, computed before anything is overwritten, and of NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

import symdiff as sd

BACKENDS = ("numpy", "c")
N = 6


class Function(NamedTuple):
    """Outputs in terms of v and w, or of A and B: all of one shape, so that results fit anywhere."""

    texts: tuple[str, ...]
    shape: tuple[int, ...]

    def names(self) -> str:
        return "vw" if len(self.shape) == 1 else "AB"

    def inputs(self) -> list[sd.Node]:
        return [sd.symbol(name, self.shape) for name in self.names()]

    def outputs(self) -> list[sd.Node]:
        return [sd.parse(text, dict.fromkeys(self.names(), self.shape)) for text in self.texts]


VECTORS = [
    Function(texts, (N,))
    for texts in (
        ("w", "v"), ("v + w", "v - w"), ("v[::-1]", "w"), ("w[::-1]", "v[::-1]"), ("cumsum(v)", "cumsum(w) + v"),
        ("v*sum(w)", "w*sum(v)"), ("softmax(v) + w", "v*max(w)"), ("exp(v/4)", "w*v"),
        ("concatenate((v[1:], w[:1]))", "concatenate((w[3:], v[:3]))"), ("where(v > w, v, w)", "where(v > w, w, v)"),
        ("2*v", "2*v + w"), ("v", "v"), ("v + v[::-1]", "v"), ("outer(v, w) @ w", "v + w"),
    )
]  # fmt: skip
MATRICES = [
    Function(texts, (N, N))
    for texts in (
        ("A @ B", "B @ A"), ("A.T", "B.T"), ("B", "A"), ("A + B.T", "A*B"), ("A[::-1]", "B[:, ::-1]"),
        ("A @ A", "A + B"), ("cumsum(A, axis=0)", "cumsum(B, axis=1)"), ("softmax(A, axis=0)", "A"),
        ("A - sum(A, axis=0)", "B*sum(A)"), ("tril(A) + triu(B)", "A"),
    )
]  # fmt: skip
#: How the arrays lie in one block of memory: (v, w, first result, second result) as views of a vector of 40 numbers.
VECTOR_VIEWS: dict[str, Callable[[np.ndarray], tuple[np.ndarray, ...]]] = {
    "the first input": lambda m: (m[:6], m[10:16], m[:6], m[20:26]),
    "the second input": lambda m: (m[:6], m[10:16], m[20:26], m[:6]),
    "both inputs": lambda m: (m[:6], m[10:16], m[:6], m[10:16]),
    "both inputs, exchanged": lambda m: (m[:6], m[10:16], m[10:16], m[:6]),
    "shifted up": lambda m: (m[:6], m[10:16], m[1:7], m[11:17]),
    "shifted down": lambda m: (m[1:7], m[11:17], m[:6], m[10:16]),
    "shifted far": lambda m: (m[:6], m[10:16], m[5:11], m[20:26]),
    "reversed": lambda m: (m[:6], m[10:16], m[5::-1], m[20:26]),
    "reversed input": lambda m: (m[5::-1], m[10:16], m[:6], m[20:26]),
    "every second": lambda m: (m[:6], m[20:26], m[:12:2], m[30:36]),
    "every second input": lambda m: (m[:12:2], m[20:26], m[:6], m[30:36]),
    "one over two inputs": lambda m: (m[:6], m[6:12], m[3:9], m[20:26]),
    "two over one input": lambda m: (m[:6], m[20:26], m[3:9], m[30:36]),
    "the same input twice": lambda m: (m[:6], m[:6], m[:6], m[20:26]),
    "inputs that overlap": lambda m: (m[:6], m[2:8], m[1:7], m[20:26]),
}
#: The same for matrices, in a vector of 400 numbers.
MATRIX_VIEWS: dict[str, Callable[[np.ndarray], tuple[np.ndarray, ...]]] = {
    "the first input": lambda m: (_square(m), _square(m[40:]), _square(m), _square(m[90:])),
    "both inputs, exchanged": lambda m: (_square(m), _square(m[40:]), _square(m[40:]), _square(m)),
    "transposed": lambda m: (_square(m), _square(m[40:]), _square(m).T, _square(m[90:])),
    "transposed input": lambda m: (_square(m).T, _square(m[40:]), _square(m), _square(m[90:])),
    "both transposed": lambda m: (_square(m).T, _square(m[40:]), _square(m[40:]).T, _square(m).T),
    "a row down": lambda m: (_square(m), _square(m[60:]), _square(m[6:]), _square(m[120:])),
    "an element on": lambda m: (_square(m), _square(m[60:]), _square(m[1:]), _square(m[120:])),
    "rows reversed": lambda m: (_square(m), _square(m[60:]), _square(m)[::-1], _square(m[120:])),
    "all reversed": lambda m: (_square(m), _square(m[60:]), _square(m)[::-1, ::-1], _square(m[120:])),
    "inside of a larger one": lambda m: (_wide(m)[:, :6], _square(m[120:]), _wide(m)[:, 2:8], _square(m[180:])),
    "in steps": lambda m: (_wide(m)[:, :6], _square(m[120:]), _wide(m)[:, 11:5:-1], _square(m[180:])),
}


def _square(m: np.ndarray) -> np.ndarray:
    return m[:36].reshape(6, 6)


def _wide(m: np.ndarray) -> np.ndarray:
    return m[:72].reshape(6, 12)


@cache
def compiled(function: Function, backend: str, schedule: str) -> Any:
    kind = {"schedule": schedule} if backend == "numpy" else {}
    return sd.compile(function.outputs(), function.inputs(), backend=backend, **kind)


def cases() -> Iterator[Any]:
    for functions, views, size in ((VECTORS, VECTOR_VIEWS, 40), (MATRICES, MATRIX_VIEWS, 400)):
        for function in functions:
            for name, view in views.items():
                yield pytest.param(function, view, size, id=f"{', '.join(function.texts)} into {name}")


CASES = list(cases())
WAYS = [("numpy", "fast"), pytest.param("numpy", "clear", marks=pytest.mark.slow), ("c", "")]


@pytest.mark.parametrize("backend, schedule", WAYS)
@pytest.mark.parametrize("function, view, size", CASES)
def test_results_that_overlap_inputs(
    function: Function, view: Callable[[np.ndarray], tuple[np.ndarray, ...]], size: int, backend: str, schedule: str
) -> None:
    fn = compiled(function, backend, schedule)
    memory = np.random.default_rng(4).uniform(-1, 1, size)
    before = memory.copy()
    first, second, *out = view(memory)
    right = [np.copy(value) for value in fn(first.copy(), second.copy())]
    assert (memory == before).all()
    returned = fn(first, second, out=out)
    assert returned is out
    for got, wanted in zip(out, right, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-15)


def test_enough_cases() -> None:
    assert len(CASES) * len(WAYS) >= 400


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_that_overlap_each_other_are_refused(backend: str) -> None:
    """Two results cannot stand in one place."""
    function = VECTORS[1]
    memory = np.zeros(40)
    for out in ([memory[:6], memory[:6]], [memory[:6], memory[3:9]]):
        with pytest.raises(sd.SymdiffError):
            compiled(function, backend, "fast")(np.ones(6), np.ones(6), out=out)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", ["reversed", "every second", "transposed", "Fortran", "float32"])
def test_inputs_of_any_layout(kind: str, backend: str) -> None:
    """What an input looks like in memory changes nothing."""
    function = MATRICES[0]
    rng = np.random.default_rng(5)
    wide = rng.normal(size=(12, 12))
    first = {
        "reversed": wide[5::-1, 5::-1], "every second": wide[::2, ::2], "transposed": wide[:6, :6].T,
        "Fortran": np.asfortranarray(wide[:6, :6]), "float32": wide[:6, :6].astype(np.float32),
    }[kind]  # fmt: skip
    second = rng.normal(size=(6, 6))
    got = compiled(function, backend, "fast")(first, second)
    for value, wanted in zip(got, (first @ second, second @ first), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12)


# -- loops of C that run backwards and in steps --------------------------------------------------------------------

#: Formulas with the same in NumPy, of M with any number of rows and columns.
STRIDED: list[tuple[str, Callable[[np.ndarray], Any]]] = [
    ("sum(M[:, ::-1]**2)", lambda M: (M[:, ::-1] ** 2).sum()),
    ("sum(M[::-1]*M)", lambda M: (M[::-1] * M).sum()),
    ("M[::-1, ::-1] - M", lambda M: M[::-1, ::-1] - M),
    ("M[:, ::-1]*M[:, 0][:, None]", lambda M: M[:, ::-1] * M[:, 0][:, None]),
    ("sum(M[:, ::-1], axis=0)", lambda M: M[:, ::-1].sum(axis=0)),
    ("max(M[::-1], axis=1)", lambda M: M[::-1].max(axis=1)),
    ("cumsum(M[:, ::-1], axis=1)", lambda M: M[:, ::-1].cumsum(axis=1)),
    ("exp(M[::-1].T)", lambda M: np.exp(M[::-1].T)),
    ("softmax(M[:, ::-1], axis=1)", lambda M: np.exp(M[:, ::-1]) / np.exp(M).sum(axis=1, keepdims=True)),
]
#: And those in steps, which need sizes that are numbers.
STEPPED: list[tuple[str, Callable[[np.ndarray], Any]]] = [
    ("sum(M[:, ::2]**2)", lambda M: (M[:, ::2] ** 2).sum()),
    ("sum(M[::-2]*2)", lambda M: (M[::-2] * 2).sum()),
    ("M[:, ::3] + M[:, :1]", lambda M: M[:, ::3] + M[:, :1]),
    ("sum(M[:, ::-3]**2, axis=1)", lambda M: (M[:, ::-3] ** 2).sum(axis=1)),
    ("sum(M.T[::2, ::-1]**2)", lambda M: (M.T[::2, ::-1] ** 2).sum()),
]
SIZES = range(1, 34)


@pytest.mark.parametrize("formula, function", STRIDED, ids=[text for text, _ in STRIDED])
@pytest.mark.parametrize(
    "sizes", [SIZES[:1], (2, 3, 5, 8, 16, 33), pytest.param(SIZES, marks=pytest.mark.slow)], ids=str
)
def test_reversed_loops(formula: str, function: Callable[[np.ndarray], Any], sizes: Any) -> None:
    M = sd.symbol("M", ("m", "n"))
    f = sd.parse(formula, {"M": ("m", "n")})
    weights = sd.symbol("G", f.shape)
    gradient = sd.grad(sd.sum(f * weights), M)
    fn = sd.compile((f, gradient), [M, weights], backend="c")
    plain = sd.compile(gradient, [M, weights])
    rng = np.random.default_rng(0)
    for size in sizes:
        for shape in ((3, size), (size, 2)):
            array = rng.normal(size=shape)
            weight = rng.normal(size=np.shape(function(array)))
            value, slope = fn(array, weight)
            np.testing.assert_allclose(value, function(array), rtol=1e-11, atol=1e-13, err_msg=str(shape))
            np.testing.assert_allclose(slope, plain(array, weight), rtol=1e-11, atol=1e-13, err_msg=str(shape))


@pytest.mark.parametrize("formula, function", STEPPED, ids=[text for text, _ in STEPPED])
@pytest.mark.parametrize(
    "size", [1, 2, 7, *(pytest.param(n, marks=pytest.mark.slow) for n in SIZES if n not in (1, 2, 7))]
)
def test_loops_in_steps(formula: str, function: Callable[[np.ndarray], Any], size: int) -> None:
    rng = np.random.default_rng(size)
    for shape in ((3, size), (size, 2)):
        M = sd.symbol("M", shape)
        f = sd.parse(formula, {"M": shape})
        gradient = sd.grad(sd.sum(f * f), M)
        array = rng.normal(size=shape)
        value, slope = sd.compile((f, gradient), [M], backend="c")(array)
        np.testing.assert_allclose(value, function(array), rtol=1e-11, atol=1e-13, err_msg=str(shape))
        np.testing.assert_allclose(slope, sd.compile(gradient, [M])(array), rtol=1e-11, atol=1e-13, err_msg=str(shape))
