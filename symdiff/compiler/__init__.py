"""Functions from graphs: source is written, executed, and kept with the function.

- ``functions``: :func:`source` and :func:`compile`, and the backends by name
- ``compiled``: the function that a call of ``compile`` returns
- ``evaluation``: :func:`evaluate`, the value at one point
- ``plan``: :func:`plan`, what a graph costs before it is computed
- ``counts``: :func:`count_ops` and :func:`count_code`, operations of graphs and of emitted code
- ``native``: C functions, built by the system's compiler and called on NumPy arrays
"""
