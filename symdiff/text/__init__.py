"""Formulas in and out: text, LaTeX, MathML and SymPy expressions."""
