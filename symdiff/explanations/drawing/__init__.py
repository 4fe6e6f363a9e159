"""Computation graphs drawn in layers, with values and derivatives on the arrows.

Public names, all of module ``draw``: ``draw``, and its result ``Picture``.

A graph becomes a ``diagram`` of boxes and arrows; ``layout`` gives them coordinates, ``shapes`` turns them into
rectangles, curves and texts, and ``render`` writes those as SVG or PNG. ``text_formats`` writes the diagram for
Graphviz, for Mermaid, or as an indented list.
"""
