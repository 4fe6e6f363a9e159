"""The frame that emitted modules share: docstring, nested results, wrapped lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ..graph.errors import SymdiffError
from ..graph.node import Node
from ..graph.traversal import leaves, topological

WIDTH = 110
#: Graphs with more nodes than this are not printed into the docstring.
SHORT = 60
#: Characters of a formula in the docstring.
LONG = 500


def write_result(structure: Any, texts: Sequence[str]) -> str:
    """The nested result, one part a line where it is long."""
    return _write_nested(structure, iter(texts), "    ")


def _write_nested(structure: Any, texts: Any, indent: str) -> str:
    inner = indent + "    "
    if isinstance(structure, Mapping):
        parts = [f"{_write_key(key)}: {_write_nested(part, texts, inner)}" for key, part in structure.items()]
        left, right = "{", "}"
    elif isinstance(structure, (list, tuple)):
        parts = [_write_nested(part, texts, inner) for part in structure]
        left, right = ("[", "]") if isinstance(structure, list) else ("(", ",)" if len(parts) == 1 else ")")
    else:
        return str(next(texts))
    line = ", ".join(parts)
    if len(line) + len(indent) <= WIDTH and "\n" not in line:
        return left + line + right
    return left + "".join(f"\n{inner}{part}," for part in parts) + f"\n{indent}{right[-1]}"


def _write_key(key: Any) -> str:
    if isinstance(key, tuple):
        return f"({', '.join(map(_write_key, key))}{',' * (len(key) == 1)})"
    if type(key) not in (str, int, bool, type(None)):
        raise SymdiffError(f"the keys of outputs are strings, whole numbers or tuples of them, not {key!r}")
    text = repr(key)
    return f'"{text[1:-1]}"' if text.startswith("'") and '"' not in text else text


def write_docstring(
    name: str, structure: Any, inputs: Sequence[Node], shown: Sequence[str], notes: Sequence[str]
) -> str:
    """What the module holds: formula, inputs, outputs, conventions; quotes cannot end it."""
    nodes = leaves(structure)
    lines = [f"{name}({', '.join(shown)}), emitted by symdiff.", ""]
    if nodes and len(topological(*nodes)) <= SHORT:
        count = iter(range(len(nodes)))
        names = [f"out{next(count)}" for _ in nodes] if len(nodes) > 1 else ["out"]
        lines += [f"    {label} = {_write_formula(node)}" for label, node in zip(names, nodes, strict=True)]
        lines += [f"Returns {_write_nested(structure, iter(names), '')}.", ""]
    renamed = [f"{var.name} is called {new}" for var, new in zip(inputs, shown, strict=True) if var.name != new]
    notes = [*notes, *([", ".join(renamed) + "."] if renamed else [])]
    text = "\n".join([*lines, *(textwrap.fill(note, WIDTH) for note in notes)])
    return '"""' + text.replace("\\", "\\\\").replace('"""', "'''") + '\n"""'


def _write_formula(node: Node) -> str:
    from ..text.printer import show

    text = str(show(node))
    return text if len(text) <= LONG else text[:LONG] + " ..."


def write_function(name: str, parameters: Sequence[str], body: Sequence[str]) -> str:
    """The function; a long signature is broken."""
    head = f"def {name}({', '.join(parameters)}):"
    if len(head) > WIDTH:
        wrapped = textwrap.fill(", ".join(parameters) + ",", WIDTH, initial_indent="    ", subsequent_indent="    ")
        head = f"def {name}(\n{wrapped}\n):"
    return "\n".join([head, *("    " + line for line in body)])


def join_blocks(*blocks: str) -> str:
    """The blocks that are not empty, functions set off by two blank lines."""
    text = ""
    for block in filter(None, blocks):
        functions = block.startswith("def ") or "\ndef " in text
        text += ("\n\n\n" if functions and text else "\n\n" if text else "") + block
    return text + "\n"
