"""The verifier: graphs against their own rules, derivatives against a method that knows no rule.

First derivatives are compared with the complex step where every operation is analytic, with Ridders' extrapolated
central differences elsewhere; second derivatives with differences of the value as well as of the gradient, so that
a wrong gradient is not its own witness.

Tolerance: two numbers agree when they differ by at most ``RTOL*(|derivative| + |f|) + 10*e``, ``e`` being the
differences' own estimate of their error; differences with ``e > LOOSE*(...)`` are no witness and are left out. At
a kink, where the one-sided differences disagree, any value between the two sides is accepted.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from ..graph.errors import CheckError, DomainError, SymdiffError, UnsupportedError
from ..graph.node import OPS, VAR, Node, Op, interned, symbol
from ..graph.traversal import leaves, topological, variables
from ..ops.targets import NUMPY
from ..ops.tensor import places_among

RTOL, LOOSE = 1e-7, 1e-3
_STEP = 1e-30
#: Size given to every symbolic size of a variable's shape.
_SIZE = 3
_INTERVALS = ((0.5, 2.0), (-2.0, -0.5), (0.1, 0.9), (1.1, 3.0), (-0.9, 0.9))

Point = dict[str, Any]


def check_graph(*roots: Any) -> None:
    """Verify arity, arguments, shapes, interning and acyclicity of every node; raises CheckError.

    >>> import symdiff as sd
    >>> check_graph(sd.sin(sd.symbol("x")) + 1)
    """
    for node in _acyclic(leaves(list(roots))):
        row = node.op
        if OPS.get(row.name) is not row:
            raise CheckError(f"a node's operation {row.name} is not among the declared rows")
        if len(node.args) != row.arity and (row.partials is not None or not row.arity):
            raise CheckError(f"{row.name} takes {row.arity} arguments, and a node of it has {len(node.args)}")
        _check_shape(node)
        if not interned(node):
            raise CheckError(f"a node of {row.name} is not the one in the table of nodes")


def _acyclic(roots: list[Node]) -> list[Node]:
    """Every node, arguments first; raises where a node is its own ancestor or an argument is no node."""
    done: set[Node] = set()
    open_: set[Node] = set()
    order: list[Node] = []
    stack = list(roots)
    while stack:
        node = stack[-1]
        if node in done or node in open_:
            if stack.pop() not in done:
                open_.discard(node)
                done.add(node)
                order.append(node)
            continue
        open_.add(node)
        for arg in node.args:
            if not isinstance(arg, Node):
                raise CheckError(f"an argument of {node.op.name} is {type(arg).__name__}, not a node")
            if arg in open_:
                raise CheckError(f"the graph has a cycle through {node.op.name}")
        stack.extend(node.args)
    return order


def _check_shape(node: Node) -> None:
    """Elementwise arguments have the node's shape; other operations are built again."""
    row = node.op
    if not row.arity:
        expected = () if row is not VAR else node.shape
    elif row.partials is not None:
        expected = next((arg.shape for arg in node.args if arg.shape != node.shape), node.shape)
    else:
        expected = row(*node.args, *node.attrs).shape
    if expected != node.shape:
        raise CheckError(f"a node of {row.name} has shape {node.shape}, and its arguments say {expected}")


class Entry:
    """One derivative: its name, order, method and worst relative error; ``points`` counts its witnesses."""

    def __init__(self, name: str, order: int, method: str) -> None:
        self.name, self.order, self.method = name, order, method
        self.error, self.points = 0.0, 0

    def __str__(self) -> str:
        seen = f"{self.error:.1e}" if self.points else "not checked"
        return f"{self.name:<16} order {self.order}  {self.method:<28} {seen}"


