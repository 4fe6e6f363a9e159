"""An operation is declared in one place, and everything that has to do with formulas knows it."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import symdiff as sd
from symdiff.compiler.native import NoCompiler
from symdiff.graph.node import OPS
from symdiff.numerics.mpmath_eval import Exact
from symdiff.ops import intervals as iv
from symdiff.ops.targets import Target
from symdiff.rules.assumptions import Facts
from symdiff.text.mathml import mathml

x = sd.symbol("x")


@pytest.fixture
def sinpi() -> Iterator[sd.Op]:
    """sin(pi*x), exact at whole numbers: all that symdiff is told of it."""
    op = sd.unary(
        "sinpi",
        lambda y, x: sd.pi * sd.cos(sd.pi * x),
        odd=True,
        bounds=iv.fixed(-1.0, 1.0),
        numpy=("_sinpi({0})", "def _sinpi(x):\n    return np.sin(np.pi * (x - 2 * np.round(x / 2)))"),
        math=("_sinpi({0})", "def _sinpi(x):\n    return math.sin(math.pi * (x - 2 * round(x / 2)))"),
        c=(
            "sinpi({0})",
            "static inline real sinpi(real x)\n{\n    return sin(3.141592653589793*(x - 2*rint(x/2)));\n}",
        ),
        array_api="xp.sin(xp.pi * ({0} - 2 * xp.round({0} / 2)))",
        latex=r"\sin\left(\pi {0}\right)",
        sympy=lambda sympy, x: sympy.sin(sympy.pi * x),
    )
    yield op
    op.remove()


def test_text_and_mathematics(sinpi: sd.Op) -> None:
    f = sd.parse("sinpi(x + 1)**2")
    assert f is sinpi(x + 1) ** 2 and str(f) == "sinpi(x + 1)**2" and sd.parse(str(f)) is f
    assert sd.to_latex(f) == r"\sin\left(\pi \left(x + 1\right)\right)^{2}"
    assert "<mi>π</mi>" in mathml(sd.to_latex(f))
    assert sinpi(-x) is not None and str(sd.simplify(sinpi(-x))) == "-sinpi(x)"


def test_sympy_both_ways(sinpi: sd.Op) -> None:
    (symbol,) = (expression := sd.to_sympy(sinpi(x))).free_symbols
    assert expression == sympy.sin(sympy.pi * symbol)
    assert sd.evaluate(sd.from_sympy(expression), {"x": 0.3}) == pytest.approx(math.sin(0.3 * math.pi))


def test_values_to_fifty_digits_and_bounds(sinpi: sd.Op) -> None:
    (value,) = Exact([sinpi(x)])({x: 0.3})
    with mpmath.workdps(50):
        assert abs(value - mpmath.sinpi(mpmath.mpf(0.3))) < mpmath.mpf(10) ** -25
    assert Facts().of(sinpi(x))[:2] == (-1.0, 1.0)


@pytest.mark.parametrize("backend", ["numpy", "math", "c", "array_api"])
def test_code(sinpi: sd.Op, backend: str) -> None:
    outputs = [sinpi(x + 1), sd.diff(sinpi(x + 1), x), sd.diff(sinpi(x + 1), x, 2)]
    try:
        found = sd.compile(outputs, [x], backend=backend)(np.float64(0.2) if backend != "math" else 0.2)
    except NoCompiler:
        pytest.skip("no C compiler")
    turn = 1.2 * math.pi
    expected = [math.sin(turn), math.pi * math.cos(turn), -(math.pi**2) * math.sin(turn)]
    np.testing.assert_allclose([float(value) for value in found], expected, rtol=1e-13)


def test_derivatives_checks_and_levels(sinpi: sd.Op, tmp_path: Path, cli: Callable[..., Any]) -> None:
    f = sinpi(x + 1) ** 2
    assert sd.check_grads(f).ok and sd.jacobian([f], [x])[0][0] is not None
    assert sd.evaluate(sd.simplify(f, "accurate"), {"x": 0.25}) == pytest.approx(0.5)
    (tmp_path / "model.py").write_text("import math\ndef gradient(x):\n    return math.pi*math.cos(math.pi*x)\n")
    assert cli("audit", f"{tmp_path}/model.py:gradient", "--formula", "sinpi(x)").code == 0
    assert cli("check", "sinpi(x)*x").code == 0


def test_a_target_that_comes_later(sinpi: sd.Op) -> None:
    from typing import NamedTuple

    class Spelling(NamedTuple):
        code: str = ""

    target = Target("loud", Spelling, "%s!(%s)", spellings={"sin": "SIN"})
    try:
        assert target.of(OPS["sin"]).code == "SIN!({0})" and target.of(sinpi).code == ""
    finally:
        target.remove()


def test_latex_states_what_its_slots_take() -> None:
    op = sd.unary("twice", lambda y, x: 2, numpy="2*{0}", latex="2 {0}")
    try:
        assert sd.to_latex(op(x + 1)) == r"2 \left(x + 1\right)"
    finally:
        op.remove()


def test_declarations_and_the_registry_are_frozen(sinpi: sd.Op) -> None:
    with pytest.raises(AttributeError, match="never changes"):
        sinpi.odd = False  # type: ignore[misc]
    with pytest.raises(TypeError):
        OPS["other"] = sinpi  # type: ignore[index]


# -- nothing else names an operation -------------------------------------------------------------------------------

ROOT = Path(sd.__file__).parent
#: Words that formulas or Python give a meaning of their own, where they are no operation's name.
WORDS = {
    "index",
    "size",
    "max",
    "min",
    "sum",
    "view",
    "equal",
    "sign",
    "norm",
    "where",
    "const",
    "var",
    "pi",
    "mean",
    "T",
}


def _constants(tree: ast.Module) -> Iterator[str]:
    """The texts of a module that are no docstrings."""
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docs:
            yield node.value


def named_operations() -> dict[str, set[str]]:
    """The operations that each module outside ``ops`` names by a text."""
    names = {op.name for op in OPS.values()} - WORDS
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        if path.relative_to(ROOT).parts[0] != "ops":
            here = {text for text in _constants(ast.parse(path.read_text(encoding="utf-8"))) if text in names}
            if here:
                found[path.relative_to(ROOT).as_posix()] = here
    return found


#: How many operations a module names, with the reason; none is added, and a number that is too large fails.
NAMED = {
    "graph/operators.py": 15,  # Python's operators stand for operations
    "graph/order.py": 1,  # contractions are ordered among products
    "text/mathml.py": 4,  # commands of LaTeX, not operations
    "text/tokens.py": 1,  # messages
    "cli/notes.py": 6,  # words that are typed without brackets
    "codegen/names.py": 2,  # words that C and Python reserve
    "codegen/points.py": 1,  # the module scipy.sparse
    "explanations/plots.py": 1,  # a scale of an axis
    "jacobians/sparsity.py": 1,
    "jacobians/blocks/carried.py": 3,  # block rules that are to move into the declarations
    "jacobians/blocks/factors.py": 15,
    "jacobians/blocks/moves.py": 4,
    "jacobians/blocks/reverse.py": 1,
    "models/nn/activations.py": 6,  # activations that users name
    "models/nn/networks.py": 4,  # initial weights by activation
    "check/gradients.py": 1,  # a function of NumPy
    "check/audit/mutations.py": 30,  # functions that people confuse
    "rules/assumptions.py": 8,  # comparisons are what assumptions are made of
    "search/rational/fields.py": 14,  # families of functions with common generators
    "search/rational/variants.py": 4,
    "search/rational/trigonometric.py": 5,
    "taylor/intermediates.py": 3,
}


def test_nothing_else_names_an_operation() -> None:
    assert {module: len(names) for module, names in named_operations().items()} == NAMED
