"""How right values are: to many digits, in units in the last place, and whether formulas have the same values.

- :mod:`.mpmath_eval`: ``Exact``, values of scalar graphs right to 25 digits.
- :mod:`.ulp_error`: points of a domain, and errors of emitted code in units in the last place.
- :mod:`.equivalence`: ``agree`` and ``EquivalenceOracle``, whether formulas have the same values.
"""
