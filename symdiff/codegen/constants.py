"""Values of constant operations at generation time, in Python floats: they tell whether emitted code would raise."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from ..graph.node import Op
from ..ops.scalar import pow
from ..ops.targets import MATH


@cache
def _compile_code(code: str, helper: str, arity: int) -> Callable[..., Any]:
    """The operation's own code for ``math`` as a function: one truth for the value."""
    names = [f"a{index}" for index in range(arity)]
    namespace: dict[str, Any] = {"math": math, "__builtins__": builtins}
    exec(helper, namespace)
    function: Callable[..., Any] = eval(f"lambda {', '.join(names)}: {code.format(*names)}", namespace)
    return function


def evaluate_constant(op: Op, args: Sequence[float | None]) -> float | None:
    """The value, or None where Python's arithmetic has none (0 divisor, complex, no code, a domain's edge).

    >>> from symdiff.ops.scalar import div, pow
    >>> evaluate_constant(div, [1.0, 4.0]), evaluate_constant(div, [1.0, 0.0])
    (0.25, None)
    >>> evaluate_constant(pow, [9.0, 1e9])
    inf
    """
    code, helper = MATH.of(op)
    if code is None or any(arg is None for arg in args):
        return None
    try:
        value = _compile_code(code, helper, op.arity)(*args)
        return None if isinstance(value, complex) else float(value)
    except OverflowError:
        base = args[0]
        return math.inf if op is pow and base is not None and base > 0 else None
    except (ArithmeticError, ValueError):
        return None
