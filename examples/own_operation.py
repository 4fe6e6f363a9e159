"""An operation of one's own is one declaration: text, derivatives of any order, code and checks follow from it.

The swish function is x*sigmoid(x) (Ramachandran, Zoph, Le: Searching for activation functions, 2017).
"""

import symdiff as sd

swish = sd.unary(
    "swish",
    lambda y, x: y + sd.sigmoid(x) * (1 - y),
    numpy="({0} / (1 + np.exp(-{0})))",
    math="({0} / (1 + math.exp(-{0})))",
)


def main() -> None:
    f = sd.parse("swish(a*x)")
    a, x = sd.variables(f)
    slope = sd.simplify(sd.diff(f, x))
    print("f      =", f)
    print("df/dx  =", slope)
    print("at a = 2, x = 0:", sd.evaluate(slope, {"a": 2, "x": 0}))
    print(sd.check_grads(f))
    print(sd.source((f, slope), [a, x], name="swish_with_slope", backend="math"))


if __name__ == "__main__":
    main()
