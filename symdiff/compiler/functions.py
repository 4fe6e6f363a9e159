"""Graphs as functions: source is written, executed and kept, so that tracebacks show it and pickles carry it."""

from __future__ import annotations

import functools
import hashlib
import html
import itertools
import linecache
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from ..codegen import array_api as array_api_code
from ..codegen import c as c_code
from ..codegen import numpy as numpy_code
from ..codegen import python as math_code
from ..codegen.names import check_function_name
from ..codegen.sandbox import checked
from ..graph.errors import DomainError, ShapeError, SymdiffError, UnsupportedError, check_mapping
from ..graph.node import CONST, VAR, Node
from ..graph.traversal import leaves, map_structure, topological, variables
from ..ops.scalar import PI

if TYPE_CHECKING:
    from .plan import Plan

_serial = itertools.count()
_NOT_COUNTED = {CONST.name, VAR.name, PI.name, "broadcast"}


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
        return load, (self.source, self.name, self.backend, self.inputs, self.structure)

    def __repr__(self) -> str:
        return f"<{self.name}({', '.join(var.name for var in self.inputs)}) compiled by symdiff for {self.backend}>"


class CompiledNumPy(Compiled):
    """A compiled function that can write its results into arrays given as ``out``."""

    def __call__(self, /, *arrays: Any, out: Any = None) -> Any:
        if len(arrays) != len(self.inputs):
            names = ", ".join(var.name for var in self.inputs) or "none"
            raise SymdiffError(f"{self.name} takes {len(self.inputs)} arguments ({names}), not {len(arrays)}")
        targets = None if out is None else _flat(self.structure, out)
        try:
            if targets is None:
                return self.func(*arrays)
            if self.func.__kwdefaults__:
                self.func(*arrays, out=targets)
            else:
                _write(_flat(self.structure, self.func(*arrays)), targets)
        except ValueError as error:
            if " has shape (" in str(error) or " at least" in str(error):
                raise ShapeError(str(error)) from None
            raise
        return out


class CompiledC(Compiled):
    """A compiled C function; pickles carry the source, and it is compiled again where it is loaded."""

    def __call__(self, /, *arrays: Any, out: Any = None) -> Any:
        values = self.func(*arrays, out=out)
        if out is not None and values is not out:
            _write(_flat(values, values), _flat(values, out))
            return out
        return values

    def __reduce__(self) -> tuple[Any, ...]:
        return _compiled_c, (self.func, self.inputs)


def _compiled_c(function: Any, inputs: tuple[Node, ...]) -> CompiledC:
    fn = CompiledC(function)
    fn.source, fn.name, fn.backend, fn.inputs = function.source, function.form.name, "c", inputs
    return fn


class Backend(NamedTuple):
    """A target: ``module(outputs, inputs, name)`` writes source, ``wrapper`` makes it a callable.

    One that can overwrite its inputs takes ``updates`` too; one with ``native`` is no Python; ``header`` writes the
    file that belongs beside its source.
    """

    module: Callable[..., str]
    wrapper: type[Compiled] = Compiled
    updates: bool = False
    native: bool = False
    header: Callable[..., str] | None = None


#: Targets by name; add one by assigning a Backend.
BACKENDS: dict[str, Backend] = {
    "numpy": Backend(numpy_code.module, CompiledNumPy, updates=True),
    "math": Backend(math_code.module),
    "array_api": Backend(array_api_code.module),
    "c": Backend(c_code.module, CompiledC, updates=True, native=True, header=c_code.header),
}


Updates = Mapping[Node, Node]


#: Ways to write the same operations: one expression a value, or one operation a line into buffers that are kept.
SCHEDULES = ("clear", "fast")


def source(
    outputs: Any,
    inputs: Node | Iterable[Node],
    name: str = "f",
    backend: str = "numpy",
    *,
    updates: Updates | None = None,
    schedule: str = "clear",
) -> str:
    """A whole module with the function ``name`` of ``inputs``, importable without symdiff.

    ``outputs``: a node or a nested structure of tuples, lists and dicts, which the function returns.
    ``inputs``: list of variables. ``backend``: ``"numpy"`` (arrays), ``"math"`` (plain numbers, fastest), ``"c"`` (C99,
    where letters in shapes are macros) or ``"array_api"`` (arrays of JAX, PyTorch, ... too: the function finds their
    library, or takes it as ``xp``). ``updates``: new values by input variable, which the function writes into its
    arguments in place (``"numpy"`` and ``"c"``).
    ``schedule``: ``"clear"`` to be read, or ``"fast"``, which computes arrays in buffers that are kept.
    Raises SymdiffError for a variable that is no input, UnsupportedError for an operation the backend lacks.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> print(source(sd.exp(x) * y, [x, y], backend="math").split(chr(10) * 3)[-1].strip())
    def f(x, y):
        return exp(x)*y
    """
    return _written(outputs, _inputs([outputs, updates or {}], inputs), name, backend, updates, schedule)


