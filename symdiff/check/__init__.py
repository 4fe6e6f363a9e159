"""Gradients, accuracy and hand-written derivative code checked against exact derivatives."""
