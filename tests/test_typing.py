"""What editors, type checkers and ``help`` see: real types, every public name, and what an operation does."""

from __future__ import annotations

import doctest
import inspect
import os
import pydoc
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jedi
import pytest
from conftest import ROOT
from write_stub import STUB

import symdiff as sd
from symdiff.graph.node import OPS, Op

ELEMENTWISE = [op for op in OPS.values() if op.elementwise]

#: A user's program; a comment is the type of the expression that is revealed on its line.
PROGRAM = """
from collections.abc import Mapping
from typing import reveal_type

import symdiff as sd
from symdiff import Node, curves, nn


def loss(x: Node, w: Node, y: Node) -> Node:
    error = x @ w - y
    return sd.mean(error**2) + 0.1 * sd.sum(w**2, axis=0)


def newton(f: Node, variables: list[Node], at: Mapping[str, float]) -> list[float]:
    gradient, hessian = sd.grad(f, variables), sd.hessian(f, variables)
    fn = sd.compile(sd.simplify((gradient, hessian)), variables, backend="math")
    reveal_type(hessian)  # tuple[tuple[Node, ...], ...]
    return [float(value) for value in fn(*at.values())[0]]


swish = sd.unary("swish", lambda y, x: y + sd.sigmoid(x) * (1 - y), numpy="({0} / (1 + np.exp(-{0})))")
reveal_type(swish)  # Op
reveal_type(sd.symbols("x y"))  # tuple[Node, ...]
x, y = sd.symbols("x y")
reveal_type(sd.sin(x))  # Node
reveal_type(sd.hypot(x, 2) + sd.asin(0.5))  # Node
reveal_type(sd.grad(x**2 * y, x))  # Node
reveal_type(sd.grad(x**2 * y, [x, y]))  # tuple[Node, ...]
reveal_type(sd.diff(sd.exp(x), x, 2))  # Node
reveal_type(sd.jacobian([x * y, x], [x, y]))  # tuple[tuple[Node, ...], ...]
reveal_type(sd.hvp(x * y, [x, y], [1, 0]))  # tuple[Node, ...]
reveal_type(sd.simplify([x, x + y]))  # list[Node]
reveal_type(sd.logsumexp(sd.stack([x, y]), axis=-1, keepdims=True))  # Node
reveal_type(sd.evaluate)  # def (f: Any, values: Mapping[Any, Any]) -> Any
reveal_type(sd.to_latex(sd.parse("a*b")))  # str
X = sd.symbol("X", shape=("N", 3))
print(newton(x**2 + y**4, [x, y], {"x": 1.0, "y": 2.0}), loss(X, sd.symbol("w", 3), sd.symbol("y", "N")))
try:
    print(nn.mlp, curves.fit, sd.where(x > 0, sd.pi, x), sd.evaluate(x, {"x": 1}))
except sd.SymdiffError as error:
    print(error)
"""
#: Lines with a mistake, each with what the type checker says of it.
MISTAKES = {
    "sd.sni(x)": 'Module has no attribute "sni"',
    "sd.grad(x)": 'No overload variant of "grad" matches argument type "Node"',
    "sd.sin()": 'Too few arguments for "sin"',
    'sd.sin("x")': 'Argument 1 to "sin" has incompatible type "str"',
    "sd.sin(x=x)": 'Unexpected keyword argument "x" for "sin"',
    "sd.sum(x, axes=0)": 'Unexpected keyword argument "axes" for "sum"',
    "sd.where(x > 0, x)": 'Too few arguments for "where"',
    "sd.OPS": 'Module has no attribute "OPS"',
    "sd.grad(x, [x]) + 1": 'No overload variant of "__add__" of "tuple"',
}


