r"""LaTeX of expressions: text by precedence, with shared or long parts named on lines of their own.

The text is never longer than a constant times the graph. Rows give their own form in ``latex`` (``{0}`` for an
argument that needs no parentheses); the table here spells the rest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .expr import CONST, VAR, Node
from .walk import leaves, topological, use_counts

#: A part longer than this many characters gets a line of its own.
LONGEST = 2000
_ATOM, _SUM, _PRODUCT, _QUOTIENT, _POWER = 100.0, 5.0, 6.0, 7.5, 8.0

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_OPERATORS = frozenset("sin cos tan sinh cosh tanh arcsin arccos arctan log".split())
_INFIX = {
    "<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne", "&": r"\wedge", "|": r"\vee", "%": r"\bmod", "~": r"\neg ",
}  # fmt: skip

#: Template, precedence of the whole, least precedence of each argument (0: no parentheses).
_FORMS: dict[str, tuple[str, float, tuple[float, ...]]] = {
    "neg": ("-{0}", _SUM, (_PRODUCT,)),
    "div": (r"\frac{{{0}}}{{{1}}}", _QUOTIENT, (0, 0)),
    "pow": ("{0}^{{{1}}}", _POWER, (_POWER + 1, 0)),
    "exp": ("e^{{{0}}}", _POWER, (0,)),
    "exp2": ("2^{{{0}}}", _POWER, (0,)),
    "where": (
        r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{otherwise}} \end{{cases}}",
        _QUOTIENT,
        (0, 0, 0),
    ),
    "floor": (r"\left\lfloor {0} \right\rfloor", _ATOM, (0,)),
    "ceil": (r"\left\lceil {0} \right\rceil", _ATOM, (0,)),
    "minimum": (r"\min\left({0}, {1}\right)", _ATOM, (0, 0)),
    "maximum": (r"\max\left({0}, {1}\right)", _ATOM, (0, 0)),
    "log2": (r"\log_{{2}}\left({0}\right)", _ATOM, (0,)),
    "log10": (r"\log_{{10}}\left({0}\right)", _ATOM, (0,)),
    "gammaln": (r"\log\left|\Gamma\left({0}\right)\right|", _ATOM, (0,)),
    "polygamma": (r"\psi^{{\left({0}\right)}}\left({1}\right)", _ATOM, (0, 0)),
    "broadcast": ("{0}", _SUM, (0,)),
}


def to_latex(f: Any) -> str:
    r"""LaTeX (for math mode) of a node or a nested structure; sequences become matrices.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x theta_1")
    >>> print(to_latex(sd.sin(x) ** 2 / (2 * y)))
    \frac{\sin\left(x\right)^{2}}{2 \theta_{1}}
    """
    roots = leaves(f)
    order = topological(*roots)
    shared = _shared(order, roots)
    letter = _free_letter(order)
    texts: dict[Node, tuple[str, float]] = {}
    lines: list[str] = []
    for node in order:
        text, level = _text(node, [texts[arg] for arg in node.args])
        if node in shared or (len(text) > LONGEST and node not in roots):
            name = f"{letter}_{{{len(lines)}}}"
            lines.append(f"{name} &= {text}")
            text, level = name, _ATOM
        texts[node] = text, level
    result = _structure(f, iter([texts[root][0] for root in roots]))
    if not lines:
        return result
    return " \\\\\n".join([r"\begin{aligned} " + lines[0], *lines[1:], f"& {result}"]) + r" \end{aligned}"


def _shared(order: list[Node], roots: list[Node]) -> set[Node]:
    """The parts to name: those used twice, where writing them out would make the text grow."""
    cap = 10**12
    sizes: dict[Node, int] = {}
    for node in order:
        sizes[node] = min(cap, 1 + sum(sizes[arg] for arg in node.args))
    if sum(sizes[root] for root in roots) <= 4 * len(order) + 60:
        return set()
    counts = use_counts(roots, order)
    return {node for node in order if counts[node] > 1 and sizes[node] > 2}


def _free_letter(order: list[Node]) -> str:
    """A letter that no variable's name begins with."""
    taken = {node.name[0] for node in order if node.op is VAR}
    return next((letter for letter in "tsuvwpqrabcdfghklmn" if letter not in taken), r"\tau'")


