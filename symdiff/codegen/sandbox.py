"""What emitted source may hold: it is compiled, every name in it is looked at, and only then it is executed.

A name (of a module, a function, an attribute) is known where a row's code or helper has it, where the emitters
themselves use it (:data:`NAMES`), or where the module itself assigns it. So a source that was changed on its way, as
in a pickle, or that a mistake in an emitter made of a formula's text, runs no ``os.system``.
"""

from __future__ import annotations

import builtins
import dis
import re
import unicodedata
from collections.abc import Container, Iterator
from functools import cache, lru_cache
from types import CodeType
from typing import Any

from ..graph.errors import SymdiffError
from ..graph.node import OPS, Op
from ..ops.targets import ARRAY_API, MATH, NUMPY
from .array_api import ARGUMENTS

Step = tuple[str, Any]
Key = tuple[Any, ...]

#: Modules that emitted source may import.
MODULES = frozenset(
    """math numpy scipy scipy.special scipy.sparse scipy.linalg functools importlib os threading
    concurrent.futures""".split()
)
#: Python's own functions that emitted source may call; a row cannot allow others.
BUILTINS = frozenset(
    """abs all any bool complex dict divmod enumerate float frozenset int isinstance len list map max min pow range
    reversed round set slice sorted str sum tuple type zip ArithmeticError AttributeError IndexError KeyError
    NotImplementedError OverflowError RuntimeError TypeError ValueError ZeroDivisionError""".split()
)
#: What the emitters write beside the code of rows; a new emitter adds its words here.
NAMES = frozenset(
    """np special sparse linalg local nan inf pi e float32 float64 int64 uint8 newaxis T
    array asarray full empty zeros ones eye arange result_type broadcast_shapes broadcast_to copyto ndarray errstate
    geterr einsum matmul dot outer trace diag diagonal tensordot kron transpose reshape swapaxes moveaxis expand_dims
    squeeze sum prod max min mean cumsum argmax where stack concatenate concat take real imag clip flip full_like mT
    shape dtype kind flags writeable size ndim itemsize strides flat view copy astype items setdefault get clear join
    item pop c_contiguous __array_interface__ __doc__ __dict__
    add subtract multiply true_divide power remainder negative less less_equal greater greater_equal equal not_equal
    logical_and logical_or logical_not csr_array coo_array csr_matrix coo_matrix block_array bmat tocsr
    environ cpu_count getpid ThreadPoolExecutor submit wait result
    SHAPES BLOCK PARALLEL THREADS _MEMORY _POOLS _prepare _tensordot _same_type _arena _offsets _arguments _namespace
    _pool _shape _column _buffers _block _blocks _at_once _over_points _results _written _overlapping _span _dot
    _float _number _places _updated _fill _sizes _at_least""".split()
)
#: Bytecode that changes what stands outside of the module, or makes what cannot be looked at.
_REFUSED = {
    dis.opmap[name]: text
    for name, text in {
        "STORE_ATTR": "an assignment to an attribute",
        "DELETE_ATTR": "the deletion of an attribute",
        "STORE_GLOBAL": "an assignment to a global name",
        "DELETE_GLOBAL": "the deletion of a global name",
        "DELETE_NAME": "the deletion of a name",
        "LOAD_BUILD_CLASS": "a class",
        "IMPORT_STAR": "an import of everything",
    }.items()
    if name in dis.opmap
}


