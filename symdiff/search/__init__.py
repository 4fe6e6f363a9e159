"""The levels of simplification, with those that try many forms and keep one that is verified.

- :mod:`.levels`: ``simplify``, ``simplify_guarded``, ``simplify_strategy``.
- :mod:`.beam`: ``SEARCH``, by :mod:`.identities` and :mod:`.rational`, the arithmetic of polynomials.
- :mod:`.by_sympy`: ``SYMPY``; :mod:`.accurate`: ``ACCURATE``, by measured errors.
- :mod:`.rulebook`: the page of all rules.
"""
