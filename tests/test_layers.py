"""A module imports only from layers below it, and heavy packages only when a function needs them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import symdiff

ROOT = Path(symdiff.__file__).parent
#: Lowest first. A package's name stands for all of its modules.
LAYERS = (
    ("errors",),
    ("budgets", "files"),
    ("shapes",),
    ("expr",),
    ("walk", "order", "templates"),
    ("ops",),
    ("grammar",),
    ("brackets",),
    ("tokens",),
    ("match", "printer", "latex", "mathml", "parser"),
    ("nonsmooth",),
    ("assumptions",),
    ("differentiate", "rules", "contractions", "scaling"),
    ("blocks", "simplifier", "codegen", "interop", "linearised"),
    ("elimination", "native", "taylor"),
    ("costs",),
    ("compiler",),
    ("counts",),
    ("patterns",),
    ("compression",),
    ("hessians",),
    ("check", "exact", "structured", "dense", "explanations", "plots"),
    ("auditor", "pictures", "selfcheck"),
    ("rewriting", "identities", "rational"),
    ("digits",),
    ("accuracy",),
    ("verified",),
    ("accurate", "search"),
    ("curves", "nn", "train", "rulebook"),
    ("__init__",),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
#: Imports upward, inside a function: text and LaTeX of a node, pickling it, and the levels that try.
UPWARD = {("expr", name) for name in ("printer", "latex", "walk")}
UPWARD |= {("simplifier", name) for name in ("accurate", "search", "digits")}
HEAVY = {"numpy", "scipy", "sympy", "networkx", "matplotlib", "opt_einsum"}
#: Modules that need a heavy package throughout: others import them inside functions only.
IMPORTED_LATE = {"train.operators"}
MODULES = sorted(ROOT.rglob("*.py"))


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _late(tree: ast.Module) -> set[ast.AST]:
    """Nodes inside a function or under ``if TYPE_CHECKING``."""
    late: set[ast.AST] = set()
    for node in ast.walk(tree):
        function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if function or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            late.update(ast.walk(node))
    return late


def _targets(node: ast.AST, package: list[str]) -> Iterator[str]:
    """Dotted names imported by the statement; those of this package without its name."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name.replace("symdiff.", "symdiff:", 1).removeprefix("symdiff:")
    elif isinstance(node, ast.ImportFrom):
        if not node.level:
            yield (node.module or "").removeprefix("symdiff.")
            return
        base = package[: len(package) - node.level + 1]
        if node.module:
            yield ".".join([*base, node.module])
        else:
            for alias in node.names:
                name = ".".join([*base, alias.name])
                module = (ROOT / name.replace(".", "/")).with_suffix(".py").exists()
                yield name if module else ".".join(base) or "__init__"


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each import of a module with whether it is late."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = _late(tree)
    package = list(path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(tree):
        for target in _targets(node, package):
            yield target, node in late


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_point_down(path: Path) -> None:
    here = _name(path).split(".")[0]
    assert here in LEVEL, f"say in LAYERS where the module {here} belongs"
    for target, late in imports(path):
        there = "__init__" if target == "symdiff" else target.split(".")[0]
        inside = there in LEVEL and ((ROOT / f"{there}.py").exists() or (ROOT / there).is_dir())
        if not inside or (late and (here, there) in UPWARD):
            continue
        same_package = there == here and (ROOT / here).is_dir()
        assert same_package or LEVEL[there] < LEVEL[here], f"{_name(path)} imports {target}, which is not below it"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_heavy_packages_are_late(path: Path) -> None:
    if _name(path) in IMPORTED_LATE:
        return
    early = {target.split(".")[0] for target, late in imports(path) if not late}
    assert not early & HEAVY


def test_modules_with_heavy_packages_are_imported_late() -> None:
    early = {target for path in MODULES for target, late in imports(path) if not late}
    assert not early & IMPORTED_LATE


def test_the_allow_list_is_used() -> None:
    seen = {
        (_name(path).removesuffix(".__init__"), target) for path in MODULES for target, late in imports(path) if late
    }
    assert seen >= UPWARD


def test_import_is_light() -> None:
    code = f"import symdiff, sys; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.strip() == "[]"
