"""What users get wrong, at the command line and in Python: each mistake ends in one sentence that says what it was."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

import symdiff as sd
from symdiff import curves, nn, train

#: Files that ``audit`` is given.
FILES = {
    "bad.py": """
def g(x): return [1, 2, 3, 4, 5, 6, 7]
def boom(x): raise KeyError("k")
def txt(x): return "abc"
def two(x, y, z): return x
def none(x): return None
notfun = 3
def cplx(x): return [1j]
def rag(x): return [[1], [2, 3]]
""",
    "syn.py": "def (:",
    "exit.py": "import sys; sys.exit(3)",
    "binary.py": "\0",
}
#: Command lines with a part of what is said.
COMMANDS = [
    (["diff", "sin(x"], 'expected ")" or "," before the end of the formula'),
    (["diff", ""], "the formula is empty; write an expression such as x**2 + 1"),
    (["diff", "x", "y"], "got unexpected extra argument (y)"),
    (["diff", "x", "--order", "1.5"], "invalid value for '--order': '1.5' is not a valid integer ra"),
    (["diff", "x", "--order", "-1"], "invalid value for '--order': -1 is not in the range 1<=x<=10"),
    (
        ["diff", "x", "--order", "99999999999999999999999"],
        "invalid value for '--order': 99999999999999999999999 is not",
    ),
    (["diff", "x", "--order"], "option --order needs a value"),
    (["diff", "x", "--wrt", "x,,y"], "a variable's name is an identifier such as x1, not ''"),
    (["diff", "x", "--wrt", "pi"], "pi has a meaning of its own; choose another name for the var"),
    (["diff", "x", "--wrt", "x y"], "a variable's name is an identifier such as x1, not 'x y'"),
    (["diff", "x", "--wrt", "x", "--wrt", "y"], "option --wrt is given twice; give it once"),
    (["diff", "x", "--at", "x="], "--at x has no value; give it one, such as x=3"),
    (["diff", "x", "--at", "=3"], "--at takes one value for each variable, such as x=3,y=4; '=3"),
    (["diff", "x", "--at", "x=1", "--at", "x=2"], "--at takes one value for each variable, such as x=3,y=4; 'x="),
    (["diff", "x", "--at", "x=[1,2"], "--at x: [1,2 is not a list of numbers such as [1,2] or [[1,2"),
    (["diff", "x", "--at", "x=[[1,2],[3]]"], "--at x: the rows of [[1,2],[3]] have 1 and 2 elements; all r"),
    (["diff", "x", "--at", "x=[1,[2]]"], "--at x: [1,[2]] mixes numbers and lists; write rows, as in ["),
    (["diff", "x", "--at", "x=]"], '--at x: expected a value before "]"'),
    (["diff", "x", "--at", "x=(1,2)"], '--at x: "," separates the arguments of a function and has no'),
    (["diff", "x", "--at", "x=1;2"], "--at x: only the last statement stands without a name; name"),
    (["diff", "x", "--at", "x=True"], '--at x: the Python word "True" stands after a keyword, as in'),
    (["diff", "x", "--at", 'x="1"'], "--at x: text in quotes is not part of the formula language"),
    (["diff", "x", "--at", "x==1"], '--at x: use "==" to compare; "=" names a part at the start o'),
    (["diff", "x", "--shape", "x=-1"], "--shape x=-1: a size is a whole number or a name, such as 78"),
    (["diff", "x", "--shape", "x=0"], "diff takes a formula that is a number, not of shape (0,); us"),
    (["diff", "x", "--shape", "x=3"], "diff takes a formula that is a number, not of shape (3,); us"),
    (["diff", "x", "--shape", "x="], "--shape x=: a size is a whole number or a name, such as 784"),
    (["diff", "x", "--shape", "x=n,"], "--shape x=n,: a size is a whole number or a name, such as 78"),
    (["diff", "x", "--shape", "x=2.5"], "--shape x=2.5: a size is a whole number or a name, such as 7"),
    (["diff", "x", "--shape", "x=x"], "--shape uses x as a size of x and as a variable; rename one"),
    (
        ["diff", "x", "--shape", "x=99999999999999999999"],
        "diff takes a formula that is a number, not of shape (9999999",
    ),
    (["diff", "x", "--shape", "x=n+1"], "--shape x=n+1: a size is a whole number or a name, such as 7"),
    (["diff", "x", "--kinks", "up"], "invalid value for '--kinks': 'up' is not one of 'zero', 'lef"),
    (["diff", "x", "--format", "xml"], "invalid value for '--format': 'xml' is not one of 'text', 'l"),
    (["diff", "x", "--limit", "nodes"], "--limit takes each of characters, digits, exponents, depth,"),
    (["diff", "x", "--limit", "nodes=-1"], "--limit takes each of characters, digits, exponents, depth,"),
    (["diff", "x", "--limit", "nodes=1,nodes=2"], "--limit takes each of characters, digits, exponents, depth,"),
    (["diff", "x", "--limit", "seconds=abc"], "--limit takes each of characters, digits, exponents, depth,"),
    (["diff", "x", "--limit", "seconds=1e3"], "--limit takes each of characters, digits, exponents, depth,"),
    (["diff", "x", "--limit"], "option --limit needs a value"),
    (["grad", "x @ y"], '"@" multiplies matrices and vectors; use "*" with a number'),
    (["grad", "X", "--shape", "X=n"], "grad takes a formula that is a number, not of shape (n,); su"),
    (["grad", "3"], "the formula has no variables; name one with --wrt"),
    (["grad", "x", "--wrt", "n", "--shape", "x=n"], "--wrt names n, which --shape uses as a size; differentiate b"),
    (["jacobian"], "missing argument 'FORMULA...'"),
    (["jacobian", "x", "sin("], 'expected a value after "("'),
    (["jacobian", "3"], "the formula has no variables; name one with --wrt"),
    (["hessian", "X", "--shape", "X=n"], "hessian takes a formula that is a number, not of shape (n,);"),
    (["hessian", "x", "--form", "sparse"], "invalid value for '--form': 'sparse' is not one of 'blocks',"),
    (["hessian", "sum(inv(X))", "--shape", "X=n,m"], "inv needs a square matrix, not shape (n, m)"),
    (["eval", "x"], "--at gives no value for x; the formula's variables are x"),
    (["eval", "log(-1)"], "the formula has no value"),
    (["eval", "x", "--at", "x=1,y=2"], "--at gives a value for y; the formula's variables are x"),
    (
        ["eval", "X", "--shape", "X=2", "--at", "X=[1,2,3]"],
        "--at X: the variable has shape (2,), and the value is an arr",
    ),
    (
        ["eval", "X+Y", "--shape", "X=n", "--shape", "Y=n", "--at", "X=[1,2]", "--at", "Y=[1,2,3]"],
        "--at Y: the variable has shape (n,), where n is 2 in X, and",
    ),
    (["eval", "X[5]", "--shape", "X=n", "--at", "X=[1,2]"], "the size n is 2, and the slices taken need 6 at least"),
    (
        ["eval", "inv(X)", "--shape", "X=n,n", "--at", "X=[[1,1],[1,1]]"],
        "the formula has no value there: Singular matrix",
    ),
    (
        ["eval", "cholesky(X)", "--shape", "X=n,n", "--at", "X=[[-1,0],[0,-1]]"],
        "the formula has no value there: Matrix is not positive defin",
    ),
    (
        ["eval", "solve(X,b)", "--shape", "X=n,n", "--shape", "b=n", "--at", "X=[[1,1],[1,1]],b=[1,2]"],
        "the formula has no value there: Singular matrix",
    ),
    (
        ["eval", "X[i]", "--shape", "X=n", "--at", "X=[1,2],i=7"],
        "the formula has no value there: index 7 is out of bounds for",
    ),
    (
        ["eval", "X[i]", "--shape", "X=n", "--at", "X=[1,2],i=0.5"],
        "the formula has no value there: places along an axis are who",
    ),
    (["eval", "x+y", "--at", "x=[1,2],y=[1,2,3]"], "--at cannot combine the shapes (2,) and (3,): sizes must be"),
    (
        ["eval", "max(X)", "--shape", "X=n", "--at", "X=[]"],
        "the formula has no value there: zero-size array to reduction",
    ),
    (["eval", "zeros((10**20,))"], "the formula has no value there: Maximum allowed dimension"),
    (["eval", "polygamma(-1, 2)"], "the formula has no value"),
    (["eval", "polygamma(x, 2)", "--at", "x=-1"], "the formula has no value at x=-1"),
    (["eval", "polygamma(x, 2)", "--at", "x=0.5"], "the formula has no value at x=0.5"),
    (["eval", "x", "--at", "x=1", "--format", "xml"], "invalid value for '--format': 'xml' is not one of 'text', 'l"),
    (["eval", "x", "--at", "x=[1,2,3"], "--at x: [1,2,3 is not a list of numbers such as [1,2] or [[1"),
    (["code", "x", "--derivatives", "values"], "--derivatives takes some of value, grad, jacobian, hessian,"),
    (["code", "x", "--derivatives", ""], "--derivatives takes some of value, grad, jacobian, hessian,"),
    (["code", "x", "--derivatives", "grad,grad"], "--derivatives takes each of value, grad, jacobian, hessian once"),
    (["code", "x", "--backend", "fortran"], "there is no backend 'fortran'; the backends are array_api"),
    (["code", "x", "--name", "2f"], "a function's name is an identifier such as f, not '2f'"),
    (["code", "x", "--name", "np"], "the emitted code uses the name 'np' itself; choose another n"),
    (["code", "x", "--name", ""], "a function's name is an identifier such as f, not ''"),
    (["code", "x", "-o", "no/such/f.py"], "cannot write no/such/f.py: No such file or directory"),
    (["code", "x", "-o", "/"], "cannot write /: Is a directory"),
    (["code", "x", "-o", "."], "cannot write .: Is a directory"),
    (["code", "x", "--sizes", "n"], "--sizes takes letters with whole numbers, such as n=1000,d=2"),
    (["code", "x", "--sizes", "n=-1"], "--sizes takes letters with whole numbers, such as n=1000,d=2"),
    (["code", "x", "--sizes", "n=1.5"], "--sizes takes letters with whole numbers, such as n=1000,d=2"),
    (
        ["code", "gammaln(x)", "--derivatives", "grad", "--backend", "math"],
        "the math module has no digamma; use --backend numpy",
    ),
    (["code", "X", "--shape", "X=n", "--backend", "math"], "the math module has no arrays; use --backend numpy"),
    (["code", "x", "y", "--derivatives", "grad"], "--derivatives grad takes one formula, not 2; use --derivativ"),
    (["code", "x", "y", "--derivatives", "hessian"], "--derivatives hessian takes one formula, not 2; use --deriva"),
    (["code", "x", "y", "--selfcheck"], "--selfcheck takes one formula and some of value, grad, hessi"),
    (
        ["code", "x", "--selfcheck", "--derivatives", "jacobian"],
        "--selfcheck takes one formula and some of value, grad, hessi",
    ),
    (["code", "log(-1-x**2)", "--selfcheck"], "found no point where the expression is finite; give one with"),
    (
        ["code", "X", "--shape", "X=n", "--derivatives", "grad"],
        "code --derivatives grad takes a formula that is a number, no",
    ),
    (["check", "X", "--shape", "X=n"], "check takes a formula that is a number, not of shape (n,); s"),
    (["check", "log(-1-x**2)"], "found no point where the expression is finite; give one with"),
    (["check", "x", "--at", "x=1,y=2"], "--at gives a value for y; the formula's variables are x"),
    (["check", "log(x)", "--at", "x=-1"], "the formula has no finite value at x=-1.0; give another poin"),
    (["kinks", "sin("], 'expected a value after "("'),
    (["kinks", "abs(x)", "--format", "latex"], "invalid value for '--format': 'latex' is not one of 'text',"),
    (["audit"], "missing argument 'FILE.py:FUNCTION|FORMULA...'"),
    (["audit", "x"], "missing option '--formula'"),
    (["audit", "x", "--formula", "sin("], 'expected a value after "("'),
    (["audit", "sin(", "--formula", "x"], 'expected a value after "("'),
    (["audit", "nofile.py:f", "--formula", "x"], "there is no file nofile.py; give the candidate as FILE.py:FU"),
    (["audit", "bad.py:nofun", "--formula", "x"], "bad.py has no function 'nofun'"),
    (["audit", "bad.py:notfun", "--formula", "x"], "bad.py has no function 'notfun'"),
    (["audit", "bad.py:", "--formula", "x"], "bad.py has no function ''"),
    (["audit", "bad.py:g", "--formula", "x**2"], "a grad by x has 1 entries, and the candidate returns 7"),
    (["audit", "bad.py:boom", "--formula", "x**2"], "the candidate fails with KeyError at x=1.4554425309821815: '"),
    (["audit", "bad.py:txt", "--formula", "x**2"], "the candidate returns 'abc', which is no number and no array"),
    (["audit", "bad.py:two", "--formula", "x**2"], "the function takes x, y, z, and the formula has the variable"),
    (["audit", "bad.py:none", "--formula", "x**2"], "the candidate returns None, which is no number and no array"),
    (["audit", "bad.py:cplx", "--formula", "x**2"], "the candidate returns 1j, which is no number and no array of"),
    (["audit", "bad.py:rag", "--formula", "x**2"], "a grad by x has 1 entries, and the candidate returns 3"),
    (["audit", "syn.py:f", "--formula", "x"], "importing syn.py failed with SyntaxError: invalid syntax (sy"),
    (["audit", "exit.py:f", "--formula", "x"], "importing exit.py failed with SystemExit: 3"),
    # a ValueError in Python 3.11.3 and before, a SyntaxError since
    (["audit", "binary.py:f", "--formula", "x"], "Error: source code string cannot contain null bytes"),
    (
        ["audit", "2*x", "--formula", "x**2", "--of", "f"],
        "--of names a function in FILE.py; give the candidate as FILE",
    ),
    (["audit", "2*x", "1", "--formula", "x**2"], "a grad by x has 1 entries, and the candidate returns 2"),
    (
        ["audit", "2*x", "--formula", "x**2", "--kind", "slope"],
        "invalid value for '--kind': 'slope' is not one of 'value', '",
    ),
    (
        ["audit", "2*x", "--formula", "x**2", "--at", "x=1,y=2"],
        "--at gives a value for y; the formula's variables are x",
    ),
    (["audit", "2*y", "--formula", "x**2"], "the candidate reads y, which is no variable of the formula"),
    (
        ["audit", "2*x", "--formula", "X", "--shape", "X=n"],
        "audit takes a formula that is a number, not of shape ('n',);",
    ),
    (
        ["audit", "2*x", "--formula", "x", "--formula", "y", "--kind", "grad"],
        "a grad is of one formula, not of 2; several have a jacobian",
    ),
    (
        ["audit", "bad.py:g", "bad.py:g", "--formula", "x"],
        'attribute access with "." is not part of the formula languag',
    ),
    (["audit", "2*x", "--formula", "log(-1-x**2)"], "found no point where the expression is finite; give one with"),
    (["audit", "2*x", "--formula", "3"], "the candidate reads x, which is no variable of the formula"),
    (["ops", "x"], "got unexpected extra argument (x)"),
    (["ops", "--format", "latex"], "invalid value for '--format': 'latex' is not one of 'text',"),
    (["nonsense"], "no such command 'nonsense'"),
    (["--nonsense"], "no such option '--nonsense'"),
    (["diff", "x", "--wtr", "x"], "no such option '--wtr'. (Did you mean one of: '--at', '--wrt"),
    (["diff", "x", "-o", "f"], "got unexpected extra arguments (-o f)"),
    (["diff", "x", "--at", "x"], "--at takes one value for each variable, such as x=3,y=4; 'x'"),
    (["eval", "x + −y"], 'use "-" in place of "−" (U+2212)'),
    (["eval", "a=1"], "the last statement names a part; the formula ends with the e"),
    (["eval", "a=1;a=2;a"], '"a" has a value already; choose another name for this part'),
    (["eval", "x;y"], "only the last statement stands without a name; name this one"),
    (["eval", "x.T.T.shape"], 'attribute access with "." is not part of the formula languag'),
    (
        ["eval", "X[0,0,0]", "--shape", "X=2,2", "--at", "X=[[1,2],[3,4]]"],
        "there are 3 indices for an array of shape (2, 2)",
    ),
    (["eval", "X[1:9:0]", "--shape", "X=4", "--at", "X=[1,2,3,4]"], "the step of a slice is not 0"),
    (
        ["eval", 'einsum("ij,jk", X)', "--shape", "X=2,2", "--at", "X=[[1,2],[3,4]]"],
        "einsum has labels for 2 operands and got 1",
    ),
    (
        ["eval", "reshape(X,(3,3))", "--shape", "X=2,2", "--at", "X=[[1,2],[3,4]]"],
        "an array of shape (2, 2) cannot be reshaped to (3, 3)",
    ),
    (
        ["eval", "sum(X, axis=7)", "--shape", "X=2,2", "--at", "X=[[1,2],[3,4]]"],
        "sum has no axis 7 in an array of shape (2, 2)",
    ),
    (
        ["eval", "X @ X", "--shape", "X=2,3", "--at", "X=[[1,2,3],[3,4,5]]"],
        "X @ X cannot multiply the shapes (2, 3) and (2, 3): the inne",
    ),
    (
        ["eval", "det(X)", "--shape", "X=2,3", "--at", "X=[[1,2,3],[3,4,5]]"],
        "det needs a square matrix, not shape (2, 3)",
    ),
    (["eval", "stack(())"], "stack needs at least one array"),
    (["eval", "where(x)", "--at", "x=1"], "where takes 3 arguments, not 1"),
    (["eval", "sin()"], "sin takes 1 argument, not 0"),
    (["eval", "sin(1,2)"], "sin takes 1 argument, not 2"),
    (["eval", "lambda: 1"], 'the Python word "lambda" is not part of the formula language'),
    (["eval", '"abc"'], "text in quotes is not part of the formula language"),
    (["eval", "x if y else z"], 'write where(c, a, b) in place of "a if c else b"'),
    (["eval", "sum(x**2 for x in y)"], "write sum(x**2) for a sum over the elements of x"),
    (["eval", "x is y"], 'use "==" to compare'),
    (["eval", "sin^2(x)"], "write sin(...)**2"),
    (["eval", "2*sin**2(x)"], "write sin(...)**2"),
    (["eval", "x' * y"], "a quote is not part of the formula language; the transpose is X.T"),
    (["eval", "x.sum()"], 'attribute access with "." is not part of the formula language; write sum(...)'),
    (["eval", "np.sin(x)"], 'attribute access with "." is not part of the formula language; write sin(...)'),
    (["eval", "f(x, y) = x*y"], "a formula is the right side alone: what the function is, without its name"),
    (["eval", "2*|x|"], '"|" joins truth values; write abs(x) for the absolute value'),
    (["eval", "x", "--at", "x=1e400"], "--at x: 1e400 is too large; a floating-point number is below 1.8e308"),
    (["eval", "x", "--at", "x=9**9**9"], "--at x: 9**9**9 is too large; a floating-point number is below 1.8e308"),
    (["audit", "bad.py", "--formula", "x"], "name a function in bad.py, as in bad.py:gradient"),
    (
        ["audit", "x", "--formula", "log(-1 - x**2)"],
        "found no point where the expression is finite; give one with --at",
    ),
    (["check", "x", "--accuracy", "--ulps", "-1"], "invalid value for '--ulps': -1.0 is not in the range x>=0"),
    (["eval", "zeros((n,))"], "a size is a whole number, not n"),
    (["eval", "eye(x)", "--at", "x=2"], "a size is a whole number, not x"),
    (["eval", "eye(1.5)"], "a size is a whole number, not 1.5"),
    (
        ["eval", "norm(X, ord=5)", "--shape", "X=2", "--at", "X=[1,2]"],
        "norm is the Euclidean norm (ord left out), or of a vector or",
    ),
    (["eval", "diag(1)"], "diag takes a matrix, not shape ()"),
    (["eval", "kron(1,2)"], "kron takes two matrices or two vectors, not () and ()"),
    (["eval", "trace(3)"], "trace takes a matrix, not shape ()"),
    (["eval", "softmax(3)"], "softmax has no axis -1 in an array of shape ()"),
    (["eval", "cumsum(3)"], "cumsum takes one axis; an array of shape () has 0"),
    (["eval", "argmax(3)"], "argmax takes an array, not a number"),
    (["eval", "tril(3)"], "tril needs a matrix, not shape ()"),
    (["eval", "concatenate((1,2))"], "concatenate has no axis 0 in an array of shape ()"),
    (["eval", "concatenate(1)"], "concatenate takes several arrays, as in concatenate((a, b))"),
    (
        ["eval", "X.T", "--shape", "X=2,2", "--at", "X=5"],
        "--at X: the variable has shape (2, 2), and the value is a nu",
    ),
    (["explain", "x"], "--at gives no value for x; the formula's variables are x"),
    (["explain", "sin("], 'expected a value after "("'),
    (["explain", "x", "--at", "y=1"], "--at gives no value for x; the formula's variables are x"),
    (
        ["explain", "x", "--at", "x=1", "--mode", "sideways"],
        "invalid value for '--mode': 'sideways' is not one of 'revers",
    ),
    (
        ["explain", "X", "--shape", "X=2", "--at", "X=[1,2]"],
        "explain takes a formula that is a number, not of shape (2,);",
    ),
    (
        ["explain", "inv(X)", "--shape", "X=2,2", "--at", "X=[[1,1],[1,1]]"],
        "explain takes a formula that is a number, not of shape (2, 2",
    ),
    (["explain", "x", "--at", "x=1", "-o", "no/f.html"], "cannot write no/f.html: No such file or directory"),
    (
        ["explain", "X[i]", "--shape", "X=n", "--at", "X=[1,2],i=9"],
        "the formula has no value there: index 9 is out of bounds for",
    ),
    (["graph", "sin("], 'expected a value after "("'),
    (["graph", "x", "-o", "f.xyz"], "pictures are files of the kinds svg, png, dot, mmd, txt, not"),
    (["graph", "x", "-o", "no/f.svg"], "cannot write no/f.svg: No such file or directory"),
    (["graph", "x", "--at", "y=2"], "--at gives no value for x; the formula's variables are x"),
    (
        ["graph", "inv(X)[0,0]", "--shape", "X=2,2", "--at", "X=[[1,1],[1,1]]"],
        "the formula has no value there: Singular matrix",
    ),
    (["plot", "sin(", "-o", "f.svg"], 'expected a value after "("'),
    (["plot", "x+y+z", "-o", "f.svg"], "a plot is of one or two variables, and this formula has x, y"),
    (["plot", "3", "-o", "f.svg"], "a plot is of one or two variables, and this formula has none"),
    (["plot", "X", "--shape", "X=2"], "no such option '--shape'. Did you mean '--help'?"),
    (["plot", "x", "-o", "f.xyz"], "plots are files of the kinds svg, png, pdf, not xyz"),
    (["plot", "x", "-o", "no/f.svg"], "cannot write no/f.svg: No such file or directory"),
    (["plot", "x", "--range", "x=1", "-o", "f.svg"], "--range x: a range is two numbers, such as -3:3, not '1'"),
    (["plot", "x", "--range", "x=1,1", "-o", "f.svg"], "--range x: a range is two numbers, such as -3:3, not '1'"),
    (["plot", "x", "--from", "a"], "no such option '--from'"),
    (
        ["grad", "log(det(X))", "--shape", "X=n,n", "--at", "X=[[1,1],[1,1]]"],
        "the formula has no value there: Singular matrix",
    ),
    (["diff", "x", "--assume", "sin("], 'expected a value after "("'),
    (["diff", "x", "--assume", "x"], "an assumption is a comparison such as x > 0, integer(n), or"),
    (["eval", "x", "--at", "x=1e400", "--assume", "x<0"], "no such option '--assume'"),
]
#: Python with a part of what is said.
CALLS = [
    ('sd.symbol("2x")', "a variable's name is an identifier such as x1, not"),
    ("sd.symbol(3)", "a variable's name is an identifier such as x1, not"),
    ('sd.symbol("pi")', "pi has a meaning of its own; choose another name f"),
    ('sd.symbol("a",-1)', "a size is a whole number or a name, not -1"),
    ('sd.symbol("a",(1.5,))', "a size is a whole number or a name, not 1.5"),
    ('sd.symbol("a",None)', "a shape is a size or a list of sizes, such as (3,"),
    ('sd.symbol("a","2n!")', "a size is a whole number or a name, not '2n!'"),
    ("sd.symbols(3)", "names are text such as 'x y', or a list of it, not"),
    ('sd.const("a")', "str is not a number or an expression; pass arrays"),
    ("sd.const(1j)", "complex is not a number or an expression; pass arr"),
    ("sd.const(None)", "NoneType is not a number or an expression; pass ar"),
    ("sd.const(np.ones(3))", "ndarray is not a number or an expression; pass arr"),
    ('x+"a"', "str is not a number or an expression; pass arrays"),
    ("x+None", "NoneType is not a number or an expression; pass ar"),
    ("x+np.ones(3)", "ndarray is not a number or an expression; pass arr"),
    ("bool(x)", "an expression has no truth value; use where(condit"),
    ("1 if x>0 else 2", "an expression has no truth value; use where(condit"),
    ("list(x)", "only an expression whose first size is a number ha"),
    ("x[0]", "there are 1 indices for an array of shape ()"),
    ('w["a"]', "str is not a number or an expression; pass arrays"),
    ("w[1.5]", "a size is a whole number, not 1.5"),
    ("A[5]", "the place 5 is outside an axis of size 2: A has sh"),
    ("A@A", "A @ A cannot multiply the shapes (2, 3) and (2, 3)"),
    ("sd.sin()", "sin takes 1 argument, not 0"),
    ('sd.sin("x")', "str is not a number or an expression; pass arrays"),
    ("sd.parse(3)", "a formula is text, not int"),
    ("sd.parse(None)", "a formula is text, not NoneType"),
    ('sd.parse("X",shapes=3)', "shapes are a dict such as {'X': ('n', 3)}, not int"),
    ('sd.parse("X",shapes={"X":[1.5]})', "a size is a whole number or a name, not 1.5"),
    ('sd.parse(b"x")', "a formula is text, not bytes"),
    ('sd.parse("x+y",limit=1)', "the formula has 3 characters and the limit is 1; p"),
    ('sd.diff(f,"x")', "diff takes variables, each followed by a whole num"),
    ("sd.diff(f)", "diff needs the variable to differentiate by: diff("),
    ("sd.diff(f,x,-1)", "diff takes variables, each followed by a whole num"),
    ("sd.diff(f,x,1.5)", "diff takes variables, each followed by a whole num"),
    ("sd.diff(f,sd.const(2))", "diff takes variables, each followed by a whole num"),
    ('sd.diff("x**2",x)', "str is not a number or an expression; pass arrays"),
    ("sd.diff(None,x)", "NoneType is not a number or an expression; pass ar"),
    ("sd.grad(w,w)", "grad needs a scalar, not shape (n,); sum it, or us"),
    ('sd.grad("x",x)', "str is not a number or an expression; pass arrays"),
    ('sd.grad(f,"x")', "differentiate by a variable or a list of variables"),
    ("sd.grad(f,None)", "differentiate by a variable or a list of variables"),
    ('sd.grad(f,x,kinks="up")', "the policy at kinks is one of zero, left, right, m"),
    ("sd.jacobian(None,x)", "NoneType is not a number or an expression; pass ar"),
    ('sd.jacobian("x",x)', "str is not a number or an expression; pass arrays"),
    ('sd.hessian(f,[x,y],form="full")', "the form of a Hessian is one of blocks, dense, dia"),
    ("sd.hessian(w,w)", "grad needs a scalar, not shape (n,); sum it, or us"),
    ('sd.hessian(f,"x")', "differentiate by a variable or a list of variables"),
    ("sd.jvp(f,[x,y],[1])", "2 expressions need 2 tangents, not 1"),
    ("sd.jvp(sd.sum(w),[w],[X])", "the tangent of an expression of shape (n,) has sha"),
    ("sd.jvp(f,[x],None)", "NoneType is not a number or an expression; pass ar"),
    ("sd.vjp(w,[w],X)", "the cotangent of an expression of shape (n,) has s"),
    ("sd.hvp(f,[x,y],[1])", "2 expressions need 2 tangents, not 1"),
    ('sd.simplify(f,level="max")', "the level is one of none, basic, full, code, accur"),
    ('sd.simplify("x+x")', "str is not a number or an expression; pass arrays"),
    ("sd.simplify(None)", "NoneType is not a number or an expression; pass ar"),
    ('sd.substitute(f,{"x":3})', "what is replaced is an expression such as symbol('"),
    ("sd.substitute(f,{x:w})", "x has shape (); its replacement has (n,)"),
    ("sd.substitute(f,None)", "replacements are a dict such as {x: 3}, not NoneTy"),
    ('sd.evaluate(f,{"x":1})', "the variable y has no value; give one, as in {'y':"),
    ('sd.evaluate(f,{"x":1,"y":2,"z":3})', "z is no variable here; the variables are x, y"),
    ("sd.evaluate(f,None)", "values are a dict such as {'x': 3}, not NoneType"),
    ('sd.evaluate(f,{"x":"a","y":1})', "the value of x is a number or an array of numbers,"),
    ('sd.evaluate(sd.sum(w),{"w":3})', "w has shape (), not (n,)"),
    ('sd.evaluate(f,{"x":None,"y":1})', "the value of x is a number or an array of numbers,"),
    ('sd.evaluate(sd.inv(X),{"X":np.ones((2,2))})', "the formula has no value there: Singular mat"),
    ('sd.evaluate(sd.cholesky(X),{"X":-np.eye(2)})', "the formula has no value there: Matrix is no"),
    (
        'sd.evaluate(sd.parse("X[i]",shapes={"X":"n"}),{"X":[1,2],"i":0.5})',
        "the formula has no value there: places along",
    ),
    (
        'sd.evaluate(sd.parse("X[i]",shapes={"X":"n"}),{"X":[1,2],"i":7})',
        "the formula has no value there: index 7 is o",
    ),
    ('sd.evaluate(sd.sum(w),{"w":[[1],[1,2]]})', "the value of w is a number or an array of numbers,"),
    ('sd.evaluate(sd.max(w),{"w":[]})', "the formula has no value there: zero-size ar"),
    ("sd.compile(f,[x])", "the outputs depend on y, not among the inputs; add"),
    ("sd.compile(f,[x,x,y])", "the input x is listed twice; list each variable on"),
    ('sd.compile(f,["x","y"])', "inputs are variables such as symbol('x'), not 'x'"),
    ('sd.compile("x",[x])', "str is not a number or an expression; pass arrays"),
    ("sd.compile(None,[x])", "NoneType is not a number or an expression; pass ar"),
    ("sd.compile(f,None)", "inputs are a list of variables such as [x, y], not"),
    ("sd.compile(f,3)", "inputs are a list of variables such as [x, y], not"),
    ('sd.compile(f,[x,y],backend="fortran")', "there is no backend 'fortran'; the backends are array_api"),
    ('sd.compile(f,[x,y],schedule="slow")', "the schedule is one of clear, fast, not 'slow'"),
    ('sd.compile(w,[w],backend="math")', 'the math module has no arrays; use backend="numpy"'),
    ("sd.compile(f,[x,y],updates={x:w})", "the outputs depend on w, not among the inputs; add"),
    ('sd.compile(f,[x,y],updates={sd.symbol("q"):x})', "the update of q is of an input and has its shape ("),
    ("sd.compile({1.5:x},[x])", "the keys of outputs are strings, whole numbers or tuples of them,"),
    ('sd.source(f,[x,y],name="2f")', "a function's name is an identifier such as f, not"),
    ('sd.source(f,[x,y],name="def")', "a function's name is an identifier such as f, not"),
    ("sd.source(f,[x,y],name=None)", "a function's name is an identifier such as f, not"),
    ("fn(1)", "f takes 2 arguments (x, y), not 1"),
    ("fn(1,2,out=3)", "out is an array of the result's shape, not int"),
    ("fn(np.ones(3),2,out=np.ones(2))", "the result has shape (3,); out is an array of that"),
    ("fX(np.ones((2,3)))", "X has shape (2, 3), not (n, n)"),
    ('sd.count_ops("x")', "str is not a number or an expression; pass arrays"),
    ('sd.to_latex("x")', "str is not a number or an expression; pass arrays"),
    ("sd.to_sympy(w)", "SymPy takes scalars from here, and w is an array o"),
    ('sd.to_sympy("x")', "str is not a number or an expression; pass arrays"),
    ("sd.from_sympy(sympy.I)", "there is no form of SymPy's I here; formulas are r"),
    ('sd.from_sympy(sympy.Function("g")(sympy.Symbol("x")))', "there is no form of SymPy's g here"),
    ('sd.to_networkx("x")', "str is not a number or an expression; pass arrays"),
    ("sd.check_grads(w)", "check_grads takes scalars, not shape ('n',); sum i"),
    ('sd.check_grads("x")', "str is not a number or an expression; pass arrays"),
    ('sd.check_grads(f,at={"x":1})', "the point gives no value for y"),
    ('sd.check_grads(sd.log(x),at={"x":-1})', "the formula has no finite value at x=-1.0; give an"),
    ('sd.check_grads(x,at={"x":"a"})', "the point is of numbers and arrays of them: could"),
    ("sd.check_grads(f,order=5)", "the order is 1 or 2, not 5"),
    ('sd.check_graph("x")', "str is not a number or an expression; pass arrays"),
    ('sd.audit("2*x*y","x**2*y",kind="slope")', "the kind is one of grad, hessian, jacobian, value,"),
    ('sd.audit("2*x","x**2*y")', "a grad by x, y has 2 entries, and the candidate re"),
    ('sd.audit(None,"x**2")', "NoneType is not a number or an expression; pass ar"),
    ('sd.audit(lambda x: 1/0,"x**2")', "the candidate fails with ZeroDivisionError at x=1."),
    ('sd.audit(lambda x: None,"x**2")', "the candidate returns None, which is no number and"),
    ('sd.audit("2*x","x**2",at={"y":1})', "the point gives no value for x"),
    ('sd.with_kinks(abs(x),"up")', "the policy at kinks is one of zero, left, right, m"),
    ('sd.kinks("abs(x)")', "str is not a number or an expression; pass arrays"),
    ('sd.plan("x")', "str is not a number or an expression; pass arrays"),
    ("pickle.loads(pickle.dumps(fn)).plan", "a function from a pickle has its source and no gra"),
    ("sd.Structured(w,w)", "grad needs a scalar, not shape (n,); sum it, or us"),
    ('sd.Structured(loss,"w")', "differentiate by a variable or a list of variables"),
    ("sd.DenseHessian(w,w,[w])", "grad needs a scalar, not shape (n,); sum it, or us"),
    ("sd.unflatten(np.ones(3),[(2,)])", "a vector of 2 elements fits these shapes, not an a"),
    ('sd.unary("sin",lambda y,x: y)', "there is an operation named 'sin' already"),
    ('sd.unary("2a",lambda y,x: y)', "an operation's name is an identifier, not '2a'"),
    ('sd.unary("aa1",lambda y,x: y, domain="")', "the operation 'aa1' needs a domain, such as 'all real x'"),
    ('sd.unary("aa2",lambda y,x: y, foo=3)', "the operation 'aa2' has no field 'foo'"),
    ("nn.mlp([2])", "mlp takes the size of its input and of at least on"),
    ('nn.mlp(["a!",3])', "a size is a whole number or a name, not 'a!'"),
    ("nn.mlp(3)", "mlp takes the size of its input and of at least on"),
    ("nn.dense(x,3)", "dense takes an array whose last axis is the featur"),
    ('nn.dag({"a":["b"],"b":["a"]})', "the graph has a cycle: a -> b -> a"),
    ("nn.dag({})", "a network needs at least one node with parents"),
    ("nn.dag(3)", "a graph is a mapping from node to parents or a DiG"),
    ("nn.squared(w,X)", "squared takes predictions and targets of one shape"),
    ("nn.multiclass_logistic(x,y)", "multiclass_logistic takes logits (N, classes) and"),
    ("nn.l2([])", "l2 takes at least one parameter"),
    ('nn.mlp(["a",3]).init()', "W1 has a size a without a number; give it, as in i"),
    ("nn.maxout(x)", "maxout of 2 pieces needs a last size that is a mul"),
    ("train.fit(loss,start,{},epochs=1)", "the loss needs data for X; give it, as in data={'X"),
    ('train.fit(loss,start,{"X":np.eye(3),"q":1},epochs=1)', "q is no data of the loss; it needs X"),
    ("train.fit(loss,start,data)", "say how long to train: give epochs or steps"),
    ("train.fit(loss,start,data,epochs=-1)", "epochs and steps are at least 0"),
    ("train.fit(loss,start,data,epochs=1,batch_size=0)", "batch_size is at least 1 and needs data whose firs"),
    ('train.fit(loss,{"v":1},data,epochs=1)', "v is no variable of the loss; it has X, w"),
    ("train.fit(loss,{},data,epochs=1)", "the loss needs data for w; give it, as in data={'w"),
    ("train.fit(w,start,data,epochs=1)", "X is no data of the loss; it needs none"),
    ('train.fit("w",start,data,epochs=1)', "str is not a number or an expression; pass arrays"),
    ('train.fit(loss,{"w":np.ones(3)*np.nan},data,epochs=1)', "the loss at step 0 is nan; the first one is so, wh"),
    ('train.fit(loss,{"w":"abc"},data,epochs=1)', "w is an array of real numbers, not of <U3"),
    ('train.fit(loss,{"w":np.ones(2)},data,epochs=1)', "w has shape (2,), not (n,), where n is 3"),
    ("train.fit(loss,start,data,epochs=1,resume=True)", "resume goes on from a checkpoint: give its path as"),
    (
        'train.fit(loss,start,data,epochs=1,resume=True,checkpoint="/dev/null")',
        "/dev/null is no checkpoint of symdiff.train: No da",
    ),
    (
        'train.fit(loss,start,data,epochs=1,checkpoint="/no/such/f.npz")',
        "cannot write /no/such/f.npz: No such file or direc",
    ),
    ('train.fit(loss,start,data,"adam",epochs=1)', "the optimizer is one of symdiff.train, such as tra"),
    ("train.fit(loss,start,data,schedule=3,epochs=1)", "the schedule is a function of the step, such as tr"),
    ("train.SGD(-1)", "lr is at least 0 and finite, not -1"),
    ('train.SGD("a")', "lr is a number, not 'a'"),
    ("train.Adam(1e-3,beta1=2)", "beta1 is at least 0 and below 1, not 2"),
    ("train.SGD(0.1,nesterov=True)", "Nesterov's method needs a momentum above 0, such a"),
    ("train.cosine(0.1,0)", "steps is a number of steps above 0, not 0"),
    ('train.minimize(loss,start,data,method="foo")', "the methods are BFGS, L-BFGS-B, Newton-CG, trust-n"),
    ('train.laplace(loss,start,data,form="x")', "the form of a covariance is dense or diagonal, not"),
    ('train.spectrum(loss,start,data,which="x")', "which eigenvalues is one of LA, SA, BE, LM, not 'x"),
    ("train.step(loss,[],train.SGD(0.1))", "there is nothing to train: list at least one param"),
    ('curves.fit("a*x",{"x":[1,2]},[1,2],{})', "there is nothing to fit: start names each paramete"),
    ('curves.fit("a*x",{"x":[1,2,3]},[1,2],{"a":1})', "the data are as many numbers for each name, but x"),
    ('curves.fit("a*x+b",{"x":[1]},[1],{"a":1,"b":1})', "to fit 2 parameters takes more than 2 observations"),
    ('curves.fit("a*x",{"x":"abc"},[1,2],{"a":1})', "x is a list of real numbers, not <U3 of shape ()"),
    ('curves.fit("a*x",{"x":[1,np.nan]},[1,2],{"a":1})', "x holds a number that is not finite; leave such po"),
    ('curves.fit("a*x",{"x":[1,2],"q":[1,2]},[1,2],{"a":1})', "q is no variable of the model to give data for; th"),
    ('curves.fit("a*x",{"x":[1,2]},[1,2],{"a":1},method="foo")', "the methods are trf, lm, dogbox, not 'foo'"),
    (
        'curves.fit("a*x",{"x":[1,2]},[1,2],{"a":1},bounds={"a":(2,3)})',
        "the bounds of a are (lower, upper) around its star",
    ),
    ('curves.fit("a*(x",{"x":[1,2]},[1,2],{"a":1})', 'expected ")" before the end of the formula'),
    ('curves.fit("a*x",{"x":[1,2]},[1,2],{"a":"q"})', "the start of a is a list of real numbers, not <U1"),
    ('curves.fit("log(a)*x",{"x":[1,2]},[1,2],{"a":-1})', "the model is not finite at the start; begin at oth"),
    ('curves.fit("a*x",{"x":[1,2]},[1,2],{"a":1},sigma=[0,1])', "sigma is above 0: a standard deviation for each ob"),
    ('curves.fit(3,{"x":[1,2]},[1,2],{"a":1})', "a is no variable of the model; it has none"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files")
    for name, text in FILES.items():
        (path / name).write_text(text)
    return path


@pytest.mark.parametrize(
    ("args", "says"), COMMANDS, ids=lambda value: "|".join(value)[:60] if type(value) is list else ""
)
def test_command(
    cli: Callable[..., Any], args: list[str], says: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, nothing on standard output, one line on standard error, or three with a caret in a formula."""
    monkeypatch.chdir(folder)
    code, out, err = cli(*args)
    lines = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert (code, out) == (2, "")
    assert lines[0].startswith("error: ") and says in lines[0]
    assert len(lines) == (3 if lines[-1].strip() == "^" else 1)
    assert "failed inside" not in err and "Traceback" not in err
    assert sorted(path.name for path in folder.iterdir() if path.name != "__pycache__") == sorted(FILES)


