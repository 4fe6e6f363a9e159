"""The command line: the lecture cases exactly, formats, input, output, errors and exit codes, and a light start."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest
from conftest import ROOT

import symdiff as sd
from symdiff.cli.entry import COMMANDS, commands
from symdiff.graph.node import OPS
from symdiff.ops.arrays import FUNCTIONS
from symdiff.text.grammar import grammar

LECTURE = [
    ("(a+3*b)*c**2", "a=2,b=3,c=4", 176, [16, 48, 88]),
    ("x**2*y+y+2", "x=3,y=4", 42, [24, 10]),
    ("(x+y)*z", "x=-2,y=5,z=-4", -12, [-4, -4, 3]),
    ("5+x*y", "x=3,y=4", 17, [4, 3]),
]


@pytest.mark.parametrize(("formula", "at", "value", "gradient"), LECTURE)
def test_lecture_values(cli, formula, at, value, gradient):
    assert cli("eval", formula, "--at", at) == (0, f"{value}\n", "")
    record = json.loads(cli("grad", formula, "--at", at, "--format", "json").out)
    assert record["value"] == gradient
    assert record["formula"] == formula
    assert record["wrt"] == [part.split("=")[0] for part in at.split(",")]


def test_lecture_texts(cli):
    assert cli("grad", "5+x*y").out == "x: y\ny: x\n"
    assert cli("diff", "5+x*y", "--wrt", "x").out == "y\n"
    assert cli("diff", "w**2-2*w+5").out == "2*w - 2\n"
    assert cli("grad", "(a+3*b)*c**2", "--at", "a=2,b=3,c=4").out.splitlines() == [
        "a: c**2          = 16",
        "b: 3*c**2        = 48",
        "c: 2*c*(a + 3*b) = 88",
    ]


def test_hessian(cli):
    lines = "[2*y, 2*x]\n[2*x, 0]\nvalue:\n[8, 6]\n[6, 0]\n"
    assert cli("hessian", "x**2*y+y+2", "--at", "x=3,y=4") == (0, lines, "")
    record = json.loads(cli("hessian", "x**3", "--at", "x=2", "--format", "json").out)
    assert record == {"formula": "x**3", "wrt": ["x"], "result": [["6*x"]], "at": {"x": 2}, "value": [[12]]}


def test_diff(cli):
    assert cli("diff", "x**4", "--order", "3").out == "24*x\n"
    assert cli("diff", "x**2*y", "--wrt", "x,y") == (0, "2*x\n", "")
    assert cli("diff", "x**2*y", "--wrt", "x", "--at", "x=3,y=4").out == "2*x*y\nvalue = 24\n"
    assert cli("diff", "5").out == "0\n"
    mixed = cli("diff", "x*y")
    assert mixed.out == "1\n"
    assert "mixed derivative by x, y" in mixed.err
    assert "no variable t" in cli("diff", "x", "--wrt", "t").err


@pytest.mark.parametrize(
    ("formula", "derivative"),
    [
        ("log(1+exp(z))", "sigmoid(z)"),
        ("1/(1+exp(-x))", "sigmoid(x)*(1 - sigmoid(x))"),
        ("sqrt(x)**4", "2*x"),
        ("2**x + pi**x", "2**x*log(2) + pi**x*log(pi)"),
        ("x**sqrt(2)", "sqrt(2)*x**(sqrt(2) - 1)"),
        ("x**9**9**9", "9**387420489*x**(9**387420489 - 1)"),
    ],
)
def test_the_formula_is_simplified_first(cli, formula, derivative):
    assert cli("diff", formula).out == derivative + "\n"


def test_json(cli):
    record = json.loads(cli("diff", "x**2", "--format", "json", "--at", "x=0.5").out)
    assert record == {"formula": "x**2", "wrt": ["x"], "result": "2*x", "at": {"x": 0.5}, "value": 1}
    assert json.loads(cli("diff", "x**2", "--format", "json").out) == {"formula": "x**2", "wrt": ["x"], "result": "2*x"}
    record = json.loads(cli("jacobian", "a*b", "a", "--format", "json", "--at", "a=2,b=3").out)
    assert record["formula"] == ["a*b", "a"]
    assert record["result"] == [["b", "a"], ["1", "0"]]
    assert record["value"] == [[3, 2], [1, 0]]
    assert json.loads(cli("jacobian", "x**2", "--format", "json").out)["result"] == [["2*x"]]
    assert json.loads(cli("grad", "x**2", "--format", "json").out)["result"] == ["2*x"]
    record = json.loads(cli("eval", "x + 1", "--at", "x=41", "--format", "json").out)
    assert (record["result"], record["value"]) == ("42", 42)


def test_values_that_are_not_finite(cli):
    record = json.loads(cli("grad", "log(x)*y", "--at", "x=0,y=1", "--format", "json").out)
    assert record["value"] == ["inf", "-inf"]
    assert cli("eval", "x", "--at", "x=-inf").out == "-inf\n"
    assert cli("eval", "log(x)", "--at", "x=-1") == (2, "", "error: the formula has no value at x=-1\n")


def test_latex(cli):
    assert cli("diff", "x**2", "--format", "latex").out == sd.to_latex(sd.parse("2*x")) + "\n"
    assert cli("grad", "5+x*y", "--format", "latex").out == "\\begin{bmatrix}y \\\\ x\\end{bmatrix}\n"
    hessian = cli("hessian", "x*y", "--format", "latex", "--at", "x=1,y=1").out.splitlines()
    assert hessian == [f"{equals}\\begin{{bmatrix}}0 & 1 \\\\ 1 & 0\\end{{bmatrix}}" for equals in ("", "= ")]


def test_points(cli):
    assert cli("eval", "sin(x)", "--at", "x=pi/2").out == "1\n"
    assert cli("eval", "x*y", "--at", "x=2", "--at", "y=-1e-3").out == "-0.002\n"
    assert cli("eval", "2**10").out == "1024\n"


def test_standard_input(cli):
    assert cli("diff", "-", stdin=b"a = x**2\na + 1\n").out == "2*x\n"
    assert cli("eval", "-", "--at", "x=2", stdin=b"x**2").out == "4\n"
    assert cli("eval", "-", "--at", "x=2", stdin=b"\xef\xbb\xbfx**2\r\n").out == "4\n"  # as Notepad writes it
    bad = cli("diff", "-", stdin=b"\xff\xfe")
    assert (bad.code, bad.err) == (2, "error: the formula is not UTF-8 text\n")


@pytest.mark.parametrize("args", [["-x**2"], ["--", "-x**2"], ["-x**2", "--wrt", "x"], ["--wrt=x", "-x**2"]])
def test_formulas_that_begin_with_a_minus(cli, args):
    assert cli("diff", *args) == (0, "-2*x\n", "")


def test_double_minus_and_code(cli):
    assert cli("eval", "--x*2", "--at", "x=3").out == "6\n"
    assert "def f(o, x)" in cli("code", "-x*o").out


def test_e_is_noted_once(cli):
    for formula in ("e*x", "E*x", "e*E"):
        result = cli("grad", formula)
        assert result.code == 0
        assert result.err.count("exp(1) is Euler's number") == 1
    assert cli("grad", "exp(x)").err == ""


ERRORS = [
    (["diff", "sin(x"], "caret"),
    (["diff", "2*sni(x)"], "caret"),
    (["diff", ""], "error: "),
    (["diff", "__import__('os')"], "error: "),
    (["diff"], "missing argument"),
    (["diff", "x", "y"], "unexpected extra argument"),
    (["diff", "x", "--wtr", "x"], "no such option"),
    (["diff", "x", "--order", "0"], "--order"),
    (["diff", "x", "--order", "two"], "--order"),
    (["diff", "x", "--wrt", "2x"], "identifier"),
    (["diff", "x", "--wrt", ""], "identifier"),
    (["diff", "x", "--format", "xml"], "--format"),
    (["nonsense"], "no such command"),
    (["grad", "5"], "no variables"),
    (["jacobian"], "missing argument"),
    (["eval", "x"], "--at gives no value for x"),
    (["eval", "x", "--at", "x=1,y=2"], "--at gives a value for y"),
    (["eval", "x", "--at", "x"], "one value for each variable"),
    (["eval", "x", "--at", "x=1,x=2"], "one value for each variable"),
    (["eval", "x", "--at", "x=y"], "x: y is not a number"),
    (["eval", "x", "--at", "x="], "error: "),
    (["eval", "x", "--at", "x=[1,"], "error: "),
    (["eval", "x", "--shape", "x"], "--shape takes"),
    (["code", "x", "--derivatives", "values"], "--derivatives takes some of"),
    (["code", "x", "--backend", "fortran"], "backend"),
    (["code", "x", "--name", "2f"], "name"),
    (["code", "x", "--name", "def"], "name"),
    (["code", "x", "-o", "no/such/folder/f.py"], "cannot write no/such/folder/f.py"),
    (["code", "x", "-o"], "-o"),
    (["ops", "--format", "latex"], "--format"),
]


@pytest.mark.parametrize(
    ("args", "note"),
    [
        (["grad", "log(x)", "--at", "x=-1"], "the formula has no value at x=-1, so a derivative there means nothing"),
        (
            ["grad", "norm(x)", "--shape", "x=2", "--at", "x=[0,0]"],
            "norm(x) has no derivative there; --kinks zero takes 0",
        ),
        (["hessian", "hypot(x, y)", "--at", "x=0,y=0"], "hypot(x, y) has no derivative there; --kinks zero takes 0"),
        (["diff", "2*sinx"], "sinx is a variable; write sin(x) for the function"),
        (["diff", "2*sin(x)", "--at", "x=0"], ""),
        (["grad", "abs(x)", "--at", "x=0"], ""),
        (["diff", "log2(x) + sinh(x)"], ""),
    ],
)
def test_notes(cli, args, note):
    """What is easily overlooked stands on standard error, and the result stays as it is."""
    code, out, err = cli(*args)
    assert (code, err) == (0, f"note: {note}\n" if note else "")
    assert out


def test_sizes_in_brackets(cli):
    assert cli("grad", "sum(X)", "--shape", "X=(n, d)") == cli("grad", "sum(X)", "--shape", "X=n,d")
    assert cli("grad", "sum(x)", "--shape", "x=(n,)")[1] == "x: ones((n,))\n"


@pytest.mark.parametrize(("args", "says"), ERRORS)
def test_errors(cli, args, says):
    """Exit code 2 and one sentence on standard error; formulas get the place with a caret."""
    result = cli(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    lines = result.err.splitlines()
    assert len(lines) == (3 if lines[-1].strip() == "^" else 1)
    assert says in result.err or (says == "caret" and len(lines) == 3)
    assert "failed inside" not in result.err


def test_check(cli, own_rows):
    assert cli("check", "x**2*sin(y)").code == 0
    assert "d/dx" in cli("check", "x**2*sin(y)", "--at", "x=3,y=0.5").out
    sd.unary("wrong_sine", lambda y, x: -sd.cos(x), numpy="np.sin({0})", math="sin")
    wrong = cli("check", "x**2*wrong_sine(y)")
    assert wrong.code == 1
    assert wrong.err.startswith("error: ")


def test_ops(cli):
    lines = cli("ops").out.splitlines()
    assert lines[0].split() == ["name", "arguments", "domain", "kink", "aliases", "about"]
    parts = "x = 0: 0", "fabs", "The absolute value."
    assert any(line.startswith("abs ") and all(part in line for part in parts) for line in lines)
    table = json.loads(cli("ops", "--format", "json").out)
    names = [row["name"] for row in table]
    written_by_signs = {"T", "index", "size"}  # X.T, x[0], and the name of a size
    elementwise = {op.name for op in OPS.values() if op.partials is not None}
    assert set(names) == elementwise | set(FUNCTIONS) - written_by_signs <= set(grammar().calls)
    assert len(names) == len(set(names))
    inverse = next(row for row in table if row["name"] == "inv")
    assert (inverse["arguments"], inverse["domain"]) == ("x", "regular matrices")
    largest = next(line for line in lines if line.startswith("max "))
    assert "x, *others, axis=None" in largest and "ties share equally" in largest and "largest element" in largest


@pytest.mark.parametrize(
    ("formula", "power"), [("A^T @ x", "A**T"), ("sum(A)*x^T @ x", "x**T"), ("(A @ A)**T @ x", "(A @ A)**T")]
)
def test_a_power_by_t_is_no_transpose(cli, formula, power):
    note = f"note: {power} is a power by the variable T; a transpose is written with .T, as in A.T\n"
    shapes = ("--shape", "A=n,n", "--shape", "x=n")
    assert cli("kinks", formula + "*sum(x)*sum(A)", *shapes).err == note
    assert cli("kinks", formula.replace("^", ".").replace("**", ".") + "*sum(x)*sum(A)", *shapes).err == ""
    assert cli("diff", "x^T", "--wrt", "x").err == "", "of scalars it is a power like others"


def test_a_part_of_one_formula_is_a_variable_of_another(cli):
    """Each formula names its own parts; where that may surprise it is said."""
    note = "note: s is a part of formula 1 and a variable of formula 2; repeat its definition there to share it\n"
    assert cli("jacobian", "s=sin(q); s*x", "s*y").err == note
    assert cli("code", "a = x; s = a*q; s*x", "s*y", "--derivatives", "jacobian").err == note
    for second in ("s = sin(q); s*y", "y", "t = 2; t*y"):
        assert cli("jacobian", "s=sin(q); s*x", second).err == ""


def test_help_and_version(cli):
    assert cli("--version") == (0, f"symdiff {sd.__version__}\n", "")
    assert "Usage: symdiff" in cli().out
    for command in ("diff", "grad", "jacobian", "hessian", "code", "eval", "check", "ops"):
        assert f"\n  symdiff {command}" in cli(command, "--help").out


ALONE = """
import sys
import threading
sys.modules["symdiff"] = None
from model import f
print(f(3, 4))
print(sorted(set(sys.modules) & {"symdiff", "numpy"}))
"""


@pytest.mark.parametrize(("backend", "imported"), [("math", ["symdiff"]), ("numpy", ["numpy", "symdiff"])])
def test_code_runs_alone(cli, tmp_path, backend, imported):
    path = tmp_path / "model.py"
    path.write_text("old")
    args = ["--derivatives", "value,grad,hessian", "--backend", backend, "-o", str(path)]
    assert cli("code", "x**2*y+y+2", *args) == (0, "", "")
    assert [file.name for file in tmp_path.iterdir()] == ["model.py"]
    run = subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, check=True)
    values, modules = run.stdout.replace("np.float64", "").splitlines()
    assert ast.literal_eval(values) == (42, (24, 10), ((8, 6), (6, 0)))
    assert ast.literal_eval(modules) == imported


def test_code_to_standard_output(cli, tmp_path):
    text = cli("code", "sin(x)*y", "--wrt", "x", "--derivatives", "grad", "--name", "slope").out
    assert text.count("def slope(x, y)") == 1
    assert cli("code", "sin(x)", "-o", "/dev/stdout").code in (0, 2)


def fresh(*args: str, **options) -> subprocess.CompletedProcess[str]:
    """A command line in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *args], env=env, capture_output=True, text=True, **options)


