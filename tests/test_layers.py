"""A module imports only from layers below it, whenever it imports; heavy packages are imported when they are needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

import symdiff

ROOT = Path(symdiff.__file__).parent
#: The packages from the lowest to the highest; those of one line know nothing of each other.
LAYERS = """
graph
ops
text
differentiate, rules, codegen
simplifier
taylor, compiler
numerics
search
jacobians, explanations
check
models
__init__
cli
__main__
"""
LEVEL = {name: level for level, line in enumerate(LAYERS.split("\n")) for name in line.split(", ") if name}
MOST_PACKAGES = 18
HEAVY = {"numpy", "scipy", "sympy", "networkx", "matplotlib", "opt_einsum"}
#: Modules that need a heavy package throughout: others import them inside functions only.
IMPORTED_LATE = {"models.train.operators"}
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted(ROOT.rglob("*.py"))}


def _late(tree: ast.Module) -> set[ast.AST]:
    """Nodes inside a function or under ``if TYPE_CHECKING``."""
    late: set[ast.AST] = set()
    for node in ast.walk(tree):
        function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if function or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            late.update(ast.walk(node))
    return late


def _module(*parts: str) -> str:
    """The module that holds the last part: a package's own file, or the module or package itself."""
    for name in (".".join(parts), ".".join([*parts, "__init__"]), ".".join([*parts[:-1], "__init__"])):
        if (name := name.strip(".")) in MODULES:
            return name
    return ".".join(parts[:-1])


def _targets(node: ast.AST, package: list[str]) -> Iterator[str]:
    """What the statement imports: modules of symdiff by their names here, others by their own."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first, *rest = alias.name.split(".")
            yield _module(*rest, "__init__") if first == "symdiff" else f"{first}:"
    elif isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else []
        parts = [*base, *(node.module or "").split(".")] if node.module else base
        if not node.level and parts[0] != "symdiff":
            yield f"{parts[0]}:"
            return
        for alias in node.names:
            yield _module(*(parts if node.level else parts[1:]), alias.name)


@cache
def imports(name: str) -> list[tuple[str, bool]]:
    """Each import of a module with whether it is late."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    late, package = _late(tree), name.split(".")[:-1]
    return [(target, node in late) for node in ast.walk(tree) for target in _targets(node, package)]


def _inside() -> nx.DiGraph:
    """The modules and their imports of each other, late ones included."""
    graph = nx.DiGraph()
    for name in MODULES:
        graph.add_edges_from((name, target) for target, _ in imports(name) if not target.endswith(":"))
    return graph


def _package(module: str) -> str:
    return module.split(".")[0]


def test_every_package_has_its_layer() -> None:
    packages = {_package(name) for name in MODULES}
    assert packages == LEVEL.keys()
    assert len({name for name in packages if not name.startswith("__")}) <= MOST_PACKAGES


def test_every_import_is_of_a_module() -> None:
    assert set(_inside()) <= MODULES.keys()


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name: str) -> None:
    for target, _ in imports(name):
        here, there = _package(name), _package(target)
        if not target.endswith(":") and there != here:
            assert LEVEL[there] < LEVEL[here], f"{name} imports {target}, which is not below it"


def test_no_modules_import_each_other() -> None:
    assert [sorted(circle) for circle in nx.strongly_connected_components(_inside()) if len(circle) > 1] == []


@pytest.mark.parametrize("name", MODULES)
def test_heavy_packages_are_late(name: str) -> None:
    early = {target.removesuffix(":") for target, late in imports(name) if not late}
    assert not early & IMPORTED_LATE
    assert name in IMPORTED_LATE or not early & HEAVY


def test_import_is_light() -> None:
    code = f"import symdiff, sys; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.strip() == "[]"
