"""The two forms of a formula, the one to be read and the one to be run, as strategies.

- :mod:`.strategy`: ``Strategy`` and the functions that put strategies together; ``Budget``.
- :mod:`.reading`: ``FULL``, the form to be read; ``LIST``. :mod:`.denominators` and :mod:`.one_line`: of one formula.
- :mod:`.sharing`: ``CODE``, the form to be run: :mod:`.multisets`, :mod:`.common_pairs`, :mod:`.constant_placement`,
  :mod:`.writer`.
- :mod:`.stable`: ``stable``, forms that keep their digits; :mod:`.rewrite`: one rewrite at one node.
- :mod:`.collect`: ``collect_terms``, canonical sums and products with the rule table (:mod:`.sums`, :mod:`.products`,
  :mod:`.pair_rules`, :mod:`.selections`); :mod:`.normal`: the normal form of scalars, of :mod:`.monomials`.
- :mod:`.contraction_order`, :mod:`.hoist_factors`: cheaper products of arrays; constants in recurrences.
"""
