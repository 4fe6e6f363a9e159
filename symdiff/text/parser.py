"""Text to graph: an operator-precedence parser with explicit stacks, driven by the rows.

Operators, their precedence and the names of functions are read from the rows and from the table of array
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

A name that is a size in ``shapes``, such as the N of ``X: (N, 3)``, is that size. Building goes through the rows,
which fold constants and move signs: ``x + -2`` is ``x - 2``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from ..graph import limits
from ..graph.errors import LimitError, SymdiffError, check_mapping
from ..graph.node import CONST, Node, Op, const, symbol
from ..graph.traversal import gc_paused, topological
from ..ops.scalar import PI
from .brackets import Called, Index, Tuple
from .grammar import compares, counts
from .tokens import COMMA, END, SUBSCRIPTS, WORDS, Tokens, is_text, quoted, short, starts_name, starts_number

#: Characters of a formula, unless the caller says otherwise.
LIMIT_CHARACTERS = 50_000_000

_CHAIN = "&"  # what 0 < x < 1 joins its comparisons with
_AFTER_NAME = frozenset("(=")  # what makes a name a function's or a keyword

Shapes = Mapping[str, Iterable[int | str] | int | str]


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


class _Reader(Tokens):
    """One pass over the tokens with two stacks: values, and operators and brackets that wait for more.

    An entry of ``waiting`` is (strength, what, place of its token, count): an operator with its number of
    arguments (3 in a chain of comparisons), or, with strength 0, a bracket with what it collects (nothing where it
    only groups). Values and numbers met before are in ``known``.
    """

    def __init__(self, text: str, shapes: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.shapes = {name: shape if isinstance(shape, (int, str)) else tuple(shape) for name, shape in shapes.items()}
        self.sizes = _letters(self.shapes)
        self.place = 0
        self.fixed = {PI.name: PI(), "inf": const(float("inf")), "nan": const(float("nan"))}
        self.known: dict[str, Node] = dict(self.fixed)
        self.parts: set[str] = set()
        self.values: list[Any] = limits.bounded("depth")
        self.waiting: list[tuple[int, Any, int, int]] = limits.bounded("depth")
        self.waiting += [(0, None, -1, 0)]
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
        return self.tokens[self.place] != END

    def assigned(self) -> str:
        """The name before ``=`` if the statement starts so, else nothing."""
        name = self.tokens[self.place]
        if self.tokens[self.place + 1] != "=" or not starts_name(name):
            return ""
        self.check_name(name, self.place)
        if name in self.fixed:
            self.fail(f'"{name}" is a constant and cannot name a part', self.place)
        if name in self.sizes:
            self.fail(f'"{short(name)}" is a size in the shapes and cannot name a part', self.place)
        if name in self.known:
            used = "has a value already" if name in self.parts else "is used as a variable before"
            self.fail(f'"{short(name)}" {used}; choose another name for this part', self.place)
        self.place += 2
        return name

    def define(self, name: str, node: Node, place: int) -> None:
        if name in self.known:
            self.fail(f'"{short(name)}" is used in its own definition; choose another name for this part', place)
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
            token = tokens[self.place]
            node = known.get(token)
            self.place += 1
            if node is None or tokens[self.place] in _AFTER_NAME:
                node = self.opening(token)
            if node is not None:
                self.values.append(node)
                return

    def opening(self, token: str) -> Any:
        """A value that is new here, or nothing after a sign, an opening bracket or a keyword."""
        place = self.place - 1
        if token == "(":
            self.bracket(self.tuple_here(place), place)
        elif token in self.prefix:
            strength, op = self.prefix[token]
            self.waiting.append((strength, op, place, 1))
        elif token == "+" or (token == "\n" and self.open):
            return None
        elif starts_number(token):
            return self.known.setdefault(token, self.number(token, place))
        elif token in WORDS or token == "..." or is_text(token):
            return self.literal(token, place)
        elif starts_name(token) and token not in self.infix:
            return self.named(token, place)
        else:
            return self.no_value(token, place)
        return None

    def named(self, token: str, place: int) -> Node | None:
        """A variable, size or constant; or nothing where a call or a keyword argument begins."""
        self.check_name(token, place)
        after = self.tokens[self.place]
        if after == "(":
            self.place += 1
            self.bracket(Called(token, self.candidates(token, place), token in self.arrays), place)
            return None
        if after == "=" and self.keyword(token, place):
            return None
        if token not in self.known:
            if token in self.sizes:
                self.known[token] = self.built(place, self.arrays["size"], token)
            else:
                self.known[token] = self.built(place, symbol, token, self.shapes.get(token, ()))
        return self.known[token]

    def literal(self, token: str, place: int) -> Any:
        """``None``, ``True``, ``...`` or a text, where it may stand."""
        what, before = self.waiting[-1][1], self.before(place)
        begins = isinstance(what, Index) and before in ("[", ",")
        if token in WORDS and ((begins and token == "None") or (isinstance(what, Called) and before == "=")):
            self.alone(f"{token} stands alone and is no part of an expression", place)
            return WORDS[token]
        if token == "..." and begins:
            self.alone('"..." stands alone as an item of an index', place)
            return ...
        if is_text(token) and isinstance(what, Called) and what.name == "einsum" and before == "(":
            return self.subscripts(token, place)
        self.refuse(token, place)
        return None

    def subscripts(self, token: str, place: int) -> str:
        if len(token) < 2:
            self.fail(f"the text of einsum has no {quoted(token)} at its end", place)
        if not SUBSCRIPTS.fullmatch(token, 1, len(token) - 1):
            self.fail('the text of einsum has letters, ",", blanks and "->", as in "ij,jk->ik"', place)
        self.alone("the text of einsum stands alone before the arrays", place)
        return token[1:-1]

    def alone(self, message: str, place: int) -> None:
        """Fail unless the item or argument that was just read ends here."""
        if self.tokens[self.after(self.place)] not in (",", ")", "]", ";", END):
            self.fail(message, place)

    def operator(self) -> bool:
        """Read what follows a value up to an operator or comma; true at the end of the statement."""
        tokens, infix = self.tokens, self.infix
        while True:
            token = tokens[self.place]
            self.place += 1
            found = infix.get(token)
            if found is not None:
                pull, strength, op = found
                if self.waiting[-1][0] >= pull:
                    self.apply(pull)
                count = 2 if self.waiting[-1][0] != strength or pull <= strength else self.chain(op)
                self.waiting.append((strength, op, self.place - 1, count))
                return False
            if token == ")" or token == "]":
                self.close(token)
            elif token == ",":
                self.comma()
                return False
            elif token == "[":
                self.bracket(Index(self.values.pop()), self.place - 1)
                return False
            elif token == ":" and self.open:
                self.colon()
                return False
            elif token == "." and tokens[self.place] == "T":
                self.place += 1
                self.values[-1] = self.built(self.place - 2, self.arrays["T"], self.values[-1])
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
            self.no_operator(token, self.place - 1)
        self.apply(1)
        if self.waiting[-1][2] >= 0:
            self.unclosed(token)
        self.place -= token == END
        return True

    def unclosed(self, token: str) -> NoReturn:
        what = self.waiting[-1][1]
        wanted = f'"{what.closing}" or ","' if what else '")"'
        self.fail(f"expected {wanted} before {quoted(token)}", self.place - 1)

    # -- operators -----------------------------------------------------------------------------------------------

    def apply(self, strength: int) -> None:
        """Apply the waiting operators of at least that strength."""
        values, waiting = self.values, self.waiting
        place = 0
        try:
            while waiting[-1][0] >= strength:
                _, op, place, count = waiting.pop()
                last = values.pop()
                if count == 2:
                    values[-1] = op(values[-1], last)
                elif count == 1:
                    values.append(self.signed(op, last, place))
                else:
                    link = op(values.pop(), last)
                    values[-1] = self.infix[_CHAIN][2](values[-1], link)
        except (SymdiffError, ArithmeticError, ValueError) as error:
            self.blame(error, place)

    def signed(self, op: Op, node: Node, place: int) -> Node:
        """A prefix applied; "-inf" is one number, as no operation folds to it."""
        if node.op is CONST and self.tokens[place + 1] == "inf" and op.prefix == "-":
            return const(-node.value)
        return op(node)

    def built(self, place: int, function: Callable[..., Node], *args: Any) -> Node:
        """What the function makes of the arguments; its errors are shown at the place."""
        try:
            return function(*args)
        except (SymdiffError, ArithmeticError, ValueError) as error:
            self.blame(error, place)

    # -- brackets ------------------------------------------------------------------------------------------------

    def bracket(self, what: Called | Tuple | Index | None, place: int) -> None:
        self.waiting.append((0, what, place, 0))
        self.open += 1

    def tuple_here(self, place: int) -> Tuple | None:
        """What round brackets collect that begin an argument of an array function; others only group."""
        what = self.waiting[-1][1]
        if type(what) is Called and what.array and self.before(place) in ("(", ",", "="):
            return Tuple()
        return None

    def close(self, token: str) -> None:
        """End a bracket after a value."""
        self.apply(1)
        _, what, place, _ = self.waiting[-1]
        if place < 0:
            self.fail(f'there is no "{"(" if token == ")" else "["}" for this "{token}"', self.place - 1)
        if token != (what.closing if what is not None else ")"):
            self.unclosed(token)
        if what is None:
            self.waiting.pop()
            self.open -= 1
        else:
            what.add(self.values.pop())
            self.values.append(self.ended(what, place))

    def ended(self, what: Called | Tuple | Index, place: int) -> Any:
        """The value of a bracket that ends here."""
        self.waiting.pop()
        self.open -= 1
        if isinstance(what, Called):
            return self.call(what, place)
        if isinstance(what, Index):
            return self.built(place, self.arrays["index"], what.target, tuple(what.items))
        return self.grouped(what)

    def grouped(self, what: Tuple) -> Any:
        if what.comma < 0 and what.items:
            return what.items[0]
        self.alone(COMMA, what.comma if what.items else self.place - 1)
        return tuple(what.items)

    def comma(self) -> None:
        self.apply(1)
        what = self.waiting[-1][1]
        if what is None:
            self.fail(COMMA, self.place - 1)
        what.add(self.values.pop())
        if type(what) is Tuple:
            what.comma = self.place - 1
        elif type(what) is Called and what.keywords:
            place = self.after(self.place)
            if self.tokens[place] not in (")", END) and self.tokens[place + 1] != "=":
                self.fail("an argument without a keyword comes before those with one", place)

    def colon(self) -> None:
        """Take a part of a slice."""
        self.apply(1)
        what = self.waiting[-1][1]
        if type(what) is not Index:
            self.refuse(":", self.place - 1)
        self.part(what, self.values.pop())

    def part(self, what: Index, value: Any) -> None:
        if len(what.parts) == 2:
            self.fail("a slice has at most three parts, start:stop:step", self.place - 1)
        what.parts.append(value)

    def keyword(self, name: str, place: int) -> bool:
        """Whether the name before ``=`` begins an argument of a call; then that argument has this keyword."""
        what = self.waiting[-1][1]
        if type(what) is not Called or self.before(place) not in ("(", ","):
            return False
        takes = what.takes()
        if not takes:
            self.fail(f'{what.name} takes no keyword arguments; use "==" to compare', self.place)
        if name not in takes:
            keys = ", ".join(takes)
            self.fail(f'{what.name} has no keyword "{short(name)}"; it takes {keys}', place)
        if name in what.keywords or takes[name] < len(what.items):
            self.fail(f'{what.name} is given "{name}" twice', place)
        what.keyword = name
        self.place += 1
        return True

    def call(self, what: Called, place: int) -> Node:
        name, calls, args = what.name, what.calls, what.items
        if what.array and (what.keywords or any(type(arg) is not Node for arg in args)):
            calls = [call for call in calls if call.keywords is not None]
        for function, low, high, _ in calls:
            if low <= len(args) <= high:
                try:
                    return function(*args, **what.keywords)
                except (SymdiffError, ArithmeticError, ValueError) as error:
                    self.blame(error, place)
        self.fail(f"{name} takes {counts(calls)}, not {len(args)}", place)

    # -- errors --------------------------------------------------------------------------------------------------

    def blame(self, error: Exception, place: int) -> NoReturn:
        """Show an error at its place in the formula, but not a limit, which is of the whole."""
        if isinstance(error, LimitError):
            raise error
        self.fail(str(error), place)

    def no_value(self, token: str, place: int) -> Any:
        """Where a value should begin: what a bracket that may end there makes, nothing after ``:``, or an error."""
        _, what, opened, _ = self.waiting[-1]
        before = self.before(place)
        if isinstance(what, Index) and before in ("[", ",", ":"):
            if token == ":":
                self.part(what, None)
                return None
            if token in (",", "]") and before == ":":
                what.add(None)
                return self.ended(what, opened) if token == "]" else None
            if token == "]" and before == "[":
                self.fail('expected an item before "]"; write x[0], or x[:] for all of x', place)
        if token == ")" and ((before == "(" and what) or (before == "," and isinstance(what, Tuple))):
            return self.ended(what, opened)
        if not (token == ":" and self.open):
            self.refuse(token, place)
        if token == "|":
            self.fail('"|" joins truth values; write abs(x) for the absolute value', place)
        before = self.tokens[place - 1] if place else "\n"
        if before in ("\n", ";", "=") or (before == "(" and token not in (END, ")")):
            self.fail(f"expected a value before {quoted(token)}", place)
        self.fail(f"expected a value after {quoted(before)}", place)


def _letters(shapes: Mapping[str, Any]) -> set[str]:
    """The sizes with a name, less those that are variables."""
    sizes = (size for shape in shapes.values() for size in (shape if isinstance(shape, tuple) else (shape,)))
    return {size for size in sizes if isinstance(size, str)} - shapes.keys()
