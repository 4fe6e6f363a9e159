"""Array syntax in formulas: what is called with what, where each form may stand, and the errors elsewhere."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
from counting import calls

import symdiff as sd
from symdiff.text import grammar

SHAPES: dict[str, Any] = {"X": ("N", 3), "A": (3, 3), "v": 3, "w": "n"}
x, y, z = sd.symbols("x y z")
X, A = sd.symbol("X", ("N", 3)), sd.symbol("A", (3, 3))
one, two, three = sd.const(1), sd.const(2), sd.const(3)


class Recorded:
    """Array functions that note their arguments and return new variables r0, r1, ... in turn."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def note(self, *call: Any) -> sd.Node:
        self.calls.append(call)
        return sd.symbol(f"r{len(self.calls) - 1}")

    def functions(self) -> dict[str, Any]:
        note = self.note
        return {
            "matmul": lambda a, b: note("matmul", a, b),
            "T": lambda x: note("T", x),
            "index": lambda x, items: note("index", x, items),
            "size": lambda name: note("size", name),
            "sum": lambda x, axis=None, keepdims=False: note("sum", x, axis, keepdims),
            "max": lambda x, *more, axis=None: note("max", x, *more, axis),
            "reshape": lambda x, shape: note("reshape", x, shape),
            "zeros": lambda shape: note("zeros", shape),
            "stack": lambda arrays, axis=0: note("stack", arrays, axis),
            "einsum": lambda spec, *operands: note("einsum", spec, *operands),
        }


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    recorded = Recorded()
    monkeypatch.setattr(grammar, "ARRAYS", recorded.functions())
    grammar._grammar.cache_clear()
    yield recorded
    grammar._grammar.cache_clear()


def r(place: int) -> sd.Node:
    return sd.symbol(f"r{place}")


def index(*items: Any) -> list[tuple[Any, ...]]:
    return [("index", x, items)]


CALLS: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("x @ y", [("matmul", x, y)]),
    ("x.T", [("T", x)]),
    ("(x + y) . T", [("T", x + y)]),
    ("sum(x).T", [("sum", x, None, False), ("T", r(0))]),
    ("x.T.T", [("T", x), ("T", r(0))]),
    ("x[1].T[2]", [("index", x, (one,)), ("T", r(0)), ("index", r(1), (two,))]),
    ("x[y]", index(y)),
    ("x[y + 1, -1]", index(y + 1, sd.const(-1))),
    ("x[:]", index(slice(None, None))),
    ("x[1:2]", index(slice(one, two))),
    ("x[1:]", index(slice(one, None))),
    ("x[:2]", index(slice(None, two))),
    ("x[-3:]", index(slice(sd.const(-3), None))),
    ("x[::]", index(slice(None, None, None))),
    ("x[::2]", index(slice(None, None, two))),
    ("x[1::2]", index(slice(one, None, two))),
    ("x[:1:]", index(slice(None, one, None))),
    ("x[1:2:3]", index(slice(one, two, three))),
    ("x[y - 1:y*z, z]", index(slice(y - 1, y * z), z)),
    ("x[:, None]", index(slice(None, None), None)),
    ("x[None, ..., 1:]", index(None, Ellipsis, slice(one, None))),
    ("x[...]", index(Ellipsis)),
    ("x[\n1\n:\n2\n,\n:\n]", index(slice(one, two), slice(None, None))),
    ("x[(y)]", index(y)),
    ("x[y < z]", index(y < z)),
    ("x[y[1]]", [("index", y, (one,)), ("index", x, (r(0),))]),
    ("sum(x)", [("sum", x, None, False)]),
    ("sum(x, 1)", [("sum", x, one, False)]),
    ("sum(x, axis=1)", [("sum", x, one, False)]),
    ("sum(x, axis = -1)", [("sum", x, sd.const(-1), False)]),
    ("sum(x, axis=None)", [("sum", x, None, False)]),
    ("sum(x, axis=(1, 2))", [("sum", x, (one, two), False)]),
    ("sum(x, axis=(1))", [("sum", x, one, False)]),
    ("sum(x,\n keepdims=True,\n axis=1)", [("sum", x, one, sd.const(True))]),
    ("sum(x, 1, keepdims=y)", [("sum", x, one, y)]),
    ("axis = y; sum(x, axis=axis)", [("sum", x, y, False)]),
    ("max(x)", [("max", x, None)]),
    ("max(x, axis=1)", [("max", x, one)]),
    ("reshape(x, (2, 3))", [("reshape", x, (two, three))]),
    ("reshape(x, (y + 1, -1))", [("reshape", x, (y + 1, sd.const(-1)))]),
    ("reshape(x, (3,))", [("reshape", x, (three,))]),
    ("reshape(x, ())", [("reshape", x, ())]),
    ("reshape(x, (1, 2,))", [("reshape", x, (one, two))]),
    ("reshape(x, (3))", [("reshape", x, three)]),
    ("reshape(x, (1 + 2)*y)", [("reshape", x, 3 * y)]),
    ("reshape(\n(x)\n,\n(\n2\n,\n3\n)\n)", [("reshape", x, (two, three))]),
    ("zeros((1, 2))", [("zeros", (one, two))]),
    ("stack((x, y), axis=1)", [("stack", (x, y), one)]),
    ("stack((x, y.T))", [("T", y), ("stack", (x, r(0)), 0)]),
    ("stack((stack((x, y)), z))", [("stack", (x, y), 0), ("stack", (r(0), z), 0)]),
    ('einsum("ij,jk->ik", x, y)', [("einsum", "ij,jk->ik", x, y)]),
    ("einsum( 'ii' , x)", [("einsum", "ii", x)]),
    ("einsum('i, j -> ', x, y)", [("einsum", "i, j -> ", x, y)]),
    ("sum(x) # 'quoted' and \"", [("sum", x, None, False)]),
]