def modules(run: subprocess.CompletedProcess[str]) -> list[str]:
    """What a process with ``-X importtime`` imported."""
    return [line.split("|")[-1].strip() for line in run.stderr.splitlines()[1:]]


def test_start_is_light():
    """A derivative as text imports none of the large packages, and 0.4 of the modules that SymPy is, at most."""
    run = fresh("-X", "importtime", "-m", "symdiff", "diff", "x**2*sin(x)", check=True)
    assert run.stdout == "x**2*cos(x) + 2*x*sin(x)\n"
    packages = {name.split(".")[0] for name in modules(run)}
    assert not packages & {"numpy", "scipy", "sympy", "networkx", "opt_einsum", "rich", "matplotlib"}
    sympy = fresh("-X", "importtime", "-c", "import sympy", check=True)
    assert 0 < len(modules(run)) <= 0.4 * len(modules(sympy))


def test_closed_pipe_is_quiet():
    command = f'"{sys.executable}" -m symdiff ops | head -n 1'
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(["bash", "-c", command], env=env, capture_output=True, text=True)
    assert run.stderr == ""


FULL = "error: cannot write to standard output: No space left on device\n"
CLOSED = "error: cannot write to standard output: it is closed\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
@pytest.mark.parametrize(
    ("command", "code", "out", "err"),
    [
        ("diff 'x**2' >/dev/full", 2, "", FULL),
        ("diff 'x**2' >&-", 2, "", CLOSED),
        ("ops >/dev/full", 2, "", FULL),
        ("--help >/dev/full", 2, "", FULL),
        ("--version >&-", 2, "", CLOSED),
        ("code 'x**2' -o /dev/null >&-", 0, "", ""),
        ("diff 'e**x' --wrt e 2>/dev/full", 0, "x*e**(x - 1)\n", ""),
        ("diff 'e**x' --wrt e 2>&-", 0, "x*e**(x - 1)\n", ""),
        ("diff 'x +' 2>/dev/full", 2, "", ""),
        ("diff - <&-", 2, "", "error: standard input is closed, and a formula of - is read from there\n"),
    ],
)
def test_standard_streams_that_are_full_or_closed(command, code, out, err):
    result = subprocess.run(
        f'"{sys.executable}" -m symdiff {command}', shell=True, capture_output=True, text=True, cwd=ROOT
    )
    assert (result.returncode, result.stdout, result.stderr) == (code, out, err)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_declared_twice(name):
    context = click.Context(commands, **commands.context_settings)
    params = commands.get_command(context, name).get_params(context)
    options = [option for param in params for option in (*param.opts, *param.secondary_opts)]
    assert len(set(options)) == len(options)


