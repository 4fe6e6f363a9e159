"""``symdiff audit``: a user-supplied derivative against the exact one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..graph.errors import CheckError, SymdiffError
from .inputs import read_problem, read_shapes, read_text
from .options import FormulaCommand, options
from .output import print_json, spinner
from .points import read_point

#: What distinguishes a function in a file from a formula.
_IN_FILE = ".py:"
_KINDS = ("value", "grad", "jacobian", "hessian")


@click.command("audit", cls=FormulaCommand, short_help="What is wrong in a hand-written derivative, and why.")
@click.argument("candidates", nargs=-1, required=True, metavar="FILE.py:FUNCTION|FORMULA...")
@click.option("--formula", "formulas", required=True, multiple=True, help="What it should be the derivative of.")
@click.option("--of", metavar="NAME", help="A function in the same file that should compute the formula.")
@click.option("--kind", type=click.Choice(_KINDS), help="Left out: what the result has the numbers of.")
@options("wrt", "at", "shape", "plain")
def audit_command(
    candidates: Sequence[str], formulas: Sequence[str], of: str | None, kind: str | None, wrt: str | None,
    at: Sequence[str], shape: Sequence[str], form: str,
) -> None:  # fmt: skip
    """Compare a hand-written gradient, Jacobian or Hessian with the exact one; exit code 1 where they differ.

    It is a function in a Python file, which is imported (so its statements run), or formulas, one for each entry, row
    by row; a Jacobian is of several --formula. Each wrong entry is shown where it differs most, with the likely slip.

    \b
    symdiff audit model.py:gradient --formula "x**2*y + y"
    symdiff audit "2*x*y" "x**2 - 1" --formula "x**2*y + y"
    symdiff audit model.py:gradient --of loss --formula "sum((A @ w)**2)" --shape A=n,d --shape w=d --wrt w
    """
    with spinner("auditing"):
        from ..check.audit.audit import audit

        roots, wanted = read_problem([read_text(text) for text in formulas], wrt, shape)
        point = read_point(at, roots) if at else None
        audited = [(kind, _candidate(candidates, of))]
        if of is not None:
            audited.insert(0, ("value", _import_function(candidates[0].rpartition(":")[0], of)))
        shapes = read_shapes(shape)
        reports = [audit(given, roots, wanted, kind=own, at=point, shapes=shapes) for own, given in audited]
    if form == "json":
        print_json([_record(report) for report in reports])
    else:
        click.echo("\n".join(map(str, reports)))
    if not all(report.ok for report in reports):
        raise CheckError("the candidate differs from the exact derivative")


def _candidate(texts: Sequence[str], of: str | None) -> Any:
    """The function of ``FILE.py:FUNCTION``, or the formulas, in rows where they are a square."""
    if len(texts) == 1 and _IN_FILE in texts[0]:
        path, _, name = texts[0].rpartition(":")
        return _import_function(path, name)
    if texts[0].endswith(".py"):
        raise SymdiffError(f"name a function in {texts[0]}, as in {texts[0]}:gradient")
    if of is not None:
        raise SymdiffError("--of names a function in FILE.py; give the candidate as FILE.py:FUNCTION")
    return [read_text(text) for text in texts]


def _import_function(path: str, name: str) -> Any:
    """The function of a file, which is imported."""
    import importlib.util
    import sys
    from pathlib import Path

    if not Path(path).is_file():
        raise SymdiffError(f"there is no file {path}; give the candidate as FILE.py:FUNCTION")
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise SymdiffError(f"importing {path} failed with {type(error).__name__}: {error}") from None
    finally:
        sys.path.pop(0)
    if not callable(getattr(module, name, None)):
        raise SymdiffError(f"{path} has no function {name!r}")
    return getattr(module, name)


def _record(report: Any) -> dict[str, Any]:
    findings = [
        {
            "entry": finding.entry,
            "at": finding.point,
            "got": finding.got,
            "expected": finding.expected,
            "kind": finding.slip and finding.slip.kind,
            "slip": finding.slip and finding.slip.text,
        }
        for finding in report.findings
    ]
    return {"kind": report.kind, "ok": report.ok, "entries": report.entries, "findings": findings}
