"""Newton's method on Rosenbrock's function with a generated gradient and Hessian.

Rosenbrock, H. H.: An automatic method for finding the greatest or least value of a function (1960): the minimum
is 0, at (1, 1), at the end of a curved valley in which gradient descent needs thousands of steps.
"""

import numpy as np

import symdiff as sd

ROSENBROCK = "(1 - x)**2 + 100*(y - x**2)**2"


def newton(text: str, start: list[float], tolerance: float = 1e-12) -> list[np.ndarray]:
    """The points visited until the gradient is smaller than the tolerance; at most 100."""
    formula = sd.parse(text)
    wrt = list(sd.variables(formula))
    derivatives = sd.compile(sd.simplify((sd.grad(formula, wrt), sd.hessian(formula, wrt))), wrt, backend="math")
    path = [np.array(start)]
    while len(path) < 100:
        gradient, hessian = map(np.array, derivatives(*path[-1].tolist()))
        if np.linalg.norm(gradient) < tolerance:
            break
        path.append(path[-1] - np.linalg.solve(hessian, gradient))
    return path


def main() -> None:
    for count, (x, y) in enumerate(newton(ROSENBROCK, [-1.2, 1.0])):
        print(f"step {count}: x = {x:.9f}, y = {y:.9f}")


if __name__ == "__main__":
    main()
