"""The command line: what a user can want from a formula, one command each.

Public names, of module ``entry``: ``main``, which runs a command line, and ``commands``, the group of all commands.
Each command has a module of its name; ``diff`` holds ``grad``, ``jacobian`` and ``hessian`` too.
"""

from .entry import commands, main

__all__ = ["commands", "main"]