class Report:
    """What :func:`check_grads` compared; ``ok`` where every entry had a witness. ``str`` gives a table."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.points: list[Point] = []

    @property
    def ok(self) -> bool:
        return all(entry.points for entry in self.entries.values())

    def __str__(self) -> str:
        return "\n".join(map(str, self.entries.values())) or "nothing to compare: there are no variables"

    def entry(self, name: str, order: int, method: str) -> Entry:
        return self.entries.setdefault((name, method), Entry(name, order, method))


def check_grads(
    f: Any, wrt: Any = None, at: Mapping[str, Any] | None = None, order: int = 2, seed: int = 0, samples: int = 5
) -> Report:
    """Compare the derivatives of scalars with an independent method, at ``at`` or at random points.

    ``f``: a node of shape () or a nested structure of them; ``wrt``: variables, by default all; ``order``: 1 or 2;
    ``at``: values by name. Without it, ``samples`` random points where ``f`` is finite. Raises CheckError naming the
    derivative, the point and both numbers; DomainError where ``f`` has no finite value. Tolerances: see the module.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> check_grads(x * sd.sin(x)).ok
    True
    """
    report = Report()
    if order not in (1, 2):
        raise SymdiffError(f"the order is 1 or 2, not {order!r}")
    for node in leaves(f):
        if node.shape:
            raise UnsupportedError(f"check_grads takes scalars, not shape {node.shape}; sum it first")
        places = places_among(topological(node))
        sources = [v for v in (variables(node) if wrt is None else leaves(wrt)) if v not in places]
        everything = list(variables([node, *sources]))
        if not sources:
            continue
        checker = _Checker(node, everything, sources, order, report)
        points = [_given(everything, at, places)] if at is not None else checker.draw(seed, samples)
        for point in points:
            report.points.append(point)
            checker.check(point)
    return report


def _given(everything: list[Node], at: Mapping[str, Any], places: set[Node]) -> Point:
    import numpy as np

    missing = [v.name for v in everything if v.name not in at]
    if missing:
        raise SymdiffError(f"the point gives no value for {', '.join(missing)}")
    try:
        return {v.name: np.array(at[v.name], dtype=int if v in places else float) for v in everything}
    except (TypeError, ValueError) as error:
        raise SymdiffError(f"the point is of numbers and arrays of them: {error}") from None


def random_points(
    accepted: Callable[[Point], bool], everything: list[Node], places: set[Node], seed: int, samples: int
) -> list[Point]:
    """Random points that are accepted: all variables from one interval first, then each from its own.

    ``places``: variables that are whole numbers, 0 or 1. Raises DomainError where none is accepted.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    found: list[Point] = []
    for attempt in range(40 * samples):
        point = {}
        for v in everything:
            place = attempt if attempt < 3 * samples else int(rng.integers(len(_INTERVALS)))
            shape = tuple(size if isinstance(size, int) else _SIZE for size in v.shape)
            interval = _INTERVALS[place % len(_INTERVALS)]
            point[v.name] = rng.integers(0, 2, shape) if v in places else rng.uniform(*interval, size=shape)
        if accepted(point):
            found.append(point)
        if len(found) == samples:
            return found
    if not found:
        raise DomainError("found no point where the expression is finite; give one with at=")
    return found


