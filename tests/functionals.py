"""Exchange and correlation of an atom's electrons: densities a, b of the two spins, and their radial gradients g, h.

As all gradients of a spherical atom point along the radius, that of the whole density is g + h. Forms and constants:
J. P. Perdew, Y. Wang, PRB 45, 13244 (1992); S. H. Vosko, L. Wilk, M. Nusair, Can. J. Phys. 58, 1200 (1980); C. Lee, W.
Yang, R. G. Parr, PRB 37, 785 (1988), as integrated by B. Miehlich et al., Chem. Phys. Lett. 157, 200 (1989); J. P.
Perdew, K. Burke, M. Ernzerhof, PRL 77, 3865 (1996); A. D. Becke, PRA 38, 3098 (1988) and J. Chem. Phys. 107, 8554
(1997); exchange of J. P. Perdew et al., PRB 46, 6671 (1992). The weights are those of no published functional.
"""

from __future__ import annotations


def uniform(a: str, a1: str, b1: str, b2: str, b3: str, b4: str, spin: str = "") -> str:
    """The correlation energy of Perdew and Wang, by the radius ``r`` and its root ``q``."""
    r, q = f"r{spin}", f"q{spin}"
    return f"-2*{a}*(1 + {a1}*{r})*log(1 + 1/(2*{a}*({q}*({b1} + {q}*({b2} + {q}*({b3} + {b4}*{q}))))))"


PARAMAGNETIC = "0.0310907", "0.21370", "7.5957", "3.5876", "1.6382", "0.49294"
FERROMAGNETIC = "0.01554535", "0.20548", "14.1189", "6.1977", "3.3662", "0.62517"
STIFFNESS = "0.0168869", "0.11125", "10.357", "3.6231", "0.88026", "0.49671"


def vosko(a: float, x0: float, b: float, c: float) -> str:
    width, at = (4 * c - b * b) ** 0.5, x0 * x0 + b * x0 + c
    shape = f"(q**2 + {b}*q + {c})"
    turn = f"arctan({width}/(2*q + {b}))"
    return (
        f"{a}*(log(q**2/{shape}) + {2 * b / width}*{turn}"
        f" - {b * x0 / at}*(log((q - {x0})**2/{shape}) + {2 * (b + 2 * x0) / width}*{turn}))"
    )


#: Of the whole density: radius, its root, polarisation; then interpolation between the spins.
WHOLE = """
n = a + b
k = n**(1/3)
r = 0.6203504908994/k
q = sqrt(r)
z = (a - b)/n
f = ((1 + z)**(4/3) + (1 - z)**(4/3) - 2)/0.5198420997897464
z4 = z**4
"""
PERDEW_WANG = f"""
p0 = {uniform(*PARAMAGNETIC)}
p1 = {uniform(*FERROMAGNETIC)}
p2 = {uniform(*STIFFNESS)}
e = p0 - p2*f*(1 - z4)/1.709921 + (p1 - p0)*f*z4
"""
VOSKO = f"""
v0 = {vosko(0.0310907, -0.10498, 3.72744, 12.9352)}
v1 = {vosko(0.01554535, -0.32500, 7.06042, 18.0578)}
v2 = {vosko(-0.016886863940389627, -0.0047584, 1.13107, 13.0045)}
v = v0 + v2*f*(1 - z4)/1.709921 + (v1 - v0)*f*z4
"""
#: Perdew, Burke and Ernzerhof's addition to the uniform correlation.
GRADIENT = """
G = (g + h)**2
m = ((1 + z)**(2/3) + (1 - z)**(2/3))/2
w = 0.0310906908696549*m**3
t = 0.06346*G/(m**2*k*n**2)
A = 2.14612633996736/(exp(-e/w) - 1)
Q = A*t
H = w*log(1 + 2.14612633996736*t*(1 + Q)/(1 + Q + Q**2))
"""
LEE = """
d = 0.349/k
o = exp(-0.2533/k)/(1 + d)/(n**3*k**2)
D = 0.2533/k + d/(1 + d)
S = (47 - 7*D)/18*G - (45 - D)/18*(g**2 + h**2) - (D - 11)/9*(a*g**2 + b*h**2)/n
T = a*b*(36.4623989787648*(a**(8/3) + b**(8/3)) + S)
L = -0.04918*4/(1 + d)*a*b/n - 0.00649176*o*(T - 2/3*n**2*G + (2/3*n**2 - a**2)*h**2 + (2/3*n**2 - b**2)*g**2)
"""


def becke(n: str, g: str) -> str:
    """The exchange of Becke (1988) and of Perdew, Burke and Ernzerhof of one spin."""
    return f"""
c{n} = {n}**(1/3)
s{n} = {g}/({n}*c{n})
y{n} = s{n}**2
b{n} = 0.0042*y{n}/(1 + 0.0252*s{n}*arcsinh(s{n}))
x{n} = 1.804 - 0.804/(1 + 0.00449*y{n})
t{n} = -{n}*c{n}*(0.72*b{n} + 0.9305*(0.1 + 0.2*x{n}))
"""


def many(n: str, g: str) -> str:
    """Of one spin: exchange of four functionals, and Becke's correlation (1997)."""
    return f"""
c{n} = {n}**(1/3)
s{n} = {g}/({n}*c{n})
y{n} = s{n}**2
u{n} = 0.004*y{n}/(1 + 0.004*y{n})
b{n} = 0.0042*y{n}/(1 + 0.0252*s{n}*arcsinh(s{n}))
x{n} = 1.804 - 0.804/(1 + 0.00449*y{n})
j{n} = 0.0251927*s{n}*arcsinh(0.9997077*s{n})
w{n} = (1 + j{n} + (0.2743 - 0.1508*exp(-1.6446*y{n}))*0.016446*y{n})/(1 + j{n} + 1.08188e-6*y{n}**2)
l{n} = 0.8094 + u{n}*(0.5073 + u{n}*(0.7481 + u{n}*(-0.0120 + 0.0048*u{n})))
r{n} = 0.6203504908994/c{n}
q{n} = sqrt(r{n})
e{n} = {uniform(*FERROMAGNETIC, spin=n)}
v{n} = 0.2*y{n}/(1 + 0.2*y{n})
d{n} = 0.1737 + v{n}*(2.3487 + v{n}*(-2.4868 + v{n}*(0.5 - 0.2*v{n})))
t{n} = {n}*(0.1*e{n}*d{n} - c{n}*(0.72*b{n} + 0.9305*(0.1 + 0.2*x{n} + 0.1*w{n} + 0.1*l{n})))
"""


def text(*parts: str) -> str:
    """The formula of the parts, without empty lines."""
    return "\n".join(line for part in parts for line in part.splitlines() if line)


#: A gradient-corrected functional; and one with the parts of six.
SMALL = text(WHOLE, PERDEW_WANG, GRADIENT, becke("a", "g"), becke("b", "h"), "ta + tb + n*(e + H)")
LARGE = text(
    WHOLE,
    PERDEW_WANG,
    VOSKO,
    GRADIENT,
    LEE,
    many("a", "g"),
    many("b", "h"),
    "ta + tb + n*(0.19*v + 0.25*(e + H)) + 0.81*L",
)
