"""Jacobians and Hessians in all their forms.

- :mod:`.hessians`: ``jacobian``, ``hessian``, ``value_and_jacobian``; ``flatten`` and ``unflatten``.
- :mod:`.elimination`: Jacobians of scalars, by vertex elimination in the linearized graph.
- :mod:`.blocks`: derivatives of arrays by arrays as products of factors, multiplied out last.
- :mod:`.sparsity` and :mod:`.coloring`: sparsity patterns, and sparse Jacobians from few sums of rows.
- :mod:`.dense`: ``DenseHessian``, within a limit of memory.
- :mod:`.structured` and :mod:`.factored`: ``Structured``, low rank plus diagonal operators.
"""
