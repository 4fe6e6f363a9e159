"""Input made to hurt: every text ends in an expression or in a SymdiffError, soon."""

from __future__ import annotations

import random
import time

import pytest

import symdiff as sd

DEEP = 10**5
ATTACKS = {
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
    "huge integer": "9" * 10**6,
    "unbalanced (": "(" * DEEP,
    "unbalanced )": "x" + ")" * DEEP,
    "unbalanced calls": "sin(" * DEEP,
    "crossed": "(" * DEEP + "x" + ")" * (DEEP + 1),
    "brackets": "[" * DEEP + "]" * DEEP,
    "indices": "x[" * DEEP + "]" * DEEP,
    "index of a number": "x" + "[0]" * DEEP,
    "colons": "x[" + ":" * DEEP + "]",
    "tuples": "zeros((" * DEEP + "1,2" + "))" * DEEP,
    "quotes": "einsum(" + '"' * DEEP,
    "quotes on lines": "einsum('" + '"\n' * DEEP,
    "minus at the end": "-" * DEEP,
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
    "many names for one": "a=x;" * DEEP + "a",
    "long unknown function": "s" * 10**6 + "(x)",
    "only signs": "+" * DEEP,
    "only newlines": "\n" * DEEP,
    "only comment": "#" * DEEP,
    "newline in the middle": "x +" + "\n" * DEEP,
}
FINE = {
    "tower": "9**9**9**9",
    "balanced": "(" * DEEP + "x" + ")" * DEEP,
    "powers": "2**" * DEEP + "x",
    "comparisons": "x<" * DEEP + "x",
    "nots": "~" * DEEP + "x",
    "signs over lines": "(" + "-\n" * DEEP + "x" + "\n" * DEEP + ")",
    "commas": "max(" + "x," * DEEP + "x)",
    "transposes": "x" + ".T" * DEEP,
    "sums": "sum(" * DEEP + "x" + ", axis=None)" * DEEP,
    "parts": "".join(f"a{k}=x+{k};" for k in range(DEEP)) + "a7",
    "doubling": "a0=x;" + "".join(f"a{k + 1}=a{k}*a{k};" for k in range(1000)) + "a1000",
    "zero division": "1/0 + 0**-1 + 1 % 0",
    "huge product": "*".join(["9" * 4000] * 20),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused(name: str) -> None:
    start = time.perf_counter()
    with pytest.raises(sd.SymdiffError) as caught:
        sd.parse(ATTACKS[name])
    assert len(str(caught.value)) < 600
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("name", FINE)
def test_strange_formula_is_read(name: str) -> None:
    node = sd.parse(FINE[name])
    assert sd.parse(str(node)) is node


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


def test_fuzz() -> None:
    rng = random.Random(20240607)
    read = 0
    for _ in range(6000):
        text = fuzzed(rng)
        start = time.perf_counter()
        try:
            node = sd.parse(text)
        except sd.SymdiffError as error:
            assert str(error)
        else:
            read += 1
            assert isinstance(node, sd.Node) and sd.parse(str(node)) is node, text
        assert time.perf_counter() - start < 2, text
    assert read > 100
