"""The command line with shapes: arrays in and out, and one sentence for what does not fit."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LEAST_SQUARES = ["sum((X @ w - y)**2)/2", "--shape", "X=n,d", "--shape", "w=d", "--shape", "y=n"]
AT = ["--at", "X=[[1,2],[3,4],[5,6]],w=[1,1],y=[1,2,3]"]


@pytest.mark.parametrize(
    ("formula", "shapes", "gradient"),
    [
        ("sum((X @ w - y)**2)/2", "X=n,d w=d", "w: X.T @ (X @ w - y)"),
        ("log(det(X))", "X=n,n", "X: inv(X).T"),
        ("logdet(X)", "X=n,n", "X: inv(X).T"),
        ("trace(A @ X)", "A=n,m X=m,n", "X: A.T"),
        ("sum(X*X)", "X=n,d", "X: 2*X"),
        ("w @ w", "w=n", "w: 2*w"),
        ("sum(log(1 + exp(z)))", "z=n", "z: sigmoid(z)"),
    ],
)
def test_gradients_in_matrix_notation(cli, formula, shapes, gradient):
    options = [part for shape in [*shapes.split(), "y=n"] for part in ("--shape", shape)]
    result = cli("grad", formula, *options, "--wrt", gradient[0])
    assert (result.code, result.out) == (0, gradient + "\n")


def test_values(cli):
    assert cli("grad", *LEAST_SQUARES, *AT, "--wrt", "w").out == "w: X.T @ (X @ w - y) = [57, 72]\n"
    assert cli("grad", *LEAST_SQUARES, *AT).out.splitlines()[0] == ("X: outer(X @ w - y, w) = [[2, 2], [5, 5], [8, 8]]")
    assert cli("eval", *LEAST_SQUARES, *AT).out == "46.5\n"
    assert cli("eval", "X @ w", *LEAST_SQUARES[1:5], "--at", "X=[[1, 2], [3, pi]],w=[1,-1]").out == (
        "[-1, -0.14159265358979312]\n"
    )
    assert cli("grad", "sum(X)", "--shape", "X=n,d", "--at", "X=[[1,2]]").out.endswith("= [[1, 1]]\n")
    assert cli("diff", "t*sum(X)", "--shape", "X=n,d", "--wrt", "t", "--at", "X=[[1,2]],t=5").out == (
        "sum(X)\nvalue = 3\n"
    )


def test_index_arrays(cli):
    args = ["sum(X[i]**2)", "--shape", "X=n", "--shape", "i=k", "--at", "X=[1,2,3],i=[0,0,2]"]
    assert cli("eval", *args).out == "11\n"
    assert cli("grad", *args, "--wrt", "X").out.endswith("= [4, 0, 6]\n")
    assert cli("eval", "X/X", "--shape", "X=n", "--at", "X=[0,1]").out == "[nan, 1]\n"
    assert cli("eval", "sum(X)", "--shape", "X=n", "--at", "X=[]").out == "0\n"
    assert cli("eval", "x**2 + y", "--at", "x=[1,2],y=1").out == "[2, 5]\n"


def test_long_values_are_aligned(cli):
    assert cli("eval", "arange(2)").out == "[0, 1]\n"
    assert cli("eval", "reshape(arange(30), (3, 10))**2").out == (
        "[[  0,   1,   4,   9,  16,  25,  36,  49,  64,  81],\n"
        " [100, 121, 144, 169, 196, 225, 256, 289, 324, 361],\n"
        " [400, 441, 484, 529, 576, 625, 676, 729, 784, 841]]\n"
    )
    lines = cli("eval", "arange(60)*3").out.splitlines()
    assert json.loads("".join(lines)) == list(range(0, 180, 3))
    assert len(lines) > 1 and max(map(len, lines)) <= 92 and all(line[0] == " " for line in lines[1:])
    point = ["--at", f"X={[[10 ** (i + j) for j in range(6)] for i in range(3)]}"]
    lines = cli("grad", "sum(X**3)", "--shape", "X=n,d", *point).out.splitlines()
    assert lines[:2] == ["X: 3*X**2", "value:"]
    assert lines[2].startswith("X = [[") and lines[3].startswith("     ") and lines[-1].endswith("]]")
    deep = cli("eval", "reshape(arange(60), (3, 4, 5))").out
    assert json.loads(deep)[2][3] == [55, 56, 57, 58, 59]


def test_json(cli):
    record = json.loads(cli("grad", *LEAST_SQUARES, *AT, "--wrt", "w", "--format", "json").out)
    assert record["result"] == ["X.T @ (X @ w - y)"]
    assert record["value"] == [[57, 72]]
    assert record["at"] == {"X": [[1, 2], [3, 4], [5, 6]], "w": [1, 1], "y": [1, 2, 3]}
    record = json.loads(cli("eval", "X/2", "--shape", "X=2,2", "--at", "X=[[1,2],[3,4]]", "--format", "json").out)
    assert record["value"] == [[0.5, 1], [1.5, 2]]


def test_latex(cli):
    lines = cli("grad", *LEAST_SQUARES, *AT, "--wrt", "w,y", "--format", "latex").out.splitlines()
    assert lines[0] == r"\begin{bmatrix}X^{\top} \left(X w - y\right) \\ y - X w\end{bmatrix}"
    inner = [r"\begin{bmatrix}57 \\ 72\end{bmatrix}", r"\begin{bmatrix}-2 \\ -5 \\ -8\end{bmatrix}"]
    assert lines[1] == r"= \begin{bmatrix}" + r" \\ ".join(inner) + r"\end{bmatrix}"
    value = cli("eval", "X", "--shape", "X=2,2", "--at", "X=[[1,2],[3,4]]", "--format", "latex").out
    assert value == "\\begin{bmatrix}1 & 2 \\\\ 3 & 4\\end{bmatrix}\n"


def test_check(cli):
    assert "d/dw[0]" in cli("check", *LEAST_SQUARES, *AT, "--wrt", "w").out
    drawn = cli("check", "log(det(X @ X.T + eye(n)))", "--shape", "X=n,2")
    assert drawn.code == 0 and "d/dX[2, 1]" in drawn.out


def test_code_runs_alone(cli, tmp_path):
    path = tmp_path / "loss.py"
    options = ["--wrt", "w", "--derivatives", "value,grad", "--name", "loss", "-o", str(path)]
    assert cli("code", *LEAST_SQUARES, *options) == (0, "", "")
    assert "import symdiff" not in path.read_text()
    run = "from loss import loss; print(loss([[1, 2], [3, 4], [5, 6]], [1, 1], [1, 2, 3]))"
    done = subprocess.run([sys.executable, "-c", run], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "46.5" in done.stdout and "[57., 72.]" in done.stdout


RIDGE = ["sum((X @ w + b - y)**2)/2", "--shape", "X=m,n", "--shape", "w=n", "--shape", "y=m", "--wrt", "w,b"]
RIDGE_AT = ["--at", "X=[[1,2],[3,4]],w=[1,1],y=[0,1],b=2"]


@pytest.mark.parametrize(
    ("formula", "shapes", "lines"),
    [
        ("x @ A @ x", "x=n A=n,n", "x, x: A + A.T"),
        ("norm(A @ x - y)**2/2", "x=n A=m,n y=m", "x, x: A.T @ A"),
        ("logsumexp(x) - y @ x", "x=n y=n", "x, x: diag(softmax(x)) - outer(softmax(x), softmax(x))"),
        ("sum(exp(x))", "x=n", "x, x: diag(exp(x))"),
    ],
)
def test_hessians_in_matrix_notation(cli, formula, shapes, lines):
    options = [part for shape in shapes.split() for part in ("--shape", shape)]
    assert cli("hessian", formula, *options, "--wrt", "x") == (0, lines + "\n", "")


def test_hessian_by_blocks(cli):
    lines = ["w, w: X.T @ X        ", "w, b: sum(X, axis=0) ", "b, w: sum(X, axis=0) ", "b, b: m              "]
    values = ["= [[10, 14], [14, 20]]", "= [4, 6]", "= [4, 6]", "= 2"]
    assert cli("hessian", *RIDGE).out.splitlines() == [line.rstrip() for line in lines]
    assert cli("hessian", *RIDGE, *RIDGE_AT).out.splitlines() == list(map("".join, zip(lines, values, strict=True)))
    record = json.loads(cli("hessian", *RIDGE, *RIDGE_AT, "--format", "json").out)
    assert record["result"] == [["X.T @ X", "sum(X, axis=0)"], ["sum(X, axis=0)", "m"]]
    assert record["value"] == [[[[10, 14], [14, 20]], [4, 6]], [[4, 6], 2]]
    latex = cli("hessian", *RIDGE, *RIDGE_AT, "--format", "latex").out.splitlines()
    assert latex[0].startswith(r"\begin{bmatrix}X^{\top} X & ") and latex[1].endswith(r" & 2\end{bmatrix}")


def test_hessian_as_one_matrix_and_its_diagonal(cli):
    dense = cli("hessian", *RIDGE, *RIDGE_AT, "--form", "dense").out.splitlines()
    assert len(dense) == 2 and dense[1] == "value = [[10, 14, 4], [14, 20, 6], [4, 6, 2]]"
    record = json.loads(cli("hessian", *RIDGE, *RIDGE_AT, "--form", "dense", "--format", "json").out)
    assert record["value"] == [[10, 14, 4], [14, 20, 6], [4, 6, 2]] and record["wrt"] == ["w", "b"]
    diagonal = cli("hessian", *RIDGE, *RIDGE_AT, "--form", "diagonal").out
    assert diagonal == "w: diag(X.T @ X) = [10, 20]\nb: m             = 2\n"
    latex = cli("hessian", *RIDGE, *RIDGE_AT, "--form", "dense", "--format", "latex").out
    assert latex.endswith("= \\begin{bmatrix}10 & 14 & 4 \\\\ 14 & 20 & 6 \\\\ 4 & 6 & 2\\end{bmatrix}\n")


def test_hessian_of_numbers_has_every_form(cli):
    assert cli("hessian", "x**2*y", "--form", "dense").out == cli("hessian", "x**2*y").out
    assert cli("hessian", "x**2*y", "--form", "diagonal").out == "x: 2*y\ny: 0\n"


def test_jacobian_by_blocks(cli):
    shapes = ["--shape", "A=m,n", "--shape", "x=n", "--wrt", "x"]
    assert cli("jacobian", "tanh(A @ x)", *shapes).out == "x: (1 - tanh(A @ x)**2)[:, None]*A\n"
    at = ["--at", "A=[[1,2],[3,4]],x=[1,2]"]
    assert cli("jacobian", "A @ x", "x*x", *shapes, *at).out.splitlines() == [
        "1, x: A         = [[1, 2], [3, 4]]",
        "2, x: diag(2*x) = [[2, 0], [0, 4]]",
    ]
    record = json.loads(cli("jacobian", "A @ x", "x*x", *shapes, *at, "--format", "json").out)
    assert record["result"] == [["A"], ["diag(2*x)"]]
    assert record["value"] == [[[[1, 2], [3, 4]]], [[[2, 0], [0, 4]]]]
    by_matrix = cli("jacobian", "A @ x", *shapes[:4], "--wrt", "A", *at, "--format", "json").out
    assert json.loads(by_matrix)["value"] == [[[[[1, 2], [0, 0]], [[0, 0], [1, 2]]]]]
    assert cli("jacobian", "A @ x", *shapes[:4], "--wrt", "A", *at, "--format", "latex").code == 0
    deep = cli("jacobian", "X*X", "--shape", "X=3,4", "--at", "X=[[1,2,3,4],[1,2,3,4],[1,2,3,4]]").out.splitlines()
    assert deep[1] == "value:" and deep[2].startswith("X = [[[[2, 0, 0, 0],") and len(deep) > 12


@pytest.mark.parametrize("form", ["blocks", "dense", "diagonal"])
def test_code_of_a_hessian_runs_alone(cli, tmp_path, form):
    path = tmp_path / "loss.py"
    options = ["--derivatives", "value,grad,hessian", "--form", form, "--name", "loss", "-o", str(path)]
    assert cli("code", *RIDGE, *options) == (0, "", "")
    assert "import symdiff" not in path.read_text()
    show = "lambda part: part.tolist() if hasattr(part, 'tolist') else list(map(show, part))"
    run = f"from loss import loss; show = {show}; import json; print(json.dumps(show(loss(X, b, w, y))))"
    given = "X, b, w, y = [[1, 2], [3, 4]], 2, [1, 1], [0, 1]; "
    done = subprocess.run([sys.executable, "-c", given + run], cwd=tmp_path, capture_output=True, text=True, check=True)
    value, gradient, found = json.loads(done.stdout)
    assert (value, gradient) == (44.5, [[29, 42], 13])
    assert (
        found
        == {
            "blocks": [[[[10, 14], [14, 20]], [4, 6]], [[4, 6], 2]],
            "dense": [[10, 14, 4], [14, 20, 6], [4, 6, 2]],
            "diagonal": [[10, 20], 2],
        }[form]
    )


S = ["--shape", "X=n,d"]
ERRORS = [
    (["eval", "sum(X)", *S, "--at", "X=[[1,2],[3]]"], "the rows of [[1,2],[3]] have 1 and 2 elements"),
    (["eval", "sum(X)", *S, "--at", "X=[1,[2,3]]"], "mixes numbers and lists"),
    (["eval", "sum(X)", *S, "--at", "X=[[1,2],[3,4]]]"], "is not a list of numbers such as"),
    (["eval", "sum(X)", *S, "--at", "X=[[1,2],[3,4]"], "is not a list of numbers such as"),
    (["eval", "sum(X)", *S, "--at", "X=[[1,,2]]"], "is not a list of numbers such as"),
    (["eval", "sum(X)", *S, "--at", "X=[[1,a]]"], "a is not a number"),
    (["eval", "sum(X)", *S, "--at", "X=[1,2]"], "has shape (n, d), and the value is an array of shape (2,)"),
    (["eval", "sum(X)", *S, "--at", "X=3"], "has shape (n, d), and the value is a number"),
    (["eval", "c*sum(X)", *S, "--at", "X=[[1]],c=[1]"], "is a number, and the value is an array of shape (1,)"),
    (["eval", "X @ w", *S, "--shape", "w=d", "--at", "X=[[1,2]],w=[1]"], "has shape (d,), where d is 2 in X"),
    (["eval", "X @ X", "--shape", "X=2,2", "--at", "X=[[1,2]]"], "has shape (2, 2)"),
    (["eval", "sum(X)", *S, "--at", "X=[[1]],n=1"], "a value for n, a size"),
    (["eval", "a*b", "--at", "a=[1,2],b=[1,2,3]"], "--at cannot combine the shapes (2,) and (3,)"),
    (["grad", "sum(X)", "--shape", "X=n+1"], "a size is a whole number or a name, such as 784 or N, not 'n+1'"),
    (["grad", "sum(X)", "--shape", "X=2.5"], "a size is a whole number or a name"),
    (["grad", "sum(X)", "--shape", "X=-1"], "a size is a whole number or a name"),
    (["grad", "sum(X)", "--shape", "X="], "a size is a whole number or a name"),
    (["grad", "sum(X)", "--shape", "X=pi"], "pi has a meaning of its own"),
    (["grad", "sum(X)", "--shape", "2X=n"], "--shape takes a name and its sizes"),
    (["grad", "sum(X)", *S, "--shape", "X=d,n"], "two shapes, (n, d) and (d, n)"),
    (["grad", "sum(X)", *S, "--shape", "n=3"], "n as a size of X and as a variable"),
    (["grad", "sum(X)*n", *S, "--wrt", "n"], "--wrt names n, which --shape uses as a size"),
    (["diff", "X*2", *S], "diff takes a formula that is a number, not of shape (n, d); use jacobian"),
    (["diff", "sum(X)", *S], "diff is by numbers, and X has shape (n, d); use grad"),
    (["grad", "X*2", *S], "grad takes a formula that is a number, not of shape (n, d); sum it, or use jacobian"),
    (["hessian", "X*2", *S], "hessian takes a formula that is a number"),
    (
        ["hessian", "sum(cholesky(X))", "--shape", "X=n,n"],
        "the derivative of cholesky is no product of factors; use hvp",
    ),
    (["jacobian", "cholesky(X)", "--shape", "X=n,n"], "the derivative of cholesky is no product of factors; use hvp"),
    (["hessian", "sum(X)", *S, "--form", "sparse"], "'sparse' is not one of 'blocks', 'dense', 'diagonal'"),
    (["code", "X*2", *S, "--derivatives", "hessian"], "code --derivatives hessian takes a formula that is a number"),
    (["code", "X*2", *S, "--derivatives", "grad"], "code --derivatives grad takes a formula that is a number"),
    (["code", "sum(X)", *S, "--derivatives", "hessian", "--backend", "math"], "numpy"),
    (["check", "X*2", *S], "check takes a formula that is a number"),
    (["grad", "X @ X", *S], "(n, d)"),
    (["code", "sum(X)", *S, "--backend", "math"], "numpy"),
]


@pytest.mark.parametrize(("args", "says"), ERRORS)
def test_errors(cli, args, says):
    """Exit code 2 and one sentence on standard error; formulas get the place with a caret."""
    result = cli(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ") and says in result.err and "failed inside" not in result.err
    lines = result.err.splitlines()
    assert len(lines) == (3 if lines[-1].strip() == "^" else 1)


def test_a_shape_that_is_not_used_is_noted(cli):
    result = cli("grad", "sum(X)", *S, "--shape", "Z=3")
    assert result.code == 0
    assert result.err == "note: the formula has no variable Z, so its shape is not used\n"
    result = cli("grad", "sum(X)", *S, "--shape", "Z=3", "--wrt", "Z")
    assert (result.out, result.err.count("note:")) == ("Z: zeros((3,))\n", 1)


def test_a_plan_in_place_of_code(cli):
    options = ["code", "sum(tanh(X @ w))", "--shape", "X=n,d", "--shape", "w=d", "--explain-plan"]
    found = cli(*options, "--sizes", "n=1000,d=20")
    assert found.code == 0 and found.out.splitlines()[0] == "3 steps, 42,000 operations"
    assert "d, n taken as 64" in cli(*options).out or "n, d taken as 64" in cli(*options).out
    assert cli(*options, "--sizes", "n").err.startswith("error: --sizes takes letters with whole numbers")
