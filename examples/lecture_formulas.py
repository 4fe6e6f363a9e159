"""The lecture's formulas: values forward, gradients backward, for every step of the graph."""

import symdiff as sd

FORMULAS = {
    "(a + 3*b)*c**2": {"a": 2, "b": 3, "c": 4},
    "(x + y)*z": {"x": -2, "y": 5, "z": -4},
    "x**2*y + y + 2": {"x": 3, "y": 4},
}


def steps(text: str, point: dict[str, float]) -> list[tuple[str, float, float]]:
    """For each step, arguments first: its text, its value, and the derivative of the formula by it."""
    found = sd.explain(sd.parse(text), point)
    derivatives = {move.step.name: move.derivative for move in found.sweeps[0].moves}
    return [(str(step.node), step.value, derivatives[step.name]) for step in found.steps]


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
