"""Conversions to and from SymPy, and to networkx. Each is imported when it is used.

Operations declare their SymPy form (:class:`symdiff.ops.targets.SympyForm`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, reduce
from typing import Any

from ..graph.errors import UnsupportedError
from ..graph.leaves import CONST, VAR, const, symbol
from ..graph.node import OPS, Node, Op
from ..graph.shapes import show_shape
from ..graph.templates import fill_sizes
from ..graph.traversal import map_graph, map_structure, topological
from ..ops.arithmetic import add, mul, neg
from ..ops.composites import FUNCTIONS
from ..ops.kinds import operands
from ..ops.logic import where
from ..ops.powers import exp, sqrt
from ..ops.scalar import PI
from ..ops.targets import SYMPY


def to_sympy(f: Any) -> Any:
    """The SymPy expression of a scalar, or of each leaf of a nested structure.

    Variables become ``sympy.Symbol(name, real=True)``; whole numbers and ratios stay exact, and a float becomes a
    ``sympy.Float`` of 17 digits that converts back to the same float. SymPy rewrites what it builds (``x/x`` to 1),
    so the way back gives the same values, not always the same expression. Raises UnsupportedError for arrays and
    for operations without a SymPy form.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> to_sympy(sd.sin(x)**2 + y/3)
    y/3 + sin(x)**2
    """
    return map_structure(_to_sympy, f)


def _to_sympy(f: Any) -> Any:
    import sympy

    root = f if isinstance(f, Node) else const(f)
    _only_scalars(topological(root))
    return map_graph([root], lambda node, args: _sympy_node(sympy, node, list(args)))[0]


def _only_scalars(order: list[Node]) -> None:
    for node in order:
        if node.shape or node.op.name == "size":
            what = node.attrs[0] if node.op is VAR or not node.shape else node.op.name
            kind = f"an array of shape {show_shape(node.shape)}" if node.shape else "the size of an array"
            raise UnsupportedError(f"SymPy takes scalars from here, and {what} is {kind}")


def _sympy_node(sympy: Any, node: Node, args: list[Any]) -> Any:
    op = node.op
    if op is CONST:
        return _sympy_number(sympy, node.value)
    if op is VAR:
        return sympy.Symbol(node.name, real=True)
    form = SYMPY.of(op).form
    if callable(form):
        return form(sympy, *args)
    if not form:
        raise UnsupportedError(f"SymPy has no form of {op.name}; declare it with sympy='...'")
    return getattr(sympy, form)(*args) if args else getattr(sympy, form)


def _sympy_number(sympy: Any, value: Any) -> Any:
    if isinstance(value, bool):
        return sympy.true if value else sympy.false
    if isinstance(value, float):
        return sympy.Float(value, 17)
    return sympy.Rational(value.numerator, value.denominator)


# -- from SymPy ----------------------------------------------------------------------------------------------------


def _power(s: Any, base: Node, exponent: Node) -> Node:
    power = s.args[1]
    if power.is_Rational and power < 0:
        return 1 / _plain_power(base, -power)
    return _plain_power(base, power) if power.is_Rational else base**exponent


def _plain_power(base: Node, power: Any) -> Node:
    value = Fraction(int(power.p), int(power.q))
    return sqrt(base) if value == Fraction(1, 2) else base**value


def _sum(s: Any, *terms: Node) -> Node:
    """Numbers last, negative terms subtracted, a positive term first."""
    ordered = sorted(terms, key=lambda term: (term.op is CONST, term.op is neg))
    return reduce(add, ordered)


def _pieces(s: Any, *pairs: Any) -> Node:
    """Nested ``where``; NaN where no condition holds."""
    result = const(float("nan"))
    for value, condition in reversed(pairs):
        result = where(condition, value, result)
    return result


def _step(s: Any, x: Node, middle: Node) -> Node:
    return where(x > 0, 1, where(x < 0, 0, middle))


#: What SymPy's classes are that no operation is: (the expression, *converted arguments) -> node.
_FROM: dict[str, Callable[..., Any]] = {
    "Add": _sum,
    "Pow": _power,
    "ExprCondPair": lambda s, value, condition: (value, condition),
    "Piecewise": _pieces,
    "Heaviside": _step,
}


@cache
def _readers(ops: tuple[Op, ...]) -> dict[str, Callable[..., Any]]:
    """Functions of SymPy's expression and the converted arguments, by the name of its class."""
    readers: dict[str, Callable[..., Any]] = {name: _plainly(function) for name, function in FUNCTIONS.items()}
    for op in ops:
        form, back = SYMPY.of(op)
        if isinstance(form, str) and form and op.arity:
            readers[form] = _plainly(op)
        for name, reader in back.items():
            readers[name] = _plainly(op) if reader is None else _with_op(reader, op)
    return readers | _FROM


def _plainly(function: Callable[..., Node]) -> Callable[..., Node]:
    return lambda s, *args: function(*args)


def _with_op(reader: Callable[..., Node], op: Op) -> Callable[..., Node]:
    return lambda s, *args: reader(s, op, *args)


def from_sympy(s: Any) -> Any:
    """The node of a SymPy expression, or of each leaf of a nested structure (a matrix becomes lists).

    Raises UnsupportedError for what has no form here, such as an unknown function or an integral.

    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> from_sympy(sympy.sqrt(x) / 2 + sympy.Rational(1, 3))
    sqrt(x)/2 + 1/3
    """
    if isinstance(s, (list, tuple, Mapping)):
        return map_structure(from_sympy, s)
    if hasattr(s, "tolist"):
        return map_structure(from_sympy, s.tolist())
    return _from_sympy(s)


