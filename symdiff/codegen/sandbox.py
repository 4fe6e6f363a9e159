"""What emitted source may hold: it is parsed, each construct and name in it is looked at, and only then it is executed.

Statements that emitters write in the same words each time, such as helper functions, are known as a whole. All others
are made of :data:`CONSTRUCTS`, read attributes of :data:`ATTRIBUTES` and of the code of operations, and use no function
of Python's but :data:`BUILTINS`. So a source that was changed on its way, as in a pickle, or that a mistake in an
emitter made of a formula's text, runs no ``os.system``.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias

from ..graph.errors import SymdiffError
from ..graph.node import OPS, Op
from ..graph.traversal import gc_paused
from ..ops.targets import ARRAY_API, MATH, NUMPY, list_texts
from . import array_api, blocked, fast, out_writers, points
from .names import PYTHON

Names: TypeAlias = frozenset[str]
MODULES = frozenset("math numpy scipy scipy.special scipy.sparse scipy.linalg".split())
#: Python's own functions that emitted source may call; an operation cannot allow others.
BUILTINS = frozenset(
    """abs all any bool complex dict divmod enumerate float frozenset int isinstance len list map max min pow range
    reversed round set slice sorted str sum tuple zip ArithmeticError AttributeError IndexError KeyError
    NotImplementedError OverflowError RuntimeError TypeError ValueError ZeroDivisionError""".split()
)
#: Attributes that the emitters write beside the code of operations; a new emitter adds its own here.
ATTRIBUTES = frozenset(
    """T add array asarray astype bool broadcast_shapes broadcast_to clear copy copyto diag dot dtype einsum empty equal
    float64 full get greater greater_equal inf int64 less less_equal mT matmul min max multiply nan ndim negative
    not_equal power ravel remainder reshape result_type s_ shape special sparse sqrt subtract swapaxes tensordot
    transpose true_divide""".split()
)
#: What emitted source is made of, beside operators and what has no parts.
CONSTRUCTS = frozenset(
    """FunctionDef arguments arg Return Assign AugAssign Expr For While If With withitem Raise Try ExceptHandler Import
    ImportFrom alias BoolOp BinOp UnaryOp Lambda IfExp Dict Set ListComp SetComp DictComp GeneratorExp comprehension
    Compare Call keyword Constant Attribute Subscript Starred Name List Tuple Slice JoinedStr FormattedValue""".split()
)


def checked(text: str, filename: str) -> CodeType:
    """The code of an emitted module, where all that it uses is known; raises SymdiffError that names what is not.

    >>> exec(checked("import math\\nhalf = math.sin(0.5)", "<emitted>"))
    >>> checked("import socket", "<changed>")
    Traceback (most recent call last):
    symdiff.graph.errors.SymdiffError: the source <changed> is not executed: it imports 'socket', ...
    """
    known = _known(tuple(OPS.values()))
    try:
        with gc_paused():
            tree = ast.parse(text)
            code = builtins.compile(tree, filename, "exec", dont_inherit=True)
            problem = next(_problems(text, tree, *known), "")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        problem = f"is no Python, {error}"
    if problem:
        problem += ", which neither an operation nor symdiff uses"
        raise SymdiffError(f"the source {filename} is not executed: it {problem}")
    return code


def _problems(text: str, tree: ast.Module, statements: Names, attributes: Names, forbidden: Names) -> Iterator[str]:
    """What is not known in a module. In a function, its parameters hide Python's functions of their names."""
    lines = re.split("\r\n?|\n", text)
    for part in tree.body:
        first = min(node.lineno for node in [part, *getattr(part, "decorator_list", ())])
        if "\n".join(lines[first - 1 : part.end_lineno]) in statements:
            continue
        if not isinstance(part, ast.FunctionDef):
            yield from _unknown([part], attributes, forbidden)
            continue
        nodes = [*ast.iter_child_nodes(part.args), *ast.iter_child_nodes(part)]
        parameters = [node for node in nodes if isinstance(node, ast.arg)]
        outside = [node for node in nodes if not isinstance(node, (ast.arg, ast.arguments, ast.stmt))]
        yield from _unknown([*outside, *(node.annotation for node in parameters)], attributes, forbidden)
        yield from _unknown(part.body, attributes, forbidden.difference(node.arg for node in parameters))


def _unknown(nodes: Iterable[ast.AST | None], attributes: Names, forbidden: Names) -> Iterator[str]:
    """What is not known in the nodes: constructs, attributes, modules, and every identifier, whatever it names."""
    waiting: list[Any] = list(nodes)
    while waiting:
        node = waiting.pop()
        if node is None or not node._fields:
            continue
        if isinstance(node, ast.Attribute):
            node = _guarded(node, forbidden)
        if type(node).__name__ not in CONSTRUCTS:
            yield f"has the construct {type(node).__name__}"
        elif isinstance(node, ast.Attribute) and (node.attr not in attributes or not isinstance(node.ctx, ast.Load)):
            yield f"uses the name {node.attr!r} of something else"
        for alias in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
            if (module := getattr(node, "module", alias.name)) not in MODULES:
                yield f"imports {module!r}"
            elif alias.name not in attributes and alias.name not in MODULES:
                yield f"uses the name {alias.name!r}"
        for field in () if isinstance(node, ast.Constant) else node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                waiting += value
            elif isinstance(value, ast.AST):
                waiting.append(value)
            elif value in forbidden:
                yield f"uses the name {value!r}"


def _guarded(node: ast.Attribute, forbidden: Names) -> ast.AST:
    """What is left to look at of two reads that are allowed in no other form."""
    match node:
        case ast.Attribute(ast.Call(ast.Name("type"), [value], []), "__name__", ast.Load()):
            return value  # the type itself would make classes, whose objects act as anything
        case ast.Attribute(ast.Name("_MEMORY"), "__dict__", ast.Load()) if "_MEMORY" in forbidden:
            return ast.Constant(None)  # the buffers, a thread's own; the ``__dict__`` of a module has everything in it
    return node


@lru_cache(maxsize=4)
def _known(ops: tuple[Op, ...]) -> tuple[Names, Names, Names]:
    """Statements that are known as a whole, attributes that all others may read, and identifiers that none may have."""
    texts = [
        *array_api.VERBATIM,
        *blocked.VERBATIM,
        *fast.VERBATIM,
        *points.HELPERS.values(),
        *out_writers.HELPERS.values(),
    ]
    texts += [helper for op in ops for helper in ARRAY_API.of(op).helpers]
    code = " ".join(list_texts(tuple((NUMPY.of(op), MATH.of(op), ARRAY_API.of(op)) for op in ops)))
    forbidden = PYTHON.union(vars(builtins)) - BUILTINS
    attributes = ATTRIBUTES.union(re.findall(r"\.([^\W\d_]\w*)", code)) - forbidden
    return frozenset(part for text in texts for part in re.split(r"\n+(?=\w)", text)), attributes, forbidden