def test_the_short_option_for_help_is_no_formula(cli):
    for command in ((), ("diff",), ("code",), ("ops",)):
        assert cli(*command, "-h") == cli(*command, "--help")
        assert cli(*command, "-h").out.startswith("Usage: ")
    assert cli("diff", "--", "-h").out == "-1\n"


def test_failures_inside_are_one_sentence(cli, monkeypatch):
    def broken(*args, **options):
        raise TypeError("surprise\nin two lines")

    monkeypatch.setattr(sys.modules["symdiff.text.parser"], "parse", broken)
    result = cli("diff", "x")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "failed inside with TypeError: surprise in two lines" in result.err


def test_interruption(cli, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["symdiff.text.parser"], "parse", interrupted)
    assert cli("diff", "x") == (130, "", "")


def test_a_spinner_on_a_terminal(monkeypatch):
    from symdiff.cli import output as module

    shown: list[str] = []
    written = threading.Event()

    class Terminal:
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            shown.append(text)
            written.set()
            return len(text)

        def flush(self) -> None: ...

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(module, "DELAY", 0.01)
    with module.spinner("differentiating"):
        assert written.wait(60), "nothing is written, however long it takes"
    assert "differentiating" in "".join(shown)
    shown.clear()
    monkeypatch.setattr(module, "DELAY", 60)
    with module.spinner("differentiating"):
        pass
    assert shown == []