def sympy_assumptions(s: Any) -> tuple[Node, ...]:
    """What the symbols of a SymPy expression are declared to be, as conditions for :func:`symdiff.assume`.

    ``positive``, ``nonnegative``, ``negative``, ``nonpositive`` and ``integer``, also where SymPy infers them, for each
    symbol by name. :func:`from_sympy` itself returns variables, which stand for any real number.

    >>> import symdiff as sd, sympy
    >>> p = sympy.Symbol("p", positive=True)
    >>> f = sd.from_sympy(p) ** 2
    >>> with sd.assume(*sympy_assumptions(p)):
    ...     sd.simplify(sd.sqrt(f))
    p
    """
    import sympy

    if isinstance(s, Mapping):
        s = list(s.values())
    symbols = sympy.Tuple(*s).free_symbols if isinstance(s, (list, tuple)) else sympy.sympify(s).free_symbols
    return tuple(fact for one in sorted(symbols, key=str) for fact in _facts(one, symbol(one.name)))


def _facts(s: Any, x: Node) -> list[Node]:
    signs = {"positive": x > 0, "negative": x < 0, "nonnegative": x >= 0, "nonpositive": x <= 0}
    sign = [fact for name, fact in signs.items() if getattr(s, f"is_{name}")][:1]
    return sign + ([FUNCTIONS["integer"](x)] if s.is_integer else [])


def _from_sympy(s: Any) -> Any:
    import sympy

    root = sympy.sympify(s)
    functions = _readers(tuple(OPS.values()))
    done: dict[Any, Any] = {}
    stack = [root]
    while stack:
        top = stack[-1]
        _supported(top, functions)
        waiting = [] if top.is_Atom else [arg for arg in top.args if arg not in done]
        if waiting:
            stack.extend(reversed(waiting))
        else:
            done[stack.pop()] = _atom(sympy, top) if top.is_Atom else _apply(top, done, functions)
    return done[root]


def _atom(sympy: Any, s: Any) -> Node:
    if s.is_Symbol:
        return symbol(s.name)
    if s.is_Rational:
        return const(Fraction(int(s.p), int(s.q)))
    if s in (sympy.true, sympy.false):
        return const(bool(s))
    if s is sympy.pi:
        return PI()
    if s is sympy.E:
        return exp(1)
    if s.is_number and (s.is_extended_real or s is sympy.nan):
        return const(float(s))
    raise UnsupportedError(f"there is no form of SymPy's {s} here; formulas are real")


def _supported(s: Any, functions: Mapping[str, Any]) -> None:
    """Refuse what has no form here; a user's own function may carry the name of SymPy's."""
    name = type(s).__name__
    if not (s.is_Atom or s.is_Mul or (name in functions and type(s).__module__.startswith("sympy."))):
        raise UnsupportedError(f"there is no form of SymPy's {name} here")


def _apply(s: Any, done: Mapping[Any, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    if s.is_Mul:
        return _product(s, done)
    return functions[type(s).__name__](s, *(done[arg] for arg in s.args))


def _product(s: Any, done: Mapping[Any, Any]) -> Node:
    """One quotient: negative powers and the denominator of the coefficient go below the line."""
    above: list[Node] = []
    below: list[Node] = []
    sign = 1
    for arg in s.args:
        if arg.is_Rational:
            sign = -1 if arg < 0 else 1
            above += [const(abs(int(arg.p)))] * (abs(arg.p) != 1)
            below += [const(int(arg.q))] * (arg.q != 1)
        elif arg.is_Pow and arg.args[1].is_Rational and arg.args[1] < 0:
            below.append(_plain_power(done[arg.args[0]], -arg.args[1]))
        else:
            above.append(done[arg])
    result = reduce(mul, above) if above else const(1)
    result = result / reduce(mul, below) if below else result
    return -result if sign < 0 else result


# -- networkx ------------------------------------------------------------------------------------------------------


def to_networkx(f: Any) -> Any:
    """A ``networkx.DiGraph`` of the distinct nodes, numbered from 0 in topological order, arguments first.

    Nodes carry ``op`` (the operation's name), ``label`` (short text) and ``shape``; an edge goes from an argument to
    its user and carries ``positions``, the tuple of argument positions it fills there.

    >>> import symdiff as sd
    >>> x = sd.symbol("x")
    >>> to_networkx(x * x).edges(data="positions")
    OutEdgeDataView([(0, 1, (0, 1))])
    """
    import networkx

    from ..graph.traversal import leaves

    graph = networkx.DiGraph()
    numbers: dict[Node, int] = {}
    for number, node in enumerate(topological(*leaves(f))):
        numbers[node] = number
        graph.add_node(number, op=node.op.name, label=_label(node), shape=node.shape)
        for arg in dict.fromkeys(node.args):
            positions = tuple(i for i, other in enumerate(node.args) if other is arg)
            graph.add_edge(numbers[arg], number, positions=positions)
    return graph


def _label(node: Node) -> str:
    """A number, a name, an operator; what works on whole arrays by its text, with a dot for each argument."""
    if node.op in (CONST, VAR):
        return str(node.attrs[0])
    if node.op.text_of and operands(node) == node.args:
        return re.sub(r"\{\d+\}", "·", fill_sizes(node.op.text_of(node)))
    return node.op.infix or node.op.prefix or node.op.name
