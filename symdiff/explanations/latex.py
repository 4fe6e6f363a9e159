"""An explanation as LaTeX: aligned equations of the values, then each sweep, then the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..graph.leaves import const, symbol
from ..text.latex import to_latex as tex
from .tables import rule_of, show_value, title

if TYPE_CHECKING:
    from .record import Move, Record, Share, Step, Sweep


def to_latex(explanation: Record) -> str:
    """Aligned equations, for math mode."""
    values = [rf"{_align(equation(step))} &&= {value_tex(step.value)}" for step in explanation.steps]
    sweeps = [line for sweep in explanation.sweeps for line in _sweep(sweep)]
    gradient = [rf"{gradient_tex(name)} &= {value_tex(value)}" for name, value in explanation.gradient.items()]
    lines = [rf"f &= {tex(explanation.formula)}", *values, *sweeps, *gradient]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _sweep(sweep: Sweep) -> Iterator[str]:
    yield rf"&\text{{{title(sweep)}}}"
    for move in sweep.moves:
        for share in move.shares:
            partial = local_partial(move, share) or slope(move, share)
            yield rf"{_align(partial)} && {product(sweep, move, share)} && \text{{{rule_of(move.step)}}}"


def _align(equation: str) -> str:
    return equation.replace(" = ", " &= ", 1) if " = " in equation else f"{equation} &"


def value_tex(value: Any) -> str:
    """A scalar in LaTeX; an array as text."""
    import numpy as np

    text = show_value(value)
    if np.ndim(value):
        return rf"\text{{{text}}}"
    return tex(const(float(text))) if "e" in text or "n" in text else text


def name_tex(name: str) -> str:
    """The name of a step or variable in LaTeX."""
    return tex(symbol(name))


def gradient_tex(name: str) -> str:
    """The derivative of the formula by a variable."""
    return rf"\frac{{\partial f}}{{\partial {name_tex(name)}}}"


def equation(step: Step) -> str:
    """The step as an equation; an input is its name alone."""
    left, right = name_tex(step.name), tex(step.formula)
    return left if left == right else f"{left} = {right}"


def product(sweep: Sweep, move: Move, share: Share) -> str:
    """The share as a product of two values, or of arrays as a formula, and its value."""
    if share.formula is not None:
        return f"{tex(share.formula)} = {value_tex(share.value)}"
    factors = (value_tex(part) for part in (sweep.factor(move, share), share.local_value))
    text = r" \cdot ".join(rf"\left({factor}\right)" if factor.startswith("-") else factor for factor in factors)
    return f"{text} = {value_tex(share.value)}"


def slope(move: Move, share: Share) -> str:
    """The derivative of a step by an operand."""
    operand = name_tex(share.name) if share.name else r"\text{all}"
    return rf"\frac{{\partial {name_tex(move.step.name)}}}{{\partial {operand}}}"


def local_partial(move: Move, share: Share) -> str:
    """The local partial as a formula and a value; nothing for an operation on whole arrays."""
    if share.local is None:
        return ""
    formula, value = tex(share.local), value_tex(share.local_value)
    return " = ".join([slope(move, share), formula] + ([] if value == formula else [value]))
