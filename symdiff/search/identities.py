"""Identities that the level "search" tries at every place, also where a step costs more."""

from __future__ import annotations

#: Rules as in :mod:`symdiff.rules.table`; ``<=>`` is one in each direction.
TABLE = """
x*y + x*z                       <=> x*(y + z)            real  # common factor
x*y - x*z                       <=> x*(y - z)            real  # common factor
x*y + x                         <=> x*(y + 1)            real  # common factor
x*y - x                         <=> x*(y - 1)            real  # common factor
x/z + y/z                       <=> (x + y)/z            real  # common divisor
x/z - y/z                       <=> (x - y)/z            real  # common divisor
x/y + z                         =>  (x + y*z)/y          real  # common divisor
x**2 - y**2                     <=> (x - y)*(x + y)      real  # difference of squares
x**2 - 1                        <=> (x - 1)*(x + 1)      real  # difference of squares
(x + y)**2                      <=> x**2 + 2*x*y + y**2  real  # binomial
exp(x)*exp(y)                   <=> exp(x + y)           real  # powers of one base
exp(x)/exp(y)                   <=> exp(x - y)           real  # powers of one base
exp(x)**2                       <=> exp(2*x)             real  # powers of one base
1/exp(x)                        <=> exp(-x)              real  # powers of one base
log(x) + log(y)                 =>  log(x*y)             real  # the logarithm of a product
log(x) - log(y)                 =>  log(x/y)             real  # the logarithm of a quotient
log(x*y)                        =>  log(x) + log(y)      real where x > 0 and y > 0  # the logarithm of a product
log(x/y)                        =>  log(x) - log(y)      real where x > 0 and y > 0  # the logarithm of a quotient
sqrt(x)*sqrt(y)                 =>  sqrt(x*y)            real  # the root of a product
sqrt(x*y)                       =>  sqrt(x)*sqrt(y)      real where x >= 0 and y >= 0  # the root of a product
2*sin(x)*cos(x)                 =>  sin(2*x)             real  # double angle
cos(x)*sin(x)                   =>  sin(2*x)/2           real  # double angle
cos(x)**2 - sin(x)**2           =>  cos(2*x)             real  # double angle
cos(x)**2                       <=> 1 - sin(x)**2        real  # Pythagoras
sin(x)**2                       <=> 1 - cos(x)**2        real  # Pythagoras
cos(x)*cos(y) - sin(x)*sin(y)   <=> cos(x + y)           real  # sum of angles
cos(y)*sin(x) + cos(x)*sin(y)   <=> sin(x + y)           real  # sum of angles
tan(x)**2 + 1                   <=> 1/cos(x)**2          real  # Pythagoras
1 - tanh(x)**2                  <=> 1/cosh(x)**2         real  # the hyperbola
cosh(x)**2                      <=> sinh(x)**2 + 1       real  # the hyperbola
cosh(x) + sinh(x)               =>  exp(x)               real  # the definition
cosh(x) - sinh(x)               =>  exp(-x)              real  # the definition
sigmoid(x)*(1 - sigmoid(x))     <=> sigmoid(x)*sigmoid(-x)  real  # symmetry
sigmoid(-x)                     <=> 1 - sigmoid(x)       real  # symmetry
softplus(-x)                    <=> softplus(x) - x      real  # symmetry
softplus(x) - x                 =>  softplus(-x)         real  # symmetry
log(sigmoid(x))                 =>  -softplus(-x)        real  # the definition
log(1 - sigmoid(x))             =>  -softplus(x)         real  # the definition
c*log(x) + log(y)               =>  log(x**c*y)          real where x > 0  # the logarithm of a product
c*log(x) - log(y)               =>  log(x**c/y)          real where x > 0  # the logarithm of a quotient
log(y) - c*log(x)               =>  log(y/x**c)          real where x > 0  # the logarithm of a quotient
log(exp(x)*y)                   =>  log(y) + x           real  # the logarithm of a product
log(exp(x)/y)                   =>  x - log(y)           real  # the logarithm of a quotient
log(exp(x) + exp(y))            =>  softplus(x - y) + y  real  # a common factor
logaddexp(x, y)                 =>  softplus(x - y) + y  real  # a common factor
exp(x + log(y))                 =>  exp(x)*y             real  # inverse functions
exp(x - log(y))                 =>  exp(x)/y             real  # inverse functions
exp(log(x)*y)                   =>  x**y                 real  # the definition of a power
sqrt(x)/sqrt(y)                 =>  sqrt(x/y)            real  # the root of a quotient
sqrt(x)*y                       =>  sqrt(x*y**2)         real where y >= 0  # the root of a product
sin(arccos(x))                  =>  sqrt(1 - x**2)       real  # Pythagoras
cos(arcsin(x))                  =>  sqrt(1 - x**2)       real  # Pythagoras
sin(arctan(x))                  =>  x/sqrt(x**2 + 1)     real  # Pythagoras
cos(arctan(x))                  =>  1/sqrt(x**2 + 1)     real  # Pythagoras
tan(arcsin(x))                  =>  x/sqrt(1 - x**2)     real  # Pythagoras
tan(arccos(x))                  =>  sqrt(1 - x**2)/x     real  # Pythagoras
sinh(log(x))                    =>  (x - 1/x)/2          real  # the definition
cosh(log(x))                    =>  (x + 1/x)/2          real  # the definition
tanh(log(x))                    =>  (x**2 - 1)/(x**2 + 1) real # the definition
cosh(arcsinh(x))                =>  sqrt(x**2 + 1)       real  # the hyperbola
sinh(arccosh(x))                =>  sqrt(x**2 - 1)       real  # the hyperbola
log(x + sqrt(x**2 + 1))         =>  arcsinh(x)           real  # the definition
log((x + 1)/(1 - x))            =>  2*arctanh(x)         real  # the definition
x**2/y**2                       <=> (x/y)**2             real  # a power of a quotient
x**2*y**2                       <=> (x*y)**2             real  # a power of a product
"""