def _written(outputs: Any, inputs: list[Node], name: str, backend: str, updates: Updates | None, schedule: str) -> str:
    """The module's source; raises where updates do not fit their variables."""
    target = _checked(inputs, backend, updates or {}, schedule)
    if target.native:
        return target.module(outputs, inputs, name, updates=updates)
    if not updates and (backend != "numpy" or schedule == "clear"):
        return target.module(outputs, inputs, name)
    return numpy_code.module(outputs, inputs, name, updates=updates or {}, fast=schedule == "fast")


def _checked(inputs: list[Node], backend: str, updates: Updates, schedule: str) -> Backend:
    """The target; raises where it lacks what is wanted, or where updates do not fit their variables."""
    if schedule not in SCHEDULES:
        raise SymdiffError(f"the schedule is one of {', '.join(SCHEDULES)}, not {schedule!r}")
    check_mapping("updates are a dict such as {w: w - g}", updates)
    target = _backend(backend)
    if updates and not target.updates:
        raise UnsupportedError(f"updates in place are for {_that('updates')}, not for {backend!r}")
    for var, new in updates.items():
        if var not in inputs or new.shape != var.shape:
            raise ShapeError(f"the update of {var} is of an input and has its shape {var.shape}, not {new.shape}")
    return target


def compile(
    outputs: Any,
    inputs: Node | Iterable[Node],
    backend: str = "numpy",
    *,
    updates: Updates | None = None,
    schedule: str = "fast",
    flags: Sequence[str] = (),
) -> Compiled:
    """The function of ``inputs`` that returns ``outputs``, exactly as the graph says (nothing is simplified).

    NumPy: arrays have the shapes of their variables; where all variables are scalars they take numbers or arrays of
    points. ``fn(*arrays, out=structure)`` writes into arrays; ``updates`` and ``schedule`` as in :func:`source`.
    C: the same, by the system's compiler, with more ``flags`` for it if wanted; where there is none, NumPy computes
    and a RuntimeWarning says so.
    Raises what :func:`source` raises; the function raises SymdiffError for a wrong number of arguments and ShapeError
    where an array or ``out`` does not fit.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> fn = compile((x * y, x + y), [x, y], backend="math")
    >>> fn(3.0, 4.0)
    (12.0, 7.0)
    """
    found = _inputs([outputs, updates or {}], inputs)
    if _checked(found, backend, updates or {}, schedule).native:
        fn = _native(outputs, found, updates or {}, flags) or compile(outputs, inputs, updates=updates)
        fn.outputs = [outputs, updates or {}]
        return fn
    if flags:
        raise SymdiffError(f"flags are for {_that('native')}, not for {backend!r}")
    text = _written(outputs, found, "f", backend, updates, schedule)
    fn = load(text, "f", backend, tuple(found), map_structure(lambda _: None, outputs))
    fn.outputs = [outputs, updates or {}]
    return fn


def _native(outputs: Any, inputs: list[Node], updates: Updates, flags: Sequence[str]) -> Compiled | None:
    """The function compiled by the system's C compiler; nothing, with a warning, where there is none."""
    from .native import NoCompiler, function

    try:
        return _compiled_c(function(outputs, inputs, updates, flags), tuple(inputs))
    except NoCompiler as error:
        warnings.warn(f"{error}; NumPy computes instead", RuntimeWarning, stacklevel=3)
        return None


def _that(trait: str) -> str:
    """The backends that have it, as arguments."""
    return " and ".join(f'backend="{name}"' for name, target in BACKENDS.items() if getattr(target, trait))


def load(text: str, name: str, backend: str, inputs: tuple[Node, ...], structure: Any = None) -> Compiled:
    """The function from its source; its lines stand in tracebacks as long as it lives.

    ``structure``: the nesting of its results, with None for each.
    """
    check_function_name(name)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    filename = f"<symdiff {name} {digest} {next(_serial)}>"
    space: dict[str, Any] = {"__name__": f"symdiff.compiled.{name}"}
    with _quiet(backend):
        exec(checked(text, filename), space)
    function = space.pop(name)  # no cycle through its globals: it is freed, and its lines with it, when dropped
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
    fn = _backend(backend).wrapper(function)
    fn.__doc__ = space["__doc__"]
    fn.source, fn.name, fn.backend, fn.inputs, fn.structure = text, name, backend, inputs, structure
    return fn