class _Checker:
    """One scalar with its value, gradient and Hessian-vector functions, compiled once."""

    def __init__(self, f: Node, everything: list[Node], wrt: list[Node], order: int, report: Report) -> None:
        from ..compiler.functions import compile
        from ..differentiate.passes import grad, jvp

        self.everything, self.wrt, self.order, self.report = everything, wrt, order, report
        self.places = places_among(topological(f))
        gradient = grad(f, wrt)
        self.value = compile(f, everything)
        self.gradient = compile(list(gradient), everything)
        if order > 1:
            directions = [symbol(_free("d_" + v.name, everything), v.shape) for v in wrt]
            self.second = compile(list(jvp(list(gradient), wrt, directions)), everything + directions)
        self.analytic = all(analytic(node.op) for node in topological(f))

    def draw(self, seed: int, samples: int) -> list[Point]:
        """Random points where the value is finite: all variables from one interval first, then each from its own."""
        return random_points(lambda point: math.isfinite(self.f(point)), self.everything, self.places, seed, samples)

    def f(self, point: Point) -> float:
        with _quiet():
            return float(self.value(*point.values()))

    def grads(self, point: Point) -> list[Any]:
        import numpy as np

        with _quiet():
            return [np.asarray(part) for part in self.gradient(*point.values())]

    def column(self, point: Point, v: Node, index: tuple[int, ...]) -> list[Any]:
        """The derivative of the gradient by one element."""
        import numpy as np

        directions = [np.zeros(point[w.name].shape) for w in self.wrt]
        directions[self.wrt.index(v)][index] = 1.0
        with _quiet():
            return [np.asarray(part) for part in self.second(*point.values(), *directions)]

    def elements(self, point: Point) -> list[tuple[Node, tuple[int, ...]]]:
        import numpy as np

        return [(v, index) for v in self.wrt for index in np.ndindex(point[v.name].shape)]

    def check(self, point: Point) -> None:
        elements = self.elements(point)
        size, gradient = abs(self.f(point)), self.grads(point)
        if not math.isfinite(size):
            where = ", ".join(f"{name}={value.tolist()}" for name, value in point.items())
            raise DomainError(f"the formula has no finite value at {where}; give another point")
        for v, index in elements:
            got = float(gradient[self.wrt.index(v)][index])
            name = f"d/d{_element(v, index)}"
            self.first(point, v, index, name, got, size)
        if self.order > 1:
            for v, at in elements:
                column = self.column(point, v, at)
                for w, to in elements:
                    got = float(column[self.wrt.index(w)][to])
                    self.mixed(point, (v, at), (w, to), got, size)

    def first(self, point: Point, v: Node, index: tuple[int, ...], name: str, got: float, size: float) -> None:
        exact = self.complex_step(point, v, index)
        if exact is not None:
            self.compare(name, 1, "complex step", point, got, (exact, 0.0), size)
            return
        x = float(point[v.name][index])

        def along(h: float) -> float:
            return self.f(_moved(point, v, index, h))

        found = _ridders(lambda h: (along(h) - along(-h)) / (2 * h), _width(x))
        self.compare(name, 1, "central differences", point, got, found, size, lambda: _between(got, along, _width(x)))

    def mixed(self, point: Point, first: Any, second: Any, got: float, size: float) -> None:
        """d2f by two elements: differences of the gradient, then of the value."""
        (v, at), (w, to) = first, second
        name = f"d2/d{_element(w, to)} d{_element(v, at)}"
        h0 = min(_width(float(point[v.name][at])), _width(float(point[w.name][to])))

        def slope(h: float) -> float:
            return float(self.grads(_moved(point, v, at, h))[self.wrt.index(w)][to])

        def value(h: float, k: float) -> float:
            return self.f(_moved(_moved(point, v, at, h), w, to, k))

        def kink() -> bool:
            return _between(got, slope, h0)

        found = _ridders(lambda h: (slope(h) - slope(-h)) / (2 * h), h0)
        self.compare(name, 2, "differences of the gradient", point, got, found, size, kink)
        if self.complex_step(point, w, to) is not None:

            def exact(h: float) -> float:
                found = self.complex_step(_moved(point, v, at, h), w, to)
                return math.nan if found is None else found

            steps = _ridders(lambda h: (exact(h) - exact(-h)) / (2 * h), h0)
            self.compare(name, 2, "differences of complex steps", point, got, steps, size, kink)
            return
        found = _ridders(lambda h: (value(h, h) - value(h, -h) - value(-h, h) + value(-h, -h)) / (4 * h * h), 2 * h0)
        self.compare(name, 2, "differences of the value", point, got, found, size, kink)

    def complex_step(self, point: Point, v: Node, index: tuple[int, ...]) -> float | None:
        """Im f(x + ih)/h; nothing where an operation is not analytic or takes no complex number."""
        import numpy as np

        if not self.analytic:
            return None
        moved = {name: a if a.dtype.kind == "i" else a.astype(complex) for name, a in point.items()}
        moved[v.name][index] += 1j * _STEP
        try:
            with _quiet():
                result = np.asarray(self.value(*moved.values()))
        except (TypeError, ValueError, SymdiffError):
            self.analytic = False
            return None
        if not np.iscomplexobj(result) or abs(float(result.real) - self.f(point)) > 1e-9 * abs(self.f(point)):
            return None
        return float(result.imag) / _STEP

    def compare(
        self,
        name: str,
        order: int,
        method: str,
        point: Point,
        got: float,
        found: tuple[float, float],
        size: float,
        kink: Callable[[], bool] = lambda: False,
    ) -> None:
        """Note the agreement of one derivative with what the method found and its error; raises CheckError."""
        expected, error = found
        entry = self.report.entry(name, order, method)
        scale = abs(expected) + size
        if not math.isfinite(expected) or error > LOOSE * max(scale, 1e-9):
            return
        gap = abs(got - expected)
        if not (gap <= RTOL * scale + 10 * error or kink()):
            where = ", ".join(f"{key}={value.tolist()}" for key, value in point.items())
            raise CheckError(f"{name} at {where} is {got!r} by the rules and {expected!r} by {method}")
        entry.points += 1
        entry.error = max(entry.error, gap / scale if scale else 0.0)


