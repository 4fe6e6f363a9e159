"""Code for C99: one file that needs the mathematical library alone and allocates nothing.

- ``function``: the function with its comment, prototype and workspace; ``points``: the loop over points around it
- ``loops``: its statements; ``spelling``: operations, numbers and names; ``workspace``: slots of intermediate arrays
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...graph.node import Node
from .function import Function
from .points import point_loop


def write_module(outputs: Any, inputs: Sequence[Node], name: str, *, updates: Mapping[Node, Node] | None = None) -> str:
    """A C file with the function ``name``.

    Raises UnsupportedError for an operation that C has no function for.
    """
    return Function(outputs, inputs, name, updates or {}).write_module()


def write_header(outputs: Any, inputs: Sequence[Node], name: str) -> str:
    """The header file of :func:`write_module`: what the function computes, its workspace, its prototype."""
    return Function(outputs, inputs, name, {}).write_header()


__all__ = ["Function", "point_loop", "write_header", "write_module"]
