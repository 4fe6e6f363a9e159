r"""MathML of the LaTeX that :mod:`symdiff.text.latex` writes, so that a browser shows formulas without other programs.

It reads that part of LaTeX only: symbols, fractions, roots, indices and exponents, delimiters, upright names and the
environments of matrices and cases. A command that it does not know becomes its name in upright letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"\\(?P<word>operatorname|mathrm|text|mathbf)\{(?P<inside>(?:\\.|[^{}\\])*)\}"
    r"|\\(?P<edge>begin|end)\{(?P<name>\w+)\}|\\sqrt\[(?P<root>\d+)\]"
    r"|\\(?P<fence>left|right)(?P<mark>\\[a-zA-Z]+|\\?.)"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<command>\\(?:[a-zA-Z]+|.))|(?P<letter>[a-zA-Z])|(?P<sign>\S)|\s+"
)

_GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
        "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(),
        "α β γ δ ϵ ζ η θ ι κ λ μ ν ξ π ρ σ τ υ φ χ ψ ω Γ Δ Θ Λ Ξ Π Σ Υ Φ Ψ Ω".split(),
        strict=True,
    )
)
_SIGNS = {
    "cdot": "⋅", "odot": "⊙", "times": "×", "le": "≤", "ge": "≥", "ne": "≠", "wedge": "∧", "vee": "∨", "neg": "¬",
    "to": "→", "sum": "∑", "prod": "∏", "bmod": "mod", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉",
    "lVert": "‖", "rVert": "‖", "|": "‖", "{": "{", "}": "}", "%": "%", "&": "&", "#": "#", "$": "$", "_": "_",
}  # fmt: skip
_NAMES = _GREEK | {"infty": "∞", "top": "⊤", "partial": "∂"}
_SPACES = {",": "0.17em", ";": "0.28em", " ": "0.25em", "quad": "1em", "qquad": "2em"}
#: Brackets around the environments that have them.
_FENCES = {"pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "cases": ("{", "")}


def _tag(name: str, *inside: str, **attributes: str) -> str:
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{given}>{''.join(inside)}</{name}>"


def _row(items: list[Any]) -> str:
    return items[0] if len(items) == 1 else _tag("mrow", *items)


class _Pending(NamedTuple):
    """A construction that waits for its parts."""

    parts: list[str]
    needed: int
    build: Callable[..., str]


class _Group(NamedTuple):
    """An open bracket or environment: finished rows and cells, and the items of the open cell."""

    kind: str
    rows: list[list[str]]
    items: list[Any]


class _Reader:
    """Reads tokens onto a stack of open groups: depth costs nothing."""

    def __init__(self) -> None:
        self.stack = [_Group("", [[]], [])]

    def put(self, item: str) -> None:
        """Add a finished part, and finish what waited for it."""
        items = self.stack[-1].items
        while items and isinstance(items[-1], _Pending):
            items[-1].parts.append(item)
            if len(items[-1].parts) < items[-1].needed:
                return
            done = items.pop()
            item = done.build(*done.parts)
        items.append(item)

    def wait(self, needed: int, build: Callable[..., str], *parts: str) -> None:
        self.stack[-1].items.append(_Pending(list(parts), needed, build))

    def open(self, kind: str, *items: str) -> None:
        self.stack.append(_Group(kind, [[]], list(items)))

    def close(self, *items: str) -> None:
        group = self.stack.pop()
        group.items.extend(items)
        if not group.kind:
            self.put(_row(group.items))
            return
        self._cell(group)
        table = _tag("mtable", *(_tag("mtr", *(_tag("mtd", cell) for cell in row)) for row in group.rows))
        left, right = _FENCES.get(group.kind, ("", ""))
        self.put(_tag("mrow", *([_tag("mo", left)] if left else []), table, *([_tag("mo", right)] if right else [])))

    def _cell(self, group: _Group) -> None:
        group.rows[-1].append(_row(list(group.items)))
        group.items.clear()

    def next_cell(self, row: bool) -> None:
        group = self.stack[-1]
        self._cell(group)
        if row:
            group.rows.append([])

    def script(self, tag: str) -> None:
        items = self.stack[-1].items
        self.wait(2, lambda base, index: _tag(tag, base, index), items.pop() if items else "<mrow></mrow>")


def mathml(latex: str, block: bool = False) -> str:
    r"""The ``<math>`` element of LaTeX for math mode, as this package writes it; ``block`` on a line of its own.

    >>> mathml(r"\frac{x_{1}}{2}")
    '<math><mfrac><msub><mi>x</mi><mn>1</mn></msub><mn>2</mn></mfrac></math>'
    """
    reader = _Reader()
    for match in _TOKEN.finditer(latex):
        _read(reader, match)
    content = _row(reader.stack[0].items)
    return _tag("math", content, display="block") if block else _tag("math", content)


def _read(reader: _Reader, match: re.Match[str]) -> None:
    if match["word"]:
        text = re.sub(r"\\(.)", r"\1", match["inside"])
        reader.put(_tag("mtext" if match["word"] == "text" else "mi", escape(text), mathvariant="normal"))
    elif match["edge"]:
        reader.open(match["name"]) if match["edge"] == "begin" else reader.close()
    elif match["root"]:
        degree = match["root"]
        reader.wait(1, lambda inside: _tag("mroot", inside, _tag("mn", degree)))
    elif match["fence"]:
        _fence(reader, match["fence"], match["mark"])
    elif match["number"]:
        reader.put(_tag("mn", match["number"]))
    elif match["letter"]:
        reader.put(_tag("mi", match["letter"]))
    elif match["command"]:
        _command(reader, match["command"][1:])
    elif match["sign"]:
        _sign(reader, match["sign"])


def _fence(reader: _Reader, side: str, mark: str) -> None:
    """Brackets that grow with what is between them, which is a group."""
    sign = _tag("mo", escape(_SIGNS.get(mark[1:], mark)))
    if side == "left":
        reader.open("", sign)
    else:
        reader.close(sign)


def _command(reader: _Reader, name: str) -> None:
    if name == "frac":
        reader.wait(2, lambda top, bottom: _tag("mfrac", top, bottom))
    elif name == "sqrt":
        reader.wait(1, lambda inside: _tag("msqrt", inside))
    elif name == "\\":
        reader.next_cell(row=True)
    elif name in _SPACES:
        reader.put(f'<mspace width="{_SPACES[name]}"></mspace>')
    elif name in _SIGNS:
        reader.put(_tag("mo", escape(_SIGNS[name])))
    else:
        reader.put(_tag("mi", _NAMES.get(name, name), **({} if name in _NAMES else {"mathvariant": "normal"})))


def _sign(reader: _Reader, sign: str) -> None:
    if sign == "{":
        reader.open("")
    elif sign == "}":
        reader.close()
    elif sign in "^_":
        reader.script("msup" if sign == "^" else "msub")
    elif sign == "&":
        reader.next_cell(row=False)
    else:
        reader.put(_tag("mo", escape(sign)))
