"""Code from graphs: one schedule, one small printer for each target."""
