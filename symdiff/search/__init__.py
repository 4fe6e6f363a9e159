"""The levels of simplification, with those that try many forms and keep one that is verified."""
