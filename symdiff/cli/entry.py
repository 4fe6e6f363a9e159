"""The commands by name, and what a failure of one looks like: a sentence on standard error, and an exit code.

Only click and light modules are imported here, the rest where a command needs it: a derivative as text needs no NumPy.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from .. import __version__
from ..graph.errors import CheckError, ParseError, SymdiffError
from .output import print_aside

#: Exit codes; interruption and a closed pipe use the shell's own.
DONE, DISAGREED, WRONG, INTERRUPTED, CLOSED = 0, 1, 2, 130, 141

#: The module of each command, imported when the command is asked for.
COMMANDS = {
    "audit": "audit", "check": "check", "code": "code", "derivatives": "derivatives", "diff": "diff", "eval": "eval",
    "explain": "explain", "grad": "diff", "graph": "graph", "hessian": "diff", "jacobian": "diff", "kinks": "kinks",
    "ops": "ops", "plot": "plot", "simplify": "simplify",
}  # fmt: skip

#: Arguments of Python's functions in messages, which are options here.
_IN_PYTHON = re.compile(r'\b(at|backend|form|kinks|mode)=(?:"(\w+)")?')


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f".{COMMANDS[cmd_name]}", __package__), f"{cmd_name}_command")
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="symdiff %(version)s")
def commands() -> None:
    """Exact derivatives of formulas, as text, LaTeX, JSON, numbers and code.

    A FORMULA is written as in Python and NumPy: x**2*sin(x), where(x > 0, x, 0), a = exp(x); a*y + a**2.
    A FORMULA of - is read from standard input. Exit codes: 0 done, 1 a check failed, 2 wrong usage or input.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run a command line, by default this process's, and exit with its code."""
    sys.exit(_run(list(sys.argv[1:] if args is None else args) or ["--help"]))


def _run(args: list[str]) -> int:
    _replace_closed_streams()
    try:
        with commands.make_context("symdiff", args) as context:
            commands.invoke(context)
        sys.stdout.flush()
        return DONE
    except click.exceptions.Exit as request:
        return request.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:
        print_aside(f"error: {_sentence(error)}")
        return DISAGREED if isinstance(error, CheckError) else WRONG


def _replace_closed_streams() -> None:
    """Python has None for an output that is closed: standard output becomes a file that cannot be written to."""
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _sentence(error: Exception) -> str:
    """What to tell the user: never a traceback."""
    if isinstance(error, ParseError):
        return str(error)
    if isinstance(error, SymdiffError):
        return _IN_PYTHON.sub(lambda match: f"--{match[1]} {match[2] or ''}".strip(), str(error))
    if isinstance(error, click.ClickException):
        message = " ".join(error.format_message().split()).rstrip(".")
        context = getattr(error, "ctx", None)
        return f"{message[:1].lower()}{message[1:]}; see {context.command_path if context else 'symdiff'} --help"
    if isinstance(error, ArithmeticError):
        return str(error)
    if isinstance(error, UnicodeError):
        return "the formula is not UTF-8 text"
    if isinstance(error, OSError):  # of files, errors are sentences already
        return f"cannot write to standard output: {error.strerror or 'it is closed'}"
    if isinstance(error, MemoryError):
        return "not enough memory for this formula"
    return (
        f"symdiff failed inside with {type(error).__name__}: {' '.join(str(error).split())}; please report the formula"
    )
