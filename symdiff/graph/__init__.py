"""The expression graph: nodes, shapes, traversals, structural order, limits and errors."""
