"""``python tests/write_stub.py`` writes the second half of ``symdiff/__init__.pyi``: ``__all__`` and the operations."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import symdiff
from symdiff.graph.node import OPS, Op

STUB = Path(symdiff.__file__).with_suffix(".pyi")
MARK = "# Written by tests/write_stub.py from the imports above and the declarations of the operations.\n"


def stub() -> str:
    """The stub: what is imported by hand, then what follows from it and from the operations as they are declared."""
    head = STUB.read_text(encoding="utf-8").partition(MARK)[0]
    imported = set(re.findall(r"^from .* as (\w+)$", head, re.MULTILINE))
    lines = [line for op in OPS.values() if op.elementwise for line in _declaration(op, imported)]
    source = "\n".join([head + MARK, f"__all__ = {symdiff.__all__}", *lines])
    for command in (["check", "--fix", "--exit-zero", "--quiet"], ["format"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(STUB), "-"]
        source = subprocess.run(arguments, input=source, capture_output=True, text=True, check=True).stdout
    return source


def _declaration(op: Op, imported: set[str]) -> Iterator[str]:
    parameters = ", ".join(f"{name}: Operand" for name in inspect.signature(op).parameters)
    yield f"def {op.name}({parameters}, /) -> Node:"
    yield f'    """{op.doc} Domain: {op.domain}."""'
    yield from (f"{alias} = {op.name}" for alias in op.aliases if alias not in imported)


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