def analytic(op: Op) -> bool:
    """Whether the code computes an analytic function of complex arguments, as far as its declaration says."""
    numpy = NUMPY.of(op)
    return not (op.kink or numpy.helper or op.predicate or any(word in str(numpy.code) for word in ("where", "abs")))


def _free(name: str, taken: list[Node]) -> str:
    names = {v.name for v in taken}
    return next(found for i in count() if (found := name + "_" * i) not in names)


def _quiet() -> Any:
    """Points outside the domain are expected here: no warnings."""
    return warnings.catch_warnings(action="ignore")


def _element(v: Node, index: tuple[int, ...]) -> str:
    return f"{v.name}[{', '.join(map(str, index))}]" if index else v.name


def _moved(point: Point, v: Node, index: tuple[int, ...], h: float) -> Point:
    array = point[v.name].copy() if hasattr(point[v.name], "copy") else point[v.name]
    array[index] += h
    return {**point, v.name: array}


def _width(x: float) -> float:
    return 0.05 * max(abs(x), 0.1)


def _ridders(quotient: Callable[[float], float], h: float, levels: int = 10) -> tuple[float, float]:
    """Extrapolation of an even difference quotient to h = 0, with its error (Ridders 1982, Adv. Eng. Software 4)."""
    shrink = 1.6
    best, error = math.nan, math.inf
    previous: list[float] = []
    for _ in range(levels):
        row, factor = [quotient(h)], 1.0
        for older in previous:
            factor *= shrink**2
            row.append((row[-1] * factor - older) / (factor - 1))
            guess = max(abs(row[-1] - row[-2]), abs(row[-1] - older))
            if guess < error:
                best, error = row[-1], guess
        previous, h = row, h / shrink
    return best, error


def _between(got: float, along: Callable[[float], float], h: float) -> bool:
    """Whether the point is a kink and ``got`` lies between the slopes of its two sides."""
    h *= 1e-3
    middle = along(0.0)
    near = [(along(s * h) - middle) / (s * h) for s in (-1, 1)]
    far = [(along(2 * s * h) - middle) / (2 * s * h) for s in (-1, 1)]
    left, right = (2 * n - w for n, w in zip(near, far, strict=True))
    gap = abs(left - right)
    if not gap > 1e-2 * (abs(left) + abs(right)):
        return False
    slack = 1e-3 * gap
    return min(left, right) - slack <= got <= max(left, right) + slack
