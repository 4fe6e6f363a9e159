"""The canonical form: sums and products collected, the rule table applied, to a fixpoint.

A pass visits each distinct node once. A sum (or product) is flattened only through parts that nothing else reads,
so sharing is never undone, and rebuilt in the structural order of :mod:`symdiff.graph.order`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ..graph.leaves import CONST
from ..graph.node import Node, Number, Op
from ..graph.traversal import gc_paused, map_graph, rebuild, topological, use_counts
from ..ops.contraction import contraction
from ..ops.kinds import broadcast_to, unbroadcast, unrepeated
from ..ops.networks import has_delta
from ..ops.terms import ADD, DIV, MINUS_ONE, MUL, NEG, POW, SIGNED_PRODUCT, SIGNED_SUM, SQRT, SUB, SUM, parts_of
from ..rules import trace
from ..rules.table import apply_rules
from .contraction_order import cheapen, scale_smaller_operand
from .pair_rules import rewrite_factor_pairs, rewrite_term_pairs, selection_as_sign
from .products import factors_of, product_of, split_coefficient
from .selections import join_selections, rewrite_quotients
from .strategy import ROUNDS
from .sums import build_sum, sum_cost, terms_of

_SUMS = frozenset(SIGNED_SUM)
_FLATTENED = frozenset(SIGNED_PRODUCT)
_PRODUCTS: frozenset[Op] = _FLATTENED | {POW, SQRT}

#: A sum as its terms with their coefficients; the constant has no core.
Terms = frozenset[tuple[Node | None, Number]]


def collect_terms(roots: list[Node], sizes: Mapping[str, int], *, line: bool = False) -> list[Node]:
    """The canonical form. ``line``: of a scalar that is read on its own, so that shared products are opened."""
    mirrored: frozenset[Terms] = frozenset()
    with gc_paused():
        for _ in range(ROUNDS):
            current = Pass(roots, sizes, mirrored, line)
            new = current.run()
            if new == roots:
                mirrors = current.mirrors() - mirrored
                if not mirrors:
                    break
                mirrored |= mirrors
            roots = new
        return _share_signs(roots)


def _share_signs(roots: list[Node]) -> list[Node]:
    """``a - c*b`` as ``a + -c*b`` where ``-c*b`` is computed anyway."""
    order = topological(*roots, read=unrepeated)
    if not any(node.op is SUB for node in order):
        return roots
    known = {node for node in order if node.op is MUL and unrepeated(node)[0].op is CONST}

    def change(node: Node, args: tuple[Node, ...]) -> Node:
        new = rebuild(node, args)
        if new.op is SUB and (right := unrepeated(new)[1]).op is MUL and (negative := -right) in known:
            new = ADD(unrepeated(new)[0], negative)
        return broadcast_to(new, node.shape)

    return map_graph(roots, change, read=unrepeated)


class Pass:
    """One visit of every distinct node, arguments first.

    ``mirrored``: sums that are to be written with the other sign. ``line``: as in :func:`collect_terms`.
    """

    def __init__(self, roots: list[Node], sizes: Mapping[str, int], mirrored: frozenset[Terms], line: bool) -> None:
        self.roots, self.sizes, self.mirrored = roots, sizes, mirrored
        self.sums: set[Terms] = set()
        self.order = topological(*roots, read=unrepeated)
        self.uses = use_counts(roots, self.order, unrepeated)
        self.user = {arg: node for node in self.order for arg in unrepeated(node)}
        self.done: dict[Node, Node] = {}
        #: Simplified nodes that others read too.
        self.shared: set[Node] = set()
        self.line = line

    def run(self) -> list[Node]:
        for node in self.order:
            if not self._inside(node):
                self.done[node] = broadcast_to(self._visit(node), node.shape)
                if self.uses[node] > 1:
                    self.shared.add(self.done[node])
        return [self.done[root] for root in self.roots]

    def _family(self, node: Node) -> frozenset[Op] | None:
        """Sums, products or neither; a sign belongs with what reads it, or else with what it is applied to."""
        if node.op is not NEG:
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
        mark = trace.mark()
        name, new = self._collect(node)
        if trace.traced():
            rules = [rewrite.rule for rewrite in trace.forget_after(mark)]
            before = self._before(node)
            trace.note("; ".join(rules) or _name_of_change(name, before, new), before, new)
        return apply_rules(new)

    def _collect(self, node: Node) -> tuple[str, Node]:
        """The node in its canonical form, and what was done for it."""
        family = self._family(node)
        if family is _SUMS:
            return "terms", self._sum(node)
        if family is _PRODUCTS:
            return "factors", scale_smaller_operand(_on_diagonal(self._product(node)), self._alone, self.sizes)
        new = self._rebuild(node)
        if not new.op.elementwise:
            return "products of arrays", self._order_contraction(node, new)
        signed = new if node.shape else selection_as_sign(new)
        return ("parity", _use_parity(new)) if signed is new else ("selections", signed)

    def _before(self, node: Node) -> Node:
        """The operations that were collected, on their simplified arguments."""
        order = topological(node, read=lambda step: unrepeated(step) if self._opens(step) else ())
        known = {step: self.done[step] for step in order if not self._opens(step)}
        return map_graph([node], rebuild, read=unrepeated, done=known)[0]

    def _alone(self, part: Node) -> bool:
        """Whether no more than one node reads it."""
        return part not in self.shared

    def _order_contraction(self, node: Node, new: Node) -> Node:
        """Contractions in their cheapest form; operands that others read are not taken apart."""
        shared = {self.done[arg] for arg in node.args if self.uses[arg] > 1}
        return cheapen(new, lambda part: part not in shared, self.sizes)

    def _rebuild(self, node: Node) -> Node:
        return rebuild(node, tuple(self.done[arg] for arg in unrepeated(node)))

    # -- sums ------------------------------------------------------------------------------------------------------

    def _sum(self, root: Node) -> Node:
        """The terms of a sum, like ones collected, as one left-to-right sum."""
        total: Number = 0
        terms: dict[Node, Number] = {}
        for sign, leaf in parts_of(root, SIGNED_SUM, self._opens):
            coefficient, core = split_coefficient(self.done[leaf])
            coefficient = sign * coefficient
            if core is None:
                total += coefficient
            else:
                terms[core] = terms.get(core, 0) + coefficient
        terms, total = join_selections(*self._open_sums(terms, total), self.shared)
        if self.line:
            terms, total = rewrite_term_pairs(terms, total)
        all_terms: Terms = frozenset((core, size) for core, size in (*terms.items(), (None, total)) if size != 0)
        self.sums.add(all_terms)
        if all_terms in self.mirrored:
            return -build_sum({core: -size for core, size in terms.items()}, -total)
        return build_sum(terms, total)

    def mirrors(self) -> frozenset[Terms]:
        """Sums of three terms or more, most of them negative, that are there with the other sign too."""
        mostly = (
            terms for terms in self.sums if len(terms) > 2 and 2 * sum(size > 0 for _, size in terms) < len(terms)
        )
        return frozenset(terms for terms in mostly if frozenset((core, -size) for core, size in terms) in self.sums)

    def _open_sums(self, terms: dict[Node, Number], total: Number) -> tuple[dict[Node, Number], Number]:
        """Sums among the terms, each with its coefficient, taken apart where like terms then save operations."""
        for core in [core for core in terms if core.op in SUM and core not in self.shared]:
            inner, number = terms_of(core)
            if not any(part in terms for part in inner):
                continue
            factor = terms[core]
            merged = {part: size for part, size in terms.items() if part is not core}
            for part, coefficient in inner.items():
                merged[part] = merged.get(part, 0) + factor * coefficient
            if sum_cost(merged, total + factor * number) < sum_cost(terms, total) + sum_cost(inner, number):
                terms, total = merged, total + factor * number
        return terms, total

    def _opens(self, node: Node) -> bool:
        """Whether the node is part of the sum or product that is being collected."""
        return node not in self.done

    # -- products --------------------------------------------------------------------------------------------------

    def _product(self, root: Node) -> Node:
        """The factors of a product, like bases collected, as a quotient of products."""
        factors = list(self._factors(root))
        if self.line:
            factors = list(_open_products(factors))
        product = product_of(1, rewrite_quotients(factors) if root.shape else factors)
        return rewrite_factor_pairs(product)

    def _factors(self, root: Node) -> Iterable[tuple[Number, Node]]:
        """Each simplified factor with its exponent; a sign stands above the line."""
        for exponent, node in parts_of(root, SIGNED_PRODUCT, self._opens):
            if node is MINUS_ONE:
                yield 1, node
            else:
                yield exponent, self.done[node] if node in self.done else self._rebuild(node)


def _name_of_change(name: str, before: Node, after: Node) -> str:
    """What was done to terms or factors: put in order, or collected."""
    families = {"terms": SIGNED_SUM, "factors": SIGNED_PRODUCT}
    if name not in families:
        return name
    one, other = (Counter(parts_of(form, families[name])) for form in (before, after))
    return f"order of {name}" if one == other else f"like {name}"


def _open_products(factors: list[tuple[Number, Node]]) -> Iterator[tuple[Number, Node]]:
    """The factors, with products among them opened; a fraction that would need no brackets only if factors meet."""
    kept = {node.args[0] for _, node in factors if node.op in (POW, SQRT)}
    inner = [[] if node in kept else list(factors_of(node)) for _, node in factors]
    counts = Counter(base for parts in inner for base in {_base(part) for _, part in parts})
    above = sum(power > 0 for power, _ in factors)
    for (power, node), parts in zip(factors, inner, strict=True):
        bare = node.op is DIV and power == above == 1
        if parts and not (bare and all(counts[_base(part)] == 1 for _, part in parts)):
            yield from ((power * exponent, part) for exponent, part in parts)
        else:
            yield power, node


def _base(factor: Node) -> Node:
    return factor.args[0] if factor.op in (POW, SQRT) else factor


def _on_diagonal(node: Node) -> Node:
    """A product with an identity matrix as what stands on the diagonal."""
    if node.op is not MUL or not node.shape or not has_delta(node):
        return node
    axes = range(node.ndim)
    diagonal = contraction(node.args, [axes, axes], axes)
    return node if diagonal.op is MUL else diagonal


def _use_parity(node: Node) -> Node:
    """f(-x) as -f(x) or f(x), for odd and even functions."""
    if not (node.op.odd or node.op.even) or node.args[0].op is not NEG or node.op is NEG:
        return node
    plain = node.op(*unrepeated(node.args[0]))
    return -plain if node.op.odd else plain
