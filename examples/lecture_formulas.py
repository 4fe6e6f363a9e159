"""The lecture's formulas: values forward, gradients backward, for every step of the graph."""

import symdiff as sd
from symdiff.walk import topological

FORMULAS = {
    "(a + 3*b)*c**2": {"a": 2, "b": 3, "c": 4},
    "(x + y)*z": {"x": -2, "y": 5, "z": -4},
    "x**2*y + y + 2": {"x": 3, "y": 4},
}


def value(node: sd.Node, point: dict[str, float]) -> float:
    """The number of a node; a point may name more variables than the node has."""
    return sd.evaluate(node, {var.name: point[var.name] for var in sd.variables(node)})


def steps(text: str, point: dict[str, float]) -> list[tuple[str, float, float]]:
    """For each step, arguments first: its text, its value, and the derivative of the formula by it."""
    formula = sd.parse(text)
    nodes = [node for node in topological(formula) if sd.variables(node)]
    return [(str(node), value(node, point), value(sd.grad(formula, node), point)) for node in nodes]


def main() -> None:
    for text, point in FORMULAS.items():
        place = ", ".join(f"{name} = {number}" for name, number in point.items())
        print(f"f = {text} at {place}")
        print(f"  {'step':<16}{'value':>8}{'df/dstep':>10}")
        for name, forward, backward in steps(text, point):
            print(f"  {name:<16}{forward:>8g}{backward:>10g}")
        print()


if __name__ == "__main__":
    main()
