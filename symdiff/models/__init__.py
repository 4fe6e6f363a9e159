"""Models and how to fit them: curves, neural networks, and training on generated gradients and Hessians.

Public modules, each a name of ``symdiff``:

- ``curve_fit`` (``symdiff.curves``): ``fit`` and its results ``CurveFit`` and ``Band``.
- ``nn``: networks (``mlp``, ``dag``, ``dense``, ``network``), activations and losses.
- ``train``: ``fit``, ``minimize``, ``step``, optimizers, schedules, curvature, standard errors and Laplace's method.
"""
