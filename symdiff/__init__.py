"""symdiff: formula in, exact derivatives out, as expressions and as code.

>>> import symdiff as sd
>>> sd.diff(sd.parse("x**2*sin(x)"), sd.symbol("x"))
cos(x)*x**2 + 2*x*sin(x)

The public names stand in ``__init__.pyi``, which type checkers and editors read: one import a line, which is executed
when its name is first used (SPEC 1 of Scientific Python), and the operations, which are all declared on import.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .graph.displays import DESCRIPTIONS, DISPLAYS
from .graph.node import OPS
from .ops.arithmetic import PI
from .ops.arrays import FUNCTIONS

__version__ = "0.1.0"

pi = PI()

with open(f"{__file__}i", encoding="utf-8") as _stub:
    #: The imports of the stub, by the names that they bind.
    _IMPORTS = {line.split()[-1]: line for line in _stub if line.startswith("from .") and " as " in line}


def _late(module: str, name: str) -> Callable[[Any], Any]:
    """A function that imports its module when it is called."""
    return lambda value: getattr(import_module(module, __name__), name)(value)


DISPLAYS.update(text=_late(".text.printer", "show"), latex=_late(".text.latex", "to_latex"))
DESCRIPTIONS.update(
    doc=_late(".explanations.operation", "describe"), signature=_late(".explanations.operation", "signature_of")
)


def __getattr__(name: str) -> Any:
    """What the stub imports, or a declared function or operation by its name or an alias, the user's own included."""
    if name in _IMPORTS:
        exec(_IMPORTS[name], globals())
        return globals()[name]
    for table in (FUNCTIONS, OPS):
        if name in table:
            return table[name]
    for op in OPS.values():
        if name in op.aliases:
            return op
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_suggestion(name)}", name=name)


def _suggestion(name: str) -> str:
    if name.startswith("_"):
        return ""
    from difflib import get_close_matches

    return "".join(f"; did you mean {near!r}?" for near in get_close_matches(name, __dir__(), 1))


def __dir__() -> list[str]:
    operations = {name for op in OPS.values() if op.elementwise for name in (op.name, *op.aliases)}
    return sorted({"__version__", "pi", *_IMPORTS, *FUNCTIONS, *operations})


#: What ``from symdiff import *`` binds: all but the names of builtins, such as ``sum``.
__all__ = [name for name in __dir__() if not hasattr(builtins, name)]
