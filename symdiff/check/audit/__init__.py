"""A user-supplied derivative compared with the exact one, entry by entry, and the likely mistake in it.

Public names, all of module ``audit``: ``audit``, and its results ``Audit`` and ``Finding``.

The candidate is evaluated at random points (``candidates``) and compared with exact entries (``entries``, tolerances in
``agreement``). For an entry that differs, ``slips`` looks for a mistake that explains it at every point: exact
derivatives with one mistake put in come from ``mutations``.
"""
