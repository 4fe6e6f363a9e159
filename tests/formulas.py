"""Random formulas, and their values by mpmath: one reading of the drawn tree, one of symdiff's graph."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath as mp
from hypothesis import strategies as st

from symdiff import Node
from symdiff.graph.traversal import topological

Tree = tuple[Any, ...]

#: Numbers beyond this are given up, as the next function may need their every digit, and those that float has not.
HUGE, TINY = mp.mpf(10) ** 30, mp.mpf(10) ** -290


def _sign(x: Any) -> Any:
    return mp.mpf((x > 0) - (x < 0))


def _xlogy(a: Any, b: Any) -> Any:
    return a * mp.log(b) if a else mp.mpf(0)


def _stable(x: Any) -> Any:
    """log(1 + exp(x)) without losing what is small."""
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


#: Every function that a formula of numbers may hold, by mpmath.
VALUES: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "neg": lambda a: -a, "pow": lambda a, b: mp.power(a, b), "mod": lambda a, b: a - b * mp.floor(a / b),
    "less": lambda a, b: a < b, "less_equal": lambda a, b: a <= b, "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b, "equal": lambda a, b: a == b, "not_equal": lambda a, b: a != b,
    "logical_and": lambda a, b: bool(a) and bool(b), "logical_or": lambda a, b: bool(a) or bool(b),
    "logical_not": lambda a: not a, "minimum": min, "maximum": max, "abs": abs, "sign": _sign,
    "floor": mp.floor, "ceil": mp.ceil, "exp": mp.exp, "expm1": mp.expm1, "exp2": lambda a: mp.power(2, a),
    "log": mp.log, "log1p": mp.log1p, "log2": lambda a: mp.log(a, 2), "log10": mp.log10, "sqrt": mp.sqrt,
    "cbrt": lambda a: _sign(a) * mp.cbrt(abs(a)), "hypot": mp.hypot, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan,
    "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan, "arctan2": mp.atan2, "sinh": mp.sinh, "cosh": mp.cosh,
    "tanh": mp.tanh, "arcsinh": mp.asinh, "arccosh": mp.acosh, "arctanh": mp.atanh, "sinc": mp.sincpi,
    "sigmoid": lambda a: 1 / (1 + mp.exp(-a)), "softplus": _stable, "relu": lambda a: max(a, mp.mpf(0)),
    "leaky_relu": lambda a: a if a >= 0 else a * mp.mpf(0.01), "elu": lambda a: a if a > 0 else mp.expm1(a),
    "gelu": lambda a: a * mp.ncdf(a), "logaddexp": lambda a, b: max(a, b) + mp.log1p(mp.exp(-abs(a - b))),
    "xlogy": _xlogy, "erf": mp.erf, "erfc": mp.erfc, "gamma": mp.gamma, "gammaln": mp.loggamma, "digamma": mp.digamma,
    "polygamma": lambda n, x: mp.polygamma(int(n), x),
    "sinc_derivative": lambda n, x: mp.diff(mp.sincpi, x, int(n)),
    "stop_gradient": lambda a: a,
}  # fmt: skip
UNARY = (
    "neg abs exp expm1 exp2 log log1p log2 log10 sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh "
    "arccosh arctanh sinc sigmoid softplus relu leaky_relu elu gelu erf erfc gamma gammaln digamma"
).split()
BINARY = "add add sub mul mul div pow hypot arctan2 logaddexp maximum minimum mod xlogy".split()
COMPARISONS = ("less", "less_equal", "greater", "greater_equal")
INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "mod": "%",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
}  # fmt: skip
NAMES = ("x", "y", "z")


def _extended(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    condition = st.tuples(st.sampled_from(COMPARISONS), inner, inner)
    whole = st.integers(-3, 4).map(lambda number: ("number", number))
    return st.one_of(
        st.tuples(st.sampled_from(UNARY), inner),
        st.tuples(st.sampled_from(BINARY), inner, inner),
        st.tuples(st.just("pow"), inner, whole),
        st.tuples(st.just("where"), condition, inner, inner),
    )


#: Trees of operations of real numbers: ``("name", tree, ...)``, ``("number", 3)`` and ``("variable", "x")``.
trees: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(NAMES).map(lambda name: ("variable", name)) | st.integers(-5, 9).map(lambda n: ("number", n)),
    _extended,
    max_leaves=12,
)
#: Points off the places where formulas of small whole numbers have kinks, and never with two equal coordinates.
points = st.fixed_dictionaries(
    {
        name: st.integers(-300, 300).map(lambda n, off=off: n / 128 + off)
        for name, off in zip(NAMES, (41e-4, 67e-4, 23e-4), strict=True)
    }
)


def text(tree: Tree) -> str:
    """The tree as a formula, every operation in brackets."""
    name, *args = tree
    if name in ("variable", "number"):
        return f"({args[0]})" if name == "number" and args[0] < 0 else str(args[0])
    shown = [text(arg) for arg in args]
    if name == "neg":
        return f"(-{shown[0]})"
    return f"({shown[0]} {INFIX[name]} {shown[1]})" if name in INFIX else f"{name}({', '.join(shown)})"


class NoValueError(Exception):
    """No real number, or one too large to go on with."""


def _real(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, mp.mpc) or not mp.isfinite(value) or abs(value) > HUGE or 0 < abs(value) < TINY:
        raise NoValueError
    return value


def _applied(name: str, *args: Any) -> Any:
    try:
        return _real(VALUES[name](*args))
    except (ArithmeticError, ValueError, mp.libmp.NoConvergence):
        raise NoValueError from None


def value(tree: Tree, point: Mapping[str, Any]) -> Any:
    """The value of the tree by mpmath; raises NoValueError where it has none."""
    name, *args = tree
    if name == "where":
        return value(args[1] if value(args[0], point) else args[2], point)
    if name in ("variable", "number"):
        return mp.mpf(point[args[0]] if name == "variable" else args[0])
    return _applied(name, *(value(arg, point) for arg in args))


def graph_values(nodes: list[Node], point: Mapping[str, Any], noise: random.Random | None = None) -> list[Any]:
    """The values of symdiff's nodes by mpmath, None where there is none.

    ``noise``: each operation's result is a little off, as floating-point numbers are.
    """
    found: dict[Node, Any] = {}
    for node in topological(*nodes):
        if node.op.name == "const":
            exact = node.value
            found[node] = mp.mpf(exact.numerator) / exact.denominator if isinstance(exact, Fraction) else mp.mpf(exact)
        elif node.op.name in ("var", "pi"):
            found[node] = mp.mpf(point[node.name]) if node.op.name == "var" else +mp.pi
        else:
            found[node] = _result(node, [found[arg] for arg in node.args])
        if noise is not None and isinstance(found[node], mp.mpf) and _rounded(node, found[node]):
            error = mp.mpf(noise.uniform(-1, 1)) * mp.mpf(2) ** -51
            found[node] += error * (found[node] or 1)
    return [found[node] for node in nodes]


def _rounded(node: Node, value: Any) -> bool:
    """Whether floating-point arithmetic may have another number there; a zero of a function is one."""
    return value != float(value) if value or len(node.args) != 1 else True


def _result(node: Node, args: list[Any]) -> Any:
    if node.op.name == "where":
        return None if args[0] is None else args[1 if args[0] else 2]
    if any(arg is None for arg in args):
        return None
    try:
        return _applied(node.op.name, *args)
    except NoValueError:
        return None


def slope(tree: Tree, point: Mapping[str, Any], name: str) -> Any:
    """The derivative by a variable, from both sides; raises NoValueError where the two differ."""
    step = mp.mpf(10) ** -22
    low, here, high = (value(tree, {**point, name: mp.mpf(point[name]) + side * step}) for side in (-1, 0, 1))
    left, right = (here - low) / step, (high - here) / step
    if abs(left - right) > 1e-10 * (abs(left) + abs(right)) + mp.mpf(10) ** -16:
        raise NoValueError
    return (left + right) / 2
