"""Products as powers of bases: factors collected, and written as one quotient of products in the structural order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce

from ..graph.leaves import CONST, const
from ..graph.node import Node, Number
from ..graph.order import factor_key
from ..graph.shapes import Shape
from ..ops.kinds import unrepeated
from ..ops.terms import DIV, MUL, NEG, POW, PRODUCT, SQRT, parts_of

_HALF = Fraction(1, 2)


def powers_of(leaf: Node, exponent: Number) -> tuple[Number, list[tuple[Node, Number]]]:
    """``leaf**exponent`` as a number and powers of bases, where that is true over the reals."""
    if leaf.op is CONST:
        value = value_of(leaf)
        if exponent == 1:
            return value, []
        if value != 0 and exponent == -1:
            return raise_to_sign(value, -1), []
        return 1, [(leaf, exponent)]
    parts = unrepeated(leaf)
    if leaf.op is NEG and exponent in (1, -1):
        number, factors = powers_of(parts[0], exponent)
        return -number, factors
    if leaf.op is DIV and parts[0].op is CONST and parts[0].value != 0 and exponent in (1, -1):
        number, factors = powers_of(parts[1], -exponent)
        return raise_to_sign(value_of(parts[0]), exponent) * number, factors
    if leaf.op is SQRT:
        return 1, [(parts[0], exponent * _HALF)]
    if leaf.op is POW and parts[1].op is CONST and not isinstance(parts[1].value, bool):
        base, power = parts
        inner, outer = powers_of(base, 1), power.value
        if isinstance(outer, int) and inner[0] == 1 and len(inner[1]) == 1:
            return 1, [(inner[1][0][0], inner[1][0][1] * outer * exponent)]
        return 1, [(base, outer * exponent)]
    return 1, [(leaf, exponent)]


def factors_of(core: Node) -> Sequence[tuple[Number, Node]]:
    """The factors of a product that was built here, each with its exponent."""
    return parts_of(core, PRODUCT)


def product_of(coefficient: Number, factors: Iterable[tuple[Number, Node]]) -> Node:
    """The product of powers, like bases collected; numbers whose product is no float stay apart."""
    powers: dict[Node, Number] = {}
    apart: list[Number] = []
    for exponent, leaf in factors:
        number, parts = powers_of(leaf, exponent)
        if _out_of_range(coefficient, number):
            apart.append(number)
        else:
            coefficient = coefficient * number
        for base, power in parts:
            powers[base] = powers.get(base, 0) + power
    product = build_product(*_cancel_coefficient(coefficient, powers))
    return reduce(lambda product, number: product * const(number), apart, product)


def _out_of_range(a: Number, b: Number) -> bool:
    """Whether two finite numbers that are not 0 have a product beyond floats."""
    product = float(a) * float(b) if isinstance(a, float) or isinstance(b, float) else 1.0
    return (math.isinf(product) or product == 0) and math.isfinite(a) and math.isfinite(b) and a != 0 != b


def _cancel_coefficient(coefficient: Number, powers: dict[Node, Number]) -> tuple[Number, dict[Node, Number]]:
    """Open a shared factor ``c*core`` where its number cancels the coefficient."""
    if coefficient in (1, -1):
        return coefficient, powers
    for base, power in powers.items():
        if power in (1, -1) and base.op in (MUL, DIV):
            number, core = split_coefficient(base)
            if number != 0 and core is not None and coefficient * raise_to_sign(number, power) in (1, -1):
                rest = {other: powers[other] for other in powers if other is not base}
                for inner, exponent in powers_of(core, power)[1]:
                    rest[inner] = rest.get(inner, 0) + exponent
                return coefficient * raise_to_sign(number, power), rest
    return coefficient, powers


def raise_to_sign(number: Number, power: Number) -> Number:
    """The number, or its reciprocal for the power -1."""
    if power == 1:
        return number
    return 1 / number if isinstance(number, float) else Fraction(1) / number


def build_product(coefficient: Number, powers: dict[Node, Number]) -> Node:
    """A quotient of products of powers in order, with the coefficient in front or below.

    Among arrays, what is small is multiplied before it is repeated to a larger shape.
    """
    if coefficient == 0:
        return const(coefficient)
    shapes = sorted({base.shape for base in powers if powers[base] != 0}, key=_by_size)
    if not any(shapes):
        return _quotient(coefficient, powers)
    groups = [{base: power for base, power in powers.items() if base.shape == shape} for shape in shapes]
    scalars = groups.pop(0) if not shapes[0] else {}
    negative = coefficient < 0
    size: Number = -coefficient if negative else coefficient
    if isinstance(size, Fraction) and size.numerator == 1:
        scale, divisor = const(1), _quotient(size.denominator, {base: -power for base, power in scalars.items()})
        if scalars and any(power > 0 for power in scalars.values()):
            scale, divisor = _quotient(size, scalars), const(1)
    elif size == 1 and scalars and all(power < 0 for power in scalars.values()):
        scale, divisor = const(1), _quotient(1, {base: -power for base, power in scalars.items()})
    else:
        scale, divisor = _quotient(size, scalars), const(1)
    result = scale
    for group in groups:
        result = _times_quotient(result, group)
    return -(result / divisor) if negative else result / divisor


def _by_size(shape: Shape) -> tuple[int, int, str]:
    """Fewer axes first, then more of size 1."""
    return len(shape), -shape.count(1), str(shape)


def _times_quotient(start: Node, powers: dict[Node, Number]) -> Node:
    """``start`` times powers of arrays of one shape; divisors are multiplied together first."""
    above, below = _sort_factors(powers)
    result = _multiply([start, *above])
    return result / _multiply(below) if below else result


def _sort_factors(powers: dict[Node, Number]) -> tuple[list[Node], list[Node]]:
    """The factors above and below the line, in order."""
    bases = sorted((base for base in powers if powers[base] != 0), key=factor_key)
    above = [factor for base in bases if powers[base] > 0 for factor in _factors_of_power(base, powers[base])]
    below = [factor for base in bases if powers[base] < 0 for factor in _factors_of_power(base, -powers[base])]
    return above, below


def _quotient(coefficient: Number, powers: dict[Node, Number]) -> Node:
    """The product of a number and powers of one shape, with at most one division."""
    above, below = _sort_factors(powers)
    negative, size = coefficient < 0, abs(coefficient)
    divisor = 1
    if isinstance(size, Fraction) and size.numerator == 1 and (above or not below):
        size, divisor = 1, size.denominator
    elif isinstance(size, Fraction) and below and not above:
        size, divisor = size.numerator, size.denominator
    top = _multiply(([const(size)] if size != 1 or not above else []) + above)
    bottom = ([const(divisor)] if divisor != 1 else []) + below
    result = top / _multiply(bottom) if bottom else top
    return -result if negative else result


def _multiply(factors: list[Node]) -> Node:
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


def _factors_of_power(base: Node, exponent: Number) -> list[Node]:
    """``base**exponent`` as factors: half-integral exponents by the square root."""
    if exponent == 1:
        return [base]
    if isinstance(exponent, Fraction) and exponent.denominator == 2:
        whole = exponent - _HALF
        return ([base ** int(whole)] if whole else []) + [SQRT(base)]
    return [base**exponent]


def split_coefficient(leaf: Node) -> tuple[Number, Node | None]:
    """A term as coefficient times core; the core of a constant is None."""
    if leaf.op is CONST:
        return value_of(leaf), None
    if leaf.op is NEG:
        coefficient, core = split_coefficient(*unrepeated(leaf))
        return -coefficient, core
    if leaf.op is MUL:
        left, right = unrepeated(leaf)
        return (value_of(left), right) if left.op is CONST else _split_first_factor(leaf)
    if leaf.op is DIV:
        top, bottom = unrepeated(leaf)
        if bottom.op is CONST and isinstance(bottom.value, int) and bottom.value:
            coefficient, core = split_coefficient(top)
            return coefficient * Fraction(1, bottom.value), core
    return 1, leaf


def _split_first_factor(leaf: Node) -> tuple[Number, Node]:
    """The coefficient at the left end of a product, and the product without it."""
    factors = []
    node = leaf
    while node.op is MUL:
        node, factor = unrepeated(node)
        factors.append(factor)
    if node.op is not CONST:
        return 1, leaf
    core = factors.pop()
    while factors:
        core = core * factors.pop()
    return value_of(node), core


def value_of(node: Node) -> Number:
    """The value of a constant, truth values as 1 and 0."""
    return int(node.value) if isinstance(node.value, bool) else node.value
