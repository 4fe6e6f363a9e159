"""A formula as a list of tokens, with the messages that need no more than the tokens at a position."""

from __future__ import annotations

import re
from collections.abc import Collection
from keyword import iskeyword
from typing import NoReturn
from unicodedata import normalize

from ..graph import limits
from ..graph.errors import ParseError
from ..graph.leaves import const
from ..graph.node import Node
from .brackets import NONE
from .grammar import Call, grammar

#: Digits of a whole number; Python refuses longer ones too.
LIMIT_DIGITS = 4300
#: Python's words that are values of keywords; None is also an item of an index.
WORDS = {"None": NONE, "True": const(True), "False": const(False)}

_TOKEN = re.compile(
    r"[ \t\r\f]*(?:#[^\n]*)?"
    r"((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[^\W\d]\w*|\*\*|//|:=|&&|\|\||[<>=!]="
    r"""|\.\.\.|"[^"\n]*"|'[^'\n]*'|.|\n|\Z)""",
    re.DOTALL,
)
END = ""
#: The text that ``einsum`` starts with.
SUBSCRIPTS = re.compile(r"[a-zA-Z, ]*(?:->[a-zA-Z ]*)?")
COMMA = '"," separates the arguments of a function and has no meaning here'
UNKNOWN = "is not part of the formula language"
_REFUSED = {
    ".": f'attribute access with "." {UNKNOWN}; only the transpose is, as in X.T',
    "...": '"..." stands for the axes that an index leaves out, as in x[..., 0], and has no meaning here',
    "None": 'the Python word "None" stands in an index, as in x[None], or after a keyword, and has no meaning here',
    "True": 'the Python word "True" stands after a keyword, as in keepdims=True, and has no meaning here',
    "False": 'the Python word "False" stands after a keyword, as in keepdims=False, and has no meaning here',
    "[": f'a list with "[" {UNKNOWN}; write stack((a, b)) for an array of parts',
    "{": f'"{{" {UNKNOWN}; use "("',
    "}": f'"}}" {UNKNOWN}; use ")"',
    "'": f"text in quotes {UNKNOWN}",
    '"': f"text in quotes {UNKNOWN}",
    ":": '":" separates the parts of a slice, as in x[1:3], and has no meaning here',
    ":=": f'":=" {UNKNOWN}; name a part with "=", as in a = x + 1; a**2',
    "=": 'use "==" to compare; "=" names a part at the start of a statement, as in a = x + 1; a**2',
    "!": f'"!" {UNKNOWN}; write gamma(n + 1) for a factorial',
    "//": f'"//" {UNKNOWN}; write floor(a/b)',
    "&&": 'use "&" in place of "&&"',
    "||": 'use "|" in place of "||"',
}
#: What stands in place of Python's words that make expressions.
_WORDS_REFUSED = {
    "if": 'write where(c, a, b) in place of "a if c else b"',
    "else": 'write where(c, a, b) in place of "a if c else b"',
    "for": "write sum(x**2) for a sum over the elements of x",
    "in": "compare with ==, <, <=, > or >=",
    "is": 'use "==" to compare',
    "lambda": "write the expression alone",
    "return": "the last expression is the result",
}
_PLAIN = {
    **dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\u2012", "-"),
    **dict.fromkeys("\u00d7\u00b7\u22c5\u2217\u2022\u2219", "*"),
    **dict.fromkeys("\u00f7\u2215\u2044", "/"),
    **{"\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u00b2": "**2", "\u00b3": "**3", "\u221a": "sqrt"},
    **{"\u02c4": "^", "\u2227": "&", "\u2228": "|", "\u00ac": "~", "\u201a": ",", "\u037e": ";"},
}


# -- tokens --------------------------------------------------------------------------------------------------------


