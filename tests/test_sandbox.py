"""Emitted source is looked at before it is executed: what no operation and no emitter uses is refused."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

import symdiff as sd
from symdiff.codegen.points import HELPERS
from symdiff.codegen.sandbox import CONSTRUCTS, checked
from symdiff.compiler.compiled import CompiledNumPy
from symdiff.compiler.functions import BACKENDS, SCHEDULES
from symdiff.graph.node import OPS

GOOD = 'import numpy as np\n\n\ndef f(x):\n    """A sine."""\n    return np.sin(x)\n'
FAST = sd.source(sd.sum(sd.tanh(sd.symbol("X", "n"))), [sd.symbol("X", "n")], schedule="fast")
ARRAYS = sd.source(sd.sin(sd.symbol("x")), [sd.symbol("x")], backend="array_api")
HELPER = HELPERS["_float"] + "\n"
MADE = "type('A', (), {'__array_interface__': {'data': (0, False)}})()"


def returning(code: str) -> str:
    """The good module with another result."""
    return GOOD.replace("np.sin(x)", code)


#: Changed sources, each with what a refusal names; FILE is the file that they try to write.
EVIL = [
    ("imports 'socket'", "import socket\n" + GOOD),
    ("uses the name 'system'", "import os\nos.system('touch FILE')\n" + GOOD),
    ("uses the name 'import_module'", "import importlib\nimportlib.import_module('this')\n" + GOOD),
    ("uses the name 'importlib'", ARRAYS.replace("import importlib", "import numpy as importlib")),
    ("uses the name 'partition'", ARRAYS.replace('"numpy")', '"this")').replace(' if arrays else "this"', "")),
    ("imports 'subprocess'", GOOD.replace("    return", "    import subprocess\n    return")),
    ("imports 'numpy.ctypeslib'", "import numpy.ctypeslib\n" + GOOD),
    ("uses the name '__import__'", "__import__('os')\n" + GOOD),
    ("uses the name 'open'", GOOD + "open('FILE', 'w')\n"),
    ("uses the name 'eval'", returning("eval('x')")),
    ("uses the name 'exec'", returning("[exec(t) for t in 'x']")),
    ("uses the name 'getattr'", returning("(lambda: getattr(np, 'load'))()")),
    ("uses the name '__class__'", returning("().__class__")),
    ("uses the name '__globals__'", returning("f.__globals__")),
    ("uses the name 'tofile'", returning("np.sin(x).tofile('FILE')")),
    ("uses the name 'save'", returning("np.save('FILE', x)")),
    ("uses the name 'format'", returning("'{0.real}'.format(x)")),
    ("uses the name '__builtins__'", returning("__builtins__")),
    ("uses the name 'load' of something", "import numpy as np\nload = 1\nnp.load('FILE')\n" + GOOD),
    ("uses the name 'memmap'", "from numpy import memmap as sin\n" + GOOD),
    ("uses the name 'environ'", FAST + "\nimport os\nos.environ['PATH'] = ''\n"),
    # what changes other modules, or Python's names in this one
    ("uses the name 'sin' of something else", GOOD + "np.sin = np.cos\n"),
    ("uses the name '*'", "from math import *\n" + GOOD),
    ("uses the name '__builtins__'", GOOD + "__builtins__ = {}\n"),
    # the __dict__ of a thread's buffers only
    ("uses the name '__dict__'", returning("np.__dict__['load']")),
    ("uses the name '__dict__'", returning("_MEMORY.__dict__").replace("f(x)", "f(_MEMORY)")),
    ("uses the name '__dict__'", FAST + "\nnp.__\uff44ict__['load']\n"),
    ("uses the name 'threading'", FAST.replace("threading.local()", "threading")),
    ("uses the name '_MEMORY'", FAST + "\n(lambda _MEMORY: _MEMORY.__dict__)(np)\n"),
    ("uses the name '_MEMORY'", FAST + "\n[_MEMORY.__dict__ for _MEMORY in [np]]\n"),
    ("uses the name '_MEMORY'", FAST + "\nimport numpy as _MEMORY\n"),
    ("uses the name 'threading'", FAST.replace("import threading", "import numpy as threading")),
    # classes, whose objects act as anything
    ("uses the name 'type'", returning(MADE)),
    ("uses the name 'type'", returning("list(map(type, ['A'], [()], [{}]))")),
    ("uses the name 'type'", returning("type(type(x)).__name__")),
    ("uses the name 'load'", returning("type(np.load).__name__")),
    # a name is Python's in one scope, and not in another
    ("uses the name 'eval'", returning("[eval for eval in ()], eval('x')")),
    ("uses the name 'eval'", GOOD.replace("f(x)", "f(eval=eval('x'))")),
    ("uses the name 'eval'", returning("eval('x')").replace("f(x)", "f(x, y=lambda eval: x)")),
    ("uses the name 'eval'", GOOD.replace("f(x)", "f(x: eval('x'), eval=1)")),
    # a helper function that is known as a whole, with more than its words
    ("uses the name 'open'", "@open\n" + HELPER + GOOD),
    ("uses the name 'open'", HELPER.replace("return", "return open('FILE') or") + GOOD),
    ("uses the name 'open'", HELPER.replace("\n", "\r") + "\n" * 5 + returning("open('FILE')")),
    ("is no Python", GOOD + "def"),
    ("is no Python", returning("-" * 10**5 + "x")),
    ("is no Python", GOOD + "\0"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text"), EVIL, ids=lambda part: part[-60:].strip())
def test_changed_sources_are_refused(what: str, text: str, tmp_path: Path) -> None:
    target = tmp_path / "evil"
    with pytest.raises(sd.SymdiffError) as caught:
        CompiledNumPy.load(text.replace("FILE", str(target)), "f", "numpy", (sd.symbol("x"),))
    assert what in str(caught.value) and "\n" not in str(caught.value)
    assert not target.exists()


#: A statement with each construct that emitted source never has.
REFUSED = {
    "AsyncFunctionDef": "async def g(): pass",
    "AsyncFor": "async def g():\n    async for t in x: pass",
    "AsyncWith": "async def g():\n    async with x: pass",
    "Await": "async def g(): await x",
    "ClassDef": "class A: pass",
    "Delete": "del np",
    "AnnAssign": "t: float = 1.0",
    "Match": "match np:\n    case 1: pass",
    "TryStar": "try: pass\nexcept* ValueError: pass",
    "Assert": "assert np",
    "Global": "def g():\n    global np\n    np = x",
    "Nonlocal": "def g(t):\n    def h():\n        nonlocal t\n        t = 1",
    "NamedExpr": "(t := np)",
    "Yield": "def g(): yield np",
    "YieldFrom": "def g(): yield from np",
}


def test_every_construct_is_on_the_list_or_refused() -> None:
    """Those of later versions of Python are refused too, since none is on the list."""
    for name, statement in REFUSED.items():
        assert name not in CONSTRUCTS
        with pytest.raises(sd.SymdiffError, match="has the construct"):
            checked(f"{GOOD}\n{statement}\n", "<changed>")
    groups = {"mod", "expr_context", "boolop", "operator", "unaryop", "cmpop", "pattern", "type_ignore", "slice"}
    bases = [kind for kind in ast.AST.__subclasses__() if kind.__name__ not in groups]
    kinds = {kind for base in bases for kind in (base.__subclasses__() or [base]) if kind._fields}
    later = {"TypeAlias", "TemplateStr", "Interpolation"}
    assert {kind.__name__ for kind in kinds} - CONSTRUCTS - REFUSED.keys() <= {"match_case", *later}


def test_a_pickle_with_a_changed_source_is_refused() -> None:
    x = sd.symbol("x")
    data = pickle.dumps(sd.compile(sd.parse("sin(x)"), [x], backend="math"))
    assert pickle.loads(data)(0.0) == 0.0
    with pytest.raises(sd.SymdiffError, match="'sun'"):
        pickle.loads(data.replace(b"sin", b"sun"))


@pytest.mark.usefixtures("own_rows")
def test_rows_of_the_user() -> None:
    """A row's own code is known, Python's dangerous functions are not."""
    x = sd.symbol("x")
    good = sd.unary("bump", lambda y, x: y, numpy=("_bump({0})", "def _bump(x):\n    return np.i0(np.hanning(3)[1]*x)"))
    assert sd.compile(good(x), [x])(0.0) == 1.0
    evil = sd.unary("evil", lambda y, x: y, numpy="__import__('os').getpid() + {0}")
    with pytest.raises(sd.SymdiffError, match="__import__"):
        sd.compile(evil(x), [x])
    late = sd.unary("late", lambda y, x: y, numpy=lambda node: "eval('1') + {0}")
    with pytest.raises(sd.SymdiffError, match="eval"):
        sd.compile(late(x), [x])


PYTHON = [name for name, backend in BACKENDS.items() if not backend.native]


def _everything() -> list[Callable[[], str]]:
    """Source of every row of numbers, on both backends."""
    found: list[Callable[[], str]] = []
    for row in list(OPS.values()):
        if row.arity and row.elementwise:
            args = [sd.symbol(f"a{place}") for place in range(row.arity)]
            found += [lambda r=row, a=args, b=backend: sd.source(r(*a), a, backend=b) for backend in PYTHON]
    return found


def test_every_row_passes() -> None:
    passed = 0
    for write in _everything():
        try:
            text = write()
        except sd.UnsupportedError:
            continue
        checked(text, "<row>")
        passed += 1
    assert passed > 150


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_pass(schedule: str) -> None:
    """With every name that code uses itself as a variable, which keeps its meaning."""
    for name in ("found", "known", "key", "len", "type", "_MEMORY", "_prepare", "_dot", "np", "sizes", "dtype"):
        X, w, c = sd.symbol(name, "n"), sd.symbol("w", "n"), sd.symbol("c")
        f = c * sd.sum(sd.tanh(X * w) * X)
        function = sd.compile((f, sd.grad(f, X)), [X, w, c], schedule=schedule)
        for _ in range(2):
            value: Any = function([1.0, 2.0], [0.5, 0.0], 2.0)[0]
            assert value == pytest.approx(2 * 0.46211715726000975)


@pytest.mark.parametrize("backend", ["numpy", "array_api"])
def test_sizes_may_be_called_as_functions_of_python(backend: str) -> None:
    for size in ("id", "input", "open", "os", "threading", "importlib", "eval"):
        x = sd.symbol("x", size)
        assert sd.compile(sd.sum(x) / sd.size(size), [x], backend=backend)(np.array([1.0, 2.0])) == 1.5


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden").glob("*.py.txt")), ids=lambda path: path.name)
def test_golden_modules_pass(path: Path) -> None:
    checked(path.read_text(encoding="utf-8"), path.name)
