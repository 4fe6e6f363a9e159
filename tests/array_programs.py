"""Random programs of arrays: one text for symdiff and for NumPy, JAX or PyTorch, drawn together with a point.

A program is a list of steps such as ``v3 = stack((v1, v2), axis=0)``. Its text is evaluated with the functions of
symdiff, which gives a graph, or with those of another library, which gives values and derivatives to compare with.
While it is drawn it is computed by NumPy, so that no step leaves its domain, grows without bound, or comes near a kink.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

import symdiff as sd

Shape = tuple[int, ...]
#: Sizes of axes; arrays have at most MOST elements.
SIZES, MOST = (0, 1, 1, 2, 2, 5), 30
#: No value is larger, and no argument of a kink nearer to it.
LARGEST, NEAREST = 50.0, 0.02


class Step(NamedTuple):
    """``name = text`` for symdiff; ``plain`` for other libraries, where a guarded step is only the branch taken."""

    name: str
    text: str
    plain: str


class Program(NamedTuple):
    """Inputs with their values, steps, and the number that is differentiated, in terms of the steps."""

    inputs: dict[str, np.ndarray]
    steps: tuple[Step, ...]
    loss: str

    def __str__(self) -> str:
        shapes = ", ".join(f"{name}: {value.shape}" for name, value in self.inputs.items())
        return "; ".join([shapes, *(f"{step.name} = {step.text}" for step in self.steps), self.loss])

    def run(self, functions: Mapping[str, Any], inputs: Mapping[str, Any], plain: bool = True) -> Any:
        """The loss by the functions of a library."""
        space = {**functions, **inputs}
        for step in self.steps:
            space[step.name] = eval(step.plain if plain else step.text, space)
        return eval(self.loss, space)

    def graph(self, shapes: Mapping[str, Any] | None = None) -> tuple[sd.Node, list[sd.Node]]:
        """The loss as a graph, and the variables; ``shapes``: with letters in place of sizes."""
        named = {name: value.shape for name, value in self.inputs.items()} | dict(shapes or {})
        variables = {name: sd.symbol(name, shape) for name, shape in named.items()}
        return self.run(SYMDIFF, variables, plain=False), list(variables.values())

    def used(self) -> Program:
        """Without the steps and inputs that the loss does not need."""
        wanted, kept = self.loss, []
        for step in reversed(self.steps):
            if _mentions(wanted, step.name):
                kept.append(step)
                wanted += " " + step.text + " " + step.plain
        inputs = {name: value for name, value in self.inputs.items() if _mentions(wanted, name)}
        return Program(inputs or dict(list(self.inputs.items())[:1]), tuple(reversed(kept)), self.loss)


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


# -- functions by library ------------------------------------------------------------------------------------------

_NAMES = (
    "sin cos tanh exp sqrt log arctan relu abs sigmoid softplus maximum minimum where sum mean prod max min logsumexp "
    "softmax log_softmax norm std var cumsum einsum solve inv det logdet cholesky stack concatenate reshape transpose "
    "broadcast_to squeeze tril triu diag trace outer kron eye zeros ones erf"
).split()
SYMDIFF: dict[str, Any] = {name: getattr(sd, name) for name in _NAMES} | {
    "take": lambda x, items: x[items],
    "s_": np.s_,
}


def _real(x: Any) -> Any:
    return np.real(x)


def _cholesky(A: Any) -> Any:
    """Of the symmetric part, element by element, so that complex steps go through."""
    A = (A + A.T) / 2
    L = np.zeros_like(A)
    for i in range(len(A)):
        for j in range(i + 1):
            rest = A[i, j] - sum((L[i, k] * L[j, k] for k in range(j)), 0.0 * A[i, j])
            L[i, j] = np.sqrt(rest) if i == j else rest / L[j, j]
    return L


def _extreme(x: Any, pick: Any, axis: Any, keepdims: bool) -> Any:
    """The largest or smallest by real part; equal elements share as their mean does."""
    best = pick(_real(x), axis=axis, keepdims=True)
    chosen = _real(x) == best
    value = np.where(chosen, x, 0).sum(axis=axis, keepdims=True) / chosen.sum(axis=axis, keepdims=True)
    return value if keepdims else value.sum(axis=axis)


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    top = _real(x).max(axis=axis, keepdims=True)
    value = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return value if keepdims else value.sum(axis=axis)


def _norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sqrt((x * x).sum(axis=axis, keepdims=keepdims))


def _var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    count = np.size(x) // max(np.size(np.sum(x, axis=axis)), 1) - ddof
    return ((x - x.mean(axis=axis, keepdims=True)) ** 2).sum(axis=axis, keepdims=keepdims) / count


NUMPY: dict[str, Any] = {
    **{name: getattr(np, name) for name in _NAMES if hasattr(np, name)},
    "relu": lambda x: np.where(_real(x) > 0, x, 0), "abs": lambda x: np.where(_real(x) < 0, -x, x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.log(1 + np.exp(x)),
    "maximum": lambda a, b: np.where(_real(a) > _real(b), a, np.where(_real(a) < _real(b), b, (a + b) / 2)),
    "minimum": lambda a, b: np.where(_real(a) < _real(b), a, np.where(_real(a) > _real(b), b, (a + b) / 2)),
    "max": lambda x, axis=None, keepdims=False: _extreme(x, np.max, axis, keepdims),
    "min": lambda x, axis=None, keepdims=False: _extreme(x, np.min, axis, keepdims),
    "logsumexp": _logsumexp, "norm": _norm, "var": _var, "std": lambda x, **how: np.sqrt(_var(x, **how)),
    "softmax": lambda x, axis=-1: np.exp(x - _logsumexp(x, axis, True)),
    "log_softmax": lambda x, axis=-1: x - _logsumexp(x, axis, True),
    "solve": np.linalg.solve, "inv": np.linalg.inv, "det": np.linalg.det, "cholesky": _cholesky,
    "logdet": lambda x: np.log(np.linalg.det(x) * np.sign(_real(np.linalg.det(x)))),
    "take": lambda x, items: x[items], "s_": np.s_,
    "above": lambda a, b: _real(a) > _real(b),
    "root": lambda x, other: np.where(_real(x) > 0, np.sqrt(np.where(_real(x) > 0, x, 1)), other),
    "inverse": lambda x, other: np.where(_real(x) != 0, 1 / np.where(_real(x) != 0, x, 1), other),
    "logarithm": lambda x, other: np.where(_real(x) > 0, np.log(np.where(_real(x) > 0, x, 1)), other),
}  # fmt: skip


def torch_functions() -> dict[str, Any]:
    """The same by PyTorch; raises ImportError where it is not installed."""
    import torch

    def axes(x: Any, axis: Any) -> Any:
        return tuple(range(x.ndim)) if axis is None else axis

    def over(function: Any) -> Any:
        return lambda x, axis=None, keepdims=False: function(x, dim=axes(x, axis), keepdim=keepdims)

    def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        for one in sorted((i % x.ndim for i in np.ravel(axes(x, axis)).astype(int)), reverse=True):
            x = torch.prod(x, dim=one, keepdim=True)
            x = x if keepdims else x.squeeze(one)
        return x

    def take(x: Any, items: Any) -> Any:
        items = items if isinstance(items, tuple) else (items,)
        if any(isinstance(item, (list, np.ndarray)) for item in items):
            return x[tuple(torch.as_tensor(item, dtype=torch.long) for item in items)]
        axis, gaps = 0, sum(item is not None and item is not Ellipsis for item in items)
        for item in items:
            if item is None:
                x, axis = x.unsqueeze(axis), axis + 1
            elif item is Ellipsis:
                axis += x.ndim - axis - gaps
            elif isinstance(item, slice):
                places = torch.arange(x.shape[axis])[::1].tolist()[item]
                x, axis = x.index_select(axis, torch.tensor(places, dtype=torch.long)), axis + 1
            else:
                x = x.select(axis, item)
            gaps -= item is not None and item is not Ellipsis
        return x

    def safe(function: Any, inside: Any) -> Any:
        def guarded(x: Any, other: float) -> Any:
            keep = inside(x)
            return torch.where(keep, function(torch.where(keep, x, torch.ones_like(x))), torch.full_like(x, other))

        return guarded

    def var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
        centred = x - x.mean(dim=axes(x, axis), keepdim=True)
        total = (centred**2).sum(dim=axes(x, axis), keepdim=keepdims)
        return total / (x.numel() / max(x.sum(dim=axes(x, axis)).numel(), 1) - ddof)

    def cumsum(x: Any, axis: Any = None) -> Any:
        return torch.cumsum(x.reshape(-1) if axis is None else x, 0 if axis is None else axis)

    def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return torch.logsumexp(x, axes(x, axis), keepdim=keepdims)

    double = {"dtype": torch.float64}
    return {
        **{name: getattr(torch, name) for name in _NAMES if hasattr(torch, name)},
        "relu": torch.relu, "abs": torch.abs, "arctan": torch.atan, "softplus": torch.nn.functional.softplus,
        "sum": over(torch.sum), "mean": over(torch.mean), "max": over(torch.amax), "min": over(torch.amin),
        "prod": prod,
        "norm": lambda x, axis=None, keepdims=False: torch.sqrt((x * x).sum(dim=axes(x, axis), keepdim=keepdims)),
        "var": var, "std": lambda x, **how: torch.sqrt(var(x, **how)), "cumsum": cumsum, "logsumexp": logsumexp,
        "softmax": lambda x, axis=-1: torch.softmax(x, axis),
        "log_softmax": lambda x, axis=-1: torch.log_softmax(x, axis),
        "solve": torch.linalg.solve, "inv": torch.linalg.inv, "det": torch.linalg.det,
        "logdet": lambda x: torch.linalg.slogdet(x)[1],
        "cholesky": lambda x: torch.linalg.cholesky((x + x.T) / 2),
        "stack": lambda parts, axis=0: torch.stack(parts, axis),
        "concatenate": lambda parts, axis=0: torch.cat(parts, axis),
        "transpose": lambda x, axes=None: x.permute(tuple(reversed(range(x.ndim))) if axes is None else axes),
        "squeeze": lambda x, axis=None: x.squeeze() if axis is None else x.squeeze(axis),
        "trace": torch.trace, "diag": torch.diag, "kron": lambda a, b: torch.kron(a.contiguous(), b.contiguous()),
        "eye": lambda n: torch.eye(n, **double), "zeros": lambda s: torch.zeros(s, **double),
        "ones": lambda s: torch.ones(s, **double), "where": lambda c, a, b: torch.where(c, _tensor(a), _tensor(b)),
        "maximum": lambda a, b: torch.maximum(_tensor(a), _tensor(b)),
        "minimum": lambda a, b: torch.minimum(_tensor(a), _tensor(b)),
        "take": take, "s_": np.s_, "above": lambda a, b: a > b,
        "root": safe(torch.sqrt, lambda x: x > 0), "inverse": safe(torch.reciprocal, lambda x: x != 0),
        "logarithm": safe(torch.log, lambda x: x > 0),
    }  # fmt: skip


def _tensor(value: Any) -> Any:
    import torch

    return value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float64)


def jax_functions() -> dict[str, Any]:
    """The same by JAX in float64; raises ImportError where it is not installed."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    from jax.scipy.special import logsumexp

    def safe(function: Any, inside: Any) -> Any:
        return lambda x, other: jnp.where(inside(x), function(jnp.where(inside(x), x, 1.0)), other)

    return {
        **{name: getattr(jnp, name) for name in _NAMES if hasattr(jnp, name)},
        "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "logsumexp": logsumexp,
        "softmax": lambda x, axis=-1: jax.nn.softmax(x, axis=axis),
        "log_softmax": lambda x, axis=-1: jax.nn.log_softmax(x, axis=axis),
        "norm": lambda x, axis=None, keepdims=False: jnp.sqrt(jnp.sum(x * x, axis=axis, keepdims=keepdims)),
        "solve": jnp.linalg.solve, "inv": jnp.linalg.inv, "det": jnp.linalg.det,
        "logdet": lambda x: jnp.linalg.slogdet(x)[1],
        "cholesky": lambda x: jnp.linalg.cholesky((x + x.T) / 2), "take": _jax_take, "s_": np.s_,
        "above": lambda a, b: a > b, "root": safe(jnp.sqrt, lambda x: x > 0),
        "inverse": safe(lambda x: 1 / x, lambda x: x != 0), "logarithm": safe(jnp.log, lambda x: x > 0),
    }  # fmt: skip


