"""Operations of generated code, counted in its source: each operator, sign, selection and call is one.

What is computed from constants alone is free: Python folds it, or it stands outside of the function.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import symdiff as sd

_OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call)


def operations(outputs: Sequence[sd.Node]) -> int:
    """The operations of the function that computes all outputs together, as floats."""
    wanted = list(outputs)
    return operations_of(sd.source(wanted, list(sd.variables(wanted)), backend="math"), "f")


def operations_of(source: str, name: str) -> int:
    """The operations in the body of the function of that name."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == name]
    return sum(_counted(node) for node in ast.walk(functions[0]))


def _counted(node: ast.AST) -> bool:
    return isinstance(node, _OPERATIONS) and any(isinstance(part, ast.Name) for part in ast.walk(node))
