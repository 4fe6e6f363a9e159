"""Operations of generated code, counted in its source: each operator, sign, comparison, selection and call is one.

What is computed from constants alone is free (Python folds it, or it stands outside of the function), and so are calls
that only convert arguments and results.
"""

from __future__ import annotations

import ast

_OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call)
#: Calls that convert arguments and results, and compute nothing.
CONVERSIONS = frozenset({"_float", "_fill", "full", "copy", "broadcast_shapes", "result_type", "astype"})


def count_operations(source: str, name: str | None = None) -> int:
    """The operations in the body of the function of that name, or of the last one in a module.

    >>> count_operations("def f(x):\\n    a = math.sin(x)\\n    return a*a - 2*math.pi")
    3
    """
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    function = [node for node in functions if name in (None, node.name)][-1]
    variables = {arg.arg for arg in function.args.args} | {
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return sum(_is_operation(node) and _reads(node, variables) for part in function.body for node in ast.walk(part))


def _is_operation(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", getattr(node.func, "attr", "")) not in CONVERSIONS
    return isinstance(node, _OPERATIONS)


def _reads(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))
