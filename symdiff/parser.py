"""Text to graph: an operator-precedence parser with explicit stacks, driven by the rows.

Operators, their precedence and the names of functions are read from the rows. The text is never given to
Python. The grammar, loosest first; every level but ``**`` groups to the left::

    formula     statement, separated by ";" or line breaks; "#" starts a comment
    statement   NAME = expression, for all but the last, which is the expression that is the result
    expression  a | b,  a or b
                a & b,  a and b
                ~a,  not a
                a < b,  <=  >  >=  ==  !=       0 < x < 1 means (0 < x) & (x < 1)
                a + b,  a - b
                a * b,  a / b,  a % b
                -a,  +a
                a ** b,  a ^ b                  to the right; b may start with a sign: 2**-x
                NUMBER,  NAME,  NAME(a, ...),  (a)

Building goes through the rows, which fold constants and move signs: ``x + -2`` is ``x - 2``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from keyword import iskeyword
from typing import Any, NamedTuple, NoReturn
from unicodedata import normalize

from .errors import LimitError, ParseError, SymdiffError
from .expr import CONST, PI, ROWS, Node, Row, const, symbol
from .ops.rewritten import FUNCTIONS
from .walk import growing

#: Characters of a formula, unless the caller says otherwise.
LIMIT_CHARACTERS = 50_000_000
#: Digits of a whole number; Python refuses longer ones too.
LIMIT_DIGITS = 4300

_TOKEN = re.compile(
    r"[ \t\r\f]*(?:#[^\n]*)?"
    r"((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[^\W\d]\w*|\*\*|//|:=|&&|\|\||[<>=!]=|.|\n|\Z)",
    re.DOTALL,
)
_END = ""
_ALIASES = {"^": "**", "and": "&", "or": "|", "not": "~"}
_GROUPS_RIGHT = {"**"}
_CHAIN = "&"  # what 0 < x < 1 joins its comparisons with
_UNKNOWN = "is not part of the formula language"
_REFUSED = {
    "@": 'the matrix product "@" of scalars is not defined; use "*"',
    ".": f'attribute access with "." {_UNKNOWN}',
    "[": f'indexing or a list with "[" {_UNKNOWN}',
    "]": f'indexing or a list with "]" {_UNKNOWN}',
    "{": f'"{{" {_UNKNOWN}; use "("',
    "}": f'"}}" {_UNKNOWN}; use ")"',
    "'": f"text in quotes {_UNKNOWN}",
    '"': f"text in quotes {_UNKNOWN}",
    ":": f'":" {_UNKNOWN}',
    ":=": f'":=" {_UNKNOWN}; name a part with "=", as in a = x + 1; a**2',
    "=": 'use "==" to compare; "=" names a part at the start of a statement, as in a = x + 1; a**2',
    "!": f'"!" {_UNKNOWN}; write gamma(n + 1) for a factorial',
    "//": f'"//" {_UNKNOWN}; write floor(a/b)',
    "&&": 'use "&" in place of "&&"',
    "||": 'use "|" in place of "||"',
}
_PLAIN = {
    **dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\u2012", "-"),
    **dict.fromkeys("\u00d7\u00b7\u22c5\u2217\u2022\u2219", "*"),
    **dict.fromkeys("\u00f7\u2215\u2044", "/"),
    **{"\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u00b2": "**2", "\u00b3": "**3", "\u221a": "sqrt"},
    **{"\u02c4": "^", "\u2227": "&", "\u2228": "|", "\u00ac": "~", "\u201a": ",", "\u037e": ";"},
}

Call = tuple[Callable[..., Node], int, float]


class _Grammar(NamedTuple):
    """What the rows say: infix and prefix operators by symbol, and functions by name with numbers of arguments.

    An operator first applies the waiting ones at least as strong as its ``pull``, then waits with its strength.
    """

    infix: dict[str, tuple[int, int, Row]]
    prefix: dict[str, tuple[int, Row]]
    calls: dict[str, list[Call]]


@lru_cache(maxsize=4)
def _grammar(rows: tuple[Row, ...]) -> _Grammar:
    infix: dict[str, tuple[int, int, Row]] = {}
    prefix: dict[str, tuple[int, Row]] = {}
    calls: dict[str, list[Call]] = {}
    for row in rows:
        strength = 2 * row.precedence
        if row.infix:
            left = row.infix not in _GROUPS_RIGHT and not _compares(row)
            infix[row.infix] = (strength if left else strength + 1, strength, row)
        if row.prefix:
            prefix[row.prefix] = (strength, row)
        for name in (row.name, *row.aliases) if row.arity else ():
            calls.setdefault(name, []).append((row, row.arity, row.arity))
    for name, function in FUNCTIONS.items():
        calls.setdefault(name, []).append(_counted(function))
    for alias, operator in _ALIASES.items():
        if operator in infix:
            infix[alias] = infix[operator]
        if operator in prefix:
            prefix[alias] = prefix[operator]
    return _Grammar(infix, prefix, calls)


def _compares(row: Row) -> bool:
    return row.predicate and not row.logical


def _counted(function: Callable[..., Node]) -> Call:
    if isinstance(function, Row):
        return function, function.arity, function.arity
    code = function.__code__
    return function, code.co_argcount, float("inf") if code.co_flags & 4 else code.co_argcount


def parse(
    text: str,
    shapes: Mapping[str, Iterable[int | str] | int | str] | None = None,
    *,
    limit: int | None = None,
) -> Node:
    """The expression that a formula says; names that are not called become variables.

    ``shapes`` gives the shapes of variables that are not scalars; ``limit`` is the largest number of characters
    (LIMIT_CHARACTERS unless given). Raises ParseError with the place, or LimitError.

    >>> parse("2*x^2 + -y")
    2*x**2 - y
    >>> parse("a = exp(x); a*sin(a)")
    exp(x)*sin(exp(x))
    >>> parse("2 x")
    Traceback (most recent call last):
    symdiff.errors.ParseError: expected an operator between "2" and "x"; write 2*x (line 1, column 3)
      2 x
        ^
    """
    if not isinstance(text, str):
        raise SymdiffError(f"a formula is text, not {type(text).__name__}")
    most = LIMIT_CHARACTERS if limit is None else limit
    if len(text) > most:
        raise LimitError(f"the formula has {len(text)} characters and the limit is {most}; pass a larger limit")
    with growing():
        return _Reader(text, shapes or {}).formula()


class _Reader:
    """One pass over the tokens with two stacks: values, and operators and brackets that wait for more.

    An entry of ``waiting`` is (strength, what, place of its token, count): an operator with its number of
    arguments (3 in a chain of comparisons), or, with strength 0, a bracket with the calls that it may be and the
    number of values before it. Values and numbers met before are in ``known``.
    """

    def __init__(self, text: str, shapes: Mapping[str, Any]) -> None:
        self.text, self.shapes = text, shapes
        self.tokens: list[str] = [*_TOKEN.findall(text), _END]
        self.place = 0
        self.infix, self.prefix, self.calls = _grammar(tuple(ROWS.values()))
        self.fixed = {PI.name: PI(), "inf": const(float("inf")), "nan": const(float("nan"))}
        self.known: dict[str, Node] = dict(self.fixed)
        self.parts: set[str] = set()
        self.values: list[Node] = []
        self.waiting: list[tuple[int, Any, int, int]] = [(0, None, -1, 0)]
        self.open = 0  # brackets that wait

    # -- statements ----------------------------------------------------------------------------------------------

    def formula(self) -> Node:
        result, start = None, 0
        while self.next_statement():
            if result is not None:
                self.fail("only the last statement stands without a name; name this one, as in a = x + 1", start)
            start = self.place
            name = self.assigned()
            node = self.expression()
            if name:
                self.define(name, node, start)
            else:
                result = node
        if result is None:
            self.fail(
                "the formula is empty; write an expression such as x**2 + 1"
                if not self.parts
                else "the last statement names a part; the formula ends with the expression that is its result",
                start if self.parts else self.place,
            )
        return result

    def next_statement(self) -> bool:
        while self.tokens[self.place] in ("\n", ";"):
            self.place += 1
        return self.tokens[self.place] != _END

    def assigned(self) -> str:
        """The name before ``=`` if the statement starts so, else nothing."""
        name = self.tokens[self.place]
        if self.tokens[self.place + 1] != "=" or not _starts_name(name):
            return ""
        self.check_name(name, self.place)
        if name in self.fixed:
            self.fail(f'"{name}" is a constant and cannot name a part', self.place)
        if name in self.known:
            used = "has a value already" if name in self.parts else "is used as a variable before"
            self.fail(f'"{_short(name)}" {used}; choose another name for this part', self.place)
        self.place += 2
        return name

    def define(self, name: str, node: Node, place: int) -> None:
        if name in self.known:
            self.fail(f'"{_short(name)}" is used in its own definition; choose another name for this part', place)
        self.known[name] = node
        self.parts.add(name)

    def expression(self) -> Node:
        while True:
            self.operand()
            if self.operator():
                return self.values.pop()

    # -- the two states ------------------------------------------------------------------------------------------

    def operand(self) -> None:
        """Read signs and opening brackets up to a value."""
        tokens, known = self.tokens, self.known
        while True:
            token = tokens[self.place]
            node = known.get(token)
            self.place += 1
            if node is None or tokens[self.place] == "(":
                node = self.opening(token)
            if node is not None:
                self.values.append(node)
                return

    def opening(self, token: str) -> Node | None:
        """A value that is new here, or nothing after a sign or an opening bracket."""
        place = self.place - 1
        if token == "(":
            self.bracket(None, place)
        elif token in self.prefix:
            strength, row = self.prefix[token]
            self.waiting.append((strength, row, place, 1))
        elif token == "+" or (token == "\n" and self.open):
            return None
        elif _starts_number(token):
            return self.known.setdefault(token, self.number(token, place))
        elif _starts_name(token) and token not in self.infix:
            return self.named(token, place)
        else:
            return self.no_value(token, place)
        return None

    def named(self, token: str, place: int) -> Node | None:
        """A variable or constant; or nothing where a call begins, or the value of a call without arguments."""
        self.check_name(token, place)
        if self.tokens[self.place] == "(":
            self.place += 1
            self.bracket((token, self.candidates(token, place)), place)
            return None
        try:
            node = symbol(token, self.shapes.get(token, ()))
        except SymdiffError as error:
            self.fail(str(error), place)
        return self.known.setdefault(token, node)

    def operator(self) -> bool:
        """Read closing brackets up to an operator or comma; true at the end of the statement."""
        tokens, infix = self.tokens, self.infix
        while True:
            token = tokens[self.place]
            self.place += 1
            found = infix.get(token)
            if found is not None:
                pull, strength, row = found
                if self.waiting[-1][0] >= pull:
                    self.apply(pull)
                count = 2 if self.waiting[-1][0] != strength or pull <= strength else self.chain(row)
                self.waiting.append((strength, row, self.place - 1, count))
                return False
            if token == ")":
                self.close()
            elif token == ",":
                self.comma()
                return False
            elif self.ends(token):
                return True

    def chain(self, row: Row) -> int:
        """Where a comparison follows a comparison, keep their shared operand; the number of arguments that makes."""
        if not _compares(row):
            return 2
        shared = self.values[-1]
        self.apply(self.waiting[-1][0])
        self.values.append(shared)
        return 3

    def ends(self, token: str) -> bool:
        if token == "\n" and self.open:
            return False
        if token not in (_END, ";", "\n"):
            self.no_operator(token, self.place - 1)
        self.apply(1)
        _, call, place, _ = self.waiting[-1]
        if place >= 0:
            wanted = '")" or ","' if call else '")"'
            self.fail(f"expected {wanted} before {_quoted(token)}", self.place - 1)
        self.place -= token == _END
        return True

    # -- building ------------------------------------------------------------------------------------------------

    def apply(self, strength: int) -> None:
        """Apply the waiting operators of at least that strength."""
        values, waiting = self.values, self.waiting
        place = 0
        try:
            while waiting[-1][0] >= strength:
                _, row, place, count = waiting.pop()
                last = values.pop()
                if count == 2:
                    values[-1] = row(values[-1], last)
                elif count == 1:
                    values.append(self.signed(row, last, place))
                else:
                    link = row(values.pop(), last)
                    values[-1] = self.infix[_CHAIN][2](values[-1], link)
        except (SymdiffError, ArithmeticError, ValueError) as error:
            self.fail(str(error), place)

    def signed(self, row: Row, node: Node, place: int) -> Node:
        """A prefix applied; "-inf" is one number, as no operation folds to it."""
        if node.op is CONST and self.tokens[place + 1] == "inf" and row.prefix == "-":
            return const(-node.value)
        return row(node)

    def bracket(self, call: tuple[str, list[Call]] | None, place: int) -> None:
        self.waiting.append((0, call, place, len(self.values)))
        self.open += 1

    def close(self) -> None:
        self.apply(1)
        _, call, place, start = self.waiting.pop()
        if place < 0:
            self.fail('there is no "(" for this ")"', self.place - 1)
        self.open -= 1
        if call:
            args = self.values[start:]
            del self.values[start:]
            self.values.append(self.call(call, args, place))

    def comma(self) -> None:
        self.apply(1)
        if not self.waiting[-1][1]:
            self.fail('"," separates the arguments of a function and has no meaning here', self.place - 1)

    def call(self, call: tuple[str, list[Call]], args: list[Node], place: int) -> Node:
        name, candidates = call
        for function, low, high in candidates:
            if low <= len(args) <= high:
                try:
                    return function(*args)
                except (SymdiffError, ArithmeticError, ValueError) as error:
                    self.fail(str(error), place)
        wanted = " or ".join(f"{low}" if low == high else f"{low} or more" for _, low, high in candidates)
        self.fail(f"{name} takes {wanted} argument{'s' * (wanted != '1')}, not {len(args)}", place)

    def number(self, token: str, place: int) -> Node:
        if token.isdigit():
            if len(token) > LIMIT_DIGITS:
                self.fail(f"number too large: it has {len(token)} digits and the limit is {LIMIT_DIGITS}", place)
            return const(int(token))
        value = float(token)
        if value == float("inf"):
            self.fail("number too large: a floating-point number is below 1.8e308", place)
        if value == 0 and token.lower().partition("e")[0].strip("0.") != "":
            self.fail("number too small: a floating-point number is 0 or above 4.9e-324", place)
        return const(value)

    def candidates(self, name: str, place: int) -> list[Call]:
        found = self.calls.get(name)
        if found is None:
            from difflib import get_close_matches

            near = get_close_matches(name, self.calls, 1)
            hint = f'did you mean "{near[0]}"?' if near else f"write {_short(name)}*(...) to multiply"
            self.fail(f'unknown function "{_short(name)}"; {hint}', place)
        return found

    # -- errors --------------------------------------------------------------------------------------------------

    def fail(self, message: str, place: int) -> NoReturn:
        for index, match in enumerate(_TOKEN.finditer(self.text)):
            if index == place or match.end() == len(self.text) == match.start(1):
                break
        raise ParseError(message, self.text, match.start(1)) from None

    def check_name(self, name: str, place: int) -> None:
        if iskeyword(name):
            self.fail(f'the Python word "{name}" {_UNKNOWN}; choose another name', place)
        if name.startswith("__"):
            self.fail("a name does not start with two underscores", place)
        if name.isascii():
            return
        self.check_characters(name, place)
        plain = normalize("NFKC", name)
        if plain != name or not name.isidentifier():
            self.fail(f'use the plain letter or letters "{_short(plain)}" in place of "{_short(name)}"', place)

    def check_characters(self, token: str, place: int) -> None:
        for character in token:
            if character in _PLAIN:
                self.fail(f'use "{_PLAIN[character]}" in place of {_quoted(character)}', place)

    def refuse(self, token: str, place: int) -> None:
        """Fail where the token has no place in any formula."""
        if token in _REFUSED:
            self.fail(_REFUSED[token], place)
        self.check_characters(token, place)
        if not token.isascii() and not _starts_name(token):
            plain = normalize("NFKC", token)
            if plain.isascii() and plain.isprintable():
                self.fail(f'use the plain character "{plain}" in place of {_quoted(token)}', place)
        if not (token in "(),;\n" or token in self.infix or token in self.prefix or _starts_atom(token)):
            self.fail(f"the character {_quoted(token)} {_UNKNOWN}", place)

    def no_value(self, token: str, place: int) -> Node | None:
        """Fail where a value should begin, unless ``)`` ends a call without arguments."""
        self.refuse(token, place)
        before = self.tokens[place - 1] if place else "\n"
        _, call, opened, _ = self.waiting[-1]
        if token == ")" and before == "(" and call:
            self.waiting.pop()
            self.open -= 1
            return self.call(call, [], opened)
        if before in ("\n", ";", "=") or (before == "(" and token not in (_END, ")")):
            self.fail(f"expected a value before {_quoted(token)}", place)
        self.fail(f"expected a value after {_quoted(before)}", place)

    def no_operator(self, token: str, place: int) -> NoReturn:
        self.refuse(token, place)
        before = self.tokens[place - 1]
        simple = _starts_atom(before) and _starts_atom(token)
        hint = f"{_short(before)}*{_short(token)}" if simple else '"*" to multiply'
        self.fail(f"expected an operator between {_quoted(before)} and {_quoted(token)}; write {hint}", place)


def _starts_name(token: str) -> bool:
    return token[:1] == "_" or (token[:1].isalnum() and not token[:1].isdecimal())


def _starts_number(token: str) -> bool:
    return token not in (_END, ".") and token[0] in "0123456789."


def _starts_atom(token: str) -> bool:
    return _starts_name(token) or _starts_number(token)


def _short(token: str) -> str:
    return token if len(token) <= 30 else token[:27] + "..."


def _quoted(token: str) -> str:
    """A token for a message."""
    if token in (_END, "\n"):
        return "the end of the formula" if token == _END else "the end of the line"
    if (len(token) == 1 and not token.isascii()) or not token.isprintable():
        shown = f'"{token}" ' if token.isprintable() else ""
        return f"{shown}(U+{ord(token[0]):04X})" if shown else f"U+{ord(token[0]):04X}"
    return f'"{_short(token)}"'
