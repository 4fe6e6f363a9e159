"""The placement of constant factors and signs: in a factor that many products share, once, instead of in each of them.

A constant costs an operation, except above a line that needs a numerator anyway. A sign costs one too, except in a sum,
in a constant, and in a difference that is taken the other way round. Each move saves operations.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..graph.node import Number
from .common_pairs import Multiset
from .monomials import ONE, Monomial, magnitude
from .multisets import FactorMultisets, Product

#: Constants (and users to negate along) tried for one factor, and sweeps over all factors.
MOST_TRIED, MOST_SWEEPS = 6, 4

_MINUS = Monomial(-1, {})


def place_constants(multisets: FactorMultisets) -> None:
    """Move constants of products to where they cost least; sums in ``multisets.negated`` are to be taken negative."""
    placement = _Placement(multisets)
    for improve in (placement.negate_or_invert, placement.rescale, placement.negate_or_invert):
        for _ in range(MOST_SWEEPS):
            if not any([improve(member) for member in sorted(placement.users, reverse=True)]):
                break


def cost_of_scale(factors: Multiset, scale: Monomial, in_sum: bool) -> int:
    """Operations for the scale of a product; a numerator that is needed anyway may as well be the scale."""
    if factors and all(times < 0 for times in factors.values()):
        return 1
    return int(bool(scale.powers) or (magnitude(scale.coefficient) if in_sum else scale.coefficient) != 1)


class _Placement:
    """The multisets with the products that use each factor, and the factor that each product is."""

    def __init__(self, multisets: FactorMultisets) -> None:
        self.multisets = multisets
        self.users: dict[int, dict[int, None]] = {}
        for position, product in enumerate(multisets.products):
            for member in product.factors:
                self.users.setdefault(member, {})[position] = None
        self.member = {position: member for member, position in multisets.pair_products.items()}
        self.negatable = set(multisets.negatable())

    def negate_or_invert(self, member: int) -> bool:
        """Take the factor negative, or the other way up, alone or with a user, where that saves something."""
        return any(self._invert(group) or self._negate(group) for group in self._groups_of(member))

    def rescale(self, member: int) -> bool:
        """Give the factor, or a copy of it, a scale that users then need not have."""
        candidates = self._candidates(member)
        return any(self._rescale(member, scale) or self._rescale_copy(member, scale) for scale in candidates)

    def _candidates(self, member: int) -> Iterator[Monomial]:
        """Scales that would leave a user none, the most frequent first, each with both signs."""
        scales: dict[tuple[Number, frozenset[object]], tuple[int, Monomial]] = {}
        for product, times in self._products_with(member):
            if abs(times) == 1 and self._cost(product, product.scale):
                scale = ONE.times(product.scale, times)
                key = magnitude(scale.coefficient), frozenset(scale.powers.items())
                scales[key] = scales.get(key, (0, scale))[0] + 1, scale
        for _, scale in sorted(scales.values(), key=lambda pair: -pair[0])[:MOST_TRIED]:
            yield scale
            if scale != _MINUS:
                yield scale.times(_MINUS)

    def _products_with(self, member: int) -> Iterator[tuple[Product, int]]:
        for position in self.users[member]:
            product = self.multisets.products[position]
            yield product, product.factors[member]

    def _cost(self, product: Product, scale: Monomial) -> int:
        return cost_of_scale(product.factors, scale, product.in_sum)

    # -- constants ---------------------------------------------------------------------------------------------------

    def _rescale(self, member: int, scale: Monomial) -> bool:
        """The factor itself gets the scale."""
        if member not in self.multisets.pair_products:
            return False
        own = self.multisets.products[self.multisets.pair_products[member]]
        new = own.scale.times(scale)
        rests = [(product, product.scale.times(scale, -times)) for product, times in self._products_with(member)]
        saved = sum(self._cost(product, product.scale) - self._cost(product, rest) for product, rest in rests)
        if saved <= self._cost(own, new) - self._cost(own, own.scale):
            return False
        own.scale = new
        for product, rest in rests:
            product.scale = rest
        return True

    def _rescale_copy(self, member: int, scale: Monomial) -> bool:
        """A new factor, the scale times the old one, for those users that it saves something."""
        rests = [(position, self._scale_without(position, member, scale)) for position in self.users[member]]
        gainers = [(position, rest) for position, rest in rests if self._saves(position, rest)]
        if len(gainers) < 2:
            return False
        new = len(self.multisets.literals) + len(self.multisets.pair_products)
        self.users[new] = {}
        for position, rest in gainers:
            product = self.multisets.products[position]
            product.scale = rest
            product.factors[new] = product.factors.pop(member)
            del self.users[member][position]
            self.users[new][position] = None
        self.users[member][len(self.multisets.products)] = None
        self.member[len(self.multisets.products)] = new
        self.multisets.add(new, Product(scale, {member: 1}))
        return True

    def _scale_without(self, position: int, member: int, scale: Monomial) -> Monomial:
        product = self.multisets.products[position]
        return product.scale.times(scale, -product.factors[member])

    def _saves(self, position: int, rest: Monomial) -> bool:
        product = self.multisets.products[position]
        return self._cost(product, product.scale) > self._cost(product, rest)

    # -- signs and quotients -------------------------------------------------------------------------------------------

    def _groups_of(self, member: int) -> Iterator[tuple[int, ...]]:
        """The factor alone, and with each of some users."""
        if member in self.multisets.pair_products or member in self.negatable:
            yield (member,)
            users = [self.member[position] for position in self.users[member] if position in self.member]
            for user in users[:MOST_TRIED]:
                yield member, user

    def _invert(self, group: tuple[int, ...]) -> bool:
        """Take products that are only divided by the other way up, where fewer users then need a numerator."""
        own = [self.multisets.pair_products.get(member, -1) for member in group]
        if any(position < 0 or self.multisets.products[position].scale != ONE for position in own):
            return False
        used = [(position, member) for member in group for position in self.users[member] if position not in own]
        if any(self.multisets.products[position].factors[member] > 0 for position, member in used):
            return False
        positions = dict.fromkeys([*own, *(position for member in group for position in self.users[member])])
        new: dict[int, Multiset] = {}
        for position in positions:
            side = -1 if position in own else 1
            factors = self.multisets.products[position].factors
            new[position] = {m: -side * times if m in group else side * times for m, times in factors.items()}
        products = [(self.multisets.products[position], multiset) for position, multiset in new.items()]
        if sum(self._cost(p, p.scale) - cost_of_scale(multiset, p.scale, p.in_sum) for p, multiset in products) <= 0:
            return False
        for product, multiset in products:
            product.factors = multiset
        return True

    def _negate(self, members: tuple[int, ...]) -> bool:
        """Take factors negative, if that saves something."""
        odd: dict[int, int] = {}
        for member in members:
            for position in self.users[member]:
                odd[position] = odd.get(position, 0) + self.multisets.products[position].factors[member]
            if member in self.multisets.pair_products:
                odd[self.multisets.pair_products[member]] = odd.get(self.multisets.pair_products[member], 0) + 1
        products = [self.multisets.products[position] for position, times in odd.items() if times % 2]
        saved = sum(self._cost(p, p.scale) - self._cost(p, p.scale.times(_MINUS)) for p in products)
        saved -= sum(self.multisets.cost_of_negation(member) for member in members if member in self.negatable)
        if saved <= 0:
            return False
        for product in products:
            product.scale = product.scale.times(_MINUS)
        for member in members:
            if member in self.negatable:
                self.multisets.negated ^= {self.multisets.literals[member][0]}
        return True
