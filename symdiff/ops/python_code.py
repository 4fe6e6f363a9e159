"""Functions that emitted NumPy and plain Python modules define for operations with no function there."""

from __future__ import annotations

REFUSED = '''def _refused(at, order, x):
    """0; raises ArithmeticError for a derivative at a kink."""
    if np.any(np.logical_and(at, order)):
        raise ArithmeticError("there is no derivative: a point is at a kink")
    return np.zeros_like(x)'''
REFUSED_MATH = """def _refused(at, order, x):
    if order and at:
        raise ArithmeticError("there is no derivative: a point is at a kink")
    return 0.0"""
# a*b - c*d with the rounding errors of both products added (T. J. Dekker, Numer. Math. 18, 1971): each factor is split
# into halves whose products are exact. Where that overflows, the plain difference.
PRODUCT_ERRORS = """    def error(a, b, product):
        s, t = 134217729.0 * a, 134217729.0 * b
        p, r = s - (s - a), t - (t - b)
        q, s = a - p, b - r
        return ((p * r - product) + p * s + q * r) + q * s

    ab, cd = a * b, c * d
"""
DIFFERENCE_OF_PRODUCTS = f"""def _difference_of_products(a, b, c, d):
{PRODUCT_ERRORS}    with np.errstate(over="ignore", invalid="ignore"):
        found = (ab - cd) + (error(a, b, ab) - error(c, d, cd))
    return np.where(np.isfinite(found), found, ab - cd)"""
DIFFERENCE_OF_PRODUCTS_MATH = f"""def _difference_of_products(a, b, c, d):
{PRODUCT_ERRORS}    found = (ab - cd) + (error(a, b, ab) - error(c, d, cd))
    return found if math.isfinite(found) else ab - cd"""
SIGMOID = '''def _sigmoid(x):
    """1/(1 + exp(-x)), 0 where exp(-x) overflows."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))'''
SIGMOID_STEPS = (
    "np.negative({0}, {out})",
    'with np.errstate(over="ignore"): np.exp({out}, {out})',
    "np.add({out}, {one}, {out})",
    "np.reciprocal({out}, {out})",
)
# With z = pi*x and f = sin(z)/z: z*f' + f = cos(z) and its derivatives give the n-th from the one before, which keeps
# its digits where |z| > n; elsewhere the power series of f, differentiated term by term.
SINC_DERIVATIVE = """def _sinc_derivative(n, x):
    n, z = int(np.max(n)), np.pi * np.asarray(x)
    large = np.abs(z) > n + 2
    far, near = np.where(large, z, 1), np.where(large, 0, z)
    waves = np.sin(far), np.cos(far), -np.sin(far), -np.cos(far)
    slope, series = waves[0] / far, 0
    for k in range(1, n + 1):
        slope = (waves[k % 4] - k * slope) / far
    for k in range((n + 1) // 2, n // 2 + n + 25):
        series = series + (-1) ** k / ((2 * k + 1) * float(math.factorial(2 * k - n))) * near ** (2 * k - n)
    return np.pi**n * np.where(large, slope, series)"""
SINC_DERIVATIVE_MATH = """def _sinc_derivative(n, x):
    n, z = int(n), math.pi * x
    if abs(z) > n + 2:
        waves = math.sin(z), math.cos(z), -math.sin(z), -math.cos(z)
        value = waves[0] / z
        for k in range(1, n + 1):
            value = (waves[k % 4] - k * value) / z
    else:
        terms = range((n + 1) // 2, n // 2 + n + 25)
        value = sum((-1) ** k / ((2 * k + 1) * float(math.factorial(2 * k - n))) * z ** (2 * k - n) for k in terms)
    return math.pi**n * value"""
# Near 0 the power series (Abramowitz and Stegun 10.1.2), whose terms fall there; else upwards from sin(x)/x (10.1.19).
SPHERICAL = """def _spherical_jn(n, x):
    n, x = int(np.max(n)), np.asarray(x)
    large = np.abs(x) > n + 1
    far, near = np.where(large, x, 1), np.where(large, 0, x)
    below, here = np.cos(far) / far, np.sin(far) / far
    for k in range(n):
        below, here = here, (2 * k + 1) / far * here - below
    term, series = 1.0, 0.0
    for k in range(1, n + 1):
        term = term * near / (2 * k + 1)
    for k in range(1, n + 12):
        series = series + term
        term = term * -near * near / (2 * k * (2 * (n + k) + 1))
    return np.where(large, here, series)"""
SPHERICAL_MATH = """def _spherical_jn(n, x):
    n = int(n)
    if abs(x) <= n + 1:
        term, total = math.prod(x / (2 * k + 1) for k in range(1, n + 1)), 0.0
        for k in range(1, n + 12):
            total += term
            term *= -x * x / (2 * k * (2 * (n + k) + 1))
        return total
    below, here = math.cos(x) / x, math.sin(x) / x
    for k in range(n):
        below, here = here, (2 * k + 1) / x * here - below
    return here"""
ELU_KINK = "x = 0: the derivative of the side x <= 0"
# The general Leibniz rule: a**(b - n) times powers of log(a) and derivatives of b*(b - 1)*...*(b - n + 1) by b. What a
# zero factor multiplies is 0, also where the power is infinite.
POWER_DERIVATIVE = """def _power_derivative(n, m, a, b):
    n, m = int(np.max(n)), int(np.max(m))
    factors = [np.ones_like(b)] + [np.zeros_like(b)] * m
    for k in range(n):
        factors = [(b - k) * factors[j] + (j * factors[j - 1] if j else 0) for j in range(m + 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        power, logarithm = np.power(a, b - n), np.log(a) if m else 1
        value = np.zeros_like(power)
        for k in range(m + 1):
            factor, term = math.comb(m, k) * factors[m - k], np.where(power == 0, power, power * logarithm**k)
            value = value + np.where(factor == 0, factor, factor * term)
    return value"""
POWER_DERIVATIVE_MATH = """def _power_derivative(n, m, a, b):
    n, m = int(n), int(m)
    factors = [1.0] + [0.0] * m
    for k in range(n):
        factors = [(b - k) * factors[j] + (j * factors[j - 1] if j else 0) for j in range(m + 1)]
    power = math.pow(a, b - n) if any(factors) else 0.0
    logarithm = math.log(a) if m and power else 0.0
    return sum(math.comb(m, k) * factors[m - k] * logarithm**k for k in range(m + 1)) * power"""
