"""Derivatives as graphs: forward and reverse passes, kinks, and the graph with its local partials."""
