"""A second reading of formulas: the text by Python's own parser, its value by mpmath, derivatives from differences.

Nothing of symdiff is used, so a mistake of its parser, rules, differentiation or 50-digit values cannot hide here.
Conventions at kinks are not known here: :func:`partial` raises where the two sides differ.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import mpmath as mp

Point = Mapping[str, Any]
#: Called with each operation's name and arguments, so that a caller can disturb or watch the values.
Watch = Callable[[ast.AST, Any], Any]


class NoValueError(Exception):
    """No real number is the value, or the two sides have different derivatives."""


class TooLargeError(NoValueError):
    """A value on the way is too large to be computed here."""


def _logaddexp(a: Any, b: Any) -> Any:
    return max(a, b) + mp.log1p(mp.exp(-abs(a - b)))


def _power(a: Any, b: Any) -> Any:
    if a and not mp.isint(b):
        _bounded(b * mp.log(abs(a)))
    return mp.mpf(1) if a == 0 and b == 0 else mp.power(a, b)


def _erfc(x: Any) -> Any:
    """Beyond every float the first two terms of the asymptotic series are exact to 40 digits."""
    return mp.erfc(x) if x < 10**10 else mp.exp(-_bounded(x * x)) / (x * mp.sqrt(mp.pi)) * (1 - 1 / (2 * x * x))


def _bounded(x: Any) -> Any:
    """The argument of a function that would need as many digits as it has before the point."""
    if abs(x) > mp.mpf(10) ** 420:
        raise TooLargeError
    return x


def _sinc_derivative(n: Any, x: Any) -> Any:
    """The n-th derivative of sin(pi*x)/(pi*x): the integral of cos(pi*x*t + n*pi/2)*(pi*t)**n over 0 <= t <= 1."""
    return mp.quad(lambda t: mp.cos(mp.pi * x * t + n * mp.pi / 2) * (mp.pi * t) ** n, [0, 1])


def _spherical(n: Any, x: Any) -> Any:
    if not x:
        return mp.mpf(not n)
    value = mp.sqrt(mp.pi / (2 * abs(x))) * mp.besselj(n + mp.mpf(1) / 2, abs(x))
    return value if x > 0 or not n % 2 else -value


def _erf(x: Any) -> Any:
    return mp.erf(x) if abs(x) < 1 else mp.sign(x) * (1 - _erfc(abs(x)))


#: Functions whose value has as many digits as the argument has before the point, or that need them.
FAST: dict[str, Callable[..., Any]] = {
    "exp": mp.exp, "expm1": mp.expm1, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "sinh": mp.sinh, "cosh": mp.cosh,
    "tanh": mp.tanh, "gamma": mp.gamma, "gammaln": mp.loggamma, "digamma": mp.digamma, "sinc": mp.sincpi,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)), "elu": lambda x: x if x > 0 else mp.expm1(x),
    "softplus": lambda x: _logaddexp(mp.mpf(0), x),
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs, "sign": mp.sign, "floor": mp.floor, "ceil": mp.ceil, "log": mp.log, "log1p": mp.log1p,
    "exp2": lambda x: _power(mp.mpf(2), x), "log2": lambda x: mp.log(x, 2), "log10": mp.log10, "sqrt": mp.sqrt,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)), "difference_of_products": lambda a, b, c, d: a * b - c * d,
    "hypot": mp.hypot, "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan, "arctan2": mp.atan2,
    "arcsinh": mp.asinh, "arccosh": mp.acosh, "arctanh": mp.atanh, "sinc_derivative": _sinc_derivative,
    "spherical_jn": _spherical, "relu": lambda x: max(x, mp.mpf(0)), "leaky_relu": lambda x: x if x >= 0 else x / 100,
    "gelu": lambda x: x * _erfc(-x / mp.sqrt(2)) / 2, "logaddexp": _logaddexp, "erf": _erf, "erfc": _erfc,
    "power_derivative": lambda n, m, a, b: mp.diff(lambda u, v: u**v, (a, b), (int(n), int(m))),
    "xlogy": lambda a, b: a * mp.log(b) if a else mp.mpf(0), "polygamma": lambda n, x: mp.polygamma(int(n), x),
    "stop_gradient": lambda x: x, "maximum": max, "minimum": min, "max": max, "min": min,
    "clip": lambda x, lo, hi: min(max(x, lo), hi),
    **{name: lambda x, function=function: function(_bounded(x)) for name, function in FAST.items()},
}  # fmt: skip
OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b, ast.Mod: lambda a, b: a - b * mp.floor(a / b), ast.Pow: lambda a, b: _power(a, b),
    ast.Lt: lambda a, b: a < b, ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b,
    ast.BitAnd: lambda a, b: bool(a) and bool(b), ast.BitOr: lambda a, b: bool(a) or bool(b),
    ast.USub: lambda a: -a, ast.UAdd: lambda a: a, ast.Invert: lambda a: not a,
}  # fmt: skip


def value(text: str, point: Point, watch: Watch | None = None) -> Any:
    """The value of a formula of numbers; raises NoValueError where it is no finite real number.

    ``watch(tree, value)`` stands in for the value of each operation and each occurrence of a variable.
    """
    return _value(tree_of(text), point, watch)


@cache
def tree_of(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _value(tree: ast.expr, point: Point, watch: Watch | None) -> Any:
    if isinstance(tree, ast.Constant):
        return mp.mpf(tree.value)
    if isinstance(tree, ast.Name):
        found = +mp.pi if tree.id == "pi" else mp.mpf(point[tree.id])
        return found if watch is None else watch(tree, found)
    if isinstance(tree, ast.Call) and tree.func.id == "where":  # type: ignore[attr-defined]
        chosen = tree.args[1 if _value(tree.args[0], point, watch) else 2]
        return _value(chosen, point, watch)
    function, args = _parts(tree)
    result = _real(function, [_value(arg, point, watch) for arg in args])
    return result if watch is None or isinstance(result, bool) else watch(tree, result)


def _parts(tree: ast.expr) -> tuple[Callable[..., Any], list[ast.expr]]:
    if isinstance(tree, ast.Call):
        return FUNCTIONS[tree.func.id], tree.args  # type: ignore[attr-defined]
    if isinstance(tree, ast.UnaryOp):
        return OPERATORS[type(tree.op)], [tree.operand]
    if isinstance(tree, ast.Compare):
        return OPERATORS[type(tree.ops[0])], [tree.left, tree.comparators[0]]
    if isinstance(tree, ast.BinOp):
        return OPERATORS[type(tree.op)], [tree.left, tree.right]
    raise TypeError(f"{ast.dump(tree)} is no operation of numbers")


def _real(function: Callable[..., Any], args: list[Any]) -> Any:
    try:
        result = function(*args)
    except NoValueError:
        raise
    except (ArithmeticError, ValueError, mp.libmp.NoConvergence):
        raise NoValueError from None
    if isinstance(result, bool):
        return result
    if isinstance(result, mp.mpc) or not mp.isfinite(result):
        raise NoValueError
    return mp.mpf(result)


def partial(text: str, point: Point, names: Sequence[str], watch: Watch | None = None, spare: int = 350) -> Any:
    """The derivative by the names, each as often as it stands there; NoValueError where the sides differ.

    Differences on each side, at steps far below every number of the formula; where the formula ends at the point, those
    on the other side have to tend to a limit. ``spare``: digits beyond those that the differences need, for values such
    as exp(-700) beside 1.
    """
    orders = {name: list(names).count(name) for name in dict.fromkeys(names)}
    total = sum(orders.values())
    scale = max((abs(mp.log10(abs(mp.mpf(number)))) for number in point.values() if number), default=0)
    with mp.workdps(mp.mp.dps + spare + int(scale) + total * (STEP + 15 + int(scale))):
        if not total:
            return value(text, point, watch)
        sides = _sides(text, point, orders, watch, STEP)
        size = max(abs(side) for side in sides)
        if max(sides) - min(sides) > mp.mpf(10) ** -25 * size + mp.mpf(10) ** -40:
            raise NoValueError
        middle = sum(sides) / len(sides)
        if len(sides) == 2 ** len(orders) and abs(middle) > mp.mpf(10) ** -30:
            return middle
        nearer = _sides(text, point, orders, watch, STEP + 12)
        if abs(nearer[0] - sides[0]) > mp.mpf(10) ** -15 * (1 + size):
            raise NoValueError
        if abs(sum(nearer) / len(nearer) - middle) > mp.mpf(10) ** -3 * abs(middle):
            return mp.mpf(0)  # an error of the differences, which falls with the step
        return middle


#: Steps are 10**-STEP of the point.
STEP = 40


def _sides(text: str, point: Point, orders: Mapping[str, int], watch: Watch | None, step: int) -> list[Any]:
    """The quotients from every side where the formula has values."""
    found = []
    for signs in product((1, -1), repeat=len(orders)):
        try:
            found.append(_one_sided(text, point, orders, signs, watch, step))
        except TooLargeError:
            raise
        except NoValueError:
            continue
    if not found:
        raise NoValueError
    return found


def _one_sided(
    text: str, point: Point, orders: Mapping[str, int], signs: Iterable[int], watch: Watch | None, step: int
) -> Any:
    sizes = {name: min(abs(mp.mpf(point[name])) or mp.mpf(1), mp.mpf(1)) * mp.mpf(10) ** -step for name in orders}
    steps = {name: sign * sizes[name] for name, sign in zip(orders, signs, strict=True)}
    total = mp.mpf(0)
    for taken in product(*(range(order + 1) for order in orders.values())):
        weight = mp.mpf(1)
        moved = dict(point)
        for (name, order), times in zip(orders.items(), taken, strict=True):
            weight *= math.comb(order, times) * (-1) ** (order - times) / steps[name] ** order
            moved[name] = mp.mpf(point[name]) + times * steps[name]
        total += weight * value(text, moved, watch)
    return total
