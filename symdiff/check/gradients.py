"""Derivatives checked against methods that know no differentiation rule.

First derivatives are compared with the complex step where every operation is analytic, with Ridders' extrapolated
central differences elsewhere. Second derivatives are compared with differences of the gradient, and with differences
of the value (or of complex steps), so that a wrong gradient cannot confirm itself.

Tolerance: two values agree when they differ by at most ``RTOL*(|derivative| + |f|) + 10*e``, where ``e`` is the error
that the numerical method estimates for itself; where ``e > LOOSE*(...)`` it decides nothing and is left out. At a kink,
where the one-sided derivatives differ, any value between the two is accepted.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

from ..graph.errors import CheckError, DomainError, SymdiffError, UnsupportedError
from ..graph.leaves import symbol
from ..graph.node import Node, Op
from ..graph.traversal import leaves, topological, variables
from ..ops.targets import NUMPY
from ..ops.tensor import integer_variables
from .differences import between_one_sided, central_difference, extrapolate
from .points import Point, given_point, random_points, show_point

RTOL, LOOSE = 1e-7, 1e-3
_STEP = 1e-30


@dataclass
class Entry:
    """One derivative: its worst relative error by one method, at so many ``points``."""

    name: str
    order: int
    method: str
    error: float = 0.0
    points: int = 0

    def __str__(self) -> str:
        result = f"{self.error:.1e}" if self.points else "not checked"
        return f"{self.name:<16} order {self.order}  {self.method:<28} {result}"


class Report:
    """What :func:`check_grads` compared; ``ok`` where every entry was checked at some point. ``str`` gives a table."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.points: list[Point] = []

    @property
    def ok(self) -> bool:
        return all(entry.points for entry in self.entries.values())

    def __str__(self) -> str:
        return "\n".join(map(str, self.entries.values())) or "nothing to compare: there are no variables"


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
        indices = integer_variables(topological(node))
        sources = [var for var in (variables(node) if wrt is None else leaves(wrt)) if var not in indices]
        if not sources:
            continue
        functions = _Functions(node, sources, order)
        inputs = functions.inputs
        given = None if at is None else [given_point(at, inputs, indices)]
        for point in given or random_points(functions.has_value, inputs, indices, seed, samples):
            report.points.append(point)
            _Comparison(functions, point, report).run()
    return report


class Element(NamedTuple):
    """One scalar of a point: a variable, or an element of an array variable."""

    variable: Node
    at: tuple[int, ...]

    def __str__(self) -> str:
        name = self.variable.name
        return f"{name}[{', '.join(map(str, self.at))}]" if self.at else name

    def moved(self, point: Point, distance: float) -> Point:
        """The point with this element moved."""
        array = point[self.variable.name].copy()
        array[self.at] += distance
        return {**point, self.variable.name: array}

    def step(self, point: Point) -> float:
        """The largest step of difference quotients."""
        return 0.05 * max(abs(float(point[self.variable.name][self.at])), 0.1)


class Estimate(NamedTuple):
    """A derivative by a numerical method, with its estimated error."""

    method: str
    value: float
    error: float


class _Functions:
    """Value, gradient and directional derivative of the gradient of one scalar, compiled once."""

    def __init__(self, f: Node, wrt: list[Node], order: int) -> None:
        from ..compiler.functions import compile
        from ..differentiate.passes import grad, jvp

        self.inputs, self.wrt, self.order = list(variables([f, *wrt])), wrt, order
        gradient = list(grad(f, wrt))
        self._value = compile(f, self.inputs)
        self._gradient = compile(gradient, self.inputs)
        if order > 1:
            directions = [symbol(_free("d_" + var.name, self.inputs), var.shape) for var in wrt]
            self._second = compile(list(jvp(gradient, wrt, directions)), self.inputs + directions)
        self.analytic = all(is_analytic(node.op) for node in topological(f))

    def value(self, point: Point) -> float:
        with _quiet():
            return float(self._value(*point.values()))

    def has_value(self, point: Point) -> bool:
        return math.isfinite(self.value(point))

    def gradient(self, point: Point) -> list[Any]:
        import numpy as np

        with _quiet():
            return [np.asarray(part) for part in self._gradient(*point.values())]

    def read(self, parts: list[Any], element: Element) -> float:
        """An element of a gradient, or of a column of the Hessian."""
        return float(parts[self.wrt.index(element.variable)][element.at])

    def column(self, point: Point, element: Element) -> list[Any]:
        """The column of the Hessian of one element."""
        import numpy as np

        directions = [np.zeros(point[var.name].shape) for var in self.wrt]
        directions[self.wrt.index(element.variable)][element.at] = 1.0
        with _quiet():
            return [np.asarray(part) for part in self._second(*point.values(), *directions)]

    def elements(self, point: Point) -> list[Element]:
        import numpy as np

        return [Element(var, index) for var in self.wrt for index in np.ndindex(point[var.name].shape)]

    def complex_step(self, point: Point, element: Element) -> float | None:
        """``Im f(x + ih)/h``; None where an operation is not analytic or takes no complex number."""
        import numpy as np

        if not self.analytic:
            return None
        moved = {name: array if array.dtype.kind == "i" else array.astype(complex) for name, array in point.items()}
        moved[element.variable.name][element.at] += 1j * _STEP
        try:
            with _quiet():
                value = np.asarray(self._value(*moved.values()))
        except (TypeError, ValueError, SymdiffError):
            self.analytic = False
            return None
        if not np.iscomplexobj(value) or abs(float(value.real) - self.value(point)) > 1e-9 * abs(self.value(point)):
            return None
        return float(value.imag) / _STEP


