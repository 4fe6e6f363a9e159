"""The one structural order of nodes, the same in every process: it decides how sums and products are spelled.

A key is ``(depth, name, operation, digest)``: shallow before deep, then by the first variable, the operation and a
digest of the structure (not ``id`` and not ``hash``, which differ between processes). Keys are kept on the nodes.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

from .leaves import VAR
from .node import Node, _Fields

Key = tuple[int, str, str, int, float]

_MASK = (1 << 64) - 1
_LAST = "\U0010ffff"
_MAX_DEGREE = 1e6
_keep: Any = vars(_Fields)["_order"].__set__


def key(node: Node) -> Key:
    """``(depth, name, operation, digest, degree)`` of a node; missing keys of arguments are made first."""
    stack = [node]
    while stack:
        step = stack[-1]
        missing = [] if hasattr(step, "_order") else [arg for arg in step.args if not hasattr(arg, "_order")]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        if not hasattr(step, "_order"):
            _keep(step, _make(step))
    return node._order


def _make(node: Node) -> Key:
    keys: list[Any] = [arg._order for arg in node.args]
    depth = 1 + max((k[0] for k in keys), default=-1)
    name = node.name if node.op is VAR else min((k[1] for k in keys), default=_LAST)
    digest = crc32(f"{node.op.name} {node.attrs!r} {node.shape!r}".encode())
    for k in keys:
        digest = ((digest ^ k[3]) * 6364136223846793005 + 1442695040888963407) & _MASK
        digest ^= digest >> 29
    return depth, name, node.op.name, digest, _degree(node, [k[4] for k in keys])


def _degree(node: Node, degrees: list[float]) -> float:
    """The degree as a polynomial, as far as the operations say; 0 for other functions."""
    found = 1.0 if node.op is VAR else node.op.degree(node, degrees) if node.op.degree else 0.0
    return min(max(found, -_MAX_DEGREE), _MAX_DEGREE)


def without_variables(node: Node) -> bool:
    """Whether the value is the same whatever the variables are.

    >>> import symdiff as sd
    >>> without_variables(sd.parse("sqrt(2) + pi")), without_variables(sd.parse("2*x"))
    (True, False)
    """
    return key(node)[1] == _LAST


def factor_key(node: Node) -> tuple[Any, ...]:
    """Factors of a product: variables by name, then deeper expressions; among arrays, matrix products first."""
    return node.op.name != "contract", *key(node)[:4]


def term_key(node: Node) -> tuple[Any, ...]:
    """Terms of a sum: higher degrees first."""
    depth, name, operation, digest, degree = key(node)
    return -degree, name, depth, operation, digest
