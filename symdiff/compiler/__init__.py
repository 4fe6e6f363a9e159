"""Functions from graphs: source, compiled functions, native code, plans and counts of operations."""
