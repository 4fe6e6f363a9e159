"""Every error a user can cause, each one clear sentence."""

from __future__ import annotations

from collections.abc import Mapping


class SymdiffError(Exception):
    """Base of all errors that symdiff raises on purpose.

    >>> import symdiff as sd
    >>> sd.grad(sd.symbol("x"), 2)
    Traceback (most recent call last):
    symdiff.graph.errors.SymdiffError: differentiate by a variable or a list of variables, not by 2
    """


class ShapeError(SymdiffError):
    """Shapes that do not fit together, or a value whose shape is not the declared one.

    >>> import symdiff as sd
    >>> sd.symbol("a", 2) + sd.symbol("b", 3)
    Traceback (most recent call last):
    symdiff.graph.errors.ShapeError: add cannot combine the shapes (2,) and (3,): sizes must be equal or 1
    """


class DomainError(SymdiffError):
    """A value outside the domain of an operation, or a point where it has no value.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> sd.evaluate(sd.grad(abs(x), x, kinks="error"), {"x": 0})
    Traceback (most recent call last):
    symdiff.graph.errors.DomainError: the formula has no value there: there is no derivative: a point is at a kink
    """


class LimitError(SymdiffError):
    """An input larger than a stated, configurable limit.

    >>> import symdiff as sd
    >>> sd.parse("x + y", limit=3)
    Traceback (most recent call last):
    symdiff.graph.errors.LimitError: the formula has 5 characters and the limit is 3; pass a larger limit
    """


class CheckError(SymdiffError):
    """A derivative that disagrees with an independent method, or a graph that breaks its own rules.

    >>> import symdiff as sd
    >>> sd.check_grads(sd.stop_gradient(sd.symbol("x")))
    Traceback (most recent call last):
    symdiff.graph.errors.CheckError: d/dx at x=1.4554425309821815 is 0.0 by the rules and 1.0 by complex step
    """


class UnsupportedError(SymdiffError):
    """An operation that a backend or another program has no form for.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> sd.source(sd.digamma(x), [x], backend="math")
    Traceback (most recent call last):
    symdiff.graph.errors.UnsupportedError: the math module has no digamma; use backend="numpy"
    """


def check_mapping(what: str, value: object) -> None:
    """Raise SymdiffError for what is no dict."""
    if not isinstance(value, Mapping):
        raise SymdiffError(f"{what}, not {type(value).__name__}")


class ParseError(SymdiffError):
    """A formula that cannot be read.

    ``message`` says what was wrong, ``line`` and ``column`` (both from 1) say where; ``str`` shows the line
    with a caret under the position.

    >>> from symdiff import parse
    >>> parse("sin(x")
    Traceback (most recent call last):
    symdiff.graph.errors.ParseError: expected ")" or "," before the end of the formula (line 1, column 6)
      sin(x
           ^
    """

    #: Characters of the offending line shown around the caret.
    WINDOW = 60

    def __init__(self, message: str, text: str = "", position: int = 0) -> None:
        self.message, self.text, self.position = message, text, position
        self.line = text.count("\n", 0, position) + 1
        self.column = position - (text.rfind("\n", 0, position) + 1) + 1
        super().__init__(message)

    def __reduce__(self) -> tuple[type[ParseError], tuple[str, str, int]]:
        return ParseError, (self.message, self.text, self.position)

    def __str__(self) -> str:
        if not self.text:
            return self.message
        start = self.position - self.column + 1
        end = self.text.find("\n", start)
        line = self.text[start : end if end >= 0 else len(self.text)]
        left = max(0, self.column - 1 - self.WINDOW)
        shown = "".join(c if c.isprintable() else "?" for c in line[left : self.column - 1 + self.WINDOW])
        caret = " " * (self.column - 1 - left) + "^"
        return f"{self.message} (line {self.line}, column {self.column})\n  {shown}\n  {caret}"
