"""Formulas explained: derivatives step by step with their values, computation graphs drawn, functions plotted.

Public names, by module:

- ``explain``: ``explain`` and its result ``Explanation`` (text, LaTeX, HTML or plain data).
- ``drawing.draw``: ``draw`` and its result ``Picture`` (SVG, PNG, Graphviz, Mermaid or text).
- ``plots`` (``symdiff.plots``): ``plot``, and ``curves``, ``field``, ``losses`` and ``landscape`` on Matplotlib axes.
"""