# -- comparisons ---------------------------------------------------------------------------------------------------


class _Comparison:
    """The derivatives at one point, compared and entered in the report."""

    def __init__(self, functions: _Functions, point: Point, report: Report) -> None:
        self.functions, self.point, self.report = functions, point, report
        self.size = abs(functions.value(point))
        if not math.isfinite(self.size):
            raise DomainError(f"the formula has no finite value at {show_point(point)}; give another point")

    def run(self) -> None:
        functions, point = self.functions, self.point
        elements, gradient = functions.elements(point), functions.gradient(point)
        for element in elements:
            self._first(element, functions.read(gradient, element))
        for by in elements if functions.order > 1 else ():
            column = functions.column(point, by)
            for element in elements:
                self._second(by, element, functions.read(column, element))

    def _first(self, element: Element, got: float) -> None:
        step = element.step(self.point)

        def along(h: float) -> float:
            return self.functions.value(element.moved(self.point, h))

        exact = self.functions.complex_step(self.point, element)
        if exact is None:
            estimate = Estimate("central differences", *central_difference(along, step))
        else:
            estimate = Estimate("complex step", exact, 0.0)
        self._compare(f"d/d{element}", 1, estimate, got, lambda: between_one_sided(got, along, step))

    def _second(self, by: Element, element: Element, got: float) -> None:
        functions, step = self.functions, min(by.step(self.point), element.step(self.point))

        def partial(h: float) -> float:
            return functions.read(functions.gradient(by.moved(self.point, h)), element)

        from_gradient = Estimate("differences of the gradient", *central_difference(partial, step))
        for estimate in (from_gradient, self._second_from_values(by, element, step)):
            name = f"d2/d{element} d{by}"
            self._compare(name, 2, estimate, got, lambda: between_one_sided(got, partial, step))

    def _second_from_values(self, by: Element, element: Element, step: float) -> Estimate:
        functions, point = self.functions, self.point

        def exact(h: float) -> float:
            slope = functions.complex_step(by.moved(point, h), element)
            return math.nan if slope is None else slope

        def quotient(h: float) -> float:
            corners = [(a, b, functions.value(element.moved(by.moved(point, a * h), b * h))) for a, b in _CORNERS]
            return sum(a * b * value for a, b, value in corners) / (4 * h * h)

        if functions.complex_step(point, element) is not None:
            return Estimate("differences of complex steps", *central_difference(exact, step))
        return Estimate("differences of the value", *extrapolate(quotient, 2 * step))

    def _compare(self, name: str, order: int, estimate: Estimate, got: float, at_kink: Callable[[], bool]) -> None:
        """Enter one derivative in the report; raises CheckError where it disagrees."""
        _, expected, error = estimate
        entry = self.report.entries.setdefault((name, estimate.method), Entry(name, order, estimate.method))
        scale = abs(expected) + self.size
        if not math.isfinite(expected) or error > LOOSE * max(scale, 1e-9):
            return
        gap = abs(got - expected)
        if not (gap <= RTOL * scale + 10 * error or at_kink()):
            point = show_point(self.point)
            raise CheckError(f"{name} at {point} is {got!r} by the rules and {expected!r} by {estimate.method}")
        entry.points += 1
        entry.error = max(entry.error, gap / scale if scale else 0.0)


_CORNERS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def is_analytic(op: Op) -> bool:
    """Whether the NumPy code computes an analytic function of complex arguments, as far as its declaration says."""
    numpy = NUMPY.of(op)
    return not (op.kink or numpy.helper or op.predicate or any(word in str(numpy.code) for word in ("where", "abs")))


def _free(name: str, taken: list[Node]) -> str:
    names = {var.name for var in taken}
    return next(free for i in count() if (free := name + "_" * i) not in names)


def _quiet() -> Any:
    """Points outside the domain are expected here: no warnings."""
    return warnings.catch_warnings(action="ignore")
