"""Targets: kinds of output, such as C or LaTeX, and what each of them has to know of an operation.

A target is registered under a name, which is then a keyword of every declaration: ``unary("f", ..., c="f({0})")`` hands
its value to the target ``c``. So a new target changes no class, and an operation says all of its spellings in the one
place where it is declared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from .errors import SymdiffError

T = TypeVar("T")


class Declared(Protocol):
    """What a target reads of an operation."""

    name: str
    arity: int
    targets: Mapping[str, Any]


class Target(Generic[T]):
    """A kind of output; ``form`` holds what an operation says of it, made from the parts that its declaration gives.

    ``call``: how a function of the operands is called, so that a declaration may give its bare name: with
    ``"np.%s(%s)"``, ``numpy="sin"`` is ``numpy="np.sin({0})"``. ``spellings``: what a target that is registered later
    says of operations that do not. What nothing says is the form without parts.

    >>> import symdiff as sd
    >>> from typing import NamedTuple
    >>> class Shout(NamedTuple):
    ...     code: str | None = ""
    >>> SHOUT = Target("shout", Shout, "%s(%s)", spellings={"sin": "SIN"})
    >>> SHOUT.of(sd.sin).code, SHOUT.of(sd.cos).code
    ('SIN({0})', '')
    >>> SHOUT.remove()
    """

    def __init__(self, name: str, form: type[T], call: str = "", *, spellings: Mapping[str, Any] | None = None) -> None:
        if name in TARGETS:
            raise SymdiffError(f"there is a target named {name!r} already")
        self.name, self.form, self.call, self.spellings = name, form, call, spellings or {}
        self.unsaid: T = form()
        TARGETS[name] = self

    def remove(self) -> None:
        """Forget the target; its keyword is unknown from now on."""
        del TARGETS[self.name]

    def read(self, given: Any, arity: int) -> T:
        """What a declaration says: the form itself, or its parts as a tuple, or the first part alone."""
        if isinstance(given, self.form):
            return given
        first, *rest = given if isinstance(given, tuple) else (given,)
        if self.call and arity > 0 and isinstance(first, str) and first.isidentifier():
            operands = ", ".join(f"{{{index}}}" for index in range(arity))
            first = self.call % (first, operands)
        form: Callable[..., T] = self.form
        return form(first, *rest)

    def of(self, op: Declared) -> T:
        """What the operation says of this target."""
        if self.name in op.targets:
            return op.targets[self.name]  # type: ignore[no-any-return]
        if op.name in self.spellings:
            return self.read(self.spellings[op.name], op.arity)
        return self.unsaid


#: Every target by name.
TARGETS: dict[str, Target[Any]] = {}


def read_targets(name: str, arity: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a declaration says of each target; raises SymdiffError for a keyword that is none."""
    for keyword in given.keys() - TARGETS.keys():
        raise SymdiffError(f"the operation {name!r} has no field {keyword!r}; targets are {', '.join(sorted(TARGETS))}")
    return {keyword: TARGETS[keyword].read(parts, arity) for keyword, parts in given.items()}
