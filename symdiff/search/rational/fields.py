"""Arithmetic read as a quotient of polynomials in generators, each of which is a node.

Functions of one family are read in common generators: sines, cosines and tangents of sums and multiples in the cosine
and the sine of each part, hyperbolic functions and the logistic one in the exponential of each part. The polynomials
are SymPy's, sparse and exact over the rationals; floats are generators, so that no number is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any, NamedTuple

from ...graph.leaves import CONST, const
from ...graph.node import OPS, Node
from ...graph.traversal import topological, use_counts
from ...ops.terms import POW, SQRT
from ...simplifier.sums import terms_of

#: Quotients with more terms, generators or a higher power than these are not read.
MOST_TERMS, MOST_GENERATORS, MOST_POWER = 48, 12, 12


class TooLargeError(Exception):
    """The expanded quotient has more terms than are worth handling."""


class Quotient(NamedTuple):
    """``above/below``, polynomials of one ring, and the nodes that its generators stand for.

    ``angles``: the indices of the cosine and the sine of each angle. ``exponentials``: those of exponentials.
    ``roots``: those of square roots, each with its square.
    """

    nodes: tuple[Node, ...]
    above: Any
    below: Any
    angles: tuple[tuple[int, int], ...] = ()
    exponentials: tuple[int, ...] = ()
    roots: tuple[tuple[int, Any], ...] = ()


class _Function(NamedTuple):
    """A function of the generators of a multiple of its argument."""

    family: str
    multiple: int
    of: Callable[..., Any]


_ANGLE, _EXPONENT = "cos sin", "exp"
_FUNCTIONS = {
    "sin": _Function(_ANGLE, 1, lambda c, s: s),
    "cos": _Function(_ANGLE, 1, lambda c, s: c),
    "tan": _Function(_ANGLE, 1, lambda c, s: s / c),
    "exp": _Function(_EXPONENT, 1, lambda e: e),
    "expm1": _Function(_EXPONENT, 1, lambda e: e - 1),
    "sinh": _Function(_EXPONENT, 1, lambda e: (e - 1 / e) / 2),
    "cosh": _Function(_EXPONENT, 1, lambda e: (e + 1 / e) / 2),
    "tanh": _Function(_EXPONENT, 2, lambda e: (e - 1) / (e + 1)),
    "sigmoid": _Function(_EXPONENT, 1, lambda e: e / (e + 1)),
}
_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
}


def is_arithmetic(node: Node) -> bool:
    """Whether the node is a sum, a product, a quotient, or a power by a small whole number or half of one."""
    return node.op.name in _ARITHMETIC or _roots_in(node) is not None


def _roots_in(node: Node) -> int | None:
    """How many square roots of its argument a power multiplies."""
    if node.op is SQRT:
        return 1
    exponent: Any = node.args[1].value if node.op is POW and node.args[1].op is CONST else None
    if exponent is None or isinstance(exponent, bool) or not abs(exponent) <= MOST_POWER:
        return None
    twice = Fraction(exponent) * 2
    return twice.numerator if twice.denominator == 1 else None


def read(root: Node, families: bool = False, opaque: frozenset[Node] = frozenset()) -> Quotient | None:
    """The quotient of a node; nothing if too large.

    ``families``: functions of a family in common generators, not each by itself. ``opaque``: arithmetic that is a
    generator.
    """
    try:
        return _Reader(root, families, opaque).quotient()
    except (TooLargeError, ZeroDivisionError):
        return None


def shared_arithmetic(root: Node) -> frozenset[Node]:
    """Arithmetic below the root that is read more than once."""
    counts = use_counts([root], topological(root, read=_operands), _operands)
    return frozenset(node for node, count in counts.items() if count > 1 and is_arithmetic(node))


class _Reader:
    def __init__(self, root: Node, families: bool, opaque: frozenset[Node]) -> None:
        from sympy import QQ
        from sympy.polys.fields import field
        from sympy.polys.orderings import lex

        self.root, self.opaque = root, opaque
        self.order = topological(root, read=lambda node: () if node in opaque else _operands(node))
        functions = [node for node in self.order if families and node.op.name in _FUNCTIONS]
        self.parts = {node: list(_parts(node)) for node in functions}
        self.steps = _steps(self.parts)
        self.indices = {node: index for index, node in enumerate(self._generators())}
        if not 0 < len(self.indices) <= MOST_GENERATORS:
            raise TooLargeError
        self.field, *self.symbols = field([f"g{index}" for index in self.indices.values()], QQ, lex)

    def _generators(self) -> Iterator[Node]:
        generators: dict[Node, None] = {}
        for node in self.order:
            if node in self.parts:
                family = _FUNCTIONS[node.op.name].family
                for core, _ in self.parts[node]:
                    generators.update(dict.fromkeys(_functions(family, core, self.steps)))
            elif node.op is CONST:
                generators.update({node: None} if _is_atom(node) else {})
            elif node in self.opaque or not is_arithmetic(node):
                generators[node] = None
            elif (twice := _roots_in(node)) is not None and twice % 2:
                generators[SQRT(node.args[0])] = None
        return iter(generators)

    def quotient(self) -> Quotient:
        values: dict[Node, Any] = {}
        for node in self.order:
            values[node] = self._check_size(self._value(node, values))
        ring = self.field.ring
        roots = [(index, values.get(node.args[0])) for node, index in self.indices.items() if node.op is SQRT]
        pairs = [_functions(_ANGLE, core, self.steps) for family, core in self.steps if family == _ANGLE]
        singles = [_functions(_EXPONENT, core, self.steps) for family, core in self.steps if family == _EXPONENT]
        return Quotient(
            tuple(self.indices),
            values[self.root].numer,
            values[self.root].denom,
            tuple((self.indices[cosine], self.indices[sine]) for cosine, sine in pairs),
            tuple(self.indices[single] for (single,) in singles),
            tuple((index, square.numer) for index, square in roots if square is not None and square.denom == ring.one),
        )

    def _value(self, node: Node, values: dict[Node, Any]) -> Any:
        if node in self.parts:
            return self._function(node)
        if node in self.indices:
            return self.symbols[self.indices[node]]
        if node.op is CONST:
            ratio = Fraction(node.value)
            return self.field(ratio.numerator) / self.field(ratio.denominator)
        if (twice := _roots_in(node)) is None:
            return _ARITHMETIC[node.op.name](*(values[arg] for arg in node.args))
        return self._power(node, values[node.args[0]], twice)

    def _power(self, node: Node, base: Any, twice: int) -> Any:
        opaque, half = divmod(abs(twice), 2)
        power = self.symbols[self.indices[SQRT(node.args[0])]] if half else self.field.one
        for _ in range(opaque):
            power = self._check_size(power * base)
        return power if twice >= 0 else 1 / power

    def _check_size(self, value: Any) -> Any:
        if len(value.numer) + len(value.denom) > MOST_TERMS:
            raise TooLargeError
        return value

    def _function(self, node: Node) -> Any:
        """By the sum of angles, or the product of exponentials."""
        family, _, of = _FUNCTIONS[node.op.name]
        parts = [self.field.one, self.field.zero] if family == _ANGLE else [self.field.one]
        for core, number in self.parts[node]:
            step = [self.symbols[self.indices[one]] for one in _functions(family, core, self.steps)]
            times = int(number / self.steps[family, core])
            if abs(times) > MOST_POWER:
                raise TooLargeError
            for _ in range(abs(times)):
                parts = [self._check_size(part) for part in _multiply_step(parts, step, times < 0)]
        return of(*parts)


def _multiply_step(parts: Sequence[Any], step: Sequence[Any], backwards: bool) -> list[Any]:
    if len(step) == 1:
        return [parts[0] / step[0] if backwards else parts[0] * step[0]]
    (c, s), (cosine, sine) = parts, step
    sine = -sine if backwards else sine
    return [c * cosine - s * sine, s * cosine + c * sine]


def _operands(node: Node) -> tuple[Node, ...]:
    if not is_arithmetic(node):
        return ()
    return node.args[:1] if node.op is POW else node.args


def _is_atom(node: Node) -> bool:
    """Whether a constant is a generator: a truth value, or a float that is no ratio of small numbers."""
    return isinstance(node.value, bool) or (isinstance(node.value, float) and _ratio(node.value) is None)


def _ratio(number: Any) -> Fraction | None:
    ratio = Fraction(number) if abs(number) < 1e6 else None
    return ratio if ratio is not None and ratio.denominator <= 64 else None


def _parts(node: Node) -> Iterator[tuple[Node, Fraction]]:
    """The terms of the argument, and how many of each the function takes."""
    terms, number = terms_of(node.args[0])
    for core, size in [*terms.items(), *([(const(1), number)] if number else [])]:
        ratio = _ratio(size)
        multiple = _FUNCTIONS[node.op.name].multiple
        yield (core, ratio * multiple) if ratio is not None else (const(size) * core, Fraction(multiple))


def _steps(parts: dict[Node, list[tuple[Node, Fraction]]]) -> dict[tuple[str, Node], Fraction]:
    """The largest part of each term of which all functions of a family take whole multiples."""
    steps: dict[tuple[str, Node], Fraction] = {}
    for node, terms in parts.items():
        for core, number in terms:
            key = _FUNCTIONS[node.op.name].family, core
            old = steps.get(key, Fraction(0))
            below = lcm(old.denominator, number.denominator)
            steps[key] = Fraction(gcd(int(old * below), int(number * below)), below)
    return steps


def _functions(family: str, core: Node, steps: dict[tuple[str, Node], Fraction]) -> list[Node]:
    """The generators of a term."""
    argument = multiple_of(steps[family, core], core)
    return [OPS[name](argument) for name in family.split()]


def multiple_of(number: Fraction, core: Node) -> Node:
    """``number*core`` as a person writes it."""
    above = core if number.numerator == 1 else -core if number.numerator == -1 else number.numerator * core
    return above if number.denominator == 1 else above / number.denominator
