"""What a benchmark module offers: ``WORKLOADS``, functions without arguments that yield results.

    def one_call() -> Iterator[Result]:
        yield from compare("value at a point", {"ours": prepare_ours, "SymPy": prepare_theirs}, {"SymPy": 1.0})

    WORKLOADS = (one_call,)

A peer whose package is not installed has a result without a ratio. Only ratios mean anything: both sides run in turn,
in one process, which is that workload's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import NamedTuple

from .timing import Work, ratios


class Result(NamedTuple):
    """Our time (or what ``workload`` says) by the peer's: at most ``target`` is wanted; no ratio without the peer."""

    workload: str
    peer: str
    ratio: float | None
    target: float | None = None


Workload = Callable[[], Iterable[Result]]
#: The package that a peer needs; any other name needs none.
PACKAGES = {
    "autograd": "autograd", "CasADi": "casadi", "heyoka": "heyoka", "JAX": "jax", "numexpr": "numexpr",
    "Numba": "numba", "PyTorch": "torch", "SymEngine": "symengine", "SymPy": "sympy",
}  # fmt: skip


def installed(peer: str) -> bool:
    """Whether the peer can run here."""
    return find_spec(PACKAGES.get(peer, "symdiff")) is not None


def compare(
    workload: str,
    works: Mapping[str, Callable[[], Work]],
    targets: Mapping[str, float] | None = None,
    rounds: int = 15,
    at_least: float = 0.05,
) -> Iterator[Result]:
    """Results of one workload: the first of ``works`` is ours, each is a function that prepares what is timed.

    ``at_least``: seconds that each round of each peer takes.
    """
    ready = {name: prepare() for name, prepare in works.items() if installed(name)}
    found = ratios(ready, rounds, at_least)
    for name in list(works)[1:]:
        yield Result(workload, name, found.get(name), (targets or {}).get(name))