def _text(node: Node, args: list[tuple[str, float]]) -> tuple[str, float]:
    row = node.op
    if row is CONST:
        return _number(node.value)
    if row is VAR:
        return _name(node.name), _ATOM
    if row.latex:
        return row.latex.format(*(text for text, _ in args)), _ATOM
    if row.name in _FORMS:
        template, level, least = _FORMS[row.name]
        return template.format(*map(_fenced, args, least)), level
    if row.infix:
        return _infix(node, args)
    if row.prefix:
        return _INFIX.get(row.prefix, row.prefix) + _fenced(args[0], row.precedence), row.precedence
    name = "\\" + row.name if row.name in _OPERATORS else rf"\operatorname{{{_plain(row.name)}}}"
    inside = [text for text, _ in args] + [rf"\mathrm{{{_plain(str(attr))}}}" for attr in node.attrs]
    return rf"{name}\left({', '.join(inside)}\right)", _ATOM


def _fenced(part: tuple[str, float], least: float) -> str:
    text, level = part
    return text if level >= least else rf"\left({text}\right)"


def _infix(node: Node, args: list[tuple[str, float]]) -> tuple[str, float]:
    """Left to right; a right operand of the same level keeps its parentheses, except in a product."""
    row, level = node.op, float(node.op.precedence)
    left = _fenced(args[0], level)
    if row.infix == "*":
        right = _fenced(args[1], level)
        return f"{left}{_times(node.args[0], right)}{right}", level
    return f"{left} {_INFIX.get(row.infix, row.infix)} {_fenced(args[1], level + 0.5)}", level


def _times(left: Node, right: str) -> str:
    if right[0].isdigit() or re.match(r"\\frac\{\d+\}\{\d+\}", right):
        return r" \cdot "
    return " " if left.op is CONST else r" \, "


def _number(value: Any) -> tuple[str, float]:
    if isinstance(value, bool):
        return rf"\mathrm{{{value}}}", _ATOM
    if isinstance(value, Fraction):
        text, level = rf"\frac{{{abs(value.numerator)}}}{{{value.denominator}}}", _QUOTIENT
    elif math.isnan(value):
        return r"\mathrm{NaN}", _ATOM
    elif math.isinf(value):
        text, level = r"\infty", _ATOM
    else:
        digits, _, exponent = repr(abs(value)).partition("e")
        text = rf"{digits} \cdot 10^{{{int(exponent)}}}" if exponent else digits
        level = _PRODUCT if exponent else _ATOM
    return (f"-{text}", _SUM) if math.copysign(1, value) < 0 else (text, level)


def _name(name: str) -> str:
    """theta1 and theta_1 as a letter with an index; names of several letters upright."""
    base, _, index = name.strip("_").partition("_")
    trailing = re.fullmatch(r"(.*?[^\d])(\d+)", base)
    if trailing and not index:
        base, index = trailing.groups()
    text = _word(base) if base else rf"\mathrm{{{_plain(name)}}}"
    return f"{text}_{{{','.join(_word(part) for part in index.split('_') if part)}}}" if index else text


def _word(word: str) -> str:
    if word in _GREEK:
        return "\\" + word
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{_plain(word)}}}"


def _plain(text: str) -> str:
    return re.sub(r"([_#%&${}])", r"\\\1", text)


def _structure(f: Any, texts: Any) -> str:
    """Sequences as a matrix (a row each where nested), mappings as aligned equations."""
    if isinstance(f, Mapping):
        rows = [rf"{_name(str(key))} &= {_structure(part, texts)}" for key, part in f.items()]
        return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"
    if not isinstance(f, (list, tuple)):
        return str(next(texts))
    flat = any(not isinstance(part, (list, tuple)) for part in f)
    rows = [_row([part] if flat else part, texts) for part in f]
    return r"\begin{pmatrix} " + (" & " if flat else r" \\ ").join(rows) + r" \end{pmatrix}"


def _row(parts: Any, texts: Any) -> str:
    return " & ".join(_structure(part, texts) for part in parts)
