"""Exact derivatives with one mistake put in, in the ways people make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations
from typing import NamedTuple

from ...differentiate.passes import grad
from ...graph.leaves import CONST, VAR, const
from ...graph.node import OPS, Node
from ...graph.shapes import Shape
from ...graph.traversal import substitute, topological, variables
from ...ops.kinds import broadcast_to, unrepeated
from ...ops.terms import SIGNED_PRODUCT, SIGNED_SUM, Family, Part, parts_of
from ...search.levels import simplify
from ...text.printer import show

#: Functions that are mistaken for one another.
_FAMILIES = (
    ("sin", "cos"), ("sinh", "cosh"), ("tan", "tanh"), ("sin", "sinh"), ("cos", "cosh"), ("arcsin", "arccos", "arctan"),
    ("arcsinh", "arccosh", "arctanh"), ("exp", "expm1"), ("log", "log2", "log10", "log1p"), ("sqrt", "cbrt"),
    ("erf", "erfc"), ("sigmoid", "tanh", "softplus"), ("gamma", "gammaln"), ("minimum", "maximum"),
)  # fmt: skip
#: The formula's operations whose derivatives are tried as chain factors.
_INNER = 40


class Slip(NamedTuple):
    """A mistake in a derivative: ``text`` says it for one entry; ``kind`` is one of

    sign, factor, variable, transposed, missing term, extra term, sign of a term, chain factor, swapped variables,
    exponent, function, coefficient.
    """

    kind: str
    text: str


Mutations = Iterator[tuple[Slip, Node]]


def mutations(forms: Sequence[Node], f: Node, wanted: Sequence[Node], by: Sequence[Node]) -> Mutations:
    """Derivatives of ``f`` with one mistake, the likelier kinds first.

    ``forms``: equal forms of one entry; ``by``: the scalar variables that it is differentiated by, if it is by such.
    """
    for mutate in (_terms, _factors, _exponents, _variables, _functions):
        for form in forms:
            yield from mutate(form)
    for form in forms:
        yield from _chains(form, f, wanted)
    for first, second in permutations(by, 2):
        for slip, node in _chains(simplify(grad(f, first)), f, wanted):
            yield slip, grad(node, second)


# -- sums and products, whatever the nesting of their operations ---------------------------------------------------


def _lists(root: Node, family: Family) -> Iterator[tuple[Node, list[Part]]]:
    """Each whole sum (or product) with its parts and their signs (or powers)."""
    order = topological(root)
    inner = {arg for node in order if node.op in family for arg in unrepeated(node) if arg.op in family}
    for node in order:
        if node.op in family and (node is root or node not in inner):
            yield node, parts_of(node, family)


def _sum(parts: Iterable[Part], shape: Shape) -> Node:
    total = const(0)
    for sign, part in parts:
        total = total + part if sign > 0 else total - part
    return broadcast_to(total, shape)


def _terms(root: Node) -> Mutations:
    for node, parts in _lists(root, SIGNED_SUM):
        for position, (sign, part) in enumerate(parts if len(parts) > 1 else []):
            before, after = parts[:position], parts[position + 1 :]
            for kind, text, wrong in (
                ("missing term", f"the term {show(part)} is missing", [*before, *after]),
                ("sign of a term", f"the sign of the term {show(part)}", [*before, (-sign, part), *after]),
                ("extra term", f"the term {show(part)} is there twice", [*parts, (sign, part)]),
            ):
                yield Slip(kind, text), substitute(root, {node: _sum(wrong, node.shape)})


def _factors(root: Node) -> Mutations:
    """Products with one power of a factor more or less; with a factor or two left out."""
    for node, parts in _lists(root, SIGNED_PRODUCT):
        powers = _powers(parts)
        for base, power in powers.items():
            for step in (1, -1):
                yield _power_slip(base, power, power + step), substitute(root, {node: node * base**step})
            if power not in (1, -1):
                yield _power_slip(base, power, 0), substitute(root, {node: node / base**power})
        for (a, m), (b, n) in combinations(powers.items(), 2) if len(powers) <= 8 else ():
            missing = a**m * b**n
            slip = Slip("chain factor", f"the factor {show(missing)} is missing")
            yield slip, substitute(root, {node: node / missing})


def _powers(parts: Iterable[Part]) -> dict[Node, int]:
    """The factors that are no constants with their integer powers; powers of products are expanded."""
    powers: dict[Node, int] = {}
    stack = list(parts)
    while stack:
        power, part = stack.pop()
        if part.op.name == "pow" and part.args[1].op is CONST and isinstance(part.args[1].value, int):
            stack.append((power * part.args[1].value, part.args[0]))
        elif part.op in SIGNED_PRODUCT:
            stack += [(power * own, inner) for own, inner in parts_of(part, SIGNED_PRODUCT)]
        elif part.op is not CONST:
            powers[part] = powers.get(part, 0) + power
    return {part: power for part, power in powers.items() if power}


def _power_slip(base: Node, power: int, new: int) -> Slip:
    if new == 0:
        return Slip("chain factor", f"the factor {show(base**power)} is missing")
    return Slip("exponent", f"{show(base**new)} in place of {show(base**power)}")


# -- single operations ---------------------------------------------------------------------------------------------


def _exponents(root: Node) -> Mutations:
    for node in topological(root):
        if node.op.name == "pow" and node.args[1].op is CONST:
            base, power = node.args
            for new in (base ** (power + 1), base ** (power - 1), base**-power):
                yield Slip("exponent", f"{show(new)} in place of {show(node)}"), substitute(root, {node: new})
        elif node.op is VAR and not node.shape:
            yield Slip("exponent", f"{show(node**2)} in place of {node}"), substitute(root, {node: node**2})


def _variables(root: Node) -> Mutations:
    known = variables(root)
    for a, b in permutations(known, 2):
        if a.shape == b.shape:
            if a.name < b.name:
                yield Slip("swapped variables", f"{a} and {b} are exchanged"), substitute(root, {a: b, b: a})
            yield Slip("swapped variables", f"{b} in place of {a}"), substitute(root, {a: b})
    for node in topological(root):
        for position, arg in enumerate(node.args):
            for other in known if arg.op is VAR else ():
                if other is not arg and other.shape == arg.shape:
                    new = node.op(*node.args[:position], other, *node.args[position + 1 :], *node.attrs)
                    slip = Slip("swapped variables", f"{other} in place of {arg} in {show(node)}")
                    yield slip, substitute(root, {node: new})


def _functions(root: Node) -> Mutations:
    for node in topological(root):
        for family in _FAMILIES:
            for name in family if node.op.name in family else ():
                if name != node.op.name:
                    slip = Slip("function", f"{name} in place of {node.op.name}")
                    yield slip, substitute(root, {node: OPS[name](*node.args)})
        if node.op.elementwise and len(node.args) == 1 and node.op.name != "neg":
            yield Slip("function", f"{node.op.name} is left out"), substitute(root, {node: node.args[0]})
            yield Slip("function", f"the sign in {node.op.name}"), substitute(root, {node: node.op(-node.args[0])})


# -- the chain rule ------------------------------------------------------------------------------------------------


def _chains(root: Node, f: Node, wanted: Sequence[Node]) -> Mutations:
    """The entry, or one of its terms, without one of the derivatives of inner functions, or with it twice."""
    slopes = list(_slopes(f, wanted))
    terms = parts_of(root, SIGNED_SUM)
    for slope, text in slopes:
        slip = Slip("chain factor", f"the factor {text} is missing")
        yield slip, root / slope
        yield Slip("chain factor", f"the factor {text} is there twice"), root * slope
        for position, (sign, part) in enumerate(terms if len(terms) > 1 else []):
            yield slip, _sum([*terms[:position], (sign, part / slope), *terms[position + 1 :]], root.shape)


def _slopes(f: Node, wanted: Sequence[Node]) -> Iterator[tuple[Node, str]]:
    """Derivatives of the formula's operations, by their arguments and by the variables."""
    seen: set[Node] = set()
    inner = [node for node in topological(f) if node.args and not node.shape][:_INNER]
    for node in inner:
        for source in dict.fromkeys([*node.args, *wanted]):
            if source.op is CONST or source.shape:
                continue
            slope = simplify(grad(node, source))
            if slope.op is not CONST and slope not in seen:
                seen.add(slope)
                yield slope, f"d({show(node)})/d({show(source)}) = {show(slope)}"
