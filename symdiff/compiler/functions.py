"""Source of functions of graphs, and compiled functions, for each backend."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from ..codegen import array_api as array_api_code
from ..codegen import c as c_code
from ..codegen import numpy as numpy_code
from ..codegen import python as math_code
from ..graph.errors import ShapeError, SymdiffError, UnsupportedError, check_mapping
from ..graph.leaves import VAR
from ..graph.node import Node
from ..graph.traversal import map_structure, variables
from .compiled import Compiled, CompiledC, CompiledNumPy


class Backend(NamedTuple):
    """A target of code: ``write(outputs, inputs, name)`` gives source, ``wrapper`` makes it a callable.

    ``updates`` and ``fast``: whether ``write`` takes arguments of these names, for inputs that are overwritten and for
    the schedule of that name. A ``native`` one is no Python. ``header`` writes the file that belongs beside its source.
    """

    write: Callable[..., str]
    wrapper: type[Compiled] = Compiled
    updates: bool = False
    fast: bool = False
    native: bool = False
    header: Callable[..., str] | None = None


#: Backends by name; add one by assigning a Backend.
BACKENDS: dict[str, Backend] = {
    "numpy": Backend(numpy_code.write_module, CompiledNumPy, updates=True, fast=True),
    "math": Backend(math_code.write_module),
    "array_api": Backend(array_api_code.write_module),
    "c": Backend(c_code.write_module, CompiledC, updates=True, native=True, header=c_code.write_header),
}
#: Ways to write the same operations: one expression a value, or one operation a line into buffers that are kept.
SCHEDULES = ("clear", "fast")
Updates: TypeAlias = Mapping[Node, Node]


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
    where symbolic sizes are macros) or ``"array_api"`` (arrays of JAX, PyTorch, ... too: the function finds their
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
    checked = check_inputs([outputs, updates or {}], inputs)
    return _write_source(outputs, checked, name, backend, updates or {}, schedule)


def _write_source(outputs: Any, inputs: list[Node], name: str, backend: str, updates: Updates, schedule: str) -> str:
    target = _find_backend(inputs, backend, updates, schedule)
    options: dict[str, Any] = {"updates": updates} if updates else {}
    if target.fast:
        options["fast"] = schedule == "fast"
    return target.write(outputs, inputs, name, **options)


def _find_backend(inputs: list[Node], name: str, updates: Updates, schedule: str) -> Backend:
    """The backend; raises where it lacks what is wanted, or where updates do not fit their variables."""
    if schedule not in SCHEDULES:
        raise SymdiffError(f"the schedule is one of {', '.join(SCHEDULES)}, not {schedule!r}")
    if name not in BACKENDS:
        raise SymdiffError(f"there is no backend {name!r}; the backends are {', '.join(sorted(BACKENDS))}")
    check_mapping("updates are a dict such as {w: w - g}", updates)
    if updates and not BACKENDS[name].updates:
        raise UnsupportedError(f"updates in place are for {_backends_with('updates')}, not for {name!r}")
    for var, new in updates.items():
        if var not in inputs or new.shape != var.shape:
            raise ShapeError(f"the update of {var} is of an input and has its shape {var.shape}, not {new.shape}")
    return BACKENDS[name]


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
    checked = check_inputs([outputs, updates or {}], inputs)
    target = _find_backend(checked, backend, updates or {}, schedule)
    if flags and not target.native:
        raise SymdiffError(f"flags are for {_backends_with('native')}, not for {backend!r}")
    if target.native:
        fn = _build(outputs, checked, updates or {}, flags) or compile(outputs, inputs, updates=updates)
    else:
        text = _write_source(outputs, checked, "f", backend, updates or {}, schedule)
        structure = map_structure(lambda _: None, outputs)
        fn = target.wrapper.load(text, "f", backend, tuple(checked), structure)
    fn.outputs = [outputs, updates or {}]
    return fn


def _build(outputs: Any, inputs: list[Node], updates: Updates, flags: Sequence[str]) -> Compiled | None:
    """The function compiled by the system's C compiler; nothing, with a warning, where there is none."""
    from .native import NoCompiler, build_function

    try:
        return CompiledC.of(build_function(outputs, inputs, updates, flags), tuple(inputs))
    except NoCompiler as error:
        warnings.warn(f"{error}; NumPy computes instead", RuntimeWarning, stacklevel=3)
        return None


def _backends_with(trait: str) -> str:
    """The backends that have it, as arguments."""
    return " and ".join(f'backend="{name}"' for name, target in BACKENDS.items() if getattr(target, trait))


def check_inputs(outputs: Any, inputs: Any) -> list[Node]:
    """The inputs: variables, each once, and every variable of the outputs among them; else raises SymdiffError."""
    if not isinstance(inputs, Iterable) and not isinstance(inputs, Node):
        raise SymdiffError(f"inputs are a list of variables such as [x, y], not {type(inputs).__name__}")
    checked = [inputs] if isinstance(inputs, Node) else list(inputs)
    for var in checked:
        if not isinstance(var, Node) or var.op is not VAR:
            raise SymdiffError(f"inputs are variables such as symbol('x'), not {var!r}")
    twice = [name for name, count in Counter(var.name for var in checked).items() if count > 1]
    if twice:
        raise SymdiffError(f"the input {min(twice)} is listed twice; list each variable once")
    known = set(checked)
    missing = ", ".join(var.name for var in variables(outputs) if var not in known)
    if missing:
        raise SymdiffError(f"the outputs depend on {missing}, not among the inputs; add it to the list of inputs")
    return checked
