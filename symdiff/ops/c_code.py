"""What rows say of C beyond one line: small functions, and the elements of arrays that are only looked at differently.

The functions have no branch around a call, so that a compiler makes vector code of a loop over points. An element is a
function of the node, the index (a text for each axis) and ``read``, which gives an operand's element at an index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..graph.node import Node
from ..graph.shapes import Shape, Size, add_sizes, multiply_sizes

Index = tuple[str, ...]
Read = Callable[[int, Index], str]

# -- functions -----------------------------------------------------------------------------------------------------

CHOOSE = """static inline real choose(int condition, real a, real b)
{
    return condition ? a : b;
}"""
MODULO = """static inline real modulo(real a, real b)
{
    const real r = fmod(a, b), turned = (r < 0) != (b < 0) ? r + b : r;
    return r == 0 ? copysign(r, b) : turned;
}"""
MINIMUM = """static inline real minimum(real a, real b)
{
    return (a <= b) | (a != a) ? a : b;
}"""
MAXIMUM = """static inline real maximum(real a, real b)
{
    return (a >= b) | (a != a) ? a : b;
}"""
#: W. Kahan's: the rounding error of one product is added, fused (C. Jeannerod, N. Louvet, J.-M. Muller, Math. Comp. 82, 2013).
DIFFERENCE_OF_PRODUCTS = """static inline real difference_of_products(real a, real b, real c, real d)
{
    real cd = c * d;
    real found = fma(a, b, -cd) + fma(-c, d, cd);
    return isfinite(found) ? found : a * b - cd;
}"""
SIGN = """static inline real sign(real x)
{
    return x != x ? x : (x > 0) - (x < 0);
}"""
SINC = """static inline real sinc(real x)
{
    const real z = (real)3.141592653589793*(x == 0 ? (real)1e-20 : x);
    return sin(z)/z;
}"""
SINC_DERIVATIVE = """static inline real sinc_derivative(real order, real x)
{
    const int n = (int)order;
    const real z = (real)3.141592653589793*x;
    real value = 0, term = ((n + 1)/2 % 2 ? -1 : 1)*(n % 2 ? z : 1);
    if (fabs(z) > n + 2) {
        const real waves[4] = {sin(z), cos(z), -sin(z), -cos(z)};
        value = waves[0]/z;
        for (int k = 1; k <= n; k++)
            value = (waves[k % 4] - k*value)/z;
    } else {
        for (int k = (n + 1)/2, m = n % 2; k < n/2 + n + 25; k++, m += 2) {
            value += term/(2*k + 1);
            term *= -z*z/((m + 1)*(m + 2));
        }
    }
    return pow((real)3.141592653589793, n)*value;
}"""
SPHERICAL = """static inline real spherical_jn(real order, real x)
{
    const int n = (int)order;
    real term = 1, value = 0, below = cos(x)/x, here = sin(x)/x;
    if (fabs(x) > n + 1) {
        for (int k = 0; k < n; k++) {
            const real next = (2*k + 1)/x*here - below;
            below = here;
            here = next;
        }
        return here;
    }
    for (int k = 1; k <= n; k++)
        term *= x/(2*k + 1);
    for (int k = 1; k < n + 12; k++) {
        value += term;
        term *= -x*x/(2*k*(2*(n + k) + 1));
    }
    return value;
}"""
POWER_DERIVATIVE = """static inline real power_derivative(real by_a, real by_b, real a, real b)
{
    const int n = (int)by_a, m = (int)by_b;
    real factors[m + 1];
    for (int j = 0; j <= m; j++)
        factors[j] = j == 0;
    for (int k = 0; k < n; k++)
        for (int j = m; j >= 0; j--)
            factors[j] = (b - k)*factors[j] + (j ? j*factors[j - 1] : 0);
    const real power = pow(a, b - n), logarithm = m ? log(a) : 1;
    real value = 0, choose = 1, logarithms = 1;
    for (int k = 0; k <= m; k++) {
        const real factor = choose*factors[m - k], term = power == 0 ? power : power*logarithms;
        value += factor == 0 ? factor : factor*term;
        choose = choose*(m - k)/(k + 1);
        logarithms *= logarithm;
    }
    return value;
}"""
SIGMOID = """static inline real sigmoid(real x)
{
    return 1/(1 + exp(-x));
}"""
SOFTPLUS = """static inline real softplus(real x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}"""
LEAKY_RELU = """static inline real leaky_relu(real x)
{
    return x >= 0 ? x : (real)0.01*x;
}"""
ELU = """static inline real elu(real x)
{
    const real y = expm1(x > 0 ? 0 : x);
    return x > 0 ? x : y;
}"""
GELU = """static inline real gelu(real x)
{
    return (real)0.5*x*erfc((real)-0.7071067811865476*x);
}"""
LOGADDEXP = """static inline real logaddexp(real a, real b)
{
    const real top = a > b ? a : b, value = top + log1p(exp(-fabs(a - b)));
    return a == b ? a + (real)0.6931471805599453 : value;
}"""
XLOGY = """static inline real xlogy(real a, real b)
{
    return a*log(a == 0 ? 1 : b);
}"""

# -- texts of places -----------------------------------------------------------------------------------------------


def size_code(size: Size) -> str:
    """A size as an operand; letters become places for the code's own names."""
    if isinstance(size, int):
        return str(size) if size >= 0 else f"({size})"
    return f"{{={size}}}" if size.isidentifier() else f"({{={size}}})"


