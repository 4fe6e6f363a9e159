"""Compiled C functions on NumPy arrays: built by the system's compiler, kept in a cache, called through ctypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...codegen.c import Function, point_loop
from ...graph.node import Node
from .arrays import Arrays
from .base import Native, form_of
from .build import NoCompiler
from .points import Points


def build_function(outputs: Any, inputs: Sequence[Node], updates: Mapping[Node, Node], flags: Sequence[str]) -> Native:
    """The compiled function of ``inputs``, which writes ``updates`` in place; ``flags`` go to the compiler too.

    Raises UnsupportedError for an operation that C has no function for, NoCompiler where there is no compiler.
    """
    made = Function(outputs, inputs, "f", updates)
    if made.scalar:
        return Points(made.write_module() + "\n" + point_loop(made), form_of(made), tuple(flags))
    return Arrays(made.write_module(), form_of(made), tuple(flags))


__all__ = ["Native", "NoCompiler", "build_function"]
