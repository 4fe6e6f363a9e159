"""Operations of the function that computes all outputs together, as the library counts them."""

from __future__ import annotations

from collections.abc import Sequence

import symdiff as sd
from symdiff.codegen.counting import operations_in


def operations(outputs: Sequence[sd.Node]) -> int:
    """Those of the function of floats."""
    wanted = list(outputs)
    return operations_in(sd.source(wanted, list(sd.variables(wanted)), backend="math"), "f")