def checked(text: str, filename: str) -> CodeType:
    """The code of an emitted module, where all that it uses is known; raises SymdiffError that names what is not.

    >>> exec(checked("import math\\nhalf = math.sin(0.5)", "<emitted>"))
    >>> checked("import socket", "<changed>")
    Traceback (most recent call last):
    symdiff.graph.errors.SymdiffError: the source <changed> is not executed: it imports 'socket', ...
    """
    try:
        code = builtins.compile(text, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise _refusal(filename, f"is no Python, {error}") from None
    steps = list(_steps(code))
    assigned = frozenset(_assigned(steps, filename))
    known = NAMES | BUILTINS | MODULES | _names_of_rows(tuple(OPS.values()))
    for part in _parts(code, _whole(tuple(OPS.values()))):
        _check_part(part, known, assigned, filename)
    if any("__dict__" in part.co_names for part in _parts(code)):
        _check_memory(text, code, steps, filename)
    return code


def _refusal(filename: str, why: str) -> SymdiffError:
    return SymdiffError(f"the source {filename} is not executed: it {why}, which neither an operation nor symdiff uses")


def _parts(code: CodeType, whole: Container[Key] = ()) -> Iterator[CodeType]:
    """The code of the module and of all functions in it, but of those that are known as a whole."""
    waiting = [code]
    while waiting:
        part = waiting.pop()
        if not whole or _key(part) not in whole:
            yield part
            waiting += [constant for constant in part.co_consts if isinstance(constant, CodeType)]


def _key(code: CodeType) -> Key:
    """What a function does, wherever its text stands."""
    constants = tuple(_key(c) if isinstance(c, CodeType) else (type(c).__name__, repr(c)) for c in code.co_consts)
    return (code.co_name, code.co_code, code.co_names, code.co_varnames, code.co_freevars, constants)


def _check_part(code: CodeType, known: frozenset[str], assigned: frozenset[str], filename: str) -> None:
    for operation in set(code.co_code[::2]) & _REFUSED.keys():
        raise _refusal(filename, f"has {_REFUSED[operation]}")
    own = [name for name in code.co_names if name not in known]
    for name in own:
        if name not in assigned:
            raise _refusal(filename, f"uses the name {name!r}")
    if not all(map(_STEP.fullmatch, own)):
        for step in dis.get_instructions(code):
            if step.argval in own and step.opname not in _GLOBAL:
                raise _refusal(filename, f"uses the name {step.argval!r} of something else")


#: Names of steps and constants, which no module has.
_STEP = re.compile(r"[a-z][0-9]+")
#: What reads and assigns the module's own names; the same word as an attribute would be another thing.
_GLOBAL = {"LOAD_NAME", "LOAD_GLOBAL", "STORE_NAME", "LOAD_CONST", "LOAD_FAST", "STORE_FAST", "KW_NAMES"}


def _steps(code: CodeType) -> Iterator[Step]:
    """What the module does outside of functions, and functions that import."""
    for part in _parts(code):
        if part is code or _IMPORT in part.co_code[::2]:
            for step in dis.get_instructions(part):
                if step.opname != "EXTENDED_ARG":
                    yield step.opname, step.argval


def _assigned(steps: list[Step], filename: str) -> Iterator[str]:
    """The names that the module assigns; those that it imports are to be known anyhow."""
    before = ""
    for operation, name in steps:
        if operation == "IMPORT_NAME" and name not in MODULES:
            raise _refusal(filename, f"imports {name!r}")
        if operation == "STORE_NAME" and not before.startswith("IMPORT_"):
            if name.startswith("__") and name != "__doc__":
                raise _refusal(filename, f"assigns {name!r}")
            yield name
        before = operation


def _check_memory(text: str, code: CodeType, steps: list[Step], filename: str) -> None:
    """``__dict__`` is read of the buffers only, which are a thread's own: that of a module has everything in it."""
    plain = unicodedata.normalize("NFKC", text)
    everywhere = len(re.findall(r"\b__dict__\b", plain)) == len(re.findall(r"\b_MEMORY\.__dict__\b", plain))
    shadowed = any("_MEMORY" in (*part.co_varnames, *part.co_cellvars) for part in _parts(code))
    places = [place for place, step in enumerate(steps) if step == ("STORE_NAME", "_MEMORY")]
    made = [place for place in places if steps[place + 1 - len(_MADE) : place + 1] == _MADE]
    if not everywhere or shadowed or len(places) != 1 or places != made:
        raise _refusal(filename, "reads a '__dict__'")


_IMPORT = dis.opmap["IMPORT_NAME"]
_BUFFERS = "import threading\n_MEMORY = threading.local()"
#: How the buffers are made.
_MADE = [(step.opname, step.argval) for step in dis.get_instructions(compile(_BUFFERS, "", "exec"))]
_MADE = _MADE[_MADE.index(("LOAD_NAME", "threading")) : _MADE.index(("STORE_NAME", "_MEMORY")) + 1]


# -- what rows use -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _names_of_rows(rows: tuple[Op, ...]) -> frozenset[str]:
    found = frozenset(name for op in rows for name in _names_of_row(op))
    return frozenset(name for name in found if not name.startswith("__") and name not in _DANGEROUS)


@lru_cache(maxsize=4)
def _whole(rows: tuple[Op, ...]) -> frozenset[Key]:
    """Functions that look for what a library has, as ``getattr`` does: they are known word for word or not at all."""
    texts = {ARGUMENTS, *(text for op in rows for text in ARRAY_API.of(op).helpers)}
    modules = [compile(f"import functools, importlib, math\n{text}", "", "exec") for text in texts]
    return frozenset(_key(part) for module in modules for part in _parts(module) if part is not module)


#: Python's other functions, such as ``eval``.
_DANGEROUS = frozenset(dir(builtins)) - BUILTINS


@cache
def _names_of_row(op: Op) -> frozenset[str]:
    """The words in a row's templates, and the names that its helpers use."""
    numpy, plain = NUMPY.of(op), MATH.of(op)
    templates = _constants(numpy.code) if callable(numpy.code) else [numpy.code]
    texts = [*templates, plain.code or "", *numpy.into]
    found = {word for text in texts for word in re.findall(r"[^\W\d]\w*", text)}
    for helper in filter(None, (numpy.helper, plain.helper)):
        code = builtins.compile(helper, op.name, "exec")
        found.update(name for part in _parts(code) for name in part.co_names)
    return frozenset(found)


def _constants(function: Any) -> list[str]:
    """The texts in a function that writes templates."""
    code = getattr(function, "__code__", None)
    parts = _parts(code) if code else ()
    return [constant for part in parts for constant in part.co_consts if isinstance(constant, str)]
