"""Families of rows. One call of ``unary``, ``binary``, ... declares an operation completely.

A derivative is a tuple of partials, one for each argument, each a function of ``(out, *args)`` that returns

- a node or a number: the local partial, by which a tangent or cotangent is multiplied;
- a function of the tangent or cotangent (see :func:`over`, :func:`mask`): the same linear map, spelled so that a
  selection stays outside and a quotient stays a quotient;
- ``None`` in place of the function: the derivative is zero everywhere.

Because elementwise maps are diagonal, the same partials serve forward and reverse mode.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from ..graph.errors import SymdiffError
from ..graph.leaves import CONST, as_node, const
from ..graph.node import OPS, Node, Op, Partial, intern_node, make
from ..graph.shapes import Shape, broadcast_shapes
from .targets import MpmathForm, operator_code

Map = Callable[[Node], Node]
#: A sentence for readers, alone or with a condition of the arguments that is enough for a real value.
Domain = str | tuple[str, Callable[..., Node]]

#: Exact constants fold while numerator and denominator together have no more bits; larger ones stay operations.
MAX_BITS = 20_000


def over(divisor: Node) -> Map:
    """The map ``t -> t/divisor``.

    For partials in rows: it keeps a quotient a quotient, where ``1/divisor`` as a factor would round twice.

    >>> import symdiff as sd
    >>> over(sd.symbol("x"))(sd.symbol("t"))
    t/x
    """
    return lambda t: t / divisor


def mask(condition: Node) -> Map:
    """The map that keeps ``t`` where the condition holds and is 0 elsewhere, whatever ``t`` is there.

    For partials in rows: an infinite or undefined ``t`` does no harm where the condition does not hold.

    >>> import symdiff as sd
    >>> x, t = sd.symbols("x t")
    >>> mask(x > 0)(t)
    where(x > 0, t, 0)
    """
    return lambda t: OPS["where"](condition, t, 0)


def everywhere(*args: Node) -> Node:
    """The condition of a domain that is all numbers."""
    return const(True)


def unary(
    name: str,
    partial: Partial,
    *,
    domain: Domain = ("all real x", everywhere),
    samples: tuple[float, float] = (-3.0, 3.0),
    **traits: Any,
) -> Op:
    """Declare an elementwise operation of one argument; returns the operation, which is the function.

    ``partial``: function of ``(y, x)``, ``y`` being the operation's value at ``x``. ``doc``: what it computes, for
    ``help``. ``domain`` and ``kink``: text for readers; a domain may be a pair of the text and a condition of the
    arguments that is enough for a real value. ``samples``: an interval inside the domain, which tests draw from.
    ``aliases``, ``odd``, ``even``, ``local`` and other traits: see :class:`symdiff.graph.node.Op`. ``numpy``, ``math``,
    ``c``, ``array_api``: code with ``{0}`` for the argument, or the name of a function; or a pair of the code and the
    text of the functions that it needs. By default ``numpy`` and ``math`` have a function of the operation's name,
    ``c`` has what ``math`` has and ``array_api`` what ``numpy`` has; None: there is none. ``latex``, ``sympy``,
    ``mpmath``: the forms of :mod:`symdiff.ops.targets`.

    >>> import symdiff as sd
    >>> cosc = sd.unary("cosc", lambda y, x: -(sd.sin(x) + y) / x, numpy="(np.cos({0}) / {0})", domain="x != 0")
    >>> sd.diff(cosc(sd.symbol("x")), sd.symbol("x"))
    -(sin(x) + cosc(x))/x
    """
    return Op(
        name,
        1,
        build=_build_unary,
        partials=(partial,),
        domain=domain,
        samples=(samples,),
        **{"numpy": name, "math": name, **traits},
    )


def binary(
    name: str,
    partials: tuple[Partial, Partial],
    *,
    domain: Domain = ("all real a, b", everywhere),
    samples: tuple[tuple[float, float], ...] = ((-3.0, 3.0), (-3.0, 3.0)),
    **traits: Any,
) -> Op:
    """Declare an elementwise operation of two arguments; as :func:`unary`, with partials of ``(y, a, b)``.

    >>> import symdiff as sd
    >>> plus_half = sd.binary("plus_half", (lambda y, a, b: 1, lambda y, a, b: 0.5), numpy="({0} + {1}/2)", math=None)
    >>> a, b = sd.symbols("a b")
    >>> sd.grad(plus_half(a, b) ** 2, b)
    2*plus_half(a, b)*0.5
    """
    infix = traits.get("infix", "")
    code = f"{{0}} {infix} {{1}}" if infix else name
    return Op(
        name,
        2,
        build=_build_binary,
        partials=partials,
        domain=domain,
        samples=samples,
        **{"numpy": code, "math": code, **traits},
    )


def comparison(name: str, infix: str, fold: Callable[[Any, Any], bool], **targets: Any) -> Op:
    """Declare a comparison: a truth value for each element, with derivative zero."""
    return binary(
        name,
        (None, None),
        infix=infix,
        precedence=4,
        predicate=True,
        fold=fold,
        numpy=operator_code(infix, name),
        mpmath=MpmathForm((0, 1)),
        **targets,
    )


def nary(name: str, partials: tuple[Partial, ...], **traits: Any) -> Op:
    """Declare an elementwise operation of three or more arguments; ``numpy``, ``math`` and ``domain`` have to be given.

    >>> import symdiff as sd
    >>> partials = lambda y, a, b, t: 1 - t, lambda y, a, b, t: t, lambda y, a, b, t: b - a
    >>> mixed = sd.nary("mixed", partials, numpy="({0} + ({1} - {0})*{2})", domain="all real a, b, t")
    >>> a, b, t = sd.symbols("a b t")
    >>> sd.grad(mixed(a, b, t), t), sd.evaluate(mixed(a, b, t), {"a": 1, "b": 3, "t": 0.5})
    (b - a, 2.0)
    """
    return Op(name, len(partials), build=_build_elementwise, partials=partials, **traits)


def structural(
    name: str,
    arity: int,
    build: Callable[..., Node],
    pullback: Callable[..., tuple[Node | None, ...]],
    *,
    domain: str,
    **traits: Any,
) -> Op:
    """Declare an operation that is not elementwise; ``arity`` is -1 for any number of arguments.

    ``build``: function of the operation, its arguments and its attributes (fixed values, such as an axis) that checks
    shapes and returns the node, made by :func:`symdiff.graph.node.make`. ``pullback``: function of
    ``(cotangent, node, *args)`` that returns the part of each argument, None for zero. ``function``: what users and
    formulas call under its own name; a formula's numbers are constants, which :mod:`symdiff.ops.arguments` reads.
    ``numpy``, ``array_api``, ``text_of``: functions of a node that return its code and its text as templates, with
    ``{0}`` for the first operand and ``{=N}`` for the size N. ``c``: :class:`symdiff.ops.targets.CCode`. ``lowered``:
    function of the node and its arguments that gives the value by other operations, for C and dense Jacobians.
    Raises SymdiffError for what is incomplete, or a name that is taken.

    >>> import symdiff as sd
    >>> from symdiff.graph.node import make
    >>> turned = sd.structural(
    ...     "turned", 1,
    ...     lambda op, x: make(op, (x,), (), x.shape),
    ...     lambda ct, y, x: (turned(ct),),
    ...     domain="vectors", numpy=lambda node: "{0}[::-1]", text_of=lambda node: "turned({0})",
    ... )
    >>> x = sd.symbol("x", shape="n")
    >>> sd.grad(sd.sum(turned(x) ** 2 * x), x)
    turned(x)**2 + turned(2*turned(x)*x)
    """
    return Op(name, arity, build=build, pullback=pullback, domain=domain, **traits)


def _arity(op: Op, args: tuple[Any, ...]) -> None:
    if len(args) != op.arity:
        wanted = f"{op.arity} argument" + ("s" if op.arity != 1 else "")
        raise SymdiffError(f"{op.name} takes {wanted}, not {len(args)}")


def _build_unary(op: Op, *args: Any) -> Node:
    if len(args) != 1:
        _arity(op, args)
    x = args[0]
    if type(x) is not Node:
        x = const(x)
    if x.op.special or x.shape or op.local is not None:
        return _build_elementwise(op, x)
    args = (x,)
    return intern_node(args, op, args)


def _build_binary(op: Op, *args: Any) -> Node:
    if len(args) != 2:
        _arity(op, args)
    a, b = args
    if type(a) is not Node:
        a = const(a)
    if type(b) is not Node:
        b = const(b)
    if a.op.special or b.op.special or a.shape or b.shape:
        return _build_elementwise(op, a, b)
    args = (a, b)
    return intern_node(args, op, args)


def _build_elementwise(op: Op, *args: Any) -> Node:
    """The general path: truth values to numbers, constants folded, local identities, broadcasting.

    A node has the shape that its arguments need; where it is repeated to a larger one, the ``broadcast`` stands
    outside, so ``exp`` of a repeated vector is a repeated ``exp``.
    """
    _arity(op, args)
    nodes = [as_node(arg) for arg in args]
    shape = broadcast_shapes(op.name, *(node.shape for node in nodes))
    if shape:
        nodes = [unbroadcast(broadcast_to(node, shape)) for node in nodes]
    nodes = [node if place < op.logical else _as_number(node) for place, node in enumerate(nodes)]
    if op.fold is not None and all(node.op is CONST for node in nodes):
        folded = _fold(op, nodes)
        if folded is not None:
            return broadcast_to(folded, shape)
    if op.local is not None:
        found = op.local(*nodes)
        if found is not None:
            return broadcast_to(found, shape)
    if not shape:
        return make(op, tuple(nodes))
    inner = broadcast_shapes(op.name, *(node.shape for node in nodes))
    return broadcast_to(make(op, tuple(broadcast_to(node, inner) for node in nodes), (), inner), shape)


def _as_number(node: Node) -> Node:
    """A truth value as 1 or 0, where arithmetic reads it."""
    if node.op.predicate:
        return OPS["where"](node, 1, 0)
    if node.op is CONST and isinstance(node.value, bool):
        return const(int(node.value))
    return node


def _fold(op: Op, nodes: list[Node]) -> Node | None:
    """The constant, where it is exact or the same float that the emitted code would compute; else nothing."""
    assert op.fold is not None
    try:
        value = op.fold(*(node.value for node in nodes))
    except (ArithmeticError, ValueError, TypeError):
        return None
    if value is None or isinstance(value, complex) or value != value or value in (float("inf"), float("-inf")):
        return None
    return const(value) if isinstance(value, (bool, float)) or _bits(value) <= MAX_BITS else None


def _bits(value: int | Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def unbroadcast(node: Node) -> Node:
    """What a broadcast node repeats; any other node itself."""
    return node.args[0] if node.op.name == "broadcast" else node


def without_axes(node: Node) -> Node:
    """What a node repeats, or looks at with other axes."""
    while node.op.name in ("view", "broadcast"):
        node = node.args[0]
    return node


def broadcast_to(node: Node, shape: Shape) -> Node:
    """``node`` repeated to ``shape`` by NumPy's rule; the node itself where it has that shape."""
    return node if node.shape == shape else OPS["broadcast"](node, shape)


def operands(node: Node) -> tuple[Node, ...]:
    """What text and code of a node read: elementwise operations look through a broadcast, which NumPy repeats itself."""
    return node.op.operands_of(node) if node.op.operands_of is not None else unrepeated(node)


def unrepeated(node: Node) -> tuple[Node, ...]:
    """The arguments, those of elementwise operations without broadcasts."""
    if node.shape and node.op.elementwise:
        return tuple(unbroadcast(arg) for arg in node.args)
    return node.args
