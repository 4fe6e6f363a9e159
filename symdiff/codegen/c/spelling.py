"""How C99 writes operations, numbers and names; ``<tgmath.h>`` picks the functions for the type ``real``."""

from __future__ import annotations

import re

from ...graph.errors import UnsupportedError
from ...graph.node import Number, Op
from ...ops.targets import MATH, C
from ..names import Names
from ..text import BIG, Code, nearest_float

#: The functions of real arguments in <tgmath.h> (ISO/IEC 9899:1999, 7.22). It is knowledge of C, not of operations: an
#: operation whose code for ``math`` is a call of one of them, a user's too, has its C by that; and no variable has such
#: a name, whether an operation uses the function or not.
LIBM = frozenset(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs floor fmod hypot "
    "lgamma log log10 log1p log2 pow sin sinh sqrt tan tanh tgamma".split()
)
_KEYWORDS = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "real REAL work main I complex imaginary NAN INFINITY size_t ptrdiff_t"
)
#: What no variable may be called.
RESERVED = frozenset(_KEYWORDS.split()) | LIBM | {f"i{axis}" for axis in range(32)}
_CALL = re.compile(r"math\.(\w+)\(([^()]*)\)")


def find_template(op: Op) -> str:
    """The operation's C code with ``{0}`` for the first operand.

    Raises UnsupportedError where C has no such function.
    """
    code, plain = C.of(op).code, MATH.of(op).code or ""
    if code:
        return code
    call = _CALL.fullmatch(plain)
    if code is not None and call and call[1] in LIBM:
        return f"{call[1]}({call[2]})"
    if code is not None and (op.prefix or op.infix) and plain and "math." not in plain:
        return plain
    raise unsupported(op)


def write_literal(value: Number) -> Code:
    """A number; whole ones take the type of what they meet."""
    if isinstance(value, bool):
        return Code(str(int(value)))
    near = nearest_float(value)
    if isinstance(value, int) and abs(value) < BIG:
        text = str(value)
    elif near != near or near in (float("inf"), float("-inf")):
        text = "NAN" if near != near else "INFINITY" if near > 0 else "-INFINITY"
    else:
        return Code(f"(real){near!r}", 7)
    return Code(text, 7 if text[0] == "-" else 100)


def cast_whole(code: Code) -> Code:
    """A whole number as ``real``: where all operands are numbers, C would compute with integers."""
    return Code(f"(real){code.text}", 7) if code.text.lstrip("-").isdigit() else code


class CNames(Names):
    """Names of a C function; characters that C99 lacks are written by their code points."""

    words, no_sizes = RESERVED, frozenset()

    def spell(self, name: str) -> str:
        return "".join(char if char.isascii() else f"u{ord(char):04x}" for char in super().spell(name))


def unsupported(op: Op) -> UnsupportedError:
    return UnsupportedError(f'the C backend has no {op.name}; use backend="numpy"')
