"""Every way to an answer: a formula's value or derivatives by each mode, level, backend and by the command line."""

from __future__ import annotations

import io
import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple

import exact_values
import mpmath as mp
import numpy as np
import pytest
from witness import extrapolated

import symdiff as sd
from symdiff.cli import main

#: Levels that rewrite by rules, and levels that try forms and compare; "basic" is what building does, as in "none".
RULES = ("none", "full", "code")
SEARCHES = ("accurate", "search", "sympy")
LEVELS = (*RULES, *SEARCHES)
BACKENDS = ("numpy", "math", "c", "array_api")

Point = Mapping[str, Any]


def command(*words: str) -> tuple[int, str, str]:
    """A command line in this process: its exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(list(words))
        except SystemExit as ended:
            code = ended.code or 0
    return int(code), out.getvalue(), err.getvalue()


def flat(values: Any) -> np.ndarray:
    """The elements of a nested structure of numbers and arrays, in order."""
    if isinstance(values, (list, tuple)):
        return np.concatenate([np.zeros(0), *(flat(value) for value in values)])
    return np.asarray(values, float).reshape(-1)


class Question:
    """A formula at a point, and what is asked: its "value", its "grad", its "hessian", or a derivative by names.

    ``wrt``: names, by default all of the point, sorted. Answers are the elements in order; a Hessian's are those of the
    dense matrix.
    """

    def __init__(
        self,
        formula: str,
        point: Point,
        what: str,
        wrt: str = "",
    ) -> None:
        self.formula, self.point, self.what = formula, dict(point), what
        self.names = wrt.split(",") if wrt else sorted(point)
        self.shapes = {name: np.shape(value) for name, value in point.items() if np.ndim(value)}
        self.f = sd.parse(formula, self.shapes)
        self.inputs = [sd.symbol(name, self.shapes.get(name, ())) for name in sorted(point)]
        self.wrt = [sd.symbol(name, self.shapes.get(name, ())) for name in self.names]
        self.scalar = not any(self.shapes.values())

    def derive(self, f: sd.Node) -> Any:
        """What is asked of a formula, as nodes."""
        if self.what == "value":
            return f
        if self.what == "grad":
            return sd.grad(f, self.wrt)
        if self.what == "hessian":
            return sd.hessian(f, self.wrt)
        return sd.diff(f, *self.wrt)

    def other_modes(self) -> Iterator[tuple[str, Any]]:
        """The same by Taylor arithmetic and by forward mode."""
        if self.what in ("grad", "hessian"):
            yield "forward", [self.forward(direction) for direction in self.directions()]
        if self.scalar and self.what != "value":
            yield "derivatives", self.by_taylor()

    def forward(self, direction: list[Any]) -> Any:
        if self.what == "grad":
            return sd.jvp(self.f, self.wrt, direction)
        return sd.hvp(self.f, self.wrt, direction)

    def directions(self) -> Iterator[list[Any]]:
        """A vector along each element of the variables."""
        for moved in self.wrt:
            for element in range(_size(moved)):
                yield [_unit(var, element) if var is moved else _unit(var, None) for var in self.wrt]

    def by_taylor(self) -> Any:
        order = {"grad": 1, "hessian": 2}.get(self.what, len(self.wrt))
        names = list(dict.fromkeys(self.names))
        every = sd.derivatives(self.f, [sd.symbol(name) for name in names], order)
        units = np.eye(len(names), dtype=int)
        if self.what == "grad":
            return [every[tuple(map(int, unit))] for unit in units]
        if self.what == "hessian":
            return [[every[tuple(map(int, a + b))] for b in units] for a in units]
        return every[tuple(self.names.count(name) for name in names)]

    def graphs(self, levels: Sequence[str]) -> dict[Any, str]:
        """Every graph that should give the answer, each once, with the ways that lead to it."""
        found: dict[Any, list[str]] = {}
        for level in levels:
            typed = sd.simplify(self.derive(self.f), level)
            found.setdefault(_nodes(typed), []).append(level)
            first = sd.simplify(self.derive(sd.simplify(self.f, level)), level)
            found.setdefault(_nodes(first), []).append(f"{level} before and after")
        if "none" in levels:
            for name, graph in self.other_modes():
                found.setdefault(_nodes(graph), []).append(name)
        return {graph: ", ".join(ways) for graph, ways in found.items()}

    def answers(self, levels: Sequence[str] = RULES, backends: Sequence[str] = BACKENDS) -> Iterator[tuple[str, Any]]:
        """The answer by every way, as a vector, or the error that was raised."""
        graphs = _tried(lambda: self.graphs(levels))
        if isinstance(graphs, Exception):
            yield "building the graphs", graphs
            graphs = {}
        for backend in backends:
            if graphs and (backend != "math" or self.scalar):
                yield from self._computed(graphs, backend)
        if self.what in ("grad", "hessian") and not set(levels) & set(SEARCHES):
            yield f"symdiff {self.what}", _tried(self.by_command)

    def _computed(self, graphs: Mapping[Any, str], backend: str) -> Iterator[tuple[str, Any]]:
        """All graphs as one function, so that there is one call of the C compiler."""
        arguments = [np.asarray(self.point[var.name], float) for var in self.inputs]
        if backend == "math":
            arguments = [float(value) for value in arguments]  # type: ignore[misc]
        flags = {"flags": ("-O0",)} if backend == "c" else {}

        def values(chosen: list[Any]) -> Any:
            fn = sd.compile(chosen, self.inputs, backend=backend, **flags)
            with np.errstate(all="ignore"):
                return fn(*arguments)

        every = list(graphs)
        found = _tried(lambda: values(every))
        if isinstance(found, Exception):
            found = [_tried(lambda graph=graph: values([graph])[0]) for graph in every]
        for value, ways in zip(found, graphs.values(), strict=True):
            if not _unanswered(value, backend):
                yield f"{ways} on {backend}", value if isinstance(value, Exception) else self.vector(value)

    def vector(self, values: Any) -> np.ndarray:
        """The elements of an answer in order; blocks of a Hessian as one matrix."""
        if self.what != "hessian":
            return flat(values)
        if not isinstance(values, tuple):
            values = ((values,),)
        sizes = [int(np.prod(np.shape(self.point[name]))) for name in self.names]
        if len(values) != len(sizes):  # products with unit vectors
            return np.stack([flat(row) for row in values]).reshape(-1)
        rows = [
            [np.reshape(block, (size, other)) for block, other in zip(row, sizes, strict=True)]
            for row, size in zip(values, sizes, strict=True)
        ]
        return np.block(rows).reshape(-1)

    def by_command(self) -> np.ndarray:
        """What the command line prints."""
        words = [self.what, self.formula, "--wrt", ",".join(self.names), "--format", "json"]
        words += ["--at", ",".join(f"{name}={json.dumps(value)}" for name, value in self.point.items())]
        for name, shape in self.shapes.items():
            words += ["--shape", f"{name}={','.join(map(str, shape))}"]
        words += ["--form", "dense"] if self.what == "hessian" else []
        code, out, err = command(*words)
        if code:
            raise sd.SymdiffError(err.strip())
        return flat(json.loads(out)["value"])


def _unanswered(value: Any, backend: str) -> bool:
    """What a backend has not, and where a step on plain numbers raises, as it does in Python for 1/0."""
    missing = backend != "numpy" and isinstance(value, sd.UnsupportedError)
    return missing or (backend == "math" and isinstance(value, (ArithmeticError, ValueError)))


def _nodes(graph: Any) -> Any:
    """The structure with tuples for lists and a constant for each number, so that it is a key."""
    if isinstance(graph, (list, tuple)):
        return tuple(map(_nodes, graph))
    return sd.const(graph) if isinstance(graph, (int, float)) else graph


def _size(var: sd.Node) -> int:
    return int(np.prod(var.shape))


def _unit(var: sd.Node, element: int | None) -> Any:
    """1 at one element of an array like the variable, by its number in C order, and 0 elsewhere."""
    if not var.shape:
        return int(element is not None)
    if element is None:
        return sd.zeros(var.shape)
    return sd.reshape(sd.scatter(sd.ones((1,)), (_size(var),), (element,), (1,)), var.shape)


def _tried(make: Callable[[], Any]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()
    except Exception as error:
        return error


def agree(got: Any, right: Any, digits: float = 9.0, near_zero: float = 0.0) -> bool:
    """Whether all elements are right to so many digits; where the right one is not finite, so is that got.

    ``near_zero``: how far an element may be off whatever its size.
    """
    if isinstance(got, Exception) or got.shape != right.shape:
        return False
    finite = np.isfinite(right)
    with np.errstate(all="ignore"):
        near = np.abs(got - right) <= 10.0**-digits * np.abs(right) + near_zero
    return bool(np.all(np.where(finite, near, ~np.isfinite(got))))


def check(
    question: Question,
    right: Any,
    levels: Sequence[str] = RULES,
    backends: Sequence[str] = BACKENDS,
    digits: float = 9.0,
    near_zero: float = 0.0,
) -> None:
    """Raise AssertionError that lists every way whose answer is wrong."""
    wanted = flat(right)
    wrong = [
        f"{way}: {repr(got) if isinstance(got, Exception) else got.tolist()}"
        for way, got in question.answers(levels, backends)
        if not agree(got, wanted, digits, near_zero)
    ]
    asked = f"{question.what} of {question.formula} by {','.join(question.names)} at {question.point}"
    assert not wrong, "\n".join([f"{asked} is {wanted.tolist()}, but", *wrong])


class Case(NamedTuple):
    """A question with its answer; ``right`` of None: by mpmath."""

    formula: str
    what: str
    point: dict[str, Any]
    wrt: str
    right: Any
    levels: tuple[str, ...]
    digits: float

    def check(self, levels: Sequence[str]) -> None:
        question = Question(self.formula, self.point, self.what, self.wrt)
        right = exact(question) if self.right is None else self.right
        check(question, right, [level for level in levels if level in self.levels], digits=self.digits)

    def name(self) -> str:
        at = ",".join(f"{name}={value}".replace(" ", "") for name, value in self.point.items())
        return f"{self.what} {self.formula}{' by ' + self.wrt if self.wrt else ''} at {at}"


def case(
    formula: str,
    what: str = "grad",
    right: Any = None,
    *,
    wrt: str = "",
    levels: Sequence[str] = LEVELS,
    digits: float = 9.0,
    **point: Any,
) -> Case:
    """A case at the point of the further arguments."""
    return Case(formula, what, point, wrt, right, tuple(levels), digits)


def exact(question: Question) -> list[float]:
    """The answer to a question about numbers by mpmath; infinite where there is none."""
    names = question.names
    orders = {"value": [[]], "grad": [[a] for a in names], "hessian": [[a, b] for a in names for b in names]}
    return [_exact(question, order) for order in orders.get(question.what, [names])]


def _exact(question: Question, order: list[str]) -> float:
    with mp.workdps(50):
        try:
            return float(exact_values.partial(question.formula, question.point, order))
        except exact_values.NoValueError:
            return math.inf


def answers(line: str, *cases: Case, variants: Sequence[Case] = ()) -> Callable[..., Any]:
    """A test of each case at the levels that rewrite by rules; slow ones of the levels that search, and of variants."""
    slow = [pytest.mark.slow]
    found = [(one, RULES, "rules", []) for one in cases] + [(one, SEARCHES, "searches", slow) for one in cases]
    found += [(one, RULES, "rules", slow) for one in variants]
    params = [
        pytest.param(one, levels, id=f"{line}-{one.name()}-{kind}", marks=marks)
        for one, levels, kind, marks in found
        if set(levels) & set(one.levels)
    ]
    return pytest.mark.parametrize("case, levels", params)


def by_steps(function: Callable[..., Any], *arrays: Any) -> np.ndarray:
    """The Hessian by all elements of the arrays, from extrapolated differences of complex steps."""
    flat_point = np.concatenate([np.ravel(array) for array in arrays]).astype(complex)
    ends = np.cumsum([np.size(array) for array in arrays])[:-1]

    def gradient(at: np.ndarray) -> np.ndarray:
        units = np.eye(len(at)) * 1e-30j
        return np.array([value(at + unit).imag / 1e-30 for unit in units])

    def value(at: np.ndarray) -> Any:
        parts = [part.reshape(np.shape(array)) for part, array in zip(np.split(at, ends), arrays, strict=True)]
        return function(*parts)

    rows = [
        extrapolated(
            lambda step, unit=unit: (
                (gradient(flat_point + step * unit) - gradient(flat_point - step * unit)) / (2 * step)
            )
        )
        for unit in np.eye(len(flat_point))
    ]
    return np.array(rows)
