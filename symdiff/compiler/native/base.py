"""What callers of compiled C functions share: the function as it is seen from outside, results, types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...codegen.c import Function
from ...graph.errors import SymdiffError
from ...graph.leaves import CONST
from ...graph.shapes import Shape, Size
from ...graph.traversal import leaves, map_structure, unflatten_like

#: What each type is called in C.
KINDS = {"float64": "double", "float32": "float"}


@dataclass(frozen=True)
class Result:
    """The shape of an output, and whether it is a truth value."""

    shape: Shape
    truth: bool


class Form(NamedTuple):
    """A C function as its callers see it.

    ``shown``: the inputs' names; ``shapes``: theirs; ``updated``: whether each is written in place; ``results``: the
    nested results; ``work``: how many numbers the workspace has; ``letters``: macros by letters of sizes.
    """

    name: str
    shown: tuple[str, ...]
    shapes: tuple[Shape, ...]
    updated: tuple[bool, ...]
    results: Any
    work: Size
    letters: dict[str, str]


def form_of(made: Function) -> Form:
    """The function as its callers see it."""
    nodes = leaves(made.outputs)
    truths = [node.op.predicate or (node.op is CONST and isinstance(node.value, bool)) for node in nodes]
    results = unflatten_like(made.outputs, map(Result, (node.shape for node in nodes), truths))
    shapes, updated = tuple(var.shape for var in made.inputs), tuple(var in made.updates for var in made.inputs)
    shown = tuple(var.name for var in made.inputs)
    return Form(made.name, shown, shapes, updated, results, made.work, made.size_macros)


class Native:
    """A compiled function of NumPy arrays. It is pickled as its source and compiled again where it is loaded."""

    def __init__(self, source: str, form: Form, flags: tuple[str, ...]) -> None:
        self.source, self.form, self.flags = source, form, flags
        self.results: list[Result] = []
        map_structure(self.results.append, form.results)
        self.start()

    def start(self) -> None:
        """Compile what can be compiled before the first call."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.source, self.form, self.flags)

    def counted(self, arrays: Sequence[Any]) -> None:
        wanted = self.form.shown
        if len(arrays) != len(wanted):
            names = ", ".join(wanted) or "none"
            raise SymdiffError(f"{self.form.name} takes {len(wanted)} arguments ({names}), not {len(arrays)}")

    def nested(self, values: Sequence[Any], out: Any, targets: Sequence[Any] | None) -> Any:
        """The results in their structure: numbers where they have no axes; or ``out``, where that was filled."""
        if targets is not None:
            return out
        typed = [v.astype(bool) if r.truth else v for v, r in zip(values, self.results, strict=True)]
        return unflatten_like(self.form.results, (value[()] for value in typed))

    def targets(self, out: Any, shapes: Sequence[tuple[int, ...]], dtype: Any) -> list[Any] | None:
        """The arrays of ``out`` where the function can write to them itself."""
        import numpy as np

        found: list[Any] = []
        map_structure(found.append, out)
        fits = repr(map_structure(_nothing, out)) == repr(map_structure(_nothing, self.form.results))
        fits = fits and not any(result.truth for result in self.results)
        for array, shape in zip(found, shapes, strict=False):
            fits = fits and type(array) is np.ndarray and (array.shape, array.dtype) == (shape, dtype)
            fits = fits and array.flags.c_contiguous and array.flags.writeable
        return found if fits else None


def known_type(kind: str) -> str:
    if kind not in KINDS:
        raise SymdiffError(f"the C backend computes with float64 and float32, not {kind}")
    return kind


def as_real(value: Any) -> Any:
    """An array of floating-point numbers; whole numbers and truth values as float64."""
    import numpy as np

    array = np.asarray(value)
    return array if array.dtype.kind in "fc" else array.astype(float, casting="safe")


def _nothing(leaf: object) -> None:
    """What stands for every leaf where only the nesting is compared."""