def _quiet(backend: str) -> Any:
    """Constants are computed while loading; their infinities and NaN are results, not news."""
    if backend != "numpy":
        return nullcontext()
    import numpy as np

    return np.errstate(all="ignore")


def _backend(name: str) -> Backend:
    if name not in BACKENDS:
        raise SymdiffError(f"there is no backend {name!r}; the backends are {', '.join(sorted(BACKENDS))}")
    return BACKENDS[name]


def _inputs(outputs: Any, inputs: Any) -> list[Node]:
    """The inputs, checked: variables, each once, and every variable of the outputs among them."""
    if not isinstance(inputs, Iterable) and not isinstance(inputs, Node):
        raise SymdiffError(f"inputs are a list of variables such as [x, y], not {type(inputs).__name__}")
    listed = [inputs] if isinstance(inputs, Node) else list(inputs)
    for var in listed:
        if not isinstance(var, Node) or var.op is not VAR:
            raise SymdiffError(f"inputs are variables such as symbol('x'), not {var!r}")
    names = [var.name for var in listed]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise SymdiffError(f"the input {twice[0]} is listed twice; list each variable once")
    known = set(listed)
    missing = [var for var in variables(outputs) if var not in known]
    if missing:
        wanted = ", ".join(var.name for var in missing)
        raise SymdiffError(f"the outputs depend on {wanted}, not among the inputs; add it to the list of inputs")
    return listed


def _flat(structure: Any, out: Any) -> list[Any]:
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
    return [array for part, other in pairs for array in _flat(part, other)]


def _write(values: list[Any], targets: list[Any]) -> None:
    """Copy results into arrays."""
    import numpy as np

    for value, target in zip(values, targets, strict=True):
        if target.shape != value.shape:
            raise ShapeError(f"the result has shape {value.shape}; out is an array of that shape, not {target.shape}")
        np.copyto(target, value, casting="same_kind")


def evaluate(f: Any, values: Mapping[Any, Any]) -> Any:
    """The numbers of a node or nested structure; ``values`` by name or variable, numbers or arrays.

    Returns Python numbers where the result is one number, else arrays. Infinite results and NaN come without warnings.
    Raises SymdiffError for a variable without value and for a name that is no variable of ``f``.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> evaluate(x**2 * y + y + 2, {"x": 3, y: 4})
    42.0
    """
    import numpy as np

    wanted = variables(f)
    check_mapping("values are a dict such as {'x': 3}", values)
    given = {key.name if isinstance(key, Node) and key.op is VAR else key: value for key, value in values.items()}
    names = [var.name for var in wanted]
    for name in names:
        if name not in given:
            raise SymdiffError(f"the variable {name} has no value; give one, as in {{{name!r}: 1.0}}")
    unknown = [key for key in given if key not in names]
    if unknown:
        raise SymdiffError(f"{unknown[0]!s} is no variable here; the variables are {', '.join(names) or 'none'}")
    for name in names:
        _check_numbers(name, given[name])
    schedule = "fast" if any(np.ndim(given[name]) for name in names) else "clear"
    function = compile(f, list(wanted), schedule=schedule)
    try:
        with np.errstate(all="ignore"):
            results = function(*(given[name] for name in names))
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise DomainError(f"the formula has no value there: {error}") from error
    return map_structure(lambda value: np.asarray(value).item() if np.ndim(value) == 0 else value, results)


def _check_numbers(name: str, value: Any) -> None:
    import numpy as np

    try:
        fits = np.asarray(value).dtype.kind in "biufc"
    except ValueError:
        fits = False
    if not fits:
        raise SymdiffError(f"the value of {name} is a number or an array of numbers, not {value!r}")


def count_ops(outputs: Any) -> dict[str, int]:
    """How many distinct operations of each name a node or structure holds, sorted by name.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> count_ops(sd.sin(x) * sd.sin(x) + sd.cos(x))
    {'add': 1, 'cos': 1, 'mul': 1, 'sin': 1}
    """
    counts: dict[str, int] = {}
    for node in topological(*leaves(outputs)):
        if node.op.name not in _NOT_COUNTED:
            counts[node.op.name] = counts.get(node.op.name, 0) + 1
    return dict(sorted(counts.items()))
