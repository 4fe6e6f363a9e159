"""Derivatives as graphs, of any order: forward and reverse mode, and what a derivative is where there is none.

- :mod:`.passes`: the reverse and the forward pass; ``diff``, ``grad``, ``vjp``, ``jvp``, ``hvp``.
- :mod:`.cotangents`: products and sums of cotangents, which keep selections outside.
- :mod:`.kinks`: ``kinks`` lists the points without a derivative, ``with_kinks`` chooses the value there.
- :mod:`.linearized`: the linearized graph of scalars, with a partial derivative on each edge.
"""