def test_nothing_is_left_behind(cli, tmp_path: Path, monkeypatch):
    """A module that cannot be put in place leaves neither a half-written file nor a draft."""

    def refuse(*args):
        raise OSError(28, "No space left on device")

    target = tmp_path / "f.py"
    target.write_text("old")
    monkeypatch.setattr(os, "replace", refuse)
    result = cli("code", "x", "-o", str(target))
    assert (result.code, result.err) == (2, f"error: cannot write {target}: No space left on device\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("f.py", "old")]


def test_derivatives(cli, tmp_path):
    assert cli("derivatives", "x**2*y", "--wrt", "y,x").out.splitlines() == [
        *("value  x**2*y", "y      x**2", "x      2*x*y", "y,y    0", "y,x    2*x", "x,x    2*y")
    ]
    assert json.loads(cli("derivatives", "x**2", "--order", "3", "--format", "json").out) == {
        **{"": "x**2", "x": "2*x"},
        **{"x,x": "2", "x,x,x": "0"},
    }
    assert cli("derivatives", "x*exp(y)", "--order", "3", "--backend", "math", "-o", str(tmp_path / "all.py")).code == 0
    space = {}
    exec((tmp_path / "all.py").read_text(), space)
    assert space["f"](2.0, 0.0)["y,y,y"] == 2 and space["f"](2.0, 0.0)["x,x,x"] == 0
    assert "derivatives takes formulas of numbers" in cli("derivatives", "max(stack((x, y)))").err
