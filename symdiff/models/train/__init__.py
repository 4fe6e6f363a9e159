"""Training: one generated function per step holds the loss, its gradients and the update in place.

>>> import symdiff as sd
>>> x, y, w = sd.symbol("x", ("N", 2)), sd.symbol("y", "N"), sd.symbol("w", 2)
>>> step(sd.mean((x @ w - y) ** 2), [w], Adam()).inputs
[x, y, w, m_w, v_w, lr, t]
"""

from .curvature import gauss_newton, gauss_newton_product, hessian_operator, spectrum
from .fit import Fit, fit
from .full_batch import Minimum, minimize
from .laplace import Laplace, Prediction, laplace
from .loop import Progress
from .optimizers import SGD, Adagrad, Adam, AdamW, Averaged, Optimizer
from .run import History, TrainingError
from .schedules import constant, cosine, cyclic, exponential, step_decay
from .step import Step, step
from .uncertainty import StandardErrors, standard_errors

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Averaged",
    "Fit",
    "History",
    "Laplace",
    "Minimum",
    "Optimizer",
    "Prediction",
    "Progress",
    "StandardErrors",
    "Step",
    "TrainingError",
    "constant",
    "cosine",
    "cyclic",
    "exponential",
    "fit",
    "gauss_newton",
    "gauss_newton_product",
    "hessian_operator",
    "laplace",
    "minimize",
    "spectrum",
    "standard_errors",
    "step",
    "step_decay",
]
