"""The page of all rules, from their tables: ``python -m symdiff.search.rulebook docs/rules.md`` writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..graph.node import OPS
from ..rules import table
from ..rules.rule import lines_of
from ..simplifier import one_line, stable
from . import accurate, identities

_HEAD = """# Rules

`python -m symdiff.search.rulebook docs/rules.md` writes this page from the tables in the source. A rule tagged
`exact` gives the same numbers, or is the more accurate way to compute them; `real` ones are equal over the reals
wherever the left side is defined. A rule with a condition is used where the condition follows from what is assumed:
`sd.assume(x > 0)`, `sqrt(x**2) where x > 0` in text, `--assume "x > 0"`. Variables stand for any expression, `c`, `n`
and `k` for constants, `p` for a condition, `s` for a scalar, `X` for an array of up to three axes and `A` for some of
its axes.

What is always done has no rule: numbers are folded and units dropped when a node is built; like terms, like powers,
signs and common parts are collected; selections by one condition in a sum are joined (`where(c, a, 0) + where(c, 0, b)`
is `where(c, a, b)`); `f(-x)` of odd and even functions loses the sign.
"""
_LEVELS = (
    (table.TABLE, "Every level from `full` on", "Each lowers what its operations weigh (below), so rewriting ends."),
    (
        one_line.TABLE,
        "Level `full`, a line on its own",
        "A list of formulas keeps the left sides, which its formulas may share.",
    ),
    (
        stable.QUOTIENTS,
        "Formulas before they are differentiated",
        "`symdiff code` uses these, and the rules of the next two tables, on the formula; `accurate` has them too.",
    ),
    (stable.FORMULAS, "Formulas before code is made of them", "As above, also where no derivative is asked for."),
    (
        stable.TABLE,
        "Formulas, and level `code`",
        "Digits for at most an operation or two, anywhere in what is written.",
    ),
    (stable.DIFFERENCES, "Level `code`", "Only in what is written, because the derivatives of these lose nothing."),
    (
        accurate.TABLE,
        "Level `accurate`",
        "Tried one at a time; a result is kept where the emitted code, measured against 50 digits, has smaller errors.",
    ),
    (
        identities.TABLE,
        "Level `search`",
        "Tried in steps that may cost more, beside forms of arithmetic that cancel, factor and nest; `<=>` is used in "
        "both directions. The cheapest form that has the input's values at sampled points, to 18 digits, is kept.",
    ),
)
_WEIGHTS = """
## What operations weigh

In additions of numbers; small whole powers count as their multiplications. Operations that are not here are calls of
the mathematical library and count as 10, comparisons and operations on whole arrays as 1, views of arrays as nothing.

| weight | operations |
|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    weighed: dict[float, list[str]] = {}
    for op in OPS.values():
        if op.weight is not None:
            weighed.setdefault(op.weight, []).append(f"`{op.name}`")
    weights = "".join(f"| {weight:g} | {' '.join(names)} |\n" for weight, names in sorted(weighed.items()))
    return "\n".join([_HEAD, *(part for level in _LEVELS for part in _section(*level))]) + _WEIGHTS + weights


def _section(table: str, title: str, text: str) -> Iterator[str]:
    yield f"## {title}\n\n{text}\n"
    yield "| rule | condition | tag | reason |\n|---|---|---|---|"
    for line in lines_of(table):
        rule = f"{line.pattern} {line.arrow} {line.result}"
        condition = f"`{line.condition}`" if line.condition else ""
        yield f"| `{rule}` | {condition} | {line.tag} | {line.reason} |"
    yield ""


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(page())
