"""Networks and losses as functions that return graphs: parameters are named variables, nothing is computed here.

Rows of an array are examples: inputs have shape ``(N, features)``, logits ``(N, classes)``. At kinks the operations'
conventions hold: ``relu`` has derivative 0 at 0, ``maxout`` shares equally among ties.

Public names, by module (all are names of ``symdiff.nn``):

- ``activations``: ``identity``, ``maxout``, ``ACTIVATIONS``, ``activation_named``.
- ``networks``: ``dense``, ``mlp``, ``dag``, ``network``, and their result ``Net``.
- ``losses``: ``squared``, ``quadratic``, ``logistic``, ``binary_cross_entropy``, ``multiclass_logistic``, ``l2``.
"""

from .activations import ACTIVATIONS, activation_named, identity, maxout
from .losses import binary_cross_entropy, l2, logistic, multiclass_logistic, quadratic, squared
from .networks import Net, dag, dense, mlp, network

__all__ = [
    "ACTIVATIONS",
    "Net",
    "activation_named",
    "binary_cross_entropy",
    "dag",
    "dense",
    "identity",
    "l2",
    "logistic",
    "maxout",
    "mlp",
    "multiclass_logistic",
    "network",
    "quadratic",
    "squared",
]
