"""Rewrite rules as formulas: patterns, the conditions under which they hold, and the table of them."""
