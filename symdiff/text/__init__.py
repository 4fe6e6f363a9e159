"""Formulas in and out: text that parses back to the same object, LaTeX, MathML, and SymPy expressions.

- ``parser``: ``parse``, by operator precedence (``tokens``, ``brackets``, ``stacks``; ``grammar``: what may be called).
- ``printer``: ``show``; ``latex``: ``to_latex`` (``latex_names``: numbers and names); ``mathml``: MathML of that LaTeX.
- ``sympy_bridge``: ``to_sympy``, ``from_sympy``, ``to_networkx``.
"""
