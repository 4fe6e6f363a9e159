"""Derivatives of arrays by arrays as sums of products of small factors, multiplied out last.

- :mod:`.reverse`: the reverse pass over terms; ``derivative``, ``Derivative``, ``Part``.
- :mod:`.terms`: terms, their factors and axes; :mod:`.labels`: the labels of one pass.
- :mod:`.factors`, :mod:`.moves`, :mod:`.carried`: what each operation does to a term.
"""