def plus(place: str, size: Size) -> str:
    """A place moved on by a size."""
    if size == 0:
        return place
    if place == "0":
        return size_code(size)
    back = isinstance(size, int) and size < 0
    return f"({place} - {-size})" if back else f"({place} + {size_code(size)})"  # type: ignore[operator]


def times(place: str, size: Size) -> str:
    """A place times a size."""
    return place if size == 1 else "0" if place == "0" else f"{place}*{size_code(size)}"


def offset(index: Index, shape: Shape) -> str:
    """Where the element stands in the array, in C order."""
    strides = [multiply_sizes(*shape[axis + 1 :]) for axis in range(len(shape))]
    terms = [times(place, stride) for place, stride in zip(index, strides, strict=True) if place != "0"]
    return " + ".join(terms) or "0"


def _chosen(conditions: Iterable[str], value: str) -> str:
    """The value where all conditions hold, else 0; nothing is read elsewhere."""
    listed = " && ".join(conditions)
    return f"({listed} ? {number(value)} : 0)" if listed else value


def number(text: str) -> str:
    """A whole number as ``real``, so that a choice between whole numbers does not compute with integers."""
    return f"(real){text}" if text.lstrip("-").isdigit() else text


# -- elements ------------------------------------------------------------------------------------------------------


def view_element(node: Node, index: Index, read: Read) -> str:
    """Axes by their labels; one that the result has twice is a diagonal, and 0 beside it."""
    inner, outer = node.attrs
    at: dict[Any, str] = {}
    apart = [
        f"{at[label]} == {place}"
        for label, place in zip(outer, index, strict=True)
        if at.setdefault(label, place) != place
    ]
    return _chosen(apart, read(0, tuple(at.get(label, "0") for label in inner)))


def broadcast_element(node: Node, index: Index, read: Read) -> str:
    shape = node.args[0].shape
    last = index[len(index) - len(shape) :]
    return read(0, tuple("0" if size == 1 else place for place, size in zip(last, shape, strict=True)))


def index_element(node: Node, index: Index, read: Read) -> str:
    moved = [plus(times(place, step), start) for place, (start, _, step) in zip(index, node.attrs[0], strict=True)]
    return read(0, tuple(moved))


def scatter_element(node: Node, index: Index, read: Read) -> str:
    """Zero where the slice does not reach; negative steps are the same places counted from the other end."""
    tests, inner = [], []
    for place, size, (start, count, step) in zip(index, node.shape, node.attrs[1], strict=True):
        if (start, count, step) == (0, size, 1):
            inner.append(place)
            continue
        low = start if step > 0 else add_sizes(start, multiply_sizes(step, add_sizes(count, -1)))
        away, stride = plus(place, multiply_sizes(-1, low)), abs(step)
        tests += [f"{place} >= {size_code(low)}", f"{away} < {size_code(multiply_sizes(count, stride))}"]
        tests += [f"{away} % {stride} == 0"] if stride > 1 else []
        nth = f"{away}/{stride}" if stride > 1 else away
        inner.append(nth if step > 0 else f"({size_code(add_sizes(count, -1))} - {nth})")
    return _chosen(tests, read(0, tuple(inner)))


def reshape_element(node: Node, index: Index, read: Read) -> str:
    """The same place in C order; sizes of 1 on one side only move nothing."""
    shape, rest = node.args[0].shape, iter(place for place, size in zip(index, node.shape, strict=True) if size != 1)
    if [size for size in shape if size != 1] == [size for size in node.shape if size != 1]:
        return read(0, tuple("0" if size == 1 else next(rest) for size in shape))
    place, inner = f"({offset(index, node.shape)})", []
    for axis, size in enumerate(shape):
        stride = multiply_sizes(*shape[axis + 1 :])
        part = place if stride == 1 else f"{place}/{size_code(stride)}"
        inner.append("0" if size == 1 else part if axis == 0 else f"({part} % {size_code(size)})")
    return read(0, tuple(inner))


def concatenate_element(node: Node, index: Index, read: Read) -> str:
    """The parts in order, each up to where it ends."""
    axis, start, text, closing = node.attrs[0], 0, "", 0
    place = index[axis]
    for nth, part in enumerate(node.args):
        own = (*index[:axis], plus(place, multiply_sizes(-1, start)), *index[axis + 1 :])
        start = add_sizes(start, part.shape[axis])  # type: ignore[assignment]
        last = nth == len(node.args) - 1
        value = number(read(nth, own))
        text += value if last else f"({place} < {size_code(start)} ? {value} : "
        closing += not last
    return text + ")" * closing


def eye_element(node: Node, index: Index, read: Read) -> str:
    return f"(real)({index[0]} == {index[1]})"


def arange_element(node: Node, index: Index, read: Read) -> str:
    return f"(real){index[0]}"


def size_element(node: Node, index: Index, read: Read) -> str:
    return f"(real){size_code(node.attrs[0])}"


def lower_element(node: Node, index: Index, read: Read) -> str:
    return _chosen([f"{index[-1]} <= {plus(index[-2], node.attrs[0])}"], read(0, index))


def upper_element(node: Node, index: Index, read: Read) -> str:
    return _chosen([f"{index[-1]} >= {plus(index[-2], node.attrs[0])}"], read(0, index))
