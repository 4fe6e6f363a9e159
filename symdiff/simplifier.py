"""Simplification: collect sums and products into one canonical form, then apply the rule table; repeat until still.

A pass visits each distinct node once. A sum (or product) is flattened only through parts that nothing else reads,
so sharing is never undone, and rebuilt in the structural order of :mod:`symdiff.order`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from .contractions import cheaper, scaled_inside
from .errors import SymdiffError
from .expr import CONST, ROWS, Node, Number, Row, const
from .ops.contraction import contraction, has_delta
from .ops.kinds import broadcast_to, unbroadcast, unrepeated
from .order import factor_key, term_key
from .rules import apply_rules
from .shapes import Shape
from .walk import growing, leaves, rebuild, topological, unflatten_like, use_counts

LEVELS = ("none", "basic", "full", "accurate")

#: A pass that still changes something after this many is stopped; each pass leaves a right result.
MAX_PASSES = 12

_ADD, _SUB, _MUL, _DIV, _NEG, _POW, _SQRT = (ROWS[name] for name in ("add", "sub", "mul", "div", "neg", "pow", "sqrt"))
_SUMS: frozenset[Row] = frozenset((_ADD, _SUB, _NEG))
_PRODUCTS: frozenset[Row] = frozenset((_MUL, _DIV, _NEG, _POW, _SQRT))
_FLATTENED = frozenset((_MUL, _DIV, _NEG))
_ADDED = frozenset((_ADD, _SUB))
_HALF = Fraction(1, 2)


def simplify(structure: Any, level: str = "full", *, sizes: Mapping[str, int] | None = None) -> Any:
    """The same values with fewer operations, as a structure of the same nesting.

    ``level``: "none" returns the input; "basic" is what building does already (constants folded, units dropped);
    "full" collects like terms and powers and applies the rule table; "accurate" also rewrites scalar formulas as far as
    that lowers the measured error of their code (:mod:`symdiff.accurate`). Outputs are simplified together, so that
    what they share stays shared. ``sizes``: what letters in shapes count for when the cheapest order of matrix products
    is chosen (:mod:`symdiff.contractions`). Raises SymdiffError for another level.

    >>> import symdiff as sd
    >>> simplify(sd.parse("x*2*x + x**2 - y*0"))
    3*x**2
    """
    if level not in LEVELS:
        raise SymdiffError(f"the level is one of {', '.join(LEVELS)}, not {level!r}")
    roots = leaves(structure)
    if level == "full":
        roots = _until_still(roots, sizes or {})
    elif level == "accurate":
        from .accurate import most_accurate

        roots = most_accurate(roots)
    return unflatten_like(structure, roots)


#: A sum as its terms with their coefficients; the constant has no core.
_Terms = frozenset[tuple[Node | None, Number]]


def _until_still(roots: list[Node], sizes: Mapping[str, int]) -> list[Node]:
    mirrored: frozenset[_Terms] = frozenset()
    with growing():
        for _ in range(MAX_PASSES):
            current = _Pass(roots, sizes, mirrored)
            new = current.run()
            if new == roots:
                found = current.mirrors() - mirrored
                if not found:
                    break
                mirrored |= found
            roots = new
        return _with_shared_signs(roots)


def _with_shared_signs(roots: list[Node]) -> list[Node]:
    """``a - c*b`` as ``a + -c*b`` where ``-c*b`` is computed anyway."""
    order = topological(*roots, read=unrepeated)
    if not any(node.op is _SUB for node in order):
        return roots
    known = {node for node in order if node.op is _MUL and unrepeated(node)[0].op is CONST}
    done: dict[Node, Node] = {}
    for node in order:
        new = rebuild(node, tuple(done[arg] for arg in unrepeated(node))) if node.args else node
        if new.op is _SUB and (right := unrepeated(new)[1]).op is _MUL:
            negative = -right
            if negative in known:
                new = _ADD(unrepeated(new)[0], negative)
        done[node] = broadcast_to(new, node.shape)
    return [done[root] for root in roots]


class _Pass:
    """One visit of every distinct node, arguments first."""

    def __init__(self, roots: list[Node], sizes: Mapping[str, int], mirrored: frozenset[_Terms]) -> None:
        self.roots, self.sizes, self.mirrored = roots, sizes, mirrored
        self.sums: set[_Terms] = set()
        self.order = topological(*roots, read=unrepeated)
        self.uses = use_counts(roots, self.order, unrepeated)
        self.user = {arg: node for node in self.order for arg in unrepeated(node)}
        self.done: dict[Node, Node] = {}
        #: Simplified nodes that others read too.
        self.shared: set[Node] = set()

    def run(self) -> list[Node]:
        for node in self.order:
            if not self._inside(node):
                self.done[node] = broadcast_to(self._visit(node), node.shape)
                if self.uses[node] > 1:
                    self.shared.add(self.done[node])
        return [self.done[root] for root in self.roots]

    def _family(self, node: Node) -> frozenset[Row] | None:
        """Sums, products or neither; a sign belongs with what reads it, or else with what it is applied to."""
        if node.op is not _NEG:
            return _SUMS if node.op in _SUMS else _PRODUCTS if node.op in _PRODUCTS else None
        user = self.user[node].op if node in self.user and self.uses[node] == 1 else None
        if user in _SUMS:
            return _SUMS
        return _SUMS if unbroadcast(node.args[0]).op in _SUMS and user not in _FLATTENED else _PRODUCTS

    def _inside(self, node: Node) -> bool:
        """Whether the node is part of a larger sum or product, which will collect it."""
        if self.uses[node] > 1 or node not in self.user:
            return False
        user = self.user[node]
        both = _SUMS if node.op in _SUMS and user.op in _SUMS else _FLATTENED
        return node.op in both and user.op in both and self._family(node) is self._family(user)

    def _visit(self, node: Node) -> Node:
        if not node.args:
            return node
        family = self._family(node)
        if family is not None:
            if family is _SUMS:
                return apply_rules(self._sum(node))
            return apply_rules(scaled_inside(_on_diagonal(self._product(node)), self._alone, self.sizes))
        new = self._rebuilt(node)
        if node.shape or not node.op.elementwise:
            return self._contracted(node, new)
        return apply_rules(_by_parity(new))

    def _alone(self, part: Node) -> bool:
        """Whether no more than one node reads it."""
        return part not in self.shared

    def _contracted(self, node: Node, new: Node) -> Node:
        """Contractions in their cheapest form; operands that others read are not taken apart."""
        if new.op.elementwise:
            return apply_rules(_by_parity(new))
        shared = {self.done[arg] for arg in node.args if self.uses[arg] > 1}
        return cheaper(new, lambda part: part not in shared, self.sizes)

    def _rebuilt(self, node: Node) -> Node:
        return rebuild(node, tuple(self.done[arg] for arg in unrepeated(node)))

    # -- sums ------------------------------------------------------------------------------------------------------

    def _sum(self, root: Node) -> Node:
        """The terms of a sum, like ones collected, as one left-to-right sum."""
        total: Number = 0
        terms: dict[Node, Number] = {}
        for sign, leaf in self._terms(root):
            coefficient, core = _split(leaf)
            coefficient = sign * coefficient
            if core is None:
                total += coefficient
            else:
                terms[core] = terms.get(core, 0) + coefficient
        terms, total = self._opened(terms, total)
        listed: _Terms = frozenset((core, size) for core, size in (*terms.items(), (None, total)) if size != 0)
        self.sums.add(listed)
        if listed in self.mirrored:
            return -_build_sum({core: -size for core, size in terms.items()}, -total)
        return _build_sum(terms, total)

    def mirrors(self) -> frozenset[_Terms]:
        """Sums of three terms or more, most of them negative, that are there with the other sign too."""
        mostly = (
            terms for terms in self.sums if len(terms) > 2 and 2 * sum(size > 0 for _, size in terms) < len(terms)
        )
        return frozenset(terms for terms in mostly if frozenset((core, -size) for core, size in terms) in self.sums)

    def _opened(self, terms: dict[Node, Number], total: Number) -> tuple[dict[Node, Number], Number]:
        """Sums among the terms, each with its coefficient, taken apart where like terms then save operations."""
        for core in [core for core in terms if core.op in _ADDED and core not in self.shared]:
            inner, number = _collected(core)
            if not any(part in terms for part in inner):
                continue
            factor = terms[core]
            merged = {part: size for part, size in terms.items() if part is not core}
            for part, coefficient in inner.items():
                merged[part] = merged.get(part, 0) + factor * coefficient
            if _cost(merged, total + factor * number) < _cost(terms, total) + _cost(inner, number):
                terms, total = merged, total + factor * number
        return terms, total

    def _terms(self, root: Node) -> Iterable[tuple[int, Node]]:
        """Each simplified term with its sign, in the order of writing."""
        stack = [(1, root)]
        while stack:
            sign, node = stack.pop()
            if node is not root and node in self.done:
                yield sign, self.done[node]
            elif node.op is _NEG:
                stack.append((-sign, unrepeated(node)[0]))
            else:
                left, right = unrepeated(node)
                stack.append((-sign if node.op is _SUB else sign, right))
                stack.append((sign, left))

    # -- products --------------------------------------------------------------------------------------------------

    def _product(self, root: Node) -> Node:
        """The factors of a product, like bases collected, as a quotient of products."""
        return _collect(1, self._factors(root))

    def _factors(self, root: Node) -> Iterable[tuple[Number, Node]]:
        """Each simplified factor with its exponent; a sign is the factor -1."""
        stack: list[tuple[Number, Node]] = [(1, root)]
        while stack:
            exponent, node = stack.pop()
            if node is not root and node in self.done:
                yield exponent, self.done[node]
            elif node.op is _NEG:
                yield 1, const(-1)
                stack.append((exponent, unrepeated(node)[0]))
            elif node.op in (_MUL, _DIV):
                left, right = unrepeated(node)
                stack.append((-exponent if node.op is _DIV else exponent, right))
                stack.append((exponent, left))
            else:
                yield exponent, self._rebuilt(node)


def _on_diagonal(node: Node) -> Node:
    """A product with an identity matrix as what stands on the diagonal."""
    if node.op is not _MUL or not node.shape or not has_delta(node):
        return node
    axes = range(node.ndim)
    found = contraction(node.args, [axes, axes], axes)
    return node if found.op is _MUL else found


def _cost(terms: dict[Node, Number], total: Number) -> int:
    """Multiplications and additions of a sum."""
    sizes = [abs(size) for size in terms.values() if size != 0]
    return sum(size != 1 for size in sizes) + len(sizes) + (total != 0) - 1


def _collected(core: Node) -> tuple[dict[Node, Number], Number]:
    """The terms of a simplified sum with their coefficients, and its number."""
    terms: dict[Node, Number] = {}
    number: Number = 0
    stack = [(1, core)]
    while stack:
        sign, node = stack.pop()
        if node.op in _ADDED:
            left, right = unrepeated(node)
            stack += [(-sign if node.op is _SUB else sign, right), (sign, left)]
            continue
        coefficient, part = _split(node)
        if part is None:
            number += sign * coefficient
        else:
            terms[part] = terms.get(part, 0) + sign * coefficient
    return terms, number


def _split(leaf: Node) -> tuple[Number, Node | None]:
    """A term as coefficient times core; the core of a constant is None."""
    if leaf.op is CONST:
        return _number(leaf), None
    if leaf.op is _NEG:
        coefficient, core = _split(*unrepeated(leaf))
        return -coefficient, core
    if leaf.op is _MUL:
        left, right = unrepeated(leaf)
        return (_number(left), right) if left.op is CONST else _split_left(leaf)
    if leaf.op is _DIV:
        top, bottom = unrepeated(leaf)
        if bottom.op is CONST and isinstance(bottom.value, int) and bottom.value:
            coefficient, core = _split(top)
            return coefficient * Fraction(1, bottom.value), core
    return 1, leaf


def _split_left(leaf: Node) -> tuple[Number, Node]:
    """The coefficient at the left end of a product, and the product without it."""
    factors = []
    node = leaf
    while node.op is _MUL:
        node, factor = unrepeated(node)
        factors.append(factor)
    if node.op is not CONST:
        return 1, leaf
    core = factors.pop()
    while factors:
        core = core * factors.pop()
    return _number(node), core


def _number(node: Node) -> Number:
    return int(node.value) if isinstance(node.value, bool) else node.value


def _powers(leaf: Node, exponent: Number) -> tuple[Number, list[tuple[Node, Number]]]:
    """``leaf**exponent`` as a number and powers of bases, where that is true over the reals."""
    if leaf.op is CONST:
        value = _number(leaf)
        if exponent == 1:
            return value, []
        if value != 0 and exponent == -1:
            return _inverse(value, -1), []
        return 1, [(leaf, exponent)]
    parts = unrepeated(leaf)
    if leaf.op is _NEG and exponent in (1, -1):
        number, factors = _powers(parts[0], exponent)
        return -number, factors
    if leaf.op is _DIV and parts[0].op is CONST and parts[0].value != 0 and exponent in (1, -1):
        number, factors = _powers(parts[1], -exponent)
        return _inverse(_number(parts[0]), exponent) * number, factors
    if leaf.op is _SQRT:
        return 1, [(parts[0], exponent * _HALF)]
    if leaf.op is _POW and parts[1].op is CONST and not isinstance(parts[1].value, bool):
        base, power = parts
        inner, outer = _powers(base, 1), power.value
        if isinstance(outer, int) and inner[0] == 1 and len(inner[1]) == 1:
            return 1, [(inner[1][0][0], inner[1][0][1] * outer * exponent)]
        return 1, [(base, outer * exponent)]
    return 1, [(leaf, exponent)]


def _build_sum(terms: dict[Node, Number], total: Number) -> Node:
    """Positive terms first, each in order, the constant last."""
    ordered = sorted((core for core in terms if terms[core] != 0), key=term_key)
    listed: list[tuple[bool, Node]] = []
    for core in ordered:
        coefficient = terms[core]
        listed.append((coefficient < 0, _times(-coefficient if coefficient < 0 else coefficient, core)))
    if total != 0:
        listed.append((total < 0, const(abs(total))))
    if not listed:
        return const(total)
    return _added([_added(group) for group in _by_shape(listed)] if len(listed) > 1 else listed)[1]


def _by_shape(listed: list[tuple[bool, Node]]) -> list[list[tuple[bool, Node]]]:
    """Terms of one shape together, so that small ones are added before they are repeated to a larger shape."""
    groups: dict[Shape, list[tuple[bool, Node]]] = {}
    for negative, term in listed:
        groups.setdefault(term.shape, []).append((negative, term))
    return list(groups.values())


def _added(listed: list[tuple[bool, Node]]) -> tuple[bool, Node]:
    """The sum of terms with signs, the first positive one in front; negative only where no term is positive."""
    listed = list(listed)
    first = next((place for place, (negative, _) in enumerate(listed) if not negative), 0)
    listed.insert(0, listed.pop(first))
    negative, result = listed[0]
    result = -result if negative else result
    for negative, term in listed[1:]:
        result = result - term if negative else result + term
    return False, result


def _times(coefficient: Number, core: Node) -> Node:
    """``coefficient*core`` with the number at the left end, in the form that a product is built in."""
    if coefficient == 1:
        return core
    return _collect(coefficient, _spine(core))


def _spine(core: Node) -> Iterable[tuple[Number, Node]]:
    """The factors of a product that was built here, each with its exponent."""
    stack: list[tuple[Number, Node]] = [(1, core)]
    while stack:
        exponent, node = stack.pop()
        if node.op in (_MUL, _DIV):
            left, right = unrepeated(node)
            stack.append((-exponent if node.op is _DIV else exponent, right))
            stack.append((exponent, left))
        else:
            yield exponent, node


def _collect(coefficient: Number, factors: Iterable[tuple[Number, Node]]) -> Node:
    """The product of powers, like bases collected."""
    powers: dict[Node, Number] = {}
    for exponent, leaf in factors:
        number, parts = _powers(leaf, exponent)
        coefficient = coefficient * number
        for base, power in parts:
            powers[base] = powers.get(base, 0) + power
    return _build_product(*_cancel(coefficient, powers))


def _cancel(coefficient: Number, powers: dict[Node, Number]) -> tuple[Number, dict[Node, Number]]:
    """Open a shared factor ``c*core`` where its number cancels the coefficient."""
    if coefficient in (1, -1):
        return coefficient, powers
    for base, power in powers.items():
        if power in (1, -1) and base.op in (_MUL, _DIV):
            number, core = _split(base)
            if number != 0 and core is not None and coefficient * _inverse(number, power) in (1, -1):
                rest = {other: powers[other] for other in powers if other is not base}
                for inner, exponent in _powers(core, power)[1]:
                    rest[inner] = rest.get(inner, 0) + exponent
                return coefficient * _inverse(number, power), rest
    return coefficient, powers


def _inverse(number: Number, power: Number) -> Number:
    if power == 1:
        return number
    return 1 / number if isinstance(number, float) else Fraction(1) / number


def _build_product(coefficient: Number, powers: dict[Node, Number]) -> Node:
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
    above, below = _sides(powers)
    result = _chain([start, *above])
    return result / _chain(below) if below else result


def _sides(powers: dict[Node, Number]) -> tuple[list[Node], list[Node]]:
    """The factors above and below the line, in order."""
    bases = sorted((base for base in powers if powers[base] != 0), key=factor_key)
    above = [factor for base in bases if powers[base] > 0 for factor in _power(base, powers[base])]
    below = [factor for base in bases if powers[base] < 0 for factor in _power(base, -powers[base])]
    return above, below


def _quotient(coefficient: Number, powers: dict[Node, Number]) -> Node:
    """The product of a number and powers of one shape, with at most one division."""
    above, below = _sides(powers)
    negative, size = coefficient < 0, abs(coefficient)
    divisor = 1
    if isinstance(size, Fraction) and size.numerator == 1 and (above or not below):
        size, divisor = 1, size.denominator
    elif isinstance(size, Fraction) and below and not above:
        size, divisor = size.numerator, size.denominator
    top = _chain(([const(size)] if size != 1 or not above else []) + above)
    bottom = ([const(divisor)] if divisor != 1 else []) + below
    result = top / _chain(bottom) if bottom else top
    return -result if negative else result


def _chain(factors: list[Node]) -> Node:
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


def _power(base: Node, exponent: Number) -> list[Node]:
    """``base**exponent`` as factors: half-integral exponents by the square root."""
    if exponent == 1:
        return [base]
    if isinstance(exponent, Fraction) and exponent.denominator == 2:
        whole = exponent - _HALF
        return ([base ** int(whole)] if whole else []) + [_SQRT(base)]
    return [base**exponent]


def _by_parity(node: Node) -> Node:
    """f(-x) as -f(x) or f(x), for odd and even functions."""
    if not (node.op.odd or node.op.even) or node.args[0].op is not _NEG or node.op is _NEG:
        return node
    plain = node.op(*unrepeated(node.args[0]))
    return -plain if node.op.odd else plain
