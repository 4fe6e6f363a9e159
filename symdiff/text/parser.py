"""Text to graph: an operator-precedence parser with explicit stacks, driven by what operations declare.

Operators, their precedence and the names of functions are read from the declarations of operations and array
functions. The text is never given to Python. The grammar, loosest first; every level but ``**`` groups to the
left::

    formula     statement, separated by ";" or line breaks; "#" starts a comment
    statement   NAME = expression, for all but the last, which is the expression that is the result
    expression  a | b,  a or b
                a & b,  a and b
                ~a,  not a
                a < b,  <=  >  >=  ==  !=       0 < x < 1 means (0 < x) & (x < 1)
                a + b,  a - b
                a * b,  a / b,  a % b,  a @ b
                -a,  +a
                a ** b,  a ^ b                  to the right; b may start with a sign: 2**-x
                a.T,  a[item, ...]
                NUMBER,  NAME,  NAME(argument, ...),  (a)
    item        a,  a:b,  a:b:c,  None,  "..."  a part of a slice may be left out: x[:], x[::2]
    argument    a,  NAME=a                      of an array function also the following:
                (a, ...),  NAME=(a, ...),  NAME=None,  NAME=True
                "ij,jk->ik"                     first in einsum

A name that is a size in ``shapes``, such as the N of ``X: (N, 3)``, is that size. Building goes through the operations,
which fold constants and move signs: ``x + -2`` is ``x - 2``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..graph import limits
from ..graph.errors import LimitError, SymdiffError, check_mapping
from ..graph.leaves import symbol
from ..graph.node import Node
from ..graph.traversal import gc_paused, topological
from .brackets import Called, Index
from .grammar import compares
from .stacks import Shapes, Stacks
from .tokens import END, WORDS, is_text, short, starts_name, starts_number

#: Characters of a formula, unless the caller says otherwise.
LIMIT_CHARACTERS = 50_000_000

_AFTER_NAME = frozenset("(=")  # what makes a name a function's or a keyword


def parse(text: str, shapes: Shapes | None = None, *, limit: int | None = None) -> Node:
    """The expression that a formula says; names that are not called become variables.

    ``shapes`` gives the shapes of variables that are not scalars; ``limit`` is the largest number of characters
    (LIMIT_CHARACTERS unless given). Raises ParseError with the place, or LimitError.

    >>> parse("2*x^2 + -y")
    2*x**2 - y
    >>> parse("a = exp(x); a*sin(a)")
    exp(x)*sin(exp(x))
    >>> parse("X.T @ X[:, 0] / N", shapes={"X": ("N", 3)}).shape
    (3,)
    >>> parse("2 x")
    Traceback (most recent call last):
    symdiff.graph.errors.ParseError: expected an operator between "2" and "x"; write 2*x (line 1, column 3)
      2 x
        ^
    """
    if not isinstance(text, str):
        raise SymdiffError(f"a formula is text, not {type(text).__name__}")
    limits.check("characters", len(text))
    most = LIMIT_CHARACTERS if limit is None else limit
    if len(text) > most:
        raise LimitError(f"the formula has {len(text)} characters and the limit is {most}; pass a larger limit")
    check_mapping("shapes are a dict such as {'X': ('n', 3)}", shapes or {})
    with gc_paused():
        root = _Reader(text, shapes or {}).formula()
    if limits.limited():
        topological(root)  # counts the nodes that were there before, too
    return root


class _Reader(Stacks):
    """One pass over the tokens: statements, and in each the two states of expecting an operand or an operator."""

    # -- statements ----------------------------------------------------------------------------------------------

    def formula(self) -> Node:
        result, start = None, 0
        while self.next_statement():
            if result is not None:
                self.fail("only the last statement stands without a name; name this one, as in a = x + 1", start)
            start = self.position
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
                start if self.parts else self.position,
            )
        return result

    def next_statement(self) -> bool:
        while self.tokens[self.position] in ("\n", ";"):
            self.position += 1
        return self.tokens[self.position] != END

    def assigned(self) -> str:
        """The name before ``=`` if the statement starts so, else nothing."""
        name = self.tokens[self.position]
        if self.tokens[self.position + 1] != "=" or not starts_name(name):
            return ""
        self.check_name(name, self.position)
        if name in self.fixed:
            self.fail(f'"{name}" is a constant and cannot name a part', self.position)
        if name in self.sizes:
            self.fail(f'"{short(name)}" is a size in the shapes and cannot name a part', self.position)
        if name in self.known:
            used = "has a value already" if name in self.parts else "is used as a variable before"
            self.fail(f'"{short(name)}" {used}; choose another name for this part', self.position)
        self.position += 2
        return name

    def define(self, name: str, node: Node, position: int) -> None:
        if name in self.known:
            self.fail(f'"{short(name)}" is used in its own definition; choose another name for this part', position)
        self.known[name] = node
        self.parts.add(name)

    def expression(self) -> Node:
        while True:
            self.operand()
            if self.operator():
                return self.values.pop()  # type: ignore[no-any-return]

    # -- the two states ------------------------------------------------------------------------------------------

    def operand(self) -> None:
        """Read signs and opening brackets up to a value."""
        tokens, known = self.tokens, self.known
        while True:
            token = tokens[self.position]
            node = known.get(token)
            self.position += 1
            if node is None or tokens[self.position] in _AFTER_NAME:
                node = self.opening(token)
            if node is not None:
                self.values.append(node)
                return

    def opening(self, token: str) -> Any:
        """A value that is new here, or nothing after a sign, an opening bracket or a keyword."""
        position = self.position - 1
        if token == "(":
            self.bracket(self.tuple_here(position), position)
        elif token in self.prefix:
            strength, op = self.prefix[token]
            self.waiting.append((strength, op, position, 1))
        elif token == "+" or (token == "\n" and self.open):
            return None
        elif starts_number(token):
            return self.known.setdefault(token, self.number(token, position))
        elif token in WORDS or token == "..." or is_text(token):
            return self.literal(token, position)
        elif starts_name(token) and token not in self.infix:
            return self.named(token, position)
        else:
            return self.no_value(token, position)
        return None

    def named(self, token: str, position: int) -> Node | None:
        """A variable, size or constant; or nothing where a call or a keyword argument begins."""
        self.check_name(token, position)
        after = self.tokens[self.position]
        if after == "(":
            self.position += 1
            self.bracket(Called(token, self.candidates(token, position), token in self.arrays), position)
            return None
        if after == "=" and self.keyword(token, position):
            return None
        if token not in self.known:
            if token in self.sizes:
                self.known[token] = self.built(position, self.arrays["size"], token)
            else:
                self.known[token] = self.built(position, symbol, token, self.shapes.get(token, ()))
        return self.known[token]

    def operator(self) -> bool:
        """Read what follows a value up to an operator or comma; true at the end of the statement."""
        tokens, infix = self.tokens, self.infix
        while True:
            token = tokens[self.position]
            self.position += 1
            found = infix.get(token)
            if found is not None:
                pull, strength, op = found
                if self.waiting[-1][0] >= pull:
                    self.apply(pull)
                count = 2 if self.waiting[-1][0] != strength or pull <= strength else self.chain(op)
                self.waiting.append((strength, op, self.position - 1, count))
                return False
            if token == ")" or token == "]":
                self.close(token)
            elif token == ",":
                self.comma()
                return False
            elif token == "[":
                self.bracket(Index(self.values.pop()), self.position - 1)
                return False
            elif token == ":" and self.open:
                self.colon()
                return False
            elif token == "." and tokens[self.position] == "T":
                self.position += 1
                self.values[-1] = self.built(self.position - 2, self.arrays["T"], self.values[-1])
            elif self.ends(token):
                return True

    def chain(self, op: Callable[..., Node]) -> int:
        """Where a comparison follows a comparison, keep their shared operand; the number of arguments that makes."""
        if not compares(op):
            return 2
        shared = self.values[-1]
        self.apply(self.waiting[-1][0])
        self.values.append(shared)
        return 3

    def ends(self, token: str) -> bool:
        if token == "\n" and self.open:
            return False
        if token not in (END, ";", "\n"):
            self.no_operator(token, self.position - 1)
        self.apply(1)
        if self.waiting[-1][2] >= 0:
            self.unclosed(token)
        self.position -= token == END
        return True