def _space() -> dict[str, Any]:
    x, y = sd.symbols("x y")
    X, w, A = sd.symbol("X", ("n", "n")), sd.symbol("w", "n"), sd.symbol("A", (2, 3))
    f = x**2 * y
    space = {"sd": sd, "nn": nn, "train": train, "curves": curves, "np": np, "sympy": sympy, "pickle": pickle}
    problem = {"loss": sd.sum((X @ w) ** 2), "start": {"w": np.ones(3)}, "data": {"X": np.eye(3)}}
    compiled = {"fn": sd.compile(f, [x, y]), "fX": sd.compile(sd.inv(X), [X])}
    return {**space, **problem, **compiled, "x": x, "y": y, "X": X, "w": w, "A": A, "f": f}


@pytest.mark.parametrize(("code", "says"), CALLS, ids=lambda value: value[:50])
@pytest.mark.usefixtures("own_rows")
def test_call(code: str, says: str) -> None:
    """A SymdiffError of one sentence, with a caret where it is of a formula's text."""
    with pytest.raises(sd.SymdiffError) as caught, np.errstate(all="ignore"):
        eval(code, _space())
    said = str(caught.value)
    assert says in said
    assert len(said.splitlines()) == (3 if isinstance(caught.value, sd.ParseError) and "^" in said else 1)


def test_there_are_enough() -> None:
    assert len({str(args) for args, _ in COMMANDS}) > 150 and len({code for code, _ in CALLS}) > 130


@pytest.mark.parametrize("make", [sd.grad, sd.diff, sd.jacobian])
def test_an_expression_that_does_not_stand_in_the_formula(make: Any) -> None:
    """A silent zero would be wrong: ``x*y`` moves with ``x``."""
    x, y = sd.symbols("x y")
    with pytest.raises(sd.SymdiffError, match=r"x\*y is no variable and does not stand in the formula"):
        make(x**2 + y, x * y)
    assert make(sd.exp(x * y), x * y) is sd.exp(x * y)