@pytest.mark.parametrize(("text", "calls"), CALLS, ids=[row[0] for row in CALLS])
def test_calls(recorded: Recorded, text: str, calls: list[tuple[Any, ...]]) -> None:
    assert sd.parse(text) is r(len(calls) - 1)
    assert recorded.calls == calls


STRENGTH = [
    ("x*y @ z", [("matmul", x * y, z)], r(0)),
    ("x @ y*z", [("matmul", x, y)], r(0) * z),
    ("x @ y @ z", [("matmul", x, y), ("matmul", r(0), z)], r(1)),
    ("x + y @ z", [("matmul", y, z)], x + r(0)),
    ("-x @ y", [("matmul", -x, y)], r(0)),
    ("x @ -y", [("matmul", x, -y)], r(0)),
    ("x @ y**2", [("matmul", x, y**2)], r(0)),
    ("x @ y < z", [("matmul", x, y)], r(0) < z),
    ("-x.T", [("T", x)], -r(0)),
    ("2**x.T", [("T", x)], 2 ** r(0)),
    ("x.T**2", [("T", x)], r(0) ** 2),
    ("-x[1]**y[2]", [("index", x, (one,)), ("index", y, (two,))], -(r(0) ** r(1))),
    ("x*y[1]", [("index", y, (one,))], x * r(0)),
    ("sin(x)[1]", [("index", sd.sin(x), (one,))], r(0)),
    ("max(x, y)", [], sd.maximum(x, y)),
    ("max(x, y, sum(z))", [("sum", z, None, False)], sd.maximum(sd.maximum(x, y), r(0))),
    ("T*index", [], sd.symbol("T") * sd.symbol("index")),
]


@pytest.mark.parametrize(("text", "calls", "wanted"), STRENGTH, ids=[row[0] for row in STRENGTH])
def test_strength(recorded: Recorded, text: str, calls: list[tuple[Any, ...]], wanted: sd.Node) -> None:
    assert sd.parse(text) is wanted
    assert recorded.calls == calls


def test_sizes(recorded: Recorded) -> None:
    node = sd.parse("zeros((N, d))/N + d + n", shapes={"X": ("N", "d"), "d": (), "w": iter(["n", 4])})
    assert recorded.calls == [("size", "N"), ("zeros", (r(0), sd.symbol("d"))), ("size", "n")]
    assert node is r(1) / r(0) + sd.symbol("d") + r(2)
    recorded.calls.clear()
    assert sd.parse("N*n", shapes={"X": ("M", 3)}) is sd.symbol("N") * sd.symbol("n")
    with pytest.raises(sd.ParseError, match="is a size") as caught:
        sd.parse("y = 1; N = 2; X", shapes={"X": "N"})
    assert caught.value.position == 7


