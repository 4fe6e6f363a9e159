"""Rewrite rules as formulas: patterns, the conditions under which they hold, and the table of them.

- :mod:`.table`: ``apply_rules``, the rules that are always used; :mod:`.rule`: ``Rule``, ``read_rules``.
- :mod:`.match`: ``match``, ``instantiate``.
- :mod:`.assumptions`: ``assume``, ``parse_where``, ``Facts``.
- :mod:`.trace`: ``Rewrite``, ``tracing``.
"""