def types(program: str, folder: Path) -> list[tuple[int, str]]:
    """What ``mypy --strict`` says of a program that stands in a folder of its own: lines and messages."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    options = [
        "--strict",
        "--follow-imports=silent",
        "--hide-error-context",
        f"--config-file={ROOT / 'pyproject.toml'}",
    ]
    command = [sys.executable, "-m", "mypy", *options, f"--cache-dir={ROOT / '.mypy_cache'}", "program.py"]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert not done.stderr
    found = re.findall(r"^program\.py:(\d+): (.*)$", done.stdout, re.MULTILINE)
    return [(int(line), re.sub(r"\w+\.(?=\w)", "", said)) for line, said in found]  # types without their modules


def test_a_program_has_real_types(tmp_path: Path) -> None:
    lines = PROGRAM.splitlines()
    expected = [
        (number, f'note: Revealed type is "{line.split("# ")[1]}"')
        for number, line in enumerate(lines, 1)
        if "  # " in line
    ]
    assert len(lines) >= 40
    assert types(PROGRAM, tmp_path) == expected
    done = subprocess.run([sys.executable, tmp_path / "program.py"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[2.0, 32.0] ")


def test_mistakes_are_reported(tmp_path: Path) -> None:
    program = "import symdiff as sd\n\nx = sd.symbol('x')\n" + "".join(f"{line}\n" for line in MISTAKES)
    said = types(program, tmp_path)
    for number, message in enumerate(MISTAKES.values(), 4):
        assert any(message in text for line, text in said if line == number), (number, said)


def test_an_editor_completes_names_with_signatures() -> None:
    project = jedi.Project(ROOT)
    completions = {c.name: c for c in jedi.Script("import symdiff as sd\nsd.", project=project).complete()}
    assert completions.keys() >= set(dir(sd))
    parameters = {
        "sin": "x",
        "arctan2": "a b",
        "where": "c a b",
        "sec": "x",
        "grad": "f wrt kinks",
        "hessian": "f wrt form sparse sizes kinks",
        "logsumexp": "x axis keepdims",
        "compile": "outputs inputs backend updates schedule flags",
    }
    for name, expected in parameters.items():
        signature = completions[name].get_signatures()[0]
        assert " ".join(parameter.name for parameter in signature.params) == expected
        assert completions[name].docstring(raw=True)
    assert "sine of x in radians" in completions["sin"].docstring()
    assert {completions[name].type for name in ("nn", "train", "curves", "plots")} == {"module"}


def test_the_stub_is_up_to_date() -> None:
    """It lists the operations that are declared; ``python tests/write_stub.py`` writes it anew."""
    command = [sys.executable, "-c", "from write_stub import stub; print(stub(), end='')"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # a process without the operations that other tests declare
    done = subprocess.run(command, cwd=ROOT / "tests", env=environment, capture_output=True, text=True, check=True)
    assert STUB.read_text(encoding="utf-8") == done.stdout


def test_names_are_those_of_the_stub() -> None:
    code = "import symdiff; print(*dir(symdiff)); from symdiff import *; print(*globals().keys() & dir(symdiff))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    names, starred = (set(line.split()) for line in done.stdout.splitlines())
    text = STUB.read_text(encoding="utf-8")
    patterns = r"^from .* as (\w+)$", r"^def (\w+)", r"^(\w+) = ", r"^(\w+): "
    assert names == {name for pattern in patterns for name in re.findall(pattern, text, re.MULTILINE)} - {"__all__"}
    assert starred == {name for name in sd.__all__ if name in names} == set(sd.__all__) and "sum" not in starred


def test_a_misspelt_name_gets_the_nearest_one() -> None:
    for wrong, near in {"sni": "sin", "hesian": "hessian", "log_sum_exp": "logsumexp"}.items():
        with pytest.raises(
            AttributeError, match=f"^module 'symdiff' has no attribute '{wrong}'; did you mean '{near}'\\?$"
        ):
            getattr(sd, wrong)
    with pytest.raises(AttributeError, match=r"'qqqqqq'$"):
        sd.qqqqqq  # noqa: B018


@pytest.fixture
def swish() -> Iterator[Op]:
    op = sd.unary("swish", lambda y, x: y + sd.sigmoid(x) * (1 - y), numpy="({0} / (1 + np.exp(-{0})))", doc="Swish.")
    yield op
    op.remove()


def test_a_users_operation_is_there_too(swish: Op) -> None:
    assert sd.swish is swish and "swish" in dir(sd)
    assert str(inspect.signature(swish)) == "(x, /)"
    assert "Derivative: d/dx swish(x) = swish(x) + sigmoid(x)*(1 - swish(x))" in pydoc.render_doc(swish)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_help_says_what_an_operation_does(op: Op) -> None:
    """What it computes, domain, kinks, derivatives in at most 16 lines, and an example that runs."""
    text = inspect.getdoc(op) or ""
    arguments = ", ".join(inspect.signature(op).parameters)
    assert text.startswith(f"{op.name}({arguments})\n\n{op.doc}\n\nDomain: {op.domain}\n") and op.doc.endswith(".")
    assert text.count("Derivative: ") + op.predicate >= 1
    assert f"At kinks: {op.kink}" in text or not op.kink
    assert len(text.splitlines()) <= 16
    test = doctest.DocTestParser().get_doctest(text, {}, op.name, None, None)
    assert test.examples and doctest.DocTestRunner().run(test).failed == 0


def test_help_at_the_prompt() -> None:
    text = pydoc.render_doc(sd.sin, renderer=pydoc.plaintext)
    assert "Derivative: d/dx sin(x) = cos(x)" in text and "in module symdiff\n" in text
    assert (sd.sin.__name__, sd.sin.__module__, repr(sd.sin)) == ("sin", "symdiff", "<operation sin>")
    assert (Op.__name__, Op.__module__) == ("Op", "symdiff.graph.node")
    assert "name" in inspect.signature(Op).parameters and str(inspect.signature(sd.where)) == "(c, a, b, /)"
    assert "calling it builds a node" in pydoc.render_doc(Op)
    assert all((inspect.getdoc(op) or "").startswith(op.name) for op in OPS.values())
