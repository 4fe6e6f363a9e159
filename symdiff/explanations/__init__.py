"""Formulas explained: derivatives step by step with values, computation graphs drawn, functions plotted.

Public names, by module:

- ``explain``: ``explain`` and its result ``Explanation`` (text, LaTeX, HTML or plain data).
- ``drawing.draw``: ``draw`` and its result ``Picture`` (SVG, PNG, Graphviz, Mermaid or text).
- ``operation``: ``describe`` and ``signature_of``, what ``help`` says of an operation.
- ``plots`` (``symdiff.plots``): ``plot``, and ``curves``, ``field``, ``losses`` and ``landscape`` on Matplotlib axes.
"""