ERRORS = [
    ("x[]", 2, 'expected an item before "]"'),
    ("x[", 2, 'expected a value after "["'),
    ("x[1", 3, 'expected "]" or "," before the end'),
    ("x[1)", 3, 'expected "]" or "," before ")"'),
    ("(x[1)]", 4, 'expected "]" or "," before ")"'),
    ("(x]", 2, 'expected ")" before "]"'),
    ("sum(x]", 5, 'expected ")" or "," before "]"'),
    ("x]", 1, 'there is no "["'),
    ("x[1;2]", 3, 'expected "]" or "," before ";"'),
    ("x[1,]", 4, 'expected a value after ","'),
    ("x[1,,2]", 4, 'expected a value after ","'),
    ("x[:", 3, 'expected a value after ":"'),
    ("x[1:+]", 5, 'expected a value after "+"'),
    ("x[+:2]", 3, 'expected a value after "+"'),
    ("x[1:2:3:4]", 7, "at most three parts"),
    ("x[:::]", 4, "at most three parts"),
    ("x:y", 1, "parts of a slice"),
    ("(x:y)", 2, "parts of a slice"),
    ("sum(x:y)", 5, "parts of a slice"),
    ("x[(1:2)]", 4, "parts of a slice"),
    ("x[None + 1]", 2, "None stands alone"),
    ("x[1:None]", 4, 'the Python word "None"'),
    ("x[(None)]", 3, 'the Python word "None"'),
    ("x[True]", 2, 'the Python word "True"'),
    ("sum(None)", 4, 'the Python word "None"'),
    ("sum(x, True)", 7, 'the Python word "True"'),
    ("sum(x, axis=None + 1)", 12, "None stands alone"),
    ("x[...1]", 2, "stands alone"),
    ("x[... + 1]", 2, "stands alone"),
    ("x...", 1, '"..." stands for'),
    ("...", 0, '"..." stands for'),
    ("[1, 2]", 0, "a list"),
    ("sum([1, 2])", 4, "a list"),
    ("x.T2", 1, "attribute access"),
    ("x.t", 1, "attribute access"),
    ("x.T.y", 3, "attribute access"),
    ("x.", 1, "attribute access"),
    (".T", 0, "attribute access"),
    ("x.T(y)", 3, "expected an operator"),
    ("x.T y", 4, "write T*y"),
    ("x @", 3, 'expected a value after "@"'),
    ("@ x", 0, 'expected a value before "@"'),
    ("sum(x, axs=1)", 7, 'sum has no keyword "axs"; it takes axis, keepdims'),
    ("sum(x, axis=1, axis=2)", 15, '"axis" twice'),
    ("sum(x, 1, axis=2)", 10, '"axis" twice'),
    ("sum(x, axis=1, 2)", 15, "comes before those with one"),
    ("sum(x, axis=1, (2))", 15, "comes before those with one"),
    ("sum(x, axis=)", 12, 'expected a value before ")"'),
    ("sum(x, axis=1", 13, 'expected ")" or ","'),
    ("sum(x, (axis=1))", 12, 'use "=="'),
    ("sum(x, -axis=1)", 12, 'use "=="'),
    ("x[axis=1]", 6, 'use "=="'),
    ("sum(axis=1)", 0, "sum takes 1 to 3 arguments, not 0"),
    ("sin(x, axis=1)", 11, "sin takes no keyword arguments"),
    ("reshape(x, shape=1)", 16, "reshape takes no keyword arguments"),
    ("reshape(x)", 0, "reshape takes 2 arguments, not 1"),
    ("einsum()", 0, "einsum takes 1 or more arguments, not 0"),
    ("(1, 2)", 2, '"," separates'),
    ("sin((1, 2))", 6, '"," separates'),
    ("sum((x, y)*2)", 6, '"," separates'),
    ("sum((x, y).T)", 6, '"," separates'),
    ("sum((x, y)[1])", 6, '"," separates'),
    ("sum(-(x, y))", 7, '"," separates'),
    ("sum(+(x, y))", 7, '"," separates'),
    ("sum(2*(x, y))", 8, '"," separates'),
    ("sum(((x, y)))", 7, '"," separates'),
    ("stack(((x, y), z))", 9, '"," separates'),
    ("x[(1, 2)]", 4, '"," separates'),
    ("zeros((1,,2))", 9, 'expected a value after ","'),
    ("zeros((,))", 7, 'expected a value before ","'),
    ("zeros((1, 2", 11, 'expected ")" or ","'),
    ("einsum('ij, x)", 7, 'has no "\'" at its end'),
    ("einsum('i;j', x)", 7, "the text of einsum has letters"),
    ("einsum('i->j->k', x)", 7, "the text of einsum has letters"),
    ("einsum('i' + 'j', x)", 7, "stands alone"),
    ("einsum('i'.T, x)", 7, "stands alone"),
    ("einsum(('i'), x)", 8, "text in quotes"),
    ("einsum(x, 'i')", 10, "text in quotes"),
    ("sum('i')", 4, "text in quotes"),
    ("x['i']", 2, "text in quotes"),
    ("'x' + y", 0, "text in quotes"),
    ("x 'y'", 2, "text in quotes"),
    ("T(x)", 0, 'unknown function "T"'),
    ("index(x, 1)", 0, 'unknown function "index"'),
    ("indx(x, 1)", 0, "write indx*(...)"),
    ("summ(x)", 0, 'did you mean "sum"?'),
    ("x[1] = 2; x", 5, 'use "=="'),
]


