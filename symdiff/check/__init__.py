"""Derivatives and graphs checked by methods that do not use the rules under test.

Public names, by module:

- ``gradients``: ``check_grads`` compares derivatives of order 1 and 2 with numerical differentiation.
- ``graph``: ``check_graph`` verifies arity, shapes, interning and acyclicity of every node.
- ``accuracy``: ``check_accuracy`` measures the errors of emitted code, in ulps, against 50 digits.
- ``audit``: ``audit`` compares a user-supplied derivative with the exact one and names the likely mistake.
- ``selfcheck``: ``with_check`` appends a check of itself to an emitted module.
"""
