r"""LaTeX of expressions: text by precedence, with shared or long parts named on lines of their own.

The text is never longer than a constant times the graph. Operations declare their forms
(:class:`symdiff.ops.targets.LatexForm`). Those on whole arrays without a form are read from the text that they give in
the formula language: a product ``{0}.T @ {1}``, a transpose, an index, or a call, whose axes become an index of its
name. Vectors are columns: ``x @ y`` is ``x^{\top} y``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain, zip_longest
from typing import Any

from ..graph.leaves import CONST, VAR
from ..graph.node import Node
from ..graph.shapes import Shape, Size
from ..graph.templates import fill_sizes
from ..graph.traversal import leaves, topological, use_counts
from ..ops.kinds import operands
from ..ops.targets import LATEX
from .latex_names import (
    ATOM,
    BIG,
    HADAMARD,
    INDEXED,
    LEVELS,
    MATRIX,
    POWER,
    PRODUCT,
    Part,
    name_part,
    number,
    plain,
)  # fmt: skip

#: A part longer than this many characters gets a line of its own.
LONGEST = 2000
_INFIX = {
    "<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne", "&": r"\wedge", "|": r"\vee", "%": r"\bmod", "~": r"\neg ",
}  # fmt: skip

_SLOT = re.compile(r"\{(\d+)(?::(\w+))?\}")
_OPENS = ("{", "(", "[", "|", ", ", r"\lVert ")
_CLOSES = ("}", ")", "]", ",", "|", r"\right", r" \right")
_PRODUCT_TEXT = re.compile(r"\{\d+\}(\.T)?( @ \{\d+\}(\.T)?)+")


def to_latex(f: Any) -> str:
    r"""LaTeX (for math mode) of a node or a nested structure; sequences become matrices.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x theta_1")
    >>> print(to_latex(sd.sin(x) ** 2 / (2 * y)))
    \frac{\sin\left(x\right)^{2}}{2 \theta_{1}}
    """
    roots = leaves(f)
    order = topological(*roots, read=operands)
    shared = _shared(order, roots)
    letter = _free_letter(order)
    texts: dict[Node, Part] = {}
    lines: list[str] = []
    for node in order:
        text, level = _text(node, operands(node), texts)
        if node in shared or (len(text) > LONGEST and node not in roots):
            name = f"{letter}_{{{len(lines)}}}"
            lines.append(f"{name} &= {text}")
            text, level = name, INDEXED
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
        sizes[node] = min(cap, 1 + sum(sizes[arg] for arg in operands(node)))
    if sum(sizes[root] for root in roots) <= 4 * len(order) + 60:
        return set()
    counts = use_counts(roots, order, operands)
    return {node for node in order if counts[node] > 1 and sizes[node] > 2}


def _free_letter(order: list[Node]) -> str:
    """A letter that no variable's name begins with."""
    taken = {node.name[0] for node in order if node.op is VAR}
    return next((letter for letter in "tsuvwpqrabcdfghklmn" if letter not in taken), r"\tau'")


def _text(node: Node, read: tuple[Node, ...], texts: Mapping[Node, Part]) -> Part:
    op = node.op
    args = [texts[arg] for arg in read]
    if op is CONST:
        return number(node.value)
    if op is VAR:
        return name_part(node.name)
    form = LATEX.of(op)
    if form.template and not (form.matrix and node.ndim > 1):
        return _formed(form.template, form.level, args)
    if form.matrix:
        return _formed(*form.matrix, args)
    if op.infix:
        return _infix(node, read, args)
    if op.prefix:
        return _INFIX.get(op.prefix, op.prefix) + _fenced(args[0], op.precedence), op.precedence
    if op.text_of:
        return _array(op.text_of(node), node, read, args)
    name = rf"\operatorname{{{plain(op.name)}}}"
    inside = [text for text, _ in args] + [rf"\mathrm{{{plain(str(attr))}}}" for attr in node.attrs]
    return rf"{name}\left({', '.join(inside)}\right)", ATOM


