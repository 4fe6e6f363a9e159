"""The two stacks of the parser: values, and operators and brackets that wait for more; what applies and closes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from ..graph import limits
from ..graph.errors import LimitError, SymdiffError
from ..graph.leaves import CONST, const
from ..graph.node import Node, Op
from ..ops.scalar import PI
from .brackets import Called, Index, Tuple
from .grammar import counts
from .tokens import COMMA, END, SUBSCRIPTS, WORDS, Tokens, is_text, quoted, short

_CHAIN = "&"  # what 0 < x < 1 joins its comparisons with

Shapes = Mapping[str, Iterable[int | str] | int | str]


class Stacks(Tokens):
    """Values, and operators and brackets that wait for more.

    An entry of ``waiting`` is (strength, what, place of its token, count): an operator with its number of
    arguments (3 in a chain of comparisons), or, with strength 0, a bracket with what it collects (nothing where it
    only groups). Values and numbers met before are in ``known``.
    """

    def __init__(self, text: str, shapes: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.shapes = {name: shape if isinstance(shape, (int, str)) else tuple(shape) for name, shape in shapes.items()}
        self.sizes = _letters(self.shapes)
        self.position = 0
        self.fixed = {PI.name: PI(), "inf": const(float("inf")), "nan": const(float("nan"))}
        self.known: dict[str, Node] = dict(self.fixed)
        self.parts: set[str] = set()
        self.values: list[Any] = limits.bounded("depth")
        self.waiting: list[tuple[int, Any, int, int]] = limits.bounded("depth")
        self.waiting += [(0, None, -1, 0)]
        self.open = 0  # brackets that wait

    # -- operators -----------------------------------------------------------------------------------------------

    def apply(self, strength: int) -> None:
        """Apply the waiting operators of at least that strength."""
        values, waiting = self.values, self.waiting
        position = 0
        try:
            while waiting[-1][0] >= strength:
                _, op, position, count = waiting.pop()
                last = values.pop()
                if count == 2:
                    values[-1] = op(values[-1], last)
                elif count == 1:
                    values.append(self.signed(op, last, position))
                else:
                    link = op(values.pop(), last)
                    values[-1] = self.infix[_CHAIN][2](values[-1], link)
        except (SymdiffError, ArithmeticError, ValueError) as error:
            self.blame(error, position)

    def signed(self, op: Op, node: Node, position: int) -> Node:
        """A prefix applied; "-inf" is one number, as no operation folds to it."""
        if node.op is CONST and self.tokens[position + 1] == "inf" and op.prefix == "-":
            return const(-node.value)
        return op(node)

    def built(self, position: int, function: Callable[..., Node], *args: Any) -> Node:
        """What the function makes of the arguments; its errors are shown at the place."""
        try:
            return function(*args)
        except (SymdiffError, ArithmeticError, ValueError) as error:
            self.blame(error, position)

    # -- brackets ------------------------------------------------------------------------------------------------

    def bracket(self, what: Called | Tuple | Index | None, position: int) -> None:
        self.waiting.append((0, what, position, 0))
        self.open += 1

    def tuple_here(self, position: int) -> Tuple | None:
        """What round brackets collect that begin an argument of an array function; others only group."""
        what = self.waiting[-1][1]
        if type(what) is Called and what.array and self.before(position) in ("(", ",", "="):
            return Tuple()
        return None

    def close(self, token: str) -> None:
        """End a bracket after a value."""
        self.apply(1)
        _, what, position, _ = self.waiting[-1]
        if position < 0:
            self.fail(f'there is no "{"(" if token == ")" else "["}" for this "{token}"', self.position - 1)
        if token != (what.closing if what is not None else ")"):
            self.unclosed(token)
        if what is None:
            self.waiting.pop()
            self.open -= 1
        else:
            what.add(self.values.pop())
            self.values.append(self.ended(what, position))

    def ended(self, what: Called | Tuple | Index, position: int) -> Any:
        """The value of a bracket that ends here."""
        self.waiting.pop()
        self.open -= 1
        if isinstance(what, Called):
            return self.call(what, position)
        if isinstance(what, Index):
            return self.built(position, self.arrays["index"], what.target, tuple(what.items))
        return self.grouped(what)

    def grouped(self, what: Tuple) -> Any:
        if what.comma < 0 and what.items:
            return what.items[0]
        self.alone(COMMA, what.comma if what.items else self.position - 1)
        return tuple(what.items)

    def comma(self) -> None:
        self.apply(1)
        what = self.waiting[-1][1]
        if what is None:
            self.fail(COMMA, self.position - 1)
        what.add(self.values.pop())
        if type(what) is Tuple:
            what.comma = self.position - 1
        elif type(what) is Called and what.keywords:
            position = self.after(self.position)
            if self.tokens[position] not in (")", END) and self.tokens[position + 1] != "=":
                self.fail("an argument without a keyword comes before those with one", position)

    def colon(self) -> None:
        """Take a part of a slice."""
        self.apply(1)
        what = self.waiting[-1][1]
        if type(what) is not Index:
            self.refuse(":", self.position - 1)
        self.part(what, self.values.pop())

    def part(self, what: Index, value: Any) -> None:
        if len(what.parts) == 2:
            self.fail("a slice has at most three parts, start:stop:step", self.position - 1)
        what.parts.append(value)

    def keyword(self, name: str, position: int) -> bool:
        """Whether the name before ``=`` begins an argument of a call; then that argument has this keyword."""
        what = self.waiting[-1][1]
        if type(what) is not Called or self.before(position) not in ("(", ","):
            return False
        takes = what.takes()
        if not takes:
            self.fail(f'{what.name} takes no keyword arguments; use "==" to compare', self.position)
        if name not in takes:
            keys = ", ".join(takes)
            self.fail(f'{what.name} has no keyword "{short(name)}"; it takes {keys}', position)
        if name in what.keywords or takes[name] < len(what.items):
            self.fail(f'{what.name} is given "{name}" twice', position)
        what.keyword = name
        self.position += 1
        return True

    def call(self, what: Called, position: int) -> Node:
        name, calls, args = what.name, what.calls, what.items
        if what.array and (what.keywords or any(type(arg) is not Node for arg in args)):
            calls = [call for call in calls if call.keywords is not None]
        for function, low, high, _ in calls:
            if low <= len(args) <= high:
                try:
                    return function(*args, **what.keywords)
                except (SymdiffError, ArithmeticError, ValueError) as error:
                    self.blame(error, position)
        self.fail(f"{name} takes {counts(calls)}, not {len(args)}", position)

    # -- texts and errors ----------------------------------------------------------------------------------------

    def literal(self, token: str, position: int) -> Any:
        """``None``, ``True``, ``...`` or a text, where it may stand."""
        what, before = self.waiting[-1][1], self.before(position)
        begins = isinstance(what, Index) and before in ("[", ",")
        if token in WORDS and ((begins and token == "None") or (isinstance(what, Called) and before == "=")):
            self.alone(f"{token} stands alone and is no part of an expression", position)
            return WORDS[token]
        if token == "..." and begins:
            self.alone('"..." stands alone as an item of an index', position)
            return ...
        if is_text(token) and isinstance(what, Called) and what.name == "einsum" and before == "(":
            return self.subscripts(token, position)
        self.refuse(token, position)
        return None

    def subscripts(self, token: str, position: int) -> str:
        if len(token) < 2:
            self.fail(f"the text of einsum has no {quoted(token)} at its end", position)
        if not SUBSCRIPTS.fullmatch(token, 1, len(token) - 1):
            self.fail('the text of einsum has letters, ",", blanks and "->", as in "ij,jk->ik"', position)
        self.alone("the text of einsum stands alone before the arrays", position)
        return token[1:-1]

    def alone(self, message: str, position: int) -> None:
        """Fail unless the item or argument that was just read ends here."""
        if self.tokens[self.after(self.position)] not in (",", ")", "]", ";", END):
            self.fail(message, position)

    def unclosed(self, token: str) -> NoReturn:
        what = self.waiting[-1][1]
        wanted = f'"{what.closing}" or ","' if what else '")"'
        self.fail(f"expected {wanted} before {quoted(token)}", self.position - 1)

    def blame(self, error: Exception, position: int) -> NoReturn:
        """Show an error at its place in the formula, but not a limit, which is of the whole."""
        if isinstance(error, LimitError):
            raise error
        self.fail(str(error), position)

    def no_value(self, token: str, position: int) -> Any:
        """Where a value should begin: what a bracket that may end there makes, nothing after ``:``, or an error."""
        _, what, opened, _ = self.waiting[-1]
        before = self.before(position)
        if isinstance(what, Index) and before in ("[", ",", ":"):
            if token == ":":
                self.part(what, None)
                return None
            if token in (",", "]") and before == ":":
                what.add(None)
                return self.ended(what, opened) if token == "]" else None
            if token == "]" and before == "[":
                self.fail('expected an item before "]"; write x[0], or x[:] for all of x', position)
        if token == ")" and ((before == "(" and what) or (before == "," and isinstance(what, Tuple))):
            return self.ended(what, opened)
        if not (token == ":" and self.open):
            self.refuse(token, position)
        if token == "|":
            self.fail('"|" joins truth values; write abs(x) for the absolute value', position)
        before = self.tokens[position - 1] if position else "\n"
        if before in ("\n", ";", "=") or (before == "(" and token not in (END, ")")):
            self.fail(f"expected a value before {quoted(token)}", position)
        self.fail(f"expected a value after {quoted(before)}", position)


def _letters(shapes: Mapping[str, Any]) -> set[str]:
    """The sizes with a name, less those that are variables."""
    sizes = (size for shape in shapes.values() for size in (shape if isinstance(shape, tuple) else (shape,)))
    return {size for size in sizes if isinstance(size, str)} - shapes.keys()
