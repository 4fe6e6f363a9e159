"""Options that several commands share, and commands whose formulas may begin with a minus."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

import click

from ..differentiate.kinks import POLICIES
from ..graph.errors import SymdiffError
from ..graph.limits import LIMITS, limits
from ..graph.node import Node


class FormulaCommand(click.Command):
    """A command whose formulas may begin with a minus, as ``-x**2`` does, and have limits."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *own, about = super().get_params(ctx)
        return [*own, _LIMIT, about]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {name: param for param in self.get_params(ctx) for name in param.opts if name.startswith("-")}
        options: list[str] = []
        formulas: list[str] = []
        given: list[click.Parameter] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                formulas.extend(rest)
            elif arg in known:
                flag = getattr(known[arg], "is_flag", False)
                value = list(islice(rest, 0 if flag else 1))
                if not value and not flag:
                    raise click.BadOptionUsage(arg, f"option {arg} needs a value", ctx)
                options += [arg, *value]
                given.append(known[arg])
            else:
                (options if re.fullmatch(r"--[a-z][a-z-]+(=.*)?", arg, re.DOTALL) else formulas).append(arg)
        twice = [param for param in given if given.count(param) > 1 and not getattr(param, "multiple", False)]
        if twice:
            raise click.UsageError(f"option {twice[0].opts[-1]} is given twice; give it once", ctx)
        return super().parse_args(ctx, [*options, "--", *formulas])


def hold(*conditions: Node) -> None:
    """Assume the conditions until the command ends."""
    from ..rules.assumptions import assume

    if conditions:
        _hold(assume(*conditions))


def _hold(resource: AbstractContextManager[None]) -> None:
    """Until the command line ends; click closes no context of a command whose arguments are wrong."""
    click.get_current_context().find_root().with_resource(resource)


def _read_limits(text: str) -> dict[str, float]:
    """``nodes=10000,seconds=2`` as numbers by name."""
    most: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name not in LIMITS or name in most or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", number) or not float(number):
            raise SymdiffError(f"--limit takes each of {', '.join(LIMITS)} once, such as nodes=10000, not {part!r}")
        most[name] = float(number) if "." in number else int(number)
    return most


def _limit(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> None:
    """Limit the command until it ends, before any other option reads a formula."""
    _hold(limits(**_read_limits(",".join(texts))))


_LIMIT = click.Option(
    ["--limit"],
    multiple=True,
    metavar="LIST",
    is_eager=True,
    expose_value=False,
    callback=_limit,
    help="What the formula may cost, such as nodes=10000,seconds=2; also characters, digits, exponents, depth.",
)

_LEVELS = ["none", "basic", "full", "code", "accurate", "search", "sympy"]
_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "wrt": click.option("--wrt", metavar="NAMES", help="Variables, such as x,y; left out: all, sorted."),
    "at": click.option("--at", multiple=True, metavar="POINT", help="Values, such as x=3,y=pi/4,X=[[1,2],[3,4]]."),
    "shape": click.option(
        "--shape", multiple=True, metavar="X=SIZES", help="Sizes of an array, such as X=N,784; repeatable."
    ),
    "assume": click.option(
        "--assume",
        multiple=True,
        metavar="CONDITION",
        help='What simplifying may use, such as "x > 0" or "integer(n)"; repeatable.',
    ),
    "level": click.option(
        "--simplify",
        "level",
        type=click.Choice(_LEVELS),
        default="full",
        help="To be read (full), to be run (code), by measured errors (accurate), search or SymPy; default: full.",
    ),
    "layout": click.option(
        "--form",
        "layout",
        type=click.Choice(["blocks", "dense", "diagonal"]),
        default="blocks",
        help="How a Hessian by arrays is given; default: blocks.",
    ),
    "kinks": click.option(
        "--kinks",
        type=click.Choice(POLICIES),
        help="Derivatives at kinks; left out: the convention of each operation (symdiff kinks, symdiff ops).",
    ),
    "form": click.option(
        "--format", "form", type=click.Choice(["text", "latex", "json"]), default="text", help="Default: text."
    ),
    "plain": click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Default: text."
    ),
    "sizes": click.option(
        "--sizes", default="", metavar="N=1000,...", help="What letters in shapes count for when costs are compared."
    ),
    "output": click.option("-o", "--output", metavar="FILE", help="Where to write; default: standard output."),
    "name": click.option("--name", default="f", help="The function's name; default: f."),
    "backend": click.option(
        "--backend", default="numpy", help="numpy (default), math (floats), c (C99), array_api (JAX, PyTorch)."
    ),
}


def options(*names: str) -> Callable[[Any], Any]:
    """The options of those names, the same in every command."""

    def add(function: Any) -> Any:
        for name in reversed(names):
            function = _OPTIONS[name](function)
        return function

    return add