class Tokens:
    """A formula as tokens, each with its position; the last one is END."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = [*_TOKEN.findall(text), END]
        self.infix, self.prefix, self.calls, self.arrays = grammar()

    def before(self, position: int) -> str:
        """The token before that position, on an earlier line if need be."""
        position -= 1
        while position >= 0 and self.tokens[position] == "\n":
            position -= 1
        return self.tokens[position] if position >= 0 else "\n"

    def after(self, position: int) -> int:
        """The first position from there on that is no line break."""
        while self.tokens[position] == "\n":
            position += 1
        return position

    def fail(self, message: str, position: int) -> NoReturn:
        for index, match in enumerate(_TOKEN.finditer(self.text)):
            if index == position or match.end() == len(self.text) == match.start(1):
                break
        raise ParseError(message, self.text, match.start(1)) from None

    def number(self, token: str, position: int) -> Node:
        limits.check("digits", len(token.lower().partition("e")[0].replace(".", "")))
        if token.isdigit():
            if len(token) > LIMIT_DIGITS:
                self.fail(f"number too large: it has {len(token)} digits and the limit is {LIMIT_DIGITS}", position)
            return const(int(token))
        value = float(token)
        if value == float("inf"):
            self.fail("number too large: a floating-point number is below 1.8e308", position)
        if value == 0 and token.lower().partition("e")[0].strip("0.") != "":
            self.fail("number too small: a floating-point number is 0 or above 4.9e-324", position)
        return const(value)

    def candidates(self, name: str, position: int) -> list[Call]:
        found = self.calls.get(name)
        if found is None:
            if self.heads_definition(position):
                self.fail("a formula is the right side alone: what the function is, without its name", position)
            near = _nearest(name, self.calls)
            hint = f'did you mean "{near}"?' if near else f"write {short(name)}*(...) to multiply"
            self.fail(f'unknown function "{short(name)}"; {hint}', position)
        return found

    def heads_definition(self, position: int) -> bool:
        """Whether a statement ``f(x, y) = ...`` begins at the name at that position."""
        if self.before(position) not in ("\n", ";"):
            return False
        position += 2
        while starts_name(self.tokens[position]) or self.tokens[position] == ",":
            position += 1
        return self.tokens[position : position + 2] == [")", "="]

    def check_name(self, name: str, position: int) -> None:
        if iskeyword(name):
            hint = _WORDS_REFUSED.get(name, "choose another name")
            self.fail(f'the Python word "{name}" {UNKNOWN}; {hint}', position)
        if name.startswith("__"):
            self.fail("a name does not start with two underscores", position)
        if name.isascii():
            return
        self.check_characters(name, position)
        plain = normalize("NFKC", name)
        if plain != name or not name.isidentifier():
            self.fail(f'use the plain letter or letters "{short(plain)}" in place of "{short(name)}"', position)

    def check_characters(self, token: str, position: int) -> None:
        for character in token:
            if character in _PLAIN:
                self.fail(f'use "{_PLAIN[character]}" in place of {quoted(character)}', position)

    def refuse(self, token: str, position: int) -> None:
        """Fail where the token has no place in any formula."""
        sign = token[0] if is_text(token) else token
        if token == "." and (name := self.tokens[position + 1]) in self.calls:
            self.fail(f'attribute access with "." {UNKNOWN}; write {name}(...)', position)
        if sign in _REFUSED:
            self.fail(_REFUSED[sign], position)
        self.check_characters(token, position)
        if not token.isascii() and not starts_name(token):
            plain = normalize("NFKC", token)
            if plain.isascii() and plain.isprintable():
                self.fail(f'use the plain character "{plain}" in place of {quoted(token)}', position)
        if not (token in "(),];\n" or token in self.infix or token in self.prefix or starts_atom(token)):
            self.fail(f"the character {quoted(token)} {UNKNOWN}", position)

    def no_operator(self, token: str, position: int) -> NoReturn:
        if token == "'":
            self.fail("a quote is not part of the formula language; the transpose is X.T", position)
        self.refuse(token, position)
        if token == "where":
            self.fail('what stands after "where" is read by parse_where, not by parse', position)
        if iskeyword(token):
            self.check_name(token, position)
        before = self.tokens[position - 1]
        hint = f"expected an operator between {quoted(before)} and {quoted(token)}; write"
        self.fail(f"{hint} {self.joined(before, token, position)}", position)

    def joined(self, before: str, token: str, position: int) -> str:
        """What may be meant by two values without an operator between them."""
        if token == "(" and self.tokens[position - 2] in ("**", "^") and self.tokens[position - 3] in self.calls:
            return f"{self.tokens[position - 3]}(...)**{short(before)}"
        if not (starts_atom(before) and starts_atom(token)):
            return '"*" to multiply'
        product = f"{short(before)}*{short(token)}"
        return f"{short(before)}({short(token)}) or {product}" if before in self.calls else product


def _nearest(name: str, known: Collection[str]) -> str | None:
    """The function that the name misspells, or lengthens or shortens: ``sni`` is ``sin``, ``cosine`` is ``cos``."""
    from difflib import get_close_matches

    long = [one for one in known if min(len(one), len(name)) > 2]
    misspelt = [one for one in long if _differ_by_one_edit(one, name)]
    related = [one for one in long if name.startswith(one) or one.startswith(name)]
    related.sort(key=lambda one: abs(len(one) - len(name)))
    return next(iter([*misspelt, *get_close_matches(name, known, 1, 0.85), *related]), None)


def _differ_by_one_edit(a: str, b: str) -> bool:
    """Whether one character is added, left out or another, or two neighbours are exchanged."""
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    rest = a[start : len(a) - end], b[start : len(b) - end]
    return max(map(len, rest)) <= 1 or (len(rest[0]) == 2 and rest[0] == rest[1][::-1])


def _common(a: str, b: str) -> int:
    """How many characters both begin with."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def is_text(token: str) -> bool:
    return token[:1] in ("'", '"')


def starts_name(token: str) -> bool:
    return token[:1] == "_" or (token[:1].isalnum() and not token[:1].isdecimal())


def starts_number(token: str) -> bool:
    return token not in (END, ".", "...") and token[0] in "0123456789."


def starts_atom(token: str) -> bool:
    return starts_name(token) or starts_number(token)


def short(token: str) -> str:
    return token if len(token) <= 30 else token[:27] + "..."


def quoted(token: str) -> str:
    """A token for a message."""
    if token in (END, "\n"):
        return "the end of the formula" if token == END else "the end of the line"
    if (len(token) == 1 and not token.isascii()) or not token.isprintable():
        shown = f'"{token}" ' if token.isprintable() else ""
        return f"{shown}(U+{ord(token[0]):04X})" if shown else f"U+{ord(token[0]):04X}"
    return f'"{short(token)}"'