def _formed(template: str, level: str, args: list[Part]) -> Part:
    """A declared form, with parentheses around operands that its slots do not take bare; ``log_{2}`` is no slot."""

    def fill(position: re.Match[str]) -> str:
        if int(position[1]) >= len(args):
            return position[0]
        bare = template[: position.start()].endswith(_OPENS) and template[position.end() :].startswith(_CLOSES)
        return _fenced(args[int(position[1])], LEVELS[position[2]] if position[2] else 0.0 if bare else INDEXED)

    open_ended = re.match(_SLOT, template) or re.search(_SLOT.pattern + "$", template)
    return _SLOT.sub(fill, template), LEVELS[level] if level else 0.0 if open_ended else ATOM


def _fenced(part: Part, least: float) -> str:
    text, level = part
    return text if level >= least else rf"\left({text}\right)"


def _infix(node: Node, read: tuple[Node, ...], args: list[Part]) -> Part:
    """Left to right; a right operand of the same level keeps its parentheses, except in a product."""
    op, level = node.op, float(node.op.precedence)
    if op.infix == "*":
        return _elementwise(args) if all(arg.shape for arg in read) else _product(read, args)
    text = f"{_fenced(args[0], level)} {_INFIX.get(op.infix, op.infix)} {_fenced(args[1], level + 0.5)}"
    return text, BIG if op.infix == "%" else level


def _product(read: tuple[Node, ...], args: list[Part]) -> Part:
    """A product with a number: as loose as its last factor, which may be a product of arrays or a sum."""
    left, right, loosest = _fenced(args[0], PRODUCT), _fenced(args[1], BIG), args[1][1]
    return f"{left}{_times(read[0], right)}{right}", loosest if BIG <= loosest < PRODUCT else PRODUCT


def _elementwise(args: list[Part]) -> Part:
    left, right = (_fenced(part, 0 if part[1] == HADAMARD else PRODUCT) for part in args)
    return rf"{left} \odot {right}", HADAMARD


def _times(left: Node, right: str) -> str:
    if right[0].isdigit() or re.match(r"\\frac\{\d+\}\{\d+\}", right):
        return r" \cdot "
    return " " if left.op is CONST else r" \, "


# -- arrays --------------------------------------------------------------------------------------------------------


def _array(template: str, node: Node, read: tuple[Node, ...], args: list[Part]) -> Part:
    """An operation on whole arrays, from its spelling in the formula language."""
    if _PRODUCT_TEXT.fullmatch(template):
        return _matrix_product(template.split(" @ "), read, args)
    if template == "{0}.T":
        return _transposed(read[0], args[0]), POWER
    if template.startswith("{0}[") and template.endswith("]"):
        return f"{_fenced(args[0], ATOM)}_{{{_filled(template[4:-1], args)}}}", INDEXED
    name, bracket, inside = template.partition("(")
    if not bracket:
        return _size(template), ATOM
    functions = LATEX.of(node.op).functions
    if name in functions and not _SLOT.search(inside):
        return f"{functions[name][0]}_{{{_sizes(node.shape if node.args else node.shape[:1])}}}", INDEXED
    if name == "broadcast_to":
        return _repeated(node.shape, read[0], args[0])
    return _call(name, functions, _split(inside[:-1]), read, args)


def _matrix_product(factors: list[str], read: tuple[Node, ...], args: list[Part]) -> Part:
    pieces = []
    for count, factor in enumerate(factors):
        position = int(factor[1 : factor.index("}")])
        row = count == 0 and read[position].ndim == 1  # a vector is a column
        turned = factor.endswith(".T") or row
        pieces.append(_transposed(read[position], args[position]) if turned else _factor(args[position], count))
    return " ".join(pieces), MATRIX


def _factor(part: Part, count: int) -> str:
    """A factor of a matrix product; a number before it stands bare only at the beginning."""
    text, level = part
    bare = level >= MATRIX and (count == 0 or (level != PRODUCT and not text[0].isdigit()))
    return text if bare else rf"\left({text}\right)"


