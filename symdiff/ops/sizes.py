"""Sizes as scalars, and the arrays that a size alone says: the identity matrix and 0, 1, 2, ..."""

from __future__ import annotations

from ..graph.node import Node, make
from . import c_code
from .arguments import SizeLike, as_size, lengths
from .kinds import structural
from .networks import size_node
from .targets import CCode, LatexForm


def size(name: SizeLike) -> Node:
    """The symbolic size of that name, as a scalar.

    It is for averages written by hand, and for counts in formulas.

    >>> import symdiff as sd
    >>> X = sd.symbol("X", shape=("N", 3))
    >>> sd.sum(X) / size("N")
    sum(X)/N
    """
    return size_node(as_size(name))


SIZE = structural(
    "size",
    0,
    lambda op, name: make(op, (), (name,)),
    lambda ct, node: (),
    domain="sizes",
    numpy=lambda node: f"{{={node.attrs[0]}}}",
    text_of=lambda node: f"{{={node.attrs[0]}}}",
    c=CCode(element=c_code.size_element),
    function=size,
)


def eye(n: SizeLike) -> Node:
    """The identity matrix.

    ``n``: a whole number or a symbolic size.

    >>> import symdiff as sd
    >>> A = sd.symbol("A", shape=("n", "n"))
    >>> A + eye("n")
    A + eye(n)
    >>> eye("n").shape
    ('n', 'n')
    """
    return EYE(*lengths(n))


EYE = structural(
    "eye",
    0,
    lambda op, size: make(op, (), (size,), (size, size)),
    lambda ct, node: (),
    domain="sizes",
    latex=LatexForm(functions={"eye": ("I", "index")}),
    array_api=lambda node: f"xp.eye({{={node.attrs[0]}}}, dtype=dtype, device=device)",
    numpy=lambda node: f"np.eye({{={node.attrs[0]}}}, dtype=dtype)",
    text_of=lambda node: f"eye({{={node.attrs[0]}}})",
    c=CCode(element=c_code.eye_element),
    function=eye,
)


def arange(n: SizeLike) -> Node:
    """0, 1, ..., n - 1.

    ``n``: a whole number or a symbolic size.

    >>> import symdiff as sd
    >>> sd.evaluate(arange(4), {})
    array([0., 1., 2., 3.])
    >>> arange("n").shape
    ('n',)
    """
    return ARANGE(*lengths(n))


ARANGE = structural(
    "arange",
    0,
    lambda op, size: make(op, (), (size,), (size,)),
    lambda ct, y: (),
    domain="sizes",
    numpy=lambda node: f"np.arange({{={node.attrs[0]}}}, dtype=dtype)",
    text_of=lambda node: f"arange({{={node.attrs[0]}}})",
    array_api=lambda node: f"xp.arange({{={node.attrs[0]}}}, dtype=dtype, device=device)",
    c=CCode(element=c_code.arange_element),
    function=arange,
)
