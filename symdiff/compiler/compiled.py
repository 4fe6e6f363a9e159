"""Compiled functions: callables with their source, which tracebacks show and pickles carry."""

from __future__ import annotations

import functools
import hashlib
import html
import itertools
import linecache
import weakref
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Self

from ..codegen.names import check_function_name
from ..codegen.sandbox import checked
from ..graph.errors import ShapeError, SymdiffError
from ..graph.node import Node

if TYPE_CHECKING:
    from .plan import Plan

_serial = itertools.count()


class Compiled(functools.partial[Any]):
    """A compiled function with ``source``, ``backend`` and ``inputs``; pickles carry the source."""

    source: str
    backend: str
    inputs: tuple[Node, ...]
    name: str
    #: What is computed, as long as the function is not pickled.
    outputs: Any = None
    #: The nesting of the results.
    structure: Any = None

    @classmethod
    def load(cls, source: str, name: str, backend: str, inputs: tuple[Node, ...], structure: Any = None) -> Self:
        """The function from its source; its lines stand in tracebacks as long as it lives.

        ``structure``: the nesting of its results, with None for each. Raises SymdiffError for source that uses what
        symdiff does not.
        """
        check_function_name(name)
        digest = hashlib.sha256(source.encode()).hexdigest()[:12]
        filename = f"<symdiff {name} {digest} {next(_serial)}>"
        namespace: dict[str, Any] = {"__name__": f"symdiff.compiled.{name}"}
        with _ignore_errors(backend):
            exec(checked(source, filename), namespace)
        function = namespace.pop(name)  # no cycle through its globals: it is freed, and its lines with it, when dropped
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
        fn = cls(function)
        fn.__doc__ = namespace["__doc__"]
        fn.source, fn.name, fn.backend, fn.inputs, fn.structure = source, name, backend, inputs, structure
        return fn

    @property
    def plan(self) -> Plan:
        """What a call costs, as :func:`symdiff.plan` finds it; raises SymdiffError for a function from a pickle."""
        from .plan import plan

        if self.outputs is None:
            raise SymdiffError("a function from a pickle has its source and no graph, so no plan")
        return plan(self.outputs)

    def release(self) -> None:
        """Let go of the buffers that are kept for this thread."""
        memory = self.func.__globals__.get("_MEMORY")
        if memory is not None:
            memory.__dict__.clear()

    def _repr_html_(self) -> str:
        """The source for notebooks, coloured where Pygments is installed."""
        try:
            from pygments import highlight
            from pygments.formatters import HtmlFormatter
            from pygments.lexers import PythonLexer
        except ImportError:
            return f"<pre>{html.escape(self.source)}</pre>"
        return str(highlight(self.source, PythonLexer(), HtmlFormatter(noclasses=True)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).load, (self.source, self.name, self.backend, self.inputs, self.structure)

    def __repr__(self) -> str:
        return f"<{self.name}({', '.join(var.name for var in self.inputs)}) compiled by symdiff for {self.backend}>"


class CompiledNumPy(Compiled):
    """A compiled function that can write its results into arrays given as ``out``."""

    def __call__(self, /, *arrays: Any, out: Any = None) -> Any:
        if len(arrays) != len(self.inputs):
            names = ", ".join(var.name for var in self.inputs) or "none"
            raise SymdiffError(f"{self.name} takes {len(self.inputs)} arguments ({names}), not {len(arrays)}")
        targets = None if out is None else _flatten_out(self.structure, out)
        try:
            if targets is None:
                return self.func(*arrays)
            if self.func.__kwdefaults__:
                self.func(*arrays, out=targets)
            else:
                _copy_results(_flatten_out(self.structure, self.func(*arrays)), targets)
        except ValueError as error:
            if " has shape (" in str(error) or " at least" in str(error):
                raise ShapeError(str(error)) from None
            raise
        return out


class CompiledC(Compiled):
    """A compiled C function; pickles carry the source, and it is compiled again where it is loaded."""

    @classmethod
    def of(cls, function: Any, inputs: tuple[Node, ...]) -> Self:
        """The callable around a function of :mod:`symdiff.compiler.native`."""
        fn = cls(function)
        fn.source, fn.name, fn.backend, fn.inputs = function.source, function.form.name, "c", inputs
        return fn

    def __call__(self, /, *arrays: Any, out: Any = None) -> Any:
        values = self.func(*arrays, out=out)
        if out is not None and values is not out:
            _copy_results(_flatten_out(values, values), _flatten_out(values, out))
            return out
        return values

    def __reduce__(self) -> tuple[Any, ...]:
        return CompiledC.of, (self.func, self.inputs)


def _ignore_errors(backend: str) -> AbstractContextManager[Any]:
    """Constants are computed while loading; their infinities and NaN are results, not news."""
    if backend != "numpy":
        return nullcontext()
    import numpy as np

    return np.errstate(all="ignore")


def _flatten_out(structure: Any, out: Any) -> list[Any]:
    """The arrays of ``out`` in order; raises ShapeError where it is not nested like the results."""
    if isinstance(structure, Mapping):
        if not isinstance(out, Mapping) or set(out) != set(structure):
            raise ShapeError(f"out is a dict with the keys {', '.join(map(repr, structure))}")
        pairs = [(structure[key], out[key]) for key in structure]
    elif isinstance(structure, (list, tuple)):
        if not isinstance(out, (list, tuple)) or len(out) != len(structure):
            raise ShapeError(f"out is a {type(structure).__name__} of {len(structure)} parts, like the results")
        pairs = list(zip(structure, out, strict=True))
    elif not hasattr(out, "shape"):
        raise ShapeError(f"out is an array of the result's shape, not {type(out).__name__}")
    else:
        return [out]
    return [array for part, other in pairs for array in _flatten_out(part, other)]


def _copy_results(values: list[Any], targets: list[Any]) -> None:
    import numpy as np

    for value, target in zip(values, targets, strict=True):
        if target.shape != value.shape:
            raise ShapeError(f"the result has shape {value.shape}; out is an array of that shape, not {target.shape}")
        np.copyto(target, value, casting="same_kind")
