"""Sums as terms with signs and products as factors with powers, however their operations are nested."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..graph.leaves import const
from ..graph.node import Node, Op
from . import arithmetic, powers
from .kinds import unrepeated

ADD, SUB, NEG = arithmetic.add, arithmetic.sub, arithmetic.neg
MUL, DIV, POW, SQRT = arithmetic.mul, arithmetic.div, powers.pow, powers.sqrt
MINUS_ONE = const(-1)

#: A term after its sign, or a factor after its power.
Part = tuple[int, Node]
#: Operations and what each is made of.
Family = Mapping[Op, Callable[..., tuple[Part, ...]]]

SUM: Family = {ADD: lambda a, b: ((1, a), (1, b)), SUB: lambda a, b: ((1, a), (-1, b))}
PRODUCT: Family = {MUL: lambda a, b: ((1, a), (1, b)), DIV: lambda a, b: ((1, a), (-1, b))}
#: The same with signs: in a product each is the factor -1.
SIGNED_SUM: Family = {**SUM, NEG: lambda a: ((-1, a),)}
SIGNED_PRODUCT: Family = {**PRODUCT, NEG: lambda a: ((1, MINUS_ONE), (1, a))}


def parts_of(
    root: Node, family: Family, opens: Callable[[Node], bool] | None = None, most: int | None = None
) -> list[Part]:
    """The terms or factors of ``root`` in the order of writing; of anything else, itself.

    ``opens``: which sums or products within it are taken apart, by default all. ``most``: nothing where there are more
    parts.

    >>> import symdiff as sd
    >>> parts_of(sd.parse("a - (b - c)"), SUM), parts_of(sd.parse("a/(b*c)"), PRODUCT)
    ([(1, a), (-1, b), (1, c)], [(1, a), (-1, b), (-1, c)])
    """
    parts: list[Part] = []
    stack: list[Part] = [(1, root)]
    while stack:
        power, node = stack.pop()
        split = family.get(node.op)
        if split is None or (opens is not None and not opens(node)):
            parts.append((power, node))
        elif power == 1:
            stack += split(*unrepeated(node))[::-1]
        else:
            stack += [(power * own, part) for own, part in reversed(split(*unrepeated(node)))]
        if most is not None and len(stack) + len(parts) > most:
            return []
    return parts
