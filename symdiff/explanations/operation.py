"""What ``help`` says of an operation, from its declaration: the derivatives are those of its partials."""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from itertools import cycle
from typing import Any

from ..compiler.evaluation import evaluate
from ..differentiate.passes import diff
from ..graph.leaves import VAR, const, symbol
from ..graph.node import Node, Op

#: Parameters of operations whose partials do not name them.
_NAMES = {1: ("x",), 2: ("a", "b"), 3: ("a", "b", "c")}
#: Where the arguments of an example lie in their intervals of samples; neighbours are not equal.
_FRACTIONS = (0.75, 0.9, 0.6, 0.4)


def signature_of(op: Op) -> Signature:
    """The parameters of an operation, which are positional, as its partials name them.

    >>> import symdiff as sd
    >>> signature_of(sd.sin), signature_of(sd.where)
    (<Signature (x, /)>, <Signature (c, a, b, /)>)
    """
    if op.arity < 0:
        return Signature([Parameter("args", Parameter.VAR_POSITIONAL)])
    return Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in _parameters(op)])


def _parameters(op: Op) -> tuple[str, ...]:
    for partial in op.partials or ():
        names = tuple(signature(partial).parameters)[1:] if callable(partial) else ()
        if len(names) == op.arity:
            return names
    return _NAMES.get(op.arity) or tuple(f"x{index}" for index in range(1, op.arity + 1))


def describe(op: Op) -> str:
    r"""What an operation computes, its domain, its convention at kinks, its derivatives, and an example.

    >>> import symdiff as sd
    >>> print(describe(sd.log).partition("\n\n>>>")[0])
    log(x)
    <BLANKLINE>
    The natural logarithm.
    <BLANKLINE>
    Domain: x > 0
    Also called: ln
    Derivative: d/dx log(x) = 1/x
    """
    head = f"{op.name}({', '.join(signature_of(op).parameters)})" if op.arity else op.name
    facts = {"Domain": op.domain, "At kinks": op.kink, "Also called": ", ".join(op.aliases)}
    lines = [f"{name}: {text}" for name, text in facts.items() if text]
    return "\n\n".join(part for part in (head, op.doc, "\n".join(lines + _derivatives(op)), _example(op)) if part)


def _arguments(op: Op) -> list[Node]:
    """A variable for each parameter, a constant where the operation takes a fixed one: its samples are one point."""
    fixed = [int(low) if low == high else None for low, high in op.samples]
    values = fixed or [None] * op.arity
    return [
        symbol(name) if value is None else const(value) for name, value in zip(_parameters(op), values, strict=True)
    ]


def _derivatives(op: Op) -> list[str]:
    if not op.partials or op.predicate:
        return []
    arguments = _arguments(op)
    formula = op(*arguments)
    variables = [var for var in arguments[op.logical :] if var.op is VAR]
    return [f"Derivative: d/d{var} {formula} = {diff(formula, var)}" for var in variables]


def _example(op: Op) -> str:
    """A session that evaluates the operation inside of its domain."""
    if not op.elementwise or not op.samples:
        return ""
    arguments = _arguments(op)
    points = [round(low + f * (high - low), 1) for f, (low, high) in zip(cycle(_FRACTIONS), op.samples)]
    at: dict[str, Any] = {var.name: point for var, point in zip(arguments, points, strict=True) if var.op is VAR}
    at |= {var.name: True for var in arguments[: op.logical]}
    call = f"sd.{op.name}({', '.join(map(str, arguments))})"
    names = ", ".join(at)
    declared = f'{names} = sd.symbols("{" ".join(at)}")' if len(at) > 1 else f'{names} = sd.symbol("{names}")'
    lines = "import symdiff as sd", declared, f"sd.evaluate({call}, {at})".replace("'", '"')
    return "\n".join([*(f">>> {line}" for line in lines), repr(evaluate(op(*arguments), at))])