@pytest.mark.parametrize(("text", "position", "message"), ERRORS, ids=[row[0] for row in ERRORS])
def test_errors(recorded: Recorded, text: str, position: int, message: str) -> None:
    with pytest.raises(sd.ParseError) as caught:
        sd.parse(text)
    assert message in caught.value.message
    assert caught.value.position == position
    assert "\n" not in caught.value.message and len(caught.value.message) < 200


def _large(count: int) -> tuple[str, ...]:
    return (
        "x[" * count + "x" + "]" * count,
        "x" + ".T" * count,
        "x" + "[1]" * count,
        "x[" + "::2, " * count + "...]",
        "x[" + "(" * count + "1" + ")" * count + ":]",
        "sum(" * count + "x" + ", axis=(1, 2))" * count,
        "stack((" * count + "x" + ",))" * count,
        " @ ".join(["x"] * count),
        "stack((" + "x,\n" * count + "))",
        "stack((" + "\n" * count + "x," + "\n" * count + ")" + "\n" * count + ")",
    )


def _wrong(count: int) -> tuple[str, ...]:
    return "x[" * count, "'" + '"\n' * count


@pytest.mark.parametrize("count", [10**4, pytest.param(10**5, marks=pytest.mark.slow)])
def test_deep_and_wide(recorded: Recorded, count: int) -> None:
    sd.parse(_large(count)[0])
    assert len(recorded.calls) == count and recorded.calls[-1][1] is x
    for text in _large(count)[1:]:
        sd.parse(text)
    for text in _wrong(count):
        with pytest.raises(sd.ParseError):
            sd.parse(text)


@pytest.mark.usefixtures("recorded")
def test_work_grows_with_the_text() -> None:
    for text, twice in zip(_large(500) + _wrong(500), _large(1000) + _wrong(1000), strict=True):
        assert _work(twice) <= 2.1 * _work(text), text[:20]


def _work(text: str) -> int:
    """Functions called to read it, or to refuse it."""

    def read() -> None:
        with contextlib.suppress(sd.ParseError):
            sd.parse(text)

    return calls(read)


# -- with the array functions themselves ---------------------------------------------------------------------------

SAME = [
    ("X @ v", X @ sd.symbol("v", 3)),
    ("X.T @ X", X.T @ X),
    ("X[1:, 0]", X[1:, 0]),
    ("X[:N - 1, ::-1]", X[:-1, ::-1]),
    ("X[..., None]", X[..., None]),
    ("X[-1]", X[-1]),
    ("2*A.T**2", 2 * A.T**2),
    ("max(x, y)", sd.maximum(x, y)),
    ("A[0][1]", A[0][1]),
]


