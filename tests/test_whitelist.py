"""Emitted source is looked at before it is executed: what no operation and no emitter uses is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

import symdiff as sd
from symdiff.codegen.sandbox import checked
from symdiff.compiler.functions import BACKENDS, SCHEDULES, load
from symdiff.graph.node import OPS

GOOD = 'import numpy as np\n\n\ndef f(x):\n    """A sine."""\n    return np.sin(x)\n'
FAST = sd.source(sd.sum(sd.tanh(sd.symbol("X", "n"))), [sd.symbol("X", "n")], schedule="fast")
ARRAYS = sd.source(sd.sin(sd.symbol("x")), [sd.symbol("x")], backend="array_api")
#: Changed sources by what a refusal names; FILE is the file that they try to write.
EVIL = {
    "imports 'socket'": "import socket\n" + GOOD,
    "uses the name 'system'": "import os\nos.system('touch FILE')\n" + GOOD,
    "uses the name 'import_module'": "import importlib\nimportlib.import_module('this')\n" + GOOD,
    "uses the name 'hasattr'": ARRAYS.replace('"numpy")', '"this")').replace(' if arrays else "this"', ""),
    "imports 'subprocess'": GOOD.replace("    return", "    import subprocess\n    return"),
    "imports 'numpy.ctypeslib'": "import numpy.ctypeslib\n" + GOOD,
    "uses the name '__import__'": "__import__('os').system('touch FILE')\n" + GOOD,
    "uses the name 'open'": GOOD + "open('FILE', 'w')\n",
    "uses the name 'eval'": GOOD.replace("np.sin(x)", "eval('x')"),
    "uses the name 'exec'": GOOD.replace("np.sin(x)", "[exec(t) for t in 'x']"),
    "uses the name 'getattr'": GOOD.replace("np.sin(x)", "(lambda: getattr(np, 'load'))()"),
    "uses the name '__class__'": GOOD.replace("np.sin(x)", "().__class__"),
    "uses the name '__globals__'": GOOD.replace("np.sin(x)", "f.__globals__"),
    "uses the name 'tofile'": GOOD.replace("np.sin(x)", "np.sin(x).tofile('FILE')"),
    "uses the name 'save'": GOOD.replace("np.sin(x)", "np.save('FILE', x)"),
    "uses the name 'format'": GOOD.replace("np.sin(x)", "'{0.real}'.format(x)"),
    "uses the name '__builtins__'": GOOD.replace("np.sin(x)", "__builtins__"),
    "reads a '__dict__'": GOOD.replace("np.sin(x)", "np.__dict__['load']"),
    "reads a '__dict__', which": FAST.replace("threading.local()", "threading"),
    "reads a '__dict__', which neither": FAST + "\n(lambda _MEMORY: _MEMORY.__dict__)(threading)\n",
    "reads a '__dict__', which neither an": FAST + "\nnp.__\uff44ict__['load']\n",
    "uses the name 'load' of something": "import numpy as np\nload = 1\nnp.load('FILE')\n" + GOOD,
    "uses the name 'memmap'": "from numpy import memmap as sin\n" + GOOD,
    "has an assignment to an attribute": GOOD + "np.sin = np.cos\n",
    "has an assignment to a global": GOOD.replace("    return", "    global np\n    np = x\n    return"),
    "has a class": GOOD + "class A: pass\n",
    "has an import of everything": "from math import *\n" + GOOD,
    "assigns '__builtins__'": GOOD + "__builtins__ = {}\n",
    "is no Python": GOOD + "def",
}  # fmt: skip


@pytest.mark.parametrize("what", EVIL)
def test_changed_sources_are_refused(what: str, tmp_path: Path) -> None:
    target = tmp_path / "evil"
    text = EVIL[what].replace("FILE", str(target))
    with pytest.raises(sd.SymdiffError) as caught:
        load(text, "f", "numpy", (sd.symbol("x"),))
    assert what in str(caught.value) and "\n" not in str(caught.value)
    assert not target.exists()


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


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden").glob("*.py.txt")), ids=lambda path: path.name)
def test_golden_modules_pass(path: Path) -> None:
    checked(path.read_text(encoding="utf-8"), path.name)
