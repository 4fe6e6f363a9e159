"""Powers with a constant exponent as products, quotients and square roots: many times faster than ``np.power``.

Each is right to 2 ulp, and no step overflows or loses digits where the power itself has a normal value.
"""

from __future__ import annotations

from ..graph.leaves import CONST
from ..graph.node import Node, Number

_SQUARE = "np.multiply({0}, {0}, {out})"
_TIMES = "np.multiply({out}, {0}, {out})"
_INVERSE = "np.reciprocal({0}, {out})"
_OVER = "np.true_divide({out}, {0}, {out})"
_ROOT = "np.sqrt({0}, {out})"
_SQUARED = "np.multiply({out}, {out}, {out})"
_INVERTED = "np.reciprocal({out}, {out})"

#: NumPy statements by exponent, as in :attr:`symdiff.ops.targets.NumpyCode.into`.
STEPS: dict[Number, tuple[str, ...]] = {
    2: (_SQUARE,),
    3: (_SQUARE, _TIMES),
    4: (_SQUARE, _SQUARED),
    -1: (_INVERSE,),
    -2: (_INVERSE, _SQUARED),
    -3: (_INVERSE, _OVER, _OVER),
    0.5: (_ROOT,),
    1.5: (_ROOT, _TIMES),
    -0.5: (_ROOT, _INVERTED),
    -1.5: (_ROOT, _INVERTED, _OVER),
}


def list_power_steps(exponent: Node) -> tuple[str, ...]:
    """The statements for a constant exponent; none where ``np.power`` is needed."""
    return STEPS.get(exponent.value, ()) if exponent.op is CONST else ()
