"""Limits for formulas of strangers: each stops what exceeds it, in its context only, and costs nothing elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from counting import Calls

import symdiff as sd
from symdiff.graph import limits, node

x, y = sd.symbols("x y")
#: Formulas just inside each limit, and just over it.
CASES = {
    "characters": (7, "x + y+1", "x + y +1"),
    "digits": (4, "x + 1234 + 0.123e30", "x + 12345"),
    "exponents": (8, "x**8 + y**-8 + x**2.5", "x**-9"),
    "depth": (5, "sin(cos(exp((x))))", "sin(cos(exp(((x)))))"),
    "nodes": (5, "sin(x)*y + x", "cos(x)*y*(x + y)"),
}
OVER = {
    "digits": ["0.12345", "12345.0", "x**12345", "1234567e-3"],
    "exponents": ["2**9", "x**9.5", "pow(x, 100)", "x**(4 + 5)", "x**1e300", "x**(19/2)", "(x**3)**9", "2**-9"],
    "depth": ["------x", "2**2**2**2**2**2**x", "x[" * 9, "max(" * 9, "1 + (2*(x + (1*(2 + x))))"],
}


def test_one_object_serves_for_several_blocks() -> None:
    few = sd.limits(nodes=20)
    for _ in range(2):
        with few:
            sd.parse("x + y")
            with pytest.raises(sd.LimitError), few:
                sd.parse("*".join(f"a{i}" for i in range(40)))
    sd.parse("*".join(f"b{i}" for i in range(40)))


@pytest.mark.parametrize("name", CASES)
def test_each_limit(name: str) -> None:
    most, inside, over = CASES[name]
    with sd.limits(**{name: most}):
        sd.parse(inside)
        for text in [over, *OVER.get(name, ())]:
            with pytest.raises(sd.LimitError) as caught:
                sd.parse(text)
            said = str(caught.value)
            assert f"more than {most}" in said or f"than {most}" in said
            assert f"raise the limit with limits({name}=...) or --limit {name}=..." in said and "\n" not in said


def _terms(count: int) -> str:
    return " + ".join(f"sin({k}*x + y)*exp(y/{k + 1})*tanh(x - {k}*y)" for k in range(count))


def _nested(count: int, node: sd.Node = x) -> sd.Node:
    for k in range(count):
        node = sd.sin(node + y * k) * sd.cos(x)
    return node


LONG: dict[str, Callable[[sd.Node], object]] = {
    "read": lambda f: sd.parse(_terms(20000)),
    "simplified": lambda f: sd.simplify(f, level="full"),
    "differentiated": lambda f: sd.diff(f, x, 4),
    "a Hessian": lambda f: sd.hessian(f, [x, y]),
    "compiled": lambda f: [sd.compile([f, k * f], [x, y]) for k in range(2, 40)],
    "printed": lambda f: [str(f) for _ in range(40)],
}


@pytest.mark.parametrize("what", LONG)
def test_time(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long work ends soon after the limit: for this clock every call of a function takes a second."""
    f = _nested(6000)
    with Calls() as made:
        monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: made.count))
        with pytest.raises(sd.LimitError, match=r"takes longer than 20,000 seconds; raise"), sd.limits(seconds=20_000):
            LONG[what](f)
    assert made.count < 5 * 20_000


def test_the_clock_is_a_clock() -> None:
    with pytest.raises(sd.LimitError, match="longer than 1e-09 seconds"), sd.limits(seconds=1e-9):
        _nested(100)


@pytest.mark.parametrize("what", [name for name in LONG if name not in ("compiled", "printed")])
def test_nodes_of_all_steps(what: str) -> None:
    f = _nested(300)
    with pytest.raises(sd.LimitError, match="more than 1,000 nodes"), sd.limits(nodes=1000):
        LONG[what](f)


def test_the_nodes_of_a_graph_that_is_there_already() -> None:
    f = _nested(100)
    with sd.limits(nodes=20), pytest.raises(sd.LimitError, match="20 nodes"):
        sd.count_ops(f)


def test_blocks_inside_blocks_only_tighten() -> None:
    with sd.limits(exponents=5, nodes=60):
        with sd.limits(exponents=50), pytest.raises(sd.LimitError):
            sd.parse("x**9")
        with sd.limits(exponents=2), pytest.raises(sd.LimitError):
            sd.parse("x**4")
        sd.parse("x**4")
        with sd.limits(nodes=1000):
            kept = [_nested(k, sd.exp(x)) for k in (1, 2, 3)]
        with pytest.raises(sd.LimitError), sd.limits(nodes=1000):
            kept.append(_nested(40, sd.exp(x)))
    sd.parse("x**9")


def test_threads_have_limits_of_their_own() -> None:
    """A thread beside a block is not limited, and two threads do not count for each other."""
    found: list[str] = []
    inside, done = threading.Barrier(3), threading.Barrier(3)

    def work(nodes: int, seed: int) -> None:
        with sd.limits(nodes=nodes):
            inside.wait()
            try:
                kept = [sd.sin(sd.symbol(f"a{seed}") * k) for k in range(200)]
                found.append(f"{nodes} made {len(kept)}")
            except sd.LimitError:
                found.append(f"{nodes} stopped")
            done.wait()

    threads = [threading.Thread(target=work, args=args) for args in ((100, 1), (5000, 2))]
    for thread in threads:
        thread.start()
    inside.wait()
    free = [sd.cos(x * k) for k in range(6000)]
    done.wait()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["100 stopped", "5000 made 200"] and len(free) == 6000


def test_without_limits_nothing_is_counted() -> None:
    """Nodes are made by Python's own function and lists are plain: not one instruction is added."""

    def plain() -> bool:
        return node._new is object.__new__ and type(limits.bounded("nodes")) is list and not limits.limited()

    assert plain()
    with sd.limits(nodes=3):
        assert not plain()
        with pytest.raises(sd.LimitError):
            _nested(5, sd.log(y))
    assert plain()


@pytest.mark.parametrize("bad", [{"knots": 1}, {"nodes": 0}, {"nodes": -1}, {"seconds": "2"}, {"depth": True}])
def test_wrong_limits(bad: dict[str, float]) -> None:
    with pytest.raises(sd.SymdiffError, match="limit"), sd.limits(**bad):
        pass


COMMANDS = (
    ["diff"], ["grad"], ["jacobian"], ["hessian"], ["code"], ["check"], ["kinks"], ["eval", "--at", "x=1"],
    ["audit", "--formula", "x"],
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_has_limits(cli: Callable[..., tuple[int, str, str]], command: list[str]) -> None:
    text = "sin(cos(exp(sin(cos(exp(x))))))"
    code, out, err = cli(*command, text, "--limit", "depth=3")
    assert (code, out) == (2, "") and "nests more than 3 levels" in err and len(err.splitlines()) == 1
    assert cli(*command[:1], *command[1:], "x", "--limit", "nodes=5000, seconds=60")[0] in (0, 1)
