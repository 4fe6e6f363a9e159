"""Names in emitted code: the user's own are kept, clashes get an underscore."""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from collections.abc import Iterable

from ..graph.errors import SymdiffError
from ..graph.node import Node
from ..graph.shapes import symbolic_sizes

#: Builtins that templates use, modules, and what a signature may hold.
_MODULE = ("np", "math", "special", "sparse", "out", "dtype", "shape", "sizes", "SHAPES", "__debug__")
_BUILTIN = ("abs", "max", "min", "float", "bool", "int", "round", "complex")
RESERVED = frozenset((*_MODULE, *_BUILTIN))
#: What no size is called: Python's own names, and those of statements that every module has in the same words.
PYTHON = frozenset((*dir(builtins), "__builtins__", "_MEMORY", "functools", "importlib", "os", "threading"))


class Names:
    """The names of one function: ``variables`` for its inputs, :meth:`fresh` for its steps."""

    #: What the language and its libraries use themselves.
    words, no_sizes = RESERVED, PYTHON

    def __init__(self, inputs: Iterable[Node], function: str, helpers: Iterable[str]) -> None:
        check_function_name(function)
        self.reserved = self.words | set(helpers)
        if function in self.reserved:
            raise SymdiffError(f"the emitted code uses the name {function!r} itself; choose another name")
        inputs = list(inputs)
        self.users = {self.spell(var.name) for var in inputs} | {function}
        self.taken = set(self.reserved)
        self.variables = {var: self.reserve(self.spell(var.name)) for var in inputs}
        self.taken.add(function)
        sizes = symbolic_sizes(size for var in inputs for size in var.shape)
        self.taken |= self.no_sizes
        #: The names of symbolic sizes; and of those that arithmetic reads as numbers, which may be NaN.
        self.sizes = {size: self.reserve(self.spell(size)) for size in sizes}
        self.counts: dict[str, str] = {}
        self._next: dict[str, int] = {}

    def spell(self, name: str) -> str:
        """The user's name in the characters that the language has."""
        return _normalize(name)

    def size_name(self, size: str) -> str:
        """The name of a symbolic size; raises SymdiffError where no input has it."""
        if size not in self.sizes:
            raise SymdiffError(f"the size {size} is that of no input, so the code cannot know it")
        return self.sizes[size]

    def count_name(self, size: str) -> str:
        """The name of a size as a number in arithmetic, which may be NaN: a mean of nothing is no error."""
        self.size_name(size)
        if size not in self.counts:
            self.counts[size] = self.reserve(f"count_{size}")
        return self.counts[size]

    def reserve(self, name: str) -> str:
        """The user's name, with as many underscores as make it no keyword and no name that is taken."""
        while name in self.taken or keyword.iskeyword(name):
            name += "_"
            while name in self.users:
                name += "_"
        self.taken.add(name)
        return name

    def fresh(self, prefix: str) -> str:
        """The next of t0, t1, ... that nobody has."""
        count = self._next.get(prefix, 0)
        while f"{prefix}{count}" in self.taken:
            count += 1
        self._next[prefix] = count + 1
        return f"{prefix}{count}"


def _normalize(name: str) -> str:
    """The name as Python's own parser reads it."""
    name = unicodedata.normalize("NFKC", name)
    if not name.isidentifier():
        raise SymdiffError(f"a variable's name is an identifier such as x1, not {name!r}")
    return name


def check_function_name(name: str) -> None:
    """Refuse what cannot stand after ``def``."""
    plain = isinstance(name, str) and unicodedata.normalize("NFKC", name) == name
    if not plain or not name.isidentifier() or keyword.iskeyword(name):
        raise SymdiffError(f"a function's name is an identifier such as f, not {name!r}")
