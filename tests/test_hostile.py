"""Input made to hurt: every text ends in an expression or in a SymdiffError, soon."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable

import pytest
from counting import calls

import symdiff as sd


def attacks(deep: int) -> dict[str, str]:
    """Texts that are refused, as deep and long as that."""
    return {
        "import": "__import__('os').system('x')",
        "call": "__import__(os)",
        "attribute": "x.__class__.__bases__",
        "method": "sin(x).op",
        "lambda": "(lambda: x)()",
        "comprehension": "[x for x in y]",
        "walrus": "(x := 3)",
        "format": "f'{x}'",
        "eval": "eval(x)",
        "star": "max(*x)",
        "keyword argument": "sin(x=1)",
        "huge float": "1e999999",
        "huge integer": "9" * 10 * deep,
        "unbalanced (": "(" * deep,
        "unbalanced )": "x" + ")" * deep,
        "unbalanced calls": "sin(" * deep,
        "crossed": "(" * deep + "x" + ")" * (deep + 1),
        "brackets": "[" * deep + "]" * deep,
        "indices": "x[" * deep + "]" * deep,
        "index of a number": "x" + "[0]" * deep,
        "colons": "x[" + ":" * deep + "]",
        "tuples": "zeros((" * deep + "1,2" + "))" * deep,
        "quotes": "einsum(" + '"' * deep,
        "quotes on lines": "einsum('" + '"\n' * deep,
        "minus at the end": "-" * deep,
        "nul": "x + \0",
        "nul between": "si\0n(x)",
        "surrogate": "x + \ud800",
        "zero width": "x\u200b + y",
        "direction": "x + \u202ey",
        "minus": "x \u2212 y",
        "times": "2 \u00d7 x",
        "dot": "2\u00b7x",
        "fullwidth": "\uff53\uff49\uff4e\uff08x\uff09",
        "mathematical letter": "\U0001d465 + 1",
        "superscript": "x\u00b2",
        "other digits": "\u0663 + x",
        "backslash": "x \\\n + y",
        "many names for one": "a=x;" * deep + "a",
        "long unknown function": "s" * 10 * deep + "(x)",
        "only signs": "+" * deep,
        "only newlines": "\n" * deep,
        "only comment": "#" * deep,
        "newline in the middle": "x +" + "\n" * deep,
    }


def strange(deep: int) -> dict[str, str]:
    """Texts that are formulas."""
    return {
        "tower": "9**9**9**9",
        "balanced": "(" * deep + "x" + ")" * deep,
        "powers": "2**" * deep + "x",
        "comparisons": "x<" * deep + "x",
        "nots": "~" * deep + "x",
        "signs over lines": "(" + "-\n" * deep + "x" + "\n" * deep + ")",
        "commas": "max(" + "x," * deep + "x)",
        "transposes": "x" + ".T" * deep,
        "sums": "sum(" * deep + "x" + ", axis=None)" * deep,
        "parts": "".join(f"a{k}=x+{k};" for k in range(deep)) + "a7",
        "doubling": "a0=x;" + "".join(f"a{k + 1}=a{k}*a{k};" for k in range(1000)) + "a1000",
        "zero division": "1/0 + 0**-1 + 1 % 0",
        "huge product": "*".join(["9" * 4000] * 20),
    }


DEEP = pytest.mark.parametrize("deep", [10**4, pytest.param(10**5, marks=pytest.mark.slow)])


@DEEP
@pytest.mark.parametrize("name", attacks(1))
def test_attack_is_refused(name: str, deep: int) -> None:
    with pytest.raises(sd.SymdiffError) as caught:
        sd.parse(attacks(deep)[name])
    assert len(str(caught.value)) < 600


@DEEP
@pytest.mark.parametrize("name", strange(1))
def test_strange_formula_is_read(name: str, deep: int) -> None:
    node = sd.parse(strange(deep)[name])
    assert sd.parse(str(node)) is node


def work(text: str) -> int:
    """Functions called to read the text, or to refuse it."""

    def read() -> None:
        with contextlib.suppress(sd.SymdiffError):
            sd.parse(text)

    return calls(read)


@pytest.mark.parametrize("texts", [attacks, strange])
def test_work_grows_with_the_text(texts: Callable[[int], dict[str, str]]) -> None:
    for name, twice in texts(1000).items():
        assert work(twice) <= 2.1 * work(texts(500)[name]), name


PIECES = """x y z e pi inf nan 1 2 0 9 .5 1e9 1e400 3. 007 + - * / % ** ^ // @ ( ) ( ) , ; = == != < <= > >= & | ~
 and or not sin cos exp log sqrt( sin( max( where( clip( gamma( polygamma(
 t0 a= b= lambda import if . .. [ ] { } ' " ` ! ? $ : := \\ # __x _
 \u03b1 \u2212 \u00d7 \u00b7 \uff58 \u00b2 \0 \ud800 \u200b \u00a0 \U0001f600""".replace("\n ", " ").split(" ")
PIECES += [" ", "\n", "\t", "\r"]
LIKELY = ["x", "y", "2", "1.5", "(", ")", "+", "-", "*", "/", "**", "<", ",", " ", "sin(", "max("]
LIKELY += ["where(", "-", "inf", "~", "&"]


def fuzzed(rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return "".join(map(chr, (rng.randrange(0x250) for _ in range(rng.randrange(40)))))
    if kind == 1:
        return "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 30)))
    text = list("a = sin(x)**2 + -y/3; where(x < 1 & y > 2, a*x^-2, max(x, y, 3)) - ~(x == 1)*1e3")
    if kind == 2:
        for _ in range(rng.randrange(1, 5)):
            place = rng.randrange(len(text))
            text[place : place + rng.randrange(3)] = rng.choice(PIECES)
        return "".join(text)
    return "".join(rng.choice(LIKELY) for _ in range(rng.randrange(1, 12)))


@pytest.mark.parametrize("count", [2000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_fuzz(count: int) -> None:
    rng = random.Random(20240607)
    read = 0
    for _ in range(count):
        text = fuzzed(rng)
        assert work(text) < 10_000 + 100 * len(text), "more than to look for a name like one that is unknown"
        try:
            node = sd.parse(text)
        except sd.SymdiffError as error:
            assert str(error)
        else:
            read += 1
            assert isinstance(node, sd.Node) and sd.parse(str(node)) is node, text
    assert read > count // 60
