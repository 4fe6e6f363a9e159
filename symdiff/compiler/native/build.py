"""C source to a shared library: the system's compiler, and a cache of what it made.

A library is kept under the hash of its source, the compiler's version, the flags and the machine, so an entry is never
wrong and the folder may be deleted at any time. Nothing is downloaded, and nothing but the compiler is run.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...codegen.c.spelling import find_template
from ...graph.errors import SymdiffError
from ...graph.node import OPS, Op
from ...ops.targets import C

if TYPE_CHECKING:
    from ctypes import CDLL

#: Optimised for this machine, with every result as IEEE 754 says: no contraction to fused operations, no reordering.
FLAGS = (
    "-O3 -march=native -std=gnu11 -ffp-contract=off -fno-math-errno -fno-trapping-math -fno-semantic-interposition "
    "-Wno-unknown-pragmas"
).split()
SHARED = ("-fPIC",)
#: GCC 12 vectorises loops that read memory under a condition wrongly at times (a masked load loses elements that
#: another mask left out): it is not to make such loops, where there are conditions, nor conditions around reads.
GCC = ("-fno-tree-sink",)
GCC_ARRAYS = ("-fno-tree-loop-if-convert",)


class NoCompiler(SymdiffError):
    """There is no C compiler, or it does not work."""


def compiler() -> tuple[str, ...]:
    """The command of the C compiler: ``$CC``, else the first of cc, gcc and clang on the path.

    Raises NoCompiler where there is none.
    """
    named = os.environ.get("CC")
    for command in [named] if named else ["cc", "gcc", "clang"]:
        words = shlex.split(command)
        if words and shutil.which(words[0]):
            return tuple(words)
    wanted = f"$CC names {named!r}, which is not on the path" if named else "none of cc, gcc and clang is on the path"
    raise NoCompiler(f"the C backend needs a C compiler, and {wanted}; install one, such as gcc")


@functools.cache
def version(command: tuple[str, ...]) -> str:
    """What the compiler says of itself and of this machine's processor."""
    asked = [*command, "-march=native", "-Q", "--help=target"]
    texts = [_output([*command, "--version"]), _output(asked)]
    return "\n".join([*texts, platform.machine(), sys.platform])


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def folder() -> Path:
    """Where libraries are kept: the user's cache, else the folder for temporary files."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    for found in (Path(base) / "symdiff", Path(tempfile.gettempdir()) / f"symdiff-{os.getuid()}"):
        try:
            found.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(found, os.W_OK) and found.stat().st_uid == os.getuid():
            return found
    return Path(tempfile.mkdtemp(prefix="symdiff-"))


def library(source: str, flags: Sequence[str] = (), conditional: bool = False) -> CDLL:
    """The shared library of the source, compiled unless it was before; ``conditional``: it may read under conditions.

    Raises NoCompiler where there is no compiler, SymdiffError where it refuses the source or a flag.
    """
    import ctypes

    command = compiler()
    text = write_prelude() + source
    careful = (*GCC, *(GCC_ARRAYS if conditional else ())) if "Free Software Foundation" in version(command) else ()
    every = [*FLAGS, *careful, *flags, *SHARED]
    key = hashlib.sha256("\0".join([version(command), *command, *every, text]).encode()).hexdigest()[:32]
    path = folder() / f"{key}.so"
    if not path.exists():
        _compile(command, every, text, path)
    return ctypes.CDLL(str(path))


def _compile(command: Sequence[str], flags: Sequence[str], text: str, path: Path) -> None:
    """Compile beside the place, then move there: nobody sees half a library.

    The flags are not for the linker: with ``-ffast-math`` it adds code that makes the whole process flush small numbers
    to zero.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as room:
        source, part, made = (Path(room) / name for name in ("f.c", "f.o", "f.so"))
        source.write_text(text, encoding="utf-8")
        _run([*command, *flags, "-c", "-o", str(part), str(source)])
        _run([*command, "-shared", "-o", str(made), str(part), "-lm"])
        os.replace(made, path)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()
        raise SymdiffError(f"{command[0]} cannot compile the C source: {errors[0] if errors else 'no reason given'}")


def write_prelude() -> str:
    """Declarations before the source that let loops over points become vector code."""
    lines = ["#include <tgmath.h>", "#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)"]
    lines += ["#include <features.h>", "#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)"]
    lines += [line for op in OPS.values() if C.of(op).vector for line in _declare_vector(op)]
    return "\n".join([*lines, "#endif", "#endif", "#line 1", ""])


def _declare_vector(op: Op) -> list[str]:
    """The function under another name, for both types; where float has no vector form, it is widened.

    A compiler that is told of a vector form makes vector code of a loop that calls it; under C's own names it would
    merge sin and cos into a call that has no such form.
    """
    name, operands = find_template(op).partition("(")[0], [f"x{index}" for index in range(op.arity)]
    lines = []
    for kind, end in (("double", ""), ("float", "f")):
        lines.append(f'{kind} vector_{name}{end}({", ".join([kind] * op.arity)}) __asm__("{name}{end}")')
        lines.append('    __attribute__((simd("notinbranch"), const));')
    narrow = f"vector_{name}f" if "float" in C.of(op).vector else f"vector_{name}"
    chosen = f"_Generic({' + '.join(operands)}, float: {narrow}, default: vector_{name})"
    return [*lines, f"#undef {name}", f"#define {name}({', '.join(operands)}) {chosen}({', '.join(operands)})"]
