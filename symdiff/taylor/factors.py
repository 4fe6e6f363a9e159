"""Products as monomials, and their factors by the variables that they read.

Powers of one variable become a single one, whose series takes an operation or two for each coefficient, where that has
the same domain. What reads the same variables stands together, so that few products are of series in many variables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import NamedTuple, TypeAlias

from ..graph.leaves import CONST, const
from ..graph.node import Node, Number, Op
from ..ops.terms import DIV, MUL, NEG, POW, SQRT
from ..simplifier.monomials import ONE, Monomial, as_exact, check_range, magnitude, raise_exactly

_HALF = Fraction(1, 2)
#: Whether a node is a variable, whose powers have simple derivatives.
Simple: TypeAlias = Callable[[Node], bool]


class Group(NamedTuple):
    """Factors above and below the line that read the same variables; None where there are none."""

    read: frozenset[Node]
    above: Node | None
    below: Node | None


def monomial_of(node: Node, args: Sequence[Monomial], simple: Simple) -> Monomial | None:
    """The product or power of monomials; None where it is no monomial of the same domain."""
    family = _FAMILIES.get(node.op)
    try:
        return family(node, args, simple) if family else None
    except ArithmeticError:
        return None


def of_number(node: Node) -> Monomial | None:
    """A constant as a monomial; None where products may not absorb it."""
    value: Number = node.value if node.op is CONST else 0
    return Monomial(value, {}) if not isinstance(value, bool) and 0 < magnitude(value) < float("inf") else None


def groups(powers: Mapping[Node, Number], read: Callable[[Node], frozenset[Node]], simple: Simple) -> list[Group]:
    """The factors by what they read, those of the fewest variables first."""
    by_variables: dict[frozenset[Node], list[tuple[Node, Number]]] = {}
    for base, power in powers.items():
        by_variables.setdefault(read(base), []).append((base, power))
    return [_group(variables, by_variables[variables], simple) for variables in sorted(by_variables, key=len)]


def _group(variables: frozenset[Node], factors: list[tuple[Node, Number]], simple: Simple) -> Group:
    above = [base**power for base, power in factors if power > 0 or simple(base)]
    below = [base**-power for base, power in factors if power < 0 and not simple(base)]
    return Group(variables, _product(above), _product(below))


def _product(factors: list[Node]) -> Node | None:
    return reduce(MUL, factors) if factors else None


def variable_powers(monomial: Monomial) -> dict[Node, Number]:
    """The powers of the bases that are no constants; those of constants are exact roots such as ``2**(1/2)``."""
    return {base: power for base, power in monomial.powers.items() if base.op is not CONST}


def _defined_alike(part: Monomial, whole: Monomial) -> bool:
    """Whether the whole is undefined where the part is: for negative numbers, and for 0."""
    return all(
        base in whole.powers
        and (power > 0 or whole.powers[base] < 0)
        and (power == int(power) or whole.powers[base] != int(whole.powers[base]))
        for base, power in variable_powers(part).items()
    )


def _times(node: Node, args: Sequence[Monomial], simple: Simple) -> Monomial | None:
    one, other = args[0], ONE.times(args[1], -1 if node.op is DIV else 1)
    product = one.times(other)
    return product if _defined_alike(one, product) and _defined_alike(other, product) else None


def _negative(node: Node, args: Sequence[Monomial], simple: Simple) -> Monomial:
    return Monomial(-args[0].coefficient, args[0].powers)


def _power(node: Node, args: Sequence[Monomial], simple: Simple) -> Monomial | None:
    """A whole power of a power of one base; any power of a variable's, where no sign is lost."""
    number, powers = args[0]
    exponent = _HALF if node.op is SQRT else node.args[1].value if node.args[1].op is CONST else None
    if len(variable_powers(args[0])) != 1 or type(exponent) not in (int, Fraction) or not exponent:
        return None
    ((base, power),) = variable_powers(args[0]).items()
    new = Monomial(1, {each: as_exact(own * exponent) for each, own in powers.items()})
    if type(exponent) is not int:
        if not simple(base) or number < 0 or power % 2 == 0:
            return None
        factor = _root(number, Fraction(exponent))
    else:
        factor = Monomial(check_range(raise_exactly(number, exponent)), {})
    new = new.times(factor)
    return new if _defined_alike(args[0], new) else None


def _root(number: Number, exponent: Fraction) -> Monomial:
    """A positive number to a power that is no integer: of a float a float, else exact, as a root if need be."""
    if isinstance(number, float):
        return Monomial(check_range(number ** float(exponent)), {})
    rational = Fraction(number)
    parts = [round(part ** (1 / exponent.denominator)) for part in (rational.numerator, rational.denominator)]
    if Fraction(*parts) ** exponent.denominator == rational:
        return Monomial(raise_exactly(Fraction(*parts), exponent.numerator), {})
    return Monomial(1, {const(number): exponent})


_FAMILIES: dict[Op, Callable[[Node, Sequence[Monomial], Simple], Monomial | None]] = {
    MUL: _times,
    DIV: _times,
    NEG: _negative,
    POW: _power,
    SQRT: _power,
}