@pytest.mark.parametrize(("text", "wanted"), SAME, ids=[row[0] for row in SAME])
def test_same(text: str, wanted: sd.Node) -> None:
    assert sd.parse(text, shapes=SHAPES) is wanted


RESULTS = [
    ("sum(X)", ()),
    ("sum(X, axis=0)", (3,)),
    ("sum(X, axis=(0, 1))", ()),
    ("sum(X, axis=1, keepdims=True)", ("N", 1)),
    ("mean(X, 0)", (3,)),
    ("max(X, axis=1)", ("N",)),
    ("max(X, 0)", ("N", 3)),
    ("norm(v, ord=1)", ()),
    ("norm(X - 1, axis=-1)", ("N",)),
    ("softmax(X @ A, axis=1)", ("N", 3)),
    ("einsum('ij,kj->ik', X, X)", ("N", "N")),
    ("reshape(X, (3*N,))", ("3*N",)),
    ("reshape(A, (1, -1))", (1, 9)),
    ("transpose(X, (1, 0))", (3, "N")),
    ("concatenate((v, v, v), axis=0)", (9,)),
    ("stack((v, v), axis=1)", (3, 2)),
    ("eye(N) + zeros((N, N)) + ones((N, 1))", ("N", "N")),
    ("w[1:] - w[:-1]", ("n - 1",)),
    ("w[arange(3)]", (3,)),
    ("v[None, :] - v[:, None]", (3, 3)),
    ("solve(A, v) @ inv(A) + diag(A)", (3,)),
    ("one_hot(arange(N), 4)", ("N", 4)),
    ("sum(log(w))/n", ()),
]


@pytest.mark.parametrize(("text", "shape"), RESULTS, ids=[row[0] for row in RESULTS])
def test_shapes_of_results(text: str, shape: tuple[Any, ...]) -> None:
    assert sd.parse(text, shapes=SHAPES).shape == shape


MISFITS = [
    ("1 + A @ X", 6, "inner sizes"),
    ("1 + sum(X, axis=2)", 4, "no axis 2"),
    ("1 + X[0, 0, 0]", 5, "3 indices"),
    ("1 + v[7]", 5, "outside"),
    ("1 + X[v, ..., ...]", 5, "..."),
    ("1 + inv(X)", 4, "square"),
    ("1 + einsum('ij', v)", 4, "labels"),
    ("1 + max((v, v), x)", 4, "tuple"),
    ("1 + sum(X, axis=x)", 4, "whole number"),
]


@pytest.mark.parametrize(("text", "position", "message"), MISFITS, ids=[row[0] for row in MISFITS])
def test_what_does_not_fit(text: str, position: int, message: str) -> None:
    with pytest.raises(sd.ParseError) as caught:
        sd.parse(text, shapes=SHAPES)
    assert message in caught.value.message and caught.value.position == position


def test_elementwise_functions_are_the_rows() -> None:
    known = grammar.grammar()
    assert "T" not in known.calls and "index" not in known.calls
    for name, forms in known.calls.items():
        for call in forms:
            assert not isinstance(call.function, sd.Op) or call.function.partials is not None, name
            assert 0 < call.low <= call.high or name in known.arrays


FRAGMENTS = """X A v w x N n 0 1 -1 2 1.5 ( ) ( ) [ ] [ ] , , : :: ... None True .T @ * + - ** / < axis= ord= keepdims=
 sum( max( norm( reshape( stack(( zeros(( transpose( einsum("ij->j", einsum('i,i', concatenate(( sin( arange( softmax(
 (1,0) (2,) () [0] [1:] [:,None] [-1] ;""".split()


@pytest.mark.parametrize("count", [2000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_fuzz(count: int) -> None:
    rng = random.Random(7)
    read = 0
    for _ in range(count):
        text = rng.choice(["X", "A", "v", ""]) + "".join(rng.choice(FRAGMENTS) for _ in range(rng.randrange(1, 9)))
        text += rng.choice(["", "", ")", "]", "))"])
        try:
            read += isinstance(sd.parse(text, shapes=SHAPES), sd.Node)
        except sd.SymdiffError as error:
            assert str(error), text
    assert read > count // 50
