"""Networks, training and curve fits on generated derivatives."""
