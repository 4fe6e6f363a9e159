"""Formulas whose best form is known: identities of textbooks, derivatives of statistics, formulas of physics.

Each line is ``formula => form``, the form as a person who knows the identity writes it.
"""

from __future__ import annotations

import symdiff as sd

#: Trigonometry: M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions (1964), 4.3 and 4.4.
ANGLES = """
sin(x)**4 - cos(x)**4                                => -cos(2*x)
sin(x)**2*cos(y)**2 - cos(x)**2*sin(y)**2            => sin(x + y)*sin(x - y)
sin(x)*cos(y) + cos(x)*sin(y)                        => sin(x + y)
cos(x)*cos(y) + sin(x)*sin(y)                        => cos(x - y)
cos(x)**2 - sin(x)**2                                => cos(2*x)
2*sin(x)*cos(x)                                      => sin(2*x)
1 - 2*sin(x)**2                                      => cos(2*x)
2*cos(x)**2 - 1                                      => cos(2*x)
sin(x)/(1 + cos(x))                                  => tan(x/2)
(1 - cos(x))/sin(x)                                  => tan(x/2)
tan(x)*cos(x)                                        => sin(x)
(sin(x) + cos(x))**2                                 => sin(2*x) + 1
1/cos(x)**2 - tan(x)**2                              => 1
1/cos(x)**2                                          => tan(x)**2 + 1
sin(x)**4 + 2*sin(x)**2*cos(x)**2 + cos(x)**4        => 1
3*sin(x) - 4*sin(x)**3                               => sin(3*x)
4*cos(x)**3 - 3*cos(x)                               => cos(3*x)
sin(x + y) + sin(x - y)                              => 2*sin(x)*cos(y)
sin(arctan(x))                                       => x/sqrt(x**2 + 1)
cos(arctan(x))                                       => 1/sqrt(x**2 + 1)
sin(arccos(x))                                       => sqrt(1 - x**2)
tan(arcsin(x))                                       => x/sqrt(1 - x**2)
(sin(x)**2 - cos(x)**2)/(sin(x) - cos(x))            => sin(x) + cos(x)
sin(x)**2*cos(x) + cos(x)**3                         => cos(x)
2*tan(x)/(1 + tan(x)**2)                             => sin(2*x)
(1 - tan(x)**2)/(1 + tan(x)**2)                      => cos(2*x)
"""

#: Exponentials, logarithms and what is made of them; also as in SymPy's and Maxima's tests of simplification.
EXPONENTIALS = """
exp(x)*exp(y)                                        => exp(x + y)
log(x) - log(y) + log(z)                             => log(x*z/y)
2*log(x) + log(y)                                    => log(x**2*y)
(exp(x) - exp(-x))/2                                 => sinh(x)
(exp(x) + exp(-x))/2                                 => cosh(x)
(exp(x) - exp(-x))/(exp(x) + exp(-x))                => tanh(x)
(exp(2*x) - 1)/(exp(2*x) + 1)                        => tanh(x)
1/(exp(x) + exp(-x))                                 => 1/(2*cosh(x))
exp(x)/(1 + exp(x))**2                               => sigmoid(x)*(1 - sigmoid(x))
1/(1 + exp(-x))*(1 - 1/(1 + exp(-x)))                => sigmoid(x)*(1 - sigmoid(x))
2*sigmoid(2*x) - 1                                   => tanh(x)
log(1 + exp(-x)) + x                                 => softplus(x)
exp(x)/(exp(x) + exp(y))                             => sigmoid(x - y)
1/cosh(x)**2                                         => 1 - tanh(x)**2
cosh(x)**2 + sinh(x)**2                              => cosh(2*x)
sinh(x)*cosh(y) + cosh(x)*sinh(y)                    => sinh(x + y)
log(exp(x)*y)                                        => log(y) + x
exp(log(x) + log(y))                                 => x*y
exp(x)**2*exp(-x)                                    => exp(x)
sqrt(x)*sqrt(y)                                      => sqrt(x*y)
sqrt(x**2 + 2*x*y + y**2)                            => abs(x + y)
(exp(x) + 1)**2 - exp(2*x) - 1                       => 2*exp(x)
log(sigmoid(x)/(1 - sigmoid(x)))                     => x
-y*log(sigmoid(x)) - (1 - y)*log(1 - sigmoid(x))     => softplus(x) - x*y
sinh(log(x))                                         => (x - 1/x)/2
(cosh(x) + sinh(x))*(cosh(x) - sinh(x))              => 1
exp(x/2)**2 - 1                                      => expm1(x)
"""

