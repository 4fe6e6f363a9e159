"""Where numbers and signs of products go: into a factor that many share, once, instead of into each of them.

A number costs an operation, except above a line that needs a numerator anyway. A sign costs one too, except in a sum,
in a number, and in a difference that is taken the other way round. Moves are made while they save operations.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..graph.node import Number
from .monomials import ONE, Monomial, size_of
from .pairs import Bag
from .pool import Pool, Product

#: Numbers (and users to turn along) tried for one factor, and sweeps over all factors.
MOST_TRIED, MOST_SWEEPS = 6, 4

_MINUS = Monomial(-1, {})


def settle(pool: Pool) -> None:
    """Move scales of products to where they cost least; sums in ``pool.turned`` are to be taken negative."""
    scales = _Scales(pool)
    for improved in (scales.turn, scales.move, scales.turn):
        for _ in range(MOST_SWEEPS):
            if not any([improved(member) for member in sorted(scales.users, reverse=True)]):
                break


def paid(factors: Bag, scale: Monomial, in_sum: bool) -> int:
    """Operations for the scale of a product; a numerator that is needed anyway may as well be the scale."""
    if factors and all(times < 0 for times in factors.values()):
        return 1
    return int(bool(scale.powers) or (size_of(scale.number) if in_sum else scale.number) != 1)


class _Scales:
    """The pool with the products that use each factor, and the factor that each product is."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.users: dict[int, dict[int, None]] = {}
        for place, product in enumerate(pool.products):
            for member in product.factors:
                self.users.setdefault(member, {})[place] = None
        self.member = {place: member for member, place in pool.made.items()}
        self.turnable = set(pool.turnable())

    def turn(self, member: int) -> bool:
        """Take the factor negative, or the other way up, alone or with a user, where that saves something."""
        return any(self._inverted(group) or self._negated(group) for group in self._groups(member))

    def move(self, member: int) -> bool:
        """Give the factor, or a copy of it, a scale that users then need not have."""
        return any(self._rescaled(member, scale) or self._copied(member, scale) for scale in self._tried(member))

    def _tried(self, member: int) -> Iterator[Monomial]:
        """Scales that would leave a user none, the most frequent first, each with both signs."""
        found: dict[tuple[Number, frozenset[object]], tuple[int, Monomial]] = {}
        for product, times in self._used(member):
            if abs(times) == 1 and self._paid(product, product.scale):
                scale = ONE.times(product.scale, times)
                key = size_of(scale.number), frozenset(scale.powers.items())
                found[key] = found.get(key, (0, scale))[0] + 1, scale
        for _, scale in sorted(found.values(), key=lambda pair: -pair[0])[:MOST_TRIED]:
            yield scale
            if scale != _MINUS:
                yield scale.times(_MINUS)

    def _used(self, member: int) -> Iterator[tuple[Product, int]]:
        for place in self.users[member]:
            product = self.pool.products[place]
            yield product, product.factors[member]

    def _paid(self, product: Product, scale: Monomial) -> int:
        return paid(product.factors, scale, product.in_sum)

    # -- scales --------------------------------------------------------------------------------------------------------

    def _rescaled(self, member: int, scale: Monomial) -> bool:
        """The factor itself gets the scale."""
        if member not in self.pool.made:
            return False
        own = self.pool.products[self.pool.made[member]]
        new = own.scale.times(scale)
        rests = [(product, product.scale.times(scale, -times)) for product, times in self._used(member)]
        saved = sum(self._paid(product, product.scale) - self._paid(product, rest) for product, rest in rests)
        if saved <= self._paid(own, new) - self._paid(own, own.scale):
            return False
        own.scale = new
        for product, rest in rests:
            product.scale = rest
        return True

    def _copied(self, member: int, scale: Monomial) -> bool:
        """A new factor, the scale times the old one, for those users that it saves something."""
        rests = [(place, self._rest(place, member, scale)) for place in self.users[member]]
        gainers = [(place, rest) for place, rest in rests if self._gains(place, rest)]
        if len(gainers) < 2:
            return False
        new = len(self.pool.literals) + len(self.pool.made)
        self.users[new] = {}
        for place, rest in gainers:
            product = self.pool.products[place]
            product.scale = rest
            product.factors[new] = product.factors.pop(member)
            del self.users[member][place]
            self.users[new][place] = None
        self.users[member][len(self.pool.products)] = None
        self.member[len(self.pool.products)] = new
        self.pool.add(new, Product(scale, {member: 1}))
        return True

    def _rest(self, place: int, member: int, scale: Monomial) -> Monomial:
        product = self.pool.products[place]
        return product.scale.times(scale, -product.factors[member])

    def _gains(self, place: int, rest: Monomial) -> bool:
        product = self.pool.products[place]
        return self._paid(product, product.scale) > self._paid(product, rest)

    # -- signs and quotients -------------------------------------------------------------------------------------------

    def _groups(self, member: int) -> Iterator[tuple[int, ...]]:
        """The factor alone, and with each of some users."""
        if member in self.pool.made or member in self.turnable:
            yield (member,)
            made = [self.member[place] for place in self.users[member] if place in self.member]
            for user in made[:MOST_TRIED]:
                yield member, user

    def _inverted(self, group: tuple[int, ...]) -> bool:
        """Take products that are only divided by the other way up, where fewer users then need a numerator."""
        own = [self.pool.made.get(member, -1) for member in group]
        if any(place < 0 or self.pool.products[place].scale != ONE for place in own):
            return False
        used = [(place, member) for member in group for place in self.users[member] if place not in own]
        if any(self.pool.products[place].factors[member] > 0 for place, member in used):
            return False
        places = dict.fromkeys([*own, *(place for member in group for place in self.users[member])])
        new: dict[int, Bag] = {}
        for place in places:
            side = -1 if place in own else 1
            factors = self.pool.products[place].factors
            new[place] = {m: -side * times if m in group else side * times for m, times in factors.items()}
        products = [(self.pool.products[place], bag) for place, bag in new.items()]
        if sum(self._paid(p, p.scale) - paid(bag, p.scale, p.in_sum) for p, bag in products) <= 0:
            return False
        for product, bag in products:
            product.factors = bag
        return True

    def _negated(self, members: tuple[int, ...]) -> bool:
        """Take factors negative, if that saves something."""
        odd: dict[int, int] = {}
        for member in members:
            for place in self.users[member]:
                odd[place] = odd.get(place, 0) + self.pool.products[place].factors[member]
            if member in self.pool.made:
                odd[self.pool.made[member]] = odd.get(self.pool.made[member], 0) + 1
        products = [self.pool.products[place] for place, times in odd.items() if times % 2]
        saved = sum(self._paid(p, p.scale) - self._paid(p, p.scale.times(_MINUS)) for p in products)
        saved -= sum(self.pool.turning(member) for member in members if member in self.turnable)
        if saved <= 0:
            return False
        for product in products:
            product.scale = product.scale.times(_MINUS)
        for member in members:
            if member in self.turnable:
                self.pool.turned ^= {self.pool.literals[member][0]}
        return True