def _transposed(node: Node, part: Part) -> str:
    if part[0].endswith("^{-1}"):
        return part[0].removesuffix("^{-1}") + r"^{-\top}"
    return _fenced(part, POWER + 1) + r"^{\top}"


def _repeated(shape: Shape, node: Node, part: Part) -> Part:
    """A number times ones, a row or a column by a product with ones; any other array by name."""
    if not node.shape:
        return rf"{_fenced(part, PRODUCT)} \, \mathbf{{1}}_{{{_sizes(shape)}}}", PRODUCT
    if len(shape) == 2 and node.shape in (shape[1:], (1, shape[1])):
        row = _transposed(node, part) if node.ndim == 1 else _factor(part, 1)
        return rf"\mathbf{{1}}_{{{_sizes(shape[:1])}}} {row}", MATRIX
    if node.shape == (shape[0], 1):
        return rf"{_factor(part, 0)} \mathbf{{1}}_{{{_sizes(shape[1:])}}}^{{\top}}", MATRIX
    return rf"\operatorname{{broadcast}}_{{{_sizes(shape)}}}\left({part[0]}\right)", ATOM


def _call(
    name: str, functions: Mapping[str, tuple[str, str]], items: list[str], read: tuple[Node, ...], args: list[Part]
) -> Part:
    """A function of arrays: its axes, or its labels, as an index of its name."""
    index = "".join(item.removeprefix("axis=").strip("()") for item in items if item.startswith("axis="))
    rest = [item for item in items if not item.startswith("axis=")]
    if name == "einsum":
        index, rest = rest[0].strip('"').replace("->", r" \to "), rest[1:]
    positions = [int(item[1:-1]) for item in rest if _SLOT.fullmatch(item)]
    if name in functions and not index and len(positions) == len(rest):
        text, level = _formed(*functions[name], [args[position] for position in positions])
        return (text + "_{F}", INDEXED) if name == "norm" and read[0].ndim == 2 else (text, level)
    inside = ", ".join(_filled(item[1:-1] if re.match(r"\(\{\d", item) else item, args) for item in rest)
    return rf"\operatorname{{{plain(name)}}}{f'_{{{index}}}' if index else ''}\left({inside}\right)", ATOM


def _filled(template: str, args: list[Part]) -> str:
    """What stands in the brackets of a call or an index, with operands bare and sizes by letter."""
    pieces = _SLOT.split(template)
    literals = [_size(piece).replace("None", r"\mathrm{None}").replace(",)", ")") for piece in pieces[::3]]
    inside = [args[int(position)][0] for position in pieces[1::3]]
    return "".join(chain.from_iterable(zip_longest(literals, inside, fillvalue="")))


def _size(template: str) -> str:
    return fill_sizes(template, lambda letter: name_part(letter)[0]).replace("*", r" \, ")


def _sizes(shape: tuple[Size, ...]) -> str:
    return r" \times ".join(_size(f"{{={size}}}") for size in shape)


def _split(text: str) -> list[str]:
    """The arguments of a call: cut at commas outside brackets and quotes."""
    items, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == '"'
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0 and not quoted:
            items.append("")
        else:
            items[-1] += letter
    return [item.strip() for item in items if item.strip()]


# -- structures ----------------------------------------------------------------------------------------------------


def _structure(f: Any, texts: Any) -> str:
    """Sequences as a matrix (a row each where nested), mappings as aligned equations."""
    if isinstance(f, Mapping):
        rows = [rf"{name_part(str(key))[0]} &= {_structure(part, texts)}" for key, part in f.items()]
        return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"
    if not isinstance(f, (list, tuple)):
        return str(next(texts))
    flat = any(not isinstance(part, (list, tuple)) for part in f)
    rows = [_row([part] if flat else part, texts) for part in f]
    return r"\begin{pmatrix} " + (" & " if flat else r" \\ ").join(rows) + r" \end{pmatrix}"


def _row(parts: Any, texts: Any) -> str:
    return " & ".join(_structure(part, texts) for part in parts)
