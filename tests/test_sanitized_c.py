"""C sources under the address and undefined-behaviour sanitizers: every operation, also at sizes that are too small.

Each program holds arrays of exactly their sizes, so that one element read or written beyond them ends it with a report.
A size that a formula cannot have may be refused by the compiler instead.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import pytest
from special_points import NUMBERS

import symdiff as sd
from symdiff.graph.node import OPS
from symdiff.graph.shapes import size_value

pytestmark = pytest.mark.slow

FLAGS = "-O1 -g -std=gnu11 -Wall -Wextra -fno-omit-frame-pointer -fno-sanitize-recover=all".split()
SANITIZERS = "-fsanitize=address,undefined,float-cast-overflow"


@pytest.fixture(scope="module")
def gcc() -> str:
    """The compiler, where it has the sanitizers."""
    found = shutil.which("gcc") or shutil.which("clang")
    if found is None:
        pytest.skip("no gcc and no clang")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "f.c"
        source.write_text("int main(void) { return 0; }\n")
        done = subprocess.run([found, SANITIZERS, "-o", f"{folder}/f", str(source)], capture_output=True, check=False)
        if done.returncode or subprocess.run([f"{folder}/f"], capture_output=True, check=False).returncode:
            pytest.skip("the compiler has no sanitizers here")
    return found


def main(
    inputs: Sequence[sd.Node], outputs: Sequence[sd.Node], sizes: Mapping[str, int], points: Sequence[float]
) -> str:
    """A program that calls ``f`` with arrays of exactly their sizes, filled in turn with the points."""
    lines = ["#include <stdlib.h>", "#include <stdio.h>", "int main(void) {", "    int bad = 0;"]
    numbers = ", ".join(_number(point) for point in points)
    lines += [f"    static const double points[] = {{{numbers}}};", f"    for (int k = 0; k < {len(points)}; k++) {{"]
    arguments, freed = [], []
    for place, var in enumerate(inputs):
        if not var.shape:
            arguments.append(f"points[(k + {place}) % {len(points)}]")
            continue
        count = elements(var, sizes)
        lines.append(f"        double *a{place} = malloc({count}*sizeof(double));")
        fill = f"a{place}[i] = points[(k + i + {place}) % {len(points)}]"
        lines.append(f"        for (int i = 0; i < {count}; i++) {fill};")
        arguments.append(f"a{place}")
        freed.append(f"a{place}")
    for place, node in enumerate(outputs):
        count = elements(node, sizes)
        lines.append(f"        double *r{place} = malloc({count}*sizeof(double));")
        arguments.append(f"r{place}")
        freed.append(f"r{place}")
    lines += ["#ifdef F_WORK", "        double *work = malloc((F_WORK > 0 ? F_WORK : 0)*sizeof(double));", "#endif"]
    lines += ["        f(" + ", ".join(arguments), "#ifdef F_WORK", "            , work", "#endif", "        );"]
    for place, node in enumerate(outputs):  # every result is read, so that one that was never written shows
        count = elements(node, sizes)
        lines.append(f"        for (int i = 0; i < {count}; i++) bad += r{place}[i] != r{place}[i];")
    lines += [f"        free({name});" for name in freed]
    lines += ["#ifdef F_WORK", "        free(work);", "#endif", "    }", '    printf("%d", bad);', "    return 0;", "}"]
    return "\n".join(lines)


def elements(node: sd.Node, sizes: Mapping[str, int]) -> int:
    """How many an array has; none where a size is so small that the formula has no value."""
    shape = [size_value(size, sizes) for size in node.shape]
    return prod(shape) if min(shape, default=0) >= 0 else 0


def _number(value: float) -> str:
    return {"nan": "0.0/0.0", "inf": "1.0/0.0", "-inf": "-1.0/0.0"}.get(str(value), repr(float(value)))


def run(
    gcc: str, outputs: list[sd.Node], inputs: list[sd.Node], sizes: Mapping[str, int], points: Sequence[float]
) -> str:
    """What goes wrong when it is compiled and run: nothing, or the report; "refused" where the compiler says no."""
    source = sd.source(outputs, inputs, backend="c")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "f.c"
        file.write_text(source + "\n" + main(inputs, outputs, sizes, points), encoding="utf-8")
        macros = [f"-Df_{letter}={size}" for letter, size in sizes.items() if f"f_{letter}" in source]
        command = [gcc, *FLAGS, SANITIZERS, *macros, "-o", f"{folder}/f", str(file), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            refused = re.search(r"#error|static assertion failed", done.stderr)
            return "refused" if refused else f"not compiled: {done.stderr[:600]}"
        done = subprocess.run([f"{folder}/f"], capture_output=True, text=True, timeout=60, check=False)
        return "" if not done.returncode else done.stderr[:1200]


def with_gradient(formula: str, shapes: Mapping[str, Any]) -> tuple[list[sd.Node], list[sd.Node]]:
    """The formula and its gradient, and a Hessian times a vector, as far as C has them; and the inputs."""
    f = sd.parse(formula, shapes)
    inputs = list(sd.variables(f))
    total = sd.sum(f) if f.shape else f
    return [f, *sd.grad(total, inputs), *sd.hvp(total, inputs, inputs)], inputs


ARRAYS = {"M": ("m", "n"), "S": ("n", "n"), "v": ("n",), "w": ("n",), "u": ("m",), "T": ("m", "n", 2), "x": ()}
#: A formula for each function of arrays that C has, of any sizes.
FORMULAS = (
    "sum(M)", "sum(M, axis=0)", "sum(T, axis=(0, 2))", "mean(M, axis=1)", "var(M)", "std(M, axis=1)", "prod(v)",
    "prod(M, axis=0)", "max(v)", "max(M, axis=1)", "min(M, axis=0)", "argmax(M, axis=1)", "logsumexp(v)",
    "logsumexp(M, axis=0)", "softmax(M)", "softmax(M, axis=0)", "log_softmax(v)", "norm(v)", "norm(M, axis=1)",
    "cumsum(v)", "cumsum(M, axis=0)", "M @ v", "u @ M", "M.T @ u", "S @ S", "outer(u, v)", "kron(v, u)", "trace(S)",
    "diag(v)", "diag(S)", "tril(S)", "triu(S, 1)", 'einsum("ij,kj->ik", M, M)', 'einsum("ijk->ki", T)',
    'einsum("ij,j,i->", M, v, u)', "reshape(M, (m*n,))", "transpose(T, (2, 0, 1))", "squeeze(T[:, :, :1], axis=2)",
    "concatenate((v, w))", "concatenate((M, M), axis=1)", "concatenate((v, u))", "stack((v, w))",
    "stack((v, w), axis=1)",
    "broadcast_to(v, (m, n))", "product_of_others(v)", "v[::-1]", "M[::-1, ::-1]", "M[:, ::-1]*M", "v[:, None]*w",
    "T[:, :, 0] + M", "T[:, :, ::-1]", "scatter(v, (2*n + 3,), (1,), (2,))", "where(M > 0, M, M*v)", "eye(n) @ v",
    "zeros((n,)) + v", "ones((m, n))*x", "arange(n)*v", "n*v", "maximum(M, v)", "M**v", "hypot(M, v)", "M + x",
)  # fmt: skip
SIZES = ({"m": 1, "n": 1}, {"m": 2, "n": 1}, {"m": 1, "n": 3}, {"m": 3, "n": 5}, {"m": 0, "n": 2}, {"m": 2, "n": 0},
         {"m": 0, "n": 0}, {"m": 17, "n": 33})  # fmt: skip
#: Formulas that need a size at least, and those that need two.
TOO_SMALL = ("v[5]", "v[-3]", "v[-2:]", "sum(v[2:])", "v[:5]", "v[4:1:-1]", "v[3::-1]", "exp(v[7])*v", "v[1:3]*v[2:4]",
             "v[::-1][2]*v", "M[2]", "M[:, 3]", "M[1:, -2:]", "M[-1, 4]", "sum(M[2:5]**2)", "u[2]*v[3]", "M[::-1][1]",
             "v[3:][::-1]", "v[1:-1]", "M[1:-1, 1:-1]", "S[1:, 1:] @ v[1:]", "T[3, 2]", "cumsum(v[4:])", "max(v[3:])",
             "softmax(v[2:])", "concatenate((v[:2], w[3:]))", "outer(u[:2], v[3:])")  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_functions_of_arrays(formula: str, gcc: str) -> None:
    try:
        outputs, inputs = with_gradient(formula, ARRAYS)
        sd.source(outputs, inputs, backend="c")
    except sd.UnsupportedError as error:
        pytest.skip(str(error))
    for sizes in SIZES:
        report = run(gcc, outputs, inputs, sizes, [0.5, -1.25, 2.0, 0.75, -0.3])
        assert not report or (report == "refused" and 0 in sizes.values()), f"{sizes}: {report}"


@pytest.mark.parametrize("formula", TOO_SMALL)
def test_sizes_that_are_too_small(formula: str, gcc: str) -> None:
    outputs, inputs = with_gradient(formula, ARRAYS)
    reports = {}
    for m, n in {
        *zip((0, 1, 2, 3, 8), (0, 1, 2, 4, 9), strict=True),
        *((8, n) for n in range(8)),
        *((m, 9) for m in range(6)),
    }:
        reports[m, n] = run(gcc, outputs, inputs, {"m": m, "n": n}, [0.5, -1.25, 2.0])
    bad = {sizes: report for sizes, report in reports.items() if report not in ("", "refused")}
    assert not bad, "\n".join(f"{sizes}: {report[:300]}" for sizes, report in bad.items())
    assert reports[8, 9] == ""


def test_operations_of_numbers(gcc: str) -> None:
    """Every one with first and second derivatives at special points, infinities and NaN: no undefined behaviour."""
    x, y, z, w = sd.symbols("x y z w")
    outputs = []
    for op in OPS.values():
        if not op.elementwise or not op.arity or op.name in ("undefined", "refused"):
            continue
        args = [x, y, z, w][: op.arity]
        if op.name in ("sinc_derivative", "spherical_jn", "polygamma"):
            args = [sd.const(2), x]
        if op.name in ("logical_and", "logical_or", "logical_not", "where"):
            args[0] = x > 0
        for node in _derivatives(op(*args), [x, y]):
            try:
                sd.source(node, [x, y, z, w], backend="c")
            except sd.UnsupportedError:
                continue
            outputs.append(node)
    assert len(outputs) > 150
    points = [*NUMBERS, float("nan"), float("inf"), float("-inf"), 5e-324, -5e-324, 1.7e308]
    assert run(gcc, outputs, [x, y, z, w], {}, points) == ""


def _derivatives(node: sd.Node, wrt: list[sd.Node]) -> list[sd.Node]:
    if node.op.predicate:
        return [node + 0]
    first = [sd.diff(node, var) for var in wrt]
    return [node, *first, *(sd.diff(part, var) for part in first for var in wrt)]


def test_a_planted_read_beyond_is_seen(gcc: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sanitizer reports an array that is one element short."""
    v = sd.symbol("v", "n")
    source = sd.source([sd.exp(v)], [v], backend="c")
    monkeypatch.setattr(sd, "source", lambda *args, **kind: source.replace("exp(v[i0])", "exp(v[i0 + 1])"))
    assert "heap-buffer-overflow" in run(gcc, [sd.exp(v)], [v], {"n": 4}, [1.0])
