"""Training and what follows it: a step is one generated function of the loss, its gradients and the update in place.

Public names, by module (all are names of ``symdiff.train``):

- ``step``: ``step`` and ``Step``. ``optimizers``: ``SGD``, ``Adagrad``, ``Adam``, ``AdamW``, ``Averaged``, and
  ``Optimizer``. ``schedules``: ``constant``, ``cosine``, ``cyclic``, ``exponential``, ``step_decay``.
- ``fit``: ``fit`` and ``Fit``; ``Progress`` of ``loop``; ``History`` and ``TrainingError`` of ``run``.
- ``full_batch``: ``minimize`` and ``Minimum``.
- ``curvature``: ``hessian_operator``, ``spectrum``. ``gauss_newton``: ``gauss_newton``, ``gauss_newton_product``.
- ``uncertainty``: ``standard_errors``, ``StandardErrors``. ``laplace``: ``laplace``, ``Laplace``, ``Prediction``.

>>> import symdiff as sd
>>> x, y, w = sd.symbol("x", ("N", 2)), sd.symbol("y", "N"), sd.symbol("w", 2)
>>> step(sd.mean((x @ w - y) ** 2), [w], Adam()).inputs
[x, y, w, m_w, v_w, lr, t]
"""

from .curvature import hessian_operator, spectrum
from .fit import Fit, fit
from .full_batch import Minimum, minimize
from .gauss_newton import gauss_newton, gauss_newton_product
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
