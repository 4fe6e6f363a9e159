"""Gradient descent on w**2 - 2*w + 5 from 0: the minimum is 4, at w = 1."""

import symdiff as sd


def descend(text: str, start: float, rate: float, steps: int) -> list[tuple[float, float]]:
    """The points visited, with the loss at each; value and derivative come from one compiled function."""
    (w,) = sd.variables(loss := sd.parse(text))
    step = sd.compile((loss, sd.simplify(sd.diff(loss, w))), [w], backend="math")
    path, place = [], start
    for _ in range(steps + 1):
        value, slope = step(place)
        path.append((place, value))
        place -= rate * slope
    return path


def main() -> None:
    path = descend("w**2 - 2*w + 5", start=0.0, rate=0.2, steps=40)
    for count in (0, 1, 2, 5, 10, 40):
        place, loss = path[count]
        print(f"step {count:>2}: w = {place:.6f}, loss = {loss:.6f}")


if __name__ == "__main__":
    main()