#: Fractions, factors and powers, after the problems of D. E. Knuth, The Art of Computer Programming 2, 4.6.4.
FRACTIONS = """
x**2 + 2*x*y + y**2                                  => (x + y)**2
a*c + a*d + b*c + b*d                                => (a + b)*(c + d)
x**3 + 3*x**2 + 3*x + 1                              => (x + 1)**3
1 + x + x**2 + x**3 + x**4                           => 1 + x*(1 + x*(1 + x*(1 + x)))
a*x**3 + b*x**2 + c*x + d                            => ((a*x + b)*x + c)*x + d
1/(1/x + 1/y)                                        => x*y/(x + y)
1/x + 1/y                                            => (x + y)/(x*y)
x/(x + 1) + 1/(x + 1)                                => 1
(x**2 - 1)/(x - 1)                                   => x + 1
(x**3 - y**3)/(x - y)                                => (x + y)**2 - x*y
1/(x + 1) - 1/(x - 1)                                => -2/(x**2 - 1)
a/(1 + a/b)                                          => a*b/(a + b)
1 - 1/(1 + x)                                        => x/(1 + x)
x - x**2/(x + 1)                                     => x/(x + 1)
(x + y)**2 - (x - y)**2                              => 4*x*y
(x + y)**2 + (x - y)**2                              => 2*(x**2 + y**2)
x**2 + 2*x + 5                                       => x*(x + 2) + 5
(1 - x)**2 + 2*x*(1 - x) + x**2                      => 1
(x**2 + y**2)/2 - ((x + y)/2)**2                     => (x - y)**2/4
1/(1 + 1/(1 + 1/x))                                  => (x + 1)/(2*x + 1)
x**12 - x**6                                         => x**6*(x**6 - 1)
(a/b + c/d)/(a/b - c/d)                              => (a*d + b*c)/(a*d - b*c)
x**2*y**2 - x**2*z**2                                => x**2*(y - z)*(y + z)
a*x**2 + a*y**2 + b*x**2 + b*y**2                    => (a + b)*(x**2 + y**2)
x**4 - y**4                                          => x**4 - y**4
(x**2 - 3*x + 2)/(x**2 - 4)                          => (x - 1)/(x + 2)
"""

#: Physics: formulas as in Feynman's lectures, in the form in which a derivation leaves them.
PHYSICS = """
1/(1/d1 + n/d2)                                      => d1*d2/(n*d1 + d2)
n0/(exp(m*B/(k*T)) + exp(-m*B/(k*T)))                => n0/(2*cosh(m*B/(k*T)))
E*sin(n*t/2)**2/sin(t/2)**2                          => E*(sin(n*t/2)/sin(t/2))**2
4*e*((s/r)**12 - (s/r)**6)                           => 4*e*(s/r)**6*((s/r)**6 - 1)
m1*g*h + m1*v**2/2                                   => m1*(g*h + v**2/2)
G*m1*m2/r2 - G*m1*m2/r1                              => G*m1*m2*(1/r2 - 1/r1)
(x1*cos(t) + y1*sin(t))**2 + (y1*cos(t) - x1*sin(t))**2 => x1**2 + y1**2
(u + v)/(1 + u*v/c**2)                               => c**2*(u + v)/(c**2 + u*v)
1/(exp(h*w/(k*T)) - 1) - 1/(exp(-h*w/(k*T)) - 1)     => 1/tanh(h*w/(2*k*T))
I1 + I2 + 2*sqrt(I1)*sqrt(I2)*cos(d)                 => I1 + I2 + 2*sqrt(I1*I2)*cos(d)
"""

#: ``formula => value; derivatives by the variables in alphabetical order``, weighed together.
GRADIENTS = """
x/sqrt(1 + x**2)             => x/sqrt(1 + x**2); 1/((1 + x**2)*sqrt(1 + x**2))
1/(1 + exp(-x))              => sigmoid(x); sigmoid(x)*(1 - sigmoid(x))
log(1 + exp(x))              => softplus(x); sigmoid(x)
log(sigmoid(x))              => log(sigmoid(x)); 1 - sigmoid(x)
x*sigmoid(x)                 => x*sigmoid(x); sigmoid(x)*(1 + x - x*sigmoid(x))
tanh(x)                      => tanh(x); 1 - tanh(x)**2
sin(x)*cos(x)                => sin(2*x)/2; cos(2*x)
sin(x)**2                    => sin(x)**2; sin(2*x)
exp(-x**2/2)                 => exp(-x**2/2); -x*exp(-x**2/2)
sqrt(x**2 + y**2)            => sqrt(x**2 + y**2); x/sqrt(x**2 + y**2); y/sqrt(x**2 + y**2)
x/(x + y)                    => x/(x + y); y/(x + y)**2; -x/(x + y)**2
(x - y)/(x + y)              => (x - y)/(x + y); 2*y/(x + y)**2; -2*x/(x + y)**2
exp(a)/(exp(a) + exp(b))     => sigmoid(a - b); sigmoid(a - b)*sigmoid(b - a); -sigmoid(a - b)*sigmoid(b - a)
log(exp(x) + exp(y))         => logaddexp(x, y); sigmoid(x - y); 1 - sigmoid(x - y)
m**2/s**2/2 + log(s)         => (m/s)**2/2 + log(s); m/s/s; (1 - (m/s)**2)/s
y*log(p) + (1 - y)*log(1 - p) => y*log(p) + (1 - y)*log(1 - p); (y - p)/(p*(1 - p)); log(p) - log(1 - p)
arctan(y/x)                  => arctan(y/x); -y/(x**2 + y**2); x/(x**2 + y**2)
log((1 + x)/(1 - x))/2       => log((1 + x)/(1 - x))/2; 1/(1 - x**2)
"""


def pairs(table: str) -> list[tuple[list[sd.Node], list[sd.Node]]]:
    """The formulas of each line, and its known forms."""
    sides = [line.split("=>") for line in table.strip().splitlines()]
    return [([sd.parse(left)], [sd.parse(part) for part in right.split(";")]) for left, right in sides]


def with_gradients(table: str) -> list[tuple[list[sd.Node], list[sd.Node]]]:
    """The same with the derivatives of the formula, as differentiation leaves them."""
    return [([f, *sd.grad(f, list(sd.variables(f)))], known) for [f], known in pairs(table)]


#: Every formula, or formula with its gradient, and its known form.
ALL = [
    *(pair for table in (ANGLES, EXPONENTIALS, FRACTIONS, PHYSICS) for pair in pairs(table)),
    *with_gradients(GRADIENTS),
]
