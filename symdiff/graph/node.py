"""The graph: one node type, hash-consed, and the operations, each of which says everything about itself.

Structurally equal nodes are the same object, so ``is`` compares expressions. Each operation holds its nodes weakly, by
their arguments; an entry goes when its node dies, while the node still holds the arguments, so that freeing a deep
graph runs no nested callbacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NoReturn, SupportsFloat, TypeAlias

from . import limits
from .displays import DISPLAYS, Description
from .errors import SymdiffError
from .operators import FUNCTIONS, OPERATIONS, Operators
from .shapes import Shape
from .targets import read_targets
from .weak_table import LOCK, Ref, forget

Number: TypeAlias = int | float | Fraction | bool
#: What may stand for a node: a constant is made of a number.
Operand: TypeAlias = "Node | SupportsFloat"
Partial: TypeAlias = "Callable[..., Node | int | Callable[[Node], Node]] | None"


class _Fields:
    """The storage of a node. A node is filled in as a draft, then becomes a ``Node``, which refuses changes."""

    __slots__ = ("__weakref__", "_order", "args", "attrs", "op", "shape")
    op: Op
    args: tuple[Node, ...]
    attrs: tuple[Any, ...]
    shape: Shape
    _order: tuple[int, str, str, int, float]


class _Draft(_Fields):
    __slots__ = ()


class Node(Operators, _Fields):
    """An immutable operation with its arguments: ``op``, ``args``, ``attrs`` and ``shape``.

    Build nodes with Python's operators or by calling operations (``symdiff.sin(x)``); equal expressions are one object.

    >>> import symdiff as sd
    >>> x, y = sd.symbols("x y")
    >>> (x + y) * 2 is (x + y) * 2
    True
    >>> (x * y).op.name
    'mul'
    """

    __slots__ = ()

    # NumPy scalars and arrays leave mixed arithmetic to us.
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __setattr__(self, name: str, value: object = None) -> NoReturn:
        raise AttributeError("a node never changes; build another one")

    __delattr__ = __setattr__

    @property
    def value(self) -> Number:
        """The number of a constant."""
        return self.attrs[0]  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        """The name of a variable."""
        return self.attrs[0]  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __str__(self) -> str:
        return DISPLAYS["text"](self)

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        """For notebooks."""
        return f"$\\displaystyle {DISPLAYS['latex'](self)}$"


class Op:
    """Everything about one operation; calling it builds a node.

    Declare operations with the functions of :mod:`symdiff.ops.kinds` (``unary``, ``binary``, ``structural``, ...),
    which say what each field means. What is no field here belongs to a target (:mod:`symdiff.graph.targets`). An
    operation without value, domain or derivative is refused; a declared one never changes.

    >>> import symdiff as sd
    >>> sd.sin.name, sd.sin.arity, sd.sin.domain
    ('sin', 1, 'all real x')
    """

    __doc__ = Description("doc", __doc__)
    __signature__ = Description("signature")

    name: str
    arity: int  # -1: any number of arguments
    build: Callable[..., Node]
    #: What each target has to know of the operation.
    targets: Mapping[str, Any]
    #: The nodes of this operation that are alive, weakly.
    nodes: dict[tuple[Any, ...], Ref]
    #: The text of an operation with attributes: a function of a node that returns a template.
    text_of: Callable[[Node], str] | None = None
    #: What code and text of a node read, where that is not its arguments.
    operands_of: Callable[[Node], tuple[Node, ...]] | None = None
    #: Derivative: of an elementwise operation, or of any other.
    partials: tuple[Partial, ...] | None = None
    pullback: Callable[..., tuple[Node | None, ...]] | None = None
    #: What users and formulas call in its place: it reads and checks arguments, then builds the node.
    function: Callable[..., Node] | None = None
    #: The same value by other operations, from the node and its arguments: for what knows those, but not this one.
    lowered: Callable[..., Node] | None = None
    #: For readers.
    doc: str = ""
    domain: str = ""
    kink: str = ""
    #: A condition of the arguments that is enough for a real value; None where none is known.
    inside: Callable[..., Node] | None = None
    #: From value and arguments: where kinks are, and the spellings of their sides (:mod:`symdiff.ops.sides`).
    sides: Callable[..., Any] | None = None
    rule: str = ""  # what textbooks call its derivative; without: the derivative of its name
    gate: str = ""  # what it does to a gradient that flows back through it
    samples: tuple[tuple[float, float], ...] = ()
    #: The derivative is on purpose not that of the value.
    surrogate: bool = False
    #: Spelling.
    infix: str = ""
    prefix: str = ""
    precedence: int = 100
    aliases: tuple[str, ...] = ()
    #: Algebra: identities when building, folding of constants, degree as a polynomial, symmetries.
    local: Callable[..., Node | None] | None = None
    fold: Callable[..., Any] | None = None
    degree: Callable[[Node, list[float]], float] | None = None
    commutative: bool = False
    odd: bool = False
    even: bool = False
    #: What it costs, in additions, where that is not what its kind costs (:mod:`symdiff.ops.costs`).
    weight: float | None = None
    #: Its floating-point operations, from the node and a count of the elements of a shape; left out: one an element.
    flops: Callable[[Node, Callable[[Shape], int]], int] | None = None
    #: Where the values lie, from the intervals of the arguments (:mod:`symdiff.ops.intervals`); left out: anywhere.
    bounds: Callable[..., Any] | None = None
    #: Truth values: as result, as that many leading arguments; ``special`` nodes take the general path when building.
    predicate: bool = False
    logical: int = 0
    special: bool = False
    #: The value is an array that others share: a change of axes costs nothing.
    view: bool = False
    #: Each element of the value is an element of an argument, or zero.
    selects: bool = False

    def __init__(self, name: str, arity: int, *, build: Callable[..., Node], **fields: Any) -> None:
        own = {field: fields.pop(field) for field in _FIELDS & fields.keys()}
        if isinstance(own.get("domain"), tuple):
            own["domain"], own["inside"] = own["domain"]
        own["special"] = own.get("special", False) or own.get("predicate", False)
        targets = MappingProxyType(read_targets(name, arity, fields))
        shown = {"__name__": name, "__module__": "symdiff"}  # where users find it
        self.__dict__.update(own, name=name, arity=arity, build=build, targets=targets, nodes={}, **shown)
        self._check()
        OPERATIONS[name] = self
        if self.function is not None:
            FUNCTIONS[self.function.__name__] = self.function

    def __setattr__(self, name: str, value: object = None) -> NoReturn:
        raise AttributeError(f"the operation {self.name} never changes; remove it and declare another one")

    __delattr__ = __setattr__

    @property
    def elementwise(self) -> bool:
        """Whether every element of the value comes from one element of each argument."""
        return self.partials is not None

    def remove(self) -> None:
        """Forget the operation: its name is free again. Nodes of it that are alive stay what they are."""
        if OPERATIONS.get(self.name) is self:
            del OPERATIONS[self.name]
            if self.function is not None:
                FUNCTIONS.pop(self.function.__name__, None)

    def _check(self) -> None:
        """Refuse an incomplete or clashing declaration, at import."""
        if self.name in OPERATIONS:
            raise SymdiffError(f"there is an operation named {self.name!r} already")
        called = self.name if self.function is None else self.function.__name__
        if self.function is not None and (called in FUNCTIONS or called in OPERATIONS):
            raise SymdiffError(f"formulas have a function {called!r} already; rename that of {self.name!r}")
        if not self.name.isidentifier():
            raise SymdiffError(f"an operation's name is an identifier, not {self.name!r}")
        missing = self.partials is None or len(self.partials) != self.arity
        if self.arity and missing and self.pullback is None:
            raise SymdiffError(f"the operation {self.name!r} needs one partial for each of its {self.arity} arguments")
        if self.arity and not self.domain:
            raise SymdiffError(f"the operation {self.name!r} needs a domain, such as 'all real x'")
        if self.arity and not any(self.targets.get("numpy", ())[:1]):
            raise SymdiffError(f"the operation {self.name!r} needs its NumPy code, such as 'np.sin({{0}})'")

    def __call__(self, *args: Any) -> Node:
        return self.build(self, *args)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Op], tuple[str]]:
        return op_named, (self.name,)


_FIELDS = frozenset(Op.__annotations__) - {"name", "arity", "build", "targets", "nodes"}
#: Every operation by name; declaring one adds it, :meth:`Op.remove` takes it out.
OPS: Mapping[str, Op] = MappingProxyType(OPERATIONS)


def op_named(name: str) -> Op:
    """The operation of that name; raises SymdiffError where no module imported so far declares it."""
    try:
        return OPS[name]
    except KeyError:
        raise SymdiffError(f"there is no operation named {name!r}; import the module that declares it") from None


_new: Callable[..., Any] = object.__new__


def _count_nodes(active: bool) -> None:
    """Count new nodes while limits hold somewhere; otherwise making one does nothing more."""
    global _new
    _new = limits.counted if active else object.__new__


limits.SWITCHES.append(_count_nodes)


def make(op: Op, args: tuple[Node, ...], attrs: tuple[Any, ...] = (), shape: Shape = ()) -> Node:
    """The one node with these fields. Rows call it after checking their arguments; nobody else should."""
    return intern_node((args, attrs, shape) if attrs or shape else args, op, args, attrs, shape)


def intern_node(
    key: tuple[Any, ...], op: Op, args: tuple[Node, ...], attrs: tuple[Any, ...] = (), shape: Shape = ()
) -> Node:
    """The node of ``op`` under ``key``, made if there is none; without a lock unless a dead entry is in the way.

    A plain operation's key is its tuple of arguments itself, which nodes compare and hash by identity.
    """
    table = op.nodes
    ref = table.get(key)
    if ref is not None:
        node: Node | None = ref()
        if node is not None:
            return node
    draft: Any = _new(_Draft)
    draft.op = op
    draft.args = args
    draft.attrs = attrs
    draft.shape = shape
    draft.__class__ = Node
    fresh = Ref(draft, forget)
    fresh.key = key
    fresh.table = table
    ref = table.setdefault(key, fresh)
    if ref is fresh:
        return draft  # type: ignore[no-any-return]
    with LOCK:
        other: Node | None = table.setdefault(key, fresh)()
        if other is None:
            table[key] = fresh
            return draft  # type: ignore[no-any-return]
        return other