def _jax_take(x: Any, items: Any) -> Any:
    items = items if isinstance(items, tuple) else (items,)
    return x[tuple(np.array(item) if isinstance(item, list) else item for item in items)]


# -- drawing -------------------------------------------------------------------------------------------------------


class Draw:
    """A program in the making: its values so far, by name, and the random choices."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        values = np.random.default_rng(seed)
        self.values: dict[str, np.ndarray] = {}
        for place in range(self.rng.choice((1, 1, 2, 2, 3))):
            self.values["xyz"[place]] = np.round(values.uniform(-2, 2, self.shape()), 3)
        self.inputs = dict(self.values)
        self.steps: list[Step] = []

    def shape(self) -> Shape:
        while True:
            shape = tuple(self.rng.choice(SIZES) for _ in range(self.rng.choice((0, 1, 1, 2, 2, 3))))
            if np.prod(shape) <= MOST and (0 not in shape or self.rng.random() < 0.3):
                return shape

    def pick(self, suits: Callable[[np.ndarray], Any] = lambda _: True) -> str:
        """A value that suits, later ones more often; raises Retry where there is none."""
        names = [name for name, value in self.values.items() if suits(value)]
        if not names:
            raise Retry
        return self.rng.choice(names[-2:] if self.rng.random() < 0.8 else names)

    def add(self, text: str, plain: str | None = None) -> None:
        """One step more; raises Retry where NumPy refuses it or its value is not fit to go on with."""
        step = Step(f"v{len(self.steps) + 1}", text, plain or text)
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(eval(step.plain, {**NUMPY, **self.values}))
        except (ValueError, IndexError, np.linalg.LinAlgError, TypeError, ZeroDivisionError):
            raise Retry from None
        if value.size > 4 * MOST or value.ndim > 4 or not np.isfinite(value).all() or (abs(value) > LARGEST).any():
            raise Retry
        self.values[step.name] = value
        self.steps.append(step)

    def away(self, *gaps: np.ndarray) -> None:
        """Raise Retry where a kink is near; exactly on it is meant, as in a triangle of zeros."""
        if any((gap != 0).any() and (np.abs(gap[gap != 0]) < NEAREST).any() for gap in map(np.asarray, gaps)):
            raise Retry

    def axis(self, value: np.ndarray, several: bool = True) -> str:
        """An axis as text, counted from either end, or some axes."""
        if not value.ndim:
            return "None"
        choices: list[Any] = [i for i in range(-value.ndim, value.ndim)]
        if several:
            choices += [None, None, tuple(sorted(self.rng.sample(range(value.ndim), self.rng.randint(1, value.ndim))))]
        return repr(self.rng.choice(choices))


class Retry(Exception):
    """The step does not fit; another one is drawn."""


def _unary(draw: Draw) -> None:
    name = draw.pick()
    text = draw.rng.choice(
        "sin({0}) cos({0}) tanh({0}) exp({0}/4) arctan({0}) sigmoid({0}) softplus({0}) {0}**2 -{0} log(1+{0}**2) "
        "sqrt({0}*{0}+1) {0}**3/4 1/({0}**2+1) (1+{0}**2)**0.3 {0}*2".split()
    )
    draw.add(text.format(name))


def _kinked(draw: Draw) -> None:
    name = draw.pick()
    draw.away(draw.values[name])
    draw.add(draw.rng.choice(("relu({0})", "abs({0})", "maximum({0}, 0.0)", "minimum({0}, 0.0)")).format(name))


def _binary(draw: Draw) -> None:
    a = draw.pick()
    shape = draw.values[a].shape
    b = draw.pick(lambda value: _broadcasts(value.shape, shape))
    text = draw.rng.choice(("{a} + {b}", "{a} - {b}", "{a}*{b}", "{a}*{b}", "{a}/({b}**2 + 1)", "maximum({a}, {b})",
                            "minimum({a}, {b})", "(1 + {a}**2)**({b}/4)"))  # fmt: skip
    if "imum" in text:
        draw.away(draw.values[a] - draw.values[b])
    draw.add(text.format(a=a, b=b))


def _broadcasts(one: Shape, other: Shape) -> bool:
    try:
        np.broadcast_shapes(one, other)
    except ValueError:
        return False
    return True


def _items(draw: Draw, shape: Shape) -> str:
    """Slices of every kind, whole numbers and None."""
    rng, parts = draw.rng, []
    for size in shape[: rng.randint(1, len(shape)) if shape else 0]:
        kind = rng.random()
        if kind < 0.2 and size:
            parts.append(str(rng.randrange(-size, size)))
        elif kind < 0.35:
            parts.append(rng.choice((":", "None, :")))
        else:
            ends = [rng.choice(("", "", str(rng.randint(-size - 1, size + 1)))) for _ in "ab"]
            step = rng.choice(("", "", ":1", ":2", ":3", ":-1", ":-2", ":-3"))
            parts.append(f"{ends[0]}:{ends[1]}{step}")
    if rng.random() < 0.2:
        parts.append("...")
    return ", ".join(parts) or "..."


def _slice(draw: Draw) -> None:
    name = draw.pick(lambda value: value.ndim)
    draw.add(f"take({name}, s_[{_items(draw, draw.values[name].shape)}])")


def _gather(draw: Draw) -> None:
    name = draw.pick(lambda value: value.ndim and value.shape[0])
    shape, rng = draw.values[name].shape, draw.rng
    count = rng.choice((0, 1, 2, 3, 5)) if rng.random() < 0.3 else rng.choice((1, 2, 3))
    both = len(shape) > 1 and shape[1] and rng.random() < 0.4
    places = [[rng.randrange(-size, size) for _ in range(count)] for size in shape[: 1 + bool(both)]]
    if rng.random() < 0.2 and count > 1 and not both:
        places = [[places[0], places[0][::-1]]]  # type: ignore[list-item]
    draw.add(f"take({name}, ({', '.join(map(repr, places))},))")


def _stack(draw: Draw) -> None:
    a = draw.pick()
    b = draw.pick(lambda value: value.shape == draw.values[a].shape)
    axis = draw.rng.randint(-draw.values[a].ndim - 1, draw.values[a].ndim)
    draw.add(f"stack(({a}, {draw.rng.choice((b, b, f'sin({b})', f'{b}*2'))}), axis={axis})")


def _concatenate(draw: Draw) -> None:
    a = draw.pick(lambda value: value.ndim)
    shape = draw.values[a].shape
    axis = draw.rng.randrange(len(shape))
    rest = shape[:axis] + shape[axis + 1 :]
    b = draw.pick(lambda value: value.ndim == len(shape) and value.shape[:axis] + value.shape[axis + 1 :] == rest)
    other = draw.rng.choice((b, b, f"zeros({shape})", f"ones({shape})", f"cos({b})"))
    parts = [a, other, *([b] if draw.rng.random() < 0.2 else [])]
    draw.rng.shuffle(parts)
    draw.add(f"concatenate(({', '.join(parts)}), axis={axis - len(shape) * (draw.rng.random() < 0.3)})")


def _reshape(draw: Draw) -> None:
    name = draw.pick()
    left, shape = draw.values[name].size, []
    for _ in range(draw.rng.randint(0, 3)):
        size = draw.rng.choice([n for n in range(1, left + 1) if left % n == 0] or [0, 1, 2])
        shape.append(size)
        left = left // size if size else 1
    shape = [*shape, left] if left != 1 or draw.rng.random() < 0.5 else shape
    draw.rng.shuffle(shape)
    draw.add(f"reshape({name}, {tuple(shape)})")


def _rearrange(draw: Draw) -> None:
    name = draw.pick(lambda value: value.ndim)
    value, rng = draw.values[name], draw.rng
    axes = list(range(value.ndim))
    rng.shuffle(axes)
    ways = [f"transpose({name}, {tuple(axes)})", f"broadcast_to({name}, {(2, *value.shape)})"]
    ways += [f"cumsum({name}, axis={draw.axis(value, several=False)})"]
    if 1 in value.shape:
        ways.append(f"squeeze({name}, axis={value.shape.index(1)})")
    if value.ndim == 2:
        ways += [f"{rng.choice(('tril', 'triu'))}({name}, {rng.randint(-1, 1)})"] * 2
    if value.ndim == 1:
        ways.append(f"diag({name})")
    if value.ndim == 2 and value.shape[0] == value.shape[1]:
        ways += [f"diag({name})", f"trace({name})"]
    draw.add(rng.choice(ways))


def _reduce(draw: Draw) -> None:
    name = draw.pick(lambda value: value.size)
    value, rng = draw.values[name], draw.rng
    axis, keep = draw.axis(value), rng.choice(("", "", ", keepdims=True"))
    kind = rng.choice(
        ("sum", "mean", "prod", "max", "min", "logsumexp", "norm", "std", "var", "softmax", "log_softmax")
    )
    along = eval(axis)
    if kind in ("max", "min"):
        ordered = (
            np.sort(np.moveaxis(value, along, -1), axis=-1) if isinstance(along, int) else np.sort(value, axis=None)
        )
        draw.away(np.diff(ordered, axis=-1))
    if kind in ("norm", "std"):
        size = _norm(value, along) if kind == "norm" else NUMPY["std"](value, axis=along)
        if (np.asarray(size) < 0.1).any():
            raise Retry
    if kind in ("softmax", "log_softmax"):
        if not value.ndim:
            raise Retry
        axis, keep = draw.axis(value, several=False), ""
    draw.add(f"{kind}({name}, axis={axis}{keep})")


def _contract(draw: Draw) -> None:
    """An einsum of one or two arrays, with repeated letters and letters that are summed."""
    a = draw.pick(lambda value: 0 < value.ndim <= 3)
    operands = [a, *([draw.pick(lambda value: 0 < value.ndim <= 3)] if draw.rng.random() < 0.7 else [])]
    letters: dict[str, int] = {}
    specs = []
    for name in operands:
        spec = ""
        for size in draw.values[name].shape:
            known = [letter for letter, found in letters.items() if found == size]
            letter = draw.rng.choice(known) if known and draw.rng.random() < 0.6 else "abcdefgh"[len(letters)]
            letters[letter] = size
            spec += letter
        specs.append(spec)
    kept = [letter for letter in letters if draw.rng.random() < 0.5]
    draw.rng.shuffle(kept)
    draw.add(f"einsum({','.join(specs) + '->' + ''.join(kept[:3])!r}, {', '.join(operands)})")


def _multiply(draw: Draw) -> None:
    a = draw.pick(lambda value: value.ndim)
    shape = draw.values[a].shape
    b = draw.pick(lambda value: value.ndim and value.shape[-2 if value.ndim > 1 else 0] == shape[-1])
    vectors = draw.values[a].ndim == draw.values[b].ndim == 1
    flat = draw.values[a].ndim == draw.values[b].ndim and draw.values[a].ndim in (1, 2)
    ways = [f"{a} @ {b}"] * 2 + [f"outer({a}, {b})"] * vectors + [f"kron({a}, {b})"] * flat
    draw.add(draw.rng.choice(ways))


def _solve(draw: Draw) -> None:
    a = draw.pick(lambda value: value.ndim == 2 and value.shape[0] == value.shape[1] and 0 < value.shape[0] <= 5)
    n = draw.values[a].shape[0]
    regular, positive = f"{a}/4 + 3*eye({n})", f"{a} @ {a}.T + 2*eye({n})"
    ways = ["inv({r})", "inv({p})", "det({r})/27", "logdet({r})", "logdet({p})", "cholesky({p})", "inv({r})"]
    rights = [name for name, value in draw.values.items() if value.ndim in (1, 2) and value.shape[0] == n]
    if rights:
        ways += [f"solve({{{kind}}}, {draw.rng.choice(rights)})" for kind in "rp"] * 2
    draw.add(draw.rng.choice(ways).format(r=regular, p=positive))


def _choose(draw: Draw) -> None:
    a = draw.pick()
    b, c = (draw.pick(lambda value: _broadcasts(value.shape, draw.values[a].shape)) for _ in "bc")
    level = draw.rng.choice((0.0, 0.1, -0.5))
    draw.away(draw.values[c] - level)
    test = f"{c} > {level}"
    draw.add(f"where({test}, {a}, {b})", f"where(above({c}, {level}), {a}, {b})")


def _guard(draw: Draw) -> None:
    """A function outside of its domain in the branch that is not taken, with a rearrangement around it."""
    name = draw.pick(lambda value: value.size)
    value, rng = draw.values[name], draw.rng
    around = ["{0}", "({0})*2"]
    if value.ndim:
        around += [
            f"take({{0}}, s_[{_items(draw, value.shape)}])",
            f"reshape({{0}}, ({value.size},))",
            "transpose({0})",
        ]
        around += ["stack(({0}, {0}))", "concatenate(({0}, {0}))", "({0})[None]", "take({0}, ([0, -1],))"]
    if value.ndim == 2:
        around += ["tril({0})", "triu({0})", 'einsum("ab->ba", {0})']
    put = rng.choice(around)
    level = rng.choice((0.0, 0.1, -0.5))
    draw.away(value - level)
    root, gap = rng.choice((("sqrt", "root"), ("log", "logarithm"), ("1/", "inverse"))), f"{name} - {level}"
    if root[0] == "1/" and (np.abs(value - level) < 0.2).any() and not (value == level).any():
        raise Retry
    test = f"{put.format(gap)} {'!= 0' if root[0] == '1/' else '> 0'}"
    draw.add(f"where({test}, {put.format(f'{root[0]}({gap})')}, 0.0)", put.format(f"{root[1]}({gap}, 0.0)"))


def _guard_whole(draw: Draw) -> None:
    """A reduction or product of what has no value, in a branch that is not taken (or is, where it has)."""
    name = draw.pick(lambda value: value.size)
    value, rng = draw.values[name], draw.rng
    level = rng.choice((0.0, 0.1, -0.5))
    draw.away(value - level)
    inside = f"{rng.choice(('sqrt', 'log'))}({name} - {level})"
    wholes = ["sum({0})", "prod({0})", "logsumexp({0})", "mean({0})", "max({0})", "norm({0} + 3)", "std({0})"]
    if value.ndim == 1:
        wholes += ["{0} @ {0}", "sum(kron({0}, {0}))", "sum(cumsum({0}))", "softmax({0})[0]", "sum(outer({0}, {0}))"]
    if value.ndim == 2:
        wholes += ["trace({0} @ {0}.T)", "sum({0}[::-1])", "sum(softmax({0})[0]*2)", "sum(concatenate(({0}, {0}))**2)"]
    whole = rng.choice(wholes).format(inside)
    if (value > level).all():
        if any(kind in whole for kind in ("std", "max", "norm")):
            raise Retry
        draw.add(f"where(min({name}) > {level}, {whole}, 0.5)", whole)
    else:
        draw.add(f"where(min({name}) > {level}, {whole}, 0.5)", "0.5 + 0*sum(" + name + ")")


KINDS: list[tuple[Callable[[Draw], None], int]] = [
    (_unary, 6), (_kinked, 2), (_binary, 5), (_slice, 5), (_gather, 4), (_stack, 3), (_concatenate, 3), (_reshape, 3),
    (_rearrange, 4), (_reduce, 5), (_contract, 4), (_multiply, 3), (_solve, 3), (_choose, 3), (_guard, 3),
    (_guard_whole, 2),
]  # fmt: skip


def program(seed: int) -> Program:
    """The program of that number; always the same one."""
    draw = Draw(seed)
    wanted = draw.rng.randint(3, 8)
    weights = list(accumulate(weight for _, weight in KINDS))
    for _ in range(200):
        if len(draw.steps) == wanted:
            break
        try:
            draw.rng.choices([kind for kind, _ in KINDS], cum_weights=weights)[0](draw)
        except Retry:
            continue
    names = [step.name for step in draw.steps] or list(draw.inputs)
    last = names[-1]
    terms = [draw.rng.choice(("sum(sin({0}))", "sum({0}**2)", "sum({0}*{0}*{0})", "sum(tanh({0}))")).format(last)]
    if len(names) > 2 and draw.rng.random() < 0.5:
        terms.append(f"sum(cos({draw.rng.choice(names[:-1])}))")
    return Program(draw.inputs, tuple(draw.steps), " + ".join(terms)).used()


def shrunk(found: Program, fails: Callable[[Program], bool]) -> Program:
    """A smaller program that still fails: an earlier step as the result, and steps taken out."""
    for step in found.steps:
        for loss in (f"sum({step.name}**2)", f"sum({step.name})"):
            shorter = Program(found.inputs, found.steps, loss).used()
            if len(shorter.steps) < len(found.steps) and _still(shorter, fails):
                return shrunk(shorter, fails)
    for place, step in enumerate(found.steps):
        for name in [*found.inputs, *(other.name for other in found.steps[:place])]:
            text = _renamed(found, step.name, name, place)
            if text is not None and _still(text, fails):
                return shrunk(text, fails)
    return found


def _renamed(found: Program, old: str, new: str, place: int) -> Program | None:
    """The program with one step left out, an earlier value in its stead."""

    def swap(text: str) -> str:
        return re.sub(rf"\b{old}\b", new, text)

    steps = found.steps[:place] + tuple(
        Step(step.name, swap(step.text), swap(step.plain)) for step in found.steps[place + 1 :]
    )
    return Program(found.inputs, steps, swap(found.loss)).used()


def _still(shorter: Program, fails: Callable[[Program], bool]) -> bool:
    """Whether the smaller program is one, and fails."""
    try:
        with np.errstate(all="ignore"):
            value = shorter.run(NUMPY, shorter.inputs)
    except Exception:
        return False
    return bool(np.isfinite(value)) and np.ndim(value) == 0 and fails(shorter)


def names_of(programs: Sequence[Program]) -> set[str]:
    """The functions that stand in programs, for a test that all kinds are drawn."""
    return {word for one in programs for step in one.steps for word in re.findall(r"[a-z_]+(?=\()", step.text)}
