"""A small algebra of strategies: what a level does to formulas, as a value that can be printed.

A strategy makes formulas of a list of formulas, with the same values, or does not apply to them. Strategies are made of
steps by the functions below, as in Stratego: E. Visser, Z. Benaissa, A. Tolmach, Building program optimizers with
rewriting strategies, ICFP 1998.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..graph.node import Node
from ..graph.traversal import topological
from ..rules import trace

Roots = list[Node]
#: What is repeated ends after so many rounds, each of which leaves a right result.
ROUNDS = 12


@dataclass
class Budget:
    """The work that a simplification may still do, in nodes that are visited, and the sizes that costs are counted by.

    ``sizes``: what symbolic dimensions count for. Only levels that try many forms spend from ``nodes``.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    nodes: int = 300_000

    def spend(self, nodes: int) -> bool:
        """Take so many nodes from the budget; false where it is used up."""
        self.nodes -= nodes
        return self.nodes > 0


@dataclass(frozen=True)
class Strategy:
    """A named way from formulas to formulas; ``run`` returns None where it does not apply.

    >>> collect = step("collect", list)
    >>> print(sequence("factored", collect, repeat(sequence("again", step("factor", list), collect))))
    factored
      collect
      repeat, 12 times at most
        again
          factor
          collect
    """

    name: str
    run: Callable[[Roots, Budget], Roots | None]
    parts: tuple[Strategy, ...] = ()

    def __call__(self, roots: Roots, budget: Budget | None = None) -> Roots:
        """What the strategy makes of the formulas; these themselves where it does not apply."""
        mark = trace.mark()
        result = self.run(roots, budget or Budget())
        if result is None:
            trace.forget_after(mark)
        return roots if result is None else result

    def derive(self, roots: Roots, budget: Budget | None = None) -> tuple[Roots, list[trace.Rewrite]]:
        """The formulas with the rewrites that lead to them, which the trace does not show."""
        mark = trace.mark()
        return self(roots, budget), trace.forget_after(mark)

    def __str__(self) -> str:
        """A line for each part, indented below what it is a part of; of a part that comes again, its name."""
        lines: list[str] = []
        stack, known = [(0, self)], set()
        while stack:
            depth, strategy = stack.pop()
            lines.append("  " * depth + strategy.name)
            if strategy not in known:
                stack += [(depth + 1, part) for part in reversed(strategy.parts)]
            elif strategy.parts:
                lines[-1] += " (as above)"
            known.add(strategy)
        return "\n".join(lines)


def _words(function: Any) -> str:
    """The name of a function or class as words."""
    named = getattr(function, "__name__", type(function).__name__)
    return named.strip("_").replace("_", " ")


def scalars(most: int) -> Callable[[Roots], bool]:
    """A test for formulas that are scalars and have no more than that many nodes together."""

    def test(roots: Roots) -> bool:
        order = topological(*roots)
        return len(order) <= most and not any(node.shape for node in order)

    test.__name__ = f"scalars of at most {most:,} nodes"
    return test


def step(name: str, change: Callable[[Roots], Roots | None]) -> Strategy:
    """One change of whole formulas, which the trace shows by its name."""

    def run(roots: Roots, budget: Budget) -> Roots | None:
        result = change(roots)
        if result is not None:
            trace.note_all(name, roots, result)
        return result

    return Strategy(name, run)


def sequence(name: str, *parts: Strategy) -> Strategy:
    """One after another, each on what the one before made; does not apply where one of them does not."""

    def run(roots: Roots, budget: Budget) -> Roots | None:
        result: Roots | None = roots
        for part in parts:
            if result is not None:
                result = part.run(result, budget)
        return result

    return Strategy(name, run, parts)


def attempt(part: Strategy) -> Strategy:
    """The strategy where it applies; always applies."""
    return Strategy("attempt", lambda roots, budget: part(roots, budget), (part,))


def either(*parts: Strategy) -> Strategy:
    """The first that applies."""

    def run(roots: Roots, budget: Budget) -> Roots | None:
        for part in parts:
            mark = trace.mark()
            if (result := part.run(roots, budget)) is not None:
                return result
            trace.forget_after(mark)
        return None

    return Strategy("either", run, parts)


def repeat(part: Strategy) -> Strategy:
    """As often as it applies and changes something; always applies."""

    def run(roots: Roots, budget: Budget) -> Roots:
        for _ in range(ROUNDS):
            before, roots = roots, part(roots, budget)
            if roots == before:
                break
        return roots

    return Strategy(f"repeat, {ROUNDS} times at most", run, (part,))


def only_if(test: Callable[[Roots], bool], part: Strategy) -> Strategy:
    """Applies to formulas of that kind alone."""
    return Strategy(
        f"only if {_words(test)}", lambda roots, budget: part.run(roots, budget) if test(roots) else None, (part,)
    )


def accept(test: Callable[[Roots, Roots], bool], part: Strategy) -> Strategy:
    """Applies where ``test(before, after)`` holds of what the strategy makes."""

    def run(roots: Roots, budget: Budget) -> Roots | None:
        result = part.run(roots, budget)
        return result if result is not None and test(roots, result) else None

    return Strategy(f"accept if {_words(test)}", run, (part,))


def best_of(measure: Callable[[Roots], Any], *parts: Strategy) -> Strategy:
    """What the part makes whose result has the least measure, the first of equals."""

    def run(roots: Roots, budget: Budget) -> Roots:
        forms = [part.derive(roots, budget) for part in parts]
        best, rewrites = min(forms, key=lambda form: measure(form[0]))
        trace.resume(rewrites)
        return best

    return Strategy(f"best of, by {_words(measure)}", run, parts)


def cycle(measure: Callable[[Roots], Any], *parts: Strategy) -> Strategy:
    """Repeat the parts until a form comes again; of the forms that come again, the one with the least measure.

    So the result is a form of itself.
    """

    def run(roots: Roots, budget: Budget) -> Roots:
        forms, marks, period = [roots], [trace.mark()], len(parts)
        first, last = 0, ROUNDS * period
        while len(forms) <= last:
            for part in parts:
                forms.append(part(forms[-1], budget))
                marks.append(trace.mark())
            ends = forms[:-1:period]
            if forms[-1] in ends:
                first, last = ends.index(forms[-1]) * period, len(forms) - 2
        best = min(range(first, last + 1), key=lambda position: measure(forms[position]))
        trace.forget_after(marks[best])
        return forms[best]

    return Strategy(f"cycle, the least by {_words(measure)}", run, parts)
